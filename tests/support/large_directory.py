"""A directory of any size put straight into the tables, as if long provisioned: for measuring, not for judging.

Everybody is assigned, linked and in two groups; one group is large; one person in a hundred is soft-deleted. The log
has one event a person. Names and ids follow from numbers, so that whoever measures can name anybody.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from provisor.database import Database
from provisor.engine.log_event import Facts, Sent, Status, encode
from provisor.storage import log, sources
from provisor.storage.jobs import Job
from provisor.storage.log import LogRow

_LOGGED_AT_ONCE = 5_000
_EVENTS_A_CYCLE = 100_000
_FAILS = 50_000  # one event in so many is a failure
_FACTS = encode(Facts(kind="user", sent=Sent("POST", "/Users", 201, "x" * 500, "y" * 500, 1.0))).decode()
_NUMBERED = """WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :people),
    people (n, id, upn) AS (SELECT n, printf('01900000-0000-7000-8000-%012d', n),
        printf('person%07d@fjord.example', n * 7919 % :people) FROM numbers),
    crowds (n, id) AS (SELECT n, printf('01900001-0000-7000-8000-%012d', n) FROM numbers) """
_STATEMENTS = (
    """INSERT INTO object (id, tenant, source, kind, anchor, name, folded_name, attributes, enabled, created_at,
    deleted_at, change, alive_change) SELECT id, :tenant, :source, 'user', id, upn, upn,
    json_object('userPrincipalName', upn, 'displayName', 'Person ' || n, 'givenName', 'Person', 'surname',
    'Number ' || n, 'mail', upn, 'jobTitle', 'Consultant', 'department', 'Department ' || (n % 40), 'city',
    'Bergen', 'employeeId', printf('%07d', n)), 1, 1, CASE n % 100 WHEN 7 THEN 1 END, 1, 1 FROM people""",
    """INSERT INTO object (id, tenant, source, kind, anchor, name, folded_name, attributes, enabled, created_at,
    change, alive_change) SELECT id, :tenant, :source, 'group', id, 'Group ' || n, 'group ' || n,
    json_object('displayName', 'Group ' || n), 1, 1, 1, 1 FROM crowds WHERE n < :groups""",
    """INSERT INTO object_search (tenant, kind, object, name, display_name, given_name, surname, mail, mail_nickname,
    employee_id, department, job_title, user_type, enabled, synced) SELECT tenant, kind, id, folded_name,
    lower(attributes ->> 'displayName'), lower(coalesce(attributes ->> 'givenName', '')),
    lower(coalesce(attributes ->> 'surname', '')), lower(coalesce(attributes ->> 'mail', '')), '',
    coalesce(attributes ->> 'employeeId', ''), lower(coalesce(attributes ->> 'department', '')),
    lower(coalesce(attributes ->> 'jobTitle', '')), '', 1, 0 FROM object WHERE source = :source AND deleted_at IS NULL""",
    """INSERT INTO member (group_id, member_id, tenant, change)
    SELECT (SELECT id FROM crowds WHERE n = 0), id, :tenant, 1 FROM people WHERE n < :large""",
    """INSERT INTO member (group_id, member_id, tenant, change)
    SELECT printf('01900001-0000-7000-8000-%012d', 1 + (n + step) % (:groups - 1)), id, :tenant, 1
    FROM people JOIN (SELECT 0 AS step UNION ALL SELECT 7)""",
    """INSERT INTO assignment (id, tenant, application, principal, principal_kind, role, created_at, change)
    SELECT id, :tenant, :application, id, kind, 'role', 1, 1 FROM object WHERE source = :source""",
    """INSERT INTO link (job, object, kind, target_id, state, wanted_hash, pushed_hash, pushed_document)
    SELECT :job, id, kind, 't' || id, 'linked', 'x', 'x', '{}' FROM object WHERE source = :source""",
    """INSERT INTO member_link (job, group_id, member_id, pushed, pending)
    SELECT :job, group_id, member_id, 1, 0 FROM member""",
    """INSERT INTO audit_event (id, tenant, at, actor, actor_id, actor_kind, activity, target, detail)
    SELECT id, :tenant, n, 'somebody', 'somebody-id', 'user', 'Update user', id, '{}' FROM people""",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many people and groups there are, and how many members the largest group has."""

    people: int
    groups: int
    large: int


def person(number: int) -> str:
    """The id of a person; those with 7 at the end of a hundred are soft-deleted."""
    return f"01900000-0000-7000-8000-{number:012}"


def called(number: int, size: Size) -> str:
    """The userPrincipalName of a person."""
    return f"person{number * 7919 % size.people:07}@fjord.example"


def group(number: int) -> str:
    """The id of a group; 0 is the large one. It is called `Group` and its number."""
    return f"01900001-0000-7000-8000-{number:012}"


def fill(database: Database, tenant: str, job: Job, size: Size) -> None:
    """Fill an empty database that has this job."""
    with database.transaction() as connection:
        values = {
            "tenant": tenant,
            "source": sources.local(connection, tenant, now=datetime.now(UTC)).id,
            "job": job.number,
            "application": job.application,
            "people": size.people,
            "groups": size.groups,
            "large": size.large,
        }
        for statement in _STATEMENTS:
            connection.raw.execute(_NUMBERED + statement, values)
    for start in range(0, size.people, _LOGGED_AT_ONCE):
        numbers = range(start, min(start + _LOGGED_AT_ONCE, size.people))
        with database.transaction() as connection:
            log.append(connection, (logged(tenant, job.number, size, number) for number in numbers))


def logged(tenant: str, job: int, size: Size, number: int) -> LogRow:
    """The event that says of a person that it was created."""
    status: Status
    code: str | None
    status, code = ("failure", "EntryConflict") if number % _FAILS == 11 else ("success", None)
    cycle, target = f"cycle-{number // _EVENTS_A_CYCLE}", f"t{person(number)}"
    who = (person(number), called(number, size), target)
    return LogRow(f"event-{number:012}", tenant, job, cycle, number, "create", status, code, *who, _FACTS)
