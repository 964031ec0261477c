"""What holds of connections, whatever library makes them: how many, how long, to whom, and what is known when one ends."""

import asyncio
import contextlib
import gzip
import json
import signal
import socket
import ssl
import subprocess
import sys
import zlib
from datetime import UTC, datetime, timedelta

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from provisor.connectors.authorities import distrust
from provisor.connectors.http_channel import RESPONSE_LIMIT_BYTES
from provisor.connectors.scim_client import ScimClient
from provisor.engine.ports import Malformed, Secret, Throttled, Unreachable
from provisor.scim.patch.operations import Operation
from provisor.scim.schemas.resource_types import GROUP_TYPE, USER_TYPE
from provisor.testing.certificates import named
from provisor.testing.http_relay import read_request
from support.certificates import Identity
from support.prepared_answers import TOKEN, Cut, answering, reply

pytestmark = pytest.mark.fast_rows(1)

USER = {"schemas": [], "id": "u-1", "userName": "anna"}
CALLS = {
    "find": lambda client: client.find("user", "userName", "anna"),
    "read": lambda client: client.read("user", "u-1"),
    "create": lambda client: client.create("user", {"userName": "anna"}),
    "patch": lambda client: client.patch("user", "u-1", [Operation(op="replace", path="displayName", value="A")]),
    "delete": lambda client: client.delete("user", "u-1"),
}
ANSWERS = {"find": {"totalResults": 0, "Resources": []}}


class Connections:
    """A server that counts connections and requests; `answer` gets the number of the request on its connection."""

    def __init__(self, answer):
        self._answer = answer
        self.made = self.open = self.most = 0
        self.requests = []
        self.ended = asyncio.Event()

    async def __call__(self, reader, writer):
        self.made += 1
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            number = 0
            while (request := await read_request(reader)) is not None:
                self.requests.append(request)
                number += 1
                answer = await self._answer(number)
                if answer is None:
                    return
                writer.write(answer)
                await writer.drain()
                if isinstance(answer, Cut):
                    return
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self.open -= 1
            self.ended.set()


