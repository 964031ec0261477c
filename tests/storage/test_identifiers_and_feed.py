"""Identifiers grow with time; the feed tells every change once."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from provisor.database.identifiers import new_id
from provisor.storage import feed
from provisor.storage.times import from_microseconds, to_microseconds


def test_ids_are_guids_of_version_7():
    assert uuid.UUID(new_id()).version == 7
    assert uuid.UUID(new_id()).variant == uuid.RFC_4122


def test_ids_do_not_repeat():
    assert len({new_id() for _ in range(5_000)}) == 5_000


def test_ids_made_later_are_greater(monkeypatch):
    moments = iter([1_700_000_000_000_000_000, 1_700_000_000_000_001_000, 1_700_000_000_001_000_000])
    monkeypatch.setattr("time.time_ns", lambda: next(moments))

    ids = [new_id() for _ in range(3)]

    assert ids == sorted(ids)


def test_change_numbers_go_up_by_one(database, tenant):
    with database.transaction() as connection:
        first = feed.next_change(connection, tenant)
    with database.transaction() as connection:
        second = feed.next_change(connection, tenant)

    assert second == first + 1 == feed.current_change(database.reader(), tenant)


def test_a_rolled_back_transaction_gives_its_number_back(database, tenant):
    before = feed.current_change(database.reader(), tenant)

    with pytest.raises(ZeroDivisionError), database.transaction() as connection:
        feed.next_change(connection, tenant)
        raise ZeroDivisionError

    assert feed.current_change(database.reader(), tenant) == before


def test_a_number_is_seen_only_with_its_change(database, tenant):
    with database.transaction() as connection:
        number = feed.next_change(connection, tenant)
        seen_meanwhile = feed.current_change(database.reader(), tenant)

    assert seen_meanwhile == number - 1


def test_moments_survive_storing():
    moment = datetime(2026, 2, 3, 4, 5, 6, 789_012, tzinfo=UTC)

    assert from_microseconds(to_microseconds(moment)) == moment
    assert to_microseconds(moment + timedelta(microseconds=1)) == to_microseconds(moment) + 1
