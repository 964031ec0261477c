"""A dry run of an import: it tells what the import tells, keeps nothing, and nobody waits for it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from provisor.database import DatabaseError, open_database
from provisor.runner.importing.import_source import CsvImport, import_csv
from provisor.runner.importing.summary import Counts
from support.rehearsed import dump

PEOPLE = [["userPrincipalName", "manager"], ["anna@x.example", "bo@x.example"], ["bo@x.example", ""]]
GROUPS = [["displayName"], ["Sales"]]
MEMBERS = [["group", "member"], ["Sales", "anna@x.example"]]


@pytest.fixture
def look_over(company):
    """A dry run of all three files; `at_each_page` is called while it is under way."""

    def looked_over(at_each_page):
        tables = {"users": PEOPLE, "groups": GROUPS, "members": MEMBERS}
        files = {name: company.written(name, table) for name, table in tables.items()}
        order = CsvImport(**files, complete=True, dry_run=True)
        return import_csv(
            company.database, company.tenant, order, now=company.now, report=lambda progress: at_each_page()
        )

    return looked_over


def rename(database):
    """A write that does not wait; whether it was done."""
    with database.attempt() as connection:
        if connection is not None:
            connection.execute("UPDATE tenant SET name = name || '!'")
        return connection is not None


def test_another_thread_writes_at_once_during_a_dry_run(company, look_over):
    written = []

    with ThreadPoolExecutor(1) as thread:
        look_over(lambda: written.append(thread.submit(rename, company.database).result()))

    assert written == [True, True, True]


def test_another_process_writes_at_once_during_a_dry_run(company, look_over):
    written = []

    with closing(open_database(f"sqlite:///{company.database.path}")) as other:
        look_over(lambda: written.append(rename(other)))

    assert written == [True, True, True]


def test_a_dry_run_does_not_wait_for_a_transaction(company, look_over):
    with company.database.transaction():
        summary = look_over(lambda: None)

    assert summary.users == Counts(created=2)


def test_people_who_come_meanwhile_are_not_those_of_the_dry_run(company, look_over):
    def come():
        if company.count() == 0:
            company.people("bo@x.example", source="other")

    summary = look_over(come)

    assert summary.users == Counts(created=2)
    assert company.count() == 1


def test_memberships_there_are_count_as_unchanged_in_a_dry_run(company, look_over):
    company.take(users=PEOPLE, groups=GROUPS, members=MEMBERS)

    assert look_over(lambda: None).memberships == Counts(unchanged=1)


def test_two_dry_runs_at_once_do_not_see_each_other(company, look_over):
    inner = []

    outer = look_over(lambda: inner or inner.append(look_over(lambda: None)))

    assert outer.users == inner[0].users == Counts(created=2)


def test_nothing_is_left_of_a_dry_run_that_failed(company, look_over):
    before = dump(company)

    with pytest.raises(ZeroDivisionError):
        look_over(lambda: 1 // 0)

    assert dump(company) == before
    assert not [one.name for one in company.database.path.parent.iterdir() if "scratch" in one.name]


def test_a_dry_run_without_room_for_the_copy_says_so(look_over, monkeypatch):
    def full(*arguments, **named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("provisor.database.passing_folder.tempfile.mkdtemp", full)

    with pytest.raises(DatabaseError, match="the disk that holds it is full"):
        look_over(lambda: None)
