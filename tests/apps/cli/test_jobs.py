"""Jobs by hand, as far as they need no application at the other end."""

import io
import json
import sqlite3
from contextlib import closing

import pytest

from provisor import gallery, main, wiring
from provisor.engine.ports import Rejected
from provisor.testing.memory_target import MemoryTarget
from support.command_line import COMMANDS

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


def test_of_several_jobs_the_one_that_is_meant_must_be_named(job, provisor):
    second = json.loads(provisor("job", "create", APP, "--json").out)

    answered = provisor("job", "status", APP)

    assert answered.code == 1
    assert job["id"] in answered.err
    assert second["id"] in answered.err
    assert provisor("job", "status", second["id"]).code == 0


def test_section_2_1_a_job_that_was_never_started_shows_the_longest_interval(job, provisor, configured):
    fresh = status(provisor)["schedule"]["interval"]
    provisor("job", "start", APP)

    assert (fresh, status(provisor)["schedule"]["interval"]) == ("P10675199DT2H48M5.4775807S", "PT40M")


def test_links_are_not_listed_all_at_once(job, provisor):
    answered = provisor("job", "link", "show", APP)

    assert answered.code == 1
    assert answered.err.startswith("Links are shown one at a time.")


def test_a_job_is_named_by_its_id_too(job, provisor):
    assert provisor("job", "status", job["id"]).code == 0


def test_credentials_are_stored_and_never_shown(configured, provisor, tmp_path):
    shown = provisor("job", "status", APP, "--json").out

    assert json.loads(shown)["secrets"] == ["BaseAddress", "SecretToken"]
    assert TOKEN not in shown
    assert TOKEN.encode() not in (tmp_path / "data" / "provisor.sqlite").read_bytes()


def test_a_token_can_come_from_standard_input(job, provisor, monkeypatch):
    import io

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{TOKEN}\n".encode())))

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


def test_settings_without_options_show_what_is_in_force(job, provisor):
    provisor("group", "create", "displayName=Sales")
    provisor("job", "settings", APP, "--approve-above", "100", "--limit-groups", "off", "--capacity-first", "Sales")

    found = json.loads(provisor("job", "settings", APP, "--json").out)

    assert found["approveAbove"] == 100
    assert found["deletionLimits"] == {"users": "20%+10", "groups": "off", "memberships": "20%+10"}
    assert (found["capacityFirst"], found["changeDriven"], found["leavers"]) == (["Sales"], True, "disable")
    assert found["deletionThreshold"] is None


def test_settings_without_options_change_nothing(job, provisor):
    before = provisor("job", "status", APP, "--json").out
    noted = provisor("audit", "--json").out

    assert provisor("job", "settings", APP).code == 0

    assert json.loads(provisor("job", "status", APP, "--json").out)["settings"] == json.loads(before)["settings"]
    assert provisor("audit", "--json").out == noted


def test_every_setting_that_is_shown_is_an_option_that_takes_it(job, provisor):
    words = provisor("job", "settings", APP).out.split()
    options = {option for named, command in COMMANDS if named == ("job", "settings") for option in _options(command)}

    shown = {word for word in words if word.startswith("--")}

    assert shown <= options
    assert {one for one in options - shown if not one.startswith("--no-")} == {"--days", "--json"}


def _options(command):
    return [
        name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts) if name[0] == "-"
    ]


def test_in_behaviour_entra_the_settings_in_force_are_those_of_entra(provisor):
    provisor("app", "add", APP)
    provisor("job", "create", APP, "--behaviour", "entra")

    found = json.loads(provisor("job", "settings", APP, "--json").out)

    assert set(found["deletionLimits"].values()) == {"off"}
    assert found["changeDriven"] is False


def test_who_makes_another_job_is_told_how_each_is_named_from_now_on(job, provisor):
    made = provisor("job", "create", APP)

    assert "The application has 1 other job: from now on each is named by its id." in made.out


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


@pytest.fixture
def reachable(configured, monkeypatch):
    """The application at the other end, in memory."""
    template = gallery.template("ciscoUmbrella")
    target = MemoryTarget(template.user_type, template.group_type)
    monkeypatch.setattr(wiring.StoredConnections, "connect", lambda self, job: target)
    return target


def assigned(provisor, *names):
    for name in names:
        provisor("user", "create", f"userPrincipalName={name}", f"displayName={name}")
        provisor("app", "assign", APP, "--user", name)


def test_a_cycle_in_which_nobody_fails_ends_with_0(reachable, provisor):
    assigned(provisor, "anna@x.example")

    assert provisor("job", "run", APP).code == 0
    assert reachable.by_name("user", "anna@x.example") is not None


def test_a_cycle_in_which_somebody_fails_ends_with_1(reachable, provisor):
    assigned(provisor, "anna@x.example", "bo@x.example")
    reachable.fail(1, Rejected("broken", status=500), method="POST")

    answered = provisor("job", "run", APP, "--json")

    assert (answered.code, json.loads(answered.out)["state"]) == (1, "entry-level-errors")


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


