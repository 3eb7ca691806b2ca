"""Commands: put notices down, claim what is due, write what became of it, tell again, forget."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from loopline.db import Conn
from loopline.kernel.ids import MemberId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.notices import rules, store
from loopline.notices.model import NewNotice, Notice, NoticeId, State, Step
from loopline.notices.port import NoticeReport

AT_WORK_FOR = rules.STALE_AFTER
"""A gateway not seen for so long is none: what it could not tell any more is not put down."""
_SEEN_EVERY = timedelta(minutes=1)


class NoticeNotFailed(Refusal, frozen=True, kw_only=True):
    """There is no message to tell again: it is not yours to see, it was told, or it still waits for its moment."""

    notice_id: NoticeId


def stand_by(conn: Conn, gateway: str, *, now: datetime) -> None:
    """Say that a gateway is at work: what happens from its first moment on is told. Writes once a minute."""
    known = store.gateway(conn)
    if known is None or known.name != gateway or now >= known.seen_at + _SEEN_EVERY or now < known.since:
        store.put_gateway(conn, gateway, now=now)


def takes_notices(conn: Conn, happened: Collection[datetime]) -> set[datetime]:
    """Return those of some moments for which somebody tells customers. Locks nothing."""
    known = store.gateway(conn)
    if known is None:
        return set()
    return {at for at in happened if known.since <= at < known.seen_at + AT_WORK_FOR}


def write_notices(conn: Conn, new: Sequence[NewNotice]) -> int:
    """Put down what is to be told; what was put down before stays as it is. Returns how many are new."""
    if not new:
        return 0
    ids = [NoticeId(made) for made in uuid7s(max(one.happened_at for one in new), len(new))]
    return store.insert_notices(conn, ids, new, stale_after=rules.STALE_AFTER)


def drop_stale(conn: Conn, *, now: datetime, limit: int) -> int:
    """End what is a day old and of which is known that nobody told it; returns how many."""
    return store.drop_stale(conn, now=now, limit=limit)


def lock_due(conn: Conn, *, now: datetime, limit: int) -> list[Notice]:
    """Lock what is due, the longest due first; passes by what another process holds."""
    return store.lock_due(conn, now=now, limit=limit)


def write_steps(conn: Conn, steps: Sequence[Step], *, now: datetime) -> None:
    """Write what is done with notices that the caller locked: handed over, put off, or left out."""
    if steps:
        store.write_steps(conn, steps, now=now)


def apply_reports(conn: Conn, reports: Sequence[NoticeReport], *, now: datetime) -> list[Notice]:
    """Take in what gateways said; a report of an older try changes nothing. Returns what was told now.

    Locks the notices by id.
    """
    standing = store.lock_notices(conn, [one.claim.notice_id for one in reports])
    outcomes = [
        (one, rules.outcome_of(found, one, now=now))
        for one in reports
        if (found := standing.get(one.claim.notice_id)) is not None
        and found.state is State.WAITING
        and found.next_try_at == one.claim.lease
    ]
    if outcomes:
        store.write_outcomes(conn, outcomes, now=now)
    return [standing[one.claim.notice_id] for one, outcome in outcomes if outcome.state is State.SENT]


def tell_again(
    conn: Conn, notice_ids: Sequence[NoticeId], *, scope: Scope, now: datetime
) -> list[NoticeId | Refusal]:
    """Tell again what failed, of orders in scope, within a day from now. Locks the notices by id.

    Where nobody knows what became of the last try, that is asked for first.
    """
    standing = store.lock_notices(conn, list(notice_ids))
    outcomes: list[NoticeId | Refusal] = []
    for notice_id in notice_ids:
        found = standing.get(notice_id)
        is_failed = found is not None and found.state is State.FAILED and scope.covers_site(found.site_id)
        outcomes.append(notice_id if is_failed else NoticeNotFailed(notice_id=notice_id))
    granted = [one for one in outcomes if not isinstance(one, Refusal)]
    if granted:
        store.wake(conn, granted, now=now, stale_after=rules.STALE_AFTER)
    return outcomes


def sweep_notices(conn: Conn, *, now: datetime, limit: int) -> int:
    """Forget what ended more than two years ago; returns how many. What an event so old says is not told again."""
    return store.sweep(conn, before=now - rules.KEPT_FOR, limit=limit)


def forget_notices(conn: Conn, member_ids: Sequence[MemberId], *, now: datetime) -> int:
    """Forget what notices of members say, and tell them nothing more; that they were told stays. Returns how many."""
    return store.forget(conn, member_ids, now=now) if member_ids else 0
