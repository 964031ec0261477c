"""What an administrator says of a source of identities: where it is, whom to read, which attributes besides.

Pure. One shape for each kind of source, as it is stored (JSON). Passwords and other secrets are not among it. What is
wrong with a document is told by `problems` before it is stored: what is accepted works, as far as this can be known
without asking the source. Facts: spec/entra-connect.md.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal, TypeAlias, get_args

import msgspec

from provisor.scim.naming import spelled

Transport: TypeAlias = Literal["ldaps", "starttls", "plain"]
FilterOperator: TypeAlias = Literal["equals", "not-equals", "starts-with", "present", "absent"]
ExtensionType: TypeAlias = Literal["String", "Boolean", "Integer", "LargeInteger", "DateTime", "Binary"]
Cloud: TypeAlias = Literal["global", "us-government", "us-government-dod", "china"]

SHORTEST_INTERVAL_SECONDS: Final = 1
DEFAULT_INTERVAL_SECONDS: Final = 30 * 60  # of Entra Connect
SHORTEST_COMPARE_SECONDS: Final = 10
DEFAULT_DELETION_THRESHOLD: Final = 500  # of Entra Connect


_ATTRIBUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,255}|[0-9]+(\.[0-9]+){1,63}")  # RFC 4512 section 1.4


class _Settings(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    pass


class AttributeFilter(_Settings, frozen=True, kw_only=True):
    """Leaves out who has such a value, as a rule of Entra Connect that sets cloudFiltered does. Case does not count.

    A rule there is of one kind of object; of people, unless `kinds` says otherwise: few groups have a department.
    """

    attribute: str
    operator: FilterOperator
    value: str = ""
    kinds: tuple[Literal["user", "group"], ...] = ("user",)


class SourceExtension(_Settings, frozen=True, kw_only=True):
    """An attribute of the source that becomes a directory extension under its own name, whose case counts."""

    attribute: str
    type: ExtensionType = "String"
    multi_valued: bool = False


class Server(_Settings, frozen=True, kw_only=True):
    """How a directory server that speaks LDAP is reached; `addresses` are tried in this order."""

    addresses: tuple[str, ...]  # host, or host:port
    user: str  # whom to sign in as: a distinguished name, or in Active Directory a userPrincipalName
    transport: Transport = "ldaps"
    ca_file: str = ""  # PEM; empty: the authorities of this machine
    certificate_names: tuple[str, ...] = ()  # a name of these must be in the certificate; empty: the host's
    timeout_seconds: float = 30.0


class ActiveDirectorySettings(_Settings, frozen=True, kw_only=True, tag="active-directory"):
    """A domain of Active Directory."""

    server: Server
    base: str  # the domain's distinguished name
    domain: str = ""  # its DNS name; empty: as the base says
    net_bios_domain: str = ""
    containers: tuple[str, ...] = ()  # only who is below one of these; empty: all
    group: str = ""  # only who is directly in this group (distinguished name); empty: all
    filters: tuple[AttributeFilter, ...] = ()
    anchor: Literal["objectGUID", "mS-DS-ConsistencyGuid"] = "objectGUID"  # of people: onPremisesImmutableId
    sign_in_name: str = "userPrincipalName"  # the attribute that becomes userPrincipalName
    user_extensions: tuple[SourceExtension, ...] = ()
    group_extensions: tuple[SourceExtension, ...] = ()
    incremental: Literal["automatic", "dirsync", "usn"] = "automatic"


class LdapSettings(_Settings, frozen=True, kw_only=True, tag="ldap"):
    """A directory that speaks LDAP and is no Active Directory, such as OpenLDAP."""

    server: Server
    base: str
    user_filter: str = "(objectClass=inetOrgPerson)"
    group_filter: str = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames))"
    containers: tuple[str, ...] = ()
    filters: tuple[AttributeFilter, ...] = ()
    anchor: str = "entryUUID"
    sign_in_name: str = "mail"
    user_extensions: tuple[SourceExtension, ...] = ()
    group_extensions: tuple[SourceExtension, ...] = ()
    compare_seconds: int = 3600  # between two looks at who is still there: LDAP does not tell who was deleted


class MirroredApplication(_Settings, frozen=True, kw_only=True):
    """Whose assignments in the tenant are assignments here."""

    service_principal: str  # its object id in the tenant
    application: str  # the id of the service principal here


class EntraSettings(_Settings, frozen=True, kw_only=True, tag="entra"):
    """A tenant of Microsoft Entra, read through Microsoft Graph."""

    tenant: str  # its id, or one of its domains
    client: str  # the application (client) id that Provisor is registered under there
    cloud: Cloud = "global"
    graph: str = ""  # another address than the cloud's, of Graph and of its sign-in
    login: str = ""
    ca_file: str = ""
    user_attributes: tuple[str, ...] = ()  # besides the default ones; extensions among them
    group_attributes: tuple[str, ...] = ()
    applications: tuple[MirroredApplication, ...] = ()


class CsvSettings(_Settings, frozen=True, kw_only=True, tag="csv"):
    """Files that something else writes: read whole each time, and whoever is not in them any more is gone."""

    users: str = ""
    groups: str = ""
    members: str = ""
    user_anchor: str = ""
    group_anchor: str = ""


SourceSettings: TypeAlias = ActiveDirectorySettings | LdapSettings | EntraSettings | CsvSettings
ConnectedKind: TypeAlias = Literal["active-directory", "ldap", "entra", "csv"]
CONNECTED_KINDS: Final[tuple[ConnectedKind, ...]] = get_args(ConnectedKind)
KIND_NAMES: Final[dict[ConnectedKind, str]] = {
    "active-directory": "Active Directory",
    "ldap": "LDAP",
    "entra": "Microsoft Entra ID",
    "csv": "CSV files",
}

encode_settings = msgspec.json.Encoder().encode
decode_settings = msgspec.json.Decoder(SourceSettings).decode


def kind_of(settings: SourceSettings) -> ConnectedKind:
    """The kind of source that settings are for."""
    match settings:
        case ActiveDirectorySettings():
            return "active-directory"
        case LdapSettings():
            return "ldap"
        case EntraSettings():
            return "entra"
        case CsvSettings():
            return "csv"


def extensions_of(settings: SourceSettings, kind: Literal["user", "group"]) -> tuple[SourceExtension, ...]:
    """The directory extensions that objects of this kind get from a source."""
    match settings:
        case ActiveDirectorySettings() | LdapSettings():
            return settings.user_extensions if kind == "user" else settings.group_extensions
        case EntraSettings() | CsvSettings():
            return ()


def problems(settings: SourceSettings) -> Iterator[str]:
    """Why these settings cannot work, a sentence each; none when they may."""
    match settings:
        case ActiveDirectorySettings() | LdapSettings():
            yield from _of_server(settings.server)
            if not _is_name(settings.base):
                yield f"The base {spelled(settings.base)} is no distinguished name, such as DC=contoso,DC=com."
            for container in settings.containers:
                if not _is_name(container):
                    yield f"The container {spelled(container)} is no distinguished name."
            yield from _of_filters(settings.filters)
            for chosen in (settings.user_extensions, settings.group_extensions):
                names = [extension.attribute for extension in chosen]
                yield from (
                    f"The attribute {name} is chosen twice." for name in sorted({*names}) if names.count(name) > 1
                )
            if isinstance(settings, LdapSettings):
                yield from _of_ldap(settings)
        case EntraSettings():
            for what, text in (("tenant", settings.tenant), ("client id", settings.client)):
                if not text.strip():
                    yield f"The {what} is missing."
            yield from _of_address("Graph", settings.graph)
            yield from _of_address("sign-in", settings.login)
        case CsvSettings():
            if not (settings.users or settings.groups):
                yield "No file of users or groups is named."
            elif settings.members and not settings.groups:
                yield "A file of members is named, and none of the groups that they are in."
    if isinstance(settings, ActiveDirectorySettings) and _is_name(settings.base) and not _is_domain(settings.base):
        yield f"The base {spelled(settings.base)} is no domain, such as DC=contoso,DC=com. Choose units as containers."
    if isinstance(settings, ActiveDirectorySettings) and settings.group and not _is_name(settings.group):
        yield f"The group {spelled(settings.group)} is no distinguished name."


def _of_address(what: str, address: str) -> Iterator[str]:
    if any(sign in address for sign in "@?#"):  # settings are shown, and are in the audit log
        yield f"The {what} address holds more than a host and a path; leave out user, password and query."
    elif address and not address.startswith(("https://", "http://")):
        yield f"The {what} address {spelled(address)} does not begin with https://."


def _of_server(server: Server) -> Iterator[str]:
    if not server.addresses:
        yield "No server is named."
    for address in server.addresses:
        if "@" in address:
            yield "A server is named together with a user or a password; name the host alone."
            continue
        host, colon, port = address.rpartition(":") if address.count(":") == 1 else (address, "", "")
        if not host.strip() or "/" in address or " " in address or (colon and not _is_port(port)):
            tls = "; how TLS begins is a setting of its own" if "://" in address else ""
            yield f"The server {spelled(address)} is no name of a host, with or without a port{tls}."
    if not server.user.strip():
        yield "Whom to sign in as is missing."
    if not 1 <= server.timeout_seconds <= 600:
        yield f"A server is waited for from 1 to 600 seconds, not {server.timeout_seconds:g}."


def _of_ldap(settings: LdapSettings) -> Iterator[str]:
    for what, text in (("user", settings.user_filter), ("group", settings.group_filter)):
        if not _is_filter(text):
            yield f"The {what} filter {spelled(text)} is no filter of LDAP, such as (objectClass=inetOrgPerson)."
    for what, name in (
        ("anchor", settings.anchor),
        ("attribute that becomes userPrincipalName", settings.sign_in_name),
    ):
        if not _ATTRIBUTE.fullmatch(name):
            yield f"The {what} {spelled(name)} is no name of an attribute."
    if settings.compare_seconds < SHORTEST_COMPARE_SECONDS:
        yield (
            f"Who is still there is looked at every {SHORTEST_COMPARE_SECONDS} seconds at the most often, not every "
            f"{settings.compare_seconds}."
        )


def _of_filters(filters: tuple[AttributeFilter, ...]) -> Iterator[str]:
    for one in filters:
        if not one.attribute.strip():
            yield "A filter names no attribute."
        elif one.operator in ("present", "absent"):
            if one.value:
                yield f"The filter of {one.attribute} has a value, which {one.operator} does not compare with."
        elif not one.value:
            yield f"The filter of {one.attribute} has no value to compare with."


def _is_name(text: str) -> bool:
    parts = text.split(",")
    return bool(text.strip()) and all("=" in part.replace("\\,", "") or part.endswith("\\") for part in parts)


def _is_domain(name: str) -> bool:
    return all(part.strip().lower().startswith("dc=") for part in name.split(","))


def _is_filter(text: str) -> bool:
    """Whether the brackets of a filter match; what is in them the server says (RFC 4515 section 3)."""
    depth = 0
    for at, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0 or (depth == 0 and at < len(text) - 1):
            return False
    return depth == 0 and text.startswith("(") and len(text) > len("()")


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text[:6]) < 65_536
