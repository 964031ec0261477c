"""The gallery, and applications added from it (spec/graph-synchronization-api.md section 1)."""

import pytest

from support.graph_objects import NOBODYS, NON_GALLERY, UMBRELLA, instantiate, stored


def ids(reply):
    assert reply.status == 200, reply.body
    return [each["id"] for each in reply.value]


FILTERS = {
    "displayName eq 'Cisco Umbrella User Management'": [UMBRELLA],
    "displayName eq 'cisco umbrella user management'": [UMBRELLA],
    "startswith(displayName,'Cisco')": [UMBRELLA],
    "contains(displayName,'scim')": [NON_GALLERY],
    "contains(displayName, 'scim') eq true": [NON_GALLERY],
    "endswith(displayName,'Management')": [UMBRELLA],
    "displayName eq 'Nothing'": [],
    f"id eq '{NON_GALLERY}'": [NON_GALLERY],
    f"id in ('{NON_GALLERY}','{UMBRELLA}')": [UMBRELLA, NON_GALLERY],
    "startswith(displayName,'Cisco') or contains(displayName,'SCIM')": [UMBRELLA, NON_GALLERY],
    "not startswith(displayName,'Cisco')": [NON_GALLERY],
    "displayName ne 'Generic SCIM 2.0'": [UMBRELLA],
}


@pytest.mark.parametrize("text", FILTERS)
def test_the_gallery_is_filtered(graph, text):
    assert ids(graph.get(f"/applicationTemplates?$filter={text.replace(' ', '%20')}")) == FILTERS[text]


UNSUPPORTED = ["riskScore eq 'x'", "displayName gt 'a'", "displayName eq 5", "categories eq 'x'"]


@pytest.mark.parametrize("text", UNSUPPORTED)
def test_a_filter_that_the_gallery_does_not_know_is_refused(graph, text):
    reply = graph.get(f"/applicationTemplates?$filter={text.replace(' ', '%20')}")

    assert (reply.status, reply.error["code"]) == (400, "Request_UnsupportedQuery")


def test_the_gallery_is_read_page_by_page_and_counted_once(graph):
    pages = list(graph.pages("/applicationTemplates?$top=1&$count=true"))

    assert [ids(page) for page in pages] == [[UMBRELLA], [NON_GALLERY]]
    assert [page.body.get("@odata.count") for page in pages] == [2, None]


@pytest.mark.parametrize(("order", "expected"), [("asc", [UMBRELLA, NON_GALLERY]), ("desc", [NON_GALLERY, UMBRELLA])])
def test_the_gallery_is_ordered_by_name(graph, order, expected):
    pages = graph.pages(f"/applicationTemplates?$orderby=displayName%20{order}&$top=1")

    assert [ids(page)[0] for page in pages] == expected


def test_a_template_is_shown_in_graphs_words(graph):
    reply = graph.get(f"/applicationTemplates/{UMBRELLA.upper()}")

    shown = {name: reply.body[name] for name in ("id", "displayName", "publisher", "supportedProvisioningTypes")}
    assert shown == {
        "id": UMBRELLA,
        "displayName": "Cisco Umbrella User Management",
        "publisher": "Cisco Systems, Inc.",
        "supportedProvisioningTypes": ["sync"],
    }
    assert reply.body["@odata.context"].endswith("$metadata#applicationTemplates/$entity")
    assert {"logoUrl", "homePageUrl", "categories", "description", "supportedSingleSignOnModes"} <= reply.body.keys()


def test_only_what_is_selected_is_shown(graph):
    assert graph.get(f"/applicationTemplates/{UMBRELLA}?$select=displayname").body.keys() == {
        "@odata.context",
        "displayName",
    }


@pytest.mark.parametrize("key", [NOBODYS, "ciscoUmbrella", "Cisco%20Umbrella%20User%20Management", "scim"])
def test_a_template_is_found_by_its_id_alone(graph, key):
    assert graph.get(f"/applicationTemplates/{key}").status == 404
    assert graph.post(f"/applicationTemplates/{key}/instantiate", {"displayName": "x"}).status == 404


@pytest.mark.parametrize("template", [UMBRELLA, NON_GALLERY])
def test_an_application_is_added_as_two_objects(graph, template):
    made = instantiate(graph, "Umbrella test", template)

    application, principal = made["application"], made["servicePrincipal"]
    assert len({application["id"], principal["id"], application["appId"]}) == 3
    assert application["appId"] == principal["appId"]
    assert application["applicationTemplateId"] == principal["applicationTemplateId"] == template
    assert application["displayName"] == principal["displayName"] == principal["appDisplayName"] == "Umbrella test"
    assert principal["accountEnabled"] is principal["appRoleAssignmentRequired"] is True
    assert principal["servicePrincipalType"] == "Application"
    assert principal["tags"] == ["WindowsAzureActiveDirectoryIntegratedApp"]
    assert [role["displayName"] for role in principal["appRoles"]] == ["User"]
    assert graph.get(f"/applications/{application['id']}").body | {"@odata.context": ""} == application | {
        "@odata.context": ""
    }


def test_what_was_added_is_where_the_answer_says(graph):
    reply = graph.post(f"/applicationTemplates/{UMBRELLA}/instantiate", {"displayName": "Umbrella test"})

    assert graph.get(reply.headers["location"]).body["id"] == reply.body["servicePrincipal"]["id"]


def test_two_applications_may_have_one_name_as_in_entra(graph):
    first, second = instantiate(graph), instantiate(graph)

    assert first["application"]["id"] != second["application"]["id"]


NAMES = {
    "null": None,
    "a number": 5,
    "blank": "  ",
    "empty": "",
    "too long": "x" * 257,
    "two lines": "a\r\nb",
    "unprintable": "a\u0000b",
    "turned around": "a\u202eb",
    "an object": {"a": 1},
}


@pytest.mark.parametrize("what", NAMES)
def test_a_name_that_cannot_be_one_is_refused_and_nothing_is_added(graph, admin, what):
    before = stored(admin)

    reply = graph.post(f"/applicationTemplates/{UMBRELLA}/instantiate", {"displayName": NAMES[what]})

    assert (reply.status, reply.error["code"]) == (400, "Request_BadRequest")
    assert reply.error["message"]
    assert stored(admin) == before
