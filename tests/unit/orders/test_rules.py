from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import msgspec
import pytest

from loopline.kernel.ids import LineId, OrderId, PartyId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.orders import (
    Changed,
    Credits,
    DraftLine,
    LineChange,
    LineKind,
    LineState,
    LineUnits,
    LineUnknown,
    MoreThanHandedOver,
    NoLines,
    NotACode,
    OnlyGoodsMove,
    OrderIdOutsideWindow,
    OrderStage,
    PlacedOutsideWindow,
    TextNotStorable,
    TooFewUnits,
    UnitsDoNotAddUp,
    UnitsNotPositive,
    content_hash,
    line_state,
    order_stage,
)
from loopline.orders.rules import changed_units, fault_of, plan_changes
from tests.make.orders import NOON, draft, sku_id

ORDER = OrderId(UUID(int=1))
LINE = LineId(UUID(int=2))


def own_id(at: datetime) -> OrderId:
    return OrderId(uuid7(at))


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"channel": ""}, TextNotStorable(field="channel", characters_max=200)),
        ({"external_number": "a\0b"}, TextNotStorable(field="external number", characters_max=200)),
        ({"external_number": "\ud800"}, TextNotStorable(field="external number", characters_max=200)),
        ({"external_number": "x" * 201}, TextNotStorable(field="external number", characters_max=200)),
        ({"currency": "gbp"}, NotACode(field="currency", value="gbp", letters=3)),
        ({"currency": "GBPS"}, NotACode(field="currency", value="GBPS", letters=3)),
        ({"country": "英国"}, NotACode(field="country", value="英国", letters=2)),
        ({"lines": ()}, NoLines()),
        ({"lines": (DraftLine(code="A", units=0),)}, UnitsNotPositive(position=1, units=0)),
        (
            {"lines": (DraftLine(code="A", units=1), DraftLine(code="B", units=2_000_000_000))},
            UnitsNotPositive(position=2, units=2_000_000_000),
        ),
        (
            {"lines": (DraftLine(code="A\0", units=1),)},
            TextNotStorable(field="code of line 1", characters_max=200),
        ),
        (
            {"placed_at": datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)},
            PlacedOutsideWindow(placed_at="1999-12-31T23:59:59+00:00", first_year=2000, days=60),
        ),
        (
            {"placed_at": NOON + timedelta(days=60, seconds=1)},
            PlacedOutsideWindow(placed_at="2026-05-01T12:00:01+00:00", first_year=2000, days=60),
        ),
    ],
)
def test_what_is_no_order_is_refused(fields: dict[str, Any], refusal: Refusal):
    assert fault_of(draft(**fields), now=NOON) == refusal


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"external_number": "订单-1"},
        {"external_number": "x" * 200},
        {"placed_at": datetime(2000, 1, 1, tzinfo=UTC)},
        {"placed_at": NOON + timedelta(days=60)},
        {"order_id": own_id(NOON - timedelta(days=60))},
        {"order_id": own_id(NOON + timedelta(days=60))},
        {"lines": (DraftLine(code="A", units=1_999_999_999),)},
    ],
)
def test_what_can_be_an_order_is_not_refused(fields: dict[str, Any]):
    assert fault_of(draft(**fields), now=NOON) is None


@pytest.mark.parametrize(
    "order_id",
    [
        own_id(NOON - timedelta(days=60, milliseconds=1)),
        own_id(NOON + timedelta(days=60, milliseconds=1)),
        OrderId(UUID("6ba7b810-9dad-41d1-80b4-00c04fd430c8")),
    ],
)
def test_a_clients_id_far_from_now_or_of_another_kind_is_refused(order_id: OrderId):
    assert fault_of(draft(order_id=order_id), now=NOON) == OrderIdOutsideWindow(order_id=order_id, days=60)


def test_the_same_said_otherwise_has_the_same_hash():
    said = draft("W-1", 1, 2)
    otherwise = msgspec.structs.replace(
        said,
        order_id=own_id(NOON),
        lines=said.lines[::-1],
        placed_at=NOON.astimezone(timezone(timedelta(hours=8))),
        credits=Credits(),
    )
    assert len(content_hash(said)) == 32
    assert content_hash(otherwise) == content_hash(said)


