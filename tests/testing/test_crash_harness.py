"""The fault proxy and the crash harness, tried on a client of ten lines and a server that keeps what it received."""

import http.server
import json
import sys
import threading
import urllib.parse

import pytest

from provisor.testing.crash import kill_and_resume, run_behind, strike_points
from provisor.testing.proxy import KillAfter, LoseReply, fault_proxy
from provisor.testing.target_state import differences, read_state

CLIENT = """
import http.client, sys, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
connection = http.client.HTTPConnection(url.hostname, url.port)
for number in range(int(sys.argv[2])):
    connection.request("POST", url.path + "/Users", '{"userName": "person%d"}' % number)
    answer = connection.getresponse()
    print(answer.status, answer.read().decode())
"""


class Keeper(http.server.BaseHTTPRequestHandler):
    """A SCIM server of sorts: every POST adds a user, a GET lists them by pages of two in chunks."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.users.append({"id": str(len(self.server.users)), **body})
        self.answer(201, self.server.users[-1])

    def do_GET(self):
        parts = urllib.parse.urlsplit(self.path)
        start = int(urllib.parse.parse_qs(parts.query)["startIndex"][0])
        held = self.server.users if parts.path.endswith("/Users") else self.server.groups
        self.answer(200, {"totalResults": len(held), "Resources": held[start - 1 : start + 1]})

    def answer(self, status, body):
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(payload), payload))

    def log_message(self, *_):
        pass


@pytest.fixture
def keeper():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keeper) as server:
        server.daemon_threads = True
        server.users, server.groups = [], []
        server.url = f"http://127.0.0.1:{server.server_port}/scim/v2"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def proxy(keeper):
    with fault_proxy(keeper.url) as proxy:
        yield proxy


def posting(proxy, times=5):
    return [sys.executable, "-c", CLIENT, proxy.url, str(times)]


@pytest.mark.slow
def test_a_passing_proxy_changes_nothing(keeper, proxy):
    run = run_behind(proxy, posting(proxy))

    assert (run.exit_code, run.struck, len(keeper.users)) == (0, False, 5)
    assert run.forwarded == (("POST", "/scim/v2/Users"),) * 5
    assert run.output.startswith('201 {"id": "0", "userName": "person0"}')


@pytest.mark.slow
def test_a_victim_dies_after_its_nth_request_reached_the_target(keeper, proxy):
    run = run_behind(proxy, posting(proxy), KillAfter(nth=3))

    assert (run.killed, run.struck, len(run.forwarded), len(keeper.users)) == (True, True, 3, 3)


@pytest.mark.slow
def test_a_killed_command_is_run_again_in_peace(keeper, proxy):
    killed, resumed = kill_and_resume(proxy, posting(proxy), 2)

    assert (killed.killed, resumed.exit_code) == (True, 0)
    assert [len(killed.forwarded), len(resumed.forwarded), len(keeper.users)] == [2, 5, 7]


@pytest.mark.slow
def test_a_lost_reply_was_carried_out(keeper, proxy):
    run = run_behind(proxy, posting(proxy), LoseReply(frozenset({2})))

    assert (run.exit_code, run.killed, run.struck, len(keeper.users)) == (1, False, True, 2)
    assert "RemoteDisconnected" in run.errors


@pytest.mark.slow
def test_what_a_killed_client_had_written_may_still_arrive(keeper, proxy):
    burst = """
import socket, sys, time, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
open_ = [socket.create_connection((url.hostname, url.port)) for _ in range(4)]
for one in open_:
    one.sendall(b"POST /scim/v2/Users HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
time.sleep(30)
"""
    command = [sys.executable, "-c", burst, proxy.url]

    dropped = run_behind(proxy, command, KillAfter(nth=1))
    stragglers = run_behind(proxy, command, KillAfter(nth=1, stragglers=True))

    assert (dropped.killed, len(dropped.forwarded)) == (True, 1)
    assert (stragglers.killed, len(stragglers.forwarded)) == (True, 4)


def test_a_target_behind_something_else_than_plain_http_is_refused():
    with pytest.raises(ValueError, match="plain HTTP"), fault_proxy("https://api.example.com/scim"):
        pass


def test_strike_points_cover_every_stretch_and_repeat_with_their_seed():
    points = strike_points(1000, 12, seed=7)

    assert points == strike_points(1000, 12, seed=7)
    assert points != strike_points(1000, 12, seed=8)
    assert (points[0], points[-1], len(points)) == (1, 1000, 12)
    assert all(any(low < point <= low + 100 for point in points) for low in range(0, 1000, 100))


@pytest.mark.parametrize("count", [1, 2, 3, 12])
def test_few_strike_points_are_still_within_the_run(count):
    assert all(1 <= point <= 20 for point in strike_points(20, count, seed=1))
    assert strike_points(3, 12, seed=1) == [1, 2, 3]


def test_the_state_of_a_target_is_read_over_all_pages(keeper):
    keeper.users += [{"id": str(number), "userName": f"person{number}"} for number in range(5)]
    keeper.groups += [{"id": "g", "displayName": "Sales", "members": [{"value": "3"}, {"value": "9"}]}]

    state = read_state(keeper.url, "token")

    assert state.users.total() == 5
    assert dict(state.memberships) == {("Sales", "person3"): 1, ("Sales", "unknown id 9"): 1}


def test_states_are_compared_in_sentences_and_duplicates_named(keeper):
    keeper.users += [{"id": "1", "userName": "anna"}]
    expected = read_state(keeper.url, "token")
    keeper.users += [{"id": "2", "userName": "Anna"}]

    found = read_state(keeper.url, "token")

    assert differences(expected, found) == ['user too much: {"userName": "Anna"}']
    assert differences(expected, expected) == []
    assert (expected.duplicates(), found.duplicates()) == ([], ["user anna is there 2 times"])
