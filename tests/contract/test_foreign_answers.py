"""Whatever a server answers to whichever request: a value or one of the five errors, and nothing that cannot be kept."""

import gzip
import json
import zlib

import pytest

from provisor.connectors.capture import CAPTURED_BYTES
from provisor.connectors.identifiers import problem_with_id
from provisor.engine.ports import Answer, ConnectorError, Found, Malformed, Page, Rejected, Throttled, Unreachable
from provisor.scim.messages import ERROR_URN
from provisor.scim.patch.operations import Operation
from support.prepared_answers import TOKEN, Cut, answering, reply

CHANGE = [Operation(op="replace", path="displayName", value="Anna")]
CALLS = {
    "find": lambda client: client.find("user", "userName", "anna"),
    "page": lambda client: client.page("user", 1, 10),
    "read": lambda client: client.read("user", "u-1"),
    "create": lambda client: client.create("user", {"userName": "anna"}),
    "patch": lambda client: client.patch("user", "u-1", CHANGE),
    "patch_members": lambda client: client.patch_members("u-1", ["u-2"], []),
    "delete": lambda client: client.delete("user", "u-1"),
}
CHANGES = ("patch", "patch_members", "delete")
USER = {"schemas": [], "id": "u-1", "userName": "anna"}
PLAIN = json.dumps(USER).encode()
LENGTH = f"Content-Length: {len(PLAIN)}"
ESCAPE = "\x1b[31mred\x9b\u202e\u2028\x07"


