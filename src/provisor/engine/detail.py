"""What a plan would do, or a cycle did, to one object: by name, with what changes and why.

Pure. Values only; where they come from is runner.explaining. Order: the value, as JSON, as a line for a person.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from provisor.engine.record import Kind
from provisor.scim.values import Json

DetailStatus: TypeAlias = Literal["planned", "waiting", "success", "warning", "failure", "skipped"]

SHOWN_CHANGES = 8
SHOWN_NAMES = 10
SHOWN_CHARACTERS = 48
MEMBERS = "members"


class Changed(NamedTuple):
    """One attribute with its old and new value. Members are `new` or `old` by name; `id` is the member's."""

    attribute: str
    old: str | None
    new: str | None
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One object. `operation` is create, update, link, disable, delete, members, reference or none.

    Values of redacted mappings show as [Redact]. `reason` says why it is done, fails, waits or is left alone.
    """

    operation: str
    status: DetailStatus
    kind: Kind
    id: str
    name: str
    target_id: str | None = None
    changes: Sequence[Changed] = ()
    code: str = ""
    reason: str = ""
    hint: str = ""

    def to_json(self) -> dict[str, Json]:
        """For another program: nothing left out."""
        return {
            "operation": self.operation,
            "status": self.status,
            "kind": self.kind,
            "id": self.id,
            "name": self.name,
            "targetId": self.target_id,
            "changes": [_json(change) for change in self.changes],
            "code": self.code or None,
            "reason": self.reason or None,
            "hint": self.hint or None,
        }

    @property
    def sort(self) -> tuple[str, str, str]:
        """What it is counted under when only the first of each kind are shown."""
        return self.status, self.kind, self.operation


def _json(change: Changed) -> dict[str, Json]:
    shown: dict[str, Json] = {"attribute": change.attribute, "old": change.old, "new": change.new}
    return {**shown, "id": change.id} if change.id else shown


def lines(detail: Detail) -> Iterator[str]:
    """For a person: who, then a line for each attribute, or the members by name; bounded."""
    subject = detail.name if detail.kind == "user" else f"group {detail.name}"
    match detail.status:
        case "failure" | "skipped" | "waiting":
            yield f"{_HEADS[detail.status]} {subject}: {detail.reason or detail.code}"
            return
        case _:
            verb = _VERBS.get(detail.operation, detail.operation)
    members = [change for change in detail.changes if change.attribute == MEMBERS]
    if members:
        yield f"{subject}: {'; '.join(_of_members(members))}"
        return
    why = detail.reason if detail.status == "warning" or detail.operation in ("disable", "delete") else ""
    yield f"{verb} {subject}{': ' if why else ''}{why}"
    if detail.operation == "create":
        return  # everything is new; --json has it
    for change in detail.changes[:SHOWN_CHANGES]:
        yield f"    {change.attribute}: {shown_value(change.old)} → {shown_value(change.new)}"
    if len(detail.changes) > SHOWN_CHANGES:
        yield f"    and {len(detail.changes) - SHOWN_CHANGES} more attributes"


_HEADS = {"failure": "failed", "skipped": "left alone", "waiting": "waiting"}
_VERBS = {"none": "leave", "reference": "update", MEMBERS: "update"}


def _of_members(members: Sequence[Changed]) -> Iterator[str]:
    come = [change.new or "" for change in members if change.new is not None]
    gone = [change.old or "" for change in members if change.new is None]
    for verb, names in (("add", come), ("remove", gone)):
        if names:
            yield f"{verb} {len(names):,} member{'s' * (len(names) != 1)} ({named(names)})"


def named(names: Sequence[str], number: int | None = None) -> str:
    """Some by name, and how many more there are of the `number` in all."""
    shown = names[:SHOWN_NAMES]
    more = (len(names) if number is None else number) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")


def shown_value(text: str | None) -> str:
    """A value within a line, cut where it is long."""
    if text is None or text == "":
        return "(none)"
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
