"""Several organisations in one server: each with a base path, tokens, a profile and data of its own.

The default tenant is made at first use (store); the others here. What a tenant's profile adds to the built-in one is
kept as settings: extension schemas as their documents, strictness as a word. Order: making, reading.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from provisor.database import Connection, Database
from provisor.provider.model.profiles import GENERIC, KINDS, PROFILES, Profile, ResourceKind
from provisor.provider.store.tables import (
    DEFAULT_TENANT,
    SHORT_BASE_PATH,
    TargetError,
    Tenant,
    before_first,
    now_microseconds,
    setting,
    store_setting,
    the_tenant,
)
from provisor.scim.nearest import did_you_mean
from provisor.scim.schemas.schema import Extension, ResourceType, Schema, schema_from_json, schema_to_json

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_BASE_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_RESERVED = ("/healthz", "/readyz", "/metrics", "/openapi.json", SHORT_BASE_PATH)
URL_SETTING = "url"  # where the server was last reached: what `token create` prints
_STRICT = "strict"
_SCHEMA = "schema"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTenant:
    """What an administrator says about a new tenant; `base_path` None derives it from the name."""

    name: str
    profile: str = "umbrella"
    base_path: str | None = None
    group_limit: int | None = None
    strict: bool = False
    schemas: Mapping[ResourceKind, Sequence[Schema]]


def create_tenant(database: Database, wanted: NewTenant) -> Tenant:
    """Make a tenant. Raises TargetError for a name or base path that is taken or invalid, and for a mismatch."""
    if not _NAME.fullmatch(wanted.name):
        raise TargetError(
            f"{wanted.name!r} cannot be the name of a tenant.",
            "Write up to 63 of a-z, 0-9, dot, dash and underscore, a letter or digit first.",
        )
    if wanted.profile not in PROFILES:
        raise TargetError(f"A profile is {' or '.join(PROFILES)}, not {wanted.profile!r}.")
    if any(wanted.schemas.values()) and wanted.profile != GENERIC.name:
        raise TargetError("Extension schemas need the profile 'generic'; Umbrella's attributes are fixed.")
    if wanted.strict and wanted.profile == GENERIC.name:
        raise TargetError("--strict-umbrella narrows the profile 'umbrella'; it has no effect on 'generic'.")
    base_path = wanted.base_path or f"/tenants/{wanted.name}/scim/v2"
    the_tenant(database)  # so that it has the first number and its paths count as taken
    with database.transaction() as connection:
        _check_free(connection, wanted.name, base_path)
        row = connection.one(
            "INSERT INTO tenant (name, profile, base_path, group_limit, created_at) VALUES (?, ?, ?, ?, ?) "
            "RETURNING number",
            (wanted.name, wanted.profile, base_path, wanted.group_limit, now_microseconds()),
        )
        assert row is not None  # noqa: S101 - inserted in this statement
        for kind in KINDS:
            connection.execute(
                "INSERT INTO tally (tenant, kind, last) VALUES (?, ?, ?)", (row[0], kind, before_first(row[0], kind))
            )
        tenant = _tenant(connection, (row[0], wanted.name, wanted.profile, base_path, wanted.group_limit))
        if wanted.strict:
            store_setting(connection, tenant, _STRICT, "yes")
        for kind, schemas in wanted.schemas.items():
            for schema in schemas:
                document = json.dumps(schema_to_json(schema), ensure_ascii=False)
                store_setting(connection, tenant, f"{_SCHEMA} {kind} {schema.id}", document)
        return _tenant(connection, (row[0], wanted.name, wanted.profile, base_path, wanted.group_limit))


def _check_free(connection: Connection, name: str, base_path: str) -> None:
    if not _BASE_PATH.fullmatch(base_path) or any(part in (".", "..") for part in base_path.split("/")):
        raise TargetError(f"{base_path!r} is not a base path.", "Write it as /name or /name/scim/v2.")
    taken = [(path, "the server itself") for path in _RESERVED]
    for other, path in connection.all("SELECT name, base_path FROM tenant"):
        if other == name:
            raise TargetError(f"There is already a tenant {name!r}.", "`provisor target tenant list` shows them all.")
        taken.append((path, f"the tenant {other!r}"))
    for path, owner in taken:
        if f"{base_path}/".startswith(f"{path}/") or f"{path}/".startswith(f"{base_path}/"):
            raise TargetError(f"The base path {base_path} overlaps {path} of {owner}.", "Choose another one.")


def strict(tenant: Tenant) -> Tenant:
    """The tenant as limited as Umbrella is described. Raises TargetError for another profile."""
    if tenant.profile.name == GENERIC.name:
        raise TargetError("--strict-umbrella narrows the profile 'umbrella'; this tenant is 'generic'.")
    return replace(tenant, profile=replace(tenant.profile, strict=True))


def load_tenants(connection: Connection) -> list[Tenant]:
    """Every tenant, the default one first."""
    rows = connection.all("SELECT number, name, profile, base_path, group_limit FROM tenant ORDER BY number")
    rows.sort(key=lambda row: row[1] != DEFAULT_TENANT)
    return [_tenant(connection, row) for row in rows]


def describe_tenants(connection: Connection) -> list[dict[str, str | int | bool]]:
    """Every tenant with how much it holds, as commands tell it."""
    live = {(number, kind): count for number, kind, count in connection.all("SELECT tenant, kind, live FROM tally")}
    return [
        {
            "name": tenant.name,
            "profile": tenant.profile.name,
            "basePath": tenant.base_path,
            "strict": tenant.profile.strict,
            "users": live.get((tenant.number, "User"), 0),
            "groups": live.get((tenant.number, "Group"), 0),
        }
        for tenant in load_tenants(connection)
    ]


def known_url(connection: Connection, tenant: Tenant) -> str | None:
    """Where the server was last started, as this tenant's clients write it."""
    own = setting(connection, tenant, URL_SETTING)
    if own is not None:
        return own
    for other in load_tenants(connection):  # created since: the server is the same, the base path is its own
        known = setting(connection, other, URL_SETTING)
        if known is not None:
            return known.removesuffix(other.base_path) + tenant.base_path
    return None


