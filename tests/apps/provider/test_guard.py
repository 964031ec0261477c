"""What the server takes and what it refuses: sizes, depths, numbers, rates, and who guesses tokens."""

import asyncio
import json

import pytest

from provisor.provider.model.limits import ATTRIBUTE_OPERATIONS, MAX_BODY_BYTES, MAX_DEPTH, VALUES
from provisor.provider.protocol.throttling import Failures, Limits, RateLimit, TooManyRequests
from provisor.provider.serving.app import ServiceProvider
from provisor.scim.filter.grammar import MAX_FILTER_CHARACTERS


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def limit_of(clock):
    return lambda per_second: RateLimit(per_second, clock)


def limited(target, **limits):
    """The same database behind a server with limits."""
    target.runner.run(target.target.stop())
    target.target = ServiceProvider(target.database, target.tenant, limits=Limits(**limits))
    target.runner.run(target.target.start())
    return target.client


def test_a_body_beyond_the_limit_is_413_whatever_it_holds(scim):
    answer = scim.request("POST", "/Users", raw=b" " * (MAX_BODY_BYTES + 1))

    assert answer.status == 413
    assert str(MAX_BODY_BYTES) in answer.json["detail"]


@pytest.mark.parametrize(("depth", "detail"), [(MAX_DEPTH - 1, "userName"), (MAX_DEPTH, "nests"), (900, "nests")])
def test_a_body_deeper_than_the_limit_is_refused_by_its_depth(scim, depth, detail):
    answer = scim.request("POST", "/Users", raw=b'{"userName":' + b"[" * depth + b"]" * depth + b"}")

    assert answer.status == 400
    assert detail in answer.json["detail"]


def test_brackets_inside_a_text_are_no_depth(scim):
    assert scim.user('"\\' + "[{" * 200)["userName"] == '"\\' + "[{" * 200


def test_a_filter_beyond_the_limit_is_refused(scim):
    answer = scim.get("/Users", filter=f'userName eq "{"x" * MAX_FILTER_CHARACTERS}"')

    assert (answer.status, answer.json["scimType"]) == (400, "invalidFilter")
    assert str(MAX_FILTER_CHARACTERS) in answer.json["detail"]


def test_a_filter_deeper_than_the_limit_is_refused(scim):
    answer = scim.get("/Users", filter="(" * 50 + "active eq true" + ")" * 50)

    assert (answer.status, answer.json["scimType"]) == (400, "invalidFilter")


@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_more_operations_on_attributes_than_the_limit_are_413(scim, kind):
    made = scim.user() if kind == "Users" else scim.group()
    operation = {"op": "replace", "path": "displayName", "value": "x"}

    fits = scim.patch(f"/{kind}/{made['id']}", *[operation] * ATTRIBUTE_OPERATIONS)
    beyond = scim.patch(f"/{kind}/{made['id']}", *[{**operation, "value": "y"}] * (ATTRIBUTE_OPERATIONS + 1))

    assert (fits.status, beyond.status) == (200 if kind == "Users" else 204, 413)
    assert scim.get(f"/{kind}/{made['id']}").json["displayName"] == "x"


def test_thousands_of_operations_on_members_are_taken(scim):
    users = [scim.user(f"u{number}")["id"] for number in range(3)]
    group = scim.group(members=users)["id"]
    operations = [{"op": "remove", "path": f'members[value eq "{users[n % 2]}"]'} for n in range(2_000)]

    assert scim.patch(f"/Groups/{group}", *operations).status == 204
    assert scim.members(group) == users[2:]


@pytest.mark.parametrize("way", ["post", "put", "patch", "patches"])
def test_a_list_longer_than_the_limit_is_refused(scim_generic, way):
    user = scim_generic.user("ana", emails=[{"value": "first"}])
    many = [{"value": f"{number}@example.org"} for number in range(VALUES + 1)]
    half = VALUES // 2 + 1

    match way:
        case "post":
            answer = scim_generic.post("/Users", {"userName": "bo", "emails": many})
        case "put":
            answer = scim_generic.put(f"/Users/{user['id']}", {"userName": "ana", "emails": many})
        case "patch":
            answer = scim_generic.patch(f"/Users/{user['id']}", {"op": "add", "path": "emails", "value": many})
        case _:
            parts = [{"op": "add", "path": "emails", "value": part} for part in (many[:half], many[half:])]
            answer = scim_generic.patch(f"/Users/{user['id']}", *parts)

    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
    assert scim_generic.get(f"/Users/{user['id']}").json["emails"] == [{"value": "first"}]


def test_a_query_that_would_read_too_long_is_refused(scim_generic, monkeypatch):
    scim_generic.user(title="x")
    monkeypatch.setattr("provisor.provider.query.find.SCAN_SECONDS", -1.0)

    answer = scim_generic.get("/Users", filter='title eq "x"')

    assert (answer.status, answer.json["scimType"]) == (400, "tooMany")


def test_a_token_has_a_burst_of_one_second_and_then_its_rate(clock, limit_of):
    limit = limit_of(5)
    for _ in range(5):
        limit.take("a")

    with pytest.raises(TooManyRequests) as refusal:
        limit.take("a")
    limit.take("b")
    clock.now = 0.25
    limit.take("a")

    assert (refusal.value.status, refusal.value.retry_seconds) == (429, 1)


