"""A whole small brand, ready to sell: one warehouse, a store of its own, a dealer's store, three SKUs, rules, prices.

Everything is CNY at 13 % tax within prices; the network sells by web, tills sell at their site.
"""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec

from loopline import catalogue, org, stock
from loopline.catalogue import NewProduct, NewSku, TaxClass
from loopline.db import Conn
from loopline.fulfilment.model import SiteLimit
from loopline.fulfilment.service import set_site_limits
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import EntityId, NodeId, PartyId, PersonId, RuleSetId, SiteId, SkuId, uuid7, uuid7s
from loopline.orders import ChannelTerms, Delivery, Draft, DraftKind, DraftLine, put_channels
from loopline.org import EntityKind, NewEntity, NewParty, NewSite, PartyKind, UnitKind
from loopline.pricing import NewPrice, NewPriceList, NewTaxRate, add_price_lists, set_prices, set_tax_rates
from loopline.processes.index import write_down_products
from loopline.sharing.model import NewRuleSet, Publication, Role, RuleRow
from loopline.sharing.service import publish_rule_sets, save_drafts
from loopline.sourcing.model import SiteCost
from loopline.sourcing.service import set_site_costs
from loopline.stock import Fact, MovementReason, NewNode, NodeKind
from tests.make.org import add_person, new_unit, succeeded

OPENED = datetime(2026, 3, 2, 1, tzinfo=UTC)
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
SITES = ("W", "S", "D")
PRICES = {"COAT": 11_300, "SCARF": 2_260, "HAT": 999}
SHARING = (
    RuleRow(role=Role.DEALER, bound=True, basis_points=600),
    RuleRow(role=Role.DEALER, basis_points=400),
    RuleRow(role=Role.STORE, channels=("till",), basis_points=800),
    RuleRow(role=Role.GUIDE, basis_points=300),
    RuleRow(role=Role.SHIPPING_SITE, channels=("web",), basis_points=500),
    RuleRow(role=Role.PLATFORM, channels=("web",), basis_points=100),
    RuleRow(role=Role.BRAND, remainder=True),
)


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """The ids of everything, by code: sites W (warehouse), S (the brand's store), D (the dealer's store)."""

    brand_entity: EntityId
    network: NodeId
    sites: dict[str, SiteId]
    leaves: dict[str, NodeId]
    skus: dict[str, SkuId]
    parties: dict[str, PartyId]
    manager: PersonId


def open_shop(conn: Conn, *, units: int = 10) -> Shop:
    """Found the brand, with `units` of each SKU at each site."""
    people = _found_company(conn)
    sites = {code: site.id for code, site in org.sites_by_code(conn, SITES).items()}
    entities = {code: one.id for code, one in org.entities_by_code(conn, ["BRAND-CO", "DEALER-CO"]).items()}
    network, leaves = _plant(conn, sites, entities)
    _set_terms(conn, sites, network, people)
    skus = _fill_catalogue(conn)
    _set_prices(conn, skus)
    shop = Shop(
        brand_entity=entities["BRAND-CO"],
        network=network,
        sites=sites,
        leaves=leaves,
        skus=skus,
        parties={party.code: party.id for party in org.branch_parties(conn)},
        manager=people,
    )
    if units:
        stock_up(conn, shop, {(site, sku): units for site in SITES for sku in PRICES})
    return shop


def stock_up(conn: Conn, shop: Shop, units: dict[tuple[str, str], int], *, at: datetime = OPENED) -> None:
    """Put units of SKUs on the shelves of sites."""
    facts = [
        Fact(
            id=fact_id,
            leaf_id=shop.leaves[site],
            sku_id=shop.skus[sku],
            reason=MovementReason.RECEIPT,
            on_hand=count,
        )
        for ((site, sku), count), fact_id in zip(units.items(), uuid7s(at, len(units)), strict=True)
    ]
    succeeded(stock.record_facts(conn, facts, now=at))


def ask(shop: Shop, number: str, **fields: Any) -> Draft:
    """An ask of the web shop for one coat and two scarves, to be delivered in Shanghai."""
    return _draft(shop, number, DraftKind.ASK, {"channel": "web"} | fields)


