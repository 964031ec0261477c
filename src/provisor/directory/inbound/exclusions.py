"""Which objects of Active Directory never feed anybody: one table for code, documentation and tests.

Pure. Source: spec/entra-connect.md section 2, and the rules In from AD - User Join and In from AD - Group Join of the
original, as the public AADConnectConfigDocumenter shows them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from provisor.directory.inbound.arriving import LeftOut, RawValue
from provisor.directory.inbound.containers import nearest_value
from provisor.directory.inbound.values import NamedValues
from provisor.directory.objects import DirectoryKind

MOST_MEMBERS: Final = 250_000  # a group with as many is not synchronised until it shrinks

_SYSTEM_MAILBOXES: Final = 0x21C07000  # msExchRecipientTypeDetails: arbitration, discovery, monitoring and the like
_ROLE_GROUP: Final = 0x40000000  # msExchRecipientTypeDetails
_LINKED_MAILBOX: Final = 2  # msExchRecipientTypeDetails
_SECURITY: Final = 0x80000000  # groupType
_BUILT_IN: Final = 0x1  # groupType
_TRUST_ACCOUNTS: Final = 0x3800  # userAccountControl: of a domain, a workstation or a server
_CONFLICT: Final = "\ncnf:"  # \0ACNF: in a name, and folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A kind of object that is left out. `when` completes *It …*; `example` is what makes an ordinary object one."""

    code: str
    kind: DirectoryKind
    when: str
    applies: Callable[[NamedValues], bool]
    example: Mapping[str, RawValue] = field(default_factory=dict)


def excluded(kind: DirectoryKind, values: NamedValues) -> LeftOut | None:
    """Why an object of Active Directory is left out whatever the settings say; None when it is not."""
    for row in EXCLUSIONS:
        if row.kind == kind and row.applies(values):
            return LeftOut(code=row.code, message=f"It {row.when}.")
    return None


def too_large(members: int) -> LeftOut | None:
    """Why a group with so many members is left out; None when it is not."""
    if members < MOST_MEMBERS:
        return None
    return LeftOut(
        code="group-too-large", message=f"It has {members:,} members; groups of {MOST_MEMBERS:,} are left out."
    )


def has_mail(values: NamedValues) -> bool:
    """Whether mail reaches an object: it has a mail address, or a primary one among its proxy addresses."""
    return "@" in (values.first("mail") or "") or any("@" in one for one in primary_addresses(values))


def primary_addresses(values: NamedValues) -> Sequence[str]:
    """The primary SMTP addresses, of which there is one: its prefix is in capitals."""
    return [one.strip()[5:] for one in values.all("proxyAddresses") if one.strip().startswith("SMTP:")]


def is_security_group(values: NamedValues) -> bool:
    """Whether a groupType has the bit of groups that can give access."""
    return bool((values.number("groupType") or 0) & _SECURITY)


def _is_critical(values: NamedValues) -> bool:
    return (values.first("isCriticalSystemObject") or "").upper() == "TRUE"


def _is_conflict(values: NamedValues) -> bool:
    return _CONFLICT in (nearest_value(values.first("distinguishedName") or "") or "")


def _begins(values: NamedValues, name: str, *prefixes: str) -> bool:
    return (values.first(name) or "").lower().startswith(prefixes)


def _recipient_type(values: NamedValues) -> int:
    return values.number("msExchRecipientTypeDetails") or 0


def _is_client_access(values: NamedValues) -> bool:
    names = ((values.first(name) or "").lower() for name in ("mailNickname", "sAMAccountName"))
    return any(name.startswith("cas_") and "}" in name for name in names)


def _is_machine(values: NamedValues) -> bool:
    classes = {text.lower() for text in values.all("objectClass")}
    return "computer" in classes or bool((values.number("userAccountControl") or 0) & _TRUST_ACCOUNTS)


