"""`provisor serve` killed while several clients write over its API: what was answered is there, once, and nothing half.

More kills than `make test` makes: `PROVISOR_TEST_KILLS=200 pytest tests/journey/test_api_killed.py`.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from random import Random

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.main import build
from provisor.settings import read_settings
from support.api_writers import CutOffError, Wire, Writer, Written, access_token, one_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3_600),
    pytest.mark.xdist_group("api killed"),  # all over one service
]

KILLS = int(os.environ.get("PROVISOR_TEST_KILLS", "5"))
CLIENTS = 4
LONGEST_SECONDS = 1.2  # from the first write to the kill
ADMINISTRATOR = ["Global Administrator"]


class Served:
    """A service as a process of its own, killed and begun again over the same folder."""

    def __init__(self, folder):
        self.folder = folder
        admin = build(read_settings({"PROVISOR_DATA": str(folder)}))
        self.database = admin.users.context.database.path
        self.token = admin.machines["token"].create(ME, "writers", ADMINISTRATOR).secret.reveal()
        self.client = admin.machines["client"].create(ME, "client", ADMINISTRATOR).to_json()
        admin.users.context.database.close()

    def start(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "provisor", "serve", "--port", "0", "--requests-per-second", "100000"],
            env={**kept, "PROVISOR_DATA": str(self.folder)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        line = self.process.stdout.readline()
        self.url = next(word.rstrip(",/") for word in line.split() if word.startswith("http:"))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=30)

    def wire(self, token=None):
        return Wire(self.url, token or self.token)

    def audited(self, request_id):
        """How many changes the audit log has of a request."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT count(*) FROM audit_event WHERE correlation = ?", (request_id,))
            return found.fetchone()[0]

    def is_whole(self):
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    made = Served(tmp_path_factory.mktemp("killed") / "data")
    made.start()
    yield made
    made.kill()


def tokens_until_cut_off(url, client, given):
    try:
        while True:
            given.append(access_token(url, client))
            time.sleep(0.01)
    except CutOffError:
        pass


def written_until_killed(served, writers, chance):
    """Everybody writes; somewhere in the midst of it the process is gone. The access tokens it has given."""
    given = []
    threads = [threading.Thread(target=one.write_until_cut_off, args=(served.url, served.token)) for one in writers]
    threads.append(threading.Thread(target=tokens_until_cut_off, args=(served.url, served.client, given)))
    for thread in threads:
        thread.start()
    time.sleep(chance.uniform(0.05, LONGEST_SECONDS))
    served.kill()
    for thread in threads:
        thread.join(60)
    return given


def is_there(written, wire):
    """True: wholly; False: not at all. A part of it is a fault."""
    remains = written.seen(wire)
    assert all(remains.values()), f"Half of it is there: {written.what}: {remains}"
    assert not any(name.endswith("of them") and name != "1 of them" for name in map(str, remains)), written.what
    return bool(remains)


def judge(served, wire, writer):
    """That what the writer was answered is there. How many of its writes that were."""
    assert writer.unexpected == []
    last = {one.register: one for one in writer.written if one.answered and one.register}
    for one in writer.written:
        there = is_there(one, wire) if one is last.get(one.register, one) or not one.answered else None
        if one.answered and there is None:
            continue  # another has taken its place
        if one.answered and not there:
            (cut_off,) = [other for other in writer.written if not other.answered] or [None]
            assert cut_off is not None and cut_off.register == one.register != "", one.what
            assert is_there(cut_off, wire), one.what  # it was not answered, and has taken its place all the same
        if one.answered:
            assert served.audited(one.request_id) == 1, one.what
    return len([one for one in writer.written if one.answered])


@pytest.mark.parametrize("seed", range(KILLS))
def test_what_was_answered_is_there_and_nothing_is_half_written(served, seed):
    chance = Random(seed)
    wire = served.wire()
    writers = [Writer(f"s{seed}c{number}", Random(seed * 100 + number)) for number in range(CLIENTS)]
    for writer in writers:
        writer.prepare(wire)

    tokens = written_until_killed(served, writers, chance)
    served.start()
    wire = served.wire()

    answered = sum(judge(served, wire, writer) for writer in writers)
    assert served.is_whole()
    assert answered
    for token in {served.token, *tokens}:
        assert served.wire(token).all("/users?$top=1")


# That it would be noticed


def test_half_a_write_would_be_noticed():
    with pytest.raises(AssertionError, match="Half of it is there"):
        is_there(Written(what="a write", seen=lambda wire: {"surname": True, "city": False}), None)


def test_a_second_object_would_be_noticed():
    with pytest.raises(AssertionError, match="a write"):
        is_there(Written(what="a write", seen=lambda wire: one_of(["first", "second"])), None)


@pytest.mark.parametrize("register", ["", "rules"])
def test_a_lost_write_would_be_noticed(register):
    lost = Written(what="a write", seen=lambda wire: {}, answered=True, register=register)

    with pytest.raises(AssertionError, match="a write"):
        judge(None, None, Writer("client", None, written=[lost]))
