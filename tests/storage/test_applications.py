"""Applications, their app roles and who is assigned to them, as they are stored."""

from dataclasses import replace

import pytest

from provisor.engine.ports import Secret
from provisor.storage import applications, assignments, directory_verbs, feed, secrets
from provisor.storage.applications import AppRole
from provisor.storage.secrets import SecretOwner

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


def test_credentials_go_with_an_application_that_has_no_job(database, tenant, application, now, tmp_path):
    owner = SecretOwner(tenant=tenant, kind="application", id=application.id)
    with database.transaction() as connection:
        ring = secrets.load_key(tmp_path / "secret.key")
        secrets.save(connection, ring, owner=owner, name="SecretToken", secret=Secret("a-token"), now=now)

    with database.transaction() as connection:
        applications.delete(connection, application.id)

    assert secrets.names(database.reader(), owner) == []


IDS = {
    "app_id": applications.by_app_id,
    "object_id": applications.by_object_id,
}


@pytest.mark.parametrize("which", IDS)
def test_an_application_is_found_by_its_other_ids_within_its_tenant(database, tenant, application, which):
    reader, key = database.reader(), getattr(application, which)

    assert IDS[which](reader, tenant, key) == application
    assert IDS[which](reader, "another", key) is None
    assert IDS[which](reader, tenant, application.id) is None


CHANGES = {
    "display_name": "Renamed",
    "account_enabled": False,
    "assignment_required": False,
    "notes": "Ask Anna",
    "tags": ("HideApp",),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_moves_nothing_else_of_an_application(database, application, name):
    with database.transaction() as connection:
        applications.change(connection, application.id, **{name: CHANGES[name]})

    assert applications.read(database.reader(), application.id) == replace(application, **{name: CHANGES[name]})


def test_an_assignment_is_read_with_the_names_of_both_ends(database, tenant, application, anna, now):
    assign(database, tenant, application, anna, now)
    (listed,) = applications.assignments(database.reader(), application.id)

    seen = assignments.read(database.reader(), tenant, listed.id)

    assert (seen.principal_name, seen.application_name, seen.role) == ("anna@fjord.example", "Umbrella", "role-1")
    assert assignments.read(database.reader(), "another", listed.id) is None
    assert assignments.of_principal(database.reader(), tenant, anna.id) == [seen]


def test_an_assignment_ended_by_its_id_is_a_tombstone_with_a_new_change_number(
    database, tenant, application, anna, now
):
    with database.transaction() as connection:
        made = assignments.add(
            connection, tenant=tenant, application=application.id, principal=anna.id, kind="user", role=ROLE.id, now=now
        )

    with database.transaction() as connection:
        assignments.end(connection, tenant, made, now=now)

    change = feed.current_change(database.reader(), tenant)
    assert database.reader().all("SELECT change FROM assignment WHERE removed_at IS NOT NULL") == [(change,)]
    assert assignments.read(database.reader(), tenant, made) is None
