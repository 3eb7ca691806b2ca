"""Where goods lie and how they are sold: the tree of stock, the channels, what sites can do and what parcels cost."""

from collections.abc import Mapping
from datetime import datetime

from loopline.channels.online_retail.drafts import TILL, WEB
from loopline.db import Conn
from loopline.fulfilment.photos import Demand, PhotoCause, SetPhotoRule, set_photo_rules
from loopline.kernel.ids import EntityId, NodeId, SiteId, uuid7s
from loopline.orders import ChannelTerms, put_channels
from loopline.processes.outcomes import all_granted
from loopline.simulator.replay.places import CURRENCY, PLACES, WAREHOUSE, Place
from loopline.sourcing.model import SiteCost
from loopline.sourcing.service import set_site_costs
from loopline.stock import NewNode, NodeKind, add_nodes

# A parcel from the warehouse is cheap to pack and far to bring; a store is the other way round.
_WAREHOUSE_HANDLING_MINOR = 120
_STORE_HANDLING_MINOR = 210
_HUNDRED_KILOMETRES_MINOR = 60
_KILOGRAM_MINOR = 35
_SET_BY = "replay"
_DEAR_MINOR = 1


def plant_stock_tree(
    conn: Conn, *, sites: Mapping[str, SiteId], entities: Mapping[str, EntityId], now: datetime
) -> NodeId:
    """Hang every site's goods under one network under the brand; return the network.

    The dealers have agreed that the brand may promise their goods too: all leaves hang in the same network.
    """
    ids = [NodeId(made) for made in uuid7s(now, 2 + 2 * len(PLACES))]
    brand, network = ids[:2]
    nodes = [
        NewNode(id=brand, kind=NodeKind.BRAND, name="Lantern & Lace"),
        NewNode(id=network, kind=NodeKind.NETWORK, name="All goods", parent_id=brand),
    ]
    for position, place in enumerate(PLACES):
        site_node, leaf = ids[2 + 2 * position : 4 + 2 * position]
        site_id = sites[place.code]
        owner_id = entities[place.entity_code]
        nodes += [
            NewNode(id=site_node, kind=NodeKind.SITE, name=place.town, parent_id=network, site_id=site_id),
            NewNode(
                id=leaf,
                kind=NodeKind.LEAF,
                name=place.town,
                parent_id=site_node,
                site_id=site_id,
                owner_id=owner_id,
            ),
        ]
    all_granted(add_nodes(conn, nodes))
    return network


def open_channels(conn: Conn, *, network: NodeId) -> None:
    """Open the web shop, whose invoices carry agreed prices, and the tills."""
    put_channels(
        conn,
        [
            ChannelTerms(code=WEB, name="Web shop", network_node_id=network, may_state_price=True),
            ChannelTerms(code=TILL, name="Tills", network_node_id=network, may_state_price=True),
        ],
    )


def ask_for_no_photos(conn: Conn, *, now: datetime) -> None:
    """Let goods leave without a photo: nobody took any of what was sold long ago."""
    causes = (PhotoCause.HIGH_VALUE, PhotoCause.FRAGILE, PhotoCause.COLD, PhotoCause.LAST_UNITS)
    rules = [
        SetPhotoRule(
            cause=cause,
            category=None,
            demand=Demand.OFF,
            from_minor=_DEAR_MINOR if cause is PhotoCause.HIGH_VALUE else None,
        )
        for cause in causes
    ]
    all_granted(set_photo_rules(conn, rules, by=_SET_BY, now=now))


def set_parcel_costs(conn: Conn, *, sites: Mapping[str, SiteId], now: datetime) -> None:
    """Say what a parcel from each site costs."""
    all_granted(set_site_costs(conn, [_cost(place, sites[place.code]) for place in PLACES], now=now))


def _cost(place: Place, site_id: SiteId) -> SiteCost:
    return SiteCost(
        site_id=site_id,
        currency=CURRENCY,
        handling_minor=_WAREHOUSE_HANDLING_MINOR if place is WAREHOUSE else _STORE_HANDLING_MINOR,
        hundred_kilometres_minor=_HUNDRED_KILOMETRES_MINOR,
        kilogram_minor=_KILOGRAM_MINOR,
    )
