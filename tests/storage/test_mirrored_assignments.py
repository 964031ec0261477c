"""Assignments of a source beside those made by hand."""

from datetime import timedelta

import pytest

from provisor.storage import applications, assignments, directory_verbs, feed
from provisor.storage.applications import AppRole
from provisor.storage.mirrored_assignments import Mirrored, mirror_assignments

ROLE, OTHER = "role-1", "role-2"


@pytest.fixture
def umbrella(database, tenant, now):
    with database.transaction() as connection:
        roles = [AppRole(id=ROLE, display_name="User"), AppRole(id=OTHER, display_name="Reader")]
        return applications.create(
            connection, tenant=tenant, template="ciscoUmbrella", display_name="Umbrella", roles=roles, now=now
        )


@pytest.fixture
def directory(database, tenant, now):
    with database.transaction() as connection:
        names = ("anna", "bo", "carl")
        return {
            name: directory_verbs.create(connection, tenant, "user", {"userPrincipalName": f"{name}@x"}, now=now)
            for name in names
        }


@pytest.fixture
def by_hand(database, tenant, umbrella, now):
    def assign(item):
        with database.transaction() as connection:
            applications.assign(
                connection,
                tenant=tenant,
                application=umbrella.id,
                role=ROLE,
                principals=[(item.id, item.kind)],
                now=now,
            )

    return assign


@pytest.fixture
def mirror(database, tenant, umbrella, directory, now):
    def mirrored(*names, source="tenant-a", role=ROLE, at=now):
        wanted = {(directory[name].id if name in directory else name, role) for name in names}
        with database.transaction() as connection:
            return mirror_assignments(
                connection,
                tenant,
                source=source,
                application=umbrella.id,
                wanted=wanted,
                now=at,
                change=lambda: feed.next_change(connection, tenant),
            )

    return mirrored


@pytest.fixture
def assigned(database, umbrella):
    return lambda: {one.name for one in applications.assignments(database.reader(), umbrella.id)}


def test_who_is_assigned_at_the_source_is_assigned_here(mirror, assigned):
    assert mirror("anna", "bo") == Mirrored(2, 0)
    assert assigned() == {"anna@x", "bo@x"}


def test_the_same_again_changes_nothing_and_takes_no_number(mirror, database, tenant):
    mirror("anna")
    before = feed.current_change(database.reader(), tenant)

    assert mirror("anna") == Mirrored(0, 0)
    assert feed.current_change(database.reader(), tenant) == before


def test_who_is_not_assigned_at_the_source_any_more_is_not_here(mirror, assigned):
    mirror("anna", "bo")

    assert mirror("bo") == Mirrored(0, 1)
    assert assigned() == {"bo@x"}


def test_what_was_made_by_hand_is_never_taken_away(mirror, by_hand, assigned, directory):
    by_hand(directory["anna"])

    assert mirror("anna") == Mirrored(0, 0)
    assert mirror() == Mirrored(0, 0)
    assert assigned() == {"anna@x"}


def test_what_another_source_made_is_left_to_it(mirror, assigned):
    mirror("anna", source="tenant-b")

    assert mirror("anna") == mirror() == Mirrored(0, 0)
    assert assigned() == {"anna@x"}


def test_what_came_back_by_hand_is_made_by_hand(mirror, by_hand, assigned, directory):
    mirror("anna")
    mirror()
    by_hand(directory["anna"])

    mirror()

    assert assigned() == {"anna@x"}


def test_what_ended_comes_back_as_the_sources(mirror, by_hand, assigned, directory, database, tenant, umbrella, now):
    by_hand(directory["anna"])
    (one,) = applications.assignments(database.reader(), umbrella.id)
    with database.transaction() as connection:
        assignments.end(connection, tenant, one.id, now=now)

    mirror("anna")
    assert assigned() == {"anna@x"}
    mirror()
    assert assigned() == set()


def test_another_role_is_another_assignment(mirror, database, umbrella, now):
    mirror("anna")

    assert mirror("anna", role=OTHER, at=now + timedelta(minutes=1)) == Mirrored(1, 1)
    (left,) = applications.assignments(database.reader(), umbrella.id)
    assert left.role == OTHER


def test_somebody_whom_the_directory_does_not_have_is_passed_over(mirror, assigned):
    assert mirror("anna", "nobody") == Mirrored(1, 0)
    assert assigned() == {"anna@x"}
