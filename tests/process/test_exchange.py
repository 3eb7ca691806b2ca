"""An exchange: one number, once; money carried over, the difference paid or given back, never both given twice."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from loopline import catalogue, orders, stock
from loopline.catalogue import NewSku
from loopline.db import Conn
from loopline.kernel.ids import LineId, SkuId, uuid7
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.orders import Order, OrderStage
from loopline.org.queries import entities_by_code
from loopline.payments import queries as payments
from loopline.payments.cash import EXCHANGE
from loopline.payments.port import IntentKind
from loopline.processes.announce import AnnouncedReceipt, LineBack, Withdrawal, receive_announced, withdraw
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.checkout import OrderCancelled, PaidByWhatComesBack, ask_payment
from loopline.processes.doctor import FOLLOWS_THE_LOG, examine
from loopline.processes.exchange import (
    CounterExchange,
    ExchangeAsked,
    Exchanged,
    ExchangeOrderUnknown,
    ExchangesMoreThanSold,
    GoodsOut,
    GoodsOutUnknown,
    NotTheSameProduct,
    NowhereToSend,
    SameGoodsAgain,
    announce_exchange,
    exchange_at_counter,
)
from loopline.processes.follow import FOLLOWERS
from loopline.processes.supply import Owed, owed_between
from loopline.processes.take_back import TakenBack, take_back
from loopline.returns.exchanges import ExchangeNumberTaken, exchanges_by_id
from loopline.returns.model import Reason, ReturnKind, ReturnWindowEnded
from tests.make.loop import balances, follow, hand_over_everything
from tests.make.org import succeeded
from tests.make.shop import NOON, OPENED, PRICES, Shop, ask, lines, open_shop, stock_up, till_sale
from tests.process.test_between import cash_of
from tests.process.test_gateway_payments import asked as gateway_asked
from tests.process.test_gateway_payments import done as gateway_done
from tests.process.test_gateway_payments import put, report
from tests.process.test_take_back import LATER, MEMBER, back, sell

SETTLE = next(one for one in FOLLOWERS if one.name == "settle")
NUMBER = uuid7(LATER)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """A shop in which the coat comes in a second size, which has no price of its own."""
    shop = open_shop(conn)
    new = NewSku(code="COAT-L", product_code="COAT", name="Coat L", tax_class="standard")
    (added,) = succeeded(catalogue.add_skus(conn, [new], now=OPENED))
    shop.skus["COAT-L"] = added.sku_id
    stock_up(conn, shop, {("S", "COAT-L"): 3, ("W", "COAT-L"): 3})
    return shop


def line_of(conn: Conn, order: Order, code: str) -> LineId:
    return next(one.line_id for one in orders.lines_by_orders(conn, [order.id]) if one.code == code)


def counter(conn: Conn, shop: Shop, order: Order, *out: tuple[str, int], **fields: object) -> CounterExchange:
    said: dict[str, object] = {
        "id": NUMBER,
        "order_id": order.id,
        "site_id": shop.sites["S"],
        "out": tuple(GoodsOut(sku_code=code, units=units) for code, units in out),
        "actor": "person:lin",
    }
    if "back" not in fields:
        said["back"] = (LineBack(line_id=line_of(conn, order, "COAT"), units=1, reason=Reason.SIZE),)
    return CounterExchange(**(said | fields))  # pyright: ignore[reportArgumentType]


def exchanged(conn: Conn, asked: CounterExchange) -> Exchanged:
    return exchange_at_counter(conn, asked, scope=WHOLE_BRAND, now=LATER)


def on_hand(conn: Conn, shop: Shop, code: str, at: str = "S") -> int:
    rows = stock.stock_at_leaves(conn, [shop.leaves[at]])
    return sum(row.on_hand for row in rows if row.sku_id == shop.skus[code])


def money(conn: Conn, order_id: UUID) -> list[tuple[str, int, int]]:
    found = payments.payments_of_orders(conn, [order_id])  # pyright: ignore[reportArgumentType]
    return [(one.method, one.amount_minor, one.refunded_minor) for one in found]


def given(conn: Conn) -> list[tuple[str | None, int]]:
    """Every refund there is: how, and how much."""
    return conn.execute("select method, amount_minor from payments.refund order by amount_minor").fetchall()


def sound(conn: Conn) -> None:
    follow(conn, SETTLE)
    apart = {"ids_point_to_something"}  # the member of these tests is a number alone
    broken = [one for one in examine(conn).checks if not one.ok and one.invariant != FOLLOWS_THE_LOG]
    assert [one for one in broken if one.name not in apart] == []


def test_another_size_costs_what_was_paid_and_moves_no_money(conn: Conn, shop: Shop):
    order = sell(conn, shop, till_sale(shop, "T-1", site="S", member_id=MEMBER))
    cash, before = balances(conn)["cash"], on_hand(conn, shop, "COAT-L")
    done = exchanged(conn, counter(conn, shop, order, ("COAT-L", 1)))
    assert (done.paid_minor, done.given_back_minor, done.is_repeat) == (0, 0, False)
    new = orders.order_by_id(conn, done.new_order_id)
    assert new is not None
    assert (new.amount_minor, new.member_id, new.stage) == (PRICES["COAT"], MEMBER, OrderStage.HANDED_OVER)
    assert balances(conn)["cash"] == cash
    assert on_hand(conn, shop, "COAT-L") == before - 1
    assert money(conn, new.id) == [("cash", PRICES["COAT"], 0)]
    assert given(conn) == [(EXCHANGE, PRICES["COAT"])]
    # One number for all: the exchange, its return, and in the new order's name.
    assert (done.exchange_id, new.external_number) == (NUMBER, f"exchange/{NUMBER}")
    sound(conn)


def test_something_dearer_is_paid_for_and_something_cheaper_gives_back(conn: Conn, shop: Shop):
    order = sell(conn, shop, till_sale(shop, "T-1", site="S", lines=lines(shop, ("COAT", 2), stated=True)))
    cash = balances(conn)["cash"]
    dearer = exchanged(conn, counter(conn, shop, order, ("COAT", 1), ("SCARF", 2), method="card_terminal"))
    assert (dearer.paid_minor, dearer.given_back_minor) == (2 * PRICES["SCARF"], 0)
    assert sorted(money(conn, dearer.new_order_id)) == [
        ("card_terminal", 2 * PRICES["SCARF"], 0),
        ("cash", PRICES["COAT"], 0),
    ]
    assert balances(conn)["cash"] == cash + 2 * PRICES["SCARF"]
    other = counter(conn, shop, order, ("HAT", 1), id=uuid7(LATER))
    cheaper = exchanged(conn, other)
    assert (cheaper.paid_minor, cheaper.given_back_minor) == (0, PRICES["COAT"] - PRICES["HAT"])
    assert balances(conn)["cash"] == cash + 2 * PRICES["SCARF"] - (PRICES["COAT"] - PRICES["HAT"])
    sound(conn)


def test_the_same_exchange_again_is_that_one_and_another_under_its_number_is_refused(conn: Conn, shop: Shop):
    order = sell(conn, shop, till_sale(shop, "T-1", site="S"))
    asked = counter(conn, shop, order, ("COAT-L", 1))
    first = exchanged(conn, asked)
    before = balances(conn), on_hand(conn, shop, "COAT-L"), given(conn)
    again = exchanged(conn, asked)
    assert (again.is_repeat, again.new_order_id) == (True, first.new_order_id)
    with pytest.raises(Refused) as caught:
        exchanged(conn, counter(conn, shop, order, ("HAT", 1)))
    assert caught.value.refusal == ExchangeNumberTaken(exchange_id=NUMBER)
    # And what came back once does not come back again, under any number.
    with pytest.raises(Refused) as caught:
        exchanged(conn, counter(conn, shop, order, ("HAT", 1), id=uuid7(LATER)))
    assert isinstance(caught.value.refusal, ExchangesMoreThanSold)
    assert (balances(conn), on_hand(conn, shop, "COAT-L"), given(conn)) == before


def test_goods_of_an_exchange_come_back_too_the_way_their_money_once_came(conn: Conn, shop: Shop):
    order = sell(conn, shop, till_sale(shop, "T-1", site="S"))
    done = exchanged(conn, counter(conn, shop, order, ("COAT-L", 1)))
    follow(conn, SETTLE)
    new = orders.order_by_id(conn, done.new_order_id)
    assert new is not None
    cash = balances(conn)["cash"]
    back = LineBack(line_id=line_of(conn, new, "COAT-L"), units=1)
    last = exchanged(conn, counter(conn, shop, new, ("HAT", 1), id=uuid7(LATER), back=(back,)))
    assert last.given_back_minor == PRICES["COAT"] - PRICES["HAT"]
    assert balances(conn)["cash"] == cash - last.given_back_minor
    sound(conn)


def test_at_another_company_s_counter_the_old_money_goes_back_and_the_new_goods_are_paid(
    conn: Conn, shop: Shop
):
    stock_up(conn, shop, {("D", "COAT-L"): 1})
    order = sell(conn, shop, till_sale(shop, "T-1", site="S"))
    done = exchanged(conn, counter(conn, shop, order, ("COAT-L", 1), site_id=shop.sites["D"]))
    assert (done.paid_minor, done.given_back_minor) == (PRICES["COAT"], PRICES["COAT"])
    new = orders.order_by_id(conn, done.new_order_id)
    assert new is not None
    assert new.seller_entity_id == entities_by_code(conn, ["DEALER-CO"])["DEALER-CO"].id
    assert [one[0] for one in given(conn)] == [None]
    sound(conn)


@pytest.mark.parametrize("late", [True, False])
def test_what_is_refused_leaves_nothing(conn: Conn, shop: Shop, late: bool):
    order = sell(conn, shop, till_sale(shop, "T-1", site="S"))
    before = balances(conn), on_hand(conn, shop, "COAT-L"), on_hand(conn, shop, "COAT")
    cases = (
        (counter(conn, shop, order, ("GHOST", 1)), WHOLE_BRAND, GoodsOutUnknown),
        (counter(conn, shop, order, ("COAT", 1), ("COAT-L", 1)), WHOLE_BRAND, GoodsOutUnknown),  # no price
        (
            counter(conn, shop, order, ("COAT-L", 1)),
            Scope(sites=frozenset({shop.sites["D"]})),
            ExchangeOrderUnknown,
        ),
    )
    for asked, scope, refusal in cases if not late else ():
        with pytest.raises(Refused) as caught, conn.transaction():
            exchange_at_counter(conn, asked, scope=scope, now=LATER)
        assert isinstance(caught.value.refusal, refusal)
    if late:
        with pytest.raises(Refused) as caught, conn.transaction():
            exchange_at_counter(
                conn,
                counter(conn, shop, order, ("COAT-L", 1)),
                scope=WHOLE_BRAND,
                now=LATER + timedelta(days=90),
            )
        assert isinstance(caught.value.refusal, ReturnWindowEnded)
    assert (balances(conn), on_hand(conn, shop, "COAT-L"), on_hand(conn, shop, "COAT")) == before
    assert conn.execute("select count(*) from returns.exchange").fetchone() == (0,)


# ------------------------------------------------------------------------------------------- announced by customers


def wish(
    conn: Conn, order: Order, *, sku: str = "COAT-L", code: str = "COAT", **fields: object
) -> ExchangeAsked:
    said: dict[str, object] = {
        "id": NUMBER,
        "order_id": order.id,
        "back": (LineBack(line_id=line_of(conn, order, code), units=1, reason=Reason.SIZE),),
        "out": (sku,),
        "actor": "member:1",
        "by_member": MEMBER,
    }
    return ExchangeAsked(**(said | fields))  # pyright: ignore[reportArgumentType]


def wanted(conn: Conn, order: Order, **fields: object) -> Exchanged:
    return announce_exchange(conn, wish(conn, order, **fields), scope=Scope(), now=LATER)  # pyright: ignore[reportArgumentType]


def held(conn: Conn, sku_id: SkuId) -> int:
    row = conn.execute(
        "select coalesce(sum(units), 0)::int from stock.hold where sku_id = %s", [sku_id]
    ).fetchone()
    assert row is not None
    return row[0]


def test_an_announced_exchange_holds_the_size_at_once_and_is_paid_for_when_the_old_one_is_here(
    conn: Conn, shop: Shop
):
    order = sell(conn, shop, ask(shop, "W-1", member_id=MEMBER))
    done = wanted(conn, order)
    assert wanted(conn, order).is_repeat
    assert held(conn, shop.skus["COAT-L"]) == 1
    new = orders.order_by_id(conn, done.new_order_id)
    assert new is not None
    assert new.pay_until == LATER + timedelta(days=14)
    assert money(conn, new.id) == []
    receipt = AnnouncedReceipt(return_id=done.exchange_id, site_id=shop.sites["S"])
    first, again = (
        receive_announced(conn, [receipt], scope=WHOLE_BRAND, now=LATER + timedelta(days=2))[0]
        for _ in range(2)
    )
    assert type(first).__name__ == "TakenBack"
    assert type(again).__name__ == "ReturnRepeat"
    new = orders.order_by_id(conn, done.new_order_id)
    assert new is not None
    assert new.pay_until is None
    assert [amount for _, amount, _ in money(conn, new.id)] == [PRICES["COAT"]]
    assert given(conn) == [(EXCHANGE, PRICES["COAT"])]
    kept = exchanges_by_id(conn, [done.exchange_id])[done.exchange_id]
    assert kept.credit_minor == PRICES["COAT"]
    sound(conn)


def test_where_less_comes_than_the_new_order_costs_its_money_goes_back_and_the_order_is_called_off(
    conn: Conn, shop: Shop
):
    order = sell(conn, shop, ask(shop, "W-1", member_id=MEMBER, lines=lines(shop, ("COAT", 2))))
    both = LineBack(line_id=line_of(conn, order, "COAT"), units=2, reason=Reason.SIZE)
    done = wanted(conn, order, back=(both,))
    one = msgspec.structs.replace(both, units=1)
    receipt = AnnouncedReceipt(return_id=done.exchange_id, site_id=shop.sites["S"], lines=(one,))
    (taken,) = receive_announced(conn, [receipt], scope=WHOLE_BRAND, now=LATER)
    assert isinstance(taken, TakenBack)
    ((how, amount),) = given(conn)
    assert (how != EXCHANGE, amount) == (True, PRICES["COAT"])
    new = orders.order_by_id(conn, done.new_order_id)
    assert new is not None
    assert (new.stage, held(conn, shop.skus["COAT-L"])) == (OrderStage.CANCELLED, 0)
    assert ask_payment(conn, [new.id], gateway="sandbox", now=LATER) == [OrderCancelled(number=new.number)]
    sound(conn)


def test_goods_that_are_kept_after_all_let_the_held_ones_go(conn: Conn, shop: Shop):
    order = sell(conn, shop, ask(shop, "W-1", member_id=MEMBER))
    done = wanted(conn, order)
    succeeded(
        withdraw(conn, [Withdrawal(return_id=done.exchange_id, by_member=MEMBER)], scope=Scope(), now=LATER)
    )
    new = orders.order_by_id(conn, done.new_order_id)
    assert new is not None
    assert (new.stage, held(conn, shop.skus["COAT-L"])) == (OrderStage.CANCELLED, 0)
    assert given(conn) == []
    sound(conn)


def test_what_goods_are_to_pay_for_is_not_to_be_paid_by_anything_else(conn: Conn, shop: Shop):
    order = sell(conn, shop, ask(shop, "W-1", member_id=MEMBER))
    done = wanted(conn, order)
    new = orders.order_by_id(conn, done.new_order_id)
    assert new is not None
    assert ask_payment(conn, [new.id], gateway="sandbox", now=LATER) == [
        PaidByWhatComesBack(number=new.number)
    ]
    assert payments.intents_of_orders(conn, [new.id]) == []


def test_where_the_new_order_is_gone_the_money_goes_back_once(conn: Conn, shop: Shop):
    order = sell(conn, shop, ask(shop, "W-1", member_id=MEMBER))
    done = wanted(conn, order)
    succeeded(cancel(conn, [Cancellation(order_id=done.new_order_id)], scope=WHOLE_BRAND, now=LATER))
    receipt = AnnouncedReceipt(return_id=done.exchange_id, site_id=shop.sites["S"])
    receive_announced(conn, [receipt], scope=WHOLE_BRAND, now=LATER)
    assert [(method, amount) for method, amount in given(conn) if method == EXCHANGE] == []
    assert sum(amount for _, amount in given(conn)) == PRICES["COAT"]
    sound(conn)


def test_another_product_another_s_order_and_what_is_not_there_are_refused(conn: Conn, shop: Shop):
    order = sell(conn, shop, ask(shop, "W-1", member_id=MEMBER))
    cases = (
        ({"sku": "HAT"}, NotTheSameProduct),
        ({"sku": "COAT"}, SameGoodsAgain),
        ({"by_member": UUID(int=77)}, ExchangeOrderUnknown),
        ({"by_member": None}, ExchangeOrderUnknown),
        ({"out": ("GHOST",)}, GoodsOutUnknown),
    )
    for fields, refusal in cases:
        with pytest.raises(Refused) as caught, conn.transaction():
            wanted(conn, order, **fields)
        assert isinstance(caught.value.refusal, refusal)
    assert held(conn, shop.skus["COAT-L"]) == 0


def test_a_gateway_s_money_goes_back_by_that_gateway_from_the_new_order_too(conn: Conn, shop: Shop):
    placed = put(conn, shop, member_id=MEMBER)
    capture = gateway_asked(conn, placed)
    report(conn, gateway_done(capture), now=NOON)
    hand_over_everything(conn, now=NOON)
    follow(conn, SETTLE)
    order = orders.order_by_id(conn, placed.order_id)
    assert order is not None
    done = exchanged(conn, counter(conn, shop, order, ("HAT", 1)))
    assert done.given_back_minor == PRICES["COAT"] - PRICES["HAT"]
    assert money(conn, done.new_order_id) == [(capture.gateway, PRICES["HAT"], 0)]
    follow(conn, SETTLE)
    new = orders.order_by_id(conn, done.new_order_id)
    assert new is not None
    plain = back(shop, "R-9", ("HAT", 1), kind=ReturnKind.ASK, order_id=new.id, member_id=None)
    (taken,) = take_back(conn, [plain], scope=WHOLE_BRAND, now=LATER)
    assert isinstance(taken, TakenBack)
    asked = [
        one for one in payments.intents_of_orders(conn, [order.id, new.id]) if one.kind is IntentKind.REFUND
    ]
    assert {(one.order_id, one.amount_minor, one.of_intent_id) for one in asked} == {
        (order.id, PRICES["COAT"] - PRICES["HAT"], capture.id),
        (new.id, PRICES["HAT"], capture.id),
    }
    report(conn, *(gateway_done(one.intent(), at=LATER) for one in asked), now=LATER)
    assert money(conn, new.id) == [(capture.gateway, PRICES["HAT"], PRICES["HAT"])]
    sound(conn)


def test_goods_that_are_not_here_are_set_aside_to_be_sent_where_the_old_ones_went(conn: Conn, shop: Shop):
    order = sell(conn, shop, ask(shop, "W-1", member_id=MEMBER))
    here = on_hand(conn, shop, "COAT-L")
    done = exchanged(conn, counter(conn, shop, order, ("COAT-L", 1), is_sent=True))
    new = orders.order_by_id(conn, done.new_order_id)
    assert new is not None
    assert (new.held, new.pay_until, new.longitude, new.latitude) == (
        1,
        None,
        order.longitude,
        order.latitude,
    )
    assert [amount for _, amount, _ in money(conn, new.id)] == [PRICES["COAT"]]
    assert on_hand(conn, shop, "COAT-L") == here
    sound(conn)
    collected = sell(conn, shop, till_sale(shop, "T-9", site="S"))
    with pytest.raises(Refused) as caught, conn.transaction():
        exchanged(conn, counter(conn, shop, collected, ("COAT-L", 1), is_sent=True, id=uuid7(LATER)))
    assert isinstance(caught.value.refusal, NowhereToSend)


@pytest.mark.parametrize("method", ["cash", "bank_transfer"])
def test_a_difference_taken_at_another_company_s_counter_is_owed_to_the_seller(
    conn: Conn, shop: Shop, method: str
):
    order = sell(conn, shop, ask(shop, "W-1", member_id=MEMBER))
    companies = entities_by_code(conn, ["BRAND-CO", "DEALER-CO"])
    brand, dealer = companies["BRAND-CO"].id, companies["DEALER-CO"].id
    before = cash_of(conn, "BRAND-CO"), cash_of(conn, "DEALER-CO")
    asked = counter(
        conn,
        shop,
        order,
        ("COAT-L", 1),
        ("SCARF", 2),
        is_sent=True,
        site_id=shop.sites["D"],
        method=method,
    )
    assert exchanged(conn, asked).paid_minor == 2 * PRICES["SCARF"]
    after = cash_of(conn, "BRAND-CO") - before[0], cash_of(conn, "DEALER-CO") - before[1]
    if method == "cash":  # it lies in the dealer's drawer
        assert after == (0, 2 * PRICES["SCARF"])
        assert owed_between(conn, company_ids=None) == [
            Owed(owner_id=brand, buyer_id=dealer, currency="CNY", owed_minor=2 * PRICES["SCARF"])
        ]
    else:  # a transfer goes to the seller's bank wherever one stands
        assert after == (2 * PRICES["SCARF"], 0)
        assert owed_between(conn, company_ids=None) == []
    sound(conn)
    conn.execute("update payments.payment set drawer_entity_id = null")
    broken = [one.name for one in examine(conn).checks if not one.ok]
    assert ("counters_are_owed_what_they_gave" in broken) is (method == "cash")


def test_what_was_carried_over_is_told_as_no_new_money(conn: Conn, shop: Shop):
    order = sell(conn, shop, till_sale(shop, "T-1", site="S"))
    done = exchanged(conn, counter(conn, shop, order, ("COAT-L", 1), ("SCARF", 1)))
    (first,) = payments.payments_of_orders(conn, [order.id])
    told = [
        (one["amount_minor"], one["carried_from"])
        for (one,) in conn.execute(
            "select data from log.event where type = 'payment_taken' and subject = %s order by position",
            [done.new_order_id],
        ).fetchall()
    ]
    assert told == [(PRICES["COAT"], str(first.id)), (PRICES["SCARF"], None)]
