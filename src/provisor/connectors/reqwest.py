"""Rust's reqwest, as the package ry brings it to Python, and what must be set before it is imported.

ry reads its settings from the environment, once. By itself it would write to stderr and start a thread a core.
"""

import os

os.environ["RYLOG"] = "00"  # the level OFF; ry takes "off" and "0" for unset, and then warns on stderr
os.environ.setdefault("TOKIO_WORKER_THREADS", "1")  # the loop's thread is the busy one; more cost CPU and memory

from ry import Certificate, Client, Duration, Headers, Proxy, ReqwestError, Response

__all__ = ["Certificate", "Client", "Duration", "Headers", "Proxy", "ReqwestError", "Response", "used_here"]

_used_in: int | None = None


def used_here() -> None:
    """To be called before a client is made. Raises RuntimeError in a process forked off one that made requests.

    The thread that carries requests stays behind in the parent; in the child they would wait for ever.
    """
    global _used_in
    if _used_in not in (None, os.getpid()):
        raise RuntimeError("This process was forked off one that had sent requests; start it anew (spawn) instead.")
    _used_in = os.getpid()
