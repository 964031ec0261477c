"""How many events of each sort a job had on each day: kept for ever, however short the provisioning log is kept.

Counted in the transaction that writes the events, so that a kill loses and doubles none.
"""

from collections import Counter
from typing import Literal, NamedTuple, TypeAlias

from provisor.database import Connection

MICROSECONDS_A_DAY = 86_400_000_000
LoggedKind: TypeAlias = Literal["user", "group", "job"]


class StatisticKey(NamedTuple):
    """What is counted together. `day` counts from 1970, UTC; `code` is empty where there is none."""

    job: int
    day: int
    kind: LoggedKind
    action: str
    status: str
    code: str


def add(connection: Connection, counts: Counter[StatisticKey]) -> None:
    """So many events more."""
    connection.many(
        """INSERT INTO statistic (job, day, kind, action, status, code, number) VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (job, day, kind, action, status, code) DO UPDATE SET number = statistic.number + excluded.number""",
        [(*key, number) for key, number in counts.items()],
    )


def of_days(connection: Connection, job: int, first: int, last: int) -> list[tuple[StatisticKey, int]]:
    """What was counted from one day to another, both included, in the order of days."""
    rows = connection.all(
        """SELECT job, day, kind, action, status, code, number FROM statistic WHERE job = ? AND day BETWEEN ? AND ?
        ORDER BY day, kind, action, status, code""",
        (job, first, last),
    )
    return [(StatisticKey(*row[:6]), int(row[6])) for row in rows]


def to_date(connection: Connection, job: int) -> list[tuple[StatisticKey, int]]:
    """What was counted in all days together; `day` is the first one of each sort."""
    rows = connection.all(
        """SELECT job, min(day), kind, action, status, code, sum(number) FROM statistic WHERE job = ?
        GROUP BY job, kind, action, status, code ORDER BY kind, action, status, code""",
        (job,),
    )
    return [(StatisticKey(*row[:6]), int(row[6])) for row in rows]
