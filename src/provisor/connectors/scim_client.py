"""The client of a SCIM application: the port `engine.ports.Target` over HTTP.

Requests are those of spec/scim-wire.md section 2, bodies are written by `scim.entra`, answers are judged as
spec/scim-wire.md section 13 says. Does not wait or repeat: that is the runner's job. Order: connection, asking,
writing, reading answers.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from urllib.parse import quote

import msgspec

from provisor.connectors.addresses import problem_with_address, problem_with_token
from provisor.connectors.bodies import document
from provisor.connectors.callers import caller_of
from provisor.connectors.capture import in_one_line, shortened
from provisor.connectors.http_channel import Asked, Channel, Method, Observe
from provisor.connectors.identifiers import (
    UnusableId,
    id_in_location,
    identified,
    problem_with_id,
    same_id,
)
from provisor.connectors.listings import on_page, schemas_listed, that_match
from provisor.connectors.matching_query import MatchingQuery, matching_query, reference_query
from provisor.connectors.oauth import TokenSource
from provisor.connectors.renewed_channel import RenewedChannel
from provisor.connectors.replies import ReceivedReply, malformed, refused
from provisor.engine.ports import Answer, Checked, Found, Malformed, Page, Rejected, Secret
from provisor.engine.record import Kind
from provisor.scim.entra import Dialect, create_body, members_bodies, patch_body, tenant_url
from provisor.scim.errors import ScimError, invalid_value
from provisor.scim.messages import ListPage, parse_list
from provisor.scim.patch.operations import Operation
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.validate import understand
from provisor.scim.values import Resource

DEFAULT_CONNECTIONS = 64
DEFAULT_TIMEOUT_SECONDS = 60.0  # spec/scim-wire.md section 13
_GONE = (404, 410)
_WITHOUT_MEMBERS = "excludedAttributes=members"

_encode = msgspec.json.Encoder().encode


def _now() -> datetime:
    return datetime.now(UTC)


class ScimClient:
    """A SCIM application at a tenant URL.

    `token` is a bearer token, or where one is got. Raises ValueError with a sentence when the URL or it cannot be used.
    A flag in the tenant URL (section 4) wins over `dialect` unless it is not heeded. `bears_members`: members that come
    with a group although they were not asked for are dropped; otherwise such an answer is refused. To be used inside
    one event loop; opens its connections with the first request.
    """

    def __init__(
        self,
        base_url: str,
        token: Secret | TokenSource,
        user_type: ResourceType,
        group_type: ResourceType,
        *,
        dialect: Dialect = Dialect.COMPLIANT,
        connections: int = DEFAULT_CONNECTIONS,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        heeds_flag: bool = True,
        bears_members: bool = True,
        clock: Callable[[], datetime] = _now,
        observe: Observe | None = None,
    ) -> None:
        address, flagged = tenant_url(base_url)
        address = address.rstrip("/")
        problem = problem_with_address(address)
        if problem is None and isinstance(token, Secret):
            problem = problem_with_token(token)
        if problem is not None:
            raise ValueError(problem)
        self._address = address
        self.caller = caller_of(address, token)
        self._dialect = flagged if flagged is not None and heeds_flag else dialect
        self._channel = _channel(
            address, token, connections=connections, timeout_seconds=timeout_seconds, observe=observe
        )
        self._types: dict[Kind, ResourceType] = {"user": user_type, "group": group_type}
        self._endpoints: dict[Kind, str] = {kind: address + one.endpoint for kind, one in self._types.items()}
        self._names = {kind: one.name for kind, one in self._types.items()}
        self._clock = clock
        self._bears_members = bears_members

    async def __aenter__(self) -> "ScimClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._channel.close()

    async def discover(self) -> Answer | None:
        """What the application says of itself; None when it has no ServiceProviderConfig."""
        doing = "tell what it can do"
        reply = await self._channel.send(Asked("GET", f"{self._address}/ServiceProviderConfig", doing))
        if reply.status in (*_GONE, 405, 501):
            return None
        self._check(reply, doing)
        resource = document(reply.payload)
        if resource is None:
            raise self._malformed(reply, doing, "is not a JSON object")
        return Answer(resource=resource, exchange=reply.exchange)

    def use(self, types: Mapping[Kind, ResourceType]) -> None:
        """Read and write resources as these types."""
        self._types = {**self._types, **types}

    async def schemas(self, start_index: int = 1) -> Page | None:
        """A page of the schemas that it serves; some servers answer with a plain array, or with one schema."""
        doing = "tell which attributes it has"
        query = "" if start_index == 1 else f"?startIndex={start_index}"
        reply = await self._channel.send(Asked("GET", f"{self._address}/Schemas{query}", doing))
        if reply.status in (*_GONE, 405, 501):
            return None
        self._check(reply, doing)
        page = schemas_listed(reply.payload)
        if page is None:
            raise self._malformed(reply, doing, "is not a list of schemas")
        following = start_index + page.entries
        more = page.entries > 0 and page.total is not None and following <= page.total
        return Page(
            resources=page.resources,
            total=page.total,
            next_index=following if more else None,
            exchange=reply.exchange,
            complete=len(page.resources) == page.entries,
        )

    async def find(self, kind: Kind, path: str, value: str) -> Found:
        """Resources whose attribute equals the value, checked again here; groups without members."""
        doing = f'look for the {self._names[kind]} with {path} "{shortened(value)}"'
        query = self._query(kind, path, doing)
        try:
            filtered = f"filter={query.encoded(value)}"
        except UnicodeEncodeError as error:
            raise _unsendable(doing, error) from None
        if kind == "group":
            filtered = f"{_WITHOUT_MEMBERS}&{filtered}"
        reply, page = await self._list(Asked("GET", f"{self._endpoints[kind]}?{filtered}", doing))
        self._without_members(kind, page.resources, reply, doing)
        listed = that_match(page, query.kept(self._all_understood(kind, page), value), reply)
        return Found(
            resources=listed.resources,
            exchange=reply.exchange,
            complete=not listed.doubt,
            doubt=self._channel.cleaned(listed.doubt),
        )

    async def page(self, kind: Kind, start_index: int, count: int) -> Page:
        """One page of a listing; groups without members."""
        doing = f"list the {self._names[kind]}s from number {start_index}"
        query = f"startIndex={start_index}&count={count}"
        if kind == "group":
            query = f"{_WITHOUT_MEMBERS}&{query}"
        reply, page = await self._list(Asked("GET", f"{self._endpoints[kind]}?{query}", doing))
        self._without_members(kind, page.resources, reply, doing)
        listed = on_page(page, self._all_understood(kind, page), reply, start_index, count)
        following = start_index + page.entries
        more = page.entries > 0 and count > 0 and (page.total is None or following <= page.total)
        return Page(
            resources=listed.resources,
            total=page.total,
            next_index=following if more else None,
            exchange=reply.exchange,
            complete=not listed.doubt,
            doubt=self._channel.cleaned(listed.doubt),
        )

    async def read(self, kind: Kind, target_id: str) -> Answer | None:
        """One resource by id, groups without members; None when there is none."""
        doing = f"read the {self._names[kind]} with the id {shortened(target_id)}"
        url = self._resource_url(kind, target_id, doing)
        reply = await self._channel.send(Asked("GET", f"{url}?{_WITHOUT_MEMBERS}" if kind == "group" else url, doing))
        if reply.status in _GONE:
            return None
        self._check(reply, doing)
        resource = self._identified(reply, doing)
        if not same_id(str(resource["id"]), target_id):
            raise self._malformed(reply, doing, f"is about the id {shortened(str(resource['id']))}")
        self._without_members(kind, [resource], reply, doing)
        return self._answer(kind, reply, resource)

    async def check(self, kind: Kind, target_id: str, path: str, value: str) -> Checked:
        """Whether a reference is there; the filter names it as Entra's does, by its name alone."""
        name = self._names[kind]
        doing = f"tell whether the {name} with the id {shortened(target_id)} has {path} {shortened(value)}"
        self._resource_url(kind, target_id, doing)  # an id that cannot be sent is refused here
        try:
            filtered = reference_query(path, self._types[kind], target_id, value)
        except (ScimError, UnicodeEncodeError) as error:
            raise _unsendable(doing, error) from None
        url = f"{self._endpoints[kind]}?filter={filtered}&attributes=id"
        reply, page = await self._list(Asked("GET", url, doing))
        there = any(same_id(str(one.get("id", "")), target_id) for one in self._all_understood(kind, page))
        return Checked(there=there, exchange=reply.exchange)

    async def create(self, kind: Kind, document: Resource) -> Answer:
        """Create a resource; the answer has its id. The rest is as the server spelled it, not read on this path."""
        name = document.get("userName" if kind == "user" else "displayName")
        doing = f'create the {self._names[kind]} "{shortened(str(name))}"'
        body = _written(doing, lambda: create_body(document, kind, self._dialect, self._types[kind]))
        reply = await self._channel.send(Asked("POST", self._endpoints[kind], doing, body))
        self._check(reply, doing)
        resource = self._identified(reply, doing, self._endpoints[kind])
        return Answer(resource=resource, exchange=reply.exchange)

    async def patch(self, kind: Kind, target_id: str, operations: Sequence[Operation]) -> Answer:
        """Change attributes in one request."""
        doing = f"change {_paths(operations)} of the {self._names[kind]} with the id {shortened(target_id)}"
        body = _written(doing, lambda: patch_body(operations, self._dialect, self._types[kind]))
        return await self._change("PATCH", kind, target_id, doing, body)

    async def patch_members(self, target_id: str, add: Sequence[str], remove: Sequence[str]) -> Answer:
        """Add and remove members by target id, in one request."""
        doing = f"add {len(add)} and remove {len(remove)} members of the Group with the id {shortened(target_id)}"
        together = len(add) + len(remove)
        if together == 0:
            raise ValueError("A change of members names at least one.")
        body = _written(doing, lambda: members_bodies(add, remove, self._dialect, per_request=together)[0])
        return await self._change("PATCH", "group", target_id, doing, body)

    async def delete(self, kind: Kind, target_id: str) -> Answer:
        """Delete a resource."""
        doing = f"delete the {self._names[kind]} with the id {shortened(target_id)}"
        reply = await self._channel.send(Asked("DELETE", self._resource_url(kind, target_id, doing), doing))
        self._check(reply, doing)
        return Answer(resource=None, exchange=reply.exchange)

    async def _change(self, method: Method, kind: Kind, target_id: str, doing: str, body: bytes) -> Answer:
        """Send a change. A 2xx status says that it was made, whatever the body is (RFC 9110 section 15.3)."""
        url = self._resource_url(kind, target_id, doing)
        reply = await self._channel.send(Asked(method, url, doing, body))
        self._check(reply, doing)
        resource = document(reply.payload)
        try:
            whole = None if resource is None else identified(resource)
        except UnusableId:
            whole = None
        if whole is None or not same_id(str(whole["id"]), target_id):
            return Answer(resource=None, exchange=reply.exchange)
        return self._answer(kind, reply, whole)

    async def _list(self, asked: Asked) -> tuple[ReceivedReply, ListPage]:
        reply = await self._channel.send(asked)
        if reply.status == 404:
            why = f"to GET {shortened(asked.url)} is 404 where SCIM has an empty list"
            raise self._malformed(reply, asked.doing, why)
        self._check(reply, asked.doing)
        try:
            return reply, parse_list(document(reply.payload))
        except ScimError:
            raise self._malformed(reply, asked.doing, "is not a SCIM list") from None

    def _check(self, reply: ReceivedReply, doing: str) -> None:
        if not 200 <= reply.status < 300:
            cleaned = self._channel.cleaned
            raise refused(reply, self._channel.host, cleaned(doing), self._clock(), cleaned)

    def _malformed(self, reply: ReceivedReply, doing: str, why: str) -> Malformed:
        return malformed(reply, self._channel.host, doing, why, self._channel.cleaned)

    def _answer(self, kind: Kind, reply: ReceivedReply, resource: Resource) -> Answer:
        return Answer(resource=self._understood(kind, resource), exchange=reply.exchange)

    def _identified(self, reply: ReceivedReply, doing: str, created_under: str = "") -> Resource:
        """The resource in an answer, certain to have an id; after a create without a body, the id in Location."""
        resource = document(reply.payload)
        if resource is None and created_under and reply.status in (201, 204):
            target_id = id_in_location(reply.header("Location"), created_under)
            resource = None if target_id is None else {"id": target_id}
        if resource is None:
            raise self._malformed(reply, doing, "is not a JSON object")
        try:
            return identified(resource)
        except UnusableId as error:
            if reply.exchange.method == "GET" and _holds_several(resource):
                raise self._too_many(reply, doing, "several entries") from None
            raise self._malformed(reply, doing, str(error)) from None

    def _too_many(self, reply: ReceivedReply, doing: str, what: str) -> Rejected:
        """What spec/provisioning-service.md section 4 calls MultipleEntriesInResponse."""
        said = self._channel.cleaned(f"Asked to {doing}, it answered with {what}.")
        return Rejected(said, status=reply.status, scim_type="tooMany", detail=said, exchange=reply.exchange)

    def _without_members(self, kind: Kind, listed: Sequence[Resource], reply: ReceivedReply, doing: str) -> None:
        """Refuse groups that came with members, unless that is borne."""
        if kind == "group" and not self._bears_members and any(_holds_members(one) for one in listed):
            raise self._too_many(reply, doing, "members, which were excluded")

    def _all_understood(self, kind: Kind, page: ListPage) -> list[Resource]:
        return [self._understood(kind, resource) for resource in page.resources]

    def _understood(self, kind: Kind, resource: Resource) -> Resource:
        """The resource in the schema's spelling; a server that ignores excludedAttributes has its members dropped."""
        clear = understand(resource, self._types[kind])
        if "id" in resource:
            clear["id"] = resource["id"]  # as it came: another spelling beside it must not replace it
        if kind == "group":
            clear.pop("members", None)
        return clear

    def _query(self, kind: Kind, path: str, doing: str) -> MatchingQuery:
        try:
            return matching_query(path, self._types[kind])
        except ScimError as error:
            raise _unsendable(doing, error) from None

    def _resource_url(self, kind: Kind, target_id: str, doing: str) -> str:
        problem = problem_with_id(target_id)
        if problem is not None:
            raise _unsendable(doing, invalid_value(f"the application gave it {problem}"))
        return f"{self._endpoints[kind]}/{quote(target_id, safe='')}"


