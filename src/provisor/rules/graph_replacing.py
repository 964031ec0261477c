"""A synchronizationSchema that replaces the stored one: what its sender could not write is taken from that one.

Pure. Graph's client libraries read comma lists such as `flowTypes` and cannot write them, leave null out, and drop
what they have no word for (spec/graph-synchronization-api.md sections 0 and 5). Order: completing, what is refused,
places.
"""

from collections.abc import Mapping, Sequence
from typing import get_args

from provisor.rules.attributes import MUTABILITIES, TYPES
from provisor.rules.graph_reader import text
from provisor.rules.mapping import FlowBehavior, FlowType
from provisor.rules.ruleset import Problem
from provisor.scim.values import Json, Resource

MOST_LEVELS = 250  # expressions have 64 levels of functions at most, each of them three of a document
MOST_ENTRIES = 1_000  # of one list: every entry is compared with every other; the templates have lists of 40
OURS = ("id", "version")  # of the whole document: not for a client to say
_KEPT = frozenset({"flowTypes", "discoverabilities"})  # comma lists: absent is not none
_NAMED_BY = ("id", "targetAttributeName", "sourceObjectName", "sourceOperandName", "name", "key")
_SOURCES = ("Attribute", "Constant", "Function")
_WORDS: Mapping[str, Mapping[str, str]] = {
    "type": {word.lower(): word for word in (*TYPES, *_SOURCES)},
    "mutability": {word.lower(): word for word in MUTABILITIES},
    "flowType": {word.lower(): word for word in get_args(FlowType)},
    "flowBehavior": {word.lower(): word for word in get_args(FlowBehavior)},
}


def replacing(document: Json, before: Json) -> Json:
    """The document as it is to be stored in the place of `before`: complete, words in Graph's spelling, rules in the
    order of their priority. What is no object stays as it is: whoever reads it refuses it."""
    if not isinstance(document, dict) or not isinstance(before, dict):
        return document
    given = {name: value for name, value in document.items() if not name.startswith("@") and name not in OURS}
    for name in (*OURS, "directories"):  # directories are a relationship: who does not send them means them to stay
        if name in before and name not in given:
            given[name] = before[name]
    found = _completed(given, before, "")
    if not isinstance(found, dict):
        return document
    rules = found.get("synchronizationRules")
    if isinstance(rules, list):
        found["synchronizationRules"] = sorted(rules, key=_priority)
    return found


def bounds_problem(document: Json) -> Problem | None:
    """Why the document is too deep or too long to be read at all; asked before anything else is done with it."""
    level: list[Json] = [document]
    for _ in range(MOST_LEVELS):
        longest = max((len(one) for one in level if isinstance(one, list)), default=0)
        if longest > MOST_ENTRIES:
            message = f"A list in it has {longest:,} entries; {MOST_ENTRIES:,} are the most."
            return Problem(where="Schema", message=message, hint="Simplify it.")
        inner = [value for one in level if isinstance(one, dict) for value in one.values()]
        inner += [value for one in level if isinstance(one, list) for value in one]
        level = [value for value in inner if isinstance(value, dict | list)]
        if not level:
            return None
    return Problem(where="Schema", message=f"It is nested more than {MOST_LEVELS} levels deep.", hint="Simplify it.")


def _completed(given: Json, stored: Json, name: str) -> Json:
    if isinstance(given, dict):
        before = stored if isinstance(stored, dict) else {}
        found: Resource = {key: _completed(value, before.get(key), key) for key, value in given.items()}
        for key, value in before.items():
            if key not in given and (value is None or key in _KEPT):
                found[key] = value
        return found
    if isinstance(given, list):
        return _completed_list(given, stored if isinstance(stored, list) else [], name)
    words = _WORDS.get(name)
    return words.get(given.lower(), given) if words is not None and isinstance(given, str) else given


def _completed_list(given: Sequence[Json], stored: Sequence[Json], name: str) -> list[Json]:
    known = {
        (key, value): item
        for item in reversed(stored)
        if isinstance(item, dict)
        for key in _NAMED_BY
        if isinstance(value := item.get(key), str)
    }
    found: list[Json] = []
    for number, item in enumerate(given):
        beside = stored[number] if number < len(stored) else None
        if not isinstance(item, dict):
            found.append(_completed(item, beside, name))
            continue
        if name == "metadata" and "key" not in item and isinstance(beside, dict):
            # A key that the client's library has no word for is lost on its way; what it said is not.
            item = {"key": beside.get("key"), **item} if beside.get("value") == item.get("value") else item
        named = [(key, value) for key in _NAMED_BY if isinstance(value := item.get(key), str)]
        twin = next((known[one] for one in named if one in known), None)
        found.append(_completed(item, twin, name))
    return found


