"""Distinguished names: what is below a container, and what a name becomes when a container above it is renamed.

Pure. Names compare as Active Directory and caseIgnoreMatch do: case and repeated blanks do not count, nor how a
character is escaped. A name that cannot be parsed is below nothing. Source: RFC 4514 sections 2 and 3.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from provisor.scim.values import fold

_HEXADECIMAL: Final = frozenset("0123456789abcdefABCDEF")
_Part: TypeAlias = tuple[tuple[str, str], ...]  # type and value of an RDN, one or several


@dataclass(frozen=True, slots=True)
class DistinguishedName:
    """A parsed name: its parts, the nearest first, folded; and where in the text each of them begins."""

    parts: tuple[_Part, ...]
    begins: tuple[int, ...]

    def is_below(self, container: "DistinguishedName") -> bool:
        """Whether it is the container itself or anywhere below it."""
        above = len(container.parts)
        return 0 < above <= len(self.parts) and self.parts[-above:] == container.parts


@lru_cache(maxsize=1024)  # containers are asked about for every record
def parsed(text: str) -> DistinguishedName | None:
    """The name that a text spells; None when it spells none."""
    parts: list[_Part] = []
    begins: list[int] = []
    at = 0
    for part in _split(text, ","):
        pairs = [_pair(pair) for pair in _split(part, "+")]
        if any(pair is None for pair in pairs):
            return None
        parts.append(tuple(sorted(pair for pair in pairs if pair is not None)))
        begins.append(at)
        at += len(part) + 1
    return DistinguishedName(tuple(parts), tuple(begins))


def depth(name: str) -> int:
    """How many parts a name has; 0 for one that cannot be parsed."""
    found = parsed(name)
    return 0 if found is None else len(found.parts)


def is_below_any(name: str, containers: Iterable[str]) -> bool:
    """Whether a name is one of these containers or below one."""
    found = parsed(name)
    if found is None:
        return False
    return any(above is not None and found.is_below(above) for above in map(parsed, containers))


def rebased(name: str, old_container: str, new_container: str) -> str:
    """What a name becomes when a container is renamed or moved; the same where it is not below the old one.

    What is below the container keeps its spelling.
    """
    found, old = parsed(name), parsed(old_container)
    if found is None or old is None or not found.is_below(old):
        return name
    own = len(found.parts) - len(old.parts)
    return new_container if own == 0 else name[: found.begins[own]] + new_container.lstrip()


def nearest_value(name: str) -> str | None:
    """The folded value of the nearest part (an object's own name); None when the name cannot be parsed."""
    found = parsed(name)
    return None if found is None else found.parts[0][0][1]


def domain_of(base: str) -> str:
    """The DNS name that the DC parts of a name spell; empty when it has none."""
    found = parsed(base)
    labels = [] if found is None else [value for part in found.parts for kind, value in part if kind == "dc"]
    return ".".join(labels)


def _split(text: str, separator: str) -> Iterator[str]:
    """The pieces between separators that are not escaped."""
    if "\\" not in text:
        yield from text.split(separator)
        return
    begin = at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == separator:
            yield text[begin:at]
            begin = at + 1
        at += 1
    yield text[begin:]


def _pair(text: str) -> tuple[str, str] | None:
    kind, equals, value = text.partition("=")
    kind = kind.strip().lower()
    read = _unescaped(_without_edges(value)) if equals and kind and "\\" not in kind else None
    return None if read is None else (kind, fold(" ".join(filter(None, read.split(" ")))))


def _without_edges(value: str) -> str:
    """The value without the blanks around it, except one that is escaped."""
    stripped = value.strip(" ")
    odd = (len(stripped) - len(stripped.rstrip("\\"))) % 2
    return f"{stripped} " if odd and value.rstrip(" ") != value else stripped


def _unescaped(value: str) -> str | None:
    """The characters that a value means; None when an escape is cut off."""
    if "\\" not in value:
        return value
    raw = bytearray()
    at = 0
    while at < len(value):
        if value[at] != "\\":
            raw += value[at].encode("utf-8", "surrogatepass")
            at += 1
        elif len(pair := value[at + 1 : at + 3]) == 2 and _HEXADECIMAL.issuperset(pair):
            raw.append(int(pair, 16))
            at += 3
        elif at + 1 == len(value):
            return None
        else:
            raw += value[at + 1].encode("utf-8", "surrogatepass")
            at += 2
    return raw.decode("utf-8", "backslashreplace")
