"""Who is told of how much of one SKU: terms, buffers, nodes above each other, and what may be back on a shelf."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from loopline.kernel.ids import NodeId, SkuId
from loopline.marketplaces import (
    Goods,
    LoanRow,
    Marketplace,
    MarketplaceId,
    MarketplaceTerms,
    Seller,
    Standing,
    is_test_number,
    penalty_minor,
    plan_goods,
)
from loopline.marketplaces.rules import next_try

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
SKU = SkuId(UUID(int=1))
ROOT, EAST, WEST = (NodeId(UUID(int=number)) for number in (10, 11, 12))


def seller(channel: str, *path: NodeId, **terms: Any) -> Seller:
    stated = {
        name: getattr(MarketplaceTerms(channel=channel, **terms), name)
        for name in MarketplaceTerms.__struct_fields__
    }
    return Seller(
        marketplace=Marketplace(
            id=MarketplaceId(UUID(int=99)), version=1, set_at=NOON, set_by="hq", note="", **stated
        ),
        path=path or (ROOT, EAST),
    )


def loan(channel: str, units: int, **more: Any) -> LoanRow:
    stated: dict[str, Any] = {
        "beyond": 0,
        "asked_back": 0,
        "is_empty": False,
        "refused_until": None,
        "refused_why": None,
    }
    return LoanRow(channel=channel, sku_id=SKU, units=units, **(stated | more))


def steps(
    sellers: list[Seller],
    room: dict[NodeId, int],
    *lent: LoanRow,
    coming_back: dict[str, int] | None = None,
    is_sold: bool = True,
) -> dict[str, int]:
    standing = Standing(
        goods=Goods(sku_id=SKU, code="COAT", category="Coats", turn=0, is_sold=is_sold),
        loans={one.channel: one for one in lent},
        room=room,
        coming_back=coming_back or {},
    )
    return {one.channel: one.units for one in plan_goods(standing, sellers, terms={}, now=NOON)}


def test_each_is_told_of_what_there_is_less_its_own_buffer():
    sellers = [seller("a"), seller("b", buffer_units=10)]
    assert steps(sellers, {ROOT: 12, EAST: 12}) == {"a": 10, "b": 2}
    assert steps([seller("a", buffer_units=5), seller("b", buffer_units=5)], {ROOT: 10, EAST: 10}) == {
        "a": 3,
        "b": 2,
    }


def test_loans_below_a_node_never_exceed_what_may_be_promised_there():
    sellers = [seller("a", ROOT, EAST), seller("b", ROOT, WEST)]
    assert steps(sellers, {ROOT: 5, EAST: 4, WEST: 4}) == {"a": 4, "b": 1}
    assert steps(sellers, {ROOT: 5, EAST: 4, WEST: 4}, loan("a", 4), loan("b", 1)) == {}
    assert steps(sellers, {ROOT: 8, EAST: 4, WEST: 4}, loan("a", 4), loan("b", 1)) == {"b": 3}


def test_what_may_be_back_on_a_shelf_is_lent_nobody_else():
    sellers = [seller("a"), seller("b")]
    room = {ROOT: 2, EAST: 2}
    assert steps(sellers, room, loan("a", 0), loan("b", 0)) == {"a": 1, "b": 1}
    assert steps(sellers, room, loan("a", 0), loan("b", 0), coming_back={"a": 2}) == {}


def test_who_is_switched_off_or_sells_what_is_withdrawn_gives_all_back():
    sellers = [seller("a", is_on=False), seller("b")]
    assert steps(sellers, {ROOT: 9, EAST: 9}, loan("a", 3), loan("b", 6)) == {"a": -3}
    assert steps([seller("b")], {ROOT: 9, EAST: 9}, loan("b", 6), is_sold=False) == {"b": -6}


def test_who_has_none_left_is_not_asked_again_and_who_takes_none_is_told_of_none():
    sellers = [seller("a"), seller("b")]
    assert steps(sellers, {ROOT: 0, EAST: 0}, loan("a", 3, is_empty=True)) == {}
    refused = loan("a", 0, refused_until=NOON + timedelta(minutes=1), refused_why="no listing")
    assert steps(sellers, {ROOT: 4, EAST: 4}, refused) == {"b": 4}


def test_penalties_and_tests_by_terms():
    terms = MarketplaceTerms(
        channel="a",
        late_basis_points=500,
        late_least_minor=100,
        late_most_minor=1_000,
        test_prefixes=("BD-",),
    )
    assert [penalty_minor(terms, amount) for amount in (0, 1_999, 2_020, 20_000, 90_000)] == [
        100,
        100,
        101,
        1_000,
        1_000,
    ]
    assert [is_test_number(terms, number) for number in ("BD-1", "1-BD-", "bd-1")] == [True, False, False]


def test_a_step_is_told_later_and_later_and_never_given_up():
    waits = [(next_try(tries, now=NOON) - NOON).total_seconds() for tries in (0, 1, 2, 7, 8, 5_000)]
    assert waits == [2, 4, 8, 256, 300, 300]
