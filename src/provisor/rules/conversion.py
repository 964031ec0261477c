"""Values on their way to the target: what the type of the target attribute makes of a mapped value.

Pure. Compiled once per mapping. Text stays as it is; booleans and numbers are read from text; a list only fits an
attribute that takes several values (code SchemaPropertyCanOnlyAcceptValue).
"""

from collections.abc import Callable
from typing import TypeAlias

from provisor.rules.scoping import as_text
from provisor.scim.path import Place
from provisor.scim.schemas.schema import Attribute
from provisor.scim.values import Json


class Unfit(Exception):
    """A value the target attribute cannot hold. Unwinds one mapping; the mapper makes a failure of it."""

    def __init__(self, code: str, reason: str, value: str | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self._reason = reason
        self._value = value

    def reason(self, *, redacted: bool = False) -> str:
        """Why, with the value unless it must not be shown."""
        if self._value is None:
            return self._reason
        return f"{self._reason}, not " + ("[Redact]" if redacted else f'"{self._value[:100]}"')


Converter: TypeAlias = Callable[[object], Json]


def converter(place: Place) -> Converter:
    """How a mapped value, never None, becomes one of the attribute at this place. The function raises Unfit."""
    attribute = place.sub or place.attribute
    if attribute is None:
        return _text
    single = _single(attribute)
    if attribute.multi_valued and place.sub is None and place.chosen is None:
        return _several(attribute, single)

    def convert(value: object) -> Json:
        if isinstance(value, list):
            if len(value) != 1:
                raise Unfit(
                    "SchemaPropertyCanOnlyAcceptValue",
                    f"the attribute takes one value and the source has {len(value)}",
                )
            value = value[0]
        return single(value)

    return convert


def takes_text(place: Place) -> bool:
    """Whether a text value goes to this place unchanged, so that converting it can be left out."""
    attribute = place.sub or place.attribute
    several = attribute is not None and attribute.multi_valued and place.sub is None and place.chosen is None
    return attribute is not None and not several and _single(attribute) is _text


def _several(attribute: Attribute, single: Converter) -> Converter:
    wraps = attribute.type == "complex"

    def convert(value: object) -> Json:
        items = value if isinstance(value, list) else [value]
        if wraps:
            return [dict(item) if isinstance(item, dict) else {"value": _text(item)} for item in items]
        return [single(item) for item in items]

    return convert


def _single(attribute: Attribute) -> Converter:
    match attribute.type:
        case "boolean":
            return _boolean
        case "integer":
            return _integer
        case "decimal":
            return _decimal
        case "complex":
            return _complex
        case _:
            return _text


def _text(value: object) -> Json:
    if isinstance(value, dict):
        raise Unfit("InvalidValue", "the attribute takes text and the source gives an object")
    return as_text(value)


def _complex(value: object) -> Json:
    return dict(value) if isinstance(value, dict) else as_text(value)


def _boolean(value: object) -> Json:
    if isinstance(value, bool):
        return value
    word = as_text(value).lower()
    if word not in ("true", "false"):
        raise Unfit("InvalidValue", "the attribute takes True or False", as_text(value))
    return word == "true"


def _integer(value: object) -> Json:
    text = as_text(value).strip()
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 100):
        raise Unfit("InvalidValue", "the attribute takes a whole number", text)
    return int(text)


def _decimal(value: object) -> Json:
    try:
        return float(as_text(value))
    except ValueError:
        raise Unfit("InvalidValue", "the attribute takes a number", as_text(value)) from None
