"""What a form of credentials keeps in memory: typed secrets for a while, and the checks of a test under way."""

from datetime import UTC, datetime, timedelta

from provisor.admin.connecting import Check
from provisor.portal.provisioning.trying import KEPT, ChecksUnderWay, TypedSecrets

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_typed_secret_is_held_for_its_session_and_job_alone():
    secrets = TypedSecrets()
    secrets.hold("session", "job", {"secret_token": "t"}, now=NOW)

    assert secrets.held("session", "job", now=NOW) == {"secret_token": "t"}
    assert secrets.held("session", "another", now=NOW) == secrets.held("another", "job", now=NOW) == {}


def test_a_typed_secret_is_forgotten_after_a_while():
    secrets = TypedSecrets()
    secrets.hold("session", "job", {"secret_token": "t"}, now=NOW)

    assert secrets.held("session", "job", now=NOW + KEPT) == {}


def test_holding_nothing_forgets():
    secrets = TypedSecrets()
    secrets.hold("session", "job", {"secret_token": "t"}, now=NOW)

    secrets.hold("session", "job", {}, now=NOW)

    assert secrets.held("session", "job", now=NOW) == {}


def test_no_more_forms_are_held_than_a_few_hundred():
    secrets = TypedSecrets()
    for number in range(300):
        secrets.hold(f"{number}", "job", {"secret_token": "t"}, now=NOW + timedelta(seconds=1))

    assert secrets.held("0", "job", now=NOW) == {}
    assert secrets.held("299", "job", now=NOW) == {"secret_token": "t"}


def test_checks_are_told_while_a_test_is_under_way():
    checks, check = ChecksUnderWay(), Check("authentication", "passed", "The credentials were accepted.")
    assert checks.made("job") is None

    checks.begin("job")
    assert checks.made("job") == []
    checks.note("job", check)
    assert checks.made("job") == [check]

    checks.end("job")
    assert checks.made("job") is None
