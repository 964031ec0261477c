"""Rust's reqwest, as the package ry brings it to Python, and what must be set before it is imported.

ry reads its settings from the environment, once. By default it would write to stderr and start a thread per core.
"""

import os

os.environ["RYLOG"] = "00"  # the level OFF; ry takes "off" and "0" for unset, and then warns on stderr
os.environ.setdefault("TOKIO_WORKER_THREADS", "1")  # the loop's thread is the busy one; more would cost CPU and memory

from ry import BlockingClient, Certificate, Client, Duration, Headers, Proxy, ReqwestError, Response

# The library has no word for "no proxy": one that no address uses keeps it from reading the environment.
NO_PROXY = Proxy.all("http://127.0.0.1:9", no_proxy="*,0.0.0.0/0,::/0")

__all__ = [
    "NO_PROXY",
    "BlockingClient",
    "Certificate",
    "Client",
    "Duration",
    "Headers",
    "ReqwestError",
    "Response",
    "used_here",
]

_used_in: int | None = None


def used_here() -> None:
    """To be called before a client is made. Raises RuntimeError in a process forked from one that made requests.

    The thread that carries requests stays behind in the parent; in the child they would wait forever.
    """
    global _used_in
    if _used_in not in (None, os.getpid()):
        raise RuntimeError("This process was forked from one that had sent requests; start a new one (spawn) instead.")
    _used_in = os.getpid()
