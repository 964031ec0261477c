"""The outbox: a notice is put in with the event it is about, and goes out in messages, each with a marker before it.

A crash loses none: what was put is on the disk with its event. A restart repeats none knowingly: a message is *sending*
before its first byte, *handed* before the byte from which on it may arrive, and *sent* or *due* again after the answer.
One found *sending* was not delivered. One found *handed* may have been: it is sent again under the same id, by which
receivers can drop it, because to lose it would be worse. Order: putting, making messages, their states, cleaning.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from provisor.database import Connection, Row
from provisor.database.identifiers import new_id
from provisor.engine import notice as notices
from provisor.engine.notice import Notice
from provisor.storage import recipients
from provisor.storage.times import to_microseconds

MailboxOrHook = Literal["mail", "webhook"]

MOST_IN_A_DIGEST: Final = 100
BETWEEN_LETTERS: Final = timedelta(minutes=5)  # a storm is one letter at once, and digests from then on

_COLUMNS = "id, channel, state, attempts, made_at, due_at, failing_since, doubtful, error, ended_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """A message as stored; times are UTC microseconds."""

    id: str
    channel: str
    state: str
    attempts: int
    made_at: int
    due_at: int
    failing_since: int | None
    doubtful: bool
    error: str | None
    ended_at: int | None

    @property
    def kind(self) -> str:
        """How it travels: mail, webhook."""
        return self.channel.partition(":")[0]

    @property
    def address(self) -> str:
        """The address, or the webhook's id."""
        return self.channel.partition(":")[2]


def put(connection: Connection, tenant: str, notice: Notice) -> str | None:
    """Put a notice in, in the transaction of the event it is about; returns its id, None when there is nothing to tell.

    May be called as often as a trouble is met: one that began already is told again only when its reason changed, and
    one that did not begin is not over.
    """
    notice = notices.writable(notice)
    found = connection.one(
        "SELECT reason FROM open_trouble WHERE tenant = ? AND trouble = ? AND about = ?",
        (tenant, notice.trouble, notice.about),
    )
    if (found is None) if notice.turn == "over" else (found is not None and found[0] == notice.reason):
        return None
    if notice.turn == "over":
        forget_trouble(connection, tenant, notice.trouble, notice.about)
    else:
        notice = notices.turned(notice, "began" if found is None else "changed")
        connection.execute(
            """INSERT INTO open_trouble (tenant, trouble, about, reason, since) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (tenant, trouble, about) DO UPDATE SET reason = excluded.reason""",
            (tenant, notice.trouble, notice.about, notice.reason, to_microseconds(notice.at)),
        )
    channels = recipients.channels(connection, tenant, notice)
    notice_id = new_id()
    if channels:
        connection.execute(
            "INSERT INTO notice (id, tenant, at, document) VALUES (?, ?, ?, ?)",
            (notice_id, tenant, to_microseconds(notice.at), notices.kept(notice)),
        )
        connection.many(
            "INSERT INTO outbox (tenant, channel, notice) VALUES (?, ?, ?)",
            [(tenant, channel, notice_id) for channel in channels],
        )
    return notice_id


def forget_trouble(connection: Connection, tenant: str, trouble: str, about: str) -> None:
    """The trouble is over, or what had it is gone; nobody is told."""
    connection.execute(
        "DELETE FROM open_trouble WHERE tenant = ? AND trouble = ? AND about = ?", (tenant, trouble, about)
    )


def troubled(connection: Connection, tenant: str, trouble: str) -> set[str]:
    """The ids of what has this trouble: it was told that it began, and not that it is over."""
    rows = connection.all("SELECT about FROM open_trouble WHERE tenant = ? AND trouble = ?", (tenant, trouble))
    return {row[0] for row in rows}


def waiting_channels(connection: Connection, tenant: str, *, now: datetime) -> list[str]:
    """The channels for which a message can be made now.

    Letters to one address are some minutes apart, so that a storm becomes a digest; no channel has two messages at a
    time, so that what is told stays in order.
    """
    present, gap = to_microseconds(now), BETWEEN_LETTERS // timedelta(microseconds=1)
    rows = connection.all(
        """SELECT DISTINCT o.channel FROM outbox o WHERE o.tenant = ? AND o.message IS NULL AND NOT EXISTS
        (SELECT 1 FROM message m WHERE m.tenant = o.tenant AND m.channel = o.channel
        AND (m.ended_at IS NULL OR (substr(o.channel, 1, 5) = 'mail:' AND m.ended_at > ? AND m.ended_at <= ?)))
        ORDER BY o.channel""",
        (tenant, present - gap, present),
    )
    return [row[0] for row in rows]


def make_messages(connection: Connection, tenant: str, *, now: datetime) -> int:
    """Put waiting notices into messages, as many as an address may have at once, one for a webhook; returns how many
    messages were made.
    """
    present, waiting = to_microseconds(now), waiting_channels(connection, tenant, now=now)
    for channel in waiting:
        message_id = new_id()
        connection.execute(
            "INSERT INTO message (id, tenant, channel, state, made_at, due_at) VALUES (?, ?, ?, 'due', ?, ?)",
            (message_id, tenant, channel, present, present),
        )
        connection.execute(
            """UPDATE outbox SET message = ? WHERE tenant = ? AND channel = ? AND notice IN
            (SELECT notice FROM outbox WHERE tenant = ? AND channel = ? AND message IS NULL ORDER BY notice LIMIT ?)""",
            (message_id, tenant, channel, tenant, channel, MOST_IN_A_DIGEST if channel.startswith("mail:") else 1),
        )
    return len(waiting)


