"""Place: what comes in through any channel becomes an order, priced, with stock set aside or gone.

An *ask* may be refused: its price is ours, its goods are held. A *fact* has happened: its price stands as stated, its
goods are gone from the site's shelf, and a promise that this breaks is found by the shortfall it opens.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from loopline import orders, pricing
from loopline.catalogue import PriceFacts
from loopline.customers.bindings import bindings_of_members
from loopline.db import Conn, log
from loopline.db.remembered import Marks, read_marks
from loopline.kernel.events import EventBody, events
from loopline.kernel.ids import LineId, OrderId, SiteId, SkuId, uuid7s_at
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.orders import (
    BROUGHT,
    CHARGES_TAX_CLASS,
    Draft,
    DraftKind,
    DraftLine,
    Line,
    LineKind,
    NewLine,
    NewOrder,
    OrderStage,
)
from loopline.orders.tills import TILL
from loopline.org import Site
from loopline.processes.place.ahead import keep_sold
from loopline.processes.place.candidate import Candidate, pay_until_of, waits_because_of
from loopline.processes.place.coupons import find_coupons, keep_taken, take_coupons_off
from loopline.processes.place.freight import charge_freight
from loopline.processes.place.goods import set_aside, settle
from loopline.processes.place.points import keep_held, take_points_off
from loopline.processes.place.protection import credit_protected
from loopline.processes.place.shown import refuse_moved
from loopline.processes.places import region_supplied
from loopline.processes.remembered import CHANNELS, PRICE_FACTS, SELLING_LEAVES, SITES_BY_ID

KeptPrices: TypeAlias = Mapping[str, Sequence[pricing.KeptPrice | None]]
_NOTHING_KEPT: KeptPrices = {}


class Placed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An order that was written. `parked_units` wait for goods; `number` is what people read aloud.

    `pay_until`: when it ends unless it is paid; None where nothing waits for a payment.
    """

    order_id: OrderId
    number: str
    stage: OrderStage
    amount_minor: int
    currency: str
    parked_units: int
    pay_until: datetime | None


class UnknownSku(Refusal, frozen=True, kw_only=True):
    """Line {line}: there is no SKU {sku_code}."""

    line: int
    sku_code: str


class NoStockAtSite(Refusal, frozen=True, kw_only=True):
    """The site named keeps no stock of the seller's, so nothing can be sold or collected there."""

    site_id: SiteId | None


Placement: TypeAlias = Placed | orders.Repeat | Refusal


def place(
    conn: Conn,
    drafts: Sequence[Draft],
    *,
    scope: Scope,
    now: datetime,
    kept: KeptPrices = _NOTHING_KEPT,
) -> list[Placement]:
    """Take drafts in, in the order given: one outcome each, and one bad draft spoils no other.

    The same message again is the order it made before; other content under a known number is kept and refused. An ask
    that finds too little is refused whole, or parks what is missing where it says so. A draft of a site outside
    `scope`, or of no site where that is not the whole brand, is refused before anything is looked up. `kept` says, by
    the number of a draft whose prices we agreed to, what each line's was made of.
    """
    outcomes: list[Placement] = [NotInYourBranch(subject=draft.external_number) for draft in drafts]
    covered = [position for position, draft in enumerate(drafts) if scope.covers_site(draft.site_id)]
    marks = read_marks(conn)
    placed = _placed(
        conn, [drafts[position] for position in covered], now=now, marks=marks, credit=_credit, kept=kept
    )
    for position, outcome in zip(covered, placed, strict=True):
        outcomes[position] = outcome
    return outcomes


def place_credited(conn: Conn, drafts: Sequence[Draft], *, now: datetime, marks: Marks) -> list[Placement]:
    """Place drafts that name all whom their sales are owed to, whose senders' scope was looked at; a protected member's
    dealer is credited all the same.

    `marks` are those that stood when the transaction began.
    """
    return _placed(conn, drafts, now=now, marks=marks, credit=None)


