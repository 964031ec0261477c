"""Deleting, restoring and purging an object, with all that hangs on it."""

from datetime import timedelta

import pytest

from provisor.directory.objects import Refusal
from provisor.storage import applications, feed, jobs, members, objects, tombstones
from provisor.storage import directory_verbs as verbs

UPN = "anna@fjord.example"


@pytest.fixture
def directory(database, tenant, now):
    return Directory(database, tenant, now)


class Directory:
    """Each verb in a transaction of its own."""

    def __init__(self, database, tenant, now):
        self.database, self.tenant, self.now = database, tenant, now

    def user(self, upn=UPN, **attributes):
        return self.do(verbs.create, "user", {"userPrincipalName": upn, **attributes}, now=self.now)

    def group(self, name="Sales", **attributes):
        return self.do(verbs.create, "group", {"displayName": name, **attributes}, now=self.now)

    def do(self, verb, *arguments, **named):
        with self.database.transaction() as connection:
            return verb(connection, self.tenant, *arguments, **named)

    def find(self, key, kind="user", **named):
        return verbs.find(self.database.reader(), self.tenant, kind, key, **named)

    @property
    def later(self):
        """When a tombstone of now has been kept long enough."""
        return self.now + timedelta(days=8, microseconds=1)

    def read(self, item):
        return objects.read(self.database.reader(), self.tenant, item.id)

    @property
    def change(self):
        return feed.current_change(self.database.reader(), self.tenant)


def code(outcome):
    assert isinstance(outcome, Refusal), outcome
    assert outcome.message and outcome.hint
    return outcome.code


def test_a_created_user_is_read_back(directory):
    anna = directory.user(displayName="Anna", department="Research")

    assert directory.read(anna) == anna
    assert anna.attributes == {
        "userPrincipalName": UPN, "displayName": "Anna", "department": "Research", "accountEnabled": True,
    }  # fmt: skip


def test_a_user_is_found_by_id_by_name_and_by_name_in_another_case(directory):
    anna = directory.user()

    assert directory.find(anna.id) == directory.find(UPN) == directory.find(UPN.upper()) == anna


def test_who_is_not_there_is_refused_with_what_was_asked(directory):
    refusal = directory.find("nobody@fjord.example")

    assert code(refusal) == "not-found"
    assert "nobody@fjord.example" in refusal.message


def test_a_user_is_not_found_as_a_group(directory):
    assert code(directory.find(directory.user().id, "group")) == "not-found"


def test_two_groups_of_one_name_must_be_told_apart_by_id(directory):
    first, second = directory.group(), directory.group("SALES")

    assert directory.find("Sales", "group") == first
    assert code(directory.find("sales", "group")) == "name-ambiguous"
    assert second.id in directory.find("sales", "group").hint


def test_a_user_principal_name_is_taken_in_every_case(directory):
    directory.user()

    assert code(directory.user(UPN.upper())) == "name-taken"


def test_a_name_of_blanks_is_refused(directory):
    assert code(directory.user(" \u3000")) == "name-blank"


def test_an_unknown_attribute_is_refused_naming_the_nearest(directory):
    refusal = directory.user(Department="Research")

    assert code(refusal) == "unknown-attribute"
    assert "department" in refusal.hint


@pytest.mark.parametrize(
    ("name", "value"),
    [("accountEnabled", "true"), ("displayName", 5), ("businessPhones", "1")],
    ids=["boolean", "text", "list"],
)
def test_a_value_of_the_wrong_type_is_refused(directory, name, value):
    assert code(directory.user(**{name: value})) == "invalid-value"


def test_an_edit_gives_out_a_change_number(directory):
    anna = directory.user()

    after = directory.do(verbs.update, anna, {"department": "Research"})

    assert after.change == directory.change == anna.change + 1
    assert directory.read(anna) == after


def test_an_edit_that_changes_nothing_gives_out_none(directory):
    anna = directory.user(department="Research")

    directory.do(verbs.update, anna, {"department": "Research", "city": None})

    assert directory.change == anna.change


def test_an_attribute_set_to_none_is_cleared(directory):
    anna = directory.user(department="Research")

    after = directory.do(verbs.update, anna, {"department": None})

    assert "department" not in after.attributes


