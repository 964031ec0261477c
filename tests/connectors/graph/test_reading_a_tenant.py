"""What a tenant tells of users and groups, in the shapes of Microsoft's documentation.

Source: spec/graph-synchronization-api.md section 12; learn.microsoft.com, *Get incremental changes for users* and
*… for groups*.
"""

import json

import pytest

from provisor.engine.ports import Malformed
from provisor.engine.sources import CursorLost, MembersTold, RecordGone, RecordTold, RecordUnreadable
from support.prepared_answers import reply
from support.prepared_tenant import GROUP, USER, crowd, page, person

DEVICE, PRINCIPAL = "#microsoft.graph.device", "#microsoft.graph.servicePrincipal"


def users(tenant, *entries):
    """What a full read tells of users, where Graph has these entries on one page."""
    tenant.on("/v1.0/users/delta", page(*entries, delta_link=f"{tenant.origin}/v1.0/users/delta?$deltatoken=u1"))
    return [each for told in tenant.source().read(None) for each in told.told]


def groups(tenant, *entries):
    tenant.on("/v1.0/groups/delta", page(*entries, delta_link=f"{tenant.origin}/v1.0/groups/delta?$deltatoken=g1"))
    return [each for told in tenant.source().read(None) for each in told.told]


def read_whole(tenant, **settings):
    """A full read to its end; the cursor for the next one."""
    *_, last = tenant.source(**settings).read(None)
    assert last.last
    return last.cursor


def changed(tenant, kind, *entries):
    """What the next read tells, where Graph has these changes."""
    cursor = read_whole(tenant)
    link = f"/v1.0/{kind}/delta?$deltatoken={kind[0]}1"
    tenant.on(link, page(*entries, delta_link=f"{tenant.origin}/v1.0/{kind}/delta?$deltatoken={kind[0]}2"))
    return [each for told in tenant.source().read(cursor) for each in told.told]


# A first round


def test_a_first_round_tells_everybody_whole(tenant):
    [told] = users(tenant, person("a", department="Sales", accountEnabled=True, businessPhones=["1"], city=None))

    assert told == RecordTold(
        kind="user", anchor="a", reference="a", whole=True,
        values={"userPrincipalName": "a@contoso.example", "department": "Sales", "accountEnabled": True,
                "businessPhones": ["1"]},
    )  # fmt: skip


def test_what_was_not_asked_for_is_not_told(tenant):
    [told] = users(tenant, person("a", birthday="1970-01-01", imAddresses=["x"]))

    assert set(told.values) == {"userPrincipalName"}


def test_the_fifteen_attributes_stand_by_themselves(tenant):
    fifteen = {f"extensionAttribute{number}": None for number in range(1, 16)} | {"extensionAttribute7": "x"}

    [told] = users(tenant, person("a", onPremisesExtensionAttributes=fifteen))

    assert told.values == {"userPrincipalName": "a@contoso.example", "extensionAttribute7": "x"}


def test_a_manager_is_a_reference(tenant):
    [told] = users(tenant, person("a", **{"manager@delta": [{"@odata.type": USER, "id": "b"}]}))

    assert told.values["manager"] == "b"


def test_a_manager_who_is_no_user_is_none(tenant):
    [told] = users(
        tenant, person("a", **{"manager@delta": [{"@odata.type": "#microsoft.graph.orgContact", "id": "b"}]})
    )

    assert "manager" not in told.values


def test_members_are_users_and_groups_alone(tenant):
    others = [
        {"@odata.type": DEVICE, "id": "d"},
        {"@odata.type": PRINCIPAL, "id": "p"},
        {"@odata.type": GROUP, "id": "h"},
    ]

    [told] = groups(tenant, crowd("g", "a", *others))

    assert told.members == MembersTold(added=("a", "h"))


def test_a_group_without_members_says_nothing_of_them(tenant):
    [told] = groups(tenant, crowd("g"))

    assert told.members is None


def test_removed_objects_are_told_as_gone_in_a_first_round_too(tenant):
    told = users(
        tenant,
        {"id": "a", "@removed": {"reason": "changed"}},
        {"id": "b", "@removed": {"reason": "deleted"}},
        {"id": "c", "@removed": {}},
    )

    assert told == [RecordGone(anchor="a"), RecordGone(anchor="b", for_good=True), RecordGone(anchor="c")]


