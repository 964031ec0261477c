"""Puts notices of sources into the outbox: one that cannot be read, one that can again, deletions that are held back.

A source that fails once is tried again and nobody is told; one that goes on failing is told of, as a job in quarantine
is. What is put is told once (storage.outbox). Order: telling, when a failure is one to tell of.
"""

from datetime import datetime, timedelta
from typing import Final

from provisor.database import Connection, Database
from provisor.engine.notice import Notice, Turn
from provisor.engine.source_outcome import UNAUTHORIZED
from provisor.storage import connected_sources, outbox
from provisor.storage.connected_sources import ConnectedSource
from provisor.storage.times import to_microseconds

TOLD_AFTER: Final = timedelta(minutes=10)  # of failures alone: a server that restarts is back by then
FEWEST_FAILURES: Final = 2


def tell(database: Database, tenant: str, source_id: str, *, now: datetime) -> None:
    """Tell how the source is after a run, where somebody is to know."""
    with database.transaction() as connection:
        source = connected_sources.read(connection, tenant, source_id)
        if source is not None:
            tell_of_reading(connection, tenant, source, now=now)
            tell_of_held(connection, tenant, source, now=now)


def tell_of_reading(connection: Connection, tenant: str, source: ConnectedSource, *, now: datetime) -> None:
    """Tell that it cannot be read, when it has been so for a while, or that it can again."""
    error = source.error
    if error is not None and not is_to_be_told(source, now):
        return
    sentence = f"{source.name} is read as it should be." if error is None else error.message
    facts = () if error is None else (("Runs that failed", f"{source.failures:,}"), ("What to do", error.hint))
    reason = "" if error is None else error.code
    outbox.put(connection, tenant, _notice(source, "source", reason, sentence, facts, now=now, over=error is None))


def tell_of_held(connection: Connection, tenant: str, source: ConnectedSource, *, now: datetime) -> None:
    """Tell that deletions wait for a decision, or that none do any more."""
    held = source.held
    sentence = "What was held back was decided about, or is not due any more." if held is None else held.message
    facts = () if held is None else (("What to do", held.hint),)
    reason = "" if held is None else held.code
    outbox.put(connection, tenant, _notice(source, "deletions", reason, sentence, facts, now=now, over=held is None))


def is_to_be_told(source: ConnectedSource, now: datetime) -> bool:
    """Whether its failures are ones to tell of: they last, or nothing but a person can end them."""
    if source.error is None or source.failing_since is None:
        return False
    if source.error.code == UNAUTHORIZED:
        return True
    waited = min(TOLD_AFTER, timedelta(seconds=source.interval_seconds) * FEWEST_FAILURES)
    return source.failures >= FEWEST_FAILURES and to_microseconds(now - waited) >= source.failing_since


def _notice(
    source: ConnectedSource,
    trouble: str,
    reason: str,
    sentence: str,
    facts: tuple[tuple[str, str], ...],
    *,
    now: datetime,
    over: bool,
) -> Notice:
    turn: Turn = "over" if over else "began"
    return Notice(
        trouble="source" if trouble == "source" else "deletions",
        turn=turn,
        about=source.id,
        name=f"The source {source.name}",
        job=None,
        reason=reason,
        sentence=sentence,
        facts=facts,
        at=now,
    )
