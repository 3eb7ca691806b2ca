"""What delivery costs, from the order to the books: charged, told when it moved, earned as goods leave, given back."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from loopline import orders, org
from loopline.db import Conn, log
from loopline.db.remembered import read_marks
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import MemberId, OrderId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.ledger import queries as ledger
from loopline.ledger.model import Purpose
from loopline.orders import FREIGHT_FEE, DraftKind, LineKind, OrderStage, put_channels
from loopline.payments import queries as payments
from loopline.pricing.freight import (
    FreightNotOpen,
    FreightUnitUnknown,
    NewFreight,
    NotDeliveredThere,
    UnitSetsNoFreight,
    Weighing,
    freight_kept,
)
from loopline.processes.cancel import Cancellation, Cancelled, UnitsToCancel, cancel
from loopline.processes.doctor import examine
from loopline.processes.follow import FOLLOWERS as STAGES
from loopline.processes.freight import set_freight, standing_freight
from loopline.processes.place import Placed, place
from loopline.processes.place.freight import FreightMoved
from loopline.processes.points.standing import FOLLOWERS as POINTS_STAND
from loopline.processes.promise import expire_holds
from loopline.processes.take_back import take_back
from loopline.processes.take_in import Incoming, MessageLine, OrderMessage, place_messages, take_in
from loopline.promises import GivenPromise, PromiseKind
from tests.make.coupons import given, in_force
from tests.make.customers import member, phone, registered
from tests.make.freight import FAR, NOWHERE, charge_delivery, template
from tests.make.hours import by_courier, offer_hours
from tests.make.loop import follow, hand_over_everything, pay_for
from tests.make.org import succeeded
from tests.make.points import points_given, points_in_force
from tests.make.shop import NOON, OPENED, Shop, ask, lines, open_shop
from tests.process.test_take_back import back

LATER = NOON + timedelta(hours=1)
DAYS_LATER = NOON + timedelta(days=3)
SETTLE = STAGES[0]
(POINTS,) = POINTS_STAND
URUMQI = Coordinates(longitude=87.62, latitude=43.83)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


@pytest.fixture
def anna(conn: Conn) -> MemberId:
    return registered(conn, [member(phone(1))])[0]


def coat(shop: Shop, number: str = "W-1", *, units: int = 1, **fields: Any) -> orders.Draft:
    """A member's own ask for coats of 113 yuan each, to be delivered in Shanghai."""
    stated = {"lines": lines(shop, ("COAT", units)), "charges_freight": True}
    return ask(shop, number, **(stated | fields))


def put(conn: Conn, draft: orders.Draft) -> Placed:
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    return outcome


def refused(conn: Conn, draft: orders.Draft) -> Refusal:
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Refusal), outcome
    return outcome


def charged(conn: Conn, order_id: OrderId) -> list[tuple[str, int, int, int]]:
    return [
        (line.code, line.amount_minor, line.tax_minor, line.cancelled)
        for line in orders.lines_by_orders(conn, [order_id])
        if line.kind is LineKind.CHARGE
    ]


def earned(conn: Conn) -> int:
    return -sum(
        one.balance_minor for one in ledger.balances_by_purpose(conn) if one.purpose is Purpose.CHARGES
    )


def wrong(conn: Conn) -> list[str]:
    return [one.name for one in examine(conn).checks if not one.ok and one.invariant != 7]


def test_without_a_template_delivery_is_free(conn: Conn, shop: Shop):
    taken = put(conn, coat(shop))
    assert (taken.amount_minor, charged(conn, taken.order_id)) == (11_300, [])