def test_a_large_group_comes_in_pieces_over_pages(tenant):
    next_link = f"{tenant.origin}/v1.0/groups/delta?$skiptoken=2"
    tenant.on("/v1.0/groups/delta", page(crowd("g", "a", "b", description="Large"), next_link=next_link))
    piece = {"id": "g", "members@delta": [{"@odata.type": USER, "id": "c"}]}
    tenant.on(
        "/v1.0/groups/delta?$skiptoken=2", page(piece, delta_link=f"{tenant.origin}/v1.0/groups/delta?$deltatoken=g1")
    )

    first, second = [each for told in tenant.source().read(None) for each in told.told]

    assert (first.whole, first.members) == (True, MembersTold(added=("a", "b")))
    assert (second.whole, second.values, second.members) == (False, {}, MembersTold(added=("c",)))


def test_a_manager_told_in_a_piece_of_its_own_stays(tenant):
    piece = {"id": "a", "manager@delta": [{"@odata.type": USER, "id": "b"}]}

    first, second = users(tenant, piece, person("a", city="Oslo"))

    assert (first.whole, first.values) == (False, {"manager": "b"})
    assert not second.whole
    assert "manager" not in second.values
    assert (second.values["city"], second.values["state"]) == ("Oslo", None)  # what is not there is none


def test_somebody_told_again_within_a_round_keeps_the_manager(tenant):
    _, again = users(tenant, person("a", **{"manager@delta": [{"id": "b"}]}), person("a", city="Oslo"))

    assert not again.whole
    assert "manager" not in again.values


def test_a_round_that_another_process_goes_on_with_keeps_managers(tenant):
    next_link = f"{tenant.origin}/v1.0/users/delta?$skiptoken=2"
    tenant.on("/v1.0/users/delta", page(person("a", **{"manager@delta": [{"id": "b"}]}), next_link=next_link))
    tenant.on(
        "/v1.0/users/delta?$skiptoken=2",
        page(person("a"), delta_link=f"{tenant.origin}/v1.0/users/delta?$deltatoken=u1"),
    )
    first = next(iter(tenant.source().read(None)))

    second = next(iter(tenant.source().read(first.cursor)))

    assert second.full
    assert "manager" not in second.told[0].values
    assert not second.told[0].whole


# Changes


def test_a_change_tells_what_changed_and_null_clears(tenant):
    [told] = changed(tenant, "users", {"id": "a", "city": None, "department": "Research"})

    assert told == RecordTold(
        kind="user", anchor="a", reference="a", whole=False, values={"city": None, "department": "Research"}
    )


@pytest.mark.parametrize(
    ("manager", "expected"),
    [
        ([], {"manager": None}),  # as our own API says it
        ([{"@odata.type": USER, "id": "b", "@removed": {"reason": "deleted"}}], {"manager": None}),
        ([{"id": "b", "@removed": {"reason": "deleted"}}, {"@odata.type": USER, "id": "c"}], {"manager": "c"}),
        ([{"@odata.type": USER, "id": "c"}, {"id": "b", "@removed": {"reason": "deleted"}}], {"manager": "c"}),
    ],
    ids=["none", "left", "another", "another, told first"],
)
def test_a_manager_comes_and_goes(tenant, manager, expected):
    [told] = changed(tenant, "users", {"id": "a", "manager@delta": manager})

    assert told.values == expected


def test_a_manager_of_whom_nothing_is_said_is_not_touched(tenant):
    [told] = changed(tenant, "users", person("a", city="Oslo"))

    assert "manager" not in told.values
    assert not told.whole


def test_the_fifteen_are_all_cleared_by_null(tenant):
    [told] = changed(tenant, "users", {"id": "a", "onPremisesExtensionAttributes": None})

    assert told.values == {f"extensionAttribute{number}": None for number in range(1, 16)}


def test_members_come_and_go(tenant):
    [told] = changed(
        tenant, "groups", crowd("g", "a", {"@odata.type": USER, "id": "b", "@removed": {"reason": "deleted"}})
    )

    assert told.members == MembersTold(added=("a",), removed=("b",))


def test_of_a_member_told_twice_the_last_word_counts(tenant):
    [told] = changed(
        tenant, "groups", crowd("g", "a", {"@odata.type": USER, "id": "a", "@removed": {"reason": "deleted"}})
    )

    assert told.members == MembersTold(removed=("a",))


def test_a_restored_user_is_told_as_any_other(tenant):
    [told] = changed(tenant, "users", person("a"))

    assert isinstance(told, RecordTold)


def test_a_read_without_changes_tells_nothing_and_ends(tenant):
    pages = list(tenant.source().read(read_whole(tenant)))

    assert [each.told for each in pages] == [(), ()]
    assert [each.last for each in pages] == [False, True]
    assert not any(each.full for each in pages)


# What cannot be understood


