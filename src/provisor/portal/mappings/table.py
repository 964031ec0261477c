"""Attribute-Mapping: the table of one kind of object as the tutorial has it, what may be done at the target, Save."""

from collections.abc import Mapping, Sequence
from typing import Final

from provisor.admin.actor import JOB_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.rule_differences import ACTION_WORDS, FLOW_WORDS, source_words, type_words
from provisor.admin.rule_edits import with_settings, without_row
from provisor.portal.errors import said
from provisor.portal.mappings import changes
from provisor.portal.mappings.drafting import (
    Desk,
    back,
    desk,
    kind_of,
    number_in,
    pointer_of,
    refusal_status,
    refusing,
    title_of,
)
from provisor.portal.visits import PortalVisit
from provisor.rules.attributes import with_attributes, written_as_one
from provisor.rules.mapping import AttributeMapping, ObjectKind
from provisor.scim.values import fold
from provisor.web.answers import PageAnswer, TemplatePage

_DELETE: Final = "delete-"


def show(visit: PortalVisit) -> PageAnswer:
    """The table."""
    return _table(desk(visit), kind_of(visit))


def _table(here: Desk, kind: ObjectKind, problem: str = "", status: int = 200) -> TemplatePage:
    mapping = here.ruleset.of(kind)
    at = pointer_of(here.draft.document, kind)
    rows = [
        _row(here, kind, row, [text for place, text in here.problems if place == f"{at}/attributeMappings/{number}"])
        for number, row in enumerate(mapping.mappings)
    ]
    inside = (f"{at}/attributeMappings/", f"{at}/scope")
    values: dict[str, object] = {
        "own": here.address_of(kind),
        "kind": kind,
        "mapping": mapping,
        "mapping_title": title_of(mapping),
        "actions": [(name, words, name in mapping.actions) for name, words in ACTION_WORDS.items()],
        "rows": rows,
        "unmapped": _unmapped(here, kind),
        "filters": len(mapping.scope.groups),
        "input_filters": len(mapping.scope.input_groups),
        "filter_problems": [text for place, text in here.problems if place.startswith(inside[1])],
        "other_problems": [text for place, text in here.problems if place == at or not place.startswith((at, "/s"))],
    }
    return here.page("table.html", "Attribute-Mapping", values, problem=problem, status=status)


def _row(here: Desk, kind: ObjectKind, row: AttributeMapping, wrong: Sequence[str]) -> Mapping[str, object]:
    filterable = here.surroundings.template.filterable.get(kind)
    return {
        "target": row.target,
        "type": _types(here, kind).get(_name(here, kind, row.target), "String"),
        "source_type": type_words(row.source),
        "source": source_words(row.source),
        "matching": row.matching_priority,
        "filterable": filterable is None or fold(row.target) in map(fold, filterable),
        "default": row.default,
        "apply": FLOW_WORDS[row.flow_type],
        "every_cycle": row.flow_behavior == "FlowAlways",
        "wrong": wrong,
    }


def _name(here: Desk, kind: ObjectKind, name: str) -> str:
    listed = here.ruleset.attributes_of(kind)
    return written_as_one(name, with_attributes(here.surroundings.template.resource_type(kind), listed))


def _types(here: Desk, kind: ObjectKind) -> Mapping[str, str]:
    return {_name(here, kind, one.name): one.type for one in here.ruleset.attributes_of(kind)}


def _unmapped(here: Desk, kind: ObjectKind) -> Sequence[Mapping[str, object]]:
    """Attributes of the application that no row writes and one could."""
    filterable = here.surroundings.template.filterable.get(kind)
    found = here.visit.admin.attributes.all(here.visit.actor, here.job.id, kind, document=here.draft.document)
    return [
        {
            "name": one.definition.name,
            "type": one.definition.type,
            "filterable": filterable is not None and fold(one.definition.name) in map(fold, filterable),
        }
        for one in found
        if not one.mapped_by and not one.definition.anchor and one.definition.mutability != "ReadOnly"
    ]


def send(visit: PortalVisit) -> PageAnswer:
    """What a button of the table's page asks for."""
    here, kind = desk(visit, JOB_WRITE), kind_of(visit)
    wanted = visit.form.get("do", "")
    if wanted.startswith(_DELETE):
        return refusing(lambda: _deleted(here, kind, wanted), lambda text, status: _table(here, kind, text, status))
    if wanted not in ("save", "keep", "plan"):
        return back(here.address_of(kind))
    try:
        _keep_settings(here, kind)
        here = desk(visit, JOB_WRITE)
        if wanted == "keep":
            return back(here.address_of(kind), "Taken over. Nothing is saved yet.")
        if wanted == "plan":
            return changes.begin_plan(here)
        return changes.save(here, to=here.address_of(kind), edition=here.draft.edition)
    except AdminError as error:
        here = desk(visit, JOB_WRITE)
        if error.code == "rule-problems" and here.problems:
            text = "The mappings cannot be saved like this. What is wrong stands beside what it is about."
            return _table(here, kind, text, 400)
        return _table(here, kind, said(error), refusal_status(error))


def _keep_settings(here: Desk, kind: ObjectKind) -> None:
    """Take what the form says of the settings over into the draft, where it says something else."""
    form, mapping = here.visit.form, here.ruleset.of(kind)
    if "settings" not in form:
        return
    actions = frozenset(name for name in ACTION_WORDS if form.get(f"action-{name}") == "yes")
    enabled = kind == "user" or form.get("enabled") == "yes"
    if (enabled, actions) != (mapping.enabled, mapping.actions) or form.get("edition") != here.draft.edition:
        here.changed(with_settings(here.draft.document, kind, enabled=enabled, actions=actions))


def _deleted(here: Desk, kind: ObjectKind, wanted: str) -> PageAnswer:
    number = number_in(wanted.removeprefix(_DELETE))
    rows = here.ruleset.of(kind).mappings
    if not 1 <= number <= len(rows):
        raise AdminError("not-found", "There is no such mapping.", "Look at the table as it is now.")
    target = rows[number - 1].target
    here.changed(without_row(here.draft.document, kind, number - 1))
    return back(here.address_of(kind), f"The mapping of {target} is deleted in the draft. Nothing is saved yet.")
