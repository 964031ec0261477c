"""The fields of a source's connection, by its kind: what each is called, and which setting it is.

A field is named as its setting in the document of settings. Order: the fields, texts from a document, a document from
texts, what was refused beside its field.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from provisor.admin.errors import AdminError
from provisor.portal.errors import advice
from provisor.rules.source_settings import ConnectedKind
from provisor.scim.values import Json

FieldShape: TypeAlias = Literal["line", "lines", "choice", "number"]
NOT_A_NUMBER: Final = "Write a whole number."


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceField:
    """One setting. `path`: where it is in the document; `more`: among those that few people need."""

    path: str
    label: str
    hint: str = ""
    shape: FieldShape = "line"
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = False
    more: bool = False

    @property
    def name(self) -> str:
        """What the field of a form is called."""
        return self.path.rpartition(".")[2]


_SERVERS: Final = SourceField(
    path="server.addresses",
    label="Servers",
    shape="lines",
    required=True,
    hint="One a line, with or without a port, such as dc1.contoso.com. They are tried in this order.",
)
_TRANSPORT: Final = SourceField(
    path="server.transport",
    label="TLS",
    shape="choice",
    choices=(("ldaps", "LDAPS, port 636"), ("starttls", "StartTLS, port 389"), ("plain", "None: to this machine only")),
)
_CA_FILE: Final = SourceField(
    path="server.caFile",
    label="CA file",
    hint="Who vouches for the server's certificate: a PEM file on the machine that runs Provisor, by its full path."
    " Empty: whom that machine trusts.",
)
_CERTIFICATE_NAMES: Final = SourceField(
    path="server.certificateNames",
    label="Names in the certificate",
    shape="lines",
    more=True,
    hint="One a line; one of them must be in the certificate. Empty: the server's own name.",
)
_TIMEOUT: Final = SourceField(
    path="server.timeoutSeconds", label="Wait for an answer (seconds)", shape="number", more=True
)
_ACTIVE_DIRECTORY: Final = (
    _SERVERS,
    SourceField(
        path="server.user",
        label="User name",
        required=True,
        hint="The account that reads, such as sync@contoso.com. With the right Replicating Directory Changes, changes"
        " are read by DirSync.",
    ),
    SourceField(path="base", label="Domain", required=True, hint="Its distinguished name, such as DC=contoso,DC=com."),
    _TRANSPORT,
    _CA_FILE,
    SourceField(
        path="domain", label="DNS name of the domain", more=True, hint="Where the domain above does not say it."
    ),
    SourceField(path="netBiosDomain", label="NetBIOS name of the domain", more=True),
    SourceField(
        path="anchor",
        label="Source anchor of people",
        shape="choice",
        more=True,
        choices=(("objectGUID", "objectGUID"), ("mS-DS-ConsistencyGuid", "mS-DS-ConsistencyGuid")),
        hint="What becomes onPremisesImmutableId.",
    ),
    SourceField(
        path="signInName",
        label="Attribute that becomes userPrincipalName",
        more=True,
        hint="userPrincipalName, or mail.",
    ),
    SourceField(
        path="incremental",
        label="How changes are read",
        shape="choice",
        more=True,
        choices=(
            ("automatic", "By DirSync where the account may, else by uSNChanged"),
            ("dirsync", "By DirSync"),
            ("usn", "By uSNChanged"),
        ),
    ),
    _CERTIFICATE_NAMES,
    _TIMEOUT,
)
_LDAP: Final = (
    _SERVERS,
    SourceField(
        path="server.user",
        label="User name",
        required=True,
        hint="The account that reads, such as cn=reader,dc=contoso,dc=com.",
    ),
    SourceField(path="base", label="Base", required=True, hint="Below it everything is read: dc=contoso,dc=com."),
    _TRANSPORT,
    _CA_FILE,
    SourceField(path="userFilter", label="Which entries are people", more=True),
    SourceField(path="groupFilter", label="Which entries are groups", more=True),
    SourceField(path="anchor", label="Attribute that identifies an entry for good", more=True),
    SourceField(path="signInName", label="Attribute that becomes userPrincipalName", more=True),
    SourceField(
        path="compareSeconds",
        label="Look at who is still there every (seconds)",
        shape="number",
        more=True,
        hint="LDAP does not tell who was deleted.",
    ),
    _CERTIFICATE_NAMES,
    _TIMEOUT,
)
_ENTRA: Final = (
    SourceField(path="tenant", label="Tenant", required=True, hint="Its id, or one of its domains."),
    SourceField(
        path="client",
        label="Application (client) ID",
        required=True,
        hint="The app registration that Provisor reads as, with User.Read.All and Group.Read.All granted; for"
        " assignments Application.Read.All, too.",
    ),
    SourceField(
        path="cloud",
        label="Cloud",
        shape="choice",
        choices=(
            ("global", "Global"),
            ("us-government", "US Government L4"),
            ("us-government-dod", "US Government L5 (DOD)"),
            ("china", "China, operated by 21Vianet"),
        ),
    ),
    SourceField(path="graph", label="Another address of Microsoft Graph", more=True, hint="Empty: that of the cloud."),
    SourceField(path="login", label="Another address of its sign-in", more=True, hint="Empty: that of the cloud."),
    SourceField(
        path="caFile", label="CA file", more=True, hint="For such another address; a PEM file, by its full path."
    ),
)
_HERE: Final = "By its full path, on the machine that runs Provisor."
_CSV: Final = (
    SourceField(path="users", label="File of users", hint=f"One user a row. {_HERE}"),
    SourceField(path="groups", label="File of groups", hint=f"One group a row. {_HERE}"),
    SourceField(path="members", label="File of members", hint=f"Columns: group, member. {_HERE}"),
    SourceField(
        path="userAnchor",
        label="Column that identifies a user",
        more=True,
        hint="Empty: chosen by the columns there are.",
    ),
    SourceField(path="groupAnchor", label="Column that identifies a group", more=True),
)
FIELDS: Final[Mapping[ConnectedKind, tuple[SourceField, ...]]] = {
    "active-directory": _ACTIVE_DIRECTORY,
    "ldap": _LDAP,
    "entra": _ENTRA,
    "csv": _CSV,
}
# What a new source begins with; the rest are the defaults of its kind.
BEGINNINGS: Final[Mapping[ConnectedKind, Mapping[str, Json]]] = {
    "active-directory": {
        "server": {"addresses": [], "user": "", "transport": "ldaps", "caFile": "", "certificateNames": [],
                   "timeoutSeconds": 30},
        "base": "", "domain": "", "netBiosDomain": "", "anchor": "objectGUID", "signInName": "userPrincipalName",
        "incremental": "automatic",
    },
    "ldap": {
        "server": {"addresses": [], "user": "", "transport": "ldaps", "caFile": "", "certificateNames": [],
                   "timeoutSeconds": 30},
        "base": "", "userFilter": "(objectClass=inetOrgPerson)",
        "groupFilter": "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames))", "anchor": "entryUUID",
        "signInName": "mail", "compareSeconds": 3600,
    },
    "entra": {"tenant": "", "client": "", "cloud": "global", "graph": "", "login": "", "caFile": ""},
    "csv": {"users": "", "groups": "", "members": "", "userAnchor": "", "groupAnchor": ""},
}  # fmt: skip
# Whose field a refusal is about, by how its sentence begins.
_ABOUT: Final = (
    ("No server", "addresses"),
    ("The server ", "addresses"),
    ("Whom to sign in as", "user"),
    ("A server is waited for", "timeoutSeconds"),
    ("The base", "base"),
    ("The CA file", "caFile"),
    ("Without TLS", "transport"),
    ("The tenant", "tenant"),
    ("The client id", "client"),
    ("The Graph address", "graph"),
    ("The sign-in address", "login"),
    ("Plain HTTP", "graph"),
    ("No file of users or groups", "users"),
    ("A file of members", "groups"),
    ("The file of users", "users"),
    ("The file of groups", "groups"),
    ("The file of members", "members"),
    ("The container", "containers"),
    ("The group", "group"),
    ("The filter", "filters"),
    ("A filter", "filters"),
    ("A source cannot be read every", "interval"),
    ("The password", "password"),
    ("The clientSecret", "clientSecret"),
    ("The certificate", "certificate"),
    ("A client secret and a certificate", "certificate"),
)


def texts(kind: ConnectedKind, document: Mapping[str, Json]) -> dict[str, str]:
    """What stands in the fields."""
    return {field.name: _text(_found(document, field.path)) for field in FIELDS[kind]}


def shown_settings(kind: ConnectedKind, document: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Settings for who only reads them, with their labels; those that say nothing left out."""
    for field in FIELDS[kind]:
        text = _text(_found(document, field.path))
        if text:
            yield field.label, dict(field.choices).get(text, text)


