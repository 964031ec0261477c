"""Hides what redacted mappings write from everything the log keeps: bodies, addresses and sentences.

Pure. A value is hidden where its attribute occurs in a document or an operation, and wherever else its text appears,
as in the answer of a target that quotes what it refuses. Rules: spec/provisioning-service.md section 17.3,
spec/expressions.md section 3 (Redact). Order: the redaction, documents and operations, texts.
"""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import quote, quote_plus

import msgspec

from provisor.engine.modified import REDACTED
from provisor.engine.ports import Exchange
from provisor.rules.failure import Failure
from provisor.rules.mapper import Mapper
from provisor.scim.values import Json, Resource, fold

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_SHORTEST = 3  # hiding a shorter text wherever it occurs would make sentences unreadable


class Redaction:
    """What must not be shown of one object. `documents` are those that hold, or will hold, its redacted values."""

    def __init__(self, mapper: Mapper, documents: Iterable[Resource]) -> None:
        self._mapper = mapper
        self._paths = frozenset(fold(path) for path in mapper.redacted)
        texts: set[str] = set()
        for document in documents:
            for path, take in mapper.targets:
                if path in mapper.redacted:
                    texts.update(_texts(take(document)))
        forms = {form for text in texts if len(text) >= _SHORTEST for form in _forms(text)}
        self._forms = sorted(forms, key=len, reverse=True)

    def exchange(self, exchange: Exchange) -> Exchange:
        """The capture without the values."""
        return replace(
            exchange,
            url=self.text(exchange.url),
            request_body=self._body(exchange.request_body),
            response_body=self._body(exchange.response_body),
        )

    def failure(self, failure: Failure) -> Failure:
        """The failure without the values that the target, or a sentence of ours, repeats."""
        return replace(failure, message=self.text(failure.message), hint=self.text(failure.hint))

    def text(self, text: str) -> str:
        """The text without the values."""
        for form in self._forms:
            text = text.replace(form, REDACTED)
        return text

    # Documents and operations

    def _body(self, body: bytes) -> bytes:
        if not body:
            return body
        try:
            read: Json = _decode(body)
            return self.text(_encode(self._hidden(read)).decode()).encode()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return REDACTED.encode()  # cut off, not JSON, or nested without end: part of a value may be in it

    def _hidden(self, value: Json) -> Json:
        """The value with the redacted attributes replaced in every document and every operation in it."""
        if isinstance(value, list):
            return [self._hidden(item) for item in value]
        if not isinstance(value, dict):
            return value
        if any(name.lower() == "op" for name in value):
            return self._hidden_operation(value)
        inner: Resource = {name: self._hidden(item) for name, item in value.items()}
        return self._mapper.replaced(inner, REDACTED)

    def _hidden_operation(self, operation: Resource) -> Resource:
        path = operation.get("path")
        folded = fold(path) if isinstance(path, str) else ""
        # With a path above the attribute, or none, the attribute is inside the value.
        if not folded or any(one.startswith(folded) for one in self._paths):
            return {name: REDACTED if name.lower() == "value" else item for name, item in operation.items()}
        return operation


def _texts(value: Json) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)


def _forms(text: str) -> set[str]:
    """How a text is written: as it is, in JSON, in an address."""
    return {text, _encode(text).decode()[1:-1], quote(text, safe=""), quote_plus(text)}
