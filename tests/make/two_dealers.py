"""A second dealer beside the shop's own, in a region of its own, with a site that ships: to see what reaches whom."""

from loopline import org, stock
from loopline.db import Conn
from loopline.fulfilment.model import SiteLimit
from loopline.fulfilment.service import set_site_limits
from loopline.kernel.ids import NodeId, PartyId, SiteId, uuid7s
from loopline.org import NewParty, NewSite, PartyKind, UnitKind
from loopline.stock import NewNode, NodeKind
from tests.make.org import new_unit, succeeded
from tests.make.shop import OPENED, Shop


def add_rival(conn: Conn, shop: Shop) -> PartyId:
    """Found the region WEST with the dealer RIVAL, whose site R stands where D does, and THIRD, who has no site.

    The shop knows R's site and leaf from then on; returns THIRD's party.
    """
    place = org.sites_by_code(conn, ["D"])["D"].coordinates
    units = [
        new_unit("WEST", UnitKind.REGION, "HX", coordinates=None, hours=()),
        new_unit("RIVAL", UnitKind.DEALER, "WEST"),
        new_unit("THIRD", UnitKind.DEALER, "WEST"),
        new_unit("U-R", UnitKind.STORE, "RIVAL", coordinates=place),
    ]
    succeeded(org.add_units(conn, units, by=None, now=OPENED))
    new_site = NewSite(code="R", name="R", unit_code="U-R", entity_code="BRAND-CO")
    (site,) = succeeded(org.add_sites(conn, [new_site], by=None, now=OPENED))
    parties = [
        NewParty(code=code, kind=PartyKind.DEALER, name=code, unit_code=code, entity_code="BRAND-CO")
        for code in ("RIVAL", "THIRD")
    ]
    _, third = succeeded(org.add_parties(conn, parties, by=None, now=OPENED))
    _let_it_ship(conn, shop, site.site_id)
    return third.party_id


def _let_it_ship(conn: Conn, shop: Shop, site_id: SiteId) -> None:
    node, leaf = (NodeId(one) for one in uuid7s(OPENED, 2))
    owner = shop.brand_entity
    nodes = [
        NewNode(id=node, kind=NodeKind.SITE, name="R", parent_id=shop.network, site_id=site_id),
        NewNode(id=leaf, kind=NodeKind.LEAF, name="R", parent_id=node, site_id=site_id, owner_id=owner),
    ]
    succeeded(stock.add_nodes(conn, nodes))
    succeeded(set_site_limits(conn, [SiteLimit(site_id=site_id, tasks_per_day=100)], now=OPENED))
    shop.leaves["R"], shop.sites["R"] = leaf, site_id
