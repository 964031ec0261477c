"""Memberships in a PATCH, readable without loading the group (spec/scim-wire.md sections 3, 9 and 5, rows 3 and 4).

Pure. A server that keeps memberships as rows touches only the rows named here, whatever the size of the group. What
cannot be the id of a member is refused where one is to be removed: it would be answered 204, but the access would stay.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from provisor.scim.errors import invalid_filter, invalid_value, shown
from provisor.scim.filter.grammar import parse_attribute_path
from provisor.scim.filter.tree import And, Compare, Filter, Not, Or, Path
from provisor.scim.patch.operations import Operation
from provisor.scim.schemas.resource_types import GROUP_URN
from provisor.scim.values import Json

IsId = Callable[[str], bool]

_ONE_MEMBER = re.compile(r'members\[\s*value\s+eq\s+"([^"\\]*)"\s*\]', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChange:
    """What happens to the members, by id. With `replace_all` the group holds exactly `add` afterwards.

    No id is in both lists: the last operation on it counts, so an add followed by a remove is a remove.
    """

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    replace_all: bool = False


def split_members(
    operations: Iterable[Operation], is_id: IsId = bool
) -> tuple[MemberChange, tuple[Operation, ...]] | None:
    """The change to the members, and the operations about other attributes, to be applied to the group without them.

    None when members are selected by more than their id. `is_id` says whether a text can be the id of a member. Raises
    ScimError invalidPath for an invalid path, invalidValue for a member without an id, and for the removal of what
    cannot be one, invalidFilter where it is chosen so by the path.
    """
    verdicts: dict[str, bool] = {}
    replace_all = False
    others: list[Operation] = []
    more = False
    for operation in operations:
        for part in _parts(operation):
            target = None if part.path is None else _member_target(part.path)
            if target is None:
                others.append(part)
                continue
            ids = _member_ids(part, target, is_id)
            if ids is None:
                more = True
                continue
            if target.filter is None and (part.op == "replace" or (part.op == "remove" and part.value is None)):
                replace_all = True
                verdicts.clear()
            verdicts.update((identifier, part.op != "remove") for identifier in ids)
    if more:
        return None
    change = MemberChange(
        add=tuple(identifier for identifier, stays in verdicts.items() if stays),
        remove=() if replace_all else tuple(identifier for identifier, stays in verdicts.items() if not stays),
        replace_all=replace_all,
    )
    return change, tuple(others)


def _parts(operation: Operation) -> list[Operation]:
    """A path-less operation that changes members among other things, taken apart."""
    if operation.path is not None or not isinstance(operation.value, dict) or operation.op == "remove":
        return [operation]
    parts = [
        Operation(op=operation.op, path=key, value=value)
        for key, value in operation.value.items()
        if "members" in key.lower() and _member_target(key) is not None
    ]
    if not parts:
        return [operation]
    named = {part.path for part in parts}
    rest = {key: value for key, value in operation.value.items() if key not in named}
    return [*parts, Operation(op=operation.op, value=rest)] if rest else parts


def _member_target(path: str) -> Path | None:
    """The path when it names members, None when it names something else."""
    if path == "members":
        return _ALL_MEMBERS
    match = _ONE_MEMBER.fullmatch(path)
    if match is not None:
        return _one_member(match[1])
    parsed = parse_attribute_path(path, (GROUP_URN,))
    at_home = parsed.urn is None or parsed.urn.lower() == GROUP_URN.lower()
    return parsed if at_home and parsed.attribute.lower() == "members" else None


_ALL_MEMBERS = Path(attribute="members")
_VALUE = Path(attribute="value")


def _one_member(identifier: str) -> Path:
    return Path(attribute="members", filter=Compare(path=_VALUE, op="eq", value=identifier))


def _member_ids(operation: Operation, target: Path, is_id: IsId) -> list[str] | None:
    """The ids an operation names, None when it chooses members by something else."""
    if target.filter is not None:
        _check_chosen(target.filter, is_id)
    if target.sub is not None:
        return None
    if target.filter is None:
        return [] if operation.value is None else _ids(operation, is_id)
    match target.filter:
        case Compare(path=Path(sub=None) as compared, op="eq", value=str() as chosen) if operation.op == "remove":
            name = compared.attribute.lower()
            # An address is recognised by its end: the server may have had another name when it gave it out.
            return [chosen] if name == "value" else [chosen.rpartition("/")[2]] if name == "$ref" else None
        case _:
            return None


def _check_chosen(tree: Filter, is_id: IsId) -> None:
    """Refuse a comparison with what no member can have for an id or address: it chooses nobody, or everybody."""
    match tree:
        case And() | Or():
            for part in tree.filters:
                _check_chosen(part, is_id)
        case Not():
            _check_chosen(tree.filter, is_id)
        case Compare(op="eq" | "ne", value=chosen) if (name := tree.path.attribute.lower()) in ("value", "$ref"):
            text = chosen.rpartition("/")[2] if isinstance(chosen, str) and name == "$ref" else chosen
            if not isinstance(text, str) or not is_id(text):
                raise invalid_filter(
                    f"members: {shown(chosen)} is no {_NAMES[name]} of a member, as this server gives it."
                )
        case _:
            pass


_NAMES = {"value": "id", "$ref": "address"}


def _ids(operation: Operation, is_id: IsId) -> list[str]:
    value = operation.value
    removes = operation.op == "remove"
    items = value if isinstance(value, list) else [] if value == "" and not removes else [value]
    ids = [_id(item) for item in items]
    if removes:
        for identifier in ids:
            if not is_id(identifier):
                raise invalid_value(f"members: {shown(identifier)} is no id of a member, as this server gives them.")
    return ids


def _id(item: Json) -> str:
    value = item
    if isinstance(item, dict):
        value = item.get("value")
        if value is None:
            value = {key.lower(): inner for key, inner in item.items()}.get("value")
    if not isinstance(value, str) or not value:
        raise invalid_value(f"A member needs its id as text in value, which {shown(item)} lacks.")
    return value
