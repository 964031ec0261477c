"""Pages of memberships into the directory: group and member are named as in the directory, exactly or else folded.

A member is a person or another group. A group is named by what identifies it in the source too. When several groups
share a name, the one of the import's own source is meant. A name that stands in a refused row of the same import means
that row, not whoever has the name. Circles of groups are taken as they come, a group within itself is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from provisor.connectors.csv_files import BadRow, CsvFile, RowPage
from provisor.database import Connection
from provisor.directory.objects import NAMING, DirectoryKind
from provisor.runner.importing.history import ImportRun, of_another
from provisor.runner.importing.mastered_rows import unless_members_mastered
from provisor.scim.naming import problem_with_name, spelled, without_unseen
from provisor.scim.values import fold
from provisor.storage import feed, members, objects
from provisor.storage.import_notes import Note

_Named = dict[str, list[tuple[str, str, str]]]  # folded name -> (id, name, source)


class MemberImport:
    """One file of memberships."""

    def __init__(self, run: ImportRun, file: CsvFile) -> None:
        self._run = run
        self._file = file
        if run.edges is None:
            raise LookupError(f"The columns of {file.name} were not judged.")
        self._of, self._of_id = run.edges.of, run.edges.of_id
        self._group_at = None if run.edges.group is None else file.header.index(run.edges.group)
        self._member_at = file.header.index(run.edges.member)
        self._counts = run.summary.memberships

    def write_page(self, connection: Connection, page: RowPage) -> None:
        """Write one page; call in a transaction of its own."""
        for bad in page.bad:
            self._refuse(bad.number, bad.reason)
            self._protect(connection, bad)
        rows = self._firsts(connection, self._resolved(connection, page))
        present = members.present(connection, [(group, member) for _, group, member in rows])
        absent = [row for row in rows if row[1:] not in present]
        free = unless_members_mastered(connection, self._run, self._file.name, absent)
        fresh = [(group, member) for _, group, member in free]
        if fresh:
            change = feed.next_change(connection, self._run.tenant)
            members.put(connection, self._run.tenant, fresh, change=change)
        self._counts.created += len(fresh)
        self._counts.unchanged += len(rows) - len(absent)

    def _resolved(self, connection: Connection, page: RowPage) -> list[tuple[int, str, str]]:
        """(row, group id, member id) of the rows whose group and member both exist."""
        here = self._looked_up(connection, page)
        resolved = []
        for number, cells in page.rows:
            group, member = self._group(cells), cells[self._member_at]
            stranger = here.refused(group, member, group_is_known=self._of_id is not None)
            if stranger is not None:
                self._refuse(number, stranger)
                self._protect(connection, BadRow(number, "", [*cells, group]))
                continue
            group_ids = [self._of_id] if self._of_id else here.groups_meant(group)
            users, nested = here.users_meant(member), here.groups_meant(member)
            problem = _problem(group, member, group_ids, users, nested)
            if problem is None:
                resolved.append((number, group_ids[0], (users or nested)[0]))
                continue
            self._refuse(number, problem)
            if not (group.strip() and member.strip()):
                continue
            if len(group_ids) > 1 or len(users) + len(nested) > 1:
                self._protect(connection, BadRow(number, "", [*cells, group]))
            elif problem_with_name(group) or problem_with_name(member):  # the one it means may well be in the group
                self._protect(connection, BadRow(number, "", [*cells, without_unseen(group)]))
        return resolved

    def _looked_up(self, connection: Connection, page: RowPage) -> "_LookedUp":
        """Everybody whom the rows of a page may name."""
        run, member_cells = self._run, {cells[self._member_at] for _, cells in page.rows}
        group_cells = {self._group(cells) for _, cells in page.rows} | member_cells
        groups = self._named(connection, "group", group_cells)
        users = self._named(connection, "user", member_cells)
        anchors: dict[str, str] = {}
        if run.source.group_anchor not in (None, NAMING["group"]):
            found = objects.by_anchors(connection, run.tenant, run.source.id, "group", sorted(group_cells))
            anchors = {anchor: item.id for anchor, item in found.items() if item.alive}
        return _LookedUp(
            source=run.source.id,
            groups=groups,
            users=users,
            anchors=anchors,
            taken_groups=self._taken(connection, "group", groups),
            taken_users=self._taken(connection, "user", users),
        )

    def _group(self, cells: list[str]) -> str:
        return (self._of or "") if self._group_at is None else cells[self._group_at]

    def _named(self, connection: Connection, kind: DirectoryKind, names: set[str]) -> _Named:
        found: _Named = {}
        folded = sorted({fold(name) for name in names})
        for name, object_id, exact, source in objects.name_holders(connection, self._run.tenant, kind, folded):
            found.setdefault(name, []).append((object_id, exact, source))
        return found

    def _taken(self, connection: Connection, kind: DirectoryKind, found: _Named) -> dict[str, int]:
        """Of these folded names, those of refused rows that others have, with the row."""
        own, notes = self._run.source.id, self._run.notes
        strangers = [name for name, holders in found.items() if all(source != own for _, _, source in holders)]
        unread = notes.earlier_rows(connection, kind, Note.REFUSED_NAME, strangers)
        return unread | notes.earlier_rows(connection, kind, Note.NAME_OF_ANOTHER, list(found))

    def _firsts(self, connection: Connection, rows: list[tuple[int, str, str]]) -> list[tuple[int, str, str]]:
        keys = [f"{group} {member}" for _, group, member in rows]
        earlier = self._run.notes.earlier_rows(connection, None, Note.EDGE, keys)
        fresh: dict[str, int] = {}
        firsts = []
        for key, (number, group, member) in zip(keys, rows, strict=True):
            first = earlier.get(key) or fresh.get(key)
            if first is not None:
                self._refuse(number, f"it is the membership of row {first} again")
                continue
            fresh[key] = number
            firsts.append((number, group, member))
        self._run.notes.remember(connection, None, Note.EDGE, fresh.items())
        return firsts

    def _refuse(self, row: int, reason: str) -> None:
        self._run.refuse(self._counts, self._file.name, row, reason)

    def _protect(self, connection: Connection, bad: BadRow) -> None:
        """No membership is removed from a group that a refused row may have been about."""
        if bad.cells is None:
            self._run.lose(self._file.name, bad.number, bad.reason)
            return
        keys = ((fold(cell), bad.number) for cell in bad.cells if cell.strip())
        self._run.notes.remember(connection, None, Note.PROTECTED_GROUP, keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class _LookedUp:
    """Who has the names in some rows. `anchors` are groups by what identifies them in the source."""

    source: str
    groups: _Named
    users: _Named
    anchors: Mapping[str, str]
    taken_groups: Mapping[str, int]
    taken_users: Mapping[str, int]

    def refused(self, group: str, member: str, *, group_is_known: bool) -> str | None:
        """Why a name in the row means nobody who is in the directory."""
        if (row := self.taken_users.get(fold(member))) is not None:
            return f"the user {spelled(member)} {of_another('user', row)}"
        for name in [member] if group_is_known else [group, member]:
            if name not in self.anchors and (row := self.taken_groups.get(fold(name))) is not None:
                return f"the group {spelled(name)} {of_another('group', row)}"
        return None

    def users_meant(self, name: str) -> list[str]:
        """The ids of the people it can mean."""
        return _meant(self.users, name, self.source)

    def groups_meant(self, name: str) -> list[str]:
        """The ids of the groups it can mean; what identifies one before what others are called."""
        known = self.anchors.get(name)
        return _meant(self.groups, name, self.source) if known is None else [known]


def _problem(group: str, member: str, groups: list[str], users: list[str], nested: list[str]) -> str | None:
    """Why a row says no membership, where it does not."""
    if not group.strip() or not member.strip():
        return f"{'group' if not group.strip() else 'member'} is empty"
    if not groups:
        return f"there is no group {spelled(group)} in the directory"
    if not users and not nested:
        return f"there is no user and no group {spelled(member)} in the directory"
    if users and nested:
        both = f"{spelled(member)} is a user ({users[0]}) and a group ({', '.join(nested)})"
        return f"{both}; it cannot be told which is meant"
    for name, found in ((group, groups), (member, nested)):
        if len(found) > 1:
            return f"{len(found)} groups are called {spelled(name)}; it cannot be told which is meant"
    return f"the group {spelled(group)} cannot be in itself" if groups == nested else None


def _meant(found: _Named, name: str, source: str) -> list[str]:
    """The ids that a name can mean: exact before folded, the own source before others."""
    candidates = found.get(fold(name), [])
    exact = [item for item in candidates if item[1] == name] or candidates
    own = [item for item in exact if item[2] == source] or exact
    return [item[0] for item in own]
