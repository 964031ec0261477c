"""Whatever a server answers, chosen by chance: a value or one of the five errors of the port, and nothing else."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisor.connectors.bodies import document, in_utf8
from provisor.connectors.capture import EXCERPT_CHARACTERS, Redactor, excerpt, in_one_line
from provisor.connectors.identifiers import UnusableId, id_in_location, identified, problem_with_id
from provisor.connectors.replies import LONGEST_PAUSE, pause_until
from provisor.connectors.scim_client import ScimClient
from provisor.engine.ports import ConnectorError, Found, Page, Secret
from provisor.scim.messages import LIST_RESPONSE_URN
from provisor.scim.patch.operations import Operation
from provisor.scim.schemas.resource_types import GROUP_TYPE, USER_TYPE
from support.prepared_answers import NOW, TOKEN, Cut, Server, reply

RIGHT = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "id": "u-1",
    "userName": "anna",
    "active": True,
    "name": {"givenName": "Anna", "familyName": "B"},
    "emails": [{"type": "work", "value": "a@x", "primary": True}],
    "members": [{"value": "u-2"}],
    "meta": {"version": 'W/"1"', "created": "2026-11-22T09:00:00Z"},
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"manager": {"value": "u-3"}},
}
LIST = {"schemas": [LIST_RESPONSE_URN], "totalResults": 1, "startIndex": 1, "itemsPerPage": 1, "Resources": [RIGHT]}
CHANGE = [Operation(op="replace", path="displayName", value="Anna")]
CALLS = (
    lambda client: client.find("user", "userName", "anna"),
    lambda client: client.find("user", 'emails[type eq "work"].value', "a@x"),
    lambda client: client.find("group", "displayName", "anna"),
    lambda client: client.page("user", 1, 10),
    lambda client: client.page("group", 3, 10),
    lambda client: client.read("user", "u-1"),
    lambda client: client.read("group", "u-1"),
    lambda client: client.create("user", {"userName": "anna"}),
    lambda client: client.patch("user", "u-1", CHANGE),
    lambda client: client.patch_members("u-1", ["u-2"], []),
    lambda client: client.delete("user", "u-1"),
)

texts = st.text(max_size=12) | st.sampled_from(
    ["id", "ID", "userName", "Resources", "\0", "\x1b", "\ud83d", "..", "a" * 3000]
)
numbers = st.integers() | st.floats() | st.just(10**400)
anything = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
statuses = st.sampled_from([200, 200, 200, 201, 202, 206, 207, 301, 307, 400, 401, 404, 409, 412, 429, 500, 503, 527])
encodings = st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-16", "utf-32", "latin-1"])


@st.composite
def mutated(draw):
    """A right answer in which some values, anywhere, are replaced, left out or renamed."""
    answer = json.loads(json.dumps(draw(st.sampled_from([RIGHT, LIST, {"detail": "no", "scimType": "tooMany"}]))))
    for _ in range(draw(st.integers(0, 4))):
        place = answer
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and draw(st.booleans()):
                place = place[key]
                continue
            match draw(st.sampled_from(["replace", "leave out", "rename"])):
                case "rename" if isinstance(place, dict):
                    place[draw(texts)] = place.pop(key)
                case "leave out":
                    del place[key]
                case _:
                    place[key] = draw(anything)
            break
    return answer


@st.composite
def written(draw, values):
    """JSON as bytes in some encoding, at times with some bytes replaced."""
    encoding = draw(encodings)
    text = json.dumps(draw(values), ensure_ascii=draw(st.booleans()))
    payload = bytearray(text.encode(encoding, "surrogatepass" if encoding != "latin-1" else "replace"))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 3]))):
        payload[draw(st.integers(0, len(payload) - 1))] = draw(st.integers(0, 255))
    return bytes(payload)


@pytest.fixture(scope="module")
def ask():
    """Every call of the port before one server that answers as it is told; each outcome must be of the port."""
    with asyncio.Runner() as runner:
        server = Server(None)
        listener = runner.run(start(server))
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/scim/v2"
        client = ScimClient(url, Secret(TOKEN), USER_TYPE, GROUP_TYPE, clock=lambda: NOW, timeout_seconds=20)

        async def every_call(answer):
            server.replies = [answer]
            server.requests.clear()
            outcomes = []
            for call in CALLS:
                try:
                    outcomes.append(await call(client))
                except ConnectorError as error:
                    outcomes.append(error)
            return outcomes

        yield lambda answer: runner.run(every_call(answer))
        runner.run(client.close())
        listener.close()


async def start(server):
    return await asyncio.start_server(server, "127.0.0.1", 0)


def check(outcomes):
    """Nothing that came out can break who keeps it."""
    for outcome in outcomes:
        if isinstance(outcome, ConnectorError):
            repr(outcome).encode()
            assert str(outcome) == in_one_line(str(outcome))
            assert len(str(outcome)) < 3000
            continue
        if outcome is None:
            continue
        resources = outcome.resources if isinstance(outcome, Found | Page) else [outcome.resource or {"id": "none"}]
        for resource in resources:
            assert problem_with_id(resource["id"]) is None
            assert "\0" not in json.dumps(resource, ensure_ascii=False).encode().decode()


laws = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
many = settings(laws, max_examples=400)


def answers(body):
    return st.builds(
        lambda status, payload, headers: reply(status, payload, **headers),
        statuses,
        body,
        st.fixed_dictionaries(
            {},
            optional={
                name: st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=20)
                for name in ("Retry_After", "ETag", "Location", "Content_Type")
            },
        ),
    )


@laws
@given(answers(written(mutated())))
def test_no_mutation_of_a_right_answer_makes_anything_but_an_error_of_the_port(ask, answer):
    check(ask(answer))


@pytest.mark.slow
@many
@given(answers(written(mutated())))
def test_no_mutation_of_a_right_answer_makes_anything_but_an_error_of_the_port_for_long(ask, answer):
    check(ask(answer))


@laws
@given(answers(written(anything)))
def test_no_json_makes_anything_but_an_error_of_the_port(ask, answer):
    check(ask(answer))


@laws
@given(answers(st.binary(max_size=200)))
def test_no_body_makes_anything_but_an_error_of_the_port(ask, answer):
    check(ask(answer))


@laws
@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda tail: b"HTTP/1.1 2" + tail))
def test_no_bytes_make_anything_but_an_error_of_the_port(ask, answer):
    check(ask(Cut(answer)))


@pytest.mark.slow
@many
@given(
    answers(written(mutated())),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4),
    st.integers(0, 600),
)
def test_no_damage_to_a_right_answer_makes_anything_but_an_error_of_the_port(ask, answer, damage, end):
    spoilt = bytearray(answer[:end] if end < 400 else answer)
    for place, byte in damage:
        if place < len(spoilt):
            spoilt[place] = byte

    check(ask(Cut(spoilt)))


@given(st.binary(max_size=300), st.text(max_size=40))
def test_every_body_becomes_utf_8_and_says_what_it_lost(payload, content_type):
    text, garbled = in_utf8(payload, content_type)

    assert text.decode().encode() == text
    assert garbled is False or "\N{REPLACEMENT CHARACTER}" in text.decode()
    document(text)


@given(st.dictionaries(texts, anything, max_size=5), st.sampled_from(["id", "ID", "other"]), anything)
def test_an_id_that_is_taken_can_be_sent_back(resource, name, value):
    try:
        target_id = identified({**resource, name: value})["id"]
    except UnusableId:
        return
    assert problem_with_id(target_id) is None
    target_id.encode()


@given(st.text() | st.text().map(lambda text: f"http://a.example/Users/{text}"))
def test_every_location_is_an_id_or_none(location):
    target_id = id_in_location(location, "http://a.example/Users")

    assert target_id is None or problem_with_id(target_id) is None


@given(
    st.text()
    | st.from_regex(r"\A[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} \d{1,3}:\d{1,3}:\d{1,3} [A-Z+\-0-9]{1,6}\Z")
)
def test_no_wish_for_a_pause_is_longer_than_ours_or_in_the_past(wish):
    assert NOW <= (pause_until(wish, NOW) or NOW) <= NOW + LONGEST_PAUSE


@given(
    st.text(), st.text(), st.sampled_from([str, lambda text: json.dumps(text), lambda text: text.replace("/", "%2F")])
)
def test_no_text_for_a_message_holds_the_token_or_what_a_terminal_obeys(before, after, spell):
    shown = Redactor(Secret(TOKEN)).text(f"{before}{spell(TOKEN)}{after}")

    assert TOKEN not in shown
    assert in_one_line(shown) == shown
    shown.encode()


@given(st.binary(max_size=5000))
def test_an_excerpt_is_one_short_line(payload):
    shown = excerpt(payload)

    assert len(shown) <= EXCERPT_CHARACTERS
    assert in_one_line(shown) == shown
