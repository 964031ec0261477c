"""Testing, reading and previewing sources through verbs; what could not be taken over; deletions that are held back."""

import signal
import threading
from datetime import timedelta

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.runner.serving import serving
from provisor.runner.source_lock import source_lock
from provisor.storage import audit, connected_sources, outbox, recipients
from support.sourced import AD, PASSWORD

FOREVER = timedelta(days=365)


@pytest.fixture
def corp(sourced):
    return sourced.admin.sources.settings.add(ME, "corp", AD, given_secrets=PASSWORD).source


@pytest.fixture
def runs(sourced, corp):
    return sourced.admin.sources.runs


@pytest.fixture
def told(sourced, corp):
    return sourced.admin.sources.told


def company(sourced, people):
    for number in range(people):
        sourced.domain.person(f"person{number:02}")


def test_a_run_brings_people_and_groups(sourced, runs):
    sourced.domain.person("anna")
    sourced.domain.group("sales", "anna")

    run = runs.run(ME, "corp")

    assert (run.kind, run.state, run.counters["created"]) == ("full", "succeeded", 2)
    assert (sourced.people(), sourced.groups()) == (["anna@contoso.example"], ["sales"])


def test_the_second_run_reads_what_has_changed(sourced, runs):
    company(sourced, 5)
    runs.run(ME, "corp")
    sourced.domain.person("person03", title="Chief")

    run = runs.run(ME, "corp")

    assert (run.kind, run.counters["read"], run.counters["updated"]) == ("delta", 1, 1)


def test_a_full_read_is_one_on_request(sourced, runs):
    company(sourced, 3)
    runs.run(ME, "corp")

    run = runs.run(ME, "corp", full=True)

    assert (run.kind, run.counters["read"]) == ("full", 3)


def test_a_run_tells_its_progress(sourced, runs):
    company(sourced, 7)
    seen = []

    runs.run(ME, "corp", report=seen.append)

    assert [(one.phase, one.done) for one in seen if one.phase == "reading"] == [
        ("reading", 3),
        ("reading", 6),
        ("reading", 7),
    ]


def test_every_connection_is_closed(sourced, runs):
    company(sourced, 1)
    runs.run(ME, "corp")
    list(runs.test(ME, "corp"))
    sourced.admin.sources.previews.preview(ME, "corp")
    sourced.admin.sources.extensions.available(ME, "corp")

    assert sourced.closed == sourced.opened == 4


def test_a_source_that_is_down_fails_its_run_and_says_what_to_do(sourced, runs, told):
    sourced.domain.source.faults.down = True

    run = runs.run(ME, "corp")

    assert (run.state, run.error.code) == ("failed", "source-unreachable")
    assert "The source corp gave no answer: It is down." in run.error.message
    assert told.status(ME, "corp").shown.health == "failing"


def test_a_source_without_its_password_fails_as_one_that_cannot_be_read(sourced, corp, runs):
    with sourced.database.transaction() as connection:
        connection.execute("DELETE FROM secret")

    with pytest.raises(AdminError) as raised:
        runs.run(ME, "corp")

    assert raised.value.code == "no-credentials"


def test_a_run_that_is_stopped_goes_on_where_it_was(sourced, runs):
    company(sourced, 9)

    def stop(progress):
        if progress.done == 3:
            signal.raise_signal(signal.SIGINT)

    said = []
    stopped = runs.run(ME, "corp", report=stop, stopping=lambda: said.append("stopping"))
    rest = runs.run(ME, "corp")

    assert (stopped.state, said, rest.counters["read"]) == ("stopped", ["stopping"], 6)
    assert len(sourced.people()) == 9


def test_a_source_is_read_by_one_at_a_time(sourced, corp, runs):
    with source_lock(sourced.file, corp.id), pytest.raises(AdminError) as raised:
        runs.run(ME, "corp")

    assert raised.value.code == "source-busy"


