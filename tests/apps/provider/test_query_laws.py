"""SQL and the filter language agree: whatever a filter finds in the database, evaluation finds in the documents."""

from urllib.parse import unquote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisor.provider.protocol.routes import parameters
from provisor.scim.errors import ScimError
from provisor.scim.filter.evaluation import evaluate
from provisor.scim.filter.grammar import render
from provisor.scim.filter.tree import And, Compare, Not, Or, Path, Present, ValuePath

TEXTS = st.sampled_from(
    ["", "a", "A", "á", "a\u0301", "ab", "b%", "_", "'", '"', "\\", "z", "ß", "true", "1", "\U0010ffff"]
)
LITERALS = st.one_of(TEXTS, st.booleans(), st.none(), st.integers(0, 2), st.just("2026-11-22T00:00:00Z"))
USER_PATHS = [
    "userName",
    "displayName",
    "externalId",
    "active",
    "title",
    "emails",
    "emails.value",
    "id",
    "meta.created",
    "groups",
    "groups.value",
    "groups.type",
]
GROUP_PATHS = ["displayName", "externalId", "members", "members.value", "members.type", "id", "meta.lastModified"]
OPERATORS = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]


def paths(names):
    return st.sampled_from(names).map(
        lambda text: Path(attribute=text.partition(".")[0], sub=text.partition(".")[2] or None)
    )


def filters(names, elements):
    compares = st.builds(
        lambda path, op, value: Compare(path=path, op=op, value=value),
        paths(names),
        st.sampled_from(OPERATORS),
        LITERALS,
    )
    inner = st.builds(
        lambda path, op, value: Compare(path=path, op=op, value=value),
        paths(["value", "type"]),
        st.sampled_from(OPERATORS),
        TEXTS,
    )
    leaves = st.one_of(
        compares, paths(names).map(Present), inner.map(lambda tree: ValuePath(Path(attribute=elements), tree))
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=2, max_size=3).map(lambda trees: And(tuple(trees))),
            st.lists(inner, min_size=2, max_size=3).map(lambda trees: Or(tuple(trees))),
        ),
        max_leaves=5,
    )


@pytest.fixture
def filled(generic):
    scim = generic.client
    ids = []
    for number, text in enumerate(["a", "AB", "á", "b%", "_'", 'q"\\', "ß", "z\U0010fffd"]):
        more = {"displayName": text, "externalId": text.swapcase(), "active": number % 2 == 0} if number % 3 else {}
        if number % 4 == 1:
            more |= {"title": text, "emails": [{"value": text, "type": "work"}, {"value": "z"}]}
        ids.append(scim.post("/Users", {"userName": text, **more}).json["id"])
    scim.group("a", members=ids[:3])
    scim.group("Ab", members=ids[2:4], externalId="A")
    scim.group("z")
    return generic


def check(target, path, tree, resource_type):
    scim = target.client
    everything = scim.get(path).resources
    try:
        expected = [item["id"] for item in everything if evaluate(tree, item, resource_type)]
    except ScimError:
        expected = None

    answer = scim.get(path, filter=render(tree))

    if expected is None:
        assert (answer.status, answer.json["scimType"]) == (400, "invalidFilter")
    elif answer.status == 200:
        assert [item["id"] for item in answer.resources] == expected, render(tree)
        assert answer.json["totalResults"] == len(expected)
    else:  # some conditions on members and groups are refused, never answered wrongly
        assert path == "/Groups" or "groups" in render(tree)
        assert answer.json["scimType"] == "invalidFilter"


quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
thorough = settings(max_examples=3_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(tree=filters(USER_PATHS, "emails"))
def test_a_filter_on_users_means_the_same_in_sql(filled, tree):
    check(filled, "/Users", tree, filled.tenant.profile.user_type)


@quick
@given(tree=filters(GROUP_PATHS, "members"))
def test_a_filter_on_groups_means_the_same_in_sql(filled, tree):
    check(filled, "/Groups", tree, filled.tenant.profile.group_type)


@pytest.mark.slow
@thorough
@given(users=filters(USER_PATHS, "emails"), groups=filters(GROUP_PATHS, "members"))
def test_thousands_of_filters_mean_the_same_in_sql(filled, users, groups):
    check(filled, "/Users", users, filled.tenant.profile.user_type)
    check(filled, "/Groups", groups, filled.tenant.profile.group_type)


PIECES = [b"%", b"%2", b"2", b"+", b" ", b"a", b"%22", b"%20", b"%40", b"%25", b"%C3%A9", b"\xc3", b'"', b"@"]


@given(st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_a_filter_is_unquoted_as_urllib_does_it(value):
    assert parameters(b"filter=" + value) == {"filter": unquote_plus(value.decode("latin-1"))}
