"""One person or group as a job's rules see them, for trying out mappings and filters that may not be saved.

Nothing is asked of the application, and nothing is kept. Order: the value, making one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from provisor.admin.errors import AdminError
from provisor.database import Connection
from provisor.engine.desired import provisioning_view
from provisor.engine.record import AttributeValue, Kind
from provisor.rules.mapping import SOFT_DELETED
from provisor.rules.roles import SOURCE as ROLES
from provisor.rules.ruleset import RuleSet
from provisor.rules.scoping import Verdict
from provisor.storage import jobs, records
from provisor.storage.jobs import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedPerson:
    """Whom rules are tried with. `view`: their attributes under the names that rules use, IsSoftDeleted included.

    `assigned` to the application; `everybody`: the job does not ask for that. `enabled`: not blocked from signing in.
    `verdict` is that of the scoping filters.
    """

    id: str
    kind: Kind
    name: str
    view: Mapping[str, AttributeValue]
    assigned: bool
    everybody: bool
    enabled: bool
    verdict: Verdict

    @property
    def wanted(self) -> bool:
        """Whether a cycle would give them an account, or keep it in use."""
        return self.enabled and (self.assigned or self.everybody) and self.verdict.passes


def subject_of(connection: Connection, job: Job, kind: Kind, object_id: str, ruleset: RuleSet) -> TriedPerson:
    """The live object with this id. Raises AdminError where there is none of this kind."""
    nested = jobs.nested_groups(job)
    found = records.by_ids(connection, application=job.application, job=job.number, nested=nested, ids=[object_id]).get(
        object_id
    )
    record = None if found is None else found[0]
    if record is None or record.kind != kind or record.deleted or record.purged:
        raise AdminError("not-found", f"This {kind} is not in the directory any more.", "Choose another.")
    view = provisioning_view(record)
    if kind == "user":
        held = records.roles(connection, application=job.application, user=record.id, nested=nested)
        if held:
            view[ROLES] = held
    verdict = ruleset.of(kind).scope.judge(view)
    subject = TriedPerson(
        id=record.id,
        kind=kind,
        name=record.name,
        view=view,
        assigned=record.assigned,
        everybody=job.settings.get("scope") == "all",
        enabled=record.enabled,
        verdict=verdict,
    )
    view[SOFT_DELETED] = not subject.wanted
    return subject
