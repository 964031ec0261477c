"""What a page of credentials keeps in memory between two requests: typed secrets until they are saved, and the checks
of a test that is under way.

Secrets are typed once, tested, and saved then: a page never holds one, so what was typed waits here meanwhile, for the
session that typed it, and is forgotten after a while. Nothing here is stored.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from provisor.admin.connecting import Check
from provisor.engine.ports import Secret

KEPT: Final = timedelta(minutes=15)
LONGEST: Final = 8_000  # characters of one, as its field says
_MOST: Final = 200  # forms, of all sessions


class TypedSecrets:
    """Secrets by session and job, under the names of their fields."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: dict[tuple[str, str], tuple[datetime, Mapping[str, Secret]]] = {}

    def hold(self, session: str, job: str, typed: Mapping[str, str], *, now: datetime) -> None:
        """Keep these, in the place of those that the session typed before."""
        with self._lock:
            self._held.pop((session, job), None)
            self._held = {key: held for key, held in self._held.items() if now - held[0] < KEPT}
            if typed:
                while len(self._held) >= _MOST:
                    self._held.pop(next(iter(self._held)))
                kept = {name: Secret(text) for name, text in typed.items() if len(text) <= LONGEST}
                self._held[session, job] = (now, kept)

    def held(self, session: str, job: str, *, now: datetime) -> Mapping[str, str]:
        """What the session typed for this job."""
        with self._lock:
            at, found = self._held.get((session, job), (now, {}))
        return {name: secret.reveal() for name, secret in found.items()} if now - at < KEPT else {}


class ChecksUnderWay:
    """The checks of the tests that somebody waits for, by job."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: dict[str, list[Check]] = {}

    def begin(self, job: str) -> None:
        """A test begins; where another one of this job is under way, the newer is shown."""
        with self._lock:
            self._made[job] = []

    def note(self, job: str, check: Check) -> None:
        """One more was made."""
        with self._lock:
            self._made.setdefault(job, []).append(check)

    def end(self, job: str) -> None:
        """Whoever waited is told the whole."""
        with self._lock:
            self._made.pop(job, None)

    def made(self, job: str) -> Sequence[Check] | None:
        """Those so far; None while nobody tests."""
        with self._lock:
            found = self._made.get(job)
            return None if found is None else list(found)


SECRETS: Final = TypedSecrets()
CHECKS: Final = ChecksUnderWay()
