"""The points that drafts name: found free and enough, taken off their quotes, and held with the orders written.

They come after coupons. Nobody waits for an account that a rival changes: what meets one is refused, and asks again.
Only asks of members use points: a sale that happened names none.
"""

from collections.abc import Sequence
from datetime import datetime

from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal
from loopline.orders import DraftKind, NewOrder
from loopline.pricing.points import (
    Use,
    accounts_of_members,
    hold_points,
    lock_free_accounts,
    programme_at,
)
from loopline.pricing.points.refusals import PointsBusy, PointsNotOffered
from loopline.pricing.points.rules import use_points
from loopline.processes.place.candidate import Candidate


def take_points_off(conn: Conn, candidates: Sequence[Candidate], *, now: datetime) -> None:
    """Take what points give off the quotes of drafts, and refuse asks whose points are not there or do not fit.

    In the order of the drafts: of two of one member the first has its points. Locks their accounts.
    """
    asking = [one for one in candidates if one.draft.points and one.refusal is None]
    if not asking:
        return
    programme = programme_at(conn, now)
    members = {one.draft.member_id for one in asking if one.draft.member_id is not None}
    free = lock_free_accounts(conn, members)
    busy = {one.member_id for one in accounts_of_members(conn, members - free.keys())}
    taken: dict[MemberId, int] = {}
    for one in asking:
        draft, member_id = one.draft, one.draft.member_id
        if programme is None or member_id is None or draft.kind is not DraftKind.ASK or draft.points < 0:
            one.refusal = PointsNotOffered()
            continue
        if member_id in busy:
            one.refusal = PointsBusy()
            continue
        available = free[member_id].available if member_id in free else 0
        assert one.quote is not None, "what has no price was refused"
        outcome = use_points(
            programme, one.quote, draft.points, available=available - taken.get(member_id, 0)
        )
        if isinstance(outcome, Refusal):
            one.refusal = outcome
            continue
        one.quote = outcome
        one.points_of = programme.id
        taken[member_id] = taken.get(member_id, 0) + draft.points


def keep_held(
    conn: Conn, granted: Sequence[Candidate], written: Sequence[NewOrder], *, now: datetime
) -> None:
    """Let the orders that were written hold their points; of prices that were agreed to, what they keep of some.

    They are spent when the follower sees the order paid, at once where nothing is to be paid first.
    """
    uses: list[Use] = []
    for one, order in zip(granted, written, strict=True):
        member_id = one.draft.member_id
        if member_id is None or not (one.points_of or one.kept):
            continue
        assert one.quote is not None, "what is written was priced"
        lines = [
            (line_id, discount)
            for line_id, quoted in zip(one.line_ids, one.quote.lines, strict=True)
            for discount in quoted.derivation.discounts
            if discount.points
        ]
        if not lines:
            continue
        points = [discount.points for _, discount in lines]
        use = Use(
            order_id=order.order_id,
            member_id=member_id,
            programme_id=lines[0][1].promotion_id,
            line_ids=tuple(line_id for line_id, _ in lines),
            line_points=tuple(points),
            is_kept=one.points_of is None,
            held=0 if one.points_of is None else sum(points),
        )
        uses.append(use)
    hold_points(conn, uses, now=now)
