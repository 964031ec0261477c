"""What a record of Active Directory gives: the default attribute flow of Entra Connect, as tables, and the rest.

Pure. Sources: spec/entra-connect.md sections 3 to 6. Blanks at the edges of a text are trimmed, as the original does.
"""

from base64 import b64encode
from collections.abc import Mapping
from typing import Final

from provisor.directory.inbound.arriving import Arrived, ArrivedOrNot, LeftOut, RawValue
from provisor.directory.inbound.containers import domain_of
from provisor.directory.inbound.exclusions import excluded, has_mail, is_security_group, primary_addresses
from provisor.directory.inbound.extending import put_extensions
from provisor.directory.inbound.filters import out_of_scope
from provisor.directory.inbound.flowing import InboundFlow, put_flows
from provisor.directory.inbound.giving import Giving, addresses_in, bytes_of, reference_in
from provisor.directory.inbound.values import NamedValues
from provisor.directory.objects import DirectoryKind
from provisor.rules.source_settings import ActiveDirectorySettings, extensions_of

LONGEST_DESCRIPTION: Final = 448  # characters, to which the original shortens it
LONGEST_ANCHOR: Final = 59  # characters of a source anchor

FLOWS: Final[Mapping[DirectoryKind, tuple[InboundFlow, ...]]] = {
    "user": (
        InboundFlow(("sAMAccountName",), "onPremisesSamAccountName"),
        InboundFlow(("objectSid",), "onPremisesSecurityIdentifier", "sid"),
        InboundFlow(("distinguishedName",), "onPremisesDistinguishedName"),
        InboundFlow(("displayName", "cn"), "displayName"),
        InboundFlow(("givenName",), "givenName"),
        InboundFlow(("sn",), "surname"),
        InboundFlow(("mail",), "mail"),
        InboundFlow(("mailNickname",), "mailNickname"),
        InboundFlow(("proxyAddresses",), "proxyAddresses", "all"),
        InboundFlow(("title",), "jobTitle"),
        InboundFlow(("department",), "department"),
        InboundFlow(("company",), "companyName"),
        InboundFlow(("physicalDeliveryOfficeName",), "officeLocation"),
        InboundFlow(("telephoneNumber",), "businessPhones", "only"),
        InboundFlow(("mobile",), "mobilePhone"),
        InboundFlow(("facsimileTelephoneNumber",), "faxNumber"),
        InboundFlow(("streetAddress",), "streetAddress"),
        InboundFlow(("l",), "city"),
        InboundFlow(("st",), "state"),
        InboundFlow(("postalCode",), "postalCode"),
        InboundFlow(("co", "c"), "country"),
        InboundFlow(("employeeID",), "employeeId"),
        InboundFlow(("preferredLanguage",), "preferredLanguage"),
        InboundFlow(("msExchUsageLocation",), "usageLocation"),
        *(InboundFlow((f"extensionAttribute{n}",), f"extensionAttribute{n}") for n in range(1, 16)),
    ),
    "group": (
        InboundFlow(("sAMAccountName",), "onPremisesSamAccountName"),
        InboundFlow(("objectSid",), "onPremisesSecurityIdentifier", "sid"),
        InboundFlow(("displayName", "cn"), "displayName"),
        InboundFlow(("description",), "description", longest=LONGEST_DESCRIPTION),
        InboundFlow(("mail",), "mail"),
        InboundFlow(("mailNickname",), "mailNickname"),
        InboundFlow(("proxyAddresses",), "proxyAddresses", "all"),
    ),
}
# What is computed, for the reference page: from what, and the property.
COMPUTED: Final[Mapping[DirectoryKind, tuple[tuple[str, str], ...]]] = {
    "user": (
        ("objectGUID, or mS-DS-ConsistencyGuid where it is chosen and has a value; base64", "onPremisesImmutableId"),
        ("userPrincipalName, or sAMAccountName@domain; or the chosen sign-in name", "userPrincipalName"),
        ("userPrincipalName, or sAMAccountName@domain", "onPremisesUserPrincipalName"),
        ("userAccountControl: false where the bit 2 is set, else true", "accountEnabled"),
        ("the domain's DNS name", "onPremisesDomainName"),
        ("true", "onPremisesSyncEnabled"),
        ("manager", "manager"),
    ),
    "group": (
        ("groupType: whether it has the bit 80000000 (hexadecimal)", "securityEnabled"),
        ("whether mail or the primary address of proxyAddresses has an @", "mailEnabled"),
        ("the domain's DNS name", "onPremisesDomainName"),
        ("the domain's NetBIOS name", "onPremisesNetBiosName"),
        ("true", "onPremisesSyncEnabled"),
        ("member", "members"),
    ),
}