@contextlib.asynccontextmanager
async def connected(answer, **options):
    """A client before a server that answers so."""
    server = Connections(answer)
    listener = await asyncio.start_server(server, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/scim"
    client = ScimClient(url, Secret(TOKEN), USER_TYPE, GROUP_TYPE, **options)
    try:
        yield client, server
    finally:
        await client.close()
        listener.close()


def soon(awaitable):
    """What surely comes, with an end should it not."""
    return asyncio.wait_for(awaitable, 30)


# How many


async def test_requests_one_after_another_share_a_connection():
    async def answer(number):
        return reply(200, USER)

    async with connected(answer) as (client, server):
        for _ in range(10):
            await client.read("user", "u-1")

    assert (server.made, len(server.requests)) == (1, 10)


async def test_there_are_never_more_connections_than_allowed():
    together = asyncio.Barrier(3)

    async def answer(number):
        await together.wait()  # three requests are under way at once, or none is answered
        return reply(200, USER)

    async with connected(answer, connections=3) as (client, server):
        await soon(asyncio.gather(*(client.read("user", "u-1") for _ in range(12))))

    assert (server.most, len(server.requests)) == (3, 12)


async def test_a_closed_client_leaves_no_connection():
    async def answer(number):
        return reply(200, USER)

    async with connected(answer) as (client, server):
        await client.read("user", "u-1")
        await client.close()

        await soon(server.ended.wait())


# A connection that the server closes: what may have been received is never sent again


@pytest.mark.parametrize("call", CALLS)
async def test_a_request_that_meets_a_closed_connection_is_sent_on_a_new_one(call):
    async def answer(number):
        return Cut(reply(200, ANSWERS.get(call, USER)))  # closed without a word in the head

    async with connected(answer) as (client, server):
        await CALLS[call](client)
        await soon(server.ended.wait())
        server.ended.clear()
        with contextlib.suppress(Unreachable):  # the end may come while it is being written
            await CALLS[call](client)

    assert len(server.requests) <= 2


@pytest.mark.parametrize("call", CALLS)
async def test_a_request_lost_with_a_connection_used_before_is_not_sent_again(call):
    async def answer(number):
        return reply(200, ANSWERS.get(call, USER)) if number == 1 else None

    async with connected(answer) as (client, server):
        await CALLS[call](client)
        with pytest.raises(Unreachable) as lost:
            await CALLS[call](client)

    assert lost.value.sent is True
    assert len(server.requests) == 2


# An end from our side


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"], ids=["asked", "begun"])
async def test_a_cancelled_request_ends_its_connection(call, begun):
    received = asyncio.Event()

    async def answer(number):
        received.set()
        return begun

    async with connected(answer) as (client, server):
        asking = asyncio.create_task(CALLS[call](client))
        await soon(received.wait())
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

        await soon(server.ended.wait())  # and the client is not closed


async def test_a_request_that_waits_for_a_connection_is_not_sent_once_it_is_cancelled():
    go_on, received = asyncio.Event(), asyncio.Event()

    async def answer(number):
        received.set()
        await go_on.wait()
        return reply(200, USER)

    async with connected(answer, connections=1) as (client, server):
        first = asyncio.create_task(client.read("user", "u-1"))
        await soon(received.wait())
        second = asyncio.create_task(client.create("user", {"userName": "anna"}))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        go_on.set()
        await soon(first)
        await soon(client.read("user", "u-1"))

    assert [request.split(b" ")[0] for request in server.requests] == [b"GET", b"GET"]


@pytest.mark.parametrize("call", CALLS)
async def test_a_request_given_up_ends_its_connection(call):
    async def answer(number):
        return b"HTTP/1.1 "

    async with connected(answer, timeout_seconds=0.1) as (client, server):
        with pytest.raises(Unreachable) as late:
            await CALLS[call](client)
        await soon(server.ended.wait())

    assert (late.value.sent, late.value.timed_out) == (True, True)


# Answers without end


def packed(coding, size):
    raw = zlib.compressobj(9, zlib.DEFLATED, {"gzip": 31, "deflate": 15, "bare deflate": -15}[coding])
    piece = b" " * (1 << 20)
    return b"".join(raw.compress(piece) for _ in range(size >> 20)) + raw.flush()


CODINGS = ["gzip", "deflate", "bare deflate"]


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_bomb_is_refused_before_it_is_unpacked(coding):
    bomb = packed(coding, 64 * RESPONSE_LIMIT_BYTES)
    before = peak_kib()
    async with answering(reply(200, bomb, Content_Encoding=coding.split()[-1])) as (client, _):
        with pytest.raises(Malformed, match="longer than 16 MiB"):
            await client.read("user", "u-1")

    assert peak_kib() - before < 8 * RESPONSE_LIMIT_BYTES >> 10


def peak_kib():
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 999999999999999",
        f"Content-Length: {RESPONSE_LIMIT_BYTES + 1}",
        "Transfer-Encoding: chunked",
        "X: y",
    ],
    ids=["as long as it gets", "a byte too long", "chunks", "until the end"],
)
async def test_the_rest_of_an_answer_that_is_too_long_is_not_read(head):
    async def answer(number):
        piece = b" " * (RESPONSE_LIMIT_BYTES + 1)
        framed = b"%x\r\n%s\r\n" % (len(piece), piece) if "chunked" in head else piece
        return f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + framed

    async with connected(answer) as (client, server):
        with pytest.raises(Malformed, match="longer than 16 MiB"):
            await soon(client.read("user", "u-1"))
        await soon(server.ended.wait())


async def test_an_answer_of_the_longest_length_is_taken():
    body = json.dumps(USER).encode().ljust(RESPONSE_LIMIT_BYTES)
    async with answering(reply(200, body), reply(200, gzip.compress(body, 1), Content_Encoding="gzip")) as (client, _):
        for _ in range(2):
            assert (await client.read("user", "u-1")).resource["id"] == "u-1"


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_packed_answer_is_unpacked_as_servers_mean_it(coding):
    raw = zlib.compressobj(9, zlib.DEFLATED, {"gzip": 31, "deflate": 15, "bare deflate": -15}[coding])
    body = raw.compress(json.dumps(USER).encode()) + raw.flush()
    async with answering(reply(200, body, Content_Encoding=coding.split()[-1])) as (client, _):
        assert (await client.read("user", "u-1")).resource["id"] == "u-1"


