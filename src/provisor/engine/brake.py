"""The brakes: what would take access from many at once waits until a person has decided about it.

Pure. Two of them. *Accidental-deletion prevention* counts users to be disabled or deleted and groups to be deleted
together, against one threshold; above it they are held, and everything else of the cycle is done
(spec/provisioning-service.md section 12). *Limits* count users, groups and memberships apart, by number and percent;
above one of them the cycle stops before its first write. Order: amounts, limits, the threshold, causes, judging.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias, assert_never

from provisor.rules.failure import Failure
from provisor.scim.values import Json

CODE = "too-many-deletions"  # above a limit
HELD = "TooManyDeletes"  # above the threshold of section 12
UNMATCHED = "accounts-not-matched"  # above a limit too: of those who had an account

LIMITS = "deletionLimits"  # settings of a job
PREVENTION = "preventAccidentalDeletions"
THRESHOLD = "deletionThreshold"
DEFAULT_THRESHOLD = 500


class Amounts(NamedTuple):
    """How many of each kind."""

    users: int = 0
    groups: int = 0
    memberships: int = 0


KINDS = Amounts._fields


class DeletionLimit(NamedTuple):
    """More than `percent` of what is held, and more than `number`, is too much; what is None does not count.

    Without either there is no limit.
    """

    percent: int | None = 20
    number: int | None = 10

    def exceeded(self, removed: int, held: int) -> bool:
        """Whether `removed` of `held` are too many."""
        if removed == 0 or self == OFF:
            return False
        by_percent = self.percent is None or removed * 100 > held * self.percent
        return by_percent and (self.number is None or removed > self.number)

    def __str__(self) -> str:
        """As `read_limit` takes it."""
        percent = [] if self.percent is None else [f"{self.percent}%"]
        return "+".join([*percent, *([] if self.number is None else [str(self.number)])]) or "off"

    @property
    def said(self) -> str:
        """In a sentence, after *more than*."""
        percent = [] if self.percent is None else [f"{self.percent} %"]
        return " and more than ".join([*percent, *([] if self.number is None else [f"{self.number:,}"])])


OFF = DeletionLimit(None, None)


class DeletionLimits(NamedTuple):
    """The limits of a job."""

    users: DeletionLimit = DeletionLimit()
    groups: DeletionLimit = DeletionLimit()
    memberships: DeletionLimit = DeletionLimit()


NONE = DeletionLimits(OFF, OFF, OFF)


def read_limit(text: str) -> DeletionLimit:
    """`20%+10` (both), `20%`, `500`, `off`. Raises ValueError for anything else."""
    found: dict[str, int] = {}
    for part in () if text.strip().lower() == "off" else text.replace(" ", "").split("+"):
        name, number = ("percent", part[:-1]) if part.endswith("%") else ("number", part)
        if name in found or not (number.isascii() and number.isdigit()) or len(number) > 9:
            raise ValueError(f"{text!r} is no limit.")
        found[name] = int(number)
    if found.get("percent", 0) > 100:
        raise ValueError(f"{text!r} is no limit.")
    return DeletionLimit(found.get("percent"), found.get("number"))


def limits_of(settings: Mapping[str, Json]) -> DeletionLimits:
    """The limits of a job; what is not set has its default."""
    stored = settings.get(LIMITS)
    given = stored if isinstance(stored, dict) else {}
    return DeletionLimits(*(_limit(given.get(kind)) for kind in KINDS))


def _limit(stored: Json) -> DeletionLimit:
    try:
        return read_limit(stored) if isinstance(stored, str) else DeletionLimit()
    except ValueError:
        return DeletionLimit()


def threshold_of(settings: Mapping[str, Json]) -> int | None:
    """The threshold of accidental-deletion prevention; None while that is off."""
    if settings.get(PREVENTION) is not True:
        return None
    stored = settings.get(THRESHOLD)
    return stored if isinstance(stored, int) and not isinstance(stored, bool) else DEFAULT_THRESHOLD


def judge_matching(created: Amounts, had: Amounts, limits: DeletionLimits, application: str) -> Failure | None:
    """Why nothing may be sent where links were forgotten: too many of those who `had` an account match none, and would
    get another. The limits are those of deletions."""
    for noun, number, of, limit in zip(("users", "groups"), created, had, limits, strict=False):
        if limit.exceeded(number, of):
            return Failure(
                code=UNMATCHED,
                message=f"{number:,} of {of:,} {noun} who had an account at {application} match none, and would be"
                f" created a second time: more than {limit.said} at once, so nothing is written."
                if noun == "users"
                else f"{number:,} of {of:,} groups that were at {application} match none, and would be created a second"
                f" time: more than {limit.said} at once, so nothing is written.",
                hint="Correct the row of the mappings by which they are matched; the next cycle goes on. If they are"
                " gone there, `provisor job deletions JOB allow` lets them be created.",
            )
    return None


# Causes

CauseKind: TypeAlias = Literal[
    "source",
    "group-deleted",
    "group-unassigned",
    "group-left",
    "group-loses",
    "disabled",
    "rules",
    "mapping",
    "scope",
]


class WhyMany(NamedTuple):
    """What so many have in common, as far as it can be seen: `number` of them; `name` is a source or a group, `of` how
    many there were, `version` that of new rules."""

    kind: CauseKind
    number: int
    name: str = ""
    of: int = 0
    what: str = "users"
    version: int = 0


def because(why: WhyMany) -> str:
    """The cause, to follow *because*."""
    number, are = f"{why.number:,}", "is" if why.number == 1 else "are"
    match why.kind:
        case "source":
            return f"{number} of {why.of:,} {why.what} of the source {why.name} were deleted"
        case "group-deleted":
            return f"the group {why.name}, by which {number} of them were assigned, was deleted"
        case "group-unassigned":
            return f"the group {why.name}, by which {number} of them were assigned, is not assigned any more"
        case "group-left":
            return f"{number} of them left the group {why.name}"
        case "group-loses":
            return f"the group {why.name} would lose {number} of its members"
        case "disabled":
            return f"{number} of them {are} disabled in the directory"
        case "rules":
            return f"the rules were changed (version {why.version}), and {number} of them {are} not in scope any more"
        case "mapping":
            return f"the mappings make {number} accounts inactive"
        case "scope":
            return f"{number} of them {are} not in scope any more"
        case _:
            assert_never(why.kind)


# Judging

_WORDS = (("users", "disabled or deleted"), ("groups", "deleted"), ("memberships", "removed"))
_DECIDE = (
    "See whom with `provisor job deletions JOB`. If it is meant, `provisor job deletions JOB allow` lets them through;"
    " if not, put the directory, the assignments or the rules right, and then `provisor job deletions JOB reject`."
)
_NOTHING = Amounts()


def judge(
    removed: Amounts, held: Amounts, limits: DeletionLimits, *, taken: Amounts = _NOTHING, why: WhyMany | None = None
) -> Failure | None:
    """Why so much may not be taken away; None when it may. `held` is what there was before, `taken` the part of
    `removed` that is done."""
    over = [
        f"{number:,} of {of:,} {noun} would be {verb}{_done(done)}, more than {limit.said}"
        for number, done, of, limit, (noun, verb) in zip(removed, taken, held, limits, _WORDS, strict=True)
        if number > done and limit.exceeded(number, of)
    ]
    if not over:
        return None
    nothing = "nothing more is written" if any(taken) else "nothing is written"
    return Failure(code=CODE, message=f"{' and '.join(over)}{_cause(why)}: {nothing}.", hint=_DECIDE)


def judge_threshold(number: int, threshold: int | None, *, why: WhyMany | None = None) -> Failure | None:
    """Why so many disables and deletions are held; None when they are not."""
    if threshold is None or number <= threshold:
        return None
    return Failure(
        code=HELD,
        message=f"{number:,} users and groups would be disabled or deleted, more than the threshold of"
        f" {threshold:,}{_cause(why)}: these are held back, everything else is provisioned.",
        hint=_DECIDE,
    )


def _done(number: int) -> str:
    return f" ({number:,} of them were, since the last full cycle)" if number else ""


def _cause(why: WhyMany | None) -> str:
    return "" if why is None else f", because {because(why)}"
