"""The provisioning log passed on to a file and to syslog: everything, in order, at least once, from when it was set."""

import json
import re
import socket
import tempfile
from datetime import datetime

import pytest

from provisor.engine.log_event import Facts, Sent, encode
from provisor.runner.job_lock import job_lock
from provisor.runner.tidying.forwarding import forward
from provisor.runner.tidying.sinks import syslog_address
from provisor.storage import forwarding, log
from provisor.storage.forwarding import Receiver
from provisor.storage.log import LogRow

SENT = Sent("POST", "/Users", 201, "x", "y", 1.0)


@pytest.fixture
def write(database, tenant):
    def write(*names, status="success", size=0):
        with database.transaction() as connection:
            start = log.newest_number(connection)
            facts = encode(Facts(kind="user", sent=SENT, modified=[("a", None, "v" * size)] if size else [])).decode()
            log.append(
                connection,
                [
                    LogRow(f"id-{number}", tenant, 1, "c", number, "create", status, None, "s", name, None, facts)
                    for number, name in enumerate(names, start + 1)
                ],
            )

    return write


@pytest.fixture
def receive(database, tenant):
    def receive(sink, address):
        with database.transaction() as connection:
            position = log.newest_number(connection)
            forwarding.set_receiver(connection, tenant, sink, Receiver(str(address), position))

    return receive


def names(path):
    return [json.loads(line)["sourceIdentity"]["displayName"] for line in path.read_text().splitlines()]


def test_a_file_has_what_was_written_since_it_was_set_once_and_in_order(database, tenant, write, receive, tmp_path):
    write("before")
    receive("file", tmp_path / "log.jsonl")
    write("anna", "bo")
    forward(database, tenant)
    write("carl")

    failures = [forward(database, tenant), forward(database, tenant)]

    assert names(tmp_path / "log.jsonl") == ["anna", "bo", "carl"]
    assert failures == [{}, {}]
    assert (tmp_path / "log.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_file_that_was_moved_away_is_begun_anew(database, tenant, write, receive, tmp_path):
    path = tmp_path / "log.jsonl"
    receive("file", path)
    write("anna")
    forward(database, tenant)
    path.rename(tmp_path / "log.1")
    write("bo")

    forward(database, tenant)

    assert (names(tmp_path / "log.1"), names(path)) == (["anna"], ["bo"])


def test_a_receiver_that_was_away_gets_what_it_lacks(database, tenant, write, receive, tmp_path):
    folder = tmp_path / "away"
    receive("file", folder / "log.jsonl")
    write("anna")
    failed = forward(database, tenant)
    folder.mkdir()
    write("bo")

    forward(database, tenant)

    assert "No such file or directory" in failed["file"]
    assert names(folder / "log.jsonl") == ["anna", "bo"]


def test_one_that_fails_does_not_keep_the_other_waiting(database, tenant, write, receive, tmp_path):
    receive("syslog", f"unix:{tmp_path}/nobody")
    receive("file", tmp_path / "log.jsonl")
    write("anna")

    failed = forward(database, tenant)

    assert (set(failed), names(tmp_path / "log.jsonl")) == ({"syslog"}, ["anna"])


def test_a_kill_before_the_position_is_kept_repeats_and_loses_none(database, tenant, write, receive, tmp_path):
    receive("file", tmp_path / "log.jsonl")
    before = forwarding.receivers(database.reader(), tenant)["file"]
    write("anna")
    forward(database, tenant)
    with database.transaction() as connection:  # as it stands when the process was killed after the write
        forwarding.set_receiver(connection, tenant, "file", before)
    write("bo")

    forward(database, tenant)

    assert names(tmp_path / "log.jsonl") == ["anna", "anna", "bo"]


def test_another_receiver_that_is_set_meanwhile_keeps_its_own_position(database, tenant, write, receive, tmp_path):
    receive("file", tmp_path / "old.jsonl")
    old = forwarding.receivers(database.reader(), tenant)["file"]
    write("anna", "bo")
    receive("file", tmp_path / "new.jsonl")

    with database.transaction() as connection:
        forwarding.passed(connection, tenant, "file", old, 1)
    write("carl")
    forward(database, tenant)

    assert names(tmp_path / "new.jsonl") == ["carl"]


def test_while_one_process_forwards_another_leaves_it_alone(database, tenant, write, receive, tmp_path):
    receive("file", tmp_path / "log.jsonl")
    write("anna")

    with job_lock(database.path, "log-forwarding"):
        assert forward(database, tenant) == {}

    assert not (tmp_path / "log.jsonl").exists()


@pytest.fixture(params=["unix", "udp"])
def syslog(request):
    """A syslog that listens, and its address."""
    channel = socket.socket(socket.AF_UNIX if request.param == "unix" else socket.AF_INET, socket.SOCK_DGRAM)
    channel.settimeout(10)
    if request.param == "unix":
        with tempfile.TemporaryDirectory() as folder:  # the path of a socket must be short, and that of tmp_path is not
            path = f"{folder}/log"
            channel.bind(path)
            yield channel, f"unix:{path}"
    else:
        channel.bind(("127.0.0.1", 0))
        yield channel, f"udp:127.0.0.1:{channel.getsockname()[1]}"
    channel.close()


@pytest.mark.parametrize(("status", "severity"), [("success", 6), ("skipped", 6), ("warning", 4), ("failure", 3)])
def test_syslog_gets_rfc_5424_with_the_severity_of_the_outcome(
    database, tenant, write, receive, syslog, status, severity
):
    channel, address = syslog
    receive("syslog", address)
    write("Åse", status=status)

    failures = forward(database, tenant)

    said = channel.recv(1 << 20).decode()
    found = re.fullmatch(r"<(\d+)>1 (\S+)Z (\S+) provisor (\d+) provisioning - (\{.*\})", said)
    assert failures == {}
    assert int(found[1]) == 16 * 8 + severity
    assert datetime.fromisoformat(found[2])
    document = json.loads(found[5])
    assert (document["sourceIdentity"]["displayName"], "exchange" in document) == ("Åse", False)


def test_an_event_too_long_for_a_datagram_is_sent_without_its_values(database, tenant, write, receive, syslog):
    channel, address = syslog
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    receive("syslog", address)
    write("anna", size=900_000)

    failures = forward(database, tenant)

    document = json.loads(channel.recv(1 << 20).decode().partition(" - ")[2])
    assert (failures, document["sourceIdentity"]["displayName"]) == ({}, "anna")
    assert "modifiedProperties" not in document


@pytest.mark.parametrize(
    "text", ["", "unix:", "unix:relative", "udp:host", "udp:host:0", "udp::514", "tcp:host:514", "udp:h:70000"]
)
def test_what_is_no_address_of_a_syslog_is_refused_in_a_sentence(text):
    with pytest.raises(ValueError, match=r"write unix:/dev/log or udp:HOST:PORT"):
        syslog_address(text)


def test_an_address_with_colons_is_written_in_brackets():
    assert syslog_address("udp:[::1]:514") == (socket.AF_INET6, ("::1", 514))
