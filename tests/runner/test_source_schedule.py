"""Sources are read when they are due, asked for, or say that something has changed, each in a thread of its own."""

import asyncio
import threading
import time

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.source_connecting import source_access
from provisor.engine.ports import Rejected, Unauthorized
from provisor.runner.source_lock import is_read, source_lock
from provisor.runner.source_schedule import SourceSchedule, run_sources
from provisor.storage import connected_sources, source_runs
from support.sourced import AD, PASSWORD, SourcedService

LONGEST_SECONDS = 20


@pytest.fixture
def sourced(migrated_file, tmp_path):
    made = SourcedService(migrated_file, tmp_path / "sourced")
    made.ticking()
    yield made
    made.close()


@pytest.fixture
def corp(sourced):
    sourced.admin.sources.settings.add(ME, "corp", AD, given_secrets=PASSWORD)
    return sourced.admin.sources.settings.start(ME, "corp").source


class Served:
    """What a schedule was told."""

    def __init__(self):
        self.ran = []
        self.failed = []


def serve(sourced, until, *, meanwhile=lambda: None, finish_seconds=5.0):
    """Keep the schedule until something is so, and end it; what it told, and how long its end took."""
    told = Served()
    schedule = SourceSchedule(
        access=source_access(sourced.context),
        ran=lambda source, run: told.ran.append(run),
        failed=lambda source, why: told.failed.append(why),
        look_seconds=0.02,
        ask_seconds=0.05,
        finish_seconds=finish_seconds,
    )

    async def kept():
        stop, deadline = asyncio.Event(), time.monotonic() + LONGEST_SECONDS
        task = asyncio.create_task(run_sources(schedule, stop=stop))
        changed = False
        while not until(told) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
            if told.ran and not changed:
                changed = True
                meanwhile()
        stop.set()
        began = time.monotonic()
        await task
        return time.monotonic() - began

    told.end_seconds = asyncio.run(kept())
    assert until(told), (told.ran, told.failed)
    return told


def test_a_started_source_is_read_at_once(sourced, corp):
    sourced.domain.person("anna")

    told = serve(sourced, lambda told: told.ran)

    assert (told.ran[0].state, sourced.people()) == ("succeeded", ["anna@contoso.example"])


def test_a_change_at_the_source_arrives_without_waiting_for_the_interval(sourced, corp):
    sourced.domain.person("anna")

    serve(sourced, lambda told: len(sourced.people()) == 2, meanwhile=lambda: sourced.domain.person("bo"))

    assert corp.interval_seconds == 1800


def test_a_source_in_which_nothing_changes_is_read_once(sourced, corp):
    asked = []
    sourced.watch = lambda name: asked.append(name) if name == "moved" else None

    told = serve(sourced, lambda told: len(asked) > 5)

    assert len(told.ran) == 1


def test_one_connection_serves_many_questions(sourced, corp):
    asked = []
    sourced.watch = lambda name: asked.append(name) if name == "moved" else None

    serve(sourced, lambda told: len(asked) > 5)

    assert (sourced.opened, sourced.closed) == (1, 1)


def test_a_source_that_cannot_tell_is_not_asked_again(sourced, corp):
    asked = []
    sourced.watch = lambda name: asked.append(name)
    sourced.says_nothing_of_changes = True

    began = time.monotonic()
    serve(sourced, lambda told: told.ran and time.monotonic() - began > 1)

    assert asked.count("moved") == 1


def test_a_paused_source_is_read_when_somebody_asks(sourced, corp):
    settings = sourced.admin.sources.settings
    settings.pause(ME, "corp")
    with sourced.database.transaction() as connection:
        connected_sources.want_run(connection, corp.id, "full")

    told = serve(sourced, lambda told: told.ran)

    assert [run.kind for run in told.ran] == ["full"]


def test_a_source_added_meanwhile_is_read_too(sourced, corp):
    def add():
        sourced.admin.sources.settings.add(ME, "other", AD, given_secrets=PASSWORD)
        sourced.admin.sources.settings.start(ME, "other")

    told = serve(sourced, lambda told: len({run.source for run in told.ran}) == 2, meanwhile=add)

    assert told.failed == []


def test_a_new_password_is_heeded_by_the_next_run(sourced, corp):
    def change():
        sourced.admin.sources.settings.change(ME, "corp", given_secrets={"password": "another"})

    serve(sourced, lambda told: len(told.ran) == 2, meanwhile=change)

    assert [given["password"] for given in sourced.given] == [PASSWORD["password"], "another"]


def test_a_source_that_fails_is_tried_again(sourced, corp):
    sourced.domain.source.faults.down = True

    def mend():
        sourced.domain.source.faults.down = False
        sourced.move(seconds=5)

    told = serve(sourced, lambda told: len(told.ran) == 2, meanwhile=mend)

    assert [run.state for run in told.ran] == ["failed", "succeeded"]


