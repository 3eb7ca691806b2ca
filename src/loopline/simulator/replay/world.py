"""The world a replay runs in: founded once, in one transaction, and read again by every run."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from loopline import catalogue, org, stock
from loopline.db import Conn
from loopline.fulfilment.model import SiteLimit
from loopline.fulfilment.service import set_site_limits
from loopline.kernel.ids import EntityId, NodeId, PartyId, SiteId, SkuId
from loopline.processes.outcomes import all_granted
from loopline.processes.replenish import record_goods
from loopline.simulator.replay.chance import Chance
from loopline.simulator.replay.company import found_company
from loopline.simulator.replay.goods import fill_catalogue, plan_opening_stock, receipt_facts
from loopline.simulator.replay.ground import (
    ask_for_no_photos,
    open_channels,
    plant_stock_tree,
    set_parcel_costs,
)
from loopline.simulator.replay.places import DEALERS, PLACES, PLATFORM_ENTITY, RULE_MAKER
from loopline.simulator.replay.survey import Survey
from loopline.simulator.replay.terms import (
    agree_on_supplies,
    publish_sharing_rules,
    set_list_prices,
    set_taxes,
)
from loopline.stock import MovementReason


class World(msgspec.Struct, frozen=True, kw_only=True):
    """The ids of everything the replay names, by the code it names it with; leaves by the code of their site."""

    site_ids: Mapping[str, SiteId]
    leaf_ids: Mapping[str, NodeId]
    entity_ids: Mapping[str, EntityId]
    party_ids: Mapping[str, PartyId]
    sku_ids: Mapping[str, SkuId]


def build_world(conn: Conn, survey: Survey, *, chance: Chance, now: datetime) -> None:
    """Found the retailer, fill its catalogue, set its terms and put the opening stock on its shelves."""
    found_company(conn, now=now)
    sites, entities = _sites(conn), _entities(conn)
    network = plant_stock_tree(conn, sites=sites, entities=entities, now=now)
    open_channels(conn, network=network)
    set_parcel_costs(conn, sites=sites, now=now)
    ask_for_no_photos(conn, now=now)
    limits = [SiteLimit(site_id=sites[place.code], tasks_per_day=place.parcels_per_day) for place in PLACES]
    all_granted(set_site_limits(conn, limits, now=now))
    sku_ids = fill_catalogue(conn, survey, chance=chance, now=now)
    set_list_prices(conn, survey, sku_ids=sku_ids, now=now)
    set_taxes(conn, now=now)
    rule_maker = org.people_by_name(conn, [RULE_MAKER])[RULE_MAKER]
    publish_sharing_rules(conn, author_id=rule_maker.id, now=now)
    agree_on_supplies(conn, now=now)
    opening = receipt_facts(
        plan_opening_stock(survey, chance=chance),
        reason=MovementReason.OPENING,
        leaf_ids=_leaves(conn, sites),
        sku_ids=sku_ids,
        now=now,
    )
    all_granted(record_goods(conn, opening, now=now))


def load_world(conn: Conn, survey: Survey) -> World:
    """Read the ids of a world that was founded."""
    sites = _sites(conn)
    skus = catalogue.skus_by_code(conn, survey.skus)
    return World(
        site_ids=sites,
        leaf_ids=_leaves(conn, sites),
        entity_ids=_entities(conn),
        party_ids={party.code: party.id for party in org.branch_parties(conn)},
        sku_ids={code: sku.id for code, sku in skus.items()},
    )


def _sites(conn: Conn) -> dict[str, SiteId]:
    sites = org.sites_by_code(conn, [place.code for place in PLACES])
    return {code: site.id for code, site in sites.items()}


def _entities(conn: Conn) -> dict[str, EntityId]:
    codes = {place.entity_code for place in PLACES} | {dealer.entity_code for dealer in DEALERS}
    entities = org.entities_by_code(conn, codes | {PLATFORM_ENTITY})
    return {code: entity.id for code, entity in entities.items()}


def _leaves(conn: Conn, sites: Mapping[str, SiteId]) -> dict[str, NodeId]:
    code_of = {site_id: code for code, site_id in sites.items()}
    return {
        code_of[leaf.site_id]: leaf.id
        for leaf in stock.leaves(conn)
        if leaf.site_id is not None and leaf.site_id in code_of
    }
