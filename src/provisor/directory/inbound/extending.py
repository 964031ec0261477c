"""Attributes of a source that become directory extensions, `extension_{appId}_{name}`, whose case is kept.

Pure. Types, several values, 250 characters: spec/entra-connect.md section 4. A text that is longer is shortened, as the
original does; bytes that are too many are left away, as part of them would be another value.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, assert_never

from provisor.directory.attributes import Unreadable, extension_name
from provisor.directory.extensions import LONGEST_VALUE
from provisor.directory.inbound.arriving import RawValue
from provisor.directory.inbound.giving import Giving, bytes_of, unstorable
from provisor.directory.inbound.values import as_texts
from provisor.directory.objects import DirectoryValue
from provisor.directory.printable import refused_name
from provisor.directory.writable import MOST_IN_A_LIST
from provisor.rules.source_settings import SourceExtension
from provisor.scim.naming import escaped

ONE_VALUED: Final = ("Boolean", "Integer", "LargeInteger")  # types of which an object has no more than one value
LONGEST_TEXT_TAKEN: Final = 250  # characters, of which the directory has room for six more
_BITS: Final = {"Integer": 32, "LargeInteger": 64}
_NUMBER: Final = re.compile(r"-?[0-9]{1,19}")
_BOOLEANS: Final = {"true": True, "false": False}
# RFC 4517 section 3.3.13: minutes, seconds and a fraction of the last of them may be absent, the zone may not.
_TIME: Final = re.compile(
    r"(?P<hour>[0-9]{10})(?P<minute>[0-9]{2})?(?P<second>[0-9]{2})?(?:[.,](?P<fraction>[0-9]{1,9}))?"
    r"(?:Z|(?P<sign>[+-])(?P<hours>[0-9]{2})(?P<minutes>[0-9]{2})?)"
)


def put_extensions(giving: Giving, raw: Mapping[str, RawValue], chosen: Sequence[SourceExtension], app_id: str) -> None:
    """Give the extensions that were chosen, as far as the record has values for them."""
    for extension in chosen:
        texts = [text for text in as_texts(raw.get(extension.attribute)) if text]
        if texts:
            giving.put_extension(extension_name(app_id, extension.attribute), _value(giving, extension, texts))


def fit_extension(
    giving: Giving, name: str, value: RawValue, *, longest: int = LONGEST_VALUE
) -> DirectoryValue | Unreadable:
    """A value of an extension that has its type already: as it is, where an extension can have it.

    Text that is longer than `longest` is shortened.
    """
    unfit = refused_name(name, "the name of an extension")
    if unfit is not None:
        return Unreadable(unfit.message)
    match value:
        case bool() | None:
            return value
        case int():
            limit = 2 ** (_BITS["LargeInteger"] - 1)
            return value if -limit <= value < limit else Unreadable(f"{name} is left away: it has more than 64 bits.")
        case str():
            return _text(giving, name, value, longest)
        case _:
            texts = [one for one in value if isinstance(one, str) and one]
            if len(texts) != len(value):
                giving.warn(f"{name} has values that are no text; they are left away.")
            return _several(giving, name, [_text(giving, name, text, longest) for text in dict.fromkeys(texts)])


def moment(text: str) -> str | None:
    """A generalizedTime as Graph writes it, in UTC; None when it is none."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    try:
        at = datetime.strptime(
            f"{found['hour']}{found['minute'] or '00'}{found['second'] or '00'}+0000", "%Y%m%d%H%M%S%z"
        )
        unit = timedelta(hours=1) if not found["minute"] else timedelta(seconds=60 if not found["second"] else 1)
        at += unit * int((found["fraction"] or "0").ljust(9, "0")) / 10**9
        if found["sign"]:
            away = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or "0"))
            at += away if found["sign"] == "-" else -away
    except (ValueError, OverflowError):
        return None
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _value(giving: Giving, extension: SourceExtension, texts: list[str]) -> DirectoryValue | Unreadable:
    if not extension.multi_valued or extension.type in ONE_VALUED:
        if len(texts) > 1:
            giving.warn(f"{extension.attribute} has {len(texts):,} values, of which the first is taken.")
        return _one(giving, extension, texts[0])
    return _several(giving, extension.attribute, [_one(giving, extension, text) for text in dict.fromkeys(texts)])


def _several(giving: Giving, name: str, values: Sequence[bool | int | str | Unreadable]) -> list[str]:
    kept = [value for value in values if isinstance(value, str)]
    for value in values:
        if isinstance(value, Unreadable):
            giving.warn(value.reason)
    if len(kept) > MOST_IN_A_LIST:
        giving.warn(f"{name} has {len(kept):,} values, of which the first {MOST_IN_A_LIST} are taken.")
    return kept[:MOST_IN_A_LIST]


def _one(giving: Giving, extension: SourceExtension, text: str) -> bool | int | str | Unreadable:
    name = extension.attribute
    match extension.type:
        case "String":
            return _text(giving, name, text, LONGEST_TEXT_TAKEN)
        case "Boolean":
            found = _BOOLEANS.get(text.strip().lower())
            return _unread(name, text, "TRUE or FALSE") if found is None else found
        case "Integer" | "LargeInteger":
            limit = 2 ** (_BITS[extension.type] - 1)
            number = int(text) if _NUMBER.fullmatch(text) else limit
            fits = -limit <= number < limit
            return number if fits else _unread(name, text, f"a whole number of {_BITS[extension.type]} bits")
        case "DateTime":
            return moment(text) or _unread(name, text, "a time such as 20310304100000.0Z")
        case "Binary":
            raw = bytes_of(text)
            fits = raw is not None and len(raw) <= LONGEST_VALUE
            return text if fits else _unread(name, text, f"base64 of at most {LONGEST_VALUE} bytes")
        case _:
            assert_never(extension.type)


def _text(giving: Giving, name: str, text: str, longest: int) -> str | Unreadable:
    reason = unstorable(text)
    if reason is not None:
        return Unreadable(f"{name} is left away: {escaped(text)} has {reason}.")
    if len(text) > longest:
        giving.warn(f"{name} is shortened from {len(text):,} to {longest:,} characters.")
    return text[:longest]


def _unread(name: str, text: str, wanted: str) -> Unreadable:
    return Unreadable(f"{name} is left away: {escaped(text)} is not {wanted}.")