@pytest.mark.parametrize("coding", CODINGS)
async def test_half_of_a_packed_answer_is_malformed(coding):
    raw = zlib.compressobj(9, zlib.DEFLATED, {"gzip": 31, "deflate": 15, "bare deflate": -15}[coding])
    body = (raw.compress(json.dumps(USER).encode()) + raw.flush())[:-8]
    async with answering(reply(200, body, Content_Encoding=coding.split()[-1])) as (client, _):
        with pytest.raises(Malformed, match="not packed as it says") as refused:
            await client.read("user", "u-1")

    assert refused.value.status == 200


# What is sent besides


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
async def test_no_proxy_variable_is_read(name, encrypted, monkeypatch, tmp_path):
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    server = Identity(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(server.root))

    assert (await read_from(server.context() if encrypted else None)).resource["id"] == "u-1"


async def test_nothing_is_sent_that_an_answer_asked_for_or_that_tells_where_we_were():
    moved = reply(307, Location="/elsewhere", Set_Cookie="a=b; Path=/")
    async with answering(moved, reply(200, USER, Set_Cookie="a=b; Path=/"), reply(200, USER)) as (client, server):
        await client.read("user", "u-1")
        await client.read("user", "u-1")

    for number in range(3):
        assert server.header("cookie", number) is None
        assert server.header("referer", number) is None
        assert server.header("user-agent", number) == "Provisor"
        assert server.header("authorization", number) == f"Bearer {TOKEN}"


async def test_a_redirect_to_credentials_is_not_followed():
    def moved(request):
        host = request.split(b"Host: ")[1].split(b"\r\n")[0].decode()
        return reply(307, Location=f"http://me:secret@{host}/x")

    async with answering(moved) as (client, server):
        with pytest.raises(Malformed, match="not followed"):
            await client.read("user", "u-1")

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "location", ["\\\\127.0.0.1:1\\x", "/\\127.0.0.1:1/x", "http:\\\\127.0.0.1:1/x", "/a b\x7f\xff", "?x", "\x1b"]
)
async def test_a_location_that_could_be_read_in_two_ways_leads_to_nobody_else(location):
    async with answering(reply(307, Location=location), reply(200, USER)) as (client, server):
        with contextlib.suppress(Malformed):
            await client.read("user", "u-1")

    assert all(server.header("host", number) == server.origin[7:] for number in range(len(server.requests)))


# What is known of a failure


