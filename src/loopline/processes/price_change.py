"""Prices changed at tills: what one may give alone, what somebody else approves, and what becomes of everything else.

A till states its prices, and each is held against ours: that of the moment of the sale, and that which the till had
read. What was lowered further than is allowed is refused while the customer stands there. What comes later has
happened: it is taken as a fact like any sale, and kept as not allowed, with who did it and how much it was.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from loopline import orders
from loopline.catalogue import Sku
from loopline.db import Conn, log
from loopline.db.remembered import read_marks
from loopline.kernel.events import EventBody, event
from loopline.kernel.ids import LineId, OrderId, PersonId, SiteId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.orders.price_changes import (
    DecideOnPrice,
    NewPriceAsk,
    NewPriceChange,
    PriceAsk,
    PriceReason,
    PriceStanding,
    add_price_ask,
    decide_price_ask,
    keep_price_changes,
    lock_price_asks,
)
from loopline.orders.price_rules import Lowered, SoldSo, StatedPrice, fits, lowered
from loopline.orders.tills import TillNumber, known_till_numbers
from loopline.org import Site
from loopline.org.limits import CounterLimit, limits_of_sites
from loopline.processes.look_up import PERSON_ACTOR
from loopline.processes.remembered import ENTITIES_BY_ID, SITES, SKUS
from loopline.processes.take_in import OrderMessage
from loopline.processes.till_prices import PieceAt, piece_prices, refusals_of_coupons, told_whole

OLDEST_READ = timedelta(days=60)
"""So old may prices be that a till had read, as sales may be."""
AT_ONCE = timedelta(minutes=2)
"""What reaches us so soon after it was rung up is refused where its price is not allowed; later it has happened."""


class SaidOfPrice(msgspec.Struct, frozen=True, kw_only=True):
    """What a till says of a line's price: when it had read it, why it was changed, and by which approval."""

    priced_at: datetime | None = None
    reason: PriceReason | None = None
    ask_id: UUID | None = None


class AtTill(msgspec.Struct, frozen=True, kw_only=True):
    """A sale of a till as far as its prices go; `prices` speak of the message's lines, in their order."""

    till_id: UUID
    number: int
    message: OrderMessage
    rung_up_by: PersonId
    prices: tuple[SaidOfPrice, ...]


class PriceWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody at a till wants to sell units for less; `priced_at` is when the till had read what they cost."""

    id: UUID
    till_id: UUID
    site: Site
    sku_code: str
    units: int
    unit_minor: int
    reason: PriceReason
    asked_by: PersonId
    priced_at: datetime | None = None


class ChangedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that is sold for less than it costs, by its place in the message."""

    place: int
    how: Lowered
    reason: PriceReason | None
    ask: PriceAsk | None


class PriceNotAllowed(Refusal, frozen=True, kw_only=True):
    """{sku_code} costs more: {percent} % may be taken off alone, with a reason, and nobody approved this price."""

    sku_code: str
    percent: int


class NoLowerPrice(Refusal, frozen=True, kw_only=True):
    """{sku_code} has no price here that this one would be lower than."""

    sku_code: str


class PriceAsked(EventBody, frozen=True, kw_only=True):
    """Somebody at a till asked to sell for less than they may alone."""

    ask_id: UUID
    till_id: UUID
    site_id: SiteId
    sku_id: SkuId
    units: int
    currency: str
    before_minor: int
    unit_minor: int
    reason: PriceReason


class PriceDecided(EventBody, frozen=True, kw_only=True):
    """Somebody else approved a price at a till, or declined it."""

    ask_id: UUID
    site_id: SiteId
    is_approved: bool


class PriceChanged(EventBody, frozen=True, kw_only=True):
    """A line was sold for less than it costs; `standing` says whether that was allowed."""

    order_id: OrderId
    line_id: LineId
    site_id: SiteId
    sku_id: SkuId
    units: int
    currency: str
    before_minor: int
    unit_minor: int
    standing: PriceStanding
    reason: PriceReason | None
    approved_by: PersonId | None


