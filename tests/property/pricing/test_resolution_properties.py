"""What stays true of prices whatever lists there are."""

from datetime import timedelta
from random import Random
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from loopline.kernel.ids import OrgUnitId, PriceListId, SiteId, SkuId
from loopline.kernel.money import tax_within
from loopline.kernel.refusals import Refusal
from loopline.pricing import Cart, PriceList, PriceRow, Quote
from loopline.pricing.rules import PriceBook, applies, is_in_force, quote_cart, rank, resolve
from tests.make.pricing import NOW, cart, line, new_id, price, price_list, tax_rate

SKUS = [SkuId(new_id()) for _ in range(3)]
SITES = [SiteId(new_id()) for _ in range(2)]
UNITS = [OrgUnitId(new_id()) for _ in range(4)]
IDS = [PriceListId(new_id()) for _ in range(8)]
RATE = tax_rate()
MOMENTS = st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours))


@st.composite
def price_lists(draw: st.DrawFn, *, identity: PriceListId | None = None) -> PriceList:
    start = draw(MOMENTS)
    length = draw(st.none() | st.integers(1, 4))
    return price_list(
        draw(st.text("abc", min_size=1, max_size=3)),
        id=identity or draw(st.sampled_from(IDS)),
        member_tier=draw(st.none() | st.sampled_from(["gold", "silver"])),
        site_id=draw(st.none() | st.sampled_from(SITES)),
        org_unit_id=draw(st.none() | st.sampled_from(UNITS)),
        channel=draw(st.none() | st.sampled_from(["web", "till"])),
        currency=draw(st.sampled_from(["CNY", "CNY", "GBP"])),
        priority=draw(st.integers(0, 2)),
        valid_from=start,
        valid_until=start + timedelta(hours=length) if length else None,
    )


Shelf = tuple[list[PriceList], list[PriceRow]]


@st.composite
def shelves(draw: st.DrawFn) -> Shelf:
    lists = draw(st.lists(price_lists(), max_size=7, unique_by=lambda one: one.id))
    rows = [
        price(one, sku_id, draw(st.none() | st.integers(0, 500)), valid_from=draw(MOMENTS))
        for one in lists
        for sku_id in SKUS
        for _ in range(draw(st.integers(0, 3)))
    ]
    return lists, rows


@st.composite
def carts(draw: st.DrawFn) -> Cart:
    lines = draw(
        st.lists(
            st.builds(
                line,
                st.sampled_from(SKUS),
                st.integers(-5, 50),
                stated_unit_minor=st.none() | st.integers(-100, 500),
            ),
            max_size=4,
        )
    )
    depth = draw(st.integers(0, len(UNITS)))
    return cart(
        *lines,
        at=draw(MOMENTS),
        member_tier=draw(st.none() | st.sampled_from(["gold", "silver"])),
        site_id=draw(st.none() | st.sampled_from(SITES)),
        org_units=tuple(draw(st.permutations(UNITS))[:depth]),
        channel=draw(st.none() | st.sampled_from(["web", "till"])),
        is_fact=draw(st.booleans()),
    )


def book(lists: list[PriceList], rows: list[PriceRow]) -> PriceBook:
    return PriceBook(lists, rows, [RATE])


@given(shelves(), carts(), st.randoms(use_true_random=False))
def test_the_order_in_which_lists_and_prices_come_is_no_matter(shelf: Shelf, asked: Cart, chance: Random):
    lists, rows = shelf
    answer = quote_cart(asked, book=book(lists, rows))
    mixed_lists, mixed_rows = [*lists], [*rows]
    chance.shuffle(mixed_lists)
    chance.shuffle(mixed_rows)
    assert quote_cart(asked, book=book(mixed_lists, mixed_rows)) == answer


@given(shelves(), carts(), st.data())
def test_a_list_that_ranks_lower_than_the_deciding_one_changes_nothing(
    shelf: Shelf, asked: Cart, data: st.DataObject
):
    lists, rows = shelf
    for sku_id in SKUS:
        found = resolve(sku_id, lists=book(lists, rows).lists_for(asked), at=asked.at)
        if found is None:
            continue
        decided, row = found
        added = data.draw(price_lists(identity=PriceListId(new_id())))
        if applies(added, asked) and rank(added, asked) > rank(decided, asked):
            continue
        cheaper = price(added, sku_id, 1, valid_from=NOW - timedelta(days=9))
        after = book([*lists, added], [*rows, cheaper]).lists_for(asked)
        assert resolve(sku_id, lists=after, at=asked.at) == (decided, row)


@given(shelves(), carts())
def test_the_answer_is_the_highest_ranking_price_in_force(shelf: Shelf, asked: Cart):
    """Against the plainest reading of the rule: look at every row, keep those that hold, take the highest."""
    lists, rows = shelf
    prices = book(lists, rows).lists_for(asked)
    for sku_id in SKUS:
        holding: list[tuple[Any, PriceList, PriceRow]] = []
        for one in lists:
            started = [
                row
                for row in rows
                if row.price_list_id == one.id and row.sku_id == sku_id and row.valid_from <= asked.at
            ]
            last = max(started, key=lambda row: (row.valid_from, row.id), default=None)
            if last and last.unit_minor is not None and applies(one, asked) and is_in_force(one, at=asked.at):
                holding.append((rank(one, asked), one, last))
        expected = max(holding, default=None)
        found = resolve(sku_id, lists=prices, at=asked.at)
        assert found == (None if expected is None else expected[1:])


@given(shelves(), carts(), st.data())
def test_what_is_added_from_now_on_never_changes_what_was_quoted(
    shelf: Shelf, asked: Cart, data: st.DataObject
):
    lists, rows = shelf
    answer = quote_cart(asked, book=book(lists, rows))
    later = asked.at + timedelta(microseconds=1)
    new_list = msgspec.structs.replace(
        data.draw(price_lists(identity=PriceListId(new_id()))), valid_from=later, valid_until=None
    )
    new_rows = [price(one, sku_id, 1, valid_from=later) for one in [*lists, new_list] for sku_id in SKUS]
    assert quote_cart(asked, book=book([*lists, new_list], rows + new_rows)) == answer


@given(shelves(), carts())
def test_totals_are_the_sums_of_lines_that_can_be_priced_alone(shelf: Shelf, asked: Cart):
    prices = book(*shelf)
    whole = quote_cart(asked, book=prices)
    alone = [quote_cart(msgspec.structs.replace(asked, lines=(one,)), book=prices) for one in asked.lines]
    assert isinstance(whole, Refusal) is any(isinstance(one, Refusal) for one in alone)
    if isinstance(whole, Quote):
        assert [one.lines[0] for one in alone if isinstance(one, Quote)] == list(whole.lines)
        assert whole.amount_minor == sum(one.amount_minor for one in whole.lines)
        assert whole.tax_minor == sum(one.tax_minor for one in whole.lines)
        for asked_line, priced in zip(asked.lines, whole.lines, strict=True):
            assert priced.amount_minor == asked_line.units * priced.unit_minor
            assert priced.tax_minor == tax_within(priced.amount_minor, 1300)


@given(shelves(), carts())
def test_the_same_cart_at_the_same_moment_has_the_same_quote(shelf: Shelf, asked: Cart):
    assert quote_cart(asked, book=book(*shelf)) == quote_cart(asked, book=book(*shelf))
