"""Who is in a group through others, asked of both databases: the same statements, the same answers."""

from contextlib import closing, contextmanager

import pytest

from provisor.database import open_database
from provisor.gallery import template
from provisor.storage import members, records, tenants, wanted_members, work
from provisor.storage.member_links import pending
from provisor.storage.schema import make_tables
from provisor.testing.organisation import NOW, Organisation

# Top has Middle, which has Low and is in itself through it; Anna is in Low, Bo in Middle, Cia in nothing.
NESTED = [("Top", "Middle"), ("Middle", "Low"), ("Low", "Middle")]


@contextmanager
def company(database):
    make_tables(database)
    with database.transaction() as connection:
        tenant = tenants.ensure(connection, now=NOW)
    org = Organisation(database, tenant=tenant)
    org.users(["anna@x", "bo@x", "cia@x"])
    org.groups(["Top", "Middle", "Low"])
    org.join("Low", "anna@x")
    org.join("Middle", "bo@x")
    for group, member in NESTED:
        org.join(group, member, "group")
    org.assign("Top", kind="group")
    org.number = org.job(template("ciscoUmbrella").rules, scope="assigned", nestedGroups="flatten").number
    yield org


@pytest.fixture(params=["sqlite", "postgresql"])
def org(request, tmp_path):
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'service.db'}"
    else:
        server = request.getfixturevalue("postgresql")
        url = server.url(server.new_database())
    with closing(open_database(url)) as database, company(database) as made:
        yield made


def assigned(org, *people):
    found = records.by_ids(
        org.database.reader(),
        application=org.application,
        job=org.number,
        nested="flatten",
        ids=[org.id("user", one) for one in people],
    )
    return {record.name: record.assigned for record, _ in found.values()}


def in_the_work_set(org, low, high):
    with org.database.transaction() as connection:
        work.make(
            connection,
            job=org.number,
            tenant=org.tenant,
            application=org.application,
            low=low,
            high=high,
            assigned_only=True,
            nested="flatten",
            at=None,
        )
        rows = connection.all(
            "SELECT o.name FROM work w JOIN object o ON o.id = w.object WHERE w.job = ? AND w.kind = 'user'",
            (org.number,),
        )
    return {row[0] for row in rows}


def newest(org):
    return org.database.reader().one("SELECT number FROM feed")[0]


def linked(org, kind, name):
    with org.database.transaction() as connection:
        connection.execute(
            """INSERT INTO link (job, object, kind, target_id, state, wanted_hash, pushed_hash, pushed_document)
            VALUES (?, ?, ?, ?, 'linked', '', '', '{}')""",
            (org.number, org.id(kind, name), kind, f"t-{name}"),
        )


def wanted(org):
    found = pending(org.database.reader(), job=org.number, group=org.id("group", "Top"), after="", limit=10)
    return {(one.name, one.add) for one in found}


def test_who_is_in_an_assigned_group_through_others_is_assigned(org):
    assert assigned(org, "anna@x", "bo@x", "cia@x") == {"anna@x": True, "bo@x": True, "cia@x": False}

    org.delete("Low", "group")
    assert assigned(org, "anna@x", "bo@x") == {"anna@x": False, "bo@x": True}


def test_roles_come_through_groups_in_groups(org):
    reader, anna = org.database.reader(), org.id("user", "anna@x")

    assert records.roles(reader, application=org.application, user=anna, nested="flatten") == []  # of no defined role
    assert members.contains(reader, org.id("group", "Top"), anna, "flatten")
    assert not members.contains(reader, org.id("group", "Top"), anna)


def test_the_work_set_has_whom_a_change_in_a_chain_may_have_touched(org):
    low = newest(org)
    org.join("Low", "cia@x")
    assert in_the_work_set(org, low, newest(org)) == {"cia@x"}

    low = newest(org)
    org.leave("Low", "anna@x")
    org.leave("Middle", "Low", "group")
    assert in_the_work_set(org, low, newest(org)) == {"anna@x", "bo@x", "cia@x"}  # Middle was in Low

    low = newest(org)
    org.unassign("Top", kind="group")
    assert in_the_work_set(org, low, newest(org)) == {"bo@x"}

    low = newest(org)
    org.leave("Top", "Middle", "group")
    assert "bo@x" in in_the_work_set(org, low, newest(org))  # it was assigned once


def test_a_group_compared_whole_wants_everybody_in_it(org):
    with org.database.transaction() as connection:
        wanted_members.want_group(connection, org.number, org.id("group", "Top"), "flatten")

    assert wanted(org) == {("anna@x", True), ("bo@x", True)}


def test_a_change_in_a_chain_wants_the_memberships_it_touched(org):
    linked(org, "group", "Top")
    low = newest(org)
    org.join("Low", "cia@x")

    with org.database.transaction() as connection:
        wanted_members.want_changed(
            connection, job=org.number, tenant=org.tenant, low=low, high=newest(org), nested="flatten"
        )
        connection.execute("UPDATE member_link SET pushed = 1, pending = 0")
    assert wanted(org) == set()

    low = newest(org)
    org.leave("Low", "cia@x")
    with org.database.transaction() as connection:
        wanted_members.want_changed(
            connection, job=org.number, tenant=org.tenant, low=low, high=newest(org), nested="flatten"
        )
    assert wanted(org) == {("cia@x", False)}


def test_one_person_and_a_lost_account_are_asked_about_too(org):
    linked(org, "group", "Top")
    top, anna = org.id("group", "Top"), org.id("user", "anna@x")
    with org.database.transaction() as connection:
        wanted_members.want_edges(connection, org.number, top, [anna, org.id("user", "cia@x")], "flatten")
        assert wanted_of(connection, org) == {("anna@x", 1)}
        connection.execute("UPDATE member_link SET pushed = 1, pending = 0")
        wanted_members.doubt_account(connection, org.number, "user", anna, "flatten")
        assert wanted_of(connection, org) == {("anna@x", 1)}
        wanted_members.forget_member(connection, org.number, [anna], "flatten")
        assert connection.all("SELECT waits_for, object FROM waiting") == [(anna, top)]


def wanted_of(connection, org):
    rows = connection.all("SELECT o.name, m.pending FROM member_link m JOIN object o ON o.id = m.member_id")
    return set(rows)
