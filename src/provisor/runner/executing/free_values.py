"""Chooses values for SelectUniqueValue: the first that nobody has at the target, or is about to get there.

Chosen for a page of creates together, before any of them is sent: if others of the page took the few values of one
object, they move to other values where they can (augmenting paths; a page is small). Order: the choice, search, asking.
"""

from collections.abc import Sequence

from provisor.engine.ports import ConnectorError, Rejected
from provisor.engine.record import Kind
from provisor.rules.matching import NoMatch, recheck
from provisor.runner.asking.parallel import each
from provisor.runner.recording.blaming import NOBODYS
from provisor.runner.recording.sending import Sending
from provisor.runner.run import Run
from provisor.scim.values import Json, Resource, fold

_CONFLICT = 409
_ValueKey = tuple[Kind, str, str]  # kind, path, folded value
_Wish = tuple[str, str]  # object, path


class FreeValues:
    """The values given in one run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._given: dict[_ValueKey, _Wish] = {}
        self._chosen: dict[_Wish, tuple[_ValueKey, Json]] = {}
        self._refused: dict[str, Exception] = {}

    async def choose(self, page: Sequence[Sending]) -> None:
        """Choose for everybody of the page who needs it. Raises CycleStopped."""
        needing = [one for one in page if one.desired.mapped is not None and one.desired.mapped.candidates]
        if needing:
            await _Choice(self._run, needing, self._given, self._chosen, self._refused).make()

    def put_into(self, sending: Sending, document: Resource) -> Resource:
        """The document with the chosen values. Raises ConnectorError when there was none."""
        desired = sending.desired
        mapper = self._run.rules.of(desired.kind).mapper
        for path, _ in desired.mapped.candidates if desired.mapped is not None else ():
            if (desired.id, path) not in self._chosen:
                raise self._refused.get(desired.id) or _taken(path)
            document = mapper.put(document, path, self._chosen[desired.id, path][1])
        return document


class _Choice:
    """One choice for one page; the target is asked once per value, and the answer is trusted for the page."""

    def __init__(
        self,
        run: Run,
        needing: Sequence[Sending],
        given: dict[_ValueKey, _Wish],
        chosen: dict[_Wish, tuple[_ValueKey, Json]],
        refused: dict[str, Exception],
    ) -> None:
        self._run = run
        self._given = given
        self._chosen = chosen
        self._refused = refused
        self._free: dict[_ValueKey, bool] = {}
        self._texts: dict[_ValueKey, str] = {}
        self._wishes: dict[_Wish, list[tuple[_ValueKey, Json]]] = {}
        for one in needing:
            mapped, kind = one.desired.mapped, one.desired.kind
            for path, candidates in mapped.candidates if mapped is not None else ():
                values: dict[_ValueKey, Json] = {}
                for value in candidates.values:
                    values.setdefault((kind, path, fold(str(value))), value)
                self._wishes[one.desired.id, path] = list(values.items())
                self._texts |= {key: str(value) for key, value in values.items()}

    async def make(self) -> None:
        for wish in self._wishes:  # chosen again: what was free when it failed may be taken now
            if wish in self._chosen:
                self._given.pop(self._chosen.pop(wish)[0], None)
        firsts = {wish: values[0][0] for wish, values in self._wishes.items() if values}
        await each(list(firsts.items()), self._run.behaviour.requests_at_once, self._ask_first)
        for wish in self._wishes:
            await self._serve(wish, set())

    async def _ask_first(self, item: tuple[_Wish, _ValueKey]) -> None:
        await self._is_free(*item)

    async def _serve(self, wish: _Wish, tried: set[_ValueKey]) -> bool:
        """Whether the wish has a value now; others of the page may have moved to a later one of theirs."""
        for key, value in self._wishes[wish]:
            if key in tried or not await self._is_free(wish, key):
                continue
            tried.add(key)
            holder = self._given.get(key)
            if holder is None or (holder in self._wishes and await self._serve(holder, tried)):
                self._given[key] = wish
                self._chosen[wish] = (key, value)
                return True
        return False

    async def _is_free(self, wish: _Wish, key: _ValueKey) -> bool:
        if key not in self._free:
            kind, path, _ = key
            value = self._texts[key]
            try:
                found = await self._run.find(kind, path, value)
            except ConnectorError as error:
                await self._run.stop_by(error, "object")
                self._refused[wish[0]] = error
                return False
            except NOBODYS:
                raise
            except Exception as error:  # noqa: BLE001 - it becomes the failure of this object
                self._refused[wish[0]] = error
                return False
            resource_type = self._run.rules.of(kind).mapper.resource_type
            self._free[key] = isinstance(recheck(found.resources, path, value, resource_type), NoMatch)
        return self._free[key]


def _taken(path: str) -> Rejected:
    return Rejected(
        f"every candidate for {path} is taken",
        status=_CONFLICT,
        scim_type="uniqueness",
        detail=f"Every candidate of SelectUniqueValue for {path} is taken",
    )
