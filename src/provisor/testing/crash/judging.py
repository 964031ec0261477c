"""What must hold once a trial is over: the target equals the directory, and nobody has access who should not have it.

Order: after the run in peace, accounts, people, references, the run that has nothing to do.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from provisor.database import Row
from provisor.engine.desired import Desired, judge
from provisor.engine.difference import difference
from provisor.engine.leavers import deletion
from provisor.engine.record import Kind, Record
from provisor.runner.planning.begin import Setup, load
from provisor.runner.recording.summary import CycleSummary
from provisor.scim.values import Resource, fold
from provisor.storage import clock, cycles, escrow, quarantine, records
from provisor.storage.links import StoredLink
from provisor.storage.times import from_microseconds
from provisor.testing.memory_target import NAMING

if TYPE_CHECKING:
    from provisor.testing.crash.trial import Trial

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_KINDS: tuple[Kind, ...] = ("user", "group")
_EVERYBODY = 10_000


@dataclass(slots=True, kw_only=True)
class Held:
    """Everything to compare, read once."""

    setup: Setup
    records: dict[str, Record]
    links: dict[str, StoredLink]
    desired: dict[str, Desired]
    owners: dict[str, str]  # object by target id
    accounts: dict[Kind, dict[str, Resource]]
    by_name: dict[tuple[Kind, str], list[str]]
    edges: set[tuple[str, str]]
    blocked: set[str]


def after_peace(trial: Trial, summary: CycleSummary) -> list[str]:
    """What is wrong after one run without faults."""
    held = _held(trial)
    found: list[str] = []
    if summary.error is not None:
        found.append(f"The run in peace failed: {summary.error.message}")
    elif summary.state != "succeeded" and not held.blocked:
        found.append(f"The run in peace ended as {summary.state}: {dict(summary.counts)} {_failures(trial)}")
    if quarantine.read(trial.changing.database.reader(), trial.changing.job) is not None:
        found.append("After a run in peace the job is in quarantine.")
    for kind in _KINDS:
        found += [said for target_id in held.accounts[kind] if (said := _account(trial, held, kind, target_id))]
    for object_id in held.desired:
        found += _person(trial, held, object_id)
    found += _memberships(trial, held)
    found += _managers(trial, held)
    return found


def after_nothing(trial: Trial, summary: CycleSummary) -> list[str]:
    """What is wrong after one more run, which should have nothing to do."""
    held = _held(trial)
    found: list[str] = []
    if not held.blocked and summary.requests != {"GET": 1}:
        found.append(f"The empty run made {summary.requests}.")
    reader, job = trial.changing.database.reader(), trial.changing.job
    for row in reader.all("SELECT stage, object, kind, state FROM operation WHERE job = ?", (job,)):
        if row[1] not in held.blocked and row[3] != "verdict":
            found.append(f"The table operation still holds {row}.")
    found += [f"In escrow is still {one}." for one in escrow.stream(reader, job) if one.object not in held.blocked]
    for row in reader.all("SELECT object, target_id FROM had_link WHERE job = ?", (job,)):
        if row[0] not in held.blocked:
            found.append(f"The table had_link still holds {row}.")
    for table, columns in (("unknown_create", "object, kind, sent"), ("work", "kind, object")):
        found += [f"The table {table} still holds {row}." for row in reader.all(f"SELECT {columns} FROM {table}")]  # noqa: S608
    for row in reader.all("SELECT group_id, member_id, pushed, pending FROM member_link WHERE pending<>0 OR pushed<>1"):
        link = held.links.get(row[1])
        reported = link is not None and link.state == "linked" and held.setup.behaviour.heal_references
        noted = row[2:] == (2, 0) and not reported  # of somebody who is not, or was not when the group was compared
        if row[0] in held.links and row[0] not in held.blocked and not noted:
            found.append(f"The table member_link still holds {row}.")
    for waits_for, object_id, attribute in reader.all("SELECT waits_for, object, attribute FROM waiting"):
        link = held.links.get(waits_for)
        own = held.links.get(object_id)
        both = link is not None and own is not None and link.state == own.state == "linked"
        if both and object_id not in held.blocked and held.setup.behaviour.heal_references:
            found.append(f"{attribute} of {object_id} waits for {waits_for}, who has an account.")
    return found


def _held(trial: Trial) -> Held:
    connection, job = trial.changing.database.reader(), trial.changing.job
    setup = load(connection, job)
    found: dict[str, Record] = {}
    links: dict[str, StoredLink] = {}
    for kind in _KINDS:
        for record, link in records.page_of_all(
            connection,
            tenant=setup.job.tenant,
            application=setup.job.application,
            job=job,
            kind=kind,
            nested=setup.rules.settings.nested_groups,
            after="",
            limit=_EVERYBODY,
        ):
            found[record.id] = record
            if link is not None:
                # A wrong id is noticed when it is used; until then the account is right as it is.
                links[record.id] = replace(link, target_id=trial.right_id(link.target_id))
    chance, accounts = Random(0).randbytes, {kind: trial.target.resources(kind) for kind in _KINDS}  # noqa: S311
    by_name: dict[tuple[Kind, str], list[str]] = defaultdict(list)
    for kind in _KINDS:
        for target_id, account in accounts[kind].items():
            by_name[kind, fold(str(account.get(NAMING[kind])))].append(target_id)
    rows = connection.all("SELECT target_id, object FROM link WHERE job = ?", (job,))
    held = Held(
        setup=setup,
        records=found,
        links=links,
        desired={
            key: judge(record, setup.rules, trial.changing.now(), chance, linked=True) for key, record in found.items()
        },
        owners={trial.right_id(row[0]): row[1] for row in rows},
        accounts=accounts,
        by_name=by_name,
        edges=_edges(setup, found, connection.all("SELECT group_id, member_id FROM member WHERE removed_at IS NULL")),
        blocked=set(),
    )
    held.blocked = {key for key in held.desired if _is_blocked(trial, held, key, frozenset())}
    return held


def _edges(setup: Setup, found: dict[str, Record], rows: list[Row]) -> set[tuple[str, str]]:
    """Who is in which group, through any depth of live groups where the job flattens; read the plainest way."""
    edges, grew = {(row[0], row[1]) for row in rows}, True
    while grew and setup.rules.settings.nested_groups == "flatten":
        through = {
            (group, member)
            for group, inner in edges
            for outer, member in edges
            if inner == outer and found[inner].kind == "group" and not (found[inner].deleted or found[inner].purged)
        }
        grew = not through <= edges
        edges |= through
    return {(group, member) for group, member in edges if member in found and found[member].kind == "user"}


def _name_of(desired: Desired) -> str:
    return "" if desired.mapped is None else fold(dict(desired.mapped.matching).get(NAMING[desired.kind], ""))


def _is_blocked(trial: Trial, held: Held, key: str, seen: frozenset[str]) -> bool:
    """Whether somebody cannot have their name, because an account that keeps it has it (the exceptions, one by one)."""
    desired = held.desired[key]
    link = held.links.get(key)
    if desired.standing not in ("wanted", "suspended") or (link is not None and not trial.script.place.unique):
        return False
    own = None if link is None else link.target_id
    if link is None and desired.standing == "suspended":
        return False
    holders = [one for one in held.by_name.get((desired.kind, _name_of(desired)), ()) if one != own]
    if link is None and len(holders) > 1:
        return True  # ambiguous: it is unclear whose it is
    for holder in holders:
        owner = held.owners.get(holder)
        if owner is None:
            if link is not None:
                return True  # a stranger's, or one that a restart has forgotten; ours has another account
            continue
        other, others_link = held.desired.get(owner), held.links.get(owner)
        if other is None or others_link is None:
            continue
        left = other.standing == "unentitled" and held.setup.rules.settings.keeps_leavers
        if left or others_link.state == "released" or _name_of(other) == _name_of(desired):
            return True  # of somebody who left and keeps it, or two groups of one name
        if owner in seen:
            return trial.script.place.behaviour == "entra"  # a swap, which the faithful behaviour only reports
        if _is_blocked(trial, held, owner, seen | {key}):
            return True
    return False


# Accounts


def _account(trial: Trial, held: Held, kind: Kind, target_id: str) -> str:
    """What is wrong with one account or group of the target."""
    account = held.accounts[kind][target_id]
    active = account.get("active") is not False
    what = f"{kind} {target_id} {account.get(NAMING[kind])}"
    owner = held.owners.get(target_id)
    if owner is None:
        if target_id in trial.strangers and target_id not in trial.linked_once:
            return "" if account == trial.strangers[target_id] else f"The stranger {what} was changed."
        if target_id in trial.forgotten:
            return _outlives(trial, held, target_id, what) if active or kind == "group" else ""
        if kind == "group" or active:
            return f"The {what} is {'active and ' * (kind == 'user')}nobody's."
        return "" if target_id in trial.linked_once else f"The {what} is nobody's."
    desired = held.desired.get(owner)
    if desired is None:
        return f"The {what} belongs to {owner}, who is no more."
    if kind == "user" and desired.standing == "unentitled" and held.setup.rules.settings.keeps_leavers:
        return ""
    if desired.standing != "wanted" and (active or kind == "group"):
        return f"The {what} is {'active' if kind == 'user' else 'there'}, and {desired.name} is {desired.standing}."
    if desired.standing in ("unentitled", "gone"):
        return _leaver(trial, held, owner, what)
    return ""


def _leaver(trial: Trial, held: Held, key: str, what: str) -> str:
    """What is wrong with an account that is out of use although it is there: it is to be deleted now, or was to be."""
    desired, link = held.desired[key], held.links[key]
    leavers, reader, job = held.setup.rules.settings.leavers, trial.changing.database.reader(), trial.changing.job
    since = None if link.disabled_at is None else from_microseconds(link.disabled_at)
    now = from_microseconds(cycles.newest(reader, job, 1)[0].began_at)
    trusted = clock.is_trusted(reader, held.setup.job.tenant, now=now)
    waits = deletion(leavers, since, now, trusted=trusted)
    if waits is not None:
        return f"The {what} should have been deleted on {waits.on}." if waits.due else ""
    if desired.standing == "gone":
        return f"The {what} is there, and {desired.name} was purged."
    if link.state == "linked":
        return f"The {what} is there and still tracked, and leavers are {leavers}."
    return ""


def too_early(trial: Trial, target_id: str) -> list[str]:
    """What is wrong with deleting this account now: of a leaver who waits, where none is ever deleted at once."""
    policies = {trial.script.place.leavers, *(one.other for one in trial.script.changes() if one.verb == "leavers")}
    row = trial.changing.database.reader().one(
        "SELECT disabled_at FROM link WHERE job = ? AND target_id = ? AND disabled_at IS NOT NULL",
        (trial.changing.job, target_id),
    )
    if row is None or "delete" in policies or trial.changing.now() - from_microseconds(row[0]) >= timedelta(days=1):
        return []
    return [f"The account {target_id} of somebody who left was deleted too early."]


# People


def _person(trial: Trial, held: Held, key: str) -> list[str]:
    """What is wrong with the account of one person, or with one group."""
    desired, link = held.desired[key], held.links.get(key)
    account = None if link is None else held.accounts[desired.kind].get(link.target_id)
    if link is not None and account is None:
        return [f"{desired.name} is linked to {link.target_id}, which is not there."]
    if desired.standing != "wanted":
        return []
    if account is None or link is None:
        return [] if key in held.blocked else [f"{desired.name} has no account: {_failures(trial, key)}"]
    found: list[str] = []
    if link.state != "linked":
        if key not in held.blocked:
            found.append(f"{desired.name} is {link.state}.")
        return found
    if desired.kind == "user" and account.get("active") is False:
        found.append(f"{desired.name} is not active.")
    assert desired.mapped is not None  # noqa: S101 - who is wanted is mapped
    rules = held.setup.rules.of(desired.kind).mapper
    wrong = difference(account, desired.mapped, rules, suppress_case_changes=held.setup.behaviour.suppress_case_changes)
    if wrong.operations and key not in held.blocked:
        found.append(f"{desired.name} should still be changed: {wrong.operations} {_failures(trial, key)}")
    same = [
        one
        for one in held.by_name[desired.kind, fold(str(account.get(NAMING[desired.kind])))]
        if one not in trial.strangers
        and one not in trial.forgotten
        and one != link.target_id
        and held.accounts[desired.kind][one].get("active") is not False
        and not _is_kept(held, one)
    ]
    if same and key not in held.blocked:
        found.append(f"{desired.name} is doubled: {link.target_id} and {same}.")
    return found


def _outlives(trial: Trial, held: Held, target_id: str, what: str) -> str:
    """What is wrong with an account in use whose link a restart dropped: that of a leaver is found by it."""
    owner = trial.left_to.get(target_id)
    desired = None if owner is None else held.desired.get(owner)
    if trial.script.place.behaviour == "entra" or desired is None or desired.standing == "wanted":
        return ""
    if desired.standing == "unentitled" and held.setup.rules.settings.keeps_leavers:
        return ""
    return f"The {what} is in use, and {desired.name}, whose it was before a restart, is {desired.standing}."


def _is_kept(held: Held, target_id: str) -> bool:
    """Whether it is the account of somebody who left, which the job leaves as it is, the name too."""
    owner = held.owners.get(target_id)
    desired = None if owner is None else held.desired.get(owner)
    return desired is not None and desired.standing == "unentitled" and held.setup.rules.settings.keeps_leavers


# References


def _memberships(trial: Trial, held: Held) -> list[str]:
    found: list[str] = []
    for target_id in held.accounts["group"]:
        group = held.owners.get(target_id)
        if group is None or group not in held.desired:
            continue
        name = held.desired[group].name
        there = trial.target.members(target_id)
        for group_id, member in held.edges:
            link = held.links.get(member)
            if group_id != group or link is None or link.state != "linked" or link.target_id in there:
                continue
            if held.desired[member].standing == "wanted" and held.setup.behaviour.heal_references:
                found.append(f"{held.desired[member].name} should be in {name}. {_failures(trial, group)}")
        for account in there:
            owner = held.owners.get(account)
            if owner is None:
                if account not in trial.forgotten and account not in trial.strangers:
                    found.append(f"{account}, who is nobody's, is in {name}.")
            elif (group, owner) not in held.edges and (target_id, account) not in trial.forgotten_edges:
                found.append(f"{held.desired[owner].name} should not be in {name}. {_failures(trial, group)}")
    return found


def _managers(trial: Trial, held: Held) -> list[str]:
    if not held.setup.rules.users.mapper.references:
        return []
    found: list[str] = []
    for key, link in held.links.items():
        desired, account = held.desired[key], held.accounts["user"].get(link.target_id)
        if desired.kind != "user" or desired.standing != "wanted" or account is None or link.state != "linked":
            continue
        extension = cast(Resource, account.get(ENTERPRISE, {}))
        value = cast(Resource, extension.get("manager") or {}).get("value")
        value = trial.right_id(value) if isinstance(value, str) else value
        boss = held.records[key].manager
        bosses = held.links.get(boss) if boss is not None else None
        allowed = set() if bosses is None else {bosses.target_id}
        known = link.target_id not in trial.forgotten_once  # else it may be what another left there
        if bosses is None and boss is not None and value not in held.owners:
            known = False  # of an account that was deleted because the manager left
        if value is not None and value not in allowed | trial.forgotten and known:
            found.append(f"{desired.name} has the manager {value} instead of {allowed or 'none'}.")
        needed = bosses is not None and bosses.state == "linked" and held.setup.behaviour.heal_references
        if needed and value is None and key not in held.blocked:
            found.append(f"{desired.name} should have the manager {allowed}. {_failures(trial, key)}")
    return found


def _failures(trial: Trial, key: str = "") -> str:
    reader, job = trial.changing.database.reader(), trial.changing.job
    rows = reader.all("SELECT object, kind, state FROM operation WHERE job = ?", (job,))
    failed = [(one.object, one.kind, one.attempts, one.message) for one in escrow.stream(reader, job)]
    return " ".join(str(row) for row in [*rows, *failed] if row[0] == key or not key)