def till_sale(shop: Shop, number: str, *, site: str = "S", **fields: Any) -> Draft:
    """A till's fact: one coat and two scarves carried out of a site at the list prices."""
    stated: dict[str, Any] = {
        "channel": "till",
        "site_id": shop.sites[site],
        "delivery": Delivery.CARRIED_OUT,
    }
    return _draft(shop, number, DraftKind.FACT, stated | fields)


def lines(shop: Shop, *wanted: tuple[str, int], stated: bool = False) -> tuple[DraftLine, ...]:
    """Lines of (SKU, units), with the list price stated where a till says so."""
    return tuple(
        DraftLine(
            code=sku, sku_id=shop.skus[sku], units=count, stated_unit_minor=PRICES[sku] if stated else None
        )
        for sku, count in wanted
    )


def _draft(shop: Shop, number: str, kind: DraftKind, fields: dict[str, Any]) -> Draft:
    stated: dict[str, Any] = {
        "external_number": number,
        "kind": kind,
        "placed_at": NOON,
        "seller_entity_id": shop.brand_entity,
        "currency": "CNY",
        "country": "CN",
        "destination": Coordinates(longitude=121.5, latitude=31.2) if kind is DraftKind.ASK else None,
        "lines": lines(shop, ("COAT", 1), ("SCARF", 2), stated=kind is DraftKind.FACT),
    }
    return Draft(**(stated | fields))


def _found_company(conn: Conn) -> PersonId:
    places = {"W": (121.1, 31.1), "S": (121.47, 31.23), "D": (120.15, 30.28)}
    units = [
        new_unit("HX", UnitKind.BRAND, region_code=None, coordinates=None, hours=()),
        new_unit("EAST", UnitKind.REGION, "HX", coordinates=None, hours=()),
        new_unit("DEALER", UnitKind.DEALER, "EAST"),
    ]
    kinds = {"W": UnitKind.WAREHOUSE, "S": UnitKind.STORE, "D": UnitKind.STORE}
    units += [
        new_unit(
            f"U-{code}",
            kinds[code],
            "DEALER" if code == "D" else "EAST",
            coordinates=Coordinates(longitude=longitude, latitude=latitude),
        )
        for code, (longitude, latitude) in places.items()
    ]
    succeeded(org.add_units(conn, units, by=None, now=OPENED))
    companies = [
        NewEntity(code=code, kind=kind, name=code, unit_code=unit, country="CN", currency="CNY")
        for code, kind, unit in (
            ("BRAND-CO", EntityKind.BRAND_COMPANY, "HX"),
            ("DEALER-CO", EntityKind.DEALER_COMPANY, "DEALER"),
            ("PLATFORM-CO", EntityKind.PLATFORM, "HX"),
        )
    ]
    succeeded(org.add_entities(conn, companies, by=None, now=OPENED))
    sites = [
        NewSite(
            code=code,
            name=code,
            unit_code=f"U-{code}",
            entity_code="DEALER-CO" if code == "D" else "BRAND-CO",
        )
        for code in SITES
    ]
    succeeded(org.add_sites(conn, sites, by=None, now=OPENED))
    parties = [
        NewParty(code=code, kind=kind, name=code, unit_code=unit, entity_code=entity)
        for code, kind, unit, entity in (
            ("BRAND", PartyKind.BRAND, "HX", "BRAND-CO"),
            ("PLATFORM", PartyKind.PLATFORM, "HX", "PLATFORM-CO"),
            ("DEALER", PartyKind.DEALER, "DEALER", "DEALER-CO"),
            ("STORE-W", PartyKind.STORE, "U-W", "BRAND-CO"),
            ("STORE-S", PartyKind.STORE, "U-S", "BRAND-CO"),
            ("STORE-D", PartyKind.STORE, "U-D", "DEALER-CO"),
            ("GUIDE", PartyKind.GUIDE, "U-S", None),
        )
    ]
    succeeded(org.add_parties(conn, parties, by=None, now=OPENED))
    return add_person(conn, "lin", at="HX", role=org.Role.HQ_OPERATIONS)


