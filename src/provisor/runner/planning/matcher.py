"""Finds out which object at the target, if any, belongs to a directory object that has no link yet.

By one filter query each, or, where the behaviour allows and it is cheaper, by listing the target once: an empty target
then costs a single request. A listing shows who is there; it shows that somebody is absent only when proved complete;
otherwise those not in it are looked up. Order: what comes out, the matcher, looking up, listing.
"""

from collections.abc import Sequence
from math import ceil
from typing import Final, Literal, NamedTuple

import msgspec

from provisor.engine.decide import Owner
from provisor.engine.ports import ConnectorError, Malformed, Page, Rejected, Throttled, Unreachable
from provisor.engine.record import Kind
from provisor.rules.matching import Match, Matched, NoMatch, recheck
from provisor.runner.asking.parallel import each
from provisor.runner.run import Run
from provisor.scim.path import getter
from provisor.scim.values import fold
from provisor.storage import links, listing, operations
from provisor.storage.listing import ListingRow

SMALLEST_PAGE = 100  # what every target returns on a page; we ask for more
ASKED_PAGE = 500
PAGES_IN_FLIGHT = 4
LONGEST_LISTED = 500  # characters of a value; an index of PostgreSQL holds 2,704 bytes; longer ones are looked up

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict).decode


class Wanted(NamedTuple):
    """Somebody to find: object id, name, and (target path, value) in the order of precedence."""

    object: str
    name: str
    values: Sequence[tuple[str, str]]


class MatchFound(NamedTuple):
    """What an object matches, by the attribute at `path`.

    `owner` is another object that the one match belongs to, or is about to, and `holder` the id of the one it is linked
    to; `error` is set when the target refused the query for this object alone.
    """

    match: Match
    path: str = ""
    owner: Owner | None = None
    error: ConnectorError | None = None
    holder: str | None = None


NOBODY = MatchFound(NoMatch())

# What the table `listing` holds of the target: nothing, some of it, or certainly all of it.
Listing = Literal["none", "some", "whole"]
NONE: Final = "none"
SOME: Final = "some"
WHOLE: Final = "whole"


class _Seen:
    """What a listing has shown so far, and whether it can be complete."""

    def __init__(self, total: int | None) -> None:
        self.ids: set[str] = set()
        self._total = total
        self._rows = 0
        self._sound = total is not None

    def page(self, page: Page) -> None:
        """One more page, of whatever order."""
        self._rows += len(page.resources)
        self.ids.update(str(resource.get("id", "")) for resource in page.resources)
        self._sound = self._sound and page.complete and page.total == self._total

    def left_out(self) -> None:
        """An entry was left out."""
        self._sound = False

    @property
    def proved(self) -> bool:
        """Whether everything that the target says it holds was seen, each once."""
        return self._sound and len(self.ids) == self._rows == self._total


