"""Which promotions may be saved, put in force and ended. Pure, decided in the order asked.

Nothing takes effect in the past, and what is published is never changed: the next version takes over from its
beginning on, or an end is brought forward.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from loopline.kernel.ids import PartyId
from loopline.kernel.money import BASIS_POINTS
from loopline.kernel.refusals import Refusal
from loopline.pricing.changes import AfterListEnds, TakesEffectInThePast
from loopline.pricing.discounts import POINTS_CODE, Bearer
from loopline.pricing.promotions.model import (
    AmountOff,
    Bundle,
    Effect,
    FixedPrice,
    Funder,
    FundingAgreement,
    Gift,
    NewPromotion,
    PercentageOff,
    Promotion,
    PromotionEnd,
    Threshold,
)

_STEPS_MOST = 20
_UNITS_MOST = 100
GROUPS_MOST = 9
_MINOR_MOST = 10**12


class PromotionNotUsable(Refusal, frozen=True, kw_only=True):
    """Promotion {value}: {field} cannot be used."""

    value: str
    field: str


class CodeIsOfPoints(Refusal, frozen=True, kw_only=True):
    """{value} is what points are called. Give it another code."""

    value: str


class PromotionUnknown(Refusal, frozen=True, kw_only=True):
    """There is no promotion {value}."""

    value: str


class NothingToPublish(Refusal, frozen=True, kw_only=True):
    """Nothing of promotion {value} waits to be published."""

    value: str


class PromotionNotTried(Refusal, frozen=True, kw_only=True):
    """Promotion {value} was changed since it was last tried on the past. Try it before it is published."""

    value: str


class PromotionChangedMeanwhile(Refusal, frozen=True, kw_only=True):
    """Promotion {value} was changed since you looked at it. Look again before it is published."""

    value: str


class FundersDoNotAddUp(Refusal, frozen=True, kw_only=True):
    """What is borne of promotion {value} comes to {basis_points} basis points, not to 10000."""

    value: str
    basis_points: int


class NeverAgreedToFund(Refusal, frozen=True, kw_only=True):
    """{party} never agreed to bear {basis_points} basis points of promotion {value} for all its time."""

    value: str
    party: str
    basis_points: int


class NobodyToFund(Refusal, frozen=True, kw_only=True):
    """Promotion {value} is to be borne by somebody who is no party of the brand: {bearer}."""

    value: str
    bearer: Bearer


def problem_of(new: NewPromotion) -> Refusal | None:
    """Return what is wrong with a promotion, whatever else there is; the first thing found."""
    texts = {
        "code": new.code,
        "name": new.name,
        "comment": new.comment,
        "channels": "".join(new.conditions.channels),
        "categories": "".join(new.conditions.categories),
        "live_room": new.conditions.live_room or "",
        "member_tier": new.conditions.member_tier or "",
    }
    wrong = [field for field, text in texts.items() if not text.isprintable()]
    sound = {
        "code": new.code == new.code.strip() != "",
        "name": new.name.strip() != "",
        "comment": new.comment.strip() != "",
        "currency": len(new.currency) == 3 and new.currency.isascii() and new.currency.isupper(),
        "group": 1 <= new.group <= GROUPS_MOST,
        "most_minor": new.most_minor is None
        or (0 < new.most_minor <= _MINOR_MOST and not isinstance(new.effect, Gift)),
        "is_exclusive": not (new.is_exclusive and isinstance(new.effect, Gift)),
        "valid_until": new.valid_until is None or new.valid_from is None or new.valid_from < new.valid_until,
        "effect": _is_sound(new.effect),
        "funders": funders_are_sound(new.funders),
    }
    wrong += [field for field, holds in sound.items() if not holds]
    if wrong:
        return PromotionNotUsable(value=new.code, field=wrong[0])
    if is_of_points(new.code):
        return CodeIsOfPoints(value=new.code)
    whole = sum(one.basis_points for one in new.funders)
    return None if whole == BASIS_POINTS else FundersDoNotAddUp(value=new.code, basis_points=whole)


def is_of_points(code: str) -> bool:
    """Tell whether a code is the one of points, however it is written: statements tell of what was borne by codes."""
    return code.upper() == POINTS_CODE


def _is_sound(effect: Effect) -> bool:
    match effect:
        case PercentageOff():
            return 0 < effect.basis_points <= BASIS_POINTS
        case AmountOff():
            return 0 < effect.amount_minor <= _MINOR_MOST
        case FixedPrice():
            return 0 <= effect.unit_minor <= _MINOR_MOST
        case Threshold():
            froms = [step.from_minor for step in effect.steps]
            return (
                0 < len(froms) <= (1 if effect.is_repeated else _STEPS_MOST)
                and len(set(froms)) == len(froms)
                and all(
                    0 < step.off_minor <= step.from_minor and step.from_minor <= _MINOR_MOST
                    for step in effect.steps
                )
            )
        case Bundle():
            return 2 <= effect.units <= _UNITS_MOST and 0 <= effect.price_minor <= _MINOR_MOST
        case Gift():
            reached = [one for one in (effect.from_units, effect.from_minor) if one is not None]
            return 1 <= effect.units <= _UNITS_MOST and len(reached) == 1 and 0 < reached[0] <= _MINOR_MOST


def funders_are_sound(funders: Sequence[Funder]) -> bool:
    """Tell whether each who bears a part is named once, and parties by who they are; not whether the parts add up."""
    keys = [(one.bearer, one.party_id) for one in funders]
    return (
        bool(keys)
        and len(set(keys)) == len(keys)
        and all((one.bearer is Bearer.PARTY) == (one.party_id is not None) for one in funders)
        and all(0 < one.basis_points <= BASIS_POINTS for one in funders)
    )


def refusal_to_publish(
    draft: Promotion | None,
    *,
    code: str,
    named: Mapping[Bearer, Mapping[PartyId, str]],
    agreed: Sequence[FundingAgreement],
    now: datetime,
) -> Refusal | None:
    """Refuse what was not tried, would begin in the past, or would make somebody pay who never agreed.

    `named` are the parties, with their codes, that each bearer may turn out to be, wherever the promotion holds.
    """
    if draft is None:
        return NothingToPublish(value=code)
    since = draft.valid_from or now
    if since < now or (draft.valid_until is not None and draft.valid_until <= since):
        return TakesEffectInThePast(valid_from=since if since < now else draft.valid_until or since)
    if draft.tried_at is None:
        return PromotionNotTried(value=code)
    return refusal_to_fund(draft, since=since, named=named, agreed=agreed)


class Funded(Protocol):
    """What somebody bears: of which code, in which currency, until when."""

    @property
    def code(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def valid_until(self) -> datetime | None: ...
    @property
    def funders(self) -> tuple[Funder, ...]: ...


def refusal_to_fund(
    draft: Funded,
    *,
    since: datetime,
    named: Mapping[Bearer, Mapping[PartyId, str]],
    agreed: Sequence[FundingAgreement],
) -> Refusal | None:
    """Refuse what would make somebody pay who never agreed to bear so much from a moment on."""
    refusals = (
        _refusal_to_name(funder, draft, since=since, named=named, agreed=agreed) for funder in draft.funders
    )
    return next((one for one in refusals if one is not None), None)


def _refusal_to_name(
    funder: Funder,
    draft: Funded,
    *,
    since: datetime,
    named: Mapping[Bearer, Mapping[PartyId, str]],
    agreed: Sequence[FundingAgreement],
) -> Refusal | None:
    if funder.bearer is Bearer.SELLER:
        return None
    known = named.get(funder.bearer, {})
    asked = {funder.party_id} & known.keys() if funder.party_id is not None else known.keys()
    if not asked:
        return NobodyToFund(value=draft.code, bearer=funder.bearer)
    for party_id in sorted(asked, key=known.__getitem__):
        has_agreed = any(
            one.party_id == party_id
            and one.currency == draft.currency
            and one.most_basis_points >= funder.basis_points
            and one.covers(since=since, until=draft.valid_until)
            for one in agreed
        )
        if not has_agreed:
            return NeverAgreedToFund(
                value=draft.code, party=known[party_id], basis_points=funder.basis_points
            )
    return None


def refusal_of_end(end: PromotionEnd, *, standing: Mapping[UUID, Promotion], now: datetime) -> Refusal | None:
    """Refuse an end in the past, or later than one that was told already."""
    one = standing.get(end.promotion_id)
    if one is None or one.valid_from is None or one.published_at is None:
        return PromotionUnknown(value=str(end.promotion_id))
    if end.valid_until < now:
        return TakesEffectInThePast(valid_from=end.valid_until)
    if one.valid_until is not None and end.valid_until > one.valid_until:
        return AfterListEnds(valid_until=one.valid_until)
    return None
