"""What an entry of a delta says of a user or group, as the source's records.

Pure, and raises nothing: what cannot be understood is told as such. An entry says either all there is of somebody, or
only what changed. In a first round it is all where it has the name that nobody is without; an entry without it is a
piece, such as further members or a manager that came later. Facts: spec/graph-synchronization-api.md section 12.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from provisor.connectors.capture import in_one_line
from provisor.connectors.graph.choices import FIFTEEN, LINKS, NAMES, PeopleKind, PropertyShape
from provisor.engine.sources import MembersTold, RawValue, RecordGone, RecordTold, RecordUnreadable, SourceTold
from provisor.scim.values import Json, Resource

_LONGEST_ID: Final = 64  # Entra's have 36
_TYPES: Final[Mapping[str, PeopleKind]] = {"#microsoft.graph.user": "user", "#microsoft.graph.group": "group"}
_ATTRIBUTES: Final = tuple(f"extensionAttribute{number}" for number in range(1, 16))


class DeltaReader:
    """Reads the entries of one kind in one read. `first`: it is a first round, from its beginning or from within.

    What of a first round came before is not known to another process that goes on with it: then a user without a
    manager in an entry keeps the one there is.
    """

    def __init__(
        self, kind: PeopleKind, shapes: Mapping[str, PropertyShape | None], *, first: bool, resumed: bool
    ) -> None:
        self._kind = kind
        self._shapes = shapes
        self._first = first
        self._resumed = resumed
        self._managed: set[str] = set()  # whose manager this round told of

    def told(self, entry: Json, where: str) -> Iterator[SourceTold]:
        """One entry; `where` names its place to an administrator."""
        key = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(key, str) or not _is_id(key):
            yield RecordUnreadable(where=where, reason="It has no id.")
            return
        removed = entry.get("@removed")
        if removed is not None:
            yield RecordGone(anchor=key, for_good=isinstance(removed, dict) and removed.get("reason") == "deleted")
            return
        values = dict[str, RawValue]()
        for name, shape in self._shapes.items():
            if name in entry:
                found = _values(name, entry[name], shape)
                if found is None:
                    yield RecordUnreadable(where=where, reason=f"Its {name} has a value of another type.", anchor=key)
                    return
                values |= found
        links = entry.get(f"{LINKS[self._kind]}@delta")
        if links is not None and not isinstance(links, list):
            yield RecordUnreadable(where=where, reason=f"Its {LINKS[self._kind]} are no list.", anchor=key)
            return
        if self._kind == "group":
            yield from self._group(key, values, links, where)
        else:
            yield from self._user(key, values, links, where)

    def _group(
        self, key: str, values: dict[str, RawValue], links: list[Json] | None, where: str
    ) -> Iterator[SourceTold]:
        members, odd = _members(links)
        if odd:
            yield RecordUnreadable(where=where, reason=f"{odd} of its members have no id.", anchor=key)
        yield self._record(key, values, whole=self._is_whole(values), members=members)

    def _user(
        self, key: str, values: dict[str, RawValue], links: list[Json] | None, where: str
    ) -> Iterator[SourceTold]:
        whole = self._is_whole(values)
        if links is not None:
            manager, odd = _manager(links)
            if odd:
                yield RecordUnreadable(where=where, reason="Its manager has no id.", anchor=key)
                return
            values["manager"] = manager
            self._managed.add(key)
        elif whole and (self._resumed or key in self._managed):
            # All but the manager: it was told in another entry of this round.
            for name in self._shapes:
                for each in _ATTRIBUTES if name == FIFTEEN else (name,):
                    values.setdefault(each, None)
            whole = False
        yield self._record(key, values, whole=whole)

    def _is_whole(self, values: Mapping[str, RawValue]) -> bool:
        return self._first and values.get(NAMES[self._kind]) is not None

    def _record(
        self, key: str, values: dict[str, RawValue], *, whole: bool, members: MembersTold | None = None
    ) -> RecordTold:
        if whole:
            values = {name: value for name, value in values.items() if value is not None}
        return RecordTold(kind=self._kind, anchor=key, reference=key, values=values, whole=whole, members=members)


def _is_id(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_ID and text.isascii() and in_one_line(text) == text and " " not in text


def _values(name: str, value: Json, shape: PropertyShape | None) -> dict[str, RawValue] | None:
    """What is kept of a value, the fifteen each under its own name; None for a value that it cannot have."""
    if shape == "fifteen":
        return _fifteen(value)
    if value is None:
        return {name: None}
    if isinstance(value, list):
        texts = [each for each in value if isinstance(each, str)]
        return {name: texts} if shape in ("list", None) and len(texts) == len(value) else None
    if isinstance(value, bool):
        return {name: value} if shape in ("boolean", None) else None
    if isinstance(value, str):
        return {name: value} if shape in ("text", None) else None
    return {name: value} if isinstance(value, int) and shape is None else None


def _fifteen(value: Json) -> dict[str, RawValue] | None:
    if value is None:
        return dict.fromkeys(_ATTRIBUTES)
    if not isinstance(value, dict):
        return None
    held = {name: value[name] for name in _ATTRIBUTES if name in value}
    found: dict[str, RawValue] = {name: each for name, each in held.items() if each is None or isinstance(each, str)}
    return found if len(found) == len(held) else None


def _members(links: list[Json] | None) -> tuple[MembersTold | None, int]:
    """Who came and who went, users and groups alone, and how many entries have no id. The last word on somebody counts.

    A type that is not said is believed to be one of the two: those that left are told so at times.
    """
    if links is None:
        return None, 0
    came, odd = dict[str, bool](), 0
    for link in links:
        found = _linked(link)
        if found is None:
            odd += 1
        elif found.of_people:
            came[found.id] = not found.removed
    return (
        MembersTold(
            added=tuple(key for key, here in came.items() if here),
            removed=tuple(key for key, here in came.items() if not here),
        ),
        odd,
    )


def _manager(links: list[Json]) -> tuple[str | None, int]:
    """The manager, None: there is none any more; and how many entries have no id."""
    manager: str | None = None
    odd = 0
    for link in links:
        found = _linked(link)
        if found is None:
            odd += 1
        elif not found.removed and found.of_people and found.kind != "group":
            manager = found.id
    return manager, odd


class _TenantLink(NamedTuple):
    id: str
    kind: PeopleKind | None
    of_people: bool
    removed: bool


def _linked(link: Json) -> _TenantLink | None:
    key = link.get("id") if isinstance(link, dict) else None
    if not isinstance(link, dict) or not isinstance(key, str) or not _is_id(key):
        return None
    said: Resource = link
    type_ = said.get("@odata.type")
    kind = _TYPES.get(type_) if isinstance(type_, str) else None
    return _TenantLink(key, kind, type_ is None or kind is not None, said.get("@removed") is not None)
