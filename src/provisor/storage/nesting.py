"""Groups within groups, as pieces of SQL: who is in a group through any depth of others (a job's policy `flatten`).

Nothing is stored of it. Walks go along memberships, whose indexes of groups alone are small; each group is met once, so
that circles and a group within itself end. A deleted group leads nowhere: its members are in it, but through it in no
other. What a change may have touched is found from the topmost change of a way: above it nothing has moved, below it
memberships and groups of any state are followed, removed and deleted ones too, because who was reached by a way that is
gone must be looked at as well.
"""

from typing import Final

_DOWN = "CROSS JOIN member n WHERE n.group_id = r.id AND n.nested = 1"
_LIVE = "c.deleted_at IS NULL AND c.purged_at IS NULL"


def groups_of(member: str) -> str:
    """The opening of a query: `above (id)` has every group that a person is in, those that are deleted too.

    `member` is an SQL expression of the person's id.
    """
    return f"""WITH RECURSIVE above (id) AS (
        SELECT d.group_id FROM member d WHERE d.member_id = {member} AND d.removed_at IS NULL
        UNION SELECT n.group_id FROM above CROSS JOIN member n CROSS JOIN object c
        WHERE n.member_id = above.id AND n.nested = 1 AND n.removed_at IS NULL AND c.id = above.id AND {_LIVE})"""


MEMBERS_OF_GROUP: Final = f"""WITH RECURSIVE inside (top, id) AS (
    SELECT g.id, g.id FROM object g WHERE g.id = ?
    UNION SELECT inside.top, n.member_id FROM inside CROSS JOIN member n CROSS JOIN object c
    WHERE n.group_id = inside.id AND n.nested = 1 AND n.removed_at IS NULL AND c.id = n.member_id AND {_LIVE})
    SELECT DISTINCT inside.top AS group_id, e.member_id FROM inside CROSS JOIN member e
    WHERE e.group_id = inside.id AND e.nested = 0 AND e.removed_at IS NULL"""
"""(group_id, member_id) of the people in the group `?`."""

# Between `top` and `bottom` something has changed: whoever is at or below `bottom` may have come into or left whatever
# is at or above `top`. An object whose liveness changed has a change number at least as high, so the index finds it.
_ABOVE = """WITH RECURSIVE moved (top, bottom) AS (
    SELECT e.group_id, e.member_id FROM member e WHERE e.tenant = ? AND e.change > ? AND e.change <= ?
    UNION SELECT g.id, g.id FROM object g
    WHERE g.tenant = ? AND g.change > ? AND g.change <= ? AND g.alive_change > ? AND g.kind = 'group'),
above (id, bottom) AS (SELECT top, bottom FROM moved
    UNION SELECT n.group_id, a.bottom FROM above a CROSS JOIN member n
    WHERE n.member_id = a.id AND n.nested = 1 AND n.removed_at IS NULL)"""

TOUCHED_GROUPS: Final = f"""{_ABOVE} SELECT a.id FROM above a CROSS JOIN link l
    WHERE l.job = ? AND l.object = a.id AND l.state = 'linked'"""
"""Groups that the job has at the target and whose members may differ since, some twice; values: `moved`, job."""

TOUCHED_MEMBERS: Final = f"""{_ABOVE},
reach (group_id, id) AS (SELECT a.id, a.bottom FROM above a CROSS JOIN link l
    WHERE l.job = ? AND l.object = a.id AND l.state = 'linked'
    UNION SELECT r.group_id, n.member_id FROM reach r {_DOWN})
SELECT r.group_id, u.id AS member_id FROM reach r CROSS JOIN object u WHERE u.id = r.id AND u.kind = 'user'
    UNION SELECT r.group_id, e.member_id FROM reach r CROSS JOIN member e WHERE e.group_id = r.id AND e.nested = 0"""
"""(group_id, member_id) of those groups and the people who may have come or gone; values: `moved`, job."""

TOUCHED_PEOPLE: Final = f"""{_ABOVE},
reach (id) AS (SELECT a.bottom FROM above a
    WHERE EXISTS (SELECT 1 FROM assignment x WHERE x.principal = a.id AND x.application = ?)
    UNION SELECT n.member_id FROM reach r {_DOWN})
SELECT u.id FROM reach r CROSS JOIN object u WHERE u.id = r.id AND u.kind = 'user'
    UNION SELECT e.member_id FROM reach r CROSS JOIN member e WHERE e.group_id = r.id AND e.nested = 0"""
"""People who may have come into a group that is or was assigned, or left one; values: `moved`, application."""

PEOPLE_OF_CHANGED_ASSIGNMENTS: Final = """WITH RECURSIVE reach (id) AS (SELECT a.principal FROM assignment a
    WHERE a.application = ? AND a.change > ? AND a.change <= ? AND a.principal_kind = 'group'
    UNION SELECT n.member_id FROM reach r CROSS JOIN member n
    WHERE n.group_id = r.id AND n.nested = 1 AND n.removed_at IS NULL)
SELECT e.member_id AS id FROM reach r CROSS JOIN member e
    WHERE e.group_id = r.id AND e.nested = 0 AND e.removed_at IS NULL"""
"""People in groups whose assignment has changed; values: application, low, high."""


def moved(tenant: str, low: int, high: int) -> tuple[object, ...]:
    """The values of what has changed in (low, high]."""
    return tenant, low, high, tenant, low, high, low
