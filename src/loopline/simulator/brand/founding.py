"""Founds the made-up brand: what stands before its first day and has no place in the public API.

Units, companies, sites, people with roles, parties, the tree of stock, channels, what sites can do and what parcels
cost, the rules of sharing, the return windows. Goods, prices and stock come through the API like anybody's.
"""

from collections.abc import Mapping
from datetime import datetime

from loopline import org, stored_value
from loopline.db import Conn
from loopline.fulfilment.model import SiteLimit
from loopline.fulfilment.service import set_site_limits
from loopline.kernel.ids import EntityId, NodeId, PersonId, RuleSetId, SiteId, uuid7, uuid7s
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import ChannelTerms, put_channels
from loopline.org import (
    EntityKind,
    IndustryProfile,
    NewEntity,
    NewParty,
    NewPerson,
    NewSite,
    NewUnit,
    OpenHours,
    PartyKind,
    RoleGrant,
    UnitKind,
)
from loopline.pricing.points import Terms
from loopline.processes.outcomes import all_granted
from loopline.processes.points import programme
from loopline.processes.promote import WantedAgreement
from loopline.processes.promote import agree as bear
from loopline.processes.slots import set_slot_terms
from loopline.processes.supply import WantedTerm, agree
from loopline.returns.model import ReturnWindow
from loopline.returns.service import add_return_windows
from loopline.sharing.model import NewRuleSet, Publication, Role, RuleRow
from loopline.sharing.service import publish_rule_sets, save_drafts
from loopline.simulator.brand.people import RULE_MAKER, STREAMER_PARTY, guide_party, guides, workers
from loopline.simulator.brand.places import (
    BRAND_ENTITY,
    BRAND_NAME,
    BRAND_PARTY,
    BRAND_UNIT,
    CHANNELS,
    CURRENCY,
    DEALERS,
    HOLD_MINUTES,
    HOME_COUNTRY,
    LIVESTREAM,
    MINI_PROGRAM,
    PLACES,
    PLATFORM_ENTITY,
    PLATFORM_PARTY,
    REGIONS,
    TILL,
    TIME_ZONE,
    WEB,
    Place,
)
from loopline.slots import Fee, NewTerms, SlotTerms, Way
from loopline.sourcing.model import SiteCost
from loopline.sourcing.service import set_site_costs
from loopline.stock import NewNode, NodeKind, add_nodes
from loopline.supply.model import TermBase, TermKind

_HOURS = tuple(
    OpenHours(weekday=weekday, opens_minute=10 * 60, closes_minute=22 * 60) for weekday in range(1, 8)
)
_WAREHOUSE_HANDLING_MINOR = 150
_STORE_HANDLING_MINOR = 190
_HUNDRED_KILOMETRES_MINOR = 80
_KILOGRAM_MINOR = 120

# Of the net amount, in basis points. A guide earns from what is rung up with them and from what their members buy
# anywhere; a dealer more from its own customers than from its counter; the brand keeps the rest.
SHARING_ROWS = (
    RuleRow(role=Role.GUIDE, channels=(TILL,), basis_points=400),
    RuleRow(role=Role.GUIDE, basis_points=300),
    RuleRow(role=Role.DEALER, bound=True, basis_points=800),
    RuleRow(role=Role.DEALER, basis_points=600),
    RuleRow(role=Role.STORE, channels=(TILL,), basis_points=500),
    RuleRow(role=Role.SHIPPING_SITE, channels=(WEB, MINI_PROGRAM, LIVESTREAM), basis_points=250),
    RuleRow(role=Role.STREAMER, channels=(LIVESTREAM,), basis_points=1_000),
    RuleRow(role=Role.PLATFORM, channels=(LIVESTREAM,), basis_points=300),
    RuleRow(role=Role.PLATFORM, channels=(MINI_PROGRAM,), basis_points=60),
    RuleRow(role=Role.BRAND, remainder=True),
)
_SUPPLY_BASIS_POINTS = 6_650
_RETURN_DAYS = 7
_RETURN_DAYS_TILL = 15


