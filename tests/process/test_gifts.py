"""Gifts through the loop: goods like any, borne as agreed, called off with what earned them, inverted part by part."""

from collections.abc import Sequence

import pytest

from loopline import orders
from loopline.db import Conn
from loopline.kernel.money import tax_within
from loopline.kernel.scope import WHOLE_BRAND
from loopline.ledger.model import Purpose
from loopline.ledger.queries import balances_by_purpose
from loopline.orders import DraftLine
from loopline.pricing import GiftNotEarned
from loopline.pricing.coupons import OffAmount
from loopline.pricing.promotions import Bearer, Promotion
from loopline.processes.cancel import Cancellation, Cancelled, UnitsToCancel, cancel
from loopline.processes.place import Placed, place
from loopline.processes.points.standing import FOLLOWERS
from loopline.processes.promote import WantedGift, save
from loopline.processes.try_promotion import try_on_past_orders
from tests.make import coupons
from tests.make.customers import member, phone, registered
from tests.make.loop import follow, hand_over_everything, pay_for
from tests.make.org import succeeded
from tests.make.points import points_given, points_in_force
from tests.make.shop import NOON, OPENED, Shop, ask, open_shop
from tests.process.test_promotions import (
    BY,
    LATER,
    SETTLE,
    agreed,
    books,
    bring_back,
    funders,
    healthy,
    in_force,
    lines_of,
    placed,
    wanted,
)

(POINTS,) = FOLLOWERS
HAT_WITH_COAT = WantedGift(sku_code="HAT", from_units=1, is_repeated=True)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn, units=40)


def draft_lines(shop: Shop, *, coats: int, hats: int, scarves: int = 0) -> tuple[DraftLine, ...]:
    """Coats and scarves that are bought, hats that are given."""
    found = [
        DraftLine(code="COAT", sku_id=shop.skus["COAT"], units=coats),
        DraftLine(code="HAT", sku_id=shop.skus["HAT"], units=hats, is_gift=True),
    ]
    if scarves:
        found.append(DraftLine(code="SCARF", sku_id=shop.skus["SCARF"], units=scarves))
    return tuple(found)


def order_of(conn: Conn, shop: Shop, **units: int) -> Placed:
    (order,) = placed(conn, ask(shop, "W-1", lines=draft_lines(shop, **units)))
    return order


def handed_over(conn: Conn, shop: Shop, **units: int) -> Placed:
    order = order_of(conn, shop, **units)
    pay_for(conn, shop, order)
    hand_over_everything(conn, now=NOON)
    follow(conn, SETTLE)
    return order


def by_purpose(conn: Conn) -> dict[Purpose, int]:
    found: dict[Purpose, int] = {}
    for one in balances_by_purpose(conn):
        found[one.purpose] = found.get(one.purpose, 0) + one.balance_minor
    return found


def test_a_gift_is_sold_with_what_earned_it_for_what_that_costs(conn: Conn, shop: Shop):
    in_force(conn, "GIFT", HAT_WITH_COAT, sku_codes=("COAT",))
    order = handed_over(conn, shop, coats=1, hats=1)
    coat, hat = lines_of(conn, order.order_id)["COAT"], lines_of(conn, order.order_id)["HAT"]
    # 113.00 for what is worth 122.99.
    assert (coat.amount_minor, hat.amount_minor) == (10_382, 918)
    assert (coat.list_unit_minor, hat.list_unit_minor) == (11_300, 999)
    assert hat.handed_over == 1
    held = by_purpose(conn)
    tax = tax_within(10_382, 1_300) + tax_within(918, 1_300)
    assert (held[Purpose.REVENUE], held[Purpose.TAX]) == (tax - 11_300, -tax)
    healthy(conn)


def test_its_value_is_borne_as_agreed(conn: Conn, shop: Shop):
    agreed(conn, "PLATFORM")
    in_force(conn, "GIFT", HAT_WITH_COAT, sku_codes=("COAT",), funders=funders(platform=10_000))
    order = handed_over(conn, shop, coats=2, hats=2)
    assert books(conn, shop)["BRAND-CO", "receivable"] == 2 * 999
    bring_back(conn, shop, order, "R-1", "COAT", 2, 0)
    bring_back(conn, shop, order, "R-2", "HAT", 2, 0)
    assert books(conn, shop) == {}
    healthy(conn)


