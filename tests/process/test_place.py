from datetime import timedelta

import pytest

from loopline import orders, stock
from loopline.db import Conn
from loopline.db.log import read_latest, read_subject
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.orders import Delivery, DraftLine, LineKind, OnShortage, Repeat
from loopline.processes.place import NoStockAtSite, Placed, UnknownSku, place
from loopline.stock import stock_at_leaves
from loopline.stock.refusals import NotEnoughFree
from tests.make.shop import NOON, PRICES, Shop, ask, lines, open_shop, till_sale


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def put(conn: Conn, *drafts: orders.Draft) -> list[Placed | Repeat | Refusal]:
    return place(conn, drafts, scope=WHOLE_BRAND, now=NOON)


def placed(conn: Conn, draft: orders.Draft) -> Placed:
    (outcome,) = put(conn, draft)
    assert isinstance(outcome, Placed), outcome
    return outcome


def free(conn: Conn, shop: Shop, sku: str) -> int:
    (found,) = stock.free_at_nodes(conn, [shop.network], [shop.skus[sku]])
    return found.free - found.held


def test_an_ask_is_priced_held_and_told(conn: Conn, shop: Shop):
    outcome = placed(conn, ask(shop, "W-1"))
    order = orders.order_by_id(conn, outcome.order_id)
    assert order is not None
    assert (outcome.amount_minor, order.amount_minor, order.tax_minor) == (15_820, 15_820, 1_820)
    assert (order.stage, order.held, order.units) == ("placed", 3, 3)
    assert (free(conn, shop, "COAT"), free(conn, shop, "SCARF")) == (29, 28)
    assert [told.type for told in read_subject(conn, outcome.order_id)] == ["order_placed"]


def test_a_fact_is_gone_at_its_stated_price(conn: Conn, shop: Shop):
    cheap = till_sale(
        shop, "T-1", lines=(DraftLine(code="HAT", sku_id=shop.skus["HAT"], units=3, stated_unit_minor=500),)
    )
    outcome = placed(conn, cheap)
    (line,) = orders.lines_by_orders(conn, [outcome.order_id])
    assert (line.amount_minor, line.list_unit_minor, line.handed_over) == (1_500, PRICES["HAT"], 3)
    on_hand = {row.sku_id: row.on_hand for row in stock_at_leaves(conn, [shop.leaves["S"]])}
    assert on_hand[shop.skus["HAT"]] == 7


def test_a_fact_goes_through_without_stock_and_opens_a_shortfall(conn: Conn, shop: Shop):
    outcome = placed(conn, till_sale(shop, "T-1", lines=lines(shop, ("HAT", 12), stated=True)))
    (short,) = stock.open_shortfalls(conn, limit=10)
    assert (short.units, short.sku_id, short.node_id) == (2, shop.skus["HAT"], shop.leaves["S"])
    told = [one.type for one in read_latest(conn, limit=10)]
    assert sorted(told) == ["order_placed", "shortfall_opened"]
    assert outcome.parked_units == 0


def test_the_same_message_twice_is_one_order(conn: Conn, shop: Shop):
    first, again = put(conn, ask(shop, "W-1"), ask(shop, "W-1"))
    assert isinstance(first, Placed)
    assert again == Repeat(order_id=first.order_id)
    assert put(conn, ask(shop, "W-1")) == [Repeat(order_id=first.order_id)]
    assert free(conn, shop, "COAT") == 29


def test_the_same_number_with_other_content_is_refused_and_kept(conn: Conn, shop: Shop):
    placed(conn, ask(shop, "W-1"))
    (outcome,) = put(conn, ask(shop, "W-1", lines=lines(shop, ("HAT", 1))))
    assert isinstance(outcome, orders.NumberTakenByOtherContent)
    (kept,) = orders.last_conflicts(conn, limit=5)
    assert kept.content.lines[0].code == "HAT"
    assert free(conn, shop, "HAT") == 30


def test_a_refused_ask_leaves_nothing_and_spoils_no_other(conn: Conn, shop: Shop):
    too_much = ask(shop, "W-1", lines=lines(shop, ("HAT", 2), ("COAT", 31)))
    refused, granted = put(conn, too_much, ask(shop, "W-2"))
    assert isinstance(refused, NotEnoughFree)
    assert isinstance(granted, Placed)
    assert (free(conn, shop, "HAT"), free(conn, shop, "COAT")) == (30, 29)
    # Nothing is known of it: the same number may be asked again when there is more.
    smaller = ask(shop, "W-1", lines=lines(shop, ("COAT", 29)))
    assert isinstance(put(conn, smaller)[0], Placed)


