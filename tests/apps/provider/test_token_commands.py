"""`provisor target token …`: shown once, listed without the token, revoked by id or label."""

import json

import pytest
from typer.testing import CliRunner

from provisor.provider.commands.serve import app
from provisor.provider.store.tables import now_microseconds, open_target, store_setting, the_tenant
from provisor.provider.store.tokens import bearer, token_hash

runner = CliRunner()


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("PROVISOR_TARGET_DATABASE_URL", f"sqlite:///{tmp_path / 'target.sqlite'}")
    return lambda *arguments: runner.invoke(app, list(arguments))


@pytest.fixture
def database(tmp_path, run):
    run("token", "list")
    database = open_target(f"sqlite:///{tmp_path / 'target.sqlite'}")
    yield database
    database.close()


def created(run, label="one", *more):
    return json.loads(run("token", "create", "--label", label, "--json", *more).stdout)


def test_create_prints_url_and_token_as_json(run):
    made = created(run)

    assert set(made) == {"url", "token"}
    assert made["url"].endswith("/identity/v2/scim")
    assert made["token"].startswith("umbrella_entra_")
    assert len(made["token"].removeprefix("umbrella_entra_")) == 43  # 256 bits in base64


def test_the_url_is_where_the_server_was_started(run, database):
    tenant = the_tenant(database)
    with database.transaction() as connection:
        store_setting(connection, tenant, "url", "http://127.0.0.1:5/identity/v2/scim")

    assert created(run)["url"] == "http://127.0.0.1:5/identity/v2/scim"
    assert created(run, "two", "--url", "https://scim.example/x")["url"] == "https://scim.example/x"


def test_two_tokens_differ_and_only_hashes_are_stored(run, database):
    one, two = created(run)["token"], created(run, "two")["token"]

    hashes = {row[0] for row in database.reader().all("SELECT hash FROM token")}

    assert one != two
    assert hashes == {token_hash(one), token_hash(two)}


def test_the_list_shows_labels_and_no_token(run):
    made = created(run, "the portal")

    shown = run("token", "list", "--json")

    assert [token["label"] for token in json.loads(shown.stdout)] == ["the portal"]
    assert made["token"] not in shown.stdout


def test_the_list_notes_a_token_older_than_180_days(run, monkeypatch):
    created(run, "the portal")
    day = now_microseconds() + 181 * 86_400 * 1_000_000
    young = run("token", "list")

    monkeypatch.setattr("provisor.provider.store.tables.now_microseconds", lambda: day)
    old = run("token", "list")

    assert "older than 180 days" not in young.stdout
    assert "older than 180 days: rotate it" in old.stdout
    assert json.loads(run("token", "list", "--json").stdout)[0]["old"] is True


@pytest.mark.parametrize("by", ["id", "label"])
def test_a_token_is_revoked_by_id_or_label(run, by):
    created(run, "old")
    name = json.loads(run("token", "list", "--json").stdout)[0][by]

    revoked = run("token", "revoke", name)

    assert revoked.exit_code == 0
    assert json.loads(run("token", "list", "--json").stdout)[0]["revoked"] is not None


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("token", "revoke", "nobody"), 1),
        (("token", "create", "--label", " "), 1),
        (("token", "create"), 2),
        (("token", "create", "--label", "x", "--kind", "cat"), 2),
        (("serve", "--profile", "cat"), 2),
        (("serve", "--port", "70000"), 2),
    ],
)
def test_a_wrong_command_ends_with_its_code_and_a_sentence(run, arguments, code):
    result = run(*arguments)

    assert result.exit_code == code
    assert "Traceback" not in result.output


def test_a_label_that_fits_several_tokens_is_refused(run):
    created(run, "same")
    created(run, "same")

    assert run("token", "revoke", "same").exit_code == 1


@pytest.mark.parametrize("arguments", [("serve",), ("token", "create"), ("token", "list"), ("token", "revoke")])
def test_help_has_an_example(run, arguments):
    assert "Example" in run(*arguments, "--help").stdout


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (b"Bearer abc", b"abc"),
        (b"bearer abc ", b"abc"),
        (b"BEARER  abc", b"abc"),
        (b"Basic abc", None),
        (b"Bearer", None),
        (b"Bearer ", None),
        (b"", None),
        (None, None),
    ],
)
def test_the_token_is_read_from_the_header(header, token):
    assert bearer(header) == token


def test_an_expired_token_is_refused(umbrella):
    client = umbrella.client
    with umbrella.database.transaction() as connection:
        connection.execute("UPDATE token SET expires_at = 1")

    assert client.get("/Users").status == 401


DAY = 86_400 * 1_000_000


def only(database, where):
    [row] = database.reader().all(f"SELECT id, created_at, expires_at, revoked_at FROM token WHERE {where}")
    return row


def test_a_token_may_expire(run, database):
    created(run, "brief", "--expires", "90d")

    _, made, expires, _ = only(database, "label = 'brief'")

    assert expires == made + 90 * DAY
    assert "expires 20" in run("token", "list").stdout


@pytest.mark.parametrize("span", ["", "90", "d", "-1d", "1.5d", "٣d", "9999999d", "1w", "0d"])
def test_a_length_of_time_that_is_none_is_wrong_usage(run, span):
    answer = run("token", "create", "--label", "x", "--expires", span)

    assert answer.exit_code == 2


def test_rotation_ends_the_old_token_at_once_unless_told_otherwise(run, database):
    created(run)

    made = json.loads(run("token", "rotate", "one", "--json").stdout)

    assert made["token"].startswith("umbrella_entra_")
    assert only(database, "revoked_at IS NOT NULL")
    assert only(database, "revoked_at IS NULL")[2] is None


def test_rotation_with_overlap_leaves_the_old_token_good_for_that_long(run, database):
    created(run)
    old = only(database, "label = 'one'")[0]

    run("token", "rotate", "one", "--overlap", "24h", "--expires", "180d")

    _, made, expires, _ = only(database, f"id <> '{old}'")
    assert only(database, f"id = '{old}'")[2] == made + DAY
    assert expires == made + 180 * DAY


def test_rotation_never_prolongs_the_old_token(run, database):
    created(run, "one", "--expires", "1h")
    before = only(database, "label = 'one'")

    run("token", "rotate", "one", "--overlap", "7d")

    assert only(database, f"id = '{before[0]}'")[2] == before[2]


def test_rotating_what_is_not_there_says_how_to_find_it(run):
    answer = run("token", "rotate", "nobody")

    assert answer.exit_code == 1
    assert "`provisor target token list`" in answer.stderr
