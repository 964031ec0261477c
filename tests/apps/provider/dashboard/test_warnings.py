"""The group limit, concurrent sources, policies to re-point, and the order of steps (spec/scim-wire.md section 11.5)."""

import pytest

from provisor.provider.dashboard import warnings
from provisor.provider.store.ad_connector import forget_all
from provisor.provider.store.tables import TargetError


def test_how_many_groups_are_used_stands_beside_a_meter(scim, admin):
    for number in range(3):
        scim.group(f"g{number}")

    page = admin.get("/users-and-groups/groups")

    assert "3 of 200 groups used" in page.text
    [meter] = [attributes for tag, attributes in page.document.tags if tag == "meter"]
    assert (meter["value"], meter["max"]) == ("3", "200")


def test_a_banner_says_that_the_groups_are_full(umbrella, scim, admin):
    scim.group("one")
    with umbrella.database.transaction() as connection:
        connection.execute("UPDATE tally SET live = 199 WHERE kind = 'Group'")
    assert "groups are used." not in admin.get("/requests").text

    scim.group("last")

    assert "All 200 groups are used." in admin.get("/requests").text
    assert "no place is left" in admin.get("/users-and-groups/groups").text


def test_groups_of_the_connector_take_no_place(admin, bring):
    bring("displayName", "one", "two")

    assert "0 of 200 groups used" in admin.get("/users-and-groups/groups").text


def test_a_scim_user_is_created_beside_the_connectors(umbrella, scim, admin, bring):
    bring("userPrincipalName", "Ana@example.org")

    assert scim.find("/Users", 'userName eq "ana@example.org"')["totalResults"] == 0
    scim.user("ana@example.org")

    assert "1 user and 0 groups come from the AD connector and by SCIM" in admin.get("/requests").text
    warnings = admin.get("/warnings")
    assert "1 user comes from both sources" in warnings.text
    assert "Stop the AD connector To do" in warnings.text


def test_people_of_both_sources_are_counted_anew_for_every_page(scim, admin, bring):
    bring("userPrincipalName", "ana")
    assert "two sources" not in admin.get("/requests").text

    scim.user("ana")

    assert "1 user and 0 groups" in admin.get("/requests").text


def test_people_of_both_sources_of_a_big_store_are_counted_every_few_seconds(scim, admin, bring, clock, monkeypatch):
    monkeypatch.setattr(warnings, "COUNTED_ANEW", 1)
    bring("userPrincipalName", "ana", "bob")
    assert "two sources" not in admin.get("/requests").text

    scim.user("ana")

    assert "two sources" not in admin.get("/requests").text
    clock.pass_minutes(0.1)
    assert "1 user and 0 groups" in admin.get("/requests").text


def test_the_page_of_warnings_does_not_lead_to_itself(scim, admin, bring):
    bring("userPrincipalName", "ana")
    scim.user("ana")

    assert "What to do" in admin.get("/requests").text
    assert "What to do" not in admin.get("/warnings").text


def test_no_warning_where_the_names_differ(scim, admin, bring):
    bring("userPrincipalName", "ana")
    scim.user("bob")

    assert "two sources" not in admin.get("/requests").text
    assert "No user comes from both sources." in admin.get("/warnings").text


def test_policies_of_a_group_are_noted_as_re_pointed(scim, admin, bring):
    bring("displayName", "Staff", "Other")
    scim.group("STAFF")
    page = admin.get("/warnings")
    assert "Re-point policies To do" in page.text
    [form] = [action for action in page.document.forms if action.endswith("/re-pointed")]

    after = admin.follow(admin.submit(page, form))

    assert "name the new group" in after.text
    assert "Re-point policies Done" in after.text
    assert form not in after.document.forms
    assert "re-pointed the policies of the group “Staff”" in admin.get("/api-keys").text


def test_who_may_only_look_notes_nothing(scim, reader, bring):
    bring("displayName", "Staff")
    scim.group("Staff")

    page = reader.get("/warnings")

    assert "To re-point" in page.text
    assert not [action for action in page.document.forms if action.endswith("/re-pointed")]


def test_steps_are_ticked_as_they_are_done(umbrella, scim, admin):
    assert "Generate a token Done" in admin.get("/warnings").text
    assert "Start provisioning Done" not in admin.get("/warnings").text

    scim.user("ana")
    umbrella.log()

    text = admin.get("/warnings").text
    assert "Start provisioning Done" in text
    assert "Configure the application Done" in text


def test_a_second_import_updates(umbrella, bring):
    assert bring("userPrincipalName,displayName", "ana,Ana", "bob,Bob")[1:] == (2, 2)

    assert bring("userPrincipalName,displayName", "ANA,Ana Ruiz", "eve,Eve")[1:] == (2, 1)

    found = umbrella.database.reader().all("SELECT name, display_name FROM ad_identity ORDER BY name_key")
    assert found == [("ANA", "Ana Ruiz"), ("bob", "Bob"), ("eve", "Eve")]


def test_the_connectors_identities_are_forgotten(umbrella, bring):
    bring("userPrincipalName", "ana")
    bring("displayName", "Staff")
    bring("group,member", "Staff,ana")

    with umbrella.database.transaction() as connection:
        assert forget_all(connection, umbrella.tenant) == 2

    assert umbrella.database.reader().all("SELECT * FROM ad_membership") == []


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["name", "x"], "neither a column userPrincipalName"),
        (["userPrincipalName", '""'], "row 2: userPrincipalName is empty"),
        (["userPrincipalName,objectGUID", "ana,x", "bob,"], "row 2: 'x' is not an objectGUID"),
        (["group,member", "Staff,ana"], "brought no group 'Staff'"),
        ([""], "neither a column"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_with_its_row(bring, umbrella, lines, sentence):
    with pytest.raises(TargetError, match=sentence):
        bring(*lines)

    assert umbrella.database.reader().all("SELECT * FROM ad_identity") == []
