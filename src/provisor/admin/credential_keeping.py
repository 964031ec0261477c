"""How credentials of an application are kept, whoever saves them: stored, moved to another address, set as settings.

Each part is a step within a change that a verb of admin.credentials or admin.credential_sets makes. Order: storing,
another address, settings, showing.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import get_args

from provisor.admin import credential_keys as keys
from provisor.admin.alone import alone
from provisor.admin.context import Change, Context
from provisor.admin.credential_settings import given_settings
from provisor.admin.errors import AdminError
from provisor.admin.job_settings import changed_settings
from provisor.admin.jobs import Jobs, owner_of
from provisor.admin.moving import (
    ADDRESSES,
    LinksAfterwards,
    place,
    refuse_known_secrets,
    refuse_strange_accounts,
)
from provisor.database import Connection
from provisor.engine.behaviour import PROVISOR, behaviour_named
from provisor.engine.ports import Secret
from provisor.engine.record import Kind
from provisor.scim.values import Json
from provisor.storage import had_links, jobs, quarantine, resets, run_requests, secrets, unknown
from provisor.storage.jobs import Job, StatusCode
from provisor.storage.links import count
from provisor.storage.secrets import SecretError, SecretOwner
from provisor.storage.times import to_microseconds

ACTIVITY = "Update provisioning setting or credentials"
ANY_TOKEN = Secret("a-token-for-the-check-of-the-address-alone")


@dataclass(frozen=True, slots=True)
class CredentialKeeping:
    """The steps."""

    context: Context
    jobs: Jobs

    def store(self, change: Change, owner: SecretOwner, wanted: Mapping[str, str | None]) -> None:
        """Keep and remove what is stored; what else is wanted is set elsewhere."""
        stored = only(keys.STORED, wanted)
        if not stored:
            return
        connection = change.connection
        self.keep(change, owner, stored)
        self._usable(connection, owner, stored, frozenset(secrets.names(connection, owner)))
        self._configured(connection, owner)
        complete, at = _complete(frozenset(secrets.names(connection, owner))), to_microseconds(change.now)
        for job in jobs.all_jobs(connection, owner.tenant, owner.id):  # perhaps they were what was wrong
            if quarantine.read(connection, job.number) is not None:
                jobs.change(connection, job.number, next_at=at)
            elif complete and job.schedule_state == "Active":
                run_requests.ask(connection, job.number, at=at, by_hand=False)

    def keep(self, change: Change, owner: SecretOwner, wanted: Mapping[str, str | None]) -> None:
        """Write these, and forget those that are None."""
        ring = self.context.key() if any(value is not None for value in wanted.values()) else None
        for name, value in wanted.items():
            if value is None or ring is None:
                secrets.forget(change.connection, owner, name)
                continue
            try:
                secrets.save(change.connection, ring, owner=owner, name=name, secret=Secret(value), now=change.now)
            except SecretError as error:
                raise AdminError("secret-key", str(error)) from error

    def _configured(self, connection: Connection, owner: SecretOwner) -> None:
        """Jobs that waited for credentials are like others once there are some."""
        if not _complete(frozenset(secrets.names(connection, owner))):
            return
        for job in jobs.all_jobs(connection, owner.tenant, owner.id):
            if job.status_code == "NotConfigured":
                status: StatusCode = jobs.running_code(job) if job.schedule_state == "Active" else "NotRun"
                jobs.change(connection, job.number, status_code=status)

    @contextmanager
    def nobody_there(
        self, owner: SecretOwner, wanted: Mapping[str, str | None], links: LinksAfterwards | None
    ) -> Iterator[None]:
        """Where links are, or may have to be, forgotten: no answer of the former address may make one afterwards."""
        connection = self.context.database.reader()
        moves = self._moved(connection, owner, wanted) is not None
        ours = jobs.all_jobs(connection, owner.tenant, owner.id) if moves else []
        if links is None and any(map(_may_ask, ours)) and not _accounts(connection, ours):
            with alone(self.context, ours):  # a first cycle may be under way, which has linked nobody yet
                yield
        elif links == "forget" and ours:
            with alone(self.context, ours):
                yield
        else:
            yield

    def _moved(
        self, connection: Connection, owner: SecretOwner, wanted: Mapping[str, str | None]
    ) -> tuple[str, str] | None:
        """The tenant URL as it is, or was until it went, and as it is to be; None where both lead to one place."""
        stored, new = self.context.secret(connection, owner, keys.BASE_ADDRESS), wanted.get(keys.BASE_ADDRESS)
        stored = stored or self.context.secret(connection, owner, keys.FORMER_ADDRESS)
        if stored is None or new is None or place(stored.reveal()) == place(new):
            return None
        return stored.reveal(), new

    def _remember(
        self, change: Change, owner: SecretOwner, before: Mapping[str, str], wanted: Mapping[str, str | None]
    ) -> None:
        """Whose the links are where the tenant URL goes: nobody would know when another one is saved."""
        if keys.BASE_ADDRESS not in wanted:
            return
        gone = before.get(keys.BASE_ADDRESS) if wanted[keys.BASE_ADDRESS] is None else None
        if gone is not None or wanted[keys.BASE_ADDRESS] is not None:
            self.keep(change, owner, {keys.FORMER_ADDRESS: gone})

    def move(
        self, change: Change, owner: SecretOwner, wanted: Mapping[str, str | None], links: LinksAfterwards | None
    ) -> bool:
        """Whether the links were forgotten. Raises AdminError where another address leaves something open."""
        connection = change.connection
        named = {name: self.context.secret(connection, owner, name) for name in ADDRESSES}
        before = {name: found.reveal() for name, found in named.items() if found is not None}
        refuse_known_secrets(before, wanted, frozenset(secrets.names(connection, owner)))
        ours = jobs.all_jobs(connection, owner.tenant, owner.id)
        addresses = self._moved(connection, owner, wanted)
        self._remember(change, owner, before, wanted)
        if addresses is None:
            return False
        if links is None:
            refuse_strange_accounts(*addresses, _accounts(connection, ours))
        if links == "forget":
            for one in ours:
                resets.reset(connection, one.number, {"ConnectorDataStore", "Escrows"}, now=change.now)
                unknown.forget(connection, one.number)  # it was sent to the former address, if at all
                had_links.forget(connection, one.number)
        return links == "forget"

    def _usable(
        self, connection: Connection, owner: SecretOwner, wanted: Mapping[str, str | None], stored: frozenset[str]
    ) -> None:
        """Raise AdminError for credentials that contradict one another, or that no request can be made with."""
        if keys.sign_in(stored - {keys.SECRET_TOKEN}) is not None and keys.SECRET_TOKEN in stored:
            raise AdminError(
                "invalid-credentials",
                "There would be a secret token and OAuth client credentials, and nobody could tell which is meant.",
                f"Remove one of them: --remove {keys.SECRET_TOKEN}, or --remove {keys.TOKEN_ENDPOINT}.",
            )
        if not wanted.keys() & {keys.BASE_ADDRESS, keys.SECRET_TOKEN}:
            return
        address = self.context.secret(connection, owner, keys.BASE_ADDRESS)
        token = self.context.secret(connection, owner, keys.SECRET_TOKEN)
        if address is not None:
            check_address(self.context, address.reveal(), token)

    def set(self, change: Change, ours: Sequence[Job], wanted: Mapping[str, str | None]) -> None:
        """What belongs to the jobs; removed, a setting is as it was when the job was made."""
        if not wanted:
            return
        given = given_settings(wanted)
        for job in ours:
            changes = changed_settings(job, **given)
            if given.get("scope") == "all":  # some rules need assignments, and there are none then
                rules = jobs.rules(change.connection, job.number, job.ruleset_version)
                self.jobs.usable(change.connection, job, rules, scope="all")
            jobs.change(change.connection, job.number, **changes)

    def shown(self, connection: Connection, owner: SecretOwner) -> dict[str, str | None]:
        """What is stored, by key; of what is secret only that it is there (None)."""
        shown: dict[str, str | None] = {}
        for name in secrets.names(connection, owner):
            if name not in keys.ALL:
                continue
            found = self.context.secret(connection, owner, name) if name in keys.PUBLIC else None
            shown[name] = None if found is None else found.reveal()
        return shown

    def take_over(self, change: Change, job: Job) -> None:
        """Have a new job be as what was saved before it was made says."""
        connection, owner = change.connection, owner_of(job)
        held = [name for name in secrets.names(connection, owner) if name in keys.SETTINGS]
        found = {name: self.context.secret(connection, owner, name) for name in held}
        self.set(change, [job], {name: secret.reveal() for name, secret in found.items() if secret is not None})
        self._configured(connection, owner)


def only(names: frozenset[str], wanted: Mapping[str, str | None]) -> dict[str, str | None]:
    """Those of the pairs whose key is one of these."""
    return {name: value for name, value in wanted.items() if name in names}


def saved_and_removed(wanted: Mapping[str, str | None], *, forgotten: bool) -> dict[str, Json]:
    """What the audit log says: names alone."""
    saved = sorted(name for name, value in wanted.items() if value is not None)
    removed = sorted(wanted.keys() - set(saved))
    detail: dict[str, Json] = {"saved": [*saved]}
    if removed:
        detail["removed"] = [*removed]
    return {**detail, "forgotten": "links"} if forgotten else detail


def _complete(stored: frozenset[str]) -> bool:
    """Whether a job can run with what is stored under these names."""
    return keys.BASE_ADDRESS in stored and keys.sign_in(stored) is not None


def _may_ask(job: Job) -> bool:
    """Whether the job's links are of one address."""
    return (behaviour_named(job.behaviour) or PROVISOR).another_address == "ask"


def _accounts(connection: Connection, ours: Sequence[Job]) -> int:
    """How many accounts and groups are linked, or may be at the address without our knowing it, for jobs that ask."""
    numbers = [job.number for job in ours if _may_ask(job)]
    linked = sum(count(connection, number, kind) for number in numbers for kind in get_args(Kind))
    return linked + sum(unknown.count(connection, number) for number in numbers)


def accepted(given: Mapping[str, str | None]) -> dict[str, str | None]:
    """The pairs as they are stored. Raises AdminError for an unknown key or a value that it does not take."""
    return {
        keys.known(name): None if value is None else keys.accepted_value(name, value) for name, value in given.items()
    }


def check_address(context: Context, address: str, token: Secret | None) -> None:
    """Raise AdminError when no request can be made with these. Nothing is sent."""
    problem = context.problem_with_credentials(address, token or ANY_TOKEN)
    if problem is not None:
        raise AdminError("invalid-credentials", problem, "Copy the URL and the token that the application showed.")