def found_brand(conn: Conn, *, now: datetime) -> None:
    """Found the whole brand in one transaction. For an empty database: a brand that stands already is left alone."""
    _found_organisation(conn, now=now)
    sites = {site.code: site.id for site in org.branch_sites(conn)}
    codes = {BRAND_ENTITY, PLATFORM_ENTITY, *(dealer.entity_code for dealer in DEALERS)}
    entities = {code: one.id for code, one in org.entities_by_code(conn, codes).items()}
    network = _plant_stock_tree(conn, sites=sites, entities=entities, now=now)
    put_channels(
        conn,
        [
            ChannelTerms(
                code=code,
                name=name,
                network_node_id=network,
                may_state_price=code == TILL,
                hold_minutes_default=None if code == TILL else HOLD_MINUTES,
                time_zone=TIME_ZONE,
            )
            for code, name in CHANNELS.items()
        ],
    )
    all_granted(set_site_costs(conn, [_cost(place, sites[place.code]) for place in PLACES], now=now))
    limits = [SiteLimit(site_id=sites[place.code], tasks_per_day=place.tasks_per_day) for place in PLACES]
    all_granted(set_site_limits(conn, limits, now=now))
    _publish_sharing_rules(conn, author_id=org.people_by_name(conn, [RULE_MAKER])[RULE_MAKER].id, now=now)
    _agree_on_supplies(conn, now=now)
    _open_return_windows(conn, now=now)
    _offer_hours(conn, now=now)
    _begin_points(conn, now=now)
    _take_money_ahead(conn, entities[BRAND_ENTITY], now=now)


def _take_money_ahead(conn: Conn, entity_id: EntityId, *, now: datetime) -> None:
    """Let the brand's own tills take money ahead: twenty yuan beside three hundred, a hundred beside a thousand."""
    terms = stored_value.Terms(
        least_minor=5_000,
        most_minor=500_000,
        unproven_minor=20_000,
        alone_minor=50_000,
        bonuses=(
            stored_value.Bonus(from_minor=30_000, bonus_minor=2_000),
            stored_value.Bonus(from_minor=100_000, bonus_minor=10_000),
        ),
    )
    new = stored_value.NewTerms(entity_id=entity_id, currency=CURRENCY, terms=terms)
    all_granted(stored_value.set_terms(conn, [new], by="system", now=now))


def _begin_points(conn: Conn, *, now: datetime) -> None:
    """Give a point for each yuan that a member pays; a hundred take a yuan off, up to half of an order."""
    borne = WantedAgreement(
        party_code=BRAND_PARTY,
        currency=CURRENCY,
        most_basis_points=10_000,
        comment="品牌承担积分 Bears points",
    )
    all_granted(bear(conn, [borne], by="system", now=now))
    terms = Terms(
        name="岚织积分 Lanzhi points",
        currency=CURRENCY,
        earn_points=1,
        earn_minor=100,
        most_basis_points=5_000,
        expected_basis_points=8_000,
    )
    comment = "开业设置 Opening"
    all_granted([programme.save(conn, terms, comment=comment, scope=WHOLE_BRAND, by="system", now=now)])
    all_granted([programme.publish(conn, scope=WHOLE_BRAND, by="system", now=now)])


def _offer_hours(conn: Conn, *, now: datetime) -> None:
    """Let every store receive by appointment, those of Shanghai send couriers, and three fit goods at home."""
    receives = SlotTerms(slot_minutes=60, places=2, lead_minutes=120, horizon_days=6)
    rides = SlotTerms(
        kilometres_most=8, fees=(Fee(kilometres_most=3, minor=600), Fee(kilometres_most=8, minor=900))
    )
    fits = SlotTerms(
        slot_minutes=180,
        closes_minute=19 * 60,
        places=2,
        lead_minutes=24 * 60,
        horizon_days=7,
        kilometres_most=20,
        fees=(Fee(kilometres_most=20, minor=3_900),),
    )
    wanted = [
        NewTerms(unit_code=unit_code, way=way, terms=terms, comment="开业设置")
        for way, terms, unit_codes in (
            (Way.IN_STORE, receives, (BRAND_UNIT,)),
            (Way.COURIER, rides, ("S01", "S02", "S03", "S04")),
            (Way.AT_HOME, fits, ("S01", "S05", "S11")),
        )
        for unit_code in unit_codes
    ]
    all_granted(set_slot_terms(conn, wanted, scope=WHOLE_BRAND, by="system", now=now))


