"""Tells what became of an object that was provisioned on demand: from the plan, the log and what the target was asked.

Only reads. Order: an object, telling it, match, action.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from provisor.engine.desired import Desired
from provisor.engine.detail import Changed, Detail
from provisor.engine.leavers import deletion
from provisor.engine.log_event import SHOWN_UNRESOLVED, unresolved_reason
from provisor.engine.modified import REDACTED, differing
from provisor.engine.on_demand import (
    OnDemandResult,
    OnDemandStatus,
    OnDemandStep,
    Provisioned,
    Setting,
    imported,
    not_connected,
    scoped,
)
from provisor.engine.record import Record
from provisor.rules.failure import Failure
from provisor.runner.asking.watched import Seen
from provisor.runner.run import Run
from provisor.scim.values import Json, Resource
from provisor.storage import cycle_log, member_links, records
from provisor.storage.cycle_log import Line
from provisor.storage.links import StoredLink
from provisor.storage.times import from_microseconds

SOURCE = "Provisor Directory"  # as the log calls it
_OF_MATCHING = frozenset({"DuplicateTargetEntries", "DuplicateSourceEntries"})
_ACTIONS = {"link": "update", "members": "update", "reference": "update", "none": "other"}
_DONE = {"create": "created", "update": "updated", "disable": "disabled", "delete": "deleted", "other": "left as it is"}
_TAKES_AWAY = "This takes access away; it counts towards the limits of the job."


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One object as it was before the run, and what was planned for it."""

    record: Record
    link: StoredLink | None
    desired: Desired
    planned: list[Detail] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Upshot:
    """What it came to, in the words of the log."""

    result: OnDemandResult
    status: OnDemandStatus
    action: str
    code: str
    reason: str
    hint: str
    at_match: bool = False


