"""Carries out the changes of a script, as an administrator would: with the verbs of storage, one transaction each.

A change that cannot be done (a name that is taken, somebody who is purged) is refused by the verb and not made.
Order: the directory, its people and groups at the beginning, changes of objects, changes of the job.
"""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from random import Random
from typing import cast

from provisor.admin.job_settings import changed_settings
from provisor.admin.jobs import read_reset_scope
from provisor.admin.rules import with_mapping
from provisor.database import Connection, Database
from provisor.directory.objects import DirectoryKind, DirectoryObject, DirectoryValue
from provisor.engine.behaviour import NestedGroups
from provisor.engine.leavers import DAYS, SETTING, leavers_of
from provisor.gallery import template
from provisor.rules.failure import Failure
from provisor.scim.values import Json
from provisor.storage import applications, directory_verbs, escrow, jobs, links, members, objects, quarantine, resets
from provisor.storage.times import to_microseconds
from provisor.testing.crash.script import ScriptedChange, StartingPoint
from provisor.testing.organisation import ROLE, Organisation

NAMES: dict[DirectoryKind, str] = {"user": "userPrincipalName", "group": "displayName"}
DEPARTMENTS = ("Sales", "Works", "Out")
RULES = ("plain", "filter", "family", "joined")


def leavers_called(words: str) -> dict[str, Json]:
    """The settings of a job that does this with leavers: a policy, and of delete-after the days."""
    policy, _, days = words.partition(" ")
    return {} if policy in ("", "disable") else {SETTING: policy, **({DAYS: int(days)} if days else {})}


def kind_of(key: str) -> DirectoryKind:
    """p07 is a person, g1 a group."""
    return "group" if key.startswith("g") else "user"


def first_name(key: str) -> str:
    """The first name of an object: p07@x, or Group g1."""
    return f"{key}@x" if kind_of(key) == "user" else f"Group {key}"