def _placed(  # noqa: PLR0913 - what, when, and each thing that was known before
    conn: Conn,
    drafts: Sequence[Draft],
    *,
    now: datetime,
    marks: Marks,
    credit: Callable[[Conn, Sequence[Candidate]], None] | None,
    kept: KeptPrices = _NOTHING_KEPT,
) -> list[Placement]:
    outcomes: list[Placement] = []
    recognised = orders.recognise(conn, drafts, now=now)
    candidates: list[Candidate] = []
    for position, one in enumerate(recognised):
        outcomes.append(one if not isinstance(one, orders.New) else orders.Repeat(order_id=one.order_id))
        if isinstance(one, orders.New):
            draft = drafts[position]
            candidates.append(
                Candidate(position=position, draft=draft, new=one, kept=kept.get(draft.external_number, ()))
            )
    _find_terms(conn, candidates, marks=marks)
    find_coupons(conn, candidates)
    _price(conn, candidates, marks=marks)
    take_points_off(conn, candidates, now=now)
    refuse_moved(candidates)
    aside = set_aside(conn, candidates, now=now, marks=marks)
    granted = [one for one in candidates if one.refusal is None]
    if credit is not None:
        credit(conn, granted)
    credit_protected(conn, granted)
    new_orders = [_new_order(one) for one in granted]
    written = orders.write_orders(conn, new_orders, now=now)
    about_coupons = keep_taken(conn, granted, new_orders, now=now)
    keep_held(conn, granted, new_orders, now=now)
    if aside.selling is not None:
        keep_sold(conn, granted, new_orders, aside.selling, now=now)
    refused = [one for one in candidates if one.refusal is not None]
    if refused:
        orders.forget_new(conn, [one.new for one in refused])
    for one in refused:
        assert one.refusal is not None
        outcomes[one.position] = one.refusal
    _share_fate(outcomes, refused)
    for one, order, known in zip(granted, new_orders, written, strict=True):
        outcomes[one.position] = Placed(
            order_id=order.order_id,
            number=known.number,
            stage=known.stage,
            amount_minor=sum([line.amount_minor for line in order.lines]),
            currency=one.draft.currency,
            parked_units=sum([line.parked for line in order.lines]),
            pay_until=order.pay_until,
        )
    told = [(order.order_id, body) for order in new_orders for body in _told_of(order)]
    log.append(conn, [*events(told, at=now), *about_coupons, *aside.shortfalls], has_written=bool(written))
    settle(
        conn, aside.outlook, granted
    )  # last: rows that everybody wants are locked from here to the commit only
    return outcomes


def _share_fate(outcomes: list[Placement], refused: Sequence[Candidate]) -> None:
    """A repeat within the batch has the fate of the draft it repeats."""
    fates = {one.new.order_id: one.refusal for one in refused}
    for position, outcome in enumerate(outcomes):
        fate = fates.get(outcome.order_id) if isinstance(outcome, orders.Repeat) else None
        if fate is not None:
            outcomes[position] = fate


def _find_terms(conn: Conn, candidates: Sequence[Candidate], *, marks: Marks) -> None:
    """Find each draft's channel, and the node its goods are held at or taken from."""
    channels = CHANNELS.find(conn, {one.draft.channel for one in candidates}, marks=marks)
    bound = {one.draft.site_id for one in candidates if one.draft.site_id is not None}
    leaves = SELLING_LEAVES.find(conn, bound, marks=marks)
    for one in candidates:
        draft = one.draft
        one.terms = channels.get(draft.channel)
        if one.terms is None:
            one.refusal = orders.UnknownChannel(channel=draft.channel)
            continue
        if draft.kind is DraftKind.FACT or draft.delivery is not orders.Delivery.DELIVER:
            one.node_id = leaves.get(draft.site_id) if draft.site_id is not None else None
        else:
            one.node_id = one.terms.network_node_id
        if one.node_id is None and any(line.kind is LineKind.GOODS for line in draft.lines):
            one.refusal = NoStockAtSite(site_id=draft.site_id)
    _name_lines([one for one in candidates if one.refusal is None])


