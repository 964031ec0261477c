"""How references are sent: the memberships of a group, cut into requests.

Pure. Which of them can be sent, because both ends are at the target, is computed where they are stored
(storage.member_links, storage.waiting): a group may have more members than fit in memory.
"""

from collections.abc import Iterator, Sequence


def requests(add: Sequence[str], remove: Sequence[str], per_request: int) -> Iterator[tuple[list[str], list[str]]]:
    """Cut additions and removals of one group into requests of at most `per_request` members each, removals first.

    No request has both: a PATCH is all or nothing, and who must go may not stay because somebody cannot come.
    """
    for start in range(0, len(remove), per_request):
        yield [], list(remove[start : start + per_request])
    for start in range(0, len(add), per_request):
        yield list(add[start : start + per_request]), []
