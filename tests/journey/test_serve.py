"""`provisor serve` as a process: it runs started jobs on their interval, sees changes made beside it, and stops cleanly."""

import os
import signal
import subprocess
import sys
import time

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


@pytest.fixture
def served(perform, small_files):
    """A demo's folder with its job on an interval of one second, served by a process of its own."""
    _, _, folder, _ = perform(*small_files)
    admin = build(read_settings({"PROVISOR_DATA": str(folder)}))
    admin.jobs.settings(LOCAL_OPERATOR, UMBRELLA, interval_seconds=1)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "provisor", "serve"],
        env={**kept, "PROVISOR_DATA": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield admin, process
    process.kill()
    process.wait()


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
    assert until(lambda: admin.cycles.status(LOCAL_OPERATOR, UMBRELLA).last.cycle.n > 3)

    admin.jobs.pause(LOCAL_OPERATOR, UMBRELLA)
    time.sleep(0.5)
    before = admin.cycles.status(LOCAL_OPERATOR, UMBRELLA).last.cycle.n
    time.sleep(2.5)

    assert admin.cycles.status(LOCAL_OPERATOR, UMBRELLA).last.cycle.n == before
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 0
