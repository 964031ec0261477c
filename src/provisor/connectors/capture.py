"""What is kept of a request and its answer: at most 4 KiB each way, without the token and without passwords.

A server may echo the token, so answers are cleaned before anybody reads them. Order: the redactor, then its details.
"""

import re
from typing import Final
from urllib.parse import quote

import msgspec

from provisor.engine.ports import Exchange, Secret
from provisor.scim.values import Json

CAPTURED_BYTES: Final = 4096
EXCERPT_CHARACTERS: Final = 1024  # shown to an administrator of an answer that is not SCIM
DOTS: Final = "•••"
_SHOWN_CHARACTERS: Final = 200  # of a name, a value or an id inside a sentence
# What a terminal obeys instead of showing it: controls (ESC among them), line separators, changes of direction; and
# halves of characters, which no encoder takes.
_UNSHOWN: Final = re.compile("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SECRET_NAME: Final = "password"  # noqa: S105  the name of an attribute, not a password
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Redactor:
    """Removes one token from whatever a server sent, in the forms in which servers echo it."""

    __slots__ = ("_bare", "_bytes", "_reach", "_spelt", "_spelt_bytes", "_texts")

    def __init__(self, token: Secret) -> None:
        text = token.reveal()
        # As it is, as in PHP's JSON (escaped slashes), as in JSON text, as in a query.
        forms = {text, text.replace("/", "\\/"), _encode(text).decode()[1:-1], quote(text, safe="")}
        self._texts = tuple(sorted(forms, key=len, reverse=True))
        self._bytes = tuple(form.encode() for form in self._texts)
        # Any letter may be escaped as in JSON (.NET escapes +) or in an address.
        spelt = "".join(rf"(?:\\?{re.escape(letter)}|\\u00{ord(letter):02x}|%{ord(letter):02x})" for letter in text)
        self._spelt = re.compile(spelt, re.IGNORECASE)
        self._spelt_bytes = re.compile(spelt.encode(), re.IGNORECASE)
        self._bare = text.replace("\\", "").lower().encode()
        self._reach = CAPTURED_BYTES + 6 * len(text)  # a token that begins within the capture ends within this

    def __repr__(self) -> str:
        return "Redactor(…)"

    def body(self, payload: bytes) -> bytes:
        """The payload without the token; the same object when it does not hold it."""
        for form in self._bytes:
            if form in payload:
                payload = payload.replace(form, DOTS.encode())
        return payload

    def text(self, text: str) -> str:
        """The text without the token, in one line that a terminal shows as it is."""
        for form in self._texts:
            if form in text:
                text = text.replace(form, DOTS)
        if "\\" in text or "%" in text:
            text = self._spelt.sub(DOTS, text)
        return in_one_line(text)

    def exchange(
        self, method: str, url: str, sent: bytes, status: int | None, received: bytes, milliseconds: float
    ) -> Exchange:
        """The bounded capture; `received` was cleaned by `body` before."""
        return Exchange(
            method=method,
            url=self.text(url[: self._reach])[:CAPTURED_BYTES],
            request_body=self._bounded(self.body(sent)),
            status=status,
            response_body=self._bounded(received),
            milliseconds=milliseconds,
        )

    def _bounded(self, payload: bytes) -> bytes:
        # Two searches instead of a lower-cased copy; nobody writes "paSsword".
        if b"assword" in payload or b"ASSWORD" in payload:
            payload = self.body(_without_passwords(payload))
        payload = payload[: self._reach]
        if b"\\" in payload or b"%" in payload:
            bare = payload.replace(b"\\", b"").lower()  # every ETag has a backslash, and the search is slow
            if self._bare in bare or b"u00" in bare or b"%" in bare:
                payload = self._spelt_bytes.sub(DOTS.encode(), payload)
        if len(payload) <= CAPTURED_BYTES:
            return payload
        return payload[:CAPTURED_BYTES].decode("utf-8", "ignore").encode()


def excerpt(payload: bytes) -> str:
    """The beginning of an answer in one line, for a message."""
    return in_one_line(payload[: EXCERPT_CHARACTERS * 4].decode("utf-8", "replace"))[:EXCERPT_CHARACTERS]


def in_one_line(text: str) -> str:
    """A text that is safe for a log or a terminal: blanks and line breaks become one blank, controls become �."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text
    return _UNSHOWN.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split()))


def shortened(text: str) -> str:
    """A foreign name, value or id for a sentence: its beginning."""
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"


def _without_passwords(payload: bytes) -> bytes:
    try:
        return _encode(_masked(_decode(payload)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return payload[: len(payload.lower().partition(_SECRET_NAME.encode())[0])]


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
