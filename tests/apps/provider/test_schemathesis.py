"""schemathesis over every endpoint of the interface document: no 5xx, no hang, no change where a 4xx was answered.

Making a request from a schema costs ten times what answering it does. So each one made is sent, and then sent again
many times, spoilt a little more or otherwise every time; seeds are fixed, so a failure comes again.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from json import dumps
from random import Random
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from provisor.provider.watch.openapi import openapi

SLOWEST_SECONDS = 5.0
PARTS = 8  # of the endpoints, so that several processes share the work
NOTHING = object()

HOSTILE = [
    None,
    True,
    0,
    -1,
    2**63,
    -(2**200),
    1e308,
    float("nan"),
    "",
    " ",
    "\0",
    "\ud800",
    "'; --",
    "é́",
    "x" * 20_000,
    "../../Users",
    "bulkId:a",
    'userName eq "a"',
    'emails[type eq "work"',
    'members[value eq "x"].display',
    "urn:ietf:params:scim:schemas:core:2.0:User:userName",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    "((" * 300,
    [],
    {},
    [[]],
    [None, [], {}],
    {"": ""},
    {"value": {"value": {"value": 1}}},
    {"$ref": "#"},
    ["x"] * 1_500,
]
NAMES = ["userName", "displayName", "active", "members", "emails", "schemas", "id", "meta", "value", "op", "path", "\0"]
PARAMETERS = ["filter", "startIndex", "count", "sortBy", "sortOrder", "attributes", "excludedAttributes", "cursor"]
HEADERS = {
    "If-Match": ['W/"1"', "*", '"', "W/"],
    "If-None-Match": ["*", 'W/"1", W/"2"'],
    "Content-Type": ["application/xml", "application/json; charset=utf-16", ";", ""],
    "Accept": ["text/html", "*/*;q=x"],
    "Content-Encoding": ["gzip", "br"],
}


@dataclass(frozen=True)
class Sent:
    """One request. `parts` are the variables of the path; `body` is a JSON value, bytes, or NOTHING."""

    method: str
    path: str
    parts: dict
    query: list
    headers: dict
    body: object


def fetch(target):
    return target.send("GET", "/openapi.json", "", {}, b"")


def operations(profile):
    import schemathesis  # half a second, which the processes that run none of this are spared

    from provisor.provider.model.profiles import PROFILES
    from provisor.provider.store.tables import BASE_PATH, Tenant

    tenant = Tenant(number=1, name="default", profile=PROFILES[profile], base_path=BASE_PATH, group_limit=None)
    schema = schemathesis.openapi.from_dict(openapi(tenant))
    return [result.ok() for result in schema.get_all_operations()]


class Attack:
    """Sends requests and looks at what became of them and of the tables."""

    def __init__(self, target):
        self.target = target
        self.sent = 0
        self.stored, self.mark = self.tables(), self.reader.mark()

    @property
    def reader(self):
        return self.target.database.reader()

    def tables(self):
        return [
            self.reader.all(f"SELECT * FROM {table} ORDER BY 1, 2")
            for table in ("resource", "membership", "native_object")
        ]

    def send(self, one):
        self.sent += 1
        path = one.path
        for name, value in one.parts.items():
            path = path.replace("{" + name + "}", quote(value, safe="", errors="surrogatepass").replace("%2F", "/"))
        body = one.body
        if not isinstance(body, bytes):
            body = b"" if body is NOTHING else dumps(body, default=str).encode()
        began = time.monotonic()

        answer = self.target.client.request(
            one.method, path, query=urlencode(one.query, errors="surrogatepass"), raw=body, headers=one.headers
        )

        assert time.monotonic() - began < SLOWEST_SECONDS, one
        assert answer.status < 500 or answer.status == 501, one
        self.look_at_the_tables(one, answer.status)
        if answer.status >= 400:
            assert answer.json["detail"], one
            assert answer.json["status"] == str(answer.status), one

    def look_at_the_tables(self, one, status):
        """They are read again only after a commit, which the database tells cheaply."""
        mark = self.reader.mark()
        if mark == self.mark:
            return
        before, self.stored, self.mark = self.stored, self.tables(), mark
        if status >= 400:
            assert self.stored == before, one


def text_of(value):
    return value if isinstance(value, str) else str(value)


def sent_by(case, operation, known):
    """A generated case as a request. A third of the ids lead somewhere, so that more than 404 is tried."""
    headers = {name: text_of(value) for name, value in dict(case.headers or {}).items()}
    return Sent(
        method=operation.method.upper(),
        path=operation.path,
        parts={
            name: known if len(text_of(value)) % 3 == 0 else text_of(value)
            for name, value in (case.path_parameters or {}).items()
        },
        query=[(text_of(name), text_of(value)) for name, value in dict(case.query or {}).items()],
        headers={
            name: value
            for name, value in headers.items()
            if all(32 <= ord(letter) < 256 for letter in value) and name.lower() != "authorization"
        },
        body=NOTHING if type(case.body).__name__ == "NotSet" else case.body,
    )


# Spoiling


def spoilt(one, known, random):
    """The request with one thing about it changed for the worse, or two."""
    for _ in range(random.choice((1, 1, 2))):
        ways = [spoil_query, spoil_headers, *([spoil_body] * 4 if one.body is not NOTHING else [])]
        if one.parts:
            ways += [spoil_path, lambda one, random: replace(one, parts=dict.fromkeys(one.parts, known))]
        one = random.choice(ways)(one, random)
    return one


def spoil_path(one, random):
    value = text_of(random.choice(HOSTILE)) if random.random() < 0.8 else ""
    return replace(one, parts={**one.parts, random.choice(list(one.parts)): value[:3_000]})


def spoil_query(one, random):
    query = [pair for pair in one.query if random.random() < 0.8]
    name = random.choice([*PARAMETERS, *(name for name, _ in query)])
    return replace(one, query=[*query, (name, text_of(random.choice([*HOSTILE, *NAMES]))[:3_000])])


def spoil_headers(one, random):
    name = random.choice(list(HEADERS))
    return replace(one, headers={**one.headers, name: random.choice(HEADERS[name])})


def spoil_body(one, random):
    if isinstance(one.body, bytes) or random.random() < 0.1:
        raw = one.body if isinstance(one.body, bytes) else dumps(one.body, default=str).encode()
        return replace(one, body=spoilt_bytes(raw, random))
    return replace(one, body=spoilt_value(one.body, random))


def spoilt_bytes(raw, random):
    at = random.randrange(len(raw) + 1)
    return random.choice(
        [
            raw[:at],
            raw[:at] + bytes([random.randrange(256)]) + raw[at:],
            raw[:at] + raw[at + 1 :],
            b"\xef\xbb\xbf" + raw,
        ]
    )


def spoilt_value(value, random):
    """Somewhere in the value something is replaced, dropped, doubled, renamed or put one level deeper."""
    if isinstance(value, dict) and value and random.random() < 0.85:
        name = random.choice(list(value))
        rest = {key: held for key, held in value.items() if key != name}
        new_name = random.choice([*NAMES, name.swapcase(), name + "x"])
        return random.choice(
            [
                {**value, name: spoilt_value(value[name], random)},
                {**value, name: spoilt_value(value[name], random)},
                rest,
                {**rest, new_name: value[name]},
                {**value, new_name: random.choice(HOSTILE)},
            ]
        )
    if isinstance(value, list) and value and random.random() < 0.85:
        at = random.randrange(len(value))
        before, after = value[:at], value[at + 1 :]
        return random.choice(
            [
                [*before, spoilt_value(value[at], random), *after],
                [*before, *after],
                [*value, value[at]],
                [*before, random.choice(HOSTILE), *after],
            ]
        )
    return random.choice([random.choice(HOSTILE), [value], {"value": value}])


# Running


def made(operation, mode, examples, known):
    """Requests that fit the document (positive) or do not (negative)."""
    cases = []

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case):
        cases.append(sent_by(case, operation, known))

    try:
        one()
    except Unsatisfiable:  # nothing of this endpoint can be sent wrongly
        return []
    return cases


def requests(profile, part, known, *, examples, spoils) -> Iterator[Sent]:
    from schemathesis.generation import GenerationMode

    for operation in operations(profile)[part]:
        random = Random(f"{operation.method} {operation.path}")
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            for one in made(operation, mode, examples, known):
                yield one
                for _ in range(spoils):
                    yield spoilt(one, known, random)


def attacked(target, profile, part, *, examples, spoils):
    """How many requests were sent."""
    known = target.client.user("known", displayName="Known")["id"]
    target.client.group("known", members=[known])
    attack = Attack(target)
    for one in requests(profile, part, known, examples=examples, spoils=spoils):
        attack.send(one)
    return attack.sent


@pytest.mark.parametrize("profile", ["umbrella", "generic"])
def test_the_document_names_every_endpoint(make_target, profile):
    target = make_target(profile)

    answer = fetch(target)

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["servers"] == [{"url": target.tenant.base_path}]
    assert len(operations(profile)) == len(
        [1 for item in answer.json["paths"].values() for name in item if name != "parameters"]
    )


@pytest.mark.parametrize("profile", ["umbrella", "generic"])
def test_no_endpoint_fails_whatever_schemathesis_sends(make_target, profile):
    assert attacked(make_target(profile), profile, slice(None), examples=1, spoils=4) > 150


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("profile", ["umbrella", "generic"])
def test_no_endpoint_fails_after_thousands_of_requests(make_target, profile, part):
    assert attacked(make_target(profile), profile, slice(part, None, PARTS), examples=30, spoils=25) > 2_000
