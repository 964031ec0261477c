"""Values on their way to the target: what the type of the target attribute makes of a mapped value.

Pure. Compiled once per mapping. Text stays as it is; booleans, numbers and times are read from text; a list only
fits an attribute that takes several values (code SchemaPropertyCanOnlyAcceptValue).
"""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from provisor.rules.scoping import as_text
from provisor.scim.filter.evaluation import date_time
from provisor.scim.path import Place
from provisor.scim.schemas.schema import Attribute
from provisor.scim.values import Json


class Unfit(Exception):
    """A value the target attribute cannot hold. Unwinds one mapping; the mapper turns it into a failure."""

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

_OF_EXPRESSIONS = "%m/%d/%Y %I:%M:%S %p"  # always UTC (spec/expressions.md section 2)


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
                    f"the attribute takes one value, but the source has {len(value)}",
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
        case "dateTime":
            return _date_time
        case "binary":
            return _binary
        case _:
            return _text


def _text(value: object) -> Json:
    if isinstance(value, dict):
        raise Unfit("InvalidValue", "the attribute takes text, but the source gives an object")
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


def _date_time(value: object) -> Json:
    """A time as SCIM writes it; one as expressions make it is written so."""
    text = as_text(value)
    if date_time(text) is not None:
        return text
    try:
        moment = datetime.strptime(text, _OF_EXPRESSIONS).replace(tzinfo=UTC)
    except ValueError:
        raise Unfit("InvalidValue", 'the attribute takes a time such as "2026-11-22T09:30:00Z"', text) from None
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"


def _binary(value: object) -> Json:
    text = as_text(value)
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        raise Unfit("InvalidValue", "the attribute takes base64", text) from None
    return text


def _decimal(value: object) -> Json:
    try:
        return float(as_text(value))
    except ValueError:
        raise Unfit("InvalidValue", "the attribute takes a number", as_text(value)) from None
