"""Owners of applications (reference/applications.md section *Owners*)."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from support.graph_objects import NOBODYS, group, instantiate, owner_of, stored, user

ENDS = ("application", "servicePrincipal")


@pytest.fixture
def made(graph):
    return instantiate(graph)


@pytest.fixture
def anna(admin):
    return user(admin, displayName="Anna", mail="anna@fjord.example")


def path(made, end="servicePrincipal"):
    return f"/{end}s/{made[end]['id']}/owners"


def add(graph, made, owner, end="servicePrincipal", address="http://graph.test/v1.0/directoryObjects/{}"):
    return graph.post(f"{path(made, end)}/$ref", {"@odata.id": address.format(owner)})


ADDRESSES = [
    "http://graph.test/v1.0/directoryObjects/{}",
    "https://graph.microsoft.com/v1.0/directoryObjects/{}",
    "https://graph.microsoft.com/v1.0/2f1e2d3c-4b5a-4678-9abc-def012345678/directoryObjects/{}",
    "https://graph.microsoft.com/v1.0/users/{}",
    "https://graph.microsoft.com/beta/directoryObjects('{}')",
    "/directoryObjects/{}",
    "directoryObjects/{}",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("end", ENDS)
def test_an_owner_added_at_either_object_is_seen_at_both(graph, made, anna, end, address):
    assert add(graph, made, anna, end, address).status == 204

    for seen in ENDS:
        (owner,) = graph.get(path(made, seen)).value
        assert (owner["@odata.type"], owner["id"], owner["displayName"]) == ("#microsoft.graph.user", anna, "Anna")
        assert owner["userPrincipalName"] == "anna@fjord.example"


@pytest.mark.parametrize("end", ENDS)
def test_an_owner_removed_at_either_object_is_gone_at_both(graph, made, anna, end):
    add(graph, made, anna)

    assert graph.delete(f"{path(made, end)}/{anna.upper()}/$ref").status == 204
    assert [graph.get(path(made, seen)).value for seen in ENDS] == [[], []]


def test_owners_are_read_page_by_page_and_found_by_id(graph, admin, made, anna):
    bo = user(admin, "bo@fjord.example")
    for one in (anna, bo):
        add(graph, made, one)

    assert [len(page.value) for page in graph.pages(f"{path(made)}?$top=1&$select=id")] == [1, 1]
    assert [each["id"] for each in graph.get(f"{path(made)}?$filter=id%20eq%20'{bo}'").value] == [bo]


def test_a_deleted_owner_is_not_listed(graph, admin, made, anna):
    add(graph, made, anna)
    admin.users.delete(LOCAL_OPERATOR, anna)

    assert graph.get(path(made)).value == []


REFUSED = {
    "a second time": ("{anna}", 400),
    "a group": ("{group}", 400),
    "nobody": (NOBODYS, 404),
    "a name": ("anna@fjord.example", 400),
    "nothing": ("", 400),
    "two lines": ("{anna}\r\nx", 400),
    "an endless address": ("a" * 5000, 400),
    "a path within": ("{anna}/manager", 400),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("what", REFUSED)
def test_an_owner_that_cannot_be_is_refused_and_nothing_changes(graph, admin, made, anna, what, end):
    key, status = REFUSED[what]
    key = key.format(anna=anna, group=group(admin))
    if what == "a second time":
        add(graph, made, anna)
    before = stored(admin, without=())

    assert add(graph, made, key, end).status == status
    assert stored(admin, without=()) == before


@pytest.mark.parametrize("body", [{}, {"@odata.id": None}, {"@odata.id": 5}, {"id": NOBODYS}, [], "x"], ids=str)
def test_a_reference_that_is_none_is_refused(graph, admin, made, body):
    before = stored(admin, without=())

    assert graph.post(f"{path(made)}/$ref", body).status == 400
    assert stored(admin, without=()) == before


@pytest.mark.parametrize("owner", [NOBODYS, "x", "anna%40fjord.example"])
def test_who_is_no_owner_cannot_be_removed(graph, admin, made, anna, owner):
    add(graph, made, anna)
    before = stored(admin, without=())

    assert graph.delete(f"{path(made)}/{owner}/$ref").status == 404
    assert stored(admin, without=()) == before


@pytest.mark.parametrize("end", ENDS)
def test_owners_of_an_application_that_is_not_there_are_404(graph, admin, made, anna, end):
    before = stored(admin)

    for key in (NOBODYS, "x", made["servicePrincipal" if end == "application" else "application"]["id"]):
        where = f"/{end}s/{key}/owners"
        assert graph.get(where).status == 404
        assert graph.post(f"{where}/$ref", {"@odata.id": f"directoryObjects/{anna}"}).status == 404
        assert graph.delete(f"{where}/{anna}/$ref").status == 404
    assert stored(admin) == before


def test_an_owner_of_another_application_sees_no_owners(graph, admin, callers, made, anna):
    other = instantiate(graph, "Another")
    callers["owner"] = owner_of(other["servicePrincipal"]["id"])
    before = stored(admin)

    assert graph.as_("owner").get(path(made)).status == 404
    assert add(graph.as_("owner"), made, anna).status == 404
    assert graph.as_("owner").get(path(other)).status == 200
    assert stored(admin) == before
