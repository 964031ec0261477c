"""A run of any kind of source that is killed at any commit is made good by the next: nothing lost, nothing doubled."""

import shutil

import pytest

from provisor.database import open_database
from provisor.runner.sourcing.run_source import SourceOrder, run_source
from provisor.testing.crash.source_trial import MortalDatabase
from provisor.testing.faults import Killed
from support.mirrored import Mirror, mirror_in
from support.source_rigs import new_slapd, other_tenant, rig

__all__ = ["new_slapd", "other_tenant", "rig"]

MOST_COMMITS = 60


@pytest.fixture
def step(thorough) -> int:
    """Every commit, before and after it; or every fifth of these points, which are both in turn."""
    return 1 if thorough else 5


def dies(mirror: Mirror, source: str, rig, after: int, *, committed: bool) -> bool:
    """Run it until so many commits; whether that killed it."""
    mortal = MortalDatabase(mirror.database)
    mortal.dies_in, mortal.after_commit = after, committed
    connector = rig.connector()
    try:
        run_source(mortal, mirror.tenant, SourceOrder(source=source), connector, now=mirror.now)
    except Killed:
        return True
    finally:
        connector.close()
    return False


def follow(mirror: Mirror, source: str, rig) -> None:
    """Two runs in peace: the second takes over what the first carried on with."""
    for _ in range(2):
        connector = rig.connector()
        run = mirror.run_with(source, connector)
        connector.close()
        assert run.state == "succeeded", run.error


def walk(folder, rig, begun, wanted, step) -> int:
    """Kill a run at every commit, or some, each time in a directory as it was; how many there are."""
    for point in range(0, MOST_COMMITS, step):
        committed = point % 2 == 1
        shutil.copy(begun, folder / f"{point}.sqlite")
        mirror = Mirror(open_database(f"sqlite:///{folder / f'{point}.sqlite'}"))
        source = mirror.only_source()
        killed = dies(mirror, source, rig, point // 2, committed=committed)
        follow(mirror, source, rig)
        assert mirror.seen() == wanted, f"killed at commit {point // 2}, {'after' if committed else 'before'} it"
        mirror.database.close()
        if not killed:
            return point
    raise AssertionError("It never ended.")


def settled(folder, rig) -> Mirror:
    """A directory that mirrors the source."""
    mirror = mirror_in(folder / "settled.sqlite")
    follow(mirror, mirror.connect_as("source", rig.settings()), rig)
    return mirror


@pytest.mark.slow
def test_a_first_import_that_is_killed_at_any_commit_is_made_good_by_the_next(tmp_path, rig, step):
    empty = mirror_in(tmp_path / "empty.sqlite")
    empty.connect_as("source", rig.settings())
    empty.database.close()
    wanted = settled(tmp_path, rig).seen()
    assert set(wanted["members"]) == {"all", "sales"}

    assert walk(tmp_path, rig, tmp_path / "empty.sqlite", wanted, step) > 10


@pytest.mark.slow
def test_an_import_of_changes_that_is_killed_at_any_commit_is_made_good_by_the_next(tmp_path, rig, step):
    mirror = settled(tmp_path, rig)
    mirror.database.close()
    rig.person("anna", title="President")
    rig.person("cleo", manager="anna")
    rig.group("sales", "anna", "cleo")
    rig.remove("bo")
    shutil.copy(tmp_path / "settled.sqlite", tmp_path / "begun.sqlite")
    followed = Mirror(open_database(f"sqlite:///{tmp_path / 'settled.sqlite'}"))
    source = followed.only_source()
    follow(followed, source, rig)
    wanted = followed.seen()

    assert walk(tmp_path, rig, tmp_path / "begun.sqlite", wanted, step) > 5
