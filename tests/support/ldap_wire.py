"""LDAPv3 on the wire (RFC 4511), as far as a server of the tests speaks it: requests read, answers written."""

import re
from dataclasses import dataclass

BIND, UNBIND, SEARCH, ABANDON, EXTENDED = 0x60, 0x42, 0x63, 0x50, 0x77
BIND_ANSWER, ENTRY, SEARCH_DONE, EXTENDED_ANSWER = 0x61, 0x64, 0x65, 0x78
START_TLS = "1.3.6.1.4.1.1466.20037"
PAGED = "1.2.840.113556.1.4.319"
DIRSYNC = "1.2.840.113556.1.4.841"
SHOW_DELETED = "1.2.840.113556.1.4.417"
SHOW_RECYCLED = "1.2.840.113556.1.4.2064"
EXTENDED_DN = "1.2.840.113556.1.4.529"

SUCCESS, OPERATIONS_ERROR, PROTOCOL_ERROR, SIZE_LIMIT_EXCEEDED = 0, 1, 2, 4
NO_SUCH_OBJECT, INVALID_CREDENTIALS, INSUFFICIENT_ACCESS, BUSY, UNAVAILABLE, UNWILLING = 32, 49, 50, 51, 52, 53

_BIT_AND, _BIT_OR = "1.2.840.113556.1.4.803", "1.2.840.113556.1.4.804"


@dataclass(frozen=True, kw_only=True)
class Search:
    """What a client asks for; `wanted` are the names of attributes, folded, in the client's order."""

    base: str
    scope: int  # 0 the entry, 1 right below it, 2 it and all below it
    size_limit: int
    keep: tuple  # a filter: operator and operands, see `holds`
    wanted: tuple
    controls: dict  # by OID, values as bytes


def element(tag, *content):
    body = b"".join(content)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def number(value, tag=0x02):
    return element(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def text(value, tag=0x04):
    return element(tag, value if isinstance(value, bytes) else str(value).encode())


def read_element(raw, at=0):
    """Tag, content and where the next one begins. IndexError when `raw` ends before it does."""
    tag, size, at = raw[at], raw[at + 1], at + 2
    if size & 0x80:
        end = at + (size & 0x7F)
        size, at = int.from_bytes(raw[at:end], "big"), end
    if at + size > len(raw):
        raise IndexError
    return tag, raw[at : at + size], at + size


def read_elements(raw):
    found, at = [], 0
    while at < len(raw):
        tag, content, at = read_element(raw, at)
        found.append((tag, content))
    return found


def read_number(content):
    return int.from_bytes(content, "big", signed=True)


def read_request(raw):
    """Number of the message, tag, what it holds (a Search, or the elements of it), bytes it took; None: not whole yet."""
    try:
        _, content, taken = read_element(raw)
    except IndexError:
        return None
    (_, numbered), (tag, body), *more = read_elements(content)
    controls = {}
    for _, control in read_elements(more[0][1]) if more else ():
        parts = read_elements(control)
        controls[parts[0][1].decode()] = parts[-1][1] if parts[-1][0] == 0x04 and len(parts) > 1 else b""
    if tag == SEARCH:
        parts = read_elements(body)
        held = Search(
            base=parts[0][1].decode(),
            scope=read_number(parts[1][1]),
            size_limit=read_number(parts[3][1]),
            keep=_filter(*parts[6]),
            wanted=tuple(name.decode().lower() for _, name in read_elements(parts[7][1])),
            controls=controls,
        )
    elif tag in (BIND, EXTENDED):
        held = read_elements(body)
    else:
        held = None
    return read_number(numbered), tag, held, taken


def message(numbered, operation, controls=()):
    told = element(0xA0, *(element(0x30, text(oid), text(value)) for oid, value in controls)) if controls else b""
    return element(0x30, number(numbered), operation, told)


def result(tag, code, diagnostic="", *more):
    return element(tag, number(code, 0x0A), text(""), text(diagnostic), *more)


def entry(name, attributes):
    """An entry of a search: `attributes` are pairs of a name and its values in bytes."""
    told = (element(0x30, text(key), element(0x31, *map(text, values))) for key, values in attributes)
    return element(ENTRY, text(name), element(0x30, *told))


def _filter(tag, content):
    kind = tag & 0x1F
    if kind in (0, 1):
        return ("and", "or")[kind], [_filter(*one) for one in read_elements(content)]
    if kind == 2:
        return "not", [_filter(*read_elements(content)[0])]
    if kind == 7:
        return "present", content.decode().lower()
    parts = read_elements(content)
    if kind == 9:
        by = {tag & 0x1F: value for tag, value in parts}
        return "extended", by[2].decode().lower(), by.get(1, b"").decode(), by[3]
    name = parts[0][1].decode().lower()
    if kind == 4:
        return "like", name, [(tag & 0x1F, piece) for tag, piece in read_elements(parts[1][1])]
    return {3: "equal", 5: "at least", 6: "at most", 8: "equal"}[kind], name, parts[1][1]


def holds(keep, values_of):
    """Whether a filter keeps an entry; `values_of` gives the values of an attribute by its folded name."""
    match keep:
        case "and", parts:
            return all(holds(part, values_of) for part in parts)
        case "or", parts:
            return any(holds(part, values_of) for part in parts)
        case "not", [part]:
            return not holds(part, values_of)
        case "present", name:
            return name == "objectclass" or bool(values_of(name))
        case "equal", name, value:
            return any(one == value or one.lower() == value.lower() for one in values_of(name))
        case "at least", name, value:
            return any(_ordered(one) >= _ordered(value) for one in values_of(name))
        case "at most", name, value:
            return any(_ordered(one) <= _ordered(value) for one in values_of(name))
        case "like", name, pieces:
            pattern = _pattern(pieces)
            return any(pattern.fullmatch(one.lower()) for one in values_of(name))
        case "extended", name, rule, value:
            return any(_ruled(rule, one, value) for one in values_of(name))
    raise AssertionError(keep)


def _ruled(rule, one, value):
    if rule == _BIT_AND:
        return int(one) & int(value) == int(value)
    if rule == _BIT_OR:
        return bool(int(one) & int(value))
    return one.lower() == value.lower()


def _ordered(value):
    return (0, int(value), b"") if value.isdigit() else (1, 0, value.lower())


def _pattern(pieces):
    """Pieces of a substring filter: 0 begins the value, 1 is anywhere, 2 ends it."""
    middle = b"".join(re.escape(piece.lower()) + b".*" for kind, piece in pieces if kind == 1)
    start = b"".join(re.escape(piece.lower()) for kind, piece in pieces if kind == 0)
    end = b"".join(re.escape(piece.lower()) for kind, piece in pieces if kind == 2)
    return re.compile(start + b".*" + middle + end, re.DOTALL)
