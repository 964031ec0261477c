"""What every verb works with: the database, its tenant, the clock, the key, and what wiring supplies.

Verbs write by `change`: permission, transaction and audit event in one. A permission of applications that is asked
without one is asked again, with it, by `find` of applications or jobs. Must not: name a connector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock, local
from typing import TYPE_CHECKING, NamedTuple

from provisor.admin.actor import Actor
from provisor.admin.errors import AdminError
from provisor.admin.tally import Tally
from provisor.database import Connection, Database, DatabaseError
from provisor.scim.values import Json
from provisor.storage import audit, clock

if TYPE_CHECKING:  # most commands need neither ciphers nor the port, and need not pay for their imports
    from provisor.engine.ports import Secret, Target
    from provisor.engine.sources import DirectorySource
    from provisor.rules.source_settings import SourceSettings
    from provisor.runner.asking.rates import Rates
    from provisor.storage.jobs import Job
    from provisor.storage.secrets import KeyRing, SecretOwner


ACCESS = "Access"  # the activity of what was refused and has no name of its own, as reading has none


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Made once by wiring; shared by all verbs."""

    database: Database
    tenant: str
    now: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    load_key: Callable[[], KeyRing]
    problem_with_credentials: Callable[[str, Secret], str | None]
    connect: Callable[[Job], Target]
    tally: Tally = field(default_factory=Tally)
    connect_on_demand: Callable[[Job], Target] | None = None  # `connect`, where it is no other
    connect_unsaved: Callable[[Job, Mapping[str, str]], Target] | None = None
    connect_source: Callable[[SourceSettings, Mapping[str, Secret]], DirectorySource] | None = None
    rates_when_asked: OneRates = field(default_factory=lambda: OneRates())
    key_file: Path = Path("secret.key")  # where load_key looks
    refusals: _Refusals = field(default_factory=lambda: _Refusals())

    @property
    def rates(self) -> Rates:
        """How fast applications are asked, by all of this process."""
        return self.rates_when_asked.rates()

    def read(self, actor: Actor, permission: str, about: str | None = None) -> Connection:
        """A connection for short reads by an actor who may."""
        self.needs(actor, permission, about=about)
        return self.database.reader()

    def needs(self, actor: Actor, permission: str, activity: str | None = None, about: str | None = None) -> None:
        """Raise AdminError unless the actor has this permission, for the application `about`; the audit log keeps who
        was refused what. The activity is by default that of the change that is under way.
        """
        try:
            actor.needs(permission, about)
        except AdminError:
            self.refused(actor, permission, about, activity)
            raise

    def refused(self, actor: Actor, permission: str, about: str | None, activity: str | None = None) -> None:
        """Have the audit log keep that the actor was refused this, `about` what was asked for, if it is known.

        Within a change it is written once that has been rolled back.
        """
        held = self.refusals.held
        one = _Refused(actor, permission, about or permission, activity or self.refusals.activity)
        if held is None:
            self._keep([one])
        else:
            held.append(one)

    def _keep(self, refusals: Sequence[_Refused]) -> None:
        if not refusals:
            return
        with suppress(DatabaseError), self.database.transaction() as connection:  # the refusal stands all the same
            for one in refusals:
                audit.record(
                    connection,
                    tenant=self.tenant,
                    author=one.actor.author,
                    activity=one.activity,
                    target=one.target,
                    now=self.now(),
                    detail={"permission": one.permission},
                    result="failure",
                )

    @contextmanager
    def change(self, actor: Actor, permission: str, activity: str, about: str | None = None) -> Iterator[Change]:
        """A write transaction for an actor who may; the audit event is written last, in the same transaction.

        The verb sets `target` and `detail`; if it finds nothing to do it calls `nothing()`, and no event is written.
        """
        self.needs(actor, permission, activity, about)
        try:
            with self.refusals.of(activity, self._keep), self.database.transaction() as connection:
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
            author=actor.author,
            activity=activity,
            target=change.target,
            now=change.now,
            detail=change.detail,
        )

    def key(self) -> KeyRing:
        """The key that credentials are stored under; made at first use."""
        from provisor.storage.secrets import SecretError

        try:
            return self.load_key()
        except SecretError as error:
            raise AdminError("secret-key", str(error)) from error

    def secret(self, connection: Connection, owner: SecretOwner, name: str) -> Secret | None:
        """A stored credential, or None."""
        from provisor.storage import secrets

        try:
            return secrets.read(connection, self.key(), owner=owner, name=name)
        except secrets.SecretError as error:
            raise AdminError("secret-key", str(error)) from error


class _Refused(NamedTuple):
    actor: Actor
    permission: str
    target: str
    activity: str


class _Refusals(local):
    """What this thread refused within the change that is under way, whose transaction must end first."""

    held: list[_Refused] | None = None
    activity: str = ACCESS

    @contextmanager
    def of(self, activity: str, keep: Callable[[Sequence[_Refused]], None]) -> Iterator[None]:
        """Hold them back for the length of a change."""
        held = self.held = list[_Refused]()
        self.activity = activity
        try:
            yield
        finally:
            self.held, self.activity = None, ACCESS
            keep(held)


class OneRates:
    """Made when an application is first asked, once for all threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rates: Rates | None = None

    def rates(self) -> Rates:
        """The one of this process."""
        from provisor.runner.asking.rates import Rates

        with self._lock:
            if self._rates is None:
                self._rates = Rates()
            return self._rates


@dataclass(slots=True, kw_only=True)
class Change:
    """A write in progress: its connection, its time, and what the audit log will say about it."""

    connection: Connection
    now: datetime
    target: str = ""
    detail: dict[str, Json] = field(default_factory=dict)
    effective: bool = True

    def nothing(self) -> None:
        """Nothing had to be changed."""
        self.effective = False