def _channel(
    address: str, token: Secret | TokenSource, *, connections: int, timeout_seconds: float, observe: Observe | None
) -> Channel | RenewedChannel:
    make = partial(Channel, address, connections=connections, timeout_seconds=timeout_seconds, observe=observe)
    return make(token) if isinstance(token, Secret) else RenewedChannel(address, token, make)


def _written(doing: str, write: Callable[[], Resource]) -> bytes:
    """The body as bytes; what cannot be written is refused here and not sent."""
    try:
        return _encode(write())
    except (ScimError, UnicodeEncodeError) as error:
        raise _unsendable(doing, error) from None


def _unsendable(doing: str, error: ScimError | UnicodeEncodeError) -> Rejected:
    """Our own refusal. Half of a surrogate pair has no UTF-8 form; it is an emoji cut in two."""
    if isinstance(error, ScimError):
        status, scim_type, detail, hint = error.status, error.scim_type, error.detail, "correct the mapping"
    else:
        status, scim_type, detail = 400, "invalidValue", "a value holds half of a character"
        hint = "correct it in the directory"
    return Rejected(
        in_one_line(f"Nothing was sent to {doing}: {detail.rstrip('.')}; {hint}."),
        status=status,
        scim_type=scim_type,
        detail=detail,
    )


def _paths(operations: Sequence[Operation]) -> str:
    return ", ".join(operation.path or "attributes" for operation in operations)


def _holds_several(resource: Resource) -> bool:
    """Whether a list of several came where one resource was asked for."""
    lists = (value for name, value in resource.items() if name.lower() == "resources")
    return any(isinstance(value, list) and len(value) > 1 for value in lists)


def _holds_members(resource: Resource) -> bool:
    return any(name.lower() == "members" and value not in (None, []) for name, value in resource.items())
