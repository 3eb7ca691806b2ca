"""What coupons say happened. Ids only; processes append these to the log, last."""

from loopline.kernel.events import EventBody
from loopline.kernel.ids import CouponBatchId, CouponId, MemberId, OrderId


class CouponGiven(EventBody, frozen=True, kw_only=True):
    """A member got a coupon: given by somebody, or claimed."""

    coupon_id: CouponId
    batch_id: CouponBatchId
    member_id: MemberId
    is_claimed: bool


class CouponsTaken(EventBody, frozen=True, kw_only=True):
    """An order took coupons: held until it is paid, or spent at once where nothing is to be paid first."""

    order_id: OrderId
    coupon_ids: tuple[CouponId, ...]
    off_minor: int
    currency: str
    is_spent: bool


class CouponsCameBack(EventBody, frozen=True, kw_only=True):
    """An order gave coupons back: it was called off, or all came back that they had taken something off."""

    order_id: OrderId
    coupon_ids: tuple[CouponId, ...]


class CouponNotTaken(EventBody, frozen=True, kw_only=True):
    """A sale that happened named a coupon that could not be used; `reason` is the code of the refusal."""

    order_id: OrderId
    coupon_id: CouponId | None
    reason: str
