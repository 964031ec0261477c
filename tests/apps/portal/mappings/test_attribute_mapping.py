"""Attribute-Mapping: the tutorial's table, its settings, adding, editing and deleting mappings, Save."""

import pytest

from provisor.expressions import quoted

NATIVE = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User:nativeObjectId"
HOSTILE = ["<script>alert(1)</script>", '"><i>', "شركة", "x" * 254, "a'b&amp;", "{{ 7 * 7 }}"]
USERS = ["userName", "externalId", "active", "displayName", "name.givenName", "name.familyName", "name.formatted"]


def mapping_of(world, kind="User"):
    found = (one for rule in world.rules()["synchronizationRules"] for one in rule["objectMappings"])
    return next(one for one in found if one["sourceObjectName"] == kind)


def edit(browser, world, row="new", **fields):
    path = f"{world.users}/rows/{row}"
    given = {"type": "Direct", "attribute": "department", "target": NATIVE, "do": "apply"} | fields
    return browser.submit(browser.get(path), path, **given)


def save(browser, path, **fields):
    ticked = {"action-Add": "yes", "action-Update": "yes", "action-Delete": "yes", "enabled": "yes", "settings": "yes"}
    return browser.submit(browser.get(path), path, **ticked | {"do": "save"} | fields)


def test_the_overview_leads_to_both_mappings_by_the_names_of_the_tutorial(ana, world):
    page = ana.get(world.room)

    for kind in ("users", "groups"):
        assert f"Synchronize Microsoft Entra {kind} to Cisco Umbrella User Management" in page.text
        assert f"{world.room}/{kind}" in page.document.links


def test_the_table_of_users_has_the_attributes_of_the_tutorial_in_its_order(ana, world):
    page = ana.get(world.users)
    rows = [row for row in page.document.rows if "String" in row or "Boolean" in row]

    assert [row.split()[0] for row in rows] == [*USERS, NATIVE]
    assert [row.split()[1] for row in rows] == ["String", "String", "Boolean", *["String"] * 5]
    assert ["✓" in row for row in rows] == [True, *[False] * 7]
    assert "not mapped" in rows[-1]


def test_the_table_of_groups_has_them_too(ana, world):
    rows = [row for row in ana.get(world.groups).document.rows if "String" in row or "Reference" in row]

    assert [row.split()[0] for row in rows] == ["displayName", "externalId", "members"]
    assert ["✓" in row for row in rows] == [True, False, False]


def test_a_mapping_is_added_in_the_draft_and_saved_with_save(ana, world, rows):
    edit(ana, world)
    before = rows()
    answer = save(ana, world.users)
    page = ana.follow(answer)

    assert before == USERS
    assert rows() == [*USERS, NATIVE]
    assert "Saved as version 2." in page.text
    assert "not saved yet" not in page.text


def test_saving_nothing_says_so_and_makes_no_version(ana, world):
    page = ana.follow(save(ana, world.users))

    assert "Nothing was changed" in page.text
    assert world.version() == 1


def test_several_mappings_are_edited_in_a_row_and_saved_together(ana, world):
    edit(ana, world)
    edit(ana, world, row=4, type="Constant", constant="Somebody", target="displayName")
    ana.submit(ana.get(world.users), world.users, do="delete-5")
    save(ana, world.users)
    mapped = {row["targetAttributeName"]: row["source"]["expression"] for row in mapping_of(world)["attributeMappings"]}

    assert mapped[NATIVE] == "[department]"
    assert mapped["displayName"] == '"Somebody"'
    assert "name.givenName" not in mapped
    assert world.version() == 2


def test_every_setting_of_a_mapping_is_kept(ana, world):
    edit(
        ana,
        world,
        type="Expression",
        expression="ToUpper([department])",
        default="None",
        apply="ObjectAddOnly",
    )
    save(ana, world.users)
    page = ana.get(f"{world.users}/rows/8")
    row = mapping_of(world)["attributeMappings"][-1]

    assert row["source"]["expression"] == "ToUpper([department])"
    assert (row["defaultValue"], row["flowType"], row["matchingPriority"]) == ("None", "ObjectAddOnly", 0)
    assert "ToUpper([department])" in page.text
    assert page.document.forms[f"{world.users}/rows/8"]["apply"] == "ObjectAddOnly"


def test_what_the_form_does_not_show_stays_as_it_was(ana, world, admin):
    from provisor.admin.actor import LOCAL_OPERATOR as ME

    document = world.rules()
    row = document["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"][3]
    row["flowBehavior"], row["x-unknown"] = "FlowAlways", "kept"
    admin.schemas.save(ME, world.job, document)
    edit(ana, world, row=4, attribute="department", target="displayName")
    save(ana, world.users)
    row = mapping_of(world)["attributeMappings"][3]

    assert (row["flowBehavior"], row["x-unknown"], row["source"]["name"]) == ("FlowAlways", "kept", "department")


