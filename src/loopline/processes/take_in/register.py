"""Codes become ids, for all messages at once; what is left unsaid is filled in."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from loopline import marketplaces, orders, touchpoints
from loopline.catalogue import Fitting, Sku
from loopline.customers.queries import known_members
from loopline.customers.refusals import MemberUnknown
from loopline.db import Conn
from loopline.db.remembered import Marks
from loopline.kernel.cities import city_by_code
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import EntityId, MemberId, PartyId, SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch
from loopline.orders import (
    BROUGHT,
    FROM_ITS_STORE,
    Asker,
    ChannelTerms,
    Credits,
    Delivery,
    Draft,
    DraftKind,
    DraftLine,
    LineKind,
)
from loopline.org import Entity, Party, PartyKind, Site, UnitKind
from loopline.pricing.points import POINTS_CODE
from loopline.processes.must_ship_from import OnlyDeliveriesShip, UnknownShipFrom, sites_named
from loopline.processes.place import UnknownSku
from loopline.processes.remembered import (
    BRAND,
    CHANNELS,
    ENTITIES,
    ENTITIES_BY_ID,
    PARTIES,
    SITES,
    SKUS,
    TERMS_WITH_TESTS,
)
from loopline.processes.take_in.members import LIVE_CHANNEL, held_for_members, refusal_of_member
from loopline.processes.take_in.message import Incoming, MessageLine, OrderMessage
from loopline.processes.take_in.refusals import (
    DeclaredAsTest,
    NeedsDestination,
    NeedsFitting,
    NeedsSite,
    NobodySells,
    NotCollectedThere,
    SkuNotSold,
    UnknownParty,
    UnknownRegion,
    UnknownSeller,
    UnknownSite,
)
from loopline.processes.take_in.sealed import refusal_of_sealed
from loopline.touchpoints import LiveRoom

T = TypeVar("T")

COLLECTED_AT = frozenset({UnitKind.STORE, UnitKind.MALL})
"""Where somebody stands who hands over what is collected."""
_encode = msgspec.json.Encoder(order="deterministic").encode


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the codes of a batch name, read once; and which of its numbers are tests, by channel."""

    sites: Mapping[str, Site]
    sellers: Mapping[str, Entity]
    companies: Mapping[EntityId, Entity]
    brand: Entity | None
    parties: Mapping[str, Party]
    skus: Mapping[str, Sku]
    members: set[MemberId]
    channels: Mapping[str, ChannelTerms]
    shows: Mapping[str, LiveRoom]
    tests: set[tuple[str, str]]
    ship_from: Mapping[str, tuple[SiteId, ...]] = {}


