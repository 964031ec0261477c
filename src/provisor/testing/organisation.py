"""A small organisation in a real service database, for tests: people, groups, memberships and assignments by name.

Writes through storage like the product does, one change number a call. Order: the organisation, its people and groups,
memberships and assignments, looking things up.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from provisor.database import Connection, Database
from provisor.database.identifiers import new_id
from provisor.directory.objects import DirectoryKind, DirectoryObject, DirectoryValue
from provisor.scim.values import Json
from provisor.storage import applications, feed, jobs, members, objects
from provisor.storage.jobs import Job
from provisor.storage.schema import migrate
from provisor.storage.times import to_microseconds

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ROLE = "18d14569-c3bd-439b-9a66-3a2aee01d14f"


class Organisation:
    """One tenant with one application. People are called by userPrincipalName, groups by displayName.

    `tenant`: of a database that is ready already.
    """

    def __init__(self, database: Database, template: str = "ciscoUmbrella", *, tenant: str | None = None) -> None:
        self.database = database
        self.tenant = migrate(database, NOW) if tenant is None else tenant
        with database.transaction() as connection:
            self.application = applications.create(
                connection, tenant=self.tenant, template=template, display_name="Umbrella", roles=(), now=NOW
            ).id
        self._template = template
        self._ids: dict[tuple[DirectoryKind, str], str] = {}

    def job(self, rules: Json, *, behaviour: str = "provisor", **settings: Json) -> Job:
        """A job of the application, with these rules and settings, ready to run."""
        with self.database.transaction() as connection:
            job = jobs.create(
                connection,
                tenant=self.tenant,
                application=self.application,
                template=self._template,
                document=rules,
                created_by="test",
                now=NOW,
                settings=settings,
                behaviour=behaviour,
            )
            jobs.change(connection, job.number, schedule_state="Active", status_code="NotRun")
        return job

    def user(self, name: str, *, manager: str | None = None, enabled: bool = True, **attributes: DirectoryValue) -> str:
        """A new person; the id is returned."""
        return self.users([name], manager=manager, enabled=enabled, **attributes)[0]

    def users(
        self, names: Sequence[str], *, manager: str | None = None, enabled: bool = True, **attributes: DirectoryValue
    ) -> list[str]:
        """New people with the same attributes."""
        shared: dict[str, DirectoryValue] = {"givenName": "Given", "surname": "Family", **attributes}
        people = [
            self._object(
                "user",
                name,
                {"userPrincipalName": name, "displayName": name.partition("@")[0], **shared, "accountEnabled": enabled},
                manager=manager and self.id("user", manager),
                enabled=enabled,
            )
            for name in names
        ]
        return self._insert(people)

    def group(self, name: str, members_by_name: Sequence[str] = (), **attributes: DirectoryValue) -> str:
        """A new group with these members."""
        group = self.groups([name], **attributes)[0]
        for member in members_by_name:
            self.join(name, member)
        return group

    def groups(self, names: Sequence[str], **attributes: DirectoryValue) -> list[str]:
        """New empty groups."""
        return self._insert([self._object("group", name, {"displayName": name, **attributes}) for name in names])

    def change(
        self, name: str, *, manager: str | None = None, kind: DirectoryKind = "user", **attributes: DirectoryValue
    ) -> None:
        """Set attributes of somebody; a changed userPrincipalName or displayName of a group renames."""
        key = self.id(kind, name)
        with self.database.transaction() as connection:
            before = self._read(connection, key)
            held = {**before.attributes, **attributes}
            naming = "userPrincipalName" if kind == "user" else "displayName"
            after = replace(
                before,
                attributes=held,
                name=str(held[naming]),
                manager=self.id("user", manager) if manager else before.manager,
                enabled=bool(held.get("accountEnabled", True)),
            )
            self._write(connection, after, moved=after.enabled != before.enabled)
        self._ids[kind, str(held[naming])] = key

    def delete(self, name: str, kind: DirectoryKind = "user") -> None:
        """Into the recycle bin."""
        self._alive(name, kind, deleted_at=to_microseconds(NOW))

    def restore(self, name: str, kind: DirectoryKind = "user") -> None:
        """Out of the recycle bin."""
        self._alive(name, kind, deleted_at=None)

    def purge(self, name: str, kind: DirectoryKind = "user") -> None:
        """For good: the row stays as a tombstone, its memberships go."""
        key = self.id(kind, name)
        with self.database.transaction() as connection:
            item = replace(self._read(connection, key), purged_at=to_microseconds(NOW), anchor=None)
            change = self._write(connection, item, moved=True)
            connection.execute(
                """UPDATE member SET removed_at = ?, change = ?
                WHERE (member_id = ? OR group_id = ?) AND removed_at IS NULL""",
                (to_microseconds(NOW), change, key, key),
            )

    def join(self, group: str, member: str, kind: DirectoryKind = "user") -> None:
        """A membership comes."""
        with self.database.transaction() as connection:
            members.add(connection, self.tenant, self.id("group", group), self.id(kind, member))

    def leave(self, group: str, member: str, kind: DirectoryKind = "user") -> None:
        """A membership goes."""
        with self.database.transaction() as connection:
            members.remove(connection, self.tenant, self.id("group", group), self.id(kind, member), now=NOW)

    def assign(self, *names: str, kind: DirectoryKind = "user") -> None:
        """Assign people or groups to the application."""
        with self.database.transaction() as connection:
            applications.assign(
                connection,
                tenant=self.tenant,
                application=self.application,
                role=ROLE,
                principals=[(self.id(kind, name), kind) for name in names],
                now=NOW,
            )

    def unassign(self, *names: str, kind: DirectoryKind = "user") -> None:
        """End their assignments."""
        with self.database.transaction() as connection:
            applications.unassign(
                connection,
                tenant=self.tenant,
                application=self.application,
                principals=[self.id(kind, name) for name in names],
                now=NOW,
            )

    def id(self, kind: DirectoryKind, name: str) -> str:
        """The object id of somebody made here."""
        return self._ids[kind, name]

    def _object(
        self,
        kind: DirectoryKind,
        name: str,
        attributes: dict[str, DirectoryValue],
        *,
        manager: str | None = None,
        enabled: bool = True,
    ) -> DirectoryObject:
        key = new_id()
        self._ids[kind, name] = key
        return DirectoryObject(
            id=key,
            source="test",
            kind=kind,
            anchor=key,
            name=name,
            attributes=attributes,
            manager=manager,
            enabled=enabled,
        )

    def _insert(self, items: list[DirectoryObject]) -> list[str]:
        with self.database.transaction() as connection:
            change = feed.next_change(connection, self.tenant)
            objects.insert(connection, self.tenant, [replace(item, change=change) for item in items])
        return [item.id for item in items]

    def _alive(self, name: str, kind: DirectoryKind, *, deleted_at: int | None) -> None:
        with self.database.transaction() as connection:
            item = replace(self._read(connection, self.id(kind, name)), deleted_at=deleted_at)
            self._write(connection, item, moved=True)

    def _read(self, connection: Connection, key: str) -> DirectoryObject:
        item = objects.read(connection, self.tenant, key)
        assert item is not None  # noqa: S101 - it was made here
        return item

    def _write(self, connection: Connection, item: DirectoryObject, *, moved: bool) -> int:
        change = feed.next_change(connection, self.tenant)
        objects.update(connection, self.tenant, [(replace(item, change=change), moved)])
        return change