def raw(head, body=PLAIN):
    """A reply written out, after which the connection is closed."""
    return Cut("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)


def nested(levels):
    return b'{"id": "u-1", "odd": ' + b"[" * levels + b"]" * levels + b"}"


def listed(*resources, **numbers):
    return {"totalResults": len(resources), "startIndex": 1, "Resources": list(resources), **numbers}


# What stands in the status line and the headers

HEADS = {
    "no reason": raw(["HTTP/1.1 200", LENGTH]),
    "bytes as reason": raw(["HTTP/1.1 200 \xff\xfe\x1b[31m", LENGTH]),
    "HTTP/1.0": raw(["HTTP/1.0 200 OK"]),
    "HTTP/2": raw(["HTTP/2 200 OK", LENGTH]),
    "HTTP/0.9": Cut(PLAIN),
    "bytes": Cut(bytes(range(256))),
    "nothing": Cut(b""),
    **{f"status {status}": raw([f"HTTP/1.1 {status} X", LENGTH]) for status in ("000", "20", "999", "2000", "abc")},
    "status 101": raw(["HTTP/1.1 101 Switching", "Upgrade: x", "Connection: upgrade"], b"xx"),
    "several 100": Cut(b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + reply(200, USER)),
    "102 alone": Cut(b"HTTP/1.1 102 Processing\r\n\r\n"),
    "204 with a body": raw(["HTTP/1.1 204 No", LENGTH]),
    "Content-Length of letters": raw(["HTTP/1.1 200 OK", "Content-Length: abc"]),
    "Content-Length below zero": raw(["HTTP/1.1 200 OK", "Content-Length: -5"]),
    "Content-Length twice": raw(["HTTP/1.1 200 OK", LENGTH, "Content-Length: 7"]),
    "Content-Length as a list": raw(["HTTP/1.1 200 OK", f"{LENGTH}, {len(PLAIN)}"]),
    "Content-Length without end": raw(["HTTP/1.1 200 OK", "Content-Length: " + "9" * 30]),
    "Content-Length too small": raw(["HTTP/1.1 200 OK", "Content-Length: 5"]),
    "Content-Length too large": raw(["HTTP/1.1 200 OK", "Content-Length: 5000"]),
    "bad chunks": raw(["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"], b"zz\r\nabc"),
    "unfinished chunks": raw(["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"], b"5\r\nab"),
    "chunks and a length": raw(["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", LENGTH], b"0\r\n\r\n"),
    "unknown transfer": raw(["HTTP/1.1 200 OK", "Transfer-Encoding: x"]),
    **{f"no {coding}": reply(200, PLAIN, Content_Encoding=coding) for coding in ("gzip", "deflate", "br", "zstd", "x")},
    "half of gzip": reply(200, gzip.compress(PLAIN * 50)[:40], Content_Encoding="gzip"),
    "gzip in gzip": reply(200, gzip.compress(gzip.compress(PLAIN)), Content_Encoding="gzip"),
    "raw deflate": reply(200, zlib.compress(PLAIN)[2:-4], Content_Encoding="deflate"),
    "a charset nobody knows": reply(200, PLAIN + b"\xff", Content_Type="application/json; charset=../x"),
    "a charset that is a codec": reply(200, PLAIN + b"\xff", Content_Type="application/json; charset=unicode_escape"),
    "a Content-Type of signs": reply(200, PLAIN, Content_Type=';;charset=;="'),
    "ETag of bytes": reply(200, PLAIN, ETag="\xff\xfe\x9b"),
    "ETag of controls": reply(200, PLAIN, ETag="a\x1b[31mb"),
    "ETag of 8,000": reply(200, PLAIN, ETag="a" * 8000),
    "ETag of 100,000": reply(200, PLAIN, ETag="a" * 100_000),
    "NUL in a header": reply(200, PLAIN, X="a\0b"),
    "10,000 headers": raw(["HTTP/1.1 200 OK", *(f"X{number}: 1" for number in range(10_000)), LENGTH]),
    "a folded header": raw(["HTTP/1.1 200 OK", "X: a\r\n b", LENGTH]),
    "a nameless header": raw(["HTTP/1.1 200 OK", ": a", LENGTH]),
    "cookies": reply(200, PLAIN, Set_Cookie="\x1b\xff=;;;"),
    "Link": reply(200, PLAIN, Link="<\xff>; rel"),
    **{
        f"Location {name}": reply(307, Location=location)
        for name, location in {
            "of bytes": "\xff\xfe\x1b[31m",
            "of brackets": "http://[bad",
            "with a bad port": "http://a:99999/x",
            "of a long name": f"http://{'x' * 300}.example/",
            "of no host": "javascript:alert(1)",
            "with a name": "http://me:secret@127.0.0.1:1/",
            "empty": "",
            "of 8,000": "/" + "a" * 8000,
        }.items()
    },
    **{f"Retry-After {wait[:12]!r}": reply(429, Retry_After=wait) for wait in ("", "\xff", "1e9", "-1", "9" * 5000)},
    "Retry-After of a year": reply(503, Retry_After="Sat, 99 Nov 99999 99:99:99 +9999"),
}

# What stands in the body, whatever the status

BODIES = {
    "empty": b"",
    "blank": b" \r\n ",
    "text": b"OK",
    "HTML": b"<!DOCTYPE html><html><body>Log in</body></html>",
    "controls": ESCAPE.encode(),
    "array": b"[]",
    "array of users": b"[" + PLAIN + b"]",
    "number": b"7",
    "true": b"true",
    "null": b"null",
    "string": b'"u-1"',
    "object": b"{}",
    "half": PLAIN[:20],
    "two": PLAIN + PLAIN,
    "trailing comma": b'{"id": "u-1",}',
    "duplicate keys": b'{"id": "u-1", "id": "u-2", "ID": "u-3"}',
    "NaN": b'{"id": "u-1", "odd": NaN, "more": -Infinity}',
    "number beyond a float": b'{"id": "u-1", "odd": 1e999}',
    "number of 5,000 digits": b'{"id": "u-1", "odd": ' + b"1" * 5000 + b"}",
    "number of 30 digits": b'{"id": "u-1", "odd": ' + b"1" * 30 + b"}",
    "nested 63 times": nested(63),
    "nested 500 times": nested(500),
    "nested 100,000 times": nested(100_000),
    "half a character": b'{"id": "u-1", "userName": "an\\ud83d", "\\ud83d": "\\ude00x"}',
    "NUL": b'{"id": "u-1", "userName": "an\\u0000na", "a\\u0000": 1}',
    "raw NUL": b'{"id": "u-1", "userName": "an\0na"}',
    "raw line break": b'{"id": "u-1", "userName": "an\nna"}',
    "byte order mark": b"\xef\xbb\xbf" + PLAIN,
    "UTF-16": json.dumps(USER).encode("utf-16"),
    "UTF-16 without mark": json.dumps(USER).encode("utf-16-le"),
    "UTF-32": json.dumps(USER).encode("utf-32"),
    "half of UTF-16": json.dumps(USER).encode("utf-16")[:21],
    "not UTF-8": b'{"id": "u-1", "userName": "Andr\xe9"}',
    "not UTF-8 in the id": b'{"id": "u-\xe9"}',
    "bytes": bytes(range(256)) * 4,
    "an error": json.dumps({"schemas": [ERROR_URN], "status": "400", "detail": ESCAPE, "scimType": ESCAPE}).encode(),
    "an error of odd types": json.dumps({"status": [], "detail": {"a": 1}, "scimType": 7}).encode(),
    "an error without end": json.dumps({"detail": "a" * 1_000_000, "scimType": "b" * 1_000_000}).encode(),
    "an id of 1 MB": json.dumps({"id": "a" * 1_000_000}).encode(),
    "a name of 1 MB": json.dumps({"id": "u-1", "userName": "a" * 1_000_000}).encode(),
    "a list": json.dumps(listed(USER)).encode(),
    "a list of anything": json.dumps(listed(None, 7, "x", [], {}, [USER], USER, USER)).encode(),
    "a list of one object": json.dumps({"totalResults": 1, "Resources": USER}).encode(),
    "a list without end": json.dumps(listed(USER, totalResults=10**30, startIndex=-(10**30))).encode(),
    "a list of odd numbers": json.dumps(listed(USER, totalResults=[], startIndex={}, itemsPerPage="x")).encode(),
    "half of a password": b'{"password": "pa55word!',
    "nearly a password": b"assword",
}
STATUSES = (200, 201, 202, 204, 206, 207, 301, 304, 400, 401, 404, 408, 409, 425, 429, 499, 500, 503, 520, 527)

FIELDS = {
    "id": [7, 7.5, None, True, [], {}, ["u-1"], "", " ", ".", "..", "a/b", "\x1b", "\0", "\u202e", "é" * 1025, "a" * 10**6],
    "userName": [["anna"], {"value": "anna"}, 7, None, True, "", "a" * 10**6],
    "displayName": [[], {}, 0, ["a", "b"], "\0"],
    "externalId": [7, 7.5, [], {}, False],
    "active": ["true", "False", 1, 0, "yes", None, [], {}],
    "name": ["Anna", [], 7, {"givenName": []}, [{"familyName": "B"}]],
    "emails": [{"value": "a@x"}, "a@x", [None], [[]], [7], [{"primary": "yes"}], [{"primary": True}] * 3, {}],
    "members": [None, "u-2", {"value": "u-2"}, [{"value": 7}], [None]],
    "x509Certificates": [[{"value": "%" * 1000}], [{"value": " " * 65536 + "%"}], [{"value": 7}]],
    "schemas": [None, "urn:x", {}, [7], []],
    "meta": ["x", None, [], {"version": 7}, {"version": "\x1b"}, {"version": "a" * 10**6}, {"created": "soon"}],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": ["x", None, [], {"manager": []}, {"manager": "b"}],
    "unknown": [[], {"a": [{"b": None}]}, "x", 10**25],
    "ID": ["u-9", 7, None],
    "": [1],
}  # fmt: skip


async def told(call, *answers, **options):
    """What comes of a call before a server with these answers: a value, None or a ConnectorError."""
    async with answering(*answers, **options) as (client, _):
        try:
            return await CALLS[call](client)
        except ConnectorError as error:
            return error


def showable(text):
    """Whether a terminal shows all of a text, and a database keeps it."""
    return all(character.isprintable() or character in "\N{ZERO WIDTH JOINER}" for character in text)


def keepable(value):
    """Whether PostgreSQL and every encoder take a document."""
    written = json.dumps(value, ensure_ascii=False)
    return (
        written == json.dumps(json.loads(written), ensure_ascii=False)
        and "\\u0000" not in written
        and bool(written.encode())
    )


def sound(outcome):
    """Whether an outcome holds nothing that could break, flood or fool whoever keeps or shows it."""
    match outcome:
        case None:
            return True
        case Answer():
            resources, texts = [outcome.resource or {"id": "none"}], []
        case Found() | Page():
            resources, texts = outcome.resources, [outcome.doubt]
            assert outcome.complete == (outcome.doubt == "")
        case ConnectorError():
            detail = [outcome.detail, outcome.scim_type or ""] if isinstance(outcome, Rejected) else []
            texts = [str(outcome), *detail, *([outcome.excerpt] if isinstance(outcome, Malformed) else [])]
            resources = []
    exchange = outcome.exchange
    assert all(showable(text) and len(text) < 3000 for text in texts)
    assert showable(exchange.url)
    assert len(exchange.url) <= CAPTURED_BYTES
    assert all(problem_with_id(resource["id"]) is None and keepable(resource) for resource in resources)
    assert len(exchange.response_body) <= CAPTURED_BYTES
    exchange.response_body.decode()
    return True


# The fast tests try one look-up and one change; the rest read answers by the same way.
EACH_CALL = [
    call if call in ("find", "create", "patch") else pytest.param(call, marks=pytest.mark.slow) for call in CALLS
]


@pytest.mark.fast_rows(30)
@pytest.mark.parametrize("call", EACH_CALL)
@pytest.mark.parametrize("head", HEADS)
async def test_no_head_of_an_answer_makes_anything_but_an_error_of_the_port(head, call):
    assert sound(await told(call, HEADS[head]))


@pytest.mark.fast_rows(24)
@pytest.mark.parametrize("call", EACH_CALL)
@pytest.mark.parametrize("body", BODIES)
async def test_no_body_of_an_answer_makes_anything_but_an_error_of_the_port(body, call):
    async with answering(None) as (client, server):
        for status in STATUSES:
            server.replies = [reply(status, b"" if status in (204, 304) else BODIES[body])]
            try:
                outcome = await CALLS[call](client)
            except ConnectorError as error:
                outcome = error

            assert sound(outcome)


@pytest.mark.fast_rows(10)
@pytest.mark.parametrize("call", EACH_CALL)
@pytest.mark.parametrize("field", FIELDS)
async def test_no_field_of_a_resource_makes_anything_but_an_error_of_the_port(field, call):
    async with answering(None) as (client, server):
        for value in FIELDS[field]:
            resource = {**USER, field: value}
            for body in (resource, listed(resource, {**USER, "id": "u-2"})):
                server.replies = [reply(200, body)]
                try:
                    outcome = await CALLS[call](client)
                except ConnectorError as error:
                    outcome = error

                assert sound(outcome)


@pytest.mark.fast_rows(8)
@pytest.mark.parametrize("call", ["find", "page"])
@pytest.mark.parametrize("field", FIELDS)
async def test_one_odd_resource_of_a_list_does_not_take_the_others_with_it(field, call):
    async with answering(None) as (client, server):
        for value in FIELDS[field]:
            server.replies = [reply(200, listed({**USER, field: value}, {**USER, "id": "u-2"}))]
            outcome = await CALLS[call](client)

            assert "u-2" in [resource["id"] for resource in outcome.resources]


# What a status says


@pytest.mark.parametrize("call", EACH_CALL)
@pytest.mark.parametrize("status", [400, 402, 403, 404, 405, 408, 409, 410, 412, 413, 418, 422, 425, 431, 451, 499])
async def test_a_refusal_of_the_request_keeps_its_status(status, call):
    outcome = await told(call, reply(status, b"<html>no</html>"))

    match call, status:
        case "read", 404 | 410:
            assert outcome is None
        case "find" | "page", 404:
            assert (type(outcome), outcome.status) == (Malformed, 404)
        case _:
            assert (type(outcome), outcome.status) == (Rejected, status)


@pytest.mark.parametrize("call", EACH_CALL)
@pytest.mark.parametrize(
    "status", [500, 501, 502, 504, 507, 511, 520, 521, 522, 523, 524, 525, 526, 527, 530, 599, 999]
)
async def test_a_failure_of_the_server_keeps_its_status(status, call):
    outcome = await told(call, reply(status, b"<html>oops</html>"))

    assert (type(outcome), outcome.status) == (Rejected, status)


@pytest.mark.parametrize("call", EACH_CALL)
@pytest.mark.parametrize("status", [429, 503])
async def test_an_overloaded_server_keeps_its_status(status, call):
    outcome = await told(call, reply(status, b"<html>busy</html>"))

    assert (type(outcome), outcome.status) == (Throttled, status)


@pytest.mark.parametrize("call", EACH_CALL)
@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308, 399])
@pytest.mark.parametrize("headers", [{}, {"Location": "/elsewhere"}], ids=["nowhere", "elsewhere"])
async def test_an_answer_that_sends_us_elsewhere_keeps_its_status(status, call, headers):
    outcome = await told(call, reply(status, **headers))

    assert (type(outcome), outcome.status) == (Malformed, status)


