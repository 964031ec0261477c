"""CSV files into the directory: each page of rows is written whole or not at all, in one transaction.

Order: users, then groups, then managers and memberships (which name them), last of all what `--complete` deletes.
Rules: explanation/settled-cases.md section *CSV files*. Importing the same files again changes nothing. Memory does not
grow with the files.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from provisor.connectors.csv_files import CsvFile
from provisor.database import Connection, Database
from provisor.directory.files import FileKind, groups_for_people, membership_columns, misplaced
from provisor.directory.names import OBJECT_GUID
from provisor.directory.objects import DirectoryKind, Refusal
from provisor.directory.printable import refused_name
from provisor.directory.rows import Columns, choose_anchor, read_header, unknown_column, unseen_column
from provisor.engine.ports import ConnectorError, Unreachable
from provisor.runner.import_lock import importing
from provisor.runner.importing.complete import delete_absent, make_room
from provisor.runner.importing.history import EdgeColumns, Files, ImportRun
from provisor.runner.importing.managers import set_managers
from provisor.runner.importing.members import MemberImport
from provisor.runner.importing.objects import ObjectImport
from provisor.runner.importing.summary import ImportProgress, ImportSummary, as_json
from provisor.runner.tracing import span
from provisor.scim.naming import spelled
from provisor.storage import directory_verbs, extensions, feed, mastering, sources, tenants
from provisor.storage.import_notes import ImportNotes
from provisor.storage.scratch import scratch_directory
from provisor.storage.sources import Source

ReportImport = Callable[[ImportProgress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvImport:
    """What to import. Anchors choose the identifying columns at the first import of a source.

    `members_of` names the one group that every row of the members file is about.
    """

    users: Path | None = None
    groups: Path | None = None
    members: Path | None = None
    members_of: str | None = None
    source: str = "csv"
    complete: bool = False
    allow_deletes: int | None = None
    user_anchor: str | None = None
    group_anchor: str | None = None
    dry_run: bool = False


def import_csv(
    database: Database, tenant: str, order: CsvImport, *, now: datetime, report: ReportImport | None = None
) -> ImportSummary | Refusal:
    """Import the files; a Refusal when one cannot be read at all, before anything is written.

    Bad rows are in the summary. `report` is called after every page. A dry run imports into a copy of the directory
    (storage.scratch): its summary is that of an import, and nobody waits for it. Both need a database in a file.
    """
    if not order.dry_run:
        with importing(database.path), span("import", source=order.source):
            return _import(database, tenant, order, now, report)
    with (
        span("import", source=order.source, dry_run=True),
        scratch_directory(database, tenant, members=order.members is not None) as copied,
    ):
        return _import(copied, tenant, order, now, report)


def _import(
    database: Database, tenant: str, order: CsvImport, now: datetime, report: ReportImport | None
) -> ImportSummary | Refusal:
    refusal = _unusable(order)
    if refusal is not None:
        return refusal
    with ExitStack() as stack:
        try:
            paths: tuple[tuple[FileKind, Path | None], ...] = (
                ("user", order.users), ("group", order.groups), ("member", order.members)
            )  # fmt: skip
            files = {kind: stack.enter_context(CsvFile(path)) for kind, path in paths if path is not None}
        except ConnectorError as error:
            absent = isinstance(error, Unreachable)
            hint = "Check the path and its permissions." if absent else "Correct the file and import it again."
            return Refusal(code="file-unreadable", message=error.message, hint=hint)
        if not files:
            return Refusal(
                code="nothing-to-import", message="No file was named.", hint="Name a users, groups or members file."
            )
        with database.transaction() as connection:
            run = _begin(connection, tenant, order, files, now)
        if isinstance(run, Refusal):
            return run
        try:
            _read_all(database, run, order, files, report)
            if order.complete:
                delete_absent(database, run, files, order.allow_deletes)
        except BaseException:
            with suppress(Exception):  # the first error is the one reported
                _end(database, run, files)
            raise
        _end(database, run, files)
        return run.summary


def _end(database: Database, run: ImportRun, files: Files) -> None:
    """Drop the notes, and store the result of the import with its source."""
    with database.transaction() as connection:
        run.notes.drop(connection)
        run.summary.sort_refused([file.name for file in files.values()])
        sources.save_run(connection, run.source, as_json(run.summary))


def _unusable(order: CsvImport) -> Refusal | None:
    """Why this cannot be done, whatever is in the files."""
    if not order.source.strip():
        return Refusal(code="name-blank", message="A source needs a name.", hint="Give it one with --source.")
    unfit = refused_name(order.source, "the name of a source")
    if unfit is not None:
        return unfit
    if order.members_of is not None and order.complete:
        return Refusal(
            code="not-complete",
            message=f"A file of the members of {order.members_of} is not complete: other groups have members too.",
            hint="Leave --complete out, or import one file with the columns group and member.",
        )
    return None


def _begin(connection: Connection, tenant: str, order: CsvImport, files: Files, now: datetime) -> ImportRun | Refusal:
    """Judge every header before the first row; then fix the source's anchors and register extensions."""
    source = sources.find(connection, tenant, order.source)
    if source is not None and source.kind != "csv":
        return Refusal(
            code="source-not-csv",
            message=f"The source {order.source} does not take files.",
            hint="Choose another name with --source.",
        )
    if source is not None and mastering.is_connected(connection, source.id):
        return Refusal(
            code="source-not-csv",
            message=f"The source {order.source} is a connected one, which reads its files itself.",
            hint="Have it read them with `provisor source run`, or choose another name with --source.",
        )
    columns = _columns(connection, tenant, order, files, source)
    if isinstance(columns, Refusal):
        return columns
    edges = _edges(connection, tenant, order, files)
    if isinstance(edges, Refusal):
        return edges
    source = source or sources.ensure(connection, tenant, "csv", order.source, now=now)
    anchors = {kind: found.anchor for kind, found in columns.items()}
    sources.fix_anchors(connection, source, user=anchors.get("user"), group=anchors.get("group"))
    run = ImportRun(
        tenant=tenant,
        source=sources.find(connection, tenant, order.source) or source,
        columns=columns,
        edges=edges,
        notes=ImportNotes(connection),
        now=now,
        began_at_change=feed.current_change(connection, tenant),
        summary=ImportSummary(source=order.source, dry_run=order.dry_run),
    )
    _tell_columns(connection, run, files)
    _register(connection, run, files)
    return run


