"""Distinguished names in one spelling, so that a member is found whatever way its name is written.

Pure. A name that cannot be parsed is folded as plain text. Rules: RFC 4514 sections 2 to 4, RFC 4518 (blanks).
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from provisor.scim.values import fold

_ESCAPED: Final = re.compile(r"\\([0-9a-fA-F]{2})|\\(.)", re.DOTALL)
_TO_ESCAPE: Final = re.compile(r'[,+"\\<>;=#]')
# What makes a name more than its letters: escapes and quotes, several pairs in one part, blanks that mean nothing.
_UNUSUAL: Final = re.compile(r'[\\"+;<>#]|\s[\s,=]|[,=]\s|[^\S ]|\A\s|\s\Z')
_BIT_STRING: Final = re.compile(r"#'[01]*'B\Z")  # what a uniqueMember may end with (RFC 4517 section 3.3.21)


def folded_name(text: str) -> str:
    """The reference of an entry: types lower, values folded, no blanks at separators, characters escaped alike."""
    if text.isascii() and not _UNUSUAL.search(text):  # nearly every name, and there are millions
        return text.lower()
    parts = [_folded_part(part) for part in _split(text, ",")]
    if None in parts:
        return fold(text.strip())
    return ",".join(part for part in parts if part is not None)


def member_name(text: str) -> str:
    """The reference of a member, as member or uniqueMember names it; empty when it names nobody."""
    return folded_name(_BIT_STRING.sub("", text) if text.endswith("B") else text) if text.strip() else ""


def is_below(reference: str, container: str) -> bool:
    """Whether a folded name is a container's or one below it."""
    return reference == container or reference.endswith(f",{container}")


def _split(text: str, separator: str) -> Iterator[str]:
    """The pieces between separators that are neither escaped nor in quotes (which older servers write)."""
    if "\\" not in text and '"' not in text:
        yield from text.split(separator)
        return
    begin = at = 0
    quoted = False
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == '"':
            quoted = not quoted
        elif text[at] == separator and not quoted:
            yield text[begin:at]
            begin = at + 1
        at += 1
    yield text[begin:]


@lru_cache(maxsize=4096)  # nearly all parts of a name are those of its containers
def _folded_part(part: str) -> str | None:
    pairs = []
    for pair in _split(part, "+"):
        kind, equals, value = pair.partition("=")
        if not equals or not kind.strip():
            return None
        pairs.append(f"{kind.strip().lower()}={_folded_value(value)}")
    return "+".join(sorted(pairs))


def _folded_value(written: str) -> str:
    value = written.strip(" ")
    if written.endswith(" ") and (len(value) - len(value.rstrip("\\"))) % 2:
        value += " "  # it was an escaped one
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    folded = fold(" ".join(_unescaped(value).split()))
    return _TO_ESCAPE.sub(lambda found: "\\" + found[0], folded)


def _unescaped(value: str) -> str:
    if "\\" not in value:
        return value
    octets = _ESCAPED.sub(_octets, value).encode("utf-8", "surrogateescape")
    return octets.decode("utf-8", "replace")


def _octets(found: re.Match[str]) -> str:
    """A hexadecimal pair as the octet it stands for, kept apart until all of a character are there."""
    if found[1] is None:
        return found[2]
    return bytes((int(found[1], 16),)).decode("utf-8", "surrogateescape")
