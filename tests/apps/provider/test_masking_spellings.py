"""However a secret is spelled and wherever it is put, neither the request log nor the inspector keeps it."""

import json
from urllib.parse import quote

import pytest

from provisor.provider.watch.inspector import READ_TO_MASK
from provisor.provider.watch.masking import MASK, masked_headers, masked_query

SECRET = "hunter2-of-ana"

SPELLINGS = {
    "plain": f'password eq "{SECRET}"',
    "unquoted": f"password eq {SECRET}",
    "apostrophes": f"password eq '{SECRET}'",
    "escaped quotes": f'password eq \\"x\\" and userName eq \\"{SECRET}\\"',
    "a quote in the value": f'password eq "x\\"{SECRET}"',
    "never closed": f'password eq "{SECRET}',
    "a tab for a blank": f'password\teq\t"{SECRET}"',
    "a line end for a blank": f'password\r\neq\n"{SECRET}"',
    "a hard blank": f'password\u00a0eq\u00a0"{SECRET}"',
    "plus for a blank": f'password+eq+"{SECRET}"',
    "one letter encoded": f'%70assword eq "{SECRET}"',
    "one letter within encoded": f"p%61ssword={SECRET}",
    "encoded twice": f'%2570assword eq "{SECRET}"',
    "encoded thrice": f"%252570assword={SECRET}",
    "encoded too often": f"%{'25' * 9}70assword={SECRET}",
    "the sign encoded": f"password%3D{SECRET}",
    "all encoded": "".join(f"%{byte:02x}" for byte in f'password eq "{SECRET}"'.encode()),
    "JSON escape": f'\\u0070assword eq "{SECRET}"',
    "JSON escape of a sign": f"password\\u003d{SECRET}",
    "escape of addresses": f"%u0070assword={SECRET}",
    "hexadecimal escape": f"\\x70assword={SECRET}",
    "HTML": f"&#112;assword={SECRET}",
    "upper": f'PASSWORD EQ "{SECRET}"',
    "mixed": f'PassWord Eq "{SECRET}"',
    "long s": f"pa\u017f\u017fword={SECRET}",
    "wide": f"\uff50assword={SECRET}",
    "zero width": f"pass\u200bword={SECRET}",
    "soft hyphen": f"pass\u00adword={SECRET}",
    "NUL": f"pass\0word={SECRET}",
    "in brackets": f'emails[password eq "{SECRET}"]',
    "sub-attribute": f'password.value sw "{SECRET}"',
    "with its URN": f'urn:ietf:params:scim:schemas:core:2.0:User:password co "{SECRET}"',
    "quoted name": f'"password" eq "{SECRET}"',
    "value first": f"{SECRET} eq password",
    "no blank": f'passwordeq"{SECRET}"',
    "after another": f'userName eq "ana" and password eq "{SECRET}"',
    "before another": f'password eq "{SECRET}" and active pr',
    "longer name": f"oldPassword2={SECRET}",
    "api key": f"api_key={SECRET}",
    "credential": f"credentials: {SECRET}",
    "JSON": json.dumps({"password": SECRET}),
    "JSON in JSON": json.dumps(json.dumps({"password": SECRET})),
    "XML": f"<password>{SECRET}</password>",
    "bearer": f"Bearer {SECRET}",
    "bearer, upper": f"BEARER {SECRET}",
    "bearer, encoded": f"Bearer%20{SECRET}",
    "bearer, tab": f"bearer\t{SECRET}",
    "a token of ours": "umbrella_entra_" + SECRET * 3,
    "a token of ours, encoded": "umbrella%5Fentra%5F" + SECRET * 3,
    "a token of ours, cut": "umbrella_okta_" + SECRET,
}
BASIC = "YW5hOmh1bnRlcjItb2YtYW5h"  # ana: and the secret


def wire(text):
    """A header's value: UTF-8 as a client sends it, without what no header can hold."""
    return text.replace("\r", "").replace("\n", "\t").replace("\0", "").encode().decode("latin-1")


PLACES = {
    "query": lambda scim, text: scim.request("GET", "/Users", query=f"note={text}"),
    "query, encoded": lambda scim, text: scim.request("GET", "/Users", query=f"note={quote(text, safe='')}"),
    "filter": lambda scim, text: scim.request("GET", "/Users", query=f"filter={quote(text, safe='')}"),
    "filter, sent as it is": lambda scim, text: scim.request("GET", "/Users", query=f"count=5&filter={text}"),
    "path": lambda scim, text: scim.request("GET", f"/Users/{text}"),
    "user": lambda scim, text: scim.post("/Users", {"userName": "ana", "displayName": text}),
    "role": lambda scim, text: scim.post("/Users", {"userName": "ana", "roles": [{"value": text}]}),
    "unknown attribute": lambda scim, text: scim.post("/Users", {"userName": "ana", "x": {"y": [text]}}),
    "search": lambda scim, text: scim.post("/Users/.search", {"filter": text}),
    "path of a PATCH": lambda scim, text: scim.patch("/Users/1", {"op": "replace", "path": text, "value": "x"}),
    "no JSON": lambda scim, text: scim.request("POST", "/Users", raw=text.encode()),
    "header": lambda scim, text: scim.request("GET", "/Users", headers={"User-Agent": wire(text)}),
    "error detail": lambda scim, text: scim.post("/Users", {"userName": "ana", "active": text}),
    "error of an id": lambda scim, text: scim.delete(f"/Users/{text}"),
    "error of a query": lambda scim, text: scim.request("GET", "/Users", query=f"startIndex={quote(text, safe='')}"),
}


