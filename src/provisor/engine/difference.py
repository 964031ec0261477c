"""What must be written so that an account holds what the rules want: operations, and the document afterwards.

Pure. Compares with the document last pushed, or with what the target was just read to hold; the caller chooses.
"""

from typing import NamedTuple

from provisor.rules.mapper import Mapped, Mapper
from provisor.rules.roles import role_operations
from provisor.scim.patch.applying import apply
from provisor.scim.patch.derivation import derive
from provisor.scim.patch.operations import Operation
from provisor.scim.path import getter
from provisor.scim.values import Resource


class Difference(NamedTuple):
    """`operations` lead from what is held to `after`; none when the account holds everything already."""

    operations: tuple[Operation, ...]
    after: Resource


def difference(held: Resource, mapped: Mapped, mapper: Mapper, *, suppress_case_changes: bool = False) -> Difference:
    """Lay the mapped values over what is held. A mapping that always flows is sent even when nothing changed."""
    after = mapper.lay_over(held, mapped, suppress_case_changes=suppress_case_changes)
    operations = derive(held, after, mapper.resource_type)
    if mapper.roles:
        roles = tuple(role_operations(mapper.roles, after, mapped.wanted))
        after = apply(after, roles, mapper.resource_type)
        operations = (*operations, *roles)
    if mapper.always:
        changed = {operation.path for operation in operations}
        insisted = [
            Operation(op="replace", path=path, value=value)
            for path in sorted(mapper.always - changed)
            if (value := getter(path, mapper.resource_type)(mapped.wanted)) is not None
        ]
        operations = (*operations, *insisted)
    return Difference(operations, after)