@dataclass(frozen=True, slots=True)
class Telling:
    """What is needed to tell. `stopped` is what ended the run early; `asked`: the target could be asked at all."""

    run: Run
    seen: Sequence[Seen]
    began: datetime
    dry_run: bool
    stopped: Failure | None
    asked: bool

    def tell(self, subject: Subject) -> Provisioned:
        """One object, whole."""
        run, record = self.run, subject.record
        lines = cycle_log.of_object(run.reader(), run.cycle.id, record.id)
        came = self._came(subject, lines)
        changes = _changes(subject, lines) if lines and came.result == "Success" else _planned(subject)
        steps = self._steps(subject, came, changes, lines)
        named = [*(one.target_id for one in lines), *(one.target_id for one in subject.planned)]
        targets = [one for one in named if one]
        return Provisioned(
            id=record.id,
            kind=record.kind,
            name=record.name,
            tenant=run.job.tenant,
            source_name=SOURCE,
            service_principal=run.job.application,
            application=run.application,
            target_id=targets[-1] if targets else None if subject.link is None else subject.link.target_id,
            dry_run=self.dry_run,
            result=came.result,
            action=came.action,
            steps=steps,
            changes=changes,
            code=came.code,
            reason=came.reason,
            hint=came.hint,
            notes=self._notes(subject, came),
            events=[line.id for line in lines],
            began_at=self.began,
            ended_at=run.now(),
        )

    def _steps(
        self, subject: Subject, came: _Upshot, changes: Sequence[Changed], lines: Sequence[Line]
    ) -> list[OnDemandStep]:
        run, record = self.run, subject.record
        if not self.asked and self.stopped is not None:
            return [not_connected(self.stopped)]
        application, nested = run.job.application, run.nested
        roles = records.roles(run.reader(), application=application, user=record.id, nested=nested)
        names = [role["displayName"] for role in roles]
        mapping = run.ruleset.of(record.kind)
        setting = Setting(run.rules.settings.sync_all, names, mapping)
        steps = [imported(record, SOURCE, mapping), scoped(subject.desired, record, setting)]
        if steps[-1].status == "failure":
            return steps
        steps.append(self._match(subject, came))
        if not came.at_match:
            steps.append(_action(came, changes, lines, self.run.application, dry_run=self.dry_run))
        return steps

    def _came(self, subject: Subject, lines: Sequence[Line]) -> _Upshot:
        waits = any(one.status == "waiting" for one in subject.planned)  # which is told once in the log
        if self.dry_run or (waits and not lines):
            came = _of_plan(subject.planned)
        else:
            came = _of_log(lines)
        if self.stopped is not None and came.result != "Success":
            came = _failed("other" if came.action == "other" else came.action, self.stopped)
        at_match = came.at_match or came.code in _OF_MATCHING or self._unanswered(subject)
        at_match = at_match and came.result == "Failure"
        return _Upshot(came.result, came.status, came.action, came.code, came.reason, came.hint, at_match)

    # Match

    def _match(self, subject: Subject, came: _Upshot) -> OnDemandStep:
        queries = [self._query(subject, one) for one in self._asked_of(subject)]
        details: dict[str, Json] = {}
        if subject.link is not None:
            details["linkedTo"] = subject.link.target_id
        details["queries"] = list(queries)
        status: OnDemandStatus = "failure" if came.at_match else "success"
        if came.at_match:
            said = came.reason
        elif subject.link is not None:
            said = f"Linked to {subject.link.target_id} by this job."
        elif subject.desired.standing != "wanted":
            status, said = "skipped", "Not looked for: it is not in scope and was never provisioned by this job."
        elif not queries:
            status, said = "skipped", "Not looked for."
        else:
            held = [one.value for one in self._asked_of(subject) if one.resources]
            said = "One account matches." if held else "Nobody at the application matches."
        return OnDemandStep(name="match", status=status, description=said, details=details)

    def _asked_of(self, subject: Subject) -> list[Seen]:
        """What was asked about this object, in order."""
        mapped, kind = subject.desired.mapped, subject.record.kind
        matching = () if mapped is None else mapped.matching
        own = None if subject.link is None else subject.link.target_id
        return [
            one
            for one in self.seen
            if one.kind == kind and ((one.path, one.value) in matching or (not one.path and one.value == own))
        ]

    def _unanswered(self, subject: Subject) -> bool:
        """Whether the last look at this object brought no answer, and nothing was sent after it."""
        asked = self._asked_of(subject)
        failed = all(one.status == "failure" for one in subject.planned)
        return bool(asked) and asked[-1].error is not None and failed

    def _query(self, subject: Subject, one: Seen) -> Resource:
        mapper = self.run.rules.of(one.kind).mapper
        value = REDACTED if one.path in mapper.redacted else one.value
        objects: list[Json] = [
            {
                "id": str(resource.get("id", "")),
                "attributes": {path: held for path, _, held in differing(mapper, None, resource) if held is not None},
            }
            for resource in one.resources
        ]
        query = f"{one.path} eq {msgspec.json.encode(value).decode()}" if one.path else f"id {value}"
        outcome = "failed" if one.error is not None else str(len(objects))
        return {"attribute": one.path or "id", "query": query, "found": outcome, "objects": objects}

    # What follows

    def _notes(self, subject: Subject, came: _Upshot) -> list[str]:
        notes: list[str] = []
        if came.result == "Success" and came.action in ("disable", "delete"):
            notes.append(_TAKES_AWAY)
        since = self.run.remembered_since(subject.desired)
        if came.result == "Success" and came.action == "disable" and since is not None:
            leavers = self.run.rules.settings.leavers
            notes.append(str(deletion(leavers, from_microseconds(since), self.run.now(), trusted=True)))
        if not self.dry_run:
            left = member_links.count_pending(self.run.reader(), self.run.job.number, subject.record.id)
            if left:
                number = f"{left:,} membership{'s' if left != 1 else ''}"
                notes.append(f"{number} of {subject.record.name} follow{'s' if left == 1 else ''} with the next cycle.")
        if came.result == "Failure" and not self.dry_run and self.asked:
            notes.append("It is kept; `provisor job escrow` says when it is tried again.")
        return notes


