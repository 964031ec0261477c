"""A SCIM application in memory: the port `Target` with the semantics of a real one, a journal and faults on demand.

Passes the same contract suite as connectors.scim_client (tests/contract). Documents are checked and patched by `scim`,
so what it refuses a real server refuses too. Order: what a test sees, the target, its faults.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal, NamedTuple, TypeVar

from provisor.engine.ports import Answer, Checked, Exchange, Found, Page
from provisor.engine.record import Kind
from provisor.scim.errors import ScimError, forbidden, invalid_filter, invalid_value, not_found, uniqueness
from provisor.scim.filter.evaluation import evaluate
from provisor.scim.filter.tree import Compare
from provisor.scim.patch.applying import apply
from provisor.scim.patch.operations import Operation
from provisor.scim.path import parse_path
from provisor.scim.schemas.discovery import schema_documents
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.validate import accept
from provisor.scim.values import Json, Resource, fold
from provisor.testing.faults import Fault, Faults, refusal
from provisor.testing.memory_answers import RequestMethod, answer_of, exchange_of, meta_of, version_of

PortMethod = Literal["find", "page", "read", "check", "create", "patch", "patch_members", "delete"]
"""A method of the port."""

Served = TypeVar("Served")

_CALLERS = count(1)  # one caller for each target

NAMING: Mapping[Kind, str] = {"user": "userName", "group": "displayName"}
"""The attribute that is unique, caseless, and names a resource in the journal."""


class Request(NamedTuple):
    """One line of the journal. `subject` is the value looked for, the name created, or the id addressed."""

    method: RequestMethod
    kind: Kind
    subject: str


@dataclass(slots=True)
class _Shelf:
    """The resources of one kind, in order of creation, with their folded names."""

    type: ResourceType
    resources: dict[str, Resource] = field(default_factory=dict)
    names: dict[str, dict[str, None]] = field(default_factory=dict)  # the ids that have a folded name


class MemoryTarget:
    """An application that holds users and groups in memory.

    `capacity` limits a kind (403 beyond it); `filterable` names the attributes that may be looked for beside `id`
    (400 invalidFilter otherwise; None allows all); `latency_seconds` is waited in every request. Without `unique` it
    takes a name that it has already (RFC 7643 asks for a unique userName, and for no unique displayName of groups);
    `longest_page` is what it gives at most, whatever is asked for.
    """

    def __init__(
        self,
        user_type: ResourceType,
        group_type: ResourceType,
        *,
        capacity: Mapping[Kind, int] | None = None,
        filterable: Mapping[Kind, Collection[str]] | None = None,
        latency_seconds: float = 0.0,
        unique: bool = True,
        longest_page: int = 1_000,
    ) -> None:
        self.caller = f"memory-{next(_CALLERS)}"
        self.journal: list[Request] = []
        self.capacity: dict[Kind, int] = dict(capacity or {})
        self.highest_in_flight = 0
        self.hearing: Callable[[Request], None] = lambda request: None  # told of each request before it is served
        self.overlaps: list[str] = []  # ids that had two requests at once, which the port forbids
        self._shelves: dict[Kind, _Shelf] = {"user": _Shelf(user_type), "group": _Shelf(group_type)}
        self._members: dict[str, dict[str, None]] = {}
        self._filterable = filterable
        self._latency_seconds = latency_seconds
        self._unique = unique
        self._longest_page = longest_page
        self._faults = Faults()
        self._behaving: dict[PortMethod, Callable[..., Awaitable[Any]]] = {}  # with what stood there before
        self._busy: list[str] = []
        self._created = 0

    # What a test sees and prepares

    def resources(self, kind: Kind) -> dict[str, Resource]:
        """Everything held of a kind by id, in order of creation; groups without members."""
        return dict(self._shelves[kind].resources)

    def by_name(self, kind: Kind, name: str) -> Resource | None:
        """The resource of that userName or displayName in any case; the first, where several have it."""
        return next(iter(self._named(kind, name)), None)

    def members(self, group_id: str) -> frozenset[str]:
        """The ids in a group."""
        return frozenset(self._members[group_id])

    def memberships(self) -> set[tuple[str, str]]:
        """Every membership as (displayName of the group, userName of the member)."""
        users = self._shelves["user"].resources
        groups = self._shelves["group"].resources
        return {
            (_name("group", groups[group_id]), _name("user", users[member]) if member in users else member)
            for group_id, held in self._members.items()
            for member in held
        }

    def put(self, kind: Kind, document: Resource) -> str:
        """Add a resource without a request, as somebody else's doing; returns its id."""
        return str(self._create(kind, document)["id"])

    def lose(self, kind: Kind, target_id: str) -> None:
        """Delete a resource without a request, as somebody else's doing; it leaves its groups. KeyError without it."""
        if target_id not in self._shelves[kind].resources:
            raise KeyError(f"There is no {kind} with the id {target_id}.")
        self._delete(kind, target_id)

    def rekey(self, kind: Kind, target_id: str, new_id: str | None = None) -> str:
        """Give a resource another id, as a restore from a backup may; its memberships stay. Returns the new id."""
        shelf = self._shelves[kind]
        self._created += 1
        new_id = new_id or f"{kind[0]}-{self._created}"
        shelf.resources[new_id] = {**shelf.resources.pop(target_id), "id": new_id}
        names = shelf.names[fold(_name(kind, shelf.resources[new_id]))]
        del names[target_id]
        names[new_id] = None
        if target_id in self._members:
            self._members[new_id] = self._members.pop(target_id)
        for held in self._members.values():
            if target_id in held:
                del held[target_id]
                held[new_id] = None
        return new_id

    def sent(self, *methods: RequestMethod) -> list[Request]:
        """The journal's lines of these methods (all when none is named), in order."""
        return [request for request in self.journal if not methods or request.method in methods]

    def fail(
        self,
        nth: int,
        error: BaseException,
        *,
        after_effect: bool = False,
        method: RequestMethod | None = None,
        kind: Kind | None = None,
        times: int = 1,
    ) -> None:
        """Let the `nth` request from now on (1 is the next) fail with `error`, and `times - 1` after it.

        Only requests of `method` and `kind` are counted when given. `after_effect`: the request is carried out and
        its answer lost. An error that is no ConnectorError (Killed, say) is raised as it is.
        """
        self._faults.add(Fault(nth=nth, error=error, after_effect=after_effect, method=method, kind=kind, times=times))

    def behave(self, method: PortMethod, function: Callable[..., Awaitable[object]]) -> None:
        """Answer calls of a method of the port by `function(original, *arguments)` from now on.

        It may await `original(*arguments)` before or after something else, change what it is given or returns, raise,
        or never return. Calls it does not pass on are not in the journal. A second function wraps the first.
        """
        original = getattr(self, method)

        async def call(*arguments: object) -> object:
            return await function(original, *arguments)

        self._behaving.setdefault(method, original)
        setattr(self, method, call)

    def heal(self) -> None:
        """Work again: failures still planned and functions set by `behave` are forgotten; what is held stays."""
        self._faults.planned.clear()
        for method, original in self._behaving.items():
            setattr(self, method, original)
        self._behaving.clear()

    # The port

    async def discover(self) -> Answer | None:
        """What it can do."""
        return Answer(
            resource={"patch": {"supported": True}, "filter": {"supported": True}},
            exchange=exchange_of("GET", "/ServiceProviderConfig"),
        )

    def use(self, types: Mapping[Kind, ResourceType]) -> None:
        """It has attributes of its own, whatever a job knows of them."""

    async def schemas(self, start_index: int = 1) -> Page | None:
        """The schemas of what it holds, all on one page."""
        found = schema_documents(shelf.type for shelf in self._shelves.values())
        return Page(
            resources=found[start_index - 1 :],
            total=len(found),
            next_index=None,
            exchange=exchange_of("GET", "/Schemas"),
        )

    async def find(self, kind: Kind, path: str, value: str) -> Found:
        """Resources whose attribute equals the value."""
        exchange = exchange_of("GET", f"{self._endpoint(kind)}?filter={path} eq {value}")
        found = await self._serve("GET", kind, value, exchange, lambda: self._find(kind, path, value))
        return Found(resources=found, exchange=exchange)

    async def page(self, kind: Kind, start_index: int, count: int) -> Page:
        """Resources in order of creation."""
        exchange = exchange_of("GET", f"{self._endpoint(kind)}?startIndex={start_index}&count={count}")
        held = self._shelves[kind].resources

        def cut() -> list[Resource]:
            return list(held.values())[max(start_index, 1) - 1 :][: min(count, self._longest_page)]

        shown = await self._serve("GET", kind, str(start_index), exchange, cut)
        following = max(start_index, 1) + len(shown)
        return Page(
            resources=shown,
            total=len(held),
            next_index=following if shown and following <= len(held) else None,
            exchange=exchange,
        )

    async def read(self, kind: Kind, target_id: str) -> Answer | None:
        """One resource, or None."""
        exchange = exchange_of("GET", f"{self._endpoint(kind)}/{target_id}")
        resources = self._shelves[kind].resources
        resource = await self._serve("GET", kind, target_id, exchange, lambda: resources.get(target_id))
        return None if resource is None else answer_of(resource, exchange)

    async def check(self, kind: Kind, target_id: str, path: str, value: str) -> Checked:
        """Whether a member is in a group, or a reference of somebody holds the value."""
        exchange = exchange_of("GET", f"{self._endpoint(kind)}?filter=id eq {target_id} and {path} eq {value}")
        there = await self._serve("GET", kind, target_id, exchange, lambda: self._holds(kind, target_id, path, value))
        return Checked(there=there, exchange=exchange)

    async def create(self, kind: Kind, document: Resource) -> Answer:
        """Create; the id is the kind's letter and a number."""
        exchange = exchange_of("POST", self._endpoint(kind), document)
        subject = _name(kind, document)
        created = await self._serve("POST", kind, subject, exchange, lambda: self._create(kind, document))
        return answer_of(created, exchange)

    async def patch(self, kind: Kind, target_id: str, operations: Sequence[Operation]) -> Answer:
        """Change attributes by the rules of `scim.patch`."""
        body: Json = [{"op": one.op, "path": one.path, "value": one.value} for one in operations]
        exchange = exchange_of("PATCH", f"{self._endpoint(kind)}/{target_id}", body)
        changed = await self._serve(
            "PATCH", kind, target_id, exchange, lambda: self._patch(kind, target_id, tuple(operations))
        )
        return answer_of(changed, exchange)

    async def patch_members(self, target_id: str, add: Sequence[str], remove: Sequence[str]) -> Answer:
        """Add and remove members; repeating it changes nothing."""
        if not add and not remove:
            raise ValueError("A change of members names at least one.")
        body: Json = {"add": list(add), "remove": list(remove)}
        exchange = exchange_of("PATCH", f"{self._endpoint('group')}/{target_id}", body)
        await self._serve("PATCH", "group", target_id, exchange, lambda: self._patch_members(target_id, add, remove))
        return Answer(resource=None, exchange=exchange)

    async def delete(self, kind: Kind, target_id: str) -> Answer:
        """Delete."""
        exchange = exchange_of("DELETE", f"{self._endpoint(kind)}/{target_id}")
        await self._serve("DELETE", kind, target_id, exchange, lambda: self._delete(kind, target_id))
        return Answer(resource=None, exchange=exchange)

    async def close(self) -> None:
        """Nothing to release."""

    # How it is carried out

    async def _serve(
        self, method: RequestMethod, kind: Kind, subject: str, exchange: Exchange, effect: Callable[[], Served]
    ) -> Served:
        """Journal, wait, fail or carry out. The effect itself never waits, so requests cannot interleave in it."""
        self.journal.append(Request(method, kind, subject))
        self.hearing(self.journal[-1])
        fault = self._faults.due(method, kind)
        key = f"{kind} {subject}"
        if method in ("PATCH", "DELETE") and key in self._busy:
            self.overlaps.append(subject)
        self._busy.append(key)
        self.highest_in_flight = max(self.highest_in_flight, len(self._busy))
        try:
            await asyncio.sleep(self._latency_seconds)
            if fault is not None and not fault.after_effect:
                raise fault.raised(exchange)
            outcome = effect()
        except ScimError as error:
            raise refusal(error, f"{method} {self._shelves[kind].type.name} {subject}", exchange) from None
        finally:
            self._busy.remove(key)
        if fault is not None:
            raise fault.raised(exchange)
        return outcome

    def _endpoint(self, kind: Kind) -> str:
        return f"memory:{self._shelves[kind].type.endpoint}"

    def _find(self, kind: Kind, path: str, value: str) -> list[Resource]:
        shelf = self._shelves[kind]
        if self._filterable is not None and path not in self._filterable.get(kind, ()) and path != "id":
            raise invalid_filter(f"{path} cannot be looked for.")
        if path == NAMING[kind]:
            return self._named(kind, value)
        wanted = Compare(path=parse_path(path, shelf.type), op="eq", value=value)
        return [resource for resource in shelf.resources.values() if evaluate(wanted, resource, shelf.type)]

    def _holds(self, kind: Kind, target_id: str, path: str, value: str) -> bool:
        if path == "members":
            return value in self._members.get(target_id, {})
        shelf = self._shelves[kind]
        wanted = Compare(path=parse_path(path, shelf.type), op="eq", value=value)
        return target_id in shelf.resources and evaluate(wanted, shelf.resources[target_id], shelf.type)

    def _named(self, kind: Kind, name: str) -> list[Resource]:
        shelf = self._shelves[kind]
        return [shelf.resources[target_id] for target_id in shelf.names.get(fold(name), ())]

    def _create(self, kind: Kind, document: Resource) -> Resource:
        shelf = self._shelves[kind]
        accepted = accept(document, shelf.type)
        name = fold(_name(kind, accepted))
        if self._unique and shelf.names.get(name):
            raise uniqueness(f'{NAMING[kind]} "{_name(kind, accepted)}" is already taken.')
        limit = self.capacity.get(kind)
        if limit is not None and len(shelf.resources) >= limit:
            raise forbidden(f"{kind} limit {limit} reached")
        self._created += 1
        target_id = f"{kind[0]}-{self._created}"
        members = accepted.pop("members", None)
        resource: Resource = {**accepted, "id": target_id, "meta": meta_of(shelf.type, 1)}
        shelf.resources[target_id] = resource
        shelf.names.setdefault(name, {})[target_id] = None
        if kind == "group":
            named = members if isinstance(members, list) else []
            self._members[target_id] = {str(one["value"]): None for one in named if isinstance(one, dict)}
        return resource

    def _patch(self, kind: Kind, target_id: str, operations: tuple[Operation, ...]) -> Resource:
        shelf = self._shelves[kind]
        before = self._held(kind, target_id)
        after = apply(before, operations, shelf.type)
        if after is before:
            return before
        old, new = fold(_name(kind, before)), fold(_name(kind, after))
        if self._unique and any(holder != target_id for holder in shelf.names.get(new, ())):
            raise uniqueness(f'{NAMING[kind]} "{_name(kind, after)}" is already taken.')
        after["meta"] = meta_of(shelf.type, version_of(before) + 1)
        del shelf.names[old][target_id]
        shelf.names.setdefault(new, {})[target_id] = None
        shelf.resources[target_id] = after
        return after

    def _patch_members(self, target_id: str, add: Sequence[str], remove: Sequence[str]) -> None:
        self._held("group", target_id)
        users = self._shelves["user"].resources
        for member in add:
            if member not in users:
                raise invalid_value(f'members: there is no user with the id "{member}".')
        held = self._members[target_id]
        held.update(dict.fromkeys(add))
        for member in remove:
            held.pop(member, None)

    def _delete(self, kind: Kind, target_id: str) -> None:
        shelf = self._shelves[kind]
        resource = self._held(kind, target_id)
        del shelf.resources[target_id]
        del shelf.names[fold(_name(kind, resource))][target_id]
        self._members.pop(target_id, None)
        for held in self._members.values():
            held.pop(target_id, None)

    def _held(self, kind: Kind, target_id: str) -> Resource:
        resource = self._shelves[kind].resources.get(target_id)
        if resource is None:
            raise not_found(self._shelves[kind].type.name, target_id)
        return resource


def _name(kind: Kind, document: Resource) -> str:
    return str(document.get(NAMING[kind], ""))
