"""What one connection does reaches no other one, and what it gets itself: whole answers, in their order, or its end.

The real server on a loop that turns in the test alone: what is sent to several connections before a turn meets in it.
"""

import asyncio
import contextlib
import gc
import json
import socket

import pytest
import uvloop

from provisor.provider.dashboard.lazy import dashboard
from provisor.provider.serving.app import ServiceProvider
from provisor.provider.serving.server import guarded_server, open_socket
from provisor.provider.store.tables import open_target, the_tenant
from provisor.web import connections

pytestmark = pytest.mark.slow  # many of them; the fast tests do without

RESET = b"\1\0\0\0\0\0\0\0"  # SO_LINGER: closing is a reset
HEALTH = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"


class Room:
    """A server and its clients."""

    def __init__(self, url, token):
        self.database = open_target(url)
        tenant = the_tenant(self.database)
        self.token = token.encode()
        self.dashboard = dashboard(self.database, tenant)
        self.target = ServiceProvider(self.database, tenant, self.dashboard)
        self.listener = open_socket("127.0.0.1", 0)
        self.runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self.server = guarded_server(self.target, None)
        self.unheard = []
        self.run(self._start())

    def run(self, work):
        return self.runner.run(work)

    async def _start(self):
        asyncio.get_running_loop().set_exception_handler(lambda _, context: self.unheard.append(context))
        self.serving = asyncio.ensure_future(self.server.serve(sockets=[self.listener]))
        while not self.server.started:
            await asyncio.sleep(0)

    def close(self):
        self.server.should_exit = True
        self.run(asyncio.wait_for(self.serving, 10))
        self.runner.close()
        self.dashboard.close()
        self.database.close()

    def request(self, method, path, body=b"", *headers):
        lines = [
            b"%s /identity/v2/scim%s HTTP/1.1" % (method.encode(), path.encode()),
            b"host: a",
            b"authorization: Bearer " + self.token,
            *headers,
        ]
        if body and not any(header.startswith(b"transfer-encoding") for header in headers):
            lines.append(b"content-length: %d" % len(body))
        return b"\r\n".join(lines) + b"\r\n\r\n" + body

    def users(self):
        return [name for (name,) in self.database.reader().all("SELECT name_key FROM resource ORDER BY name_key")]

    async def connect(self):
        loop = asyncio.get_running_loop()
        client = socket.socket()
        client.setblocking(False)
        await loop.sock_connect(client, self.listener.getsockname())
        return client

    async def connected(self, number):
        """Connections that the server has accepted."""
        already = len(self.server.server_state.connections)
        clients = [await self.connect() for _ in range(number)]
        while len(self.server.server_state.connections) < already + number:
            await asyncio.sleep(0)
        return clients

    async def empty(self):
        """Until the server has no connection any more."""
        async with asyncio.timeout(10):
            while self.server.server_state.connections:
                await asyncio.sleep(0)

    async def read(self, client, answers=None):
        """What comes, until the connection ends or so many whole answers are there."""
        loop, received = asyncio.get_running_loop(), b""
        while answers is None or len(split(received)) < answers:
            try:
                part = await asyncio.wait_for(loop.sock_recv(client, 1_000_000), 2)
            except ConnectionResetError:
                break
            if not part:
                break
            received += part
        return received

    def answers(self, sent, *, half=False):
        """What one connection is answered until it ends."""

        async def converse():
            [client] = await self.connected(1)
            sending = asyncio.ensure_future(asyncio.get_running_loop().sock_sendall(client, sent))
            if half:
                await sending
                client.shutdown(socket.SHUT_WR)
            received = await self.read(client)
            sending.cancel()
            client.close()
            return received

        return split(self.run(converse()))


def split(received):
    """The whole answers in what was received: status and body of each."""
    found = []
    while b"\r\n\r\n" in received:
        head, _, rest = received.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
        if len(rest) < length:
            break
        found.append((int(head.split()[1]), rest[:length]))
        received = rest[length:]
    return found


