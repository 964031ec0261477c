"""Counts are taken in indexes, which know less than the rows: they must say the same as looking at everybody."""

import pytest

from provisor.storage import applications, members, objects
from provisor.storage import directory_verbs as verbs
from provisor.storage.applications import AppRole

ROLES = [AppRole(id="role-1", display_name="User"), AppRole(id="role-2", display_name="Admin")]


@pytest.fixture
def do(database, tenant):
    """A verb in a transaction of its own."""

    def done(verb, *arguments, **named):
        with database.transaction() as connection:
            return verb(connection, tenant, *arguments, **named)

    return done


@pytest.fixture
def anna(do, now):
    return do(verbs.create, "user", {"userPrincipalName": "anna@fjord.example"}, now=now)


@pytest.fixture
def bo(do, now):
    return do(verbs.create, "user", {"userPrincipalName": "bo@fjord.example"}, now=now)


@pytest.fixture
def sales(do, now, anna, bo):
    group = do(verbs.create, "group", {"displayName": "Sales"}, now=now)
    for member in (anna, bo):
        do(members.add, group.id, member.id)
    return group


def deleted(do, now, anna, sales):
    do(verbs.delete, anna, now=now)


def deleted_and_restored(do, now, anna, sales):
    do(verbs.restore, do(verbs.delete, anna, now=now))


def purged(do, now, anna, sales):
    do(verbs.purge, anna, now=now)


def deleted_and_purged(do, now, anna, sales):
    do(verbs.purge, do(verbs.delete, anna, now=now), now=now)


def removed(do, now, anna, sales):
    do(members.remove, sales.id, anna.id, now=now)


def removed_and_deleted(do, now, anna, sales):
    removed(do, now, anna, sales)
    deleted(do, now, anna, sales)


def group_deleted(do, now, anna, sales):
    do(verbs.delete, sales, now=now)


def both_deleted(do, now, anna, sales):
    group_deleted(do, now, anna, sales)
    deleted(do, now, anna, sales)


def group_purged(do, now, anna, sales):
    do(verbs.purge, sales, now=now)


def nothing(do, now, anna, sales):
    pass


@pytest.mark.parametrize(
    "change, users, groups, memberships",
    [(nothing, 2, 1, 2), (deleted, 1, 1, 1), (deleted_and_restored, 2, 1, 2), (purged, 1, 1, 1),
     (deleted_and_purged, 1, 1, 1), (removed, 2, 1, 1), (removed_and_deleted, 1, 1, 1), (group_deleted, 2, 0, 0),
     (both_deleted, 1, 0, 0), (group_purged, 2, 0, 0)],
)  # fmt: skip
def test_only_what_is_alive_counts(database, tenant, do, now, anna, sales, change, users, groups, memberships):
    change(do, now, anna, sales)

    reader = database.reader()
    assert objects.count(reader, tenant, "user") == users
    assert objects.count(reader, tenant, "group") == groups
    assert members.count(reader, tenant) == memberships
    assert objects.count(reader, tenant, "user", source=anna.source) == users
    assert objects.count(reader, tenant, "user", source="another") == 0


@pytest.mark.parametrize(
    "change", [nothing, deleted, deleted_and_restored, purged, deleted_and_purged, both_deleted, group_purged]
)
def test_both_numbers_of_one_walk_are_those_counted_alone(database, tenant, do, now, anna, sales, change):
    change(do, now, anna, sales)

    reader = database.reader()
    for kind in ("user", "group"):
        alone = objects.count(reader, tenant, kind), objects.count_deleted(reader, tenant, kind)
        assert objects.numbers(reader, tenant, kind) == alone


def test_who_is_assigned_in_two_roles_counts_once(database, tenant, now, anna, sales):
    with database.transaction() as connection:
        application = applications.create(
            connection, tenant=tenant, template="scim", display_name="App", roles=ROLES, now=now
        ).id
        for role in ROLES:
            everybody = [(anna.id, "user"), (sales.id, "group")]
            applications.assign(
                connection, tenant=tenant, application=application, role=role.id, principals=everybody, now=now
            )
        applications.unassign(connection, tenant=tenant, application=application, principals=[sales.id], now=now)

    assert applications.count_assignments(database.reader(), application) == {"user": 1, "group": 0}
