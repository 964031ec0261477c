"""A directory of any size and the links of a job that has provisioned it, put straight into the tables.

The same rows as a first cycle writes, but for its log and its counters (tests/runner/test_provisioned.py): links are
judged as a cycle judges them. Ids follow from numbers, so that whoever measures can name anybody.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from provisor.database import Connection, Database
from provisor.engine.desired import judge
from provisor.engine.record import Kind
from provisor.runner.planning.begin import Setup, load
from provisor.storage import feed, jobs, links, records
from provisor.storage.jobs import Job
from provisor.storage.links import LinkRow

IN_A_GROUP = 500
LARGE = "Everybody"  # the name of the group that holds the first so many
_PAGE = 5_000
_KINDS: tuple[Kind, ...] = ("user", "group")
_NUMBERED = """WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < :last),
    people (n, id, upn) AS (SELECT n, printf('01900000-0000-7000-8000-%012d', n),
        printf('person%d@contoso.example', n) FROM numbers),
    crowds (n, id, name) AS (SELECT n, printf('01900001-0000-7000-8000-%012d', n),
        CASE n WHEN 0 THEN :large_name ELSE printf('Group %d', n) END FROM numbers WHERE n <= :groups) """
_STATEMENTS = (
    """INSERT INTO object (id, tenant, source, kind, anchor, name, folded_name, attributes, enabled, created_at,
    change, alive_change) SELECT id, :tenant, 'test', 'user', id, upn, upn, json_object('userPrincipalName', upn,
    'displayName', 'person' || n, 'givenName', 'Given', 'surname', 'Family', 'accountEnabled', json('true')),
    1, 0, :change, :change FROM people""",
    """INSERT INTO object (id, tenant, source, kind, anchor, name, folded_name, attributes, enabled, created_at,
    change, alive_change) SELECT id, :tenant, 'test', 'group', id, name, lower(name), json_object('displayName', name),
    1, 0, :change, :change FROM crowds""",
    """INSERT INTO member (group_id, member_id, tenant, change)
    SELECT (SELECT id FROM crowds WHERE n = 0), id, :tenant, :change FROM people WHERE n < :large""",
    """INSERT INTO member (group_id, member_id, tenant, change)
    SELECT printf('01900001-0000-7000-8000-%012d', 1 + n / :crowd), id, :tenant, :change FROM people
    WHERE n < :groups * :crowd""",
)


def upn(number: int) -> str:
    """The userPrincipalName of a person; the last one is in no group."""
    return f"person{number}@contoso.example"


def fill(database: Database, tenant: str, people: int, *, large: int) -> None:
    """So many people and one more, in groups of 500, `large` of them in one more group."""
    with database.transaction() as connection:
        values = {
            "tenant": tenant,
            "change": feed.next_change(connection, tenant),
            "last": people,
            "groups": people // IN_A_GROUP,
            "crowd": IN_A_GROUP,
            "large": large,
            "large_name": LARGE,
        }
        for statement in _STATEMENTS:
            connection.raw.execute(_NUMBERED + statement, values)


def provision(database: Database, job: Job) -> None:
    """Everybody in scope is linked, with the values that the rules give them, and the job has seen them."""
    setup = load(database.reader(), job.number)
    for kind in _KINDS:
        after = ""
        while rows := list(_links(database.reader(), setup, kind, after)):
            with database.transaction() as connection:
                links.put(connection, rows)
            after = rows[-1].object
    with database.transaction() as connection:
        connection.execute(
            """INSERT INTO member_link (job, group_id, member_id, pushed, pending)
            SELECT ?, group_id, member_id, 1, 0 FROM member WHERE removed_at IS NULL""",
            (job.number,),
        )
        seen = feed.current_change(connection, job.tenant)
        jobs.change(connection, job.number, watermark=seen, status_code="Active")


def _links(connection: Connection, setup: Setup, kind: Kind, after: str) -> Iterator[LinkRow]:
    job = setup.job
    page = records.page_of_all(
        connection,
        tenant=job.tenant,
        application=job.application,
        job=job.number,
        kind=kind,
        nested="direct",
        after=after,
        limit=_PAGE,
    )
    for record, _ in page:
        desired = judge(record, setup.rules, datetime.now(UTC), os.urandom, linked=False)
        assert desired.mapped is not None, record
        hashes = (desired.wanted_hash, desired.wanted_hash)
        document = msgspec.json.encode(desired.mapped.created).decode()
        yield LinkRow(job.number, record.id, kind, f"t-{record.id}", "linked", *hashes, document)
