"""Many operations in one request (RFC 7644 section 3.7): put in order, done, answered one by one.

Every operation stands alone: a refused one does not undo others. Operations are done in the order
given, except that a resource named by `bulkId:` is made before it is used; resources that name each other are made
together, all or none. Ids are given out before anything is written, so a reference is known wherever it stands.
Order: the values, the run, the answer. How they are read is in `protocol.bulk_requests`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from provisor.database import Connection, Writer
from provisor.provider.model.documents import ENDPOINTS, dump, etag
from provisor.provider.model.profiles import ResourceKind
from provisor.provider.store import member_rows
from provisor.provider.store.tables import Tenant
from provisor.provider.verbs import resources
from provisor.provider.verbs.bulk_order import REFERENCE, in_order
from provisor.provider.verbs.request import ScimRequest
from provisor.provider.verbs.resources import VerbAnswer
from provisor.scim.errors import ScimError
from provisor.scim.patch.operations import parse_operations
from provisor.scim.values import Json, Resource

BULK_RESPONSE_URN = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
_AT_ONCE = 20  # operations in one write: a few milliseconds, then others get a turn


@dataclass(slots=True, kw_only=True, eq=False)
class Step:
    """One operation. Not frozen: it is filled in while the whole request is read."""

    method: str
    path: str
    bulk_id: str | None
    version: str | None
    data: Json
    kind: ResourceKind = "User"
    id: str = ""
    names: frozenset[str] = frozenset()  # bulkIds this operation refers to
    refusal: ScimError | None = None  # what was wrong before anything was done


class Bulk(NamedTuple):
    """A request read: its operations, and after how many errors to stop (0: never)."""

    steps: list[Step]
    fail_on_errors: int


StepOutcome = VerbAnswer | ScimError
Outcomes = dict[int, StepOutcome]  # by the number of the operation


# Called in an operation's transaction with its number, from 1, the operation and its status.
Log = Callable[[Connection, int, Step, int], None]


class BulkRun:
    """A bulk request being done for one client; `log` is called for every operation done."""

    def __init__(self, bulk: Bulk, *, tenant: Tenant, base: str, now: int, log: Log) -> None:
        self._log = log
        self._steps = bulk.steps
        self._limit = bulk.fail_on_errors
        self._tenant, self._base, self._now = tenant, base, now
        self._makers = {
            step.bulk_id: number
            for number, step in reversed(list(enumerate(bulk.steps)))
            if step.method == "POST" and step.bulk_id is not None
        }

    async def finish(self, writer: Writer) -> str:
        """Do every operation, some at a time, each lot on disk before the next; returns the BulkResponse."""
        makers = self._makers
        units = in_order([[makers[name] for name in step.names if name in makers] for step in self._steps])
        outcomes: Outcomes = {}
        for start in range(0, len(units), _AT_ONCE):
            if self._stopped(outcomes):
                break
            lot = units[start : start + _AT_ONCE]
            outcomes = await writer.write(partial(self._do_some, units=lot, before=outcomes))
        told: list[Json] = [self._told(step, outcomes[n]) for n, step in enumerate(self._steps) if n in outcomes]
        return dump({"schemas": [BULK_RESPONSE_URN], "Operations": told})

    def _stopped(self, outcomes: Outcomes) -> bool:
        return 0 < self._limit <= sum(isinstance(outcome, ScimError) for outcome in outcomes.values())

    def _do_some(self, connection: Connection, units: Sequence[Sequence[int]], before: Outcomes) -> Outcomes:
        """The outcomes so far and those of these units. Changes nothing of ours: a writer may run it again."""
        outcomes = dict(before)
        for unit in units:
            if self._stopped(outcomes):
                break
            connection.execute("SAVEPOINT operation")
            made = self._do(connection, unit, outcomes)
            if any(isinstance(outcome, ScimError) for outcome in made.values()):
                connection.execute("ROLLBACK TO SAVEPOINT operation")
                made = self._undone(unit, made)
            connection.execute("RELEASE SAVEPOINT operation")
            outcomes.update(made)
            for number, outcome in made.items():
                self._log(connection, number + 1, self._steps[number], outcome.status)
        return outcomes

    def _do(self, connection: Connection, unit: Sequence[int], outcomes: Outcomes) -> Outcomes:
        """Do one operation, or several that name each other; ends at the first refusal."""
        made: Outcomes = {}
        alone = len(unit) == 1 and self._steps[unit[0]].bulk_id not in self._steps[unit[0]].names
        for number in unit:
            try:
                step = self._steps[number]
                self._check(step, unit, outcomes)
                made[number] = self._one(connection, step) if alone else self._first_half(connection, step, unit)
            except ScimError as refusal:
                made[number] = refusal
                return made
        if not alone:
            for number in unit:
                self._second_half(connection, self._steps[number], unit)
        return made

    def _check(self, step: Step, unit: Sequence[int], outcomes: Outcomes) -> None:
        if step.refusal is not None:
            raise step.refusal
        for name in step.names:
            maker = self._makers[name]
            if maker not in unit and isinstance(outcomes.get(maker), ScimError):
                raise _not_made(name)

    def _undone(self, unit: Sequence[int], made: Outcomes) -> Outcomes:
        """Nothing of a unit was done: operations not to blame name the one that is."""
        blamed, refusal = next(item for item in made.items() if isinstance(item[1], ScimError))
        name = self._steps[blamed].bulk_id or ""
        return {number: refusal if number == blamed else _not_made(name) for number in unit}

    def _request(self, step: Step) -> ScimRequest:
        return ScimRequest(
            tenant=self._tenant, kind=step.kind, base=self._base, now=self._now, id=step.id, if_match=step.version
        )

    def _one(self, connection: Connection, step: Step) -> VerbAnswer:
        request = self._request(step)
        if step.method == "DELETE":
            return resources.delete(connection, request)
        if step.method == "PUT":
            return resources.put(connection, request, step.data)
        if step.method == "PATCH":
            verb = resources.patch_user if step.kind == "User" else resources.patch_group
            return verb(connection, request, parse_operations(step.data))
        content, ids = resources.accepted(request, step.data)
        return resources.create(connection, request, content, ids, id_=step.id)

    def _first_half(self, connection: Connection, step: Step, unit: Sequence[int]) -> VerbAnswer:
        """Make a resource without those that name it back."""
        request = self._request(step)
        content, ids = resources.accepted(request, step.data)
        own = {self._steps[number].id for number in unit}
        return resources.create(connection, request, content, [id_ for id_ in ids if id_ not in own], id_=step.id)

    def _second_half(self, connection: Connection, step: Step, unit: Sequence[int]) -> None:
        """Add the memberships among resources that were just made; nobody has seen them yet, so no version moves."""
        if step.kind == "Group":
            _, ids = resources.accepted(self._request(step), step.data)
            own = {self._steps[number].id for number in unit}
            member_rows.add(connection, self._tenant, step.id, [id_ for id_ in ids if id_ in own])

    def _told(self, step: Step, outcome: StepOutcome) -> Resource:
        told: Resource = {"method": step.method} if step.method else {}
        if step.bulk_id is not None:
            told["bulkId"] = step.bulk_id
        refused = isinstance(outcome, ScimError)
        if isinstance(outcome, VerbAnswer) and step.method != "DELETE":
            told["version"] = etag(outcome.version)
        # RFC 7644 section 3.7: no location for what was not made.
        if step.id and not (refused and (step.method == "POST" or step.id.startswith(REFERENCE))):
            told["location"] = f"{self._base}{ENDPOINTS[step.kind]}{step.id}"
        told["status"] = str(outcome.status)
        if isinstance(outcome, ScimError):
            told["response"] = outcome.body()
        return told


def _not_made(name: str) -> ScimError:
    return ScimError(409, None, f"It refers to bulkId:{name}, which was not created.")
