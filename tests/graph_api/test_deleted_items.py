"""The recycle bin over the API, and users and groups by their ids."""

import pytest

from support.graph_objects import NOBODYS, group, user


@pytest.fixture
def anna(graph, admin):
    """Deleted, and in a group."""
    key, sales = user(admin, department="Sales"), group(admin)
    graph.post(f"/groups/{sales}/members/$ref", {"@odata.id": f"http://x/directoryObjects/{key}"})
    assert graph.delete(f"/users/{key}").status == 204
    return key


@pytest.mark.parametrize("spelling", ["microsoft.graph.user", "graph.user", "microsoft.graph.User"])
def test_what_was_deleted_is_listed_by_kind(graph, anna, spelling):
    reply = graph.get(f"/directory/deletedItems/{spelling}?$count=true")

    assert [one["id"] for one in reply.value] == [anna]
    assert reply.value[0]["deletedDateTime"]
    assert reply.body["@odata.count"] == 1
    assert graph.get("/directory/deletedItems/microsoft.graph.group").value == []


def test_who_is_restored_is_as_before_in_the_same_groups(graph, anna):
    reply = graph.post(f"/directory/deletedItems/{anna}/restore")

    assert reply.status == 200
    assert reply.body["@odata.type"] == "#microsoft.graph.user"
    assert graph.get(f"/users/{anna}?$select=department").body["department"] == "Sales"
    assert len(graph.get(f"/users/{anna}/memberOf").value) == 1
    assert graph.get(f"/directory/deletedItems/{anna}").status == 404


def test_who_is_purged_does_not_come_back(graph, anna):
    assert graph.get(f"/directory/deletedItems/{anna}").body["id"] == anna
    assert graph.delete(f"/directory/deletedItems/{anna}").status == 204

    assert graph.post(f"/directory/deletedItems/{anna}/restore").status == 404
    assert graph.delete(f"/directory/deletedItems/{anna}").status == 404


def test_who_is_alive_is_not_in_the_bin(graph, admin):
    key = user(admin)

    for reply in (graph.get(f"/directory/deletedItems/{key}"), graph.delete(f"/directory/deletedItems/{key}")):
        assert reply.status == 404
    assert graph.get(f"/users/{key}").status == 200


def test_a_restore_under_a_name_that_is_taken_is_a_conflict(graph, admin, anna):
    user(admin)

    assert graph.post(f"/directory/deletedItems/{anna}/restore").status == 409


def test_objects_are_found_by_their_ids_whatever_they_are(graph, admin, anna):
    bo, staff = user(admin, "bo@fjord.example"), group(admin, "Staff")
    asked = [staff, anna, bo.upper(), NOBODYS, bo]

    def found(**more):
        return [one["id"] for one in graph.post("/directoryObjects/getByIds", {"ids": asked, **more}).value]

    assert found() == [staff, bo]
    assert found(types=["user"]) == [bo]
    assert found(types=["group", "device"]) == [staff]
    assert found(types=["device"]) == []
    assert graph.get(f"/directoryObjects/{staff}").body["@odata.type"] == "#microsoft.graph.group"
    assert graph.get(f"/directoryObjects/{anna}").status == 404


@pytest.mark.parametrize("ids", [["x"], [5], "x", None, [NOBODYS] * 1_001])
def test_what_are_no_ids_is_refused(graph, ids):
    assert graph.post("/directoryObjects/getByIds", {"ids": ids}).status == 400