def test_an_ask_that_may_wait_parks_what_is_missing(conn: Conn, shop: Shop):
    draft = ask(shop, "W-1", lines=lines(shop, ("COAT", 32)), on_shortage=OnShortage.PARK)
    outcome = placed(conn, draft)
    (line,) = orders.lines_by_orders(conn, [outcome.order_id])
    assert (line.held, line.parked, outcome.parked_units) == (30, 2, 2)
    assert [told.type for told in read_subject(conn, outcome.order_id)] == ["order_placed", "lines_parked"]


def test_what_is_collected_is_held_where_it_is_collected(conn: Conn, shop: Shop):
    here = {"delivery": Delivery.COLLECT, "site_id": shop.sites["S"], "destination": None}
    placed(conn, ask(shop, "W-1", lines=lines(shop, ("COAT", 10)), **here))
    (refused,) = put(conn, ask(shop, "W-2", lines=lines(shop, ("COAT", 1)), **here))
    assert isinstance(refused, NotEnoughFree)
    assert free(conn, shop, "COAT") == 20


def test_charges_need_no_shelf_and_vouchers_no_tax(conn: Conn, shop: Shop):
    extra = (
        DraftLine(code="POST", kind=LineKind.CHARGE, units=1, stated_unit_minor=1_130),
        DraftLine(code="GIFT", kind=LineKind.VOUCHER, units=1, stated_unit_minor=5_000),
    )
    draft = till_sale(shop, "T-1", lines=(*lines(shop, ("HAT", 1), stated=True), *extra))
    outcome = placed(conn, draft)
    found = {
        line.code: (line.amount_minor, line.tax_minor, line.handed_over)
        for line in orders.lines_by_orders(conn, [outcome.order_id])
    }
    assert found == {"HAT": (999, 115, 1), "POST": (1_130, 130, 1), "GIFT": (5_000, 0, 1)}


def test_an_unpaid_ask_is_held_as_long_as_it_says(conn: Conn, shop: Shop):
    placed(conn, ask(shop, "W-1", hold_minutes=30, lines=lines(shop, ("HAT", 1))))
    expiries = conn.execute("select expires_at from stock.hold").fetchall()
    assert expiries == [(NOON + timedelta(minutes=30),)]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"channel": "nowhere"}, orders.UnknownChannel(channel="nowhere")),
        ({"lines": (DraftLine(code="GHOST", sku_id=None, units=1),)}, UnknownSku(line=1, sku_code="GHOST")),
    ],
)
def test_what_cannot_be_an_order_is_refused_with_its_reason(
    conn: Conn, shop: Shop, changes: dict[str, object], refusal: Refusal
):
    assert put(conn, ask(shop, "W-1", **changes)) == [refusal]
    assert conn.execute("select count(*) from orders.known").fetchone() == (0,)
    assert read_latest(conn, limit=1) == []


def test_a_site_without_stock_of_the_seller_sells_nothing(conn: Conn, shop: Shop):
    outcome = put(conn, till_sale(shop, "T-1", site_id=None))
    assert outcome == [NoStockAtSite(site_id=None)]


def test_nobody_places_for_a_branch_that_is_not_theirs(conn: Conn, shop: Shop):
    mine = Scope(sites=frozenset({shop.sites["S"]}))
    drafts = [till_sale(shop, "T-1", site="D"), till_sale(shop, "T-2", site="S"), ask(shop, "W-1")]
    theirs, own, brand = place(conn, drafts, scope=mine, now=NOON)
    assert theirs == NotInYourBranch(subject="T-1")
    assert isinstance(own, Placed)
    assert brand == NotInYourBranch(subject="W-1")


def test_a_repeat_in_one_batch_shares_the_fate_of_the_first(conn: Conn, shop: Shop):
    too_much = ask(shop, "W-1", lines=lines(shop, ("COAT", 31)))
    first, twin = put(conn, too_much, too_much)
    assert isinstance(first, NotEnoughFree)
    assert twin == first
