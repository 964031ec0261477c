"""The contract of `engine.ports.Target`: what every implementation does, before every server."""

import pytest

from provisor.engine.ports import Rejected
from provisor.scim.patch.operations import Operation
from provisor.scim.schemas.resource_types import ENTERPRISE_URN

ODD_NAMES = {
    "double quotes": 'Ann "the boss" O\'Neil',
    "backslashes": "CORP\\anna\\",
    "backslash before a quote": 'a\\"b',
    "plus ampersand percent hash": "a+b&c=d%20e#f?g/h;i",
    "percent-encoded looking": "100%25+%2B",
    "filter looking": '" or userName pr or userName eq "',
    "non-Latin": "Ελένη Παπαδοπούλου 山田太郎",
    "combining characters": "Zoe\u0308 A\u030angstro\u0308m",
    "emoji": "👩‍💻🏳️‍🌈🇪🇸",
    "right to left": "שלום",
    "formula looking": "=1+1|cmd",
    "200 characters": "é" * 180,
}
ODD_TEXTS = {
    **ODD_NAMES,
    "turned direction": "\u200fשלום\u200e \u202eevil\u202c",
    "edge blanks": "  edge  ",
    "line break and tab": "a\nb\tc",
}


async def created(target, kind, called, **attributes):
    document = {"userName" if kind == "user" else "displayName": called, **attributes}
    return (await target.create(kind, document)).resource["id"]


async def test_a_created_user_is_read_back_as_sent(target, unique):
    name = unique("anna@contoso.com")
    document = {
        "userName": name,
        "active": True,
        "displayName": "Anna",
        "name": {"givenName": "Anna", "familyName": "B"},
    }

    answer = await target.create("user", document)
    read = await target.read("user", answer.resource["id"])

    assert {key: read.resource[key] for key in document} == document


async def test_a_created_group_is_read_back_without_members(target, unique):
    member = await created(target, "user", unique("anna"))
    group = await created(target, "group", unique("Sales"))
    await target.patch_members(group, [member], [])

    read = await target.read("group", group)

    assert "members" not in read.resource


async def test_reading_an_unknown_id_brings_nothing(target):
    assert await target.read("user", "3e51ba4a-0000-0000-0000-000000000000") is None
    assert await target.read("group", "3e51ba4a-0000-0000-0000-000000000000") is None


async def test_a_second_user_of_the_same_name_is_refused_as_not_unique(target, unique):
    name = unique("anna@contoso.com")
    await created(target, "user", name)

    with pytest.raises(Rejected) as refused:
        await created(target, "user", name.upper())

    assert (refused.value.status, refused.value.scim_type) == (409, "uniqueness")


@pytest.mark.needs("unique group names")
async def test_a_second_group_of_the_same_name_is_refused_as_not_unique(target, unique):
    name = unique("Sales")
    await created(target, "group", name)

    with pytest.raises(Rejected) as refused:
        await created(target, "group", name)

    assert (refused.value.status, refused.value.scim_type) == (409, "uniqueness")


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES)
async def test_a_user_with_an_odd_name_is_found_by_it_unchanged(target, unique, name):
    name = unique(name)
    target_id = await created(target, "user", name)

    found = await target.find("user", "userName", name)

    assert [(one["id"], one["userName"]) for one in found.resources] == [(target_id, name)]


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
async def test_an_odd_text_is_read_back_as_sent(target, unique, text):
    target_id = await created(target, "user", unique("anna"), displayName=text)

    assert (await target.read("user", target_id)).resource["displayName"] == text


@pytest.mark.parametrize("name", ODD_TEXTS.values(), ids=ODD_TEXTS)
async def test_nobody_is_found_by_an_odd_name_that_nobody_has(target, unique, name):
    assert not (await target.find("user", "userName", name + unique(""))).resources


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES)
async def test_a_group_with_an_odd_name_is_found_by_it_unchanged(target, unique, name):
    name = unique(name)
    target_id = await created(target, "group", name)

    found = await target.find("group", "displayName", name)

    assert [(one["id"], one["displayName"]) for one in found.resources] == [(target_id, name)]


