"""Coupons as customers read them: what one gives, from how much on, on what, until when, and why not just now."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from loopline.kernel.refusals import Refusal
from loopline.pricing.coupons import Batch, OffAmount, Offer
from loopline.pricing.coupons.refusals import (
    CouponNotWithPromotions,
    CouponNotYetValid,
    CouponOtherChannel,
    CouponOtherCurrency,
    CouponOtherGoods,
    CouponOtherPlace,
    CouponSpendMore,
    CouponTakesNothing,
)
from loopline.web.languages import Language, marked
from loopline.web.shop.frame import price

ZONE = "Asia/Shanghai"
SHORT: Mapping[type[Refusal], str] = {
    CouponOtherChannel: marked("not for this way of buying"),
    CouponOtherPlace: marked("for other stores"),
    CouponOtherGoods: marked("for other goods"),
    CouponNotWithPromotions: marked("not on goods already let off"),
    CouponTakesNothing: marked("nothing is left to take off"),
    CouponNotYetValid: marked("its time has not begun"),
    CouponOtherCurrency: marked("for prices in another currency"),
}


class CouponWords(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon in words: `gives` in large letters, then what it asks for; `until` is empty before it is given."""

    gives: str
    name: str
    asks: str
    until: str


def coupon_words(language: Language, offer: Offer) -> CouponWords:
    """Say a coupon."""
    return msgspec.structs.replace(
        batch_words(language, offer.batch), until=until_words(language, offer.coupon.valid_until)
    )


def batch_words(language: Language, batch: Batch) -> CouponWords:
    """Say what the coupons of a batch give, before anybody has one."""
    asks = [
        language.say("from {amount} on", amount=price(language, batch.least_minor, batch.currency))
        if batch.least_minor
        else language.say("no least amount"),
        *([language.say("some goods only")] if _is_for_some(batch) else ()),
        *(
            [language.say("some stores only")]
            if batch.conditions.site_id or batch.conditions.org_unit_id
            else ()
        ),
        *([] if batch.with_promotions else [language.say("not on goods already let off")]),
        *([language.say("together with other coupons")] if batch.with_coupons else ()),
    ]
    return CouponWords(
        gives=gives_words(language, batch), name=language.called(batch.name), asks=" · ".join(asks), until=""
    )


def gives_words(language: Language, batch: Batch) -> str:
    """Say what a coupon takes off."""
    if isinstance(batch.effect, OffAmount):
        return language.say("{amount} off", amount=price(language, batch.effect.amount_minor, batch.currency))
    percent = f"{batch.effect.basis_points / 100:g}"
    if batch.effect.most_minor is None:
        return language.say("{percent}% off", percent=percent)
    most = price(language, batch.effect.most_minor, batch.currency)
    return language.say("{percent}% off, {amount} at most", percent=percent, amount=most)


def _is_for_some(batch: Batch) -> bool:
    asked = batch.conditions
    return bool(asked.sku_ids or asked.product_ids or asked.categories)


def until_words(language: Language, at: datetime) -> str:
    """Say until when a coupon can be used."""
    return language.say("until {moment}", moment=language.clock_of_day(at, ZONE))


def why_not(language: Language, refusal: Refusal) -> str:
    """Say why a coupon takes nothing off just now, amounts as customers read them and without its code."""
    if isinstance(refusal, CouponSpendMore):
        missing = price(language, refusal.missing_minor, refusal.currency)
        return language.say("{amount} more of its goods", amount=missing)
    short = SHORT.get(type(refusal))
    return language.say(short) if short is not None else language.refusal(refusal)
