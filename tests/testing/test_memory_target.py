"""The in-memory target beyond its contract: its journal, its limits, its faults."""

import asyncio
import re
from pathlib import Path

import pytest

from provisor.engine.ports import Rejected, Throttled, Unauthorized, Unreachable
from provisor.scim.patch.operations import Operation
from provisor.scim.schemas.resource_types import GROUP_TYPE, USER_TYPE
from provisor.testing.faults import Killed
from provisor.testing.memory_target import MemoryTarget


def target(**options):
    return MemoryTarget(USER_TYPE, GROUP_TYPE, **options)


def create(held, name, kind="user"):
    return asyncio.run(held.create(kind, {"userName" if kind == "user" else "displayName": name}))


def test_the_journal_tells_method_kind_and_subject():
    held = target()

    async def scenario():
        anna = (await held.create("user", {"userName": "anna"})).resource["id"]
        sales = (await held.create("group", {"displayName": "Sales"})).resource["id"]
        await held.find("user", "userName", "bo")
        await held.patch_members(sales, [anna], [])
        await held.patch("user", anna, [Operation(op="replace", path="active", value=False)])
        await held.delete("user", anna)

    asyncio.run(scenario())

    assert held.journal == [
        ("POST", "user", "anna"),
        ("POST", "group", "Sales"),
        ("GET", "user", "bo"),
        ("PATCH", "group", "g-2"),
        ("PATCH", "user", "u-1"),
        ("DELETE", "user", "u-1"),
    ]
    assert held.sent("POST", "DELETE") == [
        ("POST", "user", "anna"),
        ("POST", "group", "Sales"),
        ("DELETE", "user", "u-1"),
    ]


def test_beyond_its_capacity_it_refuses_with_403_until_a_place_is_free():
    held = target(capacity={"group": 1})
    create(held, "Sales", "group")

    with pytest.raises(Rejected, match="group limit 1 reached") as refused:
        create(held, "Staff", "group")
    asyncio.run(held.delete("group", "g-1"))
    create(held, "Staff", "group")

    assert refused.value.status == 403
    assert [one["displayName"] for one in held.resources("group").values()] == ["Staff"]


def test_an_attribute_that_is_not_filterable_cannot_be_looked_for():
    held = target(filterable={"user": ("userName",)})

    with pytest.raises(Rejected) as refused:
        asyncio.run(held.find("user", "externalId", "7"))

    assert (refused.value.status, refused.value.scim_type) == (400, "invalidFilter")


def test_somebody_else_s_account_is_put_without_a_request():
    held = target()

    held.put("user", {"userName": "stranger"})

    assert held.journal == []
    assert held.by_name("user", "STRANGER")["id"] == "u-1"


def test_deleting_a_user_takes_them_out_of_their_groups():
    held = target()
    anna, sales = held.put("user", {"userName": "anna"}), held.put("group", {"displayName": "Sales"})
    asyncio.run(held.patch_members(sales, [anna], []))
    assert held.memberships() == {("Sales", "anna")}

    asyncio.run(held.delete("user", anna))

    assert held.memberships() == set()


def test_a_fault_before_the_effect_leaves_the_target_as_it_was():
    held = target()
    held.fail(2, Unreachable("gone", sent=False))
    create(held, "anna")

    with pytest.raises(Unreachable):
        create(held, "bo")
    create(held, "carl")

    assert [one["userName"] for one in held.resources("user").values()] == ["anna", "carl"]


def test_a_fault_after_the_effect_loses_only_the_answer():
    held = target()
    held.fail(1, Unreachable("gone"), after_effect=True)

    with pytest.raises(Unreachable) as lost:
        create(held, "anna")

    assert held.by_name("user", "anna") is not None
    assert lost.value.exchange.method == "POST"


def test_a_fault_counts_only_the_requests_it_is_for():
    held = target()
    held.fail(2, Unauthorized("no"), method="POST", kind="group", times=2)
    create(held, "anna")
    create(held, "Sales", "group")
    create(held, "bo")

    for _ in range(2):
        with pytest.raises(Unauthorized):
            create(held, "Staff", "group")
    create(held, "Staff", "group")

    assert len(held.resources("group")) == 2


def test_a_throttling_fault_keeps_its_time():
    from datetime import UTC, datetime

    until = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    held = target()
    held.fail(1, Throttled("slow down", until=until))

    with pytest.raises(Throttled) as refused:
        create(held, "anna")

    assert refused.value.until == until


def test_a_kill_passes_every_except_exception():
    held = target()
    held.fail(1, Killed(), after_effect=True)

    with pytest.raises(Killed):
        create(held, "anna")

    assert held.by_name("user", "anna") is not None


def test_requests_in_flight_are_counted_and_overlaps_noticed():
    held = target(latency_seconds=0.01)
    anna = held.put("user", {"userName": "anna"})
    change = [Operation(op="replace", path="active", value=False)]

    async def scenario():
        await asyncio.gather(*(held.create("user", {"userName": f"bo{number}"}) for number in range(5)))
        await asyncio.gather(held.patch("user", anna, change), held.patch("user", anna, change))

    asyncio.run(scenario())

    assert held.highest_in_flight == 5
    assert held.overlaps == [anna]


def two_people_in_a_group(**options):
    held = target(**options)
    ids = [held.put("user", {"userName": name}) for name in ("anna", "bo")]
    group = held.put("group", {"displayName": "Sales", "members": [{"value": one} for one in ids]})
    return held, *ids, group


def test_what_is_lost_is_gone_without_a_request_and_out_of_its_groups():
    held, anna, bo, group = two_people_in_a_group()

    held.lose("user", anna)

    assert held.by_name("user", "anna") is None
    assert held.members(group) == {bo}
    assert held.journal == []


def test_only_what_is_there_can_be_lost():
    with pytest.raises(KeyError, match="There is no user with the id u-1"):
        target().lose("user", "u-1")


def test_a_method_behaves_as_it_is_told_with_the_original_at_hand():
    held, anna, *_ = two_people_in_a_group()

    async def read(original, kind, target_id):
        found = await original(kind, target_id)
        return None if found.resource["userName"] == "anna" else found

    held.behave("read", read)

    assert asyncio.run(held.read("user", anna)) is None
    assert held.journal == [("GET", "user", anna)]


def test_a_second_behaviour_wraps_the_first():
    held, anna, *_ = two_people_in_a_group()
    heard = []

    def telling(word):
        async def read(original, *arguments):
            heard.append(word)
            return await original(*arguments)

        return read

    held.behave("read", telling("first"))
    held.behave("read", telling("second"))
    asyncio.run(held.read("user", anna))

    assert heard == ["second", "first"]


def test_a_healed_target_works_and_keeps_what_it_holds():
    held, anna, *_ = two_people_in_a_group()

    async def read(original, kind, target_id):
        return None

    held.behave("read", read)
    held.behave("read", read)
    held.fail(1, Unreachable("reset"), times=100)
    held.heal()

    assert asyncio.run(held.read("user", anna)).resource["userName"] == "anna"


def test_the_example_of_the_how_to_runs():
    page = Path(__file__).parents[2] / "docs" / "how-to" / "test-a-scim-endpoint.md"
    [example] = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    before, after = example.split("# … run what you test against it …\n")
    made = {}

    exec(before, made)
    found = asyncio.run(made["target"].find("user", "userName", "anna"))
    exec(after, made)

    assert found.resources == []
    assert made["target"].by_name("user", "anna") is None
    assert made["writes"] == []