async def test_a_user_is_found_in_another_case(target, unique):
    target_id = await created(target, "user", unique("Anna@Contoso.com"))

    found = await target.find("user", "userName", unique("aNNA@cONTOSO.COM"))

    assert [one["id"] for one in found.resources] == [target_id]


async def test_a_user_is_found_in_another_case_of_another_script(target, unique):
    target_id = await created(target, "user", unique("ÉLÉNA-ЖАННА"))

    found = await target.find("user", "userName", unique("éléna-жанна"))

    assert [one["id"] for one in found.resources] == [target_id]


async def test_a_group_is_found_in_another_case(target, unique):
    target_id = await created(target, "group", unique("Field Staff"))

    found = await target.find("group", "displayName", unique("FIELD staff"))

    assert [one["id"] for one in found.resources] == [target_id]


async def test_a_name_nobody_has_is_found_nowhere(target, unique):
    assert (await target.find("user", "userName", unique("nobody"))).resources == []
    assert (await target.find("group", "displayName", unique("nobody"))).resources == []


async def test_a_disabled_user_is_still_found_and_says_so(target, unique):
    name = unique("anna")
    target_id = await created(target, "user", name, active=True)

    await target.patch("user", target_id, [Operation(op="replace", path="active", value=False)])
    found = await target.find("user", "userName", name)

    assert [one["active"] for one in found.resources] == [False]


async def test_several_attributes_change_in_one_patch(target, unique):
    target_id = await created(target, "user", unique("anna"), displayName="Old", name={"familyName": "Old"})

    await target.patch(
        "user",
        target_id,
        [
            Operation(op="replace", path="displayName", value="New"),
            Operation(op="replace", path="name.familyName", value="New"),
            Operation(op="add", path="name.givenName", value="Anna"),
            Operation(op="replace", path="active", value=False),
        ],
    )
    read = (await target.read("user", target_id)).resource

    assert (read["displayName"], read["name"], read["active"]) == (
        "New",
        {"familyName": "New", "givenName": "Anna"},
        False,
    )


async def test_an_attribute_is_cleared(target, unique):
    target_id = await created(target, "user", unique("anna"), displayName="Old")

    await target.patch("user", target_id, [Operation(op="remove", path="displayName")])

    assert "displayName" not in (await target.read("user", target_id)).resource


async def test_repeating_a_patch_changes_nothing(target, unique):
    target_id = await created(target, "user", unique("anna"))
    operations = [Operation(op="replace", path="displayName", value="New")]

    await target.patch("user", target_id, operations)
    once = await target.read("user", target_id)
    await target.patch("user", target_id, operations)

    assert (await target.read("user", target_id)).resource["displayName"] == once.resource["displayName"]


async def test_a_renamed_user_is_found_by_the_new_name_only(target, unique):
    target_id = await created(target, "user", unique("old"))

    await target.patch("user", target_id, [Operation(op="replace", path="userName", value=unique("new"))])

    assert (await target.find("user", "userName", unique("old"))).resources == []
    assert [one["id"] for one in (await target.find("user", "userName", unique("new"))).resources] == [target_id]


async def test_renaming_to_a_name_that_is_taken_is_refused_as_not_unique(target, unique):
    await created(target, "user", unique("taken"))
    target_id = await created(target, "user", unique("anna"))

    with pytest.raises(Rejected) as refused:
        await target.patch("user", target_id, [Operation(op="replace", path="userName", value=unique("taken"))])

    assert refused.value.status == 409


async def test_patching_what_is_gone_is_refused_with_404(target):
    with pytest.raises(Rejected) as refused:
        await target.patch("user", "no-such-id", [Operation(op="replace", path="displayName", value="x")])

    assert refused.value.status == 404


async def test_a_work_address_is_changed_by_its_type(target, unique):
    target_id = await created(target, "user", unique("anna"), emails=[{"type": "work", "value": "a@x.example"}])

    await target.patch(
        "user", target_id, [Operation(op="replace", path='emails[type eq "work"].value', value="b@x.example")]
    )
    read = (await target.read("user", target_id)).resource

    assert [(one["type"], one["value"]) for one in read["emails"]] == [("work", "b@x.example")]


