"""Plans in a browser: made, read, searched, compared, approved, applied, discarded."""

import re
import time

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.plans import PlanSearch

from .conftest import APP, HOSTILE

MANY = 120


@pytest.fixture
def planned(world):
    """Plan 1: anna is renamed, carl disabled."""
    world.rename("anna", "Anna Berg")
    world.disable("carl")
    assert world.plan() == 1
    return world


def plan(world, rest=""):
    return f"{world.address}/plans/1{rest}"


def test_a_job_without_plans_says_what_a_plan_is(world, ana):
    page = ana.get(f"{world.address}/plans")

    assert "No plan yet" in page.text
    assert "New plan" in page.text


def test_a_new_plan_is_made_and_shown(world, ana):
    world.rename("anna", "Anna Berg")

    going = ana.follow(ana.submit(ana.get(f"{world.address}/plans"), f"{world.address}/plans"))
    deadline = time.monotonic() + 30
    while going.status == 200 and "is being made" in going.text and time.monotonic() < deadline:
        going = ana.get(going.path)
    page = ana.follow(going) if going.status == 303 else going

    assert "Plan 1" in page.text
    assert "displayName: Anna becomes Anna Berg" in page.text


def test_a_making_that_nobody_knows_is_not_there(world, ana):
    assert ana.get(f"{world.address}/plans/making/guessed").status == 404


def test_a_making_of_another_job_is_not_here(world, ana):
    other = world.admin.applications.add(ME, APP, name="Another").application.id
    job = world.admin.jobs.create(ME, other).job.id
    making = world.admin.plan_making.ask(ME, APP).id

    for rest in ("", "/live"):
        answer = ana.get(f"/applications/{other}/provisioning/{job}/plans/making/{making}{rest}")
        assert answer.status == (204 if rest else 404)


@pytest.mark.parametrize("number", ["9" * 19, "0" * 20 + "9" * 30, "0" * 20 + "9" * 5_000, "x", "-1", "²"])
def test_a_number_that_no_plan_can_have_is_not_there(world, ana, number):
    assert ana.get(f"{world.address}/plans/{number}").status == 404


def test_the_list_says_what_each_plan_does_and_who_decided(planned, ana):
    planned.admin.plans.approve(ME, 1)

    (_, row) = ana.get(f"{planned.address}/plans").document.rows

    assert row.startswith("Plan 1 Approved Update 1, disable 1 The job as it was")
    assert row.endswith("local operator")


def test_the_figures_lead_to_the_objects(planned, ana):
    page = ana.get(plan(planned))

    assert f"{plan(planned)}?sort=update#rows" in page.document.links
    rows = ana.get(plan(planned, "?sort=disable")).document.rows
    assert [row.split()[0] for row in rows[1:]] == ["carl@x.example"]


def test_every_changed_attribute_is_shown_before_and_after(planned, ana):
    html = ana.get(plan(planned)).html

    assert re.search(
        r'displayName:</span> <span class="was breaks">Anna</span> .*?<span class="is breaks">Anna Berg<', html
    )


def test_objects_are_found_by_name(planned, ana):
    rows = ana.get(plan(planned, "?search=CARL")).document.rows

    assert [row.split()[0] for row in rows[1:]] == ["carl@x.example"]


def test_a_search_that_finds_nothing_leads_back(planned, ana):
    assert "Nothing of this plan fits" in ana.get(plan(planned, "?search=zzz")).text


def test_pages_of_a_long_plan_meet_everybody_once_forward_and_back(world, ana):
    for number in range(MANY):
        world.person(f"p{number:03}")
    world.plan()
    address, forward, shown = plan(world, "?sort=create"), [], None
    while address:
        shown = ana.get(address)
        forward.append([row.split()[0] for row in shown.document.rows[1:]])
        address = link(shown, "next")
    back = [forward[-1]]
    while address := link(shown, "prev"):
        shown = ana.get(address)
        back.append([row.split()[0] for row in shown.document.rows[1:]])

    names = [name for page in forward for name in page]
    assert len(names) == len(set(names)) == MANY
    assert back[::-1] == forward


def link(page, rel):
    found = re.search(rf'<a href="([^"]+)" rel="{rel}">', page.html)
    return found[1].replace("&amp;", "&") if found else None


def test_one_object_is_shown_whole(world, ana):
    for number in range(20):
        world.person(f"p{number}")
        world.admin.members.add(ME, "Staff", f"p{number}@x.example")
    world.plan()
    (row,) = world.admin.plans.page(ME, 1, PlanSearch("members"))

    listed, whole = ana.get(plan(world, "?sort=members")), ana.get(plan(world, f"/objects/{row.position}"))

    assert "20 members in" in listed.text
    assert "14 more" in listed.text
    assert "20 changes" in whole.text


def test_what_is_left_alone_is_counted_by_cause(world, ana):
    world.admin.users.create(ME, {"userPrincipalName": "new@x.example"})
    world.rename("anna", "Anna Berg")
    world.plan()

    text = ana.get(plan(world)).text

    assert "Why objects fail or are left alone" in text
    assert "NotEffectivelyEntitled" in text


