"""What a task is said to pay is what it pays; what somebody earned is told with what was taken back of it."""

from datetime import timedelta
from uuid import UUID

import pytest

from loopline import orders
from loopline.db import Conn
from loopline.fulfilment.model import AcceptTask, HandOverTask, RefusalReason, RefuseTask, WithdrawnUnits
from loopline.fulfilment.queries import lines_of_tasks
from loopline.kernel.ids import MemberId, OrderId, TaskId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.ledger.model import EntryKind, Purpose
from loopline.ledger.queries import moved_of_parties
from loopline.orders import Credits
from loopline.processes import dispatch, fulfil
from loopline.processes.follow import FOLLOWERS
from loopline.processes.place import Placed, place
from loopline.processes.settle import RETURN_WINDOW_DEFAULT, release_due
from loopline.processes.source import source_wave
from loopline.processes.take_back import TakenBack, take_back
from loopline.processes.worth import worth_of_sales, worth_of_tasks
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind
from loopline.sharing.queries import EarnedAsk, ShareState, shares_of_parties
from tests.make.loop import follow, hand_over_everything, pay_for, shares, work_off
from tests.make.org import succeeded
from tests.make.shop import NOON, PRICES, Shop, ask, lines, open_shop, till_sale

SETTLE = next(one for one in FOLLOWERS if one.name == "settle")
MEMBER = MemberId(UUID(int=42 << 64))


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def put(conn: Conn, draft: orders.Draft) -> Placed:
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=draft.placed_at)
    assert isinstance(outcome, Placed), outcome
    return outcome


def guided(shop: Shop, number: str, **fields: object) -> orders.Draft:
    return ask(shop, number, member_id=MEMBER, credits=Credits(guide_id=shop.parties["GUIDE"]), **fields)


def test_a_task_pays_what_it_was_said_to_pay(conn: Conn, shop: Shop):
    put(conn, guided(shop, "W-1"))
    (task_id,) = source_wave(conn, now=NOON).tasks
    worth = worth_of_tasks(conn, [task_id])[task_id]
    assert (worth.store_party, worth.store_minor, worth.currency) == (shop.parties["STORE-S"], 700, "CNY")
    said = {code: worth.of(party) for code, party in shop.parties.items() if worth.of(party)}
    assert said == {"GUIDE": 420, "STORE-S": 700, "PLATFORM": 140, "BRAND": 12_740}
    assert [(line.units, line.net_minor) for line in worth.lines] == [(1, 10_000), (2, 4_000)]
    work_off(conn, [task_id], now=NOON)
    follow(conn, SETTLE)
    assert shares(conn) == said


def test_what_was_refused_pays_no_more(conn: Conn, shop: Shop):
    put(conn, guided(shop, "W-1"))
    (task_id,) = source_wave(conn, now=NOON).tasks
    coat = next(line for line in lines_of_tasks(conn, [task_id])[task_id] if line.sku_id == shop.skus["COAT"])
    part = RefuseTask(
        command_id=uuid7(NOON),
        task_id=task_id,
        reason=RefusalReason.DAMAGED,
        lines=(WithdrawnUnits(allocation_id=coat.allocation_id, units=1),),
    )
    succeeded(dispatch.refuse(conn, [part], scope=WHOLE_BRAND, now=NOON))
    assert worth_of_tasks(conn, [task_id])[task_id].store_minor == 200
    succeeded(dispatch.accept(conn, [AcceptTask(task_id=task_id)], scope=WHOLE_BRAND, now=NOON))
    assert worth_of_tasks(conn, [task_id, TaskId(UUID(int=7))]).keys() == {task_id}


def test_parts_of_one_line_are_worth_what_the_line_is(conn: Conn, shop: Shop):
    placed = put(conn, guided(shop, "W-1", lines=lines(shop, ("HAT", 20))))
    tasks = source_wave(conn, now=NOON).tasks
    assert len(tasks) == 2
    said = net = 0
    for task_id in tasks:  # one after the other: the second begins where the first left the line
        worth = worth_of_tasks(conn, [task_id])[task_id]
        said += worth.store_minor
        net += sum(line.net_minor for line in worth.lines)
        work_off(conn, [task_id], now=NOON)
    follow(conn, SETTLE)
    earned = shares(conn)
    assert said == sum(amount for code, amount in earned.items() if code.startswith("STORE-"))
    # 19,980 with 2,299 of tax: 1,150 of it in the first half, 1,149 in the second.
    assert (placed.amount_minor, net, sum(earned.values())) == (19_980, 17_681, 17_681)


def test_a_tracking_number_is_told_with_the_parcel(conn: Conn, shop: Shop):
    placed = put(conn, guided(shop, "W-1"))
    (task_id,) = source_wave(conn, now=NOON).tasks
    work_off(conn, [task_id], now=NOON)
    again = HandOverTask(task_id=task_id, tracking_number="SF-2")
    (outcome,) = succeeded(fulfil.hand_over(conn, [again], scope=WHOLE_BRAND, now=NOON))
    assert outcome.is_repeat
    told = conn.execute(
        "select data ->> 'tracking_number' from log.event where subject = %s and type = 'parcel_handed_over'",
        (placed.order_id,),
    ).fetchall()
    assert told == [(None,)]  # handed over once, without a number; the repeat told nothing


