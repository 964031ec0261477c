"""What a connected source masters is read-only by every verb, whoever calls it: operation by kind of source and state."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.admin.imports import CsvImport
from provisor.rules.source_settings import CONNECTED_KINDS
from provisor.storage import directory_verbs, feed, objects
from support.mastered import FedObjects

ANNA, CHIEF, BO, STAFF = "anna@x.example", "chief@x.example", "bo@x.example", "Staff"
OFFICE = "Head office"
DEPARTMENT = {"department": "Sales"}

# What is done to the user Anna and the group Staff, by the verbs of people and by those of programs.
TO_ANNA = {
    "users.set": lambda w: w.verbs.users.set(ME, ANNA, DEPARTMENT),
    "users.set to nothing": lambda w: w.verbs.users.set(ME, ANNA, {"department": ""}),
    "users.set her name": lambda w: w.verbs.users.set(ME, ANNA, {"userPrincipalName": "a@x.example"}),
    "users.set her manager": lambda w: w.verbs.users.set(ME, ANNA, {"manager": BO}),
    "users.set no manager": lambda w: w.verbs.users.set(ME, ANNA, {"manager": ""}),
    "users.set_enabled": lambda w: w.verbs.users.set_enabled(ME, ANNA, enabled=False),
    "users.delete": lambda w: w.verbs.users.delete(ME, ANNA),
    "users.purge": lambda w: w.verbs.users.purge(ME, ANNA),
    "typed_users.update": lambda w: w.verbs.typed_users.update(ME, ANNA, DEPARTMENT),
    "typed_users.update to nothing": lambda w: w.verbs.typed_users.update(ME, ANNA, {"department": None}),
    "typed_users.update accountEnabled": lambda w: w.verbs.typed_users.update(ME, ANNA, {"accountEnabled": False}),
    "typed_users.update her manager": lambda w: w.verbs.typed_users.update(ME, ANNA, {}, manager=BO),
    "typed_users.set_manager": lambda w: w.verbs.typed_users.set_manager(ME, ANNA, BO),
    "typed_users.set_manager to nobody": lambda w: w.verbs.typed_users.set_manager(ME, ANNA, None),
    "typed_users.delete": lambda w: w.verbs.typed_users.delete(ME, ANNA),
}
TO_STAFF = {
    "groups.set": lambda w: w.verbs.groups.set(ME, STAFF, {"description": "All"}),
    "groups.delete": lambda w: w.verbs.groups.delete(ME, STAFF),
    "groups.purge": lambda w: w.verbs.groups.purge(ME, STAFF),
    "members.add": lambda w: w.verbs.members.add(ME, STAFF, BO),
    "members.remove": lambda w: w.verbs.members.remove(ME, STAFF, CHIEF),
    "typed_groups.update": lambda w: w.verbs.typed_groups.update(ME, w.staff.id, {"description": "All"}),
    "typed_groups.update its members": lambda w: w.verbs.typed_groups.update(ME, w.staff.id, {}, members=[w.bo.id]),
    "typed_groups.delete": lambda w: w.verbs.typed_groups.delete(ME, w.staff.id),
    "members_by_id.add": lambda w: w.verbs.members_by_id.add(ME, w.staff.id, w.bo.id),
    "members_by_id.remove": lambda w: w.verbs.members_by_id.remove(ME, w.staff.id, w.chief.id),
}
OPERATIONS = TO_ANNA | TO_STAFF
OF_LIFE = [name for name in OPERATIONS if name.partition(".")[2] in ("delete", "purge")]
IN_THE_BIN = {
    "users.restore": lambda w: w.verbs.users.restore(ME, ANNA),
    "users.purge": lambda w: w.verbs.users.purge(ME, ANNA),
    "deleted_objects.restore": lambda w: w.verbs.deleted_objects.restore(ME, w.anna.id),
    "deleted_objects.purge": lambda w: w.verbs.deleted_objects.purge(ME, w.anna.id),
}


class World:
    """Anna with a chief, Staff with that chief in it, and a source that feeds both as a test says."""

    def __init__(self, verbs, database, tenant, now):
        self.verbs, self.database, self.tenant, self.now = verbs, database, tenant, now
        self.fed = FedObjects(database, tenant, now)
        self.chief, self.bo = (self.user(name) for name in (CHIEF, BO))
        self.anna = self.user(ANNA, department="Research", manager=CHIEF)
        self.staff = verbs.groups.create(ME, {"displayName": STAFF}).object
        verbs.members.add(ME, STAFF, CHIEF)

    def user(self, name, **given):
        return self.verbs.users.create(ME, {"userPrincipalName": name, **given}).object

    def feeds(self, kind, presence="here", **given):
        self.fed.connect(OFFICE, kind)
        of_anna = given or {"userPrincipalName": ANNA, "department": "Research", "accountEnabled": True}
        self.fed.feed(OFFICE, self.anna, of_anna, presence=presence, manager="boss" if not given else None)
        self.fed.feed(OFFICE, self.staff, given or {"displayName": STAFF, "description": None}, presence=presence)

    def change(self):
        return feed.current_change(self.database.reader(), self.tenant)

    def read(self, item):
        return objects.read(self.database.reader(), self.tenant, item.id)


@pytest.fixture
def world(verbs, database, tenant, now):
    return World(verbs, database, tenant, now)


def refused(world, operation):
    """The refusal, which names the source, says what to do, and left everything as it was."""
    before = world.change()
    with pytest.raises(AdminError) as raised:
        operation(world)
    assert raised.value.code == "property-read-only"
    assert OFFICE in raised.value.message
    assert OFFICE in raised.value.hint
    assert world.change() == before
    return raised.value.message


@pytest.mark.parametrize("kind", CONNECTED_KINDS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_a_source_masters_is_read_only(world, operation, kind):
    world.feeds(kind)

    refused(world, OPERATIONS[operation])


@pytest.mark.parametrize("kind", CONNECTED_KINDS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_left_a_source_is_free_again(world, operation, kind):
    world.feeds(kind, presence="gone")
    before = world.change()

    OPERATIONS[operation](world)

    assert world.change() > before


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_no_source_feeds_can_be_changed(world, operation):
    before = world.change()

    OPERATIONS[operation](world)

    assert world.change() > before


@pytest.mark.parametrize("kind", CONNECTED_KINDS)
@pytest.mark.parametrize("operation", ["users.set", "users.set_enabled", "typed_users.update", "groups.set"])
def test_what_a_source_does_not_give_can_be_changed(world, operation, kind):
    world.feeds(kind, city="Oslo")
    before = world.change()

    OPERATIONS[operation](world)

    assert world.change() > before


@pytest.mark.parametrize("kind", CONNECTED_KINDS)
@pytest.mark.parametrize("operation", OF_LIFE)
def test_whether_there_is_an_object_is_said_by_a_source_whatever_else_it_gives(world, operation, kind):
    world.feeds(kind, city="Oslo")

    assert "whether there is this" in refused(world, OPERATIONS[operation])


@pytest.mark.parametrize("kind", CONNECTED_KINDS)
@pytest.mark.parametrize(("presence", "free"), [("here", False), ("gone", True)])
@pytest.mark.parametrize("operation", IN_THE_BIN)
def test_what_is_in_the_bin_is_free_once_the_source_has_it_no_more(world, operation, presence, free, kind):
    with world.database.transaction() as connection:
        directory_verbs.delete(connection, world.tenant, world.anna, now=world.now)
    world.feeds(kind, presence=presence)

    if free:
        IN_THE_BIN[operation](world)
        assert world.read(world.anna).alive == operation.endswith("restore")
    else:
        refused(world, IN_THE_BIN[operation])


@pytest.mark.parametrize(
    "write",
    [
        lambda w: w.verbs.users.set(ME, ANNA, {"department": "Research", "city": "Oslo"}),
        lambda w: w.verbs.users.set(ME, ANNA, {"manager": CHIEF, "city": "Oslo"}),
        lambda w: w.verbs.typed_users.update(ME, ANNA, {"department": "Research", "city": "Oslo"}),
    ],
    ids=["users.set", "users.set the manager there is", "typed_users.update"],
)
def test_what_is_written_back_as_it_was_is_no_change(world, write):
    world.feeds("active-directory")

    write(world)

    assert world.read(world.anna).attributes["city"] == "Oslo"


def test_somebody_whom_a_source_has_may_be_in_a_group_of_ours(world):
    world.feeds("active-directory")
    world.verbs.groups.create(ME, {"displayName": "Ours"})

    assert world.verbs.members.add(ME, "Ours", ANNA)


def test_of_two_sources_the_one_that_has_the_attribute_is_named(world):
    world.feeds("active-directory")
    world.fed.connect("HR", "csv", precedence=1)
    world.fed.feed("HR", world.anna, {"department": "Research"})

    with pytest.raises(AdminError, match="it comes from the source HR"):
        world.verbs.users.set(ME, ANNA, DEPARTMENT)
    with pytest.raises(AdminError, match="said by the source HR and Head office"):
        world.verbs.users.delete(ME, ANNA)


@pytest.mark.parametrize("set_city", [
    lambda w: w.verbs.users.set(ME, ANNA, {"city": "Oslo"}),
    lambda w: w.verbs.typed_users.update(ME, ANNA, {"city": "Oslo"}),
], ids=["users.set", "typed_users.update"])  # fmt: skip
def test_of_who_is_synchronised_active_directory_has_what_it_has_no_value_for(world, set_city):
    world.feeds("active-directory", onPremisesSyncEnabled=True)
    with world.database.transaction() as connection:
        directory_verbs.update(connection, world.tenant, world.anna, {"onPremisesSyncEnabled": True})

    assert "city" in refused(world, set_city)


def test_what_a_file_once_said_of_active_directory_holds_back_programs_alone(world):
    world.verbs.users.set(ME, ANNA, {"onPremisesSyncEnabled": "true"})

    world.verbs.users.set(ME, ANNA, DEPARTMENT)
    with pytest.raises(AdminError, match="synchronised from Active Directory"):
        world.verbs.typed_users.update(ME, ANNA, {"department": "Research"})


def test_no_import_is_said_to_bring_back_what_left_a_source(world, tmp_path):
    file = tmp_path / "users.csv"
    file.write_text("userPrincipalName\neve@x.example\n", "utf-8")
    world.verbs.imports.csv(ME, CsvImport(users=file, source="hr"))
    eve = world.verbs.users.show(ME, "eve@x.example").object
    world.fed.connect(OFFICE)
    world.fed.feed(OFFICE, eve, {}, presence="gone")

    assert world.verbs.users.delete(ME, eve.id).comes_back_from is None
