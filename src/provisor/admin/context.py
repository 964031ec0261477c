"""What every verb works with: the database, its tenant, the clock, the key, and the things that wiring names.

`change` is the one way to write: permission, transaction and audit event in one. Must not: name a connector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from provisor.admin.actor import Actor
from provisor.admin.errors import AdminError
from provisor.database import Connection, Database, DatabaseError
from provisor.scim.values import Json
from provisor.storage import audit, clock

if TYPE_CHECKING:  # ciphers and the port cost imports that most commands need not pay
    from provisor.engine.ports import Secret, Target
    from provisor.storage.jobs import Job
    from provisor.storage.secrets import SecretKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Made once by wiring; shared by all verbs."""

    database: Database
    tenant: str
    now: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    load_key: Callable[[], SecretKey]
    problem_with_credentials: Callable[[str, Secret], str | None]
    connect: Callable[[Job], Target]

    def read(self, actor: Actor, permission: str) -> Connection:
        """A connection for short reads by an actor who may."""
        actor.needs(permission)
        return self.database.reader()

    @contextmanager
    def change(self, actor: Actor, permission: str, activity: str) -> Iterator[Change]:
        """A write transaction for an actor who may; its audit event is written last, in the same transaction.

        The verb sets `target` and `detail`; one that found nothing to do calls `nothing()` and leaves no event.
        """
        actor.needs(permission)
        try:
            with self.database.transaction() as connection:
                change = Change(connection=connection, now=self.now())
                clock.observe(connection, self.tenant, now=change.now)
                yield change
                if change.effective:
                    self._record(change, actor, activity)
        except DatabaseError as error:
            raise AdminError("database", str(error)) from error

    def _record(self, change: Change, actor: Actor, activity: str) -> None:
        audit.record(
            change.connection,
            tenant=self.tenant,
            actor=actor.name,
            activity=activity,
            target=change.target,
            now=change.now,
            detail=change.detail,
        )

    def key(self) -> SecretKey:
        """The key that credentials are stored under; made at first use."""
        from provisor.storage.secrets import SecretError

        try:
            return self.load_key()
        except SecretError as error:
            raise AdminError("secret-key", str(error)) from error

    def secret(self, connection: Connection, job: int, name: str) -> Secret | None:
        """A stored credential of a job, or None."""
        from provisor.storage import secrets

        try:
            return secrets.read(connection, self.key(), job=job, name=name)
        except secrets.SecretError as error:
            raise AdminError("secret-key", str(error)) from error


@dataclass(slots=True, kw_only=True)
class Change:
    """One write in the making: its connection, its moment, and what the audit log will say about it."""

    connection: Connection
    now: datetime
    target: str = ""
    detail: dict[str, Json] = field(default_factory=dict)
    effective: bool = True

    def nothing(self) -> None:
        """Nothing had to be changed."""
        self.effective = False