@pytest.fixture
def room(new_url):
    url, ready = new_url("umbrella")
    made = Room(url, ready.token)
    yield made
    made.close()


POST = b"POST /identity/v2/scim/Users HTTP/1.1\r\nhost: a\r\n"
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"

# What a stranger may send, each followed by the end that the client makes of it.
HOSTILE = {
    "a request and no http": HEALTH + b"\0\1\2 no http\r\n\r\n",
    "two requests and no http": HEALTH * 2 + b"no http\r\n\r\n",
    "no http": b"\0" * 100,
    "a tls hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a chunk size that is none": CHUNKED + b"zz\r\n",
    "a chunk size without end": CHUNKED + b"f" * 40 + b"\r\n",
    "a negative chunk size": CHUNKED + b"-1\r\n",
    "a chunk longer than said": CHUNKED + b"1\r\nabc\r\n0\r\n\r\n",
    "a chunk, then no http": CHUNKED + b"0\r\n\r\nno http\r\n\r\n",
    "identity": POST + b"transfer-encoding: identity\r\n\r\n{}",
    "identity on a GET": HEALTH[:-2] + b"transfer-encoding: identity\r\n\r\n",
    "two encodings": POST + b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "length and chunks": POST + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"content-length: 1\r\ncontent-length: 2\r\n\r\nx",
    "a negative length": POST + b"content-length: -1\r\n\r\n",
    "a length beyond numbers": POST + b"content-length: " + b"9" * 40 + b"\r\n\r\n",
    "less body than said": POST + b"content-length: 9\r\n\r\n{",
    "more body than said": HEALTH[:-2] + b"content-length: 1\r\n\r\nxyz and no http\r\n\r\n",
    "half a line": b"GET /heal",
    "half a head": HEALTH[:-2],
    "an upgrade": HEALTH[:-2] + b"connection: upgrade\r\nupgrade: h2c\r\n\r\nno http any more",
    "http/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "connect": b"CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n",
    "a bad header": HEALTH[:-2] + b"x y: z\r\n\r\n",
    "a folded header": HEALTH[:-2] + b"x: y\r\n z\r\n\r\n",
    "a bare return": HEALTH[:-2] + b"x: y\rz: a\r\n\r\n",
    "http/1.0 and more": b"GET /healthz HTTP/1.0\r\n\r\n" + HEALTH,
    "close and more": HEALTH[:-2] + b"connection: close\r\n\r\n" + HEALTH,
    "a bad trailer": CHUNKED + b"0\r\nx y: z\r\n\r\n",
    "a large head": HEALTH[:-2] + b"x: " + b"y" * 70_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("sent", HOSTILE.values(), ids=HOSTILE)
def test_what_one_connection_does_takes_no_answer_from_another(room, sent):
    async def meet(end):
        before, hostile, after = await room.connected(3)
        before.send(HEALTH)
        hostile.send(sent)
        after.send(HEALTH)
        if end == "half":
            hostile.shutdown(socket.SHUT_WR)
        elif end == "reset":
            hostile.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        if end in ("closed", "reset"):
            hostile.close()
        answered = [split(await room.read(client, answers=1)) for client in (before, after)]
        for client in (before, hostile, after):
            client.close()
        await room.empty()
        return answered

    answered = {end: room.run(meet(end)) for end in ("open", "half", "closed", "reset")}

    assert answered == dict.fromkeys(answered, [[(200, b"ok\n")]] * 2)
    assert room.unheard == []


def user(name):
    return json.dumps({"userName": name}).encode()


def chunked(room, method, path, rest):
    return room.request(method, path, rest, b"transfer-encoding: chunked")


def statuses(answers):
    return [status for status, _ in answers]


# What follows a whole request, and how its connection ends.
AFTER = {
    "no http": (b"no http\r\n\r\n", []),
    "nuls": (b"\0" * 1_000, []),
    "a bad head": (HEALTH[:-2] + b"x y: z\r\n\r\n", []),
    "a bad chunk size": (CHUNKED + b"zz\r\n", [400]),
    "an unknown encoding": (POST + b"transfer-encoding: identity\r\n\r\n", [400]),
    "a large head": (HEALTH[:-2] + b"x: " + b"y" * 70_000 + b"\r\n\r\n", []),
    "connect": (b"CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n", []),
    "a whole request and no http": (HEALTH + b"no http\r\n\r\n", [200]),
}


@pytest.mark.parametrize(("after", "more"), AFTER.values(), ids=AFTER)
def test_a_write_is_answered_whatever_follows_it(room, after, more):
    answers = room.answers(room.request("POST", "/Users", user("ana")) + after)

    assert statuses(answers) == [201, *more]
    assert room.users() == ["ana"]


REFUSED = {
    "no http": (b"no http\r\n\r\n", 400),
    "connect": (b"CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n", 405),
    "connect to health": (b"CONNECT /healthz HTTP/1.1\r\nhost: a\r\n\r\n", 405),
    "a head of 70 KB in one header": (HEALTH[:-2] + b"x: " + b"y" * 70_000 + b"\r\n\r\n", 431),
    "a head of 70 KB in its address": (b"GET /" + b"y" * 70_000 + b" HTTP/1.1\r\nhost: a\r\n\r\n", 431),
    "a head of 70 KB in many headers": (HEALTH[:-2] + b"x: yyyyyyyyyyyyyy\r\n" * 3_600 + b"\r\n", 431),
    "a hundred headers and one": (HEALTH[:-2] + b"a:\r\n" * 100 + b"\r\n", 431),
    "a head without end": (HEALTH[:-2] + b"x: " + b"y" * 1_000_000, 431),
    "blank lines without end": (b"\r\n" * 500_000, 431),
    "a trailer without end": (CHUNKED + b"0\r\nx: " + b"y" * 1_000_000, 401),
}


@pytest.mark.parametrize(("sent", "status"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_request_of_ours_is_refused_and_ends_its_connection(room, sent, status):
    assert statuses(room.answers(sent)) == [status]


@pytest.mark.parametrize("padding", [1, 60_000, 65_400])
def test_a_head_within_the_limit_is_answered(room, padding):
    sent = HEALTH[:-2] + b"connection: close\r\nx: " + b"y" * padding + b"\r\n\r\n"

    assert statuses(room.answers(sent)) == [200]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "rest",
    [b"zz\r\n", b"2\r\n{}\r\nzz\r\n", b"-1\r\n", b"2\r\n{}x", b"0\r\nx y: z\r\n\r\n"],
    ids=["size", "second size", "negative", "too long", "trailer"],
)
def test_a_request_whose_body_is_no_http_does_nothing(room, method, rest):
    [(_, made)] = room.answers(room.request("POST", "/Users", user("ana")), half=True)
    path = "/Users" if method == "POST" else f"/Users/{json.loads(made)['id']}"

    assert statuses(room.answers(chunked(room, method, path, rest))) == [400]
    assert room.users() == ["ana"]


def test_a_trailer_is_no_header(room):
    body = user("ana")
    trailer = b"%x\r\n%s\r\n0\r\nauthorization: Bearer %s\r\nif-match: x\r\n\r\n" % (len(body), body, room.token)

    assert statuses(room.answers(chunked(room, "POST", "/Users", trailer), half=True)) == [201]
    assert statuses(room.answers(CHUNKED + trailer, half=True)) == [401]


def test_two_authorization_headers_are_refused(room):
    for order in ([b"Bearer wrong", b"Bearer " + room.token], [b"Bearer " + room.token] * 2):
        lines = b"".join(b"authorization: %s\r\n" % value for value in order)
        sent = b"GET /identity/v2/scim/Users HTTP/1.1\r\nhost: a\r\n" + lines + b"\r\n"

        [(status, body)] = room.answers(sent, half=True)

        assert status == 400
        assert b"more than one Authorization" in body


HOSTS = {
    "a name": (b"host: scim.example.org\r\n", 200),
    "a name and a port": (b"host: scim.example.org:8443\r\n", 200),
    "a container's name": (b"host: provisor_target:80\r\n", 200),
    "an address": (b"host: 127.0.0.1:80\r\n", 200),
    "an address of IPv6": (b"host: [::1]:80\r\n", 200),
    "none": (b"", 400),
    "empty": (b"host:\r\n", 400),
    "two": (b"host: a\r\nhost: b\r\n", 400),
    "the same twice": (b"host: a\r\nHost: a\r\n", 400),
    "a list": (b"host: a, b\r\n", 400),
    "a blank": (b"host: a b\r\n", 400),
    "a path": (b"host: a/b\r\n", 400),
    "a query": (b"host: a?b\r\n", 400),
    "an address with its scheme": (b"host: http://a\r\n", 400),
    "a user": (b"host: me@a\r\n", 400),
    "a quote": (b'host: a"b\r\n', 400),
    "markup": (b"host: <a>\r\n", 400),
    "a port of letters": (b"host: a:b\r\n", 400),
    "two ports": (b"host: a:1:2\r\n", 400),
    "a port beyond numbers": (b"host: a:123456\r\n", 400),
    "IPv6 without brackets": (b"host: ::1\r\n", 400),
    "a bracket": (b"host: [a\r\n", 400),
    "bytes": (b"host: a\xff\r\n", 400),
    "without end": (b"host: " + b"a" * 300 + b"\r\n", 400),
}


@pytest.mark.parametrize("path", [b"/healthz", b"/identity/v2/scim/Users", b"/login"])
@pytest.mark.parametrize(("lines", "status"), HOSTS.values(), ids=HOSTS)
def test_a_request_says_once_and_readably_which_host_it_is_for(room, lines, status, path):
    token = b"authorization: Bearer " + room.token + b"\r\n" if b"scim" in path else b""
    sent = b"GET " + path + b" HTTP/1.1\r\n" + token + lines + b"\r\n"

    answers = statuses(room.answers(sent, half=True))

    assert answers == [status] or (status == 200 and path == b"/login" and answers != [400])


def test_a_client_of_http_1_0_need_not_say_a_host(room):
    assert statuses(room.answers(b"GET /healthz HTTP/1.0\r\n\r\n")) == [200]
    assert statuses(room.answers(b"GET /healthz HTTP/1.0\r\nhost: a\r\nhost: a\r\n\r\n")) == [400]


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (b"expect: 100-continue\r\n", 201),
        (b"Expect: 100-Continue\r\n", 201),
        (b"expect: foo\r\n", 417),
        (b"expect: 100-continue, foo\r\n", 417),
        (b"expect: 100-continue; q=1\r\n", 417),
        (b"expect: foo\r\nexpect: 100-continue\r\n", 417),
        (b"expect: 100-continue\r\nexpect: foo\r\n", 417),
        (b"expect: 200-ok\r\n", 417),
    ],
)
def test_what_a_client_expects_in_vain_is_told_before_anything_is_done(room, lines, status):
    sent = room.request("POST", "/Users", user("ana"), lines.rstrip(b"\r\n"))

    answers = statuses(room.answers(sent, half=True))

    assert answers in ([status], [100, status])
    assert room.users() == (["ana"] if status == 201 else [])


