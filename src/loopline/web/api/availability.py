"""What can be had where: for shop windows, so it is open to all; who is no colleague sees no more than a few."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from loopline import catalogue, org, stock
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import SkuId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import Scope
from loopline.orders.channels import channels_by_code
from loopline.org import Permission, Site, UnitKind
from loopline.processes.quotas import events_of
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import told
from loopline.web.api.types import Code

SHOWN_TO_ALL_MAX = 10
_ROWS_MAX = 1_000
_NOBODY = Scope()
_TAG = "stock"
# Where a customer can go and take goods away.
_OPEN_PLACES = frozenset({UnitKind.STORE, UnitKind.MALL})

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


class SiteUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU that can be had at a site. `is_capped` says that there are that many or more."""

    sku_code: str
    site_code: str
    units: int
    is_capped: bool


class DeliverableUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU that a channel can promise to deliver. `is_capped` says that there are that many or more."""

    sku_code: str
    units: int
    is_capped: bool


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """What can be had now: at sites (those with none left out), and by delivery where a channel was named."""

    at: datetime
    sites: list[SiteUnits]
    deliverable: list[DeliverableUnits]


@told("/availability", tag=_TAG, name="show_availability", open_to_all=True)
def show_availability(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    sku_codes: OfSkus,
    site_codes: AtSites = None,
    channel: ByChannel = None,
) -> Availability:
    """Show what can be had of SKUs, by site and by delivery. Only a hold is a promise: this is true when it is said.

    Numbers are exact within the branch where a caller may read stock; anybody else sees stores, and at most ten.
    """
    scope = caller.branches.get(Permission.STOCK_READ, _NOBODY)

    def look(conn: Conn, now: datetime) -> Availability:
        found = catalogue.skus_by_code(conn, sku_codes).values()
        skus = {sku.id: sku for sku in found if sku.is_active}
        return Availability(
            at=now,
            sites=_at_sites(conn, skus, site_codes, scope=scope),
            deliverable=[] if channel is None else _deliverable(conn, skus, channel, scope=scope, now=now),
        )

    return read(request, look)


def _at_sites(
    conn: Conn, skus: Mapping[SkuId, Sku], site_codes: Sequence[str] | None, *, scope: Scope
) -> list[SiteUnits]:
    named = None if site_codes is None else org.sites_by_code(conn, site_codes).values()
    rows = stock.sellable_at_sites(
        conn,
        list(skus),
        site_ids=None if named is None else [site.id for site in named],
        at_most=_ROWS_MAX,
    )
    sites = org.sites_by_id(conn, {row.site_id for row in rows})
    shown: list[SiteUnits] = []
    for row in rows:
        site = sites.get(row.site_id)
        if site is None or not _is_shown(site, scope=scope):
            continue
        units, is_capped = _shown(row.units, is_exact=scope.covers_site(site.id))
        shown.append(
            SiteUnits(sku_code=skus[row.sku_id].code, site_code=site.code, units=units, is_capped=is_capped)
        )
    return shown


def _is_shown(site: Site, *, scope: Scope) -> bool:
    return site.unit_kind in _OPEN_PLACES or scope.covers_site(site.id)


def _shown(units: int, *, is_exact: bool) -> tuple[int, bool]:
    return (units, False) if is_exact or units < SHOWN_TO_ALL_MAX else (SHOWN_TO_ALL_MAX, True)


def _deliverable(
    conn: Conn, skus: Mapping[SkuId, Sku], channel: str, *, scope: Scope, now: datetime
) -> list[DeliverableUnits]:
    terms = channels_by_code(conn).get(channel)
    if terms is None:
        raise Refused(NoSuchThing(noun="channel", value=channel))
    sku_ids: Collection[SkuId] = list(skus)
    rooms = stock.room_of_events(
        conn, terms.network_node_id, list(sku_ids), events=events_of(channel, None), now=now
    )
    shown: list[DeliverableUnits] = []
    for room in rooms:
        units, is_capped = _shown(room.room, is_exact=scope.everything)
        shown.append(DeliverableUnits(sku_code=skus[room.sku_id].code, units=units, is_capped=is_capped))
    return shown


AVAILABILITY_HANDLERS = [show_availability]
