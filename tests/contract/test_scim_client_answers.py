"""What the client makes of answers that a SCIM server should not give, or gives in trouble (spec/scim-wire.md section 13)."""

import asyncio
import gzip
import json
import ssl
import warnings
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from provisor.connectors.http_channel import REQUEST_LIMIT_BYTES, RESPONSE_LIMIT_BYTES
from provisor.connectors.scim_client import ScimClient
from provisor.engine.ports import Malformed, Rejected, Secret, Throttled, Unauthorized, Unreachable
from provisor.scim.entra import Dialect
from provisor.scim.patch.operations import Operation
from provisor.scim.schemas.resource_types import GROUP_TYPE, USER_TYPE
from support.prepared_answers import NOW, TOKEN, Cut, Server, answering, reply

USER = {"schemas": [], "id": "u-1", "userName": "anna"}


def told(error):
    """Everything of an error that is kept, shown or logged."""
    return f"{error!r} {error} {error.exchange!r}"


# Requests


async def test_a_matching_query_is_encoded_as_entra_does():
    async with answering(reply(body={"totalResults": 0, "Resources": []})) as (client, server):
        await client.find("user", "userName", 'a "b"@x+y&z')

    assert server.line() == ("GET /scim/v2/Users?filter=userName+eq+%22a+%5C%22b%5C%22%40x%2By%26z%22 HTTP/1.1")


async def test_a_group_is_looked_for_without_its_members():
    async with answering(reply(body={"totalResults": 0})) as (client, server):
        await client.find("group", "displayName", "Field Staff")

    assert server.line() == (
        "GET /scim/v2/Groups?excludedAttributes=members&filter=displayName+eq+%22Field+Staff%22 HTTP/1.1"
    )


async def test_a_matching_query_may_name_an_element_of_a_list():
    path = 'emails[type eq "work"].value'
    anna = {**USER, "emails": [{"type": "work", "value": "A@x"}]}
    other = {**USER, "id": "u-2", "emails": [{"type": "home", "value": "a@x"}]}
    async with answering(reply(body={"totalResults": 2, "Resources": [anna, other]})) as (client, server):
        found = await client.find("user", path, "a@x")

    assert "filter=emails%5Btype+eq+%22work%22%5D.value+eq+%22a%40x%22 " in server.line()
    assert [one["id"] for one in found.resources] == ["u-1"]


async def test_an_id_is_encoded_in_the_path():
    async with answering(reply(204)) as (client, server):
        await client.delete("user", "a/b ?c#d")

    assert server.line() == "DELETE /scim/v2/Users/a%2Fb%20%3Fc%23d HTTP/1.1"


async def test_a_request_carries_the_token_and_asks_for_scim():
    async with answering(reply(201, USER)) as (client, server):
        await client.create("user", {"userName": "anna"})

    assert server.header("authorization") == f"Bearer {TOKEN}"
    assert server.header("accept") == "application/scim+json"
    assert server.header("content-type") == "application/scim+json"


async def test_a_flag_in_the_tenant_url_chooses_the_dialect_and_is_not_forwarded():
    async with answering(reply(204)) as (_, server):
        flagged = ScimClient(
            f"{server.origin}/scim?AzureAdScimPatch2017",
            Secret(TOKEN),
            USER_TYPE,
            GROUP_TYPE,
            dialect=Dialect.COMPLIANT,
        )
        await flagged.patch("user", "u-1", [Operation(op="replace", path="active", value=False)])
        await flagged.close()

    assert server.line() == "PATCH /scim/Users/u-1 HTTP/1.1"
    assert server.body()["Operations"] == [{"op": "Replace", "path": "active", "value": "False"}]


async def test_members_come_and_go_in_one_request():
    async with answering(reply(204)) as (client, server):
        await client.patch_members("g-1", [f"u-{number}" for number in range(60)], ["u-98", "u-99"])

    assert len(server.requests) == 1
    assert [one["op"] for one in server.body()["Operations"]] == ["remove", "remove", "add"]


