"""What to do with one object: the table {standing} x {at the target}, once (reference/deciding.md).

Pure. The nested `match` below is the table; reference/deciding.md is rendered from it and the tests enumerate it.
We do not disable or delete what we did not link: only the cells from `linked` to `due` touch a known account.
Order: values, the table, its cells by standing, what to do when a linked object has vanished.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias, assert_never, get_args

from provisor.rules.failure import Failure
from provisor.rules.mapping import ALL_ACTIONS, Action

Standing: TypeAlias = Literal["wanted", "suspended", "unentitled", "gone"]
AtTarget: TypeAlias = Literal["absent", "unlinked", "linked", "released", "waiting", "due", "ambiguous", "taken"]
Leaving: TypeAlias = Literal["disable", "delete", "nothing"]
LeaverPolicy: TypeAlias = Literal["disable", "nothing", "delete", "delete-after"]
LEAVER_POLICIES: Final[tuple[LeaverPolicy, ...]] = get_args(LeaverPolicy)


class Owner(NamedTuple):
    """The object of the directory that an account belongs to. `deleted`: it is in the recycle bin."""

    id: str
    name: str
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a job allows for one kind of object.

    `leaving` says how an account is taken out of use: users whose rules map IsSoftDeleted are disabled; groups, and
    accounts at a target that cannot disable, are deleted; otherwise nothing can be sent. `leavers`: what the job does
    with users who leave its scope; *disable* is to take them out of use, and no more.
    """

    leaving: Leaving = "disable"
    leavers: LeaverPolicy = "disable"
    actions: frozenset[Action] = ALL_ACTIONS
    skip_out_of_scope_deletions: bool = False


@dataclass(frozen=True, slots=True)
class Create:
    """Create the account; the answer's id becomes the link.

    `freed_in` is the phase of this cycle in which another object of ours gives up the matching account, by a new
    name or a deletion: the target is asked again after it, and nothing is created before.
    """

    freed_in: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """Link the one account that matches, and send what differs if `update` is set."""

    update: bool


@dataclass(frozen=True, slots=True)
class Update:
    """Send what differs to the linked account. `reinstate`: it was released and is tracked again."""

    reinstate: bool = False