@pytest.mark.parametrize("call", ["find", "page", "read", "create"])
@pytest.mark.parametrize("status", [200, 201, 202, 203, 206, 207, 226, 299])
async def test_an_unreadable_success_keeps_its_status(status, call):
    async with answering(None) as (client, server):
        for body in ("empty", "text", "HTML", "true", "array", "half", "object", "bytes"):
            server.replies = [reply(status, BODIES[body])]
            with pytest.raises(Malformed) as refused:
                await CALLS[call](client)

            assert refused.value.status == status


@pytest.mark.parametrize("call", ["find", "page", "read", "create"])
@pytest.mark.parametrize("head", ["no gzip", "no deflate", "Content-Length too large", "unfinished chunks"])
async def test_a_success_that_cannot_be_unpacked_keeps_its_status(head, call):
    outcome = await told(call, HEADS[head])

    assert (type(outcome), outcome.status) == (Malformed, 200)


@pytest.mark.fast_rows(6)
@pytest.mark.parametrize("call", CHANGES)
@pytest.mark.parametrize("status", [200, 201, 202, 203, 206, 207, 226, 299])
async def test_a_change_answered_with_success_is_done_whatever_the_body(status, call):
    async with answering(None) as (client, server):
        for name in sorted(set(BODIES) - {"a name of 1 MB"}):
            server.replies = [reply(status, BODIES[name])]

            assert isinstance(await CALLS[call](client), Answer), name


