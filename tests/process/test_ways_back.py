"""Ways back: offered as the brand says, under codes that lead to the refund, told where somebody waits."""

from datetime import timedelta

import pytest

from loopline import orders
from loopline.db import Conn
from loopline.insight.returned import Dimension, read_returned
from loopline.kernel.ids import LineId, ReturnId
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.orders import Order
from loopline.processes.announce import AnnouncedReceipt, receive_announced
from loopline.processes.take_back import TakenBack
from loopline.processes.ways_back import WayChosen, choose_ways, say_fetched, say_sent
from loopline.returns import ways
from loopline.returns.ways import (
    NothingOnItsWay,
    ParcelNumberUnclear,
    SentBack,
    Way,
    WayCostsTooMuch,
    WayNotOffered,
    WaySent,
    WayTerms,
)
from tests.make.loop import follow, subject_types
from tests.make.org import succeeded
from tests.make.shop import Shop, open_shop
from tests.process.test_announce import LATER, announced, bought, wish
from tests.process.test_returned import DAY, RIGHTS, asked

SOON = LATER + timedelta(hours=1)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    shop = open_shop(conn)
    offer(conn, WayTerms(way=Way.COURIER, is_offered=True, cost_minor=1_200))
    return shop


def offer(conn: Conn, *terms: WayTerms) -> None:
    succeeded(ways.set_ways(conn, terms, by="person:hq", now=LATER))


def chosen(conn: Conn, order: Order, lines: dict[str, LineId], way: Way, number: str = "A-1") -> ReturnId:
    """A coat that is to come back by a way."""
    return_id = announced(conn, wish(order, (lines["COAT"], 1), number=number))
    (code,) = choose_ways(conn, [WayChosen(return_id=return_id, order_id=order.id, way=way)])
    assert code == ways.code_of(return_id)
    return return_id


def test_members_choose_among_the_ways_that_the_brand_offers(conn: Conn, shop: Shop):
    offer(conn, WayTerms(way=Way.PARCEL, is_offered=False))
    assert [(one.way, one.is_offered, one.cost_minor) for one in ways.ways_offered(conn)] == [
        (Way.STORE, True, 0),
        (Way.COURIER, True, 1_200),
        (Way.PARCEL, False, 0),
    ]
    order, lines = bought(conn, shop)
    return_id = announced(conn, wish(order, (lines["COAT"], 1)))
    parcel = WayChosen(return_id=return_id, order_id=order.id, way=Way.PARCEL)
    assert choose_ways(conn, [parcel]) == [WayNotOffered(way=Way.PARCEL)]
    assert ways.ways_of_returns(conn, [return_id]) == {}
    courier = WayChosen(return_id=return_id, order_id=order.id, way=Way.COURIER)
    store = WayChosen(return_id=return_id, order_id=order.id, way=Way.STORE)
    assert choose_ways(conn, [courier]) == choose_ways(conn, [store])  # the first word stands
    assert ways.ways_of_returns(conn, [return_id])[return_id].way is Way.COURIER
    too_dear = WayTerms(way=Way.COURIER, is_offered=True, cost_minor=-1)
    outcomes = ways.set_ways(conn, [too_dear], by="person:hq", now=LATER)
    assert outcomes == [WayCostsTooMuch(cost_minor=-1, most=ways.COST_MOST)]


def test_codes_are_all_different_and_hard_to_mistype(conn: Conn, shop: Shop):
    order, lines = bought(conn, shop)
    return_id = chosen(conn, order, lines, Way.PARCEL)
    code = ways.code_of(return_id)
    assert (len(code), code[0], set(code) & set("01ILO")) == (13, "R", set())
    for typed in (code, code.lower(), f" {code[:5]} {code[5:]} ", f"{code[:5]}-{code[5:]}"):
        (found,) = ways.ways_by_code(conn, typed, limit=9)
        assert (found.return_id, found.order_id) == (return_id, order.id), typed
    for typed in ("", " ", code[:-1], "R22222222"):
        assert ways.ways_by_code(conn, typed, limit=9) == [], typed


