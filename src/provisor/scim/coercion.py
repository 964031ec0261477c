"""What a server makes of one value sent for one attribute: checked, brought to the schema's type, or refused.

Pure. RFC 7643 section 2.3 for the types; spec/scim-wire.md section 5 for what Entra-type clients send instead, each
tolerance marked by its name. A coercer returns None for an unassigned value (RFC 7643 section 2.5).
Order: the choice, plain types, complex values, lists.
"""

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import assert_never

from provisor.scim.errors import ScimError, invalid_value, shown
from provisor.scim.filter.evaluation import date_time
from provisor.scim.schemas.schema import Attribute
from provisor.scim.values import Json, Resource, is_unassigned

Coerce = Callable[[Json], Json]

_BASE64 = re.compile(r"[A-Za-z0-9+/_\s-]*+={0,2}\s*")  # does not backtrack over blanks: 64 KiB of them took a minute
_KINDS = {
    "string": "text",
    "boolean": "true or false",
    "decimal": "a number",
    "integer": "a whole number",
    "dateTime": 'a time such as "2026-11-22T09:30:00Z"',
    "binary": "base64 text",
    "reference": "an address as text",
    "complex": "an object",
}


@lru_cache(maxsize=512)
def coercer(attribute: Attribute, label: str, keep_read_only: bool = False) -> Coerce:
    """The rule for one attribute. `label` is how an error names it, such as `name.givenName`."""
    one = _one(attribute, label, keep_read_only)
    return _many(attribute, label, one) if attribute.multi_valued else one


@lru_cache(maxsize=512)
def element_coercer(attribute: Attribute, label: str) -> Coerce:
    """The rule for a single element of a multi-valued attribute."""
    return _one(attribute, label, False)


def _one(attribute: Attribute, label: str, keep_read_only: bool) -> Coerce:
    match attribute.type:
        case "string" | "reference":
            return _text(attribute, label)
        case "boolean":
            return _boolean(attribute, label)
        case "integer" | "decimal":
            return _number(attribute, label)
        case "dateTime":
            return _date_time(attribute, label)
        case "binary":
            return _binary(attribute, label)
        case "complex":
            return _complex(attribute, label, keep_read_only)
        case _:
            assert_never(attribute.type)


def _refused(attribute: Attribute, label: str, value: Json) -> ScimError:
    if attribute.kept_back:  # a password must not reach an answer or a log, even a wrong one
        return invalid_value(f"{label} must be {_KINDS[attribute.type]}.")
    return invalid_value(f"{label} must be {_KINDS[attribute.type]}, not {shown(value)}.")


def _unwrapped(value: Json, again: Coerce, refuse: Callable[[Json], ScimError]) -> Json:
    """Tolerance single_element_array_unwrapped: `[{"value": "x"}]` and `["x"]` for a single value."""
    if value is None or value == []:
        return None
    if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list):
        element = value[0]
        if isinstance(element, dict):
            lowered = {key.lower(): item for key, item in element.items()}
            inner = lowered.get("value")
            if isinstance(inner, list | dict) or (lowered and "value" not in lowered):
                raise refuse(value)
            return again(inner)
        return again(element)
    raise refuse(value)


def _text(attribute: Attribute, label: str) -> Coerce:
    def refuse(value: Json) -> ScimError:
        return _refused(attribute, label, value)

    def coerce(value: Json) -> Json:
        return value if type(value) is str else _unwrapped(value, coerce, refuse)

    return coerce


def _boolean(attribute: Attribute, label: str) -> Coerce:
    def refuse(value: Json) -> ScimError:
        return _refused(attribute, label, value)

    def coerce(value: Json) -> Json:
        if value is True or value is False:
            return value
        if isinstance(value, str):  # tolerance boolean_as_text
            lowered = value.lower()
            if lowered == "true":
                return True
            if lowered == "false":
                return False
            raise refuse(value)
        return _unwrapped(value, coerce, refuse)

    return coerce


