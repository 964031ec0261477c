"""Removes secrets from what the request inspector keeps: passwords, tokens, credentials in headers and queries.

Pure. Texts are cut first, then unwrapped of every spelling a client may have put them into, then looked at by patterns
that take time in proportion to the text. Where a secret is named, everything behind its name is hidden; of a query's
parameters only those of SCIM are shown. What cannot be understood well enough to be masked is left out, with a note.
Order: plain texts, queries and filters, bodies, headers, looking.
"""

import binascii
import html
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Collection, Iterable
from contextlib import suppress
from functools import lru_cache
from typing import cast
from urllib.parse import unquote, unquote_plus

import msgspec

from provisor.provider.model.documents import dump
from provisor.scim.values import Json

MASK = "••••••"
LEFT_OUT = "(left out: it seems to hold a secret, and cannot be read as JSON)"
BODY_LIMIT = 4096  # bytes kept of a body
TEXT_LIMIT = 4096  # characters looked at of a query, a path or a filter: more of them than are kept
HEADER_LIMIT = 500  # bytes kept of one
_DEEPEST = 32
_ROUNDS = 6  # of unwrapping; what is wrapped more often is hidden

SENT_HEADERS = frozenset(
    b"accept accept-encoding content-length content-type host if-match if-none-match user-agent".split()
)
_SCHEMES = frozenset({b"bearer", b"basic", b"digest"})
# Names of secrets: those that are one wherever they stand in a word, and short ones that are a word of their own.
_LONG = (
    *(r"pass[\s_.-]?(?:word|wd|phrase|code)", "pwd", "secret", "token", "jwt", "authori[sz]ation", "credential"),
    *("signature", r"session(?:[\s_.-]?id)?", "cookie", "assertion"),
    *(
        r"(?:api|private|access|shared|master|account|signing|encryption|ssh)[\s_.-]?key",
        r"(?:auth|access)[\s_.-]?code",
    ),
)
_SHORT = r"(?:key|sig|code|auth|otp|pin|sid|pass)s?"
_IN_CAMEL = "(?:Key|Sig|Auth|Otp|Pin|Sid|Pass)s?"  # but no postalCode
# One of these is in every text that names a secret, or is one; asked first, because it costs a tenth.
_HINTS = ("pass", "pwd", "secret", "token", "key", "auth", "code", "sig", "session", "pin", "jwt", "otp", "sid")
_MORE_HINTS = ("credential", "cookie", "assertion", "umbrella_", "bearer", "basic")
# The same of a long body, which would be left out for a name that only sounds like one.
_LONG_HINTS = tuple(
    word.encode()
    for word in (
        *("password", "passwd", "pass_", "pass-", "pass ", "passphrase", "passcode", "pwd", "secret", "token", "jwt"),
        *("authori", "credential", "signature", "session", "cookie", "assertion", "apikey", "privatekey", "accesskey"),
        *(f"{short}{end}" for short in _SHORT[3:-3].split("|") for end in ('"', '\\"', 's"', "=", "_", "-", ":", ".")),
    )
)
# What SCIM asks by (RFC 7644 section 3.4.2, RFC 9865), Entra's flags, and our own number of a bulk's operation.
_PARAMETERS = frozenset(
    (
        *("filter", "sortby", "sortorder", "startindex", "count", "cursor", "attributes", "excludedattributes"),
        *("aadoptscim062020", "azureadscimpatch2017", "bulk"),
    )
)
_SPELLED = _PARAMETERS | {
    *("sortBy", "sortOrder", "startIndex", "excludedAttributes", "aadOptscim062020", "AzureAdScimPatch2017")
}
_BESIDE_VALUE = frozenset(("path", "name", "key", "attribute", "field", "type"))  # they say what a `value` is of
_OURS = frozenset(("changepassword",))  # of ServiceProviderConfig
_OPERATORS = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le")
_BEGINS = ("(", "[", " and", " or", "not")  # what may stand before the attribute of a comparison

