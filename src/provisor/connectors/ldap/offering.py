"""Which attributes of an LDAP directory an administrator may choose besides the default ones, from its schema.

Neither references, nor what the server itself keeps, nor anything secret. Any person may have what an auxiliary class
allows, and so may any group. Rules: RFC 4512 section 4, RFC 4517 section 3.3 (syntaxes).
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

from provisor.connectors.ldap.questions import GROUP_ATTRIBUTES, MEMBER_NAMES, MEMBERS, USER_ATTRIBUTES
from provisor.connectors.ldap_session import LdapSession
from provisor.connectors.ldap_session.subschema import LdapAttributeType, ObjectClass, attribute_types, object_classes
from provisor.engine.sources import SourceAttribute

_Type: TypeAlias = Literal["String", "Boolean", "Integer", "DateTime", "Binary"]
_KINDS_OF_SYNTAX: Final[Mapping[_Type, tuple[int, ...]]] = {
    "String": (11, 15, 22, 26, 36, 38, 41, 44, 50, 52),
    "Boolean": (7,),
    "Integer": (27,),
    "DateTime": (24,),
    "Binary": (4, 5, 8, 28, 40),
}
_SYNTAXES: Final[Mapping[str, _Type]] = {
    f"1.3.6.1.4.1.1466.115.121.1.{number}": kind for kind, numbers in _KINDS_OF_SYNTAX.items() for number in numbers
}
_CLASSES: Final[Mapping[Literal["user", "group"], frozenset[str]]] = {
    "user": frozenset({"person"}),
    "group": frozenset({"groupofnames", "groupofuniquenames", "posixgroup"}),
}
_USUAL: Final[Mapping[Literal["user", "group"], frozenset[str]]] = {
    "user": frozenset(name.lower() for name in USER_ATTRIBUTES),
    "group": frozenset(name.lower() for name in (*GROUP_ATTRIBUTES, *MEMBERS, MEMBER_NAMES)),
}
_SECRET: Final = ("password", "passwd", "secret", "privatekey", "krbprincipalkey", "userpkcs12")
_OF_LDAP: Final = frozenset({"objectclass"})  # what every entry has, and which says nothing of anybody


def offered(session: LdapSession) -> Sequence[SourceAttribute]:
    """What may be chosen, in the order of names, each under the first of its names."""
    where = session.root(["subschemaSubentry"]).text("subschemaSubentry")
    schema = (
        session.look_up(where, ["attributeTypes", "objectClasses"], query="(objectClass=subschema)") if where else None
    )
    if schema is None:
        return ()
    classes = object_classes(schema.texts("objectClasses"))
    held = {kind: _held(classes, of) - _USUAL[kind] - _OF_LDAP for kind, of in _CLASSES.items()}
    found = []
    for one in attribute_types(schema.texts("attributeTypes")):
        kinds = tuple(
            kind for kind, names in held.items() if _may_have(one, names) and not _may_have(one, _USUAL[kind])
        )
        kept_type = _SYNTAXES.get(one.syntax)
        if kinds and kept_type is not None and not one.by_server and not _is_secret(one):
            found.append(
                SourceAttribute(name=one.name, type=kept_type, multi_valued=not one.single_valued, kinds=kinds)
            )
    return sorted(found, key=lambda one: one.name)


def _held(classes: Sequence[ObjectClass], of: frozenset[str]) -> frozenset[str]:
    fitting = (one for one in classes if one.auxiliary or one.line & of)
    return frozenset(name.lower() for one in fitting for name in one.attributes)


def _may_have(one: LdapAttributeType, names: frozenset[str]) -> bool:
    return any(name.lower() in names for name in one.names)


def _is_secret(one: LdapAttributeType) -> bool:
    return any(word in name.lower() for name in one.names for word in _SECRET)
