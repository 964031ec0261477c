"""A source that answers half, nothing, twice, or not at all removes nobody; and what is held back waits for a person."""

import pytest

from provisor.engine.sources import RecordUnreadable, SourcePage
from provisor.runner.sourcing.sourcing_run import SourceProgress
from provisor.storage import connected_sources, source_records
from provisor.testing.memory_source import MemorySource
from support.mirrored import anchor_of

MANY = [f"p{number:02}" for number in range(20)]


@pytest.fixture
def source(mirror, domain) -> str:
    """A source that has been read once: twenty people in a group."""
    for name in MANY:
        domain.person(name)
    domain.group("all", *MANY)
    source = mirror.connect()
    mirror.run(source, domain)
    return source


@pytest.mark.parametrize("fault", ["empty", "half"])
def test_a_full_read_that_tells_too_little_deletes_nobody_and_says_so(mirror, domain, source, fault):
    setattr(domain.source.faults, fault, True)

    run = mirror.run(source, domain, full=True)

    assert set(mirror.alive()) == set(MANY)
    assert run.state == "held"
    assert mirror.source(source).held.code == {"empty": "read-empty", "half": "read-shrunken"}[fault]


@pytest.mark.parametrize("fault", ["empty", "half"])
def test_what_was_held_back_is_forgotten_with_the_next_read_that_is_whole(mirror, domain, source, fault):
    setattr(domain.source.faults, fault, True)
    mirror.run(source, domain, full=True)

    run = mirror.run(source, domain, full=True)

    assert run.state == "succeeded"
    assert mirror.source(source).held is None
    assert mirror.members("all") == set(MANY)


@pytest.mark.parametrize("page", range(4))
def test_a_read_that_breaks_off_removes_nobody_and_is_carried_on(mirror, domain, source, page):
    domain.source.faults.breaks_before_page = page
    failed = mirror.run(source, domain, full=True)
    assert (failed.state, set(mirror.alive())) == ("failed", set(MANY))

    run = mirror.run(source, domain)

    assert (run.kind, run.state) == ("full", "succeeded")
    assert set(mirror.alive()) == set(MANY)


def test_a_page_that_is_repeated_changes_nothing(mirror, domain, source):
    before = mirror.everything()
    domain.source.faults.repeats_page = 2

    mirror.run(source, domain, full=True)

    assert mirror.everything() == before


@pytest.mark.parametrize("page", range(7))
def test_a_page_that_is_skipped_in_a_full_read_removes_nobody(mirror, domain, source, page):
    before = mirror.everything()
    domain.source.faults.skips_page = page

    mirror.run(source, domain, full=True)

    assert mirror.everything() == before


def test_who_is_missing_from_a_full_read_and_cannot_be_asked_after_stays(mirror, domain, source):
    domain.source.records.pop(anchor_of("p00"))
    domain.source.faults.down_for_looks = True

    run = mirror.run(source, domain, full=True)

    assert (run.state, run.error.code) == ("failed", "source-unreachable")
    assert "p00" in mirror.alive()


def test_who_was_said_to_be_deleted_leaves_though_the_missing_cannot_be_asked_after(mirror, domain, source):
    domain.remove("p01")
    pages: list[SourceProgress] = []
    mirror.run(source, domain, stop=lambda: bool(pages), report=pages.append)
    domain.source.records.pop(anchor_of("p00"))
    domain.source.faults.down_for_looks = True

    mirror.run(source, domain, full=True)

    assert mirror.deleted() == {"p01"}


def test_who_is_missing_from_a_full_read_and_is_not_there_when_asked_after_leaves(mirror, domain, source):
    domain.source.records.pop(anchor_of("p00"))

    mirror.run(source, domain, full=True)

    assert mirror.deleted() == {"p00"}


def test_a_lost_cursor_leads_to_a_full_read_in_the_same_run(mirror, domain, source):
    domain.remove("p00")
    domain.source.faults.loses_cursor = True

    run = mirror.run(source, domain)

    assert (run.kind, run.state, run.counters["cursor lost"]) == ("full", "succeeded", 1)
    assert mirror.deleted() == {"p00"}


def test_a_source_that_is_down_is_kept_as_trouble(mirror, domain, source):
    domain.source.faults.down = True

    run = mirror.run(source, domain)

    stored = mirror.source(source)
    assert (run.state, stored.failures, stored.error.code) == ("failed", 1, "source-unreachable")


