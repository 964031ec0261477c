"""Many clients and several processes on one database: nothing lost, nothing twice.

Either one server with workers behind one socket, or servers that know nothing of one another. Then what the workers of
one server have together, and how they end.
"""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.slow

CLIENTS = 50
STEPS = 25
in_every_shape = pytest.mark.parametrize(
    ("store", "shape"),
    [("sqlite", (1, 3)), ("postgresql", (1, 3)), ("postgresql", (2, 1))],
    ids=["sqlite-three-processes", "postgresql-three-processes", "postgresql-two-servers"],
    indirect=True,
)


@pytest.fixture
def shape(request):
    """How many servers, and of how many processes each."""
    return request.param


class Fleet:
    """Fifty clients, dealt out to the servers."""

    def __init__(self, servers, token):
        self.lines = [server.line(token) for server, _ in zip(cycle(servers), range(CLIENTS), strict=False)]
        self.client = servers[0].client_of(token)
        self.counted = sum(len(server.pids) for server in servers)

    def at_once(self, work):
        """What `work(number, line)` returns for every client, each in a thread of its own, all let go together."""
        gate = threading.Barrier(CLIENTS)

        def one(number):
            gate.wait(20)
            return work(number, self.lines[number])

        with ThreadPoolExecutor(CLIENTS) as threads:
            return list(threads.map(one, range(CLIENTS)))


@pytest.fixture
def fleet(serve, new_url, shape):
    servers, processes = shape
    url, ready = new_url("generic")
    made = Fleet([serve("generic", "--processes", str(processes), url=url) for _ in range(servers)], ready.token)
    assert made.counted == servers * processes
    return made


def version_of(answer):
    return int(answer.headers["etag"].split('"')[1])


def set_name(line, user, name, **headers):
    return line.patch(f"/Users/{user}", {"op": "replace", "path": "displayName", "value": name}, **headers)


@in_every_shape
def test_fifty_clients_on_one_group_and_one_user_lose_nothing(fleet):
    client = fleet.client
    group, shared = client.group("Field Staff")["id"], client.user("shared")["id"]
    own = [[client.user(f"u{number}-{one}")["id"] for one in range(2)] for number in range(CLIENTS)]

    def work(number, line):
        """Two people in and out, each the client's own, and a new value for the one that all change."""
        inside, moves, changes = set(), [], []
        for step in range(STEPS):
            person = own[number][step % 2]
            if person in inside:
                operation = {"op": "remove", "path": f'members[value eq "{person}"]'}
            else:
                operation = {"op": "add", "path": "members", "value": [{"value": person}]}
            answer = line.patch(f"/Groups/{group}", operation)
            assert answer.status == 204, answer
            inside ^= {person}
            moves.append(version_of(answer))
            answer = set_name(line, shared, f"{number}-{step}")
            assert (answer.status, answer.json["displayName"]) == (200, f"{number}-{step}")
            changes.append((version_of(answer), f"{number}-{step}"))
        return inside, moves, changes

    told = fleet.at_once(work)

    moves = sorted(version for _, some, _ in told for version in some)
    changes = sorted(change for _, _, some in told for change in some)
    at_last = client.get(f"/Users/{shared}")
    assert client.members(group) == sorted(set().union(*(inside for inside, _, _ in told)))
    assert moves == list(range(2, 2 + STEPS * CLIENTS))  # every change has a version of its own, and none is missing
    assert version_of(client.get(f"/Groups/{group}")) == moves[-1]
    assert [version for version, _ in changes] == list(range(2, 2 + STEPS * CLIENTS))
    assert (version_of(at_last), at_last.json["displayName"]) == changes[-1]


@in_every_shape
def test_if_match_lets_one_through_for_every_version(fleet):
    user = fleet.client.user("shared")["id"]

    def work(number, line):
        passed, statuses = [], Counter()
        for step in range(STEPS):
            read = line.ask("GET", f"/Users/{user}")
            answer = set_name(line, user, f"{number}-{step}", **{"If-Match": read.headers["etag"]})
            statuses[answer.status] += 1
            if answer.status == 200:
                passed.append((version_of(read), version_of(answer), f"{number}-{step}"))
        return passed, statuses

    told = fleet.at_once(work)

    passed = sorted(one for some, _ in told for one in some)
    statuses = sum((counted for _, counted in told), Counter())
    last = fleet.client.get(f"/Users/{user}")
    assert [(before, after) for before, after, _ in passed] == [(n, n + 1) for n in range(1, version_of(last))]
    assert last.json["displayName"] == passed[-1][2]
    assert statuses == {200: len(passed), 412: STEPS * CLIENTS - len(passed)}
    assert statuses[412] > 0  # they did race


def in_some_case(name, number):
    """The name as one client writes it, unlike every other one."""
    return "".join(letter.upper() if number >> place & 1 else letter for place, letter in enumerate(name))


