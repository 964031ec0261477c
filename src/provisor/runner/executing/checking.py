"""What behaviour entra asks before it writes a reference (spec/scim-wire.md section 2, rows 8, 13 and 16).

Only asks; what an answer means is decided by engine.references. A target that cannot tell is asked once in a run, and
then written to unasked. Groups created in the same run are not asked about: they were made empty. Order: the group,
its members, references.
"""

from collections.abc import Sequence

from provisor.engine.ports import Checked, ConnectorError, Rejected
from provisor.engine.record import Kind
from provisor.engine.references import is_spared
from provisor.rules.mapper import Mapper
from provisor.runner.asking.parallel import each
from provisor.runner.run import Run
from provisor.scim.path import getter
from provisor.scim.values import Resource

_GONE = 404
_UNABLE = frozenset({400, 403, 405, 422, 501})  # about the question, not the moment
_MEMBERS = "members"


class Checks:
    """The checks of one run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._unable: set[tuple[Kind, str]] = set()  # kinds and paths that the target could not tell about

    def needed(self, group: str) -> bool:
        """Whether a change of the members of this group is preceded by any."""
        return self._run.behaviour.before_reference == "check" and group not in self._run.new_groups

    async def read_group(self, target_id: str) -> None:
        """Row 13. Raises Rejected with status 404 when there is no such group."""
        if await self._run.read("group", target_id) is None:
            said = "there is no group with this id"
            raise Rejected(said, status=_GONE, detail=said)

    async def members_there(self, target_id: str, members: Sequence[str]) -> set[str]:
        """Row 16: those of the members, by their target ids, who need not be added."""

        async def ask(member: str) -> bool:
            return is_spared(await self._ask("group", target_id, _MEMBERS, member))

        answers = await each(members, self._run.behaviour.requests_at_once, ask)
        return {member for member, there in zip(members, answers, strict=True) if there}

    async def with_references(
        self, kind: Kind, target_id: str, held: Resource, wanted: Sequence[tuple[str, str]], mapper: Mapper
    ) -> Resource:
        """Row 8: what the account holds, with those of the references that need not be written."""
        if self._run.behaviour.before_reference != "check":
            return held
        for path, value in wanted:
            lacking = getter(path, mapper.resource_type)(held) != value
            if lacking and is_spared(await self._ask(kind, target_id, path, value)):
                held = mapper.put(held, path, value)
        return held

    async def _ask(self, kind: Kind, target_id: str, path: str, value: str) -> Checked | None:
        """The answer; None when the target cannot tell. Raises CycleStopped."""
        if (kind, path) in self._unable:
            return None
        try:
            return await self._run.check(kind, target_id, path, value)
        except ConnectorError as error:
            await self._run.stop_by(error, "filter")
            if isinstance(error, Rejected) and error.status in _UNABLE:
                self._unable.add((kind, path))
            return None
