"""A till's sale becomes a fact and its payments. Pure."""

import hashlib
from datetime import UTC, datetime

import msgspec
from msgspec import UNSET

from loopline.channels.till.message import Sale
from loopline.kernel.ids import MemberId, OrderId, PersonId
from loopline.kernel.refusals import Refusal
from loopline.orders import Delivery, DraftKind
from loopline.orders.tills import TILL, spell_till_number
from loopline.processes.price_change import SaidOfPrice
from loopline.processes.ring_up import MoneyTaken, RungUp
from loopline.processes.take_in import MessageLine, OrderMessage

_TOTAL_MAX = 10**13
_encode = msgspec.json.Encoder(order="deterministic").encode


class PaidDiffers(Refusal, frozen=True, kw_only=True):
    """The goods come to {total_minor} and {paid_minor} was taken (in minor units): a till's sale is paid in full."""

    total_minor: int
    paid_minor: int


class SaleTooLarge(Refusal, frozen=True, kw_only=True):
    """The goods come to {total_minor} (in minor units), more than one sale can."""

    total_minor: int


def rung_up(sale: Sale, *, now: datetime, member_id: MemberId | None = None) -> RungUp | Refusal:
    """Make of a sale what is to be placed, or say why it cannot be; `member_id`: whose it is, where that is known.

    A till's clock may be ahead: what has arrived has happened, so no sale is placed later than `now`. What the till
    says decides alone whether the same comes again, the id included; the order of lines and payments says nothing.
    """
    total = sum(line.paid_minor for line in sale.lines)
    paid = sum(payment.amount_minor for payment in sale.payments)
    if total > _TOTAL_MAX:
        return SaleTooLarge(total_minor=total)
    if total != paid:
        return PaidDiffers(total_minor=total, paid_minor=paid)
    message = OrderMessage(
        channel=TILL,
        external_number=spell_till_number(sale.till_id, sale.number),
        kind=DraftKind.FACT,
        lines=tuple(
            MessageLine(
                sku_code=line.sku_code,
                units=line.units,
                stated_unit_minor=line.charged_unit_minor,
                stated_amount_minor=None if line.amount_minor is UNSET else line.amount_minor,
            )
            for line in sale.lines
        ),
        placed_at=min(sale.rung_up_at, now),
        order_id=OrderId(sale.id),
        site_code=sale.site_code,
        currency=sale.currency,
        delivery=Delivery.CARRIED_OUT,
        member_id=member_id,
        coupons=() if sale.coupon is UNSET else (sale.coupon,),
    )
    return RungUp(
        till_id=sale.till_id,
        number=sale.number,
        message=message,
        said=said_by(sale),
        rung_up_by=PersonId(sale.rung_up_by),
        rung_up_at=sale.rung_up_at,
        prices=tuple(
            SaidOfPrice(priced_at=line.priced_at, reason=line.reason, ask_id=line.ask_id)
            for line in sale.lines
        ),
        money=tuple(
            MoneyTaken(method=payment.method.value, amount_minor=payment.amount_minor)
            for payment in sale.payments
        ),
    )


def said_by(sale: Sale) -> bytes:
    """Return 32 bytes that are equal for sales that say the same; one moment is the same in every time zone.

    Who bought is left out: a phone could be guessed from its hash, and is taken out of what is kept of a sale.
    """
    head = msgspec.structs.replace(
        sale, rung_up_at=sale.rung_up_at.astimezone(UTC), lines=(), payments=(), member=UNSET
    )
    digest = hashlib.blake2b(_encode(head), digest_size=32, person=b"till sale")
    for part in (sale.lines, sale.payments):
        digest.update(b"\n\n" + b"\n".join(sorted(map(_encode, part))))
    return digest.digest()
