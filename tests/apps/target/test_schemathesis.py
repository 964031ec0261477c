"""schemathesis over every endpoint of the interface document: no 5xx, no hang, no change where a 4xx was answered."""

import time

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from provisor.target.openapi import openapi

SLOWEST_SECONDS = 5.0
SAFE_STATUSES = (200, 201, 204, 304)


def fetch(target):
    return target.send("GET", "/openapi.json", "", {}, b"")


def operations(profile):
    from provisor.target.profiles import PROFILES
    from provisor.target.store import BASE_PATH, Tenant

    tenant = Tenant(number=1, name="default", profile=PROFILES[profile], base_path=BASE_PATH, group_limit=None)
    schema = schemathesis.openapi.from_dict(openapi(tenant))
    return [result.ok() for result in schema.get_all_operations()]


def stored(target):
    reader = target.database.reader()
    return [reader.all(f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("resource", "membership", "native_object")]


def text_of(value):
    return value if isinstance(value, str) else str(value)


def attack(target, operation, case, known):
    from json import dumps
    from urllib.parse import quote, urlencode

    # A third of the ids lead somewhere, so that more than 404 is tried.
    parts = {
        name: known if len(text_of(value)) % 3 == 0 else text_of(value)
        for name, value in (case.path_parameters or {}).items()
    }
    path = operation.path
    for name, value in parts.items():
        path = path.replace("{" + name + "}", quote(value, safe="").replace("%2F", "/"))
    headers = {
        name: text_of(value)
        for name, value in dict(case.headers or {}).items()
        if all(32 <= ord(letter) < 256 for letter in text_of(value)) and name.lower() != "authorization"
    }
    query = [(text_of(name), text_of(value)) for name, value in dict(case.query or {}).items()]
    if isinstance(case.body, bytes):
        body = case.body
    else:
        body = b"" if type(case.body).__name__ == "NotSet" else dumps(case.body, default=str).encode()
    before, began = stored(target), time.monotonic()

    answer = target.client.request(
        operation.method.upper(), path, query=urlencode(query, errors="surrogatepass"), raw=body, headers=headers
    )

    assert time.monotonic() - began < SLOWEST_SECONDS
    assert answer.status < 500 or answer.status == 501
    if answer.status >= 400:
        assert stored(target) == before
        assert answer.json["detail"]
        assert answer.json["status"] == str(answer.status)


def tried(target, operation, strategy, known, examples):
    count = 0

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=strategy)
    def one(case):
        nonlocal count
        count += 1
        attack(target, operation, case, known)

    one()
    return count


def run(target, profile, examples):
    known = target.client.user("known", displayName="Known")["id"]
    target.client.group("known", members=[known])
    count = 0
    for operation in operations(profile):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                count += tried(target, operation, operation.as_strategy(generation_mode=mode), known, examples)
            except Unsatisfiable:
                continue  # nothing of this endpoint can be sent wrongly
    return count


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
    assert run(make_target(profile), profile, 5) > 50


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("profile", ["umbrella", "generic"])
def test_no_endpoint_fails_after_thousands_of_requests(make_target, profile):
    assert run(make_target(profile), profile, 250) > 5_000