_DISABLED: Final = 0x2  # userAccountControl: ACCOUNTDISABLE


def from_active_directory(
    settings: ActiveDirectorySettings, kind: DirectoryKind, raw: Mapping[str, RawValue], app_id: str
) -> ArrivedOrNot:
    """What a record of a domain gives, or why it is left out."""
    values = NamedValues(raw)
    left_out = excluded(kind, values) or out_of_scope(settings, kind, values)
    if left_out is not None:
        return left_out
    giving = Giving(kind)
    put_flows(giving, FLOWS[kind], values)
    giving.put("onPremisesDomainName", settings.domain or domain_of(settings.base))
    giving.put("onPremisesSyncEnabled", True)
    immutable_id = None
    if kind == "user":
        immutable_id = _anchor(settings, values)
        if immutable_id is None:
            return LeftOut(code="no-source-anchor", message=f"It has no usable {settings.anchor}, which is its anchor.")
        giving.put("onPremisesImmutableId", immutable_id)
        missing = _put_of_user(giving, settings, values)
    else:
        missing = _put_of_group(giving, settings, values)
    put_extensions(giving, raw, extensions_of(settings, kind), app_id)
    return giving.nameless(missing) or Arrived(
        given=giving.given,
        manager=reference_in(values.all("manager")) if kind == "user" else None,
        immutable_id=immutable_id,
        addresses=_addresses(values),
        warnings=tuple(giving.warnings),
    )


def _put_of_user(giving: Giving, settings: ActiveDirectorySettings, values: NamedValues) -> str:
    """Give what only people have; returns where a sign-in name would have been."""
    account = values.first("sAMAccountName")
    domain = settings.domain or domain_of(settings.base)
    principal = values.first("userPrincipalName") or (f"{account}@{domain}" if account and domain else None)
    giving.put("onPremisesUserPrincipalName", principal)
    other = settings.sign_in_name.lower() != "userprincipalname"
    giving.put("userPrincipalName", values.first(settings.sign_in_name) if other else principal)
    giving.put("accountEnabled", not (values.number("userAccountControl") or 0) & _DISABLED)
    return f"{settings.sign_in_name} is empty"


def _put_of_group(giving: Giving, settings: ActiveDirectorySettings, values: NamedValues) -> str:
    """Give what only groups have; returns where a name would have been."""
    giving.put("onPremisesNetBiosName", settings.net_bios_domain)
    giving.put("securityEnabled", is_security_group(values))
    giving.put("mailEnabled", has_mail(values))
    return "displayName and cn are empty"


def _anchor(settings: ActiveDirectorySettings, values: NamedValues) -> str | None:
    """The source anchor of a person: without an mS-DS-ConsistencyGuid it is objectGUID, as the original has it."""
    chosen = values.first("mS-DS-ConsistencyGuid") if settings.anchor == "mS-DS-ConsistencyGuid" else None
    raw = bytes_of(chosen or values.first("objectGUID") or "")
    anchor = b64encode(raw).decode() if raw else ""
    return anchor if 0 < len(anchor) <= LONGEST_ANCHOR else None


def _addresses(values: NamedValues) -> tuple[str, ...]:
    """The primary mail address, by which somebody is found."""
    primary = [*primary_addresses(values)][:1] or [values.first("mail") or ""]
    return addresses_in(*primary)
