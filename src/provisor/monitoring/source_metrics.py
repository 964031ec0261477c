"""Sources in the text format of Prometheus: what the database knows of them, and what this process has counted."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from provisor.admin.health import SourceFigures, Tally


def of_sources(sources: Iterable[SourceFigures]) -> Iterator[Metric]:
    """What the database knows."""
    figures = [*sources]
    info = GaugeMetricFamily(
        "provisor_source_info", "The source, its kind and state.", labels=["source", "name", "kind", "state", "staging"]
    )
    for one in figures:
        source = one.source
        staging = "on" if source.staging else "off"
        info.add_metric([source.id, source.name, source.kind, source.schedule_state, staging], 1)
    yield info
    for name, text, value in _GAUGES:
        gauge = GaugeMetricFamily(name, text, labels=["source"])
        for one in figures:
            found = value(one)
            if found is not None:
                gauge.add_metric([one.source.id], found)
        yield gauge
    feeds = GaugeMetricFamily("provisor_source_objects", "Objects that the source feeds.", labels=["source", "kind"])
    for one in figures:
        for kind, number in sorted(one.feeds.items()):
            feeds.add_metric([one.source.id, kind], number)
    yield feeds


def of_source_tally(tally: Tally) -> Iterator[Metric]:
    """What this process has counted since it began."""
    runs = CounterMetricFamily("provisor_source_runs", "Runs that ended.", labels=["source", "kind", "state"])
    for labels, number in sorted(dict(tally.source_runs).items()):
        runs.add_metric(list(labels), number)
    yield runs
    records = CounterMetricFamily("provisor_source_records", "What runs did.", labels=["source", "what"])
    for key, number in sorted(dict(tally.source_records).items()):
        records.add_metric(list(key), number)
    yield records


_GAUGES: tuple[tuple[str, str, Callable[[SourceFigures], float | None]], ...] = (
    ("provisor_source_running", "1 while the source is read.", lambda one: float(one.running)),
    ("provisor_source_failures", "Runs that failed one after another.", lambda one: one.source.failures),
    ("provisor_source_behind_seconds", "How long ago it should have been read.", lambda one: one.behind_seconds),
    ("provisor_source_fresh_seconds", "How long ago a run last ended well.", lambda one: one.fresh_seconds),
    (
        "provisor_source_held_deletions",
        "Users and groups whose deletion waits for a decision.",
        lambda one: 0 if one.source.held is None else one.source.held.total,
    ),
)
