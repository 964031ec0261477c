"""Finds whom an error of our own is about: it becomes the failure of that object, and never the end of a run.

Order: words, whom it is about.
"""

import traceback
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from provisor.database import DatabaseError
from provisor.rules.failure import Failure
from provisor.runner.run import CycleStopped, Restarted, StopRequested

T = TypeVar("T")

NOBODYS = (CycleStopped, StopRequested, Restarted, DatabaseError)
"""What is about the run and no object."""

REPORT = "Report this as a bug of Provisor. What was sent by then is looked up in the next cycle."


def said(error: Exception) -> str:
    """An error of our own for a report: what and where. Its text may hold what nobody should read."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def own_failure(doing: str, name: str, error: Exception) -> Failure:
    """The failure of an object about which something of ours is broken."""
    return Failure(code="InternalError", message=f"It was not possible to {doing} {name}: {said(error)}.", hint=REPORT)


async def one_by_one(
    items: Sequence[T], do: Callable[[Sequence[T]], Awaitable[None]], blame: Callable[[T, Exception], Awaitable[None]]
) -> None:
    """Do it for all of them together; where an error of our own breaks that, for halves, down to whom it is about.

    `do` keeps nothing of what it did when it breaks; it may be asked again about the same ones.
    """
    try:
        await do(items)
    except NOBODYS:
        raise
    except Exception as error:
        if not items:
            raise
        if len(items) == 1:
            await blame(items[0], error)
            return
    else:
        return
    half = len(items) // 2
    await one_by_one(items[:half], do, blame)
    await one_by_one(items[half:], do, blame)
