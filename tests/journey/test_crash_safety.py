"""Killed at any request, or left without a reply at any request: run again, no duplicate, nothing missing.

Everything is real: the command line in its own process, our target in another, the fault proxy between them. Each
strike works on copies of one prepared service folder and one prepared target folder, and what the target holds in the
end is compared with what an undisturbed run made of the same copies.
"""

import contextlib
import csv
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from provisor.runner.executing.executor import SENT_BOUND
from provisor.testing.crash import run_behind, strike_points
from provisor.testing.proxy import FaultProxy, KillAfter, LoseReply, Pass, fault_proxy
from provisor.testing.target_state import TargetState, differences, read_state

pytestmark = pytest.mark.slow

APPLICATION = "Cisco Umbrella User Management"
PROVISOR = [sys.executable, "-c", "from provisor.main import main; main()"]
STATED_BOUND = 2_000  # operations whose outcome a killed run may leave unknown
STRIKES = 8
SEED = 20261122


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Two folders before a cycle and after it undisturbed, and what the target then holds."""

    folder: Path
    after: Path
    expected: TargetState
    requests: int


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where a strike happens: copies of the prepared folders, with the target running."""

    folder: Path
    proxy: FaultProxy

    def cycle(self, behaviour=None):
        command = [*PROVISOR, "job", "run", APPLICATION]
        return run_behind(self.proxy, command, behaviour, environment=environment(self.folder))


def environment(folder):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
    return {
        **kept,
        "PROVISOR_DATA": str(folder / "service"),
        "PROVISOR_TARGET_DATABASE_URL": f"sqlite:///{folder / 'target' / 'target.sqlite'}",
    }


