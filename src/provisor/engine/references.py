"""How references are sent: which still have to be after a check, and the memberships of a group cut into requests.

Pure. Which of them can be sent, because both ends are at the target, is computed where they are stored
(storage.member_links, storage.waiting): a group may have more members than fit in memory.
"""

from collections.abc import Iterator, Sequence

from provisor.engine.ports import Checked


def is_spared(checked: Checked | None) -> bool:
    """Whether a reference need not be written, since the target says that it holds it; None: it could not tell.

    Only what is to be written is checked. What is to be taken away is taken away whatever would be said: an empty
    answer proves little (a server may know the attribute and not its filter), and access must not outlive it.
    """
    return checked is not None and checked.there


def requests(add: Sequence[str], remove: Sequence[str], per_request: int) -> Iterator[tuple[list[str], list[str]]]:
    """Cut additions and removals of one group into requests of at most `per_request` members each, removals first.

    No request has both: a PATCH is all or nothing, and a failed addition must not keep a member who has to go.
    """
    for start in range(0, len(remove), per_request):
        yield [], list(remove[start : start + per_request])
    for start in range(0, len(add), per_request):
        yield list(add[start : start + per_request]), []
