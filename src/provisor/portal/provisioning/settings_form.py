"""The fields of *Notification Email* and *Settings*, and what they mean to the verbs: only what differs is set.

Order: the fields as they are, what was typed, each setting that differs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, cast

from provisor.admin.job_settings import GivenSettings
from provisor.admin.jobs import JobShown
from provisor.admin.notification import Notification
from provisor.scim.values import Json

UNITS: Final = (("60", "minutes"), ("3600", "hours"), ("1", "seconds"))
LIMITS: Final = ("users", "groups", "memberships")
THRESHOLDS: Final = ("least", "percent", "objects", "total")
# Boxes by their fields, with the setting that each is.
_BOXES: Final[Mapping[str, str]] = {
    "change_driven": "changeDriven",
    "skip": "skipOutOfScopeDeletions",
    "approver_differs": "approverDiffers",
}
TICKS: Final = (*_BOXES, "notify_enabled", "prevent", "approve")
_NOT_A_NUMBER: Final = "Write a whole number."


class Piece(NamedTuple):
    """One setting that differs: the field that shows it, and what the verb is given."""

    name: str
    words: str
    given: GivenSettings
    interval_seconds: int | None = None


def typed_now(shown: JobShown, found: Mapping[str, Any]) -> dict[str, str]:
    """The fields as the job is; `found`: its settings in force."""
    told: Json = shown.job.settings.get("notification")
    notification = told if isinstance(told, dict) else {}
    recipients = notification.get("recipients")
    seconds = int(found["intervalSeconds"])
    unit = next((unit for unit in ("3600", "60") if seconds % int(unit) == 0), "1")
    if seconds < 2 * 3600 and seconds % 60 == 0:
        unit = "60"
    threshold, above = found["deletionThreshold"], found["approveAbove"]
    return {
        "notify": ", ".join(map(str, recipients)) if isinstance(recipients, list) else "",
        "notify_enabled": "yes" if notification.get("enabled") else "",
        "scope": found["scope"],
        "behaviour": found["behaviour"],
        "interval": str(seconds // int(unit)),
        "interval_unit": unit,
        "nested_groups": found["nestedGroups"],
        "leavers": found["leavers"],
        "leavers_days": str(found["deleteAfterDays"] or ""),
        "prevent": "yes" if found["preventAccidentalDeletions"] else "",
        "deletion_threshold": str(threshold or 500) if threshold != 0 else "0",
        "approve": "" if above is None else "yes",
        "approve_above": "100" if above is None else str(above),
        "capacity_order": found["capacityOrder"],
        "capacity_first": "\n".join(found["capacityFirst"]),
        "keep_exchanges": str(found["keepExchangesDays"]),
        **{name: "yes" if found[setting] else "" for name, setting in _BOXES.items()},
        **{f"limit_{kind}": found["deletionLimits"][kind] for kind in LIMITS},
        **{f"quarantine_{name}": str(found["quarantine"][name]) for name in THRESHOLDS},
        "status": "on" if shown.job.schedule_state == "Active" else "off",
    }


@dataclass(slots=True, kw_only=True)
class SettingsForm:
    """What was typed beside what is in force; `wrong` is said beside fields."""

    now: Mapping[str, str]
    typed: Mapping[str, str]
    wrong: dict[str, str] = field(default_factory=dict)

    def pieces(self) -> list[Piece]:
        """What is to be set, each for itself. Fills `wrong` in for what is no number."""
        found = [
            *self._chosen(),
            *self._leavers(),
            *self._deletions(),
            *self._limits(),
            *self._approval(),
            *self._notification(),
            *self._capacity(),
            *self._thresholds(),
        ]
        if self._differs("interval", "interval_unit"):
            number, unit = self._number("interval", least=1), self.typed["interval_unit"]
            seconds = None if number is None else number * int(unit if unit in dict(UNITS) else "60")
            found.append(Piece("interval", "interval", {}, seconds))
        return [piece for piece in found if piece.name not in self.wrong]

    @property
    def behaviour(self) -> str | None:
        """Another one than before."""
        return self.typed["behaviour"] if self._differs("behaviour") else None

    def _differs(self, *names: str) -> bool:
        return any(self.typed[name].strip() != self.now[name] for name in names)

    def _number(self, name: str, *, least: int = 0) -> int | None:
        text = self.typed[name].strip().replace(",", "")
        if not (text.isascii() and text.isdigit()) or len(text) > 9:
            self.wrong[name] = _NOT_A_NUMBER
            return None
        if int(text) < least:
            self.wrong[name] = f"It is at least {least}."
            return None
        return int(text)

    def _chosen(self) -> Sequence[Piece]:
        typed = self.typed
        every: Mapping[str, tuple[str, GivenSettings]] = {
            "scope": ("scope", {"scope": typed["scope"]}),
            "change_driven": ("change-driven", {"change_driven": bool(typed["change_driven"])}),
            "skip": ("skipped deletions", {"skip_out_of_scope_deletions": bool(typed["skip"])}),
            "approver_differs": ("who approves", {"approver_differs": bool(typed["approver_differs"])}),
            "nested_groups": (
                "nested groups",
                {"nested_groups": typed["nested_groups"]},  # type: ignore[typeddict-item]  # the verb says which there are
            ),
            "capacity_order": ("order of places", {"capacity_order": typed["capacity_order"]}),
        }
        return [Piece(name, *said) for name, said in every.items() if self._differs(name)]

    def _leavers(self) -> Sequence[Piece]:
        policy = self.typed["leavers"]
        later = policy == "delete-after"
        if not self._differs("leavers") and not (later and self._differs("leavers_days")):
            return []
        days = self._number("leavers_days", least=1) if later else None
        if later and days is None:
            self.wrong["leavers_days"] = "Write after how many days their accounts are deleted."
            return []
        return [Piece("leavers_days" if later else "leavers", "leavers", {"leavers": policy, "leavers_days": days})]

    def _deletions(self) -> Sequence[Piece]:
        prevents = bool(self.typed["prevent"])
        if not self._differs("prevent") and not (prevents and self._differs("deletion_threshold")):
            return []
        number = self._number("deletion_threshold") if prevents else None
        given: GivenSettings = {"prevent_deletions": prevents, "deletion_threshold": number}
        return [Piece("deletion_threshold", "accidental deletions", given)]

    def _limits(self) -> Sequence[Piece]:
        return [
            Piece(f"limit_{kind}", f"limit of {kind}", {"limits": {kind: self.typed[f"limit_{kind}"].strip() or "off"}})
            for kind in LIMITS
            if self._differs(f"limit_{kind}")
        ]

    def _approval(self) -> Sequence[Piece]:
        asks = bool(self.typed["approve"])
        if not self._differs("approve") and not (asks and self._differs("approve_above")):
            return []
        number = self._number("approve_above") if asks else -1
        return [Piece("approve_above", "approval", {"approve_above": number})]

    def _notification(self) -> Sequence[Piece]:
        if not self._differs("notify", "notify_enabled"):
            return []
        said = self.typed["notify"].replace(";", ",")
        addresses = tuple(part.strip() for part in said.split(",") if part.strip())
        enabled = bool(self.typed["notify_enabled"])
        if enabled and not addresses:
            self.wrong["notify"] = "Type whom to tell, or take the mark away from the box below."
            return []
        given: GivenSettings = {"notification": Notification(recipients=addresses, enabled=enabled)}
        return [Piece("notify", "notification email", given)]

    def _capacity(self) -> Sequence[Piece]:
        names = [line.strip() for line in self.typed["capacity_first"].splitlines() if line.strip()]
        if names == self.now["capacity_first"].splitlines():
            return []
        return [Piece("capacity_first", "groups that come first", {"capacity_first": names})]

    def _thresholds(self) -> Sequence[Piece]:
        found: list[Piece] = []
        for name in THRESHOLDS:
            if self._differs(f"quarantine_{name}"):
                number = self._number(f"quarantine_{name}")
                given: GivenSettings = {"thresholds": {name: number or 0}}
                found.append(Piece(f"quarantine_{name}", "quarantine thresholds", given))
        if self._differs("keep_exchanges"):
            days: GivenSettings = {"keep_exchanges_days": self._number("keep_exchanges")}
            found.append(Piece("keep_exchanges", "how long evidence is kept", days))
        return found


def together(pieces: Sequence[Piece]) -> tuple[int | None, GivenSettings]:
    """All of them as one: the interval, and the settings."""
    whole: dict[str, Any] = {}
    for piece in pieces:
        for name, value in piece.given.items():
            before = whole.get(name)
            whole[name] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
    interval = next((piece.interval_seconds for piece in pieces if piece.interval_seconds is not None), None)
    return interval, cast(GivenSettings, whole)
