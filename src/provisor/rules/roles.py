"""App roles in the documents of the target: which roles an account lacks, and what is sent for it.

Pure. SingleAppRoleAssignment and AppRoleAssignmentsComplex only add roles, AssertiveAppRoleAssignmentsComplex replaces
them all. Rules: spec/provisioning-service.md section 7. Order: the flow, compiling it, what is sent, comparing roles.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from provisor.rules.mapping import AttributeMapping, FlowType, FromExpression
from provisor.scim.entra import ROLE_TYPE
from provisor.scim.filter.evaluation import Predicate
from provisor.scim.patch.operations import Operation
from provisor.scim.path import Getter, Path, getter, render_path, resolve, setter
from provisor.scim.path import Setter as Put
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import Json, Resource

SOURCE = "appRoleAssignments"
ASSERTIVE = "AssertiveAppRoleAssignmentsComplex"
SINGLE = "SingleAppRoleAssignment"
WHOLE = frozenset({"AppRoleAssignmentsComplex", ASSERTIVE})
FUNCTIONS = WHOLE | {SINGLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFlow:
    """One list of roles that a mapping adds to or replaces. `chosen` None: every element of the list is a role."""

    target: str
    attribute: str
    take: Getter
    chosen: Predicate | None
    replaces: bool
    flow_type: FlowType


def role_flow(row: AttributeMapping, resource_type: ResourceType) -> RoleFlow | None:
    """The flow of a mapping that writes roles into a list of objects after creation; None for every other mapping."""
    if not isinstance(row.source, FromExpression) or row.flow_type == "ObjectAddOnly":
        return None
    functions = row.source.expression.functions
    place = resolve(row.target, resource_type)
    attribute = place.attribute
    if not functions & FUNCTIONS or attribute is None or not attribute.multi_valued or attribute.type != "complex":
        return None
    path = render_path(Path(attribute=attribute.name, urn=place.urn))
    return RoleFlow(
        target=row.target,
        attribute=path,
        take=getter(path, resource_type),
        chosen=place.chosen,
        replaces=ASSERTIVE in functions and row.flow_type == "Always",
        flow_type=row.flow_type,
    )


def typed(row: AttributeMapping, put: Put, resource_type: ResourceType) -> Put:
    """The setter of a mapping, which also marks a single role as such, as Entra does."""
    place = resolve(row.target, resource_type)
    single = isinstance(row.source, FromExpression) and SINGLE in row.source.expression.functions
    attribute = place.attribute
    if not single or attribute is None or place.sub is None or place.described is None or "type" in place.described:
        return put
    if attribute.sub("type") is None or place.sub.name == "type":
        return put
    path = render_path(Path(attribute=attribute.name, urn=place.urn, filter=place.path.filter, sub="type"))
    take_type, put_type = getter(path, resource_type), setter(path, resource_type)

    def put_typed(document: Resource, value: Json) -> None:
        put(document, value)
        if take_type(document) is None:
            put_type(document, ROLE_TYPE)

    return put_typed


def role_operations(flows: Iterable[RoleFlow], held: Resource, wanted: Resource) -> Iterator[Operation]:
    """What must be sent so that an account that holds `held` has the roles of `wanted`."""
    said: list[tuple[str, list[Json]]] = []  # the value and display of one role come from two mappings
    for flow in flows:
        before = _elements(flow.take(held))
        roles = [item for item in _elements(flow.take(wanted)) if flow.chosen is None or flow.chosen(item)]
        missing: list[Json] = [role for role in roles if not any(_holds(item, role) for item in before)]
        if flow.flow_type == "AttributeAddOnly" and before:
            continue
        if flow.replaces:
            strangers = [item for item in before if not any(_holds(item, role) for role in roles)]
            if roles and (missing or strangers):
                yield Operation(op="replace", path=flow.attribute, value=[*roles])
        elif missing and (flow.attribute, missing) not in said:
            said.append((flow.attribute, missing))
            yield Operation(op="add", path=flow.attribute, value=missing)


def _elements(value: Json) -> list[Resource]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _holds(item: Resource, role: Resource) -> bool:
    """Whether an element at the target is this role. Parts of a role that a target does not keep make no difference.

    Entra's older dialect writes a role as JSON text, which targets keep as it came (spec/scim-wire.md section 5).
    """
    value = item.get("value")
    if isinstance(value, str) and value.startswith("{"):
        try:
            written = json.loads(value)
        except ValueError:
            return False
        return isinstance(written, dict) and written.get("value") == role.get("value")
    return all(item.get(name, wanted) == wanted for name, wanted in role.items() if name != "value") and (
        value == role.get("value")
    )
