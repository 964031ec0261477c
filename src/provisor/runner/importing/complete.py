"""What `--complete` means: users and groups of the source that are in no row are deleted, memberships likewise.

Only when every file was read through, and within bounds: a truncated export must not empty a company. Whom a connected
source has stays, with the members of the groups that it has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisor.connectors.csv_files import CsvFile
from provisor.database import Connection, Database
from provisor.directory.objects import DirectoryKind, Refusal
from provisor.runner.importing.history import ChangeNumber, Files, ImportRun
from provisor.runner.importing.summary import EXAMPLES, Counts
from provisor.storage import feed, mastering, objects
from provisor.storage.times import to_microseconds

FEW = 5  # this many may always go, however small the directory
MOST_PER_HUNDRED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaving:
    """How many of how many are in no row of a file, and how many of its rows were usable."""

    what: str  # in the plural
    file: str
    leaving: int
    before: int
    usable_rows: int


def delete_absent(database: Database, run: ImportRun, files: Files, allow_deletes: int | None) -> None:
    """Soft-delete users and groups and end memberships that no file names; or say in the summary why not."""
    if run.lost:
        row = run.lost[0]
        run.summary.stopped = Refusal(
            code="file-not-clean",
            message=f"{_nothing(run)}: row {row.row} of {row.file} may be about anyone ({row.reason}).",
            hint="Correct that row and import the files again.",
        )
        return
    try:
        with database.transaction() as connection:
            gone = _delete(connection, run, files, allow_deletes)
    except _Stopped as stopped:
        run.summary.stopped = stopped.refusal
        return
    for counts, number in gone:
        counts.deleted += number


class _Stopped(Exception):
    """More would be deleted than allowed; the transaction is rolled back."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


def _delete(
    connection: Connection, run: ImportRun, files: Files, allow_deletes: int | None
) -> list[tuple[Counts, int]]:
    kinds: list[DirectoryKind] = [kind for kind in ("user", "group") if kind in files]
    absent = [_objects(connection, run, kind, files[kind].name) for kind in kinds]
    _judge(run, absent, allow_deletes)
    number = ChangeNumber(connection, run.tenant)
    at, gone = to_microseconds(run.now), list[tuple[Counts, int]]()
    for kind, each in zip(kinds, absent, strict=True):
        if each.leaving:
            for name in run.notes.absent_names(connection, run.tenant, run.source.id, kind, EXAMPLES):
                run.example("deleted", kind, each.file, 0, name)
            place = {"at": at, "change": number.get()}
            deleted = run.notes.delete_absent(connection, run.tenant, run.source.id, kind, **place)
            gone.append((run.counts(kind), deleted))
    # After the users: those who left keep their memberships, in case they are restored.
    if "member" in files:
        edges = _edges(connection, run, files["member"].name)
        _judge(run, [edges], allow_deletes)
        if edges.leaving:
            place = {"at": at, "change": number.get()}
            removed = run.notes.remove_absent_edges(connection, run.tenant, run.source.id, **place)
            gone.append((run.summary.memberships, removed))
    return gone


def _judge(run: ImportRun, absent: Sequence[_Leaving], allow_deletes: int | None) -> None:
    refusal = _too_many(run, absent, allow_deletes)
    if refusal is not None:
        raise _Stopped(refusal)


def make_room(
    connection: Connection,
    run: ImportRun,
    wanted: Mapping[DirectoryKind, Sequence[str]],
    files: Files,
    allow_deletes: int | None,
) -> None:
    """Delete at once those whose names newcomers in the same files have: a rehire under a new anchor is one import.

    Only those who would be deleted at the end anyway: within the same bounds, and when every file is clean.
    """
    absent = [_objects(connection, run, kind, files[kind].name) for kind in wanted]
    if run.lost or not _clean(files.get("member")) or _too_many(run, absent, allow_deletes) is not None:
        return
    for kind, names in wanted.items():
        if not names:
            continue
        leaving = run.notes.absent_with_names(connection, run.tenant, run.source.id, kind, names)
        if leaving:
            change = feed.next_change(connection, run.tenant)
            objects.soft_delete(connection, run.tenant, leaving, at=to_microseconds(run.now), change=change)
            run.counts(kind).deleted += len(leaving)


def _clean(members: CsvFile | None) -> bool:
    """Whether nothing in the memberships, which are read later, will prevent deletions."""
    if members is None:
        return True
    if not members.path.is_file():  # a pipe is read once only
        return False
    with CsvFile(members.path) as again:
        pages = 0
        for page in again.pages():
            pages += len(page.rows) > 0
            if any(bad.cells is None for bad in page.bad):
                return False
        return pages > 0


def _objects(connection: Connection, run: ImportRun, kind: DirectoryKind, file: str) -> _Leaving:
    counts = run.counts(kind)
    live = objects.count(connection, run.tenant, kind, source=run.source.id)
    live -= mastering.count_fed(connection, run.tenant, run.source.id, kind)  # those are no file's to delete
    return _Leaving(
        what=f"{kind}s",
        file=file,
        leaving=run.notes.count_absent(connection, run.tenant, run.source.id, kind),
        before=live - counts.created - counts.restored,  # those added by this import do not raise the bound
        usable_rows=counts.created + counts.updated + counts.restored + counts.unchanged,
    )


def _edges(connection: Connection, run: ImportRun, file: str) -> _Leaving:
    counts = run.summary.memberships
    live = run.notes.count_edges(connection, run.tenant, run.source.id)
    return _Leaving(
        what="memberships",
        file=file,
        leaving=run.notes.count_absent_edges(connection, run.tenant, run.source.id),
        before=live - counts.created,
        usable_rows=counts.created + counts.unchanged,
    )


def _too_many(run: ImportRun, absent: Sequence[_Leaving], allow_deletes: int | None) -> Refusal | None:
    """The refusal to delete so many, unless they were allowed. People and groups are counted together."""
    total = sum(each.leaving for each in absent)
    if allow_deletes is not None and total <= allow_deletes:
        return None
    allow = f"If they are, import them again with --allow-deletes {total}."
    for each in absent:
        if each.leaving and not each.usable_rows:
            return Refusal(
                code="file-empty",
                message=f"{_nothing(run)}: {each.file} has no usable row, but the source "
                f"{run.source.name} has {each.before} {each.what}.",
                hint=f"Check that the files are complete. {allow}",
            )
        if each.leaving > FEW and each.leaving * 100 > each.before * MOST_PER_HUNDRED:
            return Refusal(
                code="too-many-deletes",
                message=f"{_nothing(run)}: {each.leaving} of {each.before} {each.what} of the source "
                f"{run.source.name} are in no row, more than {MOST_PER_HUNDRED} %.",
                hint=f"Check that the files are complete. {allow}",
            )
    return None


def _nothing(run: ImportRun) -> str:
    """That nothing was deleted, except perhaps those who made room for others."""
    made_room = run.summary.users.deleted + run.summary.groups.deleted
    return "Nothing more was deleted" if made_room else "Nothing was deleted"
