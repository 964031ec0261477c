"""The message of a bulk request (RFC 7644 section 3.7), read into steps; doing them is for `verbs.bulk`.

Order: the message, one operation, references.
"""

from collections.abc import Sequence

from provisor.database.identifiers import new_id
from provisor.provider.model.limits import BULK_OPERATIONS
from provisor.provider.protocol.routes import holds, nothing_at, route
from provisor.provider.verbs.bulk import Bulk, Step
from provisor.provider.verbs.bulk_order import REFERENCE, resolved
from provisor.scim.errors import ScimError, invalid_syntax, invalid_value, shown, too_large
from provisor.scim.values import Json, Resource

BULK_REQUEST_URN = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
_METHODS = ("POST", "PUT", "PATCH", "DELETE")


def parse_bulk(body: Resource) -> Bulk:
    """Read a BulkRequest. Raises ScimError for the request as a whole; an error of one operation stays with it.

    413 for more than BULK_OPERATIONS.
    """
    fields = {name.lower(): value for name, value in body.items()}
    schemas = fields.get("schemas")
    if schemas is not None and not holds(schemas, BULK_REQUEST_URN):
        raise invalid_syntax(f"The schemas of a bulk request must hold {BULK_REQUEST_URN}, not {shown(schemas)}.")
    listed = fields.get("operations")
    if not isinstance(listed, list):
        raise invalid_syntax(f"A bulk request needs a list of Operations, not {shown(listed)}.")
    if len(listed) > BULK_OPERATIONS:
        raise too_large(f"A bulk request may hold {BULK_OPERATIONS} operations; this one has {len(listed)}.")
    errors = fields.get("failonerrors")
    if errors is not None and (isinstance(errors, bool) or not isinstance(errors, int) or errors < 0):
        raise invalid_value(f"failOnErrors must be a whole number, not {shown(errors)}.")
    steps = [_step(item) for item in listed]
    _give_ids(steps)
    return Bulk(steps, errors or 0)


def _step(item: Json) -> Step:
    fields = {name.lower(): value for name, value in item.items()} if isinstance(item, dict) else {}
    method, path, bulk_id = fields.get("method"), fields.get("path"), fields.get("bulkid")
    version = fields.get("version")
    step = Step(
        method=method.upper() if isinstance(method, str) else "",
        path=path if isinstance(path, str) else "",
        bulk_id=bulk_id if isinstance(bulk_id, str) else None,
        version=version if isinstance(version, str) else None,
        data=fields.get("data"),
    )
    try:
        _check(step, item)
    except ScimError as refusal:
        step.refusal = refusal
    return step


def _check(step: Step, item: Json) -> None:
    if not isinstance(item, dict):
        raise invalid_syntax(f"An operation is an object, not {shown(item)}.")
    if step.method not in _METHODS:
        raise invalid_syntax(f"method must be POST, PUT, PATCH or DELETE, not {shown(item.get('method'))}.")
    if not step.path.startswith("/"):
        raise invalid_syntax(f'path must be text such as "/Users", not {shown(item.get("path"))}.')
    place, id_ = route(step.path)
    if place.kind is None or place.search:
        raise nothing_at(step.path, place)
    if step.method == "POST" and id_:
        raise invalid_syntax(f"POST goes to /Users or /Groups, not to {shown(step.path)}.")
    if step.method != "POST" and not id_:
        raise invalid_syntax(f"{step.method} needs the id of a resource in its path, not {shown(step.path)}.")
    if step.method == "POST" and not step.bulk_id:
        raise invalid_syntax("A POST needs a bulkId, so that you can tell which resource became of it.")
    if step.method != "DELETE" and not isinstance(step.data, dict):
        raise invalid_syntax(f"{step.method} needs an object in data, not {shown(step.data)}.")
    step.kind, step.id = place.kind, id_


def _give_ids(steps: Sequence[Step]) -> None:
    """Give every resource that is to be made its id, and put it wherever a `bulkId:` stands for it."""
    ids: dict[str, str] = {}
    for step in steps:
        if step.method != "POST" or step.bulk_id is None or step.refusal is not None:
            continue
        if step.bulk_id in ids:
            step.refusal = invalid_value(f"The bulkId {shown(step.bulk_id)} was used before in this request.")
            continue
        ids[step.bulk_id] = step.id = new_id()
    for step in steps:
        names: set[str] = set()
        try:
            step.data = resolved(step.data, ids, names)
            if step.method != "POST" and step.id.startswith(REFERENCE):
                step.id = str(resolved(step.id, ids, names, "value"))
        except ScimError as refusal:
            if step.refusal is None:
                step.refusal = refusal
        step.names = frozenset(names)
