"""Edit attribute list: what the application can hold of one kind of object, added to, changed and asked of itself.

Order: the pages, asking the application, what the form says.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from provisor.admin.actor import JOB_WRITE
from provisor.admin.attributes import GivenAttribute
from provisor.admin.errors import AdminError
from provisor.portal.errors import said
from provisor.portal.mappings.drafting import Desk, back, desk, kind_of, refusal_status, title_of
from provisor.portal.visits import PortalVisit
from provisor.rules.attributes import MUTABILITIES, TYPES, AttributeDefinition, DefinedMutability, DefinedType
from provisor.rules.discovered import Discovered
from provisor.rules.mapping import ObjectKind
from provisor.web.answers import PageAnswer, TemplatePage

_MUTABILITY_WORDS: Final[Mapping[DefinedMutability, str]] = {
    "ReadWrite": "Read and write",
    "ReadOnly": "Read only",
    "Immutable": "Only at creation",
    "WriteOnly": "Write only",
}


def show(visit: PortalVisit) -> PageAnswer:
    """The list, and the form for one more, or for the one that the address names."""
    here, kind = desk(visit), kind_of(visit)
    wanted = visit.query.get("attribute", "")
    held = next((one for one in here.ruleset.attributes_of(kind) if one.name == wanted), None)
    return _page(here, kind, held or AttributeDefinition(name=""), editing=held is not None)


def send(visit: PortalVisit) -> PageAnswer:
    """One attribute more, one less, or something else said of one."""
    here, kind = desk(visit, JOB_WRITE), kind_of(visit)
    form, own = visit.form, f"{here.address_of(kind)}/attributes"
    lists, document = visit.admin.attributes, here.draft.document
    name, do = form.get("name", "").strip(), form.get("do", "")
    given = _given(visit)
    try:
        if do == "remove":
            changed = lists.without(visit.actor, here.job.id, document, kind, name)
            done = f"{name} is no longer on the list, in the draft. Nothing is saved yet."
        elif do == "set":
            changed = lists.said(visit.actor, here.job.id, document, kind, name, **given)
            done = f"{name} is changed in the draft. Nothing is saved yet."
        else:
            if not name:
                raise AdminError(
                    "invalid-value", "The attribute has no name.", "Give the name that the application uses."
                )
            changed = lists.added(visit.actor, here.job.id, document, kind, name, **given)
            done = f"{name} is on the list, in the draft. Map it, and save then."
        here.changed(changed)
    except AdminError as error:
        status = refusal_status(error)
        typed = replace(AttributeDefinition(name=name), **given)
        return _page(here, kind, typed, editing=do == "set", problem=said(error), status=status)
    return back(own, done)


def _page(
    here: Desk,
    kind: ObjectKind,
    typed: AttributeDefinition,
    *,
    editing: bool,
    problem: str = "",
    status: int = 200,
    asked: Discovered | None = None,
) -> TemplatePage:
    listed = here.visit.admin.attributes.all(here.visit.actor, here.job.id, kind, document=here.draft.document)
    values: dict[str, object] = {
        "own": f"{here.address_of(kind)}/attributes",
        "back": here.address_of(kind),
        "mapping_title": title_of(here.ruleset.of(kind)),
        "application": here.job.application.name,
        "kind": kind,
        "listed": listed,
        "defaults": any(one.definition.default is not None for one in listed),
        "typed": typed,
        "editing": editing,
        "types": [(one, one) for one in TYPES],
        "mutabilities": [(one, _MUTABILITY_WORDS[one]) for one in MUTABILITIES],
        "mutability_words": _MUTABILITY_WORDS,
        "asked": asked,
        "wrong": [text for place, text in here.problems if "/attributes/" in place],
    }
    return here.page("attributes.html", "Edit attribute list", values, problem=problem, status=status)


# Asking the application


def ask(visit: PortalVisit) -> PageAnswer:
    """What the application says that it can hold, put on the list in the draft."""
    here, kind = desk(visit, JOB_WRITE), kind_of(visit)
    blank = AttributeDefinition(name="")
    try:
        discovery, document = visit.admin.attributes.asked(visit.actor, here.job.id, here.draft.document)
        if any(one.added for one in discovery.kinds):
            here.changed(document)
            here = desk(visit, JOB_WRITE)
    except AdminError as error:
        status = refusal_status(error)
        return _page(here, kind, blank, editing=False, problem=said(error), status=status)
    return _page(here, kind, blank, editing=False, asked=next(one for one in discovery.kinds if one.kind == kind))


# What the form says


def _given(visit: PortalVisit) -> GivenAttribute:
    form = visit.form
    type_name: DefinedType = next((one for one in TYPES if one == form.get("type")), "String")
    mutability: DefinedMutability = next((one for one in MUTABILITIES if one == form.get("mutability")), "ReadWrite")
    return {
        "type": type_name,
        "mutability": mutability,
        "required": form.get("required") == "yes",
        "case_exact": form.get("case_exact") == "yes",
        "multi_valued": form.get("multi_valued") == "yes",
        "flow_null": form.get("flow_null") == "yes",
        "default": form.get("default") or None,
    }
