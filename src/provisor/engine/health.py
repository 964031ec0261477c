"""When a job is quarantined, why, and when that ends of itself.

Pure. spec/provisioning-service.md section 11. The cadence is that of engine.retry. Order: reasons, thresholds, judging.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from provisor.scim.values import Json

QuarantineReason: TypeAlias = Literal[
    "EncounteredQuarantineException",
    "EncounteredEscrowProportionThreshold",
    "EncounteredBaseEscrowThreshold",
    "EncounteredTotalEscrowThreshold",
    "TooManyDeletes",
    "QuarantinedOnDemand",
]

DISABLED_AFTER = timedelta(days=28)
# A cycle that failed for these says nothing about credentials, network or target: they are asked for, or over by then.
_PASSING = frozenset({"TooManyRequests", "InternalError"})

SENTENCES: Mapping[QuarantineReason, str] = {
    "EncounteredQuarantineException": "The credentials, the network or the application are at fault, not one object",
    "EncounteredEscrowProportionThreshold": "Too large a part of what was to be provisioned failed",
    "EncounteredBaseEscrowThreshold": "Too many objects failed",
    "EncounteredTotalEscrowThreshold": "Too many objects and references failed",
    "TooManyDeletes": "Too many accounts would be disabled or deleted",
    "QuarantinedOnDemand": "An administrator asked for it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How much may fail before a job is quarantined (settings of the job, by these names)."""

    least: int = 5_000
    """Failures of objects, below which neither `percent` nor `objects` counts."""
    percent: int = 40
    """Of the objects that failed or were provisioned, more than which may not fail."""
    objects: int = 40_000
    """More than which may not fail, references left aside."""
    total: int = 60_000
    """More than which may not fail, references included."""


SETTING = "quarantine"
NAMES = tuple(field.name for field in fields(Thresholds))


def thresholds_of(settings: Mapping[str, Json]) -> Thresholds:
    """The thresholds of a job; what is not set has its default."""
    stored = settings.get(SETTING)
    given = stored if isinstance(stored, dict) else {}
    return Thresholds(**{name: value for name, value in given.items() if name in NAMES and isinstance(value, int)})


def judge_failures(failures: int, references: int, successes: int, thresholds: Thresholds) -> QuarantineReason | None:
    """Whether so many failures of objects and of references, beside so many successes, quarantine a job."""
    if failures + references > thresholds.total:
        return "EncounteredTotalEscrowThreshold"
    if failures < thresholds.least:
        return None
    if failures > thresholds.objects:
        return "EncounteredBaseEscrowThreshold"
    if 100 * failures > thresholds.percent * (failures + successes):
        return "EncounteredEscrowProportionThreshold"
    return None


def judge_stop(code: str) -> QuarantineReason | None:
    """Whether a cycle that failed as a whole, by this code, quarantines its job. Codes of our own do not."""
    return None if code in _PASSING or code[:1].islower() else "EncounteredQuarantineException"


def is_disabled(series_began: datetime, now: datetime) -> bool:
    """Whether a quarantine has lasted so long that the job does not run any more by itself."""
    return now - series_began >= DISABLED_AFTER