def test_trouble_is_over_with_the_first_run_that_succeeds(mirror, domain, source):
    domain.source.faults.down = True
    mirror.run(source, domain)
    domain.source.faults.down = False

    mirror.run(source, domain)

    stored = mirror.source(source)
    assert (stored.failures, stored.failing_since, stored.error) == (0, None, None)


def test_more_deletions_than_the_threshold_are_held_back_all_of_them(mirror, domain):
    for name in MANY:
        domain.person(name)
    source = mirror.connect(threshold=3)
    mirror.run(source, domain)
    for name in MANY[:4]:
        domain.remove(name)

    run = mirror.run(source, domain)

    held = mirror.source(source).held
    assert (run.state, held.code, held.users, held.of_users) == ("held", "stopped-deletion-threshold-exceeded", 4, 20)
    assert set(mirror.alive()) == set(MANY)


def test_whose_deletion_is_held_back_stays_in_his_groups(mirror, domain):
    for name in MANY:
        domain.person(name)
    domain.group("all", *MANY)
    source = mirror.connect(threshold=3)
    mirror.run(source, domain)
    for name in MANY[:4]:
        domain.remove(name)

    mirror.run(source, domain)

    assert mirror.members("all") == set(MANY)


def test_who_leaves_after_all_leaves_his_groups_too(mirror, domain):
    for name in MANY:
        domain.person(name)
    domain.group("all", *MANY)
    source = mirror.connect(threshold=3)
    mirror.run(source, domain)
    for name in MANY[:4]:
        domain.remove(name)
    mirror.run(source, domain)
    allow(mirror, source, 4)
    mirror.run(source, domain)
    for name in MANY[:4]:
        domain.person(name)

    mirror.run(source, domain)

    assert mirror.members("all") == set(MANY[4:])


def allow(mirror, source, most):
    from provisor.storage import connected_sources

    with mirror.database.transaction() as connection:
        connected_sources.allow(connection, source, most)


def test_what_an_administrator_allows_leaves_in_the_next_run(mirror, domain):
    for name in MANY:
        domain.person(name)
    source = mirror.connect(threshold=3)
    mirror.run(source, domain)
    for name in MANY[:4]:
        domain.remove(name)
    mirror.run(source, domain)
    allow(mirror, source, 4)

    run = mirror.run(source, domain)

    assert (run.state, mirror.deleted()) == ("succeeded", set(MANY[:4]))
    assert mirror.source(source).held is None


def test_no_more_leave_than_an_administrator_allowed(mirror, domain):
    for name in MANY:
        domain.person(name)
    source = mirror.connect(threshold=3)
    mirror.run(source, domain)
    for name in MANY[:4]:
        domain.remove(name)
    mirror.run(source, domain)
    allow(mirror, source, 4)
    domain.remove(MANY[4])

    run = mirror.run(source, domain)

    assert (run.state, mirror.deleted()) == ("held", set())


def test_while_deletions_are_held_back_all_else_goes_on(mirror, domain):
    for name in MANY:
        domain.person(name)
    source = mirror.connect(threshold=3)
    mirror.run(source, domain)
    for name in MANY[:4]:
        domain.remove(name)
    domain.person("p10", disabled=True)
    domain.person("new")

    mirror.run(source, domain)

    assert mirror.alive()["p10"].enabled is False
    assert "new" in mirror.alive()


def test_somebody_unreadable_who_is_known_counts_as_present(mirror, domain, source):
    domain.source.unreadable.append(RecordUnreadable(where="entry 1", reason="It is torn.", anchor=anchor_of("p00")))
    domain.source.records.pop(anchor_of("p00"))

    mirror.run(source, domain, full=True)

    assert "p00" in mirror.alive()


def test_a_full_read_with_somebody_unreadable_of_nobody_knows_whom_proves_nobody_absent(mirror, domain, source):
    domain.source.unreadable.append(RecordUnreadable(where="entry 1", reason="It is torn."))
    domain.source.records.pop(anchor_of("p00"))

    run = mirror.run(source, domain, full=True)

    assert "p00" in mirror.alive()
    assert run.error.code == "read-not-clean"


def test_a_run_that_is_stopped_is_carried_on_by_the_next(mirror, domain):
    for name in MANY:
        domain.person(name)
    source = mirror.connect()
    pages: list[SourceProgress] = []
    stopped = mirror.run(source, domain, stop=lambda: len(pages) > 2, report=pages.append)
    assert stopped.state == "stopped"

    run = mirror.run(source, domain)

    assert run.state == "succeeded"
    assert set(mirror.alive()) == set(MANY)