def test_renaming_to_a_name_in_use_is_refused(directory):
    directory.user("bo@fjord.example")

    assert code(directory.do(verbs.update, directory.user(), {"userPrincipalName": "BO@fjord.example"})) == "name-taken"


def test_a_rename_that_changes_only_case_is_allowed(directory):
    after = directory.do(verbs.update, directory.user(), {"userPrincipalName": "Anna@fjord.example"})

    assert after.name == "Anna@fjord.example"


def alive_change(directory, item):
    return directory.database.reader().one("SELECT alive_change FROM object WHERE id = ?", (item.id,))[0]


def test_alive_change_moves_with_account_enabled_only(directory):
    anna = directory.user()

    directory.do(verbs.update, anna, {"department": "Research"})
    assert alive_change(directory, anna) == anna.change

    disabled = directory.do(verbs.set_enabled, directory.read(anna), enabled=False)
    assert not disabled.enabled
    assert alive_change(directory, anna) == disabled.change


def test_a_deleted_user_is_among_the_deleted_and_can_be_restored(directory):
    anna = directory.user()

    deleted = directory.do(verbs.delete, anna, now=directory.now)
    assert code(directory.find(UPN)) == "not-found"
    assert directory.find(UPN, deleted=True) == deleted

    restored = directory.do(verbs.restore, deleted)
    assert directory.find(UPN) == restored
    assert alive_change(directory, anna) == restored.change


def test_deleting_twice_is_refused(directory):
    deleted = directory.do(verbs.delete, directory.user(), now=directory.now)

    assert code(directory.do(verbs.delete, deleted, now=directory.now)) == "already-deleted"


def test_restoring_who_is_not_deleted_is_refused(directory):
    assert code(directory.do(verbs.restore, directory.user())) == "not-deleted"


def test_a_restore_is_refused_when_the_name_was_taken_meanwhile(directory):
    deleted = directory.do(verbs.delete, directory.user(), now=directory.now)
    other = directory.user(UPN.upper())

    refusal = directory.do(verbs.restore, deleted)

    assert code(refusal) == "name-taken"
    assert other.id in refusal.message


def test_a_purged_user_leaves_groups_assignments_managers_and_owners(directory):
    anna, bo, sales = directory.user(), directory.user("bo@fjord.example"), directory.group()
    directory.do(members.add, sales.id, anna.id)
    directory.do(verbs.set_manager, bo, anna.id)
    with directory.database.transaction() as connection:
        applications.assign(
            connection,
            tenant=directory.tenant,
            application="app",
            role="r",
            principals=[(anna.id, "user")],
            now=directory.now,
        )
        applications.add_owner(connection, directory.tenant, "app", anna.id)

    purged = directory.do(verbs.purge, anna, now=directory.now)

    reader = directory.database.reader()
    assert reader.all("SELECT change FROM member WHERE removed_at IS NOT NULL") == [(purged.change,)]
    assert reader.all("SELECT change FROM assignment WHERE removed_at IS NOT NULL") == [(purged.change,)]
    assert reader.all("SELECT * FROM application_owner") == []
    assert (directory.read(bo).manager, directory.read(bo).change) == (None, purged.change)


def test_a_purged_user_is_a_tombstone_without_attributes(directory):
    anna = directory.user(department="Research")

    directory.do(verbs.purge, anna, now=directory.now)

    tombstone = directory.read(anna)
    assert (tombstone.attributes, tombstone.anchor, tombstone.name) == ({}, None, UPN)
    assert code(directory.find(anna.id)) == code(directory.find(anna.id, deleted=True)) == "not-found"


def test_who_was_deleted_for_30_days_is_purged_and_not_before(directory):
    anna = directory.do(verbs.delete, directory.user(), now=directory.now)

    assert directory.do(verbs.purge_expired, now=directory.now + timedelta(days=30)) == 0
    assert directory.do(verbs.purge_expired, now=directory.now + timedelta(days=30, microseconds=1)) == 1
    assert directory.read(anna).purged_at is not None
    assert directory.do(verbs.purge_expired, now=directory.now + timedelta(days=40)) == 0


def test_tombstones_go_once_every_job_has_passed_them(directory):
    anna, sales = directory.user(), directory.group()
    directory.do(members.add, sales.id, anna.id)
    purged = directory.do(verbs.purge, anna, now=directory.now)

    assert directory.do(tombstones.clean, purged.change - 1, now=directory.later) == 0
    assert directory.do(tombstones.clean, purged.change, now=directory.later) == 2
    assert tombstones.cleaned(directory.database.reader(), directory.tenant) == purged.change
    assert directory.read(anna) is None
    assert directory.read(sales) is not None


