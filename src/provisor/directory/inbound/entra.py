"""What a record of a Microsoft Entra tenant gives: Graph's values as they are, where the directory knows them.

Pure. Source: spec/graph-synchronization-api.md sections 11 and 12. A dynamic group is mirrored with the members that
the tenant tells, so its rule is left away: no rule is evaluated here (directory.dynamic).
"""

from collections.abc import Mapping
from typing import Final

from provisor.directory.attributes import KNOWN
from provisor.directory.extensions import PREFIX
from provisor.directory.inbound.arriving import Arrived, ArrivedOrNot, RawValue
from provisor.directory.inbound.extending import fit_extension
from provisor.directory.inbound.giving import Giving, addresses_in, reference_in
from provisor.directory.names import MANAGER
from provisor.directory.objects import DirectoryKind

_RULES_OF_MEMBERSHIP: Final = frozenset({"membershipRule", "membershipRuleProcessingState"})
_DYNAMIC: Final = "dynamicmembership"  # one of groupTypes, folded
_NESTED: Final = "onPremisesExtensionAttributes."  # Graph has the fifteen within one property


def from_entra(kind: DirectoryKind, raw: Mapping[str, RawValue]) -> ArrivedOrNot:
    """What a user or group of a tenant gives, or why it is left out. What the directory lacks is passed over."""
    giving = Giving(kind)
    for told, value in raw.items():
        name = told.removeprefix(_NESTED)
        if name in KNOWN[kind] and name not in _RULES_OF_MEMBERSHIP:
            giving.put(name, _assigned(value) if name == "groupTypes" else value)
        elif name.startswith(PREFIX):
            giving.put_extension(name, fit_extension(giving, name, value))
    given = giving.given
    immutable_id = given.get("onPremisesImmutableId")
    return giving.nameless("the tenant tells none") or Arrived(
        given=given,
        manager=reference_in(raw.get(MANAGER)) if kind == "user" else None,
        immutable_id=immutable_id if isinstance(immutable_id, str) else None,
        addresses=addresses_in(str(given.get("mail", ""))),
        warnings=tuple(giving.warnings),
    )


def _assigned(types: RawValue) -> RawValue:
    """The types of a group, as one whose members are told one by one has them."""
    if not isinstance(types, list):
        return types
    return [one for one in types if isinstance(one, str) and one.lower() != _DYNAMIC]
