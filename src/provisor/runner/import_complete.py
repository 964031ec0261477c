"""What `--complete` means: whoever of the source is in no row leaves, memberships that are in no row end.

Only when every file was read through, and within bounds: a truncated export must not empty a company.
"""

from collections.abc import Mapping, Sequence

from provisor.connectors.csv_files import CsvFile
from provisor.database import Connection, Database
from provisor.directory.objects import Kind, Refusal
from provisor.runner.import_run import ImportRun
from provisor.storage import feed, objects
from provisor.storage.times import to_microseconds

FEW_OBJECTS = 5  # so many may always go, in however small a directory
MOST_PER_HUNDRED = 10


def delete_absent(database: Database, run: ImportRun, files: Sequence[str], allow_deletes: int | None) -> None:
    """Soft-delete users and groups and end memberships that no file names; or say in the summary why not."""
    if run.lost:
        row = run.lost[0]
        run.summary.stopped = Refusal(
            code="file-not-clean",
            message=f"Nothing was deleted: row {row.row} of {row.file} may be about anyone ({row.reason}).",
            hint="Correct that row and import the files again.",
        )
        return
    kinds: list[Kind] = [kind for kind in ("user", "group") if kind in files]
    with database.transaction() as connection:
        absent = {kind: run.notes.count_absent(connection, run.tenant, run.source.id, kind) for kind in kinds}
        run.summary.stopped = _too_many(connection, run, absent, allow_deletes)
        if run.summary.stopped is not None:
            return
        edges = run.notes.count_absent_edges(connection, run.tenant, run.source.id) if "member" in files else 0
        if not edges and not any(absent.values()):
            return
        change, at = feed.next_change(connection, run.tenant), to_microseconds(run.now)
        place = {"at": at, "change": change}
        for kind in kinds:
            run.counts(kind).deleted += run.notes.delete_absent(connection, run.tenant, run.source.id, kind, **place)
        # After the people: those who left keep their memberships, in case they are restored.
        if "member" in files:
            run.summary.memberships.deleted = run.notes.remove_absent_edges(
                connection, run.tenant, run.source.id, **place
            )


def make_room(
    connection: Connection,
    run: ImportRun,
    wanted: Mapping[Kind, Sequence[str]],
    members: CsvFile | None,
    allow_deletes: int | None,
) -> None:
    """Let those go at once whose names newcomers of the same files have: a rehire under a new anchor is one import.

    They would go at the end in any case, and only if so: within the same bounds, and when every file is clean.
    """
    absent = {kind: run.notes.count_absent(connection, run.tenant, run.source.id, kind) for kind in wanted}
    if run.lost or not _clean(members) or _too_many(connection, run, absent, allow_deletes) is not None:
        return
    for kind, names in wanted.items():
        if not names:
            continue
        leaving = run.notes.absent_with_names(connection, run.tenant, run.source.id, kind, names)
        if leaving:
            change = feed.next_change(connection, run.tenant)
            objects.soft_delete(connection, leaving, at=to_microseconds(run.now), change=change)
            run.counts(kind).deleted += len(leaving)


def _clean(members: CsvFile | None) -> bool:
    """Whether no row of the memberships, which are read later, will keep people from being deleted."""
    if members is None:
        return True
    if not members.path.is_file():  # a pipe is read once only
        return False
    with CsvFile(members.path) as again:
        return all(bad.cells is not None for page in again.pages() for bad in page.bad)


def _too_many(
    connection: Connection, run: ImportRun, absent: dict[Kind, int], allow_deletes: int | None
) -> Refusal | None:
    total = sum(absent.values())
    if allow_deletes is not None and total <= allow_deletes:
        return None
    for kind, leaving in absent.items():
        live = objects.count(connection, run.tenant, kind, source=run.source.id)
        before = live - run.counts(kind).created  # who came with this very import does not widen the bound
        if leaving > FEW_OBJECTS and leaving * 100 > before * MOST_PER_HUNDRED:
            return Refusal(
                code="too-many-deletes",
                message=f"Nothing was deleted: {leaving} of {before} {kind}s of the source {run.source.name} "
                f"are in no row, more than {MOST_PER_HUNDRED} %.",
                hint=f"See that the files are whole. If they are, import them again with --allow-deletes {total}.",
            )
    return None
