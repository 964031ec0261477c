"""The service in the text format of Prometheus: what the database knows and what this process has counted.

Labels are ids of jobs, names of applications and words of ours; how many there are is bounded by the jobs there are.
reference/metrics.md lists every metric. Order: the page, of the database, of the process.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from itertools import accumulate

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from provisor.admin.actor import Actor
from provisor.admin.health import Health, Histogram, JobFigures, Pulse, ServiceFigures, Tally
from provisor.monitoring.source_metrics import of_source_tally, of_sources

CONTENT_TYPE = CONTENT_TYPE_LATEST
Figure = Callable[[JobFigures], float]


class ServiceMetrics(Collector):
    """Collects when it is asked."""

    def __init__(self, health: Health, actor: Actor, pulse: Pulse) -> None:
        self._health = health
        self._actor = actor
        self._pulse = pulse
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def page(self) -> bytes:
        """All of it."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing: what is collected is known when it is."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every metric once."""
        build = GaugeMetricFamily("provisor_build_info", "The version that runs.", labels=["version"])
        build.add_metric([version("provisor")], 1)
        yield build
        yield GaugeMetricFamily(
            "provisor_scheduler_beat_seconds",
            "How long ago the loop of the service last beat.",
            value=self._pulse.age_seconds,
        )
        yield from of_figures(self._health.figures(self._actor))
        yield from of_tally(self._health.tally)
        yield from of_source_tally(self._health.tally)


def of_figures(figures: ServiceFigures) -> Iterator[Metric]:
    """What the database knows, the same whichever process is asked."""
    size = "Size of the database's file, without its write-ahead log."
    yield GaugeMetricFamily("provisor_database_bytes", size, value=figures.database_bytes)
    lag = GaugeMetricFamily(
        "provisor_log_forwarding_lag_events", "Events that a receiver of the log lacks.", labels=["receiver"]
    )
    for receiver, number in figures.forwarding_lag.items():
        lag.add_metric([receiver], number)
    yield lag
    yield _info(figures.jobs)
    yield _gauge("provisor_job_running", "1 while a cycle of the job is under way.", figures.jobs, _running)
    yield _gauge("provisor_job_quarantined", "1 while the job is in quarantine.", figures.jobs, _quarantined)
    yield _gauge("provisor_job_behind_seconds", "How long ago the job should have begun.", figures.jobs, _behind)
    yield _gauge("provisor_feed_lag_changes", "Change numbers that the job has not passed.", figures.jobs, _lag)
    yield _gauge("provisor_escrow_objects", "Objects that failed and are tried again.", figures.jobs, _escrow)
    yield _gauge("provisor_held_deletions", "Accounts and groups held back from going.", figures.jobs, _held)
    queue = GaugeMetricFamily("provisor_queue_operations", "Operations left to do.", labels=["job", "state"])
    for one in figures.jobs:
        for state in ("planned", "sent", "left", "waiting"):
            queue.add_metric([one.job.id, state], one.measured.queue[state])
    yield queue
    yield _events(figures.jobs)
    yield from of_sources(figures.sources)


def _info(jobs: Iterable[JobFigures]) -> Metric:
    info = GaugeMetricFamily(
        "provisor_job_info", "The job, its application and state.", labels=["job", "application", "schedule", "status"]
    )
    for one in jobs:
        info.add_metric([one.job.id, one.application, one.job.schedule_state, one.job.status_code], 1)
    return info


def _gauge(name: str, text: str, jobs: Iterable[JobFigures], value: Figure) -> Metric:
    gauge = GaugeMetricFamily(name, text, labels=["job"])
    for one in jobs:
        gauge.add_metric([one.job.id], value(one))
    return gauge


def _events(jobs: Iterable[JobFigures]) -> Metric:
    """Without their codes, of which there are many."""
    events = CounterMetricFamily(
        "provisor_events", "Events of the provisioning log, ever.", labels=["job", "kind", "action", "status"]
    )
    for one in jobs:
        numbers: Counter[tuple[str, str, str]] = Counter()
        for key, number in one.counted:
            numbers[key.kind, key.action, key.status] += number
        for labels, number in sorted(numbers.items()):
            events.add_metric([one.job.id, *labels], number)
    return events


def of_tally(tally: Tally) -> Iterator[Metric]:
    """What this process has counted since it began."""
    requests = CounterMetricFamily(
        "provisor_requests",
        "Requests to applications, by the status of the answer, none when there was none.",
        labels=["job", "method", "status"],
    )
    for labels, number in sorted(dict(tally.requests).items()):
        requests.add_metric(list(labels), number)
    yield requests
    yield _histogram("provisor_request_seconds", "How long requests took.", ["job", "method"], tally.request_seconds)
    cycles = CounterMetricFamily("provisor_cycles", "Cycles that ended.", labels=["job", "kind", "state"])
    for labels, number in sorted(dict(tally.cycles).items()):
        cycles.add_metric(list(labels), number)
    yield cycles
    yield _histogram("provisor_cycle_seconds", "How long cycles took.", ["job", "kind"], tally.cycle_seconds)


def _histogram(
    name: str, text: str, labels: list[str], found: Mapping[tuple[str, str], Histogram]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, text, labels=labels)
    for key, one in sorted(dict(found).items()):
        up_to = list(accumulate(one.numbers))
        bounds = [*(f"{bound:g}" for bound in one.bounds), "+Inf"]
        family.add_metric(list(key), list(zip(bounds, up_to, strict=True)), one.seconds)
    return family


def _running(one: JobFigures) -> float:
    return float(one.running)


def _quarantined(one: JobFigures) -> float:
    return float(one.job.status_code == "Quarantine")


def _behind(one: JobFigures) -> float:
    return one.behind_seconds


def _lag(one: JobFigures) -> float:
    return float(one.measured.lag)


def _held(one: JobFigures) -> float:
    return float(one.measured.held)


def _escrow(one: JobFigures) -> float:
    return float(one.measured.escrow)
