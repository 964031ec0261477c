"""In change-driven mode what takes access away waits until an import that is under way has ended; not for ever."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.engine.ports import Rejected
from provisor.runner.import_lock import importing, is_importing
from provisor.runner.importing.import_source import CsvImport, import_csv
from provisor.runner.scheduler import run_jobs
from provisor.storage import jobs, taken

PEOPLE = [f"p{number}@x" for number in range(6)]
KEEP_IT = "import sys; from pathlib import Path; from provisor.runner.import_lock import importing\n"
KEEP_IT += "with importing(Path(sys.argv[1])): print('begun', flush=True); sys.stdin.read()"


@pytest.fixture
def served(make_world, admin_of):
    """Six people in a group, whose accounts are there, in a job that is served."""
    world = make_world("scim", scope="all")
    world.organisation.users(PEOPLE)
    world.organisation.group("Staff", PEOPLE)
    world.admin = admin_of(world)
    world.run()
    with world.database.transaction() as connection:
        jobs.change(connection, world.job.number, schedule_state="Active")
        connection.execute("DELETE FROM run_request")  # its credentials asked for a run, which it has had
    return world


def by_change(world, *, asked=False):
    return world.run_due(asked=asked)


def blocked(world):
    world.organisation.change("p0@x", accountEnabled=False)
    return lambda: not world.account("p0@x")["active"]


def purged(world):
    world.purge("p0@x")
    return lambda: world.target.by_name("user", "p0@x") is None


def group_gone(world):
    world.delete("Staff", kind="group")
    return lambda: world.target.by_name("group", "Staff") is None


def member_gone(world):
    world.organisation.leave("Staff", "p0@x")
    return lambda: ("Staff", "p0@x") not in world.target.memberships()


REMOVALS = {one.__name__: one for one in (blocked, purged, group_gone, member_gone)}


def waits(world):
    return taken.waits_since(world.database.reader(), world.job.number) is not None


@pytest.mark.parametrize("removal", REMOVALS)
@pytest.mark.parametrize("asked", [False, True])
def test_it_waits_for_the_end_of_an_import_while_all_else_goes_out(served, removal, asked):
    with importing(served.database.path):
        is_done = REMOVALS[removal](served)
        served.organisation.user("new@x")
        served.organisation.change("p1@x", displayName="Changed")
        by_change(served, asked=asked)
        during = is_done(), waits(served)
        assert served.target.by_name("user", "new@x") is not None
        assert served.account("p1@x")["displayName"] == "Changed"
        by_change(served)
        assert not is_done()

    by_change(served)

    assert during == (False, True)
    assert is_done()
    assert not waits(served)
    assert by_change(served) is None


def test_who_comes_to_a_group_is_told_although_somebody_who_left_it_waits(served):
    served.organisation.user("new@x")
    with importing(served.database.path):
        served.organisation.leave("Staff", "p0@x")
        served.organisation.join("Staff", "new@x")
        by_change(served)

        assert {("Staff", "new@x"), ("Staff", "p0@x")} <= set(served.target.memberships())


@pytest.mark.parametrize("removal", REMOVALS)
def test_it_does_not_wait_for_ever(served, removal):
    with importing(served.database.path):
        is_done = REMOVALS[removal](served)
        by_change(served)
        waited = not is_done()
        served.pass_time(minutes=16)
        by_change(served)

        assert waited
        assert is_done()


def test_who_returns_meanwhile_keeps_access(served):
    with importing(served.database.path):
        served.organisation.change("p0@x", accountEnabled=False)
        by_change(served)
        served.organisation.change("p0@x", accountEnabled=True)

    by_change(served)

    assert list(served.target.sent("PATCH", "DELETE")) == []
    assert not waits(served)


def test_an_importer_that_is_killed_is_not_waited_for(served):
    importer = subprocess.Popen(
        [sys.executable, "-c", KEEP_IT, str(served.database.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert importer.stdout.readline() == b"begun\n"
    is_done = blocked(served)
    by_change(served)
    waited = is_importing(served.database.path) and not is_done()

    importer.kill()
    importer.communicate()
    by_change(served)

    assert waited
    assert is_done()


def test_an_import_is_under_way_until_it_has_ended_however_it_ends(served, tmp_path):
    path = tmp_path / "users.csv"
    path.write_text("userPrincipalName,displayName\nq@x,Q\n")
    seen = []

    def report(progress):
        seen.append(is_importing(served.database.path))

    order = CsvImport(users=path)
    tenant = served.organisation.tenant
    import_csv(served.database, tenant, order, now=datetime.now(UTC), report=report)
    with pytest.raises(ZeroDivisionError):
        import_csv(served.database, tenant, order, now=datetime.now(UTC), report=lambda progress: 1 / 0)

    assert seen == [True]
    assert not is_importing(served.database.path)


@pytest.mark.parametrize("changes", [{"settings": {"scope": "all", "changeDriven": False}}, {"behaviour": "entra"}])
def test_a_job_that_is_not_change_driven_does_not_wait(served, changes):
    with served.database.transaction() as connection:
        jobs.change(connection, served.job.number, **changes)
    with importing(served.database.path):
        is_done = blocked(served)
        served.run()

        assert is_done()


def test_what_is_named_on_demand_does_not_wait(served):
    with importing(served.database.path):
        is_done = blocked(served)
        served.admin.on_demand.user(ME, served.job.id, "p0@x")

        assert is_done()


def test_the_status_says_so(served):
    with importing(served.database.path):
        blocked(served)
        by_change(served)

        held = served.admin.cycles.status(ME, served.job.id).deletions

    assert (held.waits_until - held.waits_since).total_seconds() == 15 * 60


@pytest.mark.parametrize("state", ["over", "under way"])
def test_a_run_begins_by_itself_when_the_import_is_over(served, state):
    with importing(served.database.path):
        blocked(served)
        by_change(served)
    runs = []

    async def main():
        stop = asyncio.Event()

        async def run(job):
            runs.append(job)
            stop.set()
            return 0

        asyncio.get_running_loop().call_later(20 if state == "over" else 1.5, stop.set)
        await run_jobs(
            served.database,
            served.organisation.tenant,
            run,
            stop=stop,
            now=served.now,
            failed=lambda job, error: None,
            poll_seconds=0.01,
        )

    if state == "over":
        asyncio.run(main())
    else:
        with importing(served.database.path):
            asyncio.run(main())

    assert runs == ([served.job.id] if state == "over" else [])


@pytest.mark.parametrize("removal", REMOVALS)
def test_what_was_allowed_waits_too(served, removal):
    served.admin.jobs.settings(ME, served.job.id, limits=dict.fromkeys(("users", "groups", "memberships"), "0"))
    is_done = REMOVALS[removal](served)
    by_change(served)
    served.admin.deletions.allow(ME, served.job.id)
    with importing(served.database.path):
        by_change(served, asked=True)
        during = is_done()

    by_change(served)

    assert not during
    assert is_done()


@pytest.mark.parametrize("removal", ["blocked", "purged"])
def test_an_import_that_ends_in_the_middle_of_a_run_leaves_it_to_the_next_one_which_begins_by_itself(served, removal):
    is_done = REMOVALS[removal](served)
    served.organisation.change("p1@x", displayName="Changed")
    served.organisation.user("new@x")
    lock = importing(served.database.path)
    lock.__enter__()
    # A conflict has somebody planned anew in the same run, when the guards are asked once more.
    served.target.fail(1, Rejected("taken", status=409), method="POST")
    served.at("POST", "user", 1, lambda: lock.__exit__(None, None, None))
    by_change(served)
    during = is_done(), waits(served)

    by_change(served)

    assert during == (False, True)
    assert is_done()
    assert not waits(served)


def test_who_has_waited_too_long_goes_although_the_guards_are_asked_again(served):
    with importing(served.database.path):
        is_done = blocked(served)
        by_change(served)
        served.pass_time(minutes=16)
        served.organisation.user("new@x")
        served.target.fail(1, Rejected("taken", status=409), method="POST")

        by_change(served)

        assert is_done()
