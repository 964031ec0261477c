"""A service that is told to stop while a browser follows a page: it ends at once, and so does the page."""

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from urllib.parse import urlencode, urlsplit

import pytest

from provisor.portal.site import COOKIE, LIVE

pytestmark = pytest.mark.slow

PASSWORD = "correct horse battery"
SOON = 8.0  # seconds; what uvicorn would wait for an answer, and then some, is more
MOVING = [rule.path for rule in LIVE if "{" not in rule.path][:1]


@pytest.fixture
def service(tmp_path):
    settings = {"PROVISOR_DATA": str(tmp_path / "data")}
    child = subprocess.Popen(
        [sys.executable, "-m", "provisor", "serve", "--port", "0"],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        text=True,
    )
    yield child
    child.kill()
    child.wait(20)
    child.stdout.close()


def first_link(child):
    for line in child.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+/set-up/\S+", line):
            return urlsplit(found[0])
    raise AssertionError("The service said no link.")


def cookie_of(answer):
    return re.search(rf"{COOKIE}=([^;]+)", answer.headers["set-cookie"])[1]


def set_up(link):
    """The cookie of the first administrator."""
    window = http.client.HTTPConnection(link.netloc, timeout=60)
    window.request("GET", link.path)
    page = window.getresponse()
    token = re.search(r'name="form_token" value="(\w+)"', page.read().decode())[1]
    fields = {"form_token": token, "name": "ana@contoso.com", "password": PASSWORD, "again": PASSWORD}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"{COOKIE}={cookie_of(page)}"}
    window.request("POST", link.path, urlencode(fields), headers)
    answer = window.getresponse()
    answer.read()
    assert answer.status == 303
    window.close()
    return cookie_of(answer)


@pytest.mark.parametrize("path", MOVING)
def test_a_service_with_an_open_stream_stops_in_seconds(service, path):
    link = first_link(service)
    stream = http.client.HTTPConnection(link.netloc, timeout=60)
    stream.request("GET", path, headers={"Cookie": f"{COOKIE}={set_up(link)}"})
    answer = stream.getresponse()
    assert answer.status == 200
    assert answer.readline().startswith(b"retry")

    told = time.monotonic()
    service.send_signal(signal.SIGTERM)
    answer.read()  # to its end
    service.wait(60)

    assert time.monotonic() - told < SOON
    assert service.returncode == 0
    stream.close()