def test_an_upgrade_is_not_made_and_the_request_answered(room):
    sent = HEALTH[:-2] + b"connection: upgrade\r\nupgrade: websocket\r\n\r\nno http any more"

    assert statuses(room.answers(sent)) == [200]


def test_a_uvicorn_without_the_parts_the_guard_builds_on_is_refused():
    connections.check_uvicorn()

    with pytest.raises(ImportError, match="lacks soon, inner"):
        connections.check_uvicorn({connections.HttpToolsProtocol: {"parser", "inner"}}, ["soon", "eof_received"])


def test_a_client_that_sends_no_more_reads_every_answer(room):
    sent = b"".join(room.request("POST", "/Users", user(f"u{number}")) for number in range(20))

    assert statuses(room.answers(sent, half=True)) == [201] * 20


def test_more_requests_at_once_than_wait_are_answered_as_far_as_they_wait(room):
    few, many = room.answers(HEALTH * 250, half=True), room.answers(HEALTH * 5_000)

    assert statuses(few) == [200] * 250
    assert statuses(many) == [200] * 251


@pytest.mark.parametrize("how", ["pipelined", "chunked"])
@pytest.mark.parametrize("end", ["half", "closed", "reset"])
def test_a_client_that_goes_away_at_any_byte_loses_what_is_not_whole_and_nobody_else_anything(room, how, end):
    def requests(place):
        if how == "pipelined":
            return [room.request("POST", "/Users", user(f"{place:04}-{part}")) for part in "ab"] + [HEALTH]
        first, second = user(f"{place:04}-a")[:9], user(f"{place:04}-a")[9:]
        rest = b"%x;x=y\r\n%s\r\n%x\r\n%s\r\n0\r\nx: y\r\n\r\n" % (len(first), first, len(second), second)
        return [chunked(room, "POST", "/Users", rest)]

    async def go_away(client, sent):
        client.send(sent)
        if end == "half":
            client.shutdown(socket.SHUT_WR)
            received = split(await room.read(client))
        elif end == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        client.close()
        return statuses(received) if end == "half" else None

    async def go_away_at(places):
        neighbour, *clients = await room.connected(1 + len(places))
        going = [
            go_away(client, b"".join(requests(place))[:place]) for client, place in zip(clients, places, strict=True)
        ]
        neighbour.send(HEALTH)
        answers = await asyncio.gather(*going)
        neighbour.send(HEALTH)
        beside = split(await room.read(neighbour, answers=2))
        neighbour.close()
        await room.empty()
        return answers, beside

    length = len(b"".join(requests(0)))
    for start in range(0, length + 1, 100):
        places = range(start, min(start + 100, length + 1))
        answers, beside = room.run(go_away_at(places))

        assert statuses(beside) == [200, 200]
        for place, answered in zip(places, answers, strict=True):
            ends = [len(b"".join(requests(place)[: number + 1])) for number in range(len(requests(place)))]
            whole = sum(bound <= place for bound in ends)
            known = [201, 201, 200][:whole] if how == "pipelined" else [201][:whole]
            in_part = [] if place in (0, *ends) else [400]  # behind a whole one its connection may just end
            stored = [name for name in room.users() if name.startswith(f"{place:04}-")]
            assert stored == [f"{place:04}-{part}" for part in "ab"][: len(stored)]
            assert len(stored) <= known.count(201)
            if end == "half":
                assert len(stored) == known.count(201)
                assert answered in ([known, known + in_part] if known else [in_part])
    assert room.unheard == []


