"""Commands of promotions: they are saved, tried, put in force and ended; parties agree to bear a part of them.

What is borne of what was handed over is noted.

Changes take the lock of prices.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import PartyId, uuid7s
from loopline.kernel.money import BASIS_POINTS
from loopline.kernel.refusals import Refusal
from loopline.pricing.changes import TakesEffectInThePast
from loopline.pricing.discounts import Bearer
from loopline.pricing.promotions import store
from loopline.pricing.promotions.changes import (
    PromotionChangedMeanwhile,
    problem_of,
    refusal_of_end,
    refusal_to_publish,
)
from loopline.pricing.promotions.model import (
    Borne,
    FundingAgreement,
    NewPromotion,
    Promotion,
    PromotionEnd,
)
from loopline.pricing.store import lock_prices


class AgreementNotUsable(Refusal, frozen=True, kw_only=True):
    """An agreement to bear promotions needs {field}."""

    field: str


def take_turn(conn: Conn) -> None:
    """Let one transaction at a time change prices and promotions, to its end.

    For who reads before a change what the change depends on.
    """
    lock_prices(conn)


def save_promotions(
    conn: Conn, promotions: Sequence[NewPromotion], *, now: datetime
) -> list[Promotion | Refusal]:
    """Save drafts: the draft that waits under a code anew, or the next version of it. Saved anew, it is not tried."""
    lock_prices(conn)
    last = store.promotions_by_code(conn, (one.code for one in promotions))
    outcomes: list[Promotion | Refusal] = []
    written: dict[str, Promotion] = {}
    for new, new_id in zip(promotions, uuid7s(now, len(promotions)), strict=True):
        problem = problem_of(new)
        if problem is not None:
            outcomes.append(problem)
            continue
        before = last.get(new.code)
        waits = before is not None and before.published_at is None
        saved = Promotion(
            id=before.id if before is not None and waits else new_id,
            version=1 if before is None else before.version if waits else before.version + 1,
            saved_at=now,
            **{name: getattr(new, name) for name in NewPromotion.__struct_fields__},
        )
        last[new.code] = written[new.code] = saved
        outcomes.append(saved)
    store.put_drafts(conn, list(written.values()))
    return outcomes


def note_tried(conn: Conn, one: Promotion, *, now: datetime) -> bool:
    """Note that a version was tried on the past; false where it was saved anew meanwhile, or is published."""
    return store.set_tried(conn, one, now=now)


def publish_promotions(  # noqa: PLR0913 - what, and each thing that it depends on
    conn: Conn,
    codes: Sequence[str],
    *,
    seen: Mapping[str, datetime] | None = None,
    named: Mapping[str, Mapping[Bearer, Mapping[PartyId, str]]],
    by: str,
    now: datetime,
) -> list[Promotion | Refusal]:
    """Put the drafts under some codes in force, each once.

    `named` are, by the promotion's code, the parties with theirs that each bearer may turn out to be where it holds;
    `seen`, by code, when the draft that was looked at was saved.
    """
    lock_prices(conn)
    last = store.promotions_by_code(conn, codes)
    parties = {party_id for of_code in named.values() for one in of_code.values() for party_id in one}
    agreed = store.agreements(conn, parties)
    outcomes: list[Promotion | Refusal] = []
    going: list[Promotion] = []
    for code in codes:
        draft = last.get(code)
        waiting = draft if draft is not None and draft.published_at is None else None
        if waiting is not None and (seen or {}).get(code, waiting.saved_at) != waiting.saved_at:
            outcomes.append(PromotionChangedMeanwhile(value=code))
            continue
        refusal = refusal_to_publish(waiting, code=code, named=named.get(code, {}), agreed=agreed, now=now)
        if refusal is not None or waiting is None:
            assert refusal is not None, "what does not wait is refused"
            outcomes.append(refusal)
            continue
        published = msgspec.structs.replace(
            waiting, published_at=now, published_by=by, valid_from=waiting.valid_from or now
        )
        last[code] = published
        going.append(published)
        outcomes.append(published)
    store.publish_promotions(conn, [one.id for one in going], by=by, now=now)
    return outcomes


def end_promotions(
    conn: Conn, ends: Sequence[PromotionEnd], *, now: datetime
) -> list[PromotionEnd | Refusal]:
    """End published versions now or later; an end may be brought forward, never put off."""
    lock_prices(conn)
    standing = {one.id: one for one in store.promotions_by_id(conn, {end.promotion_id for end in ends})}
    refusals = [refusal_of_end(end, standing=standing, now=now) for end in ends]
    store.end_promotions(conn, [end for end, refusal in zip(ends, refusals, strict=True) if refusal is None])
    return [refusal or end for end, refusal in zip(ends, refusals, strict=True)]


def agree_to_fund(conn: Conn, agreed: Sequence[FundingAgreement]) -> list[FundingAgreement | Refusal]:
    """Keep what parties agreed to bear. Nothing changes it; a promotion may name no more than one of them allows.

    It holds from when it is written down, or later: what was sold before stays with who bore it.
    """
    refusals = [_problem_of_agreement(one) for one in agreed]
    store.copy_agreements(
        conn, [one for one, refusal in zip(agreed, refusals, strict=True) if refusal is None]
    )
    return [refusal or one for one, refusal in zip(agreed, refusals, strict=True)]


def _problem_of_agreement(one: FundingAgreement) -> Refusal | None:
    sound = {
        "most_basis_points": 0 < one.most_basis_points <= BASIS_POINTS,
        "currency": len(one.currency) == 3 and one.currency.isascii() and one.currency.isupper(),
        "valid_until": one.valid_until is None or one.valid_from < one.valid_until,
        "comment": one.comment.strip() != "" and one.comment.isprintable(),
    }
    wrong = next((field for field, holds in sound.items() if not holds), None)
    if wrong is not None:
        return AgreementNotUsable(field=wrong)
    return TakesEffectInThePast(valid_from=one.valid_from) if one.valid_from < one.agreed_at else None


def note_borne(conn: Conn, borne: Sequence[Borne]) -> None:
    """Note what is borne of parts; each part comes once."""
    if borne:
        store.copy_borne(conn, borne)
