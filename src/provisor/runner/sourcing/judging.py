"""What records mean now: of those that feed somebody and changed, who is left out, before anybody is deleted.

Run before deletions, so that all who leave are counted together, and before newcomers, who may take a leaver's name.
"""

from collections.abc import Sequence
from dataclasses import replace

from provisor.database import Connection
from provisor.directory.inbound.arriving import Arrived, ArrivedOrNot, LeftOut
from provisor.directory.inbound.containers import parsed
from provisor.directory.inbound.exclusions import too_large
from provisor.directory.inbound.flows import arrived
from provisor.directory.objects import DirectoryKind
from provisor.rules.source_settings import ActiveDirectorySettings
from provisor.runner.sourcing.keeping import NAME
from provisor.runner.sourcing.sourcing_run import SourcingRun
from provisor.storage import connected_sources, source_members, source_records
from provisor.storage.connected_sources import SourceTrouble
from provisor.storage.source_records import CLEAN, KeptRecord

PAGE = 500
KINDS: Sequence[DirectoryKind] = ("user", "group")


def find_pilot(run: SourcingRun) -> None:
    """Find the group whose members alone are taken, where the settings name one."""
    settings = run.source.settings
    if not isinstance(settings, ActiveDirectorySettings) or not settings.group:
        run.pilot = None
        return
    run.pilot, after, wanted = "", "", parsed(settings.group)
    while rows := source_records.page(run.database.reader(), run.source.id, after=after, limit=1_000, kind="group"):
        after = rows[-1].anchor
        for row in rows:
            held = row.document.get(NAME)
            if row.presence == "here" and isinstance(held, str) and parsed(held) == wanted:
                run.pilot = row.anchor
                return


def renewed(connection: Connection, run: SourcingRun) -> bool:
    """Take over what an administrator has changed since the last transaction; whether others are to be read now, or
    they mean something else: what was judged of them meanwhile counts no more.

    A change marks all records again, so that the run which is under way must not judge them as it knew the source.
    """
    before, present = run.source, connected_sources.read(connection, run.tenant, run.source.id)
    if present is None:
        raise LookupError(f"There is no source {before.id} any more.")
    run.source = present
    run.paused = run.paused or (before.schedule_state, present.schedule_state) == ("Active", "Paused")
    if present.settings != before.settings:
        find_pilot(run)
    return present.settings != before.settings or present.cursor != before.cursor


def arrivals(run: SourcingRun, rows: Sequence[KeptRecord]) -> dict[str, ArrivedOrNot]:
    """What each of these records means, by anchor."""
    inside: set[str] | None = None
    if run.pilot is not None:
        references = [row.reference for row in rows]
        inside = source_members.references_of(run.database.reader(), run.source.id, run.pilot, references)
    found: dict[str, ArrivedOrNot] = {
        row.anchor: arrived(
            run.source.settings,
            "group" if row.kind == "group" else "user",
            row.document,
            app_id=run.app_id,
            in_group=inside is None or row.reference in inside,
        )
        for row in rows
        if row.kind != "container"
    }
    groups = [row.anchor for row in rows if row.kind == "group"]
    if groups and isinstance(run.source.settings, ActiveDirectorySettings):
        counted = source_members.counts(run.database.reader(), run.source.id, groups)
        found |= {anchor: large for anchor, number in counted.items() if (large := too_large(number)) is not None}
    return found


def judge_who_feeds(run: SourcingRun) -> None:
    """Mark as leaving whose changed record feeds nobody any more; the others stay to be judged."""
    with run.database.transaction() as connection:
        source_records.mark_again(connection, run.source.id)
        source_records.pass_over(connection, run.source.id, "container")  # which feed nothing
    for kind in KINDS:
        after, done = "", 0
        while not run.halts():
            reader = run.database.reader()
            rows = source_records.to_judge(reader, run.source.id, kind, limit=PAGE, fed=True, after=after)
            if not rows:
                break
            after, done = rows[-1].anchor, done + len(rows)
            found = arrivals(run, rows)
            out = [
                replace(row, presence="leaving", left_at=run.at, dirty=CLEAN, reason=left_out(arrival))
                for row in rows
                if isinstance(arrival := found[row.anchor], LeftOut)
            ]
            if out:
                with run.database.transaction() as connection:
                    if renewed(connection, run):
                        after = ""
                        continue
                    source_records.settle(connection, run.source.id, out)
            run.tell("judging", done)


def left_out(arrival: LeftOut) -> SourceTrouble:
    """Why a record feeds nobody, as it is kept with the record."""
    return SourceTrouble(code=arrival.code, message=arrival.message)


def warned(arrival: Arrived) -> SourceTrouble | None:
    """What was shortened or left away, as it is kept with the record."""
    if not arrival.warnings:
        return None
    return SourceTrouble(code="shortened", message=" ".join(arrival.warnings), hint="Shorten it at the source.")
