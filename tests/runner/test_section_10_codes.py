"""Every code of the vocabulary in spec/provisioning-service.md section 10 and every HTTP answer, through real cycles.

What single errors become is in tests/engine/test_outcome.py; the cadence in test_section_10_escrow.py.
"""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.engine.ports import Malformed, Rejected, Throttled, Unauthorized, Unreachable
from provisor.storage import quarantine

SCIM = "SystemForCrossDomainIdentityManagement"


@pytest.fixture(params=["provisor", "entra"])
def office(request, make_world):
    """Anna and Bo, who are to have accounts."""
    world = make_world("scim", behaviour=request.param, scope="all")
    world.organisation.users(["anna@x", "bo@x"])
    return world


def refuse(world, error, *methods):
    """Each of these methods fails about Anna from now on; the last run's requests are about her too."""

    def failing(method):
        async def fail(original, *asked):
            about = asked[1] if method == "create" else world.target.resources("user").get(asked[1], {})
            if isinstance(about, dict) and about.get("userName") == "anna@x":
                raise error(world) if callable(error) else error
            return await original(*asked)

        return fail

    world.failing(**{method: failing(method) for method in methods or ("create",)})


def told(world):
    event = world.events(identity="anna@x")[-1]
    return event.status, event.code


CREATES = {  # what the application answers to the create: HTTP -> code
    "400": (Rejected("no", status=400), "UnprocessableEntity"),
    "400 invalidPath": (Rejected("no", status=400, scim_type="invalidPath"), "SchemaAttributeNotFound"),
    "400 mutability": (Rejected("no", status=400, scim_type="mutability"), "NotPermitted"),
    "400 tooMany": (Rejected("no", status=400, scim_type="tooMany"), f"{SCIM}MultipleEntriesInResponse"),
    "400 required": (Rejected("no", status=400, detail="title is required."), "MandatoryFieldsMissing"),
    "400 unverified domain": (Rejected("no", status=400, detail="The domain x is unverified."), "UnprocessableEntity"),
    "403": (Rejected("no", status=403), "InsufficientRights"),
    "403 no seats": (Rejected("no", status=403, detail="No licenses are left."), "InsufficientRights"),
    "405": (Rejected("no", status=405), "MethodNotAllowed"),
    "409": (Rejected("no", status=409, scim_type="uniqueness"), "EntryConflict"),
    "412": (Rejected("no", status=412), "Conflict"),
    "422": (Rejected("no", status=422), "UnprocessableEntity"),
    "429": (lambda world: Throttled("wait", until=world.now()), "TooManyRequests"),
    "500": (Rejected("no", status=500), "InternalServerError"),
    "501": (Rejected("no", status=501), "NotImplemented"),
    "503": (Rejected("no", status=503), "InternalServerError"),
    "too slow": (Unreachable("60 s", timed_out=True), "Timeout"),
    "no SCIM": (Malformed("<html>", status=200), f"{SCIM}ServiceIncompatible"),
    "our own fault": (lambda world: RuntimeError("ours"), "InternalError"),
}


@pytest.mark.parametrize(("error", "code"), CREATES.values(), ids=CREATES)
def test_section_10_a_refused_create_has_its_code_is_kept_and_is_tried_by_the_next_cycle(office, error, code):
    refuse(office, error)

    summary = office.run()

    assert (summary.state, summary.counts["user.create"], told(office)) == (
        "entry-level-errors",
        1,
        ("failure", code),
    )
    assert [(entry.name, entry.code, entry.attempts) for entry in office.escrow()] == [("anna@x", code, 1)]
    office.heal()
    assert office.run().state == "succeeded"
    assert (office.escrow(), office.account("anna@x")["active"]) == ([], True)


