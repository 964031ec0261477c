"""The schemas and resource types we speak, and the way to cut a schema down to what an application holds.

Pure data. RFC 7643 sections 4.2 and 8.7.1 for Group, spec/scim-wire.md section 11.2 for Umbrella's. The long User
schema is in user_schema. Order: URNs, Group, Umbrella, subsets, resource types.
"""

from collections.abc import Iterable
from dataclasses import replace

from provisor.scim.schemas.schema import Attribute, Extension, ResourceType, Schema
from provisor.scim.schemas.user_schema import ENTERPRISE_URN, ENTERPRISE_USER, USER, USER_URN, text

__all__ = [
    "ADSCIM_GROUP_URN",
    "ENTERPRISE_URN",
    "ENTERPRISE_USER",
    "GROUP",
    "GROUP_TYPE",
    "GROUP_URN",
    "UMBRELLA_GROUP",
    "UMBRELLA_GROUP_TYPE",
    "UMBRELLA_GROUP_URN",
    "UMBRELLA_URN",
    "UMBRELLA_USER",
    "UMBRELLA_USER_TYPE",
    "USER",
    "USER_TYPE",
    "USER_URN",
    "subset",
]

GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
UMBRELLA_URN = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User"
UMBRELLA_GROUP_URN = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:Group"
ADSCIM_GROUP_URN = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"

GROUP = Schema(
    id=GROUP_URN,
    name="Group",
    description="Group",
    attributes=(
        Attribute(
            name="displayName",
            description="The name of the group.",
            # The prose of RFC 7643 section 4.2 says REQUIRED, the listing in 8.7.1 says false; the prose it is.
            required=True,
        ),
        Attribute(
            name="members",
            type="complex",
            multi_valued=True,
            description="The members of the group.",
            sub_attributes=(
                # The listing says caseExact false, but these values are ids, which are caseExact.
                Attribute(name="value", description="The id of the member.", case_exact=True, mutability="immutable"),
                Attribute(
                    name="$ref",
                    type="reference",
                    description="The address of the member.",
                    case_exact=True,
                    mutability="immutable",
                    reference_types=("User", "Group"),
                ),
                Attribute(
                    name="type",
                    description="The kind of the member.",
                    mutability="immutable",
                    canonical_values=("User", "Group"),
                ),
                text("display", "The name of the member."),
            ),
        ),
    ),
)

_NATIVE_OBJECT_ID = Attribute(
    name="nativeObjectId",
    description="The objectGUID of this object in Active Directory.",
    case_exact=True,
    holds_guid=True,
)
UMBRELLA_USER = Schema(
    id=UMBRELLA_URN, name="CiscoUmbrellaUser", description="Cisco Umbrella User", attributes=(_NATIVE_OBJECT_ID,)
)
UMBRELLA_GROUP = Schema(
    id=UMBRELLA_GROUP_URN,
    name="CiscoUmbrellaGroup",
    description="Cisco Umbrella Group",
    attributes=(_NATIVE_OBJECT_ID,),
)


def subset(schema: Schema, names: Iterable[str]) -> Schema:
    """The same schema with only the named attributes; `name.givenName` keeps one sub-attribute.

    Raises KeyError when the schema has no such attribute: the names are ours, not a client's.
    """
    kept: dict[str, set[str] | None] = {}
    for name in names:
        head, _, sub = name.partition(".")
        attribute = schema.attribute(head)
        if attribute is None or (sub and attribute.sub(sub) is None):
            raise KeyError(f"{schema.id} has no attribute {name}")
        subs = kept.setdefault(attribute.name, set())
        if not sub:
            kept[attribute.name] = None
        elif subs is not None:
            subs.add(sub.lower())
    return replace(
        schema,
        attributes=tuple(
            _cut(attribute, kept[attribute.name]) for attribute in schema.attributes if attribute.name in kept
        ),
    )


def _cut(attribute: Attribute, subs: set[str] | None) -> Attribute:
    if subs is None:
        return attribute
    return replace(attribute, sub_attributes=tuple(sub for sub in attribute.sub_attributes if sub.name.lower() in subs))


USER_TYPE = ResourceType(
    name="User",
    endpoint="/Users",
    description="User Account",
    schema=USER,
    extensions=(Extension(schema=ENTERPRISE_USER),),
)
GROUP_TYPE = ResourceType(name="Group", endpoint="/Groups", description="Group", schema=GROUP)

UMBRELLA_USER_TYPE = ResourceType(
    name="User",
    endpoint="/Users",
    description="User Account",
    schema=subset(USER, ("userName", "active", "displayName", "name.givenName", "name.familyName", "name.formatted")),
    extensions=(Extension(schema=UMBRELLA_USER),),
    ignored=(USER, ENTERPRISE_USER),
)
UMBRELLA_GROUP_TYPE = ResourceType(
    name="Group",
    endpoint="/Groups",
    description="Group",
    schema=GROUP,
    # Older editions of the tutorial map it, the present one does not: kept when sent, not advertised.
    extensions=(Extension(schema=UMBRELLA_GROUP, hidden=True),),
)
