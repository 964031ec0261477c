"""Umbrella as limited as it is described: few filters, no bulk, no sorting (spec/scim-wire.md section 11.4).

Pure. Off unless asked for by `--strict-umbrella`: for clients that want to be tested against the original's limits.
"""

from provisor.provider.model.profiles import ResourceKind
from provisor.provider.verbs.request import ScimRequest
from provisor.scim.errors import invalid_filter, not_implemented, shown
from provisor.scim.filter.grammar import parse
from provisor.scim.filter.tree import And, Compare, Filter

_NAMES: dict[ResourceKind, str] = {"User": "username", "Group": "displayname"}


def check_question(request: ScimRequest) -> None:
    """Refuse what Umbrella would not answer. Raises ScimError 501 for sorting, invalidFilter for other filters.

    In a search over every kind either name may be asked for.
    """
    kind = None if request.root else request.kind
    resource_type = request.tenant.profile.type_of(request.kind)
    if request.sort_by is not None:
        raise not_implemented("Sorting is not served by Umbrella (--strict-umbrella).")
    if request.cursor is not None:
        raise not_implemented("Paging by cursor is not served by Umbrella (--strict-umbrella).")
    if request.filter is not None and not _narrow(parse(request.filter, resource_type), kind):
        names = "userName or displayName" if kind is None else "userName" if kind == "User" else "displayName"
        raise invalid_filter(
            f"{shown(request.filter)}: Umbrella filters by {names} eq and, groups, by id eq and members eq only."
        )


def _narrow(tree: Filter, kind: ResourceKind | None) -> bool:
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