def ask_price(conn: Conn, wanted: PriceWanted, *, scope: Scope, now: datetime) -> PriceAsk | Refusal:
    """Ask for a price that one may not give alone, to be decided on by somebody else; the same again is asked once."""
    site, marks = wanted.site, read_marks(conn)
    if not scope.covers_site(site.id):
        return NotInYourBranch(subject=site.code)
    sku = SKUS.find(conn, [wanted.sku_code], marks=marks).get(wanted.sku_code)
    if sku is None:
        return NoLowerPrice(sku_code=wanted.sku_code)
    moments = {now, now if wanted.priced_at is None else _believed(wanted.priced_at, now)}
    currency = ENTITIES_BY_ID.find(conn, [site.entity_id], marks=marks)[site.entity_id].currency
    pieces = [PieceAt(site_id=site.id, sku_id=sku.id, currency=currency, at=at) for at in moments]
    found = piece_prices(conn, pieces, sites={site.id: site}, skus={sku.id: sku}, marks=marks)
    if not found or not 0 <= wanted.unit_minor < min(found.values()):
        return NoLowerPrice(sku_code=wanted.sku_code)
    ask = NewPriceAsk(
        id=wanted.id,
        till_id=wanted.till_id,
        site_id=site.id,
        sku_id=sku.id,
        units=wanted.units,
        currency=currency,
        before_minor=min(found.values()),
        unit_minor=wanted.unit_minor,
        reason=wanted.reason,
        asked_by=wanted.asked_by,
    )
    outcome = add_price_ask(conn, ask, now=now)
    if isinstance(outcome, Refusal):
        return outcome
    if not outcome.is_repeat:
        body = PriceAsked(
            ask_id=ask.id,
            till_id=ask.till_id,
            site_id=ask.site_id,
            sku_id=ask.sku_id,
            units=ask.units,
            currency=ask.currency,
            before_minor=ask.before_minor,
            unit_minor=ask.unit_minor,
            reason=ask.reason,
        )
        log.append(conn, [event(body, subject=ask.id, at=now, actor=f"{PERSON_ACTOR}{ask.asked_by}")])
    return outcome.ask


def decide_price(conn: Conn, word: DecideOnPrice, *, scope: Scope, now: datetime) -> PriceAsk | Refusal:
    """Approve a price that was asked for, or decline it; never one's own, and the first word stands."""
    outcome = decide_price_ask(conn, word, scope=scope, now=now)
    if isinstance(outcome, Refusal):
        return outcome
    ask = outcome.ask
    if not outcome.is_repeat:
        body = PriceDecided(ask_id=ask.id, site_id=ask.site_id, is_approved=word.is_approved)
        log.append(conn, [event(body, subject=ask.id, at=now, actor=f"{PERSON_ACTOR}{word.by}")])
    return ask


def judge_prices(
    conn: Conn, sales: Sequence[AtTill], *, scope: Scope, now: datetime, paid: Collection[int] = ()
) -> list[list[ChangedLine] | Refusal]:
    """Hold the prices of sales against ours: for each which lines are sold for less, or why it is not taken.

    Sales known before, or of other sites than those in scope, are not judged: placing says what they are. What we have
    no price of costs what the till says. `paid`: the places of sales that a wallet has paid; these have happened.
    What a coupon explains is lowered by nobody; one that does not is why such a sale is not taken. The caller holds the
    tills; locks what was approved, in the order of its ids, and free coupons, waiting for none.
    """
    marks = read_marks(conn)
    codes = {one.message.site_code for one in sales if one.message.site_code is not None}
    sites = SITES.find(conn, codes, marks=marks)
    theirs = {site.id: site for site in sites.values() if scope.covers_site(site.id)}
    before = known_till_numbers(conn, [TillNumber(till_id=one.till_id, number=one.number) for one in sales])
    going = {
        position: one
        for position, one in enumerate(sales)
        if (site := sites.get(one.message.site_code or "")) is not None
        and site.id in theirs
        and TillNumber(till_id=one.till_id, number=one.number) not in before
    }
    skus = SKUS.find(
        conn, {line.sku_code for one in going.values() for line in one.message.lines}, marks=marks
    )
    desk = _Desk(sites=sites, skus=skus, now=now)
    pieces = {
        piece
        for one in going.values()
        for place in range(len(one.prices))
        for piece in desk.pieces(one, place)
    }
    by_id = {sku.id: sku for sku in skus.values()}
    desk.prices = piece_prices(conn, pieces, sites=theirs, skus=by_id, marks=marks)
    desk.percents = {
        site_id: limit.value
        for site_id, limit in limits_of_sites(conn, theirs.values(), CounterLimit.PRICE_ALONE).items()
    }
    desk.asks = lock_price_asks(
        conn, (said.ask_id for one in going.values() for said in one.prices if said.ask_id)
    )
    at_sale = {position: one.message for position, one in going.items()}
    wholes = told_whole(conn, list(at_sale.values()), sites=sites, skus=skus, marks=marks, now=now)
    desk.whole = dict(zip(at_sale, wholes, strict=True))
    by_coupon = refusals_of_coupons(
        conn, list(at_sale.values()), sites=sites, skus=skus, marks=marks, now=now
    )
    desk.take_coupons({list(at_sale)[at]: refusal for at, refusal in by_coupon.items()}, at_sale)
    as_read = {
        position: msgspec.structs.replace(one.message, placed_at=read)
        for position, one in going.items()
        if not desk.whole[position] and (read := _whole_read_at(one, now)) is not None
    }
    if as_read:
        wholes = told_whole(conn, list(as_read.values()), sites=sites, skus=skus, marks=marks, now=now)
        desk.whole_read = dict(zip(as_read, wholes, strict=True))
    return [
        desk.judge(position, one, has_happened=position in paid) if position in going else []
        for position, one in enumerate(sales)
    ]


