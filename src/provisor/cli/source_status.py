"""How the status, the runs and the problems of a source are printed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from provisor.cli.job_details import paragraph
from provisor.terminal import duration, print_table, say

if TYPE_CHECKING:
    from provisor.admin.source_runs import SourceRun
    from provisor.admin.source_told import SourceProblem, SourceStatus

_STARTS = {
    ("Active", True): "`provisor serve` is running and reads it when it is due.",
    ("Active", False): "No `provisor serve` is running: it is not read by itself; run `provisor serve`, or `provisor "
    "source run` for one run.",
    ("Paused", True): "It is paused, and not read by itself; use `provisor source start`.",
    ("Paused", False): "It is paused, and not read by itself; use `provisor source start`.",
}


def print_status(status: "SourceStatus") -> None:
    """How a source is."""
    shown, source = status.shown, status.shown.source
    state = source.schedule_state + (", staging: the directory is not touched" if source.staging else "")
    rows: list[tuple[str, object]] = [
        ("Source", f"{source.name} ({source.id})"),
        ("Kind", source.kind),
        ("Schedule", f"{state}, every {duration(source.interval_seconds)}"),
        ("Health", shown.health),
    ]
    if source.error is not None:
        rows += [("Error", source.error.message)]
        rows += [("What to do", source.error.hint)]
        since = f"{moment(source.failing_since)}, {source.failures:,} runs"
        rows += [("Failing since", since)] if source.failures > 1 else []
    if source.held is not None:
        rows += [("Held back", source.held.message), ("What to do", source.held.hint)]
        rows += [("Allowed", f"{source.allowed:,}, with the next run")] if source.allowed is not None else []
    fed = ", ".join(f"{number:,} {kind}{'s' * (number != 1)}" for kind, number in shown.feeds.items())
    rows.append(("Feeds", fed or "nobody yet"))
    if status.running is not None:
        rows.append(("Run under way", f"{status.running.kind} read {status.running.n}: {counts(status.running)}"))
    rows.append(("Last full read", moment(source.last_full_at) or "never"))
    rows.append(("Next read", f"{source.next_read}, {moment(shown.next_at) or _when(shown.next_at)}"))
    print_table(("", ""), rows)
    if status.runs:
        print_runs(status.runs)
    paragraph(_STARTS[source.schedule_state, status.served])


def print_runs(runs: Sequence["SourceRun"]) -> None:
    """Runs, newest first."""
    print_table(
        ("Run", "Read", "State", "Began", "Took", "What it did"),
        [
            (
                run.n,
                run.kind,
                run.state + (", staging" if run.staging else ""),
                moment(run.began_at),
                "" if run.ended_at is None else duration((run.ended_at - run.began_at) / 1e6),
                counts(run) if run.error is None else run.error.message,
            )
            for run in runs
        ],
    )


def print_problems(found: Sequence["SourceProblem"]) -> None:
    """Records that are not in the directory as they are at the source."""
    print_table(
        ("Name", "Kind", "What", "Why", "Anchor"),
        [
            (one.name, one.kind, one.fate, f"{one.trouble.message} {one.trouble.hint}".strip(), one.anchor)
            for one in found
        ],
    )


def counts(run: "SourceRun") -> str:
    """What a run counted, in words."""
    return ", ".join(f"{number:,} {name}" for name, number in run.counters.items()) or "nothing new"


def moment(at: int | None) -> str:
    """UTC microseconds for a person; nothing for None and 0."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else ""


def _when(at: int | None) -> str:
    return "not by itself" if at is None else "at once"


def say_more(found: Sequence["SourceProblem"], limit: int, command: str) -> None:
    """How the next ones are shown, where there may be more."""
    if len(found) >= limit:
        say(f"There may be more: {command} --after {found[-1].anchor}")
