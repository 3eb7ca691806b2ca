"""What dealers' own systems say of their goods, and what becomes of it."""

from datetime import datetime, timedelta

import pytest

from loopline import feeds, orders, stock
from loopline.db import Conn, run_check
from loopline.db.log import read_subject
from loopline.feeds import Answer, Answered, FeedKind, SnapshotNumberTaken, SuspicionAnswer, Why
from loopline.feeds.refusals import FeedUnknown, SnapshotOfTheFuture, SuspicionEnded
from loopline.kernel.ids import uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.orders import OnShortage
from loopline.processes.doctor import BETWEEN_ROOMS
from loopline.processes.hear import answer_suspicion, renew_doubts, take_snapshot, weigh_feeds
from loopline.processes.place import place
from loopline.processes.prove import FOLLOWERS, prove_feeds
from loopline.processes.replenish import keep_back, record_goods
from loopline.processes.source import source_wave
from loopline.stock import Fact, LeafStock, MovementReason, SafetySetting
from tests.make.feeds import hear, heard, open_feed, snapshot
from tests.make.loop import follow, hand_over_everything
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop, stock_up, till_sale
from tests.make.stock import broken

QUARTER = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def row(conn: Conn, shop: Shop, sku: str = "HAT", site: str = "D") -> LeafStock:
    (found,) = stock.stock_at_leaves(conn, [shop.leaves[site]], sku_ids=[shop.skus[sku]])
    return found


def sell(conn: Conn, shop: Shop, number: str, units: int, *, at: datetime, heard_at: datetime) -> None:
    """A till of the dealer's store sold hats, and told us of it."""
    sale = till_sale(shop, number, site="D", placed_at=at, lines=lines(shop, ("HAT", units), stated=True))
    succeeded(place(conn, [sale], scope=WHOLE_BRAND, now=heard_at))


def doctor_finds(conn: Conn) -> list[str]:
    between = [one for one in BETWEEN_ROOMS if one.name == "books_follow_statements"]
    found = [finding.subject for one in [*between, *feeds.CHECKS] for finding in run_check(conn, one)]
    return [*found, *broken(conn)]


def test_what_is_stated_becomes_a_movement_and_later_ones_stay(conn: Conn, shop: Shop):
    open_feed(conn, shop)
    sell(conn, shop, "T-1", 2, at=NOON - MINUTE, heard_at=NOON - MINUTE)
    sell(conn, shop, "T-2", 1, at=NOON + MINUTE, heard_at=NOON + MINUTE)
    taken = heard(conn, snapshot(shop, HAT=14), now=NOON + 2 * MINUTE)
    assert (taken.named, taken.applied, taken.unchanged, taken.outdated, taken.doubted) == (1, 1, 0, 0, 0)
    # 14 were there at noon, and one was sold after.
    assert row(conn, shop).on_hand == 13
    told = [one.type for one in read_subject(conn, shop.leaves["D"])]
    assert told == ["stock_corrected"]
    assert doctor_finds(conn) == []


@pytest.mark.parametrize("sale_is_told_first", [True, False])
def test_a_sale_that_the_count_knew_of_is_taken_once(conn: Conn, shop: Shop, sale_is_told_first: bool):
    """The till was without a network: it sold before the count, and told after."""
    open_feed(conn, shop)
    if sale_is_told_first:
        sell(conn, shop, "T-1", 3, at=NOON - MINUTE, heard_at=NOON + MINUTE)
    heard(conn, snapshot(shop, HAT=7), now=NOON + 2 * MINUTE)
    if not sale_is_told_first:
        sell(conn, shop, "T-1", 3, at=NOON - MINUTE, heard_at=NOON + 3 * MINUTE)
    assert row(conn, shop).on_hand == 7
    assert doctor_finds(conn) == []


def test_a_receipt_that_the_count_knew_of_is_taken_once(conn: Conn, shop: Shop):
    open_feed(conn, shop)
    heard(conn, snapshot(shop, HAT=15))
    fact = Fact(
        id=uuid7(NOON - MINUTE),
        leaf_id=shop.leaves["D"],
        sku_id=shop.skus["HAT"],
        reason=MovementReason.RECEIPT,
        on_hand=5,
    )
    for _ in range(2):
        succeeded(record_goods(conn, [fact], now=NOON + MINUTE))
    assert row(conn, shop).on_hand == 15
    assert doctor_finds(conn) == []


