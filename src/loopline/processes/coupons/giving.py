"""Giving: coupons come to members, by headquarters, by staff of a store, or claimed with a code; and codes are made."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline.customers.codes import count_guess, guesses_wait
from loopline.customers.keys import KeyRing
from loopline.customers.queries import known_members
from loopline.customers.refusals import MemberUnknown
from loopline.db import Conn, log
from loopline.kernel.events import Event, event
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import Site
from loopline.pricing.coupons import (
    Batch,
    Coupon,
    CouponGiven,
    Gift,
    GivenHow,
    batch_by_shared_code,
    batches_by_code,
    batches_for_staff,
    claim_coupon,
    give_coupons,
    offers_by_code,
)
from loopline.pricing.coupons.refusals import BatchUnknown, CouponUnknown, NotGivenByStaff
from loopline.processes.coupons.batches import is_mine

CODES_MOST = 10_000
"""So many codes are made at once."""
_SHOWN_TO_STAFF = 20


class WantedGift(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon of a batch for a member; for nobody yet, its code is whoever's has it."""

    batch_code: str
    member_id: MemberId | None = None


def give(
    conn: Conn, wanted: Sequence[WantedGift], *, scope: Scope, by: str, now: datetime
) -> list[Coupon | Refusal]:
    """Give coupons of batches of one's branch, one outcome each, in the order asked."""
    batches = batches_by_code(conn, {one.batch_code for one in wanted})
    member_ids = {one.member_id for one in wanted if one.member_id is not None}
    members = known_members(conn, member_ids) if member_ids else set[MemberId]()
    outcomes: list[Coupon | Refusal | None] = []
    gifts: list[Gift] = []
    for one in wanted:
        batch = batches.get(one.batch_code)
        if batch is None:
            outcomes.append(BatchUnknown(value=one.batch_code))
        elif not is_mine(batch, scope):
            outcomes.append(NotInYourBranch(subject=one.batch_code))
        elif one.member_id is not None and one.member_id not in members:
            outcomes.append(MemberUnknown(member_id=one.member_id))
        else:
            outcomes.append(None)
            how = GivenHow.CODE if one.member_id is None else GivenHow.GIVEN
            gifts.append(Gift(batch_id=batch.id, how=how, by=by, member_id=one.member_id))
    given = iter(give_coupons(conn, gifts, now=now))
    done = [one if one is not None else next(given) for one in outcomes]
    _tell(conn, [one for one in done if isinstance(one, Coupon)], by=by, now=now)
    return done


def for_staff(conn: Conn, site: Site, *, now: datetime) -> list[Batch]:
    """Return the batches that staff of a site may give now."""
    return batches_for_staff(
        conn, site_id=site.id, unit_path=site.unit_path, now=now, at_most=_SHOWN_TO_STAFF
    )


def give_at(  # noqa: PLR0913 - what, to whom, where, by whom
    conn: Conn, site: Site, batch_code: str, member_id: MemberId, *, by: str, now: datetime
) -> Coupon | Refusal:
    """Give a coupon to a customer of a site whose staff may give it; whose customer it is, the caller looked at."""
    batch = batches_by_code(conn, [batch_code]).get(batch_code)
    if batch is None:
        return BatchUnknown(value=batch_code)
    asked = batch.conditions
    is_here = asked.site_id in {None, site.id} and (
        asked.org_unit_id is None or asked.org_unit_id in site.unit_path
    )
    if not batch.by_staff or not is_here:
        return NotGivenByStaff(value=batch_code)
    gift = Gift(batch_id=batch.id, how=GivenHow.GIVEN, by=by, member_id=member_id)
    (given,) = give_coupons(conn, [gift], now=now)
    if isinstance(given, Coupon):
        _tell(conn, [given], by=by, now=now)
    return given


def admit_code(  # noqa: PLR0913 - what was typed, by whom, from where
    conn: Conn, text: str, member_id: MemberId | None, address: str, *, ring: KeyRing, now: datetime
) -> Refusal | None:
    """Let a code of coupons through that leads somewhere; one that leads nowhere counts, and too many close the way.

    Commit whatever comes back. `member_id` is None where nobody is known, `address` the internet address it came from.
    Locks counts alone, and none where the code leads somewhere.
    """
    waits = guesses_wait(conn, member_id, address, ring=ring, now=now)
    if waits is not None:
        return waits
    batch = batch_by_shared_code(conn, text)
    if (batch is not None and batch.published_at is not None) or text in offers_by_code(conn, [text]):
        return None
    count_guess(conn, member_id, address, ring=ring, now=now)
    return CouponUnknown(coupon=text[:40])


def claim(conn: Conn, text: str, member_id: MemberId, *, now: datetime) -> Coupon | Refusal:
    """Claim a coupon for a member by what was typed or scanned: a code that many share, or one of a coupon."""
    by = f"member:{member_id}"
    batch = batch_by_shared_code(conn, text)
    if batch is not None and batch.published_at is not None:
        gift = Gift(batch_id=batch.id, how=GivenHow.CLAIMED, by=by, member_id=member_id)
        (given,) = give_coupons(conn, [gift], now=now)
        if isinstance(given, Coupon):
            _tell(conn, [given], by=by, now=now)
        return given
    offer = offers_by_code(conn, [text]).get(text)
    if offer is None:
        return CouponUnknown(coupon=text[:40])
    claimed = claim_coupon(conn, offer, member_id)
    if isinstance(claimed, Coupon) and offer.coupon.member_id is None:
        _tell(conn, [claimed], by=by, now=now)
    return claimed


def _tell(conn: Conn, coupons: Sequence[Coupon], *, by: str, now: datetime) -> None:
    told: list[Event] = []
    for one in coupons:
        if one.member_id is not None:
            body = CouponGiven(
                coupon_id=one.id,
                batch_id=one.batch_id,
                member_id=one.member_id,
                is_claimed=by == f"member:{one.member_id}",
            )
            told.append(event(body, subject=one.member_id, at=now, actor=by))
    if told:
        log.append(conn, told)
