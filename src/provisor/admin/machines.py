"""Verbs on what programs sign in with: tokens, and clients of OAuth 2.0. Add, list, another secret, revoke.

One class for both: a token is its own secret, a client has an id and gives its secret for tokens that last an hour.
Secrets are shown once. A revoked one is deleted, and good for nothing with the next request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, TypeAlias

from provisor.admin.accounts import AccountShown, consistent, known, person_named, refuse_bad_name, refuse_taken, shown
from provisor.admin.actor import ACCOUNT_READ, ACCOUNT_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.proofs import new_secret, secret_hash
from provisor.admin.roles import read_roles
from provisor.engine.ports import Secret
from provisor.scim.values import Json
from provisor.storage import accounts
from provisor.storage.accounts import Account
from provisor.storage.times import to_microseconds

__all__ = ["MachineMade", "Machines"]

MachineKind: TypeAlias = Literal["token", "client"]
KINDS: Final[tuple[MachineKind, ...]] = ("token", "client")
LONGEST_LIFE: Final = timedelta(days=3_660)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineMade:
    """A token or client, and its secret, which is not shown again."""

    account: Account
    secret: Secret
    tenant: str

    def to_json(self) -> dict[str, Json]:
        """For the program that is to have it."""
        secret = self.secret.reveal()
        if self.account.kind == "token":
            return {"token": secret}
        return {"clientId": self.account.id, "clientSecret": secret, "tenantId": self.tenant}


@dataclass(frozen=True, slots=True)
class Machines:
    """Tokens, or clients, named by label or id."""

    context: Context
    kind: MachineKind

    def all(self, actor: Actor) -> Sequence[AccountShown]:
        """Every one, by label, expired ones too."""
        connection = self.context.read(actor, ACCOUNT_READ)
        found = accounts.all_of(connection, self.context.tenant, self.kind)
        return [shown(self.context, connection, each) for each in found]

    def create(
        self,
        actor: Actor,
        label: str,
        roles: Sequence[str],
        *,
        lifetime: timedelta | None = None,
        person: str | None = None,
    ) -> MachineMade:
        """A new one with these roles, for so long. `person`: whose applications are its own, and with whom it goes."""
        with self.context.change(actor, ACCOUNT_WRITE, f"Add {self.kind}") as change:
            called = label.strip()
            refuse_bad_name(called)
            refuse_taken(change.connection, self.context.tenant, self.kind, called)
            _refuse_lifetime(lifetime)
            secret = new_secret(self.kind, self.context.random_bytes)
            account_id = accounts.add(
                change.connection,
                tenant=self.context.tenant,
                kind=self.kind,
                name=called,
                roles=consistent(read_roles(roles), person),
                created_by=actor.name,
                now=change.now,
                person=person_named(self.context, change.connection, person),
                secret=secret_hash(secret),
                expires_at=None if lifetime is None else to_microseconds(change.now + lifetime),
            )
            made = known(self.context, change.connection, self.kind, account_id)
            change.target, change.detail = made.id, {"label": made.name, "roles": [*made.roles]}
            return MachineMade(account=made, secret=Secret(secret), tenant=self.context.tenant)

    def rotate(self, actor: Actor, label: str) -> MachineMade:
        """Another secret; the former, and every token that was given for it, is good for nothing."""
        with self.context.change(actor, ACCOUNT_WRITE, f"Rotate {self.kind} secret") as change:
            found = known(self.context, change.connection, self.kind, label)
            secret = new_secret(self.kind, self.context.random_bytes)
            accounts.set_secret(change.connection, found.id, secret_hash(secret))
            change.target, change.detail = found.id, {"label": found.name}
            return MachineMade(account=found, secret=Secret(secret), tenant=self.context.tenant)

    def revoke(self, actor: Actor, label: str) -> Account:
        """It is good for nothing any more."""
        with self.context.change(actor, ACCOUNT_WRITE, f"Revoke {self.kind}") as change:
            found = known(self.context, change.connection, self.kind, label)
            accounts.delete(change.connection, found.id)
            change.target, change.detail = found.id, {"label": found.name}
            return found


def _refuse_lifetime(lifetime: timedelta | None) -> None:
    if lifetime is not None and not timedelta(0) < lifetime <= LONGEST_LIFE:
        raise AdminError(
            "invalid-value", "It must expire within ten years, and not at once.", "Write --expires 90d, for example."
        )