@dataclass(frozen=True, slots=True)
class Disable:
    """Send what differs, with the account inactive. `release`: afterwards it is no longer tracked."""

    release: bool


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the linked object; its link goes too."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing is sent. `code` is the skip reason of the provisioning log, `reason` the sentence beside it."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Release:
    """Nothing is sent, but the account is no longer tracked: a later purge does not delete it."""

    why: Skip


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is sent now, and the link is kept: the account is to be deleted later."""

    why: Skip


@dataclass(frozen=True, slots=True)
class Fail:
    """The object cannot be provisioned as things are."""

    failure: Failure


Decision: TypeAlias = Create | Link | Update | Disable | Delete | Release | Wait | Skip | Fail

NOT_ENTITLED = "NotEffectivelyEntitled"
NOT_IN_SCOPE = "NotInScope"
ACTION_DISABLED = "TargetActionDisabled"
DELETION_SKIPPED = "SkipOutOfScopeDeletion"
REDUNDANT = "RedundantExport"
IMPORT_SKIPPED = "ImportSkipped"

_SAME = Skip(REDUNDANT, "The target already holds what the directory says.")
_NO_CREATE = Skip(ACTION_DISABLED, "Creating is switched off in the target object actions.")
NO_UPDATE = Skip(ACTION_DISABLED, "Updating is switched off in the target object actions.")
_LEFT_BEHIND = Skip(
    ACTION_DISABLED,
    "Deleting is switched off in the target object actions: the account is left as it is and no longer tracked.",
)
_NO_DELETE = Skip(ACTION_DISABLED, "Deleting is switched off in the target object actions.")
_KEPT = Skip(DELETION_SKIPPED, "Out-of-scope deletions are skipped for this job; the account stays as it is.")
_LEFT_ALONE = Skip(DELETION_SKIPPED, "This job does nothing with leavers; the account stays as it is.")
_STRANGER = Skip(NOT_ENTITLED, "The object is not in scope and was never provisioned by this job.")


def decide(
    standing: Standing,
    at_target: AtTarget,
    terms: Terms,
    *,
    why: Skip = _STRANGER,
    same: bool = False,
    name: str = "The object",
    rivals: Sequence[str] = (),
    owner: Owner | None = None,
) -> Decision:
    """The table. `why` is the skip for an object that is not wanted, `same` says that the target holds it already.

    `rivals` are the target ids of several matches, `owner` is who is linked to the one match; they and `name` are only
    used in sentences.
    """
    match standing:
        case "wanted":
            return _wanted(at_target, terms, same, name, rivals, owner)
        case "suspended":
            return _suspended(at_target, terms, why, same)
        case "unentitled":
            return _unentitled(at_target, terms, why)
        case "gone":
            return _gone(at_target, terms, why)
        case _:
            assert_never(standing)


def _wanted(
    at_target: AtTarget, terms: Terms, same: bool, name: str, rivals: Sequence[str], owner: Owner | None
) -> Decision:
    match at_target:
        case "absent":
            return Create() if "Add" in terms.actions else _NO_CREATE
        case "unlinked":
            return Link(update="Update" in terms.actions)
        case "linked":
            if same:
                return _SAME
            return Update() if "Update" in terms.actions else NO_UPDATE
        case "released" | "waiting" | "due":
            return Update(reinstate=True) if "Update" in terms.actions else NO_UPDATE
        case "ambiguous":
            return Fail(_ambiguous(name, rivals))
        case "taken":
            return Fail(_taken(name, owner))
        case _:
            assert_never(at_target)


def _suspended(at_target: AtTarget, terms: Terms, why: Skip, same: bool) -> Decision:
    match at_target:
        case "linked":
            return _leave(terms, why, same=same, release=False)
        case "waiting":
            return Wait(why)
        case "due":
            return _delete_now(terms)
        case "absent" | "unlinked" | "released" | "ambiguous" | "taken":
            return why
        case _:
            assert_never(at_target)


def _unentitled(at_target: AtTarget, terms: Terms, why: Skip) -> Decision:
    match at_target:
        case "linked":
            return _KEPT if terms.skip_out_of_scope_deletions else _left(terms, why)
        case "waiting":
            return Wait(why)
        case "due":
            return _delete_now(terms)
        case "absent" | "unlinked" | "released" | "ambiguous" | "taken":
            return why
        case _:
            assert_never(at_target)


def _gone(at_target: AtTarget, terms: Terms, why: Skip) -> Decision:
    match at_target:
        case "linked":
            return Delete() if "Delete" in terms.actions else _LEFT_BEHIND
        case "waiting":
            return Wait(why)
        case "due":
            return _delete_now(terms)
        case "absent" | "unlinked" | "released" | "ambiguous" | "taken":
            return why
        case _:
            assert_never(at_target)


def _left(terms: Terms, why: Skip) -> Decision:
    """A linked account whose owner has left the scope."""
    match terms.leavers:
        case "nothing":
            return _LEFT_ALONE
        case "delete" if "Delete" in terms.actions:
            return Delete()
        case "disable" | "delete" | "delete-after":
            return _leave(terms, why, same=False, release=True)
        case _:
            assert_never(terms.leavers)


def _delete_now(terms: Terms) -> Decision:
    """An account whose owner left so long ago that it is to be deleted."""
    if terms.skip_out_of_scope_deletions:
        return Wait(_KEPT)
    return Delete() if "Delete" in terms.actions else Wait(_NO_DELETE)


def _leave(terms: Terms, why: Skip, *, same: bool, release: bool) -> Decision:
    """A linked account whose owner is suspended or unentitled."""
    leaving = terms.leaving
    match leaving:
        case "disable":
            if same:
                return _SAME
            return Disable(release=release) if "Update" in terms.actions else NO_UPDATE
        case "delete":
            return Delete() if "Delete" in terms.actions else _NO_DELETE
        case "nothing":
            return Release(why) if release else why
        case _:
            assert_never(leaving)


def _ambiguous(name: str, rivals: Sequence[str]) -> Failure:
    return Failure(
        code="DuplicateTargetEntries",
        message=f"{name} matches {len(rivals) or 'several'} objects at the target"
        + (f": {', '.join(rivals[:5])}." if rivals else "."),
        hint="Delete or rename all but one of them, or match by an attribute that is unique there.",
    )


def _taken(name: str, owner: Owner | None) -> Failure:
    hint = "Give the two objects different values in the matching attribute; the one linked first keeps the match."
    whose = "another object of the directory"
    if owner is not None:
        whose = f"{owner.name} ({owner.id}{', deleted' if owner.deleted else ''})"
    if owner is not None and owner.deleted:
        # Somebody who left and was hired again: two people in the directory who share one name.
        hint = (
            f"Delete {owner.id} for good (`provisor user purge {owner.id}`), which deletes the account too, and {name}"
            f" gets a new one; or restore it (`provisor user restore {owner.id}`) in place of the new one."
        )
    return Failure(
        code="DuplicateSourceEntries",
        message=f"{name} matches an object at the target that is already linked to {whose}.",
        hint=hint,
        rival=None if owner is None else owner.id,
    )


@dataclass(frozen=True, slots=True)
class MatchAgain:
    """Drop the link and look for the object by its matching attributes, as if it had never been linked."""


@dataclass(frozen=True, slots=True)
class Forget:
    """Drop the link: the target has already lost what was to be removed."""


def vanished(standing: Standing, name: str, policy: Literal["fail", "match-again"]) -> MatchAgain | Forget | Fail:
    """What to do on a 404 for the id of a linked object (explanation/settled-cases.md section *Names and matches*)."""
    if standing != "wanted":
        return Forget()
    match policy:
        case "match-again":
            return MatchAgain()
        case "fail":
            failure = Failure(
                code="InvalidAnchor",
                message=f"{name} was provisioned before, but the target no longer has the object it was linked to.",
                hint="Restart provisioning with a full reset so that it is matched again, or provision it on demand.",
            )
            return Fail(failure)
        case _:
            assert_never(policy)
