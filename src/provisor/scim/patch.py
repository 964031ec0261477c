"""PATCH: operations read, applied to a resource, and derived from two of them (RFC 7644 section 3.5.2).

Pure. The door to four rooms: operations (values and bodies), applying, derivation, membership (groups without loading
them). How Entra spells operations is in entra.
"""

from provisor.scim.applying import apply
from provisor.scim.derivation import derive, same
from provisor.scim.membership import MemberChange, member_changes, split_members
from provisor.scim.operations import MAX_OPERATIONS, PATCH_OP_URN, Operation, parse_operations, patch_op

__all__ = [
    "MAX_OPERATIONS",
    "PATCH_OP_URN",
    "MemberChange",
    "Operation",
    "apply",
    "derive",
    "member_changes",
    "parse_operations",
    "patch_op",
    "same",
    "split_members",
]
