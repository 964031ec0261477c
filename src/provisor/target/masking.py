"""Takes secrets out of what the request inspector keeps: passwords, tokens, credentials in headers and queries.

Pure. Bodies and headers are masked before they are stored, queries and paths when they are shown. What cannot be
understood well enough to be masked is left out and said so.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import cast

import msgspec

from provisor.scim.values import Json
from provisor.target.documents import dump

MASK = "••••••"
LEFT_OUT = "(left out: it seems to hold a secret, and cannot be read as JSON)"
BODY_LIMIT = 4096  # bytes kept of a body
HEADER_LIMIT = 500  # bytes kept of one

SENT_HEADERS = frozenset(
    b"accept accept-encoding content-length content-type host if-match if-none-match user-agent".split()
)
_SCHEMES = frozenset({b"bearer", b"basic", b"digest"})
_SECRET_NAMES = ("password", "secret", "token", "authorization", "credential")
_TOKEN = re.compile(r"umbrella_(?:entra|okta|other)_[A-Za-z0-9_-]{16,}")
_BEARER = re.compile(r"\b(bearer)(\s+|%20|\+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_COMPARED = re.compile(
    r"((?:password|secret|token)\w*(?:\s|%20|\+)+(?:eq|ne|co|sw|ew|gt|ge|lt|le)(?:\s|%20|\+)+)(?:\"|%22).*?(?:\"|%22|$)",
    re.IGNORECASE,
)
_PARAMETER = re.compile(
    r"((?:^|[?&;])[^=&;]*(?:password|secret|token|credential|api_?key)[^=&;]*=)[^&;]*", re.IGNORECASE
)
_LITERAL = re.compile(r"(?:\"|%22).*?(?:\"|%22|$)", re.IGNORECASE)
_QUERY_WORDS = ("password", "secret", "token", "credential", "api_key", "apikey", "umbrella_", "bearer")
_SUSPICIOUS = (b"password", b"secret", b"token", b"authorization", b"credential", b"\\u")

_decode = msgspec.json.Decoder().decode


def masked_query(text: str, names: Collection[str] = ()) -> str:
    """A query string, path or filter without the secrets a client may have put there.

    `names` are those of further attributes that hold secrets, in lower case; where one stands, every literal is hidden.
    """
    if not holds_secret(text, names):
        return text
    for pattern, kept in ((_PARAMETER, rf"\1{MASK}"), (_COMPARED, rf'\1"{MASK}"')):
        text = pattern.sub(kept, text)
    lowered = text.lower()
    return _without_tokens(_LITERAL.sub(f'"{MASK}"', text) if any(name in lowered for name in names) else text)


def holds_secret(text: str, names: Collection[str] = ()) -> bool:
    """Whether a query string, path or filter may hold a secret at all: a tenth of the patterns' price."""
    lowered = text.lower()
    for word in _QUERY_WORDS:  # plain loops: every request pays for them
        if word in lowered:
            return True
    for name in names:  # noqa: SIM110 - as above
        if name in lowered:
            return True
    return False


def shown_answer(body: bytes) -> str:
    """The beginning of an answer of ours, BODY_LIMIT bytes at most; a password is never in one."""
    return _without_tokens(_text(body))


def masked_body(body: bytes, names: Collection[str] = ()) -> str:
    """The beginning of a body that a client sent, BODY_LIMIT bytes at most, without secrets.

    `names` are those of further attributes that hold secrets, in lower case.
    """
    text = _text(body)
    lowered = body.lower()
    if any(word in lowered for word in _SUSPICIOUS) or any(name.encode() in lowered for name in names):
        # The whole body is read, not its beginning: a secret may be told from others only by what stands around it.
        try:
            value = cast(Json, _decode(body))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return LEFT_OUT
        hidden = _hidden(value, (*_SECRET_NAMES, *names))
        if hidden != value:
            text = _text(dump(hidden).encode())
    return _without_tokens(text)


def _text(body: bytes) -> str:
    # PostgreSQL stores no NUL in a text.
    return body[:BODY_LIMIT].decode("utf-8", "replace").replace("\x00", "\ufffd")


def _hidden(value: Json, words: Sequence[str], depth: int = 0) -> Json:
    """The same JSON with every secret's value replaced; of a PATCH operation on a secret, its value."""
    if depth > 32:
        return MASK
    if isinstance(value, list):
        return [_hidden(item, words, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    path = next((item for name, item in value.items() if name.lower() == "path"), None)
    aimed = isinstance(path, str) and _secret(path, words)
    return {name: _hidden_item(name, item, words, depth, aimed=aimed) for name, item in value.items()}


def _hidden_item(name: str, item: Json, words: Sequence[str], depth: int, *, aimed: bool) -> Json:
    lowered = name.lower()
    if item is not None and (_secret(name, words) or (aimed and lowered == "value")):
        return MASK
    if isinstance(item, str) and lowered in ("filter", "path"):  # of a SearchRequest, of a PATCH operation
        return masked_query(item, words)
    return _hidden(item, words, depth + 1)


def _secret(name: str, words: Sequence[str]) -> bool:
    lowered = name.lower()
    return any(word in lowered for word in words)


def _without_tokens(text: str) -> str:
    # Looking for a word first is ten times as fast as the patterns, and most texts have neither.
    if "umbrella_" in text:
        text = _TOKEN.sub(MASK, text)
    return _BEARER.sub(rf"\1\2{MASK}", text) if "bearer" in text.lower() else text


def masked_headers(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The headers worth showing, a line each; of credentials only their scheme."""
    lines = []
    for name, value in headers:
        if name in SENT_HEADERS:
            lines.append(f"{name.decode()}: {value[:HEADER_LIMIT].decode('latin-1')}")
        elif name == b"authorization":
            scheme, space, _ = value.partition(b" ")
            lines.append(
                f"authorization: {scheme.decode() + ' ' if space and scheme.lower() in _SCHEMES else ''}{MASK}"
            )
    return _without_tokens("\n".join(lines)).replace("\x00", "\ufffd")


def shown_headers(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Headers of our own answers, a line each."""
    return "\n".join(f"{name.decode()}: {value[:HEADER_LIMIT].decode('latin-1')}" for name, value in headers)
