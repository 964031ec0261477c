"""Memberships read from a PATCH without the group, and that both ways of reading agree."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisor.scim.errors import ScimError
from provisor.scim.patch.applying import apply
from provisor.scim.patch.membership import MemberChange, split_members
from provisor.scim.patch.operations import Operation
from provisor.scim.schemas.resource_types import GROUP_TYPE, GROUP_URN

RENAME = Operation(op="replace", path="displayName", value="New")


def add(*ids):
    return Operation(op="add", path="members", value=[{"value": identifier} for identifier in ids])


def remove(identifier):
    return Operation(op="remove", path=f'members[value eq "{identifier}"]')


@pytest.mark.parametrize(
    ("operations", "change"),
    [
        ([add("a", "b")], MemberChange(add=("a", "b"))),
        ([remove("a"), remove("b")], MemberChange(remove=("a", "b"))),
        ([add("a"), remove("a")], MemberChange(remove=("a",))),
        ([remove("a"), add("a")], MemberChange(add=("a",))),
        ([Operation(op="remove", path="members")], MemberChange(replace_all=True)),
        ([Operation(op="replace", path="members", value=[])], MemberChange(replace_all=True)),
        ([Operation(op="replace", path="members", value=None)], MemberChange(replace_all=True)),
        ([add("z"), Operation(op="replace", path="members", value=[{"value": "a"}]), add("b"), remove("a")],
         MemberChange(add=("b",), replace_all=True)),
        ([Operation(op="add", path="members", value={"value": "a"})], MemberChange(add=("a",))),
        ([Operation(op="add", path="members", value="a")], MemberChange(add=("a",))),
        ([Operation(op="add", path="Members", value=[{"Value": "a"}])], MemberChange(add=("a",))),
        ([Operation(op="add", path=f"{GROUP_URN}:members", value=[{"value": "a"}])], MemberChange(add=("a",))),
        ([Operation(op="add", path=f"{GROUP_URN}.members", value=[{"value": "a"}])], MemberChange(add=("a",))),
        ([Operation(op="add", value={"members": [{"value": "a"}]})], MemberChange(add=("a",))),
        ([Operation(op="remove", path='members[value eq "a\\"b"]')], MemberChange(remove=('a"b',))),
        ([Operation(op="remove", path='MEMBERS [ VALUE eq "a" ]')], MemberChange(remove=("a",))),
        ([], MemberChange()),
    ],
    ids=str,
)  # fmt: skip
def test_members_are_read_without_the_group(operations, change):
    assert split_members(operations) == (change, ())


@pytest.mark.parametrize(
    "operations",
    [
        [RENAME],
        [add("a"), RENAME],
        [Operation(op="remove", path='members[type eq "User"]')],
        [Operation(op="remove", path='members[value eq "a" or value eq "b"]')],
        [Operation(op="replace", path='members[value eq "a"].display', value="A")],
        [Operation(op="add", path="members.value", value="a")],
        [Operation(op="add", value={"members": [{"value": "a"}], "displayName": "New"})],
    ],
    ids=str,
)
def test_what_needs_the_group_is_not_read(operations):
    parted = split_members(operations)

    assert parted is None or parted[1]


def test_members_are_parted_from_the_rest():
    operations = [add("a"), RENAME, Operation(op="replace", value={"members": [{"value": "b"}], "externalId": "e"})]

    assert split_members(operations) == (
        MemberChange(add=("b",), replace_all=True),
        (RENAME, Operation(op="replace", value={"externalId": "e"})),
    )


def test_members_chosen_by_more_than_their_id_cannot_be_parted():
    assert split_members([RENAME, Operation(op="remove", path='members[display co "x"]')]) is None


@pytest.mark.parametrize("value", [[{"display": "A"}], [{"value": 7}], [{"value": ""}], [7], [None]], ids=repr)
def test_member_without_an_id_is_refused(value):
    with pytest.raises(ScimError) as caught:
        split_members([Operation(op="add", path="members", value=value)])

    assert (caught.value.status, caught.value.scim_type) == (400, "invalidValue")
    assert "needs its id as text" in caught.value.detail


ids = st.sampled_from("abcd")
lists = st.lists(ids, max_size=3).map(lambda found: [{"value": item} for item in found])
operations = st.lists(
    st.builds(Operation, op=st.sampled_from(["add", "replace", "remove"]), path=st.just("members"), value=lists)
    | st.builds(remove, ids)
    | st.just(Operation(op="remove", path="members"))
    | st.builds(lambda value: Operation(op="add", value={"members": value}), lists),
    max_size=5,
)


@settings(max_examples=100, deadline=None)
@given(st.sets(ids), operations)
def test_both_ways_of_reading_give_the_same_members(held, listed):
    group = {"schemas": [GROUP_URN], "displayName": "G"}
    if held:
        group["members"] = [{"value": item} for item in sorted(held)]

    after = apply(group, listed, GROUP_TYPE)
    change, _ = split_members(listed)

    kept = set() if change.replace_all else held - set(change.remove)
    assert kept | set(change.add) == {item["value"] for item in after.get("members", [])}
    assert not set(change.add) & set(change.remove)
