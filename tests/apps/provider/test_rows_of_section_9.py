"""spec/scim-wire.md section 9, cell by cell: every operation on every kind of path, as a client sees it."""

import pytest

WORK, HOME = {"type": "work", "value": "w"}, {"type": "home", "value": "h"}


@pytest.fixture
def user(scim_generic):
    """A user whose PATCH answers the attributes named, or the kind of the refusal."""
    made = scim_generic.user("ana", title="Chief", emails=[WORK, HOME], name={"givenName": "Ana", "familyName": "Ruiz"})

    def patch(op, path=None, value=None, *, show="emails"):
        operation = {"op": op}
        if path is not None:
            operation["path"] = path
        if value is not None:
            operation["value"] = value
        answer = scim_generic.patch(f"/Users/{made['id']}", operation)
        if answer.status != 200:
            assert scim_generic.get(f"/Users/{made['id']}").json == made
            return answer.json["scimType"]
        assert scim_generic.get(f"/Users/{made['id']}").json == answer.json
        return answer.json.get(show)

    return patch


def test_cell_add_path_absent_merges_the_value(user):
    assert user("add", None, {"name": {"middleName": "M"}, "title": "Boss"}, show="name") == {
        "givenName": "Ana",
        "familyName": "Ruiz",
        "middleName": "M",
    }


def test_cell_add_simple_path_sets(user):
    assert user("add", "nickName", "A", show="nickName") == "A"


def test_cell_add_multi_valued_path_appends_without_duplicates(user):
    assert user("add", "emails", [WORK, {"type": "other", "value": "o"}]) == [
        WORK,
        HOME,
        {"type": "other", "value": "o"},
    ]


def test_cell_add_filter_updates_what_matches(user):
    assert user("add", 'emails[type eq "work"]', {"display": "W"}) == [{**WORK, "display": "W"}, HOME]


def test_cell_add_filter_sub_sets_or_creates(user):
    assert user("add", 'emails[type eq "work"].value', "x") == [{**WORK, "value": "x"}, HOME]
    assert user("add", 'emails[type eq "other"].value', "o")[-1] == {"type": "other", "value": "o"}


def test_cell_replace_path_absent_merges_and_replaces(user):
    assert user("replace", None, {"emails": [HOME], "title": "Boss"}) == [HOME]


def test_cell_replace_simple_path_sets_also_when_absent(user):
    assert user("replace", "title", "Boss", show="title") == "Boss"
    assert user("replace", "nickName", "A", show="nickName") == "A"


def test_cell_replace_multi_valued_path_replaces_all(user):
    assert user("replace", "emails", [HOME]) == [HOME]


def test_cell_replace_filter_replaces_what_matches(user):
    # RFC 7644 section 3.5.2.3: the values given replace, within the value that was chosen.
    assert user("replace", 'emails[type eq "work"]', {"type": "work", "value": "x"}) == [{**WORK, "value": "x"}, HOME]


def test_cell_replace_filter_without_match_is_no_target(user):
    assert user("replace", 'emails[value eq "none"]', {"display": "x"}) == "noTarget"


def test_cell_replace_filter_sub_sets_or_creates(user):
    assert user("replace", 'emails[type eq "work"].value', "x") == [{**WORK, "value": "x"}, HOME]
    assert user("replace", 'emails[type eq "other"].value', "o")[-1] == {"type": "other", "value": "o"}


def test_cell_remove_path_absent_is_no_target(user):
    assert user("remove") == "noTarget"


def test_cell_remove_simple_path_unassigns(user):
    assert user("remove", "title", show="title") is None


def test_cell_remove_multi_valued_path_unassigns_all(user):
    assert user("remove", "emails") is None


def test_cell_remove_multi_valued_path_with_values_removes_those(user):
    assert user("remove", "emails", [WORK]) == [HOME]


def test_cell_remove_filter_drops_what_matches_or_does_nothing(user):
    assert user("remove", 'emails[type eq "none"]') == [WORK, HOME]
    assert user("remove", 'emails[type eq "work"]') == [HOME]


def test_cell_remove_filter_sub_unassigns_it(user):
    # Tolerance emptied_element_dropped: an address without its value is none.
    assert user("remove", 'emails[type eq "work"].value') == [HOME]


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        (("remove", "userName"), "mutability"),
        (("replace", "id", "x"), "mutability"),
        (("replace", "groups", [{"value": "x"}]), "mutability"),
        (("replace", "cat", "x"), "invalidPath"),
        (("replace", "emails[", "x"), "invalidPath"),
        (("replace", "active", "maybe"), "invalidValue"),
        (("replace", "name", "text"), "invalidValue"),
        (("replace", "displayName", {"a": 1}), "invalidValue"),
        (("replace", "nickname", [1, 2]), "invalidValue"),
        (("replace", "]]", "x"), "invalidPath"),
    ],
)
def test_also_a_refusal_names_its_kind_and_leaves_the_user_alone(user, operation, kind):
    found = user(*operation)

    assert found == kind or (operation[1] == "emails[" and found == "invalidFilter")


def test_also_a_failing_operation_undoes_those_before_it(scim_generic):
    made = scim_generic.user("ana")

    answer = scim_generic.patch(
        f"/Users/{made['id']}", {"op": "add", "path": "title", "value": "x"}, {"op": "remove", "path": "userName"}
    )

    assert answer.status == 400
    assert scim_generic.get(f"/Users/{made['id']}").json == made


def test_also_a_new_primary_takes_the_mark_from_the_old_one(scim_generic):
    made = scim_generic.user("ana", emails=[{"value": "a", "primary": True}, {"value": "b"}])["id"]

    answer = scim_generic.patch(
        f"/Users/{made}", {"op": "replace", "path": 'emails[value eq "b"].primary', "value": True}
    )

    assert [mail["value"] for mail in answer.json["emails"] if mail.get("primary")] == ["b"]


def test_also_no_effective_change_moves_neither_time_nor_version(scim_generic):
    made = scim_generic.user("ana", title="Chief")

    answer = scim_generic.patch(f"/Users/{made['id']}", {"op": "replace", "path": "title", "value": "Chief"})

    assert answer.json["meta"] == made["meta"]


def test_also_adding_and_removing_one_member_nets_to_nothing(scim):
    user, group = scim.user()["id"], scim.group()

    scim.patch(
        f"/Groups/{group['id']}",
        {"op": "add", "path": "members", "value": [{"value": user}]},
        {"op": "remove", "path": f'members[value eq "{user}"]'},
    )

    assert scim.get(f"/Groups/{group['id']}").json == group
