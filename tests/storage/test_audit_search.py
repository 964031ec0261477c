"""Searches of the audit log: whatever is asked finds what going through all events finds, on pages that meet."""

import shutil
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisor.storage import audit, audit_search
from provisor.storage.audit import AuditQuery
from provisor.storage.audit_search import AuditSearch, AuditTest
from provisor.storage.authors import Author
from provisor.storage.times import to_microseconds
from provisor.storage.walking import Uncountable

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
AUTHORS = [
    Author(id="a1", name="anna", kind="user", correlation="c1"),
    Author(id="anna", name="a1", kind="client"),
    Author(id="b1", name="bo", kind="user", correlation="c2"),
]
DEEDS = list(product(AUTHORS, ("Add user", "Update user", "Quarantine"), ("t1", "t2", "t3"), ("success", "failure")))


@pytest.fixture(scope="module")
def reader(migrated_file, tmp_path_factory):
    from provisor.database import open_database

    path = tmp_path_factory.mktemp("audit") / "service.db"
    shutil.copy(migrated_file, path)
    database = open_database(f"sqlite:///{path}")
    with database.transaction() as connection:
        for number, (author, activity, target, result) in enumerate(DEEDS):
            at = BEGAN + timedelta(microseconds=number // 3 if number % 10 else 60 - number)
            for tenant in ("mine", "another's") if number % 5 == 0 else ("mine",):
                audit.record(
                    connection, tenant=tenant, author=author, activity=activity, target=target, now=at, result=result
                )
    yield database.reader()
    database.close()


@pytest.fixture(scope="module")
def everything(reader):
    return audit.find(reader, AuditQuery(tenant="mine"), limit=1_000)


OF = {
    "id": lambda event: event.id,
    "at": lambda event: event.at,
    "actor": lambda event: event.author.name,
    "actor_id": lambda event: event.author.id,
    "actor_kind": lambda event: event.author.kind,
    "correlation": lambda event: event.author.correlation or "",
    "activity": lambda event: event.activity,
    "target": lambda event: event.target,
    "result": lambda event: event.result,
}
TEXTS = ["", "a1", "anna", "n", "c1", "Add user", "user", "Quarantine", "t1", "t2", "success", "failure", "client", "%"]
HOLDS = {
    "eq": lambda had, value: had == value,
    "ne": lambda had, value: had != value,
    "gt": lambda had, value: had > value,
    "ge": lambda had, value: had >= value,
    "lt": lambda had, value: had < value,
    "le": lambda had, value: had <= value,
    "in": lambda had, value: had in value,
    "not in": lambda had, value: had not in value,
    "contains": lambda had, value: value in had,
    "startswith": lambda had, value: had.startswith(value),
    "endswith": lambda had, value: had.endswith(value),
    "not contains": lambda had, value: value not in had,
}
COMPARED = ("eq", "ne", "gt", "ge", "lt", "le")
names = st.sampled_from([name for name in OF if name != "at"])
texts = st.sampled_from(TEXTS)
moments = st.integers(-2, 60).map(lambda number: to_microseconds(BEGAN) + number)
tests = st.one_of(
    st.builds(AuditTest, st.just("at"), st.sampled_from(COMPARED), moments),
    st.builds(AuditTest, names, st.sampled_from([one for one in HOLDS if one not in ("in", "not in")]), texts),
    st.builds(
        AuditTest, names, st.sampled_from(["in", "not in"]), st.lists(texts, min_size=1, max_size=3, unique=True).map(tuple)
    ),
)  # fmt: skip
searches = st.builds(
    AuditSearch,
    tenant=st.just("mine"),
    cases=st.lists(st.lists(tests, max_size=3).map(tuple), min_size=1, max_size=3),
    targets=st.sampled_from([None, None, frozenset({"t1"}), frozenset({"t2", "t9"}), frozenset()]),
    oldest_first=st.booleans(),
)


def fits(event, wanted):
    if wanted.targets is not None and event.target not in wanted.targets:
        return False
    return any(all(HOLDS[how](OF[name](event), value) for name, how, value in case) for case in wanted.cases)


@settings(max_examples=400)
@given(wanted=searches, limit=st.sampled_from([3, 20, 1_000]), looked_at=st.sampled_from([1, 7, 50_000]))
def test_pages_together_are_what_fits_in_order(reader, everything, wanted, limit, looked_at):
    found, place = [], None
    while True:
        page = audit_search.search(reader, wanted, limit=limit, after=place, looked_at=looked_at)
        found += page.events
        if page.end is None:
            break
        assert page.end != place
        place = page.end

    fitting = [event for event in everything if fits(event, wanted)]
    assert found == (fitting[::-1] if wanted.oldest_first else fitting)


@settings(max_examples=200)
@given(wanted=searches)
def test_a_count_is_how_many_fit_or_is_refused(reader, everything, wanted):
    try:
        number = audit_search.count(reader, wanted)
    except Uncountable:
        return

    assert number == sum(fits(event, wanted) for event in everything)


def test_activities_are_told_once_each(reader):
    assert audit_search.activities(reader, "mine") == ["Add user", "Quarantine", "Update user"]
    assert audit_search.activities(reader, "nobody's") == []
