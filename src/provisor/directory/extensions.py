"""Directory extensions: properties of users and groups that Graph does not define, with types of their own.

Pure. A value of an extension is an ordinary attribute under the extension's full name. Types and limits:
spec/graph-synchronization-api.md section 11. Several values may be kept of the types that are written as text.
"""

import re
from base64 import b64decode
from binascii import Error
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias, assert_never, get_args

from provisor.directory.attributes import Unreadable
from provisor.directory.objects import Attributes, DirectoryKind, DirectoryValue, Refusal

DataType: TypeAlias = Literal["Binary", "Boolean", "DateTime", "Integer", "LargeInteger", "String"]
DATA_TYPES: Final[tuple[DataType, ...]] = get_args(DataType)
TARGET: Final[dict[DirectoryKind, str]] = {"user": "User", "group": "Group"}
LONGEST_VALUE: Final = 256  # characters, and bytes of a Binary
MOST_VALUES: Final = 100  # extensions with a value that an object may have
PREFIX: Final = "extension_"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,127}")
_BITS: Final = {"Integer": 32, "LargeInteger": 64}
_NUMBER = re.compile(r"-?[0-9]{1,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionProperty:
    """One extension: its full name, the short one it was registered under, and the kinds of object that may have it.

    `app_id` is of the application it belongs to; `synced` says that an import registered it.
    """

    name: str
    attribute: str
    data_type: DataType
    targets: tuple[str, ...]
    id: str = ""
    app_id: str = ""
    multi_valued: bool = False
    synced: bool = False


def unfit_definition(attribute: str, data_type: str, targets: tuple[str, ...], *, multi_valued: bool) -> Refusal | None:
    """Why no extension can be registered like this; None when it can."""
    if not _NAME.fullmatch(attribute):
        return _invalid(
            f"{attribute[:140]!r} cannot be the name of an extension.",
            "Begin it with a letter of A to Z, and go on with letters, digits and underscores: 128 of them at most.",
        )
    if data_type not in DATA_TYPES:
        return _invalid(f"{data_type[:60]!r} is no data type of extensions.", f"Choose of {', '.join(DATA_TYPES)}.")
    wrong = [target for target in targets if target not in TARGET.values()]
    if wrong or not targets:
        what = (
            f"{wrong[0][:60]!r} cannot have extensions." if wrong else f"Nobody could have the extension {attribute}."
        )
        return _invalid(what, "Name User, Group or both as its target objects.")
    if multi_valued and data_type in ("Boolean", "Integer", "LargeInteger"):
        return _invalid(
            f"An extension of type {data_type} holds one value.", "Only text, dates and bytes can be several."
        )
    return None


def unfit_value(extension: ExtensionProperty, kind: DirectoryKind, value: DirectoryValue) -> str | None:
    """Why an object of this kind cannot have this value under the extension; None when it can. Null clears."""
    if TARGET[kind] not in extension.targets:
        return f"{extension.name} is not an extension of {kind}s."
    if value is None:
        return None
    if not extension.multi_valued:
        return _unfit(extension, value)
    if not isinstance(value, list):
        return f"{extension.name} must be a list of values, not {value!r}."
    return next((reason for one in value if (reason := _unfit(extension, one)) is not None), None)


def too_many_values(attributes: Attributes) -> Refusal | None:
    """Why an object cannot have all of these attributes: more extensions have a value than Entra keeps of one."""
    number = sum(name.startswith(PREFIX) for name in attributes)
    if number <= MOST_VALUES:
        return None
    return _invalid(f"{number} extensions would have a value; {MOST_VALUES} are the most.", "Clear some of them first.")


def read_extension_text(extension: ExtensionProperty, text: str) -> DirectoryValue | Unreadable:
    """The value that text stands for, as a cell of a file has it; empty text is no value."""
    if text == "":
        return None
    value: DirectoryValue = text
    if extension.data_type == "Boolean":
        value = {"true": True, "false": False}.get(text.lower(), text)
    elif extension.data_type in _BITS and _NUMBER.fullmatch(text):
        value = int(text)
    reason = _unfit(extension, value)
    if reason is not None:
        return Unreadable(reason.rstrip("."))
    return [text] if extension.multi_valued else value


def _unfit(extension: ExtensionProperty, value: object) -> str | None:
    name, data_type = extension.name, extension.data_type
    match data_type:
        case "String":
            fits, wanted = isinstance(value, str) and len(value) <= LONGEST_VALUE, "text of at most 256 characters"
        case "Boolean":
            fits, wanted = isinstance(value, bool), "true or false"
        case "Integer" | "LargeInteger":
            limit = 2 ** (_BITS[data_type] - 1)
            fits = isinstance(value, int) and not isinstance(value, bool) and -limit <= value < limit
            wanted = f"a whole number of {_BITS[data_type]} bits"
        case "Binary":
            fits, wanted = _is_binary(value), "base64 of at most 256 bytes"
        case "DateTime":
            fits, wanted = _is_moment(value), "a date and time such as 2031-03-04T10:00:00Z"
        case _:
            assert_never(data_type)
    shown = (
        f"{value[:60]!r} of {len(value):,} characters" if isinstance(value, str) and len(value) > 60 else repr(value)
    )
    return None if fits else f"{name} must be {wanted}, not {shown}."


def _is_binary(value: object) -> bool:
    if not isinstance(value, str) or len(value) > 2 * LONGEST_VALUE:
        return False
    try:
        return len(b64decode(value, validate=True)) <= LONGEST_VALUE
    except (Error, ValueError):
        return False


def _is_moment(value: object) -> bool:
    if not isinstance(value, str) or len(value) > 40 or "T" not in value:
        return False
    whole = re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", value)  # Graph writes seven digits of a second
    try:
        return datetime.fromisoformat(whole).tzinfo is not None
    except ValueError:
        return False


def _invalid(message: str, hint: str) -> Refusal:
    return Refusal(code="invalid-extension", message=message, hint=hint)
