"""What placing an order looks up and what seldom changes: remembered by the process, as long as its marks stand.

Each is read with `find(conn, keys, marks=...)`; the marks are read once per batch (`loopline.db.remembered`).
"""

from collections.abc import Collection, Mapping

from loopline import catalogue, marketplaces, orders, org, stock
from loopline.catalogue import PriceFacts, Sku
from loopline.db import Conn
from loopline.db.remembered import Remembered
from loopline.kernel.ids import EntityId, NodeId, OrgUnitId, SiteId, SkuId
from loopline.marketplaces import MarketplaceTerms
from loopline.orders import ChannelTerms
from loopline.orders.preorders import Preorder, preorders_of
from loopline.org import Entity, Party, Site
from loopline.org.queries import brand_companies, entities_by_id
from loopline.pricing.freight import KeptFreight, freight_kept


def _channels(conn: Conn, codes: Collection[str]) -> dict[str, ChannelTerms]:
    found = orders.channels_by_code(conn)
    return {code: found[code] for code in codes if code in found}


def _brand(conn: Conn, keys: Collection[None]) -> dict[None, Entity]:
    found = brand_companies(conn)
    return dict.fromkeys(keys, found[0]) if found else {}


def _terms_with_tests(conn: Conn, keys: Collection[None]) -> dict[None, Mapping[str, MarketplaceTerms]]:
    standing = marketplaces.marketplaces(conn).values()
    found = {one.channel: one.terms for one in standing if one.test_prefixes}
    return dict.fromkeys(keys, found)


def _preorders(conn: Conn, keys: Collection[None]) -> dict[None, Mapping[SkuId, Preorder]]:
    return dict.fromkeys(keys, preorders_of(conn))


def _freight(conn: Conn, keys: Collection[None]) -> dict[None, Mapping[OrgUnitId, KeptFreight]]:
    return dict.fromkeys(keys, freight_kept(conn))


SKUS: Remembered[str, Sku] = Remembered("catalogue", catalogue.skus_by_code)
PRICE_FACTS: Remembered[SkuId, PriceFacts] = Remembered("catalogue", catalogue.price_facts_of)
CHANNELS: Remembered[str, ChannelTerms] = Remembered("channels", _channels)
SELLING_LEAVES: Remembered[SiteId, NodeId] = Remembered("nodes", stock.selling_leaves)
SITES: Remembered[str, Site] = Remembered("org", org.sites_by_code)
SITES_BY_ID: Remembered[SiteId, Site] = Remembered("org", org.sites_by_id)
ENTITIES: Remembered[str, Entity] = Remembered("org", org.entities_by_code)
ENTITIES_BY_ID: Remembered[EntityId, Entity] = Remembered("org", entities_by_id)
PARTIES: Remembered[str, Party] = Remembered("org", org.parties_by_code)
BRAND: Remembered[None, Entity] = Remembered("org", _brand)
"""The brand's own company, under the only key there is."""
TERMS_WITH_TESTS: Remembered[None, Mapping[str, MarketplaceTerms]] = Remembered(
    "marketplaces", _terms_with_tests
)
"""The terms in force that tell tests by their numbers, by channel, under the only key there is: remembered if none."""
PREORDERS: Remembered[None, Mapping[SkuId, Preorder]] = Remembered("preorders", _preorders)
"""The pre-orders that stand, by SKU, under the only key there is: remembered if none."""
FREIGHT: Remembered[None, Mapping[OrgUnitId, KeptFreight]] = Remembered("freight", _freight)
"""What units set that delivery costs, by unit, under the only key there is: remembered if none."""
