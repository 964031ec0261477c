"""What files of people, groups and memberships say, row by row, in the shapes of the port of sources.

Pure. The connector of CSV files knows bytes and rows, the directory what columns mean; they meet here. Anchors are
those of imports with the kind before them, as one file may number people and another groups. Rules:
explanation/settled-cases.md section *CSV files*.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from provisor.directory.attributes import KNOWN
from provisor.directory.extensions import PREFIX
from provisor.directory.files import GROUP, MEMBERS, groups_for_people, membership_columns, misplaced
from provisor.directory.names import OBJECT_GUID, meaning, plain_name
from provisor.directory.objects import NAMING, DirectoryKind, Refusal
from provisor.directory.rows import Columns, anchor_key, choose_anchor, read_header, read_row, unseen_column
from provisor.engine.sources import RawValue, SourceAttribute
from provisor.scim.naming import spelled
from provisor.scim.values import fold

_APPLICATION: Final = ""  # sources do not know whose extensions their columns become


@dataclass(frozen=True, slots=True)
class FileColumns:
    """What the columns of a file of people or groups mean; `attributes` are those that become extensions."""

    columns: Columns
    width: int
    attributes: tuple[SourceAttribute, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTold:
    """A row: whom it is about, under which folded name, its values, and the cell that names a manager."""

    anchor: str
    called: str | None
    values: dict[str, RawValue]
    manager: str


@dataclass(frozen=True, slots=True)
class RefusedHeader:
    """Why the columns of a file cannot be read, and what to do."""

    sentence: str


def read_columns(kind: DirectoryKind, file: str, header: Sequence[str], wanted: str) -> FileColumns | RefusedHeader:
    """What a header means; `wanted` is the identifying column that settings name, or empty."""
    if _is_other(header):
        return RefusedHeader(f"{file} has no column of people, groups or memberships: it is another file.")
    anchor = (
        misplaced(kind, file, header)
        or unseen_column(kind, file, header, _APPLICATION, {})
        or choose_anchor(kind, file, header, None, wanted or None)
    )
    if isinstance(anchor, Refusal):
        unknown = kind == "user" and anchor.code == "column-missing"
        return _refused((groups_for_people(file, header) if unknown else None) or anchor)
    columns = read_header(kind, file, header, anchor, _APPLICATION, {})
    if isinstance(columns, Refusal):
        return _refused(columns)
    attributes = tuple(
        SourceAttribute(
            name=name, type="Binary" if name == OBJECT_GUID else "String", multi_valued=False, kinds=(kind,)
        )
        for name in columns.extensions
        if not name.startswith(PREFIX)  # which belongs to some application already
    )
    return FileColumns(columns, len(header), attributes)


def read_member_columns(file: str, header: Sequence[str]) -> tuple[int, int] | RefusedHeader:
    """Where the group and the member are in a row of a file of memberships."""
    if _is_other(header):
        return RefusedHeader(f"{file} needs the columns group and member, and has none that is known: another file.")
    found = membership_columns(file, header, one_group=False)
    if isinstance(found, Refusal):
        return _refused(found)
    group, member = found
    return [*header].index(group or ""), [*header].index(member)


def read_record(found: FileColumns, number: int, cells: Sequence[str]) -> RowTold | str:
    """What a row says, or why it is refused."""
    columns = found.columns
    row = read_row(columns, number, cells)
    if isinstance(row, str):
        return row
    own = {property_: column for _, property_, _, column in columns.taken if property_ not in KNOWN[columns.kind]}
    own |= {property_: OBJECT_GUID for _, property_ in columns.guids}
    values: dict[str, RawValue] = {
        own.get(property_, property_): value for property_, value in row.given.items() if value is not None
    }
    return RowTold(
        anchor=_anchor(columns.kind, row.anchor), called=row.folded_name, values=values, manager=row.manager or ""
    )


def seen_of_refused(found: FileColumns, cells: Sequence[str]) -> tuple[str, str | None] | None:
    """Of a row that is refused, the anchor and the folded name, None without such a column.

    None for both where the row does not show them: whoever is named elsewhere may be the one it is about.
    """
    columns = found.columns
    if len(cells) != found.width:  # shifted: any of them may be the key
        return None
    identifying = _clear(cells[columns.anchor_at])
    key = None if identifying is None else anchor_key(columns.kind, columns.anchor, identifying)
    name = None if columns.name_at is None else _clear(cells[columns.name_at])
    if key is None or (name is None and columns.name_at is not None):
        return None
    return _anchor(columns.kind, key), None if name is None else fold(name)


@dataclass(slots=True)
class CalledInFiles:
    """How rows call the people and groups of the same files: by name, or by what identifies them."""

    users: dict[str, str] = field(default_factory=dict)  # folded name -> anchor
    groups: dict[str, str] = field(default_factory=dict)
    anchors: set[str] = field(default_factory=set)

    def enter(self, kind: DirectoryKind, row: RowTold) -> str | None:
        """Remember a row; or say why it is refused: an earlier one has its anchor or its name."""
        if row.anchor in self.anchors:
            return "an earlier row is about the same already"
        self.anchors.add(row.anchor)
        names = self._names(kind)
        if row.called is not None and names.setdefault(row.called, row.anchor) != row.anchor:
            return f"an earlier row has its {NAMING[kind]} already"
        return None

    def enter_refused(self, kind: DirectoryKind, anchor: str, called: str | None) -> None:
        """Remember a row that is refused: whoever names it means it, and not somebody else."""
        self.anchors.add(anchor)
        if called is not None:
            self._names(kind).setdefault(called, anchor)

    def reference(self, found: FileColumns | None, kind: DirectoryKind, cell: str) -> str | None:
        """Whom a cell means, by the name or by what identifies him; None when there is nobody."""
        called = self._names(kind).get(fold(cell))
        if called is not None or found is None:
            return called
        key = anchor_key(kind, found.columns.anchor, cell)
        anchor = None if key is None else _anchor(kind, key)
        return anchor if anchor in self.anchors else None

    def _names(self, kind: DirectoryKind) -> dict[str, str]:
        return self.users if kind == "user" else self.groups


@dataclass(frozen=True, slots=True)
class EdgeRefused:
    """Why a row says no membership; `anchor` is the group it is about, None where it may be any."""

    reason: str
    anchor: str | None = None


def member_of(called: CalledInFiles, groups: FileColumns, group: str, member: str) -> tuple[str, str] | EdgeRefused:
    """The references of the group and the member that a row names.

    A person of whom no file tells is waited for, under the name that is called.
    """
    if not group.strip() or not member.strip():
        return EdgeRefused(f"{'group' if not group.strip() else 'member'} is empty")
    whole = called.reference(groups, "group", group)
    if whole is None:
        return EdgeRefused(f"there is no group {spelled(group)} in the file of groups", _anchor("group", fold(group)))
    person = called.reference(None, "user", member)
    nested = called.reference(groups, "group", member)
    if person is not None and nested is not None:
        return EdgeRefused(f"{spelled(member)} is a user and a group; it cannot be told which is meant")
    if whole == nested:
        return EdgeRefused(f"the group {spelled(group)} cannot be in itself", whole)
    return whole, person or nested or waited_for(member)


def _is_other(header: Sequence[str]) -> bool:
    """Whether not one column is known. Whoever may name files need not be let read them: nothing of it is shown."""
    return not any(
        plain_name(column) in (GROUP, *MEMBERS) or any(meaning(kind, column) is not None for kind in NAMING)
        for column in header
    )


def _refused(refusal: Refusal) -> RefusedHeader:
    return RefusedHeader(f"{refusal.message} {refusal.hint}")


def _clear(cell: str) -> str | None:
    return None if not cell.strip() or "\N{REPLACEMENT CHARACTER}" in cell else cell


def waited_for(name: str) -> str:
    """The reference of somebody of whom no file tells yet."""
    return _anchor("user", fold(name))


def _anchor(kind: DirectoryKind, key: str) -> str:
    return f"{kind}:{key}"
