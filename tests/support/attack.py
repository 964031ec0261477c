"""Requests that a document describes, made by schemathesis, and then spoilt a little more or otherwise every time.

Making a request from a schema costs ten times what answering it does. So each one made is sent, and then sent again
many times, spoilt; seeds are fixed, so a failure comes again. Order: the request, making, spoiling.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from json import dumps
from random import Random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

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


@dataclass(frozen=True)
class Sent:
    """One request. `parts` are the variables of the path; `body` is a JSON value, bytes, or NOTHING."""

    method: str
    path: str
    parts: dict
    query: list
    headers: dict
    body: object


@dataclass(frozen=True, kw_only=True)
class Manner:
    """What requests are spoilt with: parameters of the query, values of headers, names of properties, and of parts of
    paths what is known to be there.
    """

    parameters: list
    headers: dict
    names: list
    known: dict


def text_of(value):
    return value if isinstance(value, str) else str(value)


# Making


def attack(operations, manner, *, examples, spoils) -> Iterator[Sent]:
    """So many examples of each operation that fit and that do not, and of each so many that are spoilt."""
    from schemathesis.generation import GenerationMode  # half a second, which other processes are spared

    for operation in operations:
        random = Random(f"{operation.method} {operation.path}")
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            for one in made(operation, mode, examples, manner):
                yield one
                for _ in range(spoils):
                    yield spoilt(one, manner, random)


def made(operation, mode, examples, manner):
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
        cases.append(sent_by(case, operation, manner))

    try:
        one()
    except Unsatisfiable:  # nothing of this endpoint can be sent wrongly
        return []
    return cases


def sent_by(case, operation, manner):
    """A generated case as a request. A third of the parts of paths lead somewhere, so that more than 404 is tried."""
    headers = {name: text_of(value) for name, value in dict(case.headers or {}).items()}
    return Sent(
        method=operation.method.upper(),
        path=operation.path,
        parts={
            name: manner.known.get(name, text_of(value)) if len(text_of(value)) % 3 == 0 else text_of(value)
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


def spoilt(one, manner, random):
    """The request with one thing about it changed for the worse, or two."""
    for _ in range(random.choice((1, 1, 2))):
        ways = [spoil_query, spoil_headers, *([spoil_body] * 4 if one.body is not NOTHING else [])]
        if one.parts:
            ways += [spoil_path, known_path]
        one = random.choice(ways)(one, manner, random)
    return one


def known_path(one, manner, random):
    return replace(one, parts={name: manner.known.get(name, value) for name, value in one.parts.items()})


def spoil_path(one, manner, random):
    value = text_of(random.choice(HOSTILE)) if random.random() < 0.8 else ""
    return replace(one, parts={**one.parts, random.choice(list(one.parts)): value[:3_000]})


def spoil_query(one, manner, random):
    query = [pair for pair in one.query if random.random() < 0.8]
    name = random.choice([*manner.parameters, *(name for name, _ in query)])
    return replace(one, query=[*query, (name, text_of(random.choice([*HOSTILE, *manner.names]))[:3_000])])


def spoil_headers(one, manner, random):
    name = random.choice(list(manner.headers))
    return replace(one, headers={**one.headers, name: random.choice(manner.headers[name])})


def spoil_body(one, manner, random):
    if isinstance(one.body, bytes) or random.random() < 0.1:
        raw = one.body if isinstance(one.body, bytes) else dumps(one.body, default=str).encode()
        return replace(one, body=spoilt_bytes(raw, random))
    return replace(one, body=spoilt_value(one.body, manner, random))


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


def spoilt_value(value, manner, random):
    """Somewhere in the value something is replaced, dropped, doubled, renamed or put one level deeper."""
    if isinstance(value, dict) and value and random.random() < 0.85:
        name = random.choice(list(value))
        rest = {key: held for key, held in value.items() if key != name}
        new_name = random.choice([*manner.names, name.swapcase(), name + "x"])
        return random.choice(
            [
                {**value, name: spoilt_value(value[name], manner, random)},
                {**value, name: spoilt_value(value[name], manner, random)},
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
                [*before, spoilt_value(value[at], manner, random), *after],
                [*before, *after],
                [*value, value[at]],
                [*before, random.choice(HOSTILE), *after],
            ]
        )
    return random.choice([random.choice(HOSTILE), [value], {"value": value}])
