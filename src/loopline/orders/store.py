"""One function per statement of `store.sql`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from loopline.db import (
    Conn,
    byte_strings,
    copy_rows,
    execute,
    fetch,
    fetch_rows,
    fetch_values,
    integers,
    moments,
    statements,
    texts,
    uuids,
)
from loopline.kernel.ids import LineId, MemberId, OrderId, SkuId, uuid7s
from loopline.orders.model import NO_ASKER, Draft, LineKind, LineUnits, NewOrder, PutOff, WaitsFor
from loopline.orders.rules import COUNTERS

SQL = statements(__file__)


class Claim(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A number, the content it came with, and the order it would be."""

    channel: str
    external_number: str
    content_hash: bytes
    order_id: OrderId
    placed_at: datetime


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A number that is an order."""

    channel: str
    external_number: str
    content_hash: bytes
    order_id: OrderId


class SeenConflict(msgspec.Struct, frozen=True, kw_only=True):
    """A draft whose number is another order."""

    draft: Draft
    content_hash: bytes
    order_id: OrderId


def insert_known(conn: Conn, claims: Sequence[Claim], *, now: datetime) -> set[tuple[str, str]]:
    """Return the numbers that were claimed."""
    return {
        (channel, external_number)
        for channel, external_number in fetch_rows(
            conn,
            SQL["insert_known"],
            channels=texts([claim.channel for claim in claims]),
            external_numbers=texts([claim.external_number for claim in claims]),
            content_hashes=byte_strings([claim.content_hash for claim in claims]),
            order_ids=uuids([claim.order_id for claim in claims]),
            placed_at=moments([claim.placed_at for claim in claims]),
            now=now,
        )
    }


def known_numbers(conn: Conn, numbers: Iterable[tuple[str, str]]) -> list[Known]:
    asked = list(numbers)
    return fetch(
        conn,
        SQL["known_numbers"],
        Known,
        channels=[channel for channel, _ in asked],
        external_numbers=[external_number for _, external_number in asked],
    )


def taken_order_ids(conn: Conn, order_ids: Sequence[OrderId]) -> set[OrderId]:
    return set(fetch_values(conn, SQL["taken_order_ids"], order_ids=list(order_ids)))


def delete_known(conn: Conn, numbers: Sequence[tuple[str, str]], *, order_ids: Sequence[OrderId]) -> int:
    return execute(
        conn,
        SQL["delete_known"],
        channels=[channel for channel, _ in numbers],
        external_numbers=[external_number for _, external_number in numbers],
        order_ids=list(order_ids),
    )


def keep_conflicts(conn: Conn, conflicts: Sequence[SeenConflict], *, now: datetime) -> int:
    times: dict[tuple[str, str, bytes], int] = {}
    kept: dict[tuple[str, str, bytes], SeenConflict] = {}
    for conflict in conflicts:
        key = (conflict.draft.channel, conflict.draft.external_number, conflict.content_hash)
        times[key] = times.get(key, 0) + 1
        kept.setdefault(key, conflict)
    return execute(
        conn,
        SQL["keep_conflicts"],
        ids=uuid7s(now, len(kept)),
        channels=[channel for channel, _, _ in kept],
        external_numbers=[external_number for _, external_number, _ in kept],
        order_ids=[conflict.order_id for conflict in kept.values()],
        content_hashes=[content_hash for _, _, content_hash in kept],
        contents=[_content_of(conflict.draft) for conflict in kept.values()],
        times=list(times.values()),
        now=now,
    )


def _content_of(draft: Draft) -> str:
    return msgspec.json.encode(msgspec.structs.replace(draft, asker=NO_ASKER)).decode()


def number_orders(conn: Conn, orders: Sequence[NewOrder]) -> list[int]:
    """Return a running number for each order; those that wait to be paid with goods to lose are noted as such."""
    waiting = [
        (one, one.pay_until)
        for one in orders
        if one.pay_until is not None and any(line.held or line.parked for line in one.lines)
    ]
    return fetch_values(
        conn,
        SQL["number_orders"],
        count=len(orders),
        order_ids=uuids([one.order_id for one, _ in waiting]),
        member_ids=uuids([one.draft.member_id for one, _ in waiting]),
        addresses=uuids([one.draft.asker.address for one, _ in waiting]),
        devices=uuids([one.draft.asker.device for one, _ in waiting]),
        pay_until=moments([until for _, until in waiting]),
    )


def copy_orders(conn: Conn, rows: Iterable[Sequence[Any]]) -> int:
    return copy_rows(conn, SQL["copy_orders"], rows)


def copy_quotes(conn: Conn, rows: Iterable[Sequence[Any]]) -> int:
    return copy_rows(conn, SQL["copy_quotes"], rows)


def copy_lines(conn: Conn, rows: Iterable[Sequence[Any]]) -> int:
    return copy_rows(conn, SQL["copy_lines"], rows)


def lock_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[OrderId]:
    return fetch_values(
        conn,
        SQL["lock_orders"],
        order_ids=uuids(order_ids),
        first_id=min(order_ids),
        last_id=max(order_ids),
    )


def line_units(conn: Conn, keys: Sequence[tuple[OrderId, LineId]]) -> dict[tuple[OrderId, LineId], LineUnits]:
    order_ids = [order_id for order_id, _ in keys]
    rows = fetch_rows(
        conn,
        SQL["line_units"],
        order_ids=uuids(order_ids),
        line_ids=uuids(line_id for _, line_id in keys),
        first_id=min(order_ids),
        last_id=max(order_ids),
    )
    return {
        (order_id, line_id): LineUnits(
            kind=LineKind(kind),
            units=units,
            parked=parked,
            held=held,
            allocated=allocated,
            handed_over=handed_over,
            cancelled=cancelled,
            returned=returned,
            lost=lost,
        )
        for (
            order_id,
            line_id,
            kind,
            units,
            parked,
            held,
            allocated,
            handed_over,
            cancelled,
            returned,
            lost,
        ) in rows
    }


def change_lines(conn: Conn, deltas: Mapping[tuple[OrderId, LineId], Sequence[int]]) -> int:
    order_ids = [order_id for order_id, _ in deltas]
    return execute(
        conn,
        SQL["change_lines"],
        order_ids=uuids(order_ids),
        line_ids=uuids(line_id for _, line_id in deltas),
        first_id=min(order_ids),
        last_id=max(order_ids),
        **_columns(deltas.values()),
    )


def change_orders(
    conn: Conn, deltas: Mapping[OrderId, Sequence[int]], *, now: datetime, ran_out: bool
) -> int:
    return execute(
        conn,
        SQL["change_orders"],
        ran_out=ran_out,
        order_ids=uuids(deltas),
        first_id=min(deltas),
        last_id=max(deltas),
        now=now,
        **_columns(deltas.values()),
    )


def put_off(conn: Conn, puts: Sequence[PutOff]) -> int:
    order_ids = [one.order_id for one in puts]
    return execute(
        conn,
        SQL["put_off"],
        order_ids=uuids(order_ids),
        source_after=[one.until for one in puts],
        waits_for=[one.waits_for for one in puts],
        first_id=min(order_ids),
        last_id=max(order_ids),
    )


def wake_up(conn: Conn, waits_for: WaitsFor, *, limit: int | None, now: datetime) -> int:
    return execute(conn, SQL["wake_up"], waits_for=waits_for, limit=limit, now=now)


def wake_orders(conn: Conn, order_ids: Sequence[OrderId], *, now: datetime) -> set[OrderId]:
    return set(fetch_values(conn, SQL["wake_orders"], order_ids=uuids(order_ids), now=now))


def wake_for_goods(
    conn: Conn, waits_for: Collection[WaitsFor], sku_ids: Sequence[SkuId], *, limit: int, now: datetime
) -> int:
    return execute(
        conn,
        SQL["wake_for_goods"],
        waits_for=list(waits_for),
        sku_ids=uuids(sku_ids),
        limit=limit,
        now=now,
    )


def set_in_work(conn: Conn, order_ids: Sequence[OrderId], *, now: datetime) -> set[OrderId]:
    return set(
        fetch_values(
            conn,
            SQL["set_in_work"],
            order_ids=uuids(order_ids),
            first_id=min(order_ids),
            last_id=max(order_ids),
            now=now,
        )
    )


def set_paid(conn: Conn, order_ids: Sequence[OrderId], *, now: datetime, was_paid: bool) -> int:
    return execute(
        conn,
        SQL["set_paid"],
        was_paid=was_paid,
        order_ids=uuids(order_ids),
        first_id=min(order_ids),
        last_id=max(order_ids),
        now=now,
    )


def blank_destinations(conn: Conn, member_ids: Sequence[MemberId]) -> int:
    return execute(conn, SQL["blank_destinations"], member_ids=list(member_ids))


def blank_conflicts(conn: Conn, member_ids: Sequence[MemberId]) -> int:
    return execute(conn, SQL["blank_conflicts"], member_ids=[str(member_id) for member_id in member_ids])


def _columns(rows: Iterable[Sequence[int]]) -> dict[str, str]:
    """Turn rows of deltas into one array literal per counter."""
    return dict(zip(COUNTERS, map(integers, zip(*rows, strict=True)), strict=True))
