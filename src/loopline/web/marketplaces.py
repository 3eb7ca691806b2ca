"""Marketplaces that open what they sealed of buyers: those this process is connected to, and the demo's own."""

from collections.abc import Mapping
from typing import cast

from litestar import Litestar, asgi
from litestar.exceptions import NotFoundException
from litestar.types import Receive, Scope, Send

from loopline.buyers import Platform
from loopline.channels.sandbox_sealing import MOUNT_PATH, NAME, Market, SandboxMarket, market_settings
from loopline.web.edge import Edge, WebRequest, edge_of

PLATFORMS_STATE = "platforms"
"""Where the application holds the platforms it is connected to, by name."""
_MARKET_STATE = "sandbox_sealing"


def platforms_of(request: WebRequest) -> Mapping[str, Platform]:
    """Return the platforms by name; where none were given the demo has one of its own, reached over HTTP."""
    state = request.app.state
    if PLATFORMS_STATE not in state:
        market = _market_of(request.app, edge_of(request))
        state[PLATFORMS_STATE] = {NAME: SandboxMarket(market.settings)} if market is not None else {}
    return cast("Mapping[str, Platform]", state[PLATFORMS_STATE])


@asgi(MOUNT_PATH, is_mount=True, copy_scope=True)
async def sandbox_sealing(scope: Scope, receive: Receive, send: Send) -> None:
    """Be the demo's marketplace, beside the pages."""
    app = scope["litestar_app"]
    edge = app.state["edge"]
    assert isinstance(edge, Edge)
    market = _market_of(app, edge)
    if market is None:
        raise NotFoundException
    scope["state"] = {}  # what the other application remembered of the request is not the marketplace's
    await market.app(scope, receive, send)


def _market_of(app: Litestar, edge: Edge) -> Market | None:
    """Make the demo's marketplace once; None where the data are real."""
    settings = edge.settings
    if settings.demo is None or not settings.public_url:
        return None
    if _MARKET_STATE not in app.state:
        known = market_settings(settings.data_directory, settings.public_url)
        app.state[_MARKET_STATE] = Market(known, clock=edge.clock)
    return cast("Market", app.state[_MARKET_STATE])
