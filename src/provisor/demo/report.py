"""What happened to everybody over the whole demo: the table, and the object that `--json` prints last."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from provisor.terminal import print_table

OUTCOMES = ("created", "updated", "disabled", "deleted", "failed", "skipped")
KINDS = ("users", "groups", "memberships")
# The service counts under these names; a linked account counts as updated, as seen from outside.
_COUNTED = {"create": "created", "link": "updated", "update": "updated", "disable": "disabled", "delete": "deleted",
            "fail": "failed", "add": "created", "remove": "deleted"}  # fmt: skip
_KIND = {"user": "users", "group": "groups", "membership": "memberships"}


class Sentence(Protocol):
    """Why a cycle stopped."""

    @property
    def message(self) -> str:
        """For an administrator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleDone:
    """One cycle with what the service counted: `user.create` and the like, and requests by method."""

    title: str
    kind: str
    counts: Mapping[str, int]
    requests: Mapping[str, int]
    error: Sentence | None = None

    def sentence(self) -> str:
        """The cycle in a line."""
        if self.error is not None:
            return f"stopped. {self.error.message}"
        sent = ", ".join(f"{number:,} {method}" for method, number in self.requests.items())
        total = sum(self.requests.values())
        return f"{total:,} request{'s' * (total != 1)} ({sent})."

    def to_json(self) -> dict[str, object]:
        """For another program."""
        return {"kind": self.kind, "requests": dict(self.requests)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole demo."""

    cycles: Sequence[CycleDone]
    refused: int
    skipped: Mapping[str, int]
    differences: Sequence[str]
    seconds: float
    domain: Mapping[str, object] | None = None  # what was seen besides, where a domain was the source
    outcomes: Mapping[str, Mapping[str, int]] = field(init=False)

    def __post_init__(self) -> None:
        counted = {kind: Counter(dict.fromkeys(OUTCOMES, 0)) for kind in KINDS}
        for cycle in self.cycles:
            for name, number in cycle.counts.items():
                kind, _, outcome = name.partition(".")
                if kind in _KIND and outcome in _COUNTED:
                    counted[_KIND[kind]][_COUNTED[outcome]] += number
        for kind, number in self.skipped.items():  # a cycle counts those it skips, and the next one counts them again
            counted[kind]["skipped"] = number
        object.__setattr__(self, "outcomes", counted)

    @property
    def verified(self) -> bool:
        """Whether the target holds exactly what the directory says."""
        return not self.differences

    @property
    def succeeded(self) -> bool:
        """Verified, no object failed, no cycle stopped."""
        failed = any(counts["failed"] for counts in self.outcomes.values())
        return self.verified and not failed and all(cycle.error is None for cycle in self.cycles)

    def to_json(self) -> dict[str, object]:
        """The object that `--json` prints."""
        return {
            **{kind: dict(counts) for kind, counts in self.outcomes.items()},
            "import": {"refused": self.refused},
            "cycles": [cycle.to_json() for cycle in self.cycles],
            "verified": self.verified,
            "differences": len(self.differences),
            "seconds": round(self.seconds, 3),
            **({} if self.domain is None else {"domain": dict(self.domain)}),
        }

    def show(self) -> None:
        """The table for a person."""
        print_table(
            ("", *OUTCOMES), [(kind, *(f"{self.outcomes[kind][each]:,}" for each in OUTCOMES)) for kind in KINDS]
        )
