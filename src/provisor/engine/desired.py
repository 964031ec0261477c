"""What the directory says about one object for one job: its standing, the reason, and the document it should have.

Pure, and called for every object of a full evaluation. IsSoftDeleted is computed here and never stored.
Rules: spec/provisioning-service.md sections 5.1 and 9, reference/deciding.md.
Order: the value, judging, the view that rules have of a record.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple, cast

import msgspec

from provisor.directory.names import names_in_mappings
from provisor.engine.decide import NOT_ENTITLED, NOT_IN_SCOPE, Fail, Skip, Standing
from provisor.engine.record import AttributeValue, Kind, Record
from provisor.engine.rules import CompiledRules
from provisor.rules.failure import Failure
from provisor.rules.mapper import Mapped, RandomBytes
from provisor.rules.mapping import SOFT_DELETED
from provisor.rules.scoping import Verdict

_ENCODE = msgspec.json.Encoder(order="deterministic").encode

_PASSED = Verdict(passes=True, reason="There is no scoping filter.")
_PURGED = Skip(NOT_ENTITLED, "The object was deleted for good.")
_DELETED = Skip(NOT_ENTITLED, "The object is in the recycle bin.")
_DISABLED = Skip(NOT_ENTITLED, "The account is disabled in the directory.")
_UNASSIGNED = Skip(NOT_ENTITLED, "The object is not assigned to the application.")
_NO_SECURITY_GROUP = Skip(NOT_ENTITLED, "The group is not assigned, or without effect: its securityEnabled is false.")
_NAMING: Mapping[Kind, str] = {"user": "userPrincipalName", "group": "displayName"}
_WANTED = Skip(NOT_ENTITLED, "")  # not shown: a wanted object is not skipped for its standing
_GROUPS_OFF = Skip(NOT_IN_SCOPE, "Provisioning of groups is switched off in the mappings.")


class Desired(NamedTuple):
    """What a target should hold of one object, as far as the directory knows.

    `why` is the skip of an object that is not wanted. `aside` is set when nothing may be done with the object,
    whatever its standing. `mapped` is None where no document is needed; `wanted_hash` is then empty. `manager` is the
    object id the reference should lead to, None where the rules do not map it. `change` is the number of the object's
    last change.
    """

    id: str
    kind: Kind
    name: str
    standing: Standing
    why: Skip
    verdict: Verdict
    entitled: bool
    active: bool
    mapped: Mapped | None
    wanted_hash: str
    manager: str | None
    aside: Skip | Fail | None
    change: int = 0


def judge(
    record: Record, rules: CompiledRules, now: datetime, random_bytes: RandomBytes, *, linked: bool = True
) -> Desired:
    """Judge one object. `linked` False: the job has no link for it, which saves mapping what is not wanted."""
    kind = rules.of(record.kind)
    entitled = rules.settings.sync_all or record.assigned
    if record.purged:
        return _without_document(record, "gone", _PURGED, _PASSED, entitled)
    view = provisioning_view(record)
    verdict = kind.scope.judge(view)
    aside: Skip | Fail | None = None
    if not kind.enabled:
        aside = _GROUPS_OFF
    elif verdict.failure is not None and not _leaves_anyway(record, entitled):
        aside = Fail(_who(verdict.failure, record.name))
    elif not verdict.read:
        aside = Skip(NOT_IN_SCOPE, verdict.reason)
    standing, why = _standing(record, entitled, verdict, stays=rules.settings.keeps_leavers)
    if aside is not None or (standing != "wanted" and not linked):
        return _without_document(record, standing, why, verdict, entitled, aside)
    view[SOFT_DELETED] = standing != "wanted"
    mapped = kind.mapper.map(view, now, random_bytes)
    manager = record.manager if kind.mapper.references else None
    if linked and manager is None and kind.mapper.references:
        # Only for an account of ours: one about to be linked may have a manager set by somebody else.
        mapped = mapped._replace(unreferenced=tuple(path for path, _ in kind.mapper.references))
    return Desired(
        record.id,
        record.kind,
        record.name,
        standing,
        why,
        verdict,
        entitled,
        record.enabled and not record.deleted,
        mapped,
        _hash(mapped, manager),
        manager,
        None,
        record.change,
    )


def as_leaver(record: Record, rules: CompiledRules, now: datetime, random_bytes: RandomBytes) -> Mapped:
    """The values for somebody deleted for good whose account stays for now: it must at least be out of use."""
    view = provisioning_view(record)
    view[SOFT_DELETED] = True
    if not view.get(_NAMING[record.kind]):  # attributes go when somebody is deleted for good; the name is known still
        view[_NAMING[record.kind]] = record.name
    return rules.of(record.kind).mapper.map(view, now, random_bytes)


def unjudged(record: Record, error: Exception) -> Desired:
    """An object that could not be judged because of an error of our own: left alone and reported."""
    failure = Failure(
        code="InternalError",
        message=f"{record.name} could not be judged: {type(error).__name__}.",
        hint="Report this as a bug in Provisor, with the attributes of this object.",
    )
    standing: Standing = "gone" if record.purged else "wanted"
    return _without_document(record, standing, _WANTED, _PASSED, record.assigned, Fail(failure))


def _without_document(
    record: Record, standing: Standing, why: Skip, verdict: Verdict, entitled: bool, aside: Skip | Fail | None = None
) -> Desired:
    active = record.enabled and not record.deleted and not record.purged
    return Desired(
        record.id,
        record.kind,
        record.name,
        standing,
        why,
        verdict,
        entitled,
        active,
        None,
        "",
        None,
        aside,
        record.change,
    )


def _standing(record: Record, entitled: bool, verdict: Verdict, *, stays: bool) -> tuple[Standing, Skip]:
    """Deletion weighs more than anything else, then scope, then the account being disabled.

    A person in the recycle bin stays tracked even if the assignment is gone too, so that the purge deletes the
    account; a disabled person who is unassigned is released. Where leaving scope is not acted on (`stays`), being
    disabled still is (spec/provisioning-service.md section 9.2).
    """
    if record.deleted:
        return "suspended", _DELETED
    if stays and not record.enabled and record.kind == "user":
        return "suspended", _DISABLED
    if not entitled:
        no_security = record.kind == "group" and record.attributes.get("securityEnabled") is False
        return "unentitled", _NO_SECURITY_GROUP if no_security else _UNASSIGNED
    if not verdict.passes and verdict.failure is None:
        return "unentitled", Skip(NOT_IN_SCOPE, verdict.reason)
    if not record.enabled and record.kind == "user":
        return "suspended", _DISABLED
    return "wanted", _WANTED


def _leaves_anyway(record: Record, entitled: bool) -> bool:
    """Whether the account goes out of use whatever the filters say: a failing filter must not keep a leaver active."""
    return record.deleted or not entitled or (record.kind == "user" and not record.enabled)


def _who(failure: Failure, name: str) -> Failure:
    return Failure(code=failure.code, message=f"{name}: {failure.message}", hint=failure.hint, retry=failure.retry)


def _hash(mapped: Mapped, manager: str | None) -> str:
    """What an existing account should hold, as a hash of 16 bytes: it changes exactly when something must be sent."""
    text = _ENCODE((mapped.wanted, mapped.cleared, manager))
    return blake2b(text, digest_size=16).hexdigest()


def provisioning_view(record: Record) -> dict[str, AttributeValue]:
    """The record under provisioning's names as well as Graph's, without IsSoftDeleted (section 11 of the Graph page).

    A guest's userPrincipalName is reduced to the address it stands for; originalUserPrincipalName has the full form.
    """
    attributes = record.attributes
    view = dict(attributes)
    view["id"] = view["objectId"] = record.id
    view["accountEnabled"] = record.enabled
    if record.manager is not None:
        view["manager"] = record.manager
    if record.roles:
        view["appRoleAssignments"] = record.roles
    if record.kind == "user":
        for graph_name, name in _OLDER_NAMES:
            value = attributes.get(graph_name)
            if value is not None and value != []:
                view[name] = cast(str, value[0]) if isinstance(value, list) else value
        principal = attributes.get("userPrincipalName")
        if type(principal) is str:
            view["originalUserPrincipalName"] = principal
            if "#EXT#" in principal:
                view["userPrincipalName"] = _home_address(principal)
    return view


_OLDER_NAMES = tuple(names_in_mappings("user").items())


def _home_address(principal: str) -> str:
    """`anna_fabrikam.example#EXT#@contoso.example` -> `anna@fabrikam.example`."""
    alias, _, domain = principal.partition("#EXT#")[0].rpartition("_")
    return f"{alias}@{domain}" if alias and domain else principal