@pytest.mark.parametrize(
    "entry",
    [
        "a",
        None,
        7,
        [],
        {},
        {"id": None},
        {"id": ""},
        {"id": 7},
        {"id": "a b"},
        {"id": "x" * 65},
        {"id": "a\n"},
        {"id": "ä"},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["users", "groups"])
def test_an_entry_of_nobody_knows_whom_is_told_as_such(tenant, kind, entry):
    [told] = changed(tenant, kind, entry)

    assert told == RecordUnreadable(where=f"entry 1 of page 1 of the {kind}", reason="It has no id.")


@pytest.mark.parametrize(
    "values",
    [{"displayName": 7}, {"accountEnabled": "yes"}, {"businessPhones": "1"}, {"businessPhones": [1]}, {"city": {"x": 1}},
     {"onPremisesExtensionAttributes": "x"}, {"onPremisesExtensionAttributes": {"extensionAttribute1": 1}},
     {"manager@delta": "b"}, {"manager@delta": [{"id": 7}]}],
    ids=str,
)  # fmt: skip
def test_a_user_with_a_value_of_another_type_is_told_as_unreadable_and_nobody_else(tenant, values):
    told = users(tenant, person("a", **values), person("b"))

    assert isinstance(told[0], RecordUnreadable)
    assert told[0].anchor == "a"
    assert told[1].anchor == "b"


def test_members_without_an_id_are_told_as_such_beside_the_others(tenant):
    odd, told = groups(tenant, crowd("g", {"@odata.type": USER}, "a", {"id": 3}))

    assert (odd.anchor, odd.reason) == ("g", "2 of its members have no id.")
    assert told.members == MembersTold(added=("a",))


@pytest.mark.parametrize("value", [True, 7, "x", ["x", "y"], None], ids=str)
def test_an_extension_has_whatever_value_an_extension_can_have(tenant, value):
    name = "extension_0f1e2d3c4b5a69788796a5b4c3d2e1f0_thing"
    cursor = read_whole(tenant, user_attributes=(name,))
    tenant.on(
        "/v1.0/users/delta?$deltatoken=u1",
        page({"id": "a", name: value}, delta_link=f"{tenant.origin}/v1.0/users/delta?$deltatoken=u2"),
    )

    first = next(iter(tenant.source(user_attributes=(name,)).read(cursor)))

    assert first.told[0].values == {name: value}


# What is asked


def test_the_first_queries_select_what_flows_and_what_was_chosen(tenant):
    read_whole(tenant, user_attributes=("extension_0f_badge", "city", "ageGroup"), group_attributes=("theme",))

    asked_users, asked_groups = tenant.paths()

    assert asked_users.startswith("/v1.0/users/delta?$select=")
    assert asked_groups.startswith("/v1.0/groups/delta?$select=")
    names = asked_users.partition("=")[2].split(",")
    assert names[-3:] == ["extension_0f_badge", "ageGroup", "manager"]
    assert len(names) == len(set(names))
    assert asked_groups.endswith(",theme,members")


def test_a_delta_asks_the_links_as_they_came(tenant):
    cursor = read_whole(tenant)

    list(tenant.source().read(cursor))

    assert tenant.paths()[2:] == ["/v1.0/users/delta?$deltatoken=u1", "/v1.0/groups/delta?$deltatoken=g1"]


def test_a_first_round_goes_on_from_any_page_in_another_process(tenant):
    next_link = f"{tenant.origin}/v1.0/users/delta?$skiptoken=2"
    tenant.on("/v1.0/users/delta", page(person("a"), next_link=next_link))
    tenant.on(
        "/v1.0/users/delta?$skiptoken=2",
        page(person("b"), delta_link=f"{tenant.origin}/v1.0/users/delta?$deltatoken=u1"),
    )
    tenant.on(
        "/v1.0/groups/delta", page(crowd("g", "a"), delta_link=f"{tenant.origin}/v1.0/groups/delta?$deltatoken=g1")
    )
    whole = list(tenant.source().read(None))

    for at, met in enumerate(whole[:-1], 1):
        rest = list(tenant.source().read(met.cursor))
        assert [each.cursor for each in rest] == [each.cursor for each in whole[at:]]
        assert [[one.anchor for one in each.told] for each in rest] == [
            [one.anchor for one in each.told] for each in whole[at:]
        ]
        assert all(each.full for each in rest)


def test_an_empty_page_with_a_next_one_is_no_end(tenant):
    tenant.on("/v1.0/users/delta", page(next_link=f"{tenant.origin}/v1.0/users/delta?$skiptoken=2"))
    tenant.on(
        "/v1.0/users/delta?$skiptoken=2",
        page(person("a"), delta_link=f"{tenant.origin}/v1.0/users/delta?$deltatoken=u1"),
    )

    pages = list(tenant.source().read(None))

    assert [len(each.told) for each in pages] == [0, 1, 0]
    assert [each.last for each in pages] == [False, False, True]


def test_a_page_that_comes_again_under_another_link_is_told_again(tenant):
    links = [f"{tenant.origin}/v1.0/users/delta?$skiptoken={number}" for number in (2, 3)]
    entries = [person("a"), person("b", **{"manager@delta": [{"@odata.type": USER, "id": "a"}]})]
    tenant.on("/v1.0/users/delta", page(*entries, next_link=links[0]))
    tenant.on("/v1.0/users/delta?$skiptoken=2", page(*entries, next_link=links[1]))
    tenant.on("/v1.0/users/delta?$skiptoken=3", page(delta_link=f"{tenant.origin}/v1.0/users/delta?$deltatoken=u1"))

    first, again, *_ = tenant.source().read(None)

    assert again.told == first.told


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "{}", '{"madeFor": "x", "full": false}', '{"madeFor": "x", "full": false, "more": 1}', "\ud800"],
    ids=ascii,
)
def test_a_cursor_of_something_else_is_lost(tenant, cursor):
    with pytest.raises(CursorLost):
        list(tenant.source().read(cursor))