def test_a_parcel_is_told_to_who_waits_for_it_until_it_is_here(conn: Conn, shop: Shop):
    order, lines = bought(conn, shop)
    return_id = chosen(conn, order, lines, Way.PARCEL)
    (way,) = ways.ways_of_returns(conn, [return_id]).values()
    assert way.site_id is not None
    assert ways.ways_to_sites(conn, [way.site_id], limit=9) == []  # nothing was sent yet
    for number in (None, "", "SF 1", "x" * 65):
        sent = WaySent(return_id=return_id, tracking_number=number)
        assert say_sent(conn, [sent], by="member:1", now=SOON) == [ParcelNumberUnclear()], number
    (first,) = say_sent(
        conn, [WaySent(return_id=return_id, tracking_number="SF1001")], by="member:1", now=SOON
    )
    (again,) = say_sent(
        conn, [WaySent(return_id=return_id, tracking_number="SF1001")], by="member:1", now=SOON
    )
    (mended,) = say_sent(
        conn, [WaySent(return_id=return_id, tracking_number="sf1002")], by="member:1", now=SOON + DAY
    )
    assert [one.is_repeat for one in (first, again, mended) if isinstance(one, SentBack)] == [
        False,
        True,
        False,
    ]
    (told,) = ways.ways_to_sites(conn, [way.site_id], limit=9)
    assert (told.tracking_number, told.sent_at) == ("SF1002", SOON)
    (found,) = ways.ways_by_code(conn, "sf1002", limit=9)
    assert found.return_id == return_id
    assert subject_types(conn, return_id) == ["return_announced", "return_sent", "return_sent"]
    receipt = AnnouncedReceipt(return_id=return_id, site_id=shop.sites["D"])
    (taken,) = receive_announced(conn, [receipt], scope=WHOLE_BRAND, now=SOON + DAY)
    assert isinstance(taken, TakenBack)
    assert taken.refund_minor == 11_300
    assert ways.ways_to_sites(conn, [way.site_id], limit=9) == []
    assert ways.ways_by_code(conn, "SF1002", limit=9) == []
    late = WaySent(return_id=return_id, tracking_number="SF1003")
    assert say_sent(conn, [late], by="member:1", now=SOON + DAY) == [NothingOnItsWay(return_id=return_id)]


def test_who_says_anothers_number_hides_no_return_and_is_led_to_by_no_code(conn: Conn, shop: Shop):
    order, lines = bought(conn, shop)
    theirs = chosen(conn, order, lines, Way.PARCEL)
    another, more = bought(conn, shop, "W-2")
    mine = chosen(conn, another, more, Way.PARCEL, number="A-2")
    code = ways.code_of(theirs)
    for number in ("SF1001", code):
        said = [WaySent(return_id=one, tracking_number=number) for one in (theirs, mine)]
        succeeded(say_sent(conn, said, by="member:1", now=SOON))
        found = ways.ways_by_code(conn, number, limit=9)
        assert {one.return_id for one in found} == ({theirs} if number == code else {theirs, mine}), number


def test_a_courier_is_sent_by_the_site_that_waits_for_the_goods(conn: Conn, shop: Shop):
    order, lines = bought(conn, shop)
    by_courier = chosen(conn, order, lines, Way.COURIER)
    (way,) = ways.ways_of_returns(conn, [by_courier]).values()
    assert way.site_id is not None
    assert [one.return_id for one in ways.ways_to_sites(conn, [way.site_id], limit=9)] == [by_courier]
    elsewhere = next(shop.sites[code] for code in ("D", "S") if shop.sites[code] != way.site_id)
    other, mine = Scope(sites=frozenset({elsewhere})), Scope(sites=frozenset({way.site_id}))
    refused = say_fetched(conn, [by_courier], scope=other, by="person:2", now=SOON)
    assert refused == [NotInYourBranch(subject=str(by_courier))]
    (done,) = say_fetched(conn, [by_courier], scope=mine, by="person:1", now=SOON)
    assert isinstance(done, SentBack)
    assert ways.ways_of_returns(conn, [by_courier])[by_courier].sent_at == SOON


def test_what_is_brought_is_not_sent(conn: Conn, shop: Shop):
    order, lines = bought(conn, shop)
    return_id = chosen(conn, order, lines, Way.STORE)
    sent = WaySent(return_id=return_id, tracking_number="SF1")
    assert say_sent(conn, [sent], by="member:1", now=SOON) == [NothingOnItsWay(return_id=return_id)]
    refused = say_fetched(conn, [return_id], scope=WHOLE_BRAND, by="person:1", now=SOON)
    assert refused == [NotInYourBranch(subject=str(return_id))]


def test_the_way_back_is_part_of_what_a_return_costs(conn: Conn, shop: Shop):
    def freight() -> int:
        ask = asked(Dimension.SKU, end=LATER + 9 * DAY)
        return read_returned(conn, ask).total.freight_minor

    order, lines = bought(conn, shop)
    follow(conn, RIGHTS)
    return_id = chosen(conn, order, lines, Way.COURIER)
    offer(conn, WayTerms(way=Way.COURIER, is_offered=True, cost_minor=9_900))  # said later: it cost 12.00
    receipt = AnnouncedReceipt(return_id=return_id, site_id=shop.sites["S"])
    succeeded(receive_announced(conn, [receipt], scope=WHOLE_BRAND, now=SOON))
    with_way = freight()
    conn.execute("update returns.announced_way set cost_minor = 0")
    assert with_way - freight() == 1_200
    assert orders.lines_by_orders(conn, [order.id])[0].returned == 1