@pytest.mark.parametrize(
    "fields",
    [
        {"currency": "CNY"},
        {"placed_at": NOON + timedelta(milliseconds=1)},
        {"site_id": UUID(int=1)},
        {"hold_minutes": 30},
        {"credits": Credits(guide_id=PartyId(UUID(int=1)))},
        {"lines": (DraftLine(code="C1", sku_id=sku_id(1), units=3),)},
        {"lines": (DraftLine(code="C1", sku_id=sku_id(2), units=2),)},
        {"lines": (DraftLine(code="C1", sku_id=sku_id(1), units=2, stated_unit_minor=1),)},
        {"lines": (DraftLine(code="C1", sku_id=sku_id(1), units=2),) * 2},
    ],
)
def test_other_content_has_another_hash(fields: dict[str, Any]):
    assert content_hash(draft(**fields)) != content_hash(draft())


def test_the_hash_of_a_draft_stays_what_it_is_over_releases():
    """Changing this value turns every repeat of an order taken before the release into a conflict."""
    assert content_hash(draft()).hex() == ("fc6a8dd67e0b1027980cdebbe16340e89f6121375ed48d0e65a049da1c6d2db0")


def units(total: int = 6, *, kind: LineKind = LineKind.GOODS, **counters: int) -> LineUnits:
    return LineUnits(kind=kind, units=total, **counters)


@pytest.mark.parametrize(
    ("line", "state"),
    [
        (units(parked=1, held=1, allocated=1, handed_over=3), LineState.PARKED),
        (units(held=1, allocated=1, handed_over=3, cancelled=1), LineState.HELD),
        (units(allocated=1, handed_over=5), LineState.ALLOCATED),
        (units(handed_over=5, cancelled=1), LineState.HANDED_OVER),
        (units(handed_over=6, returned=5), LineState.HANDED_OVER),
        (units(handed_over=6, returned=6), LineState.RETURNED),
        (units(handed_over=4, cancelled=2, returned=4), LineState.RETURNED),
        (units(cancelled=6), LineState.CANCELLED),
        (units(kind=LineKind.CHARGE), LineState.HANDED_OVER),
        (units(kind=LineKind.CHARGE, cancelled=6), LineState.CANCELLED),
        (units(kind=LineKind.VOUCHER, handed_over=6, returned=6), LineState.RETURNED),
    ],
)
def test_the_least_advanced_unit_says_where_a_line_stands(line: LineUnits, state: LineState):
    assert line_state(line) == state


@pytest.mark.parametrize(
    ("goods", "in_work", "stage"),
    [
        (units(0), False, OrderStage.HANDED_OVER),
        (units(parked=1, held=5), False, OrderStage.PARKED),
        (units(held=1, allocated=5), True, OrderStage.PLACED),
        (units(allocated=1, handed_over=5), False, OrderStage.SOURCED),
        (units(allocated=1, handed_over=5), True, OrderStage.ACCEPTED),
        (units(handed_over=5, cancelled=1, returned=4), False, OrderStage.HANDED_OVER),
        (units(handed_over=5, cancelled=1, returned=5), False, OrderStage.RETURNED),
        (units(cancelled=6), False, OrderStage.CANCELLED),
    ],
)
def test_the_least_advanced_goods_say_where_an_order_stands(
    goods: LineUnits, in_work: bool, stage: OrderStage
):
    assert order_stage(goods, in_work=in_work) == stage


def change(**deltas: int) -> LineChange:
    return LineChange(order_id=ORDER, line_id=LINE, **deltas)


def too_few(counter: str, available: int) -> TooFewUnits:
    return TooFewUnits(order_id=ORDER, line_id=LINE, counter=counter, available=available)


def not_whole(found: int) -> UnitsDoNotAddUp:
    return UnitsDoNotAddUp(order_id=ORDER, line_id=LINE, units=6, found=found)


