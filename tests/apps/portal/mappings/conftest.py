"""An application with its job, some people, and the addresses of its mappings."""

from types import SimpleNamespace

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME

PASSWORD = "correct horse battery"
APP = "Cisco Umbrella User Management"


@pytest.fixture
def world(admin):
    """Three people and a group; nobody is assigned."""
    admin.applications.add(ME, APP)
    shown = admin.jobs.create(ME, APP)
    people = {
        "anna@contoso.com": {"displayName": "Anna Ek", "givenName": "Anna", "surname": "Ek", "department": "Sales"},
        "bo@contoso.com": {"displayName": "Bo Li", "givenName": "Bo", "surname": "Li", "department": "Sales"},
        "carl@contoso.com": {"displayName": "Carl Ny", "department": "Research", "employeeId": "41"},
    }
    for name, given in people.items():
        admin.users.create(ME, {"userPrincipalName": name, **given})
    admin.groups.create(ME, {"displayName": "Staff"})
    room = f"/applications/{shown.job.application}/provisioning/{shown.job.id}/mappings"
    return SimpleNamespace(
        job=shown.job.id,
        application=shown.job.application,
        room=room,
        users=f"{room}/users",
        groups=f"{room}/groups",
        rules=lambda: admin.schemas.export(ME, shown.job.id),
        version=lambda: admin.schemas.current(ME, shown.job.id)[1],
    )


@pytest.fixture
def sign_in_as(admin, make_browser):
    """A browser of somebody with this role."""

    def sign_in(role, name=None):
        name = name or f"{role.lower().replace(' ', '.')}@contoso.com"
        person = "carl@contoso.com" if role == "Application Owner" else None
        admin.accounts.add(ME, name, [role], person=person, password=PASSWORD)
        browser = make_browser()
        assert browser.sign_in(name).status == 303
        return browser

    return sign_in


@pytest.fixture
def rows(world):
    """The targets of the users' rows as they are saved."""
    return lambda kind="User": [
        row["targetAttributeName"]
        for rule in world.rules()["synchronizationRules"]
        for mapping in rule["objectMappings"]
        if mapping["sourceObjectName"] == kind
        for row in mapping["attributeMappings"]
    ]
