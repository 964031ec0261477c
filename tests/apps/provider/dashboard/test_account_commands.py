"""`provisor target account …` and `import-ad`: passwords never come from an argument and go nowhere."""

import json

import pytest
from argon2 import Type
from typer.testing import CliRunner

from provisor.provider.commands.serve import app
from provisor.provider.dashboard import accounts as accounts_module
from provisor.provider.store.tables import open_target

PASSWORD = "correct horse battery"
HASHER = accounts_module._hasher  # the real one: tests have a cheap one
runner = CliRunner()


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("PROVISOR_TARGET_DATABASE_URL", f"sqlite:///{tmp_path / 'target.sqlite'}")
    return lambda *arguments, given=None: runner.invoke(app, list(arguments), input=given)


def accounts(run):
    return [(row["email"], row["role"]) for row in json.loads(run("account", "list", "--json").stdout)]


def test_an_account_is_made_with_a_password_from_standard_input(run):
    made = run("account", "create", "Admin@example.org", given=f"{PASSWORD}\n")

    assert made.exit_code == 0
    assert made.stdout == "Admin@example.org may sign in as Full Admin.\n"
    assert accounts(run) == [("Admin@example.org", "full-admin")]


def test_a_password_may_come_from_a_file(run, tmp_path):
    (tmp_path / "password").write_text(f"{PASSWORD}\n")

    made = run("account", "create", "a@example.org", "--password-file", str(tmp_path / "password"), "--json")

    assert json.loads(made.stdout) == {"email": "a@example.org", "role": "full-admin"}


def test_a_password_file_that_cannot_be_read_is_said_so(run, tmp_path):
    answer = run("account", "create", "a@example.org", "--password-file", str(tmp_path / "nothing"))

    assert answer.exit_code == 2
    assert "cannot be read" in answer.stderr


@pytest.mark.parametrize(
    ("email", "password", "words"),
    [
        ("a@example.org", "too short", "12 characters"),
        ("a@example.org", "x" * 1001, "at most 1000"),
        ("nobody", PASSWORD, "not an e-mail address"),
        ("a b@example.org", PASSWORD, "not an e-mail address"),
        ("@", PASSWORD, "not an e-mail address"),
    ],
)
def test_an_account_that_cannot_be_is_refused(run, email, password, words):
    answer = run("account", "create", email, given=f"{password}\n")

    assert answer.exit_code == 1
    assert words in answer.stderr
    assert password not in answer.stderr
    assert accounts(run) == []


def test_an_address_has_one_account(run):
    run("account", "create", "a@example.org", given=PASSWORD)

    again = run("account", "create", "A@Example.org", given=PASSWORD)

    assert again.exit_code == 1
    assert "`provisor target account reset A@Example.org`" in again.stderr


def test_a_role_that_is_none_is_wrong_usage(run):
    assert run("account", "create", "a@example.org", "--role", "god", given=PASSWORD).exit_code == 2


def test_no_password_is_stored_in_clear(run, tmp_path):
    run("account", "create", "a@example.org", given=PASSWORD)
    run("account", "reset", "a@example.org", given="another long password")

    database = open_target(f"sqlite:///{tmp_path / 'target.sqlite'}")
    [(stored,)] = database.reader().all("SELECT password_hash FROM account")
    database.close()

    assert stored.startswith("$argon2id$")


def test_a_hash_costs_what_is_advised():
    assert (HASHER.type, HASHER.memory_cost, HASHER.time_cost) == (Type.ID, 19 * 1024, 2)


def test_an_account_is_deleted(run):
    run("account", "create", "a@example.org", given=PASSWORD)

    assert run("account", "delete", "A@example.org").stdout == "a@example.org is deleted.\n"
    assert accounts(run) == []
    assert "makes one" in run("account", "list").stdout


@pytest.mark.parametrize("verb", ["reset", "delete"])
def test_an_account_that_is_not_there_is_said_so(run, verb):
    answer = run("account", verb, "a@example.org", given=PASSWORD)

    assert answer.exit_code == 1
    assert "`provisor target account list`" in answer.stderr


@pytest.fixture
def files(tmp_path):
    (tmp_path / "users.csv").write_text("userPrincipalName,displayName\nana,Ana\nbob,Bob\n")
    (tmp_path / "groups.csv").write_text("displayName\nStaff\n")
    (tmp_path / "members.csv").write_text("group,member\nStaff,ana\n")
    return [str(tmp_path / f"{name}.csv") for name in ("users", "groups", "members")]


def test_what_the_ad_connector_brings_is_counted(run, files):
    answer = run("import-ad", *files)

    assert answer.stdout.splitlines() == [
        "users: 2 read, 2 new",
        "groups: 1 read, 1 new",
        "memberships: 1 read, 1 new",
    ]


def test_all_files_are_taken_in_or_none(run, files, tmp_path):
    (tmp_path / "broken.csv").write_text("group,member\nNobody,ana\n")

    assert run("import-ad", *files, str(tmp_path / "broken.csv")).exit_code == 1

    assert json.loads(run("import-ad", "--forget", "--json").stdout) == {"forgotten": 0, "imported": []}


def test_forgetting_comes_before_importing(run, files):
    run("import-ad", *files)

    answer = json.loads(run("import-ad", "--forget", files[0], "--json").stdout)

    assert answer == {"forgotten": 3, "imported": [{"what": "users", "rows": 2, "new": 2}]}


def test_importing_nothing_is_wrong_usage(run):
    assert run("import-ad").exit_code == 2