def find_tenant(database: Database, name: str) -> Tenant:
    """The tenant of that name; the default one is made when it is not there. Raises TargetError."""
    if name == DEFAULT_TENANT:
        the_tenant(database)
    connection = database.reader()
    row = connection.one("SELECT number, name, profile, base_path, group_limit FROM tenant WHERE name = ?", (name,))
    if row is None:
        near = did_you_mean(name, (row[0] for row in connection.all("SELECT name FROM tenant")))
        raise TargetError(f"There is no tenant {name!r}.", f"{near}`provisor target tenant list` shows them.")
    return _tenant(connection, row)


def _tenant(connection: Connection, row: Sequence[object]) -> Tenant:
    number, name, profile_name, base_path, group_limit = row
    profile = PROFILES[str(profile_name)]
    for key, value in connection.all("SELECT name, value FROM setting WHERE tenant = ? ORDER BY name", (number,)):
        words = str(key).split(" ")
        if words == [_STRICT]:
            profile = replace(profile, strict=True)
        elif words[0] == _SCHEMA and len(words) == 3:
            profile = _extended(profile, words[1], schema_from_json(json.loads(value)))
    assert isinstance(number, int)  # noqa: S101 - the column is
    return Tenant(
        number=number,
        name=str(name),
        profile=profile,
        base_path=str(base_path),
        group_limit=group_limit if isinstance(group_limit, int) else profile.group_limit,
    )


def kept_back_names(connection: Connection, tenant: int) -> frozenset[str]:
    """The names, in lower case, of a tenant's own attributes that nobody may read."""
    rows = connection.all("SELECT value FROM setting WHERE tenant = ? AND name LIKE ?", (tenant, f"{_SCHEMA} %"))
    attributes = [attribute for (value,) in rows for attribute in schema_from_json(json.loads(value)).attributes]
    parts = [part for attribute in attributes for part in (attribute, *attribute.sub_attributes)]
    return frozenset(part.name.lower() for part in parts if part.kept_back)


def _extended(profile: Profile, kind: str, schema: Schema) -> Profile:
    def with_extension(resource_type: ResourceType) -> ResourceType:
        return replace(resource_type, extensions=(*resource_type.extensions, Extension(schema=schema)))

    if kind == "User":
        return replace(profile, user_type=with_extension(profile.user_type))
    return replace(profile, group_type=with_extension(profile.group_type))
