"""Webhooks go where they may, once, and signed as Standard Webhooks has it."""

import asyncio

import pytest

from provisor.connectors.posting import problem_with_post_address
from provisor.connectors.webhook import make_signing_secret, problem_with_signing_secret, signature, tell
from provisor.engine.ports import Rejected, Secret, Unreachable
from support.certificates import Identity

# Made with the library of Standard Webhooks, 1.1.0.
SECRET = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
SIGNED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_signature_is_that_of_standard_webhooks():
    made = signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert made == SIGNED


def test_a_secret_that_is_made_is_one():
    assert problem_with_signing_secret(make_signing_secret(bytes(32))) is None


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_c2hvcnQ=", "not base64 at all!", "whsec_" + "A" * 200, "whsec_é"]
)
def test_what_is_no_signing_secret_is_refused_and_not_shown(text):
    problem = problem_with_signing_secret(Secret(text))

    assert problem.endswith(".")
    assert not text.removeprefix("whsec_") or text not in problem


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/a?b=c",
        "https://10.0.0.1:8443",
        "http://127.0.0.1:1/x",
        "http://localhost/x",
        "http://[::1]:9",
    ],
)
def test_an_address_is_taken(url):
    assert problem_with_post_address(url, "the webhook") is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "ftp://hooks.example.com",
        "http://hooks.example.com/t0ken",
        "http://127.0.0.1.example.com/t0ken",
        "https://",
        "https://user:t0ken@hooks.example.com",
        "https://hooks.example.com:0/t0ken",
        "https://hooks.example.com:99999/t0ken",
        "https://hooks.example.com/t0ken\r\nX: y",
        "https://hooks.example.com/t0ken#x",
        "https://hooks.example.com/t0kén",
        "https://[::1/t0ken",
        "file:///t0ken",
        "https://hooks.example.com/" + "t0ken" * 500,
    ],
)
def test_an_address_that_nothing_may_go_to_is_refused_without_showing_its_path(url):
    problem = problem_with_post_address(url, "the webhook")

    assert problem.endswith(".")
    assert "t0k" not in problem


ANSWERS = {
    "200": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", None),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", None),
    "302": (b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", 302),
    "307": (b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n", 307),
    "410": (b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", 410),
    "500": (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", 500),
    "endless": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"4000\r\n" + b"x" * 0x4000 + b"\r\n", None),
    "101": (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 101),
    "304": (b"HTTP/1.1 304 -\r\n\r\n", 304),
    "100 and no more": (b"HTTP/1.1 100 Continue\r\n\r\n", "unknown"),
    "100, then 204": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 -\r\n\r\n", None),
    "a long body": (b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 9_000_000, None),
    "a thousand headers": (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n", "unknown"),
    "a header without end": (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 3_000_000, "unknown"),
    "packed, and not": (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", None),
    "a drop": (b"", "unknown"),
    "half a head": (b"HTTP/1.1 200", "unknown"),
    "no HTTP": (b"SSH-2.0-x\r\n\r\n", "unknown"),
    "silence": (None, "unknown"),
}


class Receiver:
    """Answers every request with these bytes; None is silence. Keeps what it was sent."""

    def __init__(self, answer):
        self.answer = answer
        self.requests = []
        self.done = asyncio.Event()

    async def __call__(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            self.requests.append((head.decode(), await reader.readexactly(length)))
            if self.answer is None:
                await self.done.wait()
            else:
                writer.write(self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def told(receiver, *, tls=None, host="127.0.0.1", seconds=0.5):
    async def run():
        server = await asyncio.start_server(receiver, "127.0.0.1", 0, ssl=tls)
        url = f"http{'s' if tls else ''}://{host}:{server.sockets[0].getsockname()[1]}/hook/t0ken?a=b"
        try:
            await tell(url, SECRET, message_id="m-1", timestamp=1614265330, body=b'{"a": 1}', seconds=seconds)
        finally:
            receiver.done.set()
            server.close()

    asyncio.run(run())


@pytest.mark.parametrize(("answer", "outcome"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_means(answer, outcome):
    receiver = Receiver(answer)

    if outcome is None:
        told(receiver)
    else:
        with pytest.raises(Unreachable if outcome == "unknown" else Rejected) as raised:
            told(receiver)
        assert "t0ken" not in f"{raised.value!r}{raised.value}"
        assert getattr(raised.value, "status", "unknown") == outcome
        assert getattr(raised.value, "sent", True)
    assert len(receiver.requests) == 1


def test_a_request_carries_id_time_and_signature():
    receiver = Receiver(ANSWERS["204"][0])

    told(receiver)

    ((head, body),) = receiver.requests
    lines = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:])}
    assert head.startswith("POST /hook/t0ken?a=b HTTP/1.1")
    assert (lines["webhook-id"], lines["webhook-timestamp"]) == ("m-1", "1614265330")
    assert lines["webhook-signature"] == signature(SECRET, "m-1", 1614265330, body)
    assert lines["content-type"] == "application/json"


def test_a_certificate_of_a_stranger_is_not_trusted(tmp_path, monkeypatch):
    stranger = Identity(tmp_path / "stranger")
    monkeypatch.setenv("SSL_CERT_FILE", str(Identity(tmp_path / "trusted").root))
    receiver = Receiver(ANSWERS["204"][0])

    with pytest.raises(Unreachable, match="certificate is not trusted") as raised:
        told(receiver, tls=stranger.context(), host="localhost")

    assert (raised.value.sent, receiver.requests) == (False, [])


def test_a_trusted_certificate_is(tmp_path, monkeypatch):
    known = Identity(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(known.root))
    receiver = Receiver(ANSWERS["204"][0])

    told(receiver, tls=known.context(), host="localhost")

    assert len(receiver.requests) == 1


def test_nobody_listening_was_not_told():
    async def run():
        server = await asyncio.start_server(Receiver(b""), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        await tell(f"http://127.0.0.1:{port}", SECRET, message_id="m", timestamp=1, body=b"{}")

    with pytest.raises(Unreachable, match="no connection") as raised:
        asyncio.run(run())

    assert not raised.value.sent