def never_asks(room):
    return b""


def idle(room):
    return HEALTH


def takes_no_answers(room):
    return b"GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n" * 250


@pytest.mark.parametrize("stranger", [never_asks, idle, takes_no_answers])
def test_a_client_is_answered_where_strangers_hold_every_connection(room, monkeypatch, stranger):
    monkeypatch.setattr(connections, "CONNECTIONS", 20)

    async def come():
        strangers = await room.connected(20)
        for one in strangers:
            one.send(stranger(room))
        if stranger is takes_no_answers:
            async with asyncio.timeout(10):
                while not any(one.flow.write_paused for one in room.server.server_state.connections):
                    await asyncio.sleep(0.01)
        for _ in range(5):
            client = await room.connect()
            client.send(HEALTH)
            assert await room.read(client, answers=1)
            assert len(room.server.server_state.connections) <= 21
            client.close()
        for one in strangers:
            one.close()

    room.run(come())


def test_a_client_with_a_request_keeps_its_place_when_strangers_come(room, monkeypatch):
    monkeypatch.setattr(connections, "CONNECTIONS", 5)
    sent = room.request("POST", "/Users", user("ana"))

    async def come():
        [client] = await room.connected(1)
        client.send(sent[:-1])
        async with asyncio.timeout(10):
            while not any(one.cycle for one in room.server.server_state.connections):
                await asyncio.sleep(0)
        strangers = [await room.connect() for _ in range(50)]
        client.send(sent[-1:])
        answers = split(await room.read(client, answers=1))
        for one in (client, *strangers):
            one.close()
        return answers

    assert statuses(room.run(come())) == [201]


