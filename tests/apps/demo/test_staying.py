"""What the demo leaves on a terminal: a portal with a way in and a job that runs; and nothing with --exit."""

import os
import pty
import re
import select
import signal
import sys
import time
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from provisor.testing.secrets_scan import find_secrets
from support.browser import Document

pytestmark = pytest.mark.slow
SECONDS = 100


class Terminal:
    """A demo on a terminal of its own."""

    def __init__(self, folder, *arguments):
        self.text, self.code = "", None
        self.process, self._screen = pty.fork()
        if self.process == 0:
            os.environ["TMPDIR"] = str(folder)
            os.chdir(folder)
            os.execv(sys.executable, [sys.executable, "-m", "provisor", "demo", *map(str, arguments)])

    def read_until(self, words):
        """Read on until the screen has shown these words; all there is, where they are None."""
        deadline = time.monotonic() + SECONDS
        while words is None or words not in self.text:
            assert time.monotonic() < deadline, self.text
            if not select.select([self._screen], [], [], 1)[0]:
                continue
            try:
                self.text += os.read(self._screen, 65536).decode(errors="replace")
            except OSError:  # it has ended
                assert words is None, self.text
                return

    def end(self, number=signal.SIGINT):
        if self.code is None:
            os.kill(self.process, number)
            self.read_until(None)
            self.wait()

    def wait(self):
        self.code = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        os.close(self._screen)


@pytest.fixture
def play(tmp_path):
    users = tmp_path / "users.csv"
    users.write_text("userPrincipalName,displayName\nanna@x.example,Anna\nbo@x.example,Bo\n")
    played = []

    def play(*arguments):
        played.append(Terminal(tmp_path, "--users", users, *arguments))
        return played[-1]

    yield play
    for one in played:
        one.end(signal.SIGTERM)


class Visitor:
    def __init__(self):
        self._open = build_opener(HTTPCookieProcessor(CookieJar())).open

    def get(self, address, fields=None):
        with self._open(address, None if fields is None else urlencode(fields).encode(), timeout=20) as answer:
            return Document(answer.read().decode())

    def press(self, address, action):
        page = self.get(address)
        return self.get(urljoin(address, action), page.forms[action])


def test_the_portal_is_entered_by_the_link_once_and_shows_what_the_demo_did(play, tmp_path):
    demo = play()
    demo.read_until("Ctrl-C ends")
    link = re.search(r"http://127\.0\.0\.1:\d+/sign-in/link/\S+", demo.text)[0]
    root, code = urljoin(link, "/"), link.rpartition("/")[2]
    visitor = Visitor()

    home = visitor.press(link, link.removeprefix(root.rstrip("/")))

    assert "demo Global Administrator" in home.text
    assert "Cisco Umbrella User Management" in home.text
    with pytest.raises(HTTPError):
        Visitor().get(link)
    assert find_secrets({"link": code}, [tmp_path], [demo.process]) == []

    demo.end()
    assert demo.code == 0
    with pytest.raises(OSError, match="refused"):
        Visitor().get(root)


def test_a_change_is_carried_out_while_it_stays(play, tmp_path):
    demo = play()
    demo.read_until("Ctrl-C ends")
    folder = re.search(r"PROVISOR_DATA=(\S+)", demo.text)[1]
    os.system(
        f"PROVISOR_DATA={folder} {sys.executable} -m provisor user set anna@x.example displayName=Changed > /dev/null"
    )

    demo.read_until("incremental cycle 4 succeeded")


def test_with_exit_nothing_stays(play):
    demo = play("--exit")
    demo.read_until(None)
    demo.wait()

    assert demo.code == 0
    assert "sign-in/link" not in demo.text
