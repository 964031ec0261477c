"""Every setting of a job, those in force and those to be changed; Graph has a few as names and texts."""

from typing import Annotated, Any, Literal, TypedDict

import msgspec
from msgspec import UNSET, UnsetType

Count = Annotated[int, msgspec.Meta(ge=0, le=2**31)]


class JobSettingsWire(TypedDict):
    """What is in force, the defaults of all else included.

    `deletionLimits` of users, groups and memberships are `20%+10`, `20%`, `10` or `off`; `quarantine` says how much may
    fail.
    """

    scope: Literal["assigned", "all"]
    intervalSeconds: int
    behaviour: str
    changeDriven: bool
    nestedGroups: Literal["direct", "flatten"]
    leavers: str
    deleteAfterDays: int | None
    skipOutOfScopeDeletions: bool
    deletionLimits: dict[str, str]
    preventAccidentalDeletions: bool
    deletionThreshold: int | None
    approveAbove: int | None
    approverDiffers: bool
    capacityOrder: str
    capacityFirst: list[str]
    notify: list[str]
    quarantine: dict[str, int]
    keepExchangesDays: int


class JobSettingsPatch(msgspec.Struct, rename="camel", omit_defaults=True):
    """What is to be changed; what is absent stays. `approveAbove` null: never asks; `capacityFirst`: ids or names."""

    scope: Literal["assigned", "all"] | UnsetType = UNSET
    interval_seconds: Count | UnsetType = UNSET
    behaviour: Literal["provisor", "entra"] | UnsetType = UNSET
    change_driven: bool | UnsetType = UNSET
    nested_groups: Literal["direct", "flatten"] | UnsetType = UNSET
    leavers: Literal["disable", "nothing", "delete", "delete-after"] | UnsetType = UNSET
    delete_after_days: Count | UnsetType = UNSET
    skip_out_of_scope_deletions: bool | UnsetType = UNSET
    deletion_limits: dict[Literal["users", "groups", "memberships"], str] | UnsetType = UNSET
    prevent_accidental_deletions: bool | UnsetType = UNSET
    deletion_threshold: Count | UnsetType = UNSET
    approve_above: Count | UnsetType | None = UNSET
    approver_differs: bool | UnsetType = UNSET
    capacity_order: Literal["name", "assigned"] | UnsetType = UNSET
    capacity_first: list[str] | UnsetType = UNSET
    quarantine: dict[Literal["least", "percent", "objects", "total"], Count] | UnsetType = UNSET
    keep_exchanges_days: Count | UnsetType = UNSET


# What the verb calls otherwise.
_CALLED = {
    "delete_after_days": "leavers_days",
    "prevent_accidental_deletions": "prevent_deletions",
    "deletion_limits": "limits",
    "quarantine": "thresholds",
}


def given_settings(patch: JobSettingsPatch) -> dict[str, Any]:
    """As the verb takes them."""
    given: dict[str, Any] = {
        _CALLED.get(name, name): value
        for name in patch.__struct_fields__
        if (value := getattr(patch, name)) is not UNSET
    }
    if "approve_above" in given and given["approve_above"] is None:
        given["approve_above"] = -1
    return given
