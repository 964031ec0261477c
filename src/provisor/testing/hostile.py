"""The hostile harness: well-behaved clients at a target, strangers beside them, and the outcome.

`python -m provisor.testing.hostile --seconds 60 --seed 1` starts a target of its own. Every answer must come, and the
server's memory stay within LIMIT_MIB. The same seed sends the same bytes in the same order; what meets on the server
depends on the machine. Linux only: memory is read from /proc. Order: the run, the server, clients, strangers, shapes.
"""

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

CLIENTS = 64
STRANGERS_A_SECOND = 20
LIMIT_MIB = 64 + 10
ANSWER_SECONDS = 10.0  # an answer that takes longer counts as missing
_STOP_SECONDS = 30.0
_PAUSE_SECONDS = 0.1  # the longest between two requests of one client
_HELD_SECONDS = 12.0  # how long a stranger stays that does not leave


@dataclass(slots=True)
class HostileResult:
    """The outcome of a run."""

    answers: int = 0
    lost: list[str] = field(default_factory=list)  # a sentence for every missing or wrong answer
    strangers: Counter[str] = field(default_factory=Counter)  # connections by shape
    peak_mib: float = 0.0
    said: str = ""  # what the server wrote to its log: strangers must not fill it

    @property
    def good(self) -> bool:
        """Whether everything was as it must be."""
        return not self.lost and not self.said and self.peak_mib <= LIMIT_MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class _ServerProcess:
    pid: int
    host: str
    port: int
    path: str
    token: str
    errors: Path


def attack(seconds: float, seed: int) -> HostileResult:
    """Run clients and strangers against a new target for so long."""
    with tempfile.TemporaryDirectory() as folder, _serving(Path(folder)) as server:
        result = asyncio.run(_meet(server, seconds, seed))
        status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
        result.peak_mib = int(status.partition("VmHWM:")[2].split()[0]) / 1024
        result.said = server.errors.read_text(encoding="utf-8", errors="replace")
    return result


@contextmanager
def _serving(folder: Path) -> Iterator[_ServerProcess]:
    environment = {**os.environ, "PROVISOR_TARGET_DATABASE_URL": f"sqlite:///{folder / 'target.sqlite'}"}
    command = [sys.executable, "-m", "provisor", "target"]
    errors = folder / "errors"
    with (
        errors.open("wb") as said,
        subprocess.Popen(  # noqa: S603  our own command
            [*command, "serve", "--port", "0"], env=environment, stdout=subprocess.PIPE, stderr=said, text=True
        ) as child,
    ):
        try:
            line = child.stdout.readline() if child.stdout is not None else ""
            if " listens on " not in line:
                raise RuntimeError(f"The target did not start: {errors.read_text(encoding='utf-8')}")
            url = urlsplit(line.split()[-1])
            made = subprocess.run(  # noqa: S603  our own command
                [*command, "token", "create", "--label", "hostile", "--json"],
                env=environment,
                capture_output=True,
                check=True,
            )
            yield _ServerProcess(
                pid=child.pid,
                host=url.hostname or "",
                port=url.port or 0,
                path=url.path,
                token=json.loads(made.stdout)["token"],
                errors=errors,
            )
        finally:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:  # busy: its answers are missing already
                child.kill()


async def _meet(server: _ServerProcess, seconds: float, seed: int) -> HostileResult:
    result, over = HostileResult(), asyncio.Event()
    clients = [asyncio.ensure_future(_work(server, number, seed, over, result)) for number in range(CLIENTS)]
    strangers = await _come(server, seconds, seed, result)
    over.set()
    await asyncio.gather(*clients)
    for stranger in strangers:
        stranger.cancel()
    await asyncio.gather(*strangers, return_exceptions=True)
    return result


# Clients. Each has people of its own and knows what must be answered.


async def _work(server: _ServerProcess, number: int, seed: int, over: asyncio.Event, result: HostileResult) -> None:
    dice = Random(f"{seed} client {number}")  # noqa: S311  no secret
    line, person = _Line(server), 0
    while not over.is_set():
        person += 1
        for step, (method, path, body, status) in enumerate(_life(f"client{number}-{person}")):
            if step == 1 and not line.made:
                break  # it was not created, which is told already
            await asyncio.sleep(dice.random() * _PAUSE_SECONDS)
            failure = await line.ask(method, path, body, status)
            if failure is None:
                result.answers += 1
            else:
                result.lost.append(f"{method} {path} of client {number}: {failure}")
    line.close()


def _life(name: str) -> list[tuple[str, str, object, int]]:
    change = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "displayName", "value": name.upper()}],
    }
    return [
        ("POST", "/Users", {"userName": name}, 201),
        ("GET", f"/Users?filter=userName%20eq%20%22{name}%22", None, 200),
        ("PATCH", "/Users/{id}", change, 200),
        ("GET", "/Users/{id}", None, 200),
        ("GET", "/Users?count=20", None, 200),
        ("DELETE", "/Users/{id}", None, 204),
        ("GET", "/Users/{id}", None, 404),
    ]


