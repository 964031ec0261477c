"""What somebody is told of: a trouble that began, whose reason changed, or that is over; and how it is put in a line.

Pure. A notice holds no secret, and nothing that can only be known later. Rules: spec/provisioning-service.md section
11.4. Order: the notice, its words, its form for other programs.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

import msgspec

from provisor.scim.values import Json

TroubleKind = Literal["quarantine", "deletions", "credential", "webhook", "source"]
Turn = Literal["began", "changed", "over"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One turn of one trouble. `about` is the id of what has the trouble: a job, an application, a webhook, a source.

    `name` is what people call it, `job` the id of the job whose recipients are told, None where there is no job.
    `reason` is a stable code; another one is another turn of the same trouble. `facts` are shown as pairs.
    """

    trouble: TroubleKind
    turn: Turn
    about: str
    name: str
    job: str | None
    reason: str
    sentence: str
    facts: tuple[tuple[str, str], ...] = ()
    at: datetime


_LONGEST: Final = 4_000  # of a text in a notice; an application may answer with a page

_HEADLINES: Final[dict[tuple[TroubleKind, Turn], str]] = {
    ("quarantine", "began"): "entered quarantine: {reason}",
    ("quarantine", "changed"): "is in quarantine for another reason: {reason}",
    ("quarantine", "over"): "left quarantine",
    ("deletions", "began"): "holds deletions back: {reason}",
    ("deletions", "changed"): "holds deletions back for another reason: {reason}",
    ("deletions", "over"): "holds no deletions back any more",
    ("credential", "began"): "needs a new credential: {reason}",
    ("credential", "changed"): "needs a new credential: {reason}",
    ("credential", "over"): "has a credential that is good for longer",
    ("source", "began"): "cannot be read: {reason}",
    ("source", "changed"): "cannot be read for another reason: {reason}",
    ("source", "over"): "can be read again",
    ("webhook", "began"): "was switched off: {reason}",
    ("webhook", "changed"): "was switched off: {reason}",
    ("webhook", "over"): "is switched on again",
}


def headline(notice: Notice) -> str:
    """Who and what, in one line."""
    return f"{notice.name} {_HEADLINES[notice.trouble, notice.turn].format(reason=notice.reason)}"


def turned(notice: Notice, turn: Turn) -> Notice:
    """The same notice as another turn of its trouble."""
    return replace(notice, turn=turn)


def writable(notice: Notice) -> Notice:
    """The notice with texts that every database and channel takes: what it is about must not fail for its words."""
    return replace(
        notice,
        about=_writable(notice.about),
        name=_writable(notice.name),
        reason=_writable(notice.reason),
        sentence=_writable(notice.sentence),
        facts=tuple((_writable(name), _writable(value)) for name, value in notice.facts),
    )


def kept(notice: Notice) -> str:
    """The notice as a text that `read` understands."""
    return msgspec.json.encode(notice).decode()


def read(text: str) -> Notice:
    """What `kept` wrote."""
    return msgspec.json.decode(text, type=Notice)


def _writable(text: str) -> str:
    """A text without halves of characters, which have no UTF-8 form, and of a bounded length."""
    return text[:_LONGEST].encode("utf-8", "replace").decode()


def event(notice: Notice, tenant: str) -> dict[str, Json]:
    """The notice for another program, in the form of Standard Webhooks: type, timestamp, data."""
    facts: dict[str, Json] = dict(notice.facts)
    return {
        "type": f"{notice.trouble}.{notice.turn}",
        "timestamp": notice.at.isoformat(),
        "data": {
            "tenant": tenant,
            "about": notice.about,
            "name": notice.name,
            "job": notice.job,
            "reason": notice.reason,
            "sentence": notice.sentence,
            "facts": facts,
        },
    }
