"""An error of our own about one object is that object's failure in every phase, and never the end of a run: spec section
10, InternalError."""

import pytest

from provisor.engine.ports import Rejected
from provisor.runner.planning import finding, plan_members, plan_rows, recovery
from provisor.runner.recording import recorder
from provisor.storage import links

ANNA = "anna@x"
OTHERS = {"bo@x", "cleo@x"}


@pytest.fixture(params=["provisor", "entra"])
def office(request, make_world):
    """Three people and a group of all of them."""
    world = make_world("scim", behaviour=request.param, scope="all")
    world.organisation.users([ANNA, *OTHERS], mailNickname="nick")
    world.organisation.group("Staff", [ANNA, *OTHERS])
    return world


def about_anna(*arguments):
    return any(ANNA in repr(argument) for argument in arguments)


def breaking(monkeypatch, module, name):
    """A function of ours that breaks whenever it is about Anna."""
    original = getattr(module, name)

    def broken(*arguments, **named):
        if about_anna(*arguments, *named.values()):
            raise RuntimeError("ours")
        return original(*arguments, **named)

    monkeypatch.setattr(module, name, broken)


def breaking_at_target(world, method):
    """A request that breaks whenever it is about Anna: the account of that name, or of that id."""
    account = world.target.by_name("user", ANNA)
    known = (ANNA,) if account is None else (ANNA, str(account["id"]))

    async def broken(original, *arguments):
        if any(one in repr(argument) for one in known for argument in arguments):
            raise RuntimeError("ours")
        return await original(*arguments)

    world.failing(**{method: broken})


def new_name(world):
    world.organisation.change(ANNA, displayName=f"New {ANNA}")
    world.organisation.change("bo@x", displayName="New Bo")


def in_escrow(world):
    return {one.name: one.code for one in world.escrow()}


@pytest.mark.parametrize("request_method", ["find", "create"])
def test_section_10_a_request_that_breaks_for_one_is_the_failure_of_that_one(office, request_method):
    breaking_at_target(office, request_method)

    async def page(original, kind, start_index, count):
        raise Rejected("no lists", status=501)

    office.failing(page=page)

    summary = office.run()

    assert summary.error is None
    assert {one["userName"] for one in office.target.resources("user").values()} == OTHERS
    assert in_escrow(office)[ANNA] == "InternalError"


@pytest.mark.parametrize("request_method", ["read", "patch"])
def test_section_10_a_change_that_breaks_for_one_is_the_failure_of_that_one(office, request_method):
    office.run()
    if request_method == "read" and office.job.behaviour == "provisor":
        with office.database.transaction() as connection:
            links.doubt(connection, office.job.number, [office.organisation.id("user", ANNA)])
    breaking_at_target(office, request_method)
    new_name(office)

    summary = office.run()

    assert summary.error is None
    assert office.account("bo@x")["displayName"] == "New Bo"
    assert in_escrow(office) == {ANNA: "InternalError"}


def test_section_10_a_plan_that_breaks_for_one_is_the_failure_of_that_one(office, monkeypatch):
    office.run()
    breaking(monkeypatch, plan_rows, "difference")
    new_name(office)

    summary = office.run()

    assert summary.error is None
    assert office.account("bo@x")["displayName"] == "New Bo"
    assert in_escrow(office) == {ANNA: "InternalError"}


def test_section_10_a_matching_that_breaks_for_one_is_the_failure_of_that_one(office, monkeypatch):
    breaking(monkeypatch, finding, "settle_found")

    summary = office.run()

    assert summary.error is None
    assert {one["userName"] for one in office.target.resources("user").values()} == OTHERS
    assert in_escrow(office)[ANNA] == "InternalError"


def test_section_10_what_cannot_be_recorded_of_one_is_the_failure_of_that_one(office, monkeypatch):
    put = links.put

    def broken(connection, rows):
        if any(ANNA in row.pushed_document for row in rows):
            raise RuntimeError("ours")
        put(connection, rows)

    monkeypatch.setattr(recorder.links, "put", broken)

    summary = office.run()

    assert summary.error is None
    assert in_escrow(office)[ANNA] == "InternalError"
    monkeypatch.undo()
    office.run()
    assert office.escrow() == []
    names = [one["userName"] for one in office.target.resources("user").values()]
    assert sorted(names) == sorted({ANNA, *OTHERS})


def test_section_10_memberships_whose_plan_breaks_are_the_failure_of_their_group(office, monkeypatch):
    office.organisation.group("Crew", ["bo@x"])
    second_row = plan_members.second_row

    def broken(run, item, *arguments, **named):
        if item.name == "Staff":
            raise RuntimeError("ours")
        return second_row(run, item, *arguments, **named)

    monkeypatch.setattr(plan_members, "second_row", broken)

    summary = office.run()

    assert summary.error is None
    assert office.target.memberships() == {("Crew", "bo@x")}
    assert in_escrow(office) == {"Staff": "InternalError"}
    monkeypatch.undo()
    office.run()
    assert len(office.target.memberships()) == 4


def test_section_10_a_look_that_breaks_for_one_leaves_that_one_unknown(office, monkeypatch):
    async def create(original, kind, document):
        await original(kind, document)
        raise Rejected("gone", status=500, exchange=None)

    office.target.fail(1, Rejected("no", status=500), method="POST")
    office.run()
    breaking(monkeypatch, recovery, "look_for")

    summary = office.run()

    assert summary.error is None


def test_section_10_the_sentence_says_where_it_broke_and_nothing_of_the_values(office):
    breaking_at_target(office, "create")
    office.run()

    (entry,) = [one for one in office.escrow() if one.name == ANNA]
    assert "RuntimeError in " in entry.message
    assert "ours" not in entry.message


# 412


@pytest.mark.parametrize("verb", ["change", "disable", "delete"])
def test_section_10_an_account_that_was_changed_meanwhile_is_read_and_tried_once_more(office, verb):
    office.run()
    match verb:
        case "change":
            new_name(office)
        case "disable":
            office.organisation.change(ANNA, accountEnabled=False, displayName="Leaving")
        case _:
            office.purge(ANNA)
    office.target.fail(
        1, Rejected("changed", status=412), method="DELETE" if verb == "delete" else "PATCH", kind="user"
    )

    summary = office.run()

    assert (summary.state, office.escrow()) == ("succeeded", [])
    assert office.methods()["GET"] >= 2


def test_section_10_memberships_of_a_group_that_was_changed_meanwhile_are_told_once_more(office):
    office.target.fail(1, Rejected("changed", status=412), method="PATCH", kind="group")

    summary = office.run()

    assert (summary.state, len(office.target.memberships())) == ("succeeded", 3)


def test_section_10_what_is_changed_again_and_again_is_a_conflict_in_the_end(office):
    office.run()
    new_name(office)
    office.target.fail(1, Rejected("changed", status=412), method="PATCH", kind="user", times=9)

    office.run()

    assert set(in_escrow(office).values()) == {"Conflict"}
