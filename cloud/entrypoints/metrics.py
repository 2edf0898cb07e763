"""What the cloud measures of itself, in Prometheus' format at /metrics.

What happens is counted where it happens (`Meters`); how things stand is asked when somebody looks
(`Standing`). Names of people, plates and bookings are no labels.
"""

from collections import Counter as Counts
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

Samples = Mapping[str, float]
COMMIT_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
ACK_S = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 30.0)
SWEEP_S = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 300.0)


class Meters:
    """One cloud's, in a registry of its own: two in one process must not add up."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.commit = Histogram(
            "berth_commit_seconds",
            "A group of messages, from its transaction's begin to its commit.",
            buckets=COMMIT_S,
            registry=self.registry,
        )
        self.ack = Histogram(
            "berth_ack_seconds",
            "From an event's arrival to its acknowledgement, after the commit.",
            buckets=ACK_S,
            registry=self.registry,
        )
        self.sweep = Histogram(
            "berth_sweep_seconds",
            "One turn of a sweep.",
            ("sweep",),
            buckets=SWEEP_S,
            registry=self.registry,
        )
        self.sweep_failed = Counter(
            "berth_sweep_failures",
            "Turns that raised an error.",
            ("sweep",),
            registry=self.registry,
        )


# By identity: a registry keeps it in a set.
@dataclass(frozen=True, slots=True, eq=False)
class Standing(Collector):
    """`messages`, `shed`: counted by the wire, by result and by kind. `gauges`: (name, help, label,

    values by label) of how things stand; asked at each look, empty while the database is away.
    """

    messages: Counts[str]
    shed: Counts[str]
    gauges: Callable[[], Iterable[tuple[str, str, str, Samples]]]

    def collect(self) -> Iterable[Metric]:
        counted = (
            ("berth_messages", "Messages of gateways, by what became of them.", "result"),
            ("berth_shed", "Messages that the full inbox did not take.", "kind"),
        )
        for (name, text, label), counts in zip(counted, (self.messages, self.shed)):
            family = CounterMetricFamily(name, text, labels=(label,))
            for key, count in sorted(counts.items()):
                family.add_metric((key,), count)
            yield family
        for name, text, label, values in self.gauges():
            gauge = GaugeMetricFamily(name, text, labels=(label,) if label else ())
            for key, value in sorted(values.items()):
                gauge.add_metric((key,) if label else (), value)
            yield gauge


def add_metrics(app: FastAPI, meters: Meters, standing: Standing) -> None:
    meters.registry.register(standing)

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(generate_latest(meters.registry), media_type=CONTENT_TYPE_LATEST)