def test_the_same_again_does_nothing_and_an_older_one_is_kept_only(conn: Conn, shop: Shop):
    open_feed(conn, shop)
    first = snapshot(shop, number="A", as_at=NOON, HAT=12)
    before = heard(conn, first)
    again = heard(conn, first, now=NOON + MINUTE)
    assert (again.snapshot_id, again.is_repeat) == (before.snapshot_id, True)
    late = heard(conn, snapshot(shop, as_at=NOON - MINUTE, HAT=3), now=NOON + MINUTE)
    assert (late.outdated, late.applied) == (1, 0)
    assert row(conn, shop).on_hand == 12
    other = hear(conn, snapshot(shop, number="A", as_at=NOON, HAT=11), now=NOON + MINUTE)
    assert other == SnapshotNumberTaken(number="A")
    assert row(conn, shop).on_hand == 12
    assert doctor_finds(conn) == []


def test_what_cannot_have_been_counted_is_refused(conn: Conn, shop: Shop):
    open_feed(conn, shop)
    early = snapshot(shop, number="B", as_at=NOON + timedelta(minutes=6), HAT=1)
    assert hear(conn, early, now=NOON) == SnapshotOfTheFuture(number="B", as_at=early.as_at)
    # A clock that is a little fast is forgiven: the count is of now.
    taken = heard(conn, snapshot(shop, as_at=NOON + timedelta(minutes=4), HAT=11), now=NOON)
    assert taken.as_at == NOON
    assert row(conn, shop).on_hand == 11


def test_a_whole_snapshot_has_nought_of_what_it_does_not_name(conn: Conn, shop: Shop):
    open_feed(conn, shop)
    taken = heard(conn, snapshot(shop, whole=True, HAT=10, COAT=9))
    assert (taken.named, taken.applied, taken.unchanged) == (3, 2, 1)
    assert [row(conn, shop, sku).on_hand for sku in ("HAT", "COAT", "SCARF")] == [10, 9, 0]


def test_a_feed_of_what_is_to_be_had_leaves_what_is_tied_alone(conn: Conn, shop: Shop):
    """Two hats are tied to an order; the dealer's system took them out of what it states."""
    open_feed(conn, shop, kind=FeedKind.AVAILABLE)
    wanted = ask(shop, "W-1", lines=lines(shop, ("HAT", 22)), on_shortage=OnShortage.REFUSE)
    succeeded(place(conn, [wanted], scope=WHOLE_BRAND, now=NOON))
    source_wave(conn, now=NOON)
    tied = row(conn, shop).allocated
    assert tied > 0
    taken = heard(conn, snapshot(shop, as_at=NOON + MINUTE, HAT=10 - tied))
    assert (taken.applied, taken.unchanged) == (0, 1)
    assert (row(conn, shop).on_hand, row(conn, shop).allocated) == (10, tied)
    assert doctor_finds(conn) == []


def test_a_wild_statement_waits_and_lowers_what_is_sold_meanwhile(conn: Conn, shop: Shop):
    feed = open_feed(conn, shop)
    stock_up(conn, shop, {("D", "HAT"): 50})
    heard(conn, snapshot(shop, as_at=NOON, HAT=60))
    taken = heard(conn, snapshot(shop, as_at=NOON + MINUTE, HAT=0))
    assert (taken.doubted, taken.applied) == (1, 0)
    assert (row(conn, shop).on_hand, row(conn, shop).sellable, row(conn, shop).doubted) == (60, 0, 60)
    (open_one,) = feeds.open_suspicions(conn, [feed.id], at_most=10)
    assert (open_one.units, open_one.ours, open_one.why) == (0, 60, Why.COLLAPSE)
    # The next one looks right: it overtakes the suspicion, and the goods come back.
    heard(conn, snapshot(shop, as_at=NOON + 2 * MINUTE, HAT=58))
    assert feeds.open_suspicions(conn, [feed.id], at_most=10) == []
    assert (row(conn, shop).on_hand, row(conn, shop).sellable) == (58, 52)
    assert doctor_finds(conn) == []


