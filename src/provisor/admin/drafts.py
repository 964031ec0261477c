"""Rules that somebody is changing and has not saved yet: kept in this process, one draft an account and job.

A draft knows the version of the rules that it began from, so that nobody overwrites what another has saved meanwhile.
It is short-lived and its number is bounded: what is worth keeping is saved. Order: the value, where drafts lie.
"""

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from threading import Lock
from typing import Final

from provisor.admin.errors import AdminError
from provisor.scim.values import Json

KEPT_FOR: Final = timedelta(hours=12)  # as long as a browser stays signed in
KEPT: Final = 100  # in all; the one that lay longest goes first


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Rules as they are being changed. `began_from` is the version that was changed, `saved` the one in force now.

    `edition` is another after every change: a form says of which edition it is. Without a change there is only what is
    saved.
    """

    document: Json
    began_from: int
    saved: int
    edition: str
    changed: bool = False

    @property
    def overtaken(self) -> bool:
        """Whether other rules were saved since it was begun."""
        return self.began_from != self.saved


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lying:
    document: Json
    began_from: int
    edition: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Drafts:
    """All drafts of this process, by account and job."""

    _lying: "OrderedDict[tuple[str, str], _Lying]" = field(default_factory=OrderedDict)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    _lock: Lock = field(default_factory=Lock)

    def of(self, account: str, job: str, saved: Json, version: int, now: datetime) -> Draft:
        """The draft of this account; without one, the rules as they are saved."""
        with self._lock:
            return self._of(account, job, saved, version, now)

    def change(self, account: str, job: str, document: Json, edition: str, draft: Draft, now: datetime) -> Draft:
        """The draft with other rules. `draft`: as of now. Raises AdminError where that is of another edition."""
        with self._lock:
            now_lying = self._of(account, job, draft.document, draft.saved, now)
            if edition != now_lying.edition:
                raise _another(draft)
            number = f"{now_lying.began_from}.{next(self._numbers)}"
            self._lying[account, job] = _Lying(
                document=document, began_from=now_lying.began_from, edition=number, at=now
            )
            self._lying.move_to_end((account, job))
            while len(self._lying) > KEPT:
                self._lying.popitem(last=False)
        return replace(now_lying, document=document, edition=number, changed=True)

    def discard(self, account: str, job: str) -> None:
        """Forget the draft, if there is one."""
        with self._lock:
            self._lying.pop((account, job), None)

    def _of(self, account: str, job: str, saved: Json, version: int, now: datetime) -> Draft:
        found = self._lying.get((account, job))
        if found is not None and now - found.at > KEPT_FOR:
            del self._lying[account, job]
            found = None
        if found is None:
            return Draft(document=saved, began_from=version, saved=version, edition=f"{version}.0")
        return Draft(
            document=found.document, began_from=found.began_from, saved=version, edition=found.edition, changed=True
        )


def _another(draft: Draft) -> AdminError:
    by = "you, in another window" if draft.changed else "somebody else"
    return AdminError(
        "changed-meanwhile",
        f"The mappings were changed meanwhile, by {by}. What you did here was not taken over.",
        "Look at them as they are now, and do it again.",
    )
