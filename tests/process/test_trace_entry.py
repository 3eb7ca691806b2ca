"""From any entry of the books back to its order and the scan that began it; of others' books nothing is told."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from loopline import org
from loopline.closing import queries as closing
from loopline.closing.rules.months import moments_of, month_after
from loopline.db import Conn
from loopline.kernel.ids import EntryId, OrderId
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.ledger.model import EntryKind
from loopline.ledger.tracing import Relation
from loopline.orders import order_by_id
from loopline.processes.pay_out import make_file
from loopline.processes.settle import RETURN_WINDOW_DEFAULT, release_due
from loopline.processes.trace_entry import Behind, EntryStory, trace_entry
from loopline.touchpoints import TouchpointKind
from tests.make.closing import two_months
from tests.make.loop import follow, hand_over_everything
from tests.make.payouts import LATER as PAID_AT
from tests.make.payouts import RING, approved, earned, paid_to, pays_by, terms
from tests.make.shop import NOON, PRICES, SITES, Shop, open_shop, stock_up
from tests.make.touchpoints import VISITOR, code_of
from tests.process.test_supply import agreed, term
from tests.process.test_supply import sell as sell_of_dealer
from tests.process.test_take_back import SETTLE, back, taken
from tests.process.test_touch import DAY, buyer, led, place_one


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def entries(conn: Conn, kind: EntryKind) -> list[EntryId]:
    rows = conn.execute(
        "select id from ledger.entry where kind = %s order by at, id", (kind.value,)
    ).fetchall()
    return [EntryId(row[0]) for row in rows]


def told(conn: Conn, kind: EntryKind, *, scope: Scope = WHOLE_BRAND, place: int = 0) -> EntryStory:
    story = trace_entry(conn, entries(conn, kind)[place], scope=scope)
    assert story is not None
    return story


def scanned_and_sold(conn: Conn, shop: Shop) -> tuple[OrderId, list[UUID]]:
    """Somebody scans a shelf, a day later a guide's code, and orders a coat, which is sent at once."""
    shelf = led(conn, code_of(conn, TouchpointKind.SHELF, site_code="S"), at=NOON - 2 * DAY)
    guide = led(conn, code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE"), at=NOON - DAY)
    order_id = place_one(conn, shop, "W-1", buyer(visitor=VISITOR))
    hand_over_everything(conn, now=NOON)
    follow(conn, SETTLE)
    assert shelf.scan_id is not None
    assert guide.scan_id is not None
    return order_id, [shelf.scan_id, guide.scan_id]


def scope_at(conn: Conn, *codes: str) -> Scope:
    units = org.units_by_code(conn, codes)
    assert len(units) == len(codes)
    return Scope(org_units=frozenset(unit.id for unit in units.values()))


def test_a_sale_leads_to_its_order_its_rules_and_the_scan_that_began_it(conn: Conn, shop: Shop):
    order_id, scans = scanned_and_sold(conn, shop)
    story = told(conn, EntryKind.SALE)
    order = order_by_id(conn, order_id)
    assert order is not None
    assert (story.behind, story.order_number, story.hidden_postings) == (Behind.ORDER, order.number, 0)
    assert [line.code for line in story.lines] == ["COAT"]
    assert sum(one.amount_minor for one in story.entry.postings) == 0
    assert story.trace is not None
    assert [touch.scan_id for touch in story.trace.touches] == scans
    assert [one.scan_id for one in story.trace.credits] == [scans[1]]
    codes = [story.trace.codes[touch.touchpoint_id] for touch in story.trace.touches]
    assert all(len(one.code) > 5 for one in codes)
    earned_by = {
        (story.code_of(one.party_id), one.role.value): (one.amount_minor, one.base_minor, one.rule_version)
        for one in story.shares
    }
    kept = conn.execute(
        "select party.code, share.role, share.amount_minor, split.base_minor, rule_set.version"
        " from sharing.share as share"
        " join sharing.split as split on split.part_id = share.part_id and split.line_id = share.line_id"
        " join sharing.rule_set as rule_set on rule_set.id = share.rule_set_id"
        " join org.party as party on party.id = share.party_id"
    ).fetchall()
    assert earned_by == {(code, role): (amount, base, version) for code, role, amount, base, version in kept}
    assert ("GUIDE", "guide") in earned_by
    assert all(one.rule is not None and one.rule.role is one.role for one in story.shares)


def test_what_takes_back_and_what_is_taken_back_lead_to_each_other_and_to_the_scan(conn: Conn, shop: Shop):
    order_id, scans = scanned_and_sold(conn, shop)
    taken(conn, back(shop, "R-1", ("COAT", 1), member_id=None, order_id=order_id))
    (sale,), (reversal,) = entries(conn, EntryKind.SALE), entries(conn, EntryKind.REVERSAL)
    sold, undone = told(conn, EntryKind.SALE), told(conn, EntryKind.REVERSAL)
    assert [(one.entry_id, one.relation) for one in sold.entry.others] == [(reversal, Relation.TAKEN_BACK_BY)]
    assert [(one.entry_id, one.relation) for one in undone.entry.others] == [(sale, Relation.TAKES_BACK)]
    assert (undone.behind, undone.order_number) == (Behind.RETURN, sold.order_number)
    assert undone.trace is not None
    assert [touch.scan_id for touch in undone.trace.touches] == scans
    assert all(one.back_minor == one.amount_minor for one in sold.shares)


def test_money_that_came_and_went_leads_to_the_order(conn: Conn, shop: Shop):
    earned(conn, shop)
    story = told(conn, EntryKind.PAYMENT)
    assert story.behind is Behind.ORDER
    assert story.order_number == told(conn, EntryKind.SALE).order_number
    assert story.shares == ()


def test_what_became_due_leads_to_the_sales_it_is_of_and_a_payout_to_its_number(conn: Conn, shop: Shop):
    earned(conn, shop, orders=2)
    sales = set(entries(conn, EntryKind.SALE))
    releases = entries(conn, EntryKind.SHARE_RELEASE)
    stories = [told(conn, EntryKind.SHARE_RELEASE, place=at) for at in range(len(releases))]
    assert {"BRAND", "GUIDE", "PLATFORM"} < {story.code_of(story.entry.subject) for story in stories}
    for story in stories:
        assert story.behind is Behind.PARTY
        assert {one.sale_entry_id for one in story.released} == sales
        moved = sum(one.amount_minor for one in story.entry.postings if one.amount_minor > 0)
        assert sum(one.share.amount_minor for one in story.released) == moved
        assert {one.share.party_id for one in story.released} == {story.entry.subject}
    terms(conn)
    payer = pays_by(conn, shop.brand_entity)
    paid_to(conn, [shop.parties["GUIDE"]], ring=RING)
    approved(conn, shop, "GUIDE")
    make_file(conn, payer.id, ring=RING, scope=WHOLE_BRAND, now=PAID_AT)
    paid = told(conn, EntryKind.PAYOUT)
    ((number,),) = conn.execute("select number from payouts.payout").fetchall()
    assert (paid.behind, paid.payout_number) == (Behind.PAYOUT, number)


def test_each_entry_belongs_to_the_month_the_close_counts_it_in(conn: Conn, shop: Shop):
    stock_up(conn, shop, {(site, sku): 200 for site in SITES for sku in PRICES})
    two_months(conn, shop)
    (kept,) = closing.cuts(conn, [shop.brand_entity]).values()
    counted: dict[UUID, list[str]] = {}
    first, after = kept[0].month, 0
    while first <= datetime(2026, 6, 1, tzinfo=UTC).date():
        during = moments_of(first, "Asia/Shanghai")
        cut = next((one.cut for one in kept if one.month == first), None)
        rows = conn.execute(
            "select id from ledger.entry where ledger.is_of_month(at, cut, kind, %s, %s, %s, %s)",
            (during.start, during.end, after, cut if cut is not None else 2**31 - 1),
        ).fetchall()
        for (entry_id,) in rows:
            counted.setdefault(entry_id, []).append(str(first))
        after, first = (after if cut is None else cut), month_after(first)
        if cut is None:
            break
    stories = [trace_entry(conn, EntryId(entry_id), scope=WHOLE_BRAND) for entry_id in counted]
    found = {story.entry.id: story for story in stories if story is not None}
    assert len(found) == len(counted) > 50
    for entry_id, months in counted.items():
        (one,) = found[EntryId(entry_id)].months
        assert [str(one.month)] == months
        assert one.is_closed is (str(one.month) == "2026-03-01")
    late = [
        story for story in found.values() if story.entry.at < kept[0].end_at and not story.months[0].is_closed
    ]
    assert [story.entry.kind for story in late] == [EntryKind.ADJUSTMENT]


def test_whoever_keeps_other_books_sees_their_own_postings_alone(conn: Conn):
    shop = open_shop(conn, units=0)
    stock_up(conn, shop, {("D", sku): 20 for sku in PRICES})
    agreed(conn, term())
    sell_of_dealer(conn, shop, "W-1", ("COAT", 1))
    dealer = scope_at(conn, "DEALER", "U-D")
    assert trace_entry(conn, entries(conn, EntryKind.SALE)[0], scope=dealer) is None
    whole, part = told(conn, EntryKind.SUPPLY), told(conn, EntryKind.SUPPLY, scope=dealer)
    ours = {one.entity_id for one in part.entry.postings}
    assert {part.code_of(one) for one in ours} == {"DEALER-CO"}
    assert part.hidden_postings == len(whole.entry.postings) - len(part.entry.postings) > 0
    assert (part.lines, part.shares, part.trace, part.order_number) == ((), (), None, "")
    assert part.entry.others == ()  # the sale stands in the brand's books alone
    assert [one.kind for one in whole.entry.others] == [EntryKind.SALE]
    assert trace_entry(conn, entries(conn, EntryKind.SUPPLY)[0], scope=Scope()) is None
    assert trace_entry(conn, EntryId(UUID(int=7)), scope=WHOLE_BRAND) is None


@contextmanager
def counted_reads(conn: Conn, monkeypatch: pytest.MonkeyPatch) -> Generator[list[object]]:
    asked: list[object] = []
    cursor = conn.cursor

    def counted(*given: Any, **named: Any) -> Any:
        asked.append(given)
        return cursor(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(conn, "cursor", counted)
        yield asked


def test_every_kind_of_entry_is_told_in_six_reads(conn: Conn, shop: Shop, monkeypatch: pytest.MonkeyPatch):
    order_id, _ = scanned_and_sold(conn, shop)
    taken(conn, back(shop, "R-1", ("COAT", 1), member_id=None, order_id=order_id))
    earned(conn, shop, start=2)
    release_due(conn, now=NOON + RETURN_WINDOW_DEFAULT + timedelta(days=1), limit=100)
    rows = conn.execute("select distinct on (kind) kind, id from ledger.entry order by kind, id").fetchall()
    cost: dict[str, int] = {}
    for kind, entry_id in rows:
        with counted_reads(conn, monkeypatch) as asked:
            assert trace_entry(conn, EntryId(entry_id), scope=WHOLE_BRAND) is not None
        cost[kind] = len(asked)
    assert {"sale", "payment", "reversal", "share_release"} <= set(cost)
    assert max(cost.values()) == cost["sale"] == 6
