"""One row of a source file as the directory understands it: whom it is about, what it says, whom it names as manager.

Pure. A header is read once into `Columns`; `read_row` then turns cells into a SourceRow or a reason to refuse the row.
Rules: design.md section 5 *CSV*. Anchors: objectGUID where that column exists, else userPrincipalName; id, else
displayName for groups.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisor.directory.attributes import KNOWN, SINGULAR, Type, Unreadable, extension_name, nearest, read_text
from provisor.directory.objectguid import as_base64, read_guid
from provisor.directory.objects import NAMING, Kind, Refusal, Value
from provisor.scim.values import fold

OBJECT_GUID = "objectGUID"
MANAGER = "manager"
ID = "id"
_PREFERRED: Mapping[Kind, str] = {"user": OBJECT_GUID, "group": ID}


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the columns of one file mean. `texts`, `typed` and `guids` pair a position with a property name."""

    kind: Kind
    anchor: str
    anchor_at: int
    name_at: int | None
    manager_at: int | None
    texts: tuple[tuple[int, str], ...]
    typed: tuple[tuple[int, str, Type], ...]
    guids: tuple[tuple[int, str], ...]
    extensions: tuple[str, ...]  # headers to be registered, if they are not
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A readable row. In `given` None clears and absent leaves alone; `manager` is None without that column."""

    number: int
    anchor: str
    name: str | None
    folded_name: str | None
    given: dict[str, Value]
    manager: str | None


def choose_anchor(kind: Kind, file: str, header: Sequence[str], fixed: str | None, wanted: str | None) -> str | Refusal:
    """The column that identifies rows: as fixed by the first import, else the wanted one, else by the rule."""
    naming = NAMING[kind]
    by_rule = _PREFERRED[kind] if _PREFERRED[kind] in header else naming
    anchor = fixed or wanted or by_rule
    if fixed is not None and wanted is not None and wanted != fixed:
        return Refusal(
            code="anchor-fixed",
            message=f"The {kind}s of this source are identified by {fixed} since its first import, not by {wanted}.",
            hint=f"Leave --anchor out, or import {file} as another source with --source NAME.",
        )
    if anchor in header:
        return anchor
    why = "since the first import of this source" if fixed else "here"
    return Refusal(
        code="column-missing",
        message=f"{file} has no column {anchor}, which identifies a {kind} {why}.",
        hint=f"Add the column {anchor}; the header row has {', '.join(header)}. Names of columns are case-sensitive.",
    )


def read_header(
    kind: Kind, header: Sequence[str], anchor: str, app_id: str, registered: Mapping[str, object]
) -> Columns:
    """What each column means; `registered` has the full names of the tenant's extensions."""
    texts: list[tuple[int, str]] = []
    typed: list[tuple[int, str, Type]] = []
    guids: list[tuple[int, str]] = []
    extensions: list[str] = []
    ignored: list[str] = []
    manager_at = None
    for at, column in enumerate(header):
        name = SINGULAR[kind].get(column, column)
        if column == MANAGER and kind == "user":
            manager_at = at
        elif column == OBJECT_GUID:
            guids.append((at, extension_name(app_id, column)))
            extensions.append(column)
        elif column == ID:
            ignored += [column] if column != anchor else []
        elif name in KNOWN[kind] and KNOWN[kind][name] != "text":
            typed.append((at, name, KNOWN[kind][name]))
        elif name in KNOWN[kind] or name in registered:
            texts.append((at, name))
        else:
            texts.append((at, extension_name(app_id, column)))
            extensions.append(column)
    return Columns(
        kind=kind,
        anchor=anchor,
        anchor_at=header.index(anchor),
        name_at=header.index(NAMING[kind]) if NAMING[kind] in header else None,
        manager_at=manager_at,
        texts=tuple(texts),
        typed=tuple(typed),
        guids=tuple(guids),
        extensions=tuple(extensions),
        ignored=tuple(ignored),
    )


def unknown_column(kind: Kind, column: str, full_name: str) -> str:
    """The warning for a column that became a directory extension."""
    return (
        f"the column {column} is no attribute of a {kind}; it is kept as the directory extension {full_name}. "
        f"The nearest known attribute is {nearest(kind, column)}."
    )


def anchor_key(kind: Kind, anchor: str, cell: str) -> str | None:
    """The form under which an anchor is kept and found: GUIDs by their bytes, names folded, anything else as it is."""
    if anchor == OBJECT_GUID:
        raw = read_guid(cell)
        return None if raw is None else as_base64(raw)
    return fold(cell) if anchor == NAMING[kind] else cell


def read_row(columns: Columns, number: int, cells: Sequence[str]) -> SourceRow | str:
    """What a row says, or why it is refused. `cells` are as many as the header has."""
    identifying = cells[columns.anchor_at]
    name = cells[columns.name_at] if columns.name_at is not None else None
    if not identifying.strip():
        return f"{columns.anchor} is empty; it identifies the {columns.kind}"
    if name is not None and not name.strip():
        return f"{NAMING[columns.kind]} is empty; every {columns.kind} needs one"
    anchor = anchor_key(columns.kind, columns.anchor, identifying)
    if anchor is None:
        return f"{OBJECT_GUID} {identifying!r} is no GUID"
    given: dict[str, Value] = {property_: cells[at] or None for at, property_ in columns.texts}
    for at, property_, kind_of_value in columns.typed:
        value = read_text(property_, kind_of_value, cells[at])
        if isinstance(value, Unreadable):
            return value.reason
        given[property_] = value
    for at, property_ in columns.guids:
        raw = read_guid(cells[at])
        if raw is None and cells[at]:
            return f"{OBJECT_GUID} {cells[at]!r} is no GUID"
        given[property_] = None if raw is None else as_base64(raw)
    return SourceRow(
        number=number,
        anchor=anchor,
        name=name,
        folded_name=None if name is None else fold(name),
        given=given,
        manager=None if columns.manager_at is None else cells[columns.manager_at],
    )