def test_what_somebody_earned_is_read_page_by_page_with_what_came_back(conn: Conn, shop: Shop):
    placed = [
        put(conn, guided(shop, f"W-{day}", placed_at=NOON + timedelta(minutes=day))) for day in range(3)
    ]
    hand_over_everything(conn, now=NOON + timedelta(hours=1))
    follow(conn, SETTLE)
    for one in placed:
        pay_for(conn, shop, one)
    at = NOON + timedelta(days=1)
    scarf = NewReturnLine(code="SCARF", sku_id=shop.skus["SCARF"], units=1, stated_unit_minor=PRICES["SCARF"])
    back = NewReturn(
        channel="till",
        external_number="R-1",
        kind=ReturnKind.FACT,
        at=at,
        site_id=shop.sites["S"],
        currency="CNY",
        member_id=MEMBER,
        lines=(scarf,),
    )
    (outcome,) = take_back(conn, [back], scope=WHOLE_BRAND, now=at)
    assert isinstance(outcome, TakenBack), outcome
    guide = shop.parties["GUIDE"]
    first = shares_of_parties(conn, EarnedAsk(party_ids=(guide,), ordered_since=NOON, limit=4))
    rest = shares_of_parties(
        conn,
        EarnedAsk(
            party_ids=(guide,), ordered_since=NOON, limit=4, after=(first[-1].line_id, first[-1].part_id)
        ),
    )
    assert [one.order_id for one in (*first, *rest)] == [
        order.order_id for order in reversed(placed) for _ in range(2)
    ]
    assert sorted(one.amount_minor for one in (*first, *rest)) == [120, 120, 120, 300, 300, 300]
    assert sum(one.cancelled_minor for one in (*first, *rest)) == 60
    assert sum(one.left_minor for one in (*first, *rest)) == 1_200
    assert {(one.state, one.clawed_back_minor) for one in (*first, *rest)} == {(ShareState.PENDING, 0)}
    assert {(one.units, one.base_minor) for one in (*first, *rest)} == {(1, 10_000), (2, 4_000)}
    later = EarnedAsk(party_ids=(guide,), ordered_since=NOON + timedelta(minutes=2), limit=50)
    assert [one.order_id for one in shares_of_parties(conn, later)] == [placed[2].order_id] * 2
    nobody = EarnedAsk(party_ids=(shop.parties["STORE-D"],), ordered_since=NOON, limit=50)
    assert shares_of_parties(conn, nobody) == []


def test_what_moved_in_a_span_is_what_was_earned_and_taken_back_in_it(conn: Conn, shop: Shop):
    put(conn, guided(shop, "W-1"))
    hand_over_everything(conn, now=NOON)
    follow(conn, SETTLE)
    guide = shop.parties["GUIDE"]
    purposes = (Purpose.SHARE_PENDING, Purpose.SHARE_DUE)
    later = NOON + RETURN_WINDOW_DEFAULT + timedelta(days=1)
    starts = [NOON - timedelta(days=1), NOON, later]
    moved = moved_of_parties(conn, [guide], purposes=purposes, starts=starts)
    assert [(one.span, one.party_id, one.kind, one.amount_minor) for one in moved] == [
        (2, guide, EntryKind.SALE, 420)
    ]
    assert release_due(conn, now=later, limit=10) == 2
    moved = moved_of_parties(conn, [guide], purposes=purposes, starts=starts)
    assert [(one.span, one.kind, one.amount_minor) for one in moved] == [
        (2, EntryKind.SALE, 420),
        (3, EntryKind.SHARE_RELEASE, 0),
    ]
    assert (
        moved_of_parties(conn, [guide], purposes=[Purpose.SHARE_DUE], starts=[later])[0].amount_minor == 420
    )
    assert moved_of_parties(conn, [shop.parties["STORE-D"]], purposes=purposes, starts=starts) == []


def test_a_sale_at_a_till_earns_what_it_was_said_to_earn_at_once(conn: Conn, shop: Shop):
    """Before it is settled and after, and whatever came back of it since."""
    draft = till_sale(shop, "T-1", member_id=MEMBER, credits=Credits(guide_id=shop.parties["GUIDE"]))
    sold = [put(conn, draft).order_id, put(conn, till_sale(shop, "T-2", site="D")).order_id]

    def told() -> dict[str, int]:
        worths = worth_of_sales(conn, sold)
        assert worths[sold[0]].store_party == shop.parties["STORE-S"]
        return {
            code: earned
            for code, party in shop.parties.items()
            if (earned := sum(worth.of(party) for worth in worths.values()))
        }

    said = told()
    assert said["GUIDE"] == 420
    follow(conn, SETTLE)
    assert shares(conn) == said == told()
    back = NewReturn(
        channel="till",
        external_number="R-1",
        kind=ReturnKind.FACT,
        at=NOON + timedelta(days=1),
        site_id=shop.sites["S"],
        currency="CNY",
        member_id=MEMBER,
        lines=(NewReturnLine(code="COAT", sku_id=shop.skus["COAT"], units=1),),
    )
    assert isinstance(take_back(conn, [back], scope=WHOLE_BRAND, now=back.at)[0], TakenBack)
    assert told() == said
    assert worth_of_sales(conn, [OrderId(UUID(int=7))]) == {}
