"""Kill -9 under load: what was acknowledged is there afterwards, whoever was killed.

Every client works on people of its own, one after the other: create, change, into the group, out of it, delete. What
a person must be afterwards is known exactly; where the answer never came, it is either what was or what was asked for.
"""

import os
import random
import signal
import threading
import time
from dataclasses import dataclass, field

import psycopg
import pytest

from support.postgresql import Cluster

pytestmark = pytest.mark.slow

BOTH_STORES = True
CLIENTS = 12


@dataclass
class Person:
    name: str
    id: str = ""
    possible: set = field(default_factory=lambda: {None})  # None: not there; else (displayName, whether a member)


class Load:
    """Clients at work, and what they were told."""

    def __init__(self, process, token):
        self.process, self.token = process, token
        self.group = process.line(token).ask("POST", "/Groups", {"displayName": "Field Staff"}).json["id"]
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.people = []
        self.acknowledged = self.group_changes = self.perhaps_group_changes = 0
        self.refusals = []
        self.threads = [threading.Thread(target=self.work, args=(number,)) for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def work(self, number):
        line, dice = self.process.line(self.token), random.Random(number)
        while not self.over.is_set():
            with self.lock:
                person = Person(f"c{number}-{len(self.people)}")
                self.people.append(person)
            if not self.live(line, person, dice):
                time.sleep(0.02)

    def live(self, line, person, dice):
        """One person's life; False when an answer did not come."""
        made = self.tell(person, (person.name, False), line.ask("POST", "/Users", self.body(person)))
        if made is None:
            return False
        person.id = made.json["id"]
        user, group = f"/Users/{person.id}", f"/Groups/{self.group}"
        into = {"op": "add", "path": "members", "value": [{"value": person.id}]}
        out = {"op": "remove", "path": f'members[value eq "{person.id}"]'}
        name, member = person.name, False
        for step in dice.choices(("change", "move", "delete"), (5, 4, 1), k=8):
            if step == "change":
                name = f"{person.name} {dice.random()}"
                answer = line.patch(user, {"op": "replace", "path": "displayName", "value": name})
            elif step == "move":
                member = not member
                answer = line.patch(group, into if member else out)
            else:
                answer = line.ask("DELETE", user)
            becomes = None if step == "delete" else (name, member)
            if self.tell(person, becomes, answer, in_group=step == "move" or (step == "delete" and member)) is None:
                return False
            if step == "delete":
                break
        return True

    @staticmethod
    def body(person):
        return {"userName": person.name, "displayName": person.name}

    def tell(self, person, becomes, answer, *, in_group=False):
        with self.lock:
            if answer is not None and answer.status < 300:
                person.possible = {becomes}
                self.acknowledged += 1
                self.group_changes += in_group
                return answer
            person.possible.add(becomes)
            self.perhaps_group_changes += in_group
            if answer is not None:
                self.refusals.append((answer.status, answer.body))
            return None

    def wait_for(self, more):
        until, enough = time.monotonic() + 30, self.acknowledged + more
        while self.acknowledged < enough:
            assert time.monotonic() < until, f"{self.acknowledged} of {enough}, {self.refusals[-3:]}"
            time.sleep(0.005)

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def check(self, client):
        """Compare what is stored with what was acknowledged."""
        users = []
        while page := client.get("/Users", startIndex=len(users) + 1, count=200).resources:
            users += page
        group = client.get(f"/Groups/{self.group}").json
        members = [member["value"] for member in group.get("members", [])]
        stored = {user["userName"]: (user["displayName"], user["id"] in members) for user in users}

        wrong = [
            (person, stored.get(person.name))
            for person in self.people
            if stored.get(person.name) not in person.possible
        ]
        assert wrong == []
        assert len(stored) == len(users) == client.get("/Users", count=0).json["totalResults"]
        assert set(stored) <= {person.name for person in self.people}
        assert len(set(members)) == len(members)
        assert set(members) <= {user["id"] for user in users}
        version = int(group["meta"]["version"].split('"')[1])
        assert 1 + self.group_changes <= version <= 1 + self.group_changes + self.perhaps_group_changes


@pytest.fixture
def some(thorough):
    """Acknowledged writes before the blow, and after it where the server goes on."""
    return 300 if thorough else 100


@pytest.fixture
def under_load(serve_together, new_url, some):
    loads = []

    def start(number):
        url, ready = new_url("generic")
        servers = serve_together(number, "generic", url=url)
        loads.append(Load(servers[0], ready.token))
        loads[0].wait_for(some)
        return servers, loads[0], servers[0].client_of(ready.token)

    yield start
    for load in loads:
        load.end()


@pytest.mark.parametrize("number", [1, 3])
def test_no_acknowledged_write_is_lost_when_every_server_is_killed(under_load, number):
    servers, load, client = under_load(number)

    for server in servers:
        server.kill()
    load.end()
    servers[0].start()

    assert load.refusals == []
    load.check(client)


def test_no_acknowledged_write_is_lost_when_two_of_three_servers_are_killed(under_load, some):
    (_, second, third), load, client = under_load(3)

    second.kill()
    load.wait_for(some)
    third.kill()
    load.wait_for(some)
    load.end()

    assert load.refusals == []
    load.check(client)


@pytest.fixture(scope="module")
def durable(postgresql):
    """A cluster that may be killed, and that waits for the disk."""
    with Cluster() as cluster:
        yield cluster


def power_cut(cluster):
    cluster.kill()
    time.sleep(0.3)
    cluster.start()


def kill_a_backend(cluster):
    """PostgreSQL then ends all others too, and recovers as from a crash."""
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        found = connection.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'provisor' LIMIT 1")
        os.kill(found.fetchone()[0], signal.SIGKILL)


@pytest.mark.parametrize("blow", [power_cut, kill_a_backend])
def test_no_acknowledged_write_is_lost_when_postgresql_is_killed(serve_together, durable, blow, some, in_sqlite):
    process, _ = serve_together(2, "generic", url=durable.url(durable.new_database()))
    client = process.client()
    load = Load(process, client.token)
    try:
        load.wait_for(some)
        blow(durable)
        load.wait_for(some)
    finally:
        load.end()

    assert {status for status, _ in load.refusals} <= {503}
    load.check(client)