def test_a_bulk_costs_as_much_as_its_operations(clock, limit_of):
    limit = limit_of(10)
    limit.take("a")
    limit.charge("a", 39)

    with pytest.raises(TooManyRequests) as refusal:
        limit.take("a")

    assert refusal.value.retry_seconds == 4


def test_who_waits_long_has_no_more_than_a_burst_again(clock, limit_of):
    limit = limit_of(3)
    for _ in range(3):
        limit.take("a")
    clock.now = 1_000.0

    for _ in range(3):
        limit.take("a")
    with pytest.raises(TooManyRequests):
        limit.take("a")


def test_what_is_refused_does_not_make_the_wait_longer(clock, limit_of):
    limit = limit_of(1)
    limit.take("a")
    for _ in range(5):
        clock.now += 0.19
        with pytest.raises(TooManyRequests):
            limit.take("a")

    clock.now += 0.06
    limit.take("a")


def test_many_tokens_have_a_rate_each(clock, limit_of):
    limit = limit_of(2)
    tokens = [f"{number:08x}" for number in range(300)]
    for _ in range(2):
        for token in tokens:
            limit.take(token)

    for token in tokens:
        with pytest.raises(TooManyRequests):
            limit.take(token)


def test_beyond_the_rate_the_answer_is_429_and_says_when_to_come_back(umbrella):
    client = limited(umbrella, requests_per_second=2.0)

    answers = [client.get("/Users") for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "1"
    assert "2 requests a second" in answers[2].json["detail"]


def test_what_is_throttled_changes_nothing(umbrella):
    client = limited(umbrella, requests_per_second=1.0)
    client.user("one")

    assert client.post("/Users", {"userName": "two"}).status == 429
    assert umbrella.database.reader().one("SELECT count(*) FROM resource") == (1,)


def test_without_a_limit_nobody_is_throttled(umbrella):
    assert {umbrella.client.get("/Users").status for _ in range(100)} == {200}


def test_wrong_tokens_wait_longer_and_longer_and_are_forgotten(clock):
    failures = Failures(clock)

    waits = [failures.count("1.2.3.4") for _ in range(20)]
    other = failures.count("1.2.3.5")
    clock.now = 61.0

    assert waits[:10] == [0.0] * 10
    assert waits[10:14] == [0.05, 0.1, 0.2, 0.4]
    assert waits[-1] == 2.0
    assert (other, failures.count("1.2.3.4")) == (0.0, 0.0)
    assert failures.total == 22


def test_too_many_answers_held_back_become_429(clock, monkeypatch):
    monkeypatch.setattr("provisor.provider.protocol.throttling.WAITING_LIMIT", 0)
    failures = Failures(clock)
    for _ in range(10):
        failures.count("a")

    with pytest.raises(TooManyRequests):
        asyncio.run(failures.slow_down("a"))


def test_a_right_token_is_answered_at_once_where_wrong_ones_wait(umbrella, monkeypatch):
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr("provisor.provider.protocol.throttling.asyncio.sleep", sleep)
    for _ in range(12):
        assert umbrella.client.request("GET", "/Users", token="wrong").status == 401
    wrong = list(slept)

    assert umbrella.client.get("/Users").status == 200
    assert (wrong, slept) == ([0.05, 0.1], [0.05, 0.1])


FORWARDED = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "scim.example.org",
    "X-Forwarded-For": "9.9.9.9, 1.1.1.1",
}


def test_a_trusted_proxy_tells_how_the_client_knows_us(umbrella):
    client = limited(umbrella, trust_proxy=True)

    made = client.request("POST", "/Users", {"userName": "a"}, headers=FORWARDED)

    assert made.headers["location"].startswith("https://scim.example.org/identity/v2/scim/Users/")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Proto": "javascript"},
        {"X-Forwarded-Host": 'x"}'},
        {"X-Forwarded-Proto": "", "X-Forwarded-Host": ""},
    ],
)
def test_what_no_proxy_writes_is_not_believed(umbrella, headers):
    client = limited(umbrella, trust_proxy=True)

    made = client.request("POST", "/Users", {"userName": "a"}, headers=headers)

    assert json.dumps(made.json)
    assert made.headers["location"].startswith("http://")


def test_without_trust_forwarded_headers_mean_nothing(umbrella):
    made = umbrella.client.request("POST", "/Users", {"userName": "a"}, headers=FORWARDED)

    assert made.headers["location"].startswith("http://target.example:8020/")


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("9.9.9.9, 1.1.1.1", "1.1.1.1"),
        ("1.1.1.1:50000", "1.1.1.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:50000", "2001:db8::1"),
    ],
    ids=["of several", "with a port", "version 6", "version 6 with a port"],
)
def test_the_address_of_a_client_is_what_the_trusted_proxy_saw(umbrella, monkeypatch, forwarded, address):
    seen = []
    client = limited(umbrella, trust_proxy=True)
    monkeypatch.setattr(Failures, "count", lambda self, address: seen.append(address) or 0.0)

    client.request("GET", "/Users", token="wrong", headers={"X-Forwarded-For": forwarded})

    assert seen == [address]
