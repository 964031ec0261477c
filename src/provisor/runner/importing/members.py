"""Pages of memberships into the directory: group and member are named as in the directory, exactly or else folded.

When several groups share a name, the one of the import's own source is meant. A name that stands in a refused row of
the same import means that row, not whoever has the name.
"""

from provisor.connectors.csv_files import BadRow, CsvFile, RowPage
from provisor.database import Connection
from provisor.directory.objects import DirectoryKind
from provisor.runner.importing.history import ImportRun, of_another
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
        edges = self._firsts(connection, self._resolved(connection, page))
        present = members.present(connection, edges)
        fresh = [edge for edge in edges if edge not in present]
        if fresh:
            change = feed.next_change(connection, self._run.tenant)
            members.put(connection, self._run.tenant, fresh, change=change)
        self._counts.created += len(fresh)
        self._counts.unchanged += len(edges) - len(fresh)

    def _resolved(self, connection: Connection, page: RowPage) -> list[tuple[int, str, str]]:
        """(row, group id, member id) of the rows whose both ends are there."""
        groups = self._named(connection, "group", {self._group(cells) for _, cells in page.rows})
        users = self._named(connection, "user", {cells[self._member_at] for _, cells in page.rows})
        taken_groups, taken_users = self._taken(connection, "group", groups), self._taken(connection, "user", users)
        resolved = []
        for number, cells in page.rows:
            group, member = self._group(cells), cells[self._member_at]
            if (refused := taken_users.get(fold(member))) is not None:
                self._refuse(number, f"the user {spelled(member)} {of_another('user', refused)}")
            elif not self._of_id and (refused := taken_groups.get(fold(group))) is not None:
                self._refuse(number, f"the group {spelled(group)} {of_another('group', refused)}")
            if refused is not None:
                self._protect(connection, BadRow(number, "", [*cells, group]))
                continue
            group_ids = [self._of_id] if self._of_id else _meant(groups, group, self._run.source.id)
            member_ids = _meant(users, member, self._run.source.id)
            if len(group_ids) == 1 and len(member_ids) == 1:
                resolved.append((number, group_ids[0], member_ids[0]))
            elif not group.strip() or not member.strip():
                self._refuse(number, f"{'group' if not group.strip() else 'member'} is empty")
            elif not group_ids or not member_ids:
                what = f"group {spelled(group)}" if not group_ids else f"user {spelled(member)}"
                self._refuse(number, f"there is no {what} in the directory")
                if problem_with_name(group) or problem_with_name(member):  # who it means may well be in the group
                    self._protect(connection, BadRow(number, "", [*cells, without_unseen(group)]))
            else:
                several = f"{len(group_ids)} groups are called {spelled(group)}"
                self._refuse(number, f"{several}; it cannot be told which is meant")
                self._protect(connection, BadRow(number, "", cells))
        return resolved

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

    def _firsts(self, connection: Connection, rows: list[tuple[int, str, str]]) -> list[tuple[str, str]]:
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
            firsts.append((group, member))
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


def _meant(found: _Named, name: str, source: str) -> list[str]:
    """The ids that a name can mean: exact before folded, the own source before others."""
    candidates = found.get(fold(name), [])
    exact = [item for item in candidates if item[1] == name] or candidates
    own = [item for item in exact if item[2] == source] or exact
    return [item[0] for item in own]
