"""A domain of Active Directory as a source under the contract: in memory, behind a small LDAP server."""

from typing import Any

from provisor.connectors.active_directory import ActiveDirectory
from provisor.engine.ports import Secret
from provisor.engine.sources import DirectorySource, RecordTold
from provisor.rules.source_settings import ActiveDirectorySettings
from support import ad_directory
from support.ad_schema import put_schema
from support.domain_following import settings_of
from support.ldap_server import PASSWORD, USER, LdapServer


class DomainRig:
    """`way` is how it is read: dirsync or usn."""

    tells_gone = True

    def __init__(self, way: str) -> None:
        self._way = way
        self._domain = ad_directory.ActiveDirectory()
        self._domain.bin.deleted = True
        self._domain.set(self._domain.bin, isDeleted="TRUE")
        put_schema(self._domain)
        self._entries: dict[str, Any] = {}
        self._opened: list[ActiveDirectory] = []
        self._server = LdapServer(ad_directory.DomainController(self._domain, page_objects=1))
        self._server.start()

    def close(self) -> None:
        """End the server and the connections to it."""
        for one in self._opened:
            one.close()
        self._server.stop()

    def settings(self) -> ActiveDirectorySettings:
        return settings_of(self._server.address, USER, self._domain.base, incremental=self._way)

    def connector(self) -> DirectorySource:
        self._opened.append(ActiveDirectory(self.settings(), Secret(PASSWORD)))
        return self._opened[-1]

    def person(self, name: str, *, title: str = "", manager: str | None = None) -> None:
        values = {"title": title or None, "manager": self._entries[manager] if manager else None}
        if name in self._entries:
            self._domain.set(self._entries[name], **values)
        else:
            held = {key: value for key, value in values.items() if value is not None}
            self._entries[name] = self._domain.person(name, **held)

    def group(self, name: str, *members: str) -> None:
        wanted = [self._entries[member] for member in members]
        if name not in self._entries:
            self._entries[name] = self._domain.group(name, wanted)
            return
        group = self._entries[name]
        held = group.linked("member")
        self._domain.join(group, *(one for one in wanted if one not in held))
        self._domain.leave(group, *(one for one in held if one not in wanted))

    def rename(self, name: str, called: str) -> None:
        self._domain.rename(self._entries[name], f"CN={called}")
        self._domain.set(self._entries[name], sAMAccountName=called)

    def remove(self, name: str) -> None:
        self._domain.delete(self._entries.pop(name))

    def called(self, record: RecordTold) -> str:
        return str(record.values["sAMAccountName"][0])

    def title(self, values: dict[str, Any]) -> str:
        return str((values.get("title") or [""])[0])
