"""What to do about a refusal, where its text, or the refused request, says more than its status.

Pure. One table; the first row that fits applies. Each row stands for answers of real applications, all listed in
tests/engine/test_advice.py. Flags and dialects: spec/scim-wire.md section 4. Order: the advice, its words, the table.
"""

import re
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from provisor.engine.ports import Rejected

Verb: TypeAlias = Literal["create", "update", "disable", "delete", "look up", "read", "link", "change the members of"]

SERVICE_INCOMPATIBLE = "SystemForCrossDomainIdentityManagementServiceIncompatible"

_READ_CHARACTERS = 1_000  # of an answer: the complaint is at its beginning


class Advice(NamedTuple):
    """`code` is empty where the status or scimType is good enough."""

    code: str
    hint: str


def advice_for(error: Rejected, verb: Verb) -> Advice | None:
    """The advice on a refusal; None where its status and scimType say all that is known."""
    said = _OWN_SCHEMA.sub("", error.detail[:_READ_CHARACTERS])
    sent = b"" if error.exchange is None else error.exchange.request_body
    for row in _TABLE:
        if (
            error.status in row.statuses
            and (row.verbs is None or verb in row.verbs)
            and (row.said is None or row.said(said))
            and (row.sent is None or row.sent(sent))
        ):
            return Advice(row.code, row.hint)
    return None


class _Row(NamedTuple):
    """`said` is looked for in the answer, `sent` in the body that was refused; None fits anything."""

    statuses: frozenset[int]
    verbs: frozenset[str] | None
    said: Callable[[str], object] | None
    sent: Callable[[bytes], object] | None
    code: str
    hint: str


# The words. Repetitions are bounded, so that no answer takes long to read, however it is crafted.


def _words(pattern: str) -> Callable[[str], object]:
    return re.compile(pattern, re.IGNORECASE).search


def _body(pattern: bytes) -> Callable[[bytes], object]:
    return re.compile(pattern).search


_OWN_SCHEMA = re.compile(r'"schemas" {0,3}: {0,3}\[[^\]]{0,100}:Error" {0,3}\]', re.IGNORECASE)  # of the answer itself
_NO = (
    r"(?:not (?:a )?(?:valid|supported|recogni[sz]ed|allowed|known|defined|found|registered|permitted|exist)"
    r"|invalid|un(?:known|supported|recogni[sz]ed|expected|defined)|does(?:n't| not) exist|no such|must be one of)"
)
_EXTRA_URN = r"schemas\.microsoft\.com/2006/11/ResourceManagement/ADSCIM"
_PART = r"\b(?:attribute|property|field|key|column|parameter|claim|path)s?\b"

_extra_schema = _words(_EXTRA_URN)
_enterprise_attribute = _words(r"extension:enterprise:2\.0:User[:.]\w")
_enterprise = _words(r"extension:enterprise:2\.0:User|enterprise (?:user )?(?:extension|schema)")
_of_schema = _words(
    rf"{_NO}.{{0,40}}\b(?:schema|urn)|\bschemas?\b.{{0,80}}{_NO}"
    r"|\bschemas?\b.{0,40}\b(?:must|should)\b|schema extension"
)
_no_add = re.compile(r"""["'\\`]add["'\\`].{0,40}(?:not|invalid|unsupported)""").search  # as sent: in lower case
_boolean = _words(r"\bbool(?:ean)?\b|\btrue or false\b|\b(?:type|got|found|was)\b.{0,10}\bstring\b")
_patch_form = _words(
    rf"\bop(?:eration)?\b(?! ?#?\d).{{0,25}}{_NO}|{_NO} (?:patch |scim )?op(?:eration)?\b"
    r"|value must be a boolean or object"
    r"|\bpath\b.{0,30}(?:required|missing|must|may not be|cannot be|not specified|empty|undefined|null)"
    r"|(?:missing|no|without|requires?) (?:a |the )?path\b"
)
_of_members = _words(r"\bmembers?\b.{0,60}\b(?:filter|path|value)|\b(?:filter|path)\b.{0,60}\bmembers?\b")
_chosen = _words(r"\[ ?\w{1,40} \w\w\b|path.filter|value selection filter|no record match")
_meta = _words(r"\bmeta\b")
_full = _words(
    r"\bseats?\b|\blicen[cs]es?\b|\bquota\b|\b(?:user|member|account|group)s? (?:limit|cap|count)\b"
    r"|\blimit (?:of|for|reached|exceeded|has been)|maximum (?:number|amount) of"
    r"|max(?:imum)? (?:users|members|groups|accounts)"
    r"|\bsubscription\b|no (?:more|free) (?:seats|places|users)|upgrade (?:your|the) plan|\bNEEDS_TO_INCREASE_SEATS\b"
)
_taken = _words(
    r"already (?:exists?|taken|in use|used|registered|assigned)|\bduplicate|(?:must be|not) unique|uniqueness"
    r"|unique constraint|exists with (?:the )?same|\bis taken\b|has already been taken"
)
_domain = _words(
    r"\bdomain\b.{0,60}\b(?:not|unverified|blocked|forbidden|mismatch)"
    r"|(?:invalid|unverified|unknown) (?:e-?mail )?domain"
)
_length = _words(
    r"too long|max(?:imum)? ?length|(?:at most|up to|no more than|less than|fewer than|exceeds?|longer than) \d"
    r"|\blength\b.{0,40}\b(?:between|exceed|limit|must|max)"
)
_missing = _words(
    r"\b(?:is|are) (?:required|mandatory|missing)|\brequired (?:attribute|field|property|value)"
    r"|missing (?:required|mandatory)"
    r"|(?:may|must|can|should) ?not be (?:blank|null|empty)|can't be blank|\bmandatory\b|\brequired\b.{0,20}missing"
)
_read_only = _words(
    r"read.?only|immutable|(?:cannot|can't|can not) be (?:changed|modified|updated|set)"
    r"|not (?:modifiable|writable|mutable)"
)
_attribute = _words(
    rf"{_PART}.{{0,80}}{_NO}|{_NO}.{{0,20}}{_PART}|\bextra (?:inputs|fields)\b|additional propert"
    r"|not (?:part of|in) the schema"
)
_schemas_attribute = _words(
    r"\bschemas\b['\"]? (?:attribute|property|field)|(?:attribute|property|field) ['\"]?schemas\b"
)
_compound = _words(r"\bname\.\w|\burn:[\w.:-]{1,120}:\w")
_filter = _words(r"\bfilter")


