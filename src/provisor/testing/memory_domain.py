"""A domain of Active Directory in memory: what its records look like, for those who only say who works there."""

import uuid
from base64 import b64encode

from provisor.engine.sources import RawValue
from provisor.testing.memory_source import MemorySource

DOMAIN = "DC=contoso,DC=example"
PEOPLE = f"OU=People,{DOMAIN}"


def anchor_of(name: str) -> str:
    """The anchor that a record of this name always has in these tests: base64 of a GUID's bytes."""
    return b64encode(uuid.uuid5(uuid.NAMESPACE_DNS, name).bytes_le).decode()


class Domain:
    """People and groups of a domain by short names, which are the first part of everybody's userPrincipalName."""

    def __init__(self, *, page_size: int = 3) -> None:
        self.source = MemorySource(page_size=page_size)

    def person(
        self,
        name: str,
        *,
        disabled: bool = False,
        manager: str | None = None,
        below: str = PEOPLE,
        **values: str | None,
    ) -> str:
        """Add or change a person; returns the anchor."""
        anchor = anchor_of(name)
        raw: dict[str, RawValue] = {
            "objectClass": ["top", "person", "organizationalPerson", "user"],
            "objectGUID": [anchor],
            "sAMAccountName": [name],
            "userPrincipalName": [f"{name}@contoso.example"],
            "displayName": [name.title()],
            "userAccountControl": ["514" if disabled else "512"],
            "distinguishedName": f"CN={name},{below}",
            **({"manager": anchor_of(manager)} if manager else {}),
            **{key: None if value is None else [value] for key, value in values.items()},
        }
        self.source.put("user", anchor, raw)
        return anchor

    def group(self, name: str, *members: str, below: str = f"OU=Groups,{DOMAIN}") -> str:
        """Add or change a group and its members, by their short names."""
        anchor = anchor_of(name)
        raw: dict[str, RawValue] = {
            "objectClass": ["top", "group"],
            "objectGUID": [anchor],
            "sAMAccountName": [name],
            "cn": [name],
            "groupType": ["-2147483646"],
            "distinguishedName": f"CN={name},{below}",
        }
        self.source.put("group", anchor, raw)
        self.source.set_members(anchor, [anchor_of(one) for one in members])
        return anchor

    def container(self, name: str, *, called: str) -> None:
        """Add or rename a container."""
        self.source.put("container", anchor_of(name), {"distinguishedName": called})

    def remove(self, name: str) -> None:
        """Delete somebody, who is in no group any more then."""
        anchor = anchor_of(name)
        for key, record in self.source.records.items():
            if anchor in record.members:
                self.source.set_members(key, [one for one in record.members if one != anchor])
        self.source.remove(anchor)
