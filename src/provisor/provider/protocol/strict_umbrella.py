"""Umbrella as narrow as it is described: few filters, no bulk, no sorting (spec/scim-wire.md section 11.4).

Pure. Off unless asked for by `--strict-umbrella`: for clients that want to be tested against the original's limits.
"""

from provisor.provider.model.profiles import Kind
from provisor.provider.query.find import Question
from provisor.scim.errors import invalid_filter, not_implemented, shown
from provisor.scim.filter.grammar import parse
from provisor.scim.filter.tree import And, Compare, Filter
from provisor.scim.schemas.schema import ResourceType

_NAMES: dict[Kind, str] = {"User": "username", "Group": "displayname"}


def check_question(question: Question, kind: Kind | None, resource_type: ResourceType) -> None:
    """Refuse what Umbrella would not answer. Raises ScimError 501 for sorting, invalidFilter for other filters.

    `kind` None is a search over every kind, where either name may be asked for.
    """
    if question.sort_by is not None:
        raise not_implemented("Sorting is not served by Umbrella (--strict-umbrella).")
    if question.cursor is not None:
        raise not_implemented("Paging by cursor is not served by Umbrella (--strict-umbrella).")
    if question.filter is not None and not _narrow(parse(question.filter, resource_type), kind):
        names = "userName or displayName" if kind is None else "userName" if kind == "User" else "displayName"
        raise invalid_filter(
            f"{shown(question.filter)}: Umbrella filters by {names} eq and, groups, by id eq and members eq only."
        )


def _narrow(tree: Filter, kind: Kind | None) -> bool:
    terms = tree.filters if isinstance(tree, And) else (tree,)
    names: list[str] = []
    for term in terms:
        if not isinstance(term, Compare) or term.op != "eq" or term.path.filter is not None:
            return False
        names.append(term.path.attribute.lower() + (f".{term.path.sub.lower()}" if term.path.sub else ""))
    allowed = set(_NAMES.values()) if kind is None else {_NAMES[kind]}
    if len(names) == 1:
        return names[0] in allowed
    return kind != "User" and sorted(names) in (["id", "members"], ["id", "members.value"])
