"""What the engine needs from the outside: a target to write to, with its five ways to fail.

Pure: only shapes. Implemented by connectors.scim_client and by the in-memory target of provisor.testing, which pass the
same contract suite (tests/contract). Source of the requests: spec/scim-wire.md section 2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from provisor.engine.record import Kind
from provisor.scim.patch.operations import Operation
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A bounded capture of one request and its answer, without any secret. Kept beside the log event."""

    method: str
    url: str
    request_body: bytes = b""
    status: int | None = None
    response_body: bytes = b""
    milliseconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A successful answer: the resource, and what went over the wire.

    `resource` is None when a change was answered with anything but the resource: its status says that it was done.
    """

    resource: Resource | None
    exchange: Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Whether the target says that a reference is there."""

    there: bool
    exchange: Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The answer to a matching query: the resources whose attribute really equals the value (others dropped).

    `complete` is False when there may be more of them: something in the answer could not be read and was left out, or
    it says that more match than it lists. Then nothing may be taken for absent. `doubt` says why, as the end of a
    sentence ("the answer …").
    """

    resources: Sequence[Resource]
    exchange: Exchange
    complete: bool = True
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a listing; `next_index` is None on the last one.

    `total` is None when the target did not say how many there are, or not readably: the pages then end with an empty
    one. `complete` is False when something on the page could not be read and was left out, or its numbers contradict
    the question: then the listing does not prove anybody absent, and `doubt` says why, as the end of a sentence
    ("the answer …"). Overlaps and gaps between pages only show to a caller who reads them all.
    """

    resources: Sequence[Resource]
    total: int | None
    next_index: int | None
    exchange: Exchange
    complete: bool = True
    doubt: str = ""


@dataclass(slots=True)
class ConnectorError(Exception):
    """A request without a usable answer. One of the five kinds below."""

    message: str
    exchange: Exchange | None = field(default=None, kw_only=True)

    def __str__(self) -> str:
        return self.message


@dataclass(slots=True)
class Unreachable(ConnectorError):
    """No answer: name, connection, TLS or time-out. `sent` is False when the request certainly did not leave.

    `timed_out`: the request arrived and nothing came back in time, which may be due to one object alone.
    """

    sent: bool = field(default=True, kw_only=True)
    timed_out: bool = field(default=False, kw_only=True)


@dataclass(slots=True)
class Unauthorized(ConnectorError):
    """401: the credential is wrong, expired or revoked. The cycle stops."""


@dataclass(slots=True)
class Throttled(ConnectorError):
    """429 or 503: nothing may be sent before `until`. After a 503 it is unknown whether the request was carried out.

    `told`: the target named that moment; otherwise it is a guess.
    """

    until: datetime = field(kw_only=True)
    status: int = field(default=429, kw_only=True)
    told: bool = field(default=True, kw_only=True)


@dataclass(slots=True)
class Rejected(ConnectorError):
    """Any other refusal, with the target's own reason."""

    status: int = field(kw_only=True)
    scim_type: str | None = field(default=None, kw_only=True)
    detail: str = field(default="", kw_only=True)


@dataclass(slots=True)
class Malformed(ConnectorError):
    """An answer that is not SCIM: not JSON, no id, 404 on a filter, a redirect to another host.

    `status` is what came with it, None when not even that could be read. A 2xx says that the request was carried out.
    """

    excerpt: str = field(default="", kw_only=True)
    status: int | None = field(default=None, kw_only=True)


class Target(Protocol):
    """A SCIM application as the engine uses it. Every method raises a ConnectorError when there is no usable answer.

    Methods may be called concurrently; requests for one object are not concurrent. Repeating any of them is safe
    for the target's state except `create`, which the engine repeats only after looking.
    """

    @property
    def caller(self) -> str:
        """What tells the application and the credential that it is asked with from others; shows neither."""

    def use(self, types: Mapping[Kind, ResourceType]) -> None:
        """Read and write resources as these types from now on: a job may know more of an application's attributes
        than its template (rules.attributes).
        """

    async def discover(self) -> Answer | None:
        """What the application says of itself: its ServiceProviderConfig; None when it has none."""

    async def schemas(self, start_index: int = 1) -> Page | None:
        """The schema documents that it serves, from the 1-based `start_index`; None when it serves none."""

    async def find(self, kind: Kind, path: str, value: str) -> Found:
        """Resources whose attribute at `path` equals `value` (row 4 and 12); groups come without members."""

    async def page(self, kind: Kind, start_index: int, count: int) -> Page:
        """Resources from the 1-based `start_index`; groups come without members. `count` 0 asks only for the total."""

    async def read(self, kind: Kind, target_id: str) -> Answer | None:
        """One resource by id (rows 5 and 13); None for 404."""

    async def check(self, kind: Kind, target_id: str, path: str, value: str) -> Checked:
        """Whether the reference at `path` of a resource holds the value (rows 8 and 16)."""

    async def create(self, kind: Kind, document: Resource) -> Answer:
        """Create (rows 6 and 14). The answer's resource has an id."""

    async def patch(self, kind: Kind, target_id: str, operations: Sequence[Operation]) -> Answer:
        """Change attributes (rows 7, 9, 10 and 15). Rejected with status 404 when the object is gone."""

    async def patch_members(self, target_id: str, add: Sequence[str], remove: Sequence[str]) -> Answer:
        """Add and remove members of a group by their target ids in one request (row 17); at most 100 together."""

    async def delete(self, kind: Kind, target_id: str) -> Answer:
        """Delete (rows 11 and 18). Rejected with status 404 when there is no such object, or a replica is behind."""

    async def close(self) -> None:
        """Release the connections."""


class Secret:
    """A credential that is not shown: its repr, str and format are dots; `reveal` is called where it is sent."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The credential in clear text. Only for the header that carries it and the cipher that stores it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__
