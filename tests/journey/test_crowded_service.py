"""Clients that only hold connections keep nobody else from the service: neither its health, nor the API, nor the pages."""

import resource
import socket
import time
import urllib.request
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.admin.health import Pulse
from provisor.admin.session import Listening
from provisor.main import build
from provisor.settings import read_settings
from provisor.site import site
from provisor.web import connections

pytestmark = pytest.mark.slow

HELD = {
    "say nothing": b"",
    "end no head": b"GET /healthz HTTP/1.1\r\nhost: a\r\nx: ",
    "end no body": b"POST /sign-in HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n"
    b"content-type: application/x-www-form-urlencoded\r\n\r\nname=",
}


@pytest.fixture
def url(tmp_path):
    admin, pulse = build(read_settings({"PROVISOR_DATA": str(tmp_path / "data")})), Pulse()
    pulse.beat_once()
    with site(admin, LOCAL_OPERATOR, pulse, Listening(host="127.0.0.1", port=0)) as url:
        yield url


def connected(url):
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=20)


@pytest.mark.parametrize("what", ["say nothing", "end no head"])
def test_as_many_as_there_may_be_hold_up_nobody(url, what):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    try:
        with ExitStack() as held:
            for _ in range(connections.CONNECTIONS + 50):
                client = held.enter_context(connected(url))
                client.sendall(HELD[what])

            assert urllib.request.urlopen(f"{url}/healthz/live", timeout=20).status == 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("what", HELD)
def test_one_that_waits_forever_is_ended(url, monkeypatch, what):
    for limit in ("HEAD_SECONDS", "BODY_SECONDS"):
        monkeypatch.setattr(connections, limit, 0.5)
    with connected(url) as client:
        client.sendall(HELD[what])
        began = time.monotonic()
        answer = client.recv(1000)

    assert time.monotonic() - began < 10
    assert answer == b"" or b" 408 " in answer


def test_a_head_without_end_is_refused(url):
    with connected(url) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n" + b"".join(b"x-%d: y\r\n" % n for n in range(200)) + b"\r\n")

        assert b" 431 " in client.recv(1000)
