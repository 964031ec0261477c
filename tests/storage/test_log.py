"""The provisioning log: every combination of filters finds what going through all events by hand finds, in order."""

from itertools import combinations, product

import pytest

from provisor.storage import log
from provisor.storage.log import LogQuery, LogRow
from support.logged import EVENTS, FACTS, NAMES, named

NARROW = {
    "job": (1, 9),
    "cycle": ("cycle-2", "cycle-9"),
    "action": ("other", "delete"),
    "status": ("failure", "warning"),
    "code": ("EntryConflict", "Nothing"),
    "identity": ("anna", "s1", "t1", "bo", "nobody"),
    "change": ("id-0003", "id-9999"),
    "application": ("app-1", "x-1", "Umbrella", "Umbrella then", "Nothing"),
    "target_system": ("Umbrella",),
    "source_system": ("Provisor Directory", "mine", "Nothing"),
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
COLUMNS = ("job", "cycle", "action", "status", "code")


@pytest.fixture(scope="module")
def reader(migrated_file, tmp_path_factory):
    import shutil

    from provisor.database import open_database

    path = tmp_path_factory.mktemp("log") / "service.db"
    shutil.copy(migrated_file, path)
    database = open_database(f"sqlite:///{path}")
    with database.transaction() as connection:
        named(connection)
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
    if narrow.get("change", event.id) != event.id or narrow.get("source_system", "mine") == "Nothing":
        return False
    name = NAMES[event.job, event.cycle]
    for system in ("application", "target_system"):
        if narrow.get(system, name) not in (name, f"x-{event.job}", f"app-{event.job}"):
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


@pytest.mark.parametrize("narrow", QUERIES, ids=lambda narrow: " ".join(f"{k}={v}" for k, v in narrow.items()) or "all")
def test_a_tail_brings_what_a_filter_finds_and_nothing_else(reader, narrow):
    seen, position = [], 0
    while True:
        events, reached = log.follow(reader, LogQuery(tenant="mine", **narrow), position, limit=50)
        seen += [event.id for event in events]
        if reached == position:
            break
        position = reached

    assert sorted(seen) == sorted(by_hand(narrow))


def test_a_tail_misses_nothing_that_is_written_with_an_earlier_time(database, tenant):
    """A clock that is put back, or two processes that write at once."""
    position = log.newest_number(database.reader())
    seen = []
    for number, at in enumerate((500, 100, 300)):
        event = LogRow(f"id-{9 - number}", tenant, 1, "c", at, "create", "success", None, "s", "anna", None, FACTS)
        with database.transaction() as connection:
            log.append(connection, [event])
        events, position = log.follow(database.reader(), LogQuery(tenant=tenant), position)
        seen += [event.at for event in events]

    assert seen == [500, 100, 300]


class Between:
    """A reader beside which something happens before its n-th statement."""

    def __init__(self, reader, nth, happens):
        self._reader, self._left, self._happens = reader, nth, happens

    def __getattr__(self, name):
        return getattr(self._reader, name)

    def all(self, *arguments):
        self._left -= 1
        if self._left == 0:
            self._happens()
        return self._reader.all(*arguments)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_tail_misses_nothing_that_is_written_while_it_looks(database, tenant, nth):
    def written():
        event = LogRow("id-1", tenant, 1, "c", 1, "create", "success", None, "s", "anna", None, FACTS)
        with database.transaction() as connection:
            log.append(connection, [event])

    position, seen = log.newest_number(database.reader()), []
    reader = Between(database.reader(), nth, written)
    for _ in range(3):
        events, position = log.follow(reader, LogQuery(tenant=tenant), position)
        seen += [event.id for event in events]

    assert seen == ["id-1"]


@pytest.mark.parametrize(
    "happens", ["UPDATE application SET display_name = 'Renamed'", "DELETE FROM cycle", "DELETE FROM job"]
)
def test_section_17_names_are_frozen_when_an_event_is_written(database, happens):
    with database.transaction() as connection:
        named(connection)
        log.append(connection, EVENTS[:1])
    before = log.find(database.reader(), LogQuery(tenant="mine"), limit=1)

    with database.transaction() as connection:
        connection.execute(happens)

    after = log.find(database.reader(), LogQuery(tenant="mine"), limit=1)
    assert before[0].document["targetSystem"]["displayName"] == "Umbrella then"
    assert after == before


def test_an_event_that_is_removed_while_it_is_read_is_left_out(reader, database):
    with database.transaction() as connection:
        log.append(connection, [row._replace(tenant="mine") for row in EVENTS[:20]])
    streamed = log.stream(database.reader(), LogQuery(tenant="mine"), page=5)
    first = next(streamed).id
    with database.transaction() as connection:
        connection.execute("DELETE FROM log_event WHERE id <> ?", (first,))

    rest = [event.id for event in streamed]

    assert len(rest) < 19
    assert len(set(rest)) == len(rest)
