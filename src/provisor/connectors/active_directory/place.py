"""Where a read of a domain goes on: what the cursor of a page holds, and when it is good no more.

Pure. USNs are each domain controller's own; a cookie of DirSync may be used on another one of the domain. Sources:
spec/entra-connect.md section 8, MS-ADTS 3.1.1.3.4.1.3. Order: the controller, the place, its text.
"""

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from provisor.engine.sources import CursorLost

# dirsync: with the right to replicate changes; visible: without it, what the account may see; usn: no DirSync.
ReadMode = Literal["dirsync", "visible", "usn"]
ReadState = Literal["full", "delta", "over"]
COMPARED: Final = timedelta(hours=1)  # between two full reads where deletions are not told


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """A domain controller as it is now. `usn` is its highestCommittedUSN."""

    name: str
    invocation: str
    usn: int


class DomainPlace(msgspec.Struct, frozen=True, kw_only=True):
    """How far a read has come. `usn`: the highest of the controller before the read began, so no change is missed."""

    mode: ReadMode
    state: ReadState
    asked: str
    controller: str
    invocation: str
    usn: int
    compared: datetime  # when the last full read began
    stream: int = 0  # DirSync: the kind of objects that is being read, of those in order
    cookies: tuple[str, ...] = ()  # DirSync: of each kind, base64
    since: int = 0  # uSNChanged: all that changed at or before this was told
    deletions: bool = False  # whether the account is told of them

    @property
    def cookie(self) -> bytes:
        """What DirSync goes on from."""
        return b64decode(self.cookies[self.stream])


def as_cursor(place: DomainPlace) -> str:
    """The place as text."""
    return msgspec.json.encode(place).decode()


def place_of(cursor: str) -> DomainPlace:
    """The place that a cursor holds. Raises CursorLost when it holds none."""
    try:
        place = msgspec.json.decode(cursor, type=DomainPlace)
        for cookie in place.cookies:
            b64decode(cookie, validate=True)
    except (msgspec.DecodeError, binascii.Error, ValueError):
        raise CursorLost("The place where the last read of the domain ended cannot be read any more.") from None
    return place


def with_cookie(place: DomainPlace, cookie: bytes, *, more: bool) -> DomainPlace:
    """The place after an answer of DirSync: the same kind goes on while there is more, then the next one."""
    cookies = (*place.cookies[: place.stream], b64encode(cookie).decode(), *place.cookies[place.stream + 1 :])
    stream = place.stream if more else place.stream + 1
    over = stream == len(cookies)
    return msgspec.structs.replace(
        place, cookies=cookies, stream=0 if over else stream, state="over" if over else place.state
    )


def still_good(place: DomainPlace, asked: str, controller: Controller) -> None:
    """Raise CursorLost when a read cannot go on from this place, asked these things of this controller."""
    if place.asked != asked:
        raise CursorLost("The attributes to be read, or the domain, are others than in the last read.")
    if place.controller == controller.name:
        if place.invocation != controller.invocation:
            raise CursorLost(f"The domain controller {controller.name} was restored since the last read.")
        if controller.usn < place.usn:
            raise CursorLost(
                f"The domain controller {controller.name} went back from change {place.usn} to {controller.usn}."
            )
    elif place.mode == "usn":
        raise CursorLost(f"The last read was of the domain controller {place.controller}, not of {controller.name}.")
