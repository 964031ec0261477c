"""Bytes of a foreign answer as JSON, read as leniently as other clients do; it does not raise for any input.

Knows neither HTTP nor SCIM. The result holds text that every database and encoder accepts: no half characters,
no NUL, no endless nesting. Order: unpacking, text, JSON, its tidying.
"""

import json
import re
import zlib
from typing import Final

import msgspec

from provisor.scim.values import Json, Resource

NESTED: Final = 64  # levels of a document that are read; SCIM itself has five
_DIGITS: Final = 400  # of a whole number; float() accepts no longer ones
_UNKEPT: Final = re.compile("[\0\ud800-\udfff]")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"  # .NET servers send it; RFC 8259 section 8.1 lets a reader ignore it
# RFC 8259 section 8.1 allows UTF-8 alone. These old servers declare and mean; unknown ones are not tried.
_DECLARED: Final = frozenset(
    {"iso-8859-1", "iso-8859-2", "iso-8859-15", "windows-1250", "windows-1251", "windows-1252", "utf-16", "utf-32"}
)

_decode = msgspec.json.Decoder().decode


def inflated(payload: bytes, limit_bytes: int) -> bytes | None:
    """What `Content-Encoding: deflate` holds; None when it is longer than the limit. Raises zlib.error.

    RFC 9110 section 8.4.1.2 wraps it as zlib does; some servers send it bare, and clients accept both.
    """
    wrapped = payload[:1] != b"" and payload[0] & 0x0F == zlib.DEFLATED
    machine = zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
    whole = machine.decompress(payload, limit_bytes + 1)
    if len(whole) > limit_bytes:
        return None
    if not machine.eof:
        raise zlib.error("the end is missing")
    return whole


def in_utf8(payload: bytes, content_type: str) -> tuple[bytes, bool]:
    """The body in UTF-8 without byte order mark, and whether some of it could not be read and was replaced.

    UTF-16 and UTF-32 are recognised by their first bytes, other encodings by the charset in Content-Type.
    """
    if payload.isascii() and b"\0" not in payload:
        return payload, False
    declared = content_type.lower().rpartition("charset=")[2].partition(";")[0].strip(" \t\"'")
    for encoding in (json.detect_encoding(payload), declared if declared in _DECLARED else "utf-8"):
        try:
            return payload.decode(encoding).encode(), False
        except UnicodeDecodeError:
            continue
    return payload.removeprefix(_BYTE_ORDER_MARK).decode("utf-8", "replace").encode(), True


def document(payload: bytes) -> Resource | None:
    """The JSON object in a body in UTF-8, or None when it holds anything else."""
    value = json_value(payload)
    return value if isinstance(value, dict) else None


def json_value(payload: bytes) -> Json:
    """Any JSON value; None when it is not JSON."""
    try:
        value: Json = _decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Half characters, numbers beyond a float, NaN, raw line breaks: the standard library reads what others read.
        try:
            value = _lenient.decode(payload.decode())
        except (ValueError, RecursionError):
            return None
        return _tidy(value, NESTED)
    except RecursionError:
        return None
    # Without so many brackets it cannot be nested so deep; counting them is thirty times as fast as going through.
    brackets = payload.count(b"{") + payload.count(b"[")
    if b"\\u0000" in payload or (brackets > NESTED and _deeper(value, NESTED)):
        return _tidy(value, NESTED)
    return value


def _whole_number(text: str) -> int | float:
    return int(text) if len(text) < _DIGITS else float("inf")


_lenient = json.JSONDecoder(strict=False, parse_constant=lambda _: None, parse_int=_whole_number)


def _deeper(value: Json, levels: int) -> bool:
    """Whether a value is nested more than so many levels deep."""
    if not isinstance(value, dict | list):
        return False
    if levels == 0:
        return True
    items = value.values() if isinstance(value, dict) else value
    return any(_deeper(item, levels - 1) for item in items if isinstance(item, dict | list))


def _tidy(value: Json, levels: int) -> Json:
    """A copy that can be kept: deeper levels and invalid numbers become null; half characters are replaced."""
    if isinstance(value, str):
        return _tidy_text(value)
    if isinstance(value, float) and value - value != 0:  # infinite or not a number
        return None
    if not isinstance(value, dict | list):
        return value
    if levels == 0:
        return None
    if isinstance(value, list):
        return [_tidy(item, levels - 1) for item in value]
    return {_tidy_text(name): _tidy(item, levels - 1) for name, item in value.items()}


def _tidy_text(text: str) -> str:
    """A text without halves of characters and without NUL, which PostgreSQL does not keep."""
    return _UNKEPT.sub("\N{REPLACEMENT CHARACTER}", text)