def _plant(
    conn: Conn, sites: dict[str, SiteId], entities: dict[str, EntityId]
) -> tuple[NodeId, dict[str, NodeId]]:
    brand, network, *rest = (NodeId(made) for made in uuid7s(OPENED, 2 + 2 * len(SITES)))
    nodes = [
        NewNode(id=brand, kind=NodeKind.BRAND, name="brand"),
        NewNode(id=network, kind=NodeKind.NETWORK, name="all", parent_id=brand),
    ]
    leaves: dict[str, NodeId] = {}
    for code, site_node, leaf in zip(SITES, rest[::2], rest[1::2], strict=True):
        owner = entities["DEALER-CO" if code == "D" else "BRAND-CO"]
        leaves[code] = leaf
        nodes += [
            NewNode(id=site_node, kind=NodeKind.SITE, name=code, parent_id=network, site_id=sites[code]),
            NewNode(
                id=leaf,
                kind=NodeKind.LEAF,
                name=code,
                parent_id=site_node,
                site_id=sites[code],
                owner_id=owner,
            ),
        ]
    succeeded(stock.add_nodes(conn, nodes))
    return network, leaves


def _set_terms(conn: Conn, sites: dict[str, SiteId], network: NodeId, author: PersonId) -> None:
    put_channels(
        conn,
        [
            ChannelTerms(
                code="web",
                name="Web",
                network_node_id=network,
                time_zone="Asia/Shanghai",
            ),
            ChannelTerms(code="till", name="Tills", network_node_id=network, time_zone="Asia/Shanghai"),
        ],
    )
    costs = [
        SiteCost(
            site_id=site_id,
            currency="CNY",
            handling_minor=200,
            hundred_kilometres_minor=300,
            kilogram_minor=100,
        )
        for site_id in sites.values()
    ]
    succeeded(set_site_costs(conn, costs, now=OPENED))
    limits = [SiteLimit(site_id=site_id, tasks_per_day=100) for site_id in sites.values()]
    succeeded(set_site_limits(conn, limits, now=OPENED))
    rules = NewRuleSet(
        id=RuleSetId(uuid7(OPENED)), currency="CNY", author_id=author, comment="first", rows=SHARING
    )
    succeeded(save_drafts(conn, [rules], now=OPENED))
    published = Publication(
        rule_set_id=rules.id, effective_from=OPENED, published_by=author, untried_because="the shop opens"
    )
    succeeded(publish_rule_sets(conn, [published], now=OPENED))


def _fill_catalogue(conn: Conn) -> dict[str, SkuId]:
    catalogue.add_tax_classes(conn, [TaxClass(code="standard", name="Standard")])
    products = [NewProduct(code=code, name=code.title()) for code in PRICES]
    written = succeeded(catalogue.add_products(conn, products, now=OPENED))
    skus = [NewSku(code=code, product_code=code, name=code.title(), tax_class="standard") for code in PRICES]
    added = succeeded(catalogue.add_skus(conn, skus, now=OPENED))
    # As the follower would: a shop begins with a log in which nothing has happened yet.
    write_down_products(conn, [one.product_id for one in written])
    return {one.code: one.sku_id for one in added}


def _set_prices(conn: Conn, skus: dict[str, SkuId]) -> None:
    base = NewPriceList(code="BASE", name="Base", currency="CNY", valid_from=OPENED)
    (added,) = succeeded(add_price_lists(conn, [base], now=OPENED))
    prices = [
        NewPrice(
            price_list_id=added.price_list_id, sku_id=skus[code], unit_minor=unit_minor, valid_from=OPENED
        )
        for code, unit_minor in PRICES.items()
    ]
    succeeded(set_prices(conn, prices, now=OPENED))
    rate = NewTaxRate(tax_class="standard", country="CN", valid_from=date(2026, 3, 2), rate_basis_points=1300)
    succeeded(set_tax_rates(conn, [rate], now=OPENED))


def number(of: UUID) -> int:
    """A small number to name an id by, in a failing test's message."""
    return of.int & 0xFFFF
