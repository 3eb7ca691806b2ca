"""Which batches of coupons may be saved, and put in force. Pure, decided in the order asked.

What is published is never changed, so that a coupon goes on to give what it gave when somebody got it.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from loopline.kernel.ids import PartyId
from loopline.kernel.money import BASIS_POINTS
from loopline.kernel.refusals import Refusal
from loopline.pricing.changes import TakesEffectInThePast
from loopline.pricing.coupons.model import Batch, BatchState, CouponEffect, NewBatch, OffAmount, OffPercentage
from loopline.pricing.coupons.refusals import BatchNotUsable, BatchStands
from loopline.pricing.discounts import Bearer
from loopline.pricing.promotions.changes import (
    CodeIsOfPoints,
    FundersDoNotAddUp,
    NothingToPublish,
    funders_are_sound,
    is_of_points,
    refusal_to_fund,
)
from loopline.pricing.promotions.model import FundingAgreement

TOTAL_MOST = 10_000_000
DAYS_MOST = 3_660
_MINOR_MOST = 10**12
_GUESSED_BELOW = 8
_SHARED_CODE = re.compile(r"[A-Z0-9]{4,20}\Z")


def read_shared_code(text: str) -> str:
    """Return a shared code in its one spelling, however it was typed."""
    return text.strip().upper().replace("-", "").replace(" ", "")


def is_guessable(batch: NewBatch) -> bool:
    """Tell whether one who guesses the shared code could take all of the batch: it is short, and nobody has a limit."""
    shared = batch.shared_code
    return shared is not None and len(shared) < _GUESSED_BELOW and batch.per_person is None


def problem_of(new: NewBatch) -> Refusal | None:
    """Return what is wrong with a batch, whatever else there is; the first thing found."""
    asked = new.conditions
    texts = {
        "code": new.code,
        "name": new.name,
        "comment": new.comment,
        "channels": "".join(asked.channels),
        "categories": "".join(asked.categories),
    }
    sound = {field: text.isprintable() for field, text in texts.items()} | {
        "code": new.code == new.code.strip() != "" and new.code.isprintable(),
        "name": new.name.strip() != "" and new.name.isprintable(),
        "comment": new.comment.strip() != "" and new.comment.isprintable(),
        "currency": len(new.currency) == 3 and new.currency.isascii() and new.currency.isupper(),
        "effect": _is_sound(new.effect),
        "least_minor": 0 <= new.least_minor <= _MINOR_MOST,
        "total": 0 < new.total <= TOTAL_MOST,
        "per_person": new.per_person is None or 0 < new.per_person <= new.total,
        "days": new.days is None or 0 < new.days <= DAYS_MOST,
        "valid_until": _has_an_end(new),
        "shared_code": new.shared_code is None or _SHARED_CODE.match(new.shared_code) is not None,
        "conditions": (asked.live_room, asked.member_tier, asked.members_only) == (None, None, False),
        "funders": funders_are_sound(new.funders),
    }
    wrong = next((field for field, holds in sound.items() if not holds), None)
    if wrong is not None:
        return BatchNotUsable(value=new.code, field=wrong)
    if is_of_points(new.code):
        return CodeIsOfPoints(value=new.code)
    whole = sum(one.basis_points for one in new.funders)
    return None if whole == BASIS_POINTS else FundersDoNotAddUp(value=new.code, basis_points=whole)


def _has_an_end(new: NewBatch) -> bool:
    if new.valid_until is None:
        return new.days is not None
    return new.valid_from is None or new.valid_from < new.valid_until


def _is_sound(effect: CouponEffect) -> bool:
    match effect:
        case OffAmount(amount_minor=amount):
            return 0 < amount <= _MINOR_MOST
        case OffPercentage(basis_points=points, most_minor=most):
            return 0 < points <= BASIS_POINTS and (most is None or 0 < most <= _MINOR_MOST)


def refusal_to_change(new: NewBatch, standing: Batch | None) -> Refusal | None:
    """Return why a draft cannot be saved under its code."""
    if standing is not None and standing.state is not BatchState.DRAFT:
        return BatchStands(value=new.code)
    return problem_of(new)


def refusal_to_publish(
    draft: Batch | None,
    *,
    code: str,
    named: Mapping[Bearer, Mapping[PartyId, str]],
    agreed: Sequence[FundingAgreement],
    now: datetime,
) -> Refusal | None:
    """Refuse what is no draft, is over before it begins, or would make somebody pay who never agreed.

    Who bears a part has to have agreed for as long as a coupon can be used: without a last day, for good.
    """
    if draft is None or draft.state is not BatchState.DRAFT:
        return NothingToPublish(value=code)
    since = draft.valid_from or now
    if since < now - timedelta(days=1) or (draft.valid_until is not None and draft.valid_until <= now):
        return TakesEffectInThePast(valid_from=draft.valid_until or since)
    return refusal_to_fund(draft, since=max(since, now), named=named, agreed=agreed)
