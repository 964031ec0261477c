"""What a job did over time: by day, by cause, and to date (spec/provisioning-service.md section 16.1)."""

from collections.abc import Mapping
from typing import TypedDict

from provisor.admin.reports import ActivityReport, Statistics, WhyNot, totals
from provisor.graph_api.odata.times import moment_text


class ActivityCountsWire(TypedDict):
    """How many of each."""

    created: int
    updated: int
    disabled: int
    deleted: int
    other: int
    failed: int
    skipped: int
    warned: int


class ActivityDayWire(TypedDict):
    """A day of UTC, and users, groups or the job itself."""

    day: str
    objectType: str
    counts: ActivityCountsWire


class ActivityCauseWire(TypedDict):
    """Why somebody was not provisioned; reason and names are of the newest in the log."""

    status: str
    errorCode: str
    number: int
    reason: str
    displayNames: list[str]


class ActivityReportWire(TypedDict):
    """What happened from the first day to the last."""

    jobId: str
    application: str
    fromDay: str
    toDay: str
    days: list[ActivityDayWire]
    causes: list[ActivityCauseWire]
    total: ActivityCountsWire


class JobStatisticsWire(TypedDict):
    """What a job did to date."""

    jobId: str
    users: int
    groups: int
    done: dict[str, ActivityCountsWire]
    lastCycleId: str | None
    lastCompletedDateTime: str | None
    lastDurationInSeconds: float | None


def report_document(made: ActivityReport) -> ActivityReportWire:
    """A report."""
    return {
        "jobId": made.job,
        "application": made.application,
        "fromDay": made.first.isoformat(),
        "toDay": made.last.isoformat(),
        "days": [
            {"day": day.isoformat(), "objectType": kind, "counts": _counts(counts)}
            for (day, kind), counts in made.days.items()
        ],
        "causes": [_cause(one) for one in made.causes],
        "total": _counts(totals(made.days.values())),
    }


def statistics_document(shown: Statistics) -> JobStatisticsWire:
    """Statistics to date."""
    return {
        "jobId": shown.job,
        "users": shown.users,
        "groups": shown.groups,
        "done": {kind: _counts(counts) for kind, counts in shown.done.items()},
        "lastCycleId": shown.last_cycle,
        "lastCompletedDateTime": None if shown.last_ended is None else moment_text(shown.last_ended),
        "lastDurationInSeconds": shown.last_seconds,
    }


def _cause(one: WhyNot) -> ActivityCauseWire:
    return {
        "status": one.outcome,
        "errorCode": one.code,
        "number": one.number,
        "reason": one.reason,
        "displayNames": list(one.names),
    }


def _counts(counts: Mapping[str, int]) -> ActivityCountsWire:
    return {
        "created": counts["created"],
        "updated": counts["updated"],
        "disabled": counts["disabled"],
        "deleted": counts["deleted"],
        "other": counts["other"],
        "failed": counts["failed"],
        "skipped": counts["skipped"],
        "warned": counts["warned"],
    }
