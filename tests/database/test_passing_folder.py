"""A folder for files that nobody needs once a block is over: what a killed process left of one goes with the next."""

import os
import signal
import subprocess
import sys

import pytest

from provisor.database import open_database
from provisor.database.backup import back_up
from provisor.database.passing_folder import passing_folder
from provisor.database.restoring import restore

HOLD = """
import pathlib, sys
from provisor.database.passing_folder import passing_folder
with passing_folder(pathlib.Path(sys.argv[1]), sys.argv[2]) as folder:
    (folder / "copy").write_text("everybody")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def held(tmp_path):
    """A process that holds a folder with a file in it; given the beginning of its name."""
    made = []

    def hold(prefix):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path), prefix],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        made.append(process)
        process.folder = process.stdout.readline().strip()
        return process

    yield hold
    for process in made:
        process.kill()
        process.communicate()


def names(folder):
    return {one.name for one in folder.iterdir()}


def test_it_is_ours_alone_and_gone_afterwards(tmp_path):
    with passing_folder(tmp_path, ".a-") as folder:
        assert folder.stat().st_mode & 0o777 == 0o700

    assert names(tmp_path) == set()


def test_one_that_is_in_use_stays(held, tmp_path):
    process = held(".a-")

    with passing_folder(tmp_path, ".a-"):
        assert os.listdir(process.folder) == ["copy"]


@pytest.mark.parametrize("how", ["the next", "a backup", "a restore"])
def test_what_a_killed_process_left_goes_with_the_next(how, held, tmp_path):
    (tmp_path / "data").mkdir()
    live = open_database(f"sqlite:///{tmp_path / 'data' / 'live.sqlite'}")
    back_up(live, tmp_path / "earlier")
    live.close()
    prefix = {"the next": ".a-", "a backup": ".provisor-backup-", "a restore": ".new.sqlite.restore-"}[how]
    process = held(prefix)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert os.path.exists(process.folder)

    match how:
        case "the next":
            with passing_folder(tmp_path, prefix):
                pass
        case "a backup":
            back_up(live, tmp_path / "another")
        case _:
            restore(tmp_path / "earlier", tmp_path / "new.sqlite", prepare=lambda _: None, aside=tmp_path / "aside")

    assert not os.path.exists(process.folder)


def test_a_link_of_that_name_is_not_followed(tmp_path):
    (tmp_path / "somebodys").mkdir()
    (tmp_path / "somebodys" / "file").write_text("mine")
    (tmp_path / ".a-link").symlink_to(tmp_path / "somebodys")

    with passing_folder(tmp_path, ".a-"):
        pass

    assert (tmp_path / "somebodys" / "file").read_text() == "mine"
