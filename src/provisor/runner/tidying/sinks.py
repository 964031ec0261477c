"""Who the provisioning log can be passed on to: a file of JSON lines, and syslog (RFC 5424) by datagrams.

A file is opened for every batch, so that one that was moved away (by logrotate, say) is begun anew. What goes to syslog
leaves out the exchange, and steps and values too where a datagram would be too long for them.
"""

import errno
import os
import socket
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from provisor.scim.values import Json
from provisor.storage.forwarding import Sink
from provisor.storage.log import LoggedEvent

Syslog = tuple[socket.AddressFamily, str | tuple[str, int]]

_FACILITY_LOCAL0 = 16
_SEVERITIES: Final[Mapping[str, int]] = {"failure": 3, "warning": 4}  # error, warning; all others informational
_INFORMATIONAL = 6
_PATIENCE_SECONDS = 2.0  # for a syslog daemon whose queue is full
_LEFT_OUT: Final = (("exchange",), ("exchange", "provisioningSteps", "modifiedProperties"))

_encode = msgspec.json.Encoder().encode


def syslog_address(text: str) -> Syslog:
    """`unix:PATH` or `udp:HOST:PORT` as a socket takes it. Raises ValueError with a sentence for anything else."""
    kind, _, rest = text.partition(":")
    if kind == "unix" and rest.startswith("/"):
        return socket.AF_UNIX, rest
    host, _, port = rest.rpartition(":")
    if kind == "udp" and host and port.isdecimal() and 0 < int(port) < 65_536:
        host = host.removeprefix("[").removesuffix("]")
        return socket.AF_INET6 if ":" in host else socket.AF_INET, (host, int(port))
    raise ValueError(f"{text!r} is no address of a syslog: write unix:/dev/log or udp:HOST:PORT.")


def send(sink: Sink, address: str, events: Sequence[LoggedEvent]) -> None:
    """Pass these events on. Raises OSError when that fails; some of them may have arrived then."""
    if sink == "file":
        _append(Path(address), events)
    else:
        _tell_syslog(syslog_address(address), events)


def _append(path: Path, events: Sequence[LoggedEvent]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(_encode(event.document) + b"\n" for event in events)
        file.flush()
        os.fsync(file.fileno())


def _tell_syslog(address: Syslog, events: Sequence[LoggedEvent]) -> None:
    family, where = address
    with socket.socket(family, socket.SOCK_DGRAM) as channel:
        channel.settimeout(_PATIENCE_SECONDS)
        channel.connect(where)
        for event in events:
            _send_one(channel, event)


def _send_one(channel: socket.socket, event: LoggedEvent) -> None:
    for left_out in _LEFT_OUT:
        try:
            channel.send(message(event, left_out))
        except OSError as error:
            if error.errno == errno.EMSGSIZE and left_out is not _LEFT_OUT[-1]:
                continue
            raise
        return


def message(event: LoggedEvent, left_out: Sequence[str]) -> bytes:
    """One event as RFC 5424 has it: facility local0, the severity of its outcome, JSON as the text."""
    document: dict[str, Json] = {name: value for name, value in event.document.items() if name not in left_out}
    priority = _FACILITY_LOCAL0 * 8 + _SEVERITIES.get(event.status, _INFORMATIONAL)
    at = datetime.fromisoformat(str(event.document["activityDateTime"])).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    head = f"<{priority}>1 {at} {socket.gethostname() or '-'} provisor {os.getpid()} provisioning - "
    return head.encode("ascii", "replace") + _encode(document)
