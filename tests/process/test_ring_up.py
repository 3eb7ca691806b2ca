"""Sales of tills: sent again, in any order, late, by a colleague; each is one order with its money."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from loopline import orders, payments, stock
from loopline.channels.till import Method, SalePayment
from loopline.db import Conn, run_check
from loopline.kernel.ids import OrderId, PersonId, uuid7
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.orders import CHECKS, NumberTakenByOtherContent, OrderIdOutsideWindow
from loopline.orders.tills import TillSale, till_sales_of_orders
from loopline.processes.place import Placed, UnknownSku, place
from loopline.processes.ring_up import CashierUnknown
from loopline.processes.take_in import OrderTaken
from tests.make.shop import NOON, Shop, ask
from tests.make.store import Stage, open_store
from tests.make.till import TILL, line, sale, sent


@pytest.fixture
def stage(conn: Conn) -> Stage:
    return open_store(conn)


def on_hand(conn: Conn, shop: Shop, site: str = "S") -> dict[str, int]:
    codes = {sku_id: code for code, sku_id in shop.skus.items()}
    return {codes[row.sku_id]: row.on_hand for row in stock.stock_at_leaves(conn, [shop.leaves[site]])}


def written(conn: Conn) -> tuple[int, int, int]:
    """How many orders, payments and sales of tills there are."""
    found = conn.execute(
        "select (select count(*) from orders.order), (select count(*) from payments.payment),"
        " (select count(*) from orders.till_sale)"
    ).fetchone()
    assert found is not None
    return found


def one(outcomes: Sequence[object]) -> OrderTaken:
    (outcome,) = outcomes
    assert isinstance(outcome, OrderTaken), outcome
    return outcome


def test_a_sale_takes_its_goods_and_its_money_and_is_owed_to_who_rang_it_up(conn: Conn, stage: Stage):
    guide, manager = stage.people["zhou.guide"], stage.people["lin.manager"]
    late = NOON + timedelta(days=59)
    taken = one(sent(conn, [sale(guide)], by=manager, now=late))
    head = orders.order_by_id(conn, taken.order_id)
    assert head is not None
    assert (head.placed_at, head.amount_minor, head.guide_id) == (NOON, 15_820, stage.guide)
    assert (head.handed_over, taken.is_repeat, taken.receipt_code is not None) == (3, False, True)
    assert on_hand(conn, stage.shop) == {"COAT": 9, "SCARF": 8, "HAT": 10}
    (paid,) = payments.payments_of_orders(conn, [head.id])
    assert (paid.method, paid.amount_minor, paid.taken_at) == ("cash", 15_820, NOON)
    assert till_sales_of_orders(conn, [head.id]) == [
        TillSale(
            till_id=TILL,
            number=1,
            order_id=head.id,
            site_id=stage.shop.sites["S"],
            rung_up_by=guide,
            rung_up_at=NOON,
            sent_by=manager,
            arrived_at=late,
        )
    ]


def test_a_manager_who_is_no_guide_earns_no_share_of_one(conn: Conn, stage: Stage):
    manager = stage.people["lin.manager"]
    head = orders.order_by_id(conn, one(sent(conn, [sale(manager)], by=manager)).order_id)
    assert head is not None
    assert head.guide_id is None


def test_the_same_sale_again_is_the_order_it_made(conn: Conn, stage: Stage):
    who = stage.people["zhou.guide"]
    said = sale(who)
    first = one(sent(conn, [said], by=who))
    before = (written(conn), on_hand(conn, stage.shop))
    again = sent(conn, [said, said], by=stage.people["lin.manager"], now=NOON + timedelta(days=2))
    assert [(one([found]).order_id, one([found]).is_repeat) for found in again] == [
        (first.order_id, True)
    ] * 2
    assert (written(conn), on_hand(conn, stage.shop)) == before
    assert before[0] == (1, 1, 1)


def test_twice_in_one_message_is_once(conn: Conn, stage: Stage):
    who = stage.people["zhou.guide"]
    said = sale(who)
    outcomes = sent(conn, [said, said], by=who)
    assert [(one([found]).order_id, one([found]).is_repeat) for found in outcomes] == [
        (said.id, False),
        (said.id, True),
    ]
    assert written(conn) == (1, 1, 1)


@pytest.mark.parametrize(
    "other",
    [
        {"payments": (SalePayment(method=Method.CARD_TERMINAL, amount_minor=15_820),)},
        {"lines": (line("COAT"), line("SCARF", 2, unit_minor=2_260), line("HAT"))},
        {"id": uuid7(NOON)},
    ],
    ids=["paid otherwise", "other goods", "another id"],
)
def test_other_content_under_a_number_is_refused_and_kept(conn: Conn, stage: Stage, other: dict[str, Any]):
    who = stage.people["zhou.guide"]
    first = one(sent(conn, [sale(who)], by=who))
    before = (written(conn), on_hand(conn, stage.shop))
    (outcome,) = sent(conn, [sale(who, **other)], by=who)
    assert outcome == NumberTakenByOtherContent(
        channel="till", external_number=f"{TILL}/1", order_id=first.order_id
    )
    assert (written(conn), on_hand(conn, stage.shop)) == before
    (kept,) = orders.last_conflicts(conn, limit=5)
    assert kept.external_number == f"{TILL}/1"


def test_a_sale_of_another_store_is_not_for_this_one_to_send(conn: Conn, stage: Stage):
    who = stage.people["sun.manager"]
    scope = Scope(sites=frozenset({stage.shop.sites["D"]}))
    (outcome,) = sent(conn, [sale(who)], by=who, scope=scope)
    assert outcome == NotInYourBranch(subject=f"{TILL}/1")
    assert (written(conn), on_hand(conn, stage.shop)) == (
        (0, 0, 0),
        {"COAT": 10, "SCARF": 10, "HAT": 10},
    )


def test_sixty_days_late_is_taken_and_a_moment_later_refused_without_a_trace(conn: Conn, stage: Stage):
    who = stage.people["zhou.guide"]
    said = sale(who)
    late = NOON + timedelta(days=60)
    (outcome,) = sent(conn, [said], by=who, now=late + timedelta(milliseconds=1))
    assert outcome == OrderIdOutsideWindow(order_id=OrderId(said.id), days=60)
    assert written(conn) == (0, 0, 0)
    assert one(sent(conn, [said], by=who, now=late)).order_id == said.id


def test_what_is_refused_spoils_no_other_and_may_be_corrected_under_its_number(conn: Conn, stage: Stage):
    who = stage.people["zhou.guide"]
    wrong = sale(who, 2, lines=(line("COAT"), line("NO-SUCH", unit_minor=500)))
    nobody = sale(PersonId(UUID(int=7)), 3)
    outcomes = sent(conn, [sale(who, 1), wrong, nobody, sale(who, 4)], by=who)
    assert outcomes[1:3] == [
        UnknownSku(line=2, sku_code="NO-SUCH"),
        CashierUnknown(person_id=PersonId(UUID(int=7))),
    ]
    assert written(conn) == (2, 2, 2)
    right = sale(who, 2, id=wrong.id, lines=(line("COAT"), line("HAT")))
    assert one(sent(conn, [right], by=who)).order_id == wrong.id
    assert written(conn) == (3, 3, 3)


def test_who_has_left_has_still_rung_it_up(conn: Conn, stage: Stage):
    who, manager = stage.people["zhou.guide"], stage.people["lin.manager"]
    conn.execute("update org.person set is_active = false where id = %s", (who,))
    taken = one(sent(conn, [sale(who)], by=manager))
    (kept,) = till_sales_of_orders(conn, [taken.order_id])
    assert (kept.rung_up_by, kept.sent_by) == (who, manager)


def test_a_sale_that_comes_late_breaks_a_promise_that_is_then_mended(conn: Conn, stage: Stage):
    """Ten coats stand in each of three places; all are promised, and one is gone since yesterday."""
    who = stage.people["zhou.guide"]
    promised = ask(
        stage.shop, "W-1", lines=(msgspec.structs.replace(ask(stage.shop, "X").lines[0], units=30),)
    )
    (outcome,) = place(conn, [promised], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed)
    one(sent(conn, [sale(who, lines=(line("COAT"),), rung_up_at=NOON - timedelta(days=1))], by=who))
    (short,) = {(found.sku_id, found.units) for found in stock.open_shortfalls(conn, limit=10)}
    assert short == (stage.shop.skus["COAT"], 1)


MESSAGES = st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=5), max_size=6)


@given(messages=MESSAGES)
@example(messages=[])
@hypothesis_settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_in_any_order_and_however_often_each_sale_is_one_order(
    conn: Conn, stage: Stage, messages: list[list[int]]
):
    """Whatever reached the server before, the outbox sends what it does not know to be there."""
    who, colleague = stage.people["zhou.guide"], stage.people["lin.manager"]
    sales = {number: sale(who, number, lines=(line("HAT", number),)) for number in range(1, 6)}
    with conn.transaction(force_rollback=True):
        for day, numbers in enumerate([*messages, list(sales)]):
            at = NOON + timedelta(days=day)
            sent(conn, [sales[number] for number in numbers], by=colleague if day % 2 else who, now=at)
        assert written(conn) == (5, 5, 5)
        assert on_hand(conn, stage.shop)["HAT"] == 10 - (1 + 2 + 3 + 4 + 5)
        taken = payments.payments_of_orders(conn, [OrderId(said.id) for said in sales.values()])
        assert sum(payment.amount_minor for payment in taken) == 15 * 999
        assert [broken for check in CHECKS for broken in run_check(conn, check)] == []
