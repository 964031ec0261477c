"""Dynamic groups, whose members a rule decides: told by their attributes, and refused by name.

Pure. No rule is evaluated here, so such a group would be empty, and whoever is in it lose access. It can be imported as
rows of members instead (spec/provisioning-service.md section 5.3 treats it like any other group then).
"""

from collections.abc import Mapping
from typing import Final

from provisor.directory.objects import DirectoryValue, Refusal
from provisor.scim.naming import spelled

MEMBERSHIP_TYPE: Final = "membershipType"  # a column of Entra's list of groups: Assigned or Dynamic
_RULE: Final = "membershipRule"
_TYPES: Final = "groupTypes"
WAY_OUT: Final = "Leave that out, and give its members as rows of the members file or with `provisor member add`."


def sign_of_dynamic(given: Mapping[str, DirectoryValue], membership_type: str = "") -> str | None:
    """What makes a group with these attributes a dynamic one; None for a usual group."""
    if given.get(_RULE):
        return f"it has a {_RULE}"
    types = given.get(_TYPES)
    if isinstance(types, list) and any("dynamicmembership" in str(one).lower() for one in types):
        return f"its {_TYPES} have DynamicMembership"
    if "dynamic" in membership_type.lower():
        return f"its {MEMBERSHIP_TYPE} is {membership_type}"
    return None


def refused_dynamic(name: str, sign: str) -> Refusal:
    """The refusal of a dynamic group."""
    return Refusal(
        code="dynamic-group",
        message=f"The group {spelled(name)} is dynamic: {sign}, and rules of membership are not evaluated here.",
        hint=WAY_OUT,
    )