def test_a_tombstone_stays_for_eight_days_whoever_has_passed_it(directory):
    purged = directory.do(verbs.purge, directory.user(), now=directory.now)

    assert directory.do(tombstones.clean, purged.change, now=directory.now + timedelta(days=8)) == 0
    assert tombstones.cleaned(directory.database.reader(), directory.tenant) == 0
    assert directory.do(tombstones.clean, purged.change, now=directory.later) == 1


def test_a_tombstone_stays_while_a_job_has_a_link_for_it(directory):
    anna = directory.user()
    purged = directory.do(verbs.purge, anna, now=directory.now)
    with directory.database.transaction() as connection:
        job = jobs.create(
            connection,
            tenant=directory.tenant,
            application="app",
            template="scim",
            document={},
            created_by="local",
            now=directory.now,
        )
        connection.execute(
            """INSERT INTO link (job, object, kind, target_id, state, wanted_hash, pushed_hash, pushed_document)
            VALUES (?, ?, 'user', 't', 'linked', '', '', '{}')""",
            (job.number, anna.id),
        )

    assert directory.do(tombstones.clean, purged.change, now=directory.later) == 0


def test_sweeping_tombstones_reads_through_indexes(directory):
    plans = [
        directory.database.reader().all(f"EXPLAIN QUERY PLAN DELETE FROM {table} WHERE tenant = ? AND {gone} IS NOT NULL"
                                        f" AND {gone} < ? AND change <= ?", ("t", 1, 1))
        for table, gone in (("member", "removed_at"), ("assignment", "removed_at"), ("object", "purged_at"))
    ]  # fmt: skip

    assert [plan[0][3].split()[4] for plan in plans] == ["member_removed", "assignment_removed", "object_purged"]


def test_members_come_and_go(directory):
    anna, sales = directory.user(), directory.group()

    assert directory.do(members.add, sales.id, anna.id)
    assert not directory.do(members.add, sales.id, anna.id)
    assert members.of_group(directory.database.reader(), sales.id) == [anna]
    assert members.groups_of(directory.database.reader(), anna.id) == [(sales.id, "Sales")]

    assert directory.do(members.remove, sales.id, anna.id, now=directory.now)
    assert not directory.do(members.remove, sales.id, anna.id, now=directory.now)
    assert members.of_group(directory.database.reader(), sales.id) == []


def test_a_removed_member_can_come_back(directory):
    anna, sales = directory.user(), directory.group()
    directory.do(members.add, sales.id, anna.id)
    directory.do(members.remove, sales.id, anna.id, now=directory.now)

    assert directory.do(members.add, sales.id, anna.id)
    assert members.count(directory.database.reader(), directory.tenant) == 1


def test_pages_follow_one_another_without_gap(directory):
    users = [directory.user(f"user{number}@fjord.example") for number in range(5)]

    first = objects.page(directory.database.reader(), directory.tenant, "user", limit=3)
    rest = objects.page(directory.database.reader(), directory.tenant, "user", after=first[-1].id, limit=3)

    assert [item.id for item in first + rest] == sorted(item.id for item in users)
    assert objects.count(directory.database.reader(), directory.tenant, "user") == 5


@pytest.mark.parametrize(("search", "count"), [("USER_1", 1), ("%", 0), ("er", 2), ("_", 1)])
def test_a_search_is_literal_text_in_any_case(directory, search, count):
    directory.user("user_1@fjord.example")
    directory.user("user2@fjord.example")

    assert len(objects.page(directory.database.reader(), directory.tenant, "user", search=search)) == count


def test_looking_memberships_up_does_not_read_the_table(directory):
    anna, sales = directory.user(), directory.group()
    directory.do(members.add, sales.id, anna.id)
    reader, plans = directory.database.reader(), []
    reader.raw.set_trace_callback(plans.append)

    found = members.present(reader, [(sales.id, anna.id), (anna.id, sales.id)])

    reader.raw.set_trace_callback(None)
    assert found == {(sales.id, anna.id)}
    assert not [row for row in reader.all("EXPLAIN QUERY PLAN " + plans[0]) if "SCAN m" in row[3]]