def test_another_matching_attribute_with_its_precedence(ana, world):
    edit(ana, world, row=2, attribute="objectId", target="externalId", matching="yes", precedence="2")
    page = ana.get(world.users)

    assert "The application cannot be searched by externalId." in page.text
    answer = save(ana, world.users)
    assert answer.status == 400
    assert "cannot be saved like this" in answer.text
    assert "The application cannot be searched by externalId." in next(
        row for row in answer.document.rows if row.startswith("externalId")
    )
    assert world.version() == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"target": ""}, "No target attribute is chosen."),
        ({"attribute": ""}, "No source attribute is chosen."),
        ({"type": "Direkt"}, "There is no mapping type"),
        ({"target": "userName"}, "Another mapping writes userName already."),
        ({"matching": "yes", "precedence": "one"}, "The matching precedence is a whole number"),
        ({"matching": "yes", "precedence": "0"}, "The matching precedence is a whole number"),
        ({"matching": "yes", "precedence": "²"}, "The matching precedence is a whole number"),
        ({"apply": "Sometimes"}, "It is not said when to apply this mapping."),
        ({"type": "Expression", "expression": "ToLower([mail]"}, "Line 1, column"),
    ],
)
def test_wrong_input_is_told_and_what_was_typed_stays(ana, world, fields, said):
    answer = edit(ana, world, **{"default": "typed before"} | fields)

    assert answer.status == 400
    assert said in answer.text
    assert answer.document.forms[f"{world.users}/rows/new"]["default"] == "typed before"
    assert "not saved yet" not in answer.text


@pytest.mark.parametrize("row", ["99", "0", "x", "-1", "²", "9" * 50])
@pytest.mark.parametrize("do", ["apply", None])
def test_a_row_that_is_not_there_is_not_found(ana, world, row, do):
    path = f"{world.users}/rows/{row}"

    if do is None:
        assert ana.get(path).status == 404
    else:
        ana.submit(ana.get(world.users), world.users, do=f"delete-{row}")
        assert "not saved yet" not in ana.get(world.users).text


@pytest.mark.parametrize("path", ["/people", "/users/rows", "/groups/nothing"])
def test_other_addresses_are_no_pages(ana, world, path):
    assert ana.get(world.room + path).status == 404


def test_actions_and_the_mapping_of_groups_are_switched_off(ana, world):
    save(ana, world.groups, **{"enabled": None, "action-Delete": None})
    mapping = mapping_of(world, "Group")

    assert mapping["enabled"] is False
    assert mapping["flowTypes"] == "Add, Update"


def test_the_mapping_of_users_is_not_switched_off(ana, world):
    save(ana, world.users, enabled=None)

    assert world.version() == 1


def test_settings_are_kept_in_the_draft_alone(ana, world):
    save(ana, world.users, **{"action-Delete": None, "do": "keep"})

    assert world.version() == 1
    assert "not saved yet" in ana.get(world.room).text
    assert "Create, Update" in ana.get(f"{world.room}/changes").text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_values_stay_text_on_every_page(ana, world, text):
    edit(ana, world, type="Expression", expression=f"Coalesce([department], {quoted(text)})", default=text)
    for path in (world.users, f"{world.users}/rows/8", f"{world.room}/changes", f"{world.room}/discard"):
        page = ana.get(path)

        assert page.status == 200
        assert "<script>alert" not in page.html
        assert '"><i>' not in page.html
        assert "49" not in page.text or "7 * 7" in page.text
    save(ana, world.users)
    assert mapping_of(world)["attributeMappings"][-1]["defaultValue"] == text


def test_a_default_that_could_never_apply_is_told_beside_the_form(ana, world):
    answer = edit(ana, world, type="Constant", constant="x", default="y")

    assert answer.status == 400 or ana.get(world.users).status == 200
    assert "default" in answer.text or "default" in ana.get(world.users).text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_of_targets_and_sources_are_refused_when_they_are_saved(ana, world, text):
    edit(ana, world, attribute=text, target=text)
    answer = save(ana, world.users)

    assert answer.status == 400
    assert "<script>alert" not in answer.html
    assert world.version() == 1


def test_a_name_of_the_mapping_with_markup_stays_text(ana, world, admin):
    from provisor.admin.actor import LOCAL_OPERATOR as ME

    document = world.rules()
    document["synchronizationRules"][0]["objectMappings"][0]["name"] = "<b>Users</b>"
    admin.schemas.save(ME, world.job, document)

    for path in (world.room, world.users, f"{world.users}/rows/1", f"{world.users}/scope", f"{world.users}/attributes"):
        page = ana.get(path)
        assert "<b>Users" not in page.html
        assert "<b>Users</b>" in page.text


def test_a_form_without_its_token_changes_nothing(ana, world):
    answer = ana.submit(ana.get(world.users), world.users, do="delete-1", form_token=None)

    assert answer.status == 403
    assert "not saved yet" not in ana.get(world.users).text


def test_restoring_shows_what_it_replaces_and_saves_nothing(ana, world):
    ana.submit(ana.get(world.users), world.users, do="delete-5")
    save(ana, world.users)
    path = f"{world.room}/restore"
    asked = ana.get(path)
    answer = ana.submit(asked, path)

    assert "name.givenName" in asked.text
    assert world.version() == 2
    assert answer.location == f"{world.room}/changes"
    save(ana, world.users)
    assert world.version() == 3
    assert "They are the default mappings already." in ana.get(path).text