@pytest.mark.parametrize("call", CHANGES)
@pytest.mark.parametrize(
    "head", ["no gzip", "no deflate", "half of gzip", "Content-Length too large", "unfinished chunks"]
)
async def test_a_change_answered_with_success_is_done_also_where_the_body_cannot_be_read(head, call):
    outcome = await told(call, HEADS[head])

    assert (type(outcome), outcome.resource) == (Answer, None)


@pytest.mark.parametrize("call", CHANGES)
async def test_a_change_answered_with_success_is_done_also_where_the_body_never_ends(call):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"

    outcome = await told(call, head, timeout_seconds=0.2)

    assert (type(outcome), outcome.resource) == (Answer, None)


@pytest.mark.parametrize("call", ["find", "page", "read", "create"])
async def test_an_answer_that_never_ends_is_given_up(call):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"

    outcome = await told(call, head, timeout_seconds=0.2)

    assert (type(outcome), outcome.timed_out, outcome.sent) == (Unreachable, True, True)


@pytest.mark.parametrize("call", EACH_CALL)
@pytest.mark.parametrize("status", [401, 409, 500])
async def test_a_refusal_whose_body_cannot_be_read_is_that_refusal(status, call):
    outcome = await told(call, reply(status, b"no gzip", Content_Encoding="gzip"))

    assert f"status {status}" in str(outcome)