def _name_lines(candidates: Sequence[Candidate]) -> None:
    """Give each line its id, made of the moment its order was placed at."""
    made = iter(uuid7s_at([one.draft.placed_at for one in candidates for _ in one.draft.lines]))
    for one in candidates:
        one.name_lines(tuple([LineId(next(made)) for _ in one.draft.lines]))


def _price(conn: Conn, candidates: Sequence[Candidate], *, marks: Marks) -> None:
    open_ones = [one for one in candidates if one.refusal is None]
    sku_ids = {line.sku_id for one in open_ones for line in one.draft.lines if line.sku_id is not None}
    facts = PRICE_FACTS.find(conn, sku_ids, marks=marks)
    site_ids = {one.draft.site_id for one in open_ones if one.draft.site_id is not None}
    sites = SITES_BY_ID.find(conn, site_ids, marks=marks)
    for one in open_ones:
        one.refusal = _unknown_sku(one.draft, facts)
    open_ones = [one for one in open_ones if one.refusal is None]
    carts = [
        _cart(one, facts, sites.get(one.draft.site_id) if one.draft.site_id else None) for one in open_ones
    ]
    quotes = pricing.quote(conn, carts, marks=marks)
    for one, quote in zip(open_ones, quotes, strict=True):
        if isinstance(quote, Refusal):
            one.refusal = quote
        else:
            one.quote = quote
    couponed = [(one, cart) for one, cart in zip(open_ones, carts, strict=True) if one.coupons]
    if couponed:
        take_coupons_off(conn, couponed, marks=marks)
    delivered = [
        (one, cart)
        for one, cart in zip(open_ones, carts, strict=True)
        if one.draft.charges_freight and one.refusal is None and one.goods
    ]
    if delivered:
        charge_freight(conn, delivered, facts, marks=marks)


def _unknown_sku(draft: Draft, facts: Mapping[SkuId, PriceFacts]) -> UnknownSku | None:
    for position, line in enumerate(draft.lines, start=1):
        if line.kind is LineKind.GOODS and line.sku_id not in facts:
            return UnknownSku(line=position, sku_code=line.code)
    return None


def _cart(one: Candidate, facts: Mapping[SkuId, PriceFacts], site: Site | None) -> pricing.Cart:
    draft = one.draft
    assert one.terms is not None
    is_at_till = draft.channel == TILL
    return pricing.Cart(
        currency=draft.currency,
        country=draft.country,
        time_zone=site.time_zone if site else one.terms.time_zone,
        at=draft.placed_at,
        channel=draft.channel,
        site_id=draft.site_id,
        org_units=site.unit_path if site else (),
        may_state_price=one.terms.may_state_price or draft.is_price_agreed,
        is_fact=draft.kind is DraftKind.FACT,
        is_member=draft.member_id is not None,
        live_room=draft.live_room_code,
        by_piece=is_at_till,
        seller_id=draft.seller_entity_id,
        region=region_supplied(
            draft.destination if draft.delivery in BROUGHT else None,
            site_region=site.region_code if site else None,
        ),
        lines=tuple(
            [
                _cart_line(line, facts, kept=one.kept[place] if one.kept else None)
                for place, line in enumerate(draft.lines)
            ]
        ),
    )


def _cart_line(
    line: DraftLine, facts: Mapping[SkuId, PriceFacts], *, kept: pricing.KeptPrice | None
) -> pricing.CartLine:
    known = facts[line.sku_id] if line.sku_id else None
    return pricing.CartLine(
        sku_id=line.sku_id,
        code=line.code,
        units=line.units,
        stated_unit_minor=line.stated_unit_minor,
        stated_amount_minor=line.stated_amount_minor,
        is_price_agreed=line.is_price_agreed,
        kept=kept,
        is_gift=line.is_gift,
        tax_class=_tax_class(line) if known is None else known.tax_class,
        product_id=None if known is None else known.product_id,
        category=None if known is None else known.category,
    )


