"""Sources whose settings, precedence, staging mode or schedule somebody changes while a run of them is under way."""

import pytest
from msgspec.structs import replace

from provisor.rules.source_settings import AttributeFilter
from provisor.runner.source_lock import SourceBusy
from provisor.runner.source_running import SourceAccess, run_and_tell
from provisor.runner.sourcing.run_source import SourceOrder
from provisor.storage import connected_sources, source_records
from support.mirrored import Domain

OUTSIDERS = AttributeFilter(attribute="department", operator="equals", value="Outside")
PHASES = pytest.mark.parametrize("phase", ["reading", "judging", "joining"])


def change(mirror, source, **changes):
    """What the verbs of admin.sources do to the rows, in one transaction."""
    with mirror.database.transaction() as connection:
        if "filters" in changes:
            changes["settings"] = replace(mirror.source(source).settings, filters=changes.pop("filters"))
            connected_sources.forget_cursor(connection, source)
        connected_sources.change(connection, source, **changes)
        if changes.keys() & {"settings", "precedence"}:
            source_records.mark_all(connection, source)


def once_in(phase, act):
    """Do something when a run first tells of this phase."""
    left = [act]

    def report(progress):
        if progress.phase == phase and left:
            left.pop()()

    return report


@PHASES
def test_a_filter_that_is_added_under_way_holds(mirror, domain, phase):
    for number in range(6):
        domain.person(f"p{number}")
    domain.person("guest", department="Outside")
    source = mirror.connect()
    mirror.run(source, domain)
    domain.person("p0", title="Chief")

    mirror.run(source, domain, report=once_in(phase, lambda: change(mirror, source, filters=(OUTSIDERS,))))
    mirror.run(source, domain)
    mirror.run(source, domain)

    assert "guest" not in mirror.alive()


@PHASES
def test_a_filter_that_is_taken_back_under_way_removes_nobody(mirror, domain, phase):
    for number in range(6):
        domain.person(f"p{number}")
    domain.person("guest", department="Outside")
    source = mirror.connect()
    mirror.run(source, domain)
    domain.person("p0", title="Chief")
    change(mirror, source, filters=(OUTSIDERS,))

    mirror.run(source, domain, report=once_in(phase, lambda: change(mirror, source, filters=())))
    mirror.run(source, domain)

    assert "guest" in mirror.alive()


@PHASES
def test_a_precedence_that_changes_under_way_holds_for_everybody(mirror, domain, phase):
    domain.person("anna")
    domain.person("boris")
    other = Domain()
    other.person("anna", disabled=True)
    first, second = mirror.connect("first", precedence=10), mirror.connect("second", precedence=20)
    mirror.run(first, domain)
    mirror.run(second, other)
    domain.person("boris", title="Chief")

    mirror.run(first, domain, report=once_in(phase, lambda: change(mirror, first, precedence=30)))
    mirror.run(first, domain)

    assert not mirror.alive()["anna"].enabled


def test_a_full_read_that_new_settings_need_is_not_forgotten_by_the_run_under_way(mirror, domain):
    for number in range(6):
        domain.person(f"p{number}")
    source = mirror.connect()

    mirror.run(source, domain, report=once_in("reading", lambda: change(mirror, source, filters=(OUTSIDERS,))))

    assert mirror.run(source, domain).kind == "full"


@pytest.mark.parametrize("phase", ["reading", "judging"])
def test_from_staging_mode_on_the_run_under_way_changes_nobody(mirror, domain, phase):
    for name in ("anna", "boris"):
        domain.person(name)
    source = mirror.connect()
    mirror.run(source, domain)
    before = mirror.everything()
    domain.person("anna", title="Chief")

    mirror.run(source, domain, report=once_in(phase, lambda: change(mirror, source, staging=True)))

    assert mirror.everything() == before


def test_a_run_under_way_ends_when_the_source_is_paused_and_is_carried_on(mirror, domain):
    for number in range(9):
        domain.person(f"p{number}")
    source = mirror.connect()
    change(mirror, source, schedule_state="Active")

    run = mirror.run(source, domain, report=once_in("reading", lambda: change(mirror, source, schedule_state="Paused")))

    assert (run.state, mirror.alive()) == ("stopped", {})
    assert (mirror.run(source, domain).state, len(mirror.alive())) == ("succeeded", 9)


def test_nothing_is_read_by_a_connector_of_former_settings(mirror, domain):
    domain.person("anna")
    source = mirror.connect()

    def connect(stored):
        change(mirror, source, filters=(OUTSIDERS,))
        return domain.source

    access = SourceAccess(database=mirror.database, tenant=mirror.tenant, connect=connect, now=mirror.now)
    with pytest.raises(SourceBusy, match="changed this very moment"):
        run_and_tell(access, mirror.source(source), SourceOrder(source=source))

    assert (mirror.alive(), mirror.source(source).next_read) == ({}, "full")
