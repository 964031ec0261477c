"""What a target should hold of groups within groups, told naively from the directory, to compare with what it holds."""

from dataclasses import dataclass

from provisor.admin.job_settings import changed_settings
from provisor.storage import jobs

LIVE = "deleted_at IS NULL AND purged_at IS NULL"


@dataclass(frozen=True)
class Wanted:
    """Names of who should be active, and of who should be in which group once they have an account."""

    active: set
    members: dict


def set_policy(world, nested):
    """As an administrator does: `direct` or `flatten`."""
    with world.database.transaction() as connection:
        job = jobs.read(connection, world.job.number)
        jobs.change(connection, job.number, **changed_settings(job, nested_groups=nested))


def wanted(world, nested):
    """By the directory as it is now."""
    connection = world.database.reader()
    groups = dict(connection.all(f"SELECT id, name FROM object WHERE kind = 'group' AND {LIVE}"))
    people = dict(connection.all("SELECT id, name FROM object WHERE kind = 'user' AND purged_at IS NULL"))
    fit = {row[0] for row in connection.all(f"SELECT id FROM object WHERE kind = 'user' AND enabled = 1 AND {LIVE}")}
    assigned = {
        row[0]
        for row in connection.all(
            "SELECT principal FROM assignment WHERE application = ? AND removed_at IS NULL",
            (world.organisation.application,),
        )
    }
    if jobs.read(connection, world.job.number).settings["scope"] == "all":
        assigned = set(groups) | set(people)
    edges = connection.all("SELECT group_id, member_id FROM member WHERE removed_at IS NULL")
    inside = {group: everybody(group, edges, groups, nested) & set(people) for group in assigned & set(groups)}
    entitled = assigned.union(*inside.values()) if inside else assigned
    return Wanted(
        active={people[one] for one in entitled & fit},
        members={groups[group]: {people[one] for one in some} for group, some in inside.items()},
    )


def everybody(group, edges, groups, nested):
    """Every id in a group, through live groups where they are flattened."""
    found, open_groups = set(), [group]
    seen = {group}
    while open_groups:
        one = open_groups.pop()
        for member in [member for of, member in edges if of == one]:
            found.add(member)
            if nested == "flatten" and member in groups and member not in seen:
                seen.add(member)
                open_groups.append(member)
    return found


def differences(world, nested):
    """What is not as the directory wants it: empty when all is right.

    Who was released keeps memberships and gains none.
    """
    expected = wanted(world, nested)
    accounts = {str(one["userName"]) for one in world.target.resources("user").values()}
    held = world.target.memberships()
    tracked = {
        row[0]
        for row in world.database.reader().all(
            "SELECT o.name FROM link l JOIN object o ON o.id = l.object WHERE l.job = ? AND l.state = 'linked'",
            (world.job.number,),
        )
    }
    groups = {str(one["displayName"]) for one in world.target.resources("group").values()}
    right = {(group, one) for group, some in expected.members.items() for one in some & accounts}
    found = {
        "active": set(world.held()) ^ expected.active,
        "groups": groups ^ set(expected.members),
        "missing": {(group, one) for group, one in right - held if one in tracked},
        "too many": held - right,
    }
    return {name: some for name, some in found.items() if some}
