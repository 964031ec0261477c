"""Resources as they are stored and as they are sent: one JSON text, its meta last (RFC 7643 section 3.1).

Pure. A stored document lacks only what depends on the request: the server's address before its location, and a group's
members, which are rows. Both are put in by cutting the text at a known place, never by parsing it.
"""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple, cast
from zlib import crc32

import msgspec

from provisor.provider.model.limits import KEY_BYTES, MAX_DEPTH
from provisor.provider.model.profiles import ResourceKind
from provisor.scim.errors import invalid_syntax, invalid_value, shown
from provisor.scim.schemas.resource_types import ADSCIM_GROUP_URN
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.validate import schemas_of
from provisor.scim.values import Json, Resource, fold

ENDPOINTS: Mapping[ResourceKind, str] = {"User": "/Users/", "Group": "/Groups/"}
# What follows the server's address at the end of a document: /Users/ and a GUID, the end of meta, the end of all.
TAILS: Mapping[ResourceKind, int] = {kind: len(endpoint) + 36 + len('"}}') for kind, endpoint in ENDPOINTS.items()}
_AFTER_VERSION = '\\"","location":"'
_BEFORE_META = ',"meta":{"resourceType":'

# An unclosed text runs to the end: searching again from each of its quotes would take n² steps.
_TEXTS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_ESCAPED = re.compile(rb"\\u00[3-7]")
_BRACKETS = re.compile(rb"[\[\]{}]")

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode

__all__ = ["ADSCIM_GROUP_URN", "ENDPOINTS", "Member", "Sealed", "decode_body", "dump", "etag", "load", "located"]


class Member(NamedTuple):
    """One row of a group's members."""

    id: str
    kind: ResourceKind


class Sealed(NamedTuple):
    """A document ready to be stored, with the columns it is found by."""

    name_key: str
    external_id: str | None
    display_key: str | None
    active: int | None
    document: str


def timestamp(microseconds: int) -> str:
    """A stored time as SCIM writes it."""
    return f"{_second(microseconds // 1_000_000)}.{microseconds // 1000 % 1000:03d}Z"


@lru_cache(maxsize=1_024)  # many requests share a second
def _second(since_1970: int) -> str:
    return f"{datetime.fromtimestamp(since_1970, UTC):%Y-%m-%dT%H:%M:%S}"


def etag(version: int | str) -> str:
    """The weak entity tag of a version; the same text stands in meta.version."""
    return f'W/"{version}"'


def seal(
    content: Resource,
    kind: ResourceKind,
    resource_type: ResourceType,
    *,
    id_: str,
    version: int,
    created: int,
    modified: int,
) -> Sealed:
    """Make what is stored of accepted content: without members, with schemas, id and meta of our own."""
    document: Resource = {"schemas": schemas_of(content, resource_type), "id": id_}
    for name, value in content.items():
        if name not in _NOT_CONTENT:
            document[name] = value
    display = content.get("displayName")
    external = content.get("externalId")
    active = content.get("active")
    text = (
        f'{_encode(document).decode()[:-1]}{_BEFORE_META}"{kind}","created":"{timestamp(created)}",'
        f'"lastModified":"{timestamp(modified)}","version":"W/\\"{version}\\"","location":"{ENDPOINTS[kind]}{id_}"}}}}'
    )
    name = "userName" if kind == "User" else "displayName"
    return Sealed(
        name_key=_bounded(name, fold(cast(str, content.get(name)))),
        external_id=_bounded("externalId", external) if isinstance(external, str) else None,
        display_key=_bounded("displayName", fold(display)) if kind == "User" and isinstance(display, str) else None,
        active=int(active) if isinstance(active, bool) else None,
        document=text,
    )


def _bounded(name: str, key: str) -> str:
    """A key that an index of either database can hold. Raises ScimError invalidValue."""
    if len(key) > KEY_BYTES // 4 and len(key.encode("utf-8", "replace")) > KEY_BYTES:
        raise invalid_value(f"{name} may have {KEY_BYTES} bytes; {shown(key)} has more.")
    return key


# Ours, composed from rows, or not returned: a password is checked by the rules and then not kept.
_NOT_CONTENT = frozenset({"schemas", "id", "meta", "members", "groups", "password"})


