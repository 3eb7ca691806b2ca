"""Coupons to test with."""

from datetime import datetime, timedelta
from typing import Any

from loopline.db import Conn
from loopline.kernel.ids import CouponBatchId, CouponId, MemberId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.pricing.coupons import (
    Batch,
    Coupon,
    CouponEffect,
    GivenHow,
    NewBatch,
    OffAmount,
    Offer,
)
from loopline.pricing.coupons.codes import new_secret
from loopline.processes.coupons.batches import WantedBatch, publish, save
from loopline.processes.coupons.giving import WantedGift, give
from tests.make.org import succeeded
from tests.make.pricing import NOW, START, new_id

THIRTY = OffAmount(amount_minor=3_000)
BY = "person:tester"


def new_batch(code: str, effect: CouponEffect = THIRTY, **changes: object) -> NewBatch:
    """A draft in yuan, for all goods, that the seller bears, good for a week."""
    fields: dict[str, object] = {
        "code": code,
        "name": code,
        "currency": "CNY",
        "effect": effect,
        "total": 100,
        "days": 7,
        "author": BY,
        "comment": "a test",
    }
    return NewBatch(**(fields | changes))  # pyright: ignore[reportArgumentType]


def batch(code: str, effect: CouponEffect = THIRTY, **changes: object) -> Batch:
    """A published batch, whose coupons go together with promotions and with one another unless said."""
    fields: dict[str, object] = {
        "id": CouponBatchId(new_id()),
        "code": code,
        "name": code,
        "currency": "CNY",
        "effect": effect,
        "total": 100,
        "days": 7,
        "with_coupons": True,
        "author": BY,
        "comment": "a test",
        "saved_at": START,
        "published_at": START,
        "published_by": BY,
    }
    return Batch(**(fields | changes))  # pyright: ignore[reportArgumentType]


def offer(of: Batch, **changes: object) -> Offer:
    """A coupon of a batch that nobody has, free since the start of 2025 for good."""
    fields: dict[str, object] = {
        "id": CouponId(new_id()),
        "batch_id": of.id,
        "secret": new_secret(),
        "member_id": None,
        "how": GivenHow.CODE,
        "given_by": BY,
        "given_at": START,
        "valid_from": START,
        "valid_until": NOW + timedelta(days=7),
    }
    return Offer(coupon=Coupon(**(fields | changes)), batch=of)  # pyright: ignore[reportArgumentType]


def wanted(code: str, effect: CouponEffect = THIRTY, **fields: Any) -> WantedBatch:
    """A draft as people name it."""
    stated: dict[str, Any] = {"name": code, "currency": "CNY", "comment": "a test", "total": 100, "days": 7}
    return WantedBatch(code=code, effect=effect, **(stated | fields))


def in_force(conn: Conn, code: str, effect: CouponEffect = THIRTY, *, now: datetime, **fields: Any) -> Batch:
    """Save and publish a batch."""
    succeeded(save(conn, [wanted(code, effect, **fields)], scope=WHOLE_BRAND, by=BY, now=now))
    (published,) = succeeded(publish(conn, [code], scope=WHOLE_BRAND, by=BY, now=now))
    return published


def given(conn: Conn, code: str, *members: MemberId | None, now: datetime) -> list[Coupon]:
    """Give coupons of a batch to members, or to nobody."""
    asked = [WantedGift(batch_code=code, member_id=one) for one in members]
    return succeeded(give(conn, asked, scope=WHOLE_BRAND, by=BY, now=now))
