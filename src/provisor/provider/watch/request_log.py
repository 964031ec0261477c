"""The log of every request, in the target's own database: who asked what, and what was answered.

An entry of a write is inserted in the write's own transaction; all others are gathered and written together within
FLUSH_SECONDS. Bounded: the newest RETENTION_ROWS stay. No body, no token, no header is kept.
"""

import asyncio
import time
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from provisor.database import Connection, Writer
from provisor.database.ports import WorkOutcome
from provisor.provider.model.documents import ENDPOINTS
from provisor.provider.verbs.bulk import Step
from provisor.provider.verbs.request import ScimRequest
from provisor.provider.verbs.resources import VerbAnswer
from provisor.provider.watch.masking import TEXT_LIMIT as MASKED_LIMIT
from provisor.provider.watch.masking import asks_only_scim, holds_secret, masked_parameters, masked_query, surely_plain

FLUSH_SECONDS = 0.08
RETENTION_ROWS = 200_000  # about 40 MB, at most 200 when strangers fill it; some hours of a busy day
_GATHERED_LIMIT = 2_000  # then requests wait for the flush: the log stays exact and memory bounded
PRUNE_EVERY = 5_000
_ASKED_AT_ONCE = 50  # entries
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


class Done(NamedTuple):
    """What a write came to: its request, and what is answered."""

    request: ScimRequest
    answer: VerbAnswer


# An entry, and the names of attributes that hold secrets if it is as it came.
_Gathered = tuple[Entry, Collection[str] | None]


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


def _finished(gathered: Sequence[_Gathered]) -> Iterator[Entry]:
    """Entries as they are kept: what many of them together do not hold none of them holds, so it is asked first."""
    for start in range(0, len(gathered), _ASKED_AT_ONCE):
        lot = gathered[start : start + _ASKED_AT_ONCE]
        raw = [entry for entry, names in lot if names is not None]
        every = frozenset[str]().union(*(names for _, names in lot if names))
        plain = all(asks_only_scim(entry.query) for entry in raw if entry.query) and _is_plain(
            "\n".join([f"{entry.path}?{entry.query}" for entry in raw]), every
        )
        for entry, names in lot:
            yield entry if plain or names is None else _finish(entry, names)


def _is_plain(text: str, names: Collection[str]) -> bool:
    return text.isascii() and "\x00" not in text and surely_plain(text, names)


def _finish(entry: Entry, names: Collection[str]) -> Entry:
    told = about(entry.path, entry.query, entry.object_id, names, TEXT_LIMIT)
    return entry._replace(path=told.path, query=told.query, object_id=told.object_id)


def _entry(request: ScimRequest, status: int, path: str, query: str, object_id: str | None) -> Entry:
    request.duration = (time.perf_counter_ns() - request.started) // 1000
    return Entry(
        request.tenant.number,
        request.at,
        cut(request.scope["method"]),
        path,
        query,
        request.told_kind,
        object_id,
        status,
        request.token_id,
        request.duration,
    )


def _about(request: ScimRequest, object_id: str | None) -> About:
    query = request.scope["query_string"].decode("latin-1")
    limit = STRANGER_TEXT_LIMIT if request.token_id is None else TEXT_LIMIT
    return about(request.scope["path"], query, object_id, request.tenant.profile.secrets, limit)


def _raw(request: ScimRequest, status: int, object_id: str | None) -> _Gathered:
    """The entry of a request that was done, as it came unless it is long: whether it holds a secret is asked later."""
    path, query = request.scope["path"], request.scope["query_string"]
    if request.token_id is not None and len(path) + len(query) < TEXT_LIMIT:
        return _entry(request, status, path, query.decode("latin-1"), object_id), request.tenant.profile.secrets
    told = _about(request, object_id)
    return _entry(request, status, told.path, told.query, told.object_id), None


class RequestLog:
    """Gathers entries and writes them in batches. Belongs to one event loop."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._gathered: list[_Gathered] = []
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
        self._gathered.append((entry, None))
        self._schedule()

    def tell(self, request: ScimRequest, status: int) -> bool:
        """Keep an entry of an answered request for the next flush; returns whether a refusal may repeat a secret.

        Of one that was done the entry waits as it came: whether it holds a secret is asked at the flush, of many at
        once.
        """
        if status < 400:
            self._gathered.append(_raw(request, status, request.told_id))
            self._schedule()
            return False
        told = _about(request, request.told_id)
        self.add(_entry(request, status, told.path, told.query, told.object_id))
        return told.secret

    @staticmethod
    def insert(connection: Connection, outcomes: Sequence[WorkOutcome]) -> None:
        """Write the entries of the writes of a transaction inside it."""
        done = [result for result, _ in outcomes if isinstance(result, Done)]
        if done:
            raw = [_raw(request, answer.status, answer.id) for request, answer in done]
            connection.many(_INSERT, _finished(raw))

    def insert_operation(
        self, request: ScimRequest, connection: Connection, number: int, step: Step, status: int
    ) -> None:
        """Write an entry of an operation of a bulk, before the bulk's own, so that it is found by its resource."""
        path = f"{ENDPOINTS[step.kind]}{step.id}" if step.id else step.path
        base = request.scope["path"].rstrip("/").removesuffix("/Bulk")
        told = about(base + path, f"bulk={number}", step.id or None, request.tenant.profile.secrets, TEXT_LIMIT)
        values = request.tenant.number, request.at, cut(step.method), told.path, told.query, step.kind, told.object_id
        connection.execute(_INSERT, (*values, status, request.token_id, 0))

    def _schedule(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._start_flush)

    def _start_flush(self) -> None:
        self._timer = None
        gathered, self._gathered = list(_finished(self._gathered)), []
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