def _key(said: str) -> bool:
    """Whether the complaint is about an attribute named by a path: name.givenName, urn:…:User:department."""
    return bool(_compound(said)) and (bool(_attribute(said)) or bool(_enterprise_attribute(said)))


def _schema(said: str) -> bool:
    """Whether the complaint is about what `schemas` lists, not about an attribute that a schema lacks."""
    return bool(_of_schema(said)) and (not _attribute(said) or bool(_schemas_attribute(said)))


_sent_extra_schema = _body(rb"schemas\.microsoft\.com/2006/11/ResourceManagement/ADSCIM")
_sent_enterprise = _body(rb'"schemas": ?\[[^\]]{0,200}extension:enterprise:2\.0:User')
_sent_classic = _body(rb'"op": ?"(?:Add|Replace|Remove)"')
_sent_compliant = _body(rb'"op": ?"(?:add|replace|remove)"')
_sent_keys = _body(rb'"op": ?"replace", ?"value": ?\{')
_sent_text = _body(rb'"value": ?"(?:True|False)"')

# The table

_VALUE = frozenset({400, 422})
_CREATE, _DELETE, _MEMBERS = frozenset({"create"}), frozenset({"delete"}), frozenset({"change the members of"})
_WRITE = frozenset({"create", "update", "link"})
_PATCH = frozenset({"update", "disable", "link", "change the members of"})
_LOOK = frozenset({"look up", "read"})

_NOT_KNOWN = "SchemaAttributeNotFound"
_AGAIN = "to the tenant URL and save the credentials of the job again"
_COMPLIANT = f"Append ?aadOptscim062020 {_AGAIN}"
_CLASSIC = f"Append ?AzureAdScimPatch2017 {_AGAIN}"
_SPELLED = ": PATCH is then written as in the standard."
_WITHOUT_EXTRA = f"{_COMPLIANT}: groups are then created without the extra schema that Entra lists."
_ENTERPRISE_UNKNOWN = (
    "The application does not know the enterprise extension, which Entra sends with every user whatever the flags: "
    "ask its maker to ignore schemas that it does not know."
)
_CUSTOM = (
    "Entra does not list custom extensions in schemas, and neither does this job: ask the maker of the application to "
    "accept them anyway, or remove the mappings to the extension."
)
_UNKNOWN = "The application does not know the attribute: remove its mapping."
_FULL = "The application is full: free places or buy more there, or take people out of the scope of the job."
_NOTHING_CREATED = (
    "Nothing of this kind can be created at the tenant URL: check it; if the application has no groups, switch "
    "groups off in the mappings."
)
_TOO_LARGE = (
    "The request is larger than the application, or a proxy in front of it, accepts: shorten the value, or raise the "
    "limit there (nginx: client_max_body_size)."
)

