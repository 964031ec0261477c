"""OpenLDAP as a source under the contract: a server with somebody who changes what it holds."""

from typing import Any

import ldap3

from provisor.connectors.ldap import LdapDirectory
from provisor.engine.ports import Secret
from provisor.engine.sources import DirectorySource, RecordTold
from provisor.rules.source_settings import LdapSettings
from support.ldap_following import settings_of
from support.slapd import GROUPS, PASSWORD, PEOPLE, Slapd


class LdapRig:
    """Groups name themselves as members, because one must have a member; a renamed person is renamed there too."""

    tells_gone = False

    def __init__(self, slapd: Slapd) -> None:
        self._slapd = slapd
        self._names: dict[str, str] = {}

    def settings(self) -> LdapSettings:
        return settings_of(self._slapd.port)

    def connector(self) -> DirectorySource:
        return LdapDirectory(self.settings(), {"password": Secret(PASSWORD)})

    def person(self, name: str, *, title: str = "", manager: str | None = None) -> None:
        values = {"title": [title] if title else [], "manager": [self._named(manager)] if manager else []}
        with self._slapd.administrator() as administrator:
            if name in self._names:
                changes = {key: [(ldap3.MODIFY_REPLACE, value)] for key, value in values.items()}
                administrator.modify(self._named(name), changes)
                return
            self._names[name] = f"uid={name},{PEOPLE}"
            held = {"uid": name, "cn": name, "sn": name, "mail": f"{name}@example.org"}
            administrator.add(
                self._named(name), "inetOrgPerson", held | {key: one for key, one in values.items() if one}
            )

    def group(self, name: str, *members: str) -> None:
        own = f"cn={name},{GROUPS}"
        held = {"member": [own, *map(self._named, members)]}
        with self._slapd.administrator() as administrator:
            if name in self._names:
                administrator.modify(own, {"member": [(ldap3.MODIFY_REPLACE, held["member"])]})
            else:
                self._names[name] = own
                administrator.add(own, "groupOfNames", {"cn": name} | held)

    def rename(self, name: str, called: str) -> None:
        former, self._names[name] = self._named(name), f"uid={called},{PEOPLE}"
        with self._slapd.administrator() as administrator:
            administrator.modify_dn(former, f"uid={called}")
            administrator.search(GROUPS, f"(member={former})")
            for group in [entry["dn"] for entry in administrator.response]:
                changes = [(ldap3.MODIFY_ADD, [self._named(name)]), (ldap3.MODIFY_DELETE, [former])]
                administrator.modify(group, {"member": changes})

    def remove(self, name: str) -> None:
        with self._slapd.administrator() as administrator:
            administrator.delete(self._names.pop(name))

    def called(self, record: RecordTold) -> str:
        return str(record.reference.split(",")[0].partition("=")[2])

    def title(self, values: dict[str, Any]) -> str:
        return str(values.get("title", [""])[0])

    def _named(self, name: str) -> str:
        return self._names[name]
