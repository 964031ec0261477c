"""How a controller of Active Directory answers searches: plain, in pages, in ranges of values, and by DirSync.

DirSync as in MS-ADTS 3.1.1.3.4.1.3: of an object only what changed; with incremental values `member;range=1-1` came and
`member;range=0-0` went. A full read of more links than one answer holds tells the object again with the rest.
"""

import re
import struct
from dataclasses import dataclass

from support.ad_directory import LINKS
from support.ldap_wire import (
    DIRSYNC,
    EXTENDED_DN,
    INSUFFICIENT_ACCESS,
    NO_SUCH_OBJECT,
    PAGED,
    SHOW_DELETED,
    SHOW_RECYCLED,
    SIZE_LIMIT_EXCEEDED,
    SUCCESS,
    UNWILLING,
    element,
    holds,
    number,
    read_element,
    read_elements,
    read_number,
    text,
)

LARGEST_PAGE = 1000
OBJECT_SECURITY, INCREMENTAL_VALUES = 0x1, 0x80000000
BACK_LINKS = {"memberof": ("memberOf", "member"), "directreports": ("directReports", "manager")}
_NOT_REPLICATED = {"usnchanged", "usncreated", "whenchanged", "distinguishedname", "objectguid", *BACK_LINKS}
_COOKIE = struct.Struct(">4s16sQQI")  # mark, invocation id, changed since, told up to, links told of the next


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`entries` are pairs of a name and pairs of attribute and values; `more`: another page is to follow."""

    entries: tuple = ()
    code: int = SUCCESS
    diagnostic: str = ""
    controls: tuple = ()
    more: bool = False


class Answers:
    """What one connection is answered: paged searches belong to it."""

    def __init__(self, controller):
        self.controller, self.directory = controller, controller.directory
        self._open, self._named = {}, 0

    def to(self, asked):
        if not asked.base and asked.scope == 0:
            return Answer(entries=(("", _chosen(self.controller.root(), asked.wanted)),))
        base = self.directory.found(asked.base)
        if base is None or (base.deleted and SHOW_DELETED not in asked.controls):
            return Answer(code=NO_SUCH_OBJECT, diagnostic="0000208D: NameErr: DSID-0310028C, problem 2001 (NO_OBJECT)")
        if DIRSYNC in asked.controls:
            return self._changes(asked, base)
        return self._paged(asked, base)

    def _paged(self, asked, base):
        if PAGED not in asked.controls:
            found = self._searched(asked, base)
            bound = min(asked.size_limit or LARGEST_PAGE, LARGEST_PAGE)
            code = SIZE_LIMIT_EXCEEDED if len(found) > bound else SUCCESS
            return Answer(entries=tuple(self._told(one, asked) for one in found[:bound]), code=code)
        size, cookie = (content for _, content in read_elements(read_element(asked.controls[PAGED])[1]))
        if cookie and cookie not in self._open:
            return Answer(code=UNWILLING, diagnostic="00000057: LdapErr: the cookie is of another connection")
        rest = self._open[cookie] if cookie else self._searched(asked, base)
        bound = min(read_number(size), LARGEST_PAGE)
        onward = b""
        if rest[bound:]:
            self._named += 1
            onward = b"page %d" % self._named
            self._open[onward] = rest[bound:]
        return Answer(
            entries=tuple(self._told(one, asked) for one in rest[:bound]),
            controls=((PAGED, element(0x30, number(0), text(onward))),),
            more=bool(onward),
        )

    def _searched(self, asked, base):
        shown = SHOW_DELETED in asked.controls, SHOW_RECYCLED in asked.controls
        if asked.scope == 0:
            candidates = [base]
        else:
            candidates = [one for one in list(self.directory.by_guid.values()) if one.within(base)]
            if asked.scope == 1:
                candidates = [one for one in candidates if one.parent is base]
        return [
            one
            for one in candidates
            if not (one.deleted and not any(shown)) and not (one.recycled and not shown[1]) and self._kept(one, asked)
        ]

    def _kept(self, entry, asked):
        values = {name.lower(): held for name, held in self.controller.values(entry).items()}

        def values_of(name):
            if name in LINKS or name in BACK_LINKS:
                return [one.name.encode() for one in self._links(entry, name)]
            return values.get(name, [])

        return holds(asked.keep, values_of)

    def _links(self, entry, name):
        if name not in BACK_LINKS:
            return entry.linked(name)
        _, forward = BACK_LINKS[name]
        return [one for one in self.directory.by_guid.values() if entry in one.linked(forward)]

    def _told(self, entry, asked):
        names = asked.wanted or ("*",)
        held = dict(self.controller.values(entry))
        for name in {*entry.links, *(set(BACK_LINKS) & {one.split(";")[0] for one in names})}:
            spelled = LINKS.get(name) or BACK_LINKS[name][0]
            held[spelled] = [self._spelled(one, asked) for one in self._links(entry, name)]
        told = []
        for name, values in _chosen(held, tuple(one.split(";")[0] for one in names)):
            ranged = next((one for one in names if one.startswith(f"{name.lower()};range=")), None)
            told += self._in_range(name, values, ranged)
        return self._spelled(entry, asked).decode(), tuple(told)

    def _in_range(self, name, values, ranged):
        limit = self.directory.range_limit
        if ranged is None and len(values) <= limit:
            return [(name, values)] if values else []
        first, last = re.fullmatch(r".*;range=(\d+)-(\d+|\*)", ranged or f"{name};range=0-*").groups()
        start = int(first)
        stop = min(start + limit, len(values), *(() if last == "*" else (int(last) + 1,)))
        piece = (f"{name};range={start}-{'*' if stop >= len(values) else stop - 1}", values[start:stop])
        return [piece] if ranged else [(name, []), piece]

    def _spelled(self, entry, asked):
        if EXTENDED_DN not in asked.controls:
            return entry.name.encode()
        value = asked.controls[EXTENDED_DN]
        as_text = bool(value) and read_number(read_elements(read_element(value)[1])[0][1]) == 1
        parts = [f"<GUID={entry.text_guid if as_text else entry.guid.hex()}>"]
        if entry.sid:
            parts.append(f"<SID={_sid(entry.sid) if as_text else entry.sid.hex()}>")
        return ";".join([*parts, entry.name]).encode()

    def _changes(self, asked, base):
        flags, _, cookie = (content for _, content in read_elements(read_element(asked.controls[DIRSYNC])[1]))
        flags = read_number(flags) & 0xFFFFFFFF
        if base is not self.directory.root:
            return Answer(code=UNWILLING, diagnostic="00002095: the base of DirSync is no naming context")
        if not (self.controller.replicating or flags & OBJECT_SECURITY):
            return Answer(
                code=INSUFFICIENT_ACCESS, diagnostic="00002105: LdapErr: DSID-0C0907F6, Error processing control"
            )
        since, upto, links_told = 0, 0, 0
        if cookie:
            try:
                mark, invocation, *place = _COOKIE.unpack(cookie)
            except struct.error:
                mark, invocation, place = b"", b"", ()
            foreign = invocation != self.controller.invocation
            if mark != b"MSDS" or (foreign and self.controller.foreign_cookies == "refused"):
                return Answer(code=UNWILLING, diagnostic="00000057: LdapErr: DSID-0C090A63, Error processing control")
            since, upto, links_told = (0, 0, 0) if foreign else place
        return self._page_of_changes(asked, flags, since, upto, links_told)

    def _page_of_changes(self, asked, flags, since, upto, links_told):
        newest, told, size = self.directory.usn, [], self.controller.page_objects
        rest = sorted(
            (
                one
                for one in list(self.directory.by_guid.values())
                if one.usn > upto and self._is_told(one, asked, flags)
            ),
            key=lambda one: one.usn,
        )
        while rest and len(told) < size:
            entry = rest[0]
            attributes, links_told = self._changed(entry, asked, flags, since, links_told)
            if attributes:
                always = (("objectGUID", [entry.guid]), ("instanceType", [b"4"]))
                told.append((self._spelled(entry, asked).decode(), (*always, *attributes)))
            if links_told == 0:
                upto = rest.pop(0).usn
        if not rest:
            since = upto = newest
        cookie = _COOKIE.pack(b"MSDS", self.controller.invocation, since, upto, links_told)
        value = element(0x30, number(1 if rest else 0), number(0), text(cookie))
        return Answer(entries=tuple(told), controls=((DIRSYNC, value),), more=bool(rest))

    def _is_told(self, entry, asked, flags):
        if entry.within(self.directory.configuration) or (entry.deleted and flags & OBJECT_SECURITY):
            return False
        return self._kept(entry, asked)

    def _changed(self, entry, asked, flags, since, links_told):
        """What to tell of an entry now, and how many of its links that changed were told, 0 when all were."""
        wanted = {name.split(";")[0] for name in asked.wanted} or {"*"}
        changed = {
            name for name, usn in entry.changed.items() if usn > since and (wanted & {"*", name}) and name not in _NOT_REPLICATED
        }  # fmt: skip
        held = {name: values for name, values in entry.values.items() if name.lower() in changed}
        told = [(name, values) for name, values in held.items() if values or since]
        if links_told:
            told = []
        for name in sorted(changed & set(entry.links)):
            if not flags & INCREMENTAL_VALUES or name != "member":
                values = [self._spelled(one, asked) for one in entry.linked(name)]
                told += self._in_range(LINKS[name], values, None) or ([(LINKS[name], [])] if since else [])
        if flags & INCREMENTAL_VALUES and "member" in changed & set(entry.links) | (
            {"member"} if links_told else set()
        ):
            pieces, links_told = self._links_changed(entry, asked, since, links_told)
            told += pieces
        return tuple(told), links_told

    def _links_changed(self, entry, asked, since, links_told):
        limit = self.directory.range_limit
        marks = [
            (guid, there) for guid, (usn, there) in entry.links["member"].items() if usn > since and (there or since)
        ]
        pieces = []
        for there, name in ((True, "member;range=1-1"), (False, "member;range=0-0")):
            some = [
                self.directory.by_guid[guid]
                for guid, is_there in marks[links_told : links_told + limit]
                if is_there is there
            ]
            values = [self._spelled(one, asked) for one in some if not one.deleted]
            if values:
                pieces.append((name, values))
        return pieces, links_told + limit if marks[links_told + limit :] else 0


def _chosen(held, wanted):
    if not wanted or "*" in wanted:
        return tuple((name, values) for name, values in held.items() if values)
    return tuple((name, values) for name, values in held.items() if name.lower() in wanted and values)


def _sid(raw):
    parts = struct.unpack(f"<{raw[1]}I", raw[8:])
    return f"S-{raw[0]}-{int.from_bytes(raw[2:8], 'big')}-" + "-".join(map(str, parts))
