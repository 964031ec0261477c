"""`provisor source test`, `run`, `preview`, `history`, `problems`, `allow` and `reject`."""

from typing import TYPE_CHECKING, Annotated

import typer

from provisor.admin.errors import AdminError
from provisor.cli.options import Limit, SourceArgument, session
from provisor.cli.running import NOT_FOLLOWED, STOPPED, stopping
from provisor.cli.source_status import counts, print_problems, print_runs, say_more
from provisor.terminal import AsJson, complain, counted, print_json, print_table, progress_bar, say

if TYPE_CHECKING:
    from provisor.admin.source_preview import SourcePreview
    from provisor.admin.source_runs import SourceRun

Full = Annotated[bool, typer.Option("--full", help="Read everything, not only what has changed.")]
AfterAnchor = Annotated[str, typer.Option("--after", metavar="ANCHOR", help="Show those after this anchor.")]
RECORDS_REFUSED = 3  # as of an import: the others were taken over


def test(context: typer.Context, source: SourceArgument, as_json: AsJson = False) -> None:
    """Try what reading takes, and tell each check as it is made. Nothing is changed anywhere.

    Example: provisor source test corp
    """
    opened = session(context)
    found = []
    for check in opened.admin.sources.runs.test(opened.actor, source):
        found.append(check)
        if not as_json:
            say(f"{'ok    ' if check.well else 'FAILED'}  {check.what}: {check.sentence}")
            if check.hint:
                say(f"        {check.hint}")
    if as_json:
        checks = [{"what": one.what, "well": one.well, "sentence": one.sentence, "hint": one.hint} for one in found]
        print_json({"well": all(one.well for one in found), "checks": checks})
    if not all(one.well for one in found):
        raise typer.Exit(1)


def run(context: typer.Context, source: SourceArgument, full: Full = False, as_json: AsJson = False) -> None:
    """Read a source now and follow it: what has changed since the last run, or with --full everything.

    A running `provisor serve` does it; without one it is done here, in the foreground.

    Ends with 0 when all is well, with 1 when the run failed or holds deletions back, with 3 when records could not be
    taken over, with 130 after Ctrl-C, which stops it after its page; the next run goes on there.

    Example: provisor source run corp
    """
    opened = session(context)
    try:
        with progress_bar(quiet=as_json) as moved:
            done = opened.admin.sources.runs.run(opened.actor, source, full=full, report=moved, stopping=stopping)
    except AdminError as error:
        if error.code != NOT_FOLLOWED:
            raise
        complain(error.message, error.hint)
        raise typer.Exit(STOPPED) from None
    if as_json:
        from provisor.admin.source_told import run_to_json

        print_json(run_to_json(done))
    else:
        print_runs([done])
    _ended(done, source)


def _ended(done: "SourceRun", source: str) -> None:
    if done.error is not None:
        complain(done.error.message, done.error.hint)
    if done.state == "held":
        complain("Deletions are held back.", f"See them with `provisor source status {source}`, and decide.")
    if done.state == "stopped":
        raise typer.Exit(STOPPED)
    if done.state != "succeeded":
        raise typer.Exit(1)
    refused = done.counters.get("refused", 0) + done.counters.get("unreadable", 0)
    if refused:
        complain(f"{counted(refused, 'record')} could not be taken over.", f"See `provisor source problems {source}`.")
        raise typer.Exit(RECORDS_REFUSED)


def preview(context: typer.Context, source: SourceArgument, full: Full = False, as_json: AsJson = False) -> None:
    """Show what a run would do, with examples: who would be created, updated, deleted, left out. Nothing is written.

    Example: provisor source preview corp
    """
    opened = session(context)
    with progress_bar(quiet=as_json) as moved:
        found = opened.admin.sources.previews.preview(opened.actor, source, full=full, report=moved)
    if as_json:
        from provisor.admin.source_told import held_to_json, run_to_json, trouble_to_json

        told: dict[str, object] = {
            "run": run_to_json(found.run),
            "examples": [
                {"what": one.what, "kind": one.kind, "name": one.name, "attributes": [*one.attributes]}
                for one in found.examples
            ],
            "leftOut": [{"name": name, **(trouble_to_json(why) or {})} for name, why in found.left_out],
            "held": None if found.held is None else held_to_json(found.held),
        }
        print_json(told)
        return
    _print_preview(found)


def _print_preview(found: "SourcePreview") -> None:
    print_table(
        ("What", "Kind", "Name", "Attributes"),
        [(one.what, one.kind, one.name, ", ".join(one.attributes)) for one in found.examples],
    )
    if found.left_out:
        print_table(("Not taken over", "Why"), [(name, why.message) for name, why in found.left_out])
    if found.held is not None:
        complain(found.held.message, found.held.hint)
    say(f"A {found.run.kind} read would do this: {counts(found.run)}. Nothing was written.")


def history(
    context: typer.Context,
    source: SourceArgument,
    before: Annotated[int | None, typer.Option(metavar="N", help="Show those before this run.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List the runs of a source, newest first; they are kept for seven days.

    Example: provisor source history corp
    """
    opened = session(context)
    found = opened.admin.sources.runs.history(opened.actor, source, before=before, limit=limit)
    if as_json:
        from provisor.admin.source_told import run_to_json

        print_json([run_to_json(each) for each in found])
    else:
        print_runs(found)


def problems(
    context: typer.Context,
    source: SourceArgument,
    leaving: Annotated[bool, typer.Option("--leaving", help="Instead, list whose deletion is held back.")] = False,
    left_out: Annotated[
        bool, typer.Option(help="Also those who are left out as the rules and settings have it.")
    ] = True,
    after: AfterAnchor = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List records that are not in the directory as they are at the source, and why.

    Example: provisor source problems corp --no-left-out
    """
    opened = session(context)
    told = opened.admin.sources.told
    if leaving:
        found = told.leaving(opened.actor, source, after=after, limit=limit)
    else:
        found = told.problems(opened.actor, source, after=after, limit=limit, left_out=left_out)
    if as_json:
        print_json(
            [
                {
                    "anchor": one.anchor,
                    "kind": one.kind,
                    "name": one.name,
                    "fate": one.fate,
                    "code": one.trouble.code,
                    "message": one.trouble.message,
                    "hint": one.trouble.hint,
                }
                for one in found
            ]
        )
        return
    print_problems(found)
    say_more(found, limit, f"provisor source problems {source}{' --leaving' * leaving}")


def allow(context: typer.Context, source: SourceArgument, as_json: AsJson = False) -> None:
    """Let everybody leave whose deletion is held back; they go with the next run.

    Example: provisor source allow corp
    """
    opened = session(context)
    number = opened.admin.sources.told.allow(opened.actor, source)
    if as_json:
        print_json({"allowed": number})
    else:
        say(f"{number:,} users and groups may leave with the next run.")


def reject(context: typer.Context, source: SourceArgument, as_json: AsJson = False) -> None:
    """Keep everybody whose deletion is held back: the read was wrong. Mend the source first; it is read whole next.

    Example: provisor source reject corp
    """
    opened = session(context)
    number = opened.admin.sources.told.reject(opened.actor, source)
    if as_json:
        print_json({"rejected": number})
    else:
        say(f"{number:,} users and groups stay. The next run reads everything; who is missing then is judged anew.")
