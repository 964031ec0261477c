"""The target of a service in a process of its own: a `MemoryTarget` over HTTP, whose answers go through faults.

An effect happens when its request arrives, or never: what reached a target late could overtake what a later client
sent, and no client could do anything about it. Order: the words of faults, the target, one request, answers.
"""

import asyncio
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import NamedTuple, cast
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from provisor.engine.ports import Found, Rejected
from provisor.engine.record import Kind
from provisor.scim.errors import ScimError
from provisor.scim.messages import list_response
from provisor.scim.patch.membership import split_members
from provisor.scim.patch.operations import parse_operations
from provisor.scim.values import Json, Resource
from provisor.testing.crash.script import ScriptedChange, Strike
from provisor.testing.crash.weather import WeatherRequest
from provisor.testing.http_relay import read_request
from provisor.testing.memory_target import NAMING, MemoryTarget

KILLED = "killed"
# In place of an answer; with `after`, once the request had its effect.
REFUSED = ("429", "503", "500", "502", "504", "400", "401", "403", "409", "412", "413", "422")
LOST = ("lost", "half", "late", "hangs")  # no answer, half of one, one that takes its time, none for ever
UNREADABLE = ("html", "list", "no-id", "wrong-type", "empty")  # a 2xx nobody can read
GONE = "404"  # for somebody who is there
LATE_SECONDS = (0.05, 0.15, 0.4)
_NOT_DONE = 502  # a success that was none would be a lie that no client can tell
_RETRY_AFTER = ("0", "1", "date", "soon", None)
_EQUALS = re.compile(r'^(.+?) eq ("(?:[^"\\]|\\.)*")$', re.IGNORECASE)
_KINDS: dict[str, Kind] = {"Users": "user", "Groups": "group"}