def test_a_page_of_the_log_before_an_event_that_is_not_there_is_refused(provisor):
    answered = provisor("log", "list", "--before", "nothing")

    assert answered.code == 1
    assert "The provisioning log has no event 'nothing'." in answered.err


def test_a_log_event_that_is_not_there_is_refused(provisor):
    assert provisor("log", "show", "nothing").code == 1


def test_what_breaks_inside_is_one_line_too(provisor, monkeypatch):
    monkeypatch.setattr(main, "build", lambda settings: 1 / 0)

    answered = provisor("user", "list")

    assert (answered.code, len(answered.err.strip().splitlines())) == (1, 2)
    assert "ZeroDivisionError" in answered.err


ROLE = "SingleAppRoleAssignment([appRoleAssignments])"


def test_a_role_function_is_refused_where_nobody_needs_an_assignment(job, provisor):
    provisor("job", "settings", APP, "--scope", "all")

    answered = provisor("schema", "map", APP, ROLE, "name.formatted")

    assert answered.code == 1
    assert "needs assignments" in answered.err


def test_the_scope_all_is_refused_where_a_role_function_needs_assignments(job, provisor):
    assert provisor("schema", "map", APP, ROLE, "name.formatted").code == 0

    answered = provisor("job", "settings", APP, "--scope", "all")

    assert answered.code == 1
    assert "needs assignments" in answered.err
    assert json.loads(provisor("job", "status", APP, "--json").out)["settings"]["scope"] == "assigned"


@pytest.mark.parametrize(
    "source", ["nosuch", "ToUpper([nosuch])", "ToUpper([objectGUID])"], ids=["name", "expression", "short-name"]
)
def test_a_mapping_from_an_attribute_that_nobody_has_is_refused(job, provisor, source):
    answered = provisor("schema", "map", APP, source, "name.formatted")

    assert answered.code == 1
    assert "A user has no attribute" in answered.err


@pytest.mark.parametrize("seconds", ["0", "-5", str(10**20)])
def test_an_interval_out_of_bounds_is_refused(job, provisor, seconds):
    answered = provisor("job", "settings", APP, "--interval", seconds)

    assert answered.code == 1
    assert answered.err.startswith("The interval must be")


def test_a_token_file_that_is_no_text_is_wrong_usage_and_is_not_shown(job, provisor, tmp_path):
    (tmp_path / "token").write_bytes(b"se\xffcret")

    answered = provisor("job", "credentials", APP, "--url", "https://x/scim", "--token-file", tmp_path / "token")

    assert answered.code == 2
    assert "is not UTF-8 text" in answered.err
    assert "cret" not in answered.err.replace("secret", "").replace("Secret", "")


def test_without_a_terminal_nobody_is_asked_for_a_token(job, provisor, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    answered = provisor("job", "credentials", APP, "--url", "https://x/scim")

    assert answered.code == 2
    assert "no terminal" in answered.err


def test_a_job_is_shown_although_its_key_is_lost(configured, provisor, tmp_path):
    (tmp_path / "data" / "secret.key").unlink()

    assert provisor("job", "status", APP).code == 0
    assert "secret.key is missing" in provisor("job", "test-connection", APP).err


@pytest.mark.parametrize("text", ["[" * 100_000, "x", "\xff"], ids=["deep", "words", "bytes"])
def test_rules_that_are_no_json_are_one_sentence(job, provisor, tmp_path, text):
    (tmp_path / "rules.json").write_text(text, encoding="latin-1")

    answered = provisor("schema", "import", APP, tmp_path / "rules.json")

    assert answered.code == 1
    assert "Error:" not in answered.err


def test_rules_saved_by_a_windows_editor_are_read(job, provisor, tmp_path):
    rules = provisor("schema", "export", APP).out
    (tmp_path / "rules.json").write_text(rules, encoding="utf-8-sig")

    assert provisor("schema", "import", APP, tmp_path / "rules.json").code == 0


@pytest.mark.parametrize("arguments", [(), ("--json",), ("--limit", "3"), ("--status", "failure", "--json")])
def test_the_log_by_itself_lists_the_newest_events(configured, provisor, arguments):
    assert provisor("log", *arguments) == provisor("log", "list", *arguments)
    assert provisor("log", *arguments).code == 0


def test_a_log_of_more_hours_than_there_were_is_wrong_usage(provisor):
    assert provisor("log", "--hours", "1e30").code == 2


def test_the_interval_is_told_as_a_person_says_it(job, provisor):
    assert "every 40 min" in provisor("job", "status", APP).out


def test_the_end_of_skipped_deletions_makes_the_next_cycle_look_at_everybody(configured, provisor, tmp_path):
    def looks_at_everybody() -> bool:
        (database,) = tmp_path.rglob("*.sqlite")
        with closing(sqlite3.connect(database)) as connection:
            return bool(connection.execute("SELECT full_evaluation FROM job").fetchone()[0])

    provisor("job", "settings", APP, "--skip-out-of-scope-deletions")
    assert not looks_at_everybody()

    provisor("job", "settings", APP, "--no-skip-out-of-scope-deletions")

    assert looks_at_everybody()
