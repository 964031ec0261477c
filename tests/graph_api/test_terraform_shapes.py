"""What Terraform's azuread provider sends for applications, and what it waits for; its source was read for the facts.

One test for each of its resources, with the provider's own order of requests: what it would take for a failure is an
assertion (spec/graph-synchronization-api.md sections 0 and 14).
"""

from urllib.parse import quote

import pytest

from support.graph_objects import DEFAULT_ACCESS, NON_GALLERY, UMBRELLA, USER_ROLE, group, user

SENT = {
    "content-type": "application/json; charset=utf-8",
    "accept": "application/json; charset=utf-8; IEEE754Compatible=false",
}
POLLS = 5  # times in a row that it must find what it waits for
AUDITOR = "0f1e2d3c-4b5a-4678-9abc-def012345678"


class Provider:
    """How the provider asks."""

    def __init__(self, graph):
        self.graph = graph

    def ask(self, method, path, body=None, *, expect):
        reply = self.graph.request(
            method, path, body=body, headers=SENT if body is not None else {"accept": SENT["accept"]}
        )
        assert reply.status == expect, (method, path, reply.status, reply.body)
        return reply.body

    def find(self, collection, filter_text):
        """It goes on by the links, and takes the first whose property is equal."""
        found = []
        for page in self.graph.pages(f"/{collection}?$filter={quote(filter_text)}"):
            found += page.value
        return found

    def until_there(self, path):
        return [self.ask("GET", path, expect=200) for _ in range(POLLS)][-1]

    def until_gone(self, path):
        for _ in range(POLLS):
            self.ask("GET", path, expect=404)


@pytest.fixture
def terraform(graph):
    return Provider(graph)


@pytest.fixture
def made(terraform):
    """azuread_application_from_template, created."""
    body = terraform.ask(
        "POST", f"/applicationTemplates/{UMBRELLA}/instantiate", {"displayName": "By Terraform"}, expect=201
    )
    terraform.until_there(f"/applications/{body['application']['id']}")
    return body


@pytest.mark.parametrize("name", ["Cisco Umbrella User Management", "Generic SCIM 2.0"])
def test_the_data_source_of_a_template_finds_one_by_name(terraform, name):
    (found,) = terraform.find("applicationTemplates", f"displayName eq '{name}'")

    assert found["displayName"] == name
    for what in ("categories", "homePageUrl", "logoUrl", "publisher", "supportedProvisioningTypes",
                 "supportedSingleSignOnModes", "id"):  # fmt: skip
        assert what in found


@pytest.mark.parametrize("template", [UMBRELLA, NON_GALLERY])
def test_the_data_source_of_a_template_finds_one_by_id(terraform, template):
    assert terraform.ask("GET", f"/applicationTemplates/{template}", expect=200)["id"] == template


def test_an_application_from_a_template_lives(terraform, made):
    application = f"/applications/{made['application']['id']}"
    principal = f"/servicePrincipals/{made['servicePrincipal']['id']}"

    assert terraform.ask("GET", application, expect=200)["displayName"] == "By Terraform"
    terraform.ask("PATCH", application, {"displayName": "Renamed"}, expect=204)
    assert terraform.until_there(application)["displayName"] == "Renamed"
    assert terraform.until_there(principal)["displayName"] == "Renamed"
    terraform.ask("DELETE", application, expect=204)
    terraform.until_gone(application)
    terraform.until_gone(principal)


@pytest.mark.parametrize("by", ["appId", "displayName", "id"])
def test_the_data_source_of_a_service_principal_finds_it(terraform, made, by):
    wanted = made["servicePrincipal"]

    if by == "id":
        found = terraform.ask("GET", f"/servicePrincipals/{wanted['id']}", expect=200)
    else:
        (found,) = terraform.find("servicePrincipals", f"{by} eq '{wanted[by]}'")

    assert found["id"] == wanted["id"]
    for what in ("accountEnabled", "appRoleAssignmentRequired", "appOwnerOrganizationId", "servicePrincipalNames",
                 "servicePrincipalType", "signInAudience", "tags", "appRoles", "oauth2PermissionScopes", "notes"):  # fmt: skip
        assert what in found


@pytest.mark.parametrize("by", ["appId", "displayName"])
def test_the_data_source_of_an_application_finds_it(terraform, made, by):
    (found,) = terraform.find("applications", f"{by} eq '{made['application'][by]}'")

    assert found["id"] == made["application"]["id"]