EACH_PLACE = [
    place if number % 5 == 0 else pytest.param(place, marks=pytest.mark.slow) for number, place in enumerate(PLACES)
]


@pytest.fixture
def kept(umbrella):
    """Everything of requests that is stored."""

    def read():
        umbrella.runner.run(umbrella.target.exchanges.flush())
        umbrella.log()
        reader = umbrella.database.reader()
        logged = reader.all("SELECT path, query, object_id FROM request_log")
        exchanged = reader.all("SELECT sent_headers, sent_body, answered_headers, answered_body FROM exchange")
        assert len(logged) == len(exchanged) == 1
        stored = "\n".join(str(text) for row in (*logged, *exchanged) for text in row)
        return stored.replace(f"authorization: Bearer {MASK}", "")

    return read


@pytest.mark.test_rows(100)
@pytest.mark.fast_rows(30)
@pytest.mark.parametrize("place", EACH_PLACE)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_is_kept_nowhere(scim, kept, place, spelling):
    text = SPELLINGS[spelling]
    if place in ("path", "error of an id"):
        text = text.replace("/", "")  # or it would be another address

    PLACES[place](scim, text)
    stored = kept()

    assert SECRET not in stored
    assert MASK in stored or "(left out" in stored


@pytest.mark.parametrize("place", PLACES)
def test_a_name_and_password_for_http_basic_is_kept_nowhere(scim, kept, place):
    PLACES[place](scim, f"Basic {BASIC}")

    assert BASIC not in kept()


@pytest.mark.parametrize(
    "operation",
    [
        '{"op":"replace","path":"password","value":"%s"}',
        '{"op":"replace","PATH":"password","path":"title","value":"%s"}',
        '{"op":"replace","path":"title","PATH":"password","value":"%s"}',
        '{"op":"replace","path":"password","path":"title","value":"%s"}',
        '{"op":"replace","path":"pass\\u0077ord","value":"%s"}',
        '{"op":"replace","path":"p%%61ssword","value":"%s"}',
        '{"op":"replace","path":["password"],"value":"%s"}',
        '{"op":"replace","path":"password","VALUE":"%s"}',
        '{"op":"replace","path":"password","value":"%s","value":null}',
        '{"op":"replace","value":{"PassWord":"%s"}}',
        '{"op":"replace","value":{"password":"%s","password":null}}',
        '{"op":"replace","value":{"urn:ietf:params:scim:schemas:core:2.0:User:password":["%s"]}}',
        '{"op":"add","path":"roles","value":[{"value":"{\\"password\\":\\"%s\\"}"}]}',
    ],
)
def test_a_secret_in_an_operation_is_kept_nowhere(scim, kept, operation):
    scim.request("PATCH", "/Users/1", raw=(f'{{"Operations":[{operation % SECRET}]}}').encode())

    assert SECRET not in kept()


def test_a_secret_told_by_what_stands_far_behind_it_is_kept_nowhere(scim, kept):
    operation = {"value": SECRET, "filler": "x" * READ_TO_MASK, "op": "replace", "path": "password"}
    scim.patch("/Users/1", operation)

    assert SECRET not in kept()


@pytest.mark.parametrize(
    "text",
    [
        'displayName eq "Secretaries"',
        'displayName eq "Token Ring, Basic Training"',
        'userName eq "passwordless@example.org"',
        'title eq "100% \\"sure\\" & ready"',
        "cursor=abc&count=5",
        "secretary-of-state",
    ],
)
def test_what_only_sounds_like_a_secret_is_shown_as_sent(text):
    assert masked_query(text) == text


def test_schemas_are_shown_though_they_speak_of_passwords(scim, kept):
    scim.get("/Schemas")

    assert MASK not in kept()


def test_a_body_that_only_sounds_like_a_secret_is_shown(scim, kept):
    scim.post("/Groups", {"displayName": "Token Secretaries"})

    assert kept().count('"Token Secretaries"') == 2  # sent and answered


def test_a_header_is_cut_and_masked():
    assert masked_headers([(b"user-agent", b"x" * 600 + b"password=a")]) == f"user-agent: {'x' * 500}"


def test_names_in_the_log_stay_storable_whatever_they_decode_to():
    assert masked_query("token=\\ud800x").encode()


def test_a_failure_that_the_server_logs_names_no_secret(umbrella, scim, caplog):
    with umbrella.database.transaction() as connection:
        connection.execute("DROP TABLE resource")

    umbrella.send("GET", f"{scim.base}/Users/password={SECRET}", "", {"Authorization": f"Bearer {scim.token}"}, b"")

    assert "password=" in caplog.text
    assert SECRET not in caplog.text