def due(connection: Connection, tenant: str, *, now: datetime, longest_wait: timedelta) -> list[OutgoingMessage]:
    """The messages to be sent now, those due first; one that is due later than one waits at most was so by a clock
    that was ahead."""
    present = to_microseconds(now)
    ahead = to_microseconds(now + longest_wait)
    rows = connection.all(
        f"""SELECT {_COLUMNS} FROM message WHERE tenant = ? AND ended_at IS NULL AND state = 'due'
        AND (due_at <= ? OR due_at > ?) ORDER BY due_at, id""",
        (tenant, present, ahead),
    )
    return [_message(row) for row in rows]


def content(connection: Connection, message_id: str) -> list[Notice]:
    """The notices of a message, oldest first."""
    rows = connection.all(
        "SELECT n.document FROM outbox o JOIN notice n ON n.id = o.notice WHERE o.message = ? ORDER BY o.notice",
        (message_id,),
    )
    return [notices.read(row[0]) for row in rows]


def begin(connection: Connection, message_id: str) -> None:
    """The marker before the first byte."""
    connection.execute("UPDATE message SET state = 'sending', attempts = attempts + 1 WHERE id = ?", (message_id,))


def hand_over(connection: Connection, message_id: str) -> None:
    """The marker before what may arrive."""
    connection.execute("UPDATE message SET state = 'handed' WHERE id = ?", (message_id,))


def sent(connection: Connection, message_id: str, *, now: datetime) -> None:
    """The receiver has it."""
    connection.execute(
        "UPDATE message SET state = 'sent', ended_at = ?, error = NULL WHERE id = ?",
        (to_microseconds(now), message_id),
    )


def put_off(
    connection: Connection, message_id: str, *, error: str, due_at: datetime, now: datetime, doubtful: bool = False
) -> None:
    """It did not arrive, or nobody knows; it is sent again later."""
    connection.execute(
        """UPDATE message SET state = 'due', due_at = ?, error = ?, failing_since = COALESCE(failing_since, ?),
        doubtful = CASE WHEN ? THEN 1 ELSE doubtful END WHERE id = ?""",
        (to_microseconds(due_at), error, to_microseconds(now), doubtful, message_id),
    )


def give_up(connection: Connection, message_id: str, *, error: str, now: datetime) -> None:
    """It will not arrive."""
    connection.execute(
        "UPDATE message SET state = 'given-up', ended_at = ?, error = ? WHERE id = ?",
        (to_microseconds(now), error, message_id),
    )


def recover(connection: Connection, tenant: str, *, now: datetime, running: Collection[str] = ()) -> None:
    """What a sender that is dead had under way is due again; what it had handed over is so in doubt.

    `running` are the channels that the caller itself sends to.
    """
    marks = ", ".join("?" for _ in running)
    connection.execute(
        f"""UPDATE message SET doubtful = CASE WHEN state = 'handed' THEN 1 ELSE doubtful END, state = 'due', due_at = ?
        WHERE tenant = ? AND ended_at IS NULL AND state IN ('sending', 'handed') AND channel NOT IN ({marks})""",
        (to_microseconds(now), tenant, *running),
    )


def drop_channel(connection: Connection, tenant: str, channel: str, *, now: datetime, error: str) -> None:
    """Nothing more goes to this channel."""
    connection.execute("DELETE FROM outbox WHERE tenant = ? AND channel = ? AND message IS NULL", (tenant, channel))
    connection.execute(
        """UPDATE message SET state = 'given-up', ended_at = ?, error = ?
        WHERE tenant = ? AND channel = ? AND ended_at IS NULL""",
        (to_microseconds(now), error, tenant, channel),
    )


def newest(connection: Connection, tenant: str, kind: MailboxOrHook, *, limit: int) -> list[OutgoingMessage]:
    """The newest messages of a kind, newest first."""
    rows = connection.all(
        f"""SELECT {_COLUMNS} FROM message WHERE tenant = ? AND channel > ? AND channel < ?
        ORDER BY made_at DESC, id DESC LIMIT ?""",
        (tenant, f"{kind}:", f"{kind};", limit),
    )
    return [_message(row) for row in rows]


def clean(connection: Connection, tenant: str, *, before: datetime, limit: int = 500) -> int:
    """Forget messages that ended before, some at a time, and notices that nobody is to be told of; returns how many."""
    ended = connection.all(
        """DELETE FROM message WHERE id IN (SELECT id FROM message WHERE tenant = ? AND ended_at < ? LIMIT ?)
        RETURNING id""",
        (tenant, to_microseconds(before), limit),
    )
    connection.many("DELETE FROM outbox WHERE message = ?", ended)
    connection.execute(
        """DELETE FROM notice WHERE id IN (SELECT n.id FROM notice n WHERE n.tenant = ? AND n.at < ?
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.notice = n.id) LIMIT ?)""",
        (tenant, to_microseconds(before), limit),
    )
    return len(ended)


def _message(row: Row) -> OutgoingMessage:
    return OutgoingMessage(
        id=row[0],
        channel=row[1],
        state=row[2],
        attempts=row[3],
        made_at=row[4],
        due_at=row[5],
        failing_since=row[6],
        doubtful=row[7] != 0,
        error=row[8],
        ended_at=row[9],
    )