def restamped(document: str, kind: ResourceKind, *, id_: str, version: int, created: int, modified: int) -> str:
    """The same document with another version and time: what a change of members does to a group."""
    return (
        f'{document[: document.rindex(_BEFORE_META)]}{_BEFORE_META}"{kind}","created":"{timestamp(created)}",'
        f'"lastModified":"{timestamp(modified)}","version":"W/\\"{version}\\"","location":"{ENDPOINTS[kind]}{id_}"}}}}'
    )


def located(document: str, kind: ResourceKind, base: str) -> str:
    """A stored document as it is sent: its location begins with the server's address."""
    tail = TAILS[kind]
    return f"{document[:-tail]}{base}{document[-tail:]}"


def located_all(documents: Iterable[str], kind: ResourceKind, base: str) -> list[str]:
    """Many of one kind, at the least cost for a page."""
    tail = TAILS[kind]
    return [f"{document[:-tail]}{base}{document[-tail:]}" for document in documents]


def id_of(document: str) -> str:
    """The id of a stored document: it ends with its location."""
    return document[-36 - len('"}}') : -len('"}}')]


def with_list(document: str, name: str, values: str) -> str:
    """A document with one more attribute, whose elements are given as JSON text; unchanged when there are none."""
    return f'{document[:-1]},"{name}":[{values}]}}' if values else document


def with_groups(text: str, version: int, values: str) -> tuple[str, int | str]:
    """A user as sent, with the groups they are in, and a version that tells those groups too.

    What a client can write changes the number; the groups, which others change, only the mark behind it: a conditional
    read notices both, and If-Match compares the number alone (RFC 7644 section 3.14, RFC 7643 section 4.1.2).
    """
    if not values:
        return text, version
    mark = f".{crc32(values.encode()):08x}"
    end = text.rindex(_AFTER_VERSION)
    return f'{text[:end]}{mark}{text[end:-1]},"groups":[{values}]}}', f"{version}{mark}"


def groups_text(groups: Iterable[str], base: str) -> str:
    """The elements of a user's `groups`, without brackets."""
    ref = f'","$ref":"{base}/Groups/'
    return ",".join([f'{{"value":"{group}{ref}{group}","type":"direct"}}' for group in groups])


def members_text(members: Iterable[Sequence[str]], base: str) -> str:
    """The elements of `members`, without brackets. Ids and kinds are ours and need no escaping."""
    users, groups = f'","$ref":"{base}/Users/', f'","$ref":"{base}/Groups/'
    return ",".join(
        [f'{{"value":"{id_}{users if kind == "User" else groups}{id_}","type":"{kind}"}}' for id_, kind in members]
    )


def load(document: str | bytes) -> Resource:
    """Parse a document of ours."""
    return cast(Resource, _decode(document))


def dump(value: Json) -> str:
    """JSON text."""
    return _encode(value).decode()


def decode_body(body: bytes) -> Json:
    """Parse what a client sent. Raises ScimError invalidSyntax."""
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _depth(body) > MAX_DEPTH:
        raise invalid_syntax(f"The body nests deeper than {MAX_DEPTH} objects and lists.")
    try:
        value = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        rest = body.removeprefix(BOM_UTF8)  # some .NET clients write one; RFC 8259 section 8.1 allows ignoring it
        if len(rest) < len(body) and not rest.startswith(BOM_UTF8):
            return decode_body(rest)
        raise invalid_syntax(f"The body is not JSON: {error}.") from None
    # Ignoring case, a repeated name has its colon behind it. Escapes may hide one.
    if (b"\\u00" in body and _ESCAPED.search(body)) or _encode(_decode(body.lower())).count(b":") != body.count(b":"):
        json.loads(body, object_pairs_hook=_once)
    return cast(Json, value)


def _once(pairs: list[tuple[str, Json]]) -> None:
    """Refuse an object with a repeated name: the sender, the log and we may each see another value."""
    met: set[str] = set()
    for name, _ in pairs:
        if name.lower() in met:
            raise invalid_syntax(f"The body says {shown(name)} twice in one object.")
        met.add(name.lower())


def _depth(body: bytes) -> int:
    """How deep brackets stand inside each other, outside of texts."""
    deepest = depth = 0
    for bracket in _BRACKETS.findall(_TEXTS.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def decode_object(body: bytes) -> Resource:
    """Parse a body that must be an object."""
    value = decode_body(body)
    if not isinstance(value, dict):
        raise invalid_syntax("The body must be a JSON object.")
    return value