class Changing:
    """One organisation with one job, whose people and groups are called by keys."""

    def __init__(self, database: Database, place: StartingPoint) -> None:
        found = template(place.template)
        assert found is not None  # noqa: S101 - a script names one of the gallery
        self.database = database
        self.organisation = Organisation(database, place.template)
        self.rules = _rules(found.rules)
        settings = {"scope": place.scope, **leavers_called(place.leavers)}
        job = self.organisation.job(found.rules, behaviour=place.behaviour, **settings)
        self.job, self.job_id = job.number, job.id
        self.ids: dict[str, str] = {}
        self.forgetting: Callable[[Connection], None] = lambda connection: None  # called before links are forgotten
        self._ticks = 0
        self.hours = 0  # that have passed between runs
        for number in range(place.people):
            self._begin_person(place.seed, f"p{number:02}")
        for number in range(place.groups):
            self._begin_group(place.seed, f"g{number}", place.people)
        if place.nested:
            with database.transaction() as connection:
                self._nested(connection, "flatten")
            for number in range(1, place.groups):
                self.organisation.join(first_name(f"g{number - 1}"), first_name(f"g{number}"), "group")

    def now(self) -> datetime:
        """A clock that goes on by a second whenever somebody looks, and by hours between runs."""
        self._ticks += 1
        return datetime(2026, 11, 28, 9, tzinfo=UTC) + timedelta(seconds=self._ticks, hours=self.hours)

    def do(self, change: ScriptedChange) -> None:
        """Carry it out if possible."""
        verb = getattr(self, "_" + change.verb)
        with self.database.transaction() as connection:
            if verb.__code__.co_argcount == 3:  # about the job
                verb(connection, change.other or change.who)
            elif change.verb == "hire" or change.who in self.ids:
                verb(connection, change.who, change.other)

    # At the beginning

    def _begin_person(self, seed: int, key: str) -> None:
        chance = Random(f"{seed} {key}")  # noqa: S311 - a test's choice, no secret
        number = int(key[1:])
        boss = f"p{chance.randrange(number):02}" if number and chance.random() < 0.4 else None
        self.ids[key] = self.organisation.user(
            first_name(key),
            enabled=chance.random() < 0.9,
            manager=boss and first_name(boss),
            department=chance.choice(DEPARTMENTS),
            jobTitle=chance.choice(("Clerk", "Smith")),
            mailNickname=key,
        )
        if chance.random() < 0.4:
            self.organisation.assign(first_name(key))

    def _begin_group(self, seed: int, key: str, people: int) -> None:
        chance = Random(f"{seed} {key}")  # noqa: S311 - as above
        some = [first_name(f"p{number:02}") for number in range(people) if chance.random() < 0.3]
        self.ids[key] = self.organisation.group(first_name(key), some)
        if chance.random() < 0.6:
            self.organisation.assign(first_name(key), kind="group")

    # Changes of people and groups

    def _item(self, connection: Connection, key: str) -> DirectoryObject | None:
        item = objects.read(connection, self.organisation.tenant, self.ids.get(key, ""))
        return None if item is None or item.purged_at is not None else item

    def _update(self, connection: Connection, key: str, name: str, value: str | bool) -> None:
        item = self._item(connection, key)
        if item is not None:
            directory_verbs.update(connection, self.organisation.tenant, item, {name: value})

    def _enable(self, connection: Connection, who: str, _: str) -> None:
        self._update(connection, who, "accountEnabled", True)

    def _disable(self, connection: Connection, who: str, _: str) -> None:
        self._update(connection, who, "accountEnabled", False)

    def _rename(self, connection: Connection, who: str, other: str) -> None:
        self._update(connection, who, NAMES[kind_of(who)], other)

    def _rename_back(self, connection: Connection, who: str, _: str) -> None:
        self._update(connection, who, NAMES[kind_of(who)], first_name(who))

    def _take_name(self, connection: Connection, who: str, other: str) -> None:
        """Somebody gives a name up, and another takes it."""
        holder = self._item(connection, other)
        if holder is not None and kind_of(who) == kind_of(other):
            self._update(connection, other, NAMES[kind_of(who)], f"{other}.{self._ticks}@x")
            self._update(connection, who, NAMES[kind_of(who)], holder.name)

    def _swap(self, connection: Connection, who: str, other: str) -> None:
        one, two = self._item(connection, who), self._item(connection, other)
        if one is not None and two is not None and kind_of(who) == kind_of(other):
            name = NAMES[kind_of(who)]
            self._update(connection, who, name, f"{who}.{self._ticks}@x")
            self._update(connection, other, name, one.name)
            self._update(connection, who, name, two.name)

    def _title(self, connection: Connection, who: str, other: str) -> None:
        if kind_of(who) == "user":
            self._update(connection, who, "jobTitle", other)

    def _call(self, connection: Connection, who: str, other: str) -> None:
        self._update(connection, who, "displayName" if kind_of(who) == "user" else "description", other)

    def _move(self, connection: Connection, who: str, other: str) -> None:
        if kind_of(who) == "user":
            self._update(connection, who, "department", other)

    def _delete(self, connection: Connection, who: str, _: str) -> None:
        item = self._item(connection, who)
        if item is not None:
            directory_verbs.delete(connection, self.organisation.tenant, item, now=self.now())

    def _restore(self, connection: Connection, who: str, _: str) -> None:
        item = self._item(connection, who)
        if item is not None:
            directory_verbs.restore(connection, self.organisation.tenant, item)

    def _purge(self, connection: Connection, who: str, _: str) -> None:
        item = self._item(connection, who)
        if item is not None:
            directory_verbs.purge(connection, self.organisation.tenant, item, now=self.now())

    def _assign(self, connection: Connection, who: str, _: str) -> None:
        org = self.organisation
        if self._item(connection, who) is not None:
            applications.assign(
                connection,
                tenant=org.tenant,
                application=org.application,
                role=ROLE,
                principals=[(self.ids[who], kind_of(who))],
                now=self.now(),
            )

    def _unassign(self, connection: Connection, who: str, _: str) -> None:
        org = self.organisation
        applications.unassign(
            connection,
            tenant=org.tenant,
            application=org.application,
            principals=[self.ids[who]],
            now=self.now(),
        )

    def _manager(self, connection: Connection, who: str, other: str) -> None:
        item, boss = self._item(connection, who), self._item(connection, other)
        if item is not None and (boss is not None or not other) and kind_of(who) == "user":
            directory_verbs.set_manager(connection, self.organisation.tenant, item, boss.id if boss else None)

    def _join(self, connection: Connection, who: str, other: str) -> None:
        if kind_of(who) == "group" and self._item(connection, who) and self._item(connection, other):
            members.add(connection, self.organisation.tenant, self.ids[who], self.ids[other])

    def _leave(self, connection: Connection, who: str, other: str) -> None:
        if kind_of(who) == "group" and other in self.ids:
            members.remove(connection, self.organisation.tenant, self.ids[who], self.ids[other], now=self.now())

    def _hire(self, connection: Connection, who: str, other: str) -> None:
        """Somebody new, under a new name or that of a leaver."""
        if who in self.ids:
            return
        given: dict[str, DirectoryValue] = {
            "userPrincipalName": other or first_name(who),
            "displayName": who,
            "givenName": "Given",
            "surname": "Family",
            "department": "Sales",
            "mailNickname": who,
            "accountEnabled": True,
        }
        made = directory_verbs.create(connection, self.organisation.tenant, "user", given, now=self.now())
        if isinstance(made, DirectoryObject):
            self.ids[who] = made.id
            self._assign(connection, who, "")

    # Changes of the job

    def _scope(self, connection: Connection, scope: str) -> None:
        job = jobs.read(connection, self.job)
        if job is not None and job.settings.get("scope") != scope:
            jobs.change(connection, self.job, settings={**job.settings, "scope": scope}, full_evaluation=True)

    def _leavers(self, connection: Connection, words: str) -> None:
        """As admin.jobs does."""
        job = jobs.read(connection, self.job)
        if job is None or job.behaviour == "entra":
            return
        kept = {name: value for name, value in job.settings.items() if name not in (SETTING, DAYS)}
        settings = {**kept, **leavers_called(words)}
        if settings != job.settings:
            jobs.change(connection, self.job, settings=settings, full_evaluation=True)
            jobs.note_restart(connection, self.job)
        if not leavers_of(settings).deletes:
            links.keep_for_good(connection, self.job)

    def _save(self, connection: Connection, name: str) -> None:
        jobs.save_rules(connection, self.job, self.rules[name], created_by="test", now=self.now())
        jobs.change(connection, self.job, rules_changed=True)

    def _restart(self, connection: Connection, words: str) -> None:
        """As admin.jobs does."""
        scopes = read_reset_scope(words)
        if scopes & {"ConnectorDataStore", "Full"}:
            self.forgetting(connection)
        resets.reset(connection, self.job, scopes, now=self.now())
        jobs.change(connection, self.job, schedule_state="Active")

    def _retry(self, connection: Connection, _: str) -> None:
        escrow.retry(connection, self.job, to_microseconds(self.now()))

    def _quarantine(self, connection: Connection, _: str) -> None:
        job = jobs.read(connection, self.job)
        if job is not None:
            failure = Failure(code="QuarantinedOnDemand", message="Asked for.", hint="")
            quarantine.impose(connection, job, "QuarantinedOnDemand", failure, now=self.now())

    def _abort(self, connection: Connection, _: str) -> None:
        jobs.note_abort(connection, self.job)

    def _start(self, connection: Connection, _: str) -> None:
        jobs.change(connection, self.job, schedule_state="Active")

    def _driven(self, connection: Connection, how: str) -> None:
        job = jobs.read(connection, self.job)
        if job is not None:
            jobs.change(connection, self.job, settings={**job.settings, "changeDriven": how == "on"})

    def _nested(self, connection: Connection, nested: str) -> None:
        job = jobs.read(connection, self.job)
        if job is not None:
            wanted = cast(NestedGroups, nested)
            jobs.change(connection, self.job, **changed_settings(job, nested_groups=wanted))

    def _pause(self, connection: Connection, _: str) -> None:
        jobs.change(connection, self.job, schedule_state="Paused")


def _rules(plain: Json) -> dict[str, Json]:
    """Rule sets that a script saves by name: the template's, with a scoping filter, with other mappings."""
    filtered = cast(dict[str, Json], deepcopy(plain))
    clause: Json = {
        "sourceOperandName": "department",
        "operatorName": "NOT EQUALS",
        "targetOperand": {"values": ["Out"]},
    }
    mapping = cast(list[dict[str, Json]], filtered["synchronizationRules"])[0]["objectMappings"]
    users = cast(list[dict[str, Json]], mapping)[0]
    users["scope"] = {"groups": [{"name": "not out", "clauses": [clause]}]}
    return {
        "plain": plain,
        "filter": filtered,
        "family": with_mapping(plain, "user", source="department", target="name.familyName"),
        "joined": with_mapping(plain, "user", source='Join(" ", [givenName], [displayName])', target="displayName"),
    }
