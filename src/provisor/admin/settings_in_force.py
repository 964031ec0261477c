"""The settings of a job as they are in force: what was set of it, and the defaults of all else.

Each is read by the function that a cycle reads it by, so that what is shown is what is done.
"""

from collections.abc import Mapping
from dataclasses import asdict

from provisor.admin.leavers import leavers_of
from provisor.database import Connection
from provisor.engine import brake, guard, health
from provisor.engine.behaviour import behaviour_named
from provisor.runner.due import is_change_driven
from provisor.scim.values import Json
from provisor.storage import exchanges, records
from provisor.storage.jobs import APPROVE_ABOVE, APPROVER_DIFFERS, SKIP, Job, nested_groups
from provisor.storage.recipients import told


def in_force(connection: Connection, job: Job) -> Mapping[str, Json]:
    """Every setting under its Graph-like name; null where nothing limits. Groups by name."""
    settings, behaviour = job.settings, behaviour_named(job.behaviour)
    limits = brake.limits_of(settings) if behaviour is None or behaviour.deletion_limits else brake.NONE
    leavers, order = leavers_of(settings), guard.order_of(settings)
    names = records.names(connection, order.first)
    return {
        "scope": "all" if settings.get("scope") == "all" else "assigned",
        "intervalSeconds": job.interval_seconds,
        "behaviour": job.behaviour,
        "changeDriven": is_change_driven(job),
        "nestedGroups": nested_groups(job),
        "leavers": leavers.policy,
        "deleteAfterDays": leavers.days if leavers.policy == "delete-after" else None,
        "skipOutOfScopeDeletions": settings.get(SKIP) is True,
        "deletionLimits": {kind: str(limit) for kind, limit in zip(brake.KINDS, limits, strict=True)},
        "preventAccidentalDeletions": settings.get(brake.PREVENTION) is True,
        "deletionThreshold": brake.threshold_of(settings),
        "approveAbove": settings.get(APPROVE_ABOVE),
        "approverDiffers": settings.get(APPROVER_DIFFERS) is True,
        "capacityOrder": order.by,
        "capacityFirst": [names.get(one, one) for one in order.first],
        "notify": list(told(settings)),
        "quarantine": asdict(health.thresholds_of(settings)),
        "keepExchangesDays": exchanges.days(settings),
    }