async def test_proxy_variables_are_ignored(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with answering(reply(404)) as (client, _):
        assert await client.read("user", "u-1") is None


async def test_a_request_that_is_too_long_is_not_sent():
    async with answering(reply(201, USER)) as (client, server):
        with pytest.raises(Rejected) as refused:
            await client.create("user", {"userName": "a" * REQUEST_LIMIT_BYTES})

    assert refused.value.status == 413
    assert server.requests == []


async def test_half_a_character_is_not_sent():
    async with answering(reply(201, USER)) as (client, server):
        with pytest.raises(Rejected, match="half of a character"):
            await client.create("user", {"userName": "anna", "displayName": "\ud83d"})
        with pytest.raises(Rejected, match="half of a character"):
            await client.find("user", "userName", "\ud83d")

    assert server.requests == []


# Answers


async def test_strangers_among_the_found_are_dropped():
    strangers = [USER, {**USER, "id": "u-2", "userName": "ANNA"}, {**USER, "id": "u-3", "userName": "annabel"}]
    async with answering(reply(body={"totalResults": 3, "Resources": strangers})) as (client, _):
        found = await client.find("user", "userName", "Anna")

    assert [one["id"] for one in found.resources] == ["u-1", "u-2"]


async def test_members_that_came_unasked_are_dropped():
    group = {"id": "g-1", "displayName": "Sales", "members": [{"value": "u-1"}]}
    async with answering(reply(body={"totalResults": 1, "Resources": [group]}), reply(body=group)) as (client, _):
        found = await client.find("group", "displayName", "Sales")
        read = await client.read("group", "g-1")

    assert "members" not in found.resources[0]
    assert "members" not in read.resource


async def test_a_filter_answered_404_is_no_scim():
    async with answering(reply(404)) as (client, _):
        with pytest.raises(Malformed, match=r"GET http://127.*/Users\?filter=userName\+eq\+%22anna%22 is 404"):
            await client.find("user", "userName", "anna")


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Log in</html>", b"[]", b"null", b'{"id": ""}', b"{}", b"\xff", b"[" * 100_000],
    ids=["empty", "HTML", "list", "null", "empty id", "no id", "no UTF-8", "bottomless"],
)
async def test_a_created_answer_without_a_usable_id_is_no_scim(body):
    async with answering(reply(201, body)) as (client, _):
        with pytest.raises(Malformed) as refused:
            await client.create("user", {"userName": "anna"})

    assert 'create the User "anna"' in refused.value.message


async def test_an_html_answer_is_shown_in_part():
    async with answering(reply(200, b"<html>\n<b>Log in</b>" + b"x" * 9000)) as (client, _):
        with pytest.raises(Malformed) as refused:
            await client.page("user", 1, 10)

    assert refused.value.excerpt.startswith("<html> <b>Log in</b>xxx")
    assert len(refused.value.excerpt) <= 1024
    assert len(refused.value.exchange.response_body) == 4096


async def test_a_byte_order_mark_is_passed_over():
    async with answering(reply(201, b"\xef\xbb\xbf" + json.dumps(USER).encode())) as (client, _):
        answer = await client.create("user", {"userName": "anna"})

    assert answer.resource["id"] == "u-1"


async def test_a_compressed_answer_is_read():
    packed = gzip.compress(json.dumps(USER).encode())
    async with answering(reply(200, packed, Content_Encoding="gzip")) as (client, _):
        assert (await client.read("user", "u-1")).resource["userName"] == "anna"


async def test_names_in_another_case_are_read_in_the_schema_s():
    async with answering(reply(body={"id": "u-1", "USERNAME": "anna", "Active": "True"})) as (client, _):
        answer = await client.read("user", "u-1")

    assert (answer.resource["userName"], answer.resource["active"]) == ("anna", True)


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "found while reading"])
async def test_an_endless_answer_is_given_up(declared):
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {RESPONSE_LIMIT_BYTES + 1}\r\n\r\n".encode() if declared else b""
    packed = gzip.compress(b" " * (RESPONSE_LIMIT_BYTES + 1))
    answer = head + b"x" * 1000 if declared else reply(200, packed, Content_Encoding="gzip")
    async with answering(answer) as (client, _):
        with pytest.raises(Malformed, match="longer than 16 MiB"):
            await client.page("user", 1, 10)


async def test_an_answer_that_is_not_http_is_malformed():
    async with answering(b"SSH-2.0-OpenSSH_9.2\r\n\r\n") as (client, _):
        with pytest.raises(Malformed, match="not HTTP"):
            await client.page("user", 1, 10)


# Refusals


async def test_401_is_unauthorized_and_says_what_to_do():
    async with answering(reply(401)) as (client, _):
        with pytest.raises(Unauthorized, match="generate a new token"):
            await client.find("user", "userName", "anna")


