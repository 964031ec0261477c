"""Users and groups between the directory and the wire: documents with the properties asked for, bodies as values.

Which names there are: graph_api.wire.directory_types.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import UNSET

from provisor.directory.attributes import KNOWN
from provisor.directory.extensions import PREFIX, TARGET, ExtensionProperty
from provisor.directory.objects import DirectoryKind, DirectoryObject, DirectoryValue
from provisor.directory.writable import LAST_SYNC
from provisor.graph_api.odata.bodies import OpenBody
from provisor.graph_api.odata.errors import bad_request
from provisor.graph_api.odata.times import time_text
from provisor.graph_api.wire.directory_types import (
    DEFAULTS,
    EXTENSION_ATTRIBUTES,
    FIFTEEN,
    NOT_KEPT,
    PROPERTIES,
    TYPE_NAMES,
)
from provisor.scim.nearest import did_you_mean

REQUIRED: Final[Mapping[DirectoryKind, tuple[str, ...]]] = {
    "user": ("accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile"),
    "group": ("displayName", "mailEnabled", "mailNickname", "securityEnabled"),
}
_UPN = re.compile(r"[^@\s]+@[^@\s]+")
_BY_LOWER: Final = {kind: {name.lower(): name for name in names} for kind, names in PROPERTIES.items()}


def chosen(
    kinds: Sequence[DirectoryKind],
    select: Iterable[str] | None,
    registered: Mapping[str, ExtensionProperty],
    *,
    also: Sequence[str] = (),
) -> tuple[str, ...] | None:
    """The names that $select asks for, as Graph writes them; None for the default set.

    Raises GraphError for one that objects of none of these kinds have. `also` may be asked for besides.
    """
    if select is None:
        return None
    return tuple(dict.fromkeys(_known(kinds, name, registered, also) for name in select))


def _known(
    kinds: Sequence[DirectoryKind], name: str, registered: Mapping[str, ExtensionProperty], also: Sequence[str]
) -> str:
    if name in registered:  # names of extensions are case-sensitive
        if any(TARGET[kind] in registered[name].targets for kind in kinds):
            return name
    elif not name.startswith(PREFIX):
        for kind in kinds:
            known = _BY_LOWER[kind].get(name.lower())
            if known is not None:
                return known
        for other in also:
            if other.lower() == name.lower():
                return other
    names = [*registered, *also, *(each for kind in kinds for each in PROPERTIES[kind])]
    raise bad_request(
        f"Could not find a property named '{name[:200]}' on type 'microsoft.graph.{kinds[0]}'.",
        f"{did_you_mean(name, names)}Names are in reference/directory.md; those of extensions are case-sensitive.",
    )


def document(
    item: DirectoryObject,
    names: Sequence[str] | None,
    *,
    typed: bool = False,
    sparse: bool = False,
    synced_at: int | None = None,
) -> dict[str, Any]:
    """The object with these properties, None: with those of the default set.

    `typed`: it says what it is, where it stands among others. `sparse`: properties without a value are left out. An
    extension without a value is absent, as in Graph. `synced_at`: when its source was last read, in UTC microseconds,
    where that is not among its attributes.
    """
    shown: dict[str, Any] = {"@odata.type": TYPE_NAMES[item.kind]} if typed else {}
    for name in DEFAULTS[item.kind] if names is None else names:
        if name.startswith(PREFIX):
            if item.attributes.get(name) is not None:
                shown[name] = item.attributes[name]
        elif name in PROPERTIES[item.kind]:
            value = _value(item, name)
            if name == LAST_SYNC and synced_at is not None:
                value = time_text(synced_at)
            if not sparse or value not in (None, [], ()):
                shown[name] = value
    return {**shown, "id": item.id} if sparse else shown


def _value(item: DirectoryObject, name: str) -> object:
    attributes = item.attributes
    match name:
        case "id":
            return item.id
        case "createdDateTime":
            return time_text(item.created_at)
        case "deletedDateTime":
            return None if item.deleted_at is None else time_text(item.deleted_at)
        case "onPremisesExtensionAttributes":
            return {each: attributes.get(each) for each in FIFTEEN}
        case "accountEnabled" | "securityEnabled":
            return item.enabled
        case "mailEnabled":
            return attributes.get(name) is True
    if name in NOT_KEPT[item.kind]:
        return NOT_KEPT[item.kind][name]
    value = attributes.get(name)
    return [] if value is None and KNOWN[item.kind].get(name) == "list" else value


def given_values(kind: DirectoryKind, body: OpenBody, *, new: bool) -> dict[str, DirectoryValue]:
    """What a body sets, under the directory's names; null clears. Raises GraphError for what a new one lacks.

    Passwords are looked at and dropped: nobody signs in to this directory.
    """
    values: dict[str, DirectoryValue] = {}
    for name in KNOWN[kind]:
        value = getattr(body, name, UNSET)
        if value is not UNSET:
            values[name] = value
    values |= _fifteen(getattr(body, EXTENSION_ATTRIBUTES, UNSET))
    for name, value in body.extensions.items():
        values[name] = _extension(name, value)
    if new:
        for name in REQUIRED[kind]:
            if getattr(body, name) in (UNSET, None):
                raise bad_request(f"A value is required for property '{name}' of resource '{kind.capitalize()}'.")
    _check_password(getattr(body, "passwordProfile", UNSET), new=new)
    upn = values.get("userPrincipalName", "a@b")
    if not isinstance(upn, str) or not _UPN.fullmatch(upn):
        raise bad_request("Property userPrincipalName is invalid.", "Write it as alias@domain.")
    return values


def _fifteen(given: Any) -> dict[str, DirectoryValue]:
    if given is UNSET:
        return {}
    if given is None:
        return dict.fromkeys(FIFTEEN)
    found = {name: getattr(given, name) for name in FIFTEEN}
    return {name: value for name, value in found.items() if value is not UNSET}


def _extension(name: str, value: object) -> DirectoryValue:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return list(value)
    raise bad_request(f"{name} has a value that no extension can have.", "Give text, a number, true, false or texts.")


def _check_password(profile: Any, *, new: bool) -> None:
    if profile is UNSET or profile is None:
        return
    password = profile.password
    if (new and password in (UNSET, None, "")) or (isinstance(password, str) and not 1 <= len(password) <= 256):
        raise bad_request("passwordProfile has no password of 1 to 256 characters.")
