"""What the processes of one server share: a place for the counts of each, and how much every token may still send.

Memory that is laid out before the processes are forked and gone with the last of them, whatever ends it: nothing is
left on a disk. Parts of it are locked by the kernel's locks on an empty file without a name, which a killed process
loses at once. Used on event loops: a lock is held for microseconds. Order: memory, counts, levels.
"""

import fcntl
import mmap
import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b

from provisor.provider.protocol.throttling import ChangeLevel, Level

_PLACE_BYTES = 65_536  # some 800 combinations of method, resource and status are possible, at 35 bytes each
_HEAD = struct.Struct("=II")  # length, checksum

_NAME_BYTES = 16  # of a token
_LEVEL = struct.Struct(f"={_NAME_BYTES}sdd")  # which token, its level, when that was
_WAYS = 8  # tokens whose names meet; beyond them the one that was used longest ago is forgotten
_SETS = 512
_SET_BYTES = _WAYS * _LEVEL.size


class SharedMemory:
    """Bytes that this process and those forked from it see alike."""

    __slots__ = ("_locks", "bytes")

    def __init__(self, size: int) -> None:
        self.bytes = mmap.mmap(-1, size)
        self._locks = tempfile.TemporaryFile()  # noqa: SIM115 - closing it would let go of every lock

    @contextmanager
    def locked(self, start: int, length: int) -> Iterator[None]:
        """Keep other processes off these bytes; waits for whoever has them."""
        fcntl.lockf(self._locks, fcntl.LOCK_EX, length, start)
        try:
            yield
        finally:
            fcntl.lockf(self._locks, fcntl.LOCK_UN, length, start)


class Board:
    """A place for every process, where it puts a text that all can read."""

    __slots__ = ("_places", "memory")

    def __init__(self, places: int) -> None:
        self._places = places
        self.memory = SharedMemory(places * _PLACE_BYTES)

    def put(self, place: int, text: bytes) -> None:
        """Replace what is in a place; an empty text leaves it empty."""
        if len(text) > _PLACE_BYTES - _HEAD.size:
            return
        start = place * _PLACE_BYTES
        with self.memory.locked(start, _PLACE_BYTES):
            _HEAD.pack_into(self.memory.bytes, start, len(text), zlib.crc32(text))
            self.memory.bytes[start + _HEAD.size : start + _HEAD.size + len(text)] = text

    def others(self, place: int) -> list[bytes]:
        """What is in every place but this one; not what a process left half written when it was killed."""
        found = []
        for start in range(0, self._places * _PLACE_BYTES, _PLACE_BYTES):
            if start == place * _PLACE_BYTES:
                continue
            with self.memory.locked(start, _PLACE_BYTES):
                length, checksum = _HEAD.unpack_from(self.memory.bytes, start)
                text = self.memory.bytes[start + _HEAD.size : start + _HEAD.size + length]
            if text and zlib.crc32(text) == checksum:
                found.append(text)
        return found


class SharedLevels:
    """Levels of tokens that several processes count together; a killed process takes none of them along."""

    __slots__ = ("memory",)

    def __init__(self) -> None:
        self.memory = SharedMemory(_SETS * _SET_BYTES)

    def update(self, token_id: str, change: ChangeLevel) -> None:
        """Put what `change` makes of a token's level in its place, alone; nothing when it raises."""
        key = blake2b(token_id.encode(), digest_size=_NAME_BYTES).digest()
        start = int.from_bytes(key[:4], "big") % _SETS * _SET_BYTES
        with self.memory.locked(start, _SET_BYTES):
            found = self.memory.bytes[start : start + _SET_BYTES]
            known = None
            for way in range(0, _SET_BYTES, _LEVEL.size):
                if found.startswith(key, way):
                    known = Level(*_LEVEL.unpack_from(found, way)[1:])
                    break
            else:
                way = self._free(found)
            _LEVEL.pack_into(self.memory.bytes, start + way, key, *change(known))

    @staticmethod
    def _free(found: bytes) -> int:
        """Where nobody is, or else who was there longest ago."""
        nobody = bytes(_NAME_BYTES)

        def used(way: int) -> tuple[bool, float]:
            name, _, at = _LEVEL.unpack_from(found, way)
            return name != nobody, at

        return min(range(0, _SET_BYTES, _LEVEL.size), key=used)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What one of several processes has of the others."""

    place: int
    board: Board
    levels: SharedLevels