def test_a_leap_never_adds_anything_until_it_is_accepted(conn: Conn, shop: Shop):
    feed = open_feed(conn, shop)
    heard(conn, snapshot(shop, as_at=NOON, HAT=10))
    heard(conn, snapshot(shop, as_at=NOON + MINUTE, HAT=100))
    assert (row(conn, shop).on_hand, row(conn, shop).sellable) == (10, 9)
    sell(conn, shop, "T-1", 1, at=NOON + 2 * MINUTE, heard_at=NOON + 2 * MINUTE)
    (open_one,) = feeds.open_suspicions(conn, [feed.id], at_most=10)
    yes = SuspicionAnswer(suspicion_id=open_one.id, answer=Answer.ACCEPT)
    now = NOON + 3 * MINUTE
    outcome = answer_suspicion(conn, yes, scope=WHOLE_BRAND, now=now, actor="lin")
    assert outcome == Answered(suspicion_id=open_one.id, answer=Answer.ACCEPT, change=90)
    # A hundred as at that minute, and one sold after it.
    assert row(conn, shop).on_hand == 99
    assert answer_suspicion(conn, yes, scope=WHOLE_BRAND, now=now) == SuspicionEnded(
        suspicion_id=open_one.id, state="accepted"
    )
    assert doctor_finds(conn) == []


def test_a_rejected_suspicion_frees_its_goods_and_counts_against_the_feed(conn: Conn, shop: Shop):
    feed = open_feed(conn, shop)
    stock_up(conn, shop, {("D", "HAT"): 50})
    heard(conn, snapshot(shop, HAT=60))
    heard(conn, snapshot(shop, as_at=NOON + MINUTE, HAT=1))
    assert row(conn, shop).sellable == 1
    (open_one,) = feeds.open_suspicions(conn, [feed.id], at_most=10)
    no = SuspicionAnswer(suspicion_id=open_one.id, answer=Answer.REJECT)
    answer_suspicion(conn, no, scope=WHOLE_BRAND, now=NOON + 2 * MINUTE)
    assert (row(conn, shop).on_hand, row(conn, shop).sellable) == (60, 54)
    # 18 of 20 before, 18 of 23 now.
    assert feeds.trust_of(conn, [feed.id], now=NOON) == {feed.id: 78}


def test_age_keeps_back_more_and_more_and_a_snapshot_brings_it_back(conn: Conn, shop: Shop):
    feed = open_feed(conn, shop)
    heard(conn, snapshot(shop, HAT=10))
    seen: list[tuple[int, int]] = []
    for intervals in (1, 2, 3, 4):
        now = NOON + intervals * QUARTER
        while weigh_feeds(conn, now=now):
            pass
        seen.append((row(conn, shop).doubted, row(conn, shop).sellable))
    assert seen[:3] == [(1, 9), (4, 6), (7, 3)]
    assert seen[3][1] == 0
    # Silent: not even what comes in is promised.
    stock_up(conn, shop, {("D", "HAT"): 5}, at=NOON + 4 * QUARTER)
    assert row(conn, shop).sellable == 0
    heard(conn, snapshot(shop, as_at=NOON + 5 * QUARTER, HAT=15))
    assert (row(conn, shop).on_hand, row(conn, shop).sellable) == (15, 13)
    told = [one.type for one in read_subject(conn, feed.id)]
    assert told == ["snapshot_heard", "feed_went_stale", "snapshot_heard", "feed_came_back"]
    assert doctor_finds(conn) == []


def test_what_people_set_and_what_is_in_doubt_are_two_things(conn: Conn, shop: Shop):
    open_feed(conn, shop)
    setting = SafetySetting(leaf_id=shop.leaves["D"], sku_id=shop.skus["HAT"], units=2)
    succeeded(keep_back(conn, [setting], now=NOON))
    heard(conn, snapshot(shop, HAT=10))
    assert (row(conn, shop).safety, row(conn, shop).doubted, row(conn, shop).sellable) == (2, 1, 7)
    weigh_feeds(conn, now=NOON + 4 * QUARTER)
    (set_again,) = succeeded(
        keep_back(
            conn,
            [SafetySetting(leaf_id=shop.leaves["D"], sku_id=shop.skus["HAT"], units=3)],
            now=NOON + 4 * QUARTER,
        )
    )
    assert (set_again.units_before, set_again.units) == (2, 3)
    heard(conn, snapshot(shop, as_at=NOON + 5 * QUARTER, HAT=10))
    assert (row(conn, shop).safety, row(conn, shop).doubted, row(conn, shop).sellable) == (3, 1, 6)


