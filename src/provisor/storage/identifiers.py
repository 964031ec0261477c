"""New ids: GUID text in the order of time (RFC 9562 version 7), so that new rows are appended to their index.

Reads a clock and the system's randomness by itself: an id is not a fact that anything is decided by. Two ids made
within a quarter of a microsecond may stand in either order.
"""

import os
import time

_NANOSECONDS_A_MILLISECOND = 1_000_000


def new_id() -> str:
    """A GUID that nobody has, greater as text than those made before it."""
    milliseconds, rest = divmod(time.time_ns(), _NANOSECONDS_A_MILLISECOND)
    # 48 bits of milliseconds, 4 of version, 12 of the millisecond's fraction, 2 of variant, 62 of chance.
    fraction = (rest << 12) // _NANOSECONDS_A_MILLISECOND
    chance = int.from_bytes(os.urandom(8), "big") >> 2
    text = f"{(milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | chance:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
