"""Enterprise applications: the list, the gallery, overview, properties, owners, app roles, deletion."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME

HOSTILE = ["<script>alert(1)</script>", "\"'><img src=x>", "مرحبا بالعالم", "x" * 254]
UMBRELLA = "Cisco Umbrella User Management"
GALLERY = "6d1e9a34-7c52-4f0e-8b1d-2a9c4e7f1b35"


def wrong(page):
    """The ids of the fields that are said to be wrong."""
    return [a["id"] for tag, a in page.document.tags if tag in ("input", "textarea", "select") and "aria-invalid" in a]


# The list


def test_without_an_application_the_list_teaches_how_to_add_one(operator):
    page = operator.get("/applications")

    assert "No application yet" in page.text
    assert "/applications/new" in page.document.links


def test_an_application_is_listed_with_its_type_its_provisioning_and_who_is_assigned(
    admin, operator, application, directory
):
    admin.applications.assign(ME, application, users=[directory["anna"]], groups=[directory["Sales"]])
    admin.jobs.create(ME, application)

    row = operator.get("/applications").document.rows[1]

    assert row.startswith("C Cisco Umbrella User Management Cisco Umbrella User Management Not configured")
    assert " 2 " in row


@pytest.mark.parametrize(("search", "found"), [("umbr", True), ("UMBRELLA cisco", True), ("nothing", False)])
def test_applications_are_found_by_words_of_their_names(operator, application, search, found):
    page = operator.get(f"/applications?search={search.replace(' ', '+')}")

    assert (f"/applications/{application}" in page.document.links) is found


def test_an_application_is_found_by_its_ids(admin, operator, application):
    app_id = admin.applications.show(ME, application).application.app_id

    assert f"/applications/{application}" in operator.get(f"/applications?search={app_id}").document.links


def test_many_applications_come_a_page_at_a_time_by_name(admin, operator, directory):
    names = [f"App {number:02}" for number in range(30)]
    for name in reversed(names):
        admin.applications.add(ME, UMBRELLA, name=name)

    first = operator.get("/applications")
    [later] = [link for link in first.document.links if link and link.startswith("?from=")]
    second = operator.get(f"/applications{later}")

    shown = [row.split(" Cisco")[0][2:] for page in (first, second) for row in page.document.rows[1:]]
    assert shown == names


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_text_on_every_page(admin, operator, application, name):
    admin.service_principals.change(ME, key(application), display_name=name)

    for page in ("", "/properties", "/owners", "/app-roles", "/users-and-groups", "/users-and-groups/add", "/delete"):
        shown = operator.get(f"/applications/{application}{page}")
        assert name in shown.text
        assert "<script>alert" not in shown.html
        assert "<img src=x" not in shown.html


def key(application):
    from provisor.admin.service_principals import ApplicationKey

    return ApplicationKey("service principal", application)


# New application


def test_the_gallery_shows_publisher_category_and_what_is_supported(operator):
    text = operator.get("/applications/new").text

    for words in ("Cisco Systems, Inc.", "IT infrastructure", "Automatic provisioning", "At most 200 groups"):
        assert words in text


def test_the_gallery_is_searched(operator):
    page = operator.get("/applications/new?search=umbrella")

    assert f"/applications/new/{GALLERY}" in page.document.links
    assert "Generic SCIM 2.0" not in page.text


def test_an_application_is_added_from_the_gallery_under_a_name(admin, operator):
    page = operator.get(f"/applications/new/{GALLERY}")
    assert page.document.forms[f"/applications/new/{GALLERY}"]["name"] == UMBRELLA

    added = operator.follow(operator.submit(page, f"/applications/new/{GALLERY}", name="Umbrella of Fjord"))

    assert "Umbrella of Fjord was added." in added.text
    assert added.path == f"/applications/{admin.applications.show(ME, 'Umbrella of Fjord').application.id}"


def test_a_second_one_is_offered_a_name_that_is_free(operator, application):
    page = operator.get(f"/applications/new/{GALLERY}")

    assert page.document.forms[f"/applications/new/{GALLERY}"]["name"] == f"{UMBRELLA} 2"
    assert f"/applications/{application}" in page.document.links


@pytest.mark.parametrize("name", [UMBRELLA, " ", "x" * 257, "a\u202eb"])
def test_a_name_that_cannot_be_is_said_beside_its_field_and_kept(admin, operator, application, name):
    page = operator.get(f"/applications/new/{GALLERY}")

    again = operator.submit(page, f"/applications/new/{GALLERY}", name=name)

    assert again.status == 400
    assert wrong(again) == ["name"]
    assert again.document.forms[f"/applications/new/{GALLERY}"]["name"] == name.strip()
    assert "--name" not in again.text
    assert len(admin.applications.all(ME)) == 1


def test_what_the_gallery_does_not_have_is_not_found(operator):
    assert operator.get("/applications/new/nothing").status == 404


# Overview


def test_the_overview_has_ids_to_copy_and_what_is_to_be_done_first(admin, operator, application):
    page = operator.get(f"/applications/{application}")

    app_id = admin.applications.show(ME, application).application.app_id
    assert application in page.text
    assert app_id in page.text
    assert {"application-id", "object-id"} <= {a.get("data-copies") for _, a in page.document.tags}
    assert page.text.index("Assign users and groups") < page.text.index("Provision User Accounts")
    assert f"/applications/{application}/provisioning" in page.document.links


def test_the_overview_tells_how_its_job_is(admin, operator, application):
    admin.jobs.create(ME, application)

    text = operator.get(f"/applications/{application}").text

    assert "Not configured" in text
    assert "Last cycle None yet" in text


def test_an_application_that_is_not_there_is_told_so(operator, directory):
    assert operator.get("/applications/01900000-0000-7000-8000-000000000000").status == 404


# Properties


def test_properties_are_saved_together(admin, operator, application):
    action = f"/applications/{application}/properties"
    page = operator.get(action)

    fields = {"name": "Umbrella", "enabled": "no", "required": "no", "notes": "Ask Anna\r\nor Bo", "tags": "one\ntwo"}
    saved = operator.follow(operator.submit(page, action, **fields))

    after = admin.applications.show(ME, application).application
    assert "The properties were saved." in saved.text
    assert (after.display_name, after.account_enabled, after.assignment_required) == ("Umbrella", False, False)
    assert (after.notes, after.tags) == ("Ask Anna\nor Bo", ("one", "two"))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "Taken"}, "name"),
        ({"notes": "x" * 1025}, "notes"),
        ({"tags": "\n".join(f"tag {number}" for number in range(101))}, "tags"),
        ({"tags": "a\u202eb"}, "tags"),
    ],
)
def test_what_is_wrong_with_properties_stands_beside_its_field(admin, operator, application, fields, field):
    admin.applications.add(ME, UMBRELLA, name="Taken")
    action = f"/applications/{application}/properties"

    again = operator.submit(operator.get(action), action, **{"notes": "", "tags": "", **fields})

    assert again.status == 400
    assert wrong(again) == [field]
    assert admin.applications.show(ME, application).application.display_name == UMBRELLA


# Deletion


def test_what_a_deletion_would_mean_is_said_before(admin, operator, application):
    admin.jobs.create(ME, application)
    page = operator.get(f"/applications/{application}/delete")

    assert "This cannot be undone." in page.text
    assert "its job with mappings, credentials and links" in page.text
    assert "nothing is sent" in page.text
    assert len(admin.applications.all(ME)) == 1


def test_an_application_is_deleted_once_that_is_confirmed(admin, operator, application):
    action = f"/applications/{application}/delete"

    gone = operator.follow(operator.submit(operator.get(action), action))

    assert f"{UMBRELLA} was deleted." in gone.text
    assert admin.applications.all(ME) == []


# Owners


def test_owners_are_found_ticked_and_added(admin, operator, application, directory):
    action = f"/applications/{application}/owners"
    page = operator.get(f"{action}?search=berg")
    assert "Anna Berg" in page.text
    assert "Bo Dahl" not in page.text

    added = operator.follow(operator.submit(page, action, user=directory["anna"]))

    assert "Added as owner: Anna Berg." in added.text
    assert admin.applications.show(ME, application).owners == ("anna@fjord.example",)
    assert "Anna Berg" not in operator.get(f"{action}?search=anna").text.rpartition("Add owners")[2]


def test_nobody_ticked_is_said(operator, application):
    action = f"/applications/{application}/owners"

    again = operator.submit(operator.get(f"{action}?search=berg"), action)

    assert again.status == 400
    assert "Nobody is ticked" in again.text


def test_an_owner_is_removed(admin, operator, application, directory):
    admin.applications.add_owner(ME, application, directory["anna"])
    action = f"/applications/{application}/owners"

    operator.submit(operator.get(action), f"{action}/{directory['anna']}/remove")

    assert admin.applications.show(ME, application).owners == ()
    assert "No owner yet" in operator.get(action).text


# App roles


def test_a_role_is_created_changed_disabled_and_deleted(admin, operator, application):
    base = f"/applications/{application}/app-roles"
    new = {"name": "Auditor", "value": "audit.read", "description": "Reads audits", "enabled": "yes"}
    operator.submit(operator.get(f"{base}/new"), f"{base}/new", **new)
    made = admin.app_roles.all(ME, application)[-1]
    assert (made.display_name, made.value, made.description, made.enabled) == (*list(new.values())[:3], True)

    one = f"{base}/{made.id}"
    operator.submit(operator.get(one), one, name="Chief auditor", enabled="yes")
    listed = operator.get(base)
    disabled = operator.follow(operator.submit(listed, one))
    assert "Chief auditor" in disabled.text
    assert not admin.app_roles.all(ME, application)[-1].enabled

    gone = operator.follow(operator.submit(operator.get(f"{one}/delete"), f"{one}/delete"))
    assert "The role Chief auditor was deleted." in gone.text
    assert len(admin.app_roles.all(ME, application)) == 1


def test_the_list_of_roles_disables_no_role_that_it_shows_otherwise_than_it_is(admin, operator, application):
    [role] = admin.app_roles.all(ME, application)
    base = f"/applications/{application}/app-roles"
    listed = operator.get(base)
    admin.app_roles.set(ME, application, role.id, description="Staff")

    answer = operator.submit(listed, f"{base}/{role.id}")

    [after] = admin.app_roles.all(ME, application)
    assert answer.status == 409
    assert "Description: Staff" in answer.text
    assert (after.description, after.enabled) == ("Staff", True)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "User"}, "name"),
        ({"name": "Other", "value": "User"}, "value"),
        ({"name": "Other", "value": "a\u202eb"}, "value"),
        ({"name": "Other", "description": "x" * 1025}, "description"),
    ],
)
def test_what_is_wrong_with_a_role_stands_beside_its_field(admin, operator, application, fields, field):
    action = f"/applications/{application}/app-roles/new"

    again = operator.submit(operator.get(action), action, enabled="yes", **{"description": "", **fields})

    assert again.status == 400
    assert wrong(again) == [field]
    assert len(admin.app_roles.all(ME, application)) == 1


def test_a_role_in_use_is_not_deleted_and_the_page_says_why(admin, operator, application, directory):
    admin.applications.assign(ME, application, users=[directory["anna"]])
    [used] = admin.app_roles.all(ME, application)
    action = f"/applications/{application}/app-roles/{used.id}/delete"

    again = operator.submit(operator.get(action), action)

    assert again.status == 400
    assert "End these assignments first" not in again.text or "provisor app" not in again.text
    assert "1 assignment" in again.text
