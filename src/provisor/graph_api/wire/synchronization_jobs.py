"""synchronizationJob: what is shown of a job, and what may be said (spec/graph-synchronization-api.md section 3).

Settings stand in an array of names and values, all of them text. Graph names one of them; the others are the product's.
Order: bodies, the answer, the settings, intervals.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypedDict, cast

import msgspec
from msgspec import UNSET, UnsetType

from provisor.admin.cycles import JobStatus
from provisor.admin.job_settings import GivenSettings
from provisor.admin.jobs import JobShown
from provisor.engine.behaviour import NestedGroups
from provisor.graph_api.odata.errors import GraphError, bad_request
from provisor.scim.nearest import did_you_mean
from provisor.scim.values import Json

# Bodies


class NewJob(msgspec.Struct, rename="camel"):
    """The body that creates a job."""

    template_id: str


class SettingPair(msgspec.Struct, rename="camel"):
    """One setting; null takes back what was set, as the empty text does."""

    name: str
    value: str | None


class ScheduleChange(msgspec.Struct, rename="camel"):
    """When the job is to run. State and expiration may be sent as they were read, and are changed by verbs."""

    interval: str | UnsetType = UNSET
    state: str | UnsetType = UNSET
    expiration: str | None = None


class JobUpdate(msgspec.Struct, rename="camel"):
    """The body that changes a job; what else a client read and sends back is passed over."""

    template_id: str | UnsetType = UNSET
    schedule: ScheduleChange | UnsetType = UNSET
    synchronization_job_settings: list[SettingPair] | UnsetType = UNSET


class RestartCriteria(msgspec.Struct, rename="camel"):
    """What a restart forgets; null and absent are as empty: what the portal's button does."""

    reset_scope: str | None = None


class Restart(msgspec.Struct, rename="camel"):
    """The body of a restart."""

    criteria: RestartCriteria | None = None


class RunOptions(msgspec.Struct, rename="camel"):
    """The body that asks for a run: how many accounts it may take away although that is above a limit."""

    allow_deletes: int = 0


# The answer


class ScheduleAnswer(TypedDict):
    """synchronizationSchedule."""

    expiration: str | None
    interval: str
    state: str


class SettingAnswer(TypedDict):
    """keyValuePair."""

    name: str
    value: str


class JobAnswer(TypedDict):
    """synchronizationJob; `status` is a synchronizationStatus."""

    id: str
    templateId: str
    schedule: ScheduleAnswer
    status: Mapping[str, Any]
    synchronizationJobSettings: Sequence[SettingAnswer]


def job_answer(shown: JobShown, status: JobStatus, in_force: Mapping[str, Json]) -> JobAnswer:
    """A job in Graph's words."""
    job = shown.job
    return {
        "id": job.id,
        "templateId": job.template,
        "schedule": {"expiration": None, "interval": shown.interval, "state": job.schedule_state},
        "status": status.to_json(),
        "synchronizationJobSettings": [
            {"name": name, "value": value} for name, value in settings_shown(in_force).items()
        ],
    }


# Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingWord:
    """One setting of the array: how it is read from those in force, and what its text means. `unset` None: it cannot
    be taken back."""

    shown: Callable[[Mapping[str, Json]], str | None]
    given: Callable[[str], GivenSettings]
    unset: GivenSettings | None = None


THRESHOLD: Final = "QuarantineTooManyDeletesThreshold"


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise bad_request(f"The setting {name} is {text[:50]!r}, and must be a number from 0 on.")
    return int(text)