class WireReply(NamedTuple):
    """What is answered: a status, a body, and headers beside its type and length."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    type: str = "application/scim+json"

    @property
    def raw(self) -> bytes:
        """As it goes over the wire."""
        head = [f"HTTP/1.1 {self.status} Said", f"Content-Type: {self.type}", f"Content-Length: {len(self.body)}"]
        head += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join(head) + "\r\n\r\n").encode() + self.body


@dataclass(slots=True)
class _WireStrike:
    strike: Strike
    left: int
    over: bool = False


@dataclass(slots=True, kw_only=True)
class WireTarget:
    """A server in a thread of its own. `happen` carries changes out, `kill` kills the service, `watch` is told of every
    write before it has its effect. Whoever asks without one of the `tokens` is refused.
    """

    held: MemoryTarget
    happen: Callable[[Sequence[ScriptedChange]], None]
    kill: Callable[[], None]
    watch: Callable[[WeatherRequest], None]
    tokens: set[str]
    requests: int = 0
    writes: int = 0
    problems: list[str] = field(default_factory=list)
    journal: list[str] = field(default_factory=list)  # what happened, for whoever looks into a failure
    _coming: list[_WireStrike] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _server: asyncio.Server | None = None
    _talks: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self) -> None:
        """Listen on a loopback port that the system chose."""
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire-target", daemon=True)
        self._thread.start()
        listening = asyncio.start_server(self._talk, "127.0.0.1", 0, backlog=512)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(10)

    def stop(self) -> None:
        """Close every connection and end the thread."""
        assert self._thread is not None  # noqa: S101 - it was started
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._hang_up()

    async def _hang_up(self) -> None:
        talks = list(self._talks)
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)

    @property
    def url(self) -> str:
        """The tenant URL."""
        assert self._server is not None  # noqa: S101 - it was started
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/scim/v2"

    def begin(self, strikes: Sequence[Strike]) -> None:
        """Count anew, with these strikes to come; what hung from before is closed."""
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(10)
        self._coming = [_WireStrike(strike, strike.nth) for strike in strikes]
        self.requests = self.writes = 0

    def tell(self, what: str) -> None:
        """Note what happened, and when."""
        self.journal.append(f"{time.monotonic():.3f} {what}")

    # One request

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio runs this in a task
        self._talks.add(task)
        try:
            while (request := await read_request(reader)) is not None:
                reply = await self._answer(request, reader)
                if reply is None:
                    break
                writer.write(reply.raw[: len(reply.raw) - len(reply.body) // 2] if reply.type == "half" else reply.raw)
                await writer.drain()
                if reply.type == "half":
                    break
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side went away, or the round is over
        except Exception as error:  # noqa: BLE001 - a fault of the harness, or a request nobody should send
            self.problems.append(f"The target could not read a request: {type(error).__name__}: {error}")
        finally:
            self._talks.discard(task)
            writer.close()

    async def _answer(self, request: bytes, reader: asyncio.StreamReader) -> WireReply | None:
        """One request through what strikes it; None when its client gets no reply."""
        head, _, body = request.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        if not self._may_ask(lines):
            return _refusal(401, "Who are you?")
        asked = _asked(method, path, body)
        self.requests += 1
        due = [] if asked is None else self._due(asked)
        for strike in due:
            if not strike.after:
                struck = await self._strike(strike, None, reader)
                if struck is not _GO_ON:
                    return cast("WireReply | None", struck)
        if reader.at_eof():
            return None  # nobody waits for it: it must not have its effect later than what somebody else sends
        if asked is not None and method != "GET":
            self.writes += 1
            self.watch(asked)
        reply = await self._serve(method, path, body)
        self.tell(f"{method} {unquote(path)} {body.decode()} -> {reply.status} {reply.body.decode()}")
        for strike in due:
            if strike.after:
                struck = await self._strike(strike, reply, reader)
                if struck is not _GO_ON:
                    return cast("WireReply | None", struck)
        return reply

    def _may_ask(self, lines: Sequence[str]) -> bool:
        given = next((line for line in lines if line.lower().startswith("authorization:")), "")
        return given.partition("Bearer ")[2].strip() in self.tokens

    def _due(self, asked: WeatherRequest) -> list[Strike]:
        due: list[Strike] = []
        for one in self._coming:
            strike = one.strike
            if one.over or strike.method not in ("", asked.method) or strike.kind not in ("", asked.kind):
                continue
            if strike.word == GONE and (asked.method not in ("PATCH", "DELETE")):
                continue
            one.left -= 1
            if one.left <= 0:
                due.append(strike)
                one.over = not strike.lasting
        return due

    async def _strike(self, strike: Strike, reply: WireReply | None, reader: asyncio.StreamReader) -> object:
        """What is answered in place of `reply`, None for nothing, or _GO_ON."""
        self.tell(f"    {strike}")
        if strike.changes:
            await asyncio.to_thread(self.happen, strike.changes)
        match strike.word:
            case "":
                return _GO_ON
            case word if word == KILLED:
                self.kill()
                return None
            case "lost":
                return None
            case "hangs":
                await asyncio.Event().wait()
            case "late":
                await asyncio.sleep(LATE_SECONDS[strike.nth % len(LATE_SECONDS)])
                return None if reader.at_eof() else _GO_ON
            case "half":
                whole = reply or WireReply(_NOT_DONE, b'{"schemas": ["a", "b", "c"], "id": "half of it"}')
                return whole._replace(type="half") if whole.body else None
            case word if word in UNREADABLE:
                return _unreadable(word, reply)
            case word:
                return _refusal(int(word), "It was not meant to be.", _retry_after(strike))
        return None

    # What the target does

    async def _serve(self, method: str, path: str, body: bytes) -> WireReply:
        parts = urlsplit(path)
        _, _, resource = parts.path.partition("/scim/v2/")
        noun, _, target_id = resource.partition("/")
        if noun == "ServiceProviderConfig":
            return _json(200, {"patch": {"supported": True}, "filter": {"supported": True}})
        if noun not in _KINDS:
            return _refusal(404, f"There is no {noun}.")
        try:
            return await self._carry_out(method, _KINDS[noun], unquote(target_id), parse_qs(parts.query), body)
        except Rejected as error:
            return _refusal(error.status or 400, error.detail or str(error), scim_type=error.scim_type)
        except ScimError as error:
            return _refusal(error.status, error.detail, scim_type=error.scim_type)

    async def _carry_out(
        self, method: str, kind: Kind, target_id: str, query: dict[str, list[str]], body: bytes
    ) -> WireReply:
        held = self.held
        if method == "GET" and target_id:
            answer = await held.read(kind, target_id)
            return _refusal(404, "There is no such resource.") if answer is None else _json(200, answer.resource)
        if method == "GET" and "filter" in query:
            return await self._found(kind, query["filter"][0])
        if method == "GET":
            start, count = int(query.get("startIndex", ["1"])[0]), int(query.get("count", ["100"])[0])
            page = await held.page(kind, start, count)
            return _json(200, list_response(list(page.resources), page.total or 0, start))
        if method == "POST":
            made = await held.create(kind, cast(Resource, msgspec.json.decode(body)))
            return _json(201, made.resource)
        if method == "DELETE":
            await held.delete(kind, target_id)
            return WireReply(204)
        return await self._patched(kind, target_id, msgspec.json.decode(body))

    async def _found(self, kind: Kind, text: str) -> WireReply:
        asked = _EQUALS.match(text)
        if asked is None:
            return _refusal(400, f"{text} is no filter.", scim_type="invalidFilter")
        found: Found = await self.held.find(kind, asked[1], str(msgspec.json.decode(asked[2])))
        return _json(200, list_response(list(found.resources), len(found.resources)))

    async def _patched(self, kind: Kind, target_id: str, body: Json) -> WireReply:
        operations = parse_operations(body)
        split = split_members(operations) if kind == "group" else None
        if split is not None and (split[0].add or split[0].remove):
            await self.held.patch_members(target_id, split[0].add, split[0].remove)
            return WireReply(204)
        answer = await self.held.patch(kind, target_id, operations)
        return _json(200, answer.resource)


# Answers

_GO_ON = object()


def _asked(method: str, path: str, body: bytes) -> WeatherRequest | None:
    parts = urlsplit(path)
    noun, _, target_id = parts.path.partition("/scim/v2/")[2].partition("/")
    kind = _KINDS.get(noun)
    if kind is None:
        return None
    subject = unquote(target_id) or parts.query
    if method == "POST":
        subject = str(cast(Resource, msgspec.json.decode(body)).get(NAMING[kind]))
    return WeatherRequest(method=method, kind=kind, subject=subject)


def _json(status: int, document: Json) -> WireReply:
    return WireReply(status, msgspec.json.encode(document))


def _refusal(
    status: int, detail: str, headers: tuple[tuple[str, str], ...] = (), scim_type: str | None = None
) -> WireReply:
    document: Resource = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(status)}
    document["detail"] = detail
    if scim_type is not None:
        document["scimType"] = scim_type
    return WireReply(status, msgspec.json.encode(document), headers)


def _retry_after(strike: Strike) -> tuple[tuple[str, str], ...]:
    if strike.word not in ("429", "503"):
        return ()
    wished = _RETRY_AFTER[strike.nth % len(_RETRY_AFTER)]
    wished = formatdate(usegmt=True) if wished == "date" else wished
    return () if wished is None else (("Retry-After", wished),)


def _unreadable(word: str, reply: WireReply | None) -> WireReply:
    """An answer that nobody can read."""
    status = _NOT_DONE if reply is None else reply.status
    status = 200 if status == 204 else status
    page = b"<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>"
    match word:
        case "html":
            return WireReply(status, page, type="text/html")
        case "list":
            return _json(status, [])
        case "no-id":
            return _json(status, {"schemas": [], "id": None, "meta": {"resourceType": "User"}})
        case "wrong-type":
            return _json(status, {"totalResults": "many", "Resources": {"a": 1}, "id": {"value": "x"}})
        case _:
            return WireReply(status, b"", type="text/plain")