_TABLE: tuple[_Row, ...] = (
    # What Entra lists in `schemas`
    _Row(_VALUE, None, _extra_schema, None, SERVICE_INCOMPATIBLE, _WITHOUT_EXTRA),
    _Row(
        _VALUE,
        _PATCH,
        _key,
        _sent_keys,
        _NOT_KNOWN,
        f"{_CLASSIC}: the attribute is then in the path. If it is refused there too, remove its mapping.",
    ),
    _Row(_VALUE, None, _enterprise_attribute, None, _NOT_KNOWN, _UNKNOWN),
    _Row(_VALUE, _CREATE, _enterprise, None, SERVICE_INCOMPATIBLE, _ENTERPRISE_UNKNOWN),
    _Row(_VALUE, _CREATE, _schema, _sent_extra_schema, SERVICE_INCOMPATIBLE, _WITHOUT_EXTRA),
    _Row(_VALUE, _CREATE, _schema, _sent_enterprise, SERVICE_INCOMPATIBLE, _ENTERPRISE_UNKNOWN),
    _Row(_VALUE, _CREATE, _schema, None, SERVICE_INCOMPATIBLE, _CUSTOM),
    # How PATCH is spelled
    _Row(
        _VALUE,
        _PATCH,
        _no_add,
        None,
        SERVICE_INCOMPATIBLE,
        "The application takes no `add` in PATCH, which RFC 7644 section 3.5.2.1 requires: ask its maker.",
    ),
    _Row(_VALUE, _PATCH, _boolean, _sent_text, SERVICE_INCOMPATIBLE, f"{_COMPLIANT}: booleans are then sent as such."),
    _Row(_VALUE, _MEMBERS, _of_members, _sent_classic, SERVICE_INCOMPATIBLE, _COMPLIANT + _SPELLED),
    _Row(
        _VALUE, _MEMBERS, _of_members, _sent_compliant, SERVICE_INCOMPATIBLE, f"{_CLASSIC}: members then go by value."
    ),
    _Row(_VALUE, _PATCH, _patch_form, _sent_classic, SERVICE_INCOMPATIBLE, _COMPLIANT + _SPELLED),
    _Row(
        _VALUE,
        _PATCH,
        _patch_form,
        _sent_compliant,
        SERVICE_INCOMPATIBLE,
        f"{_CLASSIC}: every operation then has a path of its own, as Entra sends it without a flag.",
    ),
    _Row(
        _VALUE,
        _PATCH,
        _chosen,
        None,
        _NOT_KNOWN,
        "The account has no entry that the path selects, and the application adds none: map the attribute only during "
        "object creation, or ask the maker of the application.",
    ),
    # No place
    _Row(frozenset({400, 402, 403, 409, 422}), None, _full, None, "InsufficientRights", _FULL),
    _Row(frozenset({402}), None, None, None, "InsufficientRights", _FULL),
    # The value
    _Row(
        frozenset({400, 422, 500}),
        None,
        _taken,
        None,
        "EntryConflict",
        "Delete or rename the other object, or change the matching attribute, then retry.",
    ),
    _Row(
        frozenset({400, 403, 422}),
        None,
        _domain,
        None,
        "",
        "Have the domain verified or allowed at the application, or map an address in another domain.",
    ),
    _Row(
        _VALUE, None, _length, None, "", "Shorten the value, or cut it in its mapping, as with Left([attribute], 64)."
    ),
    _Row(
        _VALUE,
        _WRITE,
        _missing,
        None,
        "MandatoryFieldsMissing",
        "Map the attribute that the application requires, and give it a value or a default.",
    ),
    _Row(
        _VALUE,
        _CREATE,
        _meta,
        None,
        SERVICE_INCOMPATIBLE,
        "Entra sends meta with creates, and services ignore it as read-only (RFC 7644 section 3.3): ask the maker.",
    ),
    _Row(
        frozenset({400, 403, 422}),
        _PATCH,
        _read_only,
        None,
        "NotPermitted",
        "The attribute cannot be changed there: map it only during object creation.",
    ),
    _Row(
        frozenset({400, 403, 501}),
        _LOOK,
        _filter,
        None,
        SERVICE_INCOMPATIBLE,
        "The application cannot be searched by this attribute: match by another one, such as userName.",
    ),
    _Row(_VALUE, None, _attribute, None, _NOT_KNOWN, _UNKNOWN),
    # What is not offered
    _Row(frozenset({404}), _CREATE, None, None, SERVICE_INCOMPATIBLE, _NOTHING_CREATED),
    _Row(frozenset({405, 501}), _CREATE, None, None, "", _NOTHING_CREATED),
    _Row(
        frozenset({405, 501}),
        _PATCH,
        None,
        None,
        "",
        "The application takes no PATCH, by which accounts are changed and disabled: check the tenant URL, then ask "
        "its maker.",
    ),
    _Row(
        frozenset({405, 501}),
        _DELETE,
        None,
        None,
        "",
        "The application does not delete: switch Delete off in the target object actions.",
    ),
    _Row(
        frozenset({406, 415}),
        None,
        None,
        None,
        SERVICE_INCOMPATIBLE,
        "The application, or a proxy in front of it, must accept and send application/scim+json (RFC 7644, 3.8): "
        "ask its maker.",
    ),
    _Row(frozenset({413}), None, None, None, "", _TOO_LARGE),
    _Row(frozenset({414, 431}), None, None, None, "UnprocessableEntity", _TOO_LARGE),
    _Row(
        frozenset({407}),
        None,
        None,
        None,
        "WebExceptionProtocolError",
        "A proxy between this machine and the application asks for a sign-in: let this machine through.",
    ),
)
