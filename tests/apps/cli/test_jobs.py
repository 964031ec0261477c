"""Jobs by hand, as far as they need no application at the other end."""

import json

import pytest

from provisor import main

APP = "Cisco Umbrella User Management"
URL = "http://127.0.0.1:9/scim"
TOKEN = "token-that-nobody-may-see"


@pytest.fixture
def job(provisor):
    provisor("app", "add", APP)
    return json.loads(provisor("job", "create", APP, "--json").out)


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    return path


@pytest.fixture
def configured(job, provisor, token_file):
    provisor("job", "credentials", APP, "--url", URL, "--token-file", token_file)
    return job


def status(provisor):
    return json.loads(provisor("job", "status", APP, "--json").out)


def test_a_new_job_is_disabled_and_not_configured(job):
    assert (job["schedule"]["state"], job["statusCode"]) == ("Disabled", "NotConfigured")
    assert job["id"].startswith("ciscoUmbrella.")


def test_an_application_has_one_job(job, provisor):
    assert provisor("job", "create", APP).code == 1


def test_a_job_is_named_by_its_id_too(job, provisor):
    assert provisor("job", "status", job["id"]).code == 0


def test_credentials_are_stored_and_never_shown(configured, provisor, tmp_path):
    shown = provisor("job", "status", APP, "--json").out

    assert json.loads(shown)["secrets"] == ["BaseAddress", "SecretToken"]
    assert TOKEN not in shown
    assert TOKEN.encode() not in (tmp_path / "data" / "provisor.sqlite").read_bytes()


def test_a_token_can_come_from_standard_input(job, provisor, monkeypatch):
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(TOKEN + "\n"))

    assert provisor("job", "credentials", APP, "--url", URL, "--token-file", "-").code == 0


@pytest.mark.parametrize(
    "url, token",
    [(URL, "  "), ("http://umbrella.example/scim", TOKEN), ("not a url", TOKEN)],
    ids=["blank-token", "plain-http-to-another-host", "no-address"],
)
def test_credentials_that_cannot_be_used_are_refused(job, provisor, tmp_path, url, token):
    path = tmp_path / "token"
    path.write_text(token)

    answered = provisor("job", "credentials", APP, "--url", url, "--token-file", path)

    assert answered.code == 1
    assert TOKEN not in answered.err
    assert status(provisor)["secrets"] == []


def test_a_job_without_credentials_does_not_start(job, provisor):
    answered = provisor("job", "start", APP)

    assert answered.code == 1
    assert "credentials" in answered.err


def test_start_pause_start(configured, provisor):
    states = []
    for verb in ("start", "pause", "start", "start"):
        provisor("job", verb, APP)
        shown = status(provisor)
        states.append((shown["schedule"]["state"], shown["statusCode"]))

    assert states == [("Active", "NotRun"), ("Paused", "Paused"), ("Active", "NotRun"), ("Active", "NotRun")]


def test_a_restart_takes_the_words_of_a_reset_scope(configured, provisor):
    assert provisor("job", "restart", APP, "--reset-scope", "watermark, Escrows").code == 0
    assert provisor("job", "restart", APP, "--reset-scope", "Bogus").code == 1


def test_settings_change_scope_and_interval(job, provisor):
    changed = json.loads(provisor("job", "settings", APP, "--scope", "all", "--interval", "60", "--json").out)

    assert (changed["settings"]["scope"], changed["schedule"]["interval"]) == ("all", "PT1M")


def test_an_interval_of_nothing_is_refused(job, provisor):
    assert provisor("job", "settings", APP, "--interval", "0").code == 1


def test_an_unreachable_application_is_one_sentence(configured, provisor):
    answered = provisor("job", "test-connection", APP)

    assert answered.code == 1
    assert "127.0.0.1:9" in answered.err
    assert TOKEN not in answered.err


def test_a_cycle_that_cannot_reach_the_application_ends_with_1(configured, provisor):
    answered = provisor("job", "run", APP)

    assert answered.code == 1
    assert status(provisor)["status"]["lastExecution"]["state"] == "Failed"


def test_rules_go_out_and_in_unchanged(job, provisor, tmp_path):
    rules = tmp_path / "rules.json"
    provisor("schema", "export", APP, "--output", rules)

    assert "version 1" in provisor("schema", "import", APP, rules).out


def test_every_problem_of_a_rule_set_is_named(job, provisor, tmp_path):
    document = json.loads(provisor("schema", "export", APP).out)
    rows = document["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"]
    rows[0]["targetAttributeName"] = "bogusOne"
    rows[1]["targetAttributeName"] = "bogusTwo"
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps(document))

    answered = provisor("schema", "import", APP, rules)

    assert answered.code == 1
    assert "bogusOne" in answered.err
    assert "bogusTwo" in answered.err


def test_a_mapping_is_added_by_the_short_name_of_an_extension(job, provisor, tmp_path):
    users = tmp_path / "users.csv"
    users.write_text("userPrincipalName,objectGUID\nanna@x.example,196a91a1-0ed6-55ff-9e93-129f57884f29\n")
    provisor("import", "csv", "--users", users)
    target = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User:nativeObjectId"

    provisor("schema", "map", APP, "objectGUID", target)

    document = json.loads(provisor("schema", "export", APP).out)
    rows = document["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"]
    (row,) = [row for row in rows if row["targetAttributeName"] == target]
    assert row["source"]["name"].endswith("_objectGUID")


def test_an_expression_that_cannot_be_used_is_refused(job, provisor):
    assert provisor("schema", "map", APP, "Bogus([mail])", "displayName").code == 1


def test_a_log_event_that_is_not_there_is_refused(provisor):
    assert provisor("log", "show", "nothing").code == 1


def test_what_breaks_inside_is_one_line_too(provisor, monkeypatch):
    monkeypatch.setattr(main, "build", lambda settings: 1 / 0)

    answered = provisor("user", "list")

    assert (answered.code, len(answered.err.strip().splitlines())) == (1, 2)
    assert "ZeroDivisionError" in answered.err