def _columns(
    connection: Connection, tenant: str, order: CsvImport, files: Files, source: Source | None
) -> dict[DirectoryKind, Columns] | Refusal:
    """What the columns of people and groups mean."""
    app_id = tenants.setting(connection, tenant, tenants.EXTENSION_APP) or ""
    registered = extensions.registered(connection, tenant)
    columns: dict[DirectoryKind, Columns] = {}
    kinds: tuple[tuple[DirectoryKind, str | None], ...] = (("user", order.user_anchor), ("group", order.group_anchor))
    for kind, wanted in kinds:
        if kind not in files:
            continue
        file = files[kind]
        anchor = (
            misplaced(kind, file.name, file.header)
            or unseen_column(kind, file.name, file.header, app_id, registered)
            or choose_anchor(kind, file.name, file.header, source.anchor(kind) if source else None, wanted)
        )
        if isinstance(anchor, Refusal):
            unknown = kind == "user" and anchor.code == "column-missing"
            return (groups_for_people(file.name, file.header) if unknown else None) or anchor
        found = read_header(kind, file.name, file.header, anchor, app_id, registered)
        if isinstance(found, Refusal):
            return found
        columns[kind] = found
    return columns


def _edges(connection: Connection, tenant: str, order: CsvImport, files: Files) -> EdgeColumns | Refusal | None:
    """Which columns of the members file name group and member."""
    if "member" not in files:
        return None
    file = files["member"]
    found = membership_columns(file.name, file.header, one_group=order.members_of is not None)
    if isinstance(found, Refusal):
        return found
    group, member = found
    if order.members_of is None:
        return EdgeColumns(group=group, member=member)
    meant = directory_verbs.find(connection, tenant, "group", order.members_of)
    if not isinstance(meant, Refusal):
        return EdgeColumns(group=None, member=member, of=meant.name, of_id=meant.id)
    return EdgeColumns(group=None, member=member, of=order.members_of) if "group" in files else meant


def _register(connection: Connection, run: ImportRun, files: Files) -> None:
    known = set(extensions.registered(connection, run.tenant))
    for kind, columns in run.columns.items():
        for column in columns.extensions:
            name = extensions.register(connection, run.tenant, column, kind, now=run.now)
            if name in known:
                continue
            known.add(name)
            run.summary.extensions.append(name)
            if column != OBJECT_GUID:
                run.warn_of_column(files[kind], unknown_column(kind, column, name))


def _tell_columns(connection: Connection, run: ImportRun, files: Files) -> None:
    """What is not imported, and what is imported under another name than before, once per column."""
    registered = extensions.registered(connection, run.tenant)
    for kind, columns in run.columns.items():
        for column, reason in columns.not_taken:
            run.warn_of_column(files[kind], f"the column {spelled(column)} is not imported; {reason}")
        for column, attribute in columns.renamed:
            former = extensions.full_name(connection, run.tenant, column)
            if former in registered:
                run.warn_of_column(
                    files[kind],
                    f"the column {column} is the attribute {attribute}; the directory extension {former}, "
                    "which earlier imports made of it, is no longer filled",
                )
    if run.edges is not None:
        file = files["member"]
        for column in file.header:
            if column not in (run.edges.group, run.edges.member):
                run.warn_of_column(file, f"the column {spelled(column)} is not imported; a membership has none")


def _read_all(database: Database, run: ImportRun, order: CsvImport, files: Files, report: ReportImport | None) -> None:
    kinds: Sequence[DirectoryKind] = ("user", "group")
    readers = {kind: ObjectImport(run, kind, files[kind]) for kind in kinds if kind in files}
    for kind, reader in readers.items():
        _pages(database, run, files[kind], reader.write_page, report)
    with database.transaction() as connection:
        if order.complete and any(reader.names_waited_for for reader in readers.values()):
            wanted = {kind: reader.names_waited_for for kind, reader in readers.items()}
            make_room(connection, run, wanted, files, order.allow_deletes)
        for reader in readers.values():
            reader.write_deferred(connection)
    if "user" in files:
        set_managers(database, run, files["user"].name)
    if "member" in files:
        _pages(database, run, files["member"], MemberImport(run, files["member"]).write_page, report)


def _pages(
    database: Database, run: ImportRun, file: CsvFile, write: Callable[..., None], report: ReportImport | None
) -> None:
    rows = 0
    for page in file.pages():
        with database.transaction() as connection:
            write(connection, page)
        rows += len(page.rows) + len(page.bad)
        if report is not None:
            report(ImportProgress(file.name, rows, file.read_bytes, file.size_bytes))
    for number in file.examples:
        run.warn(file.name, number, "the row of examples is not imported")