def test_of_many_heads_that_come_in_part_the_oldest_are_refused(room, monkeypatch):
    monkeypatch.setattr(connections, "UNFINISHED", 3)

    async def answers():
        clients = await room.connected(5)
        for client in clients:
            before = list(connections.unfinished)
            client.send(HEALTH[:-2])
            async with asyncio.timeout(10):
                while list(connections.unfinished) == before:
                    await asyncio.sleep(0)
        for client in clients:
            with contextlib.suppress(OSError):
                client.send(b"\r\n")
        found = [statuses(split(await room.read(client, answers=1))) for client in clients]
        for client in clients:
            client.close()
        return found

    assert room.run(answers()) == [[503], [503], [200], [200], [200]]


def test_who_takes_no_answer_is_cut_although_his_connection_was_closed(room):
    watch = connections.Watch(room.server.server_state.connections)

    async def come():
        [client] = await room.connected(1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.send(takes_no_answers(room))
        [connection] = room.server.server_state.connections
        async with asyncio.timeout(10):
            while not connection.flow.write_paused:
                await asyncio.sleep(0.01)
        connection.transport.close()
        cut = [watch.sweep(now) for now in (0.0, connections.ANSWER_SECONDS + 1.0)]
        await room.empty()
        client.close()
        return cut

    assert room.run(come()) == [0, 1]


def test_requests_that_are_sent_faster_than_answered_wait_on_the_wire(room):
    sent = (HEALTH[:-2] + b"x: " + b"y" * 60_000 + b"\r\n\r\n") * 200

    async def flood():
        [client] = await room.connected(1)
        [connection] = room.server.server_state.connections
        sending = asyncio.ensure_future(asyncio.get_running_loop().sock_sendall(client, sent))
        reading = asyncio.ensure_future(room.read(client, answers=200))
        longest = 0
        while not reading.done():
            longest = max(longest, len(connection.pipeline))
            await asyncio.sleep(0)
        await sending
        client.close()
        return longest, split(reading.result())

    longest, answers = room.run(flood())

    assert statuses(answers) == [200] * 200
    assert longest <= 10  # what one read brings, and not all that are left


def test_a_wrong_token_that_waited_ends_its_connection(room):
    sent = b"GET /identity/v2/scim/Users HTTP/1.1\r\nhost: a\r\nauthorization: Bearer wrong\r\n\r\n"

    assert statuses(room.answers(sent * 30)) == [401] * 11


def test_strangers_do_not_fill_the_servers_log(room, caplog, capfd):
    for sent in HOSTILE.values():
        room.answers(sent, half=True)

    assert caplog.records == []
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("sent", [*HOSTILE.values(), HEALTH * 20, HEALTH * 5_000], ids=[*HOSTILE, "20", "5000"])
def test_nothing_of_a_request_waits_for_a_collection(room, sent):
    gc.collect()
    gc.disable()
    try:
        room.answers(sent, half=True)
        room.run(room.empty())
        kept = [one for one in gc.get_objects() if type(one).__name__ in ("RequestResponseCycle", "GuardedProtocol")]
    finally:
        gc.enable()

    assert kept == []