def test_a_run_is_asked_of_whoever_serves_and_followed(sourced, corp, runs):
    company(sourced, 2)
    answered = []

    def serve():
        while True:
            asked = connected_sources.read(sourced.database.reader(), sourced.tenant, corp.id)
            if asked.run_wanted:
                break
        answered.append(sourced.read_as_a_service(asked))

    with serving(sourced.file):
        thread = threading.Thread(target=serve)
        thread.start()
        run = runs.run(ME, "corp", full=True)
        thread.join()

    assert [run] == answered


def test_a_run_is_done_here_when_whoever_served_is_gone(sourced, runs):
    company(sourced, 2)
    service = serving(sourced.file)
    service.__enter__()
    threading.Timer(0.3, service.__exit__, (None, None, None)).start()

    assert runs.run(ME, "corp").counters["created"] == 2


# Tests


def test_each_check_is_told(runs):
    assert [(one.what, one.well) for one in runs.test(ME, "corp")] == [("connection", True)]


def test_settings_are_tested_before_they_are_stored(sourced):
    checks = sourced.admin.sources.runs.test_unsaved(ME, AD, PASSWORD)

    assert [one.well for one in checks] == [True]
    assert sourced.admin.sources.settings.all(ME) == []


def test_settings_without_a_secret_are_not_tested(sourced):
    with pytest.raises(AdminError) as raised:
        sourced.admin.sources.runs.test_unsaved(ME, AD, {})

    assert raised.value.code == "no-credentials"


# Previews


def test_a_preview_writes_nothing(sourced, runs):
    sourced.domain.person("anna")

    found = sourced.admin.sources.previews.preview(ME, "corp")

    assert [(one.what, one.name) for one in found.examples] == [("created", "anna@contoso.example")]
    assert (sourced.people(), list(runs.history(ME, "corp"))) == ([], [])


def test_a_preview_of_a_source_that_is_down_says_so(sourced, corp):
    sourced.domain.source.faults.down = True

    with pytest.raises(AdminError) as raised:
        sourced.admin.sources.previews.preview(ME, "corp")

    assert raised.value.code == "source-unreachable"


# What sources told


def test_runs_are_listed_newest_first_and_page_by_page(sourced, runs):
    for _ in range(3):
        runs.run(ME, "corp", full=True)

    first = runs.history(ME, "corp", limit=2)

    assert [run.n for run in first] == [3, 2]
    assert [run.n for run in runs.history(ME, "corp", before=first[-1].n)] == [1]


def test_a_record_that_is_left_out_is_told_with_its_reason(sourced, runs, told):
    anchor = sourced.domain.person("anna")
    sourced.domain.source.put("user", anchor, {"sAMAccountName": None})
    runs.run(ME, "corp")

    (one,) = told.problems(ME, "corp")

    assert (one.name, one.fate, one.trouble.code) == ("anna@contoso.example", "left out", "no-account-name")
    assert told.problems(ME, "corp", left_out=False) == []


def test_a_name_that_somebody_else_has_is_told_with_what_to_do(sourced, runs, told):
    sourced.domain.person("anna")
    sourced.domain.person("bo")
    runs.run(ME, "corp")
    sourced.domain.person("bo", userPrincipalName="anna@contoso.example")
    runs.run(ME, "corp")

    (one,) = told.problems(ME, "corp", left_out=False)

    assert (one.fate, bool(one.trouble.hint)) == ("taken over in part", True)


def test_problems_are_told_page_by_page(sourced, runs, told):
    for number in range(5):
        anchor = sourced.domain.person(f"person{number}")
        sourced.domain.source.put("user", anchor, {"sAMAccountName": None})
    runs.run(ME, "corp")

    first = told.problems(ME, "corp", limit=3)
    rest = told.problems(ME, "corp", after=first[-1].anchor)

    assert (len(first), len(rest), len({one.anchor for one in [*first, *rest]})) == (3, 2, 5)


def held(sourced, runs):
    """A source of twenty people, most of whom a full read does not tell of any more."""
    company(sourced, 20)
    runs.run(ME, "corp")
    for _ in range(15):
        del sourced.domain.source.records[next(iter(sourced.domain.source.records))]
    return runs.run(ME, "corp", full=True)