def _number(attribute: Attribute, label: str) -> Coerce:
    whole = attribute.type == "integer"

    def refuse(value: Json) -> ScimError:
        return _refused(attribute, label, value)

    def coerce(value: Json) -> Json:
        if isinstance(value, bool):
            raise refuse(value)
        if isinstance(value, int):
            return value
        if isinstance(value, float):
            if not math.isfinite(value) or (whole and not value.is_integer()):
                raise refuse(value)
            return int(value) if whole else value
        return _unwrapped(value, coerce, refuse)

    return coerce


def _date_time(attribute: Attribute, label: str) -> Coerce:
    def refuse(value: Json) -> ScimError:
        return _refused(attribute, label, value)

    def coerce(value: Json) -> Json:
        if isinstance(value, str):
            if date_time(value) is None:
                raise refuse(value)
            return value  # kept as sent: clients compare what they read with what they wrote
        return _unwrapped(value, coerce, refuse)

    return coerce


def _binary(attribute: Attribute, label: str) -> Coerce:
    def refuse(value: Json) -> ScimError:
        return _refused(attribute, label, value)

    def coerce(value: Json) -> Json:
        if isinstance(value, str):
            if _BASE64.fullmatch(value) is None:
                raise refuse(value)
            return value
        return _unwrapped(value, coerce, refuse)

    return coerce


def _complex(attribute: Attribute, label: str, keep_read_only: bool) -> Coerce:
    subs = {
        sub.name: (sub.name, coercer(sub, f"{label}.{sub.name}", keep_read_only))
        for sub in attribute.sub_attributes
        if keep_read_only or sub.writable
    }
    in_any_case = {name.lower(): rule for name, rule in subs.items()}
    required = [sub.name for sub in attribute.sub_attributes if sub.required and sub.writable]
    value_sub = attribute.sub("value")

    def coerce(value: Json) -> Json:
        if isinstance(value, dict):
            return whole(value)
        if value is None or value == []:
            return None
        if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list):
            return coerce(value[0])  # tolerance single_element_array_unwrapped: manager as [{"$ref", "value"}]
        if value_sub is None or isinstance(value, list):
            raise _refused(attribute, label, value)
        return whole({"value": value})  # tolerance manager_in_any_form: the plain value for the object

    def whole(value: Resource) -> Json:
        result: Resource = {}
        for key, item in value.items():
            rule = subs.get(key) or in_any_case.get(key.lower())  # tolerance names_in_any_case
            if rule is None:
                continue  # tolerance unknown_attribute_ignored, and read-only ones
            coerced = rule[1](item)
            if coerced is not None:
                result[rule[0]] = coerced
        if value_sub is not None and not attribute.multi_valued and result.get("value") == "":
            return None  # tolerance empty_manager_removes: "" and {"value": ""}
        for name in required:
            # An element of which nothing is known is still one of several: it must not vanish silently.
            if name not in result and (result or (attribute.multi_valued and _says_something(value))):
                raise invalid_value(f"{label} needs {name}, which {shown(value)} lacks.")
        return result or None

    return coerce


def _says_something(value: Resource) -> bool:
    return any(not is_unassigned(item) for item in value.values())


def _many(attribute: Attribute, label: str, one: Coerce) -> Coerce:
    has_primary = attribute.sub("primary") is not None

    def coerce(value: Json) -> Json:
        # Tolerance single_value_for_list; "" is how Entra empties an attribute (spec/scim-wire.md section 10.2).
        elements = value if isinstance(value, list) else [] if value == "" or value is None else [value]
        for item in elements:
            if isinstance(item, list):
                raise invalid_value(f"A value of {label} must be {_KINDS[attribute.type]}, not {shown(item)}.")
        result: list[Json] = [coerced for coerced in map(one, elements) if coerced is not None]
        if has_primary and len(result) > 1:
            primary = [item for item in result if isinstance(item, dict) and item.get("primary") is True]
            if len(primary) > 1:
                raise invalid_value(f"{label} marks {len(primary)} values as primary; at most one may be.")
        return result or None

    return coerce