EXCLUSIONS: Final[tuple[Exclusion, ...]] = (
    Exclusion(
        code="critical-system-object",
        kind="user",
        when="is a critical system object, as Administrator and krbtgt are (isCriticalSystemObject)",
        applies=_is_critical,
        example={"isCriticalSystemObject": ["TRUE"]},
    ),
    Exclusion(
        code="no-account-name",
        kind="user",
        when="has no sAMAccountName",
        applies=lambda values: values.first("sAMAccountName") is None,
        example={"sAMAccountName": []},
    ),
    Exclusion(
        code="service-account",
        kind="user",
        when="is an account of a synchronisation or of support: its sAMAccountName begins with AAD_ or MSOL_, or is "
        "SUPPORT_388945a0",
        applies=lambda values: (
            _begins(values, "sAMAccountName", "aad_", "msol_")
            or (values.first("sAMAccountName") or "").lower() == "support_388945a0"
        ),
        example={"sAMAccountName": ["MSOL_0a1b2c"]},
    ),
    Exclusion(
        code="system-mailbox",
        kind="user",
        when="is a mailbox of Exchange itself: its mailNickname begins with SystemMailbox{, or its mailNickname or "
        "sAMAccountName begins with CAS_ and has a }",
        applies=lambda values: _begins(values, "mailNickname", "systemmailbox{") or _is_client_access(values),
        example={"mailNickname": ["SystemMailbox{1f05a927}"]},
    ),
    Exclusion(
        code="system-mailbox",
        kind="user",
        when="is a mailbox of Exchange itself: msExchRecipientTypeDetails has a bit of 21C07000 (hexadecimal)",
        applies=lambda values: bool(_recipient_type(values) & _SYSTEM_MAILBOXES),
        example={"msExchRecipientTypeDetails": ["8388608"]},
    ),
    Exclusion(
        code="linked-mailbox",
        kind="user",
        when="is a linked mailbox (msExchRecipientTypeDetails is 2), whose source anchor is that of the account in "
        "another forest",
        applies=lambda values: _recipient_type(values) == _LINKED_MAILBOX,
        example={"msExchRecipientTypeDetails": ["2"]},
    ),
    Exclusion(
        code="replication-conflict",
        kind="user",
        when="is what a replication conflict left (CNF: in its name)",
        applies=_is_conflict,
        example={"distinguishedName": ["CN=Anna Berg\\0ACNF:8f1d2c3b,OU=People,DC=contoso,DC=com"]},
    ),
    Exclusion(
        code="written-back",
        kind="user",
        when="was written by a synchronisation to here (adminDescription begins with User_)",
        applies=lambda values: _begins(values, "adminDescription", "user_"),
        example={"adminDescription": ["User_2a1f"]},
    ),
    Exclusion(
        code="not-a-person",
        kind="user",
        when="is the account of a computer or of a trust",
        applies=_is_machine,
        example={"objectClass": ["top", "person", "organizationalPerson", "user", "computer"]},
    ),
    Exclusion(
        code="no-account-control",
        kind="user",
        when="has no userAccountControl",
        applies=lambda values: values.number("userAccountControl") is None,
        example={"userAccountControl": []},
    ),
    Exclusion(
        code="critical-system-object",
        kind="group",
        when="is a critical system object, as Domain Admins is (isCriticalSystemObject)",
        applies=_is_critical,
        example={"isCriticalSystemObject": ["TRUE"]},
    ),
    Exclusion(
        code="built-in-group",
        kind="group",
        when="is a built-in group (bit 1 of groupType)",
        applies=lambda values: bool((values.number("groupType") or 0) & _BUILT_IN),
        example={"groupType": ["-2147483643"]},
    ),
    Exclusion(
        code="service-account",
        kind="group",
        when="is the group of a synchronisation: its sAMAccountName is MSOL_AD_Sync_RichCoexistence",
        applies=lambda values: (values.first("sAMAccountName") or "").lower() == "msol_ad_sync_richcoexistence",
        example={"sAMAccountName": ["MSOL_AD_Sync_RichCoexistence"]},
    ),
    Exclusion(
        code="exchange-role-group",
        kind="group",
        when="is a role group of Exchange: msExchRecipientTypeDetails has the bit 40000000 (hexadecimal)",
        applies=lambda values: bool(_recipient_type(values) & _ROLE_GROUP),
        example={"msExchRecipientTypeDetails": ["1073741824"]},
    ),
    Exclusion(
        code="not-mail-enabled",
        kind="group",
        when="is a distribution group without a mail address",
        applies=lambda values: not is_security_group(values) and not has_mail(values),
        example={"groupType": ["2"], "mail": [], "proxyAddresses": []},
    ),
    Exclusion(
        code="replication-conflict",
        kind="group",
        when="is what a replication conflict left (CNF: in its name)",
        applies=_is_conflict,
        example={"distinguishedName": ["CN=Sales\\0ACNF:8f1d2c3b,OU=Groups,DC=contoso,DC=com"]},
    ),
    Exclusion(
        code="written-back",
        kind="group",
        when="was written by a synchronisation to here (adminDescription begins with Group_)",
        applies=lambda values: _begins(values, "adminDescription", "group_"),
        example={"adminDescription": ["Group_2a1f"]},
    ),
)
