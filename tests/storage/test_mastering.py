"""Which source has which attribute of an object, and where the object came from."""

from datetime import timedelta

import pytest

from provisor.rules.source_settings import CsvSettings
from provisor.storage import directory_verbs, mastering
from support.mastered import FedObjects

UPN = "anna@fjord.example"
KINDS = ("active-directory", "ldap", "entra", "csv")


@pytest.fixture
def fed(database, tenant, now):
    return FedObjects(database, tenant, now)


@pytest.fixture
def anna(database, tenant, now):
    with database.transaction() as connection:
        return directory_verbs.create(connection, tenant, "user", {"userPrincipalName": UPN}, now=now)


@pytest.fixture
def sales(database, tenant, now):
    with database.transaction() as connection:
        return directory_verbs.create(connection, tenant, "group", {"displayName": "Sales"}, now=now)


@pytest.fixture
def mastered(database, tenant):
    return lambda item: mastering.mastered(database.reader(), tenant, item.id)


@pytest.fixture
def sources_of(database):
    return lambda item: mastering.sources_of(database.reader(), item.id)


def test_nothing_is_mastered_of_what_no_source_feeds(mastered, sources_of, anna):
    assert mastered(anna) == {}
    assert sources_of(anna) == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_source_gives_it_masters(fed, mastered, anna, kind):
    fed.connect("Head office", kind)
    fed.feed("Head office", anna, {"department": "Sales", "city": None}, manager="boss")

    assert mastered(anna) == dict.fromkeys(["department", "city", "manager"], "Head office")


@pytest.mark.parametrize(
    ("kind", "document", "told"),
    [("active-directory", {}, True), ("ldap", {}, True), ("entra", {}, True),
     ("csv", {}, False), ("csv", {"manager": None}, True)],
    ids=["active-directory", "ldap", "entra", "csv without the column", "csv with the column"],
)  # fmt: skip
def test_who_has_no_manager_at_the_source_has_none(fed, mastered, anna, kind, document, told):
    fed.connect("Head office", kind)
    fed.feed("Head office", anna, {}, document=document)

    assert ("manager" in mastered(anna)) == told


@pytest.mark.parametrize("kind", KINDS)
def test_members_of_a_group_are_mastered_with_it(fed, mastered, sales, kind):
    fed.connect("Head office", kind)
    fed.feed("Head office", sales, {"displayName": "Sales"})

    assert mastered(sales) == dict.fromkeys(["displayName", "members"], "Head office")


def test_files_without_members_leave_them_to_others(fed, mastered, sales):
    fed.connect("Lists", "csv", settings=CsvSettings(groups="groups.csv"))
    fed.feed("Lists", sales, {"displayName": "Sales"})

    assert mastered(sales) == {"displayName": "Lists"}


def test_of_two_sources_the_lower_number_has_an_attribute(fed, mastered, sources_of, anna):
    fed.connect("AD", precedence=20)
    fed.connect("HR", "csv", precedence=10)
    fed.feed("AD", anna, {"department": "Sales", "city": "Oslo"})
    fed.feed("HR", anna, {"department": "Research"})

    assert mastered(anna) == {"department": "HR", "city": "AD", "manager": "AD"}
    assert [(one.name, one.gives, one.masters) for one in sources_of(anna)] == [
        ("HR", ("department",), ("department",)),
        ("AD", ("department", "city", "manager"), ("city", "manager")),
    ]


def test_a_source_without_a_value_leaves_an_attribute_to_one_that_has_it(fed, mastered, anna):
    fed.connect("AD", precedence=20)
    fed.connect("HR", "csv", precedence=10)
    fed.feed("AD", anna, {"department": "Sales"}, manager="boss")
    fed.feed("HR", anna, {"department": None, "city": None}, document={"manager": None})

    assert mastered(anna) == {"department": "AD", "city": "HR", "manager": "AD"}


def test_what_left_masters_nothing_and_is_still_told_of(fed, mastered, sources_of, anna, now):
    fed.connect("AD")
    fed.feed("AD", anna, {"department": "Sales"}, presence="gone")

    assert mastered(anna) == {}
    (told,) = sources_of(anna)
    assert (told.here, told.masters, told.seen_at) == (False, (), int(now.timestamp() * 1_000_000))


def test_what_is_about_to_leave_is_mastered_until_it_has_left(fed, mastered, anna):
    fed.connect("AD")
    fed.feed("AD", anna, {"department": "Sales"}, presence="leaving")

    assert mastered(anna)["department"] == "AD"


def test_several_are_looked_up_together(fed, database, tenant, anna, sales):
    fed.connect("AD")
    fed.feed("AD", sales, {"displayName": "Sales"})

    found = mastering.mastered_of(database.reader(), tenant, [anna.id, sales.id])
    assert list(found) == [sales.id]


def test_a_source_was_seen_with_an_object_when_its_last_run_ended(fed, sources_of, anna, now):
    later = now + timedelta(minutes=5)
    fed.connect("AD", ended_at=later)
    anchor = fed.feed("AD", anna, {})

    (told,) = sources_of(anna)
    assert (told.anchor, told.kind, told.precedence, told.seen_at) == (
        anchor, "active-directory", 100, int(later.timestamp() * 1_000_000),
    )  # fmt: skip


@pytest.mark.parametrize(("kind", "told"), [("active-directory", 1), ("ldap", 1), ("entra", 0), ("csv", 0)])
def test_only_a_directory_server_synchronises_from_on_premises(fed, database, tenant, anna, now, kind, told):
    fed.connect("Head office", kind, ended_at=now)
    fed.feed("Head office", anna, {})

    assert len(mastering.last_runs(database.reader(), tenant, [anna.id])) == told


@pytest.mark.parametrize(("presence", "kept"), [("gone", 0), ("here", 1)])
def test_a_purge_forgets_the_records_that_were_kept_for_a_restore(fed, database, tenant, anna, now, presence, kept):
    fed.connect("AD")
    fed.feed("AD", anna, {}, presence=presence)

    with database.transaction() as connection:
        directory_verbs.purge(connection, tenant, anna, now=now)

    assert database.reader().one("SELECT count(*) FROM source_record") == (kept,)


def test_those_whom_no_source_has_any_more_are_named_with_the_one_that_had_them(fed, database, tenant, anna, sales):
    fed.connect("AD")
    fed.connect("HR", "csv")
    fed.feed("AD", anna, {}, presence="gone")
    fed.feed("AD", sales, {}, presence="gone")
    fed.feed("HR", sales, {})

    assert mastering.deleted_by(database.reader(), tenant, [anna.id, sales.id]) == {anna.id: "AD"}
