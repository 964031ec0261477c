"""The schema that a directory server publishes: attribute types and object classes, read from their definitions.

Text alone, no connection. What is inherited from a superior type or class is worked out here. Rules: RFC 4512
sections 4.1.1, 4.1.2 and 4.2. Order: what a schema says, its reading.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(r"'[^']*'|[()$]|[^\s()$']+")  # a quote inside is written \27
_FLAGS: Final = frozenset({"OBSOLETE", "SINGLE-VALUE", "COLLECTIVE", "NO-USER-MODIFICATION", "ABSTRACT", "STRUCTURAL"})
_MOST_SUPERIORS: Final = 50  # a schema that refers to itself ends


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapAttributeType:
    """An attribute as a schema defines it. `syntax` is an OID without its length; `by_server`: no user changes it."""

    name: str
    names: tuple[str, ...]
    syntax: str
    single_valued: bool
    by_server: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectClass:
    """A class of objects with every attribute that it must or may have, inherited ones among them.

    `line` are the folded names of itself and all that it descends from. `auxiliary`: it is put on objects of others.
    """

    name: str
    names: tuple[str, ...]
    attributes: frozenset[str]
    line: frozenset[str]
    auxiliary: bool


def attribute_types(definitions: Sequence[str]) -> list[LdapAttributeType]:
    """What `attributeTypes` of a subschema define, in its order; a definition that cannot be read is left out."""
    read = [found for text in definitions if (found := _read(text))]
    by_name = _by_name(read)
    return [
        LdapAttributeType(
            name=one["NAME"][0],
            names=tuple(one["NAME"]),
            syntax=_inherited(one, by_name, "SYNTAX").partition("{")[0],
            single_valued="SINGLE-VALUE" in one,
            by_server="NO-USER-MODIFICATION" in one or one.get("USAGE", ["userApplications"]) != ["userApplications"],
        )
        for one in read
    ]


def object_classes(definitions: Sequence[str]) -> list[ObjectClass]:
    """What `objectClasses` of a subschema define, in its order."""
    read = [found for text in definitions if (found := _read(text))]
    by_name = _by_name(read)
    return [
        ObjectClass(
            name=one["NAME"][0],
            names=tuple(one["NAME"]),
            attributes=frozenset(
                name for held in _line(one, by_name) for name in (*held.get("MUST", ()), *held.get("MAY", ()))
            ),
            line=frozenset(name.lower() for held in _line(one, by_name) for name in held["NAME"]),
            auxiliary="AUXILIARY" in one,
        )
        for one in read
    ]


_Definition = dict[str, list[str]]


def _read(text: str) -> _Definition | None:
    """The parts of one definition by their keywords; None when it is none, or has no name."""
    tokens = _TOKEN.findall(text)
    if tokens[:1] != ["("] or tokens[-1:] != [")"]:
        return None
    parts: _Definition = {"OID": tokens[1:2]}
    at = 2
    while at < len(tokens) - 1:
        keyword = tokens[at]
        at += 1
        if keyword in _FLAGS or keyword == "AUXILIARY":
            parts[keyword] = []
            continue
        end = tokens.index(")", at) if tokens[at] == "(" else at
        parts[keyword] = [word.strip("'") for word in tokens[at : end + 1] if word not in "()$"]
        at = end + 1
    return parts if parts.get("NAME") and at == len(tokens) - 1 else None


def _by_name(read: Sequence[_Definition]) -> dict[str, _Definition]:
    return {name.lower(): one for one in read for name in (*one["NAME"], *one["OID"])}


def _line(one: _Definition, by_name: Mapping[str, _Definition]) -> Iterator[_Definition]:
    """A definition and those it descends from, each once."""
    waiting, seen = [one], 0
    while waiting and seen < _MOST_SUPERIORS:
        seen += 1
        held = waiting.pop(0)
        yield held
        waiting += [by_name[name.lower()] for name in held.get("SUP", ()) if name.lower() in by_name]


def _inherited(one: _Definition, by_name: Mapping[str, _Definition], keyword: str) -> str:
    return next((held[keyword][0] for held in _line(one, by_name) if held.get(keyword)), "")
