"""What is asked most is answered on a short way of its own: it says the same as the long one."""

import asyncio
from contextlib import closing
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.provider.protocol.routes import parameters
from provisor.provider.query.find import name_alone, name_asked
from provisor.provider.query.reader import FEW_READS, Reader
from provisor.provider.store.tables import open_target, the_tenant
from provisor.provider.verbs.request import ScimRequest

NAMES = [
    "ana.ruiz@example.org",
    "ANA.RUIZ@EXAMPLE.ORG",
    "nobody@example.org",
    "",
    "o'neil",
    "a+b",
    "José",
    'say "x"',
    "%",
]
QUOTED = {"plus": quote_plus, "percent": quote, "signs as they are": lambda text: quote(text, safe='"@')}
PIECES = [
    "filter=",
    "Filter=",
    "userName",
    "USERNAME",
    "displayName",
    "+",
    "%20",
    "eq",
    "EQ",
    "ne",
    '"',
    "%22",
    "%40",
    "@",
]


@pytest.mark.parametrize("quoted", QUOTED.values(), ids=QUOTED)
@pytest.mark.parametrize("name", NAMES)
def test_a_look_up_says_the_same_on_either_way(scim, quoted, name):
    scim.user("ana.ruiz@example.org")
    asked = quoted(f'userName eq "{name}"')

    short = scim.request("GET", "/Users", query=f"filter={asked}")
    long = scim.request("GET", "/Users", query=f"filter={asked}&startIndex=1")

    assert (short.status, short.headers, short.body) == (long.status, long.headers, long.body)


def test_names_as_clients_write_them_take_the_short_way():
    for quoted in (quote_plus, quote):
        assert name_alone(b"filter=" + quoted('userName eq "Ana.Ruiz_2-x@example.org"').encode()) == (
            "ana.ruiz_2-x@example.org"
        )


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join))
def test_the_short_way_understands_nothing_else_than_the_long_one(text):
    query = text.encode("utf-8", "replace")
    name = name_alone(query)

    assert name is None or name == name_asked(parameters(query)["filter"], "User")


@given(st.text(max_size=12), st.sampled_from(["+", "%20"]), st.sampled_from(["%22", '"']))
def test_a_name_that_the_short_way_takes_is_the_one_of_the_long_way(name, blank, sign):
    query = f"filter=userName{blank}eq{blank}{sign}{name}{sign}".encode("utf-8", "replace")
    found = name_alone(query)

    assert found is None or found == name_asked(parameters(query)["filter"], "User")


@pytest.mark.parametrize(("reads", "quiet"), [(0, True), (FEW_READS, True), (FEW_READS + 1, False)])
def test_a_commit_may_hold_up_the_loop_while_little_is_read(tmp_path, reads, quiet):
    async def run(database):
        request = ScimRequest(tenant=the_tenant(database), now=1)
        with closing(Reader(database)) as reader:
            for _ in range(FEW_READS + 1):
                reader.by_name(request, "nobody")
            reader.quiet()  # of what came before the last commit nothing counts
            for _ in range(reads):
                reader.by_name(request, "nobody")
            return reader.quiet()

    with closing(open_target(f"sqlite:///{tmp_path / 'target.sqlite'}")) as database:
        assert asyncio.run(run(database)) == quiet
