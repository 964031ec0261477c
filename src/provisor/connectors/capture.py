"""What is kept of a request and its answer: at most 4 KiB each way, without the token and without passwords.

A server may echo the token, so answers are cleaned before anybody reads them. Order: the redactor, then its details.
"""

from typing import Final
from urllib.parse import quote

import msgspec

from provisor.engine.ports import Exchange, Secret
from provisor.scim.values import Json

CAPTURED_BYTES: Final = 4096
EXCERPT_CHARACTERS: Final = 1024  # what an administrator is shown of an answer that is not SCIM
DOTS: Final = "•••"
_SECRET_NAME: Final = "password"  # noqa: S105  the name of an attribute, not a password
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Redactor:
    """Takes one token out of whatever a server sent, in the forms in which servers echo it."""

    __slots__ = ("_bytes", "_texts")

    def __init__(self, token: Secret) -> None:
        text = token.reveal()
        # As it is, as PHP's JSON has it (escaped slashes), as JSON text has it, as a query has it.
        forms = {text, text.replace("/", "\\/"), _encode(text).decode()[1:-1], quote(text, safe="")}
        self._texts = tuple(sorted(forms, key=len, reverse=True))
        self._bytes = tuple(form.encode() for form in self._texts)

    def __repr__(self) -> str:
        return "Redactor(…)"

    def body(self, payload: bytes) -> bytes:
        """The payload without the token; the same object when it does not hold it."""
        for form in self._bytes:
            if form in payload:
                payload = payload.replace(form, DOTS.encode())
        return payload

    def text(self, text: str) -> str:
        """The text without the token."""
        for form in self._texts:
            if form in text:
                text = text.replace(form, DOTS)
        return text

    def exchange(
        self, method: str, url: str, sent: bytes, status: int | None, received: bytes, milliseconds: float
    ) -> Exchange:
        """The bounded capture; `received` was cleaned by `body` before."""
        return Exchange(
            method=method,
            url=self.text(url),
            request_body=_bounded(self.body(sent)),
            status=status,
            response_body=_bounded(received),
            milliseconds=milliseconds,
        )


def excerpt(payload: bytes) -> str:
    """The beginning of an answer in one line, for a message."""
    text = payload[: EXCERPT_CHARACTERS * 4].decode("utf-8", "replace")
    return " ".join(text.split())[:EXCERPT_CHARACTERS]


def _bounded(payload: bytes) -> bytes:
    # Two searches instead of a lower-cased copy; nobody writes "paSsword".
    if b"assword" in payload or b"ASSWORD" in payload:
        payload = _without_passwords(payload)
    if len(payload) <= CAPTURED_BYTES:
        return payload
    return payload[:CAPTURED_BYTES].decode("utf-8", "ignore").encode()


def _without_passwords(payload: bytes) -> bytes:
    try:
        return _encode(_masked(_decode(payload)))
    except (msgspec.DecodeError, RecursionError):
        return payload[: payload.lower().index(_SECRET_NAME.encode())]


def _masked(value: Json) -> Json:
    """Any value kept under a name or beside a path that ends in `password`, in any case, becomes dots."""
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if not isinstance(value, dict):
        return value
    path = value.get("path")
    of_password = isinstance(path, str) and path.lower().endswith(_SECRET_NAME)
    return {
        name: DOTS if name.lower().endswith(_SECRET_NAME) or (of_password and name == "value") else _masked(item)
        for name, item in value.items()
    }