def more(counter: str, *, out: int, found: int) -> MoreThanHandedOver:
    return MoreThanHandedOver(order_id=ORDER, line_id=LINE, counter=counter, handed_over=out, found=found)


ONLY_GOODS = OnlyGoodsMove(order_id=ORDER, line_id=LINE, units=6)


@pytest.mark.parametrize(
    ("line", "deltas", "after"),
    [
        (units(held=6), {"held": -6, "allocated": 6}, units(allocated=6)),
        (units(parked=6), {"parked": -2, "held": 2}, units(parked=4, held=2)),
        (units(held=6), {"held": -1, "cancelled": 1}, units(held=5, cancelled=1)),
        (units(handed_over=6), {"returned": 6}, units(handed_over=6, returned=6)),
        (units(handed_over=6, returned=6), {"returned": -6, "lost": 6}, units(handed_over=6, lost=6)),
        (units(held=6), {"held": -7}, too_few("held", 6)),
        (units(held=6), {"parked": -1, "held": 1}, too_few("parked", 0)),
        (units(handed_over=6), {"lost": -1}, too_few("lost", 0)),
        (units(held=6), {"allocated": 1}, not_whole(7)),
        (units(held=6), {"held": -1}, not_whole(5)),
        (
            units(handed_over=6),
            {"returned": 7},
            more("returned", out=6, found=7),
        ),
        (
            units(handed_over=5, cancelled=1),
            {"lost": 6},
            more("lost", out=5, found=6),
        ),
        (
            units(handed_over=6, returned=6),
            {"handed_over": -1, "cancelled": 1},
            more("returned", out=5, found=6),
        ),
        (units(kind=LineKind.CHARGE), {"held": 6}, ONLY_GOODS),
        (units(kind=LineKind.CHARGE), {"handed_over": 7}, ONLY_GOODS),
        (
            units(kind=LineKind.CHARGE, handed_over=6),
            {"returned": 2},
            units(kind=LineKind.CHARGE, handed_over=6, returned=2),
        ),
    ],
)
def test_units_only_move(line: LineUnits, deltas: dict[str, int], after: LineUnits | Refusal):
    assert changed_units(line, change(**deltas)) == after


def changed(line_id: LineId, state: LineState, after: LineUnits) -> Changed:
    return Changed(order_id=ORDER, line_id=line_id, state=state, after=after)


def test_changes_are_decided_in_their_order_and_summed():
    other = LineId(UUID(int=3))
    charge = LineId(UUID(int=4))
    plan = plan_changes(
        {
            (ORDER, LINE): units(held=6),
            (ORDER, other): units(2, handed_over=2),
            (ORDER, charge): units(1, kind=LineKind.CHARGE),
        },
        changes=[
            change(held=-4, allocated=4),
            change(held=-4, allocated=4),
            change(held=-2, cancelled=2),
            LineChange(order_id=ORDER, line_id=other, returned=1),
            LineChange(order_id=ORDER, line_id=charge, cancelled=1),
            LineChange(order_id=ORDER, line_id=LineId(UUID(int=5)), held=1),
        ],
    )
    assert plan.outcomes == [
        changed(LINE, LineState.HELD, units(held=2, allocated=4)),
        too_few("held", 2),
        changed(LINE, LineState.ALLOCATED, units(allocated=4, cancelled=2)),
        changed(other, LineState.HANDED_OVER, units(2, handed_over=2, returned=1)),
        changed(charge, LineState.CANCELLED, units(1, kind=LineKind.CHARGE, cancelled=1)),
        LineUnknown(order_id=ORDER, line_id=LineId(UUID(int=5))),
    ]
    assert plan.lines == {
        (ORDER, LINE): (0, -6, 4, 0, 2, 0, 0),
        (ORDER, other): (0, 0, 0, 0, 0, 1, 0),
        (ORDER, charge): (0, 0, 0, 0, 1, 0, 0),
    }
    assert plan.orders == {ORDER: (0, -6, 4, 0, 2, 1, 0)}
