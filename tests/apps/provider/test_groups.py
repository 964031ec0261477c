"""Groups and their members: rows, not lists; capacity; deletion (spec/scim-wire.md sections 3, 9 and 11.4)."""

import asyncio
import json

import pytest

BOTH_STORES = True


def members_op(verb, ids):
    return {"op": verb, "path": "members", "value": [{"value": id_} for id_ in ids]}


def test_the_two_hundred_and_first_group_is_refused_and_the_others_keep_working(scim):
    groups = [scim.group(f"G{number}")["id"] for number in range(200)]

    refused = scim.post("/Groups", {"displayName": "one too many"})

    assert (refused.status, refused.json["detail"]) == (403, "group limit 200 reached")
    assert "scimType" not in refused.json
    assert scim.patch(f"/Groups/{groups[0]}", {"op": "replace", "path": "displayName", "value": "new"}).status == 204


def test_a_deleted_group_frees_a_place(scim):
    groups = [scim.group(f"G{number}")["id"] for number in range(200)]
    scim.post("/Groups", {"displayName": "one too many"})

    scim.delete(f"/Groups/{groups[7]}")

    assert scim.post("/Groups", {"displayName": "fits now"}).status == 201
    assert scim.post("/Groups", {"displayName": "again too many"}).status == 403
    assert scim.get("/Groups", count=0).json["totalResults"] == 200


def test_a_taken_name_does_not_use_up_a_place(scim):
    for number in range(199):
        scim.group(f"G{number}")
    scim.post("/Groups", {"displayName": "g0"})

    assert scim.post("/Groups", {"displayName": "the last"}).status == 201


def test_the_generic_profile_has_no_limit(scim_generic):
    for number in range(201):
        scim_generic.group(f"G{number}")

    assert scim_generic.get("/Groups", count=0).json["totalResults"] == 201


def test_a_group_may_be_created_with_members(scim):
    one = scim.user("one")["id"]

    group = scim.group(members=[one, one])

    assert group["members"] == [
        {"value": one, "$ref": f"http://target.example:8020/identity/v2/scim/Users/{one}", "type": "User"}
    ]


def test_a_member_nobody_knows_is_refused_and_nobody_is_added(scim):
    one, group = scim.user("one")["id"], scim.group()["id"]

    answer = scim.patch(f"/Groups/{group}", members_op("add", [one, "no-such-id"]))

    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
    assert "no-such-id" in answer.json["detail"]
    assert scim.members(group) == []


def test_removing_a_member_who_is_not_there_is_no_error(scim):
    group = scim.group()["id"]
    gone = scim.user("gone")["id"]
    scim.delete(f"/Users/{gone}")

    assert scim.patch(f"/Groups/{group}", members_op("remove", [gone])).status == 204


def test_a_group_is_a_member_only_where_the_profile_nests_groups(scim, scim_generic):
    for client, status in ((scim, 400), (scim_generic, 204)):
        nested, outer = client.group("inner")["id"], client.group("outer")["id"]
        assert client.patch(f"/Groups/{outer}", members_op("add", [nested])).status == status


def test_deleting_a_user_removes_the_memberships_and_moves_the_groups_version(scim):
    one, two = scim.user("one")["id"], scim.user("two")["id"]
    group = scim.group(members=[one, two])

    scim.delete(f"/Users/{one}")

    after = scim.get(f"/Groups/{group['id']}").json
    assert [member["value"] for member in after["members"]] == [two]
    assert after["meta"]["version"] == 'W/"2"'


def test_deleting_a_group_leaves_its_members(scim):
    one = scim.user("one")["id"]
    group = scim.group(members=[one])["id"]

    scim.delete(f"/Groups/{group}")

    assert scim.get(f"/Users/{one}").status == 200
    assert "members" not in scim.group()


def test_a_user_of_the_generic_profile_shows_the_groups(scim_generic):
    one = scim_generic.user("one")["id"]
    group = scim_generic.group(members=[one])["id"]

    assert [item["value"] for item in scim_generic.get(f"/Users/{one}").json["groups"]] == [group]
    assert "groups" not in scim_generic.get(f"/Users/{one}", excludedAttributes="groups").json


def test_a_change_of_members_and_of_the_name_in_one_patch(scim):
    one, group = scim.user("one")["id"], scim.group()["id"]

    scim.patch(f"/Groups/{group}", {"op": "add", "value": {"displayName": "New", "members": [{"value": one}]}})

    after = scim.get(f"/Groups/{group}").json
    assert (after["displayName"], after["meta"]["version"]) == ("New", 'W/"2"')
    assert scim.members(group) == [one]


