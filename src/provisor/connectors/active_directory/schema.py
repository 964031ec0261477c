"""Which attributes of a forest may become directory extensions, from its schema.

Single-valued text, booleans, whole numbers and octets, and text and octets with several values; no references, nothing
that is computed or not replicated. Sources: spec/entra-connect.md section 4, MS-ADTS 3.1.1.2 (classes, syntaxes).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from provisor.connectors.ldap_session import LdapEntry, LdapSession
from provisor.engine.sources import SourceAttribute

_SYNTAXES: Final[Mapping[str, Literal["String", "Boolean", "Integer", "Binary"]]] = {
    "2.5.5.2": "String",  # object identifier
    "2.5.5.3": "String",  # case-sensitive
    "2.5.5.4": "String",  # teletex
    "2.5.5.5": "String",  # printable or IA5
    "2.5.5.6": "String",  # digits
    "2.5.5.12": "String",  # Unicode
    "2.5.5.8": "Boolean",
    "2.5.5.9": "Integer",  # enumerations too
    "2.5.5.10": "Binary",
    "2.5.5.17": "Binary",  # SID
}
_REPLICA_LINK: Final = "127"  # the oMSyntax of octets that are a reference
_SEVERAL: Final = frozenset({"String", "Binary"})
_NOT_REPLICATED: Final = 0x1
_CONSTRUCTED: Final = 0x4
_CLASSES: Final[Mapping[Literal["user", "group"], tuple[str, ...]]] = {
    "user": ("user", "inetOrgPerson"),
    "group": ("group",),
}
# What nobody may read, whatever the rights.
_SECRET: Final = frozenset(
    {"unicodepwd", "dbcspwd", "ntpwdhistory", "lmpwdhistory", "supplementalcredentials", "userpassword",
     "currentvalue", "priorvalue", "initialauthincoming", "initialauthoutgoing", "trustauthincoming",
     "trustauthoutgoing", "pekList".lower(), "msds-executescriptpassword"}
)  # fmt: skip
_HELD: Final = ("mustContain", "systemMustContain", "mayContain", "systemMayContain")
_ABOVE: Final = ("subClassOf", "auxiliaryClass", "systemAuxiliaryClass")
_ATTRIBUTE: Final = ("lDAPDisplayName", "attributeSyntax", "oMSyntax", "isSingleValued", "systemFlags", "isDefunct")


def attributes_of(session: LdapSession, base: str) -> Sequence[SourceAttribute]:
    """What may be chosen for people, groups or both, in the order of names; names with their case kept."""
    classes = {
        name.lower(): entry
        for entry in session.search(
            base, "(objectClass=classSchema)", ("lDAPDisplayName", *_HELD, *_ABOVE), scope="level"
        )
        if (name := entry.text("lDAPDisplayName"))
    }
    held = {kind: _held(names, classes) for kind, names in _CLASSES.items()}
    entries = session.search(base, "(objectClass=attributeSchema)", _ATTRIBUTE, scope="level")
    found = [one for entry in entries if (one := _choice(entry, held)) is not None]
    return sorted(found, key=lambda one: one.name)


def _choice(entry: LdapEntry, held: Mapping[Literal["user", "group"], frozenset[str]]) -> SourceAttribute | None:
    name = entry.text("lDAPDisplayName") or ""
    kinds = tuple(kind for kind, names in held.items() if name.lower() in names)
    kept_type = _SYNTAXES.get(entry.text("attributeSyntax") or "")
    several = (entry.text("isSingleValued") or "").upper() != "TRUE"
    if not kinds or kept_type is None or (several and kept_type not in _SEVERAL):
        return None
    flags = _number(entry.text("systemFlags"))
    # The schema says of objectGUID that it is not replicated, since every copy of an object has it from the beginning.
    kept_back = _CONSTRUCTED if name.lower() == "objectguid" else _CONSTRUCTED | _NOT_REPLICATED
    left_out = (
        flags & kept_back
        or (entry.text("isDefunct") or "").upper() == "TRUE"
        or entry.text("oMSyntax") == _REPLICA_LINK
        or name.lower() in _SECRET
    )
    return None if left_out else SourceAttribute(name=name, type=kept_type, multi_valued=several, kinds=kinds)


def _held(names: Sequence[str], classes: Mapping[str, LdapEntry]) -> frozenset[str]:
    """The folded names of all that objects of these classes may have, from what is above and beside them too."""
    waiting, seen, found = [name.lower() for name in names], set[str](), set[str]()
    while waiting:
        name = waiting.pop()
        entry = classes.get(name)
        if entry is None or name in seen:
            continue
        seen.add(name)
        found.update(_lowered(entry, _HELD))
        waiting += _lowered(entry, _ABOVE)
    return frozenset(found)


def _lowered(entry: LdapEntry, names: Sequence[str]) -> Iterator[str]:
    return (value.lower() for name in names for value in entry.texts(name))


def _number(text: str | None) -> int:
    try:
        return int(text or "0")
    except ValueError:
        return 0
