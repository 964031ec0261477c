"""The demo as a play in the tutorial's steps: import, token, application, assignment, credentials, cycles, changes.

Every action is an admin verb, as the command line would call it. Must not: know how a target works; judge the outcome,
which is the verifier's job.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from provisor.admin.session import Session
from provisor.demo.casting import CastChange, ImportedOrganisation, Part, Person, assigned_directly, cast
from provisor.demo.from_files import OBJECT_GUID
from provisor.demo.report import CycleDone
from provisor.demo.umbrella import GeneratedToken, Umbrella
from provisor.engine.plan import render
from provisor.terminal import counted, progress_bar, say

if TYPE_CHECKING:
    from provisor.admin.bundle import Admin
    from provisor.directory.objects import DirectoryObject

UMBRELLA = "Cisco Umbrella User Management"
NATIVE_OBJECT_ID = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User:nativeObjectId"
PAGE = 500
SHOWN = 10


class CastOrigin(Protocol):
    """Where the organisation comes from, and where its people are changed."""

    @property
    def refused(self) -> int:
        """How many rows or records could not be taken over."""

    @property
    def has_object_guids(self) -> bool:
        """Whether people came with an objectGUID."""

    def arrive(self) -> None:
        """Bring everybody into the directory."""

    def change(self, change: CastChange) -> CastChange:
        """Make one elementary change; as the verifier is to be told of it."""

    def settle(self) -> None:
        """Have the changes arrive in the directory."""


@dataclass(slots=True)
class Play:
    """One performance. What it learned on the way is kept for the report and the verifier."""

    session: Session
    origin: CastOrigin
    umbrella: Umbrella
    cycles: list[CycleDone] = field(default_factory=list)
    changes: list[CastChange] = field(default_factory=list)

    @property
    def _admin(self) -> "Admin":
        return self.session.admin

    def perform(self) -> None:
        """All steps, in order."""
        self.origin.arrive()
        token = self._step_3()
        self._step_4()
        self._step_5()
        self._step_6(token)
        self._initial_cycle()
        self._step_7()

    def write_changes(self, path: Path) -> None:
        """What the verifier is told: ids in the directory, and the list of changes."""
        found = self._organisation()
        purged = {change["person"] for change in self.changes if change["do"] == "purge"}
        told = {
            "people": {person.name: person.id for person in found.people if person.name not in purged},
            "groups": dict(found.groups),
            "changes": self.changes,
        }
        path.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")

    def untouched(self) -> Person:
        """Somebody whom no change was about."""
        changed = {change["person"] for change in self.changes}
        people = self._organisation().people
        return next(person for person in people if person.enabled and person.name not in changed)

    def skipped(self) -> dict[str, int]:
        """How many users and groups the log says were skipped, each counted once."""
        found: dict[str, set[str]] = {"users": set(), "groups": set()}
        before: str | None = None
        while page := self._admin.logs.page(self.session.actor, status="skipped", before=before, limit=PAGE):
            for event in page:
                identity = event.document["sourceIdentity"]
                kind = identity["identityType"] if isinstance(identity, dict) else "User"
                found["groups" if kind == "Group" else "users"].add(event.source_id or "")
            before = page[-1].id
        return {kind: len(ids) for kind, ids in found.items()}

    def _step_3(self) -> GeneratedToken:
        _title(f"Step 3: Configure {UMBRELLA} to support provisioning")
        say("Deployments > Core Identities > Users and Groups > API Keys > Generate Token")
        token = self.umbrella.generate_token("provisor")
        say(f"Tenant URL    {token.url}")
        say("Secret Token  (displayed only once: it goes straight into the credentials of Step 6)")
        return token

    def _step_4(self) -> None:
        _title(f"Step 4: Add {UMBRELLA} from the application gallery")
        added = self._admin.applications.add(self.session.actor, UMBRELLA)
        self._admin.jobs.create(self.session.actor, UMBRELLA)
        say(f"Added {added.application.display_name} ({added.application.id}) with its provisioning job.")

    def _step_5(self) -> None:
        _title("Step 5: Define who will be in scope for provisioning")
        found = self._organisation()
        direct = assigned_directly(found)
        both = sum(1 for person in direct if person.groups)
        self._admin.applications.assign(
            self.session.actor,
            UMBRELLA,
            users=[person.id for person in direct],
            groups=list(found.groups.values()),
        )
        say(
            f"Assigned: {counted(len(found.groups), 'group')} (all) and {counted(len(direct), 'user')}. In scope "
            f"through a group {len(found.people) - len(direct):,}, directly {len(direct) - both:,}, both ways {both:,}."
        )

    def _step_6(self, token: GeneratedToken) -> None:
        _title(f"Step 6: Configure automatic user provisioning to {UMBRELLA}")
        actor, admin = self.session.actor, self._admin
        admin.jobs.save_credentials(actor, UMBRELLA, url=token.url, token=token.secret)
        say("Admin Credentials: Tenant URL and Secret Token saved, encrypted.")
        admin.cycles.test_connection(actor, UMBRELLA)
        say("Test Connection: the supplied credentials are authorized to enable provisioning.")
        if self.origin.has_object_guids:
            admin.schemas.map(actor, UMBRELLA, "user", source=OBJECT_GUID, target=NATIVE_OBJECT_ID)
            say("Mappings: objectGUID was imported, so it is mapped to nativeObjectId.")
        admin.jobs.settings(actor, UMBRELLA, scope="assigned")
        admin.jobs.start(actor, UMBRELLA)
        say("Scope: only assigned users and groups. Provisioning Status: On.")

    def _initial_cycle(self) -> None:
        say("What the first cycle will do (job plan; the application is only read):")
        for line in render(self._admin.plans.make(self.session.actor, UMBRELLA).stored.plan):
            say(f"  {line}")
        say("This starts the initial synchronization cycle of all users and groups defined in Scope.")
        self.cycle("initial cycle")

    def _step_7(self) -> None:
        _title("Step 7: Monitor your deployment")
        say("The directory changes:")
        for part in cast(self._organisation()):
            self._play(part)
        self.origin.settle()
        self._assign_hired()
        self.cycle("incremental cycle: exactly those changes")
        self._log()
        self.cycle("cycle without changes")

    def cycle(self, title: str) -> None:
        with progress_bar() as moved:
            summary = self._admin.cycles.run(self.session.actor, UMBRELLA, report=moved)
        done = CycleDone(
            title=title, kind=summary.kind, counts=summary.counts, requests=summary.requests, error=summary.error
        )
        self.cycles.append(done)
        say(f"{title.capitalize()}: {done.sentence()}")

    def _play(self, part: Part) -> None:
        if not part.changes:
            say(f"  {part.title}: skipped, there is nobody in this organisation to show it on.")
            return
        for change in part.changes:
            self._do(change)
        say(f"  {part.title}: {part.who}")

    def _do(self, change: CastChange) -> None:
        """One elementary change, where people are changed; assignments are made here."""
        if change["do"] == "unassign":
            self._admin.applications.unassign(self.session.actor, UMBRELLA, users=[change["person"]])
        else:
            change = self.origin.change(change)
        self.changes.append(change)

    def _assign_hired(self) -> None:
        for change in self.changes:
            if change["do"] == "hire":
                self._admin.applications.assign(self.session.actor, UMBRELLA, users=[change["person"]])

    def _log(self) -> None:
        say("Provisioning logs, newest first:")
        for event in self._admin.logs.page(self.session.actor, job=UMBRELLA, limit=SHOWN):
            reason = f" ({event.code})" if event.code else ""
            say(f"  {event.action:<8} {event.status:<8} {event.name}{reason}")

    def _organisation(self) -> ImportedOrganisation:
        """The directory, as the lists of users, groups and members show it."""
        groups = {item.name: item.id for item in self._pages("group")}
        of_person: dict[str, list[str]] = {}
        for name, group in sorted(groups.items()):
            for member in self._pages("member", group):
                of_person.setdefault(member.id, []).append(name)
        users = list(self._pages("user"))
        managers = {item.manager for item in users}
        people = [
            Person(
                id=item.id,
                name=item.name,
                display_name=str(item.attributes.get("displayName") or item.name),
                surname=str(item.attributes.get("surname") or ""),
                enabled=item.enabled,
                groups=tuple(of_person.get(item.id, ())),
                manages=item.id in managers,
            )
            for item in users
        ]
        return ImportedOrganisation(people=people, groups=groups)

    def _pages(self, what: str, group: str = "") -> "Iterator[DirectoryObject]":
        actor, admin, after = self.session.actor, self._admin, ""
        while True:
            if what == "user":
                page = admin.users.page(actor, after=after, limit=PAGE)
            elif what == "group":
                page = admin.groups.page(actor, after=after, limit=PAGE)
            else:
                page = admin.members.page(actor, group, after=after, limit=PAGE)
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].id


def _title(text: str) -> None:
    say()
    say(text)
