"""Drafts, orders and lines for tests."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from loopline.db import Conn
from loopline.kernel.ids import EntityId, LineId, OrderId, SkuId, uuid7s
from loopline.orders import (
    Draft,
    DraftKind,
    DraftLine,
    LineKind,
    New,
    NewLine,
    NewOrder,
    recognise,
    write_orders,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SELLER = EntityId(UUID(int=11 << 64))


def sku_id(number: int) -> SkuId:
    return SkuId(UUID(int=(5 << 64) + number))


def draft(number: str = "W-1", *units: int, **fields: Any) -> Draft:
    """An ask of the web shop for goods 1, 2, … with these units each (by default two of one)."""
    stated: dict[str, Any] = {
        "channel": "web",
        "external_number": number,
        "kind": DraftKind.ASK,
        "placed_at": NOON,
        "seller_entity_id": SELLER,
        "currency": "GBP",
        "country": "GB",
        "lines": tuple(
            DraftLine(code=f"C{position}", sku_id=sku_id(position), units=count)
            for position, count in enumerate(units or (2,), 1)
        ),
    }
    return Draft(**(stated | fields))


def new_order(order_id: OrderId, draft: Draft, **counters: int) -> NewOrder:
    """An order of a draft at 100 a unit, tax 20 in each; where nothing else is said all its goods are held."""
    ids = uuid7s(draft.placed_at, len(draft.lines))
    return NewOrder(
        order_id=order_id,
        draft=draft,
        derivation={"rows": [line.code for line in draft.lines]},
        lines=tuple(
            NewLine(
                line_id=LineId(line_id),
                kind=line.kind,
                code=line.code,
                sku_id=line.sku_id,
                units=line.units,
                unit_minor=100,
                amount_minor=100 * line.units,
                tax_minor=20 * line.units,
                tax_rate_basis_points=2500,
                seller_entity_id=draft.seller_entity_id,
                **_where(line, counters),
            )
            for line_id, line in zip(ids, draft.lines, strict=True)
        ),
    )


def _where(line: DraftLine, counters: dict[str, int]) -> dict[str, int]:
    if line.kind is not LineKind.GOODS:
        return {"handed_over": line.units}
    return counters or {"held": line.units}


def placed(conn: Conn, drafts: Sequence[Draft], *, now: datetime = NOON, **counters: int) -> list[NewOrder]:
    """Recognise and write drafts that are all new."""
    orders: list[NewOrder] = []
    for draft, outcome in zip(drafts, recognise(conn, drafts, now=now), strict=True):
        assert isinstance(outcome, New), outcome
        orders.append(new_order(outcome.order_id, draft, **counters))
    write_orders(conn, orders, now=now)
    return orders