@pytest.mark.parametrize(
    "settings",
    [{"tenant": "fabrikam.example"}, {"user_attributes": ("ageGroup",)}, {"group_attributes": ("theme",)}],
    ids=["tenant", "user attributes", "group attributes"],
)
def test_other_settings_ask_for_a_full_read(tenant, settings):
    cursor = read_whole(tenant)

    with pytest.raises(CursorLost, match="anew"):
        list(tenant.source(**settings).read(cursor))


def test_a_cursor_shows_no_secret(tenant):
    cursor = json.loads(read_whole(tenant))

    assert set(cursor) == {"madeFor", "full", "phase", "link", "users", "groups", "version"}


def test_only_a_read_can_tell_whether_something_changed(tenant):
    assert tenant.source().moved(read_whole(tenant)) is None


def test_nothing_is_asked_before_the_first_page_is_wanted(tenant):
    source = tenant.source()
    source.read(None)
    source.close()

    assert tenant.server.requests == []


def test_a_source_that_was_closed_reads_again(tenant):
    source = tenant.source()
    read = list(source.read(None))
    source.close()

    assert list(source.read(None)) == read


def test_what_a_reply_says_beside_the_value_does_not_matter(tenant):
    body = {
        "@odata.context": "x",
        "value": [person("a")],
        "@odata.deltaLink": f"{tenant.origin}/v1.0/users/delta?$deltatoken=u1",
        "more": [1],
    }
    tenant.on("/v1.0/users/delta", reply(200, body, Content_Type="application/json;odata.metadata=minimal"))

    assert next(iter(tenant.source().read(None))).told[0].anchor == "a"


# Asking after some


def test_some_are_asked_after_by_rounds_that_are_narrowed_to_them(tenant):
    people = [f"a{number}" for number in range(60)]
    first, second = people[:50], people[50:]
    tenant.on(
        "/v1.0/users/delta", page(*map(person, first[1:]), delta_link="x"), page(*map(person, second), delta_link="x")
    )
    tenant.on("/v1.0/groups/delta", page(crowd("a0"), delta_link="x"))

    told = list(tenant.source().look(people))

    assert sorted(each.anchor for each in told) == sorted(people)
    assert all(each.whole for each in told)
    users, more, groups = tenant.paths()
    assert users.startswith("/v1.0/users/delta?$filter=id eq 'a0' or id eq 'a1'")
    assert more.count("id eq") == 10
    assert groups.startswith("/v1.0/groups/delta?$filter=id eq 'a0'&$select=")
    assert "members" not in groups


def test_an_entry_that_cannot_be_understood_proves_nobody_absent(tenant):
    tenant.on("/v1.0/users/delta", page({"id": "a", "displayName": 7}, delta_link="x"))

    with pytest.raises(Malformed):
        list(tenant.source().look(["a"]))


def test_who_was_not_asked_after_is_not_told(tenant):
    tenant.on("/v1.0/users/delta", page(person("b"), {"id": "a", "@removed": {"reason": "changed"}}, delta_link="x"))

    assert list(tenant.source().look(["a"])) == [RecordGone(anchor="a")]


def test_nobody_is_asked_after_without_a_question(tenant):
    assert list(tenant.source().look([])) == []
    assert tenant.server.requests == []
