"""Coupons at a till: taken off the whole cart, spent with the sale, back with the goods; one that fits not is kept."""

from datetime import timedelta

import msgspec
import pytest

from loopline import orders
from loopline.channels.till import Sale, SaleMember
from loopline.channels.till.message import SaleLine
from loopline.db import Conn
from loopline.kernel.ids import MemberId, OrderId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders.price_changes import PriceReason, PriceStanding, price_changes_of_order
from loopline.pricing import Derivation
from loopline.pricing.coupons import Coupon, CouponState, coupons_of_batch
from loopline.pricing.coupons.refusals import CouponHeld, CouponNotRecognised, CouponNotYours, CouponSpent
from loopline.pricing.promotions import Step, Threshold
from loopline.processes.price_change import AT_ONCE
from loopline.processes.take_back import TakenBack, take_back
from loopline.processes.take_in import OrderTaken
from tests.make import coupons
from tests.make.customers import member, phone, registered
from tests.make.loop import subject_types
from tests.make.shop import NOON, OPENED
from tests.make.store import Stage, open_store
from tests.make.till import line, sale, sent, whole
from tests.process.test_promotions import healthy, in_force
from tests.process.test_take_back import back

LATE = NOON + AT_ONCE + timedelta(seconds=1)
SPEND = Threshold(steps=(Step(from_minor=15_000, off_minor=1_000),))
# A coat and two scarves are 15,820: 1,000 off over the step, dealt 714 and 286; then 3,000 for the coupon.
TOLD = (whole("COAT", 1, 11_300 - 714 - 2_143), whole("SCARF", 2, 4_520 - 286 - 857))


@pytest.fixture
def stage(conn: Conn) -> Stage:
    stage = open_store(conn)
    in_force(conn, "SPEND", SPEND)
    return stage


def one_given(conn: Conn, who: MemberId | None = None) -> Coupon:
    coupons.in_force(conn, "C", now=OPENED)
    return coupons.given(conn, "C", who, now=OPENED)[0]


def with_coupon(
    stage: Stage, coupon: Coupon, number: int = 1, lines: tuple[SaleLine, ...] = TOLD, **fields: object
) -> Sale:
    said = sale(stage.people["zhou.guide"], number, lines=lines)
    return msgspec.structs.replace(said, coupon=coupon.secret, **fields)


def put(conn: Conn, stage: Stage, *sales: Sale, late: bool = False) -> list[OrderTaken | Refusal]:
    return sent(conn, sales, by=stage.people["zhou.guide"], now=LATE if late else NOON)


def stands(conn: Conn, coupon: Coupon) -> tuple[CouponState, OrderId | None]:
    (found,) = [one for one in coupons_of_batch(conn, coupon.batch_id, at_most=9) if one.id == coupon.id]
    return found.state, found.order_id


def let_off(conn: Conn, order_id: OrderId) -> list[list[int]]:
    derived = msgspec.convert(orders.quotes_by_orders(conn, [order_id])[order_id], Derivation)
    return [[one.amount_minor for one in each.discounts] for each in derived.lines]


def test_what_the_server_took_off_the_whole_cart_is_known_again_and_comes_back(conn: Conn, stage: Stage):
    coupon = one_given(conn)
    (outcome,) = put(conn, stage, with_coupon(stage, coupon))
    assert isinstance(outcome, OrderTaken), outcome
    assert (outcome.amount_minor, let_off(conn, outcome.order_id)) == (11_820, [[714, 2_143], [286, 857]])
    assert stands(conn, coupon) == (CouponState.SPENT, outcome.order_id)
    assert price_changes_of_order(conn, outcome.order_id) == []
    (again,) = put(conn, stage, msgspec.structs.replace(with_coupon(stage, coupon), id=outcome.order_id))
    assert isinstance(again, OrderTaken)
    assert again.is_repeat
    asked = back(stage.shop, "R-1", ("COAT", 1), ("SCARF", 2), member_id=None, order_id=outcome.order_id)
    (returned,) = take_back(conn, [asked], scope=WHOLE_BRAND, now=NOON + timedelta(days=1))
    assert isinstance(returned, TakenBack), returned
    assert stands(conn, coupon) == (CouponState.FREE, None)
    healthy(conn)


