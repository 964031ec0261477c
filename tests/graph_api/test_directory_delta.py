"""Deltas over the API: rounds, links, what is told of what changes, and links that are no longer good."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.graph_api.app import GraphApi
from provisor.graph_api.routes import ROUTES
from provisor.main import build
from provisor.settings import read_settings
from provisor.storage import feed, tombstones
from support.graph_client import GraphClient
from support.graph_objects import group, instantiate, user

REF = "http://graph.test/v1.0/directoryObjects"


def follow(graph, link):
    """Everything that is told from a link on to the end of its round, and the link to the next."""
    told = []
    while True:
        reply = graph.get(link)
        assert reply.status == 200, reply.body
        assert ("@odata.nextLink" in reply.body) != ("@odata.deltaLink" in reply.body)
        told += reply.value
        if "@odata.deltaLink" in reply.body:
            return told, reply.body["@odata.deltaLink"]
        link = reply.body["@odata.nextLink"]


@pytest.fixture
def begun(graph, admin):
    """A user and a group, told; the links from there on."""
    anna, sales = user(admin, department="Sales"), group(admin)
    _, users = follow(graph, "/users/delta?$select=displayName,department,manager")
    _, groups = follow(graph, "/groups/delta?$select=displayName,members")
    return anna, sales, users, groups


@pytest.mark.parametrize("spelling", ["delta", "delta()", "microsoft.graph.delta", "microsoft.graph.delta()"])
def test_a_first_round_tells_everything_in_every_spelling(graph, admin, spelling):
    keys = {user(admin), user(admin, "bo@fjord.example")}

    told, link = follow(graph, f"/users/{spelling}")

    assert {one["id"] for one in told} == keys
    assert all("displayName" not in one for one in told)  # they never had one
    assert follow(graph, link)[0] == []


def edited(graph, admin, anna, sales):
    graph.patch(f"/users/{anna}", {"department": "Research"})
    return {"id": anna, "displayName": None, "department": "Research", "manager@delta": []}


def cleared(graph, admin, anna, sales):
    graph.patch(f"/users/{anna}", {"department": None})
    return {"id": anna, "displayName": None, "department": None, "manager@delta": []}


def managed(graph, admin, anna, sales):
    _, link = follow(graph, "/users/delta?$deltatoken=latest")
    chief = user(admin, "chief@fjord.example")
    _, link = follow(graph, link)
    graph.put(f"/users/{anna}/manager/$ref", {"@odata.id": f"{REF}/{chief}"})
    return {"id": anna, "displayName": None, "department": "Sales",
            "manager@delta": [{"@odata.type": "#microsoft.graph.user", "id": chief}]}  # fmt: skip


def soft_deleted(graph, admin, anna, sales):
    graph.delete(f"/users/{anna}")
    return {"id": anna, "@removed": {"reason": "changed"}}


def purged(graph, admin, anna, sales):
    graph.delete(f"/users/{anna}")
    graph.delete(f"/directory/deletedItems/{anna}")
    return {"id": anna, "@removed": {"reason": "deleted"}}


def restored(graph, admin, anna, sales):
    graph.delete(f"/users/{anna}")
    graph.post(f"/directory/deletedItems/{anna}/restore")
    return {"id": anna, "displayName": None, "department": "Sales", "manager@delta": []}


@pytest.mark.parametrize("change", [edited, cleared, managed, soft_deleted, purged, restored])
def test_what_changed_of_a_user_is_told_once(graph, admin, begun, change):
    anna, sales, users, _ = begun

    expected = change(graph, admin, anna, sales)

    told, link = follow(graph, users)
    assert [one for one in told if one["id"] == anna] == [expected]
    assert follow(graph, link)[0] == []


def test_members_come_and_go(graph, admin, begun):
    anna, sales, _, groups = begun
    person = {"@odata.type": "#microsoft.graph.user", "id": anna}

    graph.post(f"/groups/{sales}/members/$ref", {"@odata.id": f"{REF}/{anna}"})
    told, groups = follow(graph, groups)
    assert told == [{"id": sales, "members@delta": [person]}]

    graph.delete(f"/users/{anna}")
    told, groups = follow(graph, groups)
    assert told == [{"id": sales, "members@delta": [{**person, "@removed": {"reason": "deleted"}}]}]

    graph.post(f"/directory/deletedItems/{anna}/restore")
    told, groups = follow(graph, groups)
    assert told == [{"id": sales, "members@delta": [person]}]

    graph.delete(f"/groups/{sales}/members/{anna}/$ref")
    told, groups = follow(graph, groups)
    assert told == [{"id": sales, "members@delta": [{**person, "@removed": {"reason": "deleted"}}]}]


def test_a_restored_group_is_told_with_all_its_members(graph, admin, begun):
    anna, sales, _, groups = begun
    graph.post(f"/groups/{sales}/members/$ref", {"@odata.id": f"{REF}/{anna}"})
    _, groups = follow(graph, groups)

    graph.delete(f"/groups/{sales}")
    told, groups = follow(graph, groups)
    assert told == [{"id": sales, "@removed": {"reason": "changed"}}]

    graph.post(f"/directory/deletedItems/{sales}/restore")
    told, _ = follow(graph, groups)
    assert told == [
        {"id": sales, "displayName": "Sales", "members@delta": [{"@odata.type": "#microsoft.graph.user", "id": anna}]}
    ]


def test_a_large_round_is_spread_over_pages_and_nobody_is_lost(graph, admin):
    sales = group(admin)
    people = [user(admin, f"user{number:03}@fjord.example") for number in range(205)]
    for start in range(0, 205, 20):
        graph.patch(f"/groups/{sales}", {"members@odata.bind": [f"{REF}/{key}" for key in people[start : start + 20]]})

    told, _ = follow(graph, "/groups/delta?$expand=members")

    met = [one["id"] for entry in told for one in entry.get("members@delta", [])]
    assert sorted(met) == sorted(people)
    assert {entry["id"] for entry in told} == {sales}
    assert len(follow(graph, "/users/delta")[0]) == 205


def test_an_extension_is_told_where_it_is_selected_and_null_when_it_is_cleared(graph, admin):
    application = instantiate(graph)["application"]
    body = {"name": "badge", "dataType": "String", "targetObjects": ["User"]}
    name = graph.post(f"/applications/{application['id']}/extensionProperties", body).body["name"]
    anna = user(admin)
    graph.patch(f"/users/{anna}", {name: "7"})

    told, link = follow(graph, f"/users/delta?$select={name}")
    assert told == [{"id": anna, name: "7"}]

    graph.patch(f"/users/{anna}", {name: None})
    assert follow(graph, link)[0] == [{"id": anna, name: None}]


def test_a_round_may_be_narrowed_to_some(graph, admin):
    anna, bo = user(admin), user(admin, "bo@fjord.example")

    told, link = follow(graph, f"/users/delta?$filter=id%20eq%20'{anna}'")
    assert [one["id"] for one in told] == [anna]

    for key in (anna, bo):
        graph.patch(f"/users/{key}", {"city": "Oslo"})
    assert [one["id"] for one in follow(graph, link)[0]] == [anna]


def test_the_latest_link_tells_only_what_changes_from_now_on(graph, admin, begun):
    anna = begun[0]
    told, link = follow(graph, "/users/delta?$deltaToken=latest&$select=city")
    assert told == []

    graph.patch(f"/users/{anna}", {"city": "Oslo"})
    assert follow(graph, link)[0] == [{"id": anna, "city": "Oslo"}]


@pytest.mark.parametrize(
    "query",
    ["$top=5", "$orderby=displayName", "$expand=manager", "$filter=displayName eq 'x'", "$select=memberOf",
     "$filter=" + " or ".join(["id eq 'x'"] * 51)],
    ids=lambda query: query[:30],
)  # fmt: skip
def test_what_a_delta_does_not_offer_is_refused(graph, query):
    assert graph.get(f"/users/delta?{query.replace(' ', '%20')}").status == 400


def test_members_are_not_told_of_users(graph):
    assert graph.get("/users/delta?$select=members").status == 400
    assert graph.get("/users/delta?$expand=members").status == 400


def test_a_link_from_before_tombstones_went_begins_anew(graph, admin, begun):
    anna, _, users, _ = begun
    graph.delete(f"/users/{anna}")
    graph.delete(f"/directory/deletedItems/{anna}")
    context = admin.users.context
    with context.database.transaction() as connection:
        passed = feed.current_change(connection, context.tenant)
        assert tombstones.clean(connection, context.tenant, passed, now=datetime.now(UTC) + timedelta(days=9))

    reply = graph.get(users)

    assert (reply.status, reply.error["code"]) == (410, "syncStateNotFound")
    assert reply.headers["location"] == "http://graph.test/v1.0/users/delta?$select=displayName,department,manager"
    assert follow(graph, reply.headers["location"])[0] == []


def test_a_link_of_another_kind_or_directory_is_refused(graph, admin, begun, tmp_path, migrated_file):
    _, _, users, groups = begun
    data = tmp_path / "another"
    data.mkdir(mode=0o700)
    shutil.copy(migrated_file, data / "provisor.sqlite")
    other = GraphApi(
        build(read_settings({"PROVISOR_DATA": str(data)})), ROUTES, lambda *who: LOCAL_OPERATOR,
        now=lambda: datetime.now(UTC),
    )  # fmt: skip

    assert graph.get(users.replace("/users/", "/groups/")).status == 400
    assert graph.get(users[:-1]).status == 400
    assert GraphClient(other).get(groups).status == 400
    other.close()


def test_a_link_is_good_for_seven_days(admin, begun):
    def at(days):
        app = GraphApi(admin, ROUTES, lambda *who: LOCAL_OPERATOR, now=lambda: datetime.now(UTC) + timedelta(days=days))
        reply = GraphClient(app).get(begun[2])
        app.close()
        return reply

    assert at(6.9).status == 200
    assert at(7.1).status == 410
    assert at(7.1).headers["location"] == "http://graph.test/v1.0/users/delta"


def test_a_link_of_a_database_that_was_put_back_is_refused(graph, admin, begun):
    anna, _, _, _ = begun
    graph.patch(f"/users/{anna}", {"city": "Oslo"})
    _, link = follow(graph, "/users/delta")
    with admin.users.context.database.transaction() as connection:
        connection.execute("UPDATE feed SET number = number - 1")

    assert graph.get(link).status == 410
