"""`provisor serve` as a process: it runs started jobs on their interval, sees changes made beside it, and stops cleanly."""

import json
import os
import signal
import subprocess
import sys
import time
from random import Random
from urllib.request import Request, urlopen

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.demo.steps import UMBRELLA
from provisor.main import build
from provisor.settings import read_settings

pytestmark = pytest.mark.slow

SECONDS = 30


def until(fact):
    """Wait for a fact; False when it does not come true."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if fact():
            return True
        time.sleep(0.05)
    return False


def serve(folder):
    """A process that serves the jobs of this folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
    return subprocess.Popen(
        [sys.executable, "-m", "provisor", "serve"],
        env={**kept, "PROVISOR_DATA": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture
def served(perform, small_files):
    """A demo's folder with its job on an interval of one second, served by a process of its own."""
    _, _, folder, _ = perform(*small_files)
    admin = build(read_settings({"PROVISOR_DATA": str(folder)}))
    admin.jobs.settings(LOCAL_OPERATOR, UMBRELLA, interval_seconds=1)
    process = serve(folder)
    yield admin, process
    process.kill()
    process.wait()


def test_a_change_does_not_wait_for_the_interval(served):
    admin, _ = served
    admin.jobs.settings(LOCAL_OPERATOR, UMBRELLA, interval_seconds=24 * 3600)

    admin.users.set(LOCAL_OPERATOR, "p6@x.example", {"surname": "Served"})

    assert until(lambda: admin.logs.page(LOCAL_OPERATOR, identity="p6@x.example", action="update", status="success"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_change_is_provisioned_and_a_signal_ends_it_cleanly(served, number):
    admin, process = served

    admin.users.set(LOCAL_OPERATOR, "p6@x.example", {"surname": "Served"})
    provisioned = until(
        lambda: admin.logs.page(LOCAL_OPERATOR, identity="p6@x.example", action="update", status="success")
    )
    process.send_signal(number)
    output, _ = process.communicate(timeout=SECONDS)

    assert provisioned
    assert process.returncode == 0
    assert "Stopped." in output
    assert "Traceback" not in output


def test_a_paused_job_is_not_run(served):
    admin, process = served
    first = admin.cycles.status(LOCAL_OPERATOR, UMBRELLA).runs.last_began
    assert until(lambda: admin.cycles.status(LOCAL_OPERATOR, UMBRELLA).runs.last_began != first)

    admin.jobs.pause(LOCAL_OPERATOR, UMBRELLA)
    time.sleep(0.5)
    before = admin.cycles.status(LOCAL_OPERATOR, UMBRELLA).runs.last_began
    time.sleep(2.5)

    assert admin.cycles.status(LOCAL_OPERATOR, UMBRELLA).runs.last_began == before
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 0


def held(token):
    """Everybody at the target: userName, family name, and whether they are active."""
    asked = Request(f"{token.url}/Users?count=200", headers={"Authorization": f"Bearer {token.secret}"})
    with urlopen(asked, timeout=SECONDS) as answer:
        found = json.load(answer)["Resources"]
    return sorted((one["userName"], one["name"]["familyName"], one["active"]) for one in found)


def test_changes_outlive_a_service_that_is_killed_again_and_again(perform, small_files):
    _, umbrella, folder, _ = perform(*small_files)
    admin = build(read_settings({"PROVISOR_DATA": str(folder)}))
    admin.jobs.start(LOCAL_OPERATOR, UMBRELLA)
    token = umbrella.generate_token("reader")
    before = held(token)
    people = [name for name, _, active in before if active]
    chance = Random(20261128)
    for kill in range(6):
        process = serve(folder)
        until(lambda: admin.cycles.status(LOCAL_OPERATOR, UMBRELLA).runs.served)
        for name in people:
            admin.users.set(LOCAL_OPERATOR, name, {"surname": f"Name {kill}"})
            time.sleep(chance.random() * 0.1)
        time.sleep(chance.random() * 0.4)
        process.kill()
        process.wait()
    admin.users.set_enabled(LOCAL_OPERATOR, people[0], enabled=False)
    process = serve(folder)
    wanted = sorted(
        (name, "Name 5" if name in people else family, active and name != people[0]) for name, family, active in before
    )

    came_true = until(lambda: held(token) == wanted)
    process.kill()
    process.wait()

    assert came_true, (held(token), wanted)