def _priority(rule: Json) -> int:
    value = rule.get("priority") if isinstance(rule, dict) else None
    return value if isinstance(value, int) else 0


# What is refused


def rule_problems(document: Json, before: Json) -> list[Problem]:
    """Rules that the job does not have, and changes of those that are not to be edited. `document` is complete."""
    stored = {text(rule.get("id")): rule for rule in _objects(before, "synchronizationRules") if rule.get("id")}
    found: list[Problem] = []
    seen: set[str] = set()
    for number, rule in enumerate(_objects(document, "synchronizationRules"), 1):
        key = text(rule.get("id"))
        known = stored.get(key)
        if known is None and stored:
            message = f'There is no rule with the id "{key}".' if key else "It has no id."
            hint = f"The rules of this job are {', '.join(stored)}; `provisor schema import` takes those of another."
            found.append(Problem(where=f"Rule {number}", message=message, hint=hint))
        elif key in seen:
            found.append(Problem(where=f"Rule {number}", message=f'The rule "{key}" stands twice.', hint="Remove one."))
        elif known is not None and known.get("editable") is False and rule != known:
            found.append(_not_editable(f"Rule {number}", known))
        seen.add(key)
    gone = [rule for key, rule in stored.items() if rule.get("editable") is False and key not in seen]
    return [*found, *(_not_editable("Schema", rule) for rule in gone)]


def _not_editable(where: str, rule: Resource) -> Problem:
    message = f"The rule {text(rule.get('name'))} is not to be edited: its editable is false."
    return Problem(where=where, message=message, hint="Send it as it is.")


# Places


def json_place(where: str, document: Json) -> str:
    """Where in the document a problem is, as a JSON pointer (RFC 6901); of the whole, the empty one."""
    about, _, rest = where.partition(", ")
    noun, _, of = about.partition(" of ")
    if noun.startswith("Rule "):
        return f"/synchronizationRules/{int(noun[5:]) - 1}"
    kind = of.removesuffix("s")
    mapping, raw = _mapping_place(document, kind)
    if not of or not mapping:
        return ""
    match noun:
        case "Mapping":
            row = rest.removeprefix("row ").partition(" ")[0]
            return f"{mapping}/attributeMappings/{int(row) - 1}" if row.isdigit() else mapping
        case "Scope":
            return f"{mapping}/scope{_filter_place(raw, rest)}"
        case "Attributes":
            return _attribute_place(document, mapping, raw, rest)
    return ""


def _mapping_place(document: Json, kind: str) -> tuple[str, Resource]:
    for number, rule in enumerate(_objects(document, "synchronizationRules")):
        for at, raw in enumerate(_objects(rule, "objectMappings")):
            if text(raw.get("sourceObjectName")).lower() == kind:
                return f"/synchronizationRules/{number}/objectMappings/{at}", raw
    return "", {}


def _filter_place(mapping: Resource, rest: str) -> str:
    """`rest` begins with filter "TITLE", or with its number where it has no title."""
    title = rest.removeprefix('filter "').partition('"')[0]
    for key in ("groups", "inputFilterGroups"):
        for number, group in enumerate(_objects(mapping.get("scope"), key)):
            if title and title in (group.get("name"), str(number + 1)):
                return f"/{key}/{number}"
    return ""


def _attribute_place(document: Json, mapping: str, raw: Resource, rest: str) -> str:
    """`rest` is the number of an attribute in its list, or its name."""
    target, number = text(raw.get("targetObjectName")), rest.removeprefix("number ").partition(" ")[0]
    for at, directory in enumerate(_objects(document, "directories")):
        for position, held in enumerate(_objects(directory, "objects")):
            if text(held.get("name")).lower() == target.lower():
                place = f"/directories/{at}/objects/{position}/attributes"
                if number.isdigit():
                    return f"{place}/{int(number) - 1}"
                named = [index for index, one in enumerate(_objects(held, "attributes")) if one.get("name") == rest]
                return f"{place}/{named[0]}" if named else place
    return mapping


def _objects(around: Json, key: str) -> list[Resource]:
    value = around.get(key) if isinstance(around, dict) else None
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