def _found_organisation(conn: Conn, *, now: datetime) -> None:
    all_granted(org.add_units(conn, _units(), by=None, now=now))
    all_granted(org.add_entities(conn, _entities(), by=None, now=now))
    sites = [
        NewSite(code=one.code, name=one.name, unit_code=one.code, entity_code=one.entity_code)
        for one in PLACES
    ]
    all_granted(org.add_sites(conn, sites, by=None, now=now))
    everybody = workers()
    people = [
        NewPerson(sign_in_name=one.sign_in_name, name=one.name, unit_code=one.unit_code) for one in everybody
    ]
    added = all_granted(org.add_people(conn, people, by=None, now=now))
    units = org.units_by_code(conn, {one.unit_code for one in everybody})
    grants = [
        RoleGrant(person_id=person.person_id, role=role, branch_id=units[one.unit_code].id)
        for one, person in zip(everybody, added, strict=True)
        for role in one.roles
    ]
    all_granted(org.assign_roles(conn, grants, by=None, now=now))
    all_granted(org.add_parties(conn, _parties(), by=None, now=now))


def _unit(code: str, kind: UnitKind, name: str, parent_code: str | None) -> NewUnit:
    return NewUnit(
        code=code,
        kind=kind,
        name=name,
        parent_code=parent_code,
        time_zone=TIME_ZONE,
        country=HOME_COUNTRY,
        industry_profile=IndustryProfile.FAST_FASHION if parent_code is None else None,
    )


def _units() -> list[NewUnit]:
    units = [_unit(BRAND_UNIT, UnitKind.BRAND, BRAND_NAME, None)]
    units += [_unit(region.code, UnitKind.REGION, region.name, BRAND_UNIT) for region in REGIONS]
    units += [_unit(dealer.code, UnitKind.DEALER, dealer.name, dealer.region) for dealer in DEALERS]
    units += [
        NewUnit(
            code=place.code,
            kind=UnitKind.STORE if place.is_store else UnitKind.WAREHOUSE,
            name=place.name,
            parent_code=place.parent,
            time_zone=TIME_ZONE,
            country=HOME_COUNTRY,
            region_code=place.region_code,
            coordinates=place.coordinates,
            hours=_HOURS if place.is_store else org.ALWAYS_OPEN,
        )
        for place in PLACES
    ]
    return units


def _entities() -> list[NewEntity]:
    return [
        _entity(BRAND_ENTITY, EntityKind.BRAND_COMPANY, "岚织（上海）服饰有限公司", BRAND_UNIT),
        _entity(PLATFORM_ENTITY, EntityKind.PLATFORM, "云汀直播科技有限公司", BRAND_UNIT),
        *(
            _entity(dealer.entity_code, EntityKind.DEALER_COMPANY, dealer.company, dealer.code)
            for dealer in DEALERS
        ),
    ]


def _entity(code: str, kind: EntityKind, name: str, unit_code: str) -> NewEntity:
    return NewEntity(
        code=code, kind=kind, name=name, unit_code=unit_code, country=HOME_COUNTRY, currency=CURRENCY
    )


def _parties() -> list[NewParty]:
    brand = NewParty(
        code=BRAND_PARTY,
        kind=PartyKind.BRAND,
        name=BRAND_NAME,
        unit_code=BRAND_UNIT,
        entity_code=BRAND_ENTITY,
    )
    platform = NewParty(
        code=PLATFORM_PARTY,
        kind=PartyKind.PLATFORM,
        name="云汀直播 Yunting Live",
        unit_code=BRAND_UNIT,
        entity_code=PLATFORM_ENTITY,
    )
    dealers = [
        NewParty(
            code=one.party,
            kind=PartyKind.DEALER,
            name=one.name,
            unit_code=one.code,
            entity_code=one.entity_code,
        )
        for one in DEALERS
    ]
    places = [
        NewParty(
            code=one.party,
            kind=PartyKind.STORE,
            name=one.name,
            unit_code=one.code,
            entity_code=one.entity_code,
        )
        for one in PLACES
    ]
    return [brand, platform, *dealers, *places, *_personal_parties()]


