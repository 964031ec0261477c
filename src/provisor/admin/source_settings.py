"""The settings documents of sources as administrators give them: read, checked, changed in part; and their secrets.

Raises AdminError with every problem as a sentence. What is wrong with a document alone rules.source_settings tells;
here is what takes this machine to know, as whether a file is there. Order: documents, what a change means, secrets.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from provisor.admin.errors import AdminError
from provisor.connectors.addresses import is_loopback
from provisor.rules.source_settings import (
    CONNECTED_KINDS,
    DEFAULT_INTERVAL_SECONDS,
    SHORTEST_INTERVAL_SECONDS,
    ActiveDirectorySettings,
    ConnectedKind,
    CsvSettings,
    EntraSettings,
    LdapSettings,
    SourceSettings,
    encode_settings,
    kind_of,
    problems,
)
from provisor.scim.nearest import did_you_mean
from provisor.scim.values import Json

PASSWORD: Final = "password"  # noqa: S105 - a name, not a secret
CLIENT_SECRET: Final = "clientSecret"  # noqa: S105 - a name, not a secret
CERTIFICATE: Final = "certificate"
SECRETS: Final[Mapping[ConnectedKind, tuple[str, ...]]] = {
    "active-directory": (PASSWORD,),
    "ldap": (PASSWORD,),
    "entra": (CLIENT_SECRET, CERTIFICATE),
    "csv": (),
}
DEFAULT_PRECEDENCE: Final = 100
LONGEST_INTERVAL_SECONDS: Final = 366 * 24 * 3600
MOST_PRECEDENCE: Final = 1_000_000
_KIND: Final = "type"
_OF_NAMES: Final = frozenset({"containers"})  # lists of distinguished names


def read_settings(document: Mapping[str, object]) -> SourceSettings:
    """The settings that a document means. Raises AdminError with all its problems."""
    kind = document.get(_KIND)
    if kind not in CONNECTED_KINDS:
        shown = "no kind" if kind is None else f"the kind {str(kind)[:60]!r}"
        raise AdminError(
            "source-settings",
            f"The settings name {shown} of source.",
            f"{did_you_mean(str(kind), CONNECTED_KINDS)}The kinds are {', '.join(CONNECTED_KINDS)}.",
        )
    try:
        settings: SourceSettings = msgspec.convert(dict(document), SourceSettings)
    except msgspec.ValidationError as error:
        raise AdminError(
            "source-settings",
            f"The settings cannot be read: {error}.",
            "`provisor source show NAME --json` shows how settings are written.",
        ) from error
    if _holds_unprintable(document):
        raise AdminError(
            "source-settings",
            "The settings hold half a character or a control character.",
            "Type the value anew; nothing was stored.",
        )
    check(settings)
    return settings


def _holds_unprintable(value: object) -> bool:
    match value:
        case str():
            return any(character < " " or "\ud800" <= character <= "\udfff" for character in value)
        case Mapping():
            return any(_holds_unprintable(inner) for inner in value.values())
        case list() | tuple():
            return any(_holds_unprintable(inner) for inner in value)
        case _:
            return False


def check(settings: SourceSettings) -> None:
    """Raise AdminError where the settings cannot work."""
    found = [*problems(settings), *_exposed(settings), *_missing_files(settings)]
    if found:
        raise AdminError("source-settings", "\n".join(found), "Correct the settings; nothing was stored.")


def document_of(settings: SourceSettings) -> dict[str, Json]:
    """The settings as a document, with all defaults. It holds no secret."""
    document: dict[str, Json] = msgspec.json.decode(encode_settings(settings))
    return document


def edited(settings: SourceSettings, changes: Mapping[str, str]) -> SourceSettings:
    """The settings with these values by their dotted paths (`server.caFile`), each JSON, or else text as it stands.

    A list may be given as texts with commas between them; distinguished names, which hold commas, have semicolons.
    Raises AdminError.
    """
    document = document_of(settings)
    for path, text in changes.items():
        *parents, name = path.split(".")
        inner: Json = document
        for parent in parents:
            inner = inner.get(parent) if isinstance(inner, dict) else None
        if not isinstance(inner, dict) or name not in inner or path == _KIND:
            raise AdminError(
                "source-settings",
                f"There is no setting {path[:80]!r} of a source of this kind.",
                f"{did_you_mean(path, _paths(document))}The settings are {', '.join(_paths(document))}.",
            )
        inner[name] = _value(inner[name], text, ";" if name in _OF_NAMES else ",")
    return read_settings(document)


def _paths(document: Mapping[str, Json], above: str = "") -> list[str]:
    found: list[str] = []
    for name, value in document.items():
        if isinstance(value, dict):
            found += _paths(value, f"{above}{name}.")
        elif name != _KIND:
            found.append(f"{above}{name}")
    return found


def _value(before: Json, text: str, between: str) -> Json:
    """What a text means in the place of a value."""
    if isinstance(before, str):
        return text
    try:
        value: Json = msgspec.json.decode(text)
    except msgspec.DecodeError:
        value = text
    if isinstance(before, list) and not isinstance(value, list):
        return [part.strip() for part in text.split(between)] if text.strip() else []
    return value


def needs_full_read(before: SourceSettings, after: SourceSettings) -> bool:
    """Whether what a change of settings means shows only when everything is read once more."""
    return _without_way(before) != _without_way(after)


def _without_way(settings: SourceSettings) -> SourceSettings:
    """The settings without those of how to reach the source, which say nothing of whom to read."""
    match settings:
        case ActiveDirectorySettings() | LdapSettings():
            server = msgspec.structs.replace(settings.server, addresses=(), user="", transport="ldaps", ca_file="",
                                             certificate_names=(), timeout_seconds=1.0)  # fmt: skip
            return msgspec.structs.replace(settings, server=server)
        case EntraSettings():
            return msgspec.structs.replace(settings, client="", ca_file="", graph="", login="", cloud="global")
        case CsvSettings():
            return settings


def refuse_known_secrets(before: SourceSettings, after: SourceSettings, known: Iterable[str]) -> None:
    """Raise AdminError where a secret would go elsewhere than to where it was given for, or with less protection."""
    names = [*known]
    if names and _place(before) != _place(after):
        raise AdminError(
            "secret-needed-again",
            f"The {' and '.join(names)} was given for another server or another way to it.",
            "Give it again together with the new settings; on the command line with --ask or a file.",
        )


def _place(settings: SourceSettings) -> tuple[object, ...]:
    match settings:
        case ActiveDirectorySettings() | LdapSettings():
            server = settings.server
            return (server.addresses, server.transport, server.ca_file, server.certificate_names)
        case EntraSettings():
            return (settings.tenant, settings.client, settings.cloud, settings.graph, settings.login, settings.ca_file)
        case CsvSettings():
            return ()


def _exposed(settings: SourceSettings) -> Iterator[str]:
    """Where secrets or people would go over the network for everybody to read."""
    match settings:
        case ActiveDirectorySettings() | LdapSettings():
            if settings.server.transport != "plain":
                return
            for address in settings.server.addresses:
                host = address.rpartition(":")[0] if address.count(":") == 1 else address
                if not is_loopback(host):
                    yield f"Without TLS the network would see the password for {host}; take ldaps or starttls."
        case EntraSettings():
            for address in (settings.graph, settings.login):
                host = address.removeprefix("http://").partition("/")[0].rpartition("@")[2]
                host = host if host.startswith("[") else host.partition(":")[0]
                if address.startswith("http://") and not is_loopback(host.strip("[]")):
                    yield f"Plain HTTP to {host} would show the secret to the network; use https://."
        case CsvSettings():
            pass


def _missing_files(settings: SourceSettings) -> Iterator[str]:
    for what, text in _files(settings):
        if not text:
            continue
        if not Path(text).is_absolute():
            yield f"The {what} {text[:200]} is not named from the root: `provisor serve` may run in another folder."
        elif not Path(text).is_file():
            yield f"The {what} {text[:200]} is not there, or is no file."


def _files(settings: SourceSettings) -> Sequence[tuple[str, str]]:
    match settings:
        case ActiveDirectorySettings() | LdapSettings():
            return [("CA file", settings.server.ca_file)]
        case EntraSettings():
            return [("CA file", settings.ca_file)]
        case CsvSettings():
            files = (("users", settings.users), ("groups", settings.groups), ("members", settings.members))
            return [(f"file of {what}", text) for what, text in files]


def accepted_interval(seconds: int | None) -> int:
    """The seconds between two runs. Raises AdminError for what they cannot be."""
    if seconds is None:
        return DEFAULT_INTERVAL_SECONDS
    if not SHORTEST_INTERVAL_SECONDS <= seconds <= LONGEST_INTERVAL_SECONDS:
        raise AdminError(
            "invalid-value",
            f"A source cannot be read every {seconds} seconds.",
            f"Choose {SHORTEST_INTERVAL_SECONDS} to {LONGEST_INTERVAL_SECONDS:,} seconds.",
        )
    return seconds


def accepted_precedence(number: int | None) -> int:
    """The precedence. Raises AdminError for what it cannot be."""
    if number is None:
        return DEFAULT_PRECEDENCE
    if not 0 <= number <= MOST_PRECEDENCE:
        raise AdminError(
            "invalid-value", f"{number} is no precedence.", f"Choose 0 to {MOST_PRECEDENCE:,}; the lower wins."
        )
    return number


def accepted_secrets(settings: SourceSettings, given: Mapping[str, str]) -> dict[str, str]:
    """The secrets as they are stored. Raises AdminError for one that such a source does not have, or a blank one."""
    names = SECRETS[kind_of(settings)]
    for name, value in given.items():
        if name not in names:
            takes = f"It takes {' or '.join(names)}." if names else "It takes none."
            raise AdminError("invalid-value", f"A source of this kind has no secret {name[:60]!r}.", takes)
        if not value.strip():
            raise AdminError("invalid-value", f"The {name} is blank.", "Give it again.")
    if len(given) > 1:
        raise AdminError("invalid-value", "A client secret and a certificate are given.", "Give one of them.")
    return dict(given)


def is_signed_in(settings: SourceSettings, stored: Iterable[str]) -> bool:
    """Whether there is the secret it takes to sign in."""
    names = SECRETS[kind_of(settings)]
    return not names or bool(set(names) & set(stored))