def typed_document(
    kind: ConnectedKind, before: Mapping[str, Json], typed: Mapping[str, str], wrong: dict[str, str]
) -> dict[str, Json]:
    """The document with what was typed; what is no number is said in `wrong`."""
    document: dict[str, Json] = {**deepcopy(dict(before)), "type": kind}
    for field in FIELDS[kind]:
        text, (holder, name) = typed[field.name].strip(), _place(document, field.path)
        if field.shape == "number":
            number = whole_number(text)
            if number is None:
                wrong[field.name] = NOT_A_NUMBER
            else:
                holder[name] = number
        else:
            holder[name] = lines(text) if field.shape == "lines" else text
    return document


def lines(text: str) -> list[Json]:
    """What stands on each line; nothing for an empty one."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def whole_number(text: str) -> int | None:
    """A number as people write it; None for what is none."""
    text = text.strip().replace(",", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def beside(error: AdminError, fields: Sequence[str]) -> tuple[dict[str, str], str]:
    """What a verb refused: said beside those fields of the form that it is about, and the rest as one text."""
    wrong: dict[str, str] = {}
    rest: list[str] = []
    for sentence in error.message.split("\n"):
        name = next((name for begins, name in _ABOUT if sentence.startswith(begins) and name in fields), None)
        if name is None:
            rest.append(sentence)
        else:
            wrong[name] = f"{wrong.get(name, '')} {sentence}".strip()
    hint = advice(error.hint)
    if rest and hint:
        rest.append(hint)
    return wrong, " ".join(rest)


def _found(document: Mapping[str, Json], path: str) -> Json:
    found: Json = dict(document)
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _place(document: dict[str, Json], path: str) -> tuple[dict[str, Json], str]:
    *parents, name = path.split(".")
    for parent in parents:
        inner = document.setdefault(parent, {})
        if isinstance(inner, dict):
            document = inner
    return document, name


def _text(value: Json) -> str:
    if isinstance(value, list):
        return "\n".join(map(str, value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