def _tax_class(line: DraftLine) -> str | None:
    """A voucher is taxed when it is spent; a charge like most goods."""
    return None if line.kind is LineKind.VOUCHER else CHARGES_TAX_CLASS


def _credit(conn: Conn, granted: Sequence[Candidate]) -> None:
    """Complete whom a sale is owed to by the member's bindings, where the draft does not say."""
    member_ids = {one.draft.member_id for one in granted if one.draft.member_id is not None}
    bound = bindings_of_members(conn, member_ids) if member_ids else {}
    for one in granted:
        binding = bound.get(one.draft.member_id) if one.draft.member_id else None
        if binding is None:
            continue
        stated = one.draft.credits
        one.draft = msgspec.structs.replace(
            one.draft,
            credits=orders.Credits(
                guide_id=stated.guide_id or binding.guide_id,
                dealer_id=stated.dealer_id or binding.dealer_id,
                streamer_id=stated.streamer_id,
            ),
        )


def _new_order(one: Candidate) -> NewOrder:
    assert one.quote is not None
    is_fact = one.draft.kind is DraftKind.FACT
    lines: list[NewLine] = []
    for line_id, line, quoted in zip(one.line_ids, one.draft.lines, one.quote.lines, strict=True):
        # What is no goods needs no shelf: it is charged at once.
        gone = is_fact or line.kind is not LineKind.GOODS
        held = 0 if gone else one.held.get(line_id, 0)
        lines.append(
            NewLine(
                line_id=line_id,
                kind=line.kind,
                sku_id=line.sku_id,
                code=line.code,
                units=line.units,
                unit_minor=quoted.unit_minor,
                amount_minor=quoted.amount_minor,
                tax_minor=quoted.tax_minor,
                tax_rate_basis_points=quoted.tax_rate_basis_points,
                list_unit_minor=quoted.list_unit_minor,
                seller_entity_id=one.draft.seller_entity_id,
                held=held,
                handed_over=line.units if gone else 0,
                parked=0 if gone else line.units - held,
            )
        )
    return NewOrder(
        order_id=one.new.order_id,
        draft=one.draft,
        lines=tuple(lines),
        credits=one.draft.credits,
        pay_until=pay_until_of(one),
        waits_because=waits_because_of(one),
        derivation=one.quote.derivation,
    )


def is_for_bringing(kind: DraftKind, line: NewLine | Line) -> bool:
    """Whether a line of an order is a charge that is earned as the goods leave, and not at once."""
    return kind is DraftKind.ASK and line.kind is LineKind.CHARGE and line.code in orders.BRINGING_FEES


def _told_of(order: NewOrder) -> list[EventBody]:
    draft = order.draft
    told: list[EventBody] = [
        orders.OrderPlaced(
            order_id=order.order_id,
            channel=draft.channel,
            kind=draft.kind,
            site_id=draft.site_id,
            member_id=draft.member_id,
            seller_entity_id=draft.seller_entity_id,
            currency=draft.currency,
            placed_at=draft.placed_at,
            lines=tuple(
                [
                    orders.PlacedLine(
                        line_id=line.line_id,
                        kind=line.kind,
                        sku_id=line.sku_id,
                        units=line.units,
                        amount_minor=line.amount_minor,
                        is_for_bringing=is_for_bringing(draft.kind, line),
                    )
                    for line in order.lines
                ]
            ),
            pay_until=order.pay_until,
            waits_because=order.waits_because,
        )
    ]
    parked = tuple(
        [
            orders.LineUnitsMoved(line_id=line.line_id, units=line.parked)
            for line in order.lines
            if line.parked
        ]
    )
    if parked:
        told.append(orders.LinesParked(order_id=order.order_id, lines=parked))
    return told
