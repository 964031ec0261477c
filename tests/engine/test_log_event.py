"""Log events in the shape of Graph's provisioningObjectSummary (spec/provisioning-service.md section 17)."""

from dataclasses import replace

import pytest

from provisor.engine.log_event import EventFrame, Facts, Sent, Systems, Written, judged, refused
from provisor.engine.modified import differing, differing_members
from provisor.expressions import compile_expression
from provisor.rules.failure import Failure
from provisor.rules.mapping import FromExpression
from provisor.rules.scoping import Clause, FilterGroup, Scope

FRAME = EventFrame(
    Systems(
        tenant="tenant-1",
        job="job-1",
        cycle="cycle-1",
        application="sp-1",
        application_name="Cisco Umbrella",
        user_urn="urn:user",
        group_urn="urn:group",
    )
)
FIELDS = {
    "id",
    "activityDateTime",
    "tenantId",
    "jobId",
    "cycleId",
    "changeId",
    "provisioningAction",
    "durationInMilliseconds",
    "provisioningStatusInfo",
    "provisioningSteps",
    "modifiedProperties",
    "sourceSystem",
    "targetSystem",
    "sourceIdentity",
    "targetIdentity",
    "servicePrincipal",
    "initiatedBy",
}


ROW = Written("e1", "2031-03-04T10:00:00Z", "create", "success", "u1", "ana@example.org")


def event(facts=None, kind="user", **row):
    return FRAME.document(ROW._replace(**row), facts or Facts(kind=kind))


def of(desired, **facts):
    return Facts(kind=desired.kind, judged=judged(desired), **facts)


def steps(found):
    return [(step["provisioningStepType"], step["status"]) for step in found["provisioningSteps"]]


def test_section_17_1_an_event_has_every_field_of_graph():
    assert set(event()) == FIELDS


def test_section_17_1_an_event_names_both_identities():
    found = event(target_id="t1")

    assert found["sourceIdentity"]["id"] == "u1"
    assert found["targetIdentity"] == {
        "id": "t1",
        "displayName": "ana@example.org",
        "identityType": "urn:user",
        "details": {},
    }


def test_section_17_1_both_systems_and_who_began_it_are_named():
    found = event()

    assert found["sourceSystem"] == {"id": "tenant-1", "displayName": "Provisor Directory", "details": {}}
    assert found["targetSystem"] == {
        "id": "sp-1",
        "displayName": "Cisco Umbrella",
        "details": {
            "ApplicationId": "",
            "ServicePrincipalId": "sp-1",
            "ServicePrincipalDisplayName": "Cisco Umbrella",
        },
    }
    assert found["servicePrincipal"] == {"id": "sp-1", "displayName": "Cisco Umbrella"}
    assert (found["initiatedBy"]["initiatorType"], found["tenantId"]) == ("system", "tenant-1")


def test_section_3_3_a_creation_went_through_every_step(directory):
    desired = directory.judge(directory.user())
    mapper = directory.rules().users.mapper

    facts = of(desired, matching="No object matches.", modified=differing(mapper, None, desired.mapped.created))
    found = event(facts, target_id="t1")

    assert steps(found) == [
        ("import", "success"),
        ("scoping", "success"),
        ("matching", "success"),
        ("processing", "success"),
        ("export", "success"),
    ]
    assert found["provisioningStatusInfo"] == {"status": "success", "errorInformation": None}


def test_section_17_2_a_skip_says_why_in_scoping_and_export(directory):
    desired = directory.judge(directory.user(assigned=False))

    found = event(of(desired, skip=(desired.why.code, desired.why.reason)), action="other", status="skipped")

    scoping, export = found["provisioningSteps"][1:]
    assert scoping["description"] == "The object is not assigned to the application."
    assert scoping["details"]["Assigned"] == "False"
    assert export["details"] == {"SkipReason": "NotEffectivelyEntitled"}
    assert found["provisioningStatusInfo"]["errorInformation"]["errorCode"] == "NotEffectivelyEntitled"


def test_scoping_lists_every_clause(directory):
    scope = Scope(
        (FilterGroup(title="R", clauses=(Clause(attribute="department", operator="EQUALS", values=("R&D",)),)),)
    )
    desired = directory.judge(directory.user(), directory.rules(users={"scope": scope}))

    details = event(of(desired))["provisioningSteps"][1]["details"]

    assert details["ScopeEvaluationResult"] == {'R: department EQUALS "R&D"': False}
    assert details["IsInProvisioningScope"] == "False"


@pytest.mark.parametrize(
    ("failed_step", "expected"),
    [
        ("matching", ["import", "scoping", "matching"]),
        ("processing", ["import", "scoping", "matching", "processing"]),
        ("export", ["import", "scoping", "matching", "processing", "export"]),
    ],
)
def test_section_3_3_a_failure_ends_the_steps_where_it_happened(directory, failed_step, expected):
    failure = Failure(code="EntryConflict", message="It is taken.", hint="Rename it.")

    facts = of(
        directory.judge(directory.user()),
        matching="No object matches.",
        modified=[("a", None, "b")],
        refused=refused(failure, failed_step),
    )
    found = event(facts, status="failure")

    assert [kind for kind, _ in steps(found)] == expected
    assert steps(found)[-1][1] == "failure"


