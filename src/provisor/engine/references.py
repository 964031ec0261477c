"""Which references can be written now and which wait: members of groups, managers of people.

Pure. A reference carries the target id of the other end, so it is written once both ends are at the target, in the same
cycle where that can be (design.md section 5 "Settled cases"); Entra would need a restart.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One membership of a group: whether it should be, whether the target has it, and the member's id there."""

    member: str
    target_id: str | None
    wanted: bool
    pushed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChange:
    """What to tell the target of one group, as (member, target id), and who waits for an account."""

    add: tuple[tuple[str, str], ...]
    remove: tuple[tuple[str, str], ...]
    waiting: tuple[str, ...]


def split(edges: Iterable[Edge]) -> MemberChange:
    """Sort the memberships of a group into what is added, what is removed and what waits.

    A membership to be removed whose member has no target id any more is gone from the target with its account.
    """
    add: list[tuple[str, str]] = []
    remove: list[tuple[str, str]] = []
    waiting: list[str] = []
    for edge in edges:
        if edge.wanted and not edge.pushed:
            if edge.target_id is None:
                waiting.append(edge.member)
            else:
                add.append((edge.member, edge.target_id))
        elif edge.pushed and not edge.wanted and edge.target_id is not None:
            remove.append((edge.member, edge.target_id))
    return MemberChange(add=tuple(add), remove=tuple(remove), waiting=tuple(waiting))


def requests(add: Sequence[str], remove: Sequence[str], per_request: int) -> Iterator[tuple[list[str], list[str]]]:
    """Cut additions and removals of one group into requests of at most `per_request` members each, removals first."""
    pending = [(False, member) for member in remove] + [(True, member) for member in add]
    for start in range(0, len(pending), per_request):
        part = pending[start : start + per_request]
        yield [member for adding, member in part if adding], [member for adding, member in part if not adding]


@dataclass(frozen=True, slots=True)
class WriteReference:
    """Put this target id into the attribute."""

    target_id: str


@dataclass(frozen=True, slots=True)
class AwaitReference:
    """The other end has no target id yet; look again when it gains one.

    `clear`: the target holds an old reference, which leads to the wrong object and is taken away meanwhile.
    """

    object_id: str
    clear: bool = False


@dataclass(frozen=True, slots=True)
class ClearReference:
    """The directory has no such reference any more, the target still does."""


@dataclass(frozen=True, slots=True)
class KeepReference:
    """Both ends say the same."""


ReferenceStep: TypeAlias = WriteReference | AwaitReference | ClearReference | KeepReference


def refer(wanted: str | None, target_id: str | None, held: str | None) -> ReferenceStep:
    """What to do about one reference: the object it should lead to, that object's target id, what the target holds."""
    if wanted is None:
        return KeepReference() if held is None else ClearReference()
    if target_id is None:
        return AwaitReference(wanted, clear=held is not None)
    return KeepReference() if held == target_id else WriteReference(target_id)
