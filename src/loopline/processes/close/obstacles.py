"""What stands in the way of a close, and what should be looked at before it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline.closing.model import Balance, Basis, Expectation, Notice, NoticeKind
from loopline.db import Check, Conn, fetch, fetch_values, run_check, statements
from loopline.ledger.queries import MonthOfBooks
from loopline.processes.close.returns import last_day_before
from loopline.processes.doctor import ALL_CHECKS
from loopline.processes.follow import SETTLED_BY

SQL = statements(__file__)
_OF_MONEY = {
    4: NoticeKind.MONEY_FAULT,
    5: NoticeKind.MONEY_DISAGREES,
    6: NoticeKind.MONEY_FAULT,
}
_BY_MONTH = "handed_over_is_settled"
MONEY_CHECKS: tuple[Check, ...] = tuple(
    check for check in ALL_CHECKS if check.invariant in _OF_MONEY and check.name != _BY_MONTH
)
"""What doctor proves of the ledger and its shares (4), of payments, payouts and bills (5), and of returns (6).

Hand-overs that are not settled are counted by month instead: one that is parked is in the way of its own month alone.
"""


class _Behind(msgspec.Struct, frozen=True, kw_only=True):
    subject: str
    count: int
    amount_minor: int | None = None


def faults_of_money(conn: Conn) -> list[Notice]:
    """Run the checks of money over the whole database; returns a notice for each that found something.

    What is broken in the books themselves refuses a close; money that disagrees with an order or a bill does not.
    Reads every posting there is: seconds for some hundred thousand of them.
    """
    return [
        Notice(kind=_OF_MONEY[check.invariant], count=len(findings), subject=check.name)
        for check in MONEY_CHECKS
        if (findings := run_check(conn, check))
    ]


def hand_overs_behind(conn: Conn, *, end: datetime) -> list[Notice]:
    """Return what was handed over before a moment and is not in the books yet: not reached so far, or parked.

    Asked before a cut is taken, nothing says that all of it is before the cut; afterwards it may have come behind it.
    """
    settling = fetch_values(conn, SQL["not_settled"], types=sorted(SETTLED_BY), end=end)[0]
    parked = fetch_values(conn, SQL["parked"], end=end)[0]
    lost = fetch_values(conn, SQL["lost"], types=sorted(SETTLED_BY), end=end)[0]
    counted = (
        Notice(kind=NoticeKind.NOT_SETTLED, count=settling),
        Notice(kind=NoticeKind.PARKED, count=parked),
        Notice(kind=NoticeKind.MONEY_FAULT, count=lost, subject=_BY_MONTH),
    )
    return [one for one in counted if one.count]


def what_waits(conn: Conn, month: MonthOfBooks, *, zone: str) -> list[Notice]:
    """Return what of a month is behind, stands open or waits; the follower that settles first."""
    last_day = last_day_before(month.end, zone)
    books = {"entity_id": month.entity_id, "currency": month.currency}
    pending = fetch_values(conn, SQL["shares_not_released"], end=month.end, **books)[0]
    behind = fetch(conn, SQL["followers_behind"], _Behind, end=month.end)
    differences = fetch(conn, SQL["differences_standing"], _Behind, last_day=last_day, **books)
    counted = (
        *hand_overs_behind(conn, end=month.end),
        *_notices(NoticeKind.FOLLOWER_BEHIND, behind),
        *_notices(NoticeKind.DIFFERENCES, differences),
        Notice(kind=NoticeKind.SHARES_NOT_RELEASED, count=pending),
    )
    return [one for one in counted if one.count]


def what_sheet_shows(balances: Sequence[Balance], expectations: Sequence[Expectation]) -> list[Notice]:
    """Return what a sheet itself gives reason to look at."""
    off = sum(one.closing_minor for one in balances)
    thin = [one for one in expectations if one.basis is Basis.WHOLE]
    unknown = [one for one in expectations if one.basis is Basis.NONE]
    found: list[Notice] = []
    if off:
        found.append(Notice(kind=NoticeKind.DOES_NOT_BALANCE, count=1, amount_minor=off))
    for kind, of_kind in ((NoticeKind.THIN_HISTORY, thin), (NoticeKind.NO_HISTORY, unknown)):
        if of_kind:
            amount = sum(one.returnable_minor for one in of_kind)
            found.append(Notice(kind=kind, count=len(of_kind), amount_minor=amount))
    return found


def _notices(kind: NoticeKind, found: Sequence[_Behind]) -> list[Notice]:
    return [
        Notice(kind=kind, count=one.count, amount_minor=one.amount_minor, subject=one.subject)
        for one in found
    ]
