"""Sales of members at a till: named before or found later, never lost, at the price of the whole cart."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from msgspec import UNSET

from loopline import customers, orders
from loopline.channels.till import Sale, SaleMember
from loopline.channels.till.cases import hand_over, try_again
from loopline.customers import BindingRole, NewBinding, bind_members, erase_members
from loopline.db import Conn
from loopline.kernel.ids import MemberId, PartyId, PersonId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Order
from loopline.orders.tills import TillNumber, open_till_cases
from loopline.pricing import Derivation
from loopline.pricing.promotions import AmountOff, Step, Threshold
from loopline.processes.follow import FOLLOWERS
from loopline.processes.ring_up import CashierUnknown
from loopline.processes.take_in import OrderTaken
from tests.make.customers import member, phone, registered, ring, shown_code
from tests.make.loop import follow
from tests.make.shop import NOON
from tests.make.store import Stage, open_store
from tests.make.till import TILL, line, sale, sent, whole
from tests.process.test_promotions import healthy, in_force

RING = ring()
SPEND = Threshold(steps=(Step(from_minor=15_000, off_minor=1_000),))
"""On a coat and two scarves: 714 of the coat, 286 of the scarves."""
NOT_SAID = SaleMember(said="13800000009")


@pytest.fixture
def stage(conn: Conn) -> Stage:
    return open_store(conn)


@pytest.fixture
def anna(conn: Conn) -> MemberId:
    return registered(conn, [member(phone(1), name="Anna")], keys=RING)[0]


def of(said: Sale, buyer: SaleMember) -> Sale:
    return msgspec.structs.replace(said, member=buyer)


def rung(conn: Conn, stage: Stage, said: Sale) -> tuple[OrderTaken, Order]:
    (outcome,) = sent(conn, [said], by=stage.people["zhou.guide"], now=NOON + timedelta(days=1))
    assert isinstance(outcome, OrderTaken), outcome
    head = orders.order_by_id(conn, outcome.order_id)
    assert head is not None
    return outcome, head


def discounts(conn: Conn, head: Order) -> list[int]:
    derived = msgspec.convert(orders.quotes_by_orders(conn, [head.id])[head.id], Derivation)
    return [sum(one.amount_minor for one in each.discounts) for each in derived.lines]


def test_a_phone_that_was_typed_without_a_network_is_found_when_the_sale_comes(
    conn: Conn, stage: Stage, anna: MemberId
):
    who = stage.people["zhou.guide"]
    shown = shown_code(conn, anna, now=NOON)
    buyers = (SaleMember(said="138 0000 0001"), SaleMember(said=shown.code), SaleMember(id=anna))
    for number, buyer in enumerate(buyers, start=1):
        taken, head = rung(conn, stage, of(sale(who, number), buyer))
        assert (head.member_id, taken.member_id, head.guide_id) == (anna, anna, stage.guide)
    late = sale(who, 9, rung_up_at=NOON + timedelta(minutes=5))
    assert rung(conn, stage, of(late, SaleMember(said=shown.code)))[1].member_id is None
    follow(conn, next(one for one in FOLLOWERS if one.name == "timelines"))
    seen = customers.timeline(conn, anna, before=NOON + timedelta(days=2), limit=9)
    assert sorted(one.kind for one in seen).count("order_placed") == 3


@pytest.mark.parametrize(
    "buyer",
    [
        NOT_SAID,
        SaleMember(said="9" * 16),
        SaleMember(said="\ud83d"),
        SaleMember(id=UUID(int=1)),
        SaleMember(),
    ],
)
def test_a_member_whom_nobody_is_loses_no_sale(conn: Conn, stage: Stage, buyer: SaleMember):
    taken, head = rung(conn, stage, of(sale(stage.people["zhou.guide"]), buyer))
    assert (head.amount_minor, head.member_id, taken.member_id) == (15_820, None, None)


def test_a_member_who_was_forgotten_meanwhile_loses_no_sale(conn: Conn, stage: Stage, anna: MemberId):
    erase_members(conn, [anna], now=NOON)
    assert rung(conn, stage, of(sale(stage.people["zhou.guide"]), SaleMember(id=anna)))[1].member_id is None


def test_the_same_sale_of_somebody_else_is_the_sale_it_was(conn: Conn, stage: Stage, anna: MemberId):
    said = sale(stage.people["zhou.guide"])
    first, _ = rung(conn, stage, of(said, SaleMember(id=anna)))
    for buyer in (NOT_SAID, SaleMember()):
        again, head = rung(conn, stage, of(said, buyer))
        assert (again.order_id, again.is_repeat, head.member_id, again.member_id) == (
            first.order_id,
            True,
            anna,
            anna,
        )


def test_whose_customer_a_member_is_is_owed_what_the_cashier_is_not(conn: Conn, stage: Stage, anna: MemberId):
    dealer = stage.shop.parties["DEALER"]
    bound = NewBinding(member_id=anna, role=BindingRole.DEALER, party_id=dealer, reason="a test")
    bind_members(conn, [bound], now=NOON)
    _, head = rung(conn, stage, of(sale(stage.people["zhou.guide"]), SaleMember(id=anna)))
    assert (head.guide_id, head.dealer_id) == (stage.guide, PartyId(dealer))


def test_a_case_keeps_who_bought_and_no_phone(conn: Conn, stage: Stage, anna: MemberId):
    by = stage.people["zhou.guide"]
    nobody = sale(PersonId(UUID(int=7)))
    theirs, unknown = of(nobody, SaleMember(said="13800000001")), of(nobody, NOT_SAID)
    for number, said in ((1, theirs), (2, unknown)):
        told = msgspec.structs.replace(said, number=number)
        outcome = hand_over(conn, told, ring=RING, scope=WHOLE_BRAND, handed_by=by, now=NOON)
        assert isinstance(outcome, CashierUnknown)
    kept = [one.sale for one in open_till_cases(conn, scope=WHOLE_BRAND, at_most=9)]
    assert [one.get("member") for one in kept] == [{"id": str(anna), "said": ""}, None]
    assert "1380000" not in str(kept)
    conn.execute(
        "update orders.till_case set sale = jsonb_set(sale, '{rung_up_by}', to_jsonb(%s::text))", (str(by),)
    )
    which = TillNumber(till_id=TILL, number=1)
    placed = try_again(conn, which, ring=RING, scope=WHOLE_BRAND, by=by, now=NOON)
    assert isinstance(placed, OrderTaken)
    assert placed.member_id == anna
    # The till that sends it once more, word for word, hears of that order.
    again = msgspec.structs.replace(theirs, number=1, rung_up_by=by)
    (repeat,) = sent(conn, [again], by=by)
    assert isinstance(repeat, OrderTaken)
    assert (repeat.order_id, repeat.is_repeat) == (placed.order_id, True)


def test_what_the_whole_cart_was_told_is_paid_kept_and_borne(conn: Conn, stage: Stage):
    in_force(conn, "SPEND", SPEND)
    told = (whole("COAT", 1, 11_300 - 714), whole("SCARF", 2, 4_520 - 286))
    _, head = rung(conn, stage, sale(stage.people["zhou.guide"], lines=told))
    assert (head.amount_minor, discounts(conn, head)) == (14_820, [714, 286])
    lines = orders.lines_by_orders(conn, [head.id])
    assert [(one.amount_minor, one.list_unit_minor) for one in lines] == [(10_586, 11_300), (4_234, 2_260)]
    for one in FOLLOWERS:
        follow(conn, one)
    healthy(conn)


def test_a_price_of_the_whole_cart_that_is_no_more_stands_as_it_was_paid(conn: Conn, stage: Stage):
    told = (whole("COAT", 1, 10_586), whole("SCARF", 3, 6_500))
    _, head = rung(conn, stage, sale(stage.people["zhou.guide"], lines=told))
    assert (head.amount_minor, discounts(conn, head)) == (17_086, [0, 0])
    lines = orders.lines_by_orders(conn, [head.id])
    assert [(one.unit_minor, one.amount_minor) for one in lines] == [(10_586, 10_586), (2_166, 6_500)]


def test_members_prices_are_for_members_at_the_till(conn: Conn, stage: Stage, anna: MemberId):
    in_force(conn, "MEMBERS", AmountOff(amount_minor=300), members_only=True)
    theirs = sale(stage.people["zhou.guide"], 1, lines=(whole("COAT", 1, 11_000),))
    assert discounts(conn, rung(conn, stage, of(theirs, SaleMember(id=anna)))[1]) == [300]
    by_the_piece = sale(stage.people["zhou.guide"], 2, lines=(line("COAT", unit_minor=11_000),))
    for number, said in ((3, theirs), (4, msgspec.structs.replace(by_the_piece, member=SaleMember(id=anna)))):
        anew = msgspec.structs.replace(said, number=number, id=sale(PersonId(UUID(int=1)), number).id)
        assert discounts(conn, rung(conn, stage, anew)[1]) == [0]
    assert by_the_piece.member is UNSET
