"""What a finished form says on the page that it leads to: kept here for that one page, never in an address."""

from collections import OrderedDict
from threading import Lock

from provisor.web.sessions import session_hash

_MOST = 1_000  # browsers that have not yet opened the page they were led to


class Flashes:
    """One sentence a browser, until it is shown. Those of browsers that never come back give way to newer ones."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()

    def keep(self, secret: str, text: str) -> None:
        """Say this on the next page of the browser with this cookie."""
        with self._lock:
            self._kept[session_hash(secret)] = text
            self._kept.move_to_end(session_hash(secret))
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)

    def take(self, secret: str) -> str | None:
        """What is to be said to the browser now."""
        with self._lock:
            return self._kept.pop(session_hash(secret), None)
