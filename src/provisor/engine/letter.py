"""A letter about one notice, or a digest of several: subject, text and HTML; and the server it goes through.

Pure. The template is that of spec/provisioning-service.md section 11.4. Nothing in a notice can become a header, or
markup. Order: the values, addresses, the letter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final, Literal

from provisor.engine.notice import Notice, headline

Protection = Literal["starttls", "implicit", "none"]

_LONGEST_ADDRESS: Final = 254  # RFC 5321 section 4.5.3.1.3
_LONGEST_SUBJECT: Final = 200
_IN_A_LOCAL_PART: Final = frozenset("!#$%&'*+-/=?^_`{|}~.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where letters are handed over. `to` are those who are told of what is about no job; `ca_file` vouches for it."""

    host: str
    port: int
    protection: Protection
    sender: str
    user: str | None = None
    ca_file: str | None = None
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter to one address. Sent again, it has the same `id` and the same words."""

    id: str
    to: str
    subject: str
    text: str
    html: str
    at: datetime


def problem_with_mailbox(address: str) -> str | None:
    """Why this is no address that mail can be sent to, in a sentence; None when it is one."""
    local, at, domain = address.rpartition("@")
    labels = domain.split(".")
    if not at or not local or not all(labels) or len(address) > _LONGEST_ADDRESS:
        return f"{address[:80]!r} is no mail address; it looks like operations@example.com."
    if not address.isascii():
        return f"{address[:80]!r} holds a letter outside ASCII, which many mail servers refuse; write it without."
    if not all(letter.isalnum() or letter in _IN_A_LOCAL_PART for letter in local):
        return f"{address[:80]!r} holds a character that a mail address does not have; give the address alone."
    if not all(label.replace("-", "a").isalnum() for label in labels):
        return f"{address[:80]!r} names no host after the @; it looks like operations@example.com."
    return None


def write_letter(notices: Sequence[Notice], *, letter_id: str, to: str, tenant: str, at: datetime) -> Letter:
    """The letter about these notices, oldest first; there is at least one."""
    heads = [headline(notice) for notice in notices]
    subject = heads[0] if len(heads) == 1 else f"{len(heads)} notices, the first: {heads[0]}"
    parts = [_lines(notice) for notice in notices]
    tail = f"Tenant: {tenant}"
    text = "\n\n".join("\n".join(line for _, line in part) for part in parts)
    html = "".join(_markup(part) for part in parts)
    return Letter(
        id=letter_id,
        to=to,
        subject=_one_line(f"[provisioning] {subject}")[:_LONGEST_SUBJECT],
        text=f"{text}\n\n{tail}\n{_STOP}\n",
        html=f"<!DOCTYPE html><html><body>{html}<p>{escape(tail)}<br>{escape(_STOP)}</p></body></html>",
        at=at,
    )


_STOP: Final = "Sent by Provisor. Who is told is set by `provisor job settings JOB --notify ADDRESS` and `--no-notify`."


def _lines(notice: Notice) -> list[tuple[str, str]]:
    """What is said about one notice: the kind of line, and the line."""
    job = [("Job", notice.job)] if notice.job is not None else []
    pairs = [*job, ("Time", f"{notice.at:%Y-%m-%d %H:%M:%S} UTC"), ("Reason", notice.reason), *notice.facts]
    return [
        ("head", _one_line(headline(notice))),
        ("text", _one_line(notice.sentence)),
        *(("pair", _one_line(f"{name}: {value}")) for name, value in pairs if value),
    ]


def _markup(lines: Sequence[tuple[str, str]]) -> str:
    """The same in HTML."""
    written = {"head": "<h3>{}</h3>", "text": "<p>{}</p>", "pair": "<div>{}</div>"}
    return "".join(written[kind].format(escape(line)) for kind, line in lines)


def _one_line(text: str) -> str:
    """A text without line breaks and control characters, which could begin a header or a line of their own."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
