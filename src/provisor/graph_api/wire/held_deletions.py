"""Deletions that are held back, which Graph knows as a quarantine alone (spec/provisioning-service.md section 12)."""

from typing import Literal, TypedDict

from provisor.admin.deletions import HeldDeletion, HeldShown
from provisor.graph_api.odata.times import moment_text, time_text


class HeldAmountsWire(TypedDict):
    """How many of each."""

    users: int
    groups: int
    memberships: int


class HeldDeletionsWire(TypedDict):
    """What of a job is held until a person decides, and why; without a reason nothing is."""

    jobId: str
    sinceDateTime: str | None
    code: str | None
    message: str | None
    recommendedAction: str | None
    held: HeldAmountsWire
    allowed: HeldAmountsWire
    taken: HeldAmountsWire
    waitsForImportSinceDateTime: str | None
    waitsForImportUntilDateTime: str | None


class HeldDeletionWire(TypedDict):
    """Somebody held, or members to be removed from a group; `removes`: how many."""

    id: str
    objectId: str
    objectType: Literal["user", "group"]
    displayName: str
    action: str
    removes: int
    reason: str
    allowed: bool


class HeldDecisionWire(TypedDict):
    """How many were allowed, or are judged anew."""

    number: int


def held_document(shown: HeldShown) -> HeldDeletionsWire:
    """What is held of a job."""
    hold = shown.hold
    return {
        "jobId": shown.job,
        "sinceDateTime": None if hold is None else time_text(hold.since),
        "code": None if hold is None else hold.failure.code,
        "message": None if hold is None else hold.failure.message,
        "recommendedAction": None if hold is None else hold.failure.hint,
        "held": _amounts(shown.held),
        "allowed": _amounts(shown.allowed),
        "taken": _amounts(shown.taken),
        "waitsForImportSinceDateTime": None if shown.waits_since is None else moment_text(shown.waits_since),
        "waitsForImportUntilDateTime": None if shown.waits_until is None else moment_text(shown.waits_until),
    }


def held_entry_document(entry: HeldDeletion) -> HeldDeletionWire:
    """Somebody held."""
    return {
        "id": f"{entry.stage}-{entry.object}",
        "objectId": entry.object,
        "objectType": entry.object_kind,
        "displayName": entry.name,
        "action": entry.action,
        "removes": entry.removes,
        "reason": entry.reason,
        "allowed": entry.allowed_at is not None,
    }


def _amounts(numbers: tuple[int, int, int]) -> HeldAmountsWire:
    users, groups, memberships = numbers
    return {"users": users, "groups": groups, "memberships": memberships}
