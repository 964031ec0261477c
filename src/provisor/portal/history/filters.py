"""What narrows the pages of a log, as the address says it: typed again, told what is wrong, and turned into filters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from provisor.admin.logs import LogFilters

RANGES: Final[Mapping[str, tuple[str, timedelta | None]]] = {
    "24h": ("Last 24 hours", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "30d": ("Last 30 days", timedelta(days=30)),
    "all": ("As far back as it is kept", None),
    "custom": ("Custom time interval", None),
}
"""spec/provisioning-service.md section 17.3."""
STATUSES: Final = ("success", "failure", "skipped", "warning")
ACTIONS: Final = ("create", "update", "delete", "stagedDelete", "stagedAction", "disable", "other")
_LOG_FIELDS: Final = (
    *("identity", "range", "since", "until", "status", "action", "application"),
    *("source", "target", "job", "cycle", "change", "code"),
)
_AUDIT_FIELDS: Final = ("by", "activity", "about", "result", "range", "since", "until")
_LONGEST: Final = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What was typed, what of it cannot be read, and from when until when."""

    typed: Mapping[str, str]
    wrong: Mapping[str, str]
    since: datetime | None
    until: datetime | None

    @property
    def query(self) -> str:
        """The same for another address; empty where nothing narrows."""
        return urlencode({name: value for name, value in self.typed.items() if value})

    def address(self, path: str, **more: str) -> str:
        """A page with the same filters."""
        query = "&".join(part for part in (self.query, urlencode(more)) if part)
        return f"{path}?{query}" if query else path

    @property
    def details(self) -> bool:
        """Whether any of the rarer filters is used."""
        return any(self.typed.get(name) for name in ("source", "target", "job", "cycle", "change", "code"))

    def of_log(self) -> LogFilters:
        """For the provisioning log."""
        typed = self.typed
        return {
            "identity": typed["identity"] or None,
            "status": typed["status"] or None,
            "action": typed["action"] or None,
            "application": typed["application"] or None,
            "source_system": typed["source"] or None,
            "target_system": typed["target"] or None,
            "job": typed["job"] or None,
            "cycle": typed["cycle"] or None,
            "change": typed["change"] or None,
            "code": typed["code"] or None,
            "since": self.since,
            "until": self.until,
        }


def log_narrowing(query: Mapping[str, str], now: datetime) -> Narrowing:
    """Of the provisioning log."""
    return _narrowing(query, now, _LOG_FIELDS, {"status": STATUSES, "action": ACTIONS})


def audit_narrowing(query: Mapping[str, str], now: datetime) -> Narrowing:
    """Of the audit log."""
    return _narrowing(query, now, _AUDIT_FIELDS, {"result": ("success", "failure")})


def _narrowing(
    query: Mapping[str, str], now: datetime, fields: Sequence[str], choices: Mapping[str, Sequence[str]]
) -> Narrowing:
    typed = {name: query.get(name, "").strip()[:_LONGEST] for name in fields}
    for name, known in {**choices, "range": tuple(RANGES)}.items():
        if typed[name] not in known:  # nobody types these
            typed[name] = ""
    wrong: dict[str, str] = {}
    since = until = None
    if typed["range"] == "custom":
        since, until = (_moment(typed[name], name, wrong) for name in ("since", "until"))
        if since and until and since >= until:
            wrong["until"] = "This is not after the beginning."
    elif (span := RANGES.get(typed["range"], ("", None))[1]) is not None:
        since = now - span
    return Narrowing(typed=typed, wrong=wrong, since=since, until=until)


def _moment(text: str, name: str, wrong: dict[str, str]) -> datetime | None:
    """A date or a time; without a zone it is UTC."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        wrong[name] = f"{text!r} is no date or time, such as 2026-11-28 or 2026-11-28T08:30."
        return None
