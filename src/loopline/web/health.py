"""Whether this process serves, and how it is doing: for whoever watches over it."""

import math
from typing import Any

import psycopg
from litestar import Response, get
from litestar.enums import MediaType
from litestar.exceptions import NotFoundException
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE
from psycopg_pool import PoolTimeout

from loopline import stock
from loopline.web.edge import Edge, WebRequest, edge_of
from loopline.web.metrics import CONTENT_TYPE


@get("/healthz", sync_to_thread=True)
def show_health(request: WebRequest) -> Response[dict[str, Any]]:
    """Tell whether the database answers; 503 while it does not."""
    try:
        with edge_of(request).database.reading() as conn:
            conn.execute("select 1")
    except (psycopg.Error, PoolTimeout):
        return Response({"status": "database away"}, status_code=HTTP_503_SERVICE_UNAVAILABLE)
    return Response({"status": "ok"}, status_code=HTTP_200_OK)


@get("/metrics", sync_to_thread=True)
def show_metrics(request: WebRequest) -> Response[bytes]:
    """Tell what was measured in this process since it started, and how late the house is with what ran out."""
    edge = edge_of(request)
    if not edge.settings.shows_metrics:
        raise NotFoundException
    edge.metrics.holds_overdue_seconds.set(_overdue_seconds(edge))
    return Response(edge.metrics.exposition(), media_type=CONTENT_TYPE or MediaType.TEXT)


def _overdue_seconds(edge: Edge) -> float:
    """Seconds since the first hold ran out that is still there; not a number while the database is away."""
    try:
        with edge.database.reading() as conn:
            first = stock.next_expiry(conn)
    except (psycopg.Error, PoolTimeout):
        return math.nan
    return max(0.0, (edge.clock() - first).total_seconds()) if first else 0.0
