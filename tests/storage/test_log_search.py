"""Searches of the provisioning log: whatever is asked finds what going through all events finds, on pages that meet."""

import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisor.storage import log, log_search
from provisor.storage.log import LogQuery
from provisor.storage.log_search import LogSearch, LogTest
from provisor.storage.walking import TimePlace, Uncountable
from support.logged import EVENTS, named


@pytest.fixture(scope="module")
def reader(migrated_file, tmp_path_factory):
    from provisor.database import open_database

    path = tmp_path_factory.mktemp("log") / "service.db"
    shutil.copy(migrated_file, path)
    database = open_database(f"sqlite:///{path}")
    with database.transaction() as connection:
        named(connection)
        log.append(connection, EVENTS)
        log.append(connection, [EVENTS[0]._replace(id="id-other", tenant="another's")])
    yield database.reader()
    database.close()


@pytest.fixture(scope="module")
def everything(reader):
    return log.find(reader, LogQuery(tenant="mine"), limit=1_000)


OF = {
    "id": lambda event: event.id,
    "at": lambda event: event.at,
    "cycle": lambda event: event.cycle,
    "source": lambda event: event.source_id,
    "name": lambda event: event.name,
    "target": lambda event: event.target_id,
    "target_name": lambda event: event.document["targetIdentity"]["displayName"],
    "job": lambda event: event.document["jobId"],
    "action": lambda event: event.action,
    "status": lambda event: event.status,
    "code": lambda event: event.code,
    "tenant": lambda event: event.document["tenantId"],
    "source_system": lambda event: event.document["sourceSystem"]["displayName"],
    "application": lambda event: event.document["servicePrincipal"]["id"],
    "application_name": lambda event: event.document["servicePrincipal"]["displayName"],
}
TEXTS = [
    "", "a", "anna", "s1", "t1", "bo", "id-0003", "cycle-1", "cycle", "failure", "EntryConflict", "Entry", "create",
    "job-1", "app-1", "Umbrella", "Umbrella then", "then", "mine", "Provisor Directory", "%", "_", "'", "\\",
]  # fmt: skip
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
    "not startswith": lambda had, value: not had.startswith(value),
    "not endswith": lambda had, value: not had.endswith(value),
}
COMPARED = ("eq", "ne", "gt", "ge", "lt", "le")

texts = st.sampled_from(TEXTS)
tests = st.one_of(
    st.builds(LogTest, st.just("at"), st.sampled_from(COMPARED), st.integers(-5, 210)),
    st.builds(
        LogTest,
        st.sampled_from([name for name in OF if name != "at"]),
        st.sampled_from([one for one in HOLDS if one not in ("in", "not in")]),
        texts,
    ),
    st.builds(
        LogTest,
        st.sampled_from([name for name in OF if name != "at"]),
        st.sampled_from(["in", "not in"]),
        st.lists(texts, min_size=1, max_size=3).map(tuple),
    ),
)
searches = st.builds(
    LogSearch,
    tenant=st.just("mine"),
    cases=st.lists(st.lists(tests, max_size=3).map(tuple), min_size=1, max_size=3),
    jobs=st.sampled_from([None, None, frozenset({1}), frozenset({2, 7}), frozenset()]),
    oldest_first=st.booleans(),
)


def fits(event, wanted):
    if wanted.jobs is not None and event.job not in wanted.jobs:
        return False
    return any(all(holds(event, test) for test in case) for case in wanted.cases)


def holds(event, test):
    had = OF[test.field](event)
    return HOLDS[test.operator]("" if had is None else had, test.value)


def pages(reader, wanted, limit, looked_at):
    place = None
    while True:
        found = log_search.search(reader, wanted, limit=limit, after=place, looked_at=looked_at)
        yield [event.id for event in found.events]
        if found.end is None:
            return
        assert place is None or found.end != place
        place = found.end


@settings(max_examples=400)
@given(wanted=searches, limit=st.sampled_from([3, 40, 1_000]), looked_at=st.sampled_from([1, 7, 50_000]))
def test_pages_together_are_what_fits_in_order(reader, everything, wanted, limit, looked_at):
    found = [one for page in pages(reader, wanted, limit, looked_at) for one in page]

    wanted_ids = [event.id for event in everything if fits(event, wanted)]
    assert found == (wanted_ids[::-1] if wanted.oldest_first else wanted_ids)


@settings(max_examples=200)
@given(wanted=searches)
def test_a_count_is_how_many_fit_or_is_refused(reader, everything, wanted):
    try:
        number = log_search.count(reader, wanted)
    except Uncountable:
        return

    assert number == sum(fits(event, wanted) for event in everything)


def test_a_page_that_had_to_look_at_too_much_says_how_far_it_came(reader):
    nobody = LogSearch(tenant="mine", cases=[(LogTest("name", "contains", "nobody"),)])

    found = log_search.search(reader, nobody, limit=5, looked_at=1)

    assert found.events == []
    assert isinstance(found.end, TimePlace)


@pytest.mark.parametrize("jobs", [frozenset(), frozenset({2})], ids=["of no job", "of another job"])
def test_what_is_not_of_these_jobs_is_found_by_no_key(reader, jobs):
    by_id = LogSearch(tenant="mine", cases=[(LogTest("id", "eq", EVENTS[0].id),)], jobs=jobs)

    assert log_search.search(reader, by_id, limit=5).events == []
    assert log_search.count(reader, by_id) == 0
