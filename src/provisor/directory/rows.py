"""One row of a source file as the directory understands it: whom it is about, what it says, whom it names as manager.

Pure. A header is read once into `Columns`; `read_row` then turns cells into a SourceRow or a reason to refuse the row.
Rules: explanation/settled-cases.md section *CSV files*. Anchors: objectGUID where that column exists, else
userPrincipalName; id, else displayName for groups.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisor.directory.attributes import KNOWN, Reading, Unreadable, extension_name, nearest, read_text
from provisor.directory.dynamic import MEMBERSHIP_TYPE, refused_dynamic, sign_of_dynamic
from provisor.directory.extensions import ExtensionProperty, read_extension_text
from provisor.directory.names import ID, MANAGER, OBJECT_GUID, Meaning, NotTaken, meaning, names_of
from provisor.directory.objectguid import as_base64, read_guid
from provisor.directory.objects import NAMING, DirectoryKind, DirectoryValue, Refusal
from provisor.directory.printable import refused_name
from provisor.scim.nearest import did_you_mean
from provisor.scim.values import fold

_PREFERRED: Mapping[DirectoryKind, str] = {"user": OBJECT_GUID, "group": ID}


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the columns of one file mean. `taken` has position, property, reading, and the column's own name.

    A refused cell is reported by that name. `guids` pairs a position with a property.
    """

    kind: DirectoryKind
    anchor: str
    anchor_at: int
    name_at: int | None
    manager_at: int | None
    dynamic_at: int | None  # of a group: the column that says whether it is dynamic
    taken: tuple[tuple[int, str, Reading | ExtensionProperty, str], ...]
    guids: tuple[tuple[int, str], ...]
    extensions: tuple[str, ...]  # headers to be registered, if they are not
    not_taken: tuple[tuple[str, str], ...]  # headers whose cells are not kept, with the reason
    renamed: tuple[tuple[str, str], ...]  # headers that are an attribute under another name


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A readable row. In `given` None clears and absent leaves alone; `manager` is None without that column."""

    number: int
    anchor: str
    name: str | None
    folded_name: str | None
    given: dict[str, DirectoryValue]
    manager: str | None


def choose_anchor(
    kind: DirectoryKind, file: str, header: Sequence[str], fixed: str | None, wanted: str | None
) -> str | Refusal:
    """The attribute that identifies rows: as fixed by the first import, else the wanted one, else by the rule."""
    naming = NAMING[kind]
    meant = [_identifier(kind, column) for column in header]
    by_rule = _PREFERRED[kind] if _PREFERRED[kind] in meant else naming
    fixed = None if fixed is None else _identifier(kind, fixed)
    chosen = None if wanted is None else _identifier(kind, wanted)
    anchor = fixed or chosen or by_rule
    if fixed is not None and chosen is not None and chosen != fixed:
        return Refusal(
            code="anchor-fixed",
            message=f"The {kind}s of this source are identified by {fixed} since its first import, not by {wanted}.",
            hint=f"Leave --anchor out, or import {file} as another source with --source NAME.",
        )
    if anchor in meant:
        return anchor
    why = "since the first import of this source" if fixed else "here"
    return Refusal(
        code="column-missing",
        message=f"{file} has no column {anchor}, which identifies a {kind} {why}.",
        hint=f"{did_you_mean(anchor, header)}The header row has {', '.join(header)}. Names of columns are "
        "case-sensitive.",
    )


def unseen_column(
    kind: DirectoryKind, file: str, header: Sequence[str], app_id: str, registered: Mapping[str, object]
) -> Refusal | None:
    """The refusal of a column that would become an extension with an unreadable name."""
    for column in header:
        if meaning(kind, column) is None and not {column, extension_name(app_id, column)} & registered.keys():
            unfit = refused_name(column, f"the name of a column of {file}")
            if unfit is not None:
                return unfit
    return None


def read_header(
    kind: DirectoryKind,
    file: str,
    header: Sequence[str],
    anchor: str,
    app_id: str,
    registered: Mapping[str, ExtensionProperty],
) -> Columns | Refusal:
    """What each column means; `registered` has the full names of the tenant's extensions.

    Refused when two columns mean one attribute: we do not guess which of them counts.
    """
    taken: list[tuple[int, str, Reading | ExtensionProperty, str]] = []
    guids: list[tuple[int, str]] = []
    extensions: list[str] = []
    not_taken: list[tuple[str, str]] = []
    renamed: list[tuple[str, str]] = []
    places: dict[str, int] = {}
    for at, column in enumerate(header):
        found = meaning(kind, column)
        if isinstance(found, NotTaken) and column != anchor:
            not_taken.append((column, found.reason))
            continue
        attribute = _attribute(column, found, app_id, registered)
        if attribute in places:
            return _twice(file, header[places[attribute]], column, attribute)
        places[attribute] = at
        if isinstance(found, Meaning) and found.attribute == OBJECT_GUID:
            guids.append((at, attribute))
            extensions.append(OBJECT_GUID)
        elif attribute == ID:
            not_taken += [(column, "the directory assigns its own ids")] if anchor != ID else []
        elif attribute != MANAGER:
            reading = found.reading if isinstance(found, Meaning) else _reading(registered.get(attribute))
            taken.append((at, attribute, reading, column))
        if not isinstance(found, Meaning) and attribute != column:
            extensions.append(column)
        elif attribute != column and attribute in KNOWN[kind]:
            renamed.append((column, attribute))
    return Columns(
        kind=kind,
        anchor=anchor,
        anchor_at=[_identifier(kind, column) for column in header].index(anchor),
        name_at=places.get(NAMING[kind]),
        manager_at=places.get(MANAGER),
        dynamic_at=header.index(MEMBERSHIP_TYPE) if kind == "group" and MEMBERSHIP_TYPE in header else None,
        taken=tuple(taken),
        guids=tuple(guids),
        extensions=tuple(extensions),
        not_taken=tuple(not_taken),
        renamed=tuple(renamed),
    )


def unknown_column(kind: DirectoryKind, column: str, full_name: str) -> str:
    """The warning for a column that became a directory extension."""
    return (
        f"the column {column} is not an attribute of a {kind}; it is kept as the directory extension {full_name}. "
        f"The nearest known attribute is {nearest(kind, column, names_of(kind))}."
    )


def anchor_key(kind: DirectoryKind, anchor: str, cell: str) -> str | None:
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
        return f"{OBJECT_GUID} {identifying!r} is not a GUID"
    given: dict[str, DirectoryValue] = {}
    for at, property_, reading, column in columns.taken:
        if isinstance(reading, ExtensionProperty):
            value = read_extension_text(reading, cells[at])
        else:
            value = (cells[at] or None) if reading == "text" else read_text(column, reading, cells[at])
        if isinstance(value, Unreadable):
            return value.reason
        given[property_] = value
    for at, property_ in columns.guids:
        raw = read_guid(cells[at])
        if raw is None and cells[at]:
            return f"{OBJECT_GUID} {cells[at]!r} is not a GUID"
        given[property_] = None if raw is None else as_base64(raw)
    membership_type = "" if columns.dynamic_at is None else cells[columns.dynamic_at]
    if columns.kind == "group" and (sign := sign_of_dynamic(given, membership_type)) is not None:
        refusal = refused_dynamic(name or identifying, sign)
        return f"{refusal.message[0].lower()}{refusal.message[1:]} {refusal.hint.rstrip('.')}"
    return SourceRow(
        number=number,
        anchor=anchor,
        name=name,
        folded_name=None if name is None else fold(name),
        given=given,
        manager=None if columns.manager_at is None else cells[columns.manager_at],
    )


def _identifier(kind: DirectoryKind, column: str) -> str:
    """What a column is called as the one that identifies rows."""
    found = meaning(kind, column)
    return found.attribute if isinstance(found, Meaning) else column


def _attribute(column: str, found: Meaning | NotTaken | None, app_id: str, registered: Mapping[str, object]) -> str:
    """Where the cells of a column go: the attribute it means, or a directory extension, as objectGUID is."""
    if isinstance(found, Meaning):
        return extension_name(app_id, OBJECT_GUID) if found.attribute == OBJECT_GUID else found.attribute
    return column if column in registered else extension_name(app_id, column)


def _reading(extension: ExtensionProperty | None) -> Reading | ExtensionProperty:
    """How the cells of an extension are read; text of any length, as Active Directory has it, where it is text."""
    plain = extension is None or (extension.data_type == "String" and not extension.multi_valued)
    return "text" if plain or extension is None else extension


def _twice(file: str, first: str, second: str, attribute: str) -> Refusal:
    return Refusal(
        code="column-twice",
        message=f"The columns {first} and {second} of {file} both mean {attribute}.",
        hint="Leave one of them out.",
    )