def test_delivery_is_a_line_of_the_order_with_its_tax(conn: Conn, shop: Shop):
    charge_delivery(conn)
    taken = put(conn, coat(shop))
    # Eight yuan, of them 13 % tax: 800 x 13 / 113.
    assert (taken.amount_minor, charged(conn, taken.order_id)) == (12_100, [(FREIGHT_FEE, 800, 92, 0)])
    head = orders.order_by_id(conn, taken.order_id)
    assert head is not None
    assert (head.amount_minor, head.tax_minor) == (12_100, 1_300 + 92)
    # From 150 yuan on it is free, and it says nothing of what is asked: the same again is that order.
    assert charged(conn, put(conn, coat(shop, "W-2", units=2)).order_id) == []
    again = place(conn, [coat(shop)], scope=WHOLE_BRAND, now=NOON)
    assert again == [orders.Repeat(order_id=taken.order_id)]
    assert wrong(conn) == []


def test_a_region_pays_its_own_and_one_that_is_left_out_is_refused_by_its_field(conn: Conn, shop: Shop):
    charge_delivery(conn)
    far = put(conn, coat(shop, units=2, destination=URUMQI))
    assert charged(conn, far.order_id) == [(FREIGHT_FEE, 2_000, 230, 0)]
    charge_delivery(conn, regions=(FAR, NOWHERE))
    assert refused(conn, coat(shop, "W-2")) == NotDeliveredThere(region_code="310100", field="region_code")
    assert orders.order_ids_by_external_numbers(conn, [("web", "W-2")]) == {}


def test_what_goods_weigh_is_paid_for_and_what_nobody_weighed_counts_as_is_stated(conn: Conn, shop: Shop):
    conn.execute("update catalogue.sku set weight_grams = 1200 where code = 'COAT'")
    weighing = Weighing(first_grams=1_000, step_grams=500, step_minor=150, grams_default=400)
    charge_delivery(conn, weighing=weighing, free_from_minor=None)
    one = put(conn, coat(shop, "W-1"))
    # A coat and two scarves that nobody weighed: 1200 + 2 x 400 grams, so two further steps.
    more = put(conn, coat(shop, "W-2", lines=lines(shop, ("COAT", 1), ("SCARF", 2))))
    assert [charged(conn, each.order_id)[0][1] for each in (one, more)] == [950, 1_100]


def test_free_from_is_held_against_goods_after_coupons_and_before_points(
    conn: Conn, shop: Shop, anna: MemberId
):
    charge_delivery(conn, free_from_minor=11_300)
    points_in_force(conn)
    points_given(conn, anna, 1_000, now=OPENED)
    in_force(conn, "C", now=OPENED)
    with_points = put(conn, coat(shop, "W-1", member_id=anna, points=1_000))
    assert (with_points.amount_minor, charged(conn, with_points.order_id)) == (10_300, [])
    (coupon,) = given(conn, "C", anna, now=OPENED)
    with_coupon = put(conn, coat(shop, "W-2", member_id=anna, coupons=(coupon.secret,)))
    assert (with_coupon.amount_minor, charged(conn, with_coupon.order_id)[0][1]) == (
        11_300 - 3_000 + 800,
        800,
    )
    follow(conn, POINTS)
    assert wrong(conn) == []


def test_whoever_was_shown_less_is_told_and_whoever_was_shown_more_pays_less(conn: Conn, shop: Shop):
    charge_delivery(conn, fee_minor=900)
    shown = coat(shop, freight_shown_minor=800)
    assert refused(conn, shown) == FreightMoved(shown_minor=800, now_minor=900, currency="CNY")
    assert orders.order_ids_by_external_numbers(conn, [("web", "W-1")]) == {}
    charge_delivery(conn, fee_minor=700)
    taken = put(conn, shown)
    assert charged(conn, taken.order_id)[0][1] == 700
    # It was placed: what delivery costs by now changes nothing of it.
    charge_delivery(conn, fee_minor=5_000)
    assert place(conn, [shown], scope=WHOLE_BRAND, now=NOON) == [orders.Repeat(order_id=taken.order_id)]
    # Nothing was shown to be free that costs nothing more.
    charge_delivery(conn, drop=True)
    assert charged(conn, put(conn, coat(shop, "W-2", freight_shown_minor=0)).order_id) == []


