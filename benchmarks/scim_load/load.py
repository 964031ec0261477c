"""The load: prepared requests over a few kept-open loopback connections, each sent when the last was answered.

One epoll loop over plain sockets, because the generator shares two cores with the server: about 10 µs a request, the
same for every server. Answers must carry a Content-Length; one with an unexpected status ends the run.
"""

import select
import socket
import time
from typing import NamedTuple

RECEIVE_BYTES = 1 << 18
HEAD_BYTES = 2_048  # of an answer are kept to look into


class Outcome(NamedTuple):
    """One phase against one server. Latencies in milliseconds; `kept` what was asked to be kept of each answer."""

    requests: int
    seconds: float
    p50: float
    p99: float
    slowest: float
    kept: list
    background: list  # latencies of the request that was repeated beside it

    @property
    def rate(self):
        return self.requests / self.seconds


class _Lane:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.missing = 0
        self.background = False
        self.head = b""

    def begin(self, number, request):
        self.number = number
        self.sent = time.perf_counter()
        self.socket.sendall(request)

    def receive(self):
        """Whether the answer is complete; its first bytes are in `head`."""
        data = self.socket.recv(RECEIVE_BYTES)
        if not data:
            raise SystemExit("A server closed a connection in the middle of a phase.")
        if self.missing:
            self.missing -= len(data)
            if len(self.head) < HEAD_BYTES:
                self.head += data
            return self.missing == 0
        self.head = data
        end = data.index(b"\r\n\r\n")
        at = data[:end].lower().find(b"content-length:")
        length = int(data[at + 15 : end].split(b"\r\n", 1)[0]) if at >= 0 else 0
        self.missing = end + 4 + length - len(data)
        return self.missing == 0


def drive(port, requests, expected, *, connections=8, keep=None, beside=None):
    """Send all requests; `beside` is repeated on a connection of its own until they are answered."""
    lanes = {}
    poll = select.epoll()
    for _ in range(min(connections, len(requests)) + (beside is not None)):
        lane = _Lane(port)
        lanes[lane.socket.fileno()] = lane
        poll.register(lane.socket, select.EPOLLIN)
    latencies, background, kept = [], [], [None] * len(requests)
    waiting = iter(enumerate(requests))
    left = len(requests)
    order = list(lanes.values())
    if beside is not None:
        order[-1].background = True
    started = time.perf_counter()
    for lane in order:
        lane.begin(*((-1, beside) if lane.background else next(waiting)))
    while left:
        for number, _ in poll.poll():
            lane = lanes[number]
            if not lane.receive():
                continue
            took = time.perf_counter() - lane.sent
            if not lane.head[9:12].startswith(expected) and not lane.background:
                raise SystemExit(f"Not {expected!r} but {lane.head[:600]!r} to {requests[lane.number][:300]!r}")
            if lane.background:
                background.append(took * 1000)
                lane.begin(-1, beside)
                continue
            latencies.append(took)
            if keep is not None:
                kept[lane.number] = keep(lane.head)
            left -= 1
            following = next(waiting, None)
            if following is not None:
                lane.begin(*following)
    seconds = time.perf_counter() - started
    for lane in order:
        lane.socket.close()
    poll.close()
    latencies.sort()
    p50, p99 = (latencies[int(len(latencies) * part)] * 1000 for part in (0.5, 0.99))
    return Outcome(len(requests), seconds, p50, p99, latencies[-1] * 1000, kept, sorted(background))


def request(method, path, *, token="", body=b""):
    """The bytes of one request."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    if body:
        head += f"Content-Type: application/scim+json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body
