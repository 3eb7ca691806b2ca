"""What a till says becomes a fact and its payments, or is refused by name."""

from datetime import datetime, timedelta, timezone
from uuid import UUID

import msgspec

from loopline.channels.till import (
    Method,
    PaidDiffers,
    Sale,
    SaleLine,
    SaleMember,
    SalePayment,
    SaleTooLarge,
    rung_up,
)
from loopline.kernel.ids import MemberId, OrderId, PersonId
from loopline.orders import Delivery, DraftKind
from loopline.orders.price_changes import PriceReason
from loopline.processes.price_change import SaidOfPrice
from loopline.processes.ring_up import MoneyTaken, RungUp
from loopline.processes.take_in import MessageLine, OrderMessage
from tests.make.shop import NOON
from tests.make.till import TILL, line, sale

WHO = PersonId(UUID("0190bbbb-0000-7000-8000-000000000001"))


def told(said: Sale, *, now: datetime = NOON) -> RungUp:
    found = rung_up(said, now=now)
    assert isinstance(found, RungUp), found
    return found


def test_what_is_said_of_prices_goes_along_and_what_is_not_said_is_not_recognised_by():
    """Sales that a till rang up before it knew of changed prices are the orders they made."""
    plain = line("COAT")
    assert msgspec.json.encode(plain, order="deterministic") == (
        b'{"sku_code":"COAT","units":1,"unit_minor":11300}'
    )
    approval = UUID(int=3)
    changed = msgspec.structs.replace(plain, priced_at=NOON, reason=PriceReason.LAST_PIECE, ask_id=approval)
    first, second = told(sale(WHO, 7, lines=(plain, changed))), told(sale(WHO, 7, lines=(plain, plain)))
    assert first.prices == (
        SaidOfPrice(),
        SaidOfPrice(priced_at=NOON, reason=PriceReason.LAST_PIECE, ask_id=approval),
    )
    assert first.said != second.said


def test_a_sale_is_a_fact_carried_out_at_the_prices_it_says():
    said = sale(WHO, 7)
    assert told(said).message == OrderMessage(
        channel="till",
        external_number=f"{TILL}/7",
        kind=DraftKind.FACT,
        lines=(
            MessageLine(sku_code="COAT", units=1, stated_unit_minor=11_300),
            MessageLine(sku_code="SCARF", units=2, stated_unit_minor=2_260),
        ),
        placed_at=NOON,
        order_id=OrderId(said.id),
        site_code="S",
        currency="CNY",
        delivery=Delivery.CARRIED_OUT,
    )
    assert told(said).money == (MoneyTaken(method="cash", amount_minor=15_820),)


def test_a_clock_that_is_ahead_places_no_sale_in_the_future():
    ahead = sale(WHO, rung_up_at=NOON + timedelta(minutes=7))
    assert told(ahead).message.placed_at == NOON
    assert told(ahead).rung_up_at == NOON + timedelta(minutes=7)
    late = told(ahead, now=NOON + timedelta(days=3))
    assert late.message.placed_at == NOON + timedelta(minutes=7)
    assert late.said == told(ahead).said


def test_what_is_said_is_the_same_in_any_order_and_any_zone():
    said = sale(WHO)
    there = said.rung_up_at.astimezone(timezone(timedelta(hours=8)))
    again = msgspec.structs.replace(said, lines=said.lines[::-1], rung_up_at=there)
    assert told(again).said == told(said).said


def test_anything_else_said_is_something_else():
    said = sale(WHO)
    by_card = SalePayment(method=Method.CARD_TERMINAL, amount_minor=15_820)
    others = [
        {"id": UUID("0190cccc-0000-7000-8000-000000000001")},
        {"number": 2},
        {"rung_up_by": UUID("0190bbbb-0000-7000-8000-000000000002")},
        {"rung_up_at": NOON + timedelta(milliseconds=1)},
        {"site_code": "D"},
        {"payments": (by_card,)},
        {"lines": (line("COAT"), line("SCARF"), line("SCARF"))},
    ]
    hashes = {told(msgspec.structs.replace(said, **one)).said for one in others} | {told(said).said}
    assert len(hashes) == len(others) + 1


def test_a_sale_is_paid_in_full():
    short = sale(WHO, payments=(SalePayment(method=Method.CASH, amount_minor=15_819),))
    assert rung_up(short, now=NOON) == PaidDiffers(total_minor=15_820, paid_minor=15_819)
    two = (
        SalePayment(method=Method.CASH, amount_minor=820),
        SalePayment(method=Method.CARD_TERMINAL, amount_minor=15_000),
    )
    assert [one.amount_minor for one in told(sale(WHO, payments=two)).money] == [820, 15_000]
    assert told(sale(WHO, lines=(line("HAT", unit_minor=0),))).money == ()


def test_a_sale_has_an_end():
    endless = sale(WHO, lines=(line("COAT", 1_000_000, unit_minor=10**10),))
    assert rung_up(endless, now=NOON) == SaleTooLarge(total_minor=10**16)


def test_a_line_is_paid_as_the_whole_cart_was_told_and_not_by_the_piece():
    scarves = SaleLine(sku_code="SCARF", units=3, unit_minor=2_259, amount_minor=6_779)
    paid = (SalePayment(method=Method.CASH, amount_minor=6_779),)
    found = told(sale(WHO, lines=(scarves,), payments=paid))
    assert found.message.lines == (
        MessageLine(sku_code="SCARF", units=3, stated_unit_minor=2_259, stated_amount_minor=6_779),
    )
    by_the_piece = (SalePayment(method=Method.CASH, amount_minor=3 * 2_259),)
    assert rung_up(sale(WHO, lines=(scarves,), payments=by_the_piece), now=NOON) == PaidDiffers(
        total_minor=6_779, paid_minor=6_777
    )


def test_who_bought_says_nothing_of_what_was_sold_and_shows_nowhere():
    said = sale(WHO)
    theirs = msgspec.structs.replace(said, member=SaleMember(said="+8613800001234"))
    assert told(theirs).said == told(said).said
    assert "1234" not in repr(theirs)
    member_id = MemberId(UUID(int=9))
    found = rung_up(theirs, now=NOON, member_id=member_id)
    assert isinstance(found, RungUp)
    assert (found.message.member_id, told(said).message.member_id) == (member_id, None)


def test_a_sale_that_came_before_lines_had_amounts_is_the_same_sale_today():
    """Its hash is kept with the order: what a till sends again years later is held against it."""
    old = Sale(
        id=UUID(int=5),
        till_id=UUID(int=6),
        number=7,
        site_code="S",
        rung_up_by=UUID(int=8),
        rung_up_at=NOON,
        currency="CNY",
        lines=(
            SaleLine(sku_code="COAT", units=1, unit_minor=11_300),
            SaleLine(sku_code="SCARF", units=2, unit_minor=2_260),
        ),
        payments=(SalePayment(method=Method.CASH, amount_minor=15_820),),
    )
    assert told(old).said.hex() == "5e5d16251bace7927250472b917ed4339b8f883bf3d690eebbdd8f22f3fc479e"
