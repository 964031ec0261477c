"""Holds a cycle to an approved plan: what is planned now and was not approved, to the letter, is not sent.

It is left for the next cycle, and the plan says why it is stale. What an operation would do exactly follows from a few
values (`digest_of`), which the plan kept. Order: digests, holding a run to a plan.
"""

from collections.abc import Iterable, Sequence
from functools import partial

from provisor.database import Connection
from provisor.engine.plan import operation_digest
from provisor.runner.run import PAGE, Run
from provisor.storage import links, member_links, operations, plans, waiting
from provisor.storage.operations import ENTRY, StoredOperation

CHANGED = "Something else is to be done by now."
NOTHING_TO_DO = "Nothing of this is to be done any more."
EXECUTE = "execute"  # the stage of a cycle in which its plan is carried out


def digest_of(connection: Connection, job: int, row: StoredOperation) -> str:
    """What exactly this planned operation would do."""
    parts: Iterable[str | None]
    match row.kind:
        case "members":
            parts = _members(connection, job, row.object)
        case "reference":
            parts = (f"{one.attribute} {one.waits_for}" for one in waiting.references(connection, job, row.object))
        case _:
            parts = (row.wanted_hash, row.base_hash, row.target_id, row.found_document, str(row.links_only))
    return operation_digest(row.kind, row.object, *parts)


def aim_of(row: StoredOperation) -> str:
    """What the account would be like afterwards, whatever it is like before."""
    return operation_digest(row.kind, row.object, row.wanted_hash, row.target_id)


def _members(connection: Connection, job: int, group: str) -> Iterable[str]:
    after = ""
    while page := member_links.pending(connection, job=job, group=group, after=after, limit=PAGE):
        after = page[-1].member
        yield from (f"{'+' if one.add else '-'}{one.member}" for one in page)


class Approval:
    """The plan that one run is held to; without one, everything that is planned may be sent."""

    def __init__(self, run: Run, plan: int | None) -> None:
        self._run = run
        self.plan = plan
        self._begun = run.cycle.phase == EXECUTE  # by an earlier run: what is not planned any more was done by it

    async def sift(self) -> None:
        """Leave what is planned and was not approved for the next cycle."""
        if self.plan is None:
            return
        connection, job = self._run.reader(), self._run.job.number
        found = operations.stream(connection, job, self._run.cycle.n, PAGE)
        left: list[StoredOperation] = []
        page: list[StoredOperation] = []
        for row in found:
            if row.state == "planned":
                page.append(row)
            if len(page) == PAGE:
                left += self._unlike(connection, page)
                page = []
        left += self._unlike(connection, page)
        self._run.again |= bool(left)
        await self._run.writer.write(partial(self._leave, left))
        self._begun = True

    def _unlike(self, connection: Connection, page: Sequence[StoredOperation]) -> list[StoredOperation]:
        """Of these, what the plan does not hold."""
        assert self.plan is not None  # noqa: S101 - sift asks only then
        job = self._run.job.number
        approved = plans.digests(connection, self.plan, [(row.stage, row.object) for row in page])
        unlike = []
        for row in page:
            digest, aim = approved.get((row.stage, row.object), (None, None))
            # An answer that was lost leaves open what the account is like; the end that was approved is the same.
            in_doubt = row.base_hash == links.NOBODY_KNOWS and aim == aim_of(row)
            if digest != digest_of(connection, job, row) and not in_doubt:
                unlike.append(row)
        return unlike

    def _leave(self, left: Sequence[StoredOperation], connection: Connection) -> None:
        assert self.plan is not None  # noqa: S101 - as above
        job, keys = self._run.job.number, [(row.stage, row.object) for row in left]
        plans.stale(connection, self.plan, keys, CHANGED)
        if not self._begun:
            plans.stale_unless_planned(connection, self.plan, job, NOTHING_TO_DO)
        # A group that is not made now comes back with its members; if it never is, there is nothing to come back for.
        entering = {row.object for row in left if row.stage == ENTRY}
        operations.done(connection, job, [key for key in keys if key[0] != ENTRY and key[1] in entering])
        operations.leave(connection, job, keys)