def keep_changed_prices(
    conn: Conn, sold: Mapping[OrderId, tuple[AtTill, list[ChangedLine]]], *, now: datetime
) -> None:
    """Keep which lines of new orders were sold for less, use up what was approved for them, and tell the log."""
    changing = {order_id: (one, changed) for order_id, (one, changed) in sold.items() if changed}
    if not changing:
        return
    heads = {head.id: head for head in orders.orders_by_ids(conn, list(changing))}
    lines: dict[OrderId, list[orders.Line]] = {}
    for line in orders.lines_by_orders(
        conn, list(changing)
    ):  # in the order they were written: that of the message
        lines.setdefault(line.order_id, []).append(line)
    changes = [
        _kept(heads[order_id], lines[order_id][found.place], one, found)
        for order_id, (one, changed) in changing.items()
        for found in changed
    ]
    keep_price_changes(conn, changes, now=now)
    log.append(
        conn,
        [
            event(_told(one), subject=one.order_id, at=now, actor=f"{PERSON_ACTOR}{one.changed_by}")
            for one in changes
        ],
    )


class _Desk:
    """What sales are judged by. An approval that one sale of a batch uses is not there for the next."""

    def __init__(self, *, sites: Mapping[str, Site], skus: Mapping[str, Sku], now: datetime) -> None:
        self._sites = sites
        self._skus = skus
        self._now = now
        self._spent: dict[UUID, TillNumber] = {}
        self.prices: Mapping[PieceAt, int] = {}
        self.percents: Mapping[SiteId, int] = {}
        self.asks: Mapping[UUID, PriceAsk] = {}
        self.whole: Mapping[int, frozenset[int]] = {}
        self.coupons: Mapping[int, Refusal | None] = {}
        self.whole_read: Mapping[int, frozenset[int]] = {}

    def pieces(self, one: AtTill, place: int) -> list[PieceAt]:
        """What a line's price is looked up by: at the sale and, where it is another moment, as the till had read it."""
        site = self._sites[one.message.site_code or ""]
        sku = self._skus.get(one.message.lines[place].sku_code)
        if sku is None:
            return []
        at, read = one.message.placed_at or self._now, one.prices[place].priced_at
        moments = [at] if read is None else [at, _believed(read, at)]
        currency = one.message.currency or ""
        return [PieceAt(site_id=site.id, sku_id=sku.id, currency=currency, at=moment) for moment in moments]

    def take_coupons(self, coupons: Mapping[int, Refusal | None], sales: Mapping[int, OrderMessage]) -> None:
        """Hear of sales whether their coupon explains what they cost: where it does, nobody lowered what was told."""
        self.coupons = coupons
        explained = {
            position: frozenset(
                place
                for place, line in enumerate(sales[position].lines)
                if line.stated_amount_minor is not None
            )
            for position, refusal in coupons.items()
            if refusal is None
        }
        self.whole = {**self.whole, **explained}

    def judge(self, position: int, one: AtTill, *, has_happened: bool) -> list[ChangedLine] | Refusal:
        """Return which lines of a sale are sold for less, or why it is not taken."""
        found = [self._changed(position, one, place) for place in range(len(one.prices))]
        changed = [line for line in found if line is not None]
        wrong = next((line for line in changed if line.how.standing is PriceStanding.NOT_ALLOWED), None)
        is_at_once = self._now - (one.message.placed_at or self._now) <= AT_ONCE
        if wrong is not None and is_at_once and not has_happened:
            for line in changed:
                if line.ask is not None:
                    del self._spent[line.ask.id]
            site = self._sites[one.message.site_code or ""]
            sku_code = one.message.lines[wrong.place].sku_code
            refused = self.coupons.get(position)
            return refused or PriceNotAllowed(sku_code=sku_code, percent=self.percents[site.id])
        return changed

    def _changed(self, position: int, one: AtTill, place: int) -> ChangedLine | None:
        line, said = one.message.lines[place], one.prices[place]
        pieces = self.pieces(one, place)
        if place in self.whole.get(position, ()):
            return None  # it costs what the whole cart comes to
        if line.stated_unit_minor is None or not pieces or pieces[0] not in self.prices:
            return None
        ask = self._approved(one, place, said.ask_id) if said.ask_id is not None else None
        read_minor = self.prices.get(pieces[-1]) if len(pieces) > 1 else None
        if place in self.whole_read.get(position, ()):
            read_minor = line.stated_unit_minor
        stated = StatedPrice(
            unit_minor=line.stated_unit_minor,
            now_minor=self.prices[pieces[0]],
            read_minor=read_minor,
            has_reason=said.reason is not None,
            is_approved=ask is not None,
        )
        how = lowered(stated, percent=self.percents[pieces[0].site_id])
        if how is None:
            return None
        if how.standing is not PriceStanding.APPROVED or ask is None:
            return ChangedLine(place=place, how=how, reason=said.reason, ask=None)
        self._spent[ask.id] = TillNumber(till_id=one.till_id, number=one.number)
        return ChangedLine(place=place, how=how, reason=ask.reason, ask=ask)

    def _approved(self, one: AtTill, place: int, ask_id: UUID) -> PriceAsk | None:
        """Return what was approved for a line: of a sale, which may stand twice in a batch, one line alone uses it."""
        ask, line = self.asks.get(ask_id), one.message.lines[place]
        is_first = next(at for at, said in enumerate(one.prices) if said.ask_id == ask_id) == place
        this = TillNumber(till_id=one.till_id, number=one.number)
        if ask is None or not is_first or self._spent.get(ask_id, this) != this:
            return None
        assert line.stated_unit_minor is not None, "looked at before"
        sold = SoldSo(
            till_id=one.till_id,
            site_id=self._sites[one.message.site_code or ""].id,
            sku_id=self._skus[line.sku_code].id,
            units=line.units,
            currency=one.message.currency or "",
            unit_minor=line.stated_unit_minor,
            at=one.message.placed_at or self._now,
        )
        return ask if fits(ask, sold) else None


