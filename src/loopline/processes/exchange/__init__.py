"""Exchange: goods of an order come back and others go out in their place, in one transaction and under one number.

At a counter the goods are here: the old sale is undone, the new one is made from this site's shelf or sent, what was
paid pays for it, and the difference is paid or given back. A customer announces it: the new goods are held at once, so
that the size does not go away meanwhile, and are paid for by the old ones when these are here.

One exchange is one customer's: commands take one, and raise `Refused`, which undoes all of it. Why prices are as they
are, and where the money goes: docs/decisions/0049.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

import msgspec

from loopline import catalogue, customers, orders, org, pricing
from loopline.catalogue import Sku
from loopline.customers import NewDelivery
from loopline.customers.keys import KeyRing
from loopline.db import Conn
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import (
    LineId,
    OrderId,
    PartyId,
    PaymentId,
    PersonId,
    ProductId,
    ReturnId,
    SkuId,
    uuid7,
)
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.orders import Credits, Delivery, Draft, DraftKind, DraftLine, Line, LineKind, Order
from loopline.orders.tills import TILL
from loopline.org import Site
from loopline.org.queries import entities_by_id
from loopline.payments.model import NewPayment
from loopline.processes.announce import LineBack, ReturnAsked, announce
from loopline.processes.between import PaidForAnother, can_owe, owe_each_other
from loopline.processes.checkout import to_pay
from loopline.processes.exchange.funding import Kept, kept_of, prices_of
from loopline.processes.exchange.terms import (
    COUNTER,
    HELD_MINUTES,
    CounterExchange,
    ExchangeAsked,
    Exchanged,
    ExchangeIsEmpty,
    ExchangeOrderUnknown,
    ExchangesMoreThanSold,
    GoodsOut,
    GoodsOutUnknown,
    NotTheSameProduct,
    NowhereToSend,
    OtherCurrencyHere,
    PaidFor,
    PricedOut,
    SameGoodsAgain,
    price_out,
)
from loopline.processes.money import OVER_THE_COUNTER
from loopline.processes.outcomes import all_granted
from loopline.processes.pay import take_payments
from loopline.processes.place import Placed, place
from loopline.processes.take_back import TakenBack, take_back
from loopline.processes.touch import issue_receipts
from loopline.returns.announcements import Announced
from loopline.returns.exchanges import (
    ExchangeNumberTaken,
    KeptExchange,
    NewExchange,
    begin_exchange,
    end_exchange,
    exchanges_by_id,
    name_new_order,
)
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind

__all__ = [
    "COUNTER",
    "HELD_MINUTES",
    "CounterExchange",
    "ExchangeAsked",
    "ExchangeIsEmpty",
    "ExchangeOrderUnknown",
    "Exchanged",
    "ExchangesMoreThanSold",
    "GoodsOut",
    "GoodsOutUnknown",
    "NotTheSameProduct",
    "NowhereToSend",
    "OtherCurrencyHere",
    "PaidFor",
    "PricedOut",
    "SameGoodsAgain",
    "announce_exchange",
    "exchange_at_counter",
    "guide_of",
    "price_out",
    "send_to_the_same",
]


def exchange_at_counter(conn: Conn, asked: CounterExchange, *, scope: Scope, now: datetime) -> Exchanged:
    """Take goods back and hand others out for them. The same exchange again is the one that was made.

    Locks the exchange, then as placing does, then as taking back and paying do.
    """
    head = _head(conn, asked.order_id)
    sites = org.sites_by_id(conn, [asked.site_id]) if scope.covers_site(asked.site_id) else {}
    if head is None or asked.site_id not in sites:
        raise Refused(ExchangeOrderUnknown(order_id=asked.order_id))
    site = sites[asked.site_id]
    said = (asked.order_id, asked.back, asked.out, asked.is_sent)
    before = _begin(conn, asked, head, said, now=now)
    if before is not None:
        return before
    back = _lines_back(conn, head, asked.back)
    priced = _priced_at_counter(conn, asked, back, head, site, now=now)
    kept = kept_of(conn, head, [line for line, _ in back])
    new_order = _place_at_counter(conn, asked, priced, head, site, kept=kept, scope=scope, now=now)
    exchange_id = ReturnId(asked.id)
    name_new_order(conn, exchange_id, new_order.order_id)
    taken = _take_back(conn, asked, back, head, site, scope=scope, now=now)
    end_exchange(
        conn, exchange_id, credit_minor=0, now=now
    )  # where nothing was paid there was nothing to carry over
    paid_minor = _take_difference(conn, asked, new_order.order_id, site, now=now)
    credit_minor = exchanges_by_id(conn, [exchange_id])[exchange_id].credit_minor
    return Exchanged(
        exchange_id=exchange_id,
        new_order_id=new_order.order_id,
        paid_minor=paid_minor,
        given_back_minor=taken.refund_minor - credit_minor,
        taken=taken,
    )


def announce_exchange(conn: Conn, asked: ExchangeAsked, *, scope: Scope, now: datetime) -> Exchanged:
    """Hold other varieties of what was bought, and announce that the old ones come back. The same again is that.

    Every unit at what was paid for the one it takes the place of: nothing is to be paid. What was sent is sent again,
    anything else is collected where it was sold. The goods are held for fourteen days; they are the customer's when the
    old ones are here.
    """
    head = _head(conn, asked.order_id)
    is_theirs = head is not None and (
        head.member_id == asked.by_member if asked.by_member is not None else scope.covers_site(head.site_id)
    )
    if head is None or not is_theirs:
        raise Refused(ExchangeOrderUnknown(order_id=asked.order_id))
    said = (asked.order_id, asked.back, asked.out)
    before = _begin(conn, asked, head, said, now=now)
    if before is not None:
        return before
    if len(asked.out) != len(asked.back):
        raise Refused(ExchangeIsEmpty())
    back = _lines_back(conn, head, asked.back)
    skus = _skus(conn, asked.out)
    old = _products(conn, [line for line, _ in back])
    lines: list[DraftLine] = []
    for (line, wanted), code in zip(back, asked.out, strict=True):
        sku = skus[code]
        if old.get(line.line_id) != sku.product_id:
            raise Refused(NotTheSameProduct(sku_code=code, goods_code=line.code))
        if sku.id == line.sku_id:
            raise Refused(SameGoodsAgain(sku_code=code))
        lines.append(
            DraftLine(code=sku.code, sku_id=sku.id, units=wanted.units, stated_unit_minor=line.unit_minor)
        )
    draft = _again(head, asked.id, lines, now=now)
    kept = kept_of(conn, head, [line for line, _ in back])
    prices = {draft.external_number: prices_of(kept, [(line.line_id, one.units) for line, one in back])}
    new_order = _placed(place(conn, [draft], scope=WHOLE_BRAND, now=now, kept=prices)[0])
    exchange_id = ReturnId(asked.id)
    name_new_order(conn, exchange_id, new_order.order_id)
    wish = ReturnAsked(
        id=exchange_id,
        channel=head.channel,
        external_number=f"{head.number}-{asked.id}",
        order_id=head.id,
        lines=asked.back,
        by_member=asked.by_member,
        actor=asked.actor,
    )
    (outcome,) = announce(conn, [wish], scope=scope, now=now)
    if isinstance(outcome, Refusal):
        raise Refused(outcome)
    assert isinstance(outcome, Announced)
    return Exchanged(exchange_id=exchange_id, new_order_id=new_order.order_id)


def send_to_the_same(conn: Conn, done: Exchanged, order_id: OrderId, *, ring: KeyRing, now: datetime) -> None:
    """Send the new goods of an exchange to whom the old ones were sent.

    Where nobody knows to whom, what is to leave now raises Refused; of what is held the customer says it later.
    """
    (new,) = orders.orders_by_ids(conn, [done.new_order_id])
    if done.is_repeat or new.delivery is not Delivery.DELIVER:
        return
    old = _head(conn, order_id)
    assert old is not None, "an exchange is of an order"
    recipient = (
        customers.own_delivery(conn, old.member_id, old.id, ring=ring) if old.member_id is not None else None
    )
    if recipient is None or old.member_id is None:
        if new.pay_until is None:
            raise Refused(NowhereToSend(number=old.number))
        return
    delivery = NewDelivery(order_id=new.id, member_id=old.member_id, recipient=recipient)
    all_granted(customers.keep_deliveries(conn, [delivery], ring=ring, now=now))


def guide_of(conn: Conn, person_id: PersonId) -> PartyId | None:
    """Return the guide that somebody is at their own unit; the first where they are several."""
    people = org.people_by_id(conn, [person_id])
    if person_id not in people:
        return None
    parties = org.branch_parties(conn, {people[person_id].unit_id})
    return next(
        (party.id for party in parties if party.kind is org.PartyKind.GUIDE and party.person_id == person_id),
        None,
    )


def _head(conn: Conn, order_id: OrderId) -> Order | None:
    found = orders.orders_by_ids(conn, [order_id])
    return found[0] if found else None


def _begin(
    conn: Conn, asked: CounterExchange | ExchangeAsked, head: Order, said: object, *, now: datetime
) -> Exchanged | None:
    """Write the exchange, or return the one that stands under its number and says the same."""
    content_hash = blake2b(msgspec.msgpack.encode(said), digest_size=32).digest()
    new = NewExchange(
        id=ReturnId(asked.id),
        content_hash=content_hash,
        order_id=head.id,
        currency=head.currency,
        asked_by=asked.actor,
    )
    standing = begin_exchange(conn, new, now=now)
    return None if standing is None else _repeat(standing, content_hash)


def _repeat(standing: KeptExchange, content_hash: bytes) -> Exchanged:
    if standing.content_hash != content_hash or standing.new_order_id is None:
        raise Refused(ExchangeNumberTaken(exchange_id=standing.id))
    return Exchanged(exchange_id=standing.id, new_order_id=standing.new_order_id, is_repeat=True)


def _lines_back(conn: Conn, head: Order, back: Sequence[LineBack]) -> list[tuple[Line, LineBack]]:
    lines = {
        line.line_id: line for line in orders.lines_by_orders(conn, [head.id]) if line.kind is LineKind.GOODS
    }
    if not back or len({one.line_id for one in back}) < len(back):
        raise Refused(ExchangeIsEmpty())
    found: list[tuple[Line, LineBack]] = []
    for one in back:
        line = lines.get(one.line_id)
        left = line.handed_over - line.returned - line.lost if line is not None else 0
        if line is None or not 0 < one.units <= left:
            raise Refused(ExchangesMoreThanSold(goods_code=line.code if line else "", units_left=left))
        found.append((line, one))
    return found


def _skus(conn: Conn, codes: Sequence[str]) -> dict[str, Sku]:
    skus = catalogue.skus_by_code(conn, set(codes))
    for code in codes:
        if code not in skus or not skus[code].is_active:
            raise Refused(GoodsOutUnknown(sku_code=code))
    return skus


def _products(conn: Conn, lines: Sequence[Line]) -> dict[LineId, ProductId]:
    skus = catalogue.skus_by_id(conn, {line.sku_id for line in lines if line.sku_id is not None})
    return {
        line.line_id: skus[line.sku_id].product_id
        for line in lines
        if line.sku_id is not None and line.sku_id in skus
    }


def _priced_at_counter(  # noqa: PLR0913 - what, for what, where, when
    conn: Conn,
    asked: CounterExchange,
    back: Sequence[tuple[Line, LineBack]],
    head: Order,
    site: Site,
    *,
    now: datetime,
) -> list[PricedOut]:
    if not asked.out or any(one.units < 1 for one in asked.out):
        raise Refused(ExchangeIsEmpty())
    skus = _skus(conn, [one.sku_code for one in asked.out])
    products = _products(conn, [line for line, _ in back])
    paid_for = [
        PaidFor(
            product_id=products[line.line_id],
            unit_minor=line.unit_minor,
            units=one.units,
            line_id=line.line_id,
        )
        for line, one in back
        if line.line_id in products
    ]
    today = prices_today(conn, list(skus.values()), site, head.currency, now=now)
    try:
        return price_out(
            [(skus[one.sku_code], one.units) for one in asked.out], paid_for=paid_for, today=today
        )
    except KeyError as missing:
        code = next(sku.code for sku in skus.values() if sku.id == missing.args[0])
        raise Refused(GoodsOutUnknown(sku_code=code)) from missing


def prices_today(
    conn: Conn, skus: Sequence[Sku], site: Site, currency: str, *, now: datetime
) -> dict[SkuId, int]:
    """Return what one unit costs at the till of a site, in minor units; what has no price is left out."""
    carts = [
        pricing.Cart(
            currency=currency,
            country=site.country,
            time_zone=site.time_zone,
            at=now,
            channel=TILL,
            site_id=site.id,
            org_units=site.unit_path,
            lines=(pricing.CartLine(sku_id=sku.id, code=sku.code, units=1, tax_class=sku.tax_class),),
        )
        for sku in skus
    ]
    quotes = zip(skus, pricing.quote(conn, carts), strict=True)
    return {sku.id: one.amount_minor for sku, one in quotes if isinstance(one, pricing.Quote)}


def _place_at_counter(  # noqa: PLR0913 - what, for what, where, when
    conn: Conn,
    asked: CounterExchange,
    priced: Sequence[PricedOut],
    head: Order,
    site: Site,
    *,
    kept: Mapping[LineId, Kept],
    scope: Scope,
    now: datetime,
) -> Placed:
    """Sell what goes out: gone from the shelf here, or set aside to be sent, all of it or none."""
    seller = entities_by_id(conn, [site.entity_id])[site.entity_id]
    if seller.currency != head.currency:
        raise Refused(OtherCurrencyHere(currency=head.currency, site_code=site.code))
    lines = [
        DraftLine(code=one.sku.code, sku_id=one.sku.id, units=one.units, stated_unit_minor=one.unit_minor)
        for one in priced
    ]
    prices = {_number(asked.id): prices_of(kept, [(one.kept_of, one.units) for one in priced])}
    if asked.is_sent:
        if head.longitude is None or head.latitude is None:
            raise Refused(NowhereToSend(number=head.number))
        draft = msgspec.structs.replace(
            _again(head, asked.id, lines, now=now), hold_minutes=0, seller_entity_id=head.seller_entity_id
        )
        return _placed(place(conn, [draft], scope=WHOLE_BRAND, now=now, kept=prices)[0])
    draft = Draft(
        channel=TILL,
        external_number=_number(asked.id),
        kind=DraftKind.FACT,
        placed_at=now,
        seller_entity_id=site.entity_id,
        currency=head.currency,
        country=site.country,
        lines=tuple(lines),
        member_id=head.member_id,
        site_id=site.id,
        delivery=Delivery.CARRIED_OUT,
        credits=Credits(guide_id=asked.guide_id),
    )
    placed = _placed(place(conn, [draft], scope=scope, now=now, kept=prices)[0])
    issue_receipts(conn, [placed.order_id], now=now)
    return placed


def _again(head: Order, number: UUID, lines: Sequence[DraftLine], *, now: datetime) -> Draft:
    """An order like an earlier one: sent where that was sent, or collected where it was sold."""
    is_sent = head.longitude is not None and head.latitude is not None
    return Draft(
        channel=head.channel,
        external_number=_number(number),
        kind=DraftKind.ASK,
        placed_at=now,
        seller_entity_id=head.seller_entity_id,
        currency=head.currency,
        country=head.country,
        lines=tuple(lines),
        member_id=head.member_id,
        site_id=head.site_id,
        delivery=Delivery.DELIVER if is_sent else Delivery.COLLECT,
        destination=Coordinates(longitude=head.longitude, latitude=head.latitude)
        if head.longitude is not None and head.latitude is not None
        else None,
        hold_minutes=HELD_MINUTES,
        is_price_agreed=True,
        is_in_stock_only=True,
    )


def _number(number: UUID) -> str:
    return f"exchange/{number}"


def _placed(outcome: object) -> Placed:
    if isinstance(outcome, Refusal):
        raise Refused(outcome)
    assert isinstance(outcome, Placed), "its number is the exchange's own, which is new"
    return outcome


def _take_back(  # noqa: PLR0913 - what, of what, where, when
    conn: Conn,
    asked: CounterExchange,
    back: Sequence[tuple[Line, LineBack]],
    head: Order,
    site: Site,
    *,
    scope: Scope,
    now: datetime,
) -> TakenBack:
    wanted = NewReturn(
        id=ReturnId(asked.id),
        channel=COUNTER,
        external_number=str(asked.id),
        kind=ReturnKind.ASK,
        at=now,
        site_id=site.id,
        currency=head.currency,
        order_id=head.id,
        member_id=head.member_id,
        taken_in_by=asked.actor,
        lines=tuple(
            NewReturnLine(
                code=line.code, units=one.units, sku_id=line.sku_id, reason=one.reason, line_id=line.line_id
            )
            for line, one in back
        ),
    )
    (outcome,) = take_back(conn, [wanted], scope=scope, now=now)
    if isinstance(outcome, Refusal):
        raise Refused(outcome)
    if not isinstance(outcome, TakenBack):  # a return had this number before
        raise Refused(ExchangeNumberTaken(exchange_id=asked.id))
    unsold = next((line for line in outcome.lines if line.blind_units), None)
    if unsold is not None:  # a colleague at another counter was faster
        raise Refused(ExchangesMoreThanSold(goods_code=unsold.code, units_left=unsold.matched_units))
    return outcome


def _take_difference(
    conn: Conn, asked: CounterExchange, new_order_id: OrderId, site: Site, *, now: datetime
) -> int:
    """Take what the old goods do not pay of the new ones; returns how much it is.

    It is the seller's; where it lies in the drawer of another company, that company owes it to the seller.
    """
    (new,) = orders.orders_by_ids(conn, [new_order_id])
    due = to_pay(conn, [new])[new.id]
    if due <= 0:
        return 0
    is_here = asked.method in OVER_THE_COUNTER and can_owe(conn, [(site.entity_id, new.seller_entity_id)])[0]
    payment = NewPayment(
        id=PaymentId(uuid7(now)),
        key=f"difference:{asked.id}",
        order_id=new.id,
        method=asked.method,
        entity_id=new.seller_entity_id,
        currency=new.currency,
        amount_minor=due,
        taken_at=now,
        drawer_entity_id=site.entity_id if is_here else None,
    )
    all_granted(take_payments(conn, [payment], now=now))
    if payment.drawer_entity_id is not None:
        between = PaidForAnother(
            key=payment.key,
            subject=asked.id,
            payer_id=payment.entity_id,  # in whose books the money came in that lies in the other's drawer
            debtor_id=payment.drawer_entity_id,
            currency=payment.currency,
            amount_minor=due,
            at=now,
        )
        owe_each_other(conn, [between], now=now)
    return due
