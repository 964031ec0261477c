"""One run of a source at a time, by a lock beside the database (runner.file_lock)."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from provisor.runner.file_lock import beside, is_locked, locked


class SourceBusy(Exception):
    """Another run of the source holds the lock; the message is for an administrator."""


@contextmanager
def source_lock(database: Path, source: str) -> Iterator[None]:
    """Hold the lock of a source, by its id, for the block. Raises SourceBusy when a process or thread has it."""
    with ExitStack() as held:
        try:
            held.enter_context(locked(_file(database, source)))
        except BlockingIOError:
            raise SourceBusy(
                "The source is being read already, in this or another process. Wait until that run has ended."
            ) from None
        yield


def is_read(database: Path, source: str) -> bool:
    """Whether some process or thread reads the source now. Does not take the lock."""
    return is_locked(_file(database, source))


def _file(database: Path, source: str) -> Path:
    return beside(database, f"source-{source}")
