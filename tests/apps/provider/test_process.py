"""The target as a process: started, stopped, killed, and beside other processes that make and revoke tokens."""

import http.client
import signal
import sqlite3
import stat
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.slow

BOTH_STORES = True


def test_a_running_server_honours_a_new_token_and_forgets_a_revoked_one_at_once(serve):
    process = serve()

    client = process.client()
    before = client.get("/Users").status
    revoked = process.run("token", "revoke", "tests")

    assert (before, revoked.returncode, client.get("/Users").status) == (200, 0, 401)


def test_two_servers_on_one_file_see_each_others_writes_and_totals(serve):
    one = serve()
    two = serve()
    first = one.client()
    second = two.client_of(first.token)

    ids = [first.user(f"u{number}")["id"] for number in range(5)]
    assert second.get("/Users", startIndex=3, count=2).resources[0]["id"] == ids[2]
    first.delete(f"/Users/{ids[0]}")

    assert second.get("/Users").json["totalResults"] == 4
    assert second.get("/Users", startIndex=3, count=2).resources[0]["id"] == ids[3]
    assert second.post("/Users", {"userName": "U1"}).status == 409


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_with_the_log_written(serve, number, in_sqlite):
    process = serve()
    process.client().get("/Users")

    code = process.stop(number)

    process.start()
    log = Path(process.environment["PROVISOR_TARGET_DATABASE_URL"].removeprefix("sqlite:///"))
    assert code == 0
    assert sqlite3.connect(log).execute("SELECT count(*) FROM request_log").fetchone() == (1,)


def test_the_log_is_readable_by_others_within_a_tenth_of_a_second(serve, eventually, in_sqlite):
    process = serve()
    process.client().get("/Users")
    log = sqlite3.connect(process.environment["PROVISOR_TARGET_DATABASE_URL"].removeprefix("sqlite:///"))

    eventually(lambda: log.execute("SELECT method, status FROM request_log").fetchall() == [("GET", 200)], seconds=1)


def test_the_database_is_for_its_owner_only(serve, in_sqlite):
    file = Path(serve().environment["PROVISOR_TARGET_DATABASE_URL"].removeprefix("sqlite:///"))

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_body_sent_in_pieces_and_one_too_large_are_handled(serve):
    process = serve()
    client = process.client()
    parts = urlsplit(process.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    headers = {"Authorization": f"Bearer {client.token}", "Transfer-Encoding": "chunked"}
    pieces = [b'{"userName":', b'"ana"', b"}"]

    connection.request("POST", parts.path + "/Users", iter(pieces), headers, encode_chunked=True)

    assert connection.getresponse().status == 201
    assert client.request("POST", "/Users", raw=b"x" * (1024 * 1024 + 1)).status == 413


def test_it_says_why_it_cannot_start(serve, tmp_path):
    process = serve("umbrella")
    process.client().user()
    port = urlsplit(process.url).port

    taken = process.run("serve", "--port", str(port))
    other = process.run("serve", "--port", "0", "--profile", "generic")
    wrong = process.run("serve", "--profile", "nonsense")

    assert (taken.returncode, other.returncode, wrong.returncode) == (1, 1, 2)
    assert f"port {port}" in taken.stderr
    assert "umbrella" in other.stderr
    assert "Traceback" not in taken.stderr + other.stderr + wrong.stderr


def test_the_ready_file_holds_the_url(serve, tmp_path, eventually):
    process = serve()
    file = tmp_path / "ready"
    child = subprocess.Popen(
        process.command("serve", "--port", "0", "--ready-file", str(file)),
        env=process.environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        eventually(file.exists)
        assert file.read_text().startswith("http://127.0.0.1:")
    finally:
        child.terminate()
        child.wait(10)