async def test_a_refusal_tells_the_server_s_reason():
    body = {"status": "409", "scimType": "uniqueness", "detail": "userName is\n taken."}
    async with answering(reply(409, body)) as (client, server):
        with pytest.raises(Rejected) as refused:
            await client.create("user", {"userName": "anna"})

    error = refused.value
    assert (error.status, error.scim_type, error.detail) == (409, "uniqueness", "userName is taken.")
    assert error.message == (
        f'{server.origin[7:]} did not create the User "anna" (status 409, uniqueness): userName is taken; '
        "delete or rename the other one, or change the matching attribute."
    )
    assert error.exchange.status == 409


async def test_a_refusal_without_scim_tells_what_came():
    async with answering(reply(500, b"<h1>Oops</h1>")) as (client, _):
        with pytest.raises(Rejected) as refused:
            await client.delete("user", "u-1")

    assert (refused.value.status, refused.value.detail) == (500, "<h1>Oops</h1>")


@pytest.mark.parametrize(
    ("status", "retry_after", "seconds"),
    [
        (429, "7", 7),
        (503, "120", 120),
        (429, "86400", 600),
        (429, "Sun, 22 Nov 2026 09:00:30 GMT", 30),
        (503, "Mon, 23 Nov 2026 09:00:30 GMT", 600),
        (429, "Sat, 21 Nov 2026 09:00:30 GMT", 0),
        (429, None, 1),
        (503, "soon", 1),
        (429, "-5", 1),
        (429, "9" * 400, 600),
        (429, "Sun, 99 Nov 99999 09:00:30 GMT", 1),
    ],
)
async def test_an_overloaded_server_is_left_alone_until(status, retry_after, seconds):
    headers = {} if retry_after is None else {"Retry_After": retry_after}
    async with answering(reply(status, **headers)) as (client, _):
        with pytest.raises(Throttled) as refused:
            await client.page("user", 1, 10)

    assert refused.value.until == NOW + timedelta(seconds=seconds)


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_to_another_host_is_followed(status):
    async with (
        answering(reply(404)) as (_, stranger),
        answering(reply(status, Location=f"{stranger.origin}/x")) as (client, _),
    ):
        with pytest.raises(Malformed, match=stranger.origin[7:]):
            await client.read("user", "u-1")

    assert stranger.requests == []


async def test_a_redirect_within_the_host_is_followed_once_for_a_read():
    async with answering(reply(308, Location="/elsewhere/Users/u-1"), reply(body=USER)) as (client, server):
        answer = await client.read("user", "u-1")

    assert answer.resource["id"] == "u-1"
    assert server.line(1) == "GET /elsewhere/Users/u-1 HTTP/1.1"


async def test_a_redirect_in_a_circle_is_left():
    async with answering(reply(307, Location="/scim/v2/Users/u-1")) as (client, server):
        with pytest.raises(Malformed, match="not followed"):
            await client.read("user", "u-1")

    assert len(server.requests) == 2


async def test_a_write_is_never_redirected():
    async with answering(reply(307, Location="/elsewhere")) as (client, server):
        with pytest.raises(Malformed):
            await client.create("user", {"userName": "anna"})

    assert len(server.requests) == 1


# No answer


async def test_a_closed_port_surely_received_nothing():
    async with answering(reply(404)) as (client, server):
        pass
    client = ScimClient(server.origin, Secret(TOKEN), USER_TYPE, GROUP_TYPE)
    with pytest.raises(Unreachable, match="no connection") as refused:
        await client.create("user", {"userName": "anna"})
    await client.close()

    assert refused.value.sent is False


async def test_a_lost_reply_leaves_open_whether_it_was_done():
    async with answering(None) as (client, _):
        with pytest.raises(Unreachable, match="connection broke") as refused:
            await client.create("user", {"userName": "anna"})

    assert refused.value.sent is True


