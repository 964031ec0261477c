"""Where the provisioning log is passed on to as it is written, and how far each receiver has it.

One setting of the tenant: for each sort of receiver its address and the number of the last event that it was given.
"""

from typing import Literal, TypeAlias

import msgspec

from provisor.database import Connection
from provisor.storage import tenants

Sink: TypeAlias = Literal["file", "syslog"]
SINKS: tuple[Sink, ...] = ("file", "syslog")

_NAME = "logForwarding"


class Receiver(msgspec.Struct, frozen=True):
    """Where to, and the number of the last event that was passed on."""

    address: str
    position: int


def receivers(connection: Connection, tenant: str) -> dict[Sink, Receiver]:
    """What is set; empty when the log is passed on to nobody."""
    text = tenants.setting(connection, tenant, _NAME)
    return {} if text is None else msgspec.json.decode(text, type=dict[Sink, Receiver])


def set_receiver(connection: Connection, tenant: str, sink: Sink, receiver: Receiver | None) -> None:
    """Pass the log on to this receiver from now on; None: to no such one any more."""
    kept = receivers(connection, tenant)
    kept.pop(sink, None)
    if receiver is not None:
        kept[sink] = receiver
    tenants.save_setting(connection, tenant, _NAME, msgspec.json.encode(kept).decode())


def passed(connection: Connection, tenant: str, sink: Sink, receiver: Receiver, position: int) -> None:
    """The receiver has everything up to this event; nothing is kept when another one was set meanwhile."""
    if receivers(connection, tenant).get(sink) == receiver:
        set_receiver(connection, tenant, sink, Receiver(receiver.address, position))