class _Head(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the codes of a message's head name."""

    site: Site | None
    seller: Entity
    destination: Coordinates | None
    credits: Credits
    ship_from: tuple[SiteId, ...]


def read_register(conn: Conn, messages: Sequence[OrderMessage], *, marks: Marks) -> Register:
    """Read what the codes of messages name: as many statements for a thousand as for one, few in a rush."""
    touched = _stated(
        one.touch.touchpoint_code for one in messages if one.touch and one.channel == LIVE_CHANNEL
    )
    site_codes = _stated(one.site_code for one in messages)
    found = SITES.find(conn, site_codes, marks=marks)
    sites = {code: found[code] for code in site_codes if code in found}
    entity_ids = {site.entity_id for site in sites.values()}
    sellers = _stated(one.seller_code for one in messages)
    parties = _stated(
        code for one in messages for code in (one.guide_code, one.dealer_code, one.streamer_code)
    )
    members = _stated(one.member_id for one in messages)
    named = {name for one in messages for name in one.ship_from}
    goods = {line.sku_code for one in messages for line in one.lines if line.kind is LineKind.GOODS}
    return Register(
        sites=sites,
        sellers=ENTITIES.find(conn, sellers, marks=marks),
        companies=ENTITIES_BY_ID.find(conn, entity_ids, marks=marks),
        brand=BRAND.find(conn, [None], marks=marks).get(None),
        parties=PARTIES.find(conn, parties, marks=marks),
        skus=SKUS.find(conn, goods, marks=marks),
        members=known_members(conn, members) if members else set(),
        channels=CHANNELS.find(conn, {one.channel for one in messages}, marks=marks),
        shows=_shows_by_touch(conn, touched) if touched else {},
        tests=_tests(conn, messages, marks=marks),
        ship_from=sites_named(conn, named) if named else {},
    )


def _tests(conn: Conn, messages: Sequence[OrderMessage], *, marks: Marks) -> set[tuple[str, str]]:
    """Return the numbers, with their channels, that the terms of a marketplace call tests and that are no order yet.

    What was placed before the terms said so stays what it is, and comes again as that.
    """
    terms = TERMS_WITH_TESTS.find(conn, [None], marks=marks)[None]
    if not terms:
        return set()
    tests = {
        (one.channel, one.external_number)
        for one in messages
        if one.channel in terms and marketplaces.is_test_number(terms[one.channel], one.external_number)
    }
    return tests - orders.order_ids_by_external_numbers(conn, sorted(tests)).keys() if tests else tests


def _shows_by_touch(conn: Conn, codes: set[str]) -> dict[str, LiveRoom]:
    """The shows that touchpoints lead into, by the codes of these."""
    led = {
        code: one.live_room_code
        for code, one in touchpoints.touchpoints_by_codes(conn, codes).items()
        if one.live_room_code is not None
    }
    rooms = touchpoints.live_rooms_by_code(conn, set(led.values())) if led else {}
    return {code: rooms[room_code] for code, room_code in led.items() if room_code in rooms}


def draft_of(one: Incoming, register: Register, *, now: datetime) -> Draft | Refusal:
    """Make one draft, or say why there is none. Sites out of scope are refused like any of another branch."""
    message = one.message
    head = _refusal_of_sender(one, register) or _head_of(message, register)
    if isinstance(head, Refusal):
        return head
    outside = _refusal_of_scope(one, head.site)
    if outside is not None:
        return outside
    if (message.channel, message.external_number) in register.tests:
        return DeclaredAsTest(channel=message.channel, external_number=message.external_number)
    lines = [
        _line_of(line, register, position=position, kind=message.kind)
        for position, line in enumerate(message.lines, start=1)
    ]
    drafted: list[DraftLine] = []
    for line in lines:
        if isinstance(line, Refusal):
            return line
        drafted.append(line)
    unfitted = _refusal_of_fitting(message, register)
    if unfitted is not None:
        return unfitted
    return Draft(
        channel=message.channel,
        external_number=message.external_number,
        kind=message.kind,
        placed_at=message.placed_at or now,
        seller_entity_id=head.seller.id,
        currency=message.currency or head.seller.currency,
        country=head.site.country if head.site else head.seller.country,
        lines=tuple(drafted),
        order_id=message.order_id,
        member_id=message.member_id,
        site_id=head.site.id if head.site else None,
        delivery=message.delivery,
        destination=head.destination,
        on_shortage=message.on_shortage,
        hold_minutes=message.hold_minutes
        if one.by_member is None
        else held_for_members(register.channels.get(message.channel)),
        credits=head.credits,
        said=one.said or said_by(message),
        asker=_asker_of(one),
        live_room_code=_show_of(message, register),
        ship_from=head.ship_from,
        coupons=message.coupons,
        points=message.points,
        is_in_stock_only=message.is_in_stock_only,
        goods_shown_minor=message.goods_shown_minor,
        charges_freight=_charges_freight(one, register),
        freight_shown_minor=_freight_shown(message),
    )


def _charges_freight(one: Incoming, register: Register) -> bool:
    """Whether we say what a delivery costs: of a member's own order, and of one that is placed by a promise of ours.

    Other programs state it by lines of their own, as whoever may state prices does.
    """
    message, terms = one.message, register.channels.get(one.message.channel)
    if message.kind is not DraftKind.ASK or message.delivery is not Delivery.DELIVER:
        return False
    states_it = terms is None or terms.may_state_price
    return one.by_member is not None or (message.promise is not None and not states_it)


def _freight_shown(message: OrderMessage) -> int | None:
    """What the buyer was shown that delivery costs: by the message itself, else by its promise."""
    if message.freight_shown_minor is not None or message.promise is None:
        return message.freight_shown_minor
    return message.promise.fee_minor


def _asker_of(one: Incoming) -> Asker:
    """Who asks, as far as it is known besides the member: caps count by it."""
    touch = one.message.touch
    return Asker(
        address=one.address,
        device=touch.visitor if touch is not None else None,
        is_own=one.by_member is not None,
    )


def _show_of(message: OrderMessage, register: Register) -> str | None:
    """The show a message comes out of: what was scanned leads into it."""
    show = register.shows.get(message.touch.touchpoint_code or "") if message.touch else None
    return show.code if show is not None and message.channel == LIVE_CHANNEL else None


def said_by(message: OrderMessage) -> bytes:
    """Return the hash of what a message says: id, its lines' order, sealing, promise and what was shown say nothing."""
    head = msgspec.structs.replace(
        message,
        order_id=None,
        lines=(),
        sealed_buyer=None,
        promise=None,
        goods_shown_minor=None,
        freight_shown_minor=None,
    )
    digest = hashlib.blake2b(_encode(head), digest_size=32)
    digest.update(b"\n".join(sorted(map(_encode, message.lines))))
    return digest.digest()


def _refusal_of_sender(one: Incoming, register: Register) -> Refusal | None:
    message = one.message
    if one.by_member is not None:
        refusal = refusal_of_member(message, one.by_member)
        if refusal is not None:
            return refusal
    if message.member_id is not None and message.member_id not in register.members:
        return MemberUnknown(member_id=message.member_id)
    return refusal_of_sealed(message.sealed_buyer) if message.sealed_buyer is not None else None


def _refusal_of_scope(one: Incoming, site: Site | None) -> Refusal | None:
    """A sender places for the own sites; points are the whole brand's: a branch neither spends nor learns them."""
    if one.by_member is not None:
        return None
    if not one.scope.covers_site(site.id if site else None):
        return NotInYourBranch(subject=one.message.external_number)
    return NotInYourBranch(subject=POINTS_CODE) if one.message.points and not one.scope.everything else None


def _head_of(message: OrderMessage, register: Register) -> _Head | Refusal:
    site = _site_of(message, register)
    if isinstance(site, Refusal):
        return site
    seller = _seller_of(message, site, register)
    if isinstance(seller, Refusal):
        return seller
    destination = _destination_of(message)
    if isinstance(destination, Refusal):
        return destination
    credited = _stated_credits(message, register)
    if isinstance(credited, Refusal):
        return credited
    ship_from = _ship_from(message, register)
    if isinstance(ship_from, Refusal):
        return ship_from
    return _Head(site=site, seller=seller, destination=destination, credits=credited, ship_from=ship_from)


def _ship_from(message: OrderMessage, register: Register) -> tuple[SiteId, ...] | Refusal:
    """The sites it must ship from; none: any. What happened has left its site already."""
    if message.ship_from and (message.kind is DraftKind.FACT or message.delivery is not Delivery.DELIVER):
        return OnlyDeliveriesShip()
    unknown = [name for name in message.ship_from if name not in register.ship_from]
    if unknown:
        return UnknownShipFrom(named=unknown[0])
    return tuple(sorted({site_id for name in message.ship_from for site_id in register.ship_from[name]}))


def _site_of(message: OrderMessage, register: Register) -> Site | Refusal | None:
    if message.site_code is not None:
        site = register.sites.get(message.site_code)
        if site is None:
            return UnknownSite(site_code=message.site_code)
        at_store = message.delivery is Delivery.COLLECT or message.delivery in FROM_ITS_STORE
        is_collected = message.kind is DraftKind.ASK and at_store
        if is_collected and site.unit_kind not in COLLECTED_AT:
            return NotCollectedThere(site_code=message.site_code)
        return site
    return None if message.delivery is Delivery.DELIVER else NeedsSite()


def _seller_of(message: OrderMessage, site: Site | None, register: Register) -> Entity | Refusal:
    if message.seller_code is not None:
        return register.sellers.get(message.seller_code) or UnknownSeller(seller_code=message.seller_code)
    return (register.companies[site.entity_id] if site else register.brand) or NobodySells()


def _destination_of(message: OrderMessage) -> Coordinates | Refusal | None:
    """Where the goods go. What is asked to be delivered must say so; a fact may have gone nobody knows where."""
    if message.destination is not None:
        return message.destination
    if message.region_code is not None:
        city = city_by_code(message.region_code)
        return city.coordinates if city else UnknownRegion(region_code=message.region_code)
    is_brought = message.delivery in BROUGHT
    needs_one = message.kind is DraftKind.ASK and is_brought
    has_goods = any(line.kind is LineKind.GOODS for line in message.lines)
    return NeedsDestination() if needs_one and has_goods else None


def _stated_credits(message: OrderMessage, register: Register) -> Credits | Refusal:
    stated = (
        ("guide_code", message.guide_code, PartyKind.GUIDE),
        ("dealer_code", message.dealer_code, PartyKind.DEALER),
        ("streamer_code", message.streamer_code, PartyKind.STREAMER),
    )
    found: list[PartyId | None] = []
    for field, code, kind in stated:
        party = register.parties.get(code) if code is not None else None
        if code is not None and (party is None or party.kind is not kind):
            return UnknownParty(role=kind.value, party_code=code, field=field)
        found.append(party.id if party else None)
    return Credits(guide_id=found[0], dealer_id=found[1], streamer_id=found[2])


def _line_of(line: MessageLine, register: Register, *, position: int, kind: DraftKind) -> DraftLine | Refusal:
    """What happened has happened, of goods that are sold no more too; nobody asks for those."""
    if line.kind is not LineKind.GOODS:
        return DraftLine(
            code=line.sku_code, units=line.units, kind=line.kind, stated_unit_minor=line.stated_unit_minor
        )
    sku = register.skus.get(line.sku_code)
    if sku is None:
        return UnknownSku(line=position, sku_code=line.sku_code)
    if kind is DraftKind.ASK and not sku.is_active:
        return SkuNotSold(line=position, sku_code=line.sku_code)
    return DraftLine(
        code=sku.code,
        units=line.units,
        sku_id=sku.id,
        stated_unit_minor=line.stated_unit_minor,
        is_gift=line.is_gift,
        stated_amount_minor=line.stated_amount_minor,
    )


def _refusal_of_fitting(message: OrderMessage, register: Register) -> NeedsFitting | None:
    """Refuse goods that are only sold fitted and ordered otherwise. What a marketplace sold is sold."""
    is_free = message.delivery in {Delivery.FITTING, Delivery.CARRIED_OUT} or message.sealed_buyer is not None
    if message.kind is not DraftKind.ASK or is_free:
        return None
    for position, line in enumerate(message.lines, start=1):
        sku = register.skus.get(line.sku_code)
        if sku is not None and sku.care.fitting is Fitting.NEEDED:
            return NeedsFitting(line=position, sku_code=line.sku_code)
    return None


def _stated(values: Iterable[T | None]) -> set[T]:
    return {value for value in values if value is not None}