class _Line:
    """One client's connection, kept open; it opens another one after a failure."""

    def __init__(self, server: _ServerProcess) -> None:
        self._server = server
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.made = ""  # the id of the person created last

    async def ask(self, method: str, path: str, body: object, status: int) -> str | None:
        """Ask and read the answer; returns what was wrong with it."""
        data = b"" if body is None else json.dumps(body).encode()
        if method == "POST":
            self.made = ""
        try:
            answered, answer = await asyncio.wait_for(self._exchange(method, path, data), ANSWER_SECONDS)
        except (OSError, EOFError, TimeoutError) as error:
            self.close()
            return f"no answer came ({type(error).__name__} {error})"
        if answered != status:
            return f"answered {answered}, not {status}"
        if method == "POST":
            self.made = json.loads(answer)["id"]
        return None

    async def _exchange(self, method: str, path: str, data: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._server.host, self._server.port)
        reader, writer = self._streams
        address = self._server.path + path.replace("{id}", self.made)
        writer.write(_request(method, address, data, _bearer(self._server)))
        head = await reader.readuntil(b"\r\n\r\n")
        length = int((head.lower().partition(b"content-length: ")[2].split() or [b"0"])[0])
        return int(head.split()[1]), await reader.readexactly(length)

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


# Strangers. Each comes on a connection of its own, with one of the shapes and one of the ends.


async def _come(server: _ServerProcess, seconds: float, seed: int, result: HostileResult) -> list["asyncio.Task[None]"]:
    dice = Random(f"{seed} strangers")  # noqa: S311  no secret
    loop, order, strangers = asyncio.get_running_loop(), list[str](), list[asyncio.Task[None]]()
    began = loop.time()
    for number in range(int(seconds * STRANGERS_A_SECOND)):
        await asyncio.sleep(max(0.0, began + number / STRANGERS_A_SECOND - loop.time()))
        if not order:  # every shape comes before one comes again
            order = dice.sample(sorted(SHAPES), len(SHAPES))
        shape = order.pop()
        result.strangers[shape] += 1
        sent, end = SHAPES[shape](dice, server), dice.choice(("stay", "read", "half", "close", "reset"))
        strangers.append(loop.create_task(_visit(server, sent, end, dice.random())))
    return strangers


async def _visit(server: _ServerProcess, sent: bytes, end: str, pause: float) -> None:
    """Send and leave as told; whatever the server does with it is fine."""
    loop = asyncio.get_running_loop()
    with suppress(OSError, TimeoutError), socket.socket() as stranger:
        stranger.setblocking(False)
        await loop.sock_connect(stranger, (server.host, server.port))
        middle = int(len(sent) * pause)
        for part in (sent[:middle], sent[middle:]):  # in two pieces, so that it is not always one read
            await asyncio.wait_for(loop.sock_sendall(stranger, part), _HELD_SECONDS)
            await asyncio.sleep(pause / 10)
        if end == "stay":
            await asyncio.sleep(_HELD_SECONDS)
        elif end == "reset":
            stranger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        elif end != "close":
            if end == "half":
                stranger.shutdown(socket.SHUT_WR)
            async with asyncio.timeout(_HELD_SECONDS):
                while await loop.sock_recv(stranger, 65_536):
                    pass


# Shapes: what a stranger sends. Those with the server's token are a client's that has gone wrong.

Shape = Callable[[Random, _ServerProcess], bytes]

_HEALTH = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"
_WRONG = b"authorization: Bearer wrong\r\n"


def _bearer(server: _ServerProcess) -> bytes:
    return b"authorization: Bearer %s\r\n" % server.token.encode()


def _request(method: str, address: str, body: bytes = b"", headers: bytes = _WRONG) -> bytes:
    length = b"content-length: %d\r\n" % len(body) if body else b""
    return b"%s %s HTTP/1.1\r\nhost: a\r\n%s%s\r\n%s" % (method.encode(), address.encode(), headers, length, body)


def _user(dice: Random) -> bytes:
    return b'{"userName": "stranger-%d"}' % dice.getrandbits(64)


def _post(rest: bytes, header: bytes = b"transfer-encoding: chunked\r\n") -> Shape:
    """A POST whose body is `rest`, with the token or without."""
    return lambda dice, server: (
        _request("POST", server.path + "/Users", headers=header + dice.choice((_WRONG, _bearer(server)))) + rest
    )


def _padded(name: bytes, length: int) -> Shape:
    return lambda dice, server: _request(
        "GET", server.path + "/Users", headers=_WRONG + name + b": " + b"y" * length + b"\r\n"
    )


