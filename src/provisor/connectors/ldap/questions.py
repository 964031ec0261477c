"""What is asked of an LDAP directory: filters and attributes of people, groups and containers.

Pure. The default attributes are those that the inbound rules read (directory.inbound.ldap); attributes that the server
does not know are passed over by it. Rules: RFC 2798 (inetOrgPerson), RFC 4519, RFC 4512 section 3.4 (operational).
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from provisor.connectors.ldap.horizon import written
from provisor.connectors.ldap_session import filter_value
from provisor.engine.sources import RecordKind
from provisor.rules.source_settings import LdapSettings, extensions_of

USER_ATTRIBUTES: Final = (
    "uid", "cn", "displayName", "givenName", "sn", "mail", "title", "departmentNumber", "ou", "o",
    "physicalDeliveryOfficeName", "telephoneNumber", "mobile", "facsimileTelephoneNumber", "street", "l", "st",
    "postalCode", "co", "c", "employeeNumber", "employeeType", "preferredLanguage", "manager",
    "pwdAccountLockedTime", "nsAccountLock", "shadowExpire",
)  # fmt: skip
GROUP_ATTRIBUTES: Final = ("cn", "displayName", "description", "mail")
MEMBERS: Final = ("member", "uniqueMember")
MEMBER_NAMES: Final = "memberUid"  # of posixGroup: no distinguished names, but uids
UID: Final = "uid"
REFERENCES: Final = frozenset({"manager"})
CHANGED, CREATED = "modifyTimestamp", "createTimestamp"
# Unique of every kind of object, and kept through renames, by what the server itself does.
OF_THE_SERVER: Final = frozenset({"entryuuid", "nsuniqueid", "ipauniqueid", "guid", "orclguid", "ibm-entryuuid"})
BINARY: Final = frozenset({"guid"})  # eDirectory's is sixteen bytes
_CONTAINERS: Final = (
    "organizationalUnit", "organization", "domain", "dcObject", "locality", "country", "container", "nsContainer",
)  # fmt: skip


class LdapQuestions:
    """What settings ask of a directory."""

    def __init__(self, settings: LdapSettings) -> None:
        self.settings = settings
        self._filters: Mapping[RecordKind, str] = {
            "user": _in_brackets(settings.user_filter),
            "group": _in_brackets(settings.group_filter),
            "container": "(|" + "".join(f"(objectClass={name})" for name in _CONTAINERS) + ")",
        }
        chosen = [one.attribute for one in settings.filters]
        users = [one.attribute for one in extensions_of(settings, "user")]
        groups = [one.attribute for one in extensions_of(settings, "group")]
        self._values: Mapping[RecordKind, dict[str, str]] = {
            "user": _spelled((settings.sign_in_name, settings.anchor, *users, *chosen, *USER_ATTRIBUTES)),
            "group": _spelled((self.anchor("group"), *groups, *chosen, *GROUP_ATTRIBUTES)),
            "container": _spelled((self.anchor("container"), "ou")),
        }
        extensions = (*settings.user_extensions, *settings.group_extensions)
        self.binary: Final = BINARY | {one.attribute.lower() for one in extensions if one.type == "Binary"}

    def anchor(self, kind: RecordKind) -> str:
        """The attribute that identifies objects of a kind: one chosen for people may be missing from others."""
        chosen = self.settings.anchor
        return chosen if kind == "user" or chosen.lower() in OF_THE_SERVER else "entryUUID"

    def values(self, kind: RecordKind) -> Mapping[str, str]:
        """The attributes that become values of a record: folded name and spelled name."""
        return self._values[kind]

    def attributes(self, kind: RecordKind, *, members: bool = True) -> list[str]:
        """Every attribute to ask for, those that name the members of a group among them."""
        naming = (*MEMBERS, MEMBER_NAMES) if kind == "group" and members else ()
        return [*self._values[kind].values(), *naming, CHANGED, CREATED]

    def equal(self, name: str, value: str) -> str:
        """The filter for an attribute that has a value, as a record told it."""
        return f"({name}={filter_value(base64.b64decode(value) if name.lower() in self.binary else value)})"

    def query(self, kind: RecordKind, since: datetime | None = None) -> str:
        """The filter for objects of a kind: all, or those that were changed or created at a moment or later."""
        if since is None:
            return self._filters[kind]
        at = written(since)
        return f"(&{self._filters[kind]}(|({CHANGED}>={at})({CREATED}>={at})))"


def _spelled(names: tuple[str, ...]) -> dict[str, str]:
    """Each attribute once, as it is spelled first: an administrator's spelling before ours."""
    spelled: dict[str, str] = {}
    for name in names:
        spelled.setdefault(name.lower(), name)
    return spelled


def _in_brackets(query: str) -> str:
    query = query.strip()
    return query if query.startswith("(") else f"({query})"