@pytest.mark.parametrize(
    "steps",
    [
        ["COAT", "COAT", "COAT", "HAT", "HAT", "HAT"],
        ["HAT", "COAT", "HAT", "COAT", "HAT", "COAT"],
        ["HAT", "HAT", "HAT", "COAT", "COAT", "COAT"],
        ["COAT", "HAT", "HAT", "COAT", "COAT", "HAT"],
    ],
)
def test_whatever_comes_back_in_whatever_order_gives_back_what_was_paid(
    conn: Conn, shop: Shop, steps: Sequence[str]
):
    """Who keeps the gift keeps it at its part of the price; when all is back, all was given back."""
    agreed(conn, "DEALER")
    in_force(conn, "GIFT", HAT_WITH_COAT, sku_codes=("COAT",), funders=funders(DEALER=5_000, seller=5_000))
    order = handed_over(conn, shop, coats=3, hats=3)
    assert order.amount_minor == 33_900
    given_back = 0
    for number, code in enumerate(steps):
        given_back += bring_back(conn, shop, order, f"R-{number}", code, 1, 0)
        healthy(conn)
        if steps[: number + 1] == ["COAT", "COAT", "COAT"]:
            assert given_back == 33_900 - lines_of(conn, order.order_id)["HAT"].amount_minor
    assert given_back == 33_900
    assert books(conn, shop) == {}
    held = by_purpose(conn)
    assert {held.get(one, 0) for one in (Purpose.REVENUE, Purpose.TAX, Purpose.SHARE_PENDING)} == {0}


def test_what_was_not_earned_is_refused_whole(conn: Conn, shop: Shop):
    in_force(conn, "GIFT", HAT_WITH_COAT, sku_codes=("COAT",))
    outcome = place(
        conn, [ask(shop, "W-1", lines=draft_lines(shop, coats=1, hats=2))], scope=WHOLE_BRAND, now=NOON
    )
    assert outcome == [GiftNotEarned(position=1, line_code="HAT", units=2, earned=1)]


