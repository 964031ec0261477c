"""How references are sent: the memberships of a group, cut into requests.

Pure. Which of them can be sent, because both ends are at the target, is computed where they are stored
(storage.member_links, storage.waiting): a group may have more members than fit in memory.
"""

from collections.abc import Iterator, Sequence


def requests(add: Sequence[str], remove: Sequence[str], per_request: int) -> Iterator[tuple[list[str], list[str]]]:
    """Cut additions and removals of one group into requests of at most `per_request` members each, removals first."""
    pending = [(False, member) for member in remove] + [(True, member) for member in add]
    for start in range(0, len(pending), per_request):
        part = pending[start : start + per_request]
        yield [member for adding, member in part if adding], [member for adding, member in part if not adding]