# What must not reach a log or a terminal


@pytest.mark.parametrize("call", EACH_CALL)
async def test_a_token_that_was_written_in_escapes_is_taken_out(call):
    spelt = "".join(f"\\u00{ord(letter):02X}" if letter in "+/=~t" else letter for letter in TOKEN)
    body = f'{{"detail": "The token {spelt} is\\u0020old", "scimType": "{spelt}"}}'.encode()

    outcome = await told(call, reply(400, body))

    shown = f"{outcome!r} {outcome}"
    assert TOKEN not in shown
    assert spelt not in shown
    assert "The token ••• is old" in shown


@pytest.mark.parametrize("status", [200, 307, 400, 401, 429, 500])
async def test_a_long_name_makes_no_long_sentence(status):
    name = "a\x1b" * 5000
    async with answering(reply(status, b"no")) as (client, _):
        for asking in (
            client.find("user", "userName", name),
            client.create("user", {"userName": name}),
            client.create("group", {"displayName": [name]}),
            client.read("user", "a" * 2048),
        ):
            with pytest.raises(ConnectorError) as refused:
                await asking

            assert sound(refused.value)


async def test_a_token_in_utf_16_is_taken_out():
    outcome = await told("create", reply(400, f"You sent {TOKEN}.".encode("utf-16")))

    assert "You sent •••" in str(outcome)
    assert outcome.exchange.response_body.decode() == "You sent •••."