def _personal_parties() -> list[NewParty]:
    names = {one.sign_in_name: one.name for one in workers()}
    streamer = NewParty(
        code=STREAMER_PARTY,
        kind=PartyKind.STREAMER,
        name=names["alan.live"],
        unit_code=BRAND_UNIT,
        sign_in_name="alan.live",
    )
    return [
        streamer,
        *(
            NewParty(
                code=guide_party(store.code, number),
                kind=PartyKind.GUIDE,
                name=names[f"{store.code.lower()}.guide{number}"],
                unit_code=store.code,
                sign_in_name=f"{store.code.lower()}.guide{number}",
            )
            for store, number in guides()
        ),
    ]


def _plant_stock_tree(
    conn: Conn, *, sites: Mapping[str, SiteId], entities: Mapping[str, EntityId], now: datetime
) -> NodeId:
    """Hang every place's goods under one network under the brand; return the network.

    The dealers have agreed that the brand may promise their goods too: all leaves hang in the same network.
    """
    ids = [NodeId(made) for made in uuid7s(now, 2 + 2 * len(PLACES))]
    brand, network = ids[:2]
    nodes = [
        NewNode(id=brand, kind=NodeKind.BRAND, name=BRAND_NAME),
        NewNode(id=network, kind=NodeKind.NETWORK, name="全部库存 All goods", parent_id=brand),
    ]
    for place, site_node, leaf in zip(PLACES, ids[2::2], ids[3::2], strict=True):
        site_id = sites[place.code]
        nodes.append(
            NewNode(id=site_node, kind=NodeKind.SITE, name=place.name, parent_id=network, site_id=site_id)
        )
        nodes.append(
            NewNode(
                id=leaf,
                kind=NodeKind.LEAF,
                name=place.name,
                parent_id=site_node,
                site_id=site_id,
                owner_id=entities[place.entity_code],
            )
        )
    all_granted(add_nodes(conn, nodes))
    return network


def _cost(place: Place, site_id: SiteId) -> SiteCost:
    return SiteCost(
        site_id=site_id,
        currency=CURRENCY,
        handling_minor=_STORE_HANDLING_MINOR if place.is_store else _WAREHOUSE_HANDLING_MINOR,
        hundred_kilometres_minor=_HUNDRED_KILOMETRES_MINOR,
        kilogram_minor=_KILOGRAM_MINOR,
    )


def _publish_sharing_rules(conn: Conn, *, author_id: PersonId, now: datetime) -> None:
    rules = NewRuleSet(
        id=RuleSetId(uuid7(now)),
        currency=CURRENCY,
        author_id=author_id,
        comment="开业分佣规则 Opening rules: the brand keeps what nobody else earns.",
        rows=SHARING_ROWS,
    )
    all_granted(save_drafts(conn, [rules], now=now))
    publication = Publication(
        rule_set_id=rules.id,
        effective_from=now,
        published_by=author_id,
        untried_because="开业前尚无销售 Before the first sale.",
    )
    all_granted(publish_rule_sets(conn, [publication], now=now))


def _agree_on_supplies(conn: Conn, *, now: datetime) -> None:
    """The brand keeps a third of what it gets for a dealer's goods, a dealer that of what it gets for the brand's."""
    terms = [
        WantedTerm(
            owner_code=owner,
            buyer_code=buyer,
            currency=CURRENCY,
            kind=TermKind.PURCHASE,
            base=TermBase.NET,
            basis_points=_SUPPLY_BASIS_POINTS,
            comment="开业供货条款 Opening terms of supply",
        )
        for dealer in DEALERS
        for owner, buyer in (
            (dealer.entity_code, BRAND_ENTITY),
            (BRAND_ENTITY, dealer.entity_code),
        )
    ]
    all_granted(agree(conn, terms, by=f"person:{RULE_MAKER}", now=now))


def _open_return_windows(conn: Conn, *, now: datetime) -> None:
    """Seven days for what was bought unseen, as the law wants it; fifteen for what was tried on in a store."""
    ids = uuid7s(now, 2)
    add_return_windows(
        conn,
        [
            ReturnWindow(id=ids[0], days=_RETURN_DAYS, effective_from=now),
            ReturnWindow(id=ids[1], days=_RETURN_DAYS_TILL, effective_from=now, channel=TILL),
        ],
    )