def test_a_shrunken_read_holds_deletions_back(sourced, runs, told):
    run = held(sourced, runs)

    status = told.status(ME, "corp")
    assert (run.state, run.counters["held"], len(sourced.people())) == ("held", 15, 20)
    assert (status.shown.health, status.shown.source.held.users, len(told.leaving(ME, "corp"))) == (
        "deletions held",
        15,
        15,
    )


def test_whose_deletion_is_held_is_told_as_held_back(sourced, runs, told):
    held(sourced, runs)

    assert {one.fate for one in told.leaving(ME, "corp")} == {"held back"}


def test_who_is_allowed_leaves_with_the_next_run(sourced, runs, told):
    held(sourced, runs)

    assert told.allow(ME, "corp") == 15
    runs.run(ME, "corp")

    assert (len(sourced.people()), told.status(ME, "corp").shown.health) == (5, "healthy")


def test_nobody_who_was_not_shown_is_allowed(sourced, runs, told):
    held(sourced, runs)

    with pytest.raises(AdminError) as raised:
        told.allow(ME, "corp", shown=3)

    assert raised.value.code == "held-meanwhile"


def test_rejected_deletions_are_judged_by_a_read_of_everything(sourced, runs, told):
    held(sourced, runs)

    assert told.reject(ME, "corp") == 15
    company(sourced, 20)  # the source was put right
    run = runs.run(ME, "corp")

    assert (run.kind, run.state, len(sourced.people())) == ("full", "succeeded", 20)


def test_where_nothing_is_held_there_is_nothing_to_decide(runs, told):
    for decide in (told.allow, told.reject):
        with pytest.raises(AdminError) as raised:
            decide(ME, "corp")
        assert raised.value.code == "nothing-held"


def test_a_decision_is_in_the_audit_log(sourced, runs, told):
    held(sourced, runs)
    told.allow(ME, "corp")

    newest = audit.newest(sourced.database.reader(), sourced.tenant)[0]
    assert (newest.activity, newest.detail) == (
        "Decide about held deletions of source",
        {"heldDeletions": "allowed", "number": 15},
    )


def test_deletions_that_are_held_are_told_of_once_and_when_they_are_over(sourced, runs, told):
    notices = hooked(sourced)

    held(sourced, runs)
    runs.run(ME, "corp", full=True)
    told.allow(ME, "corp")
    runs.run(ME, "corp")

    assert notices() == ["deletions.began", "deletions.over"]


def hooked(sourced):
    """What a webhook is told from now on."""
    with sourced.database.transaction() as connection:
        hook = recipients.add_webhook(connection, sourced.tenant, "https://hooks.example", now=sourced.time)

    def told():
        with sourced.database.transaction() as connection:
            found = []
            while outbox.make_messages(connection, sourced.tenant, now=sourced.time):
                (message,) = outbox.due(connection, sourced.tenant, now=sourced.time, longest_wait=FOREVER)
                found += [f"{one.trouble}.{one.turn}" for one in outbox.content(connection, message.id)]
                outbox.sent(connection, message.id, now=sourced.time)
        return found

    assert hook.disabled_at is None
    return told


def test_a_source_that_fails_once_is_told_to_nobody(sourced, runs):
    notices = hooked(sourced)
    sourced.domain.source.faults.down = True

    runs.run(ME, "corp")

    assert notices() == []


def test_a_source_that_goes_on_failing_is_told_of_once_and_when_it_recovers(sourced, runs):
    notices = hooked(sourced)
    sourced.domain.source.faults.down = True
    for _ in range(4):
        runs.run(ME, "corp")
        sourced.move(minutes=5)
    sourced.domain.source.faults.down = False
    runs.run(ME, "corp")
    runs.run(ME, "corp")

    assert notices() == ["source.began", "source.over"]


def test_a_deleted_source_is_in_no_trouble(sourced, runs):
    held(sourced, runs)

    sourced.admin.sources.settings.delete(ME, "corp", keep=True)

    assert outbox.troubled(sourced.database.reader(), sourced.tenant, "deletions") == set()
