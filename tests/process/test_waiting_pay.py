"""Work that nobody took pays more: the books pay what the offer said, never to who let it be; returns take it back."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from loopline import orders, org
from loopline.db import Conn
from loopline.fulfilment.calls import calls_by_id
from loopline.fulfilment.model import AcceptTask, RefusalReason, RefuseTask
from loopline.fulfilment.queries import tasks_by_id
from loopline.fulfilment.waiting import WaitingPay, waiting_pay_of
from loopline.kernel.ids import CallId, MemberId, TaskId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.kernel.times import TimeRange
from loopline.ledger import queries as ledger
from loopline.org import UnitMove
from loopline.processes import dispatch
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.claim import Claimed, claim
from loopline.processes.doctor import ALL_CHECKS, examine
from loopline.processes.follow import FOLLOWERS
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from loopline.processes.statement.lines import explanations, lines_of
from loopline.processes.take_back import TakenBack, take_back
from loopline.processes.what_if import what_if
from loopline.processes.worth import worth_of_calls, worth_of_tasks
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind
from loopline.sharing.model import FOR_WAITING
from loopline.sharing.queries import ShareOfLine, rule_sets, shares_of_lines
from loopline.sourcing import profiles
from loopline.sourcing.settings import Profile, Publication, Settings
from loopline.sourcing.waiting_pay import PayForWaiting
from tests.make.calls import claiming, wave_of_calls
from tests.make.loop import follow, pay_for, shares, work_off
from tests.make.org import succeeded
from tests.make.shop import NOON, PRICES, Shop, ask, open_shop

SETTLE = next(one for one in FOLLOWERS if one.name == "settle")
ROUND = PayForWaiting(round_minor=300, most_minor=800)
MEMBER = MemberId(UUID(int=42 << 64))
HOUR = timedelta(hours=1)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def pays(conn: Conn, rule: PayForWaiting) -> int:
    """Put a profile in force that pays so for waiting; returns its version."""
    draft = profiles.draft_profile(conn, Settings(waiting_pay=rule), based_on=None, by="hq", now=NOON)
    assert isinstance(draft, Profile)
    publication = Publication(version=draft.version, comment="hot items", by="hq")
    assert isinstance(profiles.publish_profile(conn, publication, now=NOON, site_ids=[]), Profile)
    return draft.version


def put(conn: Conn, shop: Shop, number: str = "W-1", **fields: object) -> Placed:
    (outcome,) = place(conn, [ask(shop, number, **fields)], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    return outcome


def offered(conn: Conn, at: datetime) -> TaskId:
    (task_id,) = source_wave(conn, now=at).tasks
    return task_id


def refused(conn: Conn, task_id: TaskId, at: datetime) -> None:
    refusal = RefuseTask(command_id=uuid7(at), task_id=task_id, reason=RefusalReason.NO_CAPACITY)
    succeeded(dispatch.refuse(conn, [refusal], scope=WHOLE_BRAND, now=at))


def on_top(conn: Conn, work_id: UUID) -> dict[UUID, int]:
    """What a task or a call pays on top, by site."""
    return {one.site_id: one.extra_minor for one in waiting_pay_of(conn, [work_id])}


def site_of(conn: Conn, task_id: TaskId, shop: Shop) -> str:
    (task,) = tasks_by_id(conn, [task_id])
    return next(code for code, site_id in shop.sites.items() if site_id == task.site_id)


def waiting_shares(conn: Conn, placed: Placed) -> list[ShareOfLine]:
    line_ids = [line.line_id for line in orders.lines_by_orders(conn, [placed.order_id])]
    return [one for one in shares_of_lines(conn, line_ids) if one.rule_row == FOR_WAITING]


def assert_books_agree(conn: Conn) -> None:
    """Doctor finds nothing in goods, orders, tasks, shares and postings; nobody follows boards here."""
    checks = [check for check in ALL_CHECKS if check.invariant in {1, 2, 3, 4, 6}]
    assert [one.name for one in examine(conn, checks=checks).checks if not one.ok] == []


def test_nothing_is_paid_on_top_until_a_profile_says_so(conn: Conn, shop: Shop):
    put(conn, shop)
    refused(conn, offered(conn, NOON), NOON)
    second = offered(conn, NOON + HOUR)
    assert on_top(conn, second) == {}
    assert worth_of_tasks(conn, [second])[second].waits is None


def test_what_was_refused_pays_the_next_site_more_out_of_the_rest(conn: Conn, shop: Shop):
    version = pays(conn, ROUND)
    placed = put(conn, shop)
    first = offered(conn, NOON)
    assert (site_of(conn, first, shop), on_top(conn, first)) == ("S", {})
    refused(conn, first, NOON)
    second = offered(conn, NOON + HOUR)
    assert site_of(conn, second, shop) == "W"
    assert waiting_pay_of(conn, [second]) == [
        WaitingPay(
            work_id=second,
            site_id=shop.sites["W"],
            order_id=placed.order_id,
            profile_version=version,
            since=NOON,
            rounds=1,
            extra_minor=300,
            most_percent=0,
        )
    ]
    worth = worth_of_tasks(conn, [second])[second]
    # 5 % of 10,000 and of 4,000 by the rules, and 300 on top, which the brand gives.
    assert (worth.store_minor, worth.waiting_minor) == (700 + 300, 300)
    said = {code: worth.of(party) for code, party in shop.parties.items() if worth.of(party)}
    assert sum(said.values()) == 14_000
    work_off(conn, [second], now=NOON + HOUR)
    follow(conn, SETTLE)
    assert shares(conn) == said
    paid = waiting_shares(conn, placed)
    # Dealt over the parcel's lines by what they bring: 10,000 and 4,000.
    assert sorted(one.amount_minor for one in paid) == [86, 214]
    assert {
        (one.party_id, one.role, one.waited_since, one.waited_rounds, one.waited_version) for one in paid
    } == {(shop.parties["STORE-W"], "shipping_site", NOON, 1, version)}
    assert_books_agree(conn)


def test_it_rises_by_round_and_hour_up_to_its_limit(conn: Conn, shop: Shop):
    pays(conn, PayForWaiting(round_minor=100, hour_minor=70, most_minor=350))
    put(conn, shop)
    refused(conn, offered(conn, NOON), NOON)
    second = offered(conn, NOON + timedelta(minutes=119))
    assert on_top(conn, second) == {shop.sites["W"]: 100 + 70}
    refused(conn, second, NOON + 2 * HOUR)
    third = offered(conn, NOON + 3 * HOUR)
    assert on_top(conn, third) == {shop.sites["D"]: 350}  # 2 × 100 + 3 × 70 would be more


def test_never_more_than_its_percentage_of_what_the_site_earns_otherwise(conn: Conn, shop: Shop):
    pays(conn, PayForWaiting(round_minor=300, most_minor=300, most_percent=20))
    placed = put(conn, shop)
    refused(conn, offered(conn, NOON), NOON)
    second = offered(conn, NOON + HOUR)
    worth = worth_of_tasks(conn, [second])[second]
    assert (worth.store_minor, worth.waiting_minor) == (700 + 140, 140)
    work_off(conn, [second], now=NOON + HOUR)
    follow(conn, SETTLE)
    assert sorted(one.amount_minor for one in waiting_shares(conn, placed)) == [40, 100]
    assert_books_agree(conn)


def test_whoever_refused_or_let_it_lapse_earns_no_more_for_it_later(conn: Conn, shop: Shop):
    """A day later the same sites are asked again: by then the work pays 600 more to others, and nothing to them."""
    pays(conn, ROUND)
    put(conn, shop)
    first = offered(conn, NOON)
    refused(conn, first, NOON)
    second = offered(conn, NOON + HOUR)
    late = NOON + timedelta(hours=6)
    assert [one.task_id for one in dispatch.lapse(conn, now=late, limit=9)] == [second]
    third = offered(conn, late)
    assert (site_of(conn, third, shop), on_top(conn, third)) == ("D", {shop.sites["D"]: 600})
    refused(conn, third, late)
    again = offered(conn, NOON + timedelta(days=2))
    assert (site_of(conn, again, shop), on_top(conn, again)) == ("S", {})
    assert worth_of_tasks(conn, [again])[again].store_minor == 700


def test_another_site_of_the_dealer_who_refused_earns_no_more_either(conn: Conn, shop: Shop):
    units = org.units_by_code(conn, ["U-S", "DEALER"])
    move = UnitMove(unit_id=units["U-S"].id, parent_id=units["DEALER"].id)
    succeeded(org.move_units(conn, [move], by=None))
    pays(conn, ROUND)
    put(conn, shop)
    first = offered(conn, NOON)
    assert site_of(conn, first, shop) == "S"
    refused(conn, first, NOON)
    second = offered(conn, NOON + HOUR)
    assert on_top(conn, second) == {shop.sites["W"]: 300}
    refused(conn, second, NOON + HOUR)
    third = offered(conn, NOON + 2 * HOUR)
    assert (site_of(conn, third, shop), on_top(conn, third)) == ("D", {})


def test_what_nobody_claimed_pays_more_to_whoever_takes_it_next(conn: Conn, shop: Shop):
    """Rivals were asked: to wait is to risk that another claims it, so none of them is held to the first pay."""
    pays(conn, ROUND)
    placed = put(conn, shop)
    (call_id,) = wave_of_calls(conn, shop).calls
    assert on_top(conn, call_id) == {}
    late = NOON + timedelta(hours=4)
    second = offered(conn, late)
    assert (site_of(conn, second, shop), on_top(conn, second)) == ("S", {shop.sites["S"]: 300})
    assert worth_of_tasks(conn, [second])[second].waits is not None
    cancel(conn, [Cancellation(order_id=placed.order_id)], scope=WHOLE_BRAND, now=late)
    assert_books_agree(conn)


def test_a_claim_is_paid_what_the_call_said_to_this_site(conn: Conn, shop: Shop):
    pays(conn, ROUND)
    placed = put(conn, shop)
    refused(conn, offered(conn, NOON), NOON)
    at = NOON + HOUR
    (call_id,) = wave_of_calls(conn, shop, at=at).calls
    (call,) = calls_by_id(conn, [call_id])
    assert on_top(conn, call_id) == {shop.sites["W"]: 300, shop.sites["D"]: 300}
    told = worth_of_calls(conn, [call], list(shop.sites.values()))
    assert {site: worth.waiting_minor for (_, site), worth in told.items()} == {
        shop.sites["W"]: 300,
        shop.sites["D"]: 300,
    }
    (won,) = claim(conn, [claiming(shop, CallId(call_id), "D")], scope=WHOLE_BRAND, now=at)
    assert isinstance(won, Claimed), won
    assert on_top(conn, won.task_id) == {shop.sites["D"]: 300}
    assert worth_of_tasks(conn, [won.task_id])[won.task_id].store_minor == (
        told[call_id, shop.sites["D"]].store_minor
    )
    work_off(conn, [won.task_id], now=at)
    follow(conn, SETTLE)
    assert sum(one.amount_minor for one in waiting_shares(conn, placed)) == 300
    assert_books_agree(conn)


def test_a_return_takes_back_its_proportion_of_it(conn: Conn, shop: Shop):
    pays(conn, ROUND)
    placed = put(conn, shop, member_id=MEMBER)
    refused(conn, offered(conn, NOON), NOON)
    second = offered(conn, NOON + HOUR)
    work_off(conn, [second], now=NOON + HOUR)
    follow(conn, SETTLE)
    pay_for(conn, shop, placed)
    before = shares(conn)["STORE-W"]
    one = NewReturnLine(code="SCARF", sku_id=shop.skus["SCARF"], units=1, stated_unit_minor=PRICES["SCARF"])
    at = NOON + timedelta(days=1)
    back = NewReturn(
        channel="till",
        external_number="R-1",
        kind=ReturnKind.FACT,
        at=at,
        site_id=shop.sites["S"],
        currency="CNY",
        member_id=MEMBER,
        lines=(one,),
    )
    (outcome,) = take_back(conn, [back], scope=WHOLE_BRAND, now=at)
    assert isinstance(outcome, TakenBack), outcome
    # One of two scarves: half of 200 and half of 86.
    assert {share.amount_minor: share.cancelled_minor for share in waiting_shares(conn, placed)} == {
        214: 0,
        86: 43,
    }
    assert before == 1_000
    assert_books_agree(conn)


def test_it_is_what_was_fixed_whatever_profile_holds_later(conn: Conn, shop: Shop):
    first_version = pays(conn, ROUND)
    placed = put(conn, shop)
    refused(conn, offered(conn, NOON), NOON)
    second = offered(conn, NOON + HOUR)
    pays(conn, PayForWaiting())
    work_off(conn, [second], now=NOON + HOUR)
    follow(conn, SETTLE)
    paid = waiting_shares(conn, placed)
    assert (sum(one.amount_minor for one in paid), {one.waited_version for one in paid}) == (
        300,
        {first_version},
    )


def test_the_brand_gives_no_more_than_it_has_of_the_sale(conn: Conn, shop: Shop):
    pays(conn, PayForWaiting(round_minor=50_000, most_minor=50_000))
    placed = put(conn, shop)
    refused(conn, offered(conn, NOON), NOON)
    second = offered(conn, NOON + HOUR)
    said = worth_of_tasks(conn, [second])[second].waiting_minor
    work_off(conn, [second], now=NOON + HOUR)
    follow(conn, SETTLE)
    assert sum(one.amount_minor for one in waiting_shares(conn, placed)) == said
    assert shares(conn)["BRAND"] == 2  # one minor unit of each line names who bears it
    assert_books_agree(conn)


def test_a_statement_says_why_it_was_paid(conn: Conn, shop: Shop):
    version = pays(conn, ROUND)
    placed = put(conn, shop)
    refused(conn, offered(conn, NOON), NOON)
    second = offered(conn, NOON + HOUR)
    work_off(conn, [second], now=NOON + HOUR)
    follow(conn, SETTLE)
    parts = [one.part_id for one in waiting_shares(conn, placed)]
    assert explanations(conn, parts).parts.keys() == set(parts)
    moved = ledger.party_movements(
        conn, [shop.parties["STORE-W"]], posted=TimeRange(start=NOON, end=NOON + timedelta(days=900))
    )
    told = [share for _, line in lines_of(conn, moved) for share in line.shares]
    assert sorted((share.rule_row, share.amount_minor, share.profile_version) for share in told) == [
        (0, 86, version), (0, 214, version), (5, 200, None), (5, 500, None),
    ]  # fmt: skip
    on_it = [share for share in told if share.rule_row == FOR_WAITING]
    assert {(share.waited_since, share.waited_rounds, share.role) for share in on_it} == {
        (NOON, 1, "shipping_site")
    }
    plain = next(share for share in told if share.rule_row == 5)
    assert b"waited" not in msgspec.json.encode(plain)  # what was sealed before stays as it was spelt


def test_accepting_changes_nothing_of_it(conn: Conn, shop: Shop):
    pays(conn, ROUND)
    put(conn, shop)
    refused(conn, offered(conn, NOON), NOON)
    second = offered(conn, NOON + HOUR)
    before = worth_of_tasks(conn, [second])[second].store_minor
    succeeded(dispatch.accept(conn, [AcceptTask(task_id=second)], scope=WHOLE_BRAND, now=NOON + HOUR))
    assert worth_of_tasks(conn, [second])[second].store_minor == before == 1_000


def test_rules_tried_on_the_past_leave_it_out_on_both_sides(conn: Conn, shop: Shop):
    """No rules give it: the published ones over their own past change nothing, and the brand stands as without it."""
    pays(conn, ROUND)
    put(conn, shop)
    refused(conn, offered(conn, NOON), NOON)
    second = offered(conn, NOON + HOUR)
    work_off(conn, [second], now=NOON + HOUR)
    follow(conn, SETTLE)
    (published,) = rule_sets(conn)
    day = TimeRange(start=NOON, end=NOON + timedelta(days=1))
    heard: list[tuple[int, int]] = []
    trial = what_if(conn, published, sold=day, tell=lambda done, of: heard.append((done, of)))
    assert (trial.parts, trial.parts_changed) == (2, 0)
    before = {one.party_id: one.before_minor for one in trial.parties}
    assert before[shop.parties["STORE-W"]] == 700
    assert sum(before.values()) == trial.base_minor == 14_000