def _believed(read: datetime, at: datetime) -> datetime:
    """When prices were read: never after they were used, and not longer ago than sales may be."""
    return max(min(read, at), at - OLDEST_READ)


def _whole_read_at(one: AtTill, now: datetime) -> datetime | None:
    """When a till had been told what the whole cart of a sale comes to; None where it does not say."""
    read = [
        said.priced_at
        for line, said in zip(one.message.lines, one.prices, strict=True)
        if line.stated_amount_minor is not None and said.priced_at is not None
    ]
    return _believed(max(read), one.message.placed_at or now) if read else None


def _kept(head: orders.Order, line: orders.Line, one: AtTill, found: ChangedLine) -> NewPriceChange:
    assert head.site_id is not None, "what is carried out of a site names it (refused when it is taken in)"
    assert line.sku_id is not None, "only what has a price of ours is sold for less"
    return NewPriceChange(
        line_id=line.line_id,
        order_id=head.id,
        site_id=head.site_id,
        sku_id=line.sku_id,
        units=line.units,
        currency=head.currency,
        before_minor=found.how.before_minor,
        unit_minor=line.unit_minor,
        standing=found.how.standing,
        reason=found.reason,
        changed_by=one.rung_up_by,
        changed_at=head.placed_at,
        approved_by=found.ask.decided_by if found.ask is not None else None,
        ask_id=found.ask.id if found.ask is not None else None,
    )


def _told(one: NewPriceChange) -> PriceChanged:
    return PriceChanged(
        order_id=one.order_id,
        line_id=one.line_id,
        site_id=one.site_id,
        sku_id=one.sku_id,
        units=one.units,
        currency=one.currency,
        before_minor=one.before_minor,
        unit_minor=one.unit_minor,
        standing=one.standing,
        reason=one.reason,
        approved_by=one.approved_by,
    )