# Action


def _of_log(lines: Sequence[Line]) -> _Upshot:
    """The event that says most: a failure, else what was done, else why nothing was."""
    for status in ("failure", "success", "warning", "skipped"):
        found = [line for line in lines if line.status == status]
        if found:
            return _of_line(found[-1] if status == "failure" else found[0])
    return _Upshot("Skipped", "skipped", "other", "", "It is left for the next cycle.", "")


def _of_line(line: Line) -> _Upshot:
    facts = line.facts
    match line.status:
        case "failure":
            assert facts.refused is not None  # noqa: S101 - every failure is told of
            code, message, hint, _, step = msgspec.structs.astuple(facts.refused)
            return _Upshot("Failure", "failure", line.action, code, message, hint, step == "matching")
        case "skipped":
            code, reason = facts.skip or ("", "")
            return _Upshot("Skipped", "skipped", line.action, code, reason, "")
        case _:
            reason = ""
            if facts.unresolved:
                number = max(facts.unresolved_number, len(facts.unresolved))
                reason = unresolved_reason(line.name, facts.unresolved[:SHOWN_UNRESOLVED], number)
            status: OnDemandStatus = "warning" if facts.unresolved else "success"
            return _Upshot("Success", status, line.action, line.code or "", reason, "")


def _of_plan(planned: Sequence[Detail]) -> _Upshot:
    for status in ("failure", "planned", "waiting", "skipped"):
        for one in planned:
            if one.status == status:
                action = _ACTIONS.get(one.operation, one.operation)
                if status == "planned":
                    return _Upshot("Success", "success", action, "", one.reason, "")
                if status == "failure":
                    return _Upshot("Failure", "failure", action, one.code, one.reason, one.hint)
                return _Upshot("Skipped", "skipped", "other", one.code, one.reason, "")
    return _Upshot("Skipped", "skipped", "other", "", "Nothing is to be done.", "")


def _failed(action: str, failure: Failure) -> _Upshot:
    return _Upshot("Failure", "failure", action, failure.code, failure.message, failure.hint)


def _planned(subject: Subject) -> list[Changed]:
    return [change for one in subject.planned for change in one.changes]


def _changes(subject: Subject, lines: Sequence[Line]) -> list[Changed]:
    """What was written, by the log; members under the names that the plan knew them by."""
    names = {change.id: change.old or change.new for one in subject.planned for change in one.changes if change.id}
    written: list[Changed] = []
    for line in lines:
        for attribute, old, new in line.facts.modified:
            member = new or old or ""
            if attribute == "members" and member in names:
                name = names[member]
                written.append(Changed(attribute, name if old else None, name if new else None, member))
            else:
                written.append(Changed(attribute, old, new))
    return written


def _action(
    came: _Upshot, changes: Sequence[Changed], lines: Sequence[Line], application: str, *, dry_run: bool
) -> OnDemandStep:
    listed: list[Json] = [{"attribute": one.attribute, "old": one.old, "new": one.new} for one in changes]
    sent: list[Json] = [msgspec.structs.asdict(line.facts.sent) for line in lines if line.facts.sent is not None]
    details: dict[str, Json] = {"action": came.action}
    match came.result:
        case "Skipped":
            return OnDemandStep(
                name="perform action",
                status="skipped",
                description=came.reason,
                details={**details, "SkipReason": came.code},
            )
        case "Failure":
            details |= {"errorCode": came.code, "attempted": listed, "requests": sent}
            return OnDemandStep(name="perform action", status="failure", description=came.reason, details=details)
        case "Success":
            said = f"It {'would be' if dry_run else 'was'} {_DONE.get(came.action, came.action)} at {application}."
            said += f" {came.reason}" if came.reason else ""
            details |= {"wouldWrite": listed} if dry_run else {"written": listed, "requests": sent}
            return OnDemandStep(name="perform action", status=came.status, description=said, details=details)
