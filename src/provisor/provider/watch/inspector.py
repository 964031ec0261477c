"""The newest requests and answers, for the dashboard's request inspector.

The request path only appends to a bounded list. It is masked and stored at most once a second, some rows at a time so
that nobody waits, and less often when more came than are kept anyway: the cost is bounded whatever the load.
"""

import asyncio
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from provisor.database import Connection, Database, DatabaseError, Writer
from provisor.provider.store.tenants import kept_back_names
from provisor.provider.watch.masking import (
    HEADER_LIMIT,
    LEFT_OUT,
    MASK,
    SENT_HEADERS,
    masked_body,
    masked_headers,
    shown_answer,
    shown_headers,
)

KEPT = 1_000  # exchanges a tenant at most; its setting may say fewer, and 0 keeps none
SETTING = "inspector"
_SOON_SECONDS = 0.05
_STEP_SECONDS = 1.0  # between two rounds of storing
_BUSY_STEP_SECONDS = 4.0  # when a round was full: it takes 28 ms of a core, under 1 % at this pace
_BYTES_AT_ONCE = 65_536  # of bodies masked and stored without letting requests in between: under a millisecond
_ROWS_AT_ONCE = 40
_SHOWN_HEADERS = SENT_HEADERS | {b"authorization"}
READ_TO_MASK = 8_192  # bytes of a body that wait to be masked; a longer one that looks secret is left out

_INSERT = (
    "INSERT INTO exchange (tenant, at, duration, sent_headers, sent_body, sent_size, answered_headers, answered_body, "
    "answered_size) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, at, duration) DO NOTHING"
)
_PRUNE = (
    "DELETE FROM exchange WHERE tenant = ? AND at <= "
    "(SELECT at FROM exchange WHERE tenant = ? ORDER BY at DESC LIMIT 1 OFFSET ?)"
)

Headers = Sequence[tuple[bytes, bytes]]

logger = logging.getLogger("provisor.target")


# An exchange in the making: a plain tuple, because naming its values would cost most on every request's path.
Came = tuple[int, int, int, Headers, bytes, int, Headers, bytes, int]


class KeptExchange(NamedTuple):
    """One request with its answer; tenant, at and duration are its entry's in the request log."""

    tenant: int
    at: int
    duration: int
    sent_headers: Headers
    sent_body: bytes  # at most READ_TO_MASK of it
    sent_size: int
    answered_headers: Headers
    answered_body: bytes  # at most BODY_LIMIT of it
    answered_size: int


class Exchanges:
    """Gathers exchanges and stores the newest. Belongs to one event loop."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer
        self.gathered: deque[Came] = deque(maxlen=KEPT)
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self.next_at = 0.0

    def keep(self, came: Came) -> None:
        """Remember an exchange, given as the values of one, until the next round: only appends.

        Keeps only the headers shown: a thousand heads of refused requests would stay in memory for seconds.
        """
        shown = {name: value[:HEADER_LIMIT] for name, value in came[3] if name in _SHOWN_HEADERS}
        self.gathered.append((*came[:3], tuple(shown.items()), *came[4:]))
        if self._timer is None:
            wait = max(_SOON_SECONDS, self.next_at - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._start)

    def _start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._store())

    async def _store(self) -> None:
        gathered = [KeptExchange(*came) for came in self.gathered]
        self.gathered.clear()
        try:
            limits = self._read_limits({exchange.tenant for exchange in gathered})
            wanted = [exchange for exchange in gathered if limits[exchange.tenant]]
            secrets = {tenant: kept_back_names(self._database.reader(), tenant) for tenant in limits}
            while wanted:
                some = _some(wanted)
                del wanted[: len(some)]
                rows = [_row(exchange, secrets[exchange.tenant]) for exchange in some]
                await self._writer.write(partial(_insert, rows=rows))
            await self._writer.write(partial(_prune, limits=limits))
        except (DatabaseError, sqlite3.Error) as error:
            logger.warning("Requests could not be kept for the request inspector: %s", error)
        finally:
            step = _BUSY_STEP_SECONDS if len(gathered) == KEPT else _STEP_SECONDS
            self.next_at = time.monotonic() + step
            self._timer = self._task = None
            if self.gathered:
                self._timer = asyncio.get_running_loop().call_later(step, self._start)

    def _read_limits(self, tenants: Iterable[int]) -> dict[int, int]:
        """How many each tenant keeps, as another process may just have set it."""
        reader = self._database.reader()
        return {tenant: kept(reader, tenant) for tenant in tenants}

    async def flush(self) -> None:
        """Store what is gathered; returns once it is on disk."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            await self._task
        if self.gathered:
            await self._store()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def kept(connection: Connection, tenant: int) -> int:
    """How many exchanges a tenant keeps; 0 when the inspector is off."""
    row = connection.one("SELECT value FROM setting WHERE tenant = ? AND name = ?", (tenant, SETTING))
    return min(int(row[0]), KEPT) if row is not None and str(row[0]).isdigit() else KEPT


def _some(wanted: Sequence[KeptExchange]) -> list[KeptExchange]:
    some, size = list[KeptExchange](), 0
    for exchange in wanted[:_ROWS_AT_ONCE]:
        some.append(exchange)
        size += len(exchange.sent_body) + len(exchange.answered_body)
        if size >= _BYTES_AT_ONCE:
            break
    return some


def _row(exchange: KeptExchange, secrets: Collection[str]) -> tuple[int | str, ...]:
    sent = masked_body(exchange.sent_body, secrets)
    return (
        exchange.tenant,
        exchange.at,
        exchange.duration,
        masked_headers(exchange.sent_headers),
        sent,
        exchange.sent_size,
        shown_headers(exchange.answered_headers),
        shown_answer(exchange.answered_body, repeats=MASK in sent or LEFT_OUT in sent),
        exchange.answered_size,
    )


def _insert(connection: Connection, rows: Sequence[Sequence[int | str]]) -> None:
    connection.many(_INSERT, rows)


def _prune(connection: Connection, limits: dict[int, int]) -> None:
    for tenant, limit in limits.items():
        connection.execute(_PRUNE, (tenant, tenant, limit))
