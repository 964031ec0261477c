"""Many clients and several servers on one database: nothing lost, nothing twice. Then several on one port."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.slow

CLIENTS = 50
SERVERS = 3
on_either_store = pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)


class Fleet:
    """Fifty clients, dealt out to the servers."""

    def __init__(self, servers, token):
        self.lines = [server.line(token) for server, _ in zip(cycle(servers), range(CLIENTS), strict=False)]
        self.client = servers[0].client_of(token)

    def at_once(self, work):
        """What `work(number, line)` returns for every client, each in a thread of its own, all let go together."""
        gate = threading.Barrier(CLIENTS)

        def one(number):
            gate.wait(20)
            return work(number, self.lines[number])

        with ThreadPoolExecutor(CLIENTS) as threads:
            return list(threads.map(one, range(CLIENTS)))


@pytest.fixture
def steps(thorough):
    """What each client does."""
    return 25 if thorough else 10


@pytest.fixture
def fleet(serve, new_url):
    url, ready = new_url("generic")
    return Fleet([serve("generic", url=url) for _ in range(SERVERS)], ready.token)


def version_of(answer):
    return int(answer.headers["etag"].split('"')[1])


def set_name(line, user, name, **headers):
    return line.patch(f"/Users/{user}", {"op": "replace", "path": "displayName", "value": name}, **headers)


@on_either_store
def test_fifty_clients_on_one_group_and_one_user_lose_nothing(fleet, steps):
    client = fleet.client
    group, shared = client.group("Field Staff")["id"], client.user("shared")["id"]
    own = [[client.user(f"u{number}-{one}")["id"] for one in range(2)] for number in range(CLIENTS)]

    def work(number, line):
        """Two people in and out, each the client's own, and a new value for the one that all change."""
        inside, moves, changes = set(), [], []
        for step in range(steps):
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
    assert moves == list(range(2, 2 + steps * CLIENTS))  # every change has a version of its own, and none is missing
    assert version_of(client.get(f"/Groups/{group}")) == moves[-1]
    assert [version for version, _ in changes] == list(range(2, 2 + steps * CLIENTS))
    assert (version_of(at_last), at_last.json["displayName"]) == changes[-1]


@on_either_store
def test_if_match_lets_one_through_for_every_version(fleet, steps):
    user = fleet.client.user("shared")["id"]

    def work(number, line):
        passed, statuses = [], Counter()
        for step in range(steps):
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
    assert statuses == {200: len(passed), 412: steps * CLIENTS - len(passed)}
    assert statuses[412] > 0  # they did race


def in_some_case(name, number):
    """The name as one client writes it, unlike every other one."""
    return "".join(letter.upper() if number >> place & 1 else letter for place, letter in enumerate(name))


@on_either_store
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


@on_either_store
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


def requests_counted(server):
    """The lines of /metrics that count requests; of whichever server of the port answers."""
    return [line for line in server.fetch("/metrics").splitlines() if "requests_total{" in line]


def process_of(server):
    """Which process answers a connection."""
    return server.fetch("/metrics").partition('process="')[2].partition('"')[0]


def test_servers_on_one_port_share_its_connections(serve_together, new_url, eventually):
    url, _ = new_url("umbrella")
    servers = serve_together(2, "umbrella", url=url)
    answering = set()

    eventually(lambda: answering.add(process_of(servers[0])) or len(answering) == 2)

    assert answering == {str(server.child.pid) for server in servers}


def test_the_metrics_of_a_server_tell_of_its_own_process_alone(serve, new_url):
    url, ready = new_url("umbrella")
    one, other = serve("umbrella", url=url), serve("umbrella", url=url)

    one.client_of(ready.token).get("/Users")

    assert [line.endswith(f'process="{one.child.pid}"}} 1') for line in requests_counted(one)] == [True]
    assert requests_counted(other) == []


def test_a_rate_is_allowed_by_each_server(serve, new_url):
    url, ready = new_url("umbrella")
    servers = [serve("umbrella", "--rate-limit", "0.1", url=url) for _ in range(2)]

    statuses = [server.line(ready.token).ask("GET", "/Users?count=0").status for server in servers for _ in range(2)]

    assert statuses == [200, 429, 200, 429]


def test_of_two_servers_on_one_port_the_other_goes_on(serve_together, new_url):
    url, ready = new_url("umbrella")
    one, other = serve_together(2, "umbrella", url=url)

    assert other.stop() == 0

    assert {one.line(ready.token).ask("GET", "/Users").status for _ in range(20)} == {200}


def test_a_port_is_shared_by_those_alone_who_say_so(serve, new_url):
    url, _ = new_url("umbrella")
    one = serve("umbrella", "--share-port", url=url)

    refused = one.run("serve", "--port", str(urlsplit(one.url).port))

    assert (refused.returncode, "Address already in use" in refused.stderr) == (1, True)
