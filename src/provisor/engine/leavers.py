"""What becomes of the account of somebody who has left the scope of a job: as Entra does, or as the job says.

Pure. A *leaver* is somebody who is not assigned any more or filtered out; who is disabled or in the recycle bin is
*suspended*, and none. An account that is to be deleted so many days after it was disabled waits for it; the day is
computed from when it was disabled, so that it moves with the setting (explanation/settled-cases.md section *Leavers*).
Order: the setting, what an application can bear, an account that waits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from provisor.engine.decide import LEAVER_POLICIES, LeaverPolicy, Terms
from provisor.engine.record import Kind
from provisor.scim.values import Json

SETTING: Final = "leavers"
DAYS: Final = "deleteAfterDays"
MOST_DAYS: Final = 3_650


class Leavers(NamedTuple):
    """What a job does with leavers. `days`: of *delete-after*."""

    policy: LeaverPolicy = "disable"
    days: int = 0

    @property
    def deletes(self) -> bool:
        """Whether accounts that wait for their deletion are deleted when it is due."""
        return self.policy in ("delete", "delete-after")

    def __str__(self) -> str:
        match self.policy:
            case "disable":
                return "disabled"
            case "nothing":
                return "left as they are"
            case "delete":
                return "deleted"
            case "delete-after":
                return f"disabled, deleted {_days(self.days)} later"


DEFAULT: Final = Leavers()


def leavers_of(settings: Mapping[str, Json]) -> Leavers:
    """What the settings of a job say."""
    policy, days = settings.get(SETTING), settings.get(DAYS)
    found: LeaverPolicy = next((one for one in LEAVER_POLICIES if one == policy), "disable")
    return Leavers(found, days if found == "delete-after" and isinstance(days, int) else 0)


def settings_of(leavers: Leavers) -> dict[str, Json]:
    """The same as a job's settings keep it; nothing for the default."""
    if leavers == DEFAULT:
        return {}
    return {SETTING: leavers.policy, **({DAYS: leavers.days} if leavers.policy == "delete-after" else {})}


# What an application can bear


def unbearable(leavers: Leavers, terms: Terms, application: str) -> tuple[str, str] | None:
    """Why a job cannot do this with leavers, and what to do; None when it can. `terms` are those of its users."""
    disables = leavers.policy in ("disable", "delete-after")
    if disables and terms.leaving == "delete":
        return (
            f"{application} cannot disable accounts, so leavers cannot be {leavers}.",
            "Choose delete or nothing.",
        )
    if disables and terms.leaving == "nothing":
        return (
            f"No mapping of the job's users reads IsSoftDeleted, so leavers cannot be {leavers}.",
            "Map it to an attribute such as active, or choose delete or nothing.",
        )
    if disables and "Update" not in terms.actions:
        return (
            f"Updating is switched off in the target object actions of users, so leavers cannot be {leavers}.",
            "Switch it on in the mapping, or choose delete or nothing.",
        )
    if leavers.deletes and "Delete" not in terms.actions:
        return (
            f"Deleting is switched off in the target object actions of users, so leavers cannot be {leavers}.",
            "Switch it on in the mapping, or choose disable or nothing.",
        )
    return None


# An account that waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """The deletion that an account waits for. `doubted`: its day may have come, but the clock is not trusted."""

    on: datetime
    days: int
    due: bool
    doubted: bool = False

    def __str__(self) -> str:
        if not self.days:
            return "The account is to be deleted: leavers are deleted by this job now."
        if self.due:
            since = self.on - timedelta(days=self.days)
            return f"The account was disabled on {since:%Y-%m-%d} and is to be deleted now, {_days(self.days)} later."
        after = f"{_days(self.days)} after it was disabled"
        if self.doubted:
            return (
                f"The account was to be deleted on {self.on:%Y-%m-%d}, {after}, and waits because the clock is not"
                " trusted (`provisor clock show`)."
            )
        return f"The account will be deleted on {self.on:%Y-%m-%d}, {after}, unless they return."


def deletion(leavers: Leavers, disabled_at: datetime | None, now: datetime, *, trusted: bool) -> Deletion | None:
    """The deletion that somebody's account waits for; None when it is not to be deleted."""
    if disabled_at is None or not leavers.deletes:
        return None
    if leavers.policy == "delete":  # at once, so no clock is asked
        return Deletion(on=min(disabled_at, now), days=0, due=True)
    on = disabled_at + timedelta(days=leavers.days)
    come = on <= now
    return Deletion(on=on, days=leavers.days, due=come and trusted, doubted=come and not trusted)


def is_remembered(leavers: Leavers, terms: Terms, kind: Kind) -> bool:
    """Whether the account of somebody who leaves now is to be deleted later."""
    return leavers.policy == "delete-after" and terms.leaving == "disable" and kind == "user"


def _days(number: int) -> str:
    return f"{number:,} day{'' if number == 1 else 's'}"