def test_an_order_in_another_currency_is_not_charged(conn: Conn, shop: Shop):
    charge_delivery(conn, currency="EUR")
    assert charged(conn, put(conn, coat(shop)).order_id) == []


def test_it_is_earned_as_the_goods_leave_and_not_before(conn: Conn, shop: Shop):
    charge_delivery(conn)
    pay_for(conn, shop, put(conn, coat(shop)))
    follow(conn, SETTLE)
    assert earned(conn) == 0
    hand_over_everything(conn, now=NOON)
    follow(conn, SETTLE)
    follow(conn, SETTLE)
    assert earned(conn) == 708
    assert wrong(conn) == []


def test_who_calls_off_the_whole_gets_it_back(conn: Conn, shop: Shop):
    charge_delivery(conn)
    taken = put(conn, coat(shop))
    pay_for(conn, shop, taken)
    (outcome,) = cancel(conn, [Cancellation(order_id=taken.order_id)], scope=WHOLE_BRAND, now=LATER)
    assert isinstance(outcome, Cancelled)
    assert (outcome.refund_minor, outcome.stage) == (12_100, OrderStage.CANCELLED)
    (money,) = payments.money_of_orders(conn, [taken.order_id])
    assert (money.taken_minor, money.refunded_minor) == (12_100, 12_100)
    assert charged(conn, taken.order_id) == [(FREIGHT_FEE, 800, 92, 1)]
    follow(conn, SETTLE)
    assert (earned(conn), wrong(conn)) == (0, [])


def test_who_calls_off_a_part_pays_for_the_way_as_before(conn: Conn, shop: Shop):
    charge_delivery(conn, free_from_minor=None)
    taken = put(conn, coat(shop, units=2))
    pay_for(conn, shop, taken)
    line_id = next(
        one.line_id for one in orders.lines_by_orders(conn, [taken.order_id]) if one.kind is LineKind.GOODS
    )
    part = Cancellation(order_id=taken.order_id, lines=(UnitsToCancel(line_id=line_id, units=1),))
    (outcome,) = cancel(conn, [part], scope=WHOLE_BRAND, now=LATER)
    assert isinstance(outcome, Cancelled)
    assert outcome.refund_minor == 11_300
    assert charged(conn, taken.order_id) == [(FREIGHT_FEE, 800, 92, 0)]
    # What was free stays free, though less than the amount is left.
    charge_delivery(conn)
    free = put(conn, coat(shop, "W-2", units=2))
    pay_for(conn, shop, free)
    (line,) = orders.lines_by_orders(conn, [free.order_id])
    part = Cancellation(order_id=free.order_id, lines=(UnitsToCancel(line_id=line.line_id, units=1),))
    (outcome,) = cancel(conn, [part], scope=WHOLE_BRAND, now=LATER)
    assert isinstance(outcome, Cancelled)
    assert outcome.refund_minor == 11_300
    assert (charged(conn, free.order_id), wrong(conn)) == ([], [])


def test_who_sends_a_part_back_does_not_get_it_back(conn: Conn, shop: Shop, anna: MemberId):
    charge_delivery(conn, free_from_minor=None)
    taken = put(conn, coat(shop, units=2, member_id=anna))
    pay_for(conn, shop, taken)
    hand_over_everything(conn, now=NOON)
    follow(conn, SETTLE)
    succeeded(
        take_back(
            conn,
            [back(shop, "R-1", ("COAT", 1), at=DAYS_LATER, member_id=anna)],
            scope=WHOLE_BRAND,
            now=DAYS_LATER,
        )
    )
    follow(conn, SETTLE)
    assert earned(conn) == 708
    (money,) = payments.money_of_orders(conn, [taken.order_id])
    assert (money.taken_minor, money.refunded_minor) == (23_400, 11_300)
    assert charged(conn, taken.order_id) == [(FREIGHT_FEE, 800, 92, 0)]
    assert wrong(conn) == []


