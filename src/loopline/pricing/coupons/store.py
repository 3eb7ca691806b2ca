"""One function per statement of `store.sql`."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from loopline.db import (
    Conn,
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
from loopline.kernel.ids import CouponBatchId, CouponId, MemberId, OrderId, OrgUnitId, SiteId
from loopline.kernel.scope import Scope
from loopline.pricing.coupons.model import (
    Batch,
    BatchFigures,
    Coupon,
    CouponStep,
    DiscountName,
    LineOff,
    NewBatch,
    Use,
)

SQL = statements(__file__)

_encode = msgspec.json.Encoder(order="sorted").encode


def _storable(values: Iterable[str]) -> list[str]:
    """What can stand in the database at all."""
    return [value for value in dict.fromkeys(values) if "\x00" not in value]


def batches_by_codes(conn: Conn, codes: Iterable[str]) -> list[Batch]:
    return fetch(conn, SQL["batches_by_codes"], Batch, codes=_storable(codes))


def batches_by_ids(conn: Conn, batch_ids: Iterable[CouponBatchId]) -> list[Batch]:
    return fetch(conn, SQL["batches_by_ids"], Batch, batch_ids=uuids(set(batch_ids)))


def batches_by_shared_codes(conn: Conn, shared_codes: Iterable[str]) -> list[Batch]:
    return fetch(conn, SQL["batches_by_shared_codes"], Batch, shared_codes=_storable(shared_codes))


def batches_page(
    conn: Conn,
    *,
    scope: Scope,
    codes: Collection[str] | None,
    before: tuple[datetime, UUID] | None,
    at_most: int,
) -> list[Batch]:
    return fetch(
        conn,
        SQL["batches_page"],
        Batch,
        everything=scope.everything,
        site_ids=uuids(scope.sites),
        org_unit_ids=uuids(scope.org_units),
        codes=None if codes is None else _storable(codes),
        before_at=None if before is None else before[0],
        before_id=None if before is None else before[1],
        at_most=at_most,
    )


def batches_for_staff(
    conn: Conn, *, site_id: SiteId, unit_path: Sequence[OrgUnitId], now: datetime, at_most: int
) -> list[Batch]:
    return fetch(
        conn,
        SQL["batches_for_staff"],
        Batch,
        site_id=site_id,
        unit_path=uuids(unit_path),
        now=now,
        at_most=at_most,
    )


def lock_codes(conn: Conn, codes: Iterable[str]) -> None:
    execute(conn, SQL["lock_codes"], codes=_storable(codes))


def put_drafts(conn: Conn, drafts: Sequence[Batch]) -> None:
    fields = (*NewBatch.__struct_fields__, "id", "saved_at")
    rows: list[dict[str, Any]] = [{name: getattr(one, name) for name in fields} for one in drafts]
    execute(conn, SQL["put_drafts"], drafts=_encode(rows).decode())


def publish_batches(conn: Conn, batch_ids: Iterable[CouponBatchId], *, by: str, now: datetime) -> None:
    execute(conn, SQL["publish_batches"], batch_ids=uuids(batch_ids), by=by, now=now)


def stop_batches(conn: Conn, batch_ids: Iterable[CouponBatchId], *, by: str, now: datetime) -> None:
    execute(conn, SQL["stop_batches"], batch_ids=uuids(batch_ids), by=by, now=now)


def lock_batches(conn: Conn, batch_ids: Iterable[CouponBatchId]) -> None:
    execute(conn, SQL["lock_batches"], batch_ids=uuids(set(batch_ids)))


def holdings(
    conn: Conn, keys: Sequence[tuple[CouponBatchId, MemberId]]
) -> dict[tuple[CouponBatchId, MemberId], int]:
    rows = fetch_rows(
        conn,
        SQL["holdings"],
        batch_ids=uuids([batch_id for batch_id, _ in keys]),
        member_ids=uuids([member_id for _, member_id in keys]),
    )
    return {(CouponBatchId(batch_id), MemberId(member_id)): coupons for batch_id, member_id, coupons in rows}


def copy_coupons(conn: Conn, coupons: Sequence[Coupon]) -> None:
    copy_rows(
        conn,
        SQL["copy_coupons"],
        (
            (
                one.id,
                one.batch_id,
                one.secret,
                one.member_id,
                one.how.value,
                one.given_by,
                one.given_at,
                one.valid_from,
                one.valid_until,
            )
            for one in coupons
        ),
    )


def count_given(conn: Conn, coupons: Sequence[Coupon]) -> None:
    execute(
        conn,
        SQL["count_given"],
        batch_ids=uuids([one.batch_id for one in coupons]),
        member_ids=uuids([one.member_id for one in coupons]),
    )


def claim_coupon(conn: Conn, coupon_id: CouponId, member_id: MemberId) -> bool:
    return execute(conn, SQL["claim_coupon"], coupon_id=coupon_id, member_id=member_id) == 1


def lock_free_coupons(conn: Conn, secrets: Iterable[str]) -> list[Coupon]:
    return fetch(conn, SQL["lock_free_coupons"], Coupon, secrets=_storable(secrets))


def coupons_by_secrets(conn: Conn, secrets: Iterable[str]) -> list[Coupon]:
    return fetch(conn, SQL["coupons_by_secrets"], Coupon, secrets=_storable(secrets))


def coupons_of_member(conn: Conn, member_id: MemberId, *, now: datetime, at_most: int) -> list[Coupon]:
    return fetch(conn, SQL["coupons_of_member"], Coupon, member_id=member_id, now=now, at_most=at_most)


def coupons_of_batch(
    conn: Conn, batch_id: CouponBatchId, *, after: CouponId | None, at_most: int
) -> list[Coupon]:
    return fetch(conn, SQL["coupons_of_batch"], Coupon, batch_id=batch_id, after=after, at_most=at_most)


def lock_coupons_of_orders(conn: Conn, order_ids: Iterable[OrderId]) -> list[Coupon]:
    return fetch(conn, SQL["lock_coupons_of_orders"], Coupon, order_ids=uuids(set(order_ids)))


def take_coupons(conn: Conn, uses: Sequence[Use], *, now: datetime) -> int:
    return execute(
        conn,
        SQL["take_coupons"],
        coupon_ids=uuids([one.coupon_id for one in uses]),
        order_ids=uuids([one.order_id for one in uses]),
        states=texts(["spent" if one.is_spent else "held" for one in uses]),
        offs=integers([one.off_minor for one in uses]),
        amounts=integers([one.order_minor for one in uses]),
        now=now,
    )


def copy_line_offs(conn: Conn, uses: Sequence[Use]) -> None:
    copy_rows(
        conn,
        SQL["copy_line_offs"],
        ((one.coupon_id, one.order_id, line_id, minor) for one in uses for line_id, minor in one.lines),
    )


def copy_entries(conn: Conn, coupons: Sequence[Coupon], step: CouponStep, *, now: datetime) -> None:
    copy_rows(conn, SQL["copy_entries"], ((one.id, step.value, one.order_id, now) for one in coupons))


def line_offs(conn: Conn, order_ids: Iterable[OrderId]) -> list[LineOff]:
    return fetch(conn, SQL["line_offs"], LineOff, order_ids=uuids(set(order_ids)))


def spend_coupons(conn: Conn, order_ids: Iterable[OrderId], *, now: datetime) -> int:
    return execute(conn, SQL["spend_coupons"], order_ids=uuids(set(order_ids)), now=now)


def give_back(conn: Conn, coupons: Sequence[tuple[CouponId, OrderId, datetime]], *, now: datetime) -> int:
    return execute(
        conn,
        SQL["give_back"],
        coupon_ids=uuids([coupon_id for coupon_id, _, _ in coupons]),
        order_ids=uuids([order_id for _, order_id, _ in coupons]),
        until=moments([until for _, _, until in coupons]),
        now=now,
    )


def lock_coupons_to_retake(conn: Conn, coupon_ids: Iterable[CouponId]) -> set[CouponId]:
    return set(fetch_values(conn, SQL["lock_coupons_to_retake"], coupon_ids=uuids(set(coupon_ids))))


def figures(conn: Conn, batch_ids: Iterable[CouponBatchId]) -> list[BatchFigures]:
    return fetch(conn, SQL["figures"], BatchFigures, batch_ids=uuids(set(batch_ids)))


def names_of_discounts(conn: Conn, ids: Iterable[UUID]) -> list[DiscountName]:
    return fetch(conn, SQL["names_of_discounts"], DiscountName, ids=uuids(set(ids)))
