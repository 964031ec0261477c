"""The attributes that a source's schema offers, kept for some minutes: searching does not ask the source with each key.

*Refresh schema* asks it again, as in Entra Connect. Kept in this process, for whoever may choose attributes.
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from provisor.admin.actor import SOURCE_WRITE
from provisor.engine.sources import SourceAttribute
from provisor.portal.sources.frame import SourceFrame
from provisor.portal.visits import PortalVisit

KEPT: Final = timedelta(minutes=5)
_MOST: Final = 50  # sources


class KeptSchemas:
    """Attributes by source and its settings: other settings may be another server's."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: OrderedDict[tuple[str, str], tuple[datetime, Sequence[SourceAttribute]]] = OrderedDict()

    def attributes(self, visit: PortalVisit, frame: SourceFrame, *, again: bool = False) -> Sequence[SourceAttribute]:
        """What is offered. Raises AdminError where the source does not answer."""
        visit.actor.needs(SOURCE_WRITE)
        key, now = (frame.id, str(frame.shown.source.settings)), visit.admin.now()
        with self._lock:
            at, found = self._held.get(key, (None, ()))
        if at is not None and not again and timedelta() <= now - at < KEPT:
            return found
        found = visit.admin.sources.extensions.available(visit.actor, frame.id)
        with self._lock:
            self._held[key] = (now, found)
            self._held.move_to_end(key)
            while len(self._held) > _MOST:
                self._held.popitem(last=False)
        return found


SCHEMAS: Final = KeptSchemas()
