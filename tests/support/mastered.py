"""Objects that connected sources feed, without a source: their records as a run would have left them."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from provisor.database import Connection, Database
from provisor.database.identifiers import new_id
from provisor.directory.objects import DirectoryObject, DirectoryValue
from provisor.rules.source_settings import (
    ActiveDirectorySettings,
    ConnectedKind,
    CsvSettings,
    EntraSettings,
    LdapSettings,
    Server,
    SourceSettings,
    encode_settings,
)
from provisor.storage.feed import next_change
from provisor.storage.mirrored_assignments import mirror_assignments
from provisor.storage.times import to_microseconds

_SERVER: Final = Server(addresses=("dc1.contoso.example",), user="reader@contoso.example")
SETTINGS: Final[Mapping[ConnectedKind, SourceSettings]] = {
    "active-directory": ActiveDirectorySettings(server=_SERVER, base="DC=contoso,DC=example"),
    "ldap": LdapSettings(server=_SERVER, base="dc=contoso,dc=example"),
    "entra": EntraSettings(tenant="contoso.example", client="11111111-2222-3333-4444-555555555555"),
    "csv": CsvSettings(users="users.csv", groups="groups.csv", members="members.csv"),
}


class FedObjects:
    """Sources by name, and what they say of whom."""

    def __init__(self, database: Database, tenant: str, now: datetime) -> None:
        self.database, self.tenant, self.now = database, tenant, now
        self.ids = dict[str, str]()

    def connect(
        self,
        name: str,
        kind: ConnectedKind = "active-directory",
        *,
        precedence: int = 100,
        ended_at: datetime | None = None,
        settings: SourceSettings | None = None,
    ) -> str:
        """A connected source of this name; its id."""
        key = self.ids[name] = new_id()
        ended = None if ended_at is None else to_microseconds(ended_at)
        with self.database.transaction() as connection:
            connection.execute(
                "INSERT INTO source (id, tenant, kind, name, created_at) VALUES (?, ?, ?, ?, ?)",
                (key, self.tenant, kind, name, to_microseconds(self.now)),
            )
            connection.execute(
                """INSERT INTO connected_source (source, tenant, settings, precedence, schedule_state, interval_seconds,
                last_ended_at) VALUES (?, ?, ?, ?, 'Active', 1800, ?)""",
                (key, self.tenant, encode_settings(settings or SETTINGS[kind]).decode(), precedence, ended),
            )
        return key

    def feed(
        self,
        name: str,
        item: DirectoryObject,
        given: Mapping[str, DirectoryValue],
        *,
        manager: str | None = None,
        presence: str = "here",
        document: Mapping[str, object] | None = None,
    ) -> str:
        """A record of the source of this name that feeds an object with these attributes; its anchor."""
        anchor = f"anchor-of-{item.id}"
        with self.database.transaction() as connection:
            self._insert(connection, name, item, anchor, given, manager, presence, document or {})
        return anchor

    def _insert(
        self,
        connection: Connection,
        name: str,
        item: DirectoryObject,
        anchor: str,
        given: Mapping[str, DirectoryValue],
        manager: str | None,
        presence: str,
        document: Mapping[str, object],
    ) -> None:
        left = None if presence == "here" else to_microseconds(self.now)
        connection.execute(
            """INSERT INTO source_record (source, anchor, tenant, kind, reference, document, flowed, manager, object,
            presence, dirty, seen, left_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 1, ?)""",
            (
                self.ids[name],
                anchor,
                self.tenant,
                item.kind,
                anchor,
                json.dumps(document),
                json.dumps(given),
                manager,
                item.id,
                presence,
                left,
            ),
        )

    def assign(self, name: str, application: str, wanted: Iterable[tuple[str, str]]) -> None:
        """Make these the assignments of the source of this name: pairs of the ids of a principal and a role."""
        with self.database.transaction() as connection:
            mirror_assignments(
                connection,
                self.tenant,
                source=self.ids[name],
                application=application,
                wanted=set(wanted),
                now=self.now,
                change=lambda: next_change(connection, self.tenant),
            )