@pytest.mark.parametrize(
    "answer",
    [
        Cut(bytes(range(1, 256))),
        Cut(b"{}"),
        Cut(b"SSH-2.0-x\r\n"),
        Cut(b"HTTP/1.1 2xx\r\n\r\n"),
        Cut(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
        Cut(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}"),
        Cut(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\n\r\n{}"),
        Cut(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"\r\n"),
    ],
)
async def test_what_is_no_http_is_malformed(answer):
    async with answering(answer) as (client, _):
        with pytest.raises(Malformed) as refused:
            await client.create("user", {"userName": "anna"})

    assert TOKEN not in f"{refused.value!r} {refused.value.excerpt}"


async def test_a_hundred_headers_are_read():
    head = "".join(f"X-{number}: y\r\n" for number in range(110)).encode()
    answer = reply(200, USER).replace(b"\r\n", b"\r\n" + head, 1)
    async with answering(answer) as (client, _):
        assert (await client.read("user", "u-1")).resource["id"] == "u-1"


@pytest.mark.parametrize("reason", ["", "Schöpfung", "Créé", "\N{SNOWMAN}"])
async def test_a_reason_may_be_in_any_language(reason):
    answer = reply(200, USER).replace(b"Whatever", reason.encode(), 1)
    async with answering(answer) as (client, _):
        assert (await client.read("user", "u-1")).resource["id"] == "u-1"


async def test_the_first_of_repeated_headers_counts():
    answer = reply(429, {}, **{"Retry-After": "7"}).replace(b"\r\n\r\n", b"\r\nRetry-After: 600\r\n\r\n", 1)
    async with answering(answer) as (client, _):
        with pytest.raises(Throttled) as refused:
            await client.read("user", "u-1")

    assert refused.value.until <= datetime.now(UTC) + timedelta(seconds=7)


async def test_a_reset_leaves_open_whether_it_was_done():
    async def answer(number):
        raise ConnectionResetError

    async def reset(reader, writer):
        await read_request(reader)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1" + bytes(7))
        writer.transport.abort()

    listener = await asyncio.start_server(reset, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/scim"
    async with ScimClient(url, Secret(TOKEN), USER_TYPE, GROUP_TYPE) as client:
        with pytest.raises(Unreachable, match="connection broke") as lost:
            await client.create("user", {"userName": "anna"})
    listener.close()

    assert (lost.value.sent, lost.value.timed_out) == (True, False)


@pytest.mark.parametrize(
    "address",
    [
        "https://nobody.invalid",
        "https://1.2.3.4.5",
        "https://a%zz",
        "https://xn--",
        "https://x..y",
        f"https://{'a' * 64}.x",
    ],
)
async def test_an_address_that_leads_nowhere_surely_received_nothing(address):
    async with ScimClient(address, Secret(TOKEN), USER_TYPE, GROUP_TYPE) as client:
        with pytest.raises(Unreachable, match="check the tenant URL") as refused:
            await client.create("user", {"userName": "anna"})

    assert (refused.value.sent, refused.value.timed_out) == (False, False)


async def test_a_token_in_an_address_is_in_no_word_of_a_failure():
    async with ScimClient("https://127.0.0.1:1/", Secret(TOKEN), USER_TYPE, GROUP_TYPE) as client:
        with pytest.raises(Unreachable) as refused:
            await client.find("user", "userName", TOKEN)

    error = refused.value
    assert TOKEN not in f"{error!r} {error} {error.exchange!r}"
    assert "sekret%2F" not in f"{error!r} {error} {error.exchange!r}"
    assert error.__suppress_context__


async def test_nothing_that_a_client_keeps_shows_its_token():
    async with answering(reply(200, USER)) as (client, _):
        await client.read("user", "u-1")
        kept = [client, vars(client), vars(vars(client)["_channel"])]

        assert TOKEN not in repr(kept)


# TLS


async def read_from(context, host="localhost"):
    """Read a user from a server that speaks TLS so, or plain HTTP."""

    async def serve(reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await read_request(reader)
            writer.write(reply(200, USER))
            await writer.drain()
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    url = f"http{'s' if context else ''}://{host}:{listener.sockets[0].getsockname()[1]}/scim"
    try:
        async with ScimClient(url, Secret(TOKEN), USER_TYPE, GROUP_TYPE) as client:
            return await client.read("user", "u-1")
    finally:
        listener.close()


async def test_a_certificate_of_an_authority_that_the_operator_trusts_is_taken(tmp_path, monkeypatch):
    server = Identity(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(server.root))

    assert (await read_from(server.context())).resource["id"] == "u-1"


async def test_the_file_and_the_folder_of_authorities_count_both(tmp_path, monkeypatch):
    first, second = Identity(tmp_path / "first"), Identity(tmp_path / "second")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "0123abcd.0").symlink_to(second.root)
    (folder / "0123abcd.1").symlink_to(tmp_path / "gone")
    monkeypatch.setenv("SSL_CERT_FILE", str(first.root))
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))

    for server in (first, second):
        assert (await read_from(server.context())).resource["id"] == "u-1"


@pytest.mark.parametrize("damaged", ["AAAA", "not base64", "MIIB" + "A" * 400])
async def test_a_damaged_certificate_takes_no_authority_with_it(damaged, tmp_path, monkeypatch):
    server = Identity(tmp_path)
    bundle = tmp_path / "bundle.pem"
    spoilt = f"-----BEGIN CERTIFICATE-----\n{damaged}\n-----END CERTIFICATE-----\n"
    bundle.write_text(spoilt + server.root.read_text() + spoilt)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))

    assert (await read_from(server.context())).resource["id"] == "u-1"


