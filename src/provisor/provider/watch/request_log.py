"""The log of every request, in the target's own database: who asked what, and what was answered.

An entry of a write is inserted in the write's own transaction; all others are gathered and written together within
FLUSH_SECONDS. Bounded: the newest RETENTION_ROWS stay. No body, no token, no header is kept.
"""

import asyncio
from collections.abc import Collection
from functools import partial
from typing import NamedTuple

from provisor.database import Connection, Writer
from provisor.provider.watch.masking import TEXT_LIMIT as MASKED_LIMIT
from provisor.provider.watch.masking import asks_only_scim, holds_secret, masked_parameters, masked_query

FLUSH_SECONDS = 0.08
RETENTION_ROWS = 200_000  # about 40 MB, at most 200 when strangers fill it; some hours of a busy day
_GATHERED_LIMIT = 2_000  # then requests wait for the flush: the log stays exact and memory bounded
PRUNE_EVERY = 5_000
TEXT_LIMIT = 1_000  # characters of a path, a query
STRANGER_TEXT_LIMIT = 200  # of who has no token and may ask as often as he likes

_INSERT = (
    "INSERT INTO request_log (tenant, at, method, path, query, kind, object_id, status, token_id, duration) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


# Another process may have stored a newer use already.
_USED = "UPDATE token SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)"


class Entry(NamedTuple):
    """One request. Times in microseconds."""

    tenant: int
    at: int
    method: str
    path: str
    query: str
    kind: str | None
    object_id: str | None
    status: int
    token_id: str | None
    duration: int


def cut(text: str, limit: int = TEXT_LIMIT) -> str:
    """Text as it is kept: bounded, and storable whatever the client sent."""
    if len(text) <= limit and text.isascii() and "\x00" not in text:
        return text
    return text[:limit].encode("utf-8", "replace").decode().replace("\x00", "\ufffd")  # PostgreSQL stores no NUL


class About(NamedTuple):
    """What a request was about, as it is kept: without secrets, bounded, storable."""

    path: str
    query: str
    object_id: str | None
    secret: bool = False  # whether it may hold one, which a refusal may repeat


def about(path: str, query: str, object_id: str | None, names: Collection[str], limit: int) -> About:
    """The same as it is kept; `object_id` stands in the path or is ours. `names` are as for `masked_query`."""
    text = f"{path}?{query}" if query else path
    text = text[:MASKED_LIMIT]
    secret = holds_secret(text, names) or (query != "" and not asks_only_scim(query))
    if secret or len(text) > limit or not text.isascii() or "\x00" in text:
        shown = None if object_id is None else cut(masked_query(object_id, names), limit)
        return About(cut(masked_query(path, names), limit), cut(masked_parameters(query, names), limit), shown, secret)
    return About(path, query, object_id)


class RequestLog:
    """Gathers entries and writes them in batches. Belongs to one event loop."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._gathered: list[Entry] = []
        self._used: dict[str, int] = {}  # token id -> newest use
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: set[asyncio.Future[int]] = set()
        self._unwritten = 0  # entries that are on their way to the disk
        self._newest = 0  # number of an entry, as of the last flush
        self._pruned_at = 0

    def used(self, token_id: str, at: int) -> None:
        """Remember that a token was used; stored with the next flush."""
        self._used[token_id] = at
        self._schedule()

    def add(self, entry: Entry) -> None:
        """Keep an entry for the next flush."""
        self._gathered.append(entry)
        self._schedule()

    def insert(self, connection: Connection, entry: Entry) -> None:
        """Write an entry inside the transaction of the write it tells of."""
        connection.execute(_INSERT, entry)

    def _schedule(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._start_flush)

    def _start_flush(self) -> None:
        self._timer = None
        gathered, self._gathered = self._gathered, []
        used, self._used = self._used, {}
        self._unwritten += len(gathered)
        prune = self._newest - self._pruned_at >= PRUNE_EVERY
        if prune:
            self._pruned_at = self._newest

        def store(connection: Connection) -> int:
            connection.many(_INSERT, gathered)
            connection.many(_USED, [(at, id_, at) for id_, at in used.items()])
            if prune:
                connection.execute(
                    "DELETE FROM request_log WHERE number <= (SELECT max(number) FROM request_log) - ?",
                    (RETENTION_ROWS,),
                )
            newest = connection.one("SELECT max(number) FROM request_log")
            return int(newest[0] or 0) if newest else 0

        future = self._writer.write(store)
        self._flushing.add(future)
        future.add_done_callback(partial(self._flushed, len(gathered)))

    def _flushed(self, written: int, future: "asyncio.Future[int]") -> None:
        self._unwritten -= written
        self._flushing.discard(future)
        # A database that cannot be written already answers 503 to every write.
        if not future.cancelled() and future.exception() is None:
            self._newest = future.result()

    @property
    def full(self) -> bool:
        """Whether requests should wait for the flush."""
        return len(self._gathered) + self._unwritten >= _GATHERED_LIMIT

    async def flush(self) -> None:
        """Write what is gathered; returns once it is on disk."""
        if self._timer is not None:
            self._timer.cancel()
        if self._gathered or self._used:
            self._start_flush()
        if self._flushing:
            await asyncio.wait(set(self._flushing))
