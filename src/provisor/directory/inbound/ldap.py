"""What a record of a directory that speaks LDAP gives: people of inetOrgPerson, and groups.

Pure. Sources: RFC 2798 and RFC 4519 (the attributes); draft-behera-ldap-password-policy (pwdAccountLockedTime),
nsAccountLock of 389 Directory Server, shadow(5). The flow is our choice, in the manner of spec/entra-connect.md
section 3.

onPremisesImmutableId is the text of the anchor, entryUUID in general, as it stands: a source anchor that is text stays
text (section 5 there), an administrator finds it again in the directory, and there is no order of bytes to be mistaken.
"""

from collections.abc import Mapping
from typing import Final

from provisor.directory.inbound.active_directory import LONGEST_ANCHOR
from provisor.directory.inbound.arriving import Arrived, ArrivedOrNot, RawValue
from provisor.directory.inbound.containers import domain_of
from provisor.directory.inbound.extending import put_extensions
from provisor.directory.inbound.filters import out_of_scope
from provisor.directory.inbound.flowing import InboundFlow, put_flows
from provisor.directory.inbound.giving import Giving, addresses_in, reference_in
from provisor.directory.inbound.values import NamedValues
from provisor.directory.objects import DirectoryKind
from provisor.rules.source_settings import LdapSettings, extensions_of

LDAP_FLOWS: Final[Mapping[DirectoryKind, tuple[InboundFlow, ...]]] = {
    "user": (
        InboundFlow(("uid",), "onPremisesSamAccountName"),
        InboundFlow(("uid",), "mailNickname"),
        InboundFlow(("distinguishedName",), "onPremisesDistinguishedName"),
        InboundFlow(("displayName", "cn"), "displayName"),
        InboundFlow(("givenName",), "givenName"),
        InboundFlow(("sn",), "surname"),
        InboundFlow(("mail",), "mail"),
        InboundFlow(("title",), "jobTitle"),
        InboundFlow(("departmentNumber", "ou"), "department"),
        InboundFlow(("o",), "companyName"),
        InboundFlow(("physicalDeliveryOfficeName",), "officeLocation"),
        InboundFlow(("telephoneNumber",), "businessPhones", "only"),
        InboundFlow(("mobile",), "mobilePhone"),
        InboundFlow(("facsimileTelephoneNumber",), "faxNumber"),
        InboundFlow(("street", "streetAddress"), "streetAddress"),
        InboundFlow(("l",), "city"),
        InboundFlow(("st",), "state"),
        InboundFlow(("postalCode",), "postalCode"),
        InboundFlow(("co", "c"), "country"),
        InboundFlow(("employeeNumber",), "employeeId"),
        InboundFlow(("employeeType",), "employeeType"),
        InboundFlow(("preferredLanguage",), "preferredLanguage"),
    ),
    "group": (
        InboundFlow(("displayName", "cn"), "displayName"),
        InboundFlow(("description",), "description"),
        InboundFlow(("mail",), "mail"),
    ),
}
# What is computed, for the reference page: from what, and the property.
LDAP_COMPUTED: Final[Mapping[DirectoryKind, tuple[tuple[str, str], ...]]] = {
    "user": (
        ("the anchor (entryUUID), as text", "onPremisesImmutableId"),
        ("the chosen sign-in name (mail)", "userPrincipalName"),
        (
            "false where pwdAccountLockedTime is 000001010000Z, nsAccountLock is TRUE or shadowExpire is 0 or 1; else "
            "true",
            "accountEnabled",
        ),
        ("the DC parts of the base", "onPremisesDomainName"),
        ("true", "onPremisesSyncEnabled"),
        ("manager", "manager"),
    ),
    "group": (
        ("true", "securityEnabled"),
        ("whether mail has an @", "mailEnabled"),
        ("the DC parts of the base", "onPremisesDomainName"),
        ("true", "onPremisesSyncEnabled"),
        ("member or uniqueMember", "members"),
    ),
}

_LOCKED_FOR_GOOD: Final = "000001010000Z"  # any other time is a lock after wrong passwords, which passes
_EXPIRED_AT_ONCE: Final = (0, 1)  # days since 1970: how `usermod --expiredate` is used to lock an account


def from_ldap(settings: LdapSettings, kind: DirectoryKind, raw: Mapping[str, RawValue], app_id: str) -> ArrivedOrNot:
    """What a record of an LDAP directory gives, or why it is left out."""
    values = NamedValues(raw)
    left_out = out_of_scope(settings, kind, values)
    if left_out is not None:
        return left_out
    giving = Giving(kind)
    put_flows(giving, LDAP_FLOWS[kind], values)
    giving.put("onPremisesDomainName", domain_of(settings.base))
    giving.put("onPremisesSyncEnabled", True)
    mail = values.first("mail") or ""
    immutable_id, missing = None, "displayName and cn are empty"
    if kind == "user":
        immutable_id, missing = _put_anchor(giving, settings, values), f"{settings.sign_in_name} is empty"
        giving.put("userPrincipalName", values.first(settings.sign_in_name))
        giving.put("accountEnabled", not _is_locked(values))
    else:
        giving.put("securityEnabled", True)
        giving.put("mailEnabled", "@" in mail)
    put_extensions(giving, raw, extensions_of(settings, kind), app_id)
    return giving.nameless(missing) or Arrived(
        given=giving.given,
        manager=reference_in(values.all("manager")) if kind == "user" else None,
        immutable_id=immutable_id,
        addresses=addresses_in(mail),
        warnings=tuple(giving.warnings),
    )


def _put_anchor(giving: Giving, settings: LdapSettings, values: NamedValues) -> str | None:
    giving.put("onPremisesImmutableId", values.first(settings.anchor), longest=LONGEST_ANCHOR)
    given = giving.given.get("onPremisesImmutableId")
    return given if isinstance(given, str) else None


def _is_locked(values: NamedValues) -> bool:
    return (
        values.first("pwdAccountLockedTime") == _LOCKED_FOR_GOOD
        or (values.first("nsAccountLock") or "").upper() == "TRUE"
        or values.number("shadowExpire") in _EXPIRED_AT_ONCE
    )
