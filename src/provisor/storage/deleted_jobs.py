"""Jobs that are no more, and whose log is still there; and of which application a job is or was."""

from collections.abc import Collection
from dataclasses import dataclass

from provisor.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedJob:
    """What is kept of a deleted job: the names under which the log shows its events."""

    number: int
    id: str
    application: str
    application_name: str
    template: str


def named(connection: Connection, tenant: str, key: str) -> list[DeletedJob]:
    """The deleted jobs with this id, or of an application with this name."""
    rows = connection.all(
        """SELECT number, id, application, application_name, template FROM deleted_job
        WHERE tenant = ? AND (id = ? OR application_name = ?) ORDER BY deleted_at, id""",
        (tenant, key, key),
    )
    return [
        DeletedJob(number=row[0], id=row[1], application=row[2], application_name=row[3], template=row[4])
        for row in rows
    ]


def application_of(connection: Connection, number: int) -> str:
    """The id of the application of a job, or of what was one; empty without any."""
    row = connection.one(
        """SELECT application FROM job WHERE number = ?
        UNION ALL SELECT application FROM deleted_job WHERE number = ?""",
        (number, number),
    )
    return "" if row is None else str(row[0])


def numbers_of(connection: Connection, owned: Collection[str]) -> frozenset[int]:
    """The numbers of the jobs of these applications, deleted ones too."""
    marks, keys = ",".join("?" * len(owned)), (*owned,)
    rows = connection.all(
        f"""SELECT number FROM job WHERE application IN ({marks})
        UNION ALL SELECT number FROM deleted_job WHERE application IN ({marks})""",
        (*keys, *keys),
    )
    return frozenset(int(row[0]) for row in rows)


def ids_of(connection: Connection, owned: Collection[str]) -> frozenset[str]:
    """The ids of the jobs of these applications, deleted ones too."""
    marks, keys = ",".join("?" * len(owned)), (*owned,)
    rows = connection.all(
        f"""SELECT id FROM job WHERE application IN ({marks})
        UNION ALL SELECT id FROM deleted_job WHERE application IN ({marks})""",
        (*keys, *keys),
    )
    return frozenset(str(row[0]) for row in rows)


def called(connection: Connection, number: int) -> tuple[str, str]:
    """The id of a job and the name of its application, or what both were when it was deleted."""
    row = connection.one(
        "SELECT j.id, a.display_name FROM job j JOIN application a ON a.id = j.application WHERE j.number = ?",
        (number,),
    ) or connection.one("SELECT id, application_name FROM deleted_job WHERE number = ?", (number,))
    return ("", "") if row is None else (str(row[0]), str(row[1]))