async def test_a_manager_is_set_by_id(target, unique):
    manager = await created(target, "user", unique("boss"))
    target_id = await created(target, "user", unique("anna"))
    path = f"{ENTERPRISE_URN}:manager"

    await target.patch("user", target_id, [Operation(op="add", path=path, value={"value": manager})])
    read = (await target.read("user", target_id)).resource

    assert read[ENTERPRISE_URN]["manager"]["value"] == manager


async def test_a_deleted_user_is_gone(target, unique):
    target_id = await created(target, "user", unique("anna"))

    await target.delete("user", target_id)

    assert await target.read("user", target_id) is None
    assert (await target.find("user", "userName", unique("anna"))).resources == []


async def test_what_is_deleted_is_gone_and_deleting_it_again_says_so(target, unique):
    for kind, name in (("user", unique("anna")), ("group", unique("Sales"))):
        key = await created(target, kind, name)
        await target.delete(kind, key)

        with pytest.raises(Rejected) as refused:
            await target.delete(kind, key)

        assert refused.value.status == 404
        assert await target.read(kind, key) is None


async def test_a_listing_walked_page_by_page_shows_everybody_once(target, unique):
    names = {unique(f"walker{number}") for number in range(7)}
    for name in names:
        await created(target, "user", name)

    seen, start = [], 1
    while start is not None:
        page = await target.page("user", start, 3)
        seen += [one["userName"] for one in page.resources]
        start = page.next_index

    assert sorted(name for name in seen if name in names) == sorted(names)
    assert len(seen) == page.total


async def test_a_page_of_nothing_tells_the_total(target, unique):
    await created(target, "group", unique("Sales"))

    page = await target.page("group", 1, 0)

    assert (list(page.resources), page.next_index) == ([], None)
    assert page.total >= 1


async def test_an_answer_that_leaves_nothing_out_proves_who_is_absent(target, unique):
    await created(target, "user", unique("anna"))

    assert (await target.page("user", 1, 100)).complete
    assert (await target.page("user", 1, 0)).complete
    assert (await target.page("user", 1_000_000, 100)).complete
    assert (await target.find("user", "userName", unique("anna"))).complete
    assert (await target.find("user", "userName", unique("nobody"))).complete


async def test_groups_are_listed_without_members(target, unique):
    group = await created(target, "group", unique("Sales"))
    await target.patch_members(group, [await created(target, "user", unique("anna"))], [])

    page = await target.page("group", 1, 100)

    assert page.resources
    assert not any("members" in one for one in page.resources)


async def test_members_come_and_go(target, unique, members_of):
    group = await created(target, "group", unique("Sales"))
    anna, bo, carl = [await created(target, "user", unique(name)) for name in ("anna", "bo", "carl")]

    await target.patch_members(group, [anna, bo], [])
    await target.patch_members(group, [carl], [anna])

    assert await members_of(target, group) == {bo, carl}


async def test_repeating_a_change_of_members_changes_nothing(target, unique, members_of):
    group = await created(target, "group", unique("Sales"))
    anna, bo = [await created(target, "user", unique(name)) for name in ("anna", "bo")]
    await target.patch_members(group, [bo], [])

    for _ in range(2):
        await target.patch_members(group, [anna], [bo])

    assert await members_of(target, group) == {anna}


async def test_members_are_added_to_a_missing_group_with_404(target, unique):
    anna = await created(target, "user", unique("anna"))

    with pytest.raises(Rejected) as refused:
        await target.patch_members("no-such-id", [anna], [])

    assert refused.value.status == 404


async def test_a_group_keeps_its_members_when_it_is_renamed(target, unique, members_of):
    group = await created(target, "group", unique("Sales"))
    anna = await created(target, "user", unique("anna"))
    await target.patch_members(group, [anna], [])

    await target.patch("group", group, [Operation(op="replace", path="displayName", value=unique("Selling"))])

    assert await members_of(target, group) == {anna}


async def test_an_exchange_tells_method_and_address(target, unique):
    answer = await target.create("user", {"userName": unique("anna")})

    assert answer.exchange.method == "POST"
    assert answer.exchange.url.endswith("/Users")
    assert unique("anna").encode() in answer.exchange.request_body