CHANGES = {
    "404": (Rejected("no", status=404), "InvalidAnchor"),  # of an account that is there; section 3.4 has the others
    "409": (Rejected("no", status=409, scim_type="uniqueness"), "EntryConflict"),
    "412": (Rejected("no", status=412), "Conflict"),
    "422": (Rejected("no", status=422), "UnprocessableEntity"),
    "501": (Rejected("no", status=501), "NotImplemented"),
}


@pytest.mark.parametrize(("error", "code"), CHANGES.values(), ids=CHANGES)
def test_section_10_a_refused_change_has_its_code(office, error, code):
    office.run()
    refuse(office, error, "patch")
    office.organisation.change("anna@x", displayName="Anna B")

    office.run()

    assert [(entry.name, entry.code) for entry in office.escrow()] == [("anna@x", code)]
    assert office.account("bo@x")["active"] is True


STOPS = {
    "Unauthorized": Unauthorized("no"),
    "WebExceptionProtocolError": Unreachable("refused", sent=False),
}


@pytest.mark.parametrize(("code", "error"), STOPS.items(), ids=STOPS)
def test_section_10_what_concerns_nobody_in_particular_stops_the_cycle_and_quarantines(office, code, error):
    office.run()
    refuse(office, error, "patch")
    office.organisation.change("anna@x", displayName="Anna B")

    summary = office.run()

    found = quarantine.read(office.database.reader(), office.job.number)
    assert (summary.state, summary.error.code) == ("failed", code)
    assert (found.reason, found.failure.code) == ("EncounteredQuarantineException", code)
    assert office.escrow() == []


def too_many_values(world, admin):
    world.organisation.change("anna@x", otherMails=["a@x", "b@x"])
    admin.schemas.map(ME, world.job.id, "user", source="otherMails", target="title")


def nothing_to_match_by(world, admin):
    document = admin.schemas.export(ME, world.job.id)
    rows = world.mapping_of(document)["attributeMappings"]
    for row in rows:
        if row["targetAttributeName"] == "userName":
            row["matchingPriority"] = 0
        if row["targetAttributeName"] == "externalId":
            row["matchingPriority"] = 1
            row["source"] = {"name": "mailNickname", "type": "Attribute", "expression": "[mailNickname]"}
    admin.schemas.save(ME, world.job.id, document)
    world.organisation.change("bo@x", mailNickname="bo")


def matches_two(world, admin):
    world.target = world.new_target(unique=False)
    for _ in range(2):
        world.target.put("user", {"userName": "anna@x", "active": True})


def out_of_scope(world, admin):
    world.organisation.change("anna@x", accountEnabled=False)


def a_manager_without_account(world, admin):
    world.organisation.user("mona@x", enabled=False)
    world.organisation.change("anna@x", manager="mona@x")


OTHERS = {
    "SchemaPropertyCanOnlyAcceptValue": (too_many_values, "failure"),
    "DuplicateTargetEntries": (matches_two, "failure"),
    "ImportSkipped": (nothing_to_match_by, "skipped"),
    "NotEffectivelyEntitled": (out_of_scope, "skipped"),  # section 10 calls all of these EntrySynchronizationSkipped
    "UnableToResolveReferenceAttributeValue": (a_manager_without_account, "warning"),
}


@pytest.mark.parametrize(("code", "row"), OTHERS.items(), ids=OTHERS)
def test_section_10_a_code_that_no_answer_leads_to(office, admin_of, code, row):
    happens, status = row
    happens(office, admin_of(office))

    office.run()

    assert (status, code) in [(event.status, event.code) for event in office.events(identity="anna@x")]
    failed = [entry.code for entry in office.escrow() if entry.kind == "object"]
    assert failed == ([code] if status == "failure" else [])


def test_section_10_two_people_for_one_account_are_duplicate_source_entries(office):
    office.run()
    rules = office.rules()
    for row in office.mapping_of(rules)["attributeMappings"]:
        if row["targetAttributeName"] == "userName":
            row["source"] = {"name": "mail", "type": "Attribute", "expression": "[mail]"}
    office.organisation.change("anna@x", mail="anna@x")
    office.organisation.change("bo@x", mail="bo@x")
    office.organisation.user("cleo@x", mail="anna@x")
    office.save_rules(rules)

    office.run()

    assert [(entry.name, entry.code) for entry in office.escrow()] == [("cleo@x", "DuplicateSourceEntries")]


