"""The job lock: one run at a time, and a look that disturbs nobody."""

import subprocess
import sys
import threading

import pytest

from provisor.runner.job_lock import JobBusy, is_held, job_lock

HOLD = """
import sys
from pathlib import Path
from provisor.runner.job_lock import job_lock
with job_lock(Path(sys.argv[1]), "job"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "service.db"


@pytest.fixture
def other_process(file):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.stdin.close()


def test_a_job_that_never_ran_is_not_held(file):
    assert not is_held(file, "job")


def test_looking_at_a_job_that_never_ran_leaves_nothing_behind(file):
    is_held(file, "job")

    assert list(file.parent.iterdir()) == []


def test_a_job_that_runs_in_this_process_is_held(file):
    with job_lock(file, "job"):
        assert is_held(file, "job")


def test_a_job_that_has_run_is_not_held(file):
    with job_lock(file, "job"):
        pass

    assert not is_held(file, "job")


def test_another_job_is_not_held(file):
    with job_lock(file, "job"), job_lock(file, "another"):
        assert not is_held(file, "third")


def test_a_job_that_runs_in_another_process_is_held(file, other_process):
    assert is_held(file, "job")


def test_a_job_that_runs_in_another_process_is_busy(file, other_process):
    with pytest.raises(JobBusy), job_lock(file, "job"):
        pass


def test_a_killed_process_holds_nothing(file, other_process):
    other_process.kill()
    other_process.wait()

    assert not is_held(file, "job")


def test_looking_does_not_let_go_of_what_is_held(file):
    with job_lock(file, "job"):
        is_held(file, "job")

        with pytest.raises(JobBusy), job_lock(file, "job"):
            pass


def test_a_cycle_that_begins_while_somebody_looks_gets_its_lock(file):
    done = threading.Event()

    def look():
        while not done.is_set():
            is_held(file, "job")

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(2_000):  # a look that took the lock made one of the first hundred busy
            with job_lock(file, "job"):
                pass
    finally:
        done.set()
        looking.join()
