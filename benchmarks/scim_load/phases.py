"""The phases: what is asked of a SCIM server, what of the bare one beside it, and what is expected of the target."""

import itertools
import json
from typing import NamedTuple

from scim_load.load import request
from scim_load.servers import BIG, MIDDLE, person

PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
PAGE = 100


class Phase(NamedTuple):
    """`share` of the run's number of requests; `bare` what the bare server does meanwhile; goals in requests/s, share
    of the bare server, p50 and p99 in milliseconds."""

    name: str
    share: float
    bare: str
    expected: bytes
    goal_rate: int | None = None
    goal_ratio: float | None = None
    connections: int = 8
    goal_p50: float | None = None
    goal_p99: float | None = None


PHASES = (
    Phase("create", 1, "insert", b"201", 8_000, 0.85),
    Phase("look-up", 2, "select", b"200", 15_000, 0.60),
    Phase("miss", 2, "select-miss", b"200", 15_000, 0.60),
    Phase("get", 2, "select", b"200", 15_000, 0.60),
    Phase("patch", 1, "update", b"200", 8_000),
    Phase("list-100", 0.5, "page", b"200", 4_000),
    Phase("create-group", 0.3, "insert", b"201"),
    Phase("add-100", 0.05, "update", b"204"),
    Phase("add-2000", 0.5, "update", b"204"),
    Phase("remove-2000", 0.5, "update", b"204"),
    Phase("add-50000", 0.5, "update", b"204"),
    Phase("remove-50000", 0.5, "update", b"204"),
    Phase("add-50000-alone", 0.2, "update", b"204", connections=1, goal_p50=0.5, goal_p99=1.5),
    Phase("remove-50000-alone", 0.2, "update", b"204", connections=1, goal_p50=0.5, goal_p99=1.5),
    Phase("list-groups", 0.5, "page", b"200"),
    Phase("beside-read-50000", 1, "select", b"200"),
    Phase("delete", 0.5, "delete", b"204"),
)


def kept_id(head):
    """The id in an answer: the first one is the resource's own."""
    at = head.index(b'"id":') + 5
    at = head.index(b'"', at) + 1
    return head[at : head.index(b'"', at)].decode()


