"""*Test connection*: asks an application for what cycles will ask, writes nothing, and says what was checked.

Rules: spec/provisioning-service.md section 14. Signing in and filters on matching attributes are required; what the
application says of itself, paging and the list of groups are reported. Behaviour entra sends its two requests only.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, TypeVar

from provisor.engine.ports import Answer, ConnectorError, Exchange, Page
from provisor.engine.record import Kind
from provisor.expressions.values import RandomBytes
from provisor.rules.failure import Failure
from provisor.rules.ruleset import RuleSet
from provisor.runner.asking.paced import Questioned
from provisor.runner.asking.probe import ask_for_nobody, matching_paths

_BODY_BYTES: Final = 1_024  # spec/provisioning-service.md section 14: so much of an answer is shown

_Reported = TypeVar("_Reported")

Finding = Literal["passed", "failed", "not offered"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, what came of it, and a sentence about it."""

    what: str
    finding: Finding
    sentence: str


ReportCheck: TypeAlias = Callable[[Check], None]


@dataclass(slots=True, kw_only=True)
class Examination:
    """All checks in their order; `failure` is what must be mended, `answered` what the application said then.
    `report` is told each check as it is made.
    """

    checks: list[Check] = field(default_factory=list)
    failure: Failure | None = None
    answered: str = ""
    report: ReportCheck | None = None

    def note(self, check: Check) -> None:
        """One more check was made."""
        self.checks.append(check)
        if self.report is not None:
            self.report(check)


async def examine(
    target: Questioned,
    ruleset: RuleSet,
    random_bytes: RandomBytes,
    *,
    application: str,
    address: str,
    thorough: bool,
    report: ReportCheck | None = None,
) -> Examination:
    """Ask; nothing that the application says is raised."""
    found = Examination(report=report)
    kinds: tuple[Kind, ...] = ("user", "group") if ruleset.groups.enabled else ("user",)
    for kind in kinds:
        for path in matching_paths(ruleset, kind)[: None if thorough else 1]:
            failure, exchange = await ask_for_nobody(
                target, kind, path, random_bytes, application=application, address=address, patient=False
            )
            _note(found, kind, path, failure)
            if failure is not None:
                found.failure, found.answered = failure, _said(exchange)
                return found
    if thorough:
        found.note(await _reported("discovery", target.discover, _discovered))
        for kind, what in (("user", "paging"), ("group", "groups")):
            if kind in kinds:
                found.note(await _listed(target, kind, what))
    return found


def _note(found: Examination, kind: Kind, path: str, failure: Failure | None) -> None:
    if not found.checks and failure is None:
        found.note(Check("authentication", "passed", "The credentials were accepted."))
    if not found.checks and failure is not None and failure.code == "Unauthorized":
        found.note(Check("authentication", "failed", "The credentials were refused."))
        return
    said = f"It was asked for a {kind} that does not exist, and found none." if failure is None else failure.message
    found.note(Check(f"filter {kind}s by {path}", "passed" if failure is None else "failed", said))


async def _listed(target: Questioned, kind: Kind, what: str) -> Check:
    async def ask() -> Page:
        return await target.page(kind, 1, 1)

    return await _reported(what, ask, lambda page: _paged(page, kind))


async def _reported(what: str, ask: Callable[[], Awaitable[_Reported]], tell: Callable[[_Reported], Check]) -> Check:
    try:
        return tell(await ask())
    except ConnectorError as error:
        return Check(what, "failed", f"{error} Cycles can do without.")


def _discovered(answer: Answer | None) -> Check:
    if answer is None or answer.resource is None:
        return Check("discovery", "not offered", "It has no ServiceProviderConfig; cycles can do without.")
    offers = [name for name in ("patch", "filter", "bulk", "sort", "etag") if _supported(answer.resource.get(name))]
    return Check("discovery", "passed", f"It says that it offers {', '.join(offers) or 'nothing'}.")


def _supported(value: object) -> bool:
    return isinstance(value, dict) and value.get("supported") is True


def _paged(page: Page, kind: Kind) -> Check:
    what = "paging" if kind == "user" else "groups"
    number = "does not say how many there are" if page.total is None else f"holds {page.total:,} {kind}s"
    return Check(what, "passed" if page.complete else "failed", f"It lists {kind}s page by page, and {number}.")


def _said(exchange: Exchange | None) -> str:
    if exchange is None or exchange.status is None:
        return ""
    body = exchange.response_body[:_BODY_BYTES].decode("utf-8", "replace")
    return " ".join(f"HTTP {exchange.status} {body}".split())
