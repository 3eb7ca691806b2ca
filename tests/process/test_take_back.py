"""Returns undo their sale: matched, in parts, after the window, without a sale, at another price, by nobody else."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from loopline import orders, stock
from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.orders import Credits, DraftLine, LineKind, Order
from loopline.processes import regrade
from loopline.processes.follow import FOLLOWERS
from loopline.processes.place import Placed, place
from loopline.processes.settle import RETURN_WINDOW_DEFAULT, release_due
from loopline.processes.take_back import TakenBack, take_back
from loopline.returns.model import Grade, Grading, NewReturn, NewReturnLine, Receipt, ReturnKind, ReturnRepeat
from tests.make.loop import balances, follow, hand_over_everything, pay_for, shares, subject_types
from tests.make.org import succeeded
from tests.make.shop import NOON, PRICES, Shop, ask, lines, open_shop, till_sale

SETTLE = next(one for one in FOLLOWERS if one.name == "settle")
MEMBER = MemberId(UUID(int=42 << 64))
LATER = NOON + timedelta(days=3)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def sell(conn: Conn, shop: Shop, draft: orders.Draft) -> Order:
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    hand_over_everything(conn, now=NOON)
    follow(conn, SETTLE)
    pay_for(conn, shop, outcome)
    found = orders.order_by_id(conn, outcome.order_id)
    assert found is not None
    return found


def back(
    shop: Shop, number: str, *wanted: tuple[str, int], at: datetime = LATER, **fields: object
) -> NewReturn:
    stated: dict[str, object] = {
        "channel": "till",
        "external_number": number,
        "kind": ReturnKind.FACT,
        "at": at,
        "site_id": shop.sites["S"],
        "currency": "CNY",
        "member_id": MEMBER,
        "lines": tuple(
            NewReturnLine(code=code, sku_id=shop.skus[code], units=units, stated_unit_minor=PRICES[code])
            for code, units in wanted
        ),
    }
    return NewReturn(**(stated | fields))  # pyright: ignore[reportArgumentType]


def taken(conn: Conn, asked: NewReturn) -> TakenBack:
    (outcome,) = take_back(conn, [asked], scope=WHOLE_BRAND, now=asked.at)
    assert isinstance(outcome, TakenBack), outcome
    return outcome


def test_a_whole_return_leaves_nothing_of_the_sale(conn: Conn, shop: Shop):
    order = sell(
        conn, shop, ask(shop, "W-1", member_id=MEMBER, credits=Credits(guide_id=shop.parties["GUIDE"]))
    )
    outcome = taken(conn, back(shop, "R-1", ("COAT", 1), ("SCARF", 2)))
    assert (outcome.refund_minor, outcome.reversed_minor, outcome.blind_minor) == (15_820, 15_820, 0)
    assert balances(conn) == {}
    found = orders.order_by_id(conn, order.id)
    assert found is not None
    assert (found.stage, found.returned) == ("returned", 3)
    assert subject_types(conn, outcome.return_id) == ["return_opened", "sales_returned"]


def test_parts_of_a_return_end_where_the_whole_does(conn: Conn, shop: Shop):
    sell(conn, shop, ask(shop, "W-1", member_id=MEMBER, lines=lines(shop, ("HAT", 7))))
    refunds = [
        taken(conn, back(shop, f"R-{step}", ("HAT", units))).refund_minor
        for step, units in enumerate((3, 1, 3))
    ]
    assert sum(refunds) == 7 * 999
    assert balances(conn) == {}


def test_a_part_takes_back_that_part_of_every_share(conn: Conn, shop: Shop):
    sell(conn, shop, ask(shop, "W-1", member_id=MEMBER, lines=lines(shop, ("SCARF", 4))))
    before = shares(conn)
    taken(conn, back(shop, "R-1", ("SCARF", 1)))
    left = conn.execute(
        "select party.code, sum(share.amount_minor - share.cancelled_minor)::int from sharing.share as share"
        " join org.party as party on party.id = share.party_id group by party.code"
    ).fetchall()
    assert before == {"STORE-S": 400, "PLATFORM": 80, "BRAND": 7_520}
    assert dict(left) == {"STORE-S": 300, "PLATFORM": 60, "BRAND": 5_640}


def test_what_comes_back_after_the_window_is_clawed_back_from_what_is_due(conn: Conn, shop: Shop):
    sell(conn, shop, ask(shop, "W-1", member_id=MEMBER))
    release_due(conn, now=NOON + RETURN_WINDOW_DEFAULT, limit=100)
    late = NOON + RETURN_WINDOW_DEFAULT + timedelta(days=5)
    taken(conn, back(shop, "R-1", ("COAT", 1), ("SCARF", 2), at=late))
    assert balances(conn) == {}
    states = conn.execute("select distinct from_due from sharing.claw_back").fetchall()
    assert states == [(True,)]


def test_the_same_return_twice_undoes_once(conn: Conn, shop: Shop):
    sell(conn, shop, ask(shop, "W-1", member_id=MEMBER))
    asked = back(shop, "R-1", ("COAT", 1))
    first = taken(conn, asked)
    before = balances(conn)
    assert take_back(conn, [asked], scope=WHOLE_BRAND, now=LATER) == [ReturnRepeat(return_id=first.return_id)]
    assert balances(conn) == before


def test_what_was_never_sold_is_paid_for_out_of_revenue(conn: Conn, shop: Shop):
    outcome = taken(conn, back(shop, "R-1", ("COAT", 1), member_id=None))
    assert (outcome.blind_minor, outcome.reversed_minor, outcome.refund_minor) == (11_300, 0, 11_300)
    assert balances(conn) == {"cash": -11_300, "revenue": 10_000, "tax": 1_300}


def test_more_than_was_sold_is_blind_for_the_rest(conn: Conn, shop: Shop):
    sell(conn, shop, ask(shop, "W-1", member_id=MEMBER, lines=lines(shop, ("COAT", 1))))
    outcome = taken(conn, back(shop, "R-1", ("COAT", 3)))
    assert (outcome.reversed_minor, outcome.blind_minor) == (11_300, 22_600)


def test_another_price_than_was_sold_at_is_an_adjustment(conn: Conn, shop: Shop):
    sell(conn, shop, ask(shop, "W-1", member_id=MEMBER, lines=lines(shop, ("COAT", 1))))
    cheaper = NewReturnLine(code="COAT", sku_id=shop.skus["COAT"], units=1, stated_unit_minor=10_000)
    outcome = taken(conn, back(shop, "R-1", lines=(cheaper,)))
    assert (outcome.reversed_minor, outcome.difference_minor, outcome.refund_minor) == (
        11_300,
        -1_300,
        10_000,
    )
    assert balances(conn) == {"cash": 1_300, "adjustment": -1_300}


def test_a_lower_price_over_two_orders_takes_from_each_no_more_than_it_took(conn: Conn, shop: Shop):
    for number, units in (("W-1", 2), ("W-2", 1)):
        sell(conn, shop, ask(shop, number, member_id=MEMBER, lines=lines(shop, ("COAT", units))))
    cheaper = NewReturnLine(code="COAT", sku_id=shop.skus["COAT"], units=3, stated_unit_minor=1_000)
    outcome = taken(conn, back(shop, "R-1", lines=(cheaper,)))
    assert (outcome.reversed_minor, outcome.refund_minor) == (33_900, 3_000)
    refunds = conn.execute("select amount_minor from payments.refund order by amount_minor").fetchall()
    assert refunds == [(1_000,), (2_000,)]
    assert balances(conn) == {"cash": 30_900, "adjustment": -30_900}


def test_a_lower_price_is_spread_over_the_orders_it_belongs_to(conn: Conn, shop: Shop):
    few = sell(conn, shop, ask(shop, "W-1", member_id=MEMBER, lines=lines(shop, ("HAT", 5))))
    many = sell(conn, shop, ask(shop, "W-2", member_id=MEMBER, lines=lines(shop, ("HAT", 1))))
    cheaper = NewReturnLine(code="HAT", sku_id=shop.skus["HAT"], units=6, stated_unit_minor=400)
    outcome = taken(conn, back(shop, "R-1", lines=(cheaper,)))
    assert (outcome.difference_minor, outcome.refund_minor) == (6 * 400 - 6 * 999, 6 * 400)
    paid_back = dict(conn.execute("select order_id, amount_minor from payments.refund").fetchall())
    assert min(paid_back.values()) > 0
    assert sum(paid_back.values()) == 6 * 400
    assert paid_back.keys() <= {few.id, many.id}


def test_a_charge_comes_back_too(conn: Conn, shop: Shop):
    post = DraftLine(code="POST", kind=LineKind.CHARGE, units=1, stated_unit_minor=1_130)
    sale = till_sale(shop, "T-1", member_id=MEMBER, lines=(*lines(shop, ("HAT", 1), stated=True), post))
    sell(conn, shop, sale)
    given = NewReturnLine(code="POST", units=1, stated_unit_minor=1_130)
    outcome = taken(conn, back(shop, "R-1", lines=(given,)))
    assert (outcome.reversed_minor, outcome.blind_minor) == (1_130, 0)
    assert balances(conn).get("charges") is None


def test_goods_go_where_their_grade_sends_them(conn: Conn, shop: Shop):
    sell(conn, shop, ask(shop, "W-1", member_id=MEMBER, lines=lines(shop, ("COAT", 3))))
    outcome = taken(conn, back(shop, "R-1", ("COAT", 3)))
    (line,) = outcome.lines
    receipt = Receipt(
        id=UUID(int=1 << 70), return_line_id=line.return_line_id, units=3, site_id=shop.sites["S"], at=LATER
    )
    succeeded(regrade.receive(conn, [receipt], scope=WHOLE_BRAND, now=LATER))
    gradings = [
        Grading(
            id=UUID(int=number << 80),
            return_line_id=line.return_line_id,
            units=1,
            grade=grade,
            is_perishable=False,
            graded_by="lin",
            at=LATER,
        )
        for number, grade in enumerate((Grade.AS_NEW, Grade.OPEN, Grade.FAKE), 1)
    ]
    before = _leaf(conn, shop)
    succeeded(regrade.grade(conn, gradings, site_id=shop.sites["S"], scope=WHOLE_BRAND, now=LATER))
    succeeded(regrade.grade(conn, gradings, site_id=shop.sites["S"], scope=WHOLE_BRAND, now=LATER))
    after = _leaf(conn, shop)
    # As new: sold again. Opened: kept, to be packed anew. Fake: never ours.
    assert (after.on_hand - before.on_hand, after.unsellable - before.unsellable) == (2, 1)
    assert after.sellable - before.sellable == 1


def test_nobody_takes_back_for_a_branch_that_is_not_theirs(conn: Conn, shop: Shop):
    mine = Scope(sites=frozenset({shop.sites["D"]}))
    outcome = take_back(conn, [back(shop, "R-1", ("COAT", 1))], scope=mine, now=LATER)
    assert outcome == [NotInYourBranch(subject="R-1")]
    assert conn.execute("select count(*) from returns.return").fetchone() == (0,)


def _leaf(conn: Conn, shop: Shop) -> stock.LeafStock:
    rows = stock.stock_at_leaves(conn, [shop.leaves["S"]])
    return next(row for row in rows if row.sku_id == shop.skus["COAT"])


def test_paying_back_more_than_was_taken_is_an_exception_and_no_secret(conn: Conn, shop: Shop):
    (outcome,) = place(conn, [till_sale(shop, "T-1", member_id=MEMBER)], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed)
    follow(conn, SETTLE)  # handed over, and never paid for
    taken(conn, back(shop, "R-1", ("COAT", 1)))
    found = conn.execute(
        "select kind, found_minor, expected_minor, order_id from payments.exception"
    ).fetchall()
    assert found == [("refund_above_taken", 11_300, 0, outcome.order_id)]
    assert conn.execute("select order_id, amount_minor from payments.refund").fetchall() == [(None, 11_300)]


def test_a_return_that_comes_before_the_sale_is_settled_undoes_it_all_the_same(conn: Conn, shop: Shop):
    (outcome,) = place(conn, [till_sale(shop, "T-1", member_id=MEMBER)], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed)
    pay_for(conn, shop, outcome)
    assert taken(conn, back(shop, "R-1", ("COAT", 1), ("SCARF", 2))).reversed_minor == 15_820
    follow(conn, SETTLE)
    assert balances(conn) == {}


def test_two_orders_overpaid_back_in_one_return_are_two_refunds(conn: Conn, shop: Shop):
    drafts = [
        till_sale(shop, f"T-{n}", member_id=MEMBER, lines=lines(shop, ("COAT", 1), stated=True))
        for n in (1, 2)
    ]
    place(conn, drafts, scope=WHOLE_BRAND, now=NOON)  # handed over, and never paid for
    assert taken(conn, back(shop, "R-1", ("COAT", 2), ("HAT", 1))).refund_minor == 2 * 11_300 + 999
    found = conn.execute("select amount_minor from payments.refund order by amount_minor").fetchall()
    assert found == [(999,), (11_300,), (11_300,)]
    assert conn.execute("select count(*) from payments.exception").fetchone() == (2,)
