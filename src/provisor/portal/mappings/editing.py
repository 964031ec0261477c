"""Edit Attribute: one mapping, its source an attribute, constant or expression, tried with a real person at once.

The form is the same for a new mapping. What is typed stays until it is taken over into the draft. Order: the pages,
what the form says, what is said of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, get_args

from provisor.admin.actor import JOB_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.rule_differences import FLOW_WORDS, source_words, type_words
from provisor.admin.rule_edits import source_of, with_row
from provisor.expressions import FUNCTIONS, MAX_LENGTH_CHARACTERS, ExpressionProblem, signature_of
from provisor.portal.errors import said
from provisor.portal.mappings.drafting import Desk, back, desk, kind_of, number_in, refusal_status, title_of
from provisor.portal.mappings.trying import Mistake, RuleTrial, TriedValue, mistake, result_of, trial
from provisor.portal.visits import PortalVisit
from provisor.rules.attributes import place_of, with_attributes
from provisor.rules.mapping import AttributeMapping, Direct, FixedText, FlowType, FromExpression, ObjectKind
from provisor.rules.sources import EXTENSION
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import fold
from provisor.web.answers import PageAnswer, TemplatePage

_TYPES: Final = ("Direct", "Constant", "Expression", "None")
_OFFERED: Final[tuple[FlowType, ...]] = ("Always", "ObjectAddOnly")  # what Entra's page has; others come by a file
NEW: Final = "new"


def show(visit: PortalVisit) -> PageAnswer:
    """One mapping, or the form for a new one."""
    here, kind = desk(visit), kind_of(visit)
    row, place = _row(here, kind)
    if place is None:
        row = replace(row, target=visit.query.get("target", ""))
    return _page(here, kind, place, _typed_of(row))


def send(visit: PortalVisit) -> PageAnswer:
    """What a button of the form asks for; anything but *Apply* shows what would come of it."""
    here, kind = desk(visit), kind_of(visit)
    typed = _typed(visit)
    if visit.form.get("do") != "apply":
        return _page(here, kind, _place(visit), typed)
    here = desk(visit, JOB_WRITE)
    try:
        row, place = _row(here, kind)
        changed = typed.onto(row)
        if isinstance(changed, ExpressionProblem):
            return _page(here, kind, place, typed, status=400)
        here.changed(with_row(here.draft.document, kind, changed, in_place_of=place))
    except AdminError as error:
        status = refusal_status(error)
        return _page(here, kind, _place(visit), typed, problem=said(error), status=status)
    return back(here.address_of(kind), f"{changed.target} is changed in the draft. Nothing is saved yet.")


def _place(visit: PortalVisit) -> int | None:
    """Which row is meant, counted from 0; None: a new one. Raises AdminError for what is no number."""
    text = visit.names["row"]
    if text == NEW:
        return None
    number = number_in(text)
    if number < 1:
        raise AdminError("not-found", "There is no such mapping.", "Look at the table as it is now.")
    return number - 1


def _row(here: Desk, kind: ObjectKind) -> tuple[AttributeMapping, int | None]:
    place = _place(here.visit)
    if place is None:
        return AttributeMapping(target="", source=Direct("")), None
    rows = here.ruleset.of(kind).mappings
    if place >= len(rows):
        raise AdminError("not-found", "There is no such mapping any more.", "Look at the table as it is now.")
    return rows[place], place


# What the form says


@dataclass(frozen=True, slots=True, kw_only=True)
class _Typed:
    type: str
    attribute: str = ""
    constant: str = ""
    expression: str = ""
    default: str = ""
    target: str = ""
    matching: str = "no"
    precedence: str = ""
    apply: str = "Always"
    flow_null: bool = False

    @property
    def source(self) -> str:
        """What was typed for the type that is chosen."""
        return {"Direct": self.attribute, "Constant": self.constant, "Expression": self.expression}.get(self.type, "")

    def onto(self, row: AttributeMapping) -> AttributeMapping | ExpressionProblem:
        """The mapping with what the form says, and the rest as it was. Raises AdminError for what cannot be."""
        source = source_of(self.type, self.source)
        if isinstance(source, ExpressionProblem):
            return source
        if not self.target.strip():
            raise AdminError("invalid-value", "No target attribute is chosen.", "Choose one.")
        flow = next((one for one in get_args(FlowType) if one == self.apply), None)
        if flow is None:
            raise AdminError("invalid-value", "It is not said when to apply this mapping.", "Choose one.")
        return replace(
            row,
            target=self.target.strip(),
            source=source,
            default=self.default or None,
            matching_priority=self._priority(),
            flow_type=flow,
            flow_null=self.flow_null,
        )

    def _priority(self) -> int:
        if self.matching != "yes":
            return 0
        number = number_in(self.precedence.strip())
        if number < 1:
            hint = "Give 1 where it is tried first."
            raise AdminError("invalid-value", "The matching precedence is a whole number from 1 on.", hint)
        return number


def _typed(visit: PortalVisit) -> _Typed:
    form = visit.form
    return _Typed(
        type=form.get("type", "Direct"),
        attribute=form.get("attribute", ""),
        constant=form.get("constant", ""),
        expression=form.get("expression", "").replace("\r\n", "\n"),
        default=form.get("default", ""),
        target=form.get("target", ""),
        matching=form.get("matching", "no"),
        precedence=form.get("precedence", ""),
        apply=form.get("apply", "Always"),
        flow_null=form.get("flow_null") == "yes",
    )


def _typed_of(row: AttributeMapping) -> _Typed:
    expression = ""
    match row.source:
        case Direct(name):  # an expression begins with what the mapping does now
            expression = f"[{name}]" if name else ""
        case FromExpression(compiled):
            expression = compiled.text
        case _:
            pass
    return _Typed(
        type=type_words(row.source),
        attribute=row.source.attribute if isinstance(row.source, Direct) else "",
        constant=row.source.value if isinstance(row.source, FixedText) else "",
        expression=expression,
        default=row.default or "",
        target=row.target,
        matching="yes" if row.matching_priority else "no",
        precedence=str(row.matching_priority or ""),
        apply=row.flow_type,
        flow_null=row.flow_null,
    )


# What is said of it


def _page(
    here: Desk, kind: ObjectKind, place: int | None, typed: _Typed, *, problem: str = "", status: int = 200
) -> TemplatePage:
    mapping = here.ruleset.of(kind)
    rows = mapping.mappings
    held = rows[place] if place is not None and place < len(rows) else None
    chosen = trial(here, kind)
    wrong, result, warnings = _tried(here, kind, typed, chosen)
    name = NEW if place is None else str(place + 1)
    values: dict[str, object] = {
        "own": f"{here.address_of(kind)}/rows/{name}",
        "back": here.address_of(kind),
        "mapping_title": title_of(mapping),
        "kind": kind,
        "new": place is None,
        "typed": typed,
        "types": [(one, one) for one in _TYPES if one != "None" or typed.type == "None"],
        "sources": _sources(here, kind, typed.attribute),
        "targets": _targets(here, kind, held, typed.target),
        "applies": [(one, FLOW_WORDS[one]) for one in get_args(FlowType) if one in _OFFERED or one == typed.apply],
        "now": "" if held is None else source_words(held.source),
        "mistake": wrong,
        "result": result,
        "warnings": warnings,
        "trial": chosen,
        "trial_id": "trial",
        "functions": _FUNCTIONS,
        "longest": MAX_LENGTH_CHARACTERS,
    }
    title = "Add New Mapping" if place is None else "Edit Attribute"
    return here.page("edit.html", title, values, problem=problem, status=status)


def _tried(
    here: Desk, kind: ObjectKind, typed: _Typed, chosen: RuleTrial
) -> tuple[Mistake | None, TriedValue | None, Sequence[str]]:
    """What is wrong with the expression, what comes of the mapping for whoever was chosen, and what is doubtful."""
    try:
        source = source_of(typed.type, typed.source)
    except AdminError:
        return None, None, ()  # nothing is chosen yet
    if isinstance(source, ExpressionProblem):
        return mistake(typed.expression, source), None, ()
    doubts: tuple[str, ...] = ()
    if isinstance(source, FromExpression):
        doubts = (*source.expression.warnings, *source.expression.hopeless)
        known = here.surroundings.source.of(kind)
        doubts += tuple(
            f"A {kind} has no attribute {name}, so [{name}] is null for everybody."
            for name in sorted(source.expression.reads - set(known))[:5]
        )
    if chosen.subject is None:
        return None, None, doubts
    target = typed.target if _fits(here, kind, typed.target) else ""
    row = AttributeMapping(target=target, source=source, default=typed.default or None)
    return None, result_of(row, _resource_type(here, kind), chosen.subject.view), doubts


def _resource_type(here: Desk, kind: ObjectKind) -> ResourceType:
    listed = here.ruleset.attributes_of(kind)
    return with_attributes(here.surroundings.template.resource_type(kind), listed)


def _fits(here: Desk, kind: ObjectKind, target: str) -> bool:
    return bool(target) and not isinstance(place_of(target, _resource_type(here, kind)), str)


def _sources(here: Desk, kind: ObjectKind, chosen: str) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """The attributes that can be chosen, extensions apart; one that is not known is offered where it is in use."""
    names = sorted(here.surroundings.source.of(kind), key=str.casefold)
    plain = [(name, name) for name in names if not name.startswith(EXTENSION)]
    extensions = [(name, f"{name.split('_', 2)[-1]} ({name})") for name in names if name.startswith(EXTENSION)]
    unknown = [(chosen, chosen)] if chosen and chosen not in names else []
    groups = (("Attributes", plain), ("Extensions", extensions), ("Not in the directory", unknown))
    return [(label, held) for label, held in groups if held]


def _targets(here: Desk, kind: ObjectKind, held: AttributeMapping | None, chosen: str) -> Sequence[tuple[str, str]]:
    """The attributes of the application that no other mapping writes."""
    listed = here.visit.admin.attributes.all(here.visit.actor, here.job.id, kind, document=here.draft.document)
    own = "" if held is None else fold(held.target)
    free = [
        (one.definition.name, f"{one.definition.name} ({one.definition.type})")
        for one in listed
        if not one.definition.anchor and (not one.mapped_by or fold(one.definition.name) == own)
    ]
    names = {name for name, _ in free}
    return free if not chosen or chosen in names else [*free, (chosen, chosen)]


def _help() -> Sequence[Mapping[str, str]]:
    """Every function as its reference has it."""
    return [
        {"name": info.name, "signature": signature_of(info), "help": info.help, "example": info.example}
        for info in FUNCTIONS.values()
    ]


_FUNCTIONS: Final = _help()
