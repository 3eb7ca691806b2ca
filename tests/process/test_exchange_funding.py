"""An exchange keeps what others bear: it goes back with the old goods, is booked again with the new, and inverts."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from loopline import catalogue, orders
from loopline.catalogue import NewSku
from loopline.db import Conn
from loopline.kernel.ids import OrderId, uuid7
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.org.queries import entities_by_code
from loopline.pricing.coupons import Coupon, CouponState, coupons_of_batch
from loopline.pricing.promotions import PercentageOff, Step, Threshold
from loopline.processes.announce import AnnouncedReceipt, LineBack, receive_announced
from loopline.processes.exchange import (
    CounterExchange,
    ExchangeAsked,
    GoodsOut,
    announce_exchange,
    exchange_at_counter,
)
from loopline.processes.place import Placed
from loopline.processes.take_back import TakenBack, take_back
from loopline.returns.model import NewReturn, NewReturnLine, Reason, ReturnKind
from tests.make import coupons
from tests.make.loop import follow, hand_over_everything
from tests.make.org import succeeded
from tests.make.shop import NOON, OPENED, Shop, open_shop, stock_up, till_sale
from tests.process.test_exchange import sound
from tests.process.test_promotions import (
    LATER,
    SETTLE,
    TENTH,
    agreed,
    books,
    funders,
    in_force,
    lines_of,
    placed,
    sell,
)
from tests.process.test_take_back import MEMBER

SPEND = Threshold(steps=(Step(from_minor=10_000, off_minor=1_000),))
_Taken = tuple[OrderId, str]


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """A shop in which the coat comes in a second size, which has no price of its own."""
    shop = open_shop(conn, units=40)
    new = NewSku(code="COAT-L", product_code="COAT", name="Coat L", tax_class="standard")
    (added,) = succeeded(catalogue.add_skus(conn, [new], now=OPENED))
    shop.skus["COAT-L"] = added.sku_id
    stock_up(conn, shop, {("S", "COAT-L"): 9, ("D", "COAT-L"): 9, ("W", "COAT-L"): 9})
    return shop


def exchange(conn: Conn, shop: Shop, of: OrderId, *, code: str = "COAT", units: int = 1, site: str = "S"):
    """Take a coat a size larger."""
    back = LineBack(line_id=lines_of(conn, of)[code].line_id, units=units, reason=Reason.SIZE)
    asked = CounterExchange(
        id=uuid7(LATER),
        order_id=of,
        site_id=shop.sites[site],
        back=(back,),
        out=(GoodsOut(sku_code="COAT-L", units=units),),
        actor="person:lin",
    )
    done = exchange_at_counter(conn, asked, scope=WHOLE_BRAND, now=LATER)
    follow(conn, SETTLE)
    return done


def bring_back(conn: Conn, shop: Shop, order_id: OrderId, code: str, units: int = 1) -> None:
    line = lines_of(conn, order_id)[code]
    asked = NewReturn(
        channel="till",
        external_number=str(uuid7(LATER)),
        kind=ReturnKind.FACT,
        at=LATER,
        site_id=shop.sites["S"],
        currency="CNY",
        order_id=order_id,
        lines=(
            NewReturnLine(
                code=code,
                sku_id=shop.skus[code],
                units=units,
                stated_unit_minor=line.unit_minor,
                line_id=line.line_id,
            ),
        ),
    )
    (outcome,) = take_back(conn, [asked], scope=WHOLE_BRAND, now=LATER)
    assert isinstance(outcome, TakenBack), outcome
    follow(conn, SETTLE)


def borne(conn: Conn, order_id: UUID) -> list[tuple[str, bool, int]]:
    """What is noted of an order: as what it is borne, whether somebody owes it, how much."""
    rows = conn.execute(
        "select bearer, owed_by is not null, sum(amount_minor)::int from pricing.borne where order_id = %s"
        " group by 1, 2 order by 1, 2",
        [order_id],
    )
    return rows.fetchall()


def test_the_new_goods_are_let_off_as_the_old_were_and_the_same_bear_it(conn: Conn, shop: Shop):
    agreed(conn, "DEALER", most=6_000)
    tenth = in_force(conn, "TENTH", funders=funders(DEALER=6_000, seller=4_000))
    old = sell(conn, shop, "W-1", ("COAT", 2), member_id=MEMBER)
    assert books(conn, shop)["BRAND-CO", "intercompany"] == 1_356
    done = exchange(conn, shop, old.order_id)
    assert (done.paid_minor, done.given_back_minor) == (0, 0)
    new = lines_of(conn, done.new_order_id)["COAT-L"]
    assert (new.amount_minor, new.list_unit_minor) == (10_170, 11_300)
    assert borne(conn, done.new_order_id) == [("party", True, 678), ("seller", False, 452)]
    assert books(conn, shop)["BRAND-CO", "intercompany"] == 1_356  # it moved, and is what it was
    stored = orders.quotes_by_orders(conn, [done.new_order_id], having="$.lines[*].discounts")
    (discount,) = stored[done.new_order_id]["lines"][0]["discounts"]
    assert discount["promotion_id"] == str(tenth.id)
    assert discount["agreed_at"] == NOON.isoformat().replace("+00:00", "Z")
    sound(conn)


@pytest.mark.parametrize(
    "steps",
    [
        ["old", "old", "new"],
        ["new", "old", "old"],
        ["old", "new", "old"],
        ["exchange", "new", "old", "new2"],
        ["exchange", "exchange", "newest", "new", "again"],
        ["again", "newest", "old", "old"],
    ],
)
def test_whatever_comes_back_in_whatever_order_it_ends_at_nothing(
    conn: Conn, shop: Shop, steps: Sequence[str]
):
    """Of three coats one is exchanged; then they come back, are exchanged too, or exchanged once more."""
    agreed(conn, "DEALER")
    agreed(conn, "PLATFORM")
    in_force(conn, "SPEND", SPEND, funders=funders(DEALER=5_500, platform=2_500, seller=2_000))
    in_force(conn, "TENTH", group=2, funders=funders(platform=5_000, seller=5_000))
    old = sell(conn, shop, "W-1", ("COAT", 3), member_id=MEMBER)
    before = books(conn, shop)
    left: list[_Taken] = [(old.order_id, "COAT")] * 3
    new: list[_Taken] = []

    def swap(one: _Taken, *, code: str) -> _Taken:
        left.remove(one)
        done = exchange(conn, shop, one[0], code=code)
        assert done.paid_minor == 0
        left.append((done.new_order_id, "COAT-L"))
        return left[-1]

    new.append(swap(left[0], code="COAT"))
    for name, amount in books(conn, shop).items():
        assert abs(amount - before[name]) <= 2, name  # what was paid for one is a rounded figure
    for step in steps:
        if step == "exchange":
            new.append(swap((old.order_id, "COAT"), code="COAT"))
        elif step == "again":
            new.append(swap(new[-1], code="COAT-L"))
        else:
            one = (old.order_id, "COAT") if step.startswith("old") else new.pop(0 if step == "new" else -1)
            one = one if one in left else left[0]
            left.remove(one)
            bring_back(conn, shop, *one)
        sound(conn)
    for one in left:
        bring_back(conn, shop, *one)
    assert books(conn, shop) == {}
    sound(conn)


def test_who_had_agreed_then_bears_it_though_the_agreement_is_over(conn: Conn, shop: Shop):
    over = NOON + timedelta(days=1)
    agreed(conn, "PLATFORM", valid_until=over)
    in_force(conn, "TENTH", funders=funders(platform=10_000), valid_until=over)
    old = sell(conn, shop, "W-1", ("COAT", 1), member_id=MEMBER)
    done = exchange(conn, shop, old.order_id)  # two days after the end
    assert borne(conn, done.new_order_id) == [("platform", True, 1_130)]
    again = exchange(conn, shop, done.new_order_id, code="COAT-L")
    assert borne(conn, again.new_order_id) == [("platform", True, 1_130)]
    assert books(conn, shop)["BRAND-CO", "receivable"] == 1_130
    sound(conn)


def test_the_dealer_of_the_shop_that_sold_it_bears_it_wherever_it_is_exchanged(conn: Conn, shop: Shop):
    """The dealer's own shop owes itself nothing; exchanged at the brand's, the dealer owes the brand."""
    agreed(conn, "DEALER")
    in_force(conn, "TENTH", TENTH, site_code="D", funders=funders(dealer=10_000))
    dealer = entities_by_code(conn, ["DEALER-CO"])["DEALER-CO"].id
    told = orders.DraftLine(code="COAT", sku_id=shop.skus["COAT"], units=1, stated_unit_minor=10_170)
    (old,) = placed(
        conn,
        till_sale(shop, "T-1", site="D", seller_entity_id=dealer, member_id=MEMBER, lines=(told,)),
    )
    follow(conn, SETTLE)
    assert borne(conn, old.order_id) == [("dealer", False, 1_130)]
    done = exchange(conn, shop, old.order_id)
    assert borne(conn, done.new_order_id) == [("dealer", True, 1_130)]
    assert books(conn, shop)["DEALER-CO", "promotion_cost"] == 1_130
    bring_back(conn, shop, done.new_order_id, "COAT-L")
    assert "promotion_cost" not in {purpose for _, purpose in books(conn, shop)}


def test_a_promotion_of_today_is_not_seen_in_the_price_of_old(conn: Conn, shop: Shop):
    """What cost 101.70 without a promotion is no discount because one makes that price now."""
    price = orders.DraftLine(code="COAT", sku_id=shop.skus["COAT"], units=1, stated_unit_minor=10_170)
    (old,) = placed(conn, till_sale(shop, "T-1", member_id=MEMBER, lines=(price,)))
    follow(conn, SETTLE)
    agreed(conn, "PLATFORM")
    in_force(conn, "TENTH", PercentageOff(basis_points=1_000), funders=funders(platform=10_000))
    back = LineBack(line_id=lines_of(conn, old.order_id)["COAT"].line_id, units=1, reason=Reason.OTHER)
    asked = CounterExchange(
        id=uuid7(LATER),
        order_id=old.order_id,
        site_id=shop.sites["S"],
        back=(back,),
        out=(GoodsOut(sku_code="COAT", units=1),),
        actor="person:lin",
    )
    done = exchange_at_counter(conn, asked, scope=WHOLE_BRAND, now=LATER)
    follow(conn, SETTLE)
    assert lines_of(conn, done.new_order_id)["COAT"].amount_minor == 10_170
    assert borne(conn, done.new_order_id) == []


def test_an_announced_exchange_keeps_it_too(conn: Conn, shop: Shop):
    agreed(conn, "DEALER")
    in_force(conn, "TENTH", funders=funders(DEALER=10_000))
    old = sell(conn, shop, "W-1", ("COAT", 1), member_id=MEMBER)
    back = LineBack(line_id=lines_of(conn, old.order_id)["COAT"].line_id, units=1, reason=Reason.SIZE)
    wish = ExchangeAsked(
        id=uuid7(LATER),
        order_id=old.order_id,
        back=(back,),
        out=("COAT-L",),
        actor="member:1",
        by_member=MEMBER,
    )
    done = announce_exchange(conn, wish, scope=Scope(), now=LATER)
    receipt = AnnouncedReceipt(return_id=done.exchange_id, site_id=shop.sites["S"])
    receive_announced(conn, [receipt], scope=WHOLE_BRAND, now=LATER)
    assert books(conn, shop) == {}
    hand_over_everything(conn, now=LATER)
    follow(conn, SETTLE)
    assert borne(conn, done.new_order_id) == [("party", True, 1_130)]
    assert books(conn, shop)["DEALER-CO", "promotion_cost"] == 1_130
    bring_back(conn, shop, done.new_order_id, "COAT-L")
    assert books(conn, shop) == {}
    sound(conn)


def with_coupon(conn: Conn, shop: Shop, *goods: tuple[str, int]) -> tuple[Placed, Coupon]:
    """A sale with a coupon of thirty yuan that the dealer bears 60 % of."""
    agreed(conn, "DEALER", most=6_000)
    coupons.in_force(conn, "C", now=OPENED, funders=funders(DEALER=6_000, seller=4_000))
    (coupon,) = coupons.given(conn, "C", None, now=OPENED)
    return sell(conn, shop, "W-1", *goods, coupons=(coupon.secret,)), coupon


def stands(conn: Conn, coupon: Coupon) -> CouponState:
    (found,) = coupons_of_batch(conn, coupon.batch_id, at_most=10)
    return found.state


@pytest.mark.parametrize("steps", [["old", "new"], ["new", "old"]])
def test_a_coupon_stays_spent_while_the_new_goods_are_with_the_customer(
    conn: Conn, shop: Shop, steps: Sequence[str]
):
    old, coupon = with_coupon(conn, shop, ("COAT", 2))
    assert books(conn, shop)["BRAND-CO", "intercompany"] == 1_800
    done = exchange(conn, shop, old.order_id)
    assert (done.paid_minor, done.given_back_minor) == (0, 0)
    assert books(conn, shop)["BRAND-CO", "intercompany"] == 1_800
    assert lines_of(conn, done.new_order_id)["COAT-L"].amount_minor == 11_300 - 1_500
    goods = {"old": (old.order_id, "COAT"), "new": (done.new_order_id, "COAT-L")}
    for step in steps:
        assert stands(conn, coupon) is CouponState.SPENT
        sound(conn)
        bring_back(conn, shop, *goods[step])
    assert stands(conn, coupon) is CouponState.FREE
    assert {key: minor for key, minor in books(conn, shop).items() if minor} == {}
    sound(conn)


def test_a_coupon_does_not_come_back_by_exchanging_all_of_it_however_often(conn: Conn, shop: Shop):
    old, coupon = with_coupon(conn, shop, ("COAT", 1))
    first = exchange(conn, shop, old.order_id)
    second = exchange(conn, shop, first.new_order_id, code="COAT-L")
    assert stands(conn, coupon) is CouponState.SPENT
    sound(conn)
    bring_back(conn, shop, second.new_order_id, "COAT-L")
    assert stands(conn, coupon) is CouponState.FREE
    sound(conn)
