"""Who is assigned to the enterprise applications that are mirrored."""

import pytest

from provisor.engine.ports import Malformed
from provisor.engine.sources import AssignmentsTold, RecordUnreadable
from provisor.rules.source_settings import MirroredApplication
from support.prepared_answers import reply
from support.prepared_tenant import APP, page

OTHER = "5b20aaaa-0000-4000-8000-00000000000b"
READER, ADMIN = (f"{digit * 8}-abcd-4000-8000-000000000000" for digit in "12")
NONE = "00000000-0000-0000-0000-000000000000"


def mirrored(*principals):
    return tuple(MirroredApplication(service_principal=each, application=f"here {each}") for each in principals)


def assigned(key, role, kind="User"):
    return {"id": f"x{key}", "principalId": key, "principalType": kind, "appRoleId": role, "resourceId": APP}


@pytest.fixture
def applied(tenant):
    """A tenant with two applications, of which the first has two pages of assignments."""
    roles = [{"id": READER, "value": None}, {"id": ADMIN, "value": "admin"}]
    for key in (APP, OTHER):
        tenant.on(f"/v1.0/servicePrincipals/{key}?", reply(200, {"id": key, "appRoles": roles}))
        tenant.on(f"/v1.0/servicePrincipals/{key}/appRoleAssignedTo", page())
    at = f"/v1.0/servicePrincipals/{APP}/appRoleAssignedTo"
    tenant.on(
        at, page(assigned("a", NONE), assigned("b", ADMIN.upper()), next_link=f"{tenant.origin}{at}?$skiptoken=2")
    )
    tenant.on(
        f"{at}?$skiptoken",
        page(assigned("g", READER, "Group"), assigned("p", ADMIN, "ServicePrincipal"), assigned("a", NONE)),
    )
    return tenant


def test_assignments_are_told_whole_with_the_values_of_their_roles(applied):
    *_, last = applied.source(applications=mirrored(APP)).read(None)

    assert last.told == (AssignmentsTold(application=APP, assigned=(("a", ""), ("b", "admin"), ("g", ""))),)
    assert last.last


def test_they_are_told_in_every_read(applied):
    source = applied.source(applications=mirrored(APP))
    *_, first = source.read(None)

    *_, again = source.read(first.cursor)

    assert again.told == first.told
    assert not again.full


def test_each_application_has_a_page_of_its_own_and_the_last_one_ends_the_read(applied):
    pages = list(applied.source(applications=mirrored(APP, OTHER)).read(None))

    assert [each.last for each in pages] == [False, False, False, True]
    assert pages[-1].told == (AssignmentsTold(application=OTHER, assigned=()),)


def test_a_full_read_that_stopped_before_them_goes_on_with_them(applied):
    source = applied.source(applications=mirrored(APP, OTHER))
    pages = list(source.read(None))

    for at in (2, 3):
        rest = list(source.read(pages[at - 1].cursor))
        assert rest[-1].cursor == pages[-1].cursor
        assert [each.full for each in rest] == [True] * len(rest)
        assert OTHER in {each.told[0].application for each in rest}


def test_a_full_read_whose_applications_are_mirrored_no_longer_ends(applied):
    pages = list(applied.source(applications=mirrored(APP)).read(None))

    [end] = applied.source().read(pages[1].cursor)

    assert (end.told, end.last, end.full) == ((), True, True)


def test_a_read_of_changes_that_stopped_before_them_begins_anew(applied):
    source = applied.source(applications=mirrored(APP))
    *_, first = source.read(None)
    _, groups, _ = source.read(first.cursor)

    kinds = [type(each.told[0]).__name__ if each.told else "" for each in source.read(groups.cursor)]

    assert kinds == ["", "", "AssignmentsTold"]


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("where", ["?", "/appRoleAssignedTo"])
def test_an_application_that_cannot_be_read_keeps_no_other_from_being_read(applied, status, where):
    applied.on(f"/v1.0/servicePrincipals/{APP}{where}", reply(status, {"error": {"code": "x", "message": "No."}}))

    *_, bad, good = applied.source(applications=mirrored(APP, OTHER)).read(None)

    [told] = bad.told
    assert isinstance(told, RecordUnreadable)
    assert told.anchor == APP
    assert good.told[0].application == OTHER
    assert good.last
    if status == 403:
        assert "Application.Read.All" in told.reason


@pytest.mark.parametrize(
    "entry",
    [
        None,
        "a",
        {},
        {"principalId": "a"},
        assigned(None, NONE),
        assigned("", NONE),
        assigned("a", None),
        assigned("a", NONE, 3),
    ],
    ids=str,
)
def test_an_assignment_of_nobody_knows_whom_takes_the_application_from_nobody(applied, entry):
    applied.on(f"/v1.0/servicePrincipals/{APP}/appRoleAssignedTo", page(assigned("b", NONE), entry))

    with pytest.raises(Malformed, match="nobody knows whom"):
        list(applied.source(applications=mirrored(APP)).read(None))


@pytest.mark.parametrize("roles", [None, [], [None], [{"id": 3}], [{"value": "x"}]], ids=str)
def test_a_role_that_is_not_known_is_the_default_one(applied, roles):
    applied.on(f"/v1.0/servicePrincipals/{APP}?", reply(200, {"appRoles": roles}))

    *_, last = applied.source(applications=mirrored(APP)).read(None)

    assert ("b", "") in last.told[0].assigned


@pytest.mark.parametrize("roles", ["x", {"id": READER}, 7], ids=str)
def test_roles_that_are_no_list_are_malformed(applied, roles):
    applied.on(f"/v1.0/servicePrincipals/{APP}?", reply(200, {"appRoles": roles}))

    with pytest.raises(Malformed):
        list(applied.source(applications=mirrored(APP)).read(None))