@pytest.mark.parametrize("file", ["gone", ""])
async def test_without_authorities_no_certificate_is_trusted(file, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / file))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "gone"))

    with pytest.raises(Unreachable, match="certificate is not trusted"):
        await read_from(Identity(tmp_path / "server").context())


@pytest.mark.parametrize(
    ("made", "host", "why"),
    [
        ({"name": "example.org"}, "localhost", "it is for another name"),
        ({"name": "localhost"}, "127.0.0.1", "it is for another name"),
        ({"until": 2002}, "localhost", "it has expired"),
        ({"stranger": True}, "localhost", "nobody whom this machine trusts"),
    ],
    ids=["another name", "an address", "expired", "another authority"],
)
async def test_a_certificate_that_proves_nothing_is_refused_without_a_word_elsewhere(
    made, host, why, tmp_path, monkeypatch, capfd
):
    trusted = Identity(tmp_path / "trusted")
    server = Identity(tmp_path / "server", **made) if "stranger" not in made else Identity(tmp_path / "stranger")
    monkeypatch.setenv("SSL_CERT_FILE", str((trusted if "stranger" in made else server).root))

    with pytest.raises(Unreachable, match=rf"certificate is not trusted \({why}") as refused:
        await read_from(server.context(), host)

    assert refused.value.sent is False
    assert capfd.readouterr() == ("", "")


def self_signed(folder, *extensions, dns=None, hash_used=None):
    """The one certificate of a server that vouches for itself, and what it serves with."""
    own = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder().subject_name(named("localhost")).issuer_name(named("localhost"))
    builder = builder.public_key(own.public_key()).serial_number(7)
    builder = builder.not_valid_before(datetime(2001, 1, 1, tzinfo=UTC)).not_valid_after(
        datetime(2099, 1, 1, tzinfo=UTC)
    )
    names = [] if dns is None else [x509.SubjectAlternativeName([x509.DNSName(dns)])]
    for extension in (*names, *extensions):
        critical = isinstance(extension, x509.BasicConstraints | x509.UnrecognizedExtension)
        builder = builder.add_extension(extension, critical=critical)
    made = builder.sign(own, hash_used or hashes.SHA256())
    pem, secret = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    chain, key = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(pem))
    key.write_bytes(own.private_bytes(pem, secret, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return chain, context


AUTHORITY, NO_AUTHORITY = (
    x509.BasicConstraints(ca=True, path_length=None),
    x509.BasicConstraints(ca=False, path_length=None),
)
CLIENTS_ALONE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
A_CA = "it is the certificate of an authority (CA:TRUE), used by a server); make one for the server with basicConstraints=CA:FALSE"


async def test_a_server_that_vouches_for_itself_is_taken_when_the_operator_trusts_it(tmp_path, monkeypatch):
    chain, context = self_signed(tmp_path, NO_AUTHORITY, dns="localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))

    assert (await read_from(context)).resource["id"] == "u-1"


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"extensions": [AUTHORITY], "dns": "localhost"}, A_CA),
        ({"extensions": [AUTHORITY]}, A_CA),
        ({"extensions": [NO_AUTHORITY]}, "it has no subjectAltName, and its CN does not count); make one with the host in its subjectAltName"),
        ({"extensions": [NO_AUTHORITY], "host": "127.0.0.1"}, "it has no subjectAltName"),
        ({"extensions": [NO_AUTHORITY], "dns": "example.org"}, "it is for another name); install one that matches the host"),
        ({"extensions": [NO_AUTHORITY, CLIENTS_ALONE], "dns": "localhost"}, "extendedKeyUsage allows no server); make one with serverAuth"),
        ({"extensions": [NO_AUTHORITY, UNKNOWN], "dns": "localhost"}, "it has a critical extension that is not known here); make one without"),
        ({"extensions": [NO_AUTHORITY], "dns": "localhost", "hash_used": hashes.SHA224()}, "it is signed by an algorithm that is not taken here); make one that is signed with SHA-256"),
    ],
    ids=["authority", "authority without names", "CN alone", "CN alone, address", "another name", "clients", "critical", "SHA-224"],
)  # fmt: skip
async def test_a_certificate_that_is_trusted_and_cannot_serve_is_refused_with_what_to_do(
    made, said, tmp_path, monkeypatch
):
    host = made.pop("host", "localhost")
    chain, context = self_signed(tmp_path, *made.pop("extensions"), **made)
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))

    with pytest.raises(Unreachable) as refused:
        await read_from(context, host)

    assert said in str(refused.value)
    assert "Other" not in str(refused.value)


