"""A mapping is changed in the portal: tried with a real person, planned, approved, and applied."""

import pytest

from support.chromium import needs_chromium
from support.tutorial_walk import NUMBER, USERS_MAPPING

pytestmark = [pytest.mark.slow, needs_chromium, pytest.mark.timeout(400)]

SOMEBODY = "ada.okafor@contoso.example"


def change_display_names(walk, expression, outcome):
    """Into the draft, with the expression builder; `outcome`: what it shows for somebody while it is typed."""
    person = walk.portal
    person.follow("Provisioning", to="Admin Credentials", within=person.there("navigation", "Provisioning"))
    person.follow(USERS_MAPPING, to="Attribute Mappings")
    person.follow("displayName", to="Mapping", within=person.there("region", "Table of attribute mappings"))
    person.page.get_by_label("Mapping type", exact=True).select_option(label="Expression")
    person.fill("Person", SOMEBODY)
    person.fill("Expression", expression)
    person.reads(outcome, within=person.page.locator("#trial"))
    person.press("Apply", to="Attribute Mappings")
    person.reads("Your changes are not saved yet.")


def plan(walk):
    """What the draft would change: (name, what, before and after) of everybody who is concerned."""
    person = walk.portal
    person.press("What would this change?", to="Who is concerned")
    person.reads(f"{NUMBER} operations on ")
    return [tuple(row) for row in person.rows("Who is concerned")]


def save(walk):
    person = walk.portal
    person.click("link", "Review and save")
    person.reads("1 difference from what is saved")
    person.click("button", "Save")
    person.reads("Saved as version 2.")


def display_names(walk, wanted):
    """Those that Umbrella's dashboard shows, once somebody's is what is wanted."""
    for _ in range(120):
        names = {row[0]: row[1] for row in walk.at_umbrella()}
        if names[SOMEBODY] == wanted:
            return names
        walk.dashboard.page.wait_for_timeout(500)
    return names


def test_a_change_is_tried_planned_saved_and_arrives(provisioned):
    change_display_names(provisioned, 'Join(", ", [surname], [givenName])', "Okafor, Ada")
    assert (SOMEBODY, "update", "displayName Ada Okafor Okafor, Ada") in plan(provisioned)
    assert display_names(provisioned, "Ada Okafor")[SOMEBODY] == "Ada Okafor"  # nothing is sent yet

    save(provisioned)

    assert display_names(provisioned, "Okafor, Ada")[SOMEBODY] == "Okafor, Ada"


def test_a_plan_is_approved_and_applied_where_the_job_asks_for_it(provisioned):
    walk, person = provisioned, provisioned.portal
    person.follow("Provisioning", to="Admin Credentials", within=person.there("navigation", "Provisioning"))
    person.page.get_by_label("Ask before a cycle that sends much", exact=True).check()
    person.fill("More operations than", str(NUMBER - 1))
    walk.save_settings()
    change_display_names(walk, "ToUpper([displayName])", "ADA OKAFOR")
    plan(walk)
    save(walk)
    walk.open_job()
    person.reads("Waits for approval")
    assert display_names(walk, "Ada Okafor")[SOMEBODY] == "Ada Okafor"

    person.click("link", "Look at plan 1")
    person.reads(f"{NUMBER} users")
    person.click("link", "Approve")
    person.press("Approve", to="Object by object")

    person.reads("Plan 1 is approved.")
    assert display_names(walk, "ADA OKAFOR")[SOMEBODY] == "ADA OKAFOR"
    person.reads("Applied")
