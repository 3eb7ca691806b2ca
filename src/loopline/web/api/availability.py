"""What can be had where: for shop windows, so it is open to all; who is no colleague sees no more than a few."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.web.api.answers import PROBLEMS, AnyRequest, granted
from loopline.web.api.caller import Caller
from loopline.web.api.types import Code
from loopline.web.availability import Availability, AvailabilityAsk
from loopline.web.edge import edge_of

_NOBODY = Scope()
_TAG = "stock"

OfSkus = Annotated[
    list[Code],
    QueryParameter(
        name="sku_code", min_items=1, max_items=50, description="Of these SKUs; repeat it for more."
    ),
]
AtSites = Annotated[
    list[Code] | None,
    QueryParameter(name="site_code", max_items=50, description="At these sites; at any where none is said."),
]
ByChannel = Annotated[
    Code | None,
    QueryParameter(name="channel", description="Also what this channel can have delivered."),
]


@get(
    "/availability",
    tags=[_TAG],
    operation_id="show_availability",
    responses=dict(PROBLEMS),
    security=[{}, {"bearer": []}],
)
async def show_availability(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    sku_codes: OfSkus,
    site_codes: AtSites = None,
    channel: ByChannel = None,
) -> Availability:
    """Show what can be had of SKUs, by site and by delivery. Only a hold is a promise: this is true when it is said.

    Numbers are exact within the branch where a caller may read stock; anybody else sees stores, and at most ten.
    """
    return granted(
        await edge_of(request).availability.submit(availability_ask(caller, sku_codes, site_codes, channel))
    )


def availability_ask(
    caller: Caller, sku_codes: list[str], site_codes: list[str] | None, channel: str | None
) -> AvailabilityAsk:
    """Make what a caller asks into what is read."""
    return AvailabilityAsk(
        sku_codes=tuple(sku_codes),
        site_codes=None if site_codes is None else tuple(site_codes),
        channel=channel,
        scope=caller.branches.get(Permission.STOCK_READ, _NOBODY),
    )


AVAILABILITY_HANDLERS = [show_availability]
