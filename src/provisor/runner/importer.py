"""CSV files into the directory: each page of rows is written whole or not at all, in one transaction.

Order: users, then groups, then managers and memberships (which name them), last of all what `--complete` deletes.
Rules: design.md section 5 *CSV*. Importing the same files again changes nothing. Memory does not grow with the files.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from provisor.connectors.csv_files import CsvFile
from provisor.database import Connection, Database
from provisor.directory.objects import Kind, Refusal
from provisor.directory.rows import OBJECT_GUID, Columns, choose_anchor, read_header, unknown_column
from provisor.engine.ports import ConnectorError, Unreachable
from provisor.runner.import_complete import delete_absent, make_room
from provisor.runner.import_managers import set_managers
from provisor.runner.import_members import MemberImport
from provisor.runner.import_objects import ObjectImport
from provisor.runner.import_run import ImportRun
from provisor.runner.import_summary import ImportProgress, ImportSummary, as_json
from provisor.storage import extensions, feed, sources, tenants
from provisor.storage.import_notes import ImportNotes

Report = Callable[[ImportProgress], None]
_MEMBER_COLUMNS = ("group", "member")


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvImport:
    """What to import. Anchors choose the identifying columns at the first import of a source."""

    users: Path | None = None
    groups: Path | None = None
    members: Path | None = None
    source: str = "csv"
    complete: bool = False
    allow_deletes: int | None = None
    user_anchor: str | None = None
    group_anchor: str | None = None


def import_csv(
    database: Database, tenant: str, order: CsvImport, *, now: datetime, report: Report | None = None
) -> ImportSummary | Refusal:
    """Import the files; a Refusal when one cannot be read at all, before anything is written.

    Bad rows are in the summary. `report` is called after every page.
    """
    if not order.source.strip():
        return Refusal(code="name-blank", message="A source needs a name.", hint="Give it one with --source.")
    with ExitStack() as stack:
        try:
            files = {
                kind: stack.enter_context(CsvFile(path))
                for kind, path in (("user", order.users), ("group", order.groups), ("member", order.members))
                if path is not None
            }
        except ConnectorError as error:
            absent = isinstance(error, Unreachable)
            hint = "Look at the path and at who may read it." if absent else "Correct the file and import it again."
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
                delete_absent(database, run, tuple(files), order.allow_deletes)
        finally:
            with database.transaction() as connection:
                run.notes.drop(connection)
                run.summary.sort_refused([file.name for file in files.values()])
                sources.save_run(connection, run.source, as_json(run.summary))
        return run.summary


def _begin(
    connection: Connection, tenant: str, order: CsvImport, files: dict[str, CsvFile], now: datetime
) -> ImportRun | Refusal:
    """Judge every header before the first row; then fix the source's anchors and register extensions."""
    source = sources.find(connection, tenant, order.source)
    app_id = tenants.setting(connection, tenant, tenants.EXTENSION_APP) or ""
    registered = extensions.registered(connection, tenant)
    columns: dict[Kind, Columns] = {}
    kinds: tuple[tuple[Kind, str | None], ...] = (("user", order.user_anchor), ("group", order.group_anchor))
    for kind, wanted in kinds:
        if kind not in files:
            continue
        file = files[kind]
        anchor = choose_anchor(kind, file.name, file.header, source.anchor(kind) if source else None, wanted)
        if isinstance(anchor, Refusal):
            return anchor
        columns[kind] = read_header(kind, file.header, anchor, app_id, registered)
    if "member" in files and not set(_MEMBER_COLUMNS) <= set(files["member"].header):
        return Refusal(
            code="column-missing",
            message=f"{files['member'].name} needs the columns group and member.",
            hint=f"Its header row has {', '.join(files['member'].header)}. Names of columns are case-sensitive.",
        )
    if source is not None and source.kind != "csv":
        return Refusal(
            code="source-not-csv",
            message=f"The source {order.source} does not take files.",
            hint="Choose another name with --source.",
        )
    source = source or sources.ensure(connection, tenant, "csv", order.source, now=now)
    anchors = {kind: found.anchor for kind, found in columns.items()}
    sources.fix_anchors(connection, source, user=anchors.get("user"), group=anchors.get("group"))
    run = ImportRun(
        tenant=tenant,
        source=sources.find(connection, tenant, order.source) or source,
        columns=columns,
        notes=ImportNotes(connection),
        now=now,
        began_at_change=feed.current_change(connection, tenant),
        summary=ImportSummary(source=order.source),
    )
    _register(connection, run, files)
    return run


def _register(connection: Connection, run: ImportRun, files: dict[str, CsvFile]) -> None:
    known = set(extensions.registered(connection, run.tenant))
    for kind, columns in run.columns.items():
        for column in columns.extensions:
            name = extensions.register(connection, run.tenant, column, kind, now=run.now)
            if name in known:
                continue
            known.add(name)
            run.summary.extensions.append(name)
            if column != OBJECT_GUID:
                run.warn(files[kind].name, 1, unknown_column(kind, column, name))
        for column in columns.ignored:
            run.warn(files[kind].name, 1, f"the column {column} is not imported; the directory gives ids of its own")
    if "member" in files:
        for column in files["member"].header:
            if column not in _MEMBER_COLUMNS:
                run.warn(files["member"].name, 1, f"the column {column} is not imported; a membership has none")


def _read_all(
    database: Database, run: ImportRun, order: CsvImport, files: dict[str, CsvFile], report: Report | None
) -> None:
    kinds: Sequence[Kind] = ("user", "group")
    readers = {kind: ObjectImport(run, kind, files[kind]) for kind in kinds if kind in files}
    for kind, reader in readers.items():
        _pages(database, files[kind], reader.write_page, report)
    with database.transaction() as connection:
        if order.complete and any(reader.names_waited_for for reader in readers.values()):
            wanted = {kind: reader.names_waited_for for kind, reader in readers.items()}
            make_room(connection, run, wanted, files.get("member"), order.allow_deletes)
        for reader in readers.values():
            reader.write_deferred(connection)
    if "user" in files:
        set_managers(database, run, files["user"].name)
    if "member" in files:
        _pages(database, files["member"], MemberImport(run, files["member"]).write_page, report)


def _pages(database: Database, file: CsvFile, write: Callable[..., None], report: Report | None) -> None:
    rows = 0
    for page in file.pages():
        with database.transaction() as connection:
            write(connection, page)
        rows += len(page.rows) + len(page.bad)
        if report is not None:
            report(ImportProgress(file.name, rows, file.read_bytes, file.size_bytes))