# Every answer × whatever else is sent: changes of people, groups and memberships, and access that is taken away.


def staffed(world):
    """Everybody provisioned, Anna and Bo in a group."""
    world.organisation.group("Sales", ["anna@x", "bo@x"])
    world.organisation.user("cleo@x")
    assert world.run().state == "succeeded"


def sales(world):
    return world.target.by_name("group", "Sales")


VERBS = {  # what happens in the directory, the methods that are answered wrongly, what must be so in the end
    "update": (
        lambda world: world.organisation.change("anna@x", displayName="Anna B"),
        ["patch"],
        lambda world: world.account("anna@x")["displayName"] == "Anna B",
    ),
    "disable": (
        lambda world: world.organisation.change("anna@x", accountEnabled=False),
        ["patch"],
        lambda world: world.account("anna@x")["active"] is False,
    ),
    "delete": (
        lambda world: world.purge("anna@x"),
        ["delete"],
        lambda world: world.target.by_name("user", "anna@x") is None,
    ),
    "rename of a group": (
        lambda world: world.organisation.change("Sales", kind="group", displayName="Sellers"),
        ["patch"],
        lambda world: world.target.by_name("group", "Sellers") is not None,
    ),
    "deletion of a group": (
        lambda world: world.organisation.delete("Sales", "group"),
        ["delete"],
        lambda world: sales(world) is None,
    ),
    "a member who comes": (
        lambda world: world.organisation.join("Sales", "cleo@x"),
        ["patch_members"],
        lambda world: ("Sales", "cleo@x") in world.target.memberships(),
    ),
    "a member who goes": (
        lambda world: world.organisation.leave("Sales", "anna@x"),
        ["patch_members"],
        lambda world: ("Sales", "anna@x") not in world.target.memberships(),
    ),
    "a manager": (
        lambda world: world.organisation.change("anna@x", manager="bo@x"),
        ["patch"],
        lambda world: "manager" in str(world.account("anna@x")),
    ),
}
ANSWERS = {
    "400": (Rejected("no", status=400), "UnprocessableEntity"),
    "403": (Rejected("no", status=403), "InsufficientRights"),
    "405": (Rejected("no", status=405), "MethodNotAllowed"),
    "412": (Rejected("no", status=412), "Conflict"),
    "422": (Rejected("no", status=422), "UnprocessableEntity"),
    "429": (lambda world: Throttled("wait", until=world.now()), "TooManyRequests"),
    "500": (Rejected("no", status=500), "InternalServerError"),
    "501": (Rejected("no", status=501), "NotImplemented"),
    "503": (Rejected("no", status=503), "InternalServerError"),
    "too slow": (Unreachable("60 s", timed_out=True), "Timeout"),
    "our own fault": (lambda world: RuntimeError("ours"), "InternalError"),
}


@pytest.mark.fast_rows(16)
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("verb", VERBS)
def test_section_10_whatever_is_refused_has_its_code_is_kept_and_is_done_by_the_next_cycle(office, verb, answer):
    happens, methods, is_right = VERBS[verb]
    error, code = ANSWERS[answer]
    staffed(office)

    async def fail(original, *asked):
        raise error(office) if callable(error) else error

    office.failing(**dict.fromkeys(methods, fail))
    happens(office)

    summary = office.run()

    assert summary.state == "entry-level-errors"
    assert [entry.code for entry in office.escrow()] == [code]
    assert [event.code for event in office.events(status="failure")] == [code]
    assert not is_right(office)
    office.heal()
    assert office.run().state == "succeeded"
    assert is_right(office)
    assert office.escrow() == []
    assert office.run().requests == {"GET": 1}
