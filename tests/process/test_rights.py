"""The six rights follow what happens to lines: sent, refused, not collected, late, reviewed, come back weeks later."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from loopline import customers
from loopline.customers import BindingRole, NewBinding
from loopline.db import Conn, Database, run_check
from loopline.db.followers import catch_up
from loopline.fulfilment.codes import collect_code
from loopline.fulfilment.model import AcceptTask, CheckTask, PackTask, PickTask, RefusalReason, RefuseTask
from loopline.fulfilment.queries import lines_of_tasks
from loopline.insight import CHECKS, begin_again
from loopline.insight.followers import FOLLOWERS
from loopline.insight.rights import (
    KEPT,
    Cause,
    JudgedLine,
    LineAsk,
    LineKey,
    Right,
    RightsAsk,
    Side,
    broken_causes,
    judged_lines,
    marks_by_day,
    marks_by_site,
    marks_of_order,
    rights_setting,
    rights_that_differ,
)
from loopline.kernel.ids import MemberId, OrderId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Credits, Delivery, Draft
from loopline.processes import dispatch, fulfil
from loopline.processes.no_show import end_waiting
from loopline.processes.place import Placed, place
from loopline.processes.promised import FOLLOWERS as PROMISED
from loopline.processes.promised import keep_given, watch_promises
from loopline.processes.review import Holder, WantedReview, moderate, write_reviews
from loopline.processes.source import source_wave
from loopline.processes.take_back import take_back
from loopline.processes.touch import issue_receipts
from loopline.promises import GivenPromise, PromiseKind, PromiseState, promises_of_orders
from loopline.returns.model import NewReturn, NewReturnLine, Reason, ReturnKind
from loopline.reviews import About, NewDecision
from tests.make.loop import follow, hand_over_everything, pay_for, work_off
from tests.make.org import succeeded
from tests.make.shop import NOON, PRICES, Shop, ask, lines, open_shop, stock_up, till_sale
from tests.make.touchpoints import member_of

RIGHTS = next(one for one in FOLLOWERS if one.name == "insight_rights")
OF_RIGHTS = [one for one in CHECKS if one.name.endswith("judged_lines")]
MARCH = (date(2026, 3, 1), date(2026, 3, 31))
DAY = timedelta(days=1)
SOLD_ON = NOON.date()


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


@pytest.fixture
def member(conn: Conn) -> MemberId:
    return member_of(conn)


def placed(conn: Conn, shop: Shop, draft: Draft) -> OrderId:
    """Place an order and let it be paid."""
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    pay_for(conn, shop, outcome)
    return outcome.order_id


def coat(shop: Shop, number: str = "W-1", **fields: Any) -> Draft:
    return ask(shop, number, **({"lines": lines(shop, ("COAT", 1))} | fields))


def came_back(
    conn: Conn, shop: Shop, order_id: OrderId, reason: Reason, *, at: datetime, **line: Any
) -> None:
    said: dict[str, Any] = {
        "code": "COAT",
        "sku_id": shop.skus["COAT"],
        "units": 1,
        "reason": reason,
        "stated_unit_minor": PRICES["COAT"],
    }
    asked = NewReturn(
        channel="till",
        external_number=f"R-{order_id}",
        kind=ReturnKind.FACT,
        at=at,
        site_id=shop.sites["S"],
        currency="CNY",
        order_id=order_id,
        lines=(NewReturnLine(**(said | line)),),
    )
    succeeded(take_back(conn, [asked], scope=WHOLE_BRAND, now=at))


def marks(conn: Conn, order_id: OrderId) -> dict[str, str | None]:
    """Follow the log from its beginning once more, prove that all of it adds up, and return the marks of a line."""
    follow(conn, RIGHTS)
    assert {one.name: run_check(conn, one) for one in OF_RIGHTS} == {one.name: [] for one in OF_RIGHTS}
    assert rights_that_differ(conn) == []
    found = marks_of_order(conn, order_id)
    if not found:
        return {}
    (line,) = found
    return {right.value: line.mark(right) for right in Right if line.mark(right) is not None}


def causes(conn: Conn, side: Side = Side.SENT, *sites: str, shop: Shop) -> dict[Cause, int]:
    chosen = frozenset(shop.sites[one] for one in sites) if sites else None
    asked = RightsAsk(first=MARCH[0], last=MARCH[1], side=side, sites=chosen)
    return {one.cause: one.lines for one in broken_causes(conn, asked)}


def days(conn: Conn) -> dict[date, tuple[int, int, int]]:
    """Lines of each day, with how many goods are known and kept."""
    found = marks_by_day(conn, RightsAsk(first=MARCH[0], last=MARCH[1]))
    return {one.day: (one.lines, one.goods_known, one.goods_kept) for one in found}


WELL = {"goods": KEPT, "place": KEPT, "price": KEPT, "customer": KEPT}


def test_a_line_is_judged_when_it_has_left_and_not_before(conn: Conn, shop: Shop, member: MemberId):
    order_id = placed(conn, shop, coat(shop, member_id=member))
    assert marks(conn, order_id) == {}
    hand_over_everything(conn, now=NOON)
    assert marks(conn, order_id) == WELL
    assert days(conn) == {SOLD_ON: (1, 1, 1)}
    assert rights_setting(conn).latest == SOLD_ON


def test_what_comes_back_weeks_later_changes_the_day_it_was_sent(conn: Conn, shop: Shop, member: MemberId):
    order_id = placed(conn, shop, coat(shop, member_id=member))
    hand_over_everything(conn, now=NOON)
    other = placed(conn, shop, coat(shop, "W-2", member_id=member))
    hand_over_everything(conn, now=NOON + 10 * DAY)
    assert marks(conn, order_id) == WELL
    came_back(conn, shop, order_id, Reason.DEFECT, at=NOON + 12 * DAY)
    assert marks(conn, order_id) == WELL | {"goods": Cause.DEFECT}
    assert marks(conn, other) == WELL
    assert days(conn) == {SOLD_ON: (1, 1, 0), SOLD_ON + 10 * DAY: (1, 1, 1)}
    assert causes(conn, shop=shop) == {Cause.DEFECT: 1}


def test_a_return_at_another_price_is_seen(conn: Conn, shop: Shop, member: MemberId):
    order_id = placed(conn, shop, coat(shop, member_id=member))
    hand_over_everything(conn, now=NOON)
    came_back(conn, shop, order_id, Reason.LATE, at=NOON + DAY, stated_unit_minor=PRICES["COAT"] - 1)
    assert marks(conn, order_id) == WELL | {"time": Cause.LATE_SAID, "price": Cause.REFUND_DIFFERS}


def test_a_till_tells_of_goods_and_price_at_the_site_that_sold(conn: Conn, shop: Shop):
    cheap = tuple(
        one if one.code != "COAT" else type(one)(code="COAT", sku_id=one.sku_id, units=1, stated_unit_minor=1)
        for one in lines(shop, ("COAT", 1), stated=True)
    )
    order_id = placed(conn, shop, till_sale(shop, "T-1", lines=cheap))
    assert marks(conn, order_id) == {"goods": KEPT, "price": Cause.BELOW_OURS}
    for side in Side:
        (row,) = marks_by_site(conn, RightsAsk(first=MARCH[0], last=MARCH[1], side=side))
        assert (row.site_id, row.lines, row.score(), row.place_known) == (shop.sites["S"], 1, 5_000, 0)


def test_a_refusal_counts_to_who_refused_and_the_rest_to_who_sent(conn: Conn, shop: Shop):
    order_id = placed(conn, shop, coat(shop))
    (task,) = source_wave(conn, now=NOON).tasks
    refusal = RefuseTask(command_id=task, task_id=task, reason=RefusalReason.NOT_FOUND)
    succeeded(dispatch.refuse(conn, [refusal], scope=WHOLE_BRAND, now=NOON))
    work_off(conn, source_wave(conn, now=NOON).tasks, now=NOON)
    assert marks(conn, order_id) == {"goods": KEPT, "place": Cause.REFUSED_GOODS, "price": KEPT}
    (line,) = marks_of_order(conn, order_id)
    assert line.place_site_id != line.sent_site_id
    by_site = {one.site_id: one for one in marks_by_site(conn, RightsAsk(first=MARCH[0], last=MARCH[1]))}
    refused, sent = by_site[line.place_site_id], by_site[line.sent_site_id]
    assert (refused.lines, refused.place_known, refused.place_kept, refused.goods_known) == (0, 1, 0, 0)
    assert (sent.lines, sent.place_known, sent.goods_kept) == (1, 0, 1)


def test_a_customer_who_does_not_come_is_not_the_right_one(conn: Conn, shop: Shop, member: MemberId):
    draft = coat(
        shop,
        delivery=Delivery.COLLECT,
        site_id=shop.sites["S"],
        destination=None,
        hold_minutes=0,
        member_id=member,
    )
    order_id = placed(conn, shop, draft)
    tasks = source_wave(conn, now=NOON).tasks
    succeeded(dispatch.accept(conn, [AcceptTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=NOON))
    succeeded(fulfil.pick(conn, [PickTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=NOON))
    succeeded(fulfil.check(conn, [CheckTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=NOON))
    packed = [PackTask(task_id=one, code=collect_code(bytes(5)), collect_by=NOON + 7 * DAY) for one in tasks]
    succeeded(fulfil.pack(conn, packed, scope=WHOLE_BRAND, now=NOON))
    assert marks(conn, order_id) == {}
    assert end_waiting(conn, now=NOON + 8 * DAY, limit=10) == 1
    assert marks(conn, order_id) == {"place": KEPT, "price": KEPT, "customer": Cause.NOT_COLLECTED}
    assert causes(conn, Side.SOLD, "S", shop=shop) == {Cause.NOT_COLLECTED: 1}
    assert causes(conn, Side.SOLD, "D", shop=shop) == {}


def test_what_is_ready_after_it_was_promised_is_late_by_the_milestone_that_slipped(
    conn: Conn, shop: Shop, member: MemberId
):
    promised = GivenPromise(
        kind=PromiseKind.COLLECT,
        site_id=shop.sites["S"],
        due_at=NOON + timedelta(hours=4),
        starts_at=None,
        ready_minutes=120,
        lane_minutes=0,
        band=None,
        terms_version=0,
        pace_version=0,
        said_at=NOON,
    )
    draft = coat(shop, delivery=Delivery.COLLECT, site_id=shop.sites["S"], destination=None, member_id=member)
    order_id = placed(conn, shop, draft)
    keep_given(conn, [(order_id, promised)], now=NOON)
    tasks = source_wave(conn, now=NOON + timedelta(minutes=10)).tasks
    succeeded(dispatch.accept(conn, [AcceptTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=NOON))
    late = NOON + timedelta(hours=5)
    succeeded(fulfil.pick(conn, [PickTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=late))
    succeeded(fulfil.check(conn, [CheckTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=late))
    code = collect_code(bytes(5))
    packed = [PackTask(task_id=one, code=code, collect_by=NOON + 7 * DAY) for one in tasks]
    succeeded(fulfil.pack(conn, packed, scope=WHOLE_BRAND, now=late))
    follow(conn, PROMISED[0])
    assert end_waiting(conn, now=NOON + 8 * DAY, limit=10) == 1
    assert marks(conn, order_id)["time"] == Cause.LATE_READY


def test_a_mark_of_time_stands_while_the_promise_in_its_place_is_open(conn: Conn, member: MemberId):
    """One parcel has left when the promise breaks; what is still promised changes unheard until it ends."""
    shop = open_shop(conn, units=0)
    stock_up(conn, shop, {("S", "COAT"): 1, ("D", "SCARF"): 1})
    draft = ask(shop, "W-1", lines=lines(shop, ("COAT", 1), ("SCARF", 1)), member_id=member)
    order_id = placed(conn, shop, draft)
    hour = timedelta(hours=1)
    promised = GivenPromise(
        kind=PromiseKind.DELIVER,
        site_id=None,
        due_at=NOON + 2 * hour,
        starts_at=None,
        ready_minutes=30,
        lane_minutes=30,
        band=0,
        terms_version=0,
        pace_version=0,
        said_at=NOON,
    )
    keep_given(conn, [(order_id, promised)], now=NOON)
    tasks = source_wave(conn, now=NOON).tasks
    coat_task, scarf_task = sorted(
        tasks, key=lambda one: lines_of_tasks(conn, [one])[one][0].sku_id != shop.skus["COAT"]
    )
    succeeded(dispatch.accept(conn, [AcceptTask(task_id=scarf_task)], scope=WHOLE_BRAND, now=NOON))
    work_off(conn, [coat_task], now=NOON)
    follow(conn, PROMISED[0])
    assert watch_promises(conn, now=NOON + 3 * hour, limit=5) == 1
    assert [one.state for one in promises_of_orders(conn, [order_id])[order_id]] == [
        PromiseState.BROKEN,
        PromiseState.OPEN,
    ]
    assert marks(conn, order_id)["time"] == Cause.LATE_READY
    refusal = RefuseTask(command_id=uuid7(NOON), task_id=scarf_task, reason=RefusalReason.NO_CAPACITY)
    succeeded(dispatch.refuse(conn, [refusal], scope=WHOLE_BRAND, now=NOON + 3 * hour))
    # The rights hear of it before what is promised does, and of that nobody tells them.
    assert marks(conn, order_id)["time"] == Cause.LATE_READY
    follow(conn, PROMISED[0])
    (_, last) = promises_of_orders(conn, [order_id])[order_id]
    assert (last.state, last.sourced_at) == (PromiseState.OPEN, None)
    assert rights_that_differ(conn) == []


def test_a_bad_review_breaks_and_hiding_it_mends(conn: Conn, shop: Shop, member: MemberId):
    draft = till_sale(shop, "T-1", lines=lines(shop, ("COAT", 1), stated=True), member_id=member)
    order_id = placed(conn, shop, draft)
    receipt = issue_receipts(conn, [order_id], now=NOON)[order_id]
    sound = {"goods": KEPT, "price": KEPT, "customer": KEPT}
    assert marks(conn, order_id) == sound
    wanted = WantedReview(
        by=Holder(receipt_code=receipt), about=About.STORE, stars=2, text="等了很久", sku_code=None
    )
    (written,) = succeeded(write_reviews(conn, [wanted], now=NOON + DAY))
    assert marks(conn, order_id) == sound | {"customer": Cause.BAD_REVIEW}
    hidden = NewDecision(review_id=written.review.id, is_hidden=True, reason="not about us")
    succeeded(moderate(conn, [hidden], scope=WHOLE_BRAND, actor="person:hq", now=NOON + 2 * DAY))
    assert marks(conn, order_id) == sound


def test_a_sale_credited_to_another_guide_than_the_buyers_own(conn: Conn, shop: Shop, member: MemberId):
    binding = NewBinding(
        member_id=member, role=BindingRole.GUIDE, party_id=shop.parties["GUIDE"], reason="scan"
    )
    customers.bind_members(conn, [binding], now=NOON - DAY)
    own = placed(conn, shop, coat(shop, member_id=member))
    another = Credits(guide_id=shop.parties["STORE-S"])
    taken = placed(conn, shop, coat(shop, "W-2", member_id=member, credits=another))
    hand_over_everything(conn, now=NOON)
    # Whom the buyer is bound to later is another matter.
    later = NewBinding(
        member_id=member, role=BindingRole.GUIDE, party_id=shop.parties["STORE-S"], reason="scan"
    )
    customers.bind_members(conn, [later], now=NOON + DAY)
    assert marks(conn, own) == WELL | {"person": KEPT}
    assert marks(conn, taken) == WELL | {"person": Cause.OTHER_GUIDE}


def test_who_is_bound_to_nobody_any_more_has_no_right_person(conn: Conn, shop: Shop, member: MemberId):
    binding = NewBinding(
        member_id=member, role=BindingRole.GUIDE, party_id=shop.parties["GUIDE"], reason="scan"
    )
    customers.bind_members(conn, [binding], now=NOON - 2 * DAY)
    conn.execute("update customers.binding set ended_at = %s", (NOON,))
    order_id = placed(conn, shop, coat(shop, member_id=member))
    hand_over_everything(conn, now=NOON)
    assert marks(conn, order_id) == WELL


def test_following_again_moves_nothing(conn: Conn, shop: Shop, member: MemberId):
    order_id = placed(conn, shop, coat(shop, member_id=member))
    hand_over_everything(conn, now=NOON)
    came_back(conn, shop, order_id, Reason.UNWANTED, at=NOON + 10 * DAY)
    first = marks(conn, order_id)
    written = conn.execute("select xmin, ctid from insight.rights_by_day").fetchall()
    assert marks(conn, order_id) == first == WELL | {"customer": Cause.UNWANTED}
    assert conn.execute("select xmin, ctid from insight.rights_by_day").fetchall() == written


def test_lines_behind_a_number_come_in_pages_of_one_order(conn: Conn, shop: Shop, member: MemberId):
    orders: list[OrderId] = []
    for number in range(3):
        orders.append(placed(conn, shop, coat(shop, f"W-{number}", member_id=member)))
        hand_over_everything(conn, now=NOON + (number // 2) * DAY)
    for number in (0, 2):
        came_back(conn, shop, orders[number], Reason.DEFECT, at=NOON + 5 * DAY)
    follow(conn, RIGHTS)

    def listed(at_most: int = 50, after: JudgedLine | None = None, **ask: Any) -> list[JudgedLine]:
        key = LineKey(day=after.day, order_id=after.order_id, line_id=after.line_id) if after else None
        asked = LineAsk(first=MARCH[0], last=MARCH[1], after=key, at_most=at_most, **ask)
        return judged_lines(conn, asked)

    def of(found: list[JudgedLine]) -> list[int]:
        return [orders.index(one.order_id) for one in found]

    assert of(listed()) == [2, 0, 1]
    first = listed(at_most=2)
    assert of(first) + of(listed(at_most=2, after=first[-1])) == [2, 0, 1]
    assert of(listed(after=first[0])) == [0, 1]
    assert of(listed(right=Right.GOODS, mark=Cause.DEFECT)) == [2, 0]
    assert of(listed(right=Right.GOODS, mark=KEPT)) == [1]
    assert of(listed(right=Right.GOODS, mark="known")) == [2, 0, 1]
    assert of(listed(right=Right.TIME, mark="unknown")) == [2, 0, 1]
    assert of(listed(mark="broken")) == [2, 0]
    assert of(listed(right=Right.PRICE, mark="broken")) == []
    sent = listed()[0].sent_site_id
    assert of(listed(sites=frozenset({sent}))) == [2, 0, 1]
    assert listed(sites=frozenset(set(shop.sites.values()) - {sent})) == []
    assert listed(sites=frozenset()) == []


def test_a_mark_that_is_not_what_the_facts_say_is_found_with_its_repair(
    conn: Conn, shop: Shop, member: MemberId
):
    order_id = placed(conn, shop, coat(shop, member_id=member))
    hand_over_everything(conn, now=NOON)
    marks(conn, order_id)
    conn.execute("update insight.judged_line set goods = 'defect'")
    (finding,) = rights_that_differ(conn)
    assert (finding.repair, "goods defect" in finding.found, "goods kept" in finding.expected) == (
        "loopline boards rebuild", True, True,
    )  # fmt: skip
    broken = {one.name for one in OF_RIGHTS if run_check(conn, one)}
    assert broken == {
        "rights_equal_judged_lines",
        "causes_equal_judged_lines",
    }  # as many units left as before
    conn.execute("delete from insight.judged_line")
    (finding,) = rights_that_differ(conn)
    assert finding.found == "not judged"


def test_a_rebuild_ends_where_following_did(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn)
        order_id = placed(conn, shop, coat(shop, member_id=member_of(conn)))
        hand_over_everything(conn, now=NOON)
        came_back(conn, shop, order_id, Reason.DEFECT, at=NOON + 5 * DAY)
    catch_up(database, FOLLOWERS, now=NOON)
    with database.transaction() as conn:
        sound = marks_by_day(conn, RightsAsk(first=MARCH[0], last=MARCH[1]))
        assert [one.lines for one in sound] == [1]
        begin_again(conn)
        assert marks_by_day(conn, RightsAsk(first=MARCH[0], last=MARCH[1])) == []
    catch_up(database, FOLLOWERS, now=NOON)
    with database.reading() as conn:
        assert marks_by_day(conn, RightsAsk(first=MARCH[0], last=MARCH[1])) == sound
        assert rights_that_differ(conn) == []
