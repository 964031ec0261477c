"""An entry of an LDAP directory as the record that a source tells.

Pure. Values are text, except those known to be octets, which are base64. An entry that cannot be understood is told as
such: it is not passed over, because whoever is not told of in a full read counts as gone.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence

from provisor.connectors.ldap.names import folded_name, member_name
from provisor.connectors.ldap.questions import MEMBER_NAMES, MEMBERS, REFERENCES, LdapQuestions
from provisor.connectors.ldap_session import LdapEntry
from provisor.engine.sources import MembersTold, RawValue, RecordKind, RecordTold, RecordUnreadable
from provisor.scim.values import fold


def record_of(
    asked: LdapQuestions, kind: RecordKind, entry: LdapEntry, named: Mapping[str, str]
) -> RecordTold | RecordUnreadable:
    """What an entry says. `named` has the references of people by their folded uids, as groups of POSIX name them."""
    reference = folded_name(entry.dn)
    anchor_name = asked.anchor(kind)
    anchor = _anchor(entry, anchor_name, binary=anchor_name.lower() in asked.binary)
    if anchor is None:
        why = f"it has no {anchor_name} that this account may read, or not one as text"
        return RecordUnreadable(where=entry.dn, reason=f"{why}.")
    values: dict[str, RawValue] = {"distinguishedName": [entry.dn]}
    for told, held in entry.values.items():
        name = asked.values(kind).get(told.lower())
        if name is None or not held:  # an option, such as ;lang-de, is another value and was not asked for
            continue
        try:
            texts = _texts(held, binary=told.lower() in asked.binary)
        except ValueError:
            return RecordUnreadable(where=entry.dn, reason=f"a value of {name} is no text.", anchor=anchor)
        values[name] = [folded_name(text) for text in texts] if name.lower() in REFERENCES else texts
    members = _members(entry, reference, named) if kind == "group" else None
    return RecordTold(kind=kind, anchor=anchor, reference=reference, values=values, members=members)


def member_names(entry: LdapEntry) -> list[str]:
    """The folded uids by which a group of POSIX names its members."""
    return [fold(text) for text in entry.texts(MEMBER_NAMES)]


def _members(entry: LdapEntry, own: str, named: Mapping[str, str]) -> MembersTold:
    """All members, each once. A group that must have one may name itself or nobody, which is no member."""
    written = [text for name in MEMBERS for text in entry.texts(name)]
    found = [member_name(text) for text in written] + [named[uid] for uid in member_names(entry) if uid in named]
    return MembersTold(added=tuple(_others(found, own)), whole=True)


def _others(references: Iterable[str], own: str) -> dict[str, None]:
    return dict.fromkeys(reference for reference in references if reference not in ("", own))


def _anchor(entry: LdapEntry, name: str, *, binary: bool) -> str | None:
    held = next((values for told, values in entry.values.items() if told.lower() == name.lower()), ())
    try:
        return next((text for text in _texts(held, binary=binary) if text.strip()), None)
    except ValueError:
        return None


def _texts(held: Sequence[bytes], *, binary: bool) -> list[str]:
    if binary:
        return [base64.b64encode(value).decode() for value in held]
    texts = [value.decode() for value in held]
    if any("\0" in text for text in texts):
        raise ValueError("NUL is in no text")
    return texts
