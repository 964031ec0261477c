"""Managers, looked up when every user of the file is in: neither the order of rows nor circles matter.

A cell names a userPrincipalName (in any case) or an anchor of the same source. A manager not found is reported, and the
user keeps the previous one; a later import in which the manager exists corrects it. A name in a refused row
means that row, not whoever has the name.
"""

from provisor.database import Database
from provisor.runner.importing.history import ImportRun, of_another
from provisor.runner.importing.mastered_rows import masters_of, tell_kept
from provisor.scim.naming import spelled
from provisor.scim.values import fold
from provisor.storage import feed, objects
from provisor.storage.import_notes import Note
from provisor.storage.mastering import MANAGER

_PAGE_ROWS = 1_000


def set_managers(database: Database, run: ImportRun, file: str) -> None:
    """Give everyone in the file the manager their row names."""
    after = 0
    while True:
        with database.transaction() as connection:
            rows = run.notes.managers(connection, run.tenant, run.source.id, after=after, limit=_PAGE_ROWS)
            absent = [fold(cell) for _, _, cell, _, _, manager in rows if manager is None]
            refused = {
                name: its_row
                for note in (Note.REFUSED_NAME, Note.NAME_OF_ANOTHER)
                for name, its_row in run.notes.earlier_rows(connection, "user", note, absent).items()
            }
            others = [user for _, user, _, _, current, manager in rows if manager not in (None, current)]
            masters = masters_of(connection, run.tenant, others)
            moved = []
            for row, user, cell, change, current, manager in rows:
                if manager is None:
                    its_row = refused.get(fold(cell))
                    why = "is no user of the directory" if its_row is None else of_another("user", its_row)
                    run.warn(file, row, f"the manager {spelled(cell)} {why}; the row is imported without")
                elif manager != current and MANAGER in masters.get(user, {}):
                    tell_kept(run, file, row, {MANAGER: masters[user][MANAGER]})
                elif manager != current:
                    moved.append((user, manager))
                    if change <= run.began_at_change:  # the row itself had brought nothing new
                        run.summary.users.unchanged -= 1
                        run.summary.users.updated += 1
            if moved:
                objects.set_managers(connection, moved, change=feed.next_change(connection, run.tenant))
        if len(rows) < _PAGE_ROWS:
            return
        after = rows[-1][0]