class Matcher:
    """Matching for one run. Remembers per kind of object how it is done."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._listings: dict[Kind, Listing] = {}

    async def match(
        self, kind: Kind, wanted: Sequence[Wanted], *, expected: int | None = None
    ) -> dict[str, MatchFound]:
        """What each of them matches; those left out match nothing.

        `expected`: how many will be asked for in all; None looks each of them up.
        Raises CycleStopped when the target cannot be asked at all.
        """
        if not wanted:
            return {}
        if expected is not None and kind not in self._listings:
            await self._choose(kind, expected)
        listing = self._listings.get(kind, NONE) if expected is not None else NONE
        found = {} if listing == NONE else self._in_listing(kind, wanted)
        if listing != WHOLE:
            found |= await self._look_up(kind, [one for one in wanted if one.object not in found])
        return self._owners(kind, wanted, found)

    def _owners(self, kind: Kind, wanted: Sequence[Wanted], found: dict[str, MatchFound]) -> dict[str, MatchFound]:
        """Do not match what belongs to another object, or was just given to one."""
        run = self._run
        ids = [str(one.match.resource["id"]) for one in found.values() if isinstance(one.match, Matched)]
        owned = links.owners(run.reader(), run.job.number, kind, ids)
        given: dict[str, Owner] = {}
        for person in wanted:
            one = found.get(person.object)
            if one is None or not isinstance(one.match, Matched):
                continue
            target_id = str(one.match.resource["id"])
            holder = owned.get(target_id, person.object)
            owner = given.get(target_id) or self._owner(kind, target_id, person.object, owned)
            if owner is None:
                given[target_id] = Owner(person.object, person.name)
            else:
                found[person.object] = one._replace(owner=owner, holder=None if holder == person.object else holder)
        return found

    def _owner(self, kind: Kind, target_id: str, object_id: str, owned: dict[str, str]) -> Owner | None:
        """Another object that has, or is about to get, this target object."""
        run = self._run
        if owned.get(target_id, object_id) != object_id:
            owner = links.owner(run.reader(), run.job.number, kind, target_id)
        else:
            owner = operations.claimed(run.reader(), run.job.number, kind, target_id)
        return owner if owner is not None and owner.id != object_id else None

    # Looking up

    async def _look_up(self, kind: Kind, wanted: Sequence[Wanted]) -> dict[str, MatchFound]:
        resource_type = self._run.rules.of(kind).mapper.resource_type

        async def look_up(person: Wanted) -> MatchFound | None:
            for path, value in person.values:
                try:
                    resources = (await self._run.find(kind, path, value)).resources
                except ConnectorError as error:
                    await self._run.stop_by(error, "filter")
                    return MatchFound(NoMatch(), path, None, error)
                if resources and not isinstance(match := recheck(resources, path, value, resource_type), NoMatch):
                    return MatchFound(match, path)
            return None

        found = await each(wanted, self._run.behaviour.requests_at_once, look_up)
        return {person.object: one for person, one in zip(wanted, found, strict=True) if one is not None}

    # Listing

    async def _choose(self, kind: Kind, expected: int) -> None:
        """Whether one listing of the target is cheaper than a query for each of `expected` objects."""
        run = self._run
        held = links.count(run.reader(), run.job.number, kind)
        if run.behaviour.initial_matching == "look-up" or expected <= 1 + ceil(max(held, 1) / SMALLEST_PAGE):
            return  # asked again with the next page: this one was cheap
        self._listings[kind] = NONE
        try:
            first = await self._page(kind, 1, ASKED_PAGE)
            if first.total is None or ceil(first.total / SMALLEST_PAGE) >= expected:
                return
            await run.writer.write(lambda connection: listing.clear(connection, run.job.number, kind))
            self._listings[kind] = WHOLE if await self._list(kind, first) else SOME
        except (Rejected, Malformed, Unreachable):
            return  # a target may only answer filters, page wrongly, or be too slow with a page

    async def _list(self, kind: Kind, first: Page) -> bool:
        """List what follows the first page; returns whether certainly all that the target holds was seen.

        The proof: as many different ids as the target says it holds, on every page the same number, none of them twice,
        and nothing behind the last. Each was broken by some server (a total that is the page's length, or ends at a
        limit; pages that overlap, are cut, or are all the first).
        """
        run, length = self._run, len(first.resources)
        seen = _Seen(first.total)
        await self._keep(kind, first, seen)

        async def one_page(start: int) -> None:
            index: int | None = start
            while index is not None and index < start + length:  # a target may give fewer than asked for
                page = await self._page(kind, index, start + length - index)
                await self._keep(kind, page, seen)
                index = page.next_index

        if first.total and length and first.next_index is not None:
            await each(range(first.next_index, first.total + 1, length), PAGES_IN_FLIGHT, one_page)
        if length and seen.proved:
            behind = await self._page(kind, len(seen.ids) + 1, ASKED_PAGE)
            await self._keep(kind, behind, seen)
        run.check_stop()
        return seen.proved

    async def _page(self, kind: Kind, start: int, count: int) -> Page:
        try:
            return await self._run.page(kind, start, count)
        except ConnectorError as error:
            await self._run.stop_by(error, "object")
            if isinstance(error, Throttled):
                raise self._run.stopped_by(error) from error
            raise

    async def _keep(self, kind: Kind, page: Page, seen: "_Seen") -> None:
        run, resources = self._run, page.resources
        seen.page(page)
        mapper = run.rules.of(kind).mapper
        readers = [(path, getter(path, mapper.resource_type)) for path in run.matching_paths(kind)]
        rows: list[ListingRow] = []
        for resource in resources:
            target_id = resource.get("id")
            if not isinstance(target_id, str):
                continue
            text = _encode(resource).decode()
            for path, read in readers:
                value = read(resource)
                if not isinstance(value, str) or not value:
                    continue
                if len(value) > LONGEST_LISTED:
                    seen.left_out()
                    continue
                rows.append((run.job.number, kind, path, fold(value), target_id, text))
        await run.writer.write(lambda connection: listing.add(connection, rows))

    def _in_listing(self, kind: Kind, wanted: Sequence[Wanted]) -> dict[str, MatchFound]:
        run = self._run
        resource_type = run.rules.of(kind).mapper.resource_type
        found: dict[str, MatchFound] = {}
        for path in run.matching_paths(kind):
            asked = [
                (person.object, value, fold(value))
                for person in wanted
                if person.object not in found
                for name, value in person.values
                if name == path
            ]
            folded = list({key for _, _, key in asked})
            held = listing.find(run.reader(), job=run.job.number, kind=kind, path=path, folded=folded)
            for object_id, value, key in asked:
                if key not in held:
                    continue
                match = recheck([_decode(text) for _, text in held[key]], path, value, resource_type)
                if not isinstance(match, NoMatch):
                    found[object_id] = MatchFound(match, path)
        return found
