"""Verbs on webhooks: add, list, test, delete. Their signing secrets are shown once, when they are made."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import uvloop

from provisor.admin.actor import NOTIFICATION_READ, NOTIFICATION_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.connectors.addresses import host_of
from provisor.connectors.posting import problem_with_post_address
from provisor.connectors.webhook import make_signing_secret, problem_with_signing_secret, tell
from provisor.database import Connection
from provisor.database.identifiers import new_id
from provisor.engine.notice import Notice, Turn, event
from provisor.engine.ports import ConnectorError, Secret
from provisor.runner.notifying.delivering import hook_owner
from provisor.storage import outbox, recipients, secrets
from provisor.storage.outbox import OutgoingMessage
from provisor.storage.recipients import Webhook
from provisor.storage.secrets import SecretError

__all__ = ["Webhook", "WebhookAdded", "Webhooks"]

SIGNING = "signing"
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAdded:
    """A new webhook, and its signing secret, which is not shown again."""

    webhook: Webhook
    secret: Secret


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Other programs that are told of notices."""

    context: Context

    def add(self, actor: Actor, url: str, *, secret: str | None = None) -> WebhookAdded:
        """Tell this address of every notice from now on, signed with this secret or a new one."""
        self.context.needs(actor, NOTIFICATION_WRITE, "Add webhook")
        signing = make_signing_secret(self.context.random_bytes(SECRET_BYTES)) if secret is None else Secret(secret)
        problem = problem_with_post_address(url, "the webhook") or problem_with_signing_secret(signing)
        if problem is not None:
            raise AdminError("invalid-value", problem)
        ring = self.context.key()
        with self.context.change(actor, NOTIFICATION_WRITE, "Add webhook") as change:
            made = recipients.add_webhook(change.connection, self.context.tenant, url, now=change.now)
            owner = hook_owner(self.context.tenant, made.id)
            try:
                secrets.save(change.connection, ring, owner=owner, name=SIGNING, secret=signing, now=change.now)
            except SecretError as error:
                raise AdminError("secret-key", str(error)) from error
            change.target, change.detail = made.id, {"host": host_of(url)}
            return WebhookAdded(webhook=made, secret=signing)

    def all(self, actor: Actor) -> Sequence[Webhook]:
        """Every webhook, oldest first."""
        return recipients.webhooks(self.context.read(actor, NOTIFICATION_READ), self.context.tenant)

    def deliveries(self, actor: Actor, *, limit: int = 20) -> Sequence[OutgoingMessage]:
        """What became of the newest messages to webhooks, newest first."""
        connection = self.context.read(actor, NOTIFICATION_READ)
        return outbox.newest(connection, self.context.tenant, "webhook", limit=limit)

    def delete(self, actor: Actor, webhook_id: str) -> None:
        """Tell it of nothing more, and forget its secret."""
        with self.context.change(actor, NOTIFICATION_WRITE, "Delete webhook") as change:
            found, tenant = self._found(change.connection, webhook_id), self.context.tenant
            recipients.delete_webhook(change.connection, found.id)
            secrets.forget(change.connection, hook_owner(tenant, found.id))
            outbox.drop_channel(
                change.connection, tenant, found.channel, now=change.now, error="The webhook was deleted."
            )
            outbox.forget_trouble(change.connection, tenant, "webhook", found.id)
            change.target, change.detail = found.id, {"host": host_of(found.url)}

    def test(self, actor: Actor, webhook_id: str) -> Webhook:
        """Tell it of a test now; one that was switched off is switched on when it answers. Raises AdminError."""
        connection = self.context.read(actor, NOTIFICATION_WRITE)
        found, tenant = self._found(connection, webhook_id), self.context.tenant
        try:
            secret = self.context.secret(connection, hook_owner(tenant, found.id), SIGNING)
            if secret is None:
                raise AdminError(
                    "not-found", f"The webhook {found.id} has no signing secret.", "Delete it, add it anew."
                )
            self._tell(found, secret)
        except ConnectorError as error:
            raise AdminError(
                "webhook-failed", error.message, "Look at what the receiver says, then test again."
            ) from error
        with self.context.change(actor, NOTIFICATION_WRITE, "Test webhook") as change:
            recipients.webhook_works(change.connection, found.id)
            change.target = found.id
            outbox.put(change.connection, tenant, self._notice(found, "over"))
            return self._found(change.connection, found.id)

    def _tell(self, found: Webhook, secret: Secret) -> None:
        document = {**event(self._notice(found, "began"), self.context.tenant), "type": "webhook.test"}

        async def ask() -> None:
            await tell(
                found.url,
                secret,
                message_id=new_id(),
                timestamp=int(self.context.now().timestamp()),
                body=msgspec.json.encode(document),
            )

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(ask())

    def _notice(self, found: Webhook, turn: Turn) -> Notice:
        return Notice(
            trouble="webhook",
            turn=turn,
            about=found.id,
            name=f"The webhook {found.id}",
            job=None,
            reason="tested",
            sentence="It answered a test." if turn == "over" else "This is a test.",
            at=self.context.now(),
        )

    def _found(self, connection: Connection, webhook_id: str) -> Webhook:
        found = recipients.webhook(connection, webhook_id)
        if found is None:
            raise AdminError(
                "not-found", f"There is no webhook {webhook_id!r}.", "`provisor webhook list` shows the webhooks."
            )
        return found
