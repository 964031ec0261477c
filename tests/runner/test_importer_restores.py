"""An import is the word of its source: who is in its files and in the recycle bin comes back, and that is told."""

import json
from datetime import timedelta

import pytest

from provisor.runner.importing.summary import Counts
from provisor.storage import directory_verbs as verbs
from provisor.storage import sources

TABLES = {
    "user": {"users": [["userPrincipalName", "displayName"], ["anna@x", "Anna"], ["bo@x", "Bo"]]},
    "group": {"groups": [["displayName", "description"], ["anna@x", "Anna's"], ["bo@x", "Bo's"]]},
}


def delete(company, kind, name):
    with company.database.transaction() as connection:
        item = verbs.find(connection, company.tenant, kind, name)
        verbs.delete(connection, company.tenant, item, now=company.now - timedelta(days=2))


def counts(summary, kind):
    return summary.users if kind == "user" else summary.groups


@pytest.fixture(params=["user", "group"])
def kind(request):
    return request.param


@pytest.fixture
def without_anna(company, kind):
    company.take(**TABLES[kind])
    delete(company, kind, "anna@x")
    return company


def test_who_was_deleted_by_hand_and_is_in_the_file_is_restored(without_anna, kind):
    summary = without_anna.take(**TABLES[kind])

    assert counts(summary, kind) == Counts(restored=1, unchanged=1)
    assert without_anna.count(kind) == 2


@pytest.mark.parametrize("dry_run", [False, True], ids=["run", "dry-run"])
def test_who_is_restored_is_told_with_the_day_of_the_deletion(without_anna, kind, dry_run):
    [note] = without_anna.take(**TABLES[kind], dry_run=dry_run).restored

    deleted = without_anna.now - timedelta(days=2)
    assert (note.file, note.row, note.reason) == (f"{kind}s.csv", 2, f"anna@x, deleted on {deleted:%Y-%m-%d}")


def test_a_dry_run_restores_nobody(without_anna, kind):
    without_anna.take(**TABLES[kind], dry_run=True)

    assert without_anna.count(kind) == 1


def test_who_is_restored_and_changed_counts_once(without_anna, kind):
    [[header, (name, _), other]] = TABLES[kind].values()

    summary = without_anna.take(**{f"{kind}s": [header, [name, "New"], other]})

    assert counts(summary, kind) == Counts(restored=1, unchanged=1)


def test_whom_a_complete_import_deleted_is_restored_by_the_next_that_has_him(company, kind):
    [[header, _, bo]] = TABLES[kind].values()
    company.take(**TABLES[kind])
    company.take(**{f"{kind}s": [header, bo]}, complete=True)

    assert counts(company.take(**TABLES[kind]), kind) == Counts(restored=1, unchanged=1)


def test_who_was_deleted_for_good_comes_in_as_somebody_new(without_anna, kind):
    with without_anna.database.transaction() as connection:
        item = verbs.find(connection, without_anna.tenant, kind, "anna@x", deleted=True)
        verbs.purge(connection, without_anna.tenant, item, now=without_anna.now)

    assert counts(without_anna.take(**TABLES[kind]), kind) == Counts(created=1, unchanged=1)


def test_the_history_of_the_source_has_who_was_restored(without_anna, kind):
    without_anna.take(**TABLES[kind])

    source = sources.find(without_anna.database.reader(), without_anna.tenant, "csv")
    kept = json.loads(source.last_run)
    assert kept[f"{kind}s"]["restored"] == 1
    assert kept["restored"][0].startswith("anna@x, deleted on ")


def test_those_restored_do_not_widen_how_many_may_go(company):
    names = [f"user{number}@x" for number in range(60)]
    company.people(*names)
    for name in names[:20]:
        delete(company, "user", name)

    summary = company.people(*names[:55], complete=True)

    assert summary.stopped is None
    assert (summary.users.restored, summary.users.deleted) == (20, 5)
