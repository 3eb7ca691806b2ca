"""Founds the made-up retailer in the room of the organisation: units, companies, sites, people, parties."""

from datetime import datetime

from loopline.db import Conn
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
    UnitKind,
)
from loopline.org.service import add_entities, add_parties, add_people, add_sites, add_units
from loopline.processes.outcomes import all_granted
from loopline.simulator.replay.people import guide_party, streamer_party
from loopline.simulator.replay.places import (
    BRAND_ENTITY,
    BRAND_PARTY,
    BRAND_UNIT,
    CURRENCY,
    DEALERS,
    GUIDES_PER_STORE,
    HOME_COUNTRY,
    PLACES,
    PLATFORM_ENTITY,
    PLATFORM_PARTY,
    REGIONS,
    RULE_MAKER,
    STORES,
    STREAMERS,
    TIME_ZONE,
    WAREHOUSE,
    Place,
)

_HOURS = tuple(
    OpenHours(weekday=weekday, opens_minute=6 * 60, closes_minute=21 * 60) for weekday in range(1, 8)
)


def found_company(conn: Conn, *, now: datetime) -> None:
    """Register the whole retailer; what stands already with the same content stays as it is."""
    all_granted(add_units(conn, _units(), by=None, now=now))
    all_granted(add_entities(conn, _entities(), by=None, now=now))
    all_granted(add_sites(conn, [_site(place) for place in PLACES], by=None, now=now))
    all_granted(add_people(conn, _people(), by=None, now=now))
    all_granted(add_parties(conn, _parties(), by=None, now=now))


def _unit(code: str, kind: UnitKind, name: str, parent_code: str | None) -> NewUnit:
    return NewUnit(
        code=code,
        kind=kind,
        name=name,
        parent_code=parent_code,
        time_zone=TIME_ZONE,
        country=HOME_COUNTRY,
        industry_profile=IndustryProfile.HOME_FURNISHING if parent_code is None else None,
    )


def _units() -> list[NewUnit]:
    units = [_unit(BRAND_UNIT, UnitKind.BRAND, "Lantern & Lace", None)]
    units += [_unit(region.code, UnitKind.REGION, region.name, BRAND_UNIT) for region in REGIONS]
    units += [_unit(dealer.code, UnitKind.DEALER, dealer.name, dealer.region) for dealer in DEALERS]
    units += [
        NewUnit(
            code=place.unit_code,
            kind=UnitKind.WAREHOUSE if place is WAREHOUSE else UnitKind.STORE,
            name=place.town,
            parent_code=place.dealer or place.region,
            time_zone=TIME_ZONE,
            country=HOME_COUNTRY,
            coordinates=place.coordinates,
            hours=_HOURS,
        )
        for place in PLACES
    ]
    return units


def _entities() -> list[NewEntity]:
    brand = _entity(BRAND_ENTITY, EntityKind.BRAND_COMPANY, "Lantern & Lace Ltd", BRAND_UNIT)
    platform = _entity(PLATFORM_ENTITY, EntityKind.PLATFORM, "Lantern Market Ltd", BRAND_UNIT)
    dealers = [
        _entity(dealer.entity_code, EntityKind.DEALER_COMPANY, f"{dealer.name} Ltd", dealer.code)
        for dealer in DEALERS
    ]
    return [brand, platform, *dealers]


def _entity(code: str, kind: EntityKind, name: str, unit_code: str) -> NewEntity:
    return NewEntity(
        code=code, kind=kind, name=name, unit_code=unit_code, country=HOME_COUNTRY, currency=CURRENCY
    )


def _site(place: Place) -> NewSite:
    return NewSite(code=place.code, name=place.town, unit_code=place.unit_code, entity_code=place.entity_code)


def _people() -> list[NewPerson]:
    guides = [
        NewPerson(
            sign_in_name=guide_party(store, number).lower(),
            name=f"Guide {number} of {store.town}",
            unit_code=store.unit_code,
        )
        for store in STORES
        for number in range(1, GUIDES_PER_STORE + 1)
    ]
    streamers = [
        NewPerson(sign_in_name=streamer_party(name).lower(), name=name, unit_code=BRAND_UNIT)
        for name in STREAMERS
    ]
    rule_maker = NewPerson(sign_in_name=RULE_MAKER, name="Finance of the brand", unit_code=BRAND_UNIT)
    return [rule_maker, *guides, *streamers]


def _parties() -> list[NewParty]:
    parties = [
        NewParty(
            code=BRAND_PARTY,
            kind=PartyKind.BRAND,
            name="Lantern & Lace",
            unit_code=BRAND_UNIT,
            entity_code=BRAND_ENTITY,
        ),
        NewParty(
            code=PLATFORM_PARTY,
            kind=PartyKind.PLATFORM,
            name="Lantern Market",
            unit_code=BRAND_UNIT,
            entity_code=PLATFORM_ENTITY,
        ),
    ]
    parties += [
        NewParty(
            code=f"DEALER-{dealer.code}",
            kind=PartyKind.DEALER,
            name=dealer.name,
            unit_code=dealer.code,
            entity_code=dealer.entity_code,
        )
        for dealer in DEALERS
    ]
    parties += [
        NewParty(
            code=place.store_party,
            kind=PartyKind.STORE,
            name=place.town,
            unit_code=place.unit_code,
            entity_code=place.entity_code,
        )
        for place in PLACES
    ]
    return [*parties, *_personal_parties()]


def _personal_parties() -> list[NewParty]:
    guides = [
        NewParty(
            code=guide_party(store, number),
            kind=PartyKind.GUIDE,
            name=f"Guide {number} of {store.town}",
            unit_code=store.unit_code,
            sign_in_name=guide_party(store, number).lower(),
        )
        for store in STORES
        for number in range(1, GUIDES_PER_STORE + 1)
    ]
    streamers = [
        NewParty(
            code=streamer_party(name),
            kind=PartyKind.STREAMER,
            name=name,
            unit_code=BRAND_UNIT,
            sign_in_name=streamer_party(name).lower(),
        )
        for name in STREAMERS
    ]
    return [*guides, *streamers]
