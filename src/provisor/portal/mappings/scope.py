"""Source Object Scope: filters built clause by clause, how many pass them while they are typed, and why somebody does.

Clauses of one filter must all hold; one filter that holds is enough. The form carries everything that was typed, so
that clauses come and go without anything being saved. Order: the pages, what the form says, what is said of it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Final

import regex

from provisor.admin.actor import DIRECTORY_READ, JOB_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.rule_edits import with_filters
from provisor.portal.errors import said
from provisor.portal.mappings.drafting import Desk, back, desk, kind_of, refusal_status, title_of
from provisor.portal.mappings.trying import RuleTrial, trial
from provisor.portal.visits import PortalVisit
from provisor.rules.clauses import scope_problems
from provisor.rules.mapping import ObjectKind, ObjectMapping
from provisor.rules.operators import OPERATORS, PATTERN, UNARY, operator_named
from provisor.rules.scoping import Clause, FilterGroup, Scope, as_text, compiled_pattern, decided
from provisor.web.answers import PageAnswer, TemplatePage

_FIELD: Final = re.compile(r"(title|attribute|operator|value)-(\d{1,3})(?:-(\d{1,3}))?", re.ASCII)
_COMMAND: Final = re.compile(
    r"(add-filter|add-clause|remove-filter|remove-clause)(?:-(\d{1,3}))?(?:-(\d{1,3}))?", re.ASCII
)
_MOST_FILTERS: Final = 30
_MOST_CLAUSES: Final = 100
_LONGEST_SHOWN: Final = 200
_TRIED_SECONDS: Final = 1.0  # each pattern has its own bound, and there may be a hundred
MEANINGS: Final[Mapping[str, str]] = {
    "EQUALS": "is exactly the value, in the same case",
    "NOT EQUALS": "has a value, and another one",
    "REGEX MATCH": "matches the pattern from its beginning to its end",
    "NOT REGEX MATCH": "has a value that does not match the pattern",
    "Includes": "has the value in it, in the same case",
    "ENDS_WITH": "ends with the value, in the same case",
    "Greater_Than": "is a whole number greater than the value",
    "Greater_Than_OR_EQUALS": "is a whole number, and the value or greater",
    "IS TRUE": "is true",
    "IS FALSE": "is false",
    "IS NULL": "is empty",
    "IS NOT NULL": "is not empty",
    "&": "is found within the value",
    "!&": "has a value that is not found within the value here",
}


@dataclass(slots=True, kw_only=True)
class TypedClause:
    """One clause as it stands in the form."""

    attribute: str = ""
    operator: str = "EQUALS"
    value: str = ""
    wrong: Sequence[str] = ()
    held: str = ""  # by the chosen person: yes, no, undecided
    seen: str = ""  # their value

    @property
    def unary(self) -> bool:
        """Whether it takes no value."""
        return self.operator in UNARY


@dataclass(slots=True, kw_only=True)
class TypedFilter:
    """One filter as it stands in the form."""

    title: str = ""
    clauses: list[TypedClause] = field(default_factory=list)
    wrong: Sequence[str] = ()
    held: str = ""


def show(visit: PortalVisit) -> PageAnswer:
    """The filters as they are in the draft."""
    here, kind = desk(visit), kind_of(visit)
    return _page(here, kind, [_shown(group) for group in here.ruleset.of(kind).scope.groups])


def _shown(group: FilterGroup) -> TypedFilter:
    return TypedFilter(
        title=group.title,
        clauses=[
            TypedClause(attribute=one.attribute, operator=one.operator, value="".join(one.values[:1]))
            for one in group.clauses
        ],
    )


def send(visit: PortalVisit) -> PageAnswer:
    """What a button asks for: another clause or filter, one less, counting, trying, or taking it all over."""
    here, kind = desk(visit), kind_of(visit)
    typed = _typed(visit)
    command = _COMMAND.fullmatch(visit.form.get("do", ""))
    if command is not None:
        fresh = _commanded(typed, *command.groups())
        return _page(here, kind, typed, fresh=fresh)
    if visit.form.get("do") != "apply":
        return _page(here, kind, typed)
    here = desk(visit, JOB_WRITE)
    mapping = here.ruleset.of(kind)
    if any(one.wrong or any(clause.wrong for clause in one.clauses) for one in _checked(here, mapping, typed)):
        text = "The filters cannot be used like this. What is wrong stands beside each of them."
        return _page(here, kind, typed, problem=text, status=400)
    try:
        here.changed(with_filters(here.draft.document, kind, _groups(typed, mapping.scope)))
    except AdminError as error:
        status = refusal_status(error)
        return _page(here, kind, typed, problem=said(error), status=status)
    return back(here.address_of(kind), "The scoping filters are in the draft. Nothing is saved yet.")


# What the form says


def _typed(visit: PortalVisit) -> list[TypedFilter]:
    """The filters and clauses of the form in the order of their numbers."""
    filters: dict[int, TypedFilter] = {}
    clauses: dict[int, dict[int, TypedClause]] = {}
    for name, value in visit.form.items():
        found = _FIELD.fullmatch(name)
        if found is None or len(filters) > _MOST_FILTERS:
            continue
        what, at, inner = found[1], int(found[2]), found[3]
        one = filters.setdefault(at, TypedFilter())
        if inner is None:
            one.title = value if what == "title" else one.title
        elif what != "title":
            held = clauses.setdefault(at, {})
            if int(inner) in held or sum(map(len, clauses.values())) < _MOST_CLAUSES:
                setattr(held.setdefault(int(inner), TypedClause()), what, value)
    for at, held in clauses.items():
        filters[at].clauses = [held[number] for number in sorted(held)]
    return [filters[number] for number in sorted(filters)]


def _commanded(typed: list[TypedFilter], what: str, at: str | None, inner: str | None) -> str:
    """Do what a button says; returns the id of the field where typing goes on, if there is a new one."""
    number, clause = int(at or 0), int(inner or 0)
    clauses = sum(len(one.clauses) for one in typed)
    if what == "add-filter" and len(typed) < _MOST_FILTERS and clauses < _MOST_CLAUSES:
        typed.append(TypedFilter(clauses=[TypedClause()]))
        return f"attribute-{len(typed)}-1"
    if not 1 <= number <= len(typed):
        return ""
    held = typed[number - 1].clauses
    if what == "add-clause" and clauses < _MOST_CLAUSES:
        held.append(TypedClause())
        return f"attribute-{number}-{len(held)}"
    if what == "remove-filter":
        del typed[number - 1]
    elif what == "remove-clause" and 1 <= clause <= len(held):
        del held[clause - 1]
        if not held:
            del typed[number - 1]
    return ""


def _groups(typed: Sequence[TypedFilter], before: Scope) -> list[FilterGroup]:
    """The filters as rules have them; clauses without an attribute, and filters without a clause, are not meant."""
    groups = ((one, tuple(map(_clause, filter(_is_meant, one.clauses)))) for one in typed)
    return [_with_unknown(FilterGroup(title=one.title.strip(), clauses=held), before) for one, held in groups if held]


def _is_meant(clause: TypedClause) -> bool:
    return bool(clause.attribute.strip())


def _clause(typed: TypedClause) -> Clause:
    operator = operator_named(typed.operator) or "EQUALS"
    values = () if operator in UNARY else (typed.value,)
    return Clause(attribute=typed.attribute.strip(), operator=operator, values=values)


def _with_unknown(group: FilterGroup, before: Scope) -> FilterGroup:
    """The filter with what a document says besides, which the form does not show."""
    twin = next((one for one in before.groups if one.title == group.title), None)
    if twin is None:
        return group
    known = {(one.attribute, one.operator, one.values): one.extra for one in twin.clauses}
    clauses = (replace(one, extra=known.get((one.attribute, one.operator, one.values), {})) for one in group.clauses)
    return replace(group, extra=twin.extra, clauses=tuple(clauses))


# What is said of it


def _page(
    here: Desk, kind: ObjectKind, typed: list[TypedFilter], *, fresh: str = "", problem: str = "", status: int = 200
) -> TemplatePage:
    mapping = here.ruleset.of(kind)
    filters = _checked(here, mapping, typed)
    groups = _groups(typed, mapping.scope)
    scope = replace(mapping.scope, groups=tuple(groups))
    chosen = trial(here, kind)
    readable = all(map(_is_readable, scope.groups + scope.input_groups))
    verdict = _why(filters, scope, chosen) if readable else ""
    counts = here.visit.actor.may(DIRECTORY_READ) and readable
    count = here.visit.admin.schemas.count_scope(here.visit.actor, here.job.id, kind, scope) if counts else None
    names = sorted(here.surroundings.source.of(kind), key=str.casefold)
    values: dict[str, object] = {
        "own": f"{here.address_of(kind)}/scope",
        "back": here.address_of(kind),
        "mapping_title": title_of(mapping),
        "kind": kind,
        "filters": filters,
        "fresh": fresh,
        "operators": OPERATORS,
        "meanings": MEANINGS,
        "attributes": names,
        "input_filters": len(scope.input_groups),
        "count": count,
        "trial": chosen,
        "trial_id": "trial",
        "verdict": verdict,
        "full": len(typed) >= _MOST_FILTERS or sum(len(one.clauses) for one in typed) >= _MOST_CLAUSES,
        "assigned_only": here.job.shown.job.settings.get("scope") != "all",
    }
    return here.page("scope.html", "Source Object Scope", values, problem=problem, status=status)


def _checked(here: Desk, mapping: ObjectMapping, typed: list[TypedFilter]) -> list[TypedFilter]:
    """The same with what is wrong beside each clause, and beside the filter where its clauses exclude each other."""
    source = here.surroundings.source

    def wrong(*clauses: Clause) -> list[str]:
        alone = replace(mapping, scope=Scope(groups=(FilterGroup(clauses=clauses),)))
        return [f"{one.message} {one.hint}" for one in scope_problems(alone, source)]

    for one in typed:
        meant = [clause for clause in one.clauses if _is_meant(clause)]
        for clause in meant:
            clause.wrong = wrong(_clause(clause))
            if operator_named(clause.operator) is None:
                clause.wrong = ["There is no such operator. Choose one."]
        one.wrong = [] if any(clause.wrong for clause in meant) else wrong(*map(_clause, meant))
    return typed


def _is_readable(group: FilterGroup) -> bool:
    """Whether its patterns can be compiled, without which nobody can be judged."""
    try:
        for clause in group.clauses:
            if clause.operator in PATTERN:
                compiled_pattern("".join(clause.values[:1]))
    except regex.error:
        return False
    return True


def _why(filters: Sequence[TypedFilter], scope: Scope, chosen: RuleTrial) -> str:
    """Note at every clause whether it holds for whoever was chosen; returns the whole in a sentence."""
    subject, until = chosen.subject, monotonic() + _TRIED_SECONDS
    if subject is None:
        return ""
    for one in filters:
        for clause in filter(_is_meant, one.clauses):
            value = subject.view.get(clause.attribute.strip())
            found = decided(_clause(clause), value) if monotonic() < until else None
            clause.held = {True: "yes", False: "no", None: "undecided"}[found]
            clause.seen = "" if value in (None, "", []) else as_text(value)[:_LONGEST_SHOWN]
        told = [clause.held for clause in one.clauses if clause.held]
        one.held = "" if not told else "no" if "no" in told else "undecided" if "undecided" in told else "yes"
    if monotonic() >= until:
        return f"These patterns take longer than {_TRIED_SECONDS:g} seconds on one {subject.kind}: a cycle would, too."
    return scope.judge(subject.view).reason
