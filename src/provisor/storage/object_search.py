"""The rows by which users and groups are searched, filtered and ordered: one of each that is not deleted.

Written with the objects themselves (storage.objects), asked by storage.directory_query. Text is folded; what is absent
is empty.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from provisor.database import Connection
from provisor.directory.objects import DirectoryObject
from provisor.scim.values import fold

# Properties that are text, with their columns. Those of a group's own are empty in a user's row, and the other way.
TEXT_COLUMNS: Final[Mapping[str, str]] = {
    "displayName": "display_name",
    "givenName": "given_name",
    "surname": "surname",
    "mail": "mail",
    "mailNickname": "mail_nickname",
    "employeeId": "employee_id",
    "department": "department",
    "jobTitle": "job_title",
    "userType": "user_type",
}
_WRITTEN = ("name", *TEXT_COLUMNS.values(), "enabled", "synced")
_PUT = f"""INSERT INTO object_search (tenant, kind, object, {", ".join(_WRITTEN)})
    VALUES ({", ".join("?" * (3 + len(_WRITTEN)))}) ON CONFLICT (tenant, kind, object) DO UPDATE SET
    {", ".join(f"{column} = excluded.{column}" for column in _WRITTEN)}"""
_FORGET = "DELETE FROM object_search WHERE tenant = ? AND kind = ? AND object = ?"


def put(connection: Connection, tenant: str, objects: Iterable[DirectoryObject]) -> None:
    """These objects are found as they are now; those that are deleted are not found any more."""
    alive, gone = list[tuple[object, ...]](), list[tuple[object, ...]]()
    for item in objects:
        if item.alive:
            alive.append(_row(tenant, item))
        else:
            gone.append((tenant, item.kind, item.id))
    connection.many(_PUT, alive)
    if gone:
        connection.many(_FORGET, gone)


def forget_deleted(connection: Connection, tenant: str, change: int) -> None:
    """Whoever was deleted under this change number is not found any more."""
    connection.execute(
        """DELETE FROM object_search WHERE tenant = ? AND kind IN ('user', 'group') AND object IN (
        SELECT id FROM object WHERE tenant = ? AND change = ? AND deleted_at IS NOT NULL)""",
        (tenant, tenant, change),
    )


def _row(tenant: str, item: DirectoryObject) -> tuple[object, ...]:
    attributes = item.attributes
    texts = [fold(value) if isinstance(value := attributes.get(name), str) else "" for name in TEXT_COLUMNS]
    synced = attributes.get("onPremisesSyncEnabled") is True
    return (tenant, item.kind, item.id, fold(item.name), *texts, int(item.enabled), int(synced))