def test_a_service_principal_that_exists_is_taken_over(terraform, made):
    wanted = made["servicePrincipal"]
    (found,) = terraform.find("servicePrincipals", f"appId eq '{wanted['appId']}'")
    path = f"/servicePrincipals/{found['id']}"

    terraform.ask("PATCH", path, {
        "@odata.type": "#microsoft.graph.servicePrincipal", "accountEnabled": True, "alternativeNames": [],
        "appRoleAssignmentRequired": False, "description": None, "loginUrl": None, "notes": "By Terraform",
        "notificationEmailAddresses": [], "preferredSingleSignOnMode": None,
        "samlSingleSignOnSettings": {"relayState": None}, "tags": ["HideApp", "WindowsAzureActiveDirectoryIntegratedApp"],
    }, expect=204)  # fmt: skip

    read = terraform.ask("GET", path, expect=200)
    assert (read["appRoleAssignmentRequired"], read["notes"]) == (False, "By Terraform")
    assert sorted(read["tags"]) == ["HideApp", "WindowsAzureActiveDirectoryIntegratedApp"]
    assert terraform.ask("GET", f"{path}/owners", expect=200)["value"] == []
    terraform.ask("DELETE", path, expect=204)
    terraform.until_gone(path)


def test_an_app_role_lives(terraform, made):
    path = f"/applications/{made['application']['id']}"

    def roles():
        return terraform.ask("GET", path, expect=200)["appRoles"]

    def save(given):
        terraform.ask("PATCH", path, {"appRoles": given}, expect=204)

    new = {"id": AUDITOR, "allowedMemberTypes": ["User"], "description": "Reads", "displayName": "Auditor",
           "isEnabled": True, "value": "audit"}  # fmt: skip
    save([*roles(), new])
    assert [role["id"] for role in roles()] == [USER_ROLE, AUDITOR]
    # To change a role it disables the old one first, waits until that is seen, then saves the new one.
    others = [role for role in roles() if role["id"] != AUDITOR]
    save([*others, new | {"isEnabled": False}])
    assert [role["isEnabled"] for role in roles()] == [True, False]
    save([*others, new | {"value": "audit.read"}])
    assert roles()[1]["value"] == "audit.read"
    # To remove one, the same.
    save([*others, roles()[1] | {"isEnabled": False}])
    save(others)
    assert [role["id"] for role in roles()] == [USER_ROLE]


def test_an_owner_lives(terraform, admin, made):
    anna = user(admin)
    path = f"/applications/{made['application']['id']}/owners"

    assert terraform.ask("GET", path, expect=200)["value"] == []
    reference = {"@odata.id": f"http://graph.test/v1.0/directoryObjects/{anna}"}
    terraform.ask("POST", f"{path}/$ref", reference, expect=204)
    assert [owner["id"] for owner in terraform.ask("GET", path, expect=200)["value"]] == [anna]
    terraform.ask("DELETE", f"{path}/{anna}/$ref", expect=204)
    assert terraform.ask("GET", path, expect=200)["value"] == []


@pytest.mark.parametrize("kind", ["user", "group"])
@pytest.mark.parametrize("role", [DEFAULT_ACCESS, USER_ROLE])
def test_an_app_role_assignment_lives(terraform, admin, made, kind, role):
    principal = user(admin) if kind == "user" else group(admin)
    resource = made["servicePrincipal"]["id"]

    terraform.ask("GET", f"/servicePrincipals/{resource}", expect=200)
    given = {"appRoleId": role, "principalId": principal, "resourceId": resource}
    added = terraform.ask("POST", f"/servicePrincipals/{resource}/appRoleAssignedTo", given, expect=201)
    path = f"/servicePrincipals/{added['resourceId']}/appRoleAssignedTo/{added['id']}"
    read = terraform.until_there(path)
    assert {name: read[name] for name in given} == given
    assert (read["principalType"], read["resourceDisplayName"]) == (kind.title(), "By Terraform")
    assert read["principalDisplayName"]
    terraform.ask("DELETE", path, expect=204)
    terraform.until_gone(path)


def test_a_principal_that_is_not_there_yet_is_404_which_the_provider_tries_again(terraform, made):
    resource = made["servicePrincipal"]["id"]
    given = {"appRoleId": DEFAULT_ACCESS, "principalId": AUDITOR, "resourceId": resource}

    terraform.ask("POST", f"/servicePrincipals/{resource}/appRoleAssignedTo", given, expect=404)


def test_all_assignments_of_an_application_are_read_by_links(terraform, admin, made):
    resource = made["servicePrincipal"]["id"]
    path = f"/servicePrincipals/{resource}/appRoleAssignedTo"
    for n in range(3):
        given = {"appRoleId": USER_ROLE, "principalId": user(admin, f"u{n}@x.example"), "resourceId": resource}
        terraform.ask("POST", path, given, expect=201)

    read = [each for page in terraform.graph.pages(f"{path}?$top=2") for each in page.value]

    assert {each["appRoleId"] for each in read} == {USER_ROLE}
    assert len(read) == 3
