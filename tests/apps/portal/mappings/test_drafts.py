"""The draft: whose it is, what becomes of it when another saves meanwhile, and how it ends."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.drafts import KEPT

NATIVE = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User:nativeObjectId"


def fields_of(browser, path):
    return browser.get(path).document.forms[path]


def delete(browser, world, row=5, page=None):
    return browser.submit(page or browser.get(world.users), world.users, do=f"delete-{row}")


def save(browser, world, page=None):
    path = f"{world.room}/changes"
    return browser.submit(page or browser.get(path), path, do="save")


def somebody_saves(admin, world):
    document = world.rules()
    document["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"].pop()
    admin.schemas.save(ME, world.job, document)


def changed(browser, world):
    return "not saved yet" in browser.get(world.users).text


def test_a_draft_is_seen_by_nobody_else(ana, world, sign_in_as):
    delete(ana, world)
    bo = sign_in_as("Application Administrator", "bo@contoso.com")

    assert changed(ana, world)
    assert not changed(bo, world)
    assert "name.givenName" in bo.get(world.users).text


def test_a_draft_is_there_in_another_browser_of_the_same_account(ana, world, make_browser):
    delete(ana, world)
    other = make_browser()
    other.sign_in()

    assert changed(other, world)


# saved meanwhile x edited x discarded: what a form that was opened before does then


def no_draft(ana, admin, world):
    return "taken"


def another_edit(ana, admin, world):
    delete(ana, world, row=6)
    return "refused"


def saved_by_another(ana, admin, world):
    somebody_saves(admin, world)
    return "refused"


def saved_by_oneself(ana, admin, world):
    delete(ana, world, row=6)
    save(ana, world)
    return "refused"


def edited_and_discarded(ana, admin, world):
    delete(ana, world, row=6)
    ana.submit(ana.get(f"{world.room}/discard"), f"{world.room}/discard")
    return "taken"


def edited_discarded_and_edited(ana, admin, world):
    edited_and_discarded(ana, admin, world)
    delete(ana, world, row=6)
    return "refused"


MEANWHILE = [
    no_draft,
    another_edit,
    saved_by_another,
    saved_by_oneself,
    edited_and_discarded,
    edited_discarded_and_edited,
]


@pytest.mark.parametrize("meanwhile", MEANWHILE, ids=lambda one: one.__name__)
def test_a_form_opened_before_does_nothing_to_mappings_that_it_did_not_show(ana, admin, world, meanwhile):
    opened = ana.get(world.users)
    expected = meanwhile(ana, admin, world)
    before = ana.get(f"{world.room}/schema/download?draft").html
    answer = delete(ana, world, page=opened)

    if expected == "taken":
        assert answer.status == 303
        assert changed(ana, world)
    else:
        assert answer.status == 409
        assert "changed meanwhile" in answer.text
        assert ana.get(f"{world.room}/schema/download?draft").html == before


@pytest.mark.parametrize("path", ["/users/rows/2", "/users/scope", "/users/attributes", "/groups", "/restore"])
def test_every_form_is_refused_when_another_saved_since_and_keeps_what_was_typed(ana, admin, world, path):
    address = world.room + path
    somebody_saves(admin, world)
    opened = ana.get(address)
    somebody_saves(admin, world)
    given = {
        "/users/rows/2": {"do": "apply", "default": "typed"},
        "/users/scope": {"do": "apply", "attribute-1-1": "department", "value-1-1": "typed"},
        "/users/attributes": {"do": "add", "name": NATIVE + "typed"},
        "/groups": {"do": "save", "settings": "yes"},
        "/restore": {},
    }[path]
    answer = ana.submit(opened, address, **given)

    assert answer.status == 409
    assert "changed meanwhile" in answer.text
    assert not given.get("name") or "typed" in answer.html
    assert not changed(ana, world)
    assert world.version() == 3


def test_a_draft_is_not_saved_over_what_another_saved_meanwhile(ana, admin, world):
    delete(ana, world)
    somebody_saves(admin, world)
    answer = save(ana, world)

    assert answer.status == 409
    assert "Somebody else saved version 2" in answer.text
    assert world.version() == 2
    assert "name.givenName" in str(world.rules())


def test_it_is_told_on_every_page_that_another_saved_meanwhile(ana, admin, world):
    delete(ana, world)
    somebody_saves(admin, world)

    for path in ("", "/users", "/users/rows/1", "/users/scope", "/users/attributes", "/schema", "/changes"):
        assert "Meanwhile somebody else saved version 2" in ana.get(world.room + path).text


def test_an_overtaken_draft_can_be_kept_as_a_file_and_discarded(ana, admin, world):
    delete(ana, world)
    somebody_saves(admin, world)
    kept = ana.get(f"{world.room}/schema/download?draft")
    path = f"{world.room}/discard"
    ana.submit(ana.get(path), path)

    assert "name.formatted" in kept.html
    assert not changed(ana, world)
    delete(ana, world)
    assert save(ana, world).status == 303
    assert world.version() == 3


def test_only_the_edition_that_was_looked_at_is_saved(ana, world):
    delete(ana, world)
    looked_at = ana.get(f"{world.room}/changes")
    delete(ana, world)
    answer = save(ana, world, page=looked_at)

    assert answer.status == 409
    assert world.version() == 1


def test_a_draft_that_comes_to_nothing_is_saved_as_no_version(ana, world, admin):
    document = world.rules()
    admin_path = f"{world.users}/rows/4"
    ana.submit(ana.get(admin_path), admin_path, do="apply", type="Direct", attribute="displayName")

    answer = save(ana, world)

    assert answer.status == 303
    assert world.rules() == document
    assert not changed(ana, world)


def test_a_draft_is_forgotten_after_twelve_hours(ana, world, clock, make_browser):
    delete(ana, world)
    clock.pass_minutes(12 * 60 + 1)
    later = make_browser()
    later.sign_in()

    assert not changed(later, world)


def test_the_number_of_drafts_is_bounded(admin, world):
    schemas, document = admin.schemas, world.rules()
    from dataclasses import replace

    people = [replace(ME, id=f"account-{number}") for number in range(KEPT + 1)]
    for person in people:
        edition = schemas.draft(person, world.job).edition
        schemas.change_draft(person, world.job, document, edition=edition)

    assert not schemas.draft(people[0], world.job).changed
    assert schemas.draft(people[1], world.job).changed
    assert schemas.draft(people[-1], world.job).changed


def test_whoever_lost_the_role_saves_nothing(ana, world, admin):
    delete(ana, world)
    opened = ana.get(f"{world.room}/changes")
    admin.accounts.set(ME, "ana@contoso.com", roles=["Security Reader"])
    answer = save(ana, world, page=opened)

    assert answer.status == 403
    assert world.version() == 1


def test_what_saving_has_the_next_cycle_do_is_told_before_and_after(ana, world, admin, database):
    from provisor.storage import jobs

    number = jobs.by_id(database.reader(), world.job).number
    with database.transaction() as connection:
        jobs.change(connection, number, watermark=1)
        connection.execute("UPDATE job SET rules_changed = 0, full_evaluation = 0")
    delete(ana, world)
    page = ana.get(f"{world.room}/changes")

    assert "everybody who has a value in givenName" in page.text or "looks at everybody again" in page.text


def test_the_differences_are_shown_before_and_after(ana, world):
    path = f"{world.users}/rows/4"
    ana.submit(ana.get(path), path, do="apply", type="Direct", attribute="mailNickname")
    delete(ana, world)
    rows = ana.get(f"{world.room}/changes").document.rows

    assert any("displayName" in row and "Direct displayName" in row and "Direct mailNickname" in row for row in rows)
    assert any("name.givenName" in row and "removed" in row for row in rows)
