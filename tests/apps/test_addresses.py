"""Where a request comes from behind a proxy that is trusted: what that proxy saw, whatever the client wrote itself."""

import pytest

from provisor.web.addresses import client_address, own_address
from provisor.web.throttle import network

FORGED, SEEN = "203.0.113.66", "198.51.100.7"


def request(*headers):
    lines = [(name.lower().encode(), value.encode()) for name, value in headers]
    return {"scheme": "http", "client": ("127.0.0.1", 5)}, dict([(b"host", b"inside.example"), *lines])


FORWARDED = {
    "one address": ([SEEN], SEEN),
    "added to the client's": ([f"{FORGED}, {SEEN}"], SEEN),
    "on a line of its own": ([FORGED, SEEN], SEEN),  # as HAProxy does
    "with the client's port": ([f"{SEEN}:49152"], SEEN),
    "an IPv6 address with its port": (["[2001:db8::1]:49152"], "2001:db8::1"),
    "nothing": ([], "127.0.0.1"),
}


@pytest.mark.parametrize("what", FORWARDED)
def test_the_address_is_the_one_that_the_proxy_saw(what):
    lines, seen = FORWARDED[what]

    assert client_address(*request(*(("X-Forwarded-For", line) for line in lines)), trust_proxy=True) == seen


def test_without_a_trusted_proxy_nobody_chooses_an_address():
    assert client_address(*request(("X-Forwarded-For", FORGED)), trust_proxy=False) == "127.0.0.1"


def test_the_proxys_own_line_says_how_clients_call_us():
    lines = [("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Host", "sso.example"), ("X-Forwarded-Proto", "https")]

    assert own_address(*request(*lines), trust_proxy=True) == "https://sso.example"


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        (SEEN, FORGED, False),
        (f"::ffff:{SEEN}", f"::ffff:{FORGED}", False),
    ],
)
def test_guesses_are_counted_for_a_whole_network_of_one_household(first, second, same):
    assert (network(first) == network(second)) is same