def test_who_is_missing_leaves_also_where_every_read_is_a_full_one(mirror, domain, source):
    domain.source.always_full = True
    domain.remove("p00")

    run = mirror.run(source, domain)

    assert (run.kind, mirror.deleted()) == ("full", {"p00"})


def torn(anchor=None):
    return RecordUnreadable(where="row 7", reason="accountEnabled is neither true nor false.", anchor=anchor)


def test_why_somebody_cannot_be_read_is_kept_with_him(mirror, domain, source):
    anchor = anchor_of("p00")
    domain.source.unreadable.append(torn(anchor))
    domain.source.records.pop(anchor)

    mirror.run(source, domain, full=True)

    row = source_records.by_anchors(mirror.database.reader(), source, [anchor])[anchor]
    assert "row 7" in row.reason.message
    assert "neither true nor false" in row.reason.message


def test_who_can_be_read_again_is_in_order_again(mirror, domain, source):
    anchor = anchor_of("p00")
    domain.source.unreadable.append(torn(anchor))
    held = domain.source.records.pop(anchor)
    mirror.run(source, domain, full=True)
    domain.source.records[anchor] = held

    mirror.run(source, domain, full=True)

    assert mirror.reasons(source) == {}


class TornDelta(MemorySource):
    """Tells a change of nobody knows whom, and nothing else."""

    def read(self, cursor):
        yield SourcePage(told=[torn()], cursor=cursor, last=True, full=False)


def test_a_change_of_nobody_knows_whom_is_told_and_read_after(mirror, domain, source):
    domain.person("p00", disabled=True)

    run = mirror.run_with(source, TornDelta())

    assert run.error.code == "read-not-clean"
    assert mirror.run(source, domain).kind == "full"
    assert not mirror.alive()["p00"].enabled


def test_nobody_leaves_in_the_place_of_those_whom_an_administrator_let_go(mirror, domain):
    for name in MANY:
        domain.person(name)
    source = mirror.connect(threshold=1)
    mirror.run(source, domain)
    for name in ("p00", "p01"):
        domain.remove(name)
    mirror.run(source, domain)
    with mirror.database.transaction() as connection:
        connected_sources.allow(connection, source, 2)
    for name in ("p00", "p01"):
        domain.person(name)
    for name in ("p10", "p11"):
        domain.remove(name)

    mirror.run(source, domain)

    assert (set(mirror.alive()), mirror.source(source).held.total) == (set(MANY), 2)


def test_who_was_let_go_leaves_also_when_the_source_tells_it_again(mirror, domain):
    for name in MANY:
        domain.person(name)
    source = mirror.connect(threshold=1)
    mirror.run(source, domain)
    for name in ("p00", "p01"):
        domain.remove(name)
    mirror.run(source, domain)
    with mirror.database.transaction() as connection:
        connected_sources.allow(connection, source, 2)
    domain.source.remove(anchor_of("p00"))

    mirror.run(source, domain)

    assert mirror.deleted() == {"p00", "p01"}


def test_whom_an_administrator_allowed_to_leave_leaves_also_where_the_next_read_is_a_full_one(mirror, domain):
    from support.mirrored import DOMAIN, PEOPLE

    for name in MANY:
        domain.person(name)
    source = mirror.connect(containers=(PEOPLE,))
    mirror.run(source, domain)
    for name in MANY[:10]:
        domain.person(name, below=f"OU=Gone,{DOMAIN}")
    assert mirror.run(source, domain).state == "held"
    allow(mirror, source, 10)

    mirror.run(source, domain, full=True)

    assert mirror.deleted() == set(MANY[:10])


def test_who_was_missing_and_is_told_again_unreadably_stays(mirror, domain):
    from provisor.engine.sources import RecordUnreadable

    for name in MANY:
        domain.person(name)
    source = mirror.connect()
    mirror.run(source, domain)
    kept = {name: domain.source.records.pop(anchor_of(name)) for name in MANY[:10]}
    assert mirror.run(source, domain, full=True).state == "held"
    torn = anchor_of("p00")
    domain.source.records.update({anchor_of(name): record for name, record in kept.items() if name != "p00"})
    domain.source.unreadable.append(RecordUnreadable(where="entry 1", reason="It is torn.", anchor=torn))

    mirror.run(source, domain, full=True)

    assert set(mirror.alive()) == set(MANY)
