"""What an entry of a domain says of one object, as the port has it.

Asks again for what an entry does not say by itself: the members of a group beyond those of one answer, and the groups
of an object that came back from the deleted ones. Sources: spec/entra-connect.md sections 3, 7 and 8.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from provisor.connectors.active_directory.asking import CLASS, GUID, MANAGER, MEMBER, QUERIES, DomainAsked
from provisor.connectors.active_directory.names import by_guid, common_name, extended, names_deleted
from provisor.connectors.ldap_session import LdapEntry, LdapSession
from provisor.connectors.ldap_session.entries import EXTENDED_NAMES
from provisor.engine.sources import (
    MembersTold,
    RawValue,
    RecordGone,
    RecordKind,
    RecordTold,
    RecordUnreadable,
    SourceTold,
)

_CAME: Final = "1-1"
_WENT: Final = "0-0"
_NAME: Final = "distinguishedName"
_LONGEST_NAME: Final = 300


class _BackLink(NamedTuple):
    anchor: str
    name: str


class DomainTelling:
    """Turns entries into what is told. `session` is asked for more."""

    def __init__(self, session: LdapSession, asked: DomainAsked) -> None:
        self._session = session
        self._asked = asked

    def of_change(self, kind: RecordKind, entry: LdapEntry) -> Iterator[SourceTold]:
        """What DirSync says of an object of a kind: all of it, or what changed.

        All of it is what names its class, which an object gets when it is made and keeps.
        """
        heard = _Heard(entry, self._asked)
        if heard.anchor is None:
            yield _nameless(entry)
        elif heard.deleted:
            yield RecordGone(anchor=heard.anchor)
        else:
            whole = bool(heard.texts(CLASS))
            members = self._members_told(heard.anchor, heard) if kind == "group" else None
            yield RecordTold(
                kind=kind, anchor=heard.anchor, reference=heard.anchor, values=heard.values(whole=whole), whole=whole,
                members=members,
            )  # fmt: skip

    def of_object(self, entry: LdapEntry) -> Iterator[SourceTold]:
        """What an entry with all attributes says (uSNChanged), of an object of whatever kind."""
        heard = _Heard(entry, self._asked)
        if heard.anchor is None:
            yield _nameless(entry)
        elif heard.deleted:
            yield RecordGone(anchor=heard.anchor)
        elif (kind := heard.kind) is None:
            yield RecordUnreadable(where=heard.name, reason="It is of no class that is read.", anchor=heard.anchor)
        else:
            yield self._whole(kind, heard.anchor, heard)
            if kind != "container" and heard.texts("lastKnownParent"):  # it was deleted once
                yield from self._back_links(heard.anchor)

    def of_found(self, entry: LdapEntry) -> Iterator[RecordTold | RecordGone]:
        """What an entry says that was asked for by its GUID, without members."""
        heard = _Heard(entry, self._asked)
        if heard.anchor is not None and heard.deleted:
            yield RecordGone(anchor=heard.anchor)
        elif heard.anchor is not None and (kind := heard.kind) is not None:
            yield RecordTold(kind=kind, anchor=heard.anchor, reference=heard.anchor, values=heard.values(whole=True))

    def _whole(self, kind: RecordKind, anchor: str, heard: "_Heard") -> RecordTold:
        members = None
        if kind == "group":
            members = self._all_members(anchor) if heard.is_partial(MEMBER) else _members(heard.references(MEMBER))
        return RecordTold(
            kind=kind, anchor=anchor, reference=anchor, values=heard.values(whole=True), members=members
        )  # fmt: skip

    def _members_told(self, anchor: str, heard: "_Heard") -> MembersTold | None:
        """Who came and who went. A list without that (of a forest that is older than these) is read as a whole."""
        if heard.has_plain(MEMBER):
            return self._all_members(anchor)
        came, went = heard.references(MEMBER, _CAME), heard.references(MEMBER, _WENT)
        return MembersTold(added=came, removed=went) if came or went else None

    def _all_members(self, anchor: str) -> MembersTold | None:
        values = self._session.ranged(by_guid(anchor), MEMBER, controls=(EXTENDED_NAMES,))
        return None if values is None else _members(_references(values))

    def _back_links(self, anchor: str) -> Iterator[SourceTold]:
        """Whose member and whose manager somebody is who was deleted: no change of those objects tells it."""
        for group in self._linked(anchor, "memberOf", "group"):
            came = MembersTold(added=(anchor,))
            yield RecordTold(
                kind="group", anchor=group.anchor, reference=group.anchor, values={_NAME: group.name}, whole=False,
                members=came,
            )  # fmt: skip
        for led in self._linked(anchor, "directReports", "user"):
            values: dict[str, RawValue] = {_NAME: led.name, MANAGER: [anchor]}
            yield RecordTold(kind="user", anchor=led.anchor, reference=led.anchor, values=values, whole=False)

    def _linked(self, anchor: str, name: str, kind: RecordKind) -> Iterator[_BackLink]:
        """The objects of a kind that a back link names."""
        for value in self._session.ranged(by_guid(anchor), name, controls=(EXTENDED_NAMES,)) or ():
            other, _ = extended(value.decode("utf-8", "replace"))
            found = other and self._session.look_up(by_guid(other), (GUID,), query=QUERIES[kind])
            if other and found:
                yield _BackLink(other, found.dn)


class _Heard:
    """An entry, its attributes by folded names without options."""

    def __init__(self, entry: LdapEntry, asked: DomainAsked) -> None:
        self._asked = asked
        self._told: dict[str, dict[str, Sequence[bytes]]] = {}
        self._spelled: dict[str, str] = {}
        for told, values in entry.values.items():
            name, _, option = told.partition(";")
            self._spelled[name.lower()] = name
            self._told.setdefault(name.lower(), {})[option.lower().removeprefix("range=")] = values
        reference, self.name = extended(entry.dn)
        raw = next(iter(self._told.get(GUID.lower(), {}).get("", ())), b"")
        self.anchor = b64encode(raw).decode() if len(raw) == 16 else reference

    @property
    def deleted(self) -> bool:
        """Whether it is among the deleted objects; a change of one that has been there does not say so again."""
        return "TRUE" in (text.upper() for text in self.texts("isDeleted")) or names_deleted(self.name)

    @property
    def kind(self) -> RecordKind | None:
        """What its classes make it."""
        classes = {text.lower() for text in self.texts(CLASS)}
        if "group" in classes:
            return "group"
        if "user" in classes:
            return "user" if "computer" not in classes else None
        return "container" if classes & {"organizationalunit", "container", "domaindns", "builtindomain"} else None

    def texts(self, name: str) -> list[str]:
        """The values of an attribute, as text."""
        return [value.decode("utf-8", "replace") for value in self._told.get(name.lower(), {}).get("", ())]

    def has_plain(self, name: str) -> bool:
        """Whether an attribute came as it is in a search, without saying what came and what went."""
        return any(option not in (_CAME, _WENT) for option in self._told.get(name.lower(), {}))

    def is_partial(self, name: str) -> bool:
        """Whether there are values beyond those told."""
        return any(option and not option.endswith("*") for option in self._told.get(name.lower(), {}))

    def references(self, name: str, *options: str) -> tuple[str, ...]:
        """The objects that an attribute names; of those that came or went, or of all."""
        told = self._told.get(name.lower(), {})
        return _references(
            [value for option, values in told.items() if not options or option in options for value in values]
        )

    def values(self, *, whole: bool) -> dict[str, RawValue]:
        """What is told under the domain's names. None where an attribute was emptied, which a whole one leaves out."""
        told: dict[str, RawValue] = {}
        for folded, by_option in self._told.items():
            if folded not in self._asked.kept or folded in (GUID.lower(), MEMBER):
                continue
            if folded == MANAGER:
                values = list(self.references(MANAGER, "", _CAME))
            else:
                values = [self._value(folded, value) for value in by_option.get("", ())]
            if values or not whole:
                told[self._spelled[folded]] = values or None
        common = common_name(self.name)
        if common is not None:
            told["cn"] = [common]
        if self.anchor is not None:
            told[GUID] = [self.anchor]
        told[_NAME] = self.name
        return told

    def _value(self, folded: str, value: bytes) -> str:
        if folded in self._asked.octets:
            return b64encode(value).decode()
        try:
            return extended(value.decode()).name
        except UnicodeDecodeError:
            return b64encode(value).decode()


def _members(references: tuple[str, ...]) -> MembersTold:
    return MembersTold(added=references, whole=True)


def _references(values: Sequence[bytes]) -> tuple[str, ...]:
    found = (extended(value.decode("utf-8", "replace")).reference for value in values)
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _nameless(entry: LdapEntry) -> RecordUnreadable:
    return RecordUnreadable(
        where=entry.dn[:_LONGEST_NAME] or "an object without a name",
        reason="It came without its objectGUID; let the account read that attribute.",
    )
