"""Whatever is sent to the routes of the directory, the answer is no 5xx, and where it is 4xx nothing has changed."""

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisor.directory.query import FILTERED
from support.graph_objects import group, stored, user

TEXT = st.text(max_size=20) | st.sampled_from(["", "\0", "a" * 300, "'", "%", "_", "\ud7ff", "\U0010ffff", "Ⅷ", "İ"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["displayName", "userPrincipalName", "accountEnabled", "businessPhones", "onPremisesExtensionAttributes",
     "passwordProfile", "manager@odata.bind", "members@odata.bind", "mail", "id", "extension_x", "extension_*",
     "onPremisesSyncEnabled", "groupTypes", "membershipRule", "securityEnabled", "@odata.id", "ids", "types", "name",
     "dataType", "targetObjects", "isMultiValued", "isSyncedFromOnPremises", "mailNickname", "mailEnabled"]
)  # fmt: skip
BODIES = st.dictionaries(NAMES, VALUES, max_size=6) | VALUES
LITERALS = st.one_of(
    TEXT.map(lambda text: "'" + text.replace("'", "''") + "'"),
    st.sampled_from(["true", "null", "5", "1.5", "2026-03-01"]),
)
FILTERS = st.recursive(
    st.builds(
        lambda name, operator, value: f"{name} {operator} {value}",
        st.sampled_from([*FILTERED["user"], "city", "x/y"]), st.sampled_from(["eq", "ne", "gt", "in"]), LITERALS,
    )
    | st.builds(
        lambda function, name, value: f"{function}({name},{value})",
        st.sampled_from(["startswith", "endswith", "contains"]), st.sampled_from([*FILTERED["user"], "city"]), LITERALS,
    ),
    lambda inner: st.builds(lambda one, word, two: f"({one}) {word} ({two})", inner, st.sampled_from(["and", "or"]), inner)
    | inner.map(lambda one: f"not ({one})"),
    max_leaves=6,
)  # fmt: skip
ROUTES = [
    ("POST", "/users"), ("PATCH", "/users/{user}"), ("POST", "/groups"), ("PATCH", "/groups/{group}"),
    ("POST", "/groups/{group}/members/$ref"), ("PUT", "/users/{user}/manager/$ref"), ("POST", "/directoryObjects/getByIds"),
    ("POST", "/directoryObjects/getAvailableExtensionProperties"),
]  # fmt: skip


@pytest.fixture
def there(admin):
    return {"user": user(admin), "group": group(admin)}


LAW = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@LAW
@given(route=st.sampled_from(ROUTES), body=BODIES)
def test_no_body_is_answered_by_a_failure_of_ours(graph, admin, there, route, body):
    method, path = route
    before = stored(admin)

    reply = graph.request(method, path.format(**there), raw=json.dumps(body).encode())

    assert reply.status < 500, (body, reply.body)
    if reply.status >= 400:
        assert reply.error["code"]
        assert stored(admin) == before


@LAW
@given(
    asked=FILTERS,
    search=st.none() | TEXT,
    order=st.sampled_from(["", "id", "displayName desc", "mail", "userPrincipalName"]),
)
def test_no_question_is_answered_by_a_failure_of_ours(graph, there, asked, search, order):
    query = f"$filter={quote(asked)}&$count=true" + (f"&$orderby={quote(order)}" if order else "")
    query += f"&$search={quote(search)}" if search is not None else ""

    for path in ("/users", "/groups"):
        reply = graph.get(f"{path}?{query}")
        assert reply.status in (200, 400), reply.body


@LAW
@given(key=TEXT.filter(lambda text: text.isprintable() and text.strip("./ ")))
def test_no_key_is_answered_by_a_failure_of_ours(graph, there, key):
    for path in ("/users/{}", "/groups/{}", "/groups/{}/members", "/users/{}/manager", "/directory/deletedItems/{}",
                 "/directoryObjects/{}", "/users/{}/memberOf", "/applications/{}/extensionProperties"):  # fmt: skip
        assert graph.get(path.format(quote(key, safe=""))).status in (400, 404)


@LAW
@given(token=st.text(max_size=60))
def test_a_made_up_token_is_refused(graph, token):
    for path in ("/users/delta?$deltatoken=", "/groups/delta?$skiptoken=", "/users?$skiptoken="):
        assert graph.get(path + quote(token, safe="")).status in (400, 410)
