"""Rows about somebody whom a connected source has: the import is the word of its files for the rest alone.

What the source masters stays as it is, with a warning; who was deleted there is not brought back. Rules:
explanation/settled-cases.md section *What a source masters*.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from provisor.database import Connection
from provisor.directory.objects import NAMING, DirectoryObject
from provisor.directory.rows import SourceRow
from provisor.directory.writable import kept_by_sources
from provisor.runner.importing.history import ImportRun
from provisor.runner.importing.summary import Counts
from provisor.scim.naming import spelled
from provisor.storage import mastering
from provisor.storage.mastering import MANAGER, MEMBERS


def left_to_rows(
    connection: Connection,
    run: ImportRun,
    counts: Counts,
    file: str,
    rows: Sequence[SourceRow],
    found: Mapping[str, DirectoryObject],
) -> list[SourceRow]:
    """The rows with what they may say of who is there, without those about somebody whom a source deleted."""
    ids = [item.id for item in found.values()]
    masters = masters_of(connection, run.tenant, ids)
    deleted = mastering.deleted_by(connection, run.tenant, ids) if ids and mastering.any_records(connection) else {}
    left = list[SourceRow]()
    for row in rows:
        before = found.get(row.anchor)
        if before is None:
            left.append(row)
        elif before.alive or before.id not in deleted:
            left.append(_without_mastered(run, file, row, before, masters.get(before.id, {})))
        else:
            reason = f"{spelled(before.name)} was deleted by the source {deleted[before.id]}, which no file undoes"
            run.refuse(counts, file, row.number, f"{reason}; `provisor {before.kind} restore` does")
    return left


def masters_of(connection: Connection, tenant: str, ids: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """What connected sources have of these objects; one look where no source has anything."""
    return mastering.mastered_of(connection, tenant, ids) if ids and mastering.any_records(connection) else {}


def unless_members_mastered(
    connection: Connection, run: ImportRun, file: str, edges: Sequence[tuple[int, str, str]]
) -> list[tuple[int, str, str]]:
    """Of these new memberships (row, group, member), those that no source would have to have."""
    masters = masters_of(connection, run.tenant, sorted({group for _, group, _ in edges}))
    free = list[tuple[int, str, str]]()
    for row, group, member in edges:
        source = masters.get(group, {}).get(MEMBERS)
        if source is None:
            free.append((row, group, member))
        else:
            reason = f"who is in this group is said by the source {source}, which does not have this member in it"
            run.refuse(run.summary.memberships, file, row, reason)
    return free


def whose_source(connection: Connection, object_id: str) -> str:
    """That a connected source has somebody, after a sentence that names them; nothing where none has."""
    names = [one.name for one in mastering.sources_of(connection, object_id) if one.here]
    return f", whom the source {' and '.join(names)} has" if names else ""


def tell_kept(run: ImportRun, file: str, row: int, kept: Mapping[str, str]) -> None:
    """Warn of attributes that a row does not change, each with the source that has it."""
    for source in dict.fromkeys(kept.values()):
        names = ", ".join(attribute for attribute, of in kept.items() if of == source)
        run.warn(file, row, f"what the source {source} says of {names} stays; the row is imported without")


def _without_mastered(
    run: ImportRun, file: str, row: SourceRow, before: DirectoryObject, masters: Mapping[str, str]
) -> SourceRow:
    kept = kept_by_sources(before, row.given, masters)
    clears_manager = row.manager == "" and before.manager is not None and MANAGER in masters
    if clears_manager:
        kept[MANAGER] = masters[MANAGER]
    if not kept:
        return row
    tell_kept(run, file, row.number, kept)
    left = replace(row, given={name: value for name, value in row.given.items() if name not in kept})
    if clears_manager:
        left = replace(left, manager=None)
    return replace(left, name=None, folded_name=None) if NAMING[before.kind] in kept else left