def test_members_chosen_by_another_attribute_are_removed(scim):
    one, group = scim.user("one")["id"], scim.group()["id"]
    scim.patch(f"/Groups/{group}", members_op("add", [one]))

    scim.patch(f"/Groups/{group}", {"op": "remove", "path": 'members[type eq "User"]'})

    assert scim.members(group) == []


@pytest.mark.usefixtures("in_sqlite")
def test_a_member_change_reads_no_member_and_no_more_rows_in_a_large_group(umbrella):
    scim = umbrella.client
    ids = [scim.user(f"u{number}")["id"] for number in range(60)]
    small, large = scim.group("small")["id"], scim.group("large", members=ids[:50])["id"]
    counts = []
    for group, who in ((small, ids[50]), (large, ids[51])):
        umbrella.runner.run(umbrella.target.exchanges.flush())  # the next round is a second away
        statements = []
        for connection in umbrella.database.connections:
            connection.raw.set_trace_callback(statements.append)
        scim.patch(f"/Groups/{group}", members_op("add", [who]))
        scim.patch(f"/Groups/{group}", members_op("remove", [who]))
        for connection in umbrella.database.connections:
            connection.raw.set_trace_callback(None)
        counts.append(len([text for text in statements if "request_log" not in text and "last_used" not in text]))
        assert not any(text.startswith("SELECT member_id") for text in statements)

    assert abs(counts[0] - counts[1]) <= 4  # a flush of the log may fall between


def test_a_group_of_thousands_is_read_whole_while_others_are_answered(umbrella):
    scim = umbrella.client
    group = scim.group()["id"]
    with umbrella.database.transaction() as connection:
        connection.many(
            "INSERT INTO membership (group_id, member_id, member_kind) VALUES (?, ?, 'User')",
            [(group, f"{number:036d}") for number in range(3_000)],
        )

    async def both():
        headers = {"Authorization": f"Bearer {scim.token}"}
        order = []

        async def ask(path, name):
            answer = await umbrella.answer("GET", scim.base + path, "", headers, b"")
            order.append(name)
            return answer

        answers = await asyncio.gather(ask(f"/Groups/{group}", "large"), ask("/Users", "small"))
        return order, answers[0]

    order, answer = umbrella.runner.run(both())

    assert order == ["small", "large"]
    assert len(json.loads(answer.body)["members"]) == 3_000


def test_concurrent_member_changes_lose_nothing(umbrella):
    scim = umbrella.client
    ids = [scim.user(f"u{number}")["id"] for number in range(40)]
    group = scim.group()["id"]

    async def all_at_once():
        headers = {"Authorization": f"Bearer {scim.token}"}
        bodies = [json.dumps({"Operations": [members_op("add", [id_])]}).encode() for id_ in ids]
        return await asyncio.gather(
            *(umbrella.answer("PATCH", f"{scim.base}/Groups/{group}", "", headers, body) for body in bodies)
        )

    answers = umbrella.runner.run(all_at_once())

    assert {answer.status for answer in answers} == {204}
    assert scim.members(group) == sorted(ids)


def test_of_racing_duplicates_one_is_made(umbrella):
    scim = umbrella.client

    async def race():
        headers = {"Authorization": f"Bearer {scim.token}"}
        body = json.dumps({"userName": "ana"}).encode()
        return await asyncio.gather(
            *(umbrella.answer("POST", f"{scim.base}/Users", "", headers, body) for _ in range(20))
        )

    assert sorted(answer.status for answer in umbrella.runner.run(race())) == [201] + [409] * 19


@pytest.mark.parametrize("path", ["/Users", "/Groups"])
def test_if_match_lets_only_one_of_many_through(umbrella, path):
    scim = umbrella.client
    made = scim.user() if path == "/Users" else scim.group()

    async def race():
        headers = {"Authorization": f"Bearer {scim.token}", "If-Match": made["meta"]["version"]}
        return await asyncio.gather(
            *(
                umbrella.answer(
                    "PATCH",
                    f"{scim.base}{path}/{made['id']}",
                    "",
                    headers,
                    json.dumps({"Operations": [{"op": "add", "path": "externalId", "value": str(number)}]}).encode(),
                )
                for number in range(10)
            )
        )

    assert sorted(answer.status for answer in umbrella.runner.run(race()))[1:] == [412] * 9