class Scim:
    """Makes the requests of each phase for one SCIM server and remembers what it created."""

    def __init__(self, server):
        self.server = server
        self.ids = server.stored.users
        self.next_name = server.stored.names
        self.groups = dict(server.stored.groups)
        self.small_groups = []
        self.filled = 0
        self.put_in = {}  # group -> people added, who are removed again
        self.numbers = itertools.count()

    def ask(self, method, path, body=None):
        content = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        return request(method, self.server.base + path, token=self.server.token, body=content)

    def patch(self, path, *operations):
        return self.ask("PATCH", path, {"schemas": [PATCH_URN], "Operations": list(operations)})

    def some(self, count):
        """Positions all over the store, in an order that repeats nothing soon."""
        step = 7919
        return [(number * step) % len(self.ids) for number in itertools.islice(self.numbers, count)]

    def can(self, phase):
        """Whether the store has what the phase needs."""
        size = next((size for size in (MIDDLE, BIG) if str(size) in phase.name), None)
        return size is None or size in self.groups

    def requests(self, phase, count):
        name = phase.name.removesuffix("-alone")
        operation, _, size = name.rpartition("-")
        if operation in ("add", "remove") and int(size) in self.groups:
            return self.one_member(operation, self.groups[int(size)], count)
        return getattr(self, "_" + name.replace("-", "_"))(count)

    def _create(self, count):
        numbers = range(self.next_name, self.next_name + count)
        self.next_name += count
        return [self.ask("POST", "/Users", person(number)) for number in numbers]

    def name_of(self, position):
        return person(position)["userName"]

    def _look_up(self, count):
        return [self._filter(self.name_of(position)) for position in self.some(count)]

    def _miss(self, count):
        return [self._filter(f"nobody{position}@contoso.com") for position in self.some(count)]

    def _filter(self, name):
        return self.ask("GET", f"/Users?filter=userName+eq+%22{name}%22")

    def _get(self, count):
        return [self.ask("GET", f"/Users/{self.ids[position]}") for position in self.some(count)]

    _beside_read_50000 = _look_up

    def beside(self, phase):
        return self.ask("GET", f"/Groups/{self.groups[BIG]}") if phase.name == "beside-read-50000" else None

    def _patch(self, count):
        turn = next(self.numbers)
        return [
            self.patch(
                f"/Users/{self.ids[position]}",
                {"op": "replace", "path": "displayName", "value": f"Named {turn + number}"},
            )
            for number, position in enumerate(self.some(count))
        ]

    def _list_100(self, count):
        pages = max(len(self.ids) // PAGE, 1)
        return [
            self.ask("GET", f"/Users?startIndex={1 + number % pages * PAGE}&count={PAGE}") for number in range(count)
        ]

    def _create_group(self, count):
        first = len(self.small_groups)
        return [
            self.ask("POST", "/Groups", {"displayName": f"Group {number}"}) for number in range(first, first + count)
        ]

    def _add_100(self, count):
        groups = self.small_groups[self.filled : self.filled + count]
        self.filled += len(groups)
        return [
            self.patch(
                f"/Groups/{group}",
                {
                    "op": "add",
                    "path": "members",
                    "value": [{"value": self.ids[position]} for position in self.some(100)],
                },
            )
            for group in groups
        ]

    def one_member(self, operation, group, count):
        """The last people of the store are added, one a request; the same ones are removed again."""
        put_in = self.put_in.setdefault(group, [])
        if operation == "add":
            last = len(self.ids) - 1 - len(put_in)
            chosen = [self.ids[last - number] for number in range(count)]
            put_in += chosen
            return [
                self.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": id_}]})
                for id_ in chosen
            ]
        chosen, self.put_in[group] = put_in[:count], put_in[count:]
        return [
            self.patch(f"/Groups/{group}", {"op": "remove", "path": f'members[value eq "{id_}"]'}) for id_ in chosen
        ]

    def _list_groups(self, count):
        return [self.ask("GET", "/Groups?excludedAttributes=members&count=100")] * count

    def _delete(self, count):
        return [self.ask("DELETE", f"/Users/{self.ids.pop()}") for _ in range(min(count, len(self.ids)))]

    def keep(self, phase):
        return kept_id if phase.name in ("create", "create-group") else None

    def learn(self, phase, outcome):
        """Remember what was created."""
        if phase.name == "create":
            self.ids += outcome.kept
        elif phase.name == "create-group":
            self.small_groups += outcome.kept

    def middle_group(self):
        """The request that makes the group of 2,000, once there are people for it and some to spare."""
        if MIDDLE in self.groups or len(self.ids) < MIDDLE * 3 // 2:
            return None
        members = [{"value": id_} for id_ in self.ids[:MIDDLE]]
        return self.ask("POST", "/Groups", {"displayName": f"The {MIDDLE}", "members": members})


class BareRequests:
    """The requests of the bare server: one statement each."""

    def __init__(self, stored_users, document):
        self.names = stored_users
        self.deleted = 0
        self.things = itertools.count()
        self.numbers = itertools.count()
        self.document = document

    def requests(self, kind, count):
        return getattr(self, "_" + kind.replace("-", "_"))(count)

    def some(self, count):
        left = self.names - self.deleted
        return [person((number * 7919) % left)["userName"] for number in itertools.islice(self.numbers, count)]

    def _insert(self, count):
        first = self.names
        self.names += count
        return [request("POST", f"/{person(n)['userName']}", body=self.document) for n in range(first, self.names)]

    def _select(self, count):
        return [request("GET", f"/{name}") for name in self.some(count)]

    def _select_miss(self, count):
        return [request("GET", f"/nobody{number}") for number in range(count)]

    def _update(self, count):
        return [request("PUT", f"/{name}", body=self.document) for name in self.some(count)]

    def _page(self, count):
        pages = max((self.names - self.deleted) // PAGE, 1)
        return [request("GET", f"/?{number % pages * PAGE}") for number in range(count)]

    def _delete(self, count):
        last = self.names - self.deleted - 1
        self.deleted += count
        return [request("DELETE", f"/{person(last - number)['userName']}") for number in range(count)]
