"""Members, groups of members, and managers over the API."""

import pytest

from support.graph_objects import NOBODYS, group, stored, user

BASE = "https://graph.microsoft.com/v1.0/directoryObjects"


def reference(key):
    return {"@odata.id": f"{BASE}/{key}"}


def members(graph, key, more=""):
    reply = graph.get(f"/groups/{key}/members{more}")
    assert reply.status == 200, reply.body
    return {one["id"]: one.get("@odata.type") for one in reply.value}


def test_members_are_users_and_groups_and_say_which(graph, admin):
    sales, staff, anna = group(admin), group(admin, "Staff"), user(admin)
    for key in (staff, anna):
        assert graph.post(f"/groups/{sales}/members/$ref", reference(key)).status == 204

    assert members(graph, sales) == {anna: "#microsoft.graph.user", staff: "#microsoft.graph.group"}
    assert set(members(graph, sales, "/microsoft.graph.user")) == {anna}
    assert set(members(graph, sales, "/graph.group")) == {staff}
    assert graph.get(f"/groups/{sales}/members?$count=true&$top=1").body["@odata.count"] == 2


def test_members_come_in_pages(graph, admin):
    sales, people = group(admin), [user(admin, f"user{number}@fjord.example") for number in range(5)]
    graph.patch(f"/groups/{sales}", {"members@odata.bind": [f"{BASE}/{key}" for key in people]})

    pages = list(graph.pages(f"/groups/{sales}/members?$top=2&$select=id"))

    assert [len(page.value) for page in pages] == [2, 2, 1]
    assert [one["id"] for page in pages for one in page.value] == sorted(people)


def test_a_member_twice_is_refused_and_nobody_of_the_others_came_in(graph, admin):
    sales, anna, bo = group(admin), user(admin), user(admin, "bo@fjord.example")
    graph.post(f"/groups/{sales}/members/$ref", reference(anna))
    before = stored(admin)

    for reply in (
        graph.post(f"/groups/{sales}/members/$ref", reference(anna)),
        graph.patch(f"/groups/{sales}", {"members@odata.bind": [f"{BASE}/{bo}", f"{BASE}/{anna}"]}),
    ):
        assert reply.error["innerError"]["reason"] == "member-already"
        assert reply.status == 400
    assert stored(admin) == before


def test_who_leaves_is_no_member(graph, admin):
    sales, anna = group(admin), user(admin)
    graph.post(f"/groups/{sales}/members/$ref", reference(anna))

    assert graph.delete(f"/groups/{sales}/members/{anna}/$ref").status == 204
    assert members(graph, sales) == {}
    assert graph.delete(f"/groups/{sales}/members/{anna}/$ref").status == 404


def test_groups_may_go_in_circles_but_not_into_themselves(graph, admin):
    sales, staff = group(admin), group(admin, "Staff")

    assert graph.post(f"/groups/{sales}/members/$ref", reference(staff)).status == 204
    assert graph.post(f"/groups/{staff}/members/$ref", reference(sales)).status == 204
    assert (
        graph.post(f"/groups/{sales}/members/$ref", reference(sales)).error["innerError"]["reason"] == "group-in-itself"
    )


@pytest.mark.parametrize(
    "address", ["", "x", "directoryObjects", f"{BASE}/anna@fjord.example", f"{BASE}/{NOBODYS}", f"ftp://x/{NOBODYS}"]
)
def test_an_address_of_nobody_is_refused(graph, admin, address):
    sales = group(admin)

    assert graph.post(f"/groups/{sales}/members/$ref", {"@odata.id": address}).status in (400, 404)
    assert members(graph, sales) == {}


def test_what_somebody_is_in_is_seen_from_them(graph, admin):
    sales, staff, anna = group(admin), group(admin, "Staff"), user(admin)
    graph.post(f"/groups/{sales}/members/$ref", reference(anna))
    graph.post(f"/groups/{staff}/members/$ref", reference(sales))

    assert [one["id"] for one in graph.get(f"/users/{anna}/memberOf").value] == [sales]
    assert [one["displayName"] for one in graph.get(f"/groups/{sales}/memberOf").value] == ["Staff"]
    assert graph.get(f"/groups/{sales}/memberOf").value[0]["@odata.type"] == "#microsoft.graph.group"


def test_a_group_has_no_owners_which_terraform_asks_of_each_that_it_looks_up(graph, admin):
    sales = group(admin)

    (found,) = graph.get("/groups?$filter=displayName eq 'Sales'".replace(" ", "%20")).value
    assert found["id"] == sales
    assert graph.get(f"/groups/{sales}/owners?$select=id").value == []
    assert graph.get(f"/groups/{NOBODYS}/owners").status == 404


def test_a_manager_is_given_named_and_taken_away(graph, admin):
    anna, chief = user(admin), user(admin, "chief@fjord.example")
    assert graph.get(f"/users/{anna}/manager").status == 404

    assert graph.put(f"/users/{anna}/manager/$ref", reference(chief)).status == 204
    assert graph.get(f"/users/{anna}/manager").body["id"] == chief
    assert (
        graph.get(f"/users/{anna}/manager/$ref").body["@odata.id"] == f"http://graph.test/v1.0/directoryObjects/{chief}"
    )

    assert graph.delete(f"/users/{anna}/manager/$ref").status == 204
    assert graph.delete(f"/users/{anna}/manager/$ref").status == 404


def test_nobody_manages_themselves_and_no_group_does(graph, admin):
    anna = user(admin)

    assert graph.put(f"/users/{anna}/manager/$ref", reference(anna)).error["innerError"]["reason"] == "own-manager"
    assert graph.put(f"/users/{anna}/manager/$ref", reference(group(admin))).status == 404


def test_a_deleted_manager_is_none(graph, admin):
    anna, chief = user(admin), user(admin, "chief@fjord.example")
    graph.put(f"/users/{anna}/manager/$ref", reference(chief))
    graph.delete(f"/users/{chief}")

    assert graph.get(f"/users/{anna}/manager").status == 404
