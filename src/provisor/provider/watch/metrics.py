"""Counts of what a server answered, and their page for Prometheus (text format 0.0.4).

Every process counts its own, under the label `process`, and lets the others of its server know: whichever answers a
scraper tells the counts of all. What it tells of itself it has told the others before, so that no counter runs
backwards when the next scrape meets another process. What the database knows has no such label. Order: counting,
writing.
"""

import os
import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from provisor.provider.watch.sharing import Shared

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"

# Seconds; the short ones are where a request without a commit ends, the long ones where a far query does.
BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_BOUNDS_NS = tuple(int(bound * 1e9) for bound in BOUNDS)
_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE"))

PUBLISH_SECONDS = 1.0  # how old what one process tells of another may be

_Key = tuple[str, str | None, int]


class _Counts(NamedTuple):
    """What one process did since it started."""

    process: int
    started_at: float
    refused_tokens: int
    answered: list[tuple[_Key, int]]
    buckets: list[int]
    nanoseconds: int


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Counts).decode


class Metrics:
    """What one process did since it started. Used on the event loop only. `shared` is what it has of its siblings."""

    __slots__ = ("_answered", "_buckets", "_nanoseconds", "_shared", "started_at")

    def __init__(self, shared: "Shared | None" = None) -> None:
        self._shared = shared
        self._answered: dict[_Key, int] = {}
        self._buckets = [0] * (len(BOUNDS) + 1)
        self._nanoseconds = 0
        self.started_at = time.time()

    def count(self, method: str, kind: str | None, status: int, nanoseconds: int) -> None:
        """Count one answered request."""
        key = (method, kind, status)
        counts = self._answered
        if key in counts:
            counts[key] += 1
        else:
            key = (method if method in _METHODS else "other", kind, status)  # a client may call methods as it likes
            counts[key] = counts.get(key, 0) + 1
        self._buckets[bisect_left(_BOUNDS_NS, nanoseconds)] += 1
        self._nanoseconds += nanoseconds

    def publish(self, refused_tokens: int) -> None:
        """Let the other processes of this server know our counts."""
        if self._shared is not None:
            self._shared.board.put(self._shared.place, _encode(self._counts(refused_tokens)))

    def _counts(self, refused_tokens: int) -> _Counts:
        return _Counts(
            os.getpid(),
            round(self.started_at, 3),
            refused_tokens,
            sorted(self._answered.items(), key=repr),
            self._buckets,
            self._nanoseconds,
        )

    def page(self, gauges: Iterable[tuple[str, str, Mapping[str, str], float]], refused_tokens: int) -> str:
        """The page a scraper reads. `gauges` are what the database knows: name, help, labels, value."""
        self.publish(refused_tokens)
        every = [self._counts(refused_tokens)]
        if self._shared is not None:
            every += [_decode(text) for text in self._shared.board.others(self._shared.place)]
            every.sort()
        lines = _answered(every) + _histogram(every)
        lines += _head("provisor_target_refused_tokens_total", "counter", "Requests with a wrong or missing token.")
        lines += [_sample("provisor_target_refused_tokens_total", _of(one), one.refused_tokens) for one in every]
        lines += _head("provisor_target_start_time_seconds", "gauge", "When this process started, in Unix time.")
        lines += [_sample("provisor_target_start_time_seconds", _of(one), one.started_at) for one in every]
        named: str | None = None
        for name, text, labels, value in gauges:
            if name != named:
                lines += _head(name, "gauge", text)
                named = name
            lines.append(_sample(name, labels, value))
        return "\n".join(lines) + "\n"


def _of(counts: _Counts) -> dict[str, str]:
    return {"process": str(counts.process)}


def _answered(every: Iterable[_Counts]) -> list[str]:
    name = "provisor_target_requests_total"
    lines = _head(name, "counter", "Requests answered.")
    for counts in every:
        for (method, kind, status), number in counts.answered:
            answered = {"method": method, "resource": kind or "", "status": str(status), **_of(counts)}
            lines.append(_sample(name, answered, number))
    return lines


def _histogram(every: Iterable[_Counts]) -> list[str]:
    name = "provisor_target_request_seconds"
    lines = _head(name, "histogram", "How long requests took inside the server.")
    for counts in every:
        total = 0
        for bound, number in zip((*BOUNDS, "+Inf"), counts.buckets, strict=True):
            total += number
            lines.append(_sample(f"{name}_bucket", {"le": f"{bound}", **_of(counts)}, total))
        lines.append(_sample(f"{name}_sum", _of(counts), counts.nanoseconds / 1e9))
        lines.append(_sample(f"{name}_count", _of(counts), total))
    return lines


def _head(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    inner = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{inner}}} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
