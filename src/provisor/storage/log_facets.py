"""What many events of the provisioning log have in common: the columns they are filtered by, and the names they tell.

Both are written with the first event that has them and never change, so that an event stays what it was when a job is
renamed or removed. Order: the facets of new events, the facets that fit a query, the frames of what is read.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from provisor.database import Connection
from provisor.engine.log_event import EventFrame, Systems
from provisor.gallery import template
from provisor.scim.schemas.resource_types import GROUP_URN, USER_URN

SOURCE_NAME = "Provisor Directory"
# Columns of a frame; `application` is the id of the service principal.
_NAMES = ("tenant", "job_id", "application", "app_id", "application_name", "source_name", "user_urn", "group_urn")


class Facet(NamedTuple):
    """What events are filtered by beside when, whom and which cycle. `code` is empty where there is none."""

    tenant: str
    job: int
    frame: int
    action: str
    status: str
    code: str


def frame_now(connection: Connection, tenant: str, job: int, cycle: str) -> int:
    """The names that an event of this cycle is told under: the application's when the cycle began, else the present."""
    row = connection.one(
        """SELECT j.id, a.id, a.app_id, coalesce(c.application_name, a.display_name), j.template
        FROM job j JOIN application a ON a.id = j.application LEFT JOIN cycle c ON c.job = j.number AND c.id = ?
        WHERE j.number = ?""",
        (cycle, job),
    ) or connection.one(
        "SELECT id, application, '', application_name, template FROM deleted_job WHERE number = ?", (job,)
    )
    job_id, application, app_id, name, template_name = row or ("", "", "", "", "")
    found = template(template_name)
    user_urn = USER_URN if found is None else found.user_type.schema.id
    group_urn = GROUP_URN if found is None else found.group_type.schema.id
    values = (tenant, job_id, application, app_id, name, SOURCE_NAME, user_urn, group_urn)
    same = " AND ".join(f"{name} = ?" for name in _NAMES)
    kept = connection.one(f"SELECT id FROM log_frame WHERE {same}", values) or connection.one(
        f"""INSERT INTO log_frame (id, {", ".join(_NAMES)})
        SELECT coalesce(max(id), 0) + 1, {", ".join("?" * len(_NAMES))} FROM log_frame RETURNING id""",
        values,
    )
    return int(kept[0]) if kept else 0


def number_of(connection: Connection, facet: Facet) -> int:
    """The number of a combination, given out when it is met for the first time."""
    row = connection.one(
        """SELECT id FROM log_facet
        WHERE tenant = ? AND job = ? AND frame = ? AND action = ? AND status = ? AND code = ?""",
        facet,
    ) or connection.one(
        """INSERT INTO log_facet (id, tenant, job, frame, action, status, code)
        SELECT coalesce(max(id), 0) + 1, ?, ?, ?, ?, ?, ? FROM log_facet RETURNING id""",
        facet,
    )
    return int(row[0]) if row else 0


def fitting(
    connection: Connection,
    tenant: str,
    columns: Mapping[str, object],
    *,
    systems: Sequence[str],
    source: str | None,
    jobs: frozenset[int] | None = None,
) -> list[int]:
    """The combinations that fit. `systems`: ids or names that the application must have, each of them; `source`: of the
    directory; `jobs`: of no others.
    """
    given = [(name, value) for name, value in columns.items() if value is not None]
    conditions = "".join(f" AND f.{name} = ?" for name, _ in given)
    values: list[object] = [tenant, *(value for _, value in given)]
    for system in systems:
        conditions += " AND ? IN (r.application, r.app_id, r.application_name)"
        values.append(system)
    if source is not None:
        conditions += " AND ? IN (r.source_name, r.tenant)"  # a tenant's directory has the id of the tenant
        values.append(source)
    rows = connection.all(
        f"SELECT f.id, f.job FROM log_facet f JOIN log_frame r ON r.id = f.frame WHERE f.tenant = ?{conditions}", values
    )
    return [int(facet) for facet, job in rows if jobs is None or job in jobs]


class Frames:
    """Frames for the events of one reading, each read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._found: dict[tuple[int, str], EventFrame] = {}

    def of(self, facet: int, cycle: str) -> EventFrame:
        """The frame of an event."""
        frame = self._found.get((facet, cycle))
        if frame is None:
            frame = self._found[facet, cycle] = self._read(facet, cycle)
        return frame

    def _read(self, facet: int, cycle: str) -> EventFrame:
        row = self._connection.one(
            f"""SELECT {", ".join(f"r.{name}" for name in _NAMES)}
            FROM log_facet f JOIN log_frame r ON r.id = f.frame WHERE f.id = ?""",
            (facet,),
        )
        tenant, job, application, app_id, name, source_name, user_urn, group_urn = row or ("",) * len(_NAMES)
        return EventFrame(
            Systems(
                tenant=tenant,
                job=job,
                cycle=cycle,
                application=application,
                app_id=app_id,
                application_name=name,
                source_name=source_name,
                user_urn=user_urn,
                group_urn=group_urn,
            )
        )