def test_a_source_that_goes_down_between_two_runs_is_told_of_at_once(sourced, corp):
    def break_down():
        sourced.domain.source.faults.down = True

    told = serve(sourced, lambda told: len(told.ran) == 2, meanwhile=break_down)

    assert [run.state for run in told.ran] == ["succeeded", "failed"]


def test_a_question_that_is_refused_is_not_asked_again_before_a_run_has_succeeded(sourced, corp):
    asked, began = [], []

    def refuse(name):
        asked.append(name)
        if name == "moved":
            raise Unauthorized("The password is wrong.")
        if len(asked) > 1:
            began.append(time.monotonic())
            raise Unauthorized("The password is wrong.")

    sourced.watch = refuse
    serve(sourced, lambda told: began and time.monotonic() - began[0] > 1)

    assert asked == ["read", "moved", "read"]


def test_questions_that_fail_while_runs_succeed_become_ever_fewer(sourced, corp):
    asked = []

    def refuse(name):
        if name == "moved":
            asked.append(time.monotonic())
            raise Rejected("No.", status=50)

    sourced.watch = refuse
    serve(sourced, lambda told: len(asked) == 4)

    assert asked[3] - asked[2] > 2 * 0.05


def test_what_breaks_in_a_connector_is_a_failed_run_of_its_source_alone(sourced, corp):
    sourced.admin.sources.settings.add(ME, "other", AD, given_secrets=PASSWORD)
    sourced.admin.sources.settings.start(ME, "other")
    broken = []

    def breaks(name):
        if name == "read" and not broken:
            broken.append(name)
            raise ZeroDivisionError("a bug of a connector")

    sourced.watch = breaks
    told = serve(sourced, lambda told: len({run.source for run in told.ran}) == 2)

    assert sorted(run.state for run in told.ran[:2]) == ["failed", "succeeded"]
    (failed,) = [run for run in told.ran if run.state == "failed"]
    assert (failed.error.code, "a bug of a connector" in failed.error.message) == ("InternalError", True)


def test_a_source_that_hangs_holds_nobody_up_and_is_left_behind(sourced, corp):
    sourced.admin.sources.settings.add(ME, "other", AD, given_secrets=PASSWORD)
    sourced.admin.sources.settings.start(ME, "other")
    hung, over = threading.Event(), threading.Event()

    def hangs(name):
        if name == "read" and not hung.is_set():
            hung.set()
            over.wait(LONGEST_SECONDS)

    sourced.watch = hangs
    told = serve(sourced, lambda told: hung.is_set() and told.ran, finish_seconds=0.3)
    over.set()

    assert told.end_seconds < LONGEST_SECONDS / 2
    while any(is_read(sourced.file, one.source.id) for one in sourced.admin.sources.settings.all(ME)):
        time.sleep(0.01)


def test_an_end_waits_for_the_page_and_not_for_the_read(sourced, corp):
    for number in range(30):
        sourced.domain.person(f"person{number}")
    paged = []

    def page(name):
        paged.append(name)
        time.sleep(0.02)

    sourced.each_page = page
    serve(sourced, lambda told: len(paged) >= 2)

    (run,) = source_runs.newest(sourced.database.reader(), corp.id)
    assert (run.state, run.counters["read"] < 30) == ("stopped", True)


def test_a_source_that_another_process_reads_is_waited_for(sourced, corp):
    with source_lock(sourced.file, corp.id):
        began = time.monotonic()
        told = serve(sourced, lambda told: time.monotonic() - began > 0.5)
    assert (told.ran, told.failed) == ([], [])

    assert serve(sourced, lambda told: told.ran).ran[0].state == "succeeded"


def test_a_deleted_source_is_asked_nothing_more(sourced, corp):
    def gone():
        sourced.admin.sources.settings.pause(ME, "corp")
        sourced.admin.sources.settings.delete(ME, "corp", keep=True)

    began = time.monotonic()
    serve(sourced, lambda told: told.ran and time.monotonic() - began > 0.5, meanwhile=gone)

    assert sourced.opened == sourced.closed


def test_runs_that_find_nothing_within_a_minute_are_one_in_the_history(sourced, corp):
    with sourced.database.transaction() as connection:
        connected_sources.change(connection, corp.id, interval_seconds=1)

    def pass_time():
        sourced.each_tick = 1.0

    serve(sourced, lambda told: len(told.ran) > 6, meanwhile=pass_time)

    kinds = [run.kind for run in source_runs.newest(sourced.database.reader(), corp.id)]
    assert kinds.count("full") == 1
    assert len(kinds) < 6
