"""Verbs on mail: the server that letters go through, a letter to try it, and what became of the newest."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import uvloop

from provisor.admin.actor import NOTIFICATION_READ, NOTIFICATION_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.connectors.email import MailDelivery, problem_with_server
from provisor.database.identifiers import new_id
from provisor.engine.letter import Letter, MailServer, problem_with_mailbox
from provisor.engine.ports import ConnectorError, Secret
from provisor.runner.notifying.delivering import Notifying, hand_over, mail_owner, mail_password
from provisor.scim.values import Json
from provisor.storage import outbox, recipients, secrets
from provisor.storage.outbox import OutgoingMessage
from provisor.storage.secrets import SecretError

__all__ = ["Mail", "MailServer", "MailShown", "OutgoingMessage"]

PASSWORD = "password"  # noqa: S105 - a name, not a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class MailShown:
    """The mail server, without its password, and the newest letters."""

    server: MailServer | None
    letters: Sequence[OutgoingMessage]


@dataclass(frozen=True, slots=True)
class Mail:
    """Letters about jobs in trouble."""

    context: Context

    def set(self, actor: Actor, server: MailServer, *, password: str | None = None) -> None:
        """Keep the server, and the password when one is given; without a user the password is forgotten."""
        self.context.needs(actor, NOTIFICATION_WRITE, "Set the mail server")
        for address in (server.sender, *server.to):
            _refuse(problem_with_mailbox(address))
        _refuse(problem_with_server(server))
        for what, text in (("user", server.user), ("password", password)):
            if text is not None and not (text.strip() and text.isascii() and text.isprintable()):
                _refuse(
                    f"The {what} is blank, or holds a control character or a letter outside ASCII; it cannot be sent."
                )
        ring = self.context.key() if password is not None else None
        with self.context.change(actor, NOTIFICATION_WRITE, "Set the mail server") as change:
            owner = mail_owner(self.context.tenant)
            before = recipients.mail_server(change.connection, self.context.tenant)
            if server.user is not None and password is None and secrets.names(change.connection, owner):
                _refuse_known_password(before, server)
            recipients.save_mail_server(change.connection, self.context.tenant, server)
            if server.user is None:
                secrets.forget(change.connection, owner)
            elif ring is not None and password is not None:
                try:
                    secrets.save(
                        change.connection, ring, owner=owner, name=PASSWORD, secret=Secret(password), now=change.now
                    )
                except SecretError as error:
                    raise AdminError("secret-key", str(error)) from error
            detail: dict[str, Json] = {"protection": server.protection, "from": server.sender, "user": server.user}
            change.target, change.detail = f"{server.host}:{server.port}", detail

    def remove(self, actor: Actor) -> None:
        """Send no letters any more, and forget the server and its password. Raises AdminError when none is set."""
        with self.context.change(actor, NOTIFICATION_WRITE, "Remove the mail server") as change:
            tenant = self.context.tenant
            server = recipients.mail_server(change.connection, tenant)
            if server is None:
                raise AdminError("no-mail-server", "No mail server is set.", "Set one with `provisor mail set`.")
            recipients.forget_mail_server(change.connection, tenant)
            secrets.forget(change.connection, mail_owner(tenant))
            change.target = f"{server.host}:{server.port}"

    def show(self, actor: Actor, *, limit: int = 20) -> MailShown:
        """The server, and what became of the newest letters."""
        connection = self.context.read(actor, NOTIFICATION_READ)
        tenant = self.context.tenant
        return MailShown(
            server=recipients.mail_server(connection, tenant),
            letters=outbox.newest(connection, tenant, "mail", limit=limit),
        )

    def test(self, actor: Actor, to: str) -> None:
        """Send a letter now. Raises AdminError with what the server said."""
        connection = self.context.read(actor, NOTIFICATION_WRITE)
        _refuse(problem_with_mailbox(to))
        server = recipients.mail_server(connection, self.context.tenant)
        if server is None:
            raise AdminError("no-mail-server", "No mail server is set.", "Set one with `provisor mail set`.")
        try:
            password = mail_password(connection, self.context.tenant, self.context.key) if server.user else None
        except SecretError as error:
            raise AdminError("secret-key", str(error)) from error
        delivery = MailDelivery(server, password, self._letter(to), handed=lambda: None)
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(hand_over(delivery))
        except ConnectorError as error:
            raise AdminError(
                "mail-failed", error.message, "Correct it with `provisor mail set`, then test again."
            ) from error

    def _letter(self, to: str) -> Letter:
        text = "This letter was sent by `provisor mail test`: the mail server takes what Provisor sends."
        return Letter(
            id=new_id(),
            to=to,
            subject="[provisioning] A letter to try the mail server",
            text=f"{text}\n",
            html=f"<!DOCTYPE html><html><body><p>{text}</p></body></html>",
            at=self.context.now(),
        )


def notifying(context: Context, failed: Callable[[str, str], None]) -> Notifying:
    """What the sender of a serve works with."""
    return Notifying(
        database=context.database,
        tenant=context.tenant,
        now=context.now,
        key=context.load_key,
        failed=lambda sentence: failed("outbox", sentence),
    )


def _refuse_known_password(before: MailServer | None, server: MailServer) -> None:
    """A password is sent only to the server it was given for."""
    if before is not None and (before.host, before.port) != (server.host, server.port):
        raise AdminError(
            "secret-needed-again",
            f"The password was given for {before.host}:{before.port} and would be sent to {server.host}:{server.port}.",
            "Give it again together with the new server.",
        )


def _refuse(problem: str | None) -> None:
    if problem is not None:
        raise AdminError("invalid-value", problem)