def _truth(name: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise bad_request(f"The setting {name} is {text[:50]!r}, and must be True or False.")
    return text.lower() == "true"


def _told(name: str) -> Callable[[Mapping[str, Json]], str | None]:
    def told(in_force: Mapping[str, Json]) -> str | None:
        value = in_force[name]
        return None if value is None else str(value)

    return told


def _inner(outer: str, name: str) -> Callable[[Mapping[str, Json]], str | None]:
    def told(in_force: Mapping[str, Json]) -> str | None:
        around = in_force[outer]
        return str(around[name]) if isinstance(around, dict) else None

    return told


def _limit(kind: str) -> SettingWord:
    return SettingWord(
        shown=_inner("deletionLimits", kind),
        given=lambda text: {"limits": {kind: text}},
    )


def _failures(name: str, word: str) -> SettingWord:
    return SettingWord(
        shown=_inner("quarantine", word),
        given=lambda text: {"thresholds": {word: _number(name, text)}},
    )


SETTINGS: Final[Mapping[str, SettingWord]] = {
    THRESHOLD: SettingWord(
        shown=_told("deletionThreshold"),
        given=lambda text: {"deletion_threshold": _number(THRESHOLD, text), "prevent_deletions": True},
        unset={"prevent_deletions": False},
    ),
    "SyncAll": SettingWord(
        shown=lambda in_force: str(in_force["scope"] == "all"),
        given=lambda text: {"scope": "all" if _truth("SyncAll", text) else "assigned"},
    ),
    "SkipOutOfScopeDeletions": SettingWord(
        shown=_told("skipOutOfScopeDeletions"),
        given=lambda text: {"skip_out_of_scope_deletions": _truth("SkipOutOfScopeDeletions", text)},
    ),
    "ChangeDriven": SettingWord(
        shown=_told("changeDriven"),
        given=lambda text: {"change_driven": _truth("ChangeDriven", text)},
    ),
    "NestedGroups": SettingWord(
        shown=_told("nestedGroups"),
        given=lambda text: {"nested_groups": cast(NestedGroups, text)},  # the verb refuses another word
    ),
    "Leavers": SettingWord(shown=_told("leavers"), given=lambda text: {"leavers": text}),
    "DeleteAfterDays": SettingWord(
        shown=_told("deleteAfterDays"),
        given=lambda text: {"leavers_days": _number("DeleteAfterDays", text)},
    ),
    "ApproveAbove": SettingWord(
        shown=_told("approveAbove"),
        given=lambda text: {"approve_above": _number("ApproveAbove", text)},
        unset={"approve_above": -1},
    ),
    "ApproverDiffers": SettingWord(
        shown=_told("approverDiffers"),
        given=lambda text: {"approver_differs": _truth("ApproverDiffers", text)},
    ),
    "KeepExchangesDays": SettingWord(
        shown=_told("keepExchangesDays"),
        given=lambda text: {"keep_exchanges_days": _number("KeepExchangesDays", text)},
    ),
    "DeletionLimitUsers": _limit("users"),
    "DeletionLimitGroups": _limit("groups"),
    "DeletionLimitMemberships": _limit("memberships"),
    "QuarantineLeastFailures": _failures("QuarantineLeastFailures", "least"),
    "QuarantineFailedPercent": _failures("QuarantineFailedPercent", "percent"),
    "QuarantineFailedObjects": _failures("QuarantineFailedObjects", "objects"),
    "QuarantineFailedTotal": _failures("QuarantineFailedTotal", "total"),
}
BEHAVIOUR: Final = "Behaviour"


def settings_shown(in_force: Mapping[str, Json]) -> dict[str, str]:
    """The array, by name; what limits nothing is left out."""
    found = {BEHAVIOUR: str(in_force["behaviour"])}
    for name, word in SETTINGS.items():
        if (text := word.shown(in_force)) is not None:
            found[name] = text
    return found


class SettingsChange(TypedDict, total=False):
    """What a PATCH sets, as the verb takes it."""

    interval_seconds: int
    behaviour: str


def settings_given(pairs: Sequence[SettingPair], in_force: Mapping[str, Json]) -> tuple[SettingsChange, GivenSettings]:
    """What is to be set, those left out that are so already. Raises GraphError for a name or text that is none."""
    before = settings_shown(in_force)
    change: SettingsChange = {}
    given: GivenSettings = {}
    seen: set[str] = set()
    for pair in pairs:
        name, text = pair.name, (pair.value or "").strip()
        if name in seen:
            raise bad_request(f"The setting {name[:80]} is given twice.")
        seen.add(name)
        if name != BEHAVIOUR and name not in SETTINGS:
            names = (BEHAVIOUR, *SETTINGS)
            raise bad_request(
                f"There is no setting {name[:80]!r}.", f"{did_you_mean(name, names)}There are {', '.join(names)}."
            )
        if text == before.get(name, ""):
            continue
        if name == BEHAVIOUR:
            change["behaviour"] = text
            continue
        _merge(given, _read(name, SETTINGS[name], text))
    return change, given


def _read(name: str, word: SettingWord, text: str) -> GivenSettings:
    if text:
        return word.given(text)
    if word.unset is None:
        raise bad_request(f"The setting {name} cannot be without a value.", "Leave it out, or give one.")
    return word.unset


def _merge(given: GivenSettings, more: GivenSettings) -> None:
    """Those of one name that have parts, part by part."""
    limits = {**(given.get("limits") or {}), **(more.get("limits") or {})}
    thresholds = {**(given.get("thresholds") or {}), **(more.get("thresholds") or {})}
    given.update(more)
    if limits:
        given["limits"] = limits
    if thresholds:
        given["thresholds"] = thresholds


# Intervals

NEVER_SECONDS: Final = (
    922_337_203_685  # whole ones of .NET's longest time span, a job's interval before its first start
)
_UNITS: Final = (("D", 86_400), ("H", 3_600), ("M", 60), ("S", 1))


def seconds_of(interval: str) -> int:
    """The seconds of an ISO 8601 duration in days, hours, minutes and seconds. Raises GraphError for another text.

    Microsoft's library for Python reads that and writes `1 day, 0:40:00` when it sends a job back.
    """
    if not interval.strip().upper().startswith("P"):
        return _python_seconds(interval)
    days, marked, clock = interval.strip().upper().removeprefix("P").partition("T")
    total, found = 0, False
    for part, units in ((days, _UNITS[:1]), (clock, _UNITS[1:])):
        rest = part
        for unit, seconds in units:
            number, there, after = rest.partition(unit)
            if there:
                if not (number.isascii() and number.isdigit() and len(number) <= 9):
                    raise _no_interval(interval)
                total, rest, found = total + int(number) * seconds, after, True
        if rest or (part is clock and marked and not clock):
            raise _no_interval(interval)
    if not found:
        raise _no_interval(interval)
    return total


def _python_seconds(interval: str) -> int:
    days, _, clock = interval.strip().rpartition(", ")
    number = days.partition(" ")[0] or "0"
    parts = [number, *clock.partition(".")[0].split(":")]
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) <= 9 for part in parts):
        raise _no_interval(interval)
    return sum(int(part) * seconds for part, (_, seconds) in zip(parts, _UNITS, strict=True))


def _no_interval(interval: str) -> GraphError:
    return bad_request(f"{interval[:50]!r} is no interval.", "Write it as PT40M, PT2H or P1D.")
