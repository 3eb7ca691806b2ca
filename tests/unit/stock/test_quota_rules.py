"""Drawing from quotas: from which, how many, and back to where it came from."""

from datetime import timedelta

import pytest

from loopline.kernel.ids import LineId, NodeId, OrderId, QuotaId
from loopline.stock.book import Book, OpenHold, OpenQuota, QuotaUnits
from loopline.stock.model import OnShort, QuotaKind, QuotaName
from loopline.stock.refusals import QuotaSoldOut
from loopline.stock.rules.drawing import Granted, draw_units, give_back, quota_for, take_back, use_draws
from tests.make.stock import NOW, new_id
from tests.unit.stock.books import BRAND, LEAF, NETWORK, SITE, SKU, counts, open_book, stock

SHOW, CHANNEL = (
    QuotaName(kind=QuotaKind.LIVE_ROOM, code="SHOW"),
    QuotaName(kind=QuotaKind.CHANNEL, code="livestream"),
)


def set_aside(
    book: Book, node_id: NodeId, units: int, *, event: QuotaName = SHOW, reserve: OpenQuota | None = None
) -> OpenQuota:
    quota = OpenQuota(
        QuotaId(new_id()),
        event,
        (node_id, SKU),
        NOW,
        NOW + timedelta(hours=1),
        reserve.id if reserve else None,
        then_free=False,
        loaded=QuotaUnits(remaining=units),
        remaining=units,
    )
    book.add_quotas([quota])
    for level in book.path(quota.key):
        level.held += units
    book.path(quota.key)[-1].quotas += 1
    return quota


def new_hold(book: Book, node_id: NodeId) -> OpenHold:
    key = (node_id, SKU)
    hold = OpenHold(LineId(new_id()), OrderId(new_id()), key, 0, None, 0, path=book.path(key))
    book.holds[hold.line_id] = hold
    return hold


def drawn(quota: OpenQuota, hold: OpenHold, units: int, book: Book) -> Granted:
    granted = draw_units(quota, hold, units, short=OnShort.PART, book=book)
    assert isinstance(granted, Granted)
    return granted


def test_drawing_moves_units_and_holds_no_more_where_they_were_set_aside():
    book = open_book()
    stock(book, LEAF, SKU, 10)
    quota = set_aside(book, NETWORK, 6)
    assert drawn(quota, new_hold(book, SITE), 4, book).units == 4
    assert [counts(book, node) for node in (BRAND, NETWORK, SITE, LEAF)] == [
        (10, 6),
        (10, 6),
        (10, 4),
        (10, 0),
    ]
    assert quota.units == QuotaUnits(remaining=2, drawn=4)


@pytest.mark.parametrize(("taken", "units"), [(0, 5), (3, 5), (5, 5), (6, 4), (9, 1), (10, 0)])
def test_what_a_fact_took_is_taken_from_the_quota_first(taken: int, units: int):
    """Ten are there; five set aside, five held by others who must not lose theirs."""
    book = open_book(may_open_shortfalls=True)
    leaf = stock(book, LEAF, SKU, 15)
    quota = set_aside(book, NETWORK, 5)
    for level in book.path((NETWORK, SKU)):
        level.held += 5
    leaf.on_hand = 15 - taken
    for level in book.path((LEAF, SKU)):
        level.free -= taken
    assert drawn(quota, new_hold(book, NETWORK), 5, book).units == units


def test_units_of_a_quota_above_are_drawn_only_as_far_as_there_is_room_below():
    book = open_book()
    stock(book, LEAF, SKU, 3)
    book.path((NETWORK, SKU))[-1].free += 7
    book.path((BRAND, SKU))[-1].free += 7
    quota = set_aside(book, NETWORK, 9)
    outcome = draw_units(quota, new_hold(book, LEAF), 4, short=OnShort.REFUSE, book=book)
    assert isinstance(outcome, QuotaSoldOut)
    assert (outcome.left, counts(book, LEAF), counts(book, NETWORK)) == (3, (3, 0), (10, 9))
    assert quota.units == QuotaUnits(remaining=9)


def test_what_was_granted_is_taken_back_to_the_unit_where_it_came_from():
    book = open_book()
    stock(book, LEAF, SKU, 10)
    reserve = set_aside(book, NETWORK, 2, event=CHANNEL)
    quota = set_aside(book, NETWORK, 3, reserve=reserve)
    quota.then_free = True
    hold = new_hold(book, NETWORK)
    first = drawn(quota, hold, 2, book)
    second = drawn(quota, hold, 5, book)
    assert (first.units, second.units, hold.units) == (2, 5, 7)
    assert (quota.units, reserve.units) == (QuotaUnits(drawn=3), QuotaUnits(drawn=2))
    take_back(second, book=book)
    assert (hold.units, counts(book, NETWORK)) == (2, (10, 5))
    assert (quota.units, reserve.units) == (QuotaUnits(1, 2), QuotaUnits(2, 0))


def test_lost_units_go_back_to_nobody_and_used_ones_are_the_own_first():
    book = open_book()
    stock(book, LEAF, SKU, 10)
    reserve = set_aside(book, NETWORK, 2, event=CHANNEL)
    quota = set_aside(book, NETWORK, 3, reserve=reserve)
    hold = new_hold(book, NETWORK)
    drawn(quota, hold, 5, book)
    hold.units -= 2  # as an allocation takes them
    use_draws(hold, 2, book=book)
    assert (quota.units, reserve.units) == (QuotaUnits(0, 1, 2), QuotaUnits(0, 2))
    give_back(hold, 3, book=book, is_lost=True)
    assert (quota.units, reserve.units) == (QuotaUnits(0, 0, 2, 1), QuotaUnits(0, 0, 0, 2))
    assert counts(book, NETWORK) == (10, 2)  # the two that were allocated: their levels are not this rule's


def test_the_first_event_goes_first_then_the_nearest_node():
    book = open_book()
    of_channel, far, near = (
        set_aside(book, LEAF, 1, event=CHANNEL),
        set_aside(book, NETWORK, 1),
        set_aside(book, SITE, 1),
    )
    hold = new_hold(book, LEAF)
    assert quota_for((SHOW, CHANNEL), hold, book=book) is near
    assert quota_for((CHANNEL, SHOW), hold, book=book) is of_channel
    near.is_on = False
    assert quota_for((SHOW, CHANNEL), hold, book=book) is far
    far.ended_at = NOW
    assert quota_for((SHOW,), hold, book=book) is None
    assert quota_for((), hold, book=book) is None
