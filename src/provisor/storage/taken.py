"""What a job has taken away since its last full cycle began, and since when removals wait for the end of an import.

One row a job, written in the transaction that writes down what was done: a kill loses and doubles none. Runs for what
has changed add to it, so that many small ones are one large one to the limits (engine.brake).
"""

from collections.abc import Mapping

from provisor.database import Connection
from provisor.engine.brake import Amounts

# The counters of a cycle that say what it has taken away.
COUNTERS = ("removed.user", "removed.group", "membership.remove")
UNLINKED = "removed.unlinked"  # of the users


def since_full_cycle(connection: Connection, job: int) -> Amounts:
    """So much, without what a person had allowed by name."""
    row = connection.one("SELECT user_count, group_count, membership_count FROM taken WHERE job = ?", (job,))
    return Amounts() if row is None else Amounts(*(max(int(number), 0) for number in row))


def unlinked(connection: Connection, job: int) -> int:
    """How many of these users were deleted or released, so that they do not count as provisioned any more."""
    row = connection.one("SELECT unlinked_count FROM taken WHERE job = ?", (job,))
    return 0 if row is None else int(row[0])


def count(connection: Connection, job: int, counts: Mapping[str, int]) -> None:
    """Add what these counters of a cycle say."""
    if any(counts.get(name) for name in COUNTERS):
        amounts = Amounts(*(counts.get(name, 0) for name in COUNTERS))
        add(connection, job, amounts, unlinked=counts.get(UNLINKED, 0))


def add(connection: Connection, job: int, amounts: Amounts, *, unlinked: int = 0) -> None:
    """Add these; a negative number takes off what was allowed."""
    connection.execute(
        """INSERT INTO taken (job, user_count, group_count, membership_count, unlinked_count) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (job) DO UPDATE SET user_count = taken.user_count + excluded.user_count,
        group_count = taken.group_count + excluded.group_count,
        membership_count = taken.membership_count + excluded.membership_count,
        unlinked_count = taken.unlinked_count + excluded.unlinked_count""",
        (job, *amounts, unlinked),
    )


def begin(connection: Connection, job: int) -> None:
    """A full cycle begins, or a person has seen what was taken: counting starts afresh."""
    connection.execute(
        """UPDATE taken SET user_count = 0, group_count = 0, membership_count = 0, unlinked_count = 0
        WHERE job = ? AND (user_count <> 0 OR group_count <> 0 OR membership_count <> 0 OR unlinked_count <> 0)""",
        (job,),
    )


def go_on(connection: Connection, job: int) -> None:
    """What was held is judged anew: the next full cycle does not begin to count afresh."""
    connection.execute(
        "INSERT INTO taken (job, goes_on) VALUES (?, 1) ON CONFLICT (job) DO UPDATE SET goes_on = 1", (job,)
    )


def goes_on(connection: Connection, job: int) -> bool:
    """Whether counting goes on although a full cycle begins."""
    return connection.one("SELECT 1 FROM taken WHERE job = ? AND goes_on = 1", (job,)) is not None


def decided(connection: Connection, job: int) -> None:
    """Nothing that was held is due any more."""
    connection.execute("UPDATE taken SET goes_on = 0 WHERE job = ? AND goes_on = 1", (job,))


# Imports


def waits_since(connection: Connection, job: int) -> int | None:
    """Since when removals of the job wait for the end of an import, in UTC microseconds; None: none do."""
    row = connection.one("SELECT waits_since FROM taken WHERE job = ?", (job,))
    return None if row is None or row[0] is None else int(row[0])


def waiting_jobs(connection: Connection) -> dict[int, int]:
    """The numbers of the jobs of which removals wait, and since when."""
    rows = connection.all("SELECT job, waits_since FROM taken WHERE waits_since IS NOT NULL")
    return {int(row[0]): int(row[1]) for row in rows}


def wait_for_import(connection: Connection, job: int, at: int) -> None:
    """From now on some wait, unless some do already."""
    connection.execute(
        """INSERT INTO taken (job, waits_since) VALUES (?, ?)
        ON CONFLICT (job) DO UPDATE SET waits_since = coalesce(taken.waits_since, excluded.waits_since)""",
        (job, at),
    )


def import_over(connection: Connection, job: int) -> None:
    """None wait any more."""
    connection.execute("UPDATE taken SET waits_since = NULL WHERE job = ? AND waits_since IS NOT NULL", (job,))
