"""What Graph's refusals mean: a status and an error body become one of the kinds of ConnectorError.

Knows no connection. Facts: spec/graph-synchronization-api.md section 12 (tokens that are no longer good).
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from provisor.connectors.capture import in_one_line
from provisor.connectors.graph.wire import WireAnswer
from provisor.connectors.replies import UNSAID_PAUSE, pause_until
from provisor.engine.ports import ConnectorError, Malformed, Rejected, Throttled, Unauthorized
from provisor.engine.sources import CursorLost

_LONGEST_REASON: Final = 300
# In lower case; directory objects answer with the first and the last two, other services of Graph with the others.
_LOST: Final = frozenset(
    {"syncstatenotfound", "resyncrequired", "resyncchangesapplydifferences", "resyncchangesuploaddifferences",
     "directory_expiredpagetoken", "directoryexpiredpagetoken"}
)  # fmt: skip
_HINTS: Final = {404: "check the tenant and the id", 501: "leave out the attribute that it does not offer"}


class GraphAsked(NamedTuple):
    """What Graph was asked: `doing` completes "… did not …", `right` names the permission that it takes.

    `resumed`: it is a link from a cursor, which may be good no longer whatever the refusal says of it.
    """

    doing: str
    right: str = ""
    resumed: bool = False


class _SaidByGraph(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Body(msgspec.Struct):
    error: _SaidByGraph


def refusal_of(
    answer: WireAnswer, host: str, asked: GraphAsked, now: datetime, cleaned: Callable[[str], str]
) -> ConnectorError:
    """The error of an answer other than 2xx; `cleaned` takes the token out of a text."""
    status = answer.status
    code, reason = _said(answer.body, cleaned)
    named = f"status {status}" + (f", {code}" if code else "")
    because = f": {reason}" if reason else ""
    if status == 410 or (400 <= status < 500 and code.lower() in _LOST) or (status == 400 and asked.resumed):
        return CursorLost(f"{host} did not {asked.doing} ({named}){because}; everything is read anew.")
    if status in (429, 503):
        told = pause_until(answer.header("Retry-After"), now)
        until = told or now + UNSAID_PAUSE
        return Throttled(
            f"{host} is overloaded (status {status}) and did not {asked.doing}; "
            f"it is asked again after {until:%Y-%m-%d %H:%M:%S} UTC.",
            until=until,
            told=told is not None,
            status=status,
        )
    if status == 401:
        return Unauthorized(
            f"{host} refused the token (status 401) and did not {asked.doing}{because}; "
            "check that tenant, cloud and address belong together."
        )
    if status == 403:
        hint = (
            f"grant the application the permission {asked.right}, with an administrator's consent"
            if asked.right
            else ""
        )
        return Rejected(f"{host} did not {asked.doing} ({named}){because}; {hint or 'it may not'}.", status=status)
    if status < 400:
        return Malformed(
            f"{host} answered with the unexpected status {status} and did not {asked.doing}; check its address.",
            status=status,
        )
    hint = "it is asked again in the next run" if status >= 500 else _HINTS.get(status, "correct what was asked for")
    return Rejected(f"{host} did not {asked.doing} ({named}){because}; {hint}.", status=status)


def _said(body: bytes, cleaned: Callable[[str], str]) -> tuple[str, str]:
    """Code and message of an error body; empty for whatever else came."""
    try:
        error = msgspec.json.decode(body, type=_Body).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", ""
    reason = in_one_line(cleaned(error.message[: 4 * _LONGEST_REASON]))[:_LONGEST_REASON]
    return in_one_line(cleaned(error.code[:80])), reason.strip().rstrip(".")
