"""Reads of coupons."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from loopline.db import Conn
from loopline.kernel.ids import CouponBatchId, CouponId, MemberId, OrderId, OrgUnitId, SiteId
from loopline.kernel.scope import Scope
from loopline.pricing.coupons import store
from loopline.pricing.coupons.changes import read_shared_code
from loopline.pricing.coupons.codes import read_secret
from loopline.pricing.coupons.model import Batch, BatchFigures, Coupon, DiscountName, LineOff, Offer


def batches_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, Batch]:
    """Return batches by code; unknown codes are left out."""
    return {one.code: one for one in store.batches_by_codes(conn, codes)}


def batches_by_id(conn: Conn, batch_ids: Iterable[UUID]) -> dict[UUID, Batch]:
    """Return batches by id; unknown ids are left out."""
    wanted = {CouponBatchId(batch_id) for batch_id in batch_ids}
    return {one.id: one for one in store.batches_by_ids(conn, wanted)} if wanted else {}


def batch_by_shared_code(conn: Conn, text: str) -> Batch | None:
    """Return the batch that a shared code leads to, however it was typed; published or not."""
    found = store.batches_by_shared_codes(conn, [read_shared_code(text)])
    return found[0] if found else None


def batches_page(
    conn: Conn,
    *,
    scope: Scope,
    codes: Collection[str] | None = None,
    before: tuple[datetime, UUID] | None = None,
    at_most: int,
) -> list[Batch]:
    """Return a page of the batches that somebody may see, the last saved first: of the scope, and of no place."""
    return store.batches_page(conn, scope=scope, codes=codes, before=before, at_most=at_most)


def batches_for_staff(
    conn: Conn, *, site_id: SiteId, unit_path: Sequence[OrgUnitId], now: datetime, at_most: int
) -> list[Batch]:
    """Return the batches that staff of a site may give now, by name."""
    return store.batches_for_staff(conn, site_id=site_id, unit_path=unit_path, now=now, at_most=at_most)


def figures_of_batches(conn: Conn, batch_ids: Collection[CouponBatchId]) -> dict[CouponBatchId, BatchFigures]:
    """Return what became of batches; of those whose coupons nobody took, nothing."""
    return {one.batch_id: one for one in store.figures(conn, batch_ids)} if batch_ids else {}


def coupons_of_batch(
    conn: Conn, batch_id: CouponBatchId, *, after: CouponId | None = None, at_most: int
) -> list[Coupon]:
    """Return coupons of a batch in the order in which they were given."""
    return store.coupons_of_batch(conn, batch_id, after=after, at_most=at_most)


def offers_of_member(conn: Conn, member_id: MemberId, *, now: datetime, at_most: int) -> list[Offer]:
    """Return a member's coupons with what they give: usable and held ones first, the soonest to end first."""
    return _with_batches(conn, store.coupons_of_member(conn, member_id, now=now, at_most=at_most))


def offers_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, Offer]:
    """Return coupons by their codes, however these were typed, as they stand; unknown ones are left out."""
    return _by_code(_with_batches(conn, store.coupons_by_secrets(conn, map(read_secret, codes))), codes)


def lock_free_offers(conn: Conn, codes: Iterable[str]) -> dict[str, Offer]:
    """Return coupons by their codes that are free, and keep others from taking them to the end of the transaction.

    One that a rival is about to take is passed over, not waited for.
    """
    return _by_code(_with_batches(conn, store.lock_free_coupons(conn, map(read_secret, codes))), codes)


def _by_code(offers: Sequence[Offer], codes: Iterable[str]) -> dict[str, Offer]:
    found = {one.coupon.secret: one for one in offers}
    return {code: found[read_secret(code)] for code in codes if read_secret(code) in found}


def _with_batches(conn: Conn, coupons: Sequence[Coupon]) -> list[Offer]:
    if not coupons:
        return []
    batches = {one.id: one for one in store.batches_by_ids(conn, {one.batch_id for one in coupons})}
    return [Offer(coupon=one, batch=batches[one.batch_id]) for one in coupons]


def lock_coupons_of_orders(conn: Conn, order_ids: Collection[OrderId]) -> list[Coupon]:
    """Return the coupons that orders hold, or that were spent on them, and keep others from changing where they stand.

    Waits for who does; what such a rival changed can be read after it.
    """
    return store.lock_coupons_of_orders(conn, order_ids) if order_ids else []


def line_offs(conn: Conn, order_ids: Collection[OrderId]) -> list[LineOff]:
    """Return what coupons took off lines of orders, whatever became of the coupons since."""
    return store.line_offs(conn, order_ids) if order_ids else []


def names_of_discounts(conn: Conn, ids: Collection[UUID]) -> dict[UUID, DiscountName]:
    """Return what takes something off is called: versions of promotions, batches of coupons; unknown ids left out."""
    return {one.id: one for one in store.names_of_discounts(conn, ids)} if ids else {}
