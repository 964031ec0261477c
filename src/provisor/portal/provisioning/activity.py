"""What the cycles of a job did: the history as rows, and charts of operations, duration and failures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from provisor.admin.reports import CycleTold, TargetAnswers
from provisor.portal.provisioning.standing import BadgeTone
from provisor.portal.provisioning.words import short_span
from provisor.web.charts import Chart, Series

CHARTED: Final = 60  # cycles
LISTED: Final = 15
_STATES: Final[dict[str, tuple[str, BadgeTone]]] = {
    "running": ("Running", "plain"),
    "succeeded": ("Succeeded", "good"),
    "entry-level-errors": ("Some failed", "warn"),
    "failed": ("Failed", "bad"),
    "stopped": ("Stopped", "warn"),
    "abandoned": ("Not continued", "plain"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleRow:
    """One cycle of the history."""

    told: CycleTold
    state: str
    tone: BadgeTone
    took: str


def history(told: Sequence[CycleTold]) -> list[CycleRow]:
    """The newest first."""
    return [
        CycleRow(
            told=one,
            state=_STATES.get(one.state, (one.state, "plain"))[0],
            tone=_STATES.get(one.state, (one.state, "plain"))[1],
            took="" if one.seconds is None else short_span(one.seconds),
        )
        for one in told[:LISTED]
    ]


def charts(told: Sequence[CycleTold]) -> list[tuple[str, str, Chart]]:
    """What there is to draw, each with an id and a title; nothing before two cycles have ended, and no
    failures where nothing failed."""
    ended = [one for one in reversed(told) if one.seconds is not None]
    if len(ended) < 2:
        return []
    times = [one.began_at for one in ended]
    operations = (
        Series(label="Created", tone="two", values=[one.count("create") for one in ended]),
        Series(label="Updated", tone="one", values=[one.count("update", "link") for one in ended]),
        Series(label="Disabled", tone="three", values=[one.count("disable") for one in ended]),
        Series(label="Deleted", tone="five", values=[one.count("delete", "release") for one in ended]),
        Series(label="Failed", tone="four", values=[one.count("fail") for one in ended]),
    )
    seconds = Series(label="Duration", tone="one", values=[round(one.seconds or 0, 2) for one in ended])
    failed = (
        Series(label="Objects", tone="four", values=[one.count("fail") for one in ended]),
        Series(label="Whole cycles", tone="five", values=[int(one.state == "failed") for one in ended]),
    )
    failures = (
        [("failures", "Failures", Chart(times=times, series=failed))] if any(any(one.values) for one in failed) else []
    )
    return [
        ("operations", "Cycles by operation", Chart(times=times, series=operations)),
        ("duration", "Duration of cycles", Chart(times=times, series=(seconds,), unit=" s", kind="lines")),
        *failures,
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How fast the application is asked and answers. `rate`: requests a second of the last cycle that sent some."""

    rate: float | None
    mean_milliseconds: float | None
    asked: Sequence[TargetAnswers]


def speed(told: Sequence[CycleTold], asked: Sequence[TargetAnswers]) -> Speed:
    """By what cycles sent, and what this service measured since it started."""
    rate = next((one.requests / one.seconds for one in told if one.seconds and one.requests), None)
    number = sum(one.number for one in asked)
    mean = sum(one.mean * one.number for one in asked) / number * 1_000 if number else None
    return Speed(rate=rate, mean_milliseconds=mean, asked=asked)
