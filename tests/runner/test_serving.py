"""Whether some process serves a database is known from a kernel lock: a killed one is never taken for a living one."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from provisor.runner.serving import MOST, is_served, serving

HOLDER = """
import sys
from pathlib import Path
from provisor.runner.serving import serving
with serving(Path(sys.argv[1])):
    print("serving", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def database(tmp_path):
    return tmp_path / "provisor.sqlite"


@pytest.fixture
def holder(database):
    """Another process that serves the database."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "serving\n"
    yield process
    process.kill()
    process.communicate()


def test_nobody_serves_a_new_database(database):
    assert not is_served(database)


def test_a_serve_is_seen_as_long_as_it_lasts(database):
    with serving(database):
        during = is_served(database)

    assert (during, is_served(database)) == (True, False)


def test_a_serve_of_another_process_is_seen(database, holder):
    assert is_served(database)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=["KILL", "TERM", "INT"])
def test_a_serve_that_a_signal_has_ended_is_not_seen(database, holder, number):
    os.kill(holder.pid, number)
    holder.wait()

    assert not is_served(database)


def test_the_second_serve_is_seen_when_the_first_has_ended(database, holder):
    with serving(database):
        holder.kill()
        holder.wait()

        assert is_served(database)


def test_more_serves_than_are_counted_work_all_the_same(database):
    def nested(left):
        with serving(database):
            return is_served(database) if left == 0 else nested(left - 1)

    assert nested(MOST + 2)
    assert not is_served(database)


def test_a_database_is_the_same_through_a_link(database, tmp_path):
    database.touch()
    link = tmp_path / "link.sqlite"
    link.symlink_to(database)

    with serving(link):
        assert is_served(database)


def test_the_serve_of_another_database_does_not_count(database, tmp_path):
    with serving(tmp_path / "other.sqlite"):
        assert not is_served(database)


@pytest.mark.slow
def test_those_who_look_do_not_take_one_another_for_a_serve(database):
    with serving(database):
        pass

    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(is_served, [database] * 2_000))


def test_looking_makes_no_file(database, tmp_path):
    is_served(database)

    assert not list(tmp_path.iterdir())
