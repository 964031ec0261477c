"""The provisioning log: every combination of filters finds what going through all events by hand finds, in order."""

from itertools import combinations, product

import pytest

from provisor.engine.log_event import Facts, encode
from provisor.storage import log
from provisor.storage.log import LogQuery, LogRow

FACTS = encode(Facts(kind="user")).decode()
FIELDS = {
    "job": (1, 2),
    "cycle": ("cycle-1", "cycle-2"),
    "action": ("create", "other"),
    "status": ("success", "failure"),
    "code": (None, "EntryConflict", "NotInScope"),
    "who": (("s1", "anna", "t1"), ("s2", "bo", None), ("s3", "t1", "s1")),  # one's name is another's target id
}
NARROW = {
    "job": (1, 9),
    "cycle": ("cycle-2", "cycle-9"),
    "action": ("other", "delete"),
    "status": ("failure", "warning"),
    "code": ("EntryConflict", "Nothing"),
    "identity": ("anna", "s1", "t1", "bo", "nobody"),
    "since": (40,),
    "until": (90,),
}
# Each filter alone, and every two together.
QUERIES = [
    dict(zip(names, values, strict=True))
    for size in (0, 1, 2)
    for names in combinations(NARROW, size)
    for values in product(*(NARROW[name] for name in names))
]
# Several at one time, and a clock that went back: the id made later has the earlier time.
EVENTS = [
    LogRow(f"id-{number:04}", "mine", job, cycle, number // 3 if number % 10 else 200 - number, action, status, code,
           *who, FACTS)
    for number, (job, cycle, action, status, code, who) in enumerate(product(*FIELDS.values()))
]  # fmt: skip
COLUMNS = ("job", "cycle", "action", "status", "code")


@pytest.fixture(scope="module")
def reader(migrated_file, tmp_path_factory):
    import shutil

    from provisor.database import open_database

    path = tmp_path_factory.mktemp("log") / "service.db"
    shutil.copy(migrated_file, path)
    database = open_database(f"sqlite:///{path}")
    with database.transaction() as connection:
        log.append(connection, EVENTS[::2])
        log.append(connection, EVENTS[1::2])
        log.append(connection, [EVENTS[0]._replace(id="id-other", tenant="another's")])
    yield database.reader()
    database.close()


def fits(event, narrow):
    if not all(getattr(event, name) == value for name, value in narrow.items() if name in COLUMNS):
        return False
    if "identity" in narrow and narrow["identity"] not in (event.source_id, event.name, event.target_id):
        return False
    return narrow.get("since", 0) <= event.at < narrow.get("until", 1_000)


def by_hand(narrow):
    """The ids of what fits, oldest first."""
    return [event.id for event in sorted(EVENTS, key=lambda event: (event.at, event.id)) if fits(event, narrow)]


def found(reader, narrow, **options):
    return [event.id for event in log.find(reader, LogQuery(tenant="mine", **narrow), **options)]


@pytest.mark.parametrize("narrow", QUERIES, ids=lambda narrow: " ".join(f"{k}={v}" for k, v in narrow.items()) or "all")
def test_filters_find_what_fits_and_nothing_else(reader, narrow):
    wanted = by_hand(narrow)

    assert found(reader, narrow, limit=1_000, oldest_first=True) == wanted
    assert found(reader, narrow, limit=7) == wanted[::-1][:7]


@pytest.mark.parametrize("narrow", [{}, {"identity": "t1"}, {"cycle": "cycle-1"}, {"status": "failure"}], ids=str)
def test_pages_follow_one_another_without_gap_or_overlap(reader, narrow):
    seen, before = [], None
    while page := found(reader, narrow, limit=5, before=before):
        seen += page
        before = page[-1]

    assert seen == by_hand(narrow)[::-1]


def test_a_stream_brings_everything_oldest_first(reader):
    streamed = log.stream(reader, LogQuery(tenant="mine", status="failure"), page=5)

    assert [event.id for event in streamed] == by_hand({"status": "failure"})


def test_an_event_that_is_not_there_has_none_before_it(reader):
    with pytest.raises(LookupError):
        found(reader, {}, limit=5, before="id-none")


def test_an_event_has_what_was_written(reader):
    (event,) = log.find(reader, LogQuery(tenant="mine", until=1), limit=1, oldest_first=True)

    assert (event.id, event.job, event.action, event.name, event.target_id) == (
        "id-0001",
        1,
        "create",
        "bo",
        None,
    )


def test_events_that_are_rolled_back_leave_no_facet_behind_that_others_rely_on(database, tenant):
    event = LogRow("id-1", tenant, "job-1", "cycle-1", 1, "create", "success", None, "s1", "anna", None, FACTS)
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:
        log.append(connection, [event])
        raise ZeroDivisionError

    with database.transaction() as connection:
        log.append(connection, [event])

    assert [one.id for one in log.find(database.reader(), LogQuery(tenant=tenant), limit=5)] == ["id-1"]
