"""A full disk in the words of the command line: what was not written, what is there, what to do."""

import json
import resource
from contextlib import contextmanager

import pytest

from provisor import gallery, main, wiring
from provisor.testing.memory_target import MemoryTarget

APP = "Cisco Umbrella User Management"
PEOPLE = 2_500  # three pages


@contextmanager
def no_file_longer_than(size):
    """As under `ulimit -f`: a write beyond that fails, as it does on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def users(tmp_path):
    path = tmp_path / "users.csv"
    rows = (f"user{number}@x.example,{'name ' * 40}{number}" for number in range(PEOPLE))
    path.write_text("userPrincipalName,displayName\n" + "\n".join(rows) + "\n")
    return path


def told(answered):
    assert answered.code == 1
    assert "could not be written" in answered.err
    assert "full" in answered.err
    assert "Error:" not in answered.err
    assert "--traceback" not in answered.err
    return answered.err


def test_an_import_says_what_to_do_and_goes_on_when_there_is_room(provisor, users):
    with no_file_longer_than(1_500_000):
        answered = provisor("import", "csv", "--users", users)

    assert "Import the same files again" in told(answered)
    summary = json.loads(provisor("import", "csv", "--users", users, "--json").out)
    assert summary["users"]["created"] + summary["users"]["unchanged"] == PEOPLE


def test_a_change_by_hand_says_it(provisor):
    with no_file_longer_than(50_000):
        told(provisor("user", "create", "userPrincipalName=anna@x.example", f"displayName={'Anna ' * 20_000}"))


def test_a_cycle_says_it_and_the_next_goes_on(provisor, users, monkeypatch, tmp_path):
    template = gallery.template("ciscoUmbrella")
    target = MemoryTarget(template.user_type, template.group_type)
    monkeypatch.setattr(wiring.StoredConnections, "connect", lambda self, job: target)
    token = tmp_path / "token"
    token.write_text("t")
    provisor("import", "csv", "--users", users)
    provisor("app", "add", APP)
    provisor("job", "create", APP)
    provisor("job", "credentials", APP, "--url", "http://127.0.0.1:9/scim", "--token-file", token)
    provisor("job", "settings", APP, "--scope", "all")

    longest = max(path.stat().st_size for path in (tmp_path / "data").iterdir())
    with no_file_longer_than(longest + 100_000):
        answered = provisor("job", "run", APP)

    assert "Run the job again" in told(answered)
    done = json.loads(provisor("job", "run", APP, "--json").out)
    assert done["state"] == "succeeded"
    assert target.by_name("user", f"user{PEOPLE - 1}@x.example") is not None


def test_a_database_that_cannot_be_made_says_it(provisor, tmp_path, monkeypatch):
    monkeypatch.setenv("PROVISOR_DATA", str(tmp_path / "new"))

    with no_file_longer_than(40_000):
        answered = provisor("user", "list")

    told(answered)


def test_an_output_that_cannot_be_written_says_it(monkeypatch, capsys):
    def full():
        raise OSError(28, "No space left on device")

    assert main.guarded(full) == 1
    said = capsys.readouterr().err
    assert said.startswith("The output: No space left on device.")
    assert "Make room" in said
