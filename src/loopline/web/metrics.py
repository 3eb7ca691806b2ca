"""What /metrics tells: how much is asked, how long it takes, how the live boards are doing. No person's data."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """The measurements of one process, in a registry of its own, or the one that what runs beside it measures into."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self.requests = Counter(
            "loopline_http_requests",
            "Requests answered, by method, route and status.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "loopline_http_request_seconds",
            "From the request's arrival to the first byte of the answer.",
            ["route"],
            registry=self.registry,
        )
        self.board_watchers = Gauge(
            "loopline_board_watchers", "Streams of the live board that are open.", registry=self.registry
        )
        self.board_read_seconds = Histogram(
            "loopline_board_read_seconds", "Reading one live board.", registry=self.registry
        )
        self.board_failures = Counter(
            "loopline_board_failures", "Live boards that could not be read.", registry=self.registry
        )
        self.holds_overdue_seconds = Gauge(
            "loopline_holds_overdue_seconds",
            "How long ago the oldest hold ran out that was not given back yet, read when this is told. Where a gateway"
            " was asked and has not answered, holds wait for it.",
            registry=self.registry,
        )
        self.meetings = Counter(
            "loopline_rivals_met",
            "Commands that met a rival in the database and were begun again.",
            registry=self.registry,
        )

    def exposition(self) -> bytes:
        """Write all measurements in Prometheus' text format."""
        return generate_latest(self.registry)
