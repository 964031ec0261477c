"""`backup` and `restore` as a person meets them: what is in the copy, what is not, and what cannot be restored."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass

import pytest

from provisor.runner.serving import serving


@dataclass(frozen=True)
class Answered:
    code: int
    out: str
    err: str


APP = "Cisco Umbrella User Management"


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def apart(provisor):
    """Runs each command in a process of its own: one that has ended has no database open."""

    def run(*arguments):
        command = [sys.executable, "-m", "provisor", *map(str, arguments)]
        done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, timeout=60)
        return Answered(done.returncode, done.stdout, done.stderr)

    return run


def with_a_user(provisor, name="anna@x.example"):
    return provisor("user", "create", f"userPrincipalName={name}", f"displayName={name}")


def users(provisor):
    return [user["userPrincipalName"] for user in json.loads(provisor("user", "list", "--json").out)]


def test_a_backup_is_a_file_for_its_owner_alone_that_does_not_hold_the_key(provisor, tmp_path, data):
    with_a_user(provisor)

    done = provisor("backup", tmp_path / "copy")

    assert (done.code, (tmp_path / "copy").stat().st_mode & 0o777) == (0, 0o600)
    assert str(data / "secret.key") in done.out
    with closing(sqlite3.connect(tmp_path / "copy")) as copy:
        assert copy.execute("SELECT name FROM object").fetchall() == [("anna@x.example",)]


def test_the_key_is_copied_when_it_is_asked_for(provisor, tmp_path, data):
    done = provisor("backup", tmp_path / "copy", "--with-key", tmp_path / "key", "--json")

    assert json.loads(done.out)["keyCopy"] == str(tmp_path / "key")
    assert (tmp_path / "key").read_bytes() == (data / "secret.key").read_bytes()
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("taken", ["copy", "key"])
def test_no_file_is_replaced_and_no_half_backup_left(provisor, tmp_path, taken):
    (tmp_path / taken).write_text("mine")

    done = provisor("backup", tmp_path / "copy", "--with-key", tmp_path / "key")

    left = {name for name in ("copy", "key") if (tmp_path / name).exists()}
    assert (done.code, left, (tmp_path / taken).read_text()) == (1, {taken}, "mine")


def test_what_was_restored_is_what_was_backed_up_and_the_present_is_kept(apart, tmp_path, data):
    with_a_user(apart, "anna@x.example")
    apart("backup", tmp_path / "copy")
    with_a_user(apart, "bo@x.example")
    refused = apart("restore", tmp_path / "copy")

    done = apart("restore", tmp_path / "copy", "--replace", "--json")

    assert (refused.code, "--replace" in refused.err) == (1, True)
    assert users(apart) == ["anna@x.example"]
    kept = json.loads(done.out)["kept"]
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT count(*) FROM object").fetchone() == (2,)


def test_a_backup_is_restored_where_there_is_no_database(provisor, tmp_path, data):
    with_a_user(provisor)
    provisor("backup", tmp_path / "copy")
    shutil.rmtree(data)

    done = provisor("restore", tmp_path / "copy")

    assert (done.code, users(provisor)) == (0, ["anna@x.example"])


def test_a_restore_is_in_the_audit_log_of_what_was_restored(apart, tmp_path):
    apart("backup", tmp_path / "copy")
    apart("restore", tmp_path / "copy", "--replace")

    (event,) = json.loads(apart("audit", "--activity", "Restore database", "--json").out)

    assert event["target"] == str(tmp_path / "copy")


def test_a_served_database_is_not_replaced(provisor, tmp_path, data):
    with_a_user(provisor)
    provisor("backup", tmp_path / "copy")

    with serving(data / "provisor.sqlite"):
        done = provisor("restore", tmp_path / "copy", "--replace")

    assert (done.code, "End `provisor serve` first" in done.err) == (1, True)


def of_the_target(path):
    with closing(sqlite3.connect(path)) as copy:
        copy.execute("UPDATE migration SET owner = 'the target'")
        copy.commit()


def of_a_newer_version(path):
    with closing(sqlite3.connect(path)) as copy:
        copy.execute("INSERT INTO migration VALUES (9999, 'the provisioning service', 'x', 1)")
        copy.commit()


def of_another_program(path):
    path.unlink()
    with closing(sqlite3.connect(path)) as copy:
        copy.execute("CREATE TABLE songs (title TEXT)")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (of_the_target, "is the database of the target"),
        (of_a_newer_version, "a newer version"),
        (of_another_program, "another program"),
    ],
)
def test_what_is_no_backup_of_this_service_is_refused_and_the_present_stays(provisor, tmp_path, harm, said):
    provisor("backup", tmp_path / "copy")
    with_a_user(provisor)
    harm(tmp_path / "copy")

    done = provisor("restore", tmp_path / "copy", "--replace")

    assert (done.code, said in done.err) == (1, True)
    assert users(provisor) == ["anna@x.example"]


def test_credentials_that_the_key_at_hand_does_not_open_are_told(apart, tmp_path, data):
    apart("app", "add", APP)
    apart("job", "create", APP)
    (tmp_path / "token").write_text("secret-token-1")
    apart("job", "credentials", APP, "--url", "http://127.0.0.1:9/scim", "--token-file", tmp_path / "token")
    apart("backup", tmp_path / "copy", "--with-key", tmp_path / "key")
    shutil.rmtree(data)

    without = apart("restore", tmp_path / "copy", "--json")
    shutil.copy(tmp_path / "key", data / "secret.key")
    with_key = apart("restore", tmp_path / "copy", "--replace", "--json")

    assert json.loads(without.out)["credentialsToEnter"] == [APP]
    assert json.loads(with_key.out)["credentialsToEnter"] == []