def provisor(folder, *arguments, given=""):
    done = subprocess.run(
        [*PROVISOR, *arguments], env=environment(folder), input=given, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def port():
    with contextlib.closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def proxy(port):
    with fault_proxy(f"http://127.0.0.1:{port}/identity/v2/scim") as proxy:
        yield proxy


@contextlib.contextmanager
def target(folder, port):
    """The target serving what a folder holds, on the port the proxy leads to."""
    ready = folder / "ready"
    ready.unlink(missing_ok=True)
    command = [*PROVISOR, "target", "serve", "--port", str(port), "--ready-file", str(ready)]
    with subprocess.Popen(
        command, env=environment(folder), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            while not ready.exists():
                assert process.poll() is None, process.stderr.read()
                time.sleep(0.01)
            yield
        finally:
            process.terminate()
            process.wait(10)


def is_enabled(number):
    return number % 13 != 5


def write_organisation(folder, people, groups):
    """Everybody is in two groups; group 0 also holds all of the first forty."""
    with open(folder / "users.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["userPrincipalName", "displayName", "givenName", "surname", "accountEnabled"])
        rows.writerows([f"p{n}@x.example", f"Person {n}", "Person", f"N{n}", is_enabled(n)] for n in range(people))
    with open(folder / "groups.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "displayName"])
        rows.writerows([f"g{n}", f"Group {n}"] for n in range(groups))
    with open(folder / "members.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["group", "member"])
        pairs = {(f"Group {(n + step) % groups}", f"p{n}@x.example") for n in range(people) for step in (0, 1)}
        rows.writerows(sorted(pairs | {("Group 0", f"p{n}@x.example") for n in range(min(people, 40))}))


def import_organisation(folder):
    files = [part for name in ("users", "groups", "members") for part in (f"--{name}", str(folder / f"{name}.csv"))]
    provisor(folder, "import", "csv", *files)


def prepare(folder, proxy, port, people=40, groups=6):
    """A directory, an application, a job, a target with a token, and nothing provisioned yet."""
    (folder / "service").mkdir(parents=True)
    (folder / "target").mkdir()
    write_organisation(folder, people, groups)
    import_organisation(folder)
    token = json.loads(provisor(folder, "target", "token", "create", "--label", "crash", "--json"))["token"]
    (folder / "token").write_text(token)
    provisor(folder, "app", "add", APPLICATION)
    provisor(folder, "app", "assign", APPLICATION, "--all-groups")
    provisor(folder, "job", "create", APPLICATION)
    provisor(folder, "job", "credentials", APPLICATION, "--url", proxy.url, "--token-file", "-", given=token)
    provisor(folder, "job", "start", APPLICATION)


def state(folder, port):
    return read_state(f"http://127.0.0.1:{port}/identity/v2/scim", (folder / "token").read_text())


def undisturbed(folder, tmp, proxy, port):
    """What a cycle does to copies of the folder when nothing happens."""
    copy = shutil.copytree(folder, tmp / "undisturbed")
    with target(copy, port):
        run = Stage(folder=copy, proxy=proxy).cycle()
        assert run.exit_code == 0, run.output + run.errors
        return Prepared(folder=folder, after=copy, expected=state(copy, port), requests=len(run.forwarded))


@pytest.fixture(scope="module")
def initial(tmp_path_factory, proxy, port):
    """Before the initial cycle."""
    tmp = tmp_path_factory.mktemp("initial")
    prepare(tmp / "prepared", proxy, port)
    return undisturbed(tmp / "prepared", tmp, proxy, port)


@pytest.fixture(scope="module")
def incremental(initial, tmp_path_factory, proxy, port):
    """After the initial cycle, with changes of every kind waiting."""
    tmp = tmp_path_factory.mktemp("incremental")
    folder = shutil.copytree(initial.after, tmp / "prepared")
    for n in range(2):
        provisor(folder, "user", "set", f"p{n}@x.example", f"displayName=Renamed {n}")
    provisor(folder, "user", "disable", "p8@x.example")
    provisor(folder, "user", "purge", "p9@x.example")
    provisor(folder, "user", "create", "userPrincipalName=new@x.example", "displayName=New Hire")
    provisor(folder, "member", "add", "Group 2", "new@x.example")
    provisor(folder, "member", "remove", "Group 0", "p10@x.example")
    provisor(folder, "group", "set", "Group 3", "displayName=Renamed Group")
    provisor(folder, "group", "purge", "Group 5")
    provisor(folder, "group", "create", "displayName=New Group")
    provisor(folder, "member", "add", "New Group", "p0@x.example")
    provisor(folder, "app", "assign", APPLICATION, "--group", "New Group")
    provisor(folder, "app", "unassign", APPLICATION, "--group", "Group 4")
    return undisturbed(folder, tmp, proxy, port)


@pytest.fixture
def stage(request, tmp_path, proxy, port):
    """A function that sets the stage for one strike on a prepared pair of folders."""
    with contextlib.ExitStack() as running:

        def set_up(prepared):
            folder = shutil.copytree(prepared.folder, tmp_path / "stage")
            running.enter_context(target(folder, port))
            return Stage(folder=folder, proxy=proxy)

        yield set_up


def sent_operations(folder):
    """How many operations a dead run left in state sent."""
    with contextlib.closing(sqlite3.connect(folder / "service" / "provisor.sqlite")) as database:
        return database.execute("SELECT count(*) FROM operation WHERE state = 'sent'").fetchone()[0]


def assert_whole(stage, prepared, port):
    """After one more run, and another that has nothing left to do, the target is as if nothing had happened."""
    resumed = stage.cycle()
    assert resumed.exit_code == 0, resumed.output + resumed.errors
    found = state(stage.folder, port)
    assert found.duplicates() == []
    assert differences(prepared.expected, found) == []

    idle = stage.cycle()
    assert idle.exit_code == 0, idle.output + idle.errors
    assert [one.method for one in idle.forwarded] == ["GET"]
    assert sent_operations(stage.folder) == 0


strikes = pytest.mark.parametrize("strike", range(STRIKES))
cycles = pytest.mark.parametrize(
    "cycle", [pytest.param(name, marks=pytest.mark.xdist_group(f"crash-{name}")) for name in ("initial", "incremental")]
)


@pytest.mark.test_rows(6)
@cycles
@strikes
def test_killed_after_its_nth_request(cycle, strike, request, stage, port):
    prepared = request.getfixturevalue(cycle)
    nth = strike_points(prepared.requests, STRIKES, SEED)[strike]
    here = stage(prepared)

    killed = here.cycle(KillAfter(nth=nth, stragglers=strike % 2 == 1))

    assert (killed.killed, killed.struck) == (True, True)
    assert_whole(here, prepared, port)


@pytest.mark.test_rows(3)
@cycles
@pytest.mark.parametrize("strike", range(STRIKES // 2))
def test_left_without_a_reply_at_its_nth_request(cycle, strike, request, stage, port):
    prepared = request.getfixturevalue(cycle)
    nth = strike_points(prepared.requests, STRIKES // 2, SEED)[strike]
    here = stage(prepared)

    bereft = here.cycle(LoseReply(frozenset({nth})))

    assert bereft.struck
    assert_whole(here, prepared, port)


@pytest.mark.xdist_group("crash-initial")
def test_killed_again_and_again(initial, stage, port):
    here = stage(initial)

    for nth in (7, 3, 11, 5):
        here.cycle(KillAfter(nth=nth))

    assert_whole(here, initial, port)


@pytest.mark.xdist_group("crash-incremental")
def test_a_killed_run_leaves_a_bounded_number_of_unknown_outcomes(tmp_path, proxy, port):
    people = 2_500
    folder = tmp_path / "large"
    prepare(folder, proxy, port, people=people, groups=3)
    with target(folder, port):
        here = Stage(folder=folder, proxy=proxy)
        here.cycle(KillAfter(nth=100))
        unknown = sent_operations(folder)
        resumed = here.cycle(Pass())
        found = state(folder, port)

    enabled = sum(is_enabled(n) for n in range(people))  # a disabled person who was never there is not created
    assert 0 < unknown <= SENT_BOUND <= STATED_BOUND < enabled
    assert resumed.exit_code == 0
    assert (found.users.total(), found.duplicates()) == (enabled, [])
