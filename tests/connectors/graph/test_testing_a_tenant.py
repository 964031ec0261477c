"""The test of a source step by step, and what may be chosen to be read of a tenant."""

import pytest

from provisor.engine.ports import Rejected
from provisor.engine.sources import SourceAttribute
from provisor.rules.source_settings import MirroredApplication
from support.prepared_answers import reply
from support.prepared_tenant import APP, page, person

MIRRORED = (MirroredApplication(service_principal=APP, application="here"),)
AVAILABLE = "/v1.0/directoryObjects/getAvailableExtensionProperties"


@pytest.fixture
def applied(tenant):
    tenant.on(f"/v1.0/servicePrincipals/{APP}?", reply(200, {"id": APP, "appRoles": []}))
    tenant.on(f"/v1.0/servicePrincipals/{APP}/appRoleAssignedTo", page())
    return tenant


def denied():
    return reply(403, {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges."}})


def test_a_test_says_of_each_thing_that_it_is_well(applied):
    applied.on("/v1.0/users/delta", page(person("a"), person("b"), delta_link="x"))

    told = list(applied.source(applications=MIRRORED).check())

    assert [each.what for each in told] == ["sign-in", "users", "groups", f"application {APP}"]
    assert all(each.well for each in told)
    assert told[1].sentence.endswith("told of the first 2 users.")


@pytest.mark.parametrize(
    ("path", "answer", "number", "hint"),
    [
        ("/contoso.example", reply(401, {"error": "invalid_client", "error_codes": [7000215]}), 0, "Save its value, which is not its id."),
        ("/v1.0/users/delta", denied(), 1, "Grant the application the permission User.Read.All or Directory.Read.All, with an administrator's consent."),
        ("/v1.0/groups/delta", denied(), 2, "Grant the application the permission GroupMember.Read.All, Group.Read.All or Directory.Read.All, with an administrator's consent."),
        (f"/v1.0/servicePrincipals/{APP}?", denied(), 3, "Grant the application the permission Application.Read.All or Directory.Read.All, with an administrator's consent."),
        (f"/v1.0/servicePrincipals/{APP}/appRoleAssignedTo", reply(404, {"error": {"code": "Request_ResourceNotFound"}}), 3, "Check the tenant and the id."),
        ("/v1.0/users/delta", reply(200, b"<html>"), 1, "Check its address."),
        ("/v1.0/groups/delta", None, 2, ""),
    ],
    ids=["secret", "users", "groups", "roles", "assignments", "a page", "closed"],
)  # fmt: skip
def test_a_test_ends_with_what_fails_and_what_to_do(applied, path, answer, number, hint):
    applied.on(path, answer)

    told = list(applied.source(applications=MIRRORED).check())

    assert [each.well for each in told] == [True] * number + [False]
    assert told[-1].sentence.endswith(".")
    assert told[-1].hint == hint


def test_an_attribute_that_the_tenant_does_not_have_is_told_by_the_test(applied):
    message = "Could not find a property named 'extension_1_x' on type 'microsoft.graph.user'."
    applied.on("/v1.0/users/delta", reply(400, {"error": {"code": "Request_BadRequest", "message": message}}))

    *_, told = applied.source(user_attributes=("extension_1_x",)).check()

    assert "extension_1_x" in told.sentence


# Attributes


def extension(name, data_type="String", targets=("User",), **more):
    return {"name": name, "dataType": data_type, "targetObjects": list(targets), "isMultiValued": False, **more}


def test_attributes_are_the_properties_besides_and_the_extensions_of_the_tenant(tenant):
    tenant.on(
        AVAILABLE,
        page(
            extension("extension_0f_objectGUID", "Binary", isSyncedFromOnPremises=True),
            extension("extension_0f_codes", targets=("User", "Group", "Device"), isMultiValued=True),
            next_link=f"{tenant.origin}{AVAILABLE}?$skiptoken=2",
        ),
    )
    tenant.on(f"{AVAILABLE}?", page(extension("extension_0f_rank", "LargeInteger", targets=("Group",))))

    told = {each.name: each for each in tenant.source().attributes()}

    assert list(told) == sorted(told)
    assert told["extension_0f_objectGUID"] == SourceAttribute(
        name="extension_0f_objectGUID", type="Binary", multi_valued=False, kinds=("user",)
    )
    assert told["extension_0f_codes"] == SourceAttribute(
        name="extension_0f_codes", type="String", multi_valued=True, kinds=("user", "group")
    )
    assert told["extension_0f_rank"].kinds == ("group",)
    assert told["ageGroup"].kinds == ("user",)
    assert told["onPremisesLastSyncDateTime"] == SourceAttribute(
        name="onPremisesLastSyncDateTime", type="DateTime", multi_valued=False, kinds=("user", "group")
    )
    assert not {"displayName", "manager", "members", "skills", "birthday", "signInActivity"} & set(told)


@pytest.mark.parametrize(
    "entry",
    [None, "x", {}, extension(None), extension("badge"), extension("extension_0f_x", "Float"), extension("extension_0f_x", None),
     extension("extension_0f_x", targets=("Device",)), {"name": "extension_0f_x", "dataType": "String", "targetObjects": "User"}],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_chosen_is_left_out(tenant, entry):
    tenant.on(AVAILABLE, page(entry, extension("extension_0f_badge")))

    names = [each.name for each in tenant.source().attributes() if each.name.startswith("extension_")]

    assert names == ["extension_0f_badge"]


def test_a_right_to_see_extensions_is_named(tenant):
    tenant.on(AVAILABLE, denied())

    with pytest.raises(Rejected, match=r"Application\.Read\.All or Directory\.Read\.All"):
        tenant.source().attributes()


def test_extensions_are_asked_for_by_a_post_with_an_empty_body(tenant):
    tenant.on(AVAILABLE, page())

    tenant.source().attributes()

    assert tenant.server.line(1).startswith(f"POST {AVAILABLE}")
    assert tenant.server.body(1) == {}
