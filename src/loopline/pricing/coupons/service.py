"""Commands of coupons: batches are saved, published and stopped; coupons are given, claimed, taken, spent, given back.

Locks: batches by an advisory lock of their code while they are written, then by row, in order of id, while coupons of
them are given; then coupons. Orders take free coupons and wait for nobody: what a rival holds is as good as taken.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import CouponBatchId, CouponId, MemberId, OrderId, PartyId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.pricing.coupons import store
from loopline.pricing.coupons.changes import read_shared_code, refusal_to_change, refusal_to_publish
from loopline.pricing.coupons.codes import new_secret
from loopline.pricing.coupons.model import (
    Batch,
    BatchState,
    Coupon,
    CouponStep,
    Gift,
    LineOff,
    NewBatch,
    Offer,
    Use,
)
from loopline.pricing.coupons.refusals import (
    BatchChangedMeanwhile,
    BatchNotPublished,
    BatchUnknown,
    CouponNotYours,
    SharedCodeTaken,
)
from loopline.pricing.coupons.rules import decide_gifts, lasts_until, refusal_of_person, time_of_coupon
from loopline.pricing.discounts import Bearer
from loopline.pricing.promotions.store import agreements


def take_turn(conn: Conn, codes: Collection[str]) -> None:
    """Let one transaction at a time write batches under some codes, to its end."""
    store.lock_codes(conn, codes)


def save_batches(conn: Conn, batches: Sequence[NewBatch], *, now: datetime) -> list[Batch | Refusal]:
    """Save drafts, new or anew; what is published is not changed. A shared code leads to one batch."""
    new = [_spelt(one) for one in batches]
    shared = [one.shared_code for one in new if one.shared_code is not None]
    store.lock_codes(conn, [*(one.code for one in new), *(f"shared:{code}" for code in shared)])
    standing = {one.code: one for one in store.batches_by_codes(conn, [one.code for one in new])}
    leads_to = {one.shared_code: one.code for one in store.batches_by_shared_codes(conn, shared)}
    outcomes: list[Batch | Refusal] = []
    written: dict[str, Batch] = {}
    for one, new_id in zip(new, uuid7s(now, len(new)), strict=True):
        before = standing.get(one.code)
        refusal = refusal_to_change(one, before)
        shared_code = one.shared_code
        if refusal is None and shared_code and leads_to.get(shared_code, one.code) != one.code:
            refusal = SharedCodeTaken(shared_code=shared_code)
        if refusal is not None:
            outcomes.append(refusal)
            continue
        saved = Batch(
            id=before.id if before is not None else CouponBatchId(new_id),
            saved_at=now,
            **{name: getattr(one, name) for name in NewBatch.__struct_fields__},
        )
        standing[one.code] = written[one.code] = saved
        if one.shared_code is not None:
            leads_to[one.shared_code] = one.code
        outcomes.append(saved)
    store.put_drafts(conn, list(written.values()))
    return outcomes


def _spelt(new: NewBatch) -> NewBatch:
    if new.shared_code is None:
        return new
    return msgspec.structs.replace(new, shared_code=read_shared_code(new.shared_code) or None)


def publish_batches(  # noqa: PLR0913 - what, what was seen of it, and who may bear it
    conn: Conn,
    codes: Sequence[str],
    *,
    seen: Mapping[str, datetime] | None = None,
    named: Mapping[str, Mapping[Bearer, Mapping[PartyId, str]]],
    by: str,
    now: datetime,
) -> list[Batch | Refusal]:
    """Put the drafts under some codes in force, each once.

    `named`: who each bearer may turn out to be, by code; `seen`: when the draft that was looked at was saved.
    """
    store.lock_codes(conn, codes)
    standing = {one.code: one for one in store.batches_by_codes(conn, codes)}
    parties = {party_id for of_code in named.values() for one in of_code.values() for party_id in one}
    agreed = agreements(conn, parties) if parties else []
    outcomes: list[Batch | Refusal] = []
    going: list[CouponBatchId] = []
    for code in codes:
        draft = standing.get(code)
        waiting = draft if draft is not None and draft.state is BatchState.DRAFT else None
        if waiting is not None and (seen or {}).get(code, waiting.saved_at) != waiting.saved_at:
            outcomes.append(BatchChangedMeanwhile(value=code))
            continue
        refusal = refusal_to_publish(draft, code=code, named=named.get(code, {}), agreed=agreed, now=now)
        if refusal is not None or draft is None:
            assert refusal is not None, "what is not there is refused"
            outcomes.append(refusal)
            continue
        published = msgspec.structs.replace(draft, published_at=now, published_by=by)
        standing[code] = published
        going.append(published.id)
        outcomes.append(published)
    store.publish_batches(conn, going, by=by, now=now)
    return outcomes


def stop_batches(conn: Conn, codes: Sequence[str], *, by: str, now: datetime) -> list[Batch | Refusal]:
    """Give no more coupons of batches; those that were given stay good. Stopped twice, it is stopped."""
    store.lock_codes(conn, codes)
    standing = {one.code: one for one in store.batches_by_codes(conn, codes)}
    outcomes: list[Batch | Refusal] = []
    for code in codes:
        one = standing.get(code)
        if one is None:
            outcomes.append(BatchUnknown(value=code))
        elif one.state is BatchState.DRAFT:
            outcomes.append(BatchNotPublished(value=code))
        else:
            stopped = msgspec.structs.replace(
                one, stopped_at=one.stopped_at or now, stopped_by=one.stopped_by or by
            )
            outcomes.append(stopped)
    store.stop_batches(conn, [one.id for one in outcomes if isinstance(one, Batch)], by=by, now=now)
    return outcomes


def give_coupons(conn: Conn, gifts: Sequence[Gift], *, now: datetime) -> list[Coupon | Refusal]:
    """Give coupons of batches that are there, one outcome each, in the order asked, never more than there are."""
    if not gifts:
        return []
    store.lock_batches(conn, {one.batch_id for one in gifts})
    batches = {one.id: one for one in store.batches_by_ids(conn, {one.batch_id for one in gifts})}
    keys = [(one.batch_id, one.member_id) for one in gifts if one.member_id is not None]
    held = store.holdings(conn, list(dict.fromkeys(keys))) if keys else {}
    refusals = decide_gifts(gifts, batches=batches, held=held, now=now)
    outcomes: list[Coupon | Refusal] = []
    for gift, refusal, coupon_id in zip(gifts, refusals, uuid7s(now, len(gifts)), strict=True):
        if refusal is not None:
            outcomes.append(refusal)
            continue
        since, until = time_of_coupon(batches[gift.batch_id], now=now)
        outcomes.append(
            Coupon(
                id=CouponId(coupon_id),
                batch_id=gift.batch_id,
                secret=new_secret(),
                member_id=gift.member_id,
                how=gift.how,
                given_by=gift.by,
                given_at=now,
                valid_from=since,
                valid_until=until,
            )
        )
    given = [one for one in outcomes if isinstance(one, Coupon)]
    if given:
        store.copy_coupons(conn, given)
        store.count_given(conn, given)
        store.copy_entries(conn, given, CouponStep.GIVEN, now=now)
    return outcomes


def claim_coupon(conn: Conn, offer: Offer, member_id: MemberId) -> Coupon | Refusal:
    """Make a coupon that is nobody's yet a member's; it counts among those that this member got."""
    if offer.coupon.member_id == member_id:
        return offer.coupon
    if offer.coupon.member_id is not None:
        return CouponNotYours(coupon=offer.coupon.secret)
    store.lock_batches(conn, [offer.batch.id])
    key = (offer.batch.id, member_id)
    refusal = refusal_of_person(offer.batch, store.holdings(conn, [key]).get(key, 0))
    if refusal is not None:
        return refusal
    if not store.claim_coupon(conn, offer.coupon.id, member_id):
        return CouponNotYours(coupon=offer.coupon.secret)
    return msgspec.structs.replace(offer.coupon, member_id=member_id)


def take_coupons(conn: Conn, uses: Sequence[Use], *, now: datetime) -> None:
    """Let new orders have coupons that were locked free: each is taken once, or the transaction fails."""
    if not uses:
        return
    taken = store.take_coupons(conn, uses, now=now)
    assert taken == len(uses), "a coupon that was locked free is free"
    store.copy_line_offs(conn, uses)


def spend_coupons(conn: Conn, order_ids: Collection[OrderId], *, now: datetime) -> int:
    """Spend what orders hold, because they are paid; returns how many coupons. Locks their rows."""
    return store.spend_coupons(conn, order_ids, now=now) if order_ids else 0


def give_back(conn: Conn, coupons: Sequence[Coupon], *, now: datetime) -> list[Coupon]:
    """Free coupons that orders have, for the time they had left. Locks their rows."""
    back = [
        (one.id, one.order_id, lasts_until(one, back_at=now)) for one in coupons if one.order_id is not None
    ]
    store.give_back(conn, back, now=now)
    until = {coupon_id: moment for coupon_id, _, moment in back}
    return [msgspec.structs.replace(one, valid_until=until[one.id]) for one in coupons if one.id in until]


def lock_to_retake(conn: Conn, offs: Sequence[LineOff]) -> set[CouponId]:
    """Return those coupons that are free again, and keep others from taking them to the end of the transaction.

    Waits for nobody: what a rival is about to take is gone.
    """
    return store.lock_coupons_to_retake(conn, {one.coupon_id for one in offs}) if offs else set()


def retake_coupons(conn: Conn, uses: Sequence[Use], *, now: datetime) -> None:
    """Spend coupons again on orders that had them before, and that were locked free."""
    if uses:
        taken = store.take_coupons(conn, uses, now=now)
        assert taken == len(uses), "a coupon that was locked free is free"