def called_off(conn: Conn, order: Placed, code: str, units: int) -> dict[str, int]:
    lines = lines_of(conn, order.order_id)
    asked = Cancellation(
        order_id=order.order_id, lines=(UnitsToCancel(line_id=lines[code].line_id, units=units),)
    )
    (done,) = cancel(conn, [asked], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(done, Cancelled), done
    codes = {line.line_id: line.code for line in lines.values()}
    return {codes[one.line_id]: one.units for one in done.lines}


def test_gifts_are_called_off_with_what_earned_them(conn: Conn, shop: Shop):
    in_force(conn, "GIFT", HAT_WITH_COAT, sku_codes=("COAT",))
    order = order_of(conn, shop, coats=3, hats=2, scarves=2)
    pay_for(conn, shop, order)
    assert called_off(conn, order, "SCARF", 1) == {"SCARF": 1}
    assert called_off(conn, order, "COAT", 1) == {"COAT": 1}  # two coats earn the two hats
    assert called_off(conn, order, "COAT", 1) == {"COAT": 1, "HAT": 1}
    assert called_off(conn, order, "HAT", 1) == {"HAT": 1}
    assert called_off(conn, order, "COAT", 1) == {"COAT": 1}
    healthy(conn)


def test_what_was_earned_by_an_amount_is_lost_below_it(conn: Conn, shop: Shop):
    by_amount = WantedGift(sku_code="HAT", from_minor=24_000)
    in_force(conn, "GIFT", by_amount)
    order = order_of(conn, shop, coats=2, hats=1, scarves=2)  # 271.20
    pay_for(conn, shop, order)
    assert called_off(conn, order, "SCARF", 1) == {"SCARF": 1}  # 248.60 left
    assert called_off(conn, order, "SCARF", 1) == {"SCARF": 1, "HAT": 1}
    healthy(conn)


def test_what_a_coupon_took_off_still_earns(conn: Conn, shop: Shop):
    """Gifts are earned before coupons take anything off, so what is left is looked at as it was."""
    in_force(conn, "GIFT", WantedGift(sku_code="HAT", from_minor=24_500))
    coupons.in_force(conn, "C", OffAmount(amount_minor=600), now=OPENED)
    (coupon,) = coupons.given(conn, "C", None, now=OPENED)
    goods = draft_lines(shop, coats=2, hats=1, scarves=2)
    (order,) = placed(conn, ask(shop, "W-1", lines=goods, coupons=(coupon.secret,)))
    assert order.amount_minor == 2 * 11_300 + 2 * 2_260 - 600
    pay_for(conn, shop, order)
    assert called_off(conn, order, "SCARF", 1) == {"SCARF": 1}  # 248.60 by the list, less than 245.00 paid
    assert called_off(conn, order, "SCARF", 1) == {"SCARF": 1, "HAT": 1}
    healthy(conn)


def test_what_points_took_off_still_earns_also_where_a_line_has_no_whole_point(conn: Conn, shop: Shop):
    """One point takes a yuan off: the scarves' part of it is no whole point, and came after the gift all the same."""
    points_in_force(conn, redeem_points=1, redeem_minor=100)
    (anna,) = registered(conn, [member(phone(1))])
    points_given(conn, anna, 1, now=OPENED)
    in_force(conn, "GIFT", WantedGift(sku_code="HAT", from_minor=11_300 + 2 * 2_260))
    goods = draft_lines(shop, coats=2, hats=1, scarves=2)
    (order,) = placed(conn, ask(shop, "W-1", lines=goods, member_id=anna, points=1))
    assert order.amount_minor == 2 * 11_300 + 2 * 2_260 - 100
    pay_for(conn, shop, order)
    assert called_off(conn, order, "COAT", 1) == {"COAT": 1}  # what is left is worth just enough
    assert called_off(conn, order, "SCARF", 1) == {"SCARF": 1, "HAT": 1}
    follow(conn, POINTS)
    healthy(conn)


def test_a_gift_that_was_handed_over_stays(conn: Conn, shop: Shop):
    in_force(conn, "GIFT", HAT_WITH_COAT, sku_codes=("COAT",))
    order = order_of(conn, shop, coats=1, hats=1)
    pay_for(conn, shop, order)
    hat = lines_of(conn, order.order_id)["HAT"]
    assert hat.held == 1
    assert called_off(conn, order, "COAT", 1) == {"COAT": 1, "HAT": 1}
    (again,) = placed(conn, ask(shop, "W-2", lines=draft_lines(shop, coats=2, hats=2)))
    pay_for(conn, shop, again)
    hand_over_everything(conn, now=NOON)
    follow(conn, SETTLE)
    bring_back(conn, shop, again, "R-1", "COAT", 1, 0)
    assert lines_of(conn, again.order_id)["HAT"].returned == 0
    healthy(conn)


def test_a_gift_is_tried_on_past_orders(conn: Conn, shop: Shop):
    placed(conn, ask(shop, "W-1"), ask(shop, "W-2"))
    (draft,) = succeeded(
        save(
            conn,
            [wanted("GIFT", HAT_WITH_COAT, sku_codes=("COAT",), funders=funders(brand=10_000))],
            scope=WHOLE_BRAND,
            by=BY,
            now=NOON,
        )
    )
    assert isinstance(draft, Promotion)
    tried = try_on_past_orders(conn, draft, scope=WHOLE_BRAND, now=LATER)
    assert (tried.orders, tried.touched, tried.units, tried.discount_minor) == (2, 2, 2, 2 * 999)
    assert tried.borne == {Bearer.BRAND: 2 * 999}
    assert tried.paid_before_minor == tried.paid_after_minor == 2 * 15_820
    ghost = wanted("G2", WantedGift(sku_code="GHOST", from_units=1))
    (refusal,) = save(conn, [ghost], scope=WHOLE_BRAND, by=BY, now=OPENED)
    assert type(refusal).__name__ == "UnknownCode"


def test_a_gift_is_marked_in_the_derivation(conn: Conn, shop: Shop):
    in_force(conn, "GIFT", HAT_WITH_COAT, sku_codes=("COAT",))
    order = order_of(conn, shop, coats=1, hats=1)
    stored = orders.quotes_by_orders(conn, [order.order_id], having="$.lines[*].is_gift")
    assert [line.get("is_gift", False) for line in stored[order.order_id]["lines"]] == [False, True]