def test_what_runs_out_unpaid_owes_nothing(conn: Conn, shop: Shop):
    charge_delivery(conn)
    taken = put(conn, coat(shop, hold_minutes=15))
    expire_holds(conn, now=NOON + timedelta(minutes=16), limit=10)
    follow(conn, SETTLE)
    head = orders.order_by_id(conn, taken.order_id)
    assert head is not None
    assert (head.stage, earned(conn), wrong(conn)) == (OrderStage.CANCELLED, 0, [])


# ------------------------------------------------------------------------------------------------ who is charged


def message(number: str = "W-1", **fields: Any) -> OrderMessage:
    stated: dict[str, Any] = {
        "channel": "web",
        "external_number": number,
        "kind": DraftKind.ASK,
        "lines": (MessageLine(sku_code="COAT", units=1),),
        "region_code": "310100",
    }
    return OrderMessage(**(stated | fields))


def promised(shop: Shop, fee_minor: int) -> GivenPromise:
    return GivenPromise(
        kind=PromiseKind.DELIVER,
        site_id=shop.sites["S"],
        due_at=DAYS_LATER,
        starts_at=None,
        fee_minor=fee_minor,
        ready_minutes=120,
        lane_minutes=60,
        band=0,
        terms_version=0,
        pace_version=0,
        said_at=NOON,
    )


def amounts(conn: Conn, *incoming: Incoming) -> list[int | Refusal]:
    return [
        one if isinstance(one, Refusal) else one.amount_minor
        for one in place_messages(conn, incoming, now=NOON)
    ]


def test_members_and_whoever_has_a_promise_are_charged_and_others_say_it_themselves(
    conn: Conn, shop: Shop, anna: MemberId
):
    charge_delivery(conn)
    own = Incoming(message=message("M-1", member_id=anna), by_member=anna)
    kept = Incoming(message=message("P-1", promise=promised(shop, 800)), scope=WHOLE_BRAND)
    free = Incoming(message=message("P-2", promise=promised(shop, 0)), scope=WHOLE_BRAND)
    post = MessageLine(sku_code="POST", units=1, kind=LineKind.CHARGE, stated_unit_minor=600)
    plain = Incoming(message=message("A-1"), scope=WHOLE_BRAND)
    fact = Incoming(message=message("F-1", kind=DraftKind.FACT, site_code="S"), scope=WHOLE_BRAND)
    told = FreightMoved(shown_minor=0, now_minor=800, currency="CNY")
    assert amounts(conn, own, kept, free, plain, fact) == [12_100, 12_100, told, 11_300, 11_300]
    # A channel that may state prices states what delivery costs, also where it comes by a promise.
    (web,) = [one for one in orders.channels_by_code(conn).values() if one.code == "web"]
    put_channels(conn, [replace(web, may_state_price=True)])
    stating = Incoming(message=message("A-2", lines=(*message().lines, post)), scope=WHOLE_BRAND)
    by_promise = Incoming(message=message("P-3", promise=promised(shop, 0)), scope=WHOLE_BRAND)
    assert amounts(conn, stating, by_promise) == [11_900, 11_300]


def test_a_parcel_beside_a_courier_in_one_batch_has_its_own_fee(conn: Conn, shop: Shop):
    charge_delivery(conn)
    offer_hours(conn)
    rider = Incoming(message=by_courier(shop, "C-1"), scope=WHOLE_BRAND)
    parcel = Incoming(message=message("P-1", promise=promised(shop, 800)), scope=WHOLE_BRAND)
    first, second = place_messages(conn, [rider, parcel], now=NOON)
    assert not isinstance(first, Refusal)
    assert not isinstance(second, Refusal)
    found = [[code for code, *_ in charged(conn, one.order_id)] for one in (first, second)]
    assert found == [["COURIER-FEE"], [FREIGHT_FEE]]