@in_every_shape
def test_of_fifty_who_create_the_same_one_does_and_the_rest_are_409(fleet):
    names = [
        (path, attribute, name)
        for path, attribute in (("/Users", "userName"), ("/Groups", "displayName"))
        for name in ("fieldstaff", "everybody", "engineers")
    ]

    def work(number, line):
        return [line.ask("POST", path, {attribute: in_some_case(name, number)}) for path, attribute, name in names]

    told = fleet.at_once(work)

    for answers in zip(*told, strict=True):
        assert Counter(answer.status for answer in answers) == {201: 1, 409: CLIENTS - 1}
        assert {answer.json["scimType"] for answer in answers if answer.status == 409} == {"uniqueness"}
    made = {answer.json["id"] for answers in told for answer in answers if answer.status == 201}
    listed = [fleet.client.get(path).json for path in ("/Users", "/Groups")]
    assert [page["totalResults"] for page in listed] == [3, 3]
    assert {one["id"] for page in listed for one in page["Resources"]} == made


@in_every_shape
def test_adds_and_a_delete_of_the_same_people_leave_no_member_behind(fleet):
    client = fleet.client
    group, people = client.group("Field Staff")["id"], [client.user(f"u{number}")["id"] for number in range(25)]

    def work(number, line):
        person = people[number // 2]
        if number % 2:
            return line.ask("DELETE", f"/Users/{person}").status
        return line.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": person}]}).status

    told = fleet.at_once(work)

    assert set(told[1::2]) == {204}
    assert set(told[::2]) <= {204, 400}
    assert client.members(group) == []
    assert client.get("/Users").json["totalResults"] == 0


def counts(process):
    """Requests answered as one scrape tells them: of every process, by status."""
    found = re.findall(
        r'^provisor_target_requests_total\{.*status="(\d+)",process="(\d+)"\} (\d+)$', process.fetch("/metrics"), re.M
    )
    return {(int(pid), int(status)): int(number) for status, pid, number in found}


def ask_all(process, token, times, path="/Users?count=0"):
    """One request over each of so many connections, which are spread over the processes."""
    statuses = []
    for _ in range(times):
        line = process.line(token)
        statuses.append(line.ask("GET", path).status)
        line.connection.close()
    return statuses


def test_every_scrape_tells_what_all_processes_did_and_no_count_falls(serve, new_url, eventually):
    url, ready = new_url("umbrella")
    process = serve("umbrella", "--processes", "3", url=url)
    before, seen = {}, []

    for _ in range(40):
        ask_all(process, ready.token, 5)
        now = counts(process)
        assert all(now[key] >= number for key, number in before.items())
        before = now
        seen.append(len({pid for pid, _ in now}))

    eventually(lambda: sum(counts(process).values()) == 200, seconds=3)
    assert seen[-1] > 1


def test_a_rate_holds_over_all_processes(serve, new_url):
    url, ready = new_url("umbrella")
    process = serve("umbrella", "--processes", "3", "--rate-limit", "20", url=url)

    began = time.monotonic()
    statuses = Counter(ask_all(process, ready.token, 150))
    seconds = time.monotonic() - began

    assert set(statuses) == {200, 429}
    assert 20 <= statuses[200] <= 20 + 20 * seconds + 1
    assert len(process.pids) == 3


def half_a_request(url, token, name):
    """A connection over which half of a POST was sent, and what is left to send."""
    parts = urlsplit(url)
    body = json.dumps({"userName": name}).encode()
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    connection.putrequest("POST", parts.path + "/Users")
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[:5])
    return connection, body[5:]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_answers_what_is_in_flight_in_every_process_and_ends_with_0(serve, new_url, number):
    url, ready = new_url("umbrella")
    process = serve("umbrella", "--processes", "3", url=url)
    halves = [half_a_request(process.url, ready.token, f"u{one}") for one in range(12)]
    time.sleep(0.2)  # until all are taken from the queue

    process.child.send_signal(number)
    time.sleep(0.3)
    statuses = []
    for connection, rest in halves:
        connection.send(rest)
        statuses.append(connection.getresponse().status)
        connection.close()
    code = process.child.wait(10)

    assert (statuses, code) == ([201] * 12, 0)
    assert process.child.stdout.read() == ""  # and nobody is left that could write to it
    assert process.errors.read_text() == ""


def test_a_signal_to_all_at_once_as_a_terminal_sends_it_ends_with_0(serve, new_url):
    process = serve("umbrella", "--processes", "3", url=new_url("umbrella")[0])

    for pid in (*process.pids, process.child.pid):
        os.kill(pid, signal.SIGINT)

    assert process.child.wait(10) == 0
    assert "Traceback" not in process.errors.read_text()