def test_a_price_that_somebody_typed_stays_beside_a_coupon(conn: Conn, stage: Stage):
    coupon = one_given(conn)
    typed = msgspec.structs.replace(line("SCARF", unit_minor=2_200), reason=PriceReason.DAMAGED)
    (outcome,) = put(conn, stage, with_coupon(stage, coupon, lines=(whole("COAT", 1, 8_300), typed)))
    assert isinstance(outcome, OrderTaken), outcome
    assert (outcome.amount_minor, let_off(conn, outcome.order_id)) == (10_500, [[3_000], []])
    assert stands(conn, coupon) == (CouponState.SPENT, outcome.order_id)
    (changed,) = price_changes_of_order(conn, outcome.order_id)
    assert (changed.unit_minor, changed.standing) == (2_200, PriceStanding.ALONE)


def test_a_coupon_that_explains_nothing_is_refused_at_once_and_kept(conn: Conn, stage: Stage):
    coupon = one_given(conn)
    lower = (whole("COAT", 1, 8_000), whole("SCARF", 2, 3_377))
    (outcome,) = put(conn, stage, with_coupon(stage, coupon, lines=lower))
    assert outcome == CouponNotRecognised(coupon=coupon.secret)
    assert stands(conn, coupon) == (CouponState.FREE, None)
    assert conn.execute("select count(*) from orders.order").fetchone() == (0,)


def test_a_late_sale_whose_coupon_explains_nothing_stands_and_leaves_the_customer_the_coupon(
    conn: Conn, stage: Stage
):
    coupon = one_given(conn)
    lower = (whole("COAT", 1, 8_000), whole("SCARF", 2, 3_377))
    (outcome,) = put(conn, stage, with_coupon(stage, coupon, lines=lower), late=True)
    assert isinstance(outcome, OrderTaken), outcome
    assert (outcome.amount_minor, let_off(conn, outcome.order_id)) == (11_377, [[], []])
    assert stands(conn, coupon) == (CouponState.FREE, None)
    # Headquarters see it twice: that the coupon was not used, and each price that nothing covers.
    assert "coupon_not_taken" in subject_types(conn, outcome.order_id)
    changed = price_changes_of_order(conn, outcome.order_id)
    assert [one.standing for one in changed] == [PriceStanding.NOT_ALLOWED] * 2
    # The customer buys with it after all.
    (bought,) = put(conn, stage, with_coupon(stage, coupon, 2))
    assert isinstance(bought, OrderTaken), bought
    assert stands(conn, coupon) == (CouponState.SPENT, bought.order_id)


def test_of_two_sales_with_one_coupon_the_first_has_it(conn: Conn, stage: Stage):
    coupon = one_given(conn)
    first, second = put(conn, stage, with_coupon(stage, coupon, 1), with_coupon(stage, coupon, 2))
    assert isinstance(first, OrderTaken), first
    assert second == CouponHeld(coupon=coupon.secret)
    (third,) = put(conn, stage, with_coupon(stage, coupon, 3))
    assert isinstance(third, CouponSpent)
    (late,) = put(conn, stage, with_coupon(stage, coupon, 4), late=True)
    assert isinstance(late, OrderTaken)
    assert stands(conn, coupon) == (CouponState.SPENT, first.order_id)
    assert [one.standing for one in price_changes_of_order(conn, late.order_id)] == [
        PriceStanding.NOT_ALLOWED
    ] * 2


def test_a_members_coupon_is_for_that_member_alone(conn: Conn, stage: Stage):
    (anna,) = registered(conn, [member(phone(1))])
    coupon = one_given(conn, anna)
    (refused,) = put(conn, stage, with_coupon(stage, coupon, 1))
    assert isinstance(refused, CouponNotYours)
    (sold,) = put(conn, stage, with_coupon(stage, coupon, 2, member=SaleMember(id=anna)))
    assert isinstance(sold, OrderTaken), sold
    assert stands(conn, coupon) == (CouponState.SPENT, sold.order_id)
