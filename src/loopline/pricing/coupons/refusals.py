"""Why a coupon is not given, or takes nothing off a cart: a reason each, with the coupon it names."""

from datetime import datetime

from loopline.kernel.refusals import Refusal


class BatchChangedMeanwhile(Refusal, frozen=True, kw_only=True):
    """Batch {value} was changed since you looked at it. Look again before it is published."""

    value: str


class CouponUnknown(Refusal, frozen=True, kw_only=True):
    """There is no coupon {coupon}."""

    coupon: str


class CouponNotYours(Refusal, frozen=True, kw_only=True):
    """Coupon {coupon} was given to somebody else."""

    coupon: str


class CouponNotClaimed(Refusal, frozen=True, kw_only=True):
    """Coupon {coupon} is nobody's yet: the member has to claim it before it is used."""

    coupon: str


class CouponNotRecognised(Refusal, frozen=True, kw_only=True):
    """What was paid is not the price less what coupon {coupon} takes off: the coupon was not used."""

    coupon: str


class CouponHeld(Refusal, frozen=True, kw_only=True):
    """Coupon {coupon} is held by an order that waits to be paid: pay that order, or cancel it."""

    coupon: str


class CouponSpent(Refusal, frozen=True, kw_only=True):
    """Coupon {coupon} was used on another order."""

    coupon: str


class CouponExpired(Refusal, frozen=True, kw_only=True):
    """Coupon {coupon} could be used until {valid_until}."""

    coupon: str
    valid_until: datetime


class CouponNotYetValid(Refusal, frozen=True, kw_only=True):
    """Coupon {coupon} can be used from {valid_from} on."""

    coupon: str
    valid_from: datetime


class CouponOtherCurrency(Refusal, frozen=True, kw_only=True):
    """Coupon {coupon} is for prices in {currency}."""

    coupon: str
    currency: str


class CouponOtherChannel(Refusal, frozen=True, kw_only=True):
    """Coupon {coupon} is not for this way of buying."""

    coupon: str


class CouponOtherPlace(Refusal, frozen=True, kw_only=True):
    """Coupon {coupon} is for other stores than this one."""

    coupon: str


class CouponOtherGoods(Refusal, frozen=True, kw_only=True):
    """Coupon {coupon} is for other goods than these."""

    coupon: str


class CouponNotWithPromotions(Refusal, frozen=True, kw_only=True):
    """Coupon {coupon} is not for goods that a promotion has let you off already."""

    coupon: str


class CouponSpendMore(Refusal, frozen=True, kw_only=True):
    """Coupon {coupon} needs {least_minor} spent on its goods, {missing_minor} more (minor units of {currency})."""

    coupon: str
    least_minor: int
    missing_minor: int
    currency: str


class CouponTakesNothing(Refusal, frozen=True, kw_only=True):
    """Nothing is left to pay that coupon {coupon} could take something off."""

    coupon: str


class CouponNotWithOthers(Refusal, frozen=True, kw_only=True):
    """Coupon {coupon} cannot be used together with another coupon."""

    coupon: str


class CouponsOfOneBatch(Refusal, frozen=True, kw_only=True):
    """Coupon {coupon} is of the same kind as another one: an order takes one of a kind."""

    coupon: str


class TooManyCoupons(Refusal, frozen=True, kw_only=True):
    """An order takes at most {most} coupons."""

    most: int
    field: str = "coupons"


class BatchUnknown(Refusal, frozen=True, kw_only=True):
    """There are no coupons {value}."""

    value: str


class BatchNotUsable(Refusal, frozen=True, kw_only=True):
    """Coupons {value}: {field} cannot be used."""

    value: str
    field: str


class BatchStands(Refusal, frozen=True, kw_only=True):
    """Coupons {value} were published, and are not changed any more. Write others under another code."""

    value: str


class SharedCodeTaken(Refusal, frozen=True, kw_only=True):
    """The code {shared_code} leads to other coupons already."""

    shared_code: str


class BatchNotPublished(Refusal, frozen=True, kw_only=True):
    """Coupons {value} are not published."""

    value: str


class BatchStopped(Refusal, frozen=True, kw_only=True):
    """No more of the coupons {value} are given."""

    value: str


class BatchOver(Refusal, frozen=True, kw_only=True):
    """The time of the coupons {value} is over."""

    value: str


class BatchUsedUp(Refusal, frozen=True, kw_only=True):
    """All {total} of the coupons {value} are given."""

    value: str
    total: int


class PersonHasEnough(Refusal, frozen=True, kw_only=True):
    """Nobody gets more than {per_person} of the coupons {value}."""

    value: str
    per_person: int


class NotGivenByStaff(Refusal, frozen=True, kw_only=True):
    """The coupons {value} are not for staff to give."""

    value: str