def test_without_the_first_process_the_others_stop(serve, new_url):
    process = serve("umbrella", "--processes", "3", url=new_url("umbrella")[0])

    process.child.kill()

    assert process.child.stdout.read() == ""  # ends when the last of them has ended
    with pytest.raises(ConnectionRefusedError):
        process.fetch("/healthz")


def test_a_process_that_dies_again_and_again_is_replaced_once_a_second(serve, new_url, eventually):
    process = serve("umbrella", "--processes", "2", url=new_url("umbrella")[0])
    steady, killed = process.pids[0], set()
    began = time.monotonic()

    def kill_the_other():
        for pid in process.pids:
            if pid != steady and pid not in killed:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
        return len(killed) >= 4

    eventually(kill_the_other, seconds=20)
    took = time.monotonic() - began

    assert took > 1.9  # the second one came at once, the others a second after the one before
    eventually(lambda: len(killed.union(process.pids)) == 6)  # the one that nobody ended, and a new one
    # One that died before it was at work is told of in another sentence.
    assert process.errors.read_text().count("was ended by SIGKILL") == 4


FAILING = """
import provisor.provider.serving.server as serving
from provisor.provider.store.tables import TargetError

def work(*_, **__):
    {how}

serving._work = work
from provisor.provider.commands.serve import app
app()
"""


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("raise TargetError('There is no room.')", "There is no room.\n"),
        ("raise RuntimeError('what')", "It met an error in the server; its log says more.\n"),
        ("import os; os.kill(os.getpid(), 9)", "It was ended by SIGKILL before it was ready.\n"),
    ],
    ids=["refusal", "error", "killed"],
)
def test_processes_that_cannot_start_end_the_server_with_the_reason(tmp_path, how, told):
    environment = {**os.environ, "PROVISOR_TARGET_DATABASE_URL": f"sqlite:///{tmp_path / 'target.sqlite'}"}
    command = [sys.executable, "-c", FAILING.format(how=how), "serve", "--port", "0", "--processes", "2"]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith(told)


ONLY_ONCE = """
import os, pathlib, signal
place = pathlib.Path(__file__ + str(shared.place))
if place.exists():
    raise TargetError("There is\\n no room left.")
place.write_text(str(os.getpid()))
ready()
signal.pause()
"""


def test_a_server_of_which_nobody_is_left_and_nobody_can_be_started_ends(tmp_path, eventually):
    environment = {**os.environ, "PROVISOR_TARGET_DATABASE_URL": f"sqlite:///{tmp_path / 'target.sqlite'}"}
    file = tmp_path / "server.py"
    work = ONLY_ONCE.replace("\n", "\n    ")
    file.write_text(FAILING.replace("work(*_, **__)", "work(service, ready, *, shared, **_)").format(how=work))
    child = subprocess.Popen(
        [sys.executable, str(file), "serve", "--port", "0", "--processes", "2"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with child:
        assert " listens on " in child.stdout.readline()
        first, second = (int(Path(f"{file}{place}").read_text()) for place in range(2))

        os.kill(first, signal.SIGKILL)
        time.sleep(1.5)
        assert child.poll() is None  # it goes on with who is left
        os.kill(second, signal.SIGKILL)

        assert child.wait(20) == 1
        lines = child.stderr.read().splitlines()
    assert lines.count("A process could not be started and is tried again: There is no room left.") >= 4
    assert lines[-2:] == ["There is", " no room left."]


DEAF = """
import signal
import provisor.provider.serving.processes
provisor.provider.serving.processes._STOP_SECONDS = 0.3
import provisor.provider.serving.server as serving

def work(service, ready, **_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ready()
    while True:
        signal.pause()

serving._work = work
from provisor.provider.commands.serve import app
app()
"""


def test_processes_that_do_not_stop_are_killed_and_the_end_says_so(tmp_path):
    environment = {**os.environ, "PROVISOR_TARGET_DATABASE_URL": f"sqlite:///{tmp_path / 'target.sqlite'}"}
    command = [sys.executable, "-c", DEAF, "serve", "--port", "0", "--processes", "2"]
    child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with child:
        assert " listens on " in child.stdout.readline()
        child.terminate()

        assert child.wait(10) == 1
        assert child.stderr.read() == "2 processes did not stop within 0.3 s and were killed.\n"
        assert child.stdout.read() == ""  # nobody is left


@pytest.mark.parametrize("number", ["0", "-1", "33", "two", ""])
def test_a_number_of_processes_that_makes_no_sense_is_refused(number):
    command = [
        sys.executable,
        "-c",
        "from provisor.provider.commands.serve import app; app()",
        "serve",
        "--processes",
        number,
    ]

    done = subprocess.run(command, capture_output=True, text=True, timeout=20)

    assert done.returncode == 2
    assert "--processes" in done.stderr