def test_a_failure_says_what_to_do_and_when_it_is_tried_again():
    failure = Failure(code="EntryConflict", message="It is taken.", hint="Rename it.")

    found = event(Facts(kind="user", refused=refused(failure, "export")), status="failure")

    information = found["provisioningStatusInfo"]["errorInformation"]

    assert information["errorCode"] == "EntryConflict"
    assert information["reason"] == "It is taken."
    assert information["errorCategory"] == "nonServiceFailure"
    assert information["recommendedAction"] == "Rename it. Tried again later; `provisor job escrow` says when."


ASKED = Sent("PATCH", "https://a.example/Users/7?filter=secret", 409, "{}", "{}", 1.0)
DETAILS = {
    "an answer": (ASKED, "PATCH https://a.example/Users/7: status 409"),
    "no answer": (Sent("DELETE", "https://a.example/Users/7", None, "", "", 1.0), "no answer"),
    "nothing was asked, or it is not kept any more": (None, None),
}


@pytest.mark.parametrize(("exchange", "said"), DETAILS.values(), ids=DETAILS)
def test_section_17_1_additional_details_are_what_was_asked_and_answered_without_values(exchange, said):
    failure = Failure(code="EntryConflict", message="It is taken.", hint="Rename it.")

    found = event(Facts(kind="user", refused=refused(failure, "export"), sent=exchange), status="failure")

    details = found["provisioningStatusInfo"]["errorInformation"]["additionalDetails"]
    assert details == said if said is None else details.endswith(said)
    assert "secret" not in str(details)


def test_a_reference_that_waits_is_a_warning():
    found = event(Facts(kind="user", unresolved=["bo@example.org"]), action="update", status="warning")

    assert ("referenceResolution", "warning") in steps(found)
    assert "bo@example.org" in found["provisioningSteps"][1]["description"]
    information = found["provisioningStatusInfo"]["errorInformation"]
    assert information["errorCode"] == "UnableToResolveReferenceAttributeValue"


def test_somebody_gone_was_not_scoped(directory):
    found = event(of(directory.judge(directory.user(purged=True))), action="delete")

    assert steps(found) == [("import", "success"), ("export", "success")]


def test_section_17_1_modified_properties_show_old_and_new(directory):
    mapper = directory.rules().users.mapper
    before = {"displayName": "Old", "active": True, "name": {"givenName": "Ana"}}

    changes = differing(mapper, before, {**before, "displayName": "New", "active": False})
    found = event(Facts(kind="user", modified=changes), action="update")

    assert found["modifiedProperties"] == [
        {"displayName": "active", "oldValue": "True", "newValue": "False"},
        {"displayName": "displayName", "oldValue": "Old", "newValue": "New"},
    ]


def test_section_17_3_a_redacted_value_is_never_shown(directory):
    redacting = FromExpression(compile_expression("Redact([displayName])"))
    rows = tuple(
        replace(row, source=redacting) if row.target == "displayName" else row for row in directory.user_rows()
    )
    rules = directory.rules(users={"mappings": rows})
    desired = directory.judge(directory.user(attributes={"displayName": "Secret"}), rules)

    found = differing(rules.users.mapper, {"displayName": "Old secret"}, desired.mapped.created)

    shown = next(change for change in found if change[0] == "displayName")
    assert desired.mapped.created["displayName"] == "Secret"
    assert shown == ("displayName", "[Redact]", "[Redact]")


def test_section_17_1_membership_changes_are_shown_by_id():
    assert differing_members(["a"], ["b"]) == [("members", None, "a"), ("members", "b", None)]


def test_a_skip_of_a_wanted_object_shows_its_own_reason(directory):
    facts = of(directory.judge(directory.user()), skip=("RedundantExport", "The target already holds it."))

    found = event(facts, action="other", status="skipped")

    assert found["provisioningSteps"][-1]["description"] == "The target already holds it."


def test_members_that_come_and_go_are_not_called_attributes():
    facts = Facts(kind="group", modified=differing_members(["u1", "u2"], ["u3"]))
    found = event(facts, action="update", name="Staff")

    said = [step["description"] for step in found["provisioningSteps"] if step["provisioningStepType"] == "processing"]

    assert said == ["2 members to be added to Staff. 1 member to be removed from Staff."]


def test_a_crowd_of_references_that_wait_is_told_by_some_names_and_the_number():
    names = [f"p{number}" for number in range(25)]
    facts = Facts(kind="group", unresolved=names, unresolved_number=50_000)
    found = event(facts, action="update", status="warning", name="Staff")

    reason = found["provisioningStatusInfo"]["errorInformation"]["reason"]

    assert reason.startswith(
        "50,000 references of Staff cannot be written, because they are not at the target: p0, p1,"
    )
    assert reason.endswith("p19 and 49,980 more.")