def _words(where: str) -> Shape:
    """A word that a search for secrets knows, over and over."""

    def words(dice: Random, server: _ServerProcess) -> bytes:
        size = dice.choice((16, 32, 60)) * 1024
        word = dice.choice(
            ("token", "password", "secret", "bearer ", "credential", "api_key", "umbrella_entra_", "%22")
        )
        text = (word.replace(" ", "%20") * (size // len(word)))[:size]
        return _request("GET", server.path + where + text)

    return words


def _cut(dice: Random, server: _ServerProcess) -> bytes:
    """Two whole requests, cut at any byte."""
    one = _request("POST", server.path + "/Users", _user(dice), _bearer(server))
    body = _user(dice)
    two = _request("POST", server.path + "/Users", headers=_bearer(server) + b"transfer-encoding: chunked\r\n")
    whole = one + two + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    return whole[: dice.randrange(len(whole))]


def _mutated(dice: Random, server: _ServerProcess) -> bytes:
    whole = bytearray(_request("POST", server.path + "/Users", _user(dice), _bearer(server)) + _HEALTH)
    for _ in range(dice.randint(1, 4)):
        whole[dice.randrange(len(whole))] = dice.choice(b"\0\r\n :;\x7f\xff0")
    return bytes(whole)


SHAPES: dict[str, Shape] = {
    "a request and no http": lambda dice, server: _HEALTH + b"\0\1\2 no http\r\n\r\n",
    "a write and no http": lambda dice, server: (
        _request("POST", server.path + "/Users", _user(dice), _bearer(server)) + b"no http\r\n\r\n"
    ),
    "many requests and no http": lambda dice, server: _HEALTH * dice.randint(2, 400) + b"no http\r\n\r\n",
    "random bytes": lambda dice, server: dice.randbytes(dice.randint(1, 4_000)),
    "a mutated request": _mutated,
    "a request cut at any byte": _cut,
    "a chunk size that is none": _post(b"zz\r\n"),
    "a chunk size without end": _post(b"f" * 60 + b"\r\n"),
    "a chunk longer than said": _post(b"2\r\n{}x\r\n0\r\n\r\n"),
    "chunks without end": _post(b"1;x=y\r\n \r\n" * 20_000),
    "a trailer with a token": lambda dice, server: _post(b"2\r\n{}\r\n0\r\n%s\r\n" % _bearer(server))(dice, server),
    "a trailer without end": _post(b"0\r\nx: " + b"y" * 200_000),
    "identity": _post(b"{}", b"transfer-encoding: identity\r\n"),
    "two lengths": _post(b"{}", b"content-length: 1\r\ncontent-length: 2\r\n"),
    "less body than said": _post(b"{", b"content-length: 9\r\n"),
    "a large body": _post(b" " * 900_000, b"content-length: 900000\r\n"),
    "a body beyond the limit": _post(b" " * 1_500_000, b"content-length: 1500000\r\n"),
    "two tokens": lambda dice, server: _request("GET", server.path + "/Users", headers=_WRONG + _bearer(server)),
    "a large head that is refused": _padded(b"x", 60_000),
    "many large heads that are refused": lambda dice, server: (
        _request("GET", "/nowhere", headers=_WRONG + b"x: " + b"y" * 60_000 + b"\r\n") * 200
    ),
    "a large shown head that is refused": _padded(b"user-agent", 60_000),
    "a head beyond the limit": _padded(b"x", 70_000),
    "a large path": lambda dice, server: _request("GET", server.path + "/Users/" + "y" * 60_000),
    "a large path elsewhere": lambda dice, server: _request("GET", "/%F0%9F%98%80" * 4_000),
    "many headers": lambda dice, server: _request("GET", server.path, headers=b"accept: a\r\n" * 5_000),
    "a head without end": lambda dice, server: _HEALTH[:-2] + b"x: " + b"y" * dice.randint(1, 60_000),
    "nothing": lambda dice, server: b"",
    "half a line": lambda dice, server: b"GET /heal",
    "words in a path": _words("/Users/"),
    "words in a query": _words("/Users?"),
    "words in a filter": _words("/Users?filter=password%20eq%20"),
    "connect": lambda dice, server: b"CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n" + dice.randbytes(100),
    "an upgrade": lambda dice, server: _HEALTH[:-2] + b"connection: upgrade\r\nupgrade: h2c\r\n\r\nPRI",
    "a tls hello": lambda dice, server: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + dice.randbytes(200),
    "documents nobody reads": lambda dice, server: _request("GET", "/openapi.json") * 100,
    "wrong tokens": lambda dice, server: _request("GET", server.path + "/Users") * 12,
}


def main() -> int:
    """The command; exits with 1 when something was not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m provisor.testing.hostile", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long strangers come (60)")
    parser.add_argument("--seed", type=int, default=1, help="what they send, and in which order (1)")
    asked = parser.parse_args()
    result = attack(asked.seconds, asked.seed)
    lines = [
        f"{result.answers} answers came, {len(result.lost)} did not; {result.strangers.total()} strangers came "
        f"in {len(result.strangers)} shapes (seed {asked.seed}).",
        f"The server took {result.peak_mib:.1f} MiB at most; {LIMIT_MIB} are allowed.",
        *result.lost[:20],
    ]
    if result.said:
        lines.append(f"The server's log should be empty, and says: {result.said[:2_000]}")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if result.good else 1


if __name__ == "__main__":
    sys.exit(main())
