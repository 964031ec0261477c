"""One try to deliver one message, with its markers before and its outcome after.

Stopped in the middle, a letter's connection is closed and what that means is noted: nothing was sent, or nobody knows.
Order: what it takes, the try, mail, webhooks.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from provisor.connectors.email import ANSWER_SECONDS, MailDelivery
from provisor.connectors.webhook import GONE, tell
from provisor.database import Connection, Database, DatabaseError
from provisor.engine.letter import write_letter
from provisor.engine.notice import Notice, event
from provisor.engine.ports import ConnectorError, Rejected, Secret, Unreachable
from provisor.runner.notifying.schedule import is_hopeless, next_try
from provisor.storage import outbox, recipients, secrets
from provisor.storage.outbox import OutgoingMessage
from provisor.storage.recipients import Webhook
from provisor.storage.secrets import KeyRing, SecretError, SecretOwner

LETTER_SECONDS = 180.0  # all waits of one letter together
GOODBYE_SECONDS = 5.0  # for a letter's thread to notice that it was stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifying:
    """What sending takes from outside. `failed` is told in a sentence what did not arrive."""

    database: Database
    tenant: str
    now: Callable[[], datetime]
    key: Callable[[], KeyRing]
    failed: Callable[[str], None]
    answer_seconds: float = ANSWER_SECONDS  # how long a mail server may think about one command
    letter_seconds: float = LETTER_SECONDS


async def deliver(order: Notifying, message: OutgoingMessage) -> None:
    """Try once; whatever comes of it is on the disk afterwards."""
    with order.database.transaction() as connection:
        outbox.begin(connection, message.id)
    try:
        if message.kind == "mail":
            await _by_mail(order, message)
        else:
            await _to_webhook(order, message)
    except ConnectorError as error:
        _note_failure(order, message, error)
    except SecretError as error:
        _note_failure(order, message, Unreachable(str(error), sent=False))
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 - the edge of a message: one that breaks must not be tried every second
        _note_failure(order, message, Unreachable(f"{type(error).__name__} in a message; report this.", sent=False))
    else:
        with order.database.transaction() as connection:
            outbox.sent(connection, message.id, now=order.now())
            if message.kind == "webhook":
                recipients.webhook_works(connection, message.address)


def mail_password(connection: Connection, tenant: str, key: Callable[[], KeyRing]) -> Secret | None:
    """The password for the mail server, None where it needs none."""
    return secrets.read(connection, key(), owner=mail_owner(tenant), name="password")


def mail_owner(tenant: str) -> SecretOwner:
    """Whose secret the password of the mail server is."""
    return SecretOwner(tenant=tenant, kind="setting", id=recipients.MAIL)


def hook_owner(tenant: str, webhook_id: str) -> SecretOwner:
    """Whose secret the signing secret of a webhook is."""
    return SecretOwner(tenant=tenant, kind="webhook", id=webhook_id)


async def hand_over(delivery: MailDelivery, *, seconds: float = LETTER_SECONDS) -> None:
    """Run a delivery in a thread of its own; a stop or a limit closes its connection. Raises a ConnectorError."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    raised: list[Exception] = []

    def work() -> None:
        try:
            delivery.run()
        except (ConnectorError, DatabaseError) as error:
            raised.append(error)
        except Exception as error:  # noqa: BLE001 - the edge of the thread: what is not said would pass for success
            raised.append(Unreachable(f"A letter could not be handed over: {type(error).__name__}.", sent=True))
        finally:
            with suppress(RuntimeError):  # the loop may have ended without us
                loop.call_soon_threadsafe(ended.set)

    # A thread that the process does not wait for: looking up a name cannot be stopped.
    threading.Thread(target=work, daemon=True, name="letter").start()
    try:
        async with asyncio.timeout(seconds):
            await ended.wait()
    except (TimeoutError, asyncio.CancelledError):
        delivery.abort()
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await ended.wait()
    if not ended.is_set():
        raise Unreachable("A letter was cut short, and it is not known how far it had come.", sent=True)
    if raised:
        raise raised[0]


async def _by_mail(order: Notifying, message: OutgoingMessage) -> None:
    reader = order.database.reader()
    server = recipients.mail_server(reader, order.tenant)
    if server is None:
        raise Unreachable("No mail server is set; set one with `provisor mail set`.", sent=False)
    made = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=message.made_at)
    letter = write_letter(
        outbox.content(reader, message.id), letter_id=message.id, to=message.address, tenant=order.tenant, at=made
    )

    def handed() -> None:
        with order.database.transaction() as connection:
            outbox.hand_over(connection, message.id)

    password = None if server.user is None else mail_password(reader, order.tenant, order.key)
    delivery = MailDelivery(server, password, letter, handed=handed, answer_seconds=order.answer_seconds)
    await hand_over(delivery, seconds=order.letter_seconds)


async def _to_webhook(order: Notifying, message: OutgoingMessage) -> None:
    reader = order.database.reader()
    hook = recipients.webhook(reader, message.address)
    secret = secrets.read(reader, order.key(), owner=hook_owner(order.tenant, message.address), name="signing")
    if hook is None or secret is None:
        raise Rejected("The webhook was deleted.", status=GONE)
    (notice,) = outbox.content(reader, message.id)
    with order.database.transaction() as connection:
        outbox.hand_over(connection, message.id)
    await tell(
        hook.url,
        secret,
        message_id=message.id,
        timestamp=int(order.now().timestamp()),
        body=msgspec.json.encode(event(notice, order.tenant)),
    )


def _note_failure(order: Notifying, message: OutgoingMessage, error: ConnectorError) -> None:
    now = order.now()
    doubtful = isinstance(error, Unreachable) and error.sent
    with order.database.transaction() as connection:
        if message.kind == "webhook":
            ended = _hook_failed(connection, order.tenant, message, error, now)
        else:
            ended = isinstance(error, Rejected) or is_hopeless(message, message.failing_since, now)
        if ended:
            outbox.give_up(connection, message.id, error=error.message, now=now)
        else:
            due_at = next_try(message, now)
            outbox.put_off(connection, message.id, error=error.message, due_at=due_at, now=now, doubtful=doubtful)
    order.failed(error.message)


def _hook_failed(
    connection: Connection, tenant: str, message: OutgoingMessage, error: ConnectorError, now: datetime
) -> bool:
    """Whether the webhook is not told any more; then it is switched off, and that is told."""
    hook = recipients.webhook(connection, message.address)
    if hook is None or hook.disabled_at is not None:
        return True
    recipients.webhook_fails(connection, hook.id, now=now)
    gone = isinstance(error, Rejected) and error.status == GONE
    if not gone and not is_hopeless(message, hook.failing_since, now):
        return False
    recipients.disable_webhook(connection, hook.id, now=now)
    outbox.drop_channel(connection, tenant, hook.channel, now=now, error=error.message)
    outbox.put(connection, tenant, _switched_off(hook, error, now, gone=gone))
    return True


def _switched_off(hook: Webhook, error: ConnectorError, now: datetime, *, gone: bool) -> Notice:
    return Notice(
        trouble="webhook",
        turn="began",
        about=hook.id,
        name=f"The webhook {hook.id}",
        job=None,
        reason="it answered that it is gone" if gone else "it failed for days",
        sentence=f"{error.message} It is not told any more until `provisor webhook test {hook.id}` succeeds.",
        at=now,
    )