async def test_a_reply_cut_short_leaves_open_whether_it_was_done():
    async with answering(Cut(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{")) as (client, _):
        with pytest.raises(Malformed, match="not whole") as refused:
            await client.create("user", {"userName": "anna"})

    assert refused.value.status == 201


async def test_a_slow_answer_is_given_up():
    async with answering(b"", timeout_seconds=0.1) as (client, _):
        with pytest.raises(Unreachable, match=r"no answer within 0\.1 s") as refused:
            await client.create("user", {"userName": "anna"})

    assert (refused.value.sent, refused.value.timed_out) == (True, True)


# Secrets


async def test_a_token_that_the_server_echoes_is_never_kept():
    def echo(request):
        return reply(400, b'{"detail": "bad request: ' + request.replace(b"\r\n", b" ").replace(b'"', b"'") + b'"}')

    async with answering(echo) as (client, _):
        with pytest.raises(Rejected) as refused:
            await client.create("user", {"userName": "anna", "displayName": TOKEN})

    assert TOKEN not in told(refused.value)
    assert "Bearer •••" in refused.value.detail


@pytest.mark.parametrize(
    "form",
    [TOKEN, TOKEN.replace("/", "\\/"), "sekret%2Ftoken%2Bwith%3Dodd~letters"],
    ids=["plain", "slashes escaped", "percent"],
)
async def test_a_token_in_a_resource_is_taken_out(form):
    user = json.dumps({**USER, "displayName": "X"}).replace("X", f"me {form}").encode()
    async with answering(reply(200, user)) as (client, _):
        answer = await client.read("user", "u-1")

    assert answer.resource["displayName"] == "me •••"
    assert form.encode() not in answer.exchange.response_body


async def test_a_token_at_the_edge_of_the_capture_is_taken_out():
    for before in range(4096 - len(TOKEN), 4096):
        body = b"x" * before + TOKEN.encode() + b"y" * 50
        async with answering(reply(500, body)) as (client, _):
            with pytest.raises(Rejected) as refused:
                await client.read("user", "u-1")
        assert b"sek" not in refused.value.exchange.response_body


async def test_a_token_looked_for_by_mistake_is_not_in_the_address_kept():
    async with answering(reply(404)) as (client, _):
        with pytest.raises(Malformed) as refused:
            await client.find("user", "userName", TOKEN)

    assert TOKEN not in told(refused.value)
    assert "sekret%2F" not in told(refused.value)


async def test_a_password_is_sent_and_not_kept():
    async with answering(reply(201, {**USER, "Password": "pa55word!"}), reply(204)) as (client, server):
        created = await client.create("user", {"userName": "anna", "password": "pa55word!"})
        changed = await client.patch("user", "u-1", [Operation(op="replace", path="password", value="pa55word!")])

    assert server.body()["password"] == "pa55word!"
    assert b"pa55word!" not in created.exchange.request_body + created.exchange.response_body
    assert b"pa55word!" not in changed.exchange.request_body


def test_a_client_does_not_show_its_token():
    client = ScimClient("https://api.example.com/scim", Secret(TOKEN), USER_TYPE, GROUP_TYPE)

    assert TOKEN not in repr(client) + repr(vars(client))


# TLS


def self_signed(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(NOW).not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
    certificate = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    pem, secret = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "cert.pem").write_bytes(certificate.sign(key, hashes.SHA256()).public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, secret, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


async def read_over_tls(context):
    server = Server(reply(200, USER))
    listener = await asyncio.start_server(server, "127.0.0.1", 0, ssl=context)
    url = f"https://localhost:{listener.sockets[0].getsockname()[1]}/scim"
    try:
        async with ScimClient(url, Secret(TOKEN), USER_TYPE, GROUP_TYPE) as client:
            return await client.read("user", "u-1")
    finally:
        listener.close()


async def test_a_certificate_nobody_vouches_for_is_refused(tmp_path):
    with pytest.raises(Unreachable, match="certificate is not trusted") as refused:
        await read_over_tls(self_signed(tmp_path))

    assert refused.value.sent is False


async def test_a_certificate_the_operator_trusts_is_taken(tmp_path, monkeypatch):
    context = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))

    assert (await read_over_tls(context)).resource["id"] == "u-1"


async def test_tls_older_than_1_2_is_refused(tmp_path, monkeypatch):
    context = self_signed(tmp_path)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))

    with pytest.raises(Unreachable) as refused:
        await read_over_tls(context)

    assert refused.value.sent is False


async def test_several_entries_in_answer_to_an_id_are_told_as_several():
    some = [{"id": "1", "userName": "a@x"}, {"id": "2", "userName": "b@x"}]
    async with answering(reply(body={"totalResults": 2, "Resources": some})) as (client, _):
        with pytest.raises(Rejected) as caught:
            await client.read("user", "1")

    assert caught.value.scim_type == "tooMany"