@pytest.mark.parametrize(
    ("library", "why"),
    [
        ("Other(OtherError(UnsupportedCertVersion))", "it is of version 1 of X.509"),
        ("Other(OtherError(MaximumPathDepthExceeded))", "MaximumPathDepthExceeded"),
        ("BadEncoding", "BadEncoding"),
        ("ExpiredContext { time: UnixTime(1), not_after: UnixTime(0) }", "it has expired"),
        ("Revoked", "it was revoked"),
        ("NotValidYetContext { time: UnixTime(0), not_before: UnixTime(1) }", "it is not valid yet"),
    ],
)
def test_the_innermost_word_of_the_library_says_why_a_certificate_is_not_trusted(library, why):
    assert distrust(f"Custom {{ kind: InvalidData, error: InvalidCertificate({library}) }}").why == why


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n", b""])
async def test_a_port_that_speaks_no_tls_is_told_as_such(said):
    async def serve(reader, writer):
        await reader.read(1)
        writer.write(said)
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"https://localhost:{listener.sockets[0].getsockname()[1]}/scim"
    async with ScimClient(url, Secret(TOKEN), USER_TYPE, GROUP_TYPE) as client:
        with pytest.raises(Unreachable, match="speak HTTPS at that port") as refused:
            await client.create("user", {"userName": "anna"})
    listener.close()

    assert refused.value.sent is False


# Loops and processes


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_it_works_with_either_loop_again_and_again(loop):
    async def once():
        async with answering(reply(200, USER)) as (client, _):
            return (await client.read("user", "u-1")).resource["id"]

    for _ in range(3):
        with asyncio.Runner(loop_factory=loop) as runner:
            assert runner.run(once()) == "u-1"


WAITING = """
import asyncio, os, sys
from provisor.connectors.scim_client import ScimClient
from provisor.engine.ports import Secret
from provisor.scim.schemas.resource_types import GROUP_TYPE, USER_TYPE
async def main():
    async def silent(reader, writer):
        await reader.readuntil(b"\\r\\n\\r\\n")
        sys.stdout.write("asked\\n"); sys.stdout.flush()
        await asyncio.sleep(600)
    listener = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/scim"
    async with ScimClient(url, Secret("token"), USER_TYPE, GROUP_TYPE) as client:
        await client.read("user", "u-1")
"""


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_process_with_a_request_under_way_ends_when_it_is_told_to(sent):
    with subprocess.Popen(
        [sys.executable, "-c", f"{WAITING}\nasyncio.run(main())"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"asked\n"
        process.send_signal(sent)
        _, said = process.communicate(timeout=30)

    assert process.returncode in (1, 130, -sent)
    assert b"panic" not in said


FORKED = """
import asyncio, os, sys
from provisor.connectors.scim_client import ScimClient
from provisor.engine.ports import ConnectorError, Secret
from provisor.scim.schemas.resource_types import GROUP_TYPE, USER_TYPE
async def ask():
    async with ScimClient("http://127.0.0.1:1/scim", Secret("token"), USER_TYPE, GROUP_TYPE) as client:
        try:
            await client.read("user", "u-1")
        except (ConnectorError, RuntimeError) as error:
            return type(error).__name__
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "answer"),
    [("", b"Unreachable"), ("asyncio.run(ask())", b"RuntimeError")],
    ids=["that had sent nothing", "that had sent requests"],
)
def test_no_request_waits_for_ever_in_a_process_forked_off_one(before, answer):
    code = (
        f"{FORKED}\n{before}\nif os.fork() == 0:\n    print(asyncio.run(ask()), flush=True)\n    os._exit(0)\nos.wait()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)

    assert (done.returncode, done.stdout.strip()) == (0, answer)
