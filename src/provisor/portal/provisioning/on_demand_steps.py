"""What became of an object that was provisioned on demand, as its page tells it: five steps with their facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from provisor.admin.on_demand import Provisioned
from provisor.engine.on_demand import OnDemandStep
from provisor.portal.provisioning.advice import advice
from provisor.portal.provisioning.exchanges import readable

StepTone = Literal["good", "warn", "bad", "plain"]

# The names that Microsoft Entra has for them.
_NAMES: Final[Mapping[str, str]] = {
    "test connection": "Test connection",
    "import": "Import {kind}",
    "determine scope": "Determine if {kind} is in scope",
    "match": "Match {kind} between source and target system",
    "perform action": "Perform action",
}
_STATES: Final[Mapping[str, tuple[str, StepTone, str]]] = {
    "success": ("Success", "good", "done"),
    "warning": ("Warning", "warn", "done"),
    "skipped": ("Skipped", "plain", "skipped"),
    "failure": ("Failed", "bad", "failed"),
    "": ("Not reached", "plain", "skipped"),
}
_RESULTS: Final[Mapping[tuple[str, bool], tuple[str, StepTone]]] = {
    ("Success", False): ("Provisioned", "good"),
    ("Skipped", False): ("Skipped", "plain"),
    ("Failure", False): ("Failed", "bad"),
    ("Success", True): ("Would be provisioned", "good"),
    ("Skipped", True): ("Would be skipped", "plain"),
    ("Failure", True): ("Would fail", "bad"),
}
_FLAGS: Final = (
    *("IsActive", "Assigned", "IsEffectivelyEntitledForProvisioning", "IsInProvisioningScopeDisplayName"),
    *("ScopeSyncAll", "HasRequiredRole", "ScopeEvaluationResult"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldStep:
    """One step. `facts` are pairs of a name and a value; `changes` are attributes before and after."""

    name: str
    state: str
    tone: StepTone
    mark: str
    said: str
    opened: bool = False
    facts: Sequence[tuple[str, str]] = ()
    read: Sequence[Mapping[str, Any]] = ()
    filters: Sequence[Mapping[str, Any]] = ()
    queries: Sequence[Mapping[str, Any]] = ()
    changes: Sequence[Mapping[str, Any]] = ()
    requests: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldObject:
    """One object, with its steps, what to do and what else follows."""

    one: Provisioned
    state: str
    tone: StepTone
    steps: Sequence[ToldStep]
    hint: str
    notes: Sequence[str] = field(default_factory=list)


def told(one: Provisioned) -> ToldObject:
    """For the page. What a command line could do is not said here."""
    state, tone = _RESULTS[one.result, one.dry_run]
    by_name: dict[str, OnDemandStep] = {step.name: step for step in one.steps}
    steps = [_told_step(one, name, by_name.get(name)) for name in _NAMES if name != "test connection"]
    return ToldObject(
        one=one,
        state=state,
        tone=tone,
        steps=[_connection(one), *steps],
        hint=advice(one.hint),
        notes=[note for note in map(advice, one.notes) if note],
    )


def _connection(one: Provisioned) -> ToldStep:
    """The first step, which is told by the engine only when it fails."""
    failed = next((step for step in one.steps if step.name == "test connection"), None)
    if failed is not None:
        return _told_step(one, "test connection", failed)
    said = f"{one.application} answered, and takes the credentials of this job."
    return ToldStep(name=_NAMES["test connection"], state="Success", tone="good", mark="done", said=said)


def _told_step(one: Provisioned, name: str, step: OnDemandStep | None) -> ToldStep:
    called = _NAMES[name].format(kind=one.kind)
    state, tone, mark = _STATES["" if step is None else step.status]
    if step is None:
        return ToldStep(name=called, state=state, tone=tone, mark=mark, said="")
    details = step.details
    changes = next((_list(details.get(key)) for key in ("written", "wouldWrite", "attempted") if details.get(key)), [])
    return ToldStep(
        name=called,
        state=state,
        tone=tone,
        mark=mark,
        said=step.description,
        opened=step.status in ("failure", "warning") or step.name == "perform action",
        facts=_facts(step),
        read=_list(details.get("read")),
        filters=_list(details.get("Filters")),
        queries=_list(details.get("queries")),
        changes=changes,
        requests=[readable(sent) for sent in _list(details.get("requests"))],
    )


def _facts(step: OnDemandStep) -> list[tuple[str, str]]:
    """What is said in one value, in the words of Entra where it has them."""
    details = step.details
    match step.name:
        case "import":
            names = {"id": "Object ID", "name": "Name", "accountEnabled": "Account enabled", "deleted": "Deleted"}
            return [(words, str(details[key])) for key, words in names.items() if key in details]
        case "determine scope":
            roles = details.get("Roles")
            facts = [(flag, str(details[flag])) for flag in _FLAGS if flag in details]
            return [*facts, ("Roles", ", ".join(map(str, roles)))] if isinstance(roles, list) and roles else facts
        case "match":
            return [("Linked to", str(details["linkedTo"]))] if details.get("linkedTo") else []
        case _:
            names = {"action": "Action", "errorCode": "Error code", "SkipReason": "Skip reason"}
            return [(words, str(details[key])) for key, words in names.items() if details.get(key)]


def _list(value: Any) -> list[Mapping[str, Any]]:
    return value if isinstance(value, list) else []
