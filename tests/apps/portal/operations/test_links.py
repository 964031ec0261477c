"""Links in a browser: found, shown, forgotten; who waits for a deletion."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME

from .conftest import APP, HOSTILE


def test_a_link_is_shown_by_a_name_an_id_and_the_id_at_the_application(world, ana):
    target = world.admin.links.show(ME, APP, "anna@x.example").target

    for word in ("anna@x.example", world.id("anna"), target):
        text = ana.get(f"{world.address}/links?search={word}").text
        assert target in text
        assert "displayName Anna" in text


def test_a_word_of_a_name_finds_whom_it_may_mean(world, ana):
    page = ana.get(f"{world.address}/links?search=ann")

    assert f"{world.address}/links?object={world.id('anna')}" in page.document.links


def test_who_has_no_link_is_told(world, ana):
    assert "The job has no link of 'zzz'." in ana.get(f"{world.address}/links?search=zzz").text


def test_forgetting_says_what_follows_and_does_it(world, ana):
    address = f"{world.address}/links/{world.id('anna')}/forget"
    confirm = ana.get(address)

    page = ana.follow(ana.submit(confirm, address))

    assert "Nothing is sent there." in confirm.text
    assert "Forgot that anna@x.example is" in page.text
    assert "has no link" in ana.get(f"{world.address}/links?search={world.id('anna')}").text


def test_while_provisioning_is_on_no_link_is_forgotten(world, ana):
    address = f"{world.address}/links/{world.id('anna')}/forget"
    shown = ana.get(address)
    world.admin.jobs.start(ME, APP)

    answer = ana.submit(shown, address)

    assert answer.status == 400
    assert "The job is not paused" in answer.text
    assert "only while provisioning is off" in answer.text


@pytest.mark.parametrize("what", ["nobody", "%3Cscript%3E"])
def test_a_link_that_is_not_there_is_not_forgotten(world, ana, what):
    page = ana.get(f"{world.address}/links/{what}/forget")

    assert page.status == 404
    assert "<script>" not in page.text


def test_leavers_are_listed_with_their_day(world, ana):
    world.admin.jobs.settings(ME, APP, leavers="delete-after", leavers_days=30)
    world.admin.applications.unassign(ME, APP, users=["carl@x.example"])
    world.run()

    row = next(row for row in ana.get(f"{world.address}/links").document.rows if row.startswith("carl"))

    (leaver,) = world.admin.links.leavers(ME, APP)
    assert f"{leaver.deletion.on:%Y-%m-%d}" in row


def test_where_nobody_waits_the_page_says_what_becomes_of_leavers(world, ana):
    assert "leavers are disabled by this job" in ana.get(f"{world.address}/links").text


def test_who_may_not_see_the_directory_still_finds_a_link_by_its_name(world, as_role):
    browser = as_role("Plan Approver")

    page = browser.get(f"{world.address}/links?search=anna@x.example")

    assert "Linked" in page.text
    assert f"/users/{world.id('anna')}" not in page.document.links


def test_markup_in_a_name_stays_text(world, ana):
    world.rename("anna", HOSTILE)
    world.run()

    page = ana.get(f"{world.address}/links?search=anna@x.example")

    assert "<script>alert" not in page.html
    assert "&lt;script&gt;" in page.html
