"""The audit log: every combination of filters finds what going through all events by hand finds, newest first."""

from datetime import UTC, datetime, timedelta
from itertools import combinations, product

import pytest

from provisor.storage import audit
from provisor.storage.audit import AuditQuery
from provisor.storage.authors import Author
from provisor.storage.times import to_microseconds

START = datetime(2026, 6, 1, tzinfo=UTC)
ANN = Author(id="u1", name="ann", kind="user")
BO = Author(id="u2", name="bo", kind="user", address="192.0.2.7", correlation="c1", through="local operator")
ANOTHER_BO = Author(id="u3", name="bo", kind="token")
FIELDS = {
    "author": (ANN, BO, ANOTHER_BO),
    "activity": ("start", "stop"),
    "target": ("j1", "j2"),
    "result": ("success", "failure"),
}
NARROW = {
    "actor": ("bo", "nobody"),
    "actor_id": ("u2", "u9"),
    "activity": ("stop",),
    "target": ("j2", "j9"),
    "result": ("success", "failure"),
    "since": (to_microseconds(START + timedelta(minutes=5)),),
    "until": (to_microseconds(START + timedelta(minutes=18)),),
}
QUERIES = [
    dict(zip(names, values, strict=True))
    for size in range(4)
    for names in combinations(NARROW, size)
    for values in product(*(NARROW[name] for name in names))
]


@pytest.fixture
def filled(database, tenant):
    with database.transaction() as connection:
        for number, values in enumerate(product(*FIELDS.values())):
            audit.record(
                connection,
                tenant=tenant,
                now=START + timedelta(minutes=number),
                detail={"number": number},
                **dict(zip(FIELDS, values, strict=True)),
            )
    return audit.find(database.reader(), AuditQuery(tenant=tenant), limit=100)


def fits(event, narrow):
    said = {
        "actor": event.author.name,
        "actor_id": event.author.id,
        "activity": event.activity,
        "target": event.target,
        "result": event.result,
    }
    columns = all(said[name] == value for name, value in narrow.items() if name in said)
    return columns and narrow.get("since", 0) <= event.at < narrow.get("until", 1 << 62)


def test_filters_find_what_fits_and_nothing_else(database, tenant, filled):
    for narrow in QUERIES:
        found = audit.find(database.reader(), AuditQuery(tenant=tenant, **narrow), limit=100)

        assert found == [event for event in filled if fits(event, narrow)], narrow


@pytest.mark.parametrize("narrow", [{}, {"actor": "bo"}, {"actor_id": "u3"}, {"result": "failure"}], ids=str)
def test_pages_follow_one_another_without_gap_or_overlap(database, tenant, filled, narrow):
    seen, before = [], None
    while page := audit.find(database.reader(), AuditQuery(tenant=tenant, **narrow), limit=3, before=before):
        seen += page
        before = page[-1].id

    assert seen == [event for event in filled if fits(event, narrow)]


def test_an_event_that_is_not_there_has_none_before_it(database, tenant, filled):
    with pytest.raises(LookupError):
        audit.find(database.reader(), AuditQuery(tenant=tenant), limit=3, before="none")


def test_an_event_tells_who_did_it_from_where_and_who_sat_there(filled):
    assert {event.author for event in filled} == {ANN, BO, ANOTHER_BO}


def test_an_id_is_known_once_its_owner_has_done_something(database, tenant, filled):
    known = [audit.knows_author(database.reader(), tenant, one) for one in ("u2", "bo")]

    assert known == [True, False]
