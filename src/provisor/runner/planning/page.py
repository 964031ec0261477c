"""What planning passes on: an object awaiting a decision, the decision, and the result of a page of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from provisor.engine.decide import Decision, Forget
from provisor.engine.desired import Desired
from provisor.engine.record import Record
from provisor.engine.settle import Look
from provisor.engine.unknown import FoundAgain, NotThere
from provisor.runner.planning.matcher import NOBODY, MatchFound
from provisor.scim.values import Resource
from provisor.storage.escrow import FailedRow
from provisor.storage.links import LinkRow, StoredLink
from provisor.storage.log import LogRow
from provisor.storage.operations import PlannedRow

NextStep: TypeAlias = Decision | Look | Forget  # what is done, asked first, or known to be over


class Case(NamedTuple):
    """One object awaiting a decision.

    `held`: what the target was read to hold of it; None when not read. `lost`: its link, when the target did not know
    the id of its account; it is kept until the account was looked for.
    """

    desired: Desired
    link: StoredLink | None
    record: Record | None = None
    held: Resource | None = None
    found: MatchFound = NOBODY
    lost: StoredLink | None = None


class Decided(NamedTuple):
    """What to do about an object, or to ask first. `lost`: its account is certainly gone, and the link with it."""

    case: Case
    decision: NextStep
    lost: bool = False


class Met(NamedTuple):
    """The result of reading a linked object.

    `found` is what has the values of an account that is gone. `known` is what is known of the account now, a fact that
    a plan keeps too; `moved` the event that it has another id than its link had.
    """

    settled: Decided
    found: FoundAgain = NotThere()
    known: LinkRow | None = None
    moved: LogRow | None = None


@dataclass(slots=True)
class PagePlan:
    """The result of one page of planning."""

    planned: list[PlannedRow] = field(default_factory=list)
    failed: list[FailedRow] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)  # nothing to do: older operations of theirs are removed
    links: list[LinkRow] = field(default_factory=list)
    unlinked: list[str] = field(default_factory=list)
    # What the target was found to hold, and what it lost: facts, which a plan keeps too.
    known: list[LinkRow] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)  # whose account has another id than their link had
    events: list[LogRow] = field(default_factory=list)
    references: list[tuple[str, str, str | None]] = field(default_factory=list)
    referring: set[str] = field(default_factory=set)  # whose references must be written
    entering: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)

    def settle_others(self, objects: Iterable[str]) -> None:
        """Drop what was planned earlier for those of these objects for which nothing is planned now."""
        planned = {row.object for row in self.planned}
        self.settled = [*{*self.settled, *objects} - planned]

    def know(self, met: Met) -> None:
        """Keep what reading an account has shown."""
        if met.known is not None:
            self.known.append(met.known)
        if met.moved is not None:
            self.moved.append(met.settled.case.desired.id)
            self.events.append(met.moved)