_TOKEN = re.compile(r"umbrella_(?:entra|okta|other)_[\w-]+", re.IGNORECASE)
_SCHEME = re.compile(r"\b(bearer|basic)\b([\s:=]+)(?!tokens?\b)([\w.~+/=-]+)", re.IGNORECASE)
# What makes of a word the name of what follows. A run of these is met once, since no word begins inside it.
_AIMS = re.compile(rf"""["'\\)\]\s]*(?:[=:\[<>~!/]+|(?:{"|".join(_OPERATORS)})\b)\s*""", re.IGNORECASE)
_OPERATOR_BEFORE = re.compile(rf"(?:\b(?:{'|'.join(_OPERATORS)})\s+|[\s\"'][=<>~!]+\s*)\Z", re.IGNORECASE)
# A value before an operator; a quoted one, or the name behind it would be read as the value.
_REVERSED = re.compile(
    rf"""["'`\xb4\xbb\u2019\u201d]\s*(?:(?:{"|".join(_OPERATORS)})\b|[=<>~!]+)\s*["'\w]""", re.IGNORECASE
)
_ESCAPED = re.compile(r"(?:\\|%)u([0-9a-f]{4})|\\x([0-9a-f]{2})", re.IGNORECASE)
_WRAPPED = re.compile(rb"\\u00[2-7]|%[2-7][0-9a-f]|&#")  # letters in another spelling than needed
_UNSEEN = re.compile(
    "[\0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_ODD = re.compile("[\uff01-\uff5e\u0130\u0131\u017f\u212a]")
# The letters of East Asian keyboards, and those that a comparison without regard to case takes for i, s and k.
_PLAIN = {0x130: "i", 0x131: "i", 0x17F: "s", 0x212A: "k", **{code + 0xFEE0: chr(code) for code in range(0x21, 0x7F)}}

_decode = msgspec.json.Decoder().decode


def masked_query(text: str, names: Collection[str] = ()) -> str:
    """A query string, path, filter or sentence without the secrets a client may have put there, cut to TEXT_LIMIT.

    `names` are those of further attributes that hold secrets, in lower case. As it is when it holds none; else
    unwrapped, and without all that stands behind the first one.
    """
    return _masked(text[:TEXT_LIMIT], names, compares=False)


def masked_filter(text: str, names: Collection[str] = ()) -> str:
    """The same for a filter, in which a name may be compared in either order, or in a way that nobody understands."""
    return _masked(text[:TEXT_LIMIT], names, compares=True)


def _masked(text: str, names: Collection[str], *, compares: bool) -> str:
    plain = _unwrapped(text)
    if plain is None:
        return MASK
    if not _hints(plain, names):
        return text
    end = counted = quotes = 0
    first = _REVERSED.search(plain)
    for word in _words(tuple(names)).finditer(plain):
        start, end = _name_begin(plain, end, word.start()), word.end()
        quotes, counted = quotes + plain.count('"', counted, start), start
        if _OPERATOR_BEFORE.search(plain, max(0, start - 12), start):
            return MASK  # the value stands before its name
        if compares and quotes % 2 == 0:
            before = plain[:start].rstrip().lower()
            if before and not before.endswith(_BEGINS):
                return MASK
            if plain[end:].strip().lower() in ("", "pr"):
                break
            return f"{plain[:end]} {MASK}"
        if first is not None and first.end() <= start + 1:
            return MASK
        aims = _AIMS.match(plain, end)
        if aims is not None or word[0].lower().endswith(_OPERATORS):
            return _without_credentials(plain[: end if aims is None else aims.end()]) + MASK
    masked = _without_credentials(plain)
    return text if masked == plain else masked


def _name_begin(plain: str, least: int, start: int) -> int:
    """Where the name begins of which a word is a part, such as that of client_secret."""
    while start > least and (plain[start - 1].isalnum() or plain[start - 1] in "_.$:-"):
        start -= 1
    return start


def masked_parameters(query: str, names: Collection[str] = ()) -> str:
    """A query string in which of a parameter that SCIM does not know only the name is shown."""
    return "&".join([_masked_parameter(part, names) for part in query[:TEXT_LIMIT].split("&")])


def asks_only_scim(query: str) -> bool:
    """Whether every parameter of a query string is one of SCIM's."""
    if "&" not in query:
        return query.partition("=")[0] in _SPELLED
    return all(part.partition("=")[0] in _SPELLED for part in query.split("&"))


def _masked_parameter(part: str, names: Collection[str]) -> str:
    key, equals, value = part.partition("=")
    name = unquote_plus(key).lower()
    if name not in _PARAMETERS:
        return f"{masked_query(key, names)}={MASK}" if equals else MASK if part else ""
    return f"{key}{equals}{masked_filter(value, names) if name == 'filter' else masked_query(value, names)}"


def holds_secret(text: str, names: Collection[str] = ()) -> bool:
    """Whether a query string, path or filter may hold a secret at all: a tenth of the patterns' price."""
    plain = _unwrapped(text)
    return plain is None or _hints(plain, names)


def shown_answer(body: bytes, *, repeats: bool = False) -> str:
    """The beginning of an answer of ours, BODY_LIMIT bytes at most; a password is never in a resource.

    With `repeats` the request held a secret, which the sentence of a refusal may repeat: it is left out.
    """
    text = _text(body)
    if not repeats and not holds_secret(text):
        return text
    try:
        value = cast(Json, _decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return LEFT_OUT if repeats else masked_query(text)
    hidden = _sentences_hidden(value, repeats)
    return text if hidden == value else _text(dump(hidden).encode())


def _sentences_hidden(value: Json, repeats: bool) -> Json:
    if isinstance(value, list):
        return [_sentences_hidden(item, repeats) for item in value]
    if isinstance(value, dict):
        return {
            name: MASK
            if (repeats and name == "detail") or (item and name.lower() not in _OURS and _named(name, ()))
            else _sentences_hidden(item, repeats)
            for name, item in value.items()
        }
    return masked_query(value) if isinstance(value, str) and len(value) <= TEXT_LIMIT else value


def body_to_mask(body: bytes, limit: int, names: Collection[str] = ()) -> bytes:
    """As much of a body as is kept until it is masked; nothing of a longer one that may hold a secret anywhere.

    What tells a secret from other values may stand far behind it, where the beginning alone could not know.
    """
    if len(body) <= limit:
        return body
    lowered = body.lower().replace(b"postalcode", b"")  # of every address, and no secret
    hinted = any(word in lowered for word in _LONG_HINTS) or any(name.encode() in lowered for name in names)
    if not hinted and (b"\\" in lowered or b"%" in lowered or b"&" in lowered):  # a pattern is dear over a megabyte
        hinted = _WRAPPED.search(lowered) is not None
    return LEFT_OUT.encode() if hinted else body[:limit]


def masked_body(body: bytes, names: Collection[str] = ()) -> str:
    """The beginning of a body that a client sent, BODY_LIMIT bytes at most, without secrets.

    `names` are those of further attributes that hold secrets, in lower case.
    """
    if not holds_secret(body.decode("utf-8", "replace"), names):
        return _text(body)
    # The whole body is read, not its beginning: a secret may be told from others only by what stands around it.
    try:
        value = cast(Json, json.loads(body.decode("utf-8-sig"), object_pairs_hook=_once))
        hidden = _hidden(value, names)
        return _text(body if hidden == value else dump(hidden).encode())
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return LEFT_OUT


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """An object. Raises ValueError for a name that comes twice: one of its values would be shown unread."""
    read = dict(pairs)
    if len({name.lower() for name in read}) < len(pairs):
        raise ValueError("A name comes twice.")
    return read


def _text(body: bytes) -> str:
    # PostgreSQL stores no NUL in a text.
    return body[:BODY_LIMIT].decode("utf-8", "replace").replace("\x00", "\ufffd")


def _hidden(value: Json, names: Collection[str], depth: int = 0) -> Json:
    """The same JSON with every secret's value replaced; of a PATCH operation on a secret, its value."""
    if depth > _DEEPEST:
        return MASK
    if isinstance(value, list):
        return [_hidden(item, names, depth + 1) for item in value]
    if isinstance(value, str):
        return _hidden_text(value, names, depth)
    if not isinstance(value, dict):
        return value
    aimed = any(name.lower() in _BESIDE_VALUE and _named(item, names) for name, item in value.items())
    return {
        name: MASK
        if item is not None and (_named(name, names) or (aimed and name.lower() == "value"))
        else masked_filter(item, names)
        if isinstance(item, str) and len(item) <= TEXT_LIMIT and name.lower() in ("filter", "path")
        else _hidden(item, names, depth + 1)
        for name, item in value.items()
    }


def _hidden_text(value: str, names: Collection[str], depth: int) -> str:
    """A text, which may be JSON itself (tolerance role_as_json_text)."""
    if value.lstrip()[:1] in ("{", "[") and holds_secret(value, names):
        try:
            return dump(_hidden(cast(Json, json.loads(value, object_pairs_hook=_once)), names, depth + 1))
        except (ValueError, RecursionError):
            return MASK
    if len(value) > TEXT_LIMIT:  # or what is not looked at would be lost
        return MASK if holds_secret(value, names) else value
    return masked_query(value, names)


def _named(value: Json, names: Collection[str]) -> bool:
    """Whether a name or a path speaks of a secret."""
    if isinstance(value, list):
        return any(_named(item, names) for item in value)
    if not isinstance(value, str):
        return False
    plain = _unwrapped(value)
    return plain is None or _words(tuple(names)).search(plain) is not None


def masked_headers(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The headers worth showing, a line each; of credentials only their scheme."""
    lines = []
    for name, value in headers:
        if name in SENT_HEADERS:
            lines.append(_header(name, value))
        elif name == b"authorization":
            scheme, space, _ = value.partition(b" ")
            lines.append(
                f"authorization: {scheme.decode() + ' ' if space and scheme.lower() in _SCHEMES else ''}{MASK}"
            )
    return "\n".join(lines).replace("\x00", "\ufffd")


def shown_headers(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Headers of our own answers, a line each."""
    return "\n".join(_header(name, value) for name, value in headers)


def _header(name: bytes, value: bytes) -> str:
    return f"{name.decode()}: {masked_query(value[:HEADER_LIMIT].decode('latin-1'))}"


@lru_cache(maxsize=64)
def _words(names: tuple[str, ...]) -> re.Pattern[str]:
    # What follows a name belongs to it, so that the next word is sought behind it: the time stays linear.
    return re.compile(
        rf"(?:{'|'.join((*_LONG, *map(re.escape, names)))}|(?<![a-z0-9]){_SHORT}(?![a-z0-9])"
        rf"|(?-i:(?<=[a-z0-9]){_IN_CAMEL}(?![a-z])))[\w.$-]*",
        re.IGNORECASE,
    )


def surely_plain(text: str, names: Collection[str] = ()) -> bool:
    """Whether none of many texts, a line each, can hold a secret: asked at once, of what is ASCII when unwrapped.

    A letter beyond it in one line could keep another line from being recognised.
    """
    plain = _unwrapped(text)
    return plain is not None and plain.isascii() and not _hints(plain, names)


def _hints(plain: str, names: Collection[str]) -> bool:
    lowered = plain.lower()
    for word in _HINTS:  # plain loops: every request pays for them
        if word in lowered:
            return True
    for word in _MORE_HINTS:
        if word in lowered:
            return True
    for name in names:  # noqa: SIM110 - as above
        if name in lowered:
            return True
    return False


def _unwrapped(text: str) -> str | None:
    """The text as whoever reads it to the end would have it; None when it is wrapped more often than anybody needs."""
    plain = text.replace("+", " ")
    if "%" in plain:
        plain = plain.replace("%20", " ").replace("%22", '"').replace("%40", "@")
    for _ in range(_ROUNDS):
        if "%" not in plain and "\\" not in plain and "&" not in plain:
            return _recognised(plain)
        before = plain
        plain = html.unescape(unquote(_ESCAPED.sub(_character, plain))).replace("+", " ")
        if plain == before:
            return _recognised(plain)
    return None


def _recognised(plain: str) -> str:
    """The text without what nobody sees, in the letters that it is read by."""
    if plain.isascii():
        return plain.replace("\0", "")
    with suppress(UnicodeError):  # bytes of an address or a header stand here as characters of Latin 1
        plain = plain.encode("latin-1").decode()
    plain = _UNSEEN.sub("", plain)
    return plain.translate(_PLAIN) if _ODD.search(plain) else plain


def _character(escaped: re.Match[str]) -> str:
    code = int(escaped[1] or escaped[2], 16)
    return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)  # half a surrogate pair cannot be stored


def _without_credentials(text: str) -> str:
    return _SCHEME.sub(_without_credential, _TOKEN.sub(MASK, text))


def _without_credential(found: re.Match[str]) -> str:
    scheme, between, credential = found.groups()
    return found[0] if scheme.lower() == "basic" and not _is_pair(credential) else f"{scheme}{between}{MASK}"


def _is_pair(word: str) -> bool:
    """Whether a word is a name and a password as HTTP Basic writes them, rather than one of a sentence."""
    if len(word) >= 8 and (not word[1:].islower() or not word.isalpha()):
        return True
    try:
        return b":" in urlsafe_b64decode(word.replace("+", "-").replace("/", "_") + "=" * (-len(word) % 4))
    except (binascii.Error, ValueError):
        return False
