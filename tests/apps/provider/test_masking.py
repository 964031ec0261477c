"""What the inspector keeps holds no secret: passwords, tokens, credentials, wherever a client puts them."""

import json

import pytest

from provisor.provider.watch.masking import (
    BODY_LIMIT,
    LEFT_OUT,
    MASK,
    masked_body,
    masked_headers,
    masked_query,
    shown_answer,
)

TOKEN = "umbrella_entra_" + "Ab0-_" * 8


def body(value):
    return masked_body(json.dumps(value).encode())


@pytest.mark.parametrize(
    "value",
    [
        {"userName": "a", "password": "hunter2"},
        {"userName": "a", "PassWord": "hunter2"},
        {"op": "replace", "path": "password", "value": "hunter2"},
        {"Operations": [{"op": "Replace", "Path": "Password", "Value": "hunter2"}]},
        {"Operations": [{"op": "replace", "value": {"password": "hunter2"}}]},
        {"Operations": [{"op": "replace", "value": {"urn:x:User:password": "hunter2"}}]},
        {"clientSecret": ["hunter2"]},
        {"password": {"value": "hunter2"}},
        {"password": 1, "apiToken": "hunter2"},
    ],
)
def test_secrets_in_a_body_are_masked(value):
    assert "hunter2" not in body(value)
    assert MASK in body(value)


def test_a_name_of_an_attribute_written_with_escapes_is_seen_through():
    assert "hunter2" not in masked_body(rb'{"p\u0061ssword":"hunter2"}')


@pytest.mark.parametrize(
    "raw", [b'{"password":"hunter2', b"password=hunter2", b'{"password":"hunter2"}' + b" " * 9000 + b"x"]
)
def test_what_cannot_be_read_and_looks_secret_is_left_out(raw):
    assert masked_body(raw) == LEFT_OUT


def test_a_secret_in_a_body_longer_than_what_is_shown_is_masked():
    long = {"displayName": "x" * BODY_LIMIT, "password": "hunter2"}

    assert "hunter2" not in body(long)
    assert len(body(long).encode()) <= BODY_LIMIT


def test_what_is_no_secret_is_shown_as_sent():
    raw = b'{ "userName" : "ana",\n "title":"Secretary of the token ring" }'

    assert masked_body(raw) == raw.decode()


def test_our_own_tokens_are_masked_anywhere():
    assert TOKEN not in masked_query(f"filter=displayName eq {TOKEN}")
    assert TOKEN not in body({"displayName": TOKEN})
    assert TOKEN not in shown_answer(f'{{"detail":"{TOKEN}"}}'.encode())


@pytest.mark.parametrize(
    "query",
    [
        "access_token=hunter2",
        "a=1&password=hunter2&b=2",
        "filter=password%20eq%20%22hunter2%22",
        "filter=password+eq+%22hunter2%22%20and%20active%20pr",
        'filter=userName eq "a" and password sw "hunter2',
    ],
)
def test_secrets_in_a_query_are_masked(query):
    assert "hunter2" not in masked_query(query)


def test_secrets_of_attributes_of_a_tenants_own_are_masked_in_a_query():
    assert masked_query('filter=pin eq "4711" or badge eq "7"', {"pin"}) == f"filter=pin eq {MASK}"


@pytest.mark.parametrize(
    "value",
    [{"filter": 'password eq "hunter2"'}, {"Operations": [{"op": "remove", "path": 'x[secret eq "hunter2"]'}]}],
    ids=["search", "patch"],
)
def test_secrets_in_a_filter_of_a_body_are_masked(value):
    assert "hunter2" not in body(value)


def test_an_ordinary_query_is_shown_as_sent():
    assert masked_query("filter=userName%20eq%20%22a%22&count=5") == "filter=userName%20eq%20%22a%22&count=5"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"Bearer hunter2", f"Bearer {MASK}"),
        (b"hunter2", MASK),
        (b"hunter2 more", MASK),
        (b"Basic aHVudGVyMg==", f"Basic {MASK}"),
    ],
)
def test_of_credentials_only_the_scheme_is_kept(value, shown):
    assert masked_headers([(b"authorization", value)]) == f"authorization: {shown}"


def test_headers_that_tell_nothing_of_the_request_are_not_kept():
    assert masked_headers([(b"cookie", b"a=b"), (b"x-api-key", b"c"), (b"accept", b"*/*")]) == "accept: */*"


def test_bytes_that_are_no_text_are_shown_as_such():
    assert masked_body(b"\xff\x00") == "\ufffd\ufffd"