def test_a_plan_is_approved_and_the_next_cycle_does_it(planned, ana):
    page = ana.submit(ana.get(plan(planned, "/approve")), plan(planned, "/approve"))

    shown = ana.follow(page)
    assert "Plan 1 is approved" in shown.text
    planned.run()
    assert planned.admin.plans.show(ME, 1).state == "applied"


def test_applying_is_asked_of_whoever_serves_the_jobs(planned, ana):
    page = ana.follow(ana.submit(ana.get(plan(planned, "/apply")), plan(planned, "/apply")))

    assert "Plan 1 is being applied" in page.text
    assert planned.admin.plans.show(ME, 1).state == "approved"


def test_a_plan_is_discarded(planned, ana):
    page = ana.follow(ana.submit(ana.get(plan(planned)), plan(planned, "/discard")))

    assert "Plan 1 is discarded" in page.text
    assert plan(planned, "/approve") not in page.document.links


def test_a_plan_that_takes_much_away_says_so_and_asks_for_the_number(planned, ana):
    planned.admin.jobs.settings(ME, APP, deletion_threshold=1)
    planned.disable("dora")
    planned.plan()
    address = f"{planned.address}/plans/2/approve"

    page = ana.get(address)

    assert "A cycle would hold these back" in page.text
    assert page.document.forms[address]["allow_deletes"] == "2"
    assert "Approve and take away 2" in page.text
    assert ana.submit(page, address).status == 303


@pytest.mark.parametrize("number", ["1", "", "x", "9" * 30])
def test_another_number_than_was_shown_is_refused(planned, ana, number):
    planned.admin.jobs.settings(ME, APP, deletion_threshold=1)
    planned.disable("dora")
    planned.plan()
    address = f"{planned.address}/plans/2/approve"

    answer = ana.submit(ana.get(address), address, allow_deletes=number)

    assert answer.status == 400
    assert "Plan 2 is not approved" in answer.text
    assert "--allow-deletes" not in answer.text


def test_who_asked_for_a_plan_learns_that_another_must_approve(planned, ana, admin):
    planned.admin.jobs.settings(ME, APP, approver_differs=True)
    asker = admin.authentication.acting_as("ana@contoso.com")
    number = planned.plan(asker)

    page = ana.get(f"{planned.address}/plans/{number}")

    assert "you asked for this one, so somebody else has to approve it" in page.text
    assert f"{planned.address}/plans/{number}/approve" not in page.document.links


def test_what_changed_since_is_said(planned, ana):
    planned.rename("dora", "Dora D")

    assert "Since it was made 1 change came to the directory" in ana.get(plan(planned)).text


def test_what_was_left_out_when_it_was_applied_is_found(planned, ana):
    planned.admin.plans.approve(ME, 1)
    planned.rename("anna", "Anna again")
    planned.run()

    page = ana.get(plan(planned, "?sort=stale"))

    assert "Left out" in page.text
    assert "anna@x.example" in page.text


def test_two_plans_are_compared(planned, ana):
    planned.rename("anna", "Anna Stern")
    planned.disable("dora")
    planned.plan()

    rows = ana.get(plan(planned, "/compare?with=2")).document.rows

    assert any(row.startswith("anna@x.example Different") for row in rows)
    assert any(row.startswith("dora@x.example Only in plan 2") for row in rows)


def test_comparing_goes_on_where_a_page_ended(world, ana):
    world.plan()
    for number in range(MANY):
        world.person(f"p{number:03}")
    world.plan()
    address, names = plan(world, "/compare?with=2"), []
    while address:
        page = ana.get(address)
        names += [row.split()[0] for row in page.document.rows if "Only in plan" in row]
        address = link(page, "next")

    assert len(names) == len(set(names)) == MANY


@pytest.mark.parametrize("address", ["plans/99", "plans/x", "plans/1/objects/99", "plans/1/compare?with=x", "plans/-1"])
def test_what_is_not_there_is_told(planned, ana, address):
    assert ana.get(f"{planned.address}/{address}").status == 404


def test_a_plan_of_another_job_is_not_shown_under_this_one(planned, ana):
    other = planned.admin.jobs.create(ME, planned.admin.applications.add(ME, APP, name="Other").application.id).job

    page = ana.get(f"/applications/{other.application}/provisioning/{other.id}/plans/1")

    assert page.status == 404


def test_markup_in_a_value_stays_text(world, ana):
    world.rename("anna", HOSTILE)
    world.plan()

    for address in ("", "?search=%3Cscript%3E", "/objects/0"):
        page = ana.get(plan(world, address))
        assert "<script>alert" not in page.html


def test_the_state_of_a_plan_moves_by_itself(planned, ana):
    tags = ana.get(plan(planned)).document.tags

    assert [one["data-live"] for _, one in tags if "data-live" in one] == [plan(planned, "/live")]
