"""What can be set of a job besides its interval and behaviour, and what a change of it means for the next cycle."""

from collections.abc import Mapping, Sequence
from typing import Final, TypedDict, Unpack

from provisor.admin.errors import AdminError
from provisor.admin.leavers import leavers_of, with_leavers
from provisor.admin.notification import Notification
from provisor.engine import brake, guard, health
from provisor.engine.behaviour import NestedGroups, behaviour_named
from provisor.scim.values import Json
from provisor.storage import exchanges
from provisor.storage.jobs import APPROVE_ABOVE, APPROVER_DIFFERS, CHANGE_DRIVEN, NESTED_GROUPS, SKIP, Job, JobChanges
from provisor.storage.recipients import NOTIFICATION

SHORTEST_INTERVAL_SECONDS: Final = 1
LONGEST_INTERVAL_SECONDS: Final = 366 * 24 * 3600


class GivenSettings(TypedDict, total=False):
    """What is to be set; what is None or absent stays.

    `approve_above`: how many operations a cycle may send without approval, -1 for any number;
    `approver_differs`: nobody approves a plan that they asked for. `thresholds` of
    quarantine are named as in engine.health, `limits` of deletions as in engine.brake, as `read_limit` takes them;
    `capacity_first`: the ids of groups that get a place before others, where the application takes only so many;
    a `deletion_threshold` switches accidental-deletion prevention on. `keep_exchanges_days`: of requests and answers
    behind failures. `leavers`: disable, nothing, delete or delete-after, `leavers_days` later.
    """

    scope: str | None
    skip_out_of_scope_deletions: bool | None
    approve_above: int | None
    approver_differs: bool | None
    notification: Notification | None
    thresholds: Mapping[str, int] | None
    keep_exchanges_days: int | None
    prevent_deletions: bool | None
    deletion_threshold: int | None
    limits: Mapping[str, str] | None
    capacity_order: str | None
    capacity_first: Sequence[str] | None
    change_driven: bool | None
    leavers: str | None
    leavers_days: int | None
    nested_groups: NestedGroups | None


def changed_settings(job: Job, *, to: str | None = None, **given: Unpack[GivenSettings]) -> JobChanges:
    """What a change of these settings changes, the behaviour being changed `to` another. Raises AdminError for what no
    setting can be.

    A changed scope, an end of skipped deletions, something else to be done with leavers, or another way to read nested
    groups makes the next cycle look at every object; a scope that became narrower does so where the behaviour does not
    wait for a restart.
    """
    settings = {**job.settings, **_plain(given)}
    if given.get("leavers") is not None or given.get("leavers_days") is not None:
        settings = with_leavers(settings, given.get("leavers"), given.get("leavers_days"))
    notification, thresholds, above = given.get("notification"), given.get("thresholds"), given.get("approve_above")
    if notification is not None:
        settings[NOTIFICATION] = notification.set_in(settings.get(NOTIFICATION))
    if thresholds:
        stored = settings.get(health.SETTING)
        settings[health.SETTING] = {**(stored if isinstance(stored, dict) else {}), **_thresholds(thresholds)}
    if above is not None and above < 0:
        settings.pop(APPROVE_ABOVE, None)
    if settings.get(NESTED_GROUPS) == "direct":
        settings.pop(NESTED_GROUPS)
    limits = given.get("limits")
    if limits:
        stored = settings.get(brake.LIMITS)
        settings[brake.LIMITS] = {
            **(stored if isinstance(stored, dict) else {}),
            **_limits(limits, to or job.behaviour),
        }
    if settings == job.settings:
        return {}
    changes: JobChanges = {"settings": settings}
    regrouped = settings.get(NESTED_GROUPS) != job.settings.get(NESTED_GROUPS)
    if regrouped:
        changes["regroupings"] = job.regroupings + 1
    behaviour = behaviour_named(job.behaviour)
    waits = behaviour is not None and behaviour.narrowed_scope == "restart" and settings.get("scope") == "assigned"
    moved = settings.get("scope") != job.settings.get("scope") and not waits
    # Who was left alone for it is to be looked at once it is off.
    kept = job.settings.get(SKIP) and not settings.get(SKIP)
    if moved or kept or regrouped or leavers_of(settings) != leavers_of(job.settings):
        changes["full_evaluation"] = True
    return changes


