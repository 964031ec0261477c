"""Whether an import is under way, in whatever process: importers share a lock (runner.file_lock), and who asks does not
take it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provisor.runner.file_lock import beside, is_locked, locked

LONGEST_WAIT_SECONDS = 15 * 60  # that somebody who leaves waits for an import's end
_NAME = "import"
_MICROSECONDS = 1_000_000


@contextmanager
def importing(database: Path) -> Iterator[None]:
    """An import is under way for the block."""
    with locked(beside(database, _NAME), shared=True):  # nobody ever holds it alone
        yield


def is_importing(database: Path) -> bool:
    """Whether some process or thread imports now."""
    return is_locked(beside(database, _NAME))


def waited_too_long(since: int | None, at: int) -> bool:
    """Whether removals that wait since then, in UTC microseconds, must not wait any more; a clock put back does not
    prolong it."""
    return since is not None and not since <= at < since + LONGEST_WAIT_SECONDS * _MICROSECONDS
