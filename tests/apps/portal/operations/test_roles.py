"""Every page of operations as every role: shown to whom the job is shown, with the buttons of what they may."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.web.sessions import form_token

ROLES = {
    "Global Administrator": {"run", "write", "approve"},
    "Application Administrator": {"run", "write", "approve"},
    "Cloud Application Administrator": {"run", "write", "approve"},
    "Application Owner": {"run", "write", "approve"},
    "Security Reader": set(),
    "Plan Approver": {"approve"},
}
PAGES = (
    *("on-demand", "plans", "plans/1", "plans/1/objects/0", "plans/1/approve", "plans/1/apply"),
    *("plans/1/compare?with=2", "deletions", "failures", "failures/ID", "links", "links?object=ID"),
)
# The pages that only decide: who may not decide is told so before.
OF_DECIDING = ("deletions/allow", "deletions/reject", "links/ID/forget")
# Where the form of an action stands, its address, and what it takes.
ACTIONS = {
    "plans": ("plans", {"run"}),
    "plans/1": ("plans/1/discard", {"approve"}),
    "plans/1/approve": ("plans/1/approve", {"approve"}),
    "plans/1/apply": ("plans/1/apply", {"run", "approve"}),
    "failures": ("failures/retry", {"run"}),
    "failures/ID": ("failures/retry", {"run"}),
    "on-demand?user=ID": ("on-demand", {"run"}),
    "deletions/allow": ("deletions/allow", {"write"}),
    "links/ID/forget": ("links/ID/forget", {"write"}),
}


@pytest.fixture
def busy(world):
    """Something on every page."""
    world.rename("anna", "Anna B")
    world.plan()
    world.rename("bo", "Bo B")
    world.plan()
    world.fail("carl")
    world.admin.jobs.settings(ME, world.job, deletion_threshold=1)
    world.disable("carl", "dora")
    world.run()
    return world


def address(world, page):
    return f"{world.address}/{page.replace('ID', world.id('carl'))}"


@pytest.mark.parametrize("role", ROLES)
def test_who_sees_jobs_sees_every_page(busy, as_role, role):
    browser = as_role(role)

    for page in PAGES:
        assert browser.get(address(busy, page)).status == 200, page


def test_who_sees_no_jobs_sees_none_of_them(busy, as_role):
    browser = as_role("Reports Reader")

    assert {browser.get(address(busy, page)).status for page in [*PAGES, *OF_DECIDING]} <= {403, 404}


@pytest.mark.parametrize("role", ROLES)
def test_nobody_is_shown_a_form_that_they_may_not_send(busy, as_role, role):
    browser, may = as_role(role), ROLES[role]

    for page, (action, takes) in ACTIONS.items():
        shown = browser.get(address(busy, page))
        there = shown.status == 200 and address(busy, action) in shown.document.forms
        assert there == (takes <= may), page


@pytest.mark.parametrize("role", ROLES)
def test_a_form_that_was_not_shown_is_refused(busy, as_role, role):
    browser, may = as_role(role), ROLES[role]

    for page, (action, takes) in ACTIONS.items():
        if takes <= may:
            continue
        token = own_token(browser, busy, action)
        answer = browser.request("POST", address(busy, action), {"form_token": token, "object": busy.id("carl")})
        assert answer.status in (403, 404), page


def own_token(browser, world, action):
    """A token that fits the form, as one would have it from a page that was shown before the role was taken away."""
    (secret,) = browser.cookies.values()
    return form_token(secret, address(world, action))


def test_of_anothers_application_an_owner_sees_nothing(busy, admin, make_browser):
    admin.users.create(ME, {"userPrincipalName": "other@x.example"})
    admin.accounts.add(ME, "other", ["Application Owner"], password="correct horse battery", person="other@x.example")
    browser = make_browser()
    browser.sign_in("other")

    assert {browser.get(address(busy, page)).status for page in [*PAGES, *OF_DECIDING]} == {404}


def test_every_page_is_led_to_the_way_in_for_a_stranger(busy, stranger):
    assert {stranger.get(address(busy, page)).status for page in [*PAGES, *OF_DECIDING]} == {303}


def test_a_form_without_its_token_is_refused(busy, ana):
    answer = ana.request("POST", address(busy, "plans"), {})

    assert answer.status == 403
    assert "out of date" in answer.text


@pytest.mark.parametrize("page", [*PAGES, *OF_DECIDING])
def test_every_page_is_sound(busy, ana, page):
    document = ana.get(address(busy, page)).document

    sound(document)


def sound(document):
    """One heading of the first level, distinct ids, labels for fields, no script, no style."""
    tags = [tag for tag, _ in document.tags]
    ids = [attributes["id"] for _, attributes in document.tags if "id" in attributes]
    labelled = {attributes.get("for") for tag, attributes in document.tags if tag == "label"}
    assert tags.count("h1") == 1
    assert len(ids) == len(set(ids))
    for tag, attributes in document.tags:
        assert tag not in ("style", "iframe")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        if tag in ("input", "select") and attributes.get("type") != "hidden":
            assert attributes["id"] in labelled
        for name in ("aria-labelledby", "aria-describedby"):
            assert set(attributes.get(name, "").split()) <= set(ids), attributes
