"""What a customer announces undoes nothing until it is here: then the sale goes back, wherever it was received."""

from datetime import timedelta
from uuid import UUID

import pytest

from loopline import orders
from loopline.db import Conn
from loopline.kernel.ids import LineId, MemberId, OrderId, ReturnId, uuid7
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.orders import Order
from loopline.processes.announce import (
    AnnouncedReceipt,
    LineBack,
    ReturnAsked,
    Withdrawal,
    announce,
    receive_announced,
    withdraw,
)
from loopline.processes.cancel import UnknownOrder, UnknownOrderLine
from loopline.processes.doctor import examine
from loopline.processes.settle import RETURN_WINDOW_DEFAULT
from loopline.processes.take_back import TakenBack
from loopline.returns import queries as returns
from loopline.returns.announcements import (
    Announced,
    AnnouncementEnded,
    AnnouncesTooMuch,
    AnnouncesTwice,
    ReturnNotAnnounced,
)
from loopline.returns.model import (
    ReturnIsEmpty,
    ReturnNumberTakenByOtherContent,
    ReturnRepeat,
    ReturnWindowEnded,
)
from tests.make.loop import balances, subject_types
from tests.make.shop import NOON, Shop, ask, lines, open_shop
from tests.process.test_take_back import MEMBER, sell

LATER = NOON + timedelta(days=3)
OTHER = MemberId(UUID(int=43 << 64))


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def bought(conn: Conn, shop: Shop, number: str = "W-1", **fields: object) -> tuple[Order, dict[str, LineId]]:
    order = sell(conn, shop, ask(shop, number, member_id=MEMBER, **fields))
    return order, {line.code: line.line_id for line in orders.lines_by_orders(conn, [order.id])}


def wish(
    order: Order, *back: tuple[LineId, int], number: str = "A-1", by: MemberId | None = MEMBER
) -> ReturnAsked:
    return ReturnAsked(
        channel="web",
        external_number=number,
        order_id=order.id,
        by_member=by,
        lines=tuple(LineBack(line_id=line_id, units=units) for line_id, units in back),
    )


def announced(conn: Conn, asked: ReturnAsked) -> ReturnId:
    (outcome,) = announce(conn, [asked], scope=Scope(), now=LATER)
    assert isinstance(outcome, Announced), outcome
    return outcome.return_id


def received(
    conn: Conn, shop: Shop, return_id: ReturnId, *back: tuple[LineId, int], site: str = "D"
) -> object:
    receipt = AnnouncedReceipt(
        return_id=return_id,
        site_id=shop.sites[site],
        lines=tuple(LineBack(line_id=line_id, units=units) for line_id, units in back),
    )
    (outcome,) = receive_announced(conn, [receipt], scope=WHOLE_BRAND, now=LATER + timedelta(days=2))
    return outcome


def assert_sound(conn: Conn) -> None:
    """Everything doctor proves, but for what follows the log, and for the member, who is made up here."""
    report = examine(conn)
    assert [one for one in report.checks if not one.ok and one.invariant not in {7, 9}] == []


def test_an_announcement_undoes_nothing(conn: Conn, shop: Shop):
    order, ids = bought(conn, shop)
    before = balances(conn)
    return_id = announced(conn, wish(order, (ids["COAT"], 1)))
    assert balances(conn) == before
    assert orders.order_by_id(conn, order.id) == order
    assert returns.returns_by_id(conn, [return_id]) == []
    assert subject_types(conn, return_id) == ["return_announced"]
    assert_sound(conn)


def test_received_elsewhere_it_takes_the_sale_back_under_the_same_id(conn: Conn, shop: Shop):
    order, ids = bought(conn, shop)
    return_id = announced(conn, wish(order, (ids["COAT"], 1), (ids["SCARF"], 2)))
    outcome = received(conn, shop, return_id)
    assert isinstance(outcome, TakenBack)
    assert (outcome.return_id, outcome.refund_minor, outcome.blind_minor) == (return_id, 15_820, 0)
    assert balances(conn) == {}
    assert [line.received_units for line in returns.lines_of_returns(conn, [return_id])] == [1, 2]
    assert received(conn, shop, return_id) == ReturnRepeat(return_id=return_id)
    assert balances(conn) == {}
    assert_sound(conn)


def test_what_did_not_come_may_be_announced_anew(conn: Conn, shop: Shop):
    order, ids = bought(conn, shop, lines=lines(shop, ("HAT", 5)))
    return_id = announced(conn, wish(order, (ids["HAT"], 4)))
    assert announce(conn, [wish(order, (ids["HAT"], 2), number="A-2")], scope=Scope(), now=LATER) == [
        AnnouncesTooMuch(line_id=ids["HAT"], units=2, units_left=1)
    ]
    outcome = received(conn, shop, return_id, (ids["HAT"], 3))
    assert isinstance(outcome, TakenBack)
    assert outcome.refund_minor == 3 * 999
    announced(conn, wish(order, (ids["HAT"], 2), number="A-2"))
    assert_sound(conn)