def _plain(given: GivenSettings) -> dict[str, Json]:
    """Those that are kept as they are given."""
    scope = given.get("scope")
    if scope is not None and scope not in ("assigned", "all"):
        raise AdminError("invalid-value", f"There is no scope {scope!r}.", "Choose assigned or all.")
    order, first = given.get("capacity_order"), given.get("capacity_first")
    if order is not None and order not in ("name", "assigned"):
        raise AdminError("invalid-value", f"There is no order {order!r} of places.", "Choose name or assigned.")
    threshold, prevents = given.get("deletion_threshold"), given.get("prevent_deletions")
    if threshold is not None and prevents is None:
        prevents = True
    found: dict[str, Json] = {
        "scope": scope,
        guard.ORDER: order,
        guard.FIRST: None if first is None else list(first),
        brake.PREVENTION: prevents,
        brake.THRESHOLD: threshold,
        SKIP: given.get("skip_out_of_scope_deletions"),
        APPROVE_ABOVE: given.get("approve_above"),
        APPROVER_DIFFERS: given.get("approver_differs"),
        exchanges.SETTING: given.get("keep_exchanges_days"),
        CHANGE_DRIVEN: given.get("change_driven"),
        NESTED_GROUPS: _nested(given.get("nested_groups")),
    }
    return {name: value for name, value in found.items() if value is not None}


def check_together(job: Job, changes: JobChanges) -> None:
    """Raise AdminError for settings that the job's behaviour, as it will be, does not have."""
    behaviour = behaviour_named(str(changes.get("behaviour", job.behaviour)))
    settings = changes.get("settings", job.settings)
    if behaviour is not None and not behaviour.flattens and settings.get(NESTED_GROUPS) == "flatten":
        raise AdminError(
            "invalid-value",
            f"The behaviour {behaviour.name} reads direct members only, as Entra does; it cannot flatten groups.",
            "Choose --behaviour provisor, or --nested-groups direct.",
        )


def interval(seconds: int) -> int:
    """The same. Raises AdminError for an interval that no job can have."""
    if seconds < SHORTEST_INTERVAL_SECONDS:
        raise AdminError("invalid-value", "The interval must be at least one second.", "Give it in seconds.")
    if seconds > LONGEST_INTERVAL_SECONDS:
        raise AdminError("invalid-value", "The interval must be at most 366 days.", "Give it in seconds.")
    return seconds


def _nested(given: str | None) -> str | None:
    if given is not None and given not in ("direct", "flatten"):
        raise AdminError("invalid-value", f"Nested groups cannot be read as {given!r}.", "Choose direct or flatten.")
    return given


def _limits(given: Mapping[str, str], behaviour: str) -> Mapping[str, Json]:
    found = behaviour_named(behaviour)
    if found is not None and not found.deletion_limits:
        raise AdminError(
            "invalid-value",
            f"The behaviour {behaviour} has no limits for users, groups and memberships apart.",
            "Use its one threshold, `--deletion-threshold N`, or the behaviour provisor.",
        )
    limits: dict[str, Json] = {}
    for name, text in given.items():
        try:
            limits[name] = str(brake.read_limit(text))
        except ValueError as error:
            raise AdminError(
                "invalid-value",
                f"{text!r} is no limit for {name}.",
                "Write 20%+10 (more than 20 % and more than 10), 20%, 10, or off.",
            ) from error
    return limits


def _thresholds(given: Mapping[str, int]) -> Mapping[str, Json]:
    for name, value in given.items():
        if value < 0 or (name == "percent" and value > 100):
            raise AdminError("invalid-value", f"The threshold {name} cannot be {value}.", "It is a number from 0 on.")
    return dict(given)
