"""Measures every request: how many, of which route, with which status, how long to the first byte."""

import time

from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import Counter

from loopline.web.edge import Edge
from loopline.web.metrics import Metrics

_STARTED = "loopline_started"
_NO_ROUTE = "none"


class RouteMeasures:
    """The measurements of one route that is answered outside of the application's own way."""

    def __init__(self, metrics: Metrics, method: str, route: str) -> None:
        self._requests = metrics.requests
        self._method, self._route = method, route
        self._seconds = metrics.request_seconds.labels(route)
        self._by_status: dict[int, Counter] = {}

    def count(self, status: int, seconds: float) -> None:
        """Count one answer."""
        counted = self._by_status.get(status)
        if counted is None:
            counted = self._by_status[status] = self._requests.labels(self._method, self._route, str(status))
        counted.inc()
        self._seconds.observe(seconds)


class Measured(ASGIMiddleware):
    """Notes when a request arrived at its route."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass on, with the time noted."""
        scope["state"][_STARTED] = time.perf_counter()
        await next_app(scope, receive, send)


async def count_answer(message: Message, scope: Scope) -> None:
    """Count an answer as it leaves, errors included; what found no route is counted as one."""
    if message["type"] != "http.response.start" or scope["type"] != "http":
        return
    edge = scope["litestar_app"].state["edge"]
    assert isinstance(edge, Edge)
    route = scope.get("path_template") or _NO_ROUTE
    edge.metrics.requests.labels(scope["method"], route, str(message["status"])).inc()
    started = scope["state"].get(_STARTED)
    if started is not None:
        edge.metrics.request_seconds.labels(route).observe(time.perf_counter() - started)
