"""The connector against our own Graph API in another process: everything that it reads, as that API really tells it."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from provisor.engine.ports import Rejected, Unauthorized
from provisor.engine.sources import AssignmentsTold, CursorLost, MembersTold, RecordGone, RecordTold
from provisor.rules.source_settings import MirroredApplication
from provisor.storage import feed, tombstones
from support.other_tenant import OtherTenant

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def other(tmp_path_factory, migrated_file):
    """One directory for all tests: each makes people of its own."""
    made = OtherTenant(tmp_path_factory.mktemp("other"), migrated_file)
    yield made
    made.close()


@pytest.fixture
def name():
    return f"p{uuid4().hex[:12]}"


def read(source, cursor=None):
    """What a read tells, and the cursor at its end."""
    pages = list(source.read(cursor))
    assert [each.last for each in pages] == [False] * (len(pages) - 1) + [True]
    assert {each.full for each in pages} == {cursor is None}
    return [told for each in pages for told in each.told], pages[-1].cursor


def of(key, told):
    """What was told of one object."""
    return [each for each in told if getattr(each, "anchor", None) == key]


def changed(other, change, key, **settings):
    """What is told of an object when `change` has been done."""
    _, cursor = read(other.source(**settings))
    change()
    told, cursor = read(other.source(**settings), cursor)
    again, _ = read(other.source(**settings), cursor)
    assert of(key, again) == []
    return of(key, told)


def test_a_full_read_tells_a_user_whole(other, name):
    chief = other.user(f"{name}chief")
    fifteen = {"extensionAttribute3": "three"}
    key = other.user(
        name, department="Sales", businessPhones=["1"], accountEnabled=False, onPremisesExtensionAttributes=fifteen,
        **{"manager@odata.bind": other.link(chief)},
    )  # fmt: skip

    [told] = of(key, read(other.source())[0])

    assert told == RecordTold(
        kind="user", anchor=key, reference=key, whole=True,
        values={"userPrincipalName": f"{name}@contoso.example", "displayName": name.title(), "mailNickname": name,
                "accountEnabled": False, "department": "Sales", "businessPhones": ["1"], "extensionAttribute3": "three",
                "manager": chief},
    )  # fmt: skip


def test_a_full_read_tells_a_group_and_its_members(other, name):
    anna = other.user(name)
    inner = other.group(f"{name}-inner")
    key = other.group(name, anna, description="Crowd")
    other.ask("POST", f"/groups/{key}/members/$ref", {"@odata.id": other.link(inner)})

    told = of(key, read(other.source())[0])

    [whole] = [each for each in told if each.whole]
    assert {**whole.values} == {
        "displayName": name, "description": "Crowd", "mailEnabled": False, "mailNickname": name, "securityEnabled": True,
    }  # fmt: skip
    assert {member for each in told if each.members for member in each.members.added} == {anna, inner}


def test_a_large_group_over_many_pages_keeps_its_values_and_loses_no_member(other, name):
    people = [other.user(f"{name}{number}") for number in range(230)]
    key = other.group(name)
    for start in range(0, 230, 20):
        bound = [other.link(each) for each in people[start : start + 20]]
        other.ask("PATCH", f"/groups/{key}", {"members@odata.bind": bound})

    told = of(key, read(other.source())[0])

    assert [each.whole for each in told].count(True) == 1
    assert sorted(member for each in told if each.members for member in each.members.added) == sorted(people)


def test_a_full_read_goes_on_from_every_page(other, name):
    key = other.user(name)
    pages = list(other.source().read(None))
    told = {each.anchor for page in pages for each in page.told}

    for at, page in enumerate(pages[:-1], 1):
        before = {each.anchor for page in pages[:at] for each in page.told}
        assert before | {each.anchor for each in read_on(other, page.cursor)} == told
    assert key in told


def read_on(other, cursor):
    return [told for page in other.source().read(cursor) for told in page.told]


def test_a_change_is_told_with_what_was_cleared(other, name):
    key = other.user(name, department="Sales", city="Oslo")

    [told] = changed(other, lambda: other.ask("PATCH", f"/users/{key}", {"department": None, "city": "Bergen"}), key)

    assert not told.whole
    assert (told.values["department"], told.values["city"]) == (None, "Bergen")


def test_a_new_user_is_told_once(other, name):
    made = []
    _, cursor = read(other.source())
    made.append(other.user(name))

    told, _ = read(other.source(), cursor)

    assert len(of(made[0], told)) == 1


def test_a_deleted_user_is_gone_and_back_when_restored(other, name):
    key = other.user(name)

    assert changed(other, lambda: other.ask("DELETE", f"/users/{key}"), key) == [RecordGone(anchor=key)]

    [told] = changed(other, lambda: other.ask("POST", f"/directory/deletedItems/{key}/restore"), key)
    assert told.values["userPrincipalName"] == f"{name}@contoso.example"


def test_a_user_deleted_for_good_is_gone_for_good(other, name):
    key = other.user(name)
    other.ask("DELETE", f"/users/{key}")

    assert changed(other, lambda: other.ask("DELETE", f"/directory/deletedItems/{key}"), key) == [
        RecordGone(anchor=key, for_good=True)
    ]


def test_a_manager_comes_and_goes(other, name):
    chief, key = other.user(f"{name}chief"), other.user(name)

    [came] = changed(
        other, lambda: other.ask("PUT", f"/users/{key}/manager/$ref", {"@odata.id": other.link(chief)}), key
    )
    [went] = changed(other, lambda: other.ask("DELETE", f"/users/{key}/manager/$ref"), key)

    assert (came.values["manager"], went.values["manager"]) == (chief, None)


def test_members_come_and_go(other, name):
    anna, key = other.user(name), other.group(name)

    [came] = changed(
        other, lambda: other.ask("POST", f"/groups/{key}/members/$ref", {"@odata.id": other.link(anna)}), key
    )
    [went] = changed(other, lambda: other.ask("DELETE", f"/groups/{key}/members/{anna}/$ref"), key)

    assert came.members == MembersTold(added=(anna,))
    assert went.members == MembersTold(removed=(anna,))


def test_members_leave_with_the_deleted_and_return_with_the_restored(other, name):
    anna = other.user(name)
    key = other.group(name, anna)

    [went] = changed(other, lambda: other.ask("DELETE", f"/users/{anna}"), key)
    [came] = changed(other, lambda: other.ask("POST", f"/directory/deletedItems/{anna}/restore"), key)

    assert (went.members, came.members) == (MembersTold(removed=(anna,)), MembersTold(added=(anna,)))


def test_an_extension_is_told_under_its_full_name_and_cleared(other, name):
    application, _ = other.application(name)
    body = {"name": "objectGUID", "dataType": "Binary", "targetObjects": ["User"]}
    extension = other.ask("POST", f"/applications/{application}/extensionProperties", body)["name"]
    key = other.user(name)
    other.ask("PATCH", f"/users/{key}", {extension: "Oywdj1lKd2iGlaSzwtHg8A=="})
    chosen = {"user_attributes": (extension,)}

    [attribute] = [each for each in other.source().attributes() if each.name == extension]
    [told] = of(key, read(other.source(**chosen))[0])
    [cleared] = changed(other, lambda: other.ask("PATCH", f"/users/{key}", {extension: None}), key, **chosen)

    assert (attribute.type, attribute.kinds) == ("Binary", ("user",))
    assert told.values[extension] == "Oywdj1lKd2iGlaSzwtHg8A=="
    assert cleared.values[extension] is None


def test_the_fifteen_attributes_change_by_themselves(other, name):
    key = other.user(name, onPremisesExtensionAttributes={"extensionAttribute1": "x", "extensionAttribute2": "y"})

    [told] = changed(
        other,
        lambda: other.ask("PATCH", f"/users/{key}", {"onPremisesExtensionAttributes": {"extensionAttribute1": None}}),
        key,
    )

    assert (told.values["extensionAttribute1"], told.values["extensionAttribute2"]) == (None, "y")


def test_assignments_are_told_with_their_roles(other, name):
    role = {
        "id": str(uuid4()), "value": "reader", "displayName": "Reader", "description": "Reads",
        "allowedMemberTypes": ["User"], "isEnabled": True,
    }  # fmt: skip
    _, principal = other.application(name, [role])
    mirrored = {"applications": (MirroredApplication(service_principal=principal, application="here"),)}
    anna, crowd = other.user(name), other.group(name)
    for key in (anna, crowd):
        body = {"principalId": key, "resourceId": principal, "appRoleId": role["id"]}
        other.ask("POST", f"/servicePrincipals/{principal}/appRoleAssignedTo", body)

    told, cursor = read(other.source(**mirrored))
    [assigned] = [each for each in told if isinstance(each, AssignmentsTold)]
    other.ask("DELETE", f"/users/{anna}")
    [fewer] = [each for each in read(other.source(**mirrored), cursor)[0] if isinstance(each, AssignmentsTold)]

    assert (assigned.application, set(assigned.assigned)) == (principal, {(anna, "reader"), (crowd, "reader")})
    assert (crowd, "reader") in fewer.assigned


def test_whoever_is_asked_after_is_told_as_in_a_full_read(other, name):
    chief = other.user(f"{name}chief")
    anna = other.user(name, department="Sales", **{"manager@odata.bind": other.link(chief)})
    crowd, gone = other.group(name, anna), other.user(f"{name}gone")
    other.ask("DELETE", f"/users/{gone}")
    [whole] = of(anna, read(other.source())[0])

    told = {each.anchor: each for each in other.source().look([anna, gone, str(uuid4()), crowd, "it's"])}

    assert set(told) - {gone} == {anna, crowd}
    assert told.get(gone, RecordGone(anchor=gone)) == RecordGone(anchor=gone)
    assert told[anna] == whole
    assert (told[crowd].values["displayName"], told[crowd].members) == (name, None)


def test_more_are_asked_after_than_a_delta_can_be_narrowed_to(other, name):
    people = [other.user(f"{name}{number}") for number in range(60)]

    assert {each.anchor for each in other.source().look(people)} == set(people)


# What is no longer good


def test_a_link_from_before_tombstones_went_is_lost(other, name):
    key = other.user(name)
    _, cursor = read(other.source())
    other.ask("DELETE", f"/users/{key}")
    other.ask("DELETE", f"/directory/deletedItems/{key}")
    context = other.admin.users.context
    with context.database.transaction() as connection:
        passed = feed.current_change(connection, context.tenant)
        assert tombstones.clean(connection, context.tenant, passed, now=datetime.now(UTC) + timedelta(days=9))

    with pytest.raises(CursorLost, match="syncStateNotFound"):
        read(other.source(), cursor)

    assert of(key, read(other.source())[0]) == []


def test_a_link_that_was_changed_is_lost(other):
    _, cursor = read(other.source())

    with pytest.raises(CursorLost):
        read(other.source(), cursor.replace("deltatoken=", "deltatoken=x"))


# Rights


def test_a_test_is_well_for_a_reader(other):
    assert all(each.well for each in other.source().check())


def test_a_client_without_the_right_is_told_which_one_it_needs(other):
    *_, failed = other.source("Plan Approver").check()

    assert (failed.what, failed.well) == ("users", False)
    assert "User.Read.All" in failed.hint


def test_an_application_that_may_not_be_seen_is_no_reason_to_read_nobody(other, name):
    key = other.user(name)
    _, principal = other.application(name)
    source = other.source(
        "Application Owner", applications=(MirroredApplication(service_principal=principal, application="here"),)
    )

    told, _ = read(source)

    assert of(key, told)
    assert of(principal, told)[0].where.endswith(principal)


def test_a_wrong_secret_is_no_token(other):
    source = other.source(client=str(uuid4()))

    with pytest.raises(Unauthorized, match="secret"):
        read(source)


def test_an_attribute_that_is_not_there_is_named(other):
    with pytest.raises(Rejected, match="extension_0f_nothing"):
        read(other.source(user_attributes=("extension_0f_nothing",)))
