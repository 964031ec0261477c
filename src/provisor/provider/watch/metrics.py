"""Counts of what a server answered, and their page for Prometheus (text format 0.0.4).

Every process counts its own, under the label `process`. What the database knows has no such label: every server on it
tells the same. Order: counting, writing.
"""

import os
import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"

# Seconds; the short ones are where a request without a commit ends, the long ones where a far query does.
BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_BOUNDS_NS = tuple(int(bound * 1e9) for bound in BOUNDS)
_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE"))

_SeriesKey = tuple[str, str | None, int]


class Metrics:
    """What this process did since it started. Used on the event loop only."""

    __slots__ = ("_answered", "_buckets", "_nanoseconds", "started_at")

    def __init__(self) -> None:
        self._answered: dict[_SeriesKey, int] = {}
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

    def page(self, gauges: Iterable[tuple[str, str, Mapping[str, str], float]], refused_tokens: int) -> str:
        """The page a scraper reads. `gauges` are what the database knows: name, help, labels, value."""
        own = {"process": str(os.getpid())}
        lines = self._answered_lines(own) + self._histogram_lines(own)
        lines += _head("provisor_target_refused_tokens_total", "counter", "Requests with a wrong or missing token.")
        lines.append(_sample("provisor_target_refused_tokens_total", own, refused_tokens))
        lines += _head("provisor_target_start_time_seconds", "gauge", "When this process started, in Unix time.")
        lines.append(_sample("provisor_target_start_time_seconds", own, round(self.started_at, 3)))
        named: str | None = None
        for name, text, labels, value in gauges:
            if name != named:
                lines += _head(name, "gauge", text)
                named = name
            lines.append(_sample(name, labels, value))
        return "\n".join(lines) + "\n"

    def _answered_lines(self, own: Mapping[str, str]) -> list[str]:
        name = "provisor_target_requests_total"
        lines = _head(name, "counter", "Requests answered.")
        for (method, kind, status), number in sorted(self._answered.items(), key=repr):
            answered = {"method": method, "resource": kind or "", "status": str(status), **own}
            lines.append(_sample(name, answered, number))
        return lines

    def _histogram_lines(self, own: Mapping[str, str]) -> list[str]:
        name = "provisor_target_request_seconds"
        lines = _head(name, "histogram", "How long requests took inside the server.")
        total = 0
        for bound, number in zip((*BOUNDS, "+Inf"), self._buckets, strict=True):
            total += number
            lines.append(_sample(f"{name}_bucket", {"le": f"{bound}", **own}, total))
        lines.append(_sample(f"{name}_sum", own, self._nanoseconds / 1e9))
        lines.append(_sample(f"{name}_count", own, total))
        return lines


def _head(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    inner = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{inner}}} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
