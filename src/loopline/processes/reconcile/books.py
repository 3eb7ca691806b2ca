"""What our books say of some days, as lines to be held against a source's bills."""

from datetime import date
from uuid import UUID, uuid5

from loopline import bills, orders, org, payments
from loopline.bills import OurKind, OurLine, Source, SourceKind
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment_queries
from loopline.kernel.ids import OrderId
from loopline.kernel.times import business_day, day_range
from loopline.orders import Order
from loopline.payments import MovedAsk, MovedMoney

PLATFORM = "platform"
"""The method of money that a marketplace took by itself."""


def our_lines(conn: Conn, source: Source, first: date, last: date) -> list[OurLine]:
    """Return the lines of our books of some days, both included, that a source should know too, the earliest first."""
    if source.kind is SourceKind.CARRIER:
        return _parcels(conn, source, first, last)
    lines = _money(conn, source, first, last)
    if source.kind is SourceKind.BANK:
        lines += _settlements(conn, source, first, last)
    return sorted(lines, key=lambda one: (one.day, one.kind, one.id))


def _money(conn: Conn, source: Source, first: date, last: date) -> list[OurLine]:
    end = day_range(last, source.zone).end
    assert end is not None
    ask = MovedAsk(
        entity_id=source.entity_id,
        currency=source.currency,
        methods=source.methods or (PLATFORM,),
        start=day_range(first, source.zone).start,
        end=end,
    )
    taken, back = payments.taken_between(conn, ask), payments.given_back_between(conn, ask)
    heads: dict[OrderId, Order] = {}
    if source.channel is not None:
        order_ids = list({one.order_id for one in (*taken, *back) if one.order_id is not None})
        found = orders.orders_by_ids(conn, order_ids)
        heads = {head.id: head for head in found if head.channel == source.channel}
        taken = [one for one in taken if one.order_id in heads]
        back = [one for one in back if one.order_id in heads]
    return [
        *(_line(one, OurKind.PAYMENT, source, heads) for one in taken),
        *(_line(one, OurKind.REFUND, source, heads) for one in back),
    ]


def _line(one: MovedMoney, kind: OurKind, source: Source, heads: dict[OrderId, Order]) -> OurLine:
    named = [one.their_number, one.our_number, _stated(one.key)]
    head = heads.get(one.order_id) if one.order_id is not None else None
    outer = [head.external_number] if head is not None else []
    if kind is OurKind.REFUND:
        of_payment = [one.payment_their_number, one.payment_number, _stated(one.payment_key), *outer]
        named += [f"refund:{number}" for number in of_payment if number]
    else:
        named += outer
    keys = tuple(dict.fromkeys(number for number in named if number))
    return OurLine(
        kind=kind,
        id=one.id,
        day=business_day(one.moved_at, source.zone),
        amount_minor=one.amount_minor if kind is OurKind.PAYMENT else -one.amount_minor,
        number=next((key for key in (*outer, *keys) if not key.startswith("refund:")), ""),
        keys=keys,
        subject=one.order_id,
    )


def _stated(key: str | None) -> str | None:
    """The number within a key of a payment, as whoever took the money stated it; an intent's key says nothing."""
    if key is None or key.startswith("intent:"):
        return None
    return key.rpartition(":")[2]


def _settlements(conn: Conn, source: Source, first: date, last: date) -> list[OurLine]:
    """What gateways and marketplaces should have paid out, a line per day: the bank names them as the source does."""
    found = bills.settlements_by_day(conn, source.entity_id, source.currency, first, last)
    return [
        OurLine(
            kind=OurKind.SETTLEMENT,
            id=uuid5(UUID(str(one.source_id)), one.day.isoformat()),
            day=one.day,
            amount_minor=one.amount_minor,
            number=f"{one.code} {one.day.isoformat()}",
            wording=one.payer,
        )
        for one in found
    ]


def _parcels(conn: Conn, source: Source, first: date, last: date) -> list[OurLine]:
    """Parcels that carriers took over, by the number the carrier calls each; their price is the carrier's to say."""
    end = day_range(last, source.zone).end
    assert end is not None
    sites = [one.id for one in org.branch_sites(conn) if one.entity_id == source.entity_id]
    start = day_range(first, source.zone).start
    return [
        OurLine(
            kind=OurKind.PARCEL,
            id=one.task_id,
            day=business_day(one.handed_over_at, source.zone),
            amount_minor=0,
            number=one.tracking_number,
            keys=(one.tracking_number,),
            subject=one.order_id,
        )
        for one in fulfilment_queries.waybills_between(conn, sites, start=start, end=end)
    ]
