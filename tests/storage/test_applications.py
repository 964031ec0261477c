"""Applications, their app roles and who is assigned to them, as they are stored."""

import pytest

from provisor.storage import applications, directory_verbs, feed
from provisor.storage.applications import AppRole

ROLE = AppRole(id="role-1", display_name="User")


@pytest.fixture
def application(database, tenant, now):
    with database.transaction() as connection:
        return applications.create(
            connection, tenant=tenant, template="ciscoUmbrella", display_name="Umbrella", roles=[ROLE], now=now
        )


@pytest.fixture
def anna(database, tenant, now):
    with database.transaction() as connection:
        return directory_verbs.create(connection, tenant, "user", {"userPrincipalName": "anna@fjord.example"}, now=now)


def assign(database, tenant, application, principal, now):
    with database.transaction() as connection:
        return applications.assign(
            connection,
            tenant=tenant,
            application=application.id,
            role=ROLE.id,
            principals=[(principal.id, principal.kind)],
            now=now,
        )


def unassign(database, tenant, application, principal, now):
    with database.transaction() as connection:
        return applications.unassign(
            connection, tenant=tenant, application=application.id, principals=[principal.id], now=now
        )


def test_an_application_is_found_by_id_and_name(database, tenant, application):
    assert applications.read(database.reader(), application.id) == application
    assert applications.by_name(database.reader(), tenant, "Umbrella") == [application]
    assert applications.all_applications(database.reader(), tenant) == [application]


def test_an_assignment_names_its_principal(database, tenant, application, anna, now):
    assign(database, tenant, application, anna, now)

    (assignment,) = applications.assignments(database.reader(), application.id)
    assert (assignment.principal, assignment.name, assignment.role) == (anna.id, "anna@fjord.example", "role-1")
    assert applications.count_assignments(database.reader(), application.id) == {"user": 1, "group": 0}


def test_assigning_twice_changes_nothing(database, tenant, application, anna, now):
    assign(database, tenant, application, anna, now)
    change = feed.current_change(database.reader(), tenant)

    assert assign(database, tenant, application, anna, now) == 0
    assert feed.current_change(database.reader(), tenant) == change


def test_an_ended_assignment_stays_as_a_tombstone_with_a_change_number(database, tenant, application, anna, now):
    assign(database, tenant, application, anna, now)

    assert unassign(database, tenant, application, anna, now) == 1

    change = feed.current_change(database.reader(), tenant)
    assert database.reader().all("SELECT change FROM assignment WHERE removed_at IS NOT NULL") == [(change,)]
    assert applications.assignments(database.reader(), application.id) == []


def test_unassigning_who_is_not_assigned_changes_nothing(database, tenant, application, anna, now):
    change = feed.current_change(database.reader(), tenant)

    assert unassign(database, tenant, application, anna, now) == 0
    assert feed.current_change(database.reader(), tenant) == change


def test_assigning_again_revives_the_tombstone(database, tenant, application, anna, now):
    assign(database, tenant, application, anna, now)
    unassign(database, tenant, application, anna, now)

    assert assign(database, tenant, application, anna, now) == 1
    assert len(applications.assignments(database.reader(), application.id)) == 1
    assert database.reader().one("SELECT count(*) FROM assignment") == (1,)


def test_owners_come_and_go(database, tenant, application, anna):
    with database.transaction() as connection:
        assert applications.add_owner(connection, tenant, application.id, anna.id)
        assert not applications.add_owner(connection, tenant, application.id, anna.id)

    assert applications.owners(database.reader(), application.id) == [(anna.id, "anna@fjord.example")]

    with database.transaction() as connection:
        assert applications.remove_owner(connection, application.id, anna.id)
    assert applications.owners(database.reader(), application.id) == []