def test_whose_fee_holds_follows_who_sells(conn: Conn, shop: Shop):
    charge_delivery(conn, fee_minor=800, is_open=True)
    charge_delivery(conn, "DEALER", fee_minor=500)
    charge_delivery(conn, "EAST", fee_minor=600)
    places = {"W-1": None, "W-2": shop.sites["S"], "W-3": shop.sites["D"]}
    found = [
        charged(conn, put(conn, coat(shop, number, site_id=site_id)).order_id)[0][1]
        for number, site_id in places.items()
    ]
    assert found == [800, 600, 500]
    # The brand shuts it again: what others set waits until it opens.
    charge_delivery(conn, fee_minor=800)
    assert charged(conn, put(conn, coat(shop, "W-4", site_id=shop.sites["D"])).order_id)[0][1] == 800


def test_placing_without_a_template_reads_nothing_more(
    conn: Conn, shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    put(conn, coat(shop, "W-0"))  # what is remembered is read once
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(cursor: Any, query: Any, *given: Any, **named: Any) -> Any:
        if cursor.connection is conn:
            sent.append(str(query))
        return execute(cursor, query, *given, **named)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    found: list[list[str]] = []
    for draft in (coat(shop, "W-1", charges_freight=False), coat(shop, "W-2")):
        sent.clear()
        put(conn, draft)
        found.append(list(sent))
    assert len(found[0]) > 5
    assert found[1] == found[0]


# ------------------------------------------------------------------------------------------------------- settings


def wish(unit_code: str, **fields: Any) -> NewFreight:
    stated: dict[str, Any] = {"unit_code": unit_code, "template": template(), "comment": "try"}
    return NewFreight(**(stated | fields))


def test_it_is_set_for_ones_own_units_where_the_brand_leaves_it_open(conn: Conn, shop: Shop):
    with_store = Scope(sites=frozenset({shop.sites["S"]}))
    dealer = Scope(
        org_units=frozenset({unit.id for unit in org.branch_units(conn) if unit.code in {"DEALER", "U-D"}})
    )

    def outcome(one: NewFreight, scope: Scope) -> object:
        return set_freight(conn, [one], scope=scope, by="person:2", now=NOON)[0]

    assert outcome(wish("HX"), with_store) == FreightUnitUnknown(unit_code="HX")
    assert outcome(wish("EAST"), dealer) == FreightUnitUnknown(unit_code="EAST")
    assert outcome(wish("NO"), WHOLE_BRAND) == FreightUnitUnknown(unit_code="NO")
    assert outcome(wish("U-D"), dealer) == UnitSetsNoFreight(unit_code="U-D", kind="store")
    assert outcome(wish("DEALER"), dealer) == FreightNotOpen(unit_code="DEALER")
    # Taking back is never refused, and opens nothing for what comes with it.
    both = set_freight(
        conn, [wish("DEALER"), wish("DEALER", template=None)], scope=dealer, by="person:2", now=NOON
    )
    assert both == [FreightNotOpen(unit_code="DEALER"), wish("DEALER", template=None)]
    assert [one.template for one in freight_kept(conn).values()] == [None]
    brand = wish("HX", is_open=True)
    assert outcome(brand, WHOLE_BRAND) == brand
    # Below the brand nobody leaves anything open.
    assert outcome(wish("DEALER", is_open=True), dealer) == wish("DEALER")
    seen = standing_freight(conn, scope=dealer)
    (own,) = seen.units
    assert (own.code, seen.may_set(own, dealer), seen.is_open(own)) == ("DEALER", True, True)
    # That it was taken back where nothing was set changed nothing.
    (told,) = log.read_subjects(conn, [own.id], types=frozenset({"setting_changed"}))
    assert (told.actor, told.at) == ("person:2", NOON)


def test_taking_in_says_whose_delivery_we_charge(conn: Conn, shop: Shop):
    incoming = [
        Incoming(message=message("A-1"), scope=WHOLE_BRAND),
        Incoming(message=message("P-1", promise=promised(shop, 700)), scope=WHOLE_BRAND),
    ]
    found = [
        (one.charges_freight, one.freight_shown_minor)
        for one in take_in(conn, incoming, now=NOON, marks=read_marks(conn))
        if isinstance(one, orders.Draft)
    ]
    assert found == [(False, None), (True, 700)]
