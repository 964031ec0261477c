"""A tenant of Microsoft Entra as engine.sources wants a directory: tested, its attributes told, read page by page.

A full read is a first round of users/delta and one of groups/delta, then the assignments of the applications that are
mirrored; later reads follow the links at the ends of those rounds. Facts: spec/graph-synchronization-api.md section 12.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from time import sleep
from typing import Final
from urllib.parse import quote

from msgspec.structs import replace

from provisor.connectors.addresses import host_of
from provisor.connectors.graph.assignments import first_assigned, read_assignments
from provisor.connectors.graph.available import available
from provisor.connectors.graph.choices import COLLECTIONS, KINDS, PeopleKind, selected, shapes
from provisor.connectors.graph.client import GraphClient, GraphPage, Rounds
from provisor.connectors.graph.clouds import places_of
from provisor.connectors.graph.cursors import TenantCursor, made_for, read_cursor, written
from provisor.connectors.graph.records import DeltaReader
from provisor.connectors.graph.refusals import GraphAsked
from provisor.connectors.graph.sign_in import SignIn, proof_of
from provisor.connectors.graph.wire import ANSWER_SECONDS, Wire
from provisor.engine.ports import ConnectorError, Secret
from provisor.engine.sources import (
    AssignmentsTold,
    RecordGone,
    RecordTold,
    RecordUnreadable,
    SourceAttribute,
    SourceCheck,
    SourcePage,
    SourceTold,
)
from provisor.rules.source_settings import EntraSettings

MOST_IDS: Final = 50  # that a delta can be narrowed to
_RIGHTS: Final[Mapping[PeopleKind, str]] = {
    "user": "User.Read.All or Directory.Read.All",
    "group": "GroupMember.Read.All, Group.Read.All or Directory.Read.All",
}


@dataclass(frozen=True, slots=True)
class _Tried:
    """Something that a test of the source looks at: what, its sentence if it is well, or the error."""

    what: str
    look: Callable[[], str]


class EntraTenant:
    """Reads one tenant. Made without I/O. `secrets` has `clientSecret`, or `certificate` with its key, in PEM.

    Raises ValueError, as a sentence, for a secret that cannot be used, and an address to which none may be sent.
    """

    def __init__(
        self,
        settings: EntraSettings,
        secrets: Mapping[str, Secret],
        *,
        seconds: float = ANSWER_SECONDS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], None] = sleep,
    ) -> None:
        self._settings = settings
        self._places = places_of(settings)
        wire = Wire(settings.ca_file, seconds=seconds)
        sign_in = SignIn(
            wire,
            login=self._places.login,
            tenant=settings.tenant,
            client=settings.client,
            scope=f"{self._places.graph}/.default",
            proof=proof_of(secrets),
            clock=clock,
        )
        self._client = GraphClient(wire, sign_in, self._places.graph, clock=clock, pause=pause)

    def check(self) -> Iterator[SourceCheck]:
        """Sign in; read a page of users, of groups, and of each application's assignments."""
        for tried in self._trials():
            try:
                yield SourceCheck(what=tried.what, well=True, sentence=tried.look())
            except ConnectorError as error:
                sentence, _, hint = error.message.partition("; ")
                told = sentence if sentence.endswith(".") else f"{sentence}."
                yield SourceCheck(what=tried.what, well=False, sentence=told, hint=hint[:1].upper() + hint[1:])
                return

    def attributes(self) -> Sequence[SourceAttribute]:
        """More of Graph's properties, and the extensions of the tenant."""
        return available(self._client)

    def read(self, cursor: str | None) -> Iterator[SourcePage]:
        """Users, groups, assignments. Graph may say of any page that its link is good no longer (CursorLost)."""
        made = made_for(self._settings, self._places)
        begun = place = TenantCursor(made_for=made, full=True) if cursor is None else read_cursor(cursor, made)
        for kind in KINDS:
            if place.phase == kind:
                for told, after in self._round(kind, place, resumed=cursor is not None):
                    yield self._told(told, after, last=_is_over(after) and not self._settings.applications)
                    place = after
        yield from self._assigned(place, nothing_told=place == begun)

    def look(self, anchors: Sequence[str]) -> Iterator[RecordTold | RecordGone]:
        """Ask after some, by first rounds that are narrowed to them."""
        wanted = dict.fromkeys(anchors)
        for kind in KINDS:
            asked = GraphAsked(f"tell of some of its {COLLECTIONS[kind]}", _RIGHTS[kind])
            reader = DeltaReader(kind, shapes(self._settings, kind), first=True, resumed=False)
            for some in _parts(list(wanted), MOST_IDS):
                for page in self._client.pages(_narrowed(self._settings, kind, some), asked):
                    for told in (each for entry in page for each in reader.told(entry, "an entry")):
                        if isinstance(told, RecordUnreadable | AssignmentsTold):
                            raise self._client.malformed(asked, "has an entry that cannot be understood")
                        if told.anchor in wanted:
                            del wanted[told.anchor]
                            yield told

    def moved(self, cursor: str) -> bool | None:
        """Only a delta can tell."""
        return None

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def _told(self, told: tuple[SourceTold, ...], after: TenantCursor, *, last: bool) -> SourcePage:
        """A page. Between rounds a delta needs no memory of its own: it can begin the next one."""
        then = _ended(after) if last or (_is_over(after) and not after.full) else after
        return SourcePage(told=told, cursor=written(then), last=last, full=after.full)

    def _assigned(self, place: TenantCursor, *, nothing_told: bool) -> Iterator[SourcePage]:
        every = [each.service_principal for each in self._settings.applications]
        for number, application in enumerate(every, 1):
            yield self._told((read_assignments(self._client, application),), place, last=number == len(every))
        if nothing_told and not every:  # a full read stood before assignments that nobody wants any more
            yield self._told((), place, last=True)

    def _round(
        self, kind: PeopleKind, place: TenantCursor, *, resumed: bool
    ) -> Iterator[tuple[tuple[SourceTold, ...], TenantCursor]]:
        """The pages of one kind with the place after each."""
        asked = GraphAsked(f"tell its {COLLECTIONS[kind]}", _RIGHTS[kind])
        reader = DeltaReader(kind, shapes(self._settings, kind), first=place.full, resumed=resumed and place.link != "")
        ended_by = place.users if kind == "user" else place.groups
        link = place.link or ended_by or self._beginning(kind)
        rounds = Rounds(self._client.host, asked)
        page = self._client.page(link, asked._replace(resumed=not link.startswith("/")))
        number = 0
        while True:
            number += 1
            told = tuple(
                each
                for at, entry in enumerate(page.value, 1)
                for each in reader.told(entry, f"entry {at} of page {number} of the {COLLECTIONS[kind]}")
            )
            if not page.next_link:
                yield told, self._after(kind, place, page, asked)
                return
            rounds.met(page)
            place = replace(place, link=page.next_link)
            yield told, place
            page = self._client.page(page.next_link, asked)

    def _after(self, kind: PeopleKind, place: TenantCursor, page: GraphPage, asked: GraphAsked) -> TenantCursor:
        if not page.delta_link:
            raise self._client.malformed(asked, "has neither a next page nor an end")
        if kind == "user":
            return replace(place, phase="group", link="", users=page.delta_link)
        return replace(place, phase="assignments", link="", groups=page.delta_link)

    def _beginning(self, kind: PeopleKind) -> str:
        return f"/{COLLECTIONS[kind]}/delta?$select={selected(self._settings, kind)}"

    # Trying

    def _trials(self) -> Iterator[_Tried]:
        host, login, tenant = self._client.host, host_of(self._places.login), self._settings.tenant

        def signed_in() -> str:
            self._client.sign_in()
            return f"{login} gave a token for the tenant {tenant}."

        def readable(kind: PeopleKind) -> str:
            asked = GraphAsked(f"tell its {COLLECTIONS[kind]}", _RIGHTS[kind])
            page = self._client.page(self._beginning(kind), asked)
            return f"{host} told of the first {len(page.value):,} {COLLECTIONS[kind]}."

        def assigned(application: str) -> str:
            number = first_assigned(self._client, application)
            return f"{host} told of the first {number:,} who are assigned to the enterprise application {application}."

        yield _Tried("sign-in", signed_in)
        yield _Tried("users", lambda: readable("user"))
        yield _Tried("groups", lambda: readable("group"))
        for mirrored in self._settings.applications:
            name = mirrored.service_principal
            yield _Tried(f"application {name}", partial(assigned, name))


def _parts(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _narrowed(settings: EntraSettings, kind: PeopleKind, ids: Sequence[str]) -> str:
    """A first round of these objects alone, without members."""
    wanted = " or ".join("id eq '{}'".format(one.replace("'", "''")) for one in ids)
    return (
        f"/{COLLECTIONS[kind]}/delta?$filter={quote(wanted, safe='')}&$select={selected(settings, kind, members=False)}"
    )


def _is_over(place: TenantCursor) -> bool:
    """Whether both rounds have come to their ends."""
    return place.phase == "assignments"


def _ended(place: TenantCursor) -> TenantCursor:
    """From where the next read begins."""
    return replace(place, full=False, phase="user", link="")
