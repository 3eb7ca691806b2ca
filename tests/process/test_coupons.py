"""Coupons through the loop: held with an order, spent when it is paid, back with what it took something off."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from loopline import orders
from loopline.db import Conn
from loopline.kernel.ids import MemberId, OrderId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Delivery, DraftLine
from loopline.pricing.coupons import (
    Coupon,
    CouponState,
    OffAmount,
    OffPercentage,
    coupons_of_batch,
    figures_of_batches,
)
from loopline.pricing.coupons.refusals import (
    CouponExpired,
    CouponHeld,
    CouponNotClaimed,
    CouponNotWithOthers,
    CouponNotYours,
    CouponOtherChannel,
    CouponSpendMore,
    CouponSpent,
    CouponUnknown,
)
from loopline.pricing.promotions import Bearer, borne_of_parts
from loopline.processes import promise
from loopline.processes.cancel import Cancellation, UnitsToCancel, cancel
from loopline.processes.coupons.giving import claim
from loopline.processes.doctor import FOLLOWS_THE_LOG, examine
from loopline.processes.place import Placed, place
from loopline.processes.promote import WantedFunder
from loopline.processes.take_back import TakenBack, take_back
from loopline.stock.refusals import NotEnoughFree
from tests.make.coupons import THIRTY, given, in_force
from tests.make.customers import member, phone, registered
from tests.make.loop import follow, hand_over_everything, pay_for, subject_types
from tests.make.shop import NOON, OPENED, Shop, ask, lines, open_shop, till_sale
from tests.process.test_gateway_payments import after, done, late_payment, report
from tests.process.test_promotions import SETTLE, agreed, books
from tests.process.test_take_back import back

HALF_AN_HOUR = NOON + timedelta(minutes=30)
LATER = NOON + timedelta(days=3)
DAY = timedelta(days=1)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn, units=40)


@pytest.fixture
def anna(conn: Conn) -> MemberId:
    return registered(conn, [member(phone(1))])[0]


def one_given(conn: Conn, who: MemberId | None, code: str = "C", **fields: Any) -> Coupon:
    """A coupon of thirty yuan off, of a batch that begins as the shop opens."""
    in_force(conn, code, now=OPENED, **fields)
    return given(conn, code, who, now=OPENED)[0]


def stands(conn: Conn, coupon: Coupon) -> tuple[CouponState, OrderId | None]:
    (found,) = [one for one in coupons_of_batch(conn, coupon.batch_id, at_most=100) if one.id == coupon.id]
    return found.state, found.order_id


def put(conn: Conn, draft: orders.Draft) -> Placed:
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=draft.placed_at)
    assert isinstance(outcome, Placed), outcome
    return outcome


def refused(conn: Conn, draft: orders.Draft) -> Refusal:
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=draft.placed_at)
    assert isinstance(outcome, Refusal), outcome
    return outcome


def sound(conn: Conn) -> None:
    report = examine(conn)
    broken = [one for one in report.checks if not one.ok and one.invariant != FOLLOWS_THE_LOG]
    assert broken == []


def steps(conn: Conn, coupon: Coupon) -> list[str]:
    rows = conn.execute(
        "select step from pricing.coupon_entry where coupon_id = %s order by number", (coupon.id,)
    ).fetchall()
    return [step for (step,) in rows]


def test_it_is_held_until_the_order_is_paid_and_then_spent(conn: Conn, shop: Shop, anna: MemberId):
    coupon = one_given(conn, anna)
    order = put(conn, ask(shop, "W-1", member_id=anna, coupons=(coupon.secret,), hold_minutes=30))
    assert order.amount_minor == 15_820 - 3_000
    assert stands(conn, coupon) == (CouponState.HELD, order.order_id)
    assert subject_types(conn, order.order_id) == ["order_placed", "coupons_taken"]
    again = ask(shop, "W-2", member_id=anna, coupons=(coupon.secret,))
    assert isinstance(refused(conn, again), CouponHeld)
    sound(conn)
    pay_for(conn, shop, order)
    assert stands(conn, coupon) == (CouponState.SPENT, order.order_id)
    assert isinstance(refused(conn, again), CouponSpent)
    assert steps(conn, coupon) == ["given", "held", "spent"]
    figures = figures_of_batches(conn, [coupon.batch_id])[coupon.batch_id]
    assert (figures.held, figures.spent, figures.off_minor, figures.brought_minor) == (0, 1, 3_000, 12_820)
    sound(conn)


def test_where_nothing_is_to_be_paid_first_it_is_spent_at_once(conn: Conn, shop: Shop, anna: MemberId):
    coupon = one_given(conn, anna)
    order = put(conn, ask(shop, "W-1", member_id=anna, coupons=(coupon.secret,)))
    assert stands(conn, coupon) == (CouponState.SPENT, order.order_id)
    free = one_given(conn, anna, "FREE", effect=OffAmount(amount_minor=10**6))
    nothing = put(conn, ask(shop, "W-2", member_id=anna, coupons=(free.secret,), hold_minutes=30))
    assert (nothing.amount_minor, nothing.pay_until) == (0, None)
    assert stands(conn, free) == (CouponState.SPENT, nothing.order_id)
    sound(conn)


def test_an_order_that_lapses_or_is_called_off_gives_it_back(conn: Conn, shop: Shop, anna: MemberId):
    coupon = one_given(conn, anna)
    lapsed = put(conn, ask(shop, "W-1", member_id=anna, coupons=(coupon.secret,), hold_minutes=20))
    assert promise.expire_holds(conn, now=HALF_AN_HOUR, limit=10) == 2
    assert stands(conn, coupon) == (CouponState.FREE, None)
    assert subject_types(conn, lapsed.order_id)[-1] == "coupons_came_back"
    sound(conn)
    draft = ask(shop, "W-2", member_id=anna, coupons=(coupon.secret,), placed_at=HALF_AN_HOUR)
    second = put(conn, draft)
    (line, *_) = orders.lines_by_orders(conn, [second.order_id])
    part = Cancellation(order_id=second.order_id, lines=(UnitsToCancel(line_id=line.line_id, units=1),))
    cancel(conn, [part], scope=WHOLE_BRAND, now=LATER)
    assert stands(conn, coupon)[0] is CouponState.SPENT
    cancel(conn, [Cancellation(order_id=second.order_id)], scope=WHOLE_BRAND, now=LATER)
    assert stands(conn, coupon) == (CouponState.FREE, None)
    assert steps(conn, coupon) == ["given", "held", "back", "spent", "back"]
    sound(conn)


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_payment_that_still_comes_has_it_again_or_goes_back(
    conn: Conn, shop: Shop, anna: MemberId, *, is_taken: bool
):
    coupon = one_given(conn, anna)
    fields: dict[str, Any] = {"member_id": anna, "coupons": (coupon.secret,)}
    lapsed, intent = late_payment(conn, shop, **fields)
    assert stands(conn, coupon) == (CouponState.FREE, None)
    has = put(conn, ask(shop, "W-2", **fields)).order_id if is_taken else lapsed.order_id
    report(conn, done(intent, at=after(28)), now=after(61))
    assert stands(conn, coupon) == (CouponState.SPENT, has)
    (head,) = orders.orders_by_ids(conn, [lapsed.order_id])
    assert head.stage == ("cancelled" if is_taken else "placed")
    sound(conn)


def sold(conn: Conn, shop: Shop, who: MemberId, coupon: Coupon, *goods: tuple[str, int]) -> Placed:
    order = put(conn, ask(shop, "W-1", member_id=who, coupons=(coupon.secret,), lines=lines(shop, *goods)))
    pay_for(conn, shop, order)
    hand_over_everything(conn, now=NOON)
    follow(conn, SETTLE)
    return order


@pytest.mark.parametrize(
    "parts",
    [
        [(("HAT", 5), ("COAT", 2))],
        [(("HAT", 5),), (("COAT", 2),)],
        [(("COAT", 1),), (("HAT", 2),), (("HAT", 1), ("COAT", 1)), (("HAT", 2),)],
        [(("HAT", 1),)] * 5 + [(("COAT", 1),)] * 2,
    ],
)
def test_any_parts_of_a_return_end_where_the_whole_does(
    conn: Conn, shop: Shop, anna: MemberId, parts: list[tuple[tuple[str, int], ...]]
):
    agreed(conn, "DEALER", most=6_000)
    funders = (
        WantedFunder(bearer=Bearer.PARTY, basis_points=6_000, party_code="DEALER"),
        WantedFunder(bearer=Bearer.SELLER, basis_points=4_000),
    )
    coupon = one_given(conn, anna, effect=OffAmount(amount_minor=1_007), funders=funders)
    order = sold(conn, shop, anna, coupon, ("HAT", 5), ("COAT", 2))
    assert order.amount_minor == 5 * 999 + 2 * 11_300 - 1_007
    assert books(conn, shop)["BRAND-CO", "promotion_funded"] == -604
    refunds = 0
    for number, goods in enumerate(parts):
        assert stands(conn, coupon)[0] is CouponState.SPENT
        asked = back(shop, f"R-{number}", *goods, member_id=anna, order_id=order.order_id)
        (outcome,) = take_back(conn, [asked], scope=WHOLE_BRAND, now=LATER)
        assert isinstance(outcome, TakenBack), outcome
        refunds += outcome.reversed_minor
    assert refunds == order.amount_minor
    assert {key: minor for key, minor in books(conn, shop).items() if minor} == {}
    assert stands(conn, coupon) == (CouponState.FREE, None)
    sound(conn)


def test_what_others_bear_of_it_is_owed_to_the_seller(conn: Conn, shop: Shop, anna: MemberId):
    agreed(conn, "DEALER", most=10_000)
    funders = (WantedFunder(bearer=Bearer.PARTY, basis_points=10_000, party_code="DEALER"),)
    coupon = one_given(conn, anna, funders=funders)
    order = sold(conn, shop, anna, coupon, ("COAT", 1))
    (part,) = conn.execute(
        "select part_id from sharing.split where order_id = %s", (order.order_id,)
    ).fetchone() or (None,)
    assert part is not None
    (noted,) = borne_of_parts(conn, [part])
    assert (noted.promotion_id, noted.amount_minor, noted.bearer) == (coupon.batch_id, 3_000, Bearer.PARTY)
    assert books(conn, shop)["BRAND-CO", "promotion_funded"] == -3_000


def test_one_that_ended_meanwhile_comes_back_for_what_it_had_left(conn: Conn, shop: Shop, anna: MemberId):
    coupon = one_given(conn, anna, days=2)
    order = sold(conn, shop, anna, coupon, ("COAT", 1))
    at = NOON + 30 * DAY
    asked = back(shop, "R-1", ("COAT", 1), at=at, member_id=anna, order_id=order.order_id)
    (outcome,) = take_back(conn, [asked], scope=WHOLE_BRAND, now=at)
    assert isinstance(outcome, TakenBack)
    (found,) = coupons_of_batch(conn, coupon.batch_id, at_most=10)
    assert found.valid_until == at + (OPENED + 2 * DAY - NOON)
    late = at + 2 * DAY
    assert isinstance(
        refused(conn, ask(shop, "W-3", member_id=anna, coupons=(coupon.secret,), placed_at=late)),
        CouponExpired,
    )
    put(conn, ask(shop, "W-2", member_id=anna, coupons=(coupon.secret,), placed_at=at + DAY))


def test_every_refusal_has_its_reason_and_leaves_nothing(conn: Conn, shop: Shop, anna: MemberId):
    (ben,) = registered(conn, [member(phone(2))])
    mine, nobodys = one_given(conn, anna), one_given(conn, None, "N")
    dear = one_given(conn, anna, "DEAR", least_minor=15_821)
    till = one_given(conn, anna, "TILL", channels=("till",))
    old = one_given(conn, anna, "OLD", valid_until=NOON - timedelta(hours=1), days=None)
    asks: list[tuple[dict[str, Any], type[Refusal]]] = [
        ({"coupons": ("GHOST",)}, CouponUnknown),
        ({"coupons": ("a\x00b",)}, CouponUnknown),
        ({"member_id": ben, "coupons": (mine.secret,)}, CouponNotYours),
        ({"coupons": (mine.secret,)}, CouponNotYours),
        ({"member_id": anna, "coupons": (nobodys.secret,)}, CouponNotClaimed),
        ({"member_id": anna, "coupons": (dear.secret,)}, CouponSpendMore),
        ({"member_id": anna, "coupons": (till.secret,)}, CouponOtherChannel),
        ({"member_id": anna, "coupons": (old.secret,)}, CouponExpired),
        ({"member_id": anna, "coupons": (mine.secret, dear.secret)}, CouponNotWithOthers),
        ({"member_id": anna, "coupons": (mine.secret,), "lines": lines(shop, ("COAT", 999))}, NotEnoughFree),
    ]
    for number, (fields, refusal) in enumerate(asks):
        assert isinstance(refused(conn, ask(shop, f"W-{number}", **fields)), refusal), fields
    (orders_there,) = conn.execute("select count(*) from orders.order").fetchone() or (None,)
    assert orders_there == 0
    for one in (mine, nobodys, dear, till, old):
        assert steps(conn, one) == ["given"]
        assert stands(conn, one) == (CouponState.FREE, None)


def test_of_two_orders_in_a_batch_the_first_has_it(conn: Conn, shop: Shop, anna: MemberId):
    coupon = one_given(conn, anna)
    drafts = [ask(shop, f"W-{number}", member_id=anna, coupons=(coupon.secret,)) for number in (1, 2, 1)]
    first, second, again = place(conn, drafts, scope=WHOLE_BRAND, now=NOON)
    assert isinstance(first, Placed)
    assert isinstance(second, CouponHeld)
    assert isinstance(again, orders.Repeat)
    assert stands(conn, coupon) == (CouponState.SPENT, first.order_id)
    sound(conn)


def test_several_that_go_together(conn: Conn, shop: Shop, anna: MemberId):
    tenth = one_given(conn, anna, "T", effect=OffPercentage(basis_points=1_000), with_coupons=True)
    thirty = one_given(conn, anna, with_coupons=True)
    order = put(conn, ask(shop, "W-1", member_id=anna, coupons=(thirty.secret, tenth.secret)))
    assert order.amount_minor == 15_820 - 1_582 - 3_000
    sound(conn)


def test_a_code_of_nobodys_is_used_once_by_whoever_has_it_or_claimed(conn: Conn, shop: Shop, anna: MemberId):
    (ben,) = registered(conn, [member(phone(2))])
    in_force(conn, "C", now=OPENED)
    used, kept = given(conn, "C", None, None, now=OPENED)
    order = put(conn, ask(shop, "W-1", coupons=(used.secret.lower(),)))
    assert stands(conn, used) == (CouponState.SPENT, order.order_id)
    claimed = claim(conn, kept.secret, anna, now=NOON)
    assert isinstance(claimed, Coupon)
    assert claimed.member_id == anna
    assert claim(conn, kept.secret, anna, now=NOON) == claimed
    assert isinstance(claim(conn, kept.secret, ben, now=NOON), CouponNotYours)
    put(conn, ask(shop, "W-2", member_id=anna, coupons=(kept.secret,)))
    assert isinstance(claim(conn, "nothing", anna, now=NOON), CouponUnknown)
    sound(conn)


def test_a_sale_at_a_till_spends_it_and_says_why_it_cost_less(conn: Conn, shop: Shop):
    coupon = one_given(conn, None)
    stated = (
        DraftLine(code="COAT", sku_id=shop.skus["COAT"], units=1, stated_unit_minor=11_300 - 2_000),
        DraftLine(code="SCARF", sku_id=shop.skus["SCARF"], units=2, stated_unit_minor=2_260 - 500),
    )
    sale = put(conn, till_sale(shop, "T-1", lines=stated, coupons=(coupon.secret,)))
    assert stands(conn, coupon) == (CouponState.SPENT, sale.order_id)
    figures = figures_of_batches(conn, [coupon.batch_id])[coupon.batch_id]
    assert (figures.off_minor, figures.brought_minor) == (3_000, 12_820)
    pay_for(conn, shop, sale)
    follow(conn, SETTLE)
    sound(conn)
    asked = back(shop, "R-1", ("COAT", 1), ("SCARF", 2), member_id=None, order_id=sale.order_id)
    (outcome,) = take_back(conn, [asked], scope=WHOLE_BRAND, now=LATER)
    assert isinstance(outcome, TakenBack)
    assert stands(conn, coupon) == (CouponState.FREE, None)
    assert outcome.reversed_minor == 12_820


def test_a_sale_that_happened_stands_whatever_its_coupon(conn: Conn, shop: Shop):
    coupon = one_given(conn, None)
    stated = DraftLine(code="COAT", sku_id=shop.skus["COAT"], units=1, stated_unit_minor=8_000)
    # Prices that are not ours less what it takes off: nobody would know what it was spent on, so it is not.
    full = put(conn, till_sale(shop, "T-1", coupons=(coupon.secret,)))
    other = put(conn, till_sale(shop, "T-2", lines=(stated,), coupons=(coupon.secret,)))
    assert (full.amount_minor, other.amount_minor) == (15_820, 8_000)
    for sale in (full, other):
        assert subject_types(conn, sale.order_id) == ["order_placed", "coupon_not_taken"]
    assert (stands(conn, coupon), steps(conn, coupon)) == ((CouponState.FREE, None), ["given"])
    right = msgspec.structs.replace(stated, stated_unit_minor=8_300)
    first = put(conn, till_sale(shop, "T-3", lines=(right,), coupons=(coupon.secret,)))
    assert stands(conn, coupon) == (CouponState.SPENT, first.order_id)
    second = put(conn, till_sale(shop, "T-4", lines=(right,), coupons=(coupon.secret,)))
    assert subject_types(conn, second.order_id) == ["order_placed", "coupon_not_taken"]
    assert stands(conn, coupon) == (CouponState.SPENT, first.order_id)
    for sale in (full, other, first, second):
        pay_for(conn, shop, sale)
    follow(conn, SETTLE)
    sound(conn)


def test_a_code_is_part_of_what_an_order_says(conn: Conn, shop: Shop):
    coupon = one_given(conn, None)
    draft = ask(shop, "W-1", coupons=(coupon.secret,))
    put(conn, draft)
    (outcome,) = place(conn, [msgspec.structs.replace(draft, coupons=())], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, orders.NumberTakenByOtherContent)


def test_the_coupon_of_a_place_is_for_that_place(conn: Conn, shop: Shop):
    coupon = one_given(conn, None, site_code="S", effect=THIRTY)
    assert refused(conn, ask(shop, "W-1", coupons=(coupon.secret,))).code == "coupon_other_place"
    here = ask(
        shop,
        "W-2",
        coupons=(coupon.secret,),
        site_id=shop.sites["S"],
        delivery=Delivery.COLLECT,
        destination=None,
    )
    assert put(conn, here).amount_minor == 12_820
