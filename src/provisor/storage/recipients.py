"""Who is told: the mail server and the addresses of jobs, and webhooks. Order: mail, webhooks, channels of a notice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from provisor.database import Connection, Row
from provisor.database.identifiers import new_id
from provisor.engine.letter import MailServer
from provisor.engine.notice import Notice
from provisor.scim.values import Json
from provisor.storage import jobs, tenants
from provisor.storage.times import to_microseconds

MAIL = "mail"  # setting: the mail server, as JSON
NOTIFICATION = "notification"  # of a job's settings: {"recipients": [address, ...], "enabled": true}


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address that is told by HTTP; times are UTC microseconds."""

    id: str
    url: str
    created_at: int
    failing_since: int | None
    disabled_at: int | None

    @property
    def channel(self) -> str:
        """What the outbox calls it."""
        return f"webhook:{self.id}"


def mail_server(connection: Connection, tenant: str) -> MailServer | None:
    """The mail server, once somebody set it."""
    stored = tenants.setting(connection, tenant, MAIL)
    return None if stored is None else msgspec.json.decode(stored, type=MailServer)


def save_mail_server(connection: Connection, tenant: str, server: MailServer) -> None:
    """Keep the mail server, replacing what was set."""
    tenants.save_setting(connection, tenant, MAIL, msgspec.json.encode(server).decode())


def forget_mail_server(connection: Connection, tenant: str) -> None:
    """No letters are sent."""
    connection.execute("DELETE FROM setting WHERE tenant = ? AND name = ?", (tenant, MAIL))


def add_webhook(connection: Connection, tenant: str, url: str, *, now: datetime) -> Webhook:
    """A new webhook, switched on."""
    webhook_id = new_id()
    connection.execute(
        "INSERT INTO webhook (id, tenant, url, created_at) VALUES (?, ?, ?, ?)",
        (webhook_id, tenant, url, to_microseconds(now)),
    )
    return Webhook(id=webhook_id, url=url, created_at=to_microseconds(now), failing_since=None, disabled_at=None)


def webhooks(connection: Connection, tenant: str) -> list[Webhook]:
    """All webhooks, oldest first."""
    rows = connection.all(
        "SELECT id, url, created_at, failing_since, disabled_at FROM webhook WHERE tenant = ? ORDER BY created_at, id",
        (tenant,),
    )
    return [_webhook(row) for row in rows]


def webhook(connection: Connection, webhook_id: str) -> Webhook | None:
    """One webhook."""
    row = connection.one(
        "SELECT id, url, created_at, failing_since, disabled_at FROM webhook WHERE id = ?", (webhook_id,)
    )
    return None if row is None else _webhook(row)


def delete_webhook(connection: Connection, webhook_id: str) -> None:
    """Forget a webhook."""
    connection.execute("DELETE FROM webhook WHERE id = ?", (webhook_id,))


def webhook_works(connection: Connection, webhook_id: str) -> None:
    """It answered as it should: it fails no more, and is switched on."""
    connection.execute("UPDATE webhook SET failing_since = NULL, disabled_at = NULL WHERE id = ?", (webhook_id,))


def webhook_fails(connection: Connection, webhook_id: str, *, now: datetime) -> None:
    """It did not answer as it should; keeps since when."""
    connection.execute(
        "UPDATE webhook SET failing_since = COALESCE(failing_since, ?) WHERE id = ?",
        (to_microseconds(now), webhook_id),
    )


def disable_webhook(connection: Connection, webhook_id: str, *, now: datetime) -> None:
    """Switch a webhook off."""
    connection.execute("UPDATE webhook SET disabled_at = ? WHERE id = ?", (to_microseconds(now), webhook_id))


def channels(connection: Connection, tenant: str, notice: Notice) -> list[str]:
    """Who is to be told of this notice: by mail where a server is set, and every webhook that is switched on."""
    mailboxes: list[str] = []
    server = mail_server(connection, tenant)
    if server is not None:
        mailboxes = list(server.to) if notice.job is None else _of_job(connection, notice.job)
    hooks = [each.channel for each in webhooks(connection, tenant) if each.disabled_at is None]
    return [*dict.fromkeys(f"mail:{address}" for address in mailboxes), *hooks]


def told(settings: Mapping[str, Json]) -> list[str]:
    """Who is told about a job with these settings."""
    wanted = settings.get(NOTIFICATION)
    if not isinstance(wanted, dict) or not wanted.get("enabled"):
        return []
    addresses = wanted.get("recipients")
    return [str(address) for address in addresses] if isinstance(addresses, list) else []


def _of_job(connection: Connection, job_id: str) -> list[str]:
    job = jobs.by_id(connection, job_id)
    return [] if job is None else told(job.settings)


def _webhook(row: Row) -> Webhook:
    return Webhook(id=row[0], url=row[1], created_at=row[2], failing_since=row[3], disabled_at=row[4])