def test_the_same_number_again_is_that_announcement(conn: Conn, shop: Shop):
    order, ids = bought(conn, shop)
    first, again = announce(
        conn, [wish(order, (ids["COAT"], 1)), wish(order, (ids["COAT"], 1))], scope=Scope(), now=LATER
    )
    assert isinstance(first, Announced)
    assert again == Announced(return_id=first.return_id, is_repeat=True)
    assert announce(conn, [wish(order, (ids["SCARF"], 1))], scope=Scope(), now=LATER) == [
        ReturnNumberTakenByOtherContent(channel="web", external_number="A-1", return_id=first.return_id)
    ]


def test_the_window_counts_when_it_is_announced(conn: Conn, shop: Shop):
    order, ids = bought(conn, shop)
    last_moment = NOON + RETURN_WINDOW_DEFAULT - timedelta(seconds=1)
    (outcome,) = announce(conn, [wish(order, (ids["COAT"], 1))], scope=Scope(), now=last_moment)
    assert isinstance(outcome, Announced)
    over = NOON + RETURN_WINDOW_DEFAULT
    assert announce(conn, [wish(order, (ids["SCARF"], 1), number="A-2")], scope=Scope(), now=over) == [
        ReturnWindowEnded(external_number="A-2", goods_code="SCARF", ended_at=over)
    ]
    receipt = AnnouncedReceipt(return_id=outcome.return_id, site_id=shop.sites["W"])
    (taken,) = receive_announced(conn, [receipt], scope=WHOLE_BRAND, now=over + timedelta(days=9))
    assert isinstance(taken, TakenBack)
    assert taken.refund_minor == 11_300


def test_only_what_is_ones_own_and_was_handed_over(conn: Conn, shop: Shop):
    order, ids = bought(conn, shop)
    ghost, nowhere = LineId(uuid7(NOON)), OrderId(uuid7(NOON))
    coat = ids["COAT"]
    wishes = [
        wish(order, (coat, 1), by=OTHER),
        ReturnAsked(channel="web", external_number="A-2", order_id=nowhere, by_member=MEMBER, lines=()),
        wish(order, (ghost, 1)),
        wish(order, (coat, 2)),
        wish(order, (coat, 0)),
        wish(order),
        wish(order, (ids["SCARF"], 1), (ids["SCARF"], 1)),
        wish(order, (coat, 1), by=None),
    ]
    assert announce(conn, wishes, scope=Scope(sites=frozenset({shop.sites["S"]})), now=LATER) == [
        UnknownOrder(order_id=order.id),
        UnknownOrder(order_id=nowhere),
        UnknownOrderLine(line_id=ghost),
        AnnouncesTooMuch(line_id=coat, units=2, units_left=1),
        AnnouncesTooMuch(line_id=coat, units=0, units_left=1),
        ReturnIsEmpty(external_number="A-1"),
        AnnouncesTwice(line_id=ids["SCARF"]),
        NotInYourBranch(subject="A-1"),
    ]


def test_of_two_lines_of_one_code_the_one_named_goes_back(conn: Conn, shop: Shop):
    twice = (*lines(shop, ("HAT", 1)), *lines(shop, ("HAT", 3)))
    order = sell(conn, shop, ask(shop, "W-1", member_id=MEMBER, lines=twice))
    one, three = (line.line_id for line in orders.lines_by_orders(conn, [order.id]))
    return_id = announced(conn, wish(order, (one, 1)))
    assert isinstance(received(conn, shop, return_id), TakenBack)
    back = {line.line_id: line.returned for line in orders.lines_by_orders(conn, [order.id])}
    assert back == {one: 1, three: 0}


def test_withdrawn_it_stays_where_it_is(conn: Conn, shop: Shop):
    order, ids = bought(conn, shop)
    return_id = announced(conn, wish(order, (ids["COAT"], 1)))
    not_mine = Withdrawal(return_id=return_id, by_member=OTHER)
    assert withdraw(conn, [not_mine], scope=Scope(), now=LATER) == [ReturnNotAnnounced(return_id=return_id)]
    mine = Withdrawal(return_id=return_id, by_member=MEMBER)
    assert withdraw(conn, [mine, mine], scope=Scope(), now=LATER) == [
        Announced(return_id=return_id, is_repeat=False),
        Announced(return_id=return_id, is_repeat=True),
    ]
    assert received(conn, shop, return_id) == AnnouncementEnded(return_id=return_id, how="withdrawn")
    announced(conn, wish(order, (ids["COAT"], 1), number="A-2"))
    assert subject_types(conn, return_id) == ["return_announced", "return_withdrawn"]


def test_a_site_receives_at_itself_alone(conn: Conn, shop: Shop):
    order, ids = bought(conn, shop)
    return_id = announced(conn, wish(order, (ids["COAT"], 1)))
    receipt = AnnouncedReceipt(return_id=return_id, site_id=shop.sites["D"])
    at_store = Scope(sites=frozenset({shop.sites["S"]}))
    assert receive_announced(conn, [receipt], scope=at_store, now=LATER) == [
        NotInYourBranch(subject=str(return_id))
    ]
    ghost = ReturnId(uuid7(NOON))
    unknown = AnnouncedReceipt(return_id=ghost, site_id=shop.sites["D"])
    assert receive_announced(conn, [unknown], scope=WHOLE_BRAND, now=LATER) == [
        ReturnNotAnnounced(return_id=ghost)
    ]
