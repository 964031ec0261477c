"""Managers, looked up when every user of the file is in: neither the order of rows nor circles matter.

A cell names a userPrincipalName (in any case) or an anchor of the same source. Who is not found is reported, and the
user keeps the manager he had; a later import in which the manager exists heals it.
"""

from provisor.runner.importing.history import ImportRun, Transactions
from provisor.scim.naming import spelled
from provisor.storage import feed, objects

_PAGE_ROWS = 1_000


def set_managers(database: Transactions, run: ImportRun, file: str) -> None:
    """Give everyone in the file the manager their row names."""
    after = 0
    while True:
        with database.transaction() as connection:
            rows = run.notes.managers(connection, run.tenant, run.source.id, after=after, limit=_PAGE_ROWS)
            moved = []
            for row, user, cell, change, current, manager in rows:
                if manager is None:
                    absent = f"the manager {spelled(cell)} is no user of the directory"
                    run.warn(file, row, f"{absent}; the row is imported without")
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
