"""Events of two jobs, of which one was renamed, in every combination of what events are told apart by."""

from itertools import product

from provisor.engine.log_event import Facts, encode
from provisor.storage.log import LogRow

FACTS = encode(Facts(kind="user")).decode()
FIELDS = {
    "job": (1, 2),
    "cycle": ("cycle-1", "cycle-2"),
    "action": ("create", "other"),
    "status": ("success", "failure"),
    "code": (None, "EntryConflict", "NotInScope"),
    "who": (("s1", "anna", "t1"), ("s2", "bo", None), ("s3", "t1", "s1")),  # one's name is another's target id
}
# Several at one time, and a clock that went back: the id made later has the earlier time.
EVENTS = [
    LogRow(f"id-{number:04}", "mine", job, cycle, number // 3 if number % 10 else 200 - number, action, status, code,
           *who, FACTS)
    for number, (job, cycle, action, status, code, who) in enumerate(product(*FIELDS.values()))
]  # fmt: skip
NAMES = {(1, "cycle-1"): "Umbrella then", (1, "cycle-2"): "Umbrella", (2, "cycle-1"): "Fjord", (2, "cycle-2"): "Fjord"}


def named(connection, tenant="mine"):
    """Two jobs with their applications; the first was called otherwise when its first cycle began."""
    for job, name in ((1, "Umbrella"), (2, "Fjord")):
        connection.execute(
            "INSERT INTO application (id, tenant, app_id, object_id, template, display_name, roles, tags, created_at)"
            " VALUES (?, ?, ?, ?, 'ciscoUmbrella', ?, '[]', '[]', 0)",
            (f"app-{job}", tenant, f"x-{job}", f"y-{job}", name),
        )
        connection.execute(
            "INSERT INTO job (number, id, tenant, application, template, schedule_state, interval_seconds, status_code,"
            " settings, behaviour, ruleset_version, created_at)"
            " VALUES (?, ?, ?, ?, 'ciscoUmbrella', 'Active', 1, 'Active', '{}', 'provisor', 1, 0)",
            (job, f"job-{job}", tenant, f"app-{job}"),
        )
        for n in (1, 2):
            connection.execute(
                "INSERT INTO cycle (job, n, id, kind, phase, state, ruleset_version, low, high, counters, began_at,"
                " application_name) VALUES (?, ?, ?, 'initial', 'done', 'succeeded', 1, 0, 0, '{}', 0, ?)",
                (job, n, f"cycle-{n}", NAMES[job, f"cycle-{n}"]),
            )