def test_doubt_breaks_no_promise_and_takes_what_promises_let_go(conn: Conn, shop: Shop):
    open_feed(conn, shop)
    heard(conn, snapshot(shop, HAT=10))
    wanted = ask(shop, "W-1", lines=lines(shop, ("HAT", 27)))
    succeeded(place(conn, [wanted], scope=WHOLE_BRAND, now=NOON + MINUTE))
    weigh_feeds(conn, now=NOON + 4 * QUARTER)
    # 29 were free, 27 are held: of the ten in doubt only two can be kept back now.
    assert stock.open_shortfalls(conn, limit=5) == []
    assert row(conn, shop).doubted == 3
    hand_over_everything(conn, now=NOON + 4 * QUARTER)
    assert renew_doubts(conn, now=NOON + 4 * QUARTER, limit=10) == 1
    assert row(conn, shop).sellable == 0
    assert doctor_finds(conn) == []


def test_units_that_were_not_there_count_against_a_feed(conn: Conn, shop: Shop):
    feed = open_feed(conn, shop)
    fact = Fact(
        id=uuid7(NOON + MINUTE),
        leaf_id=shop.leaves["D"],
        sku_id=shop.skus["HAT"],
        reason=MovementReason.NOT_FOUND,
        on_hand=-4,
    )
    succeeded(record_goods(conn, [fact], now=NOON + MINUTE))
    (follower,) = FOLLOWERS
    assert follower.apply is prove_feeds
    follow(conn, follower)
    # (0 + 18) of (4 + 20).
    assert feeds.trust_of(conn, [feed.id], now=NOON) == {feed.id: 75}
    heard(conn, snapshot(shop, as_at=NOON + 2 * MINUTE, HAT=10))
    assert (row(conn, shop).on_hand, row(conn, shop).doubted) == (10, 3)


def test_nobody_speaks_or_answers_for_another_branch(conn: Conn, shop: Shop):
    feed = open_feed(conn, shop)
    elsewhere = Scope(sites=frozenset({shop.sites["S"]}))
    outcome: object = hear(conn, snapshot(shop, HAT=3), scope=elsewhere)
    assert outcome == FeedUnknown(feed_code="ERP-D")
    assert row(conn, shop).on_hand == 10
    heard(conn, snapshot(shop, HAT=10))
    heard(conn, snapshot(shop, as_at=NOON + MINUTE, HAT=99))
    (open_one,) = feeds.open_suspicions(conn, [feed.id], at_most=10)
    yes = SuspicionAnswer(suspicion_id=open_one.id, answer=Answer.ACCEPT)
    refused: Answered | Refusal = answer_suspicion(conn, yes, scope=elsewhere, now=NOON + MINUTE)
    assert isinstance(refused, NotInYourBranch)
    assert row(conn, shop).on_hand == 10
    assert len(feeds.open_suspicions(conn, [feed.id], at_most=10)) == 1


def test_goods_that_a_snapshot_brings_go_to_who_waits(conn: Conn, shop: Shop):
    open_feed(conn, shop)
    heard(conn, snapshot(shop, HAT=10))
    wanted = ask(shop, "W-1", lines=lines(shop, ("HAT", 32)), on_shortage=OnShortage.PARK)
    (placed,) = succeeded(place(conn, [wanted], scope=WHOLE_BRAND, now=NOON + MINUTE))
    assert not isinstance(placed, Refusal)
    take_snapshot(
        conn, snapshot(shop, as_at=NOON + 2 * MINUTE, HAT=20), scope=WHOLE_BRAND, now=NOON + 2 * MINUTE
    )
    (line,) = stock.holds_of_lines(
        conn, [one.line_id for one in orders.lines_by_orders(conn, [placed.order_id])]
    )
    assert line.units == 32
