"""What gateways and files say of requests is taken in: once for each line, in any order and however often it comes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn
from loopline.payouts import store
from loopline.payouts.model import (
    Line,
    LineState,
    Payout,
    PayoutId,
    PayoutState,
    Request,
    RequestId,
    RequestState,
    Way,
)
from loopline.payouts.port import Heard, LineReport, Report
from loopline.payouts.rules import ended_state, endings, next_try
from loopline.payouts.store import RequestChange

GIVEN_UP = "given_up"
RECEIVER_NOT_OPENED = "receiver_not_opened"


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What reports changed: lines that ended now, payouts that ended with them, lines that were contradicted.

    `payouts` are those of the lines, by id, as they stand now; `lines` are all of theirs.
    """

    ended: tuple[Line, ...]
    payouts: Mapping[PayoutId, Payout]
    finished: tuple[PayoutId, ...]
    lines: Mapping[PayoutId, Sequence[Line]]
    contradicted: tuple[Line, ...]


def apply_reports(conn: Conn, reports: Sequence[Report], *, now: datetime) -> Applied:
    """Take in what gateways or files say. A report of a request that is not known changes nothing.

    The first final word of each line stands; what says otherwise later is returned as contradicted, and changes
    nothing. A request that was given up and of which its gateway has nothing returns what it was to pay. Locks the
    requests by id, then the payouts by id, then the transactions by number.
    """
    requests = {one.id: one for one in store.lock_requests(conn, {one.request_id for one in reports})}
    lines: dict[RequestId, list[Line]] = {}
    for line in store.lines_of_requests(conn, requests) if requests else ():
        lines.setdefault(line.request_id, []).append(line)
    ended: list[Line] = []
    contradicted: list[Line] = []
    changes: dict[RequestId, RequestChange] = {}
    for report in reports:
        request = requests.get(report.request_id)
        if request is None:
            continue
        of_request = lines[request.id]
        found = endings(of_request, _line_reports(request, of_request, report, now=now))
        after = {one.id: one for one in found.ended}
        lines[request.id] = [after.get(one.id, one) for one in of_request]
        ended += found.ended
        contradicted += found.contradicted
        changes[request.id] = _change(request, lines[request.id], report, now=now)
    if changes:
        store.change_requests(conn, list(changes.values()))
    return _ended(conn, ended, contradicted, now=now)


def _line_reports(
    request: Request, lines: Sequence[Line], report: Report, *, now: datetime
) -> Sequence[LineReport]:
    is_gone = report.heard in {Heard.ABSENT, Heard.REFUSED} and request.given_up_at is not None
    if not is_gone:
        return report.lines
    why = RECEIVER_NOT_OPENED if report.reason == RECEIVER_NOT_OPENED else GIVEN_UP
    return [
        LineReport(line_id=one.id, state=LineState.RETURNED, at=now, reason=why)
        for one in lines
        if one.state is LineState.IN_TRANSIT
    ]


def _change(request: Request, lines: Sequence[Line], report: Report, *, now: datetime) -> RequestChange:
    is_done = all(one.state is not LineState.IN_TRANSIT for one in lines)
    is_asked = request.way is not Way.BANK_FILE
    return RequestChange(
        request_id=request.id,
        state=RequestState.DONE if is_done else RequestState.OPEN,
        next_try_at=None if is_done or not is_asked else next_try(tries=request.tries, now=now),
        ended_at=now if is_done else None,
        reference=report.reference,
        reason=None if is_done else report.reason,
    )


def _ended(conn: Conn, ended: Sequence[Line], contradicted: Sequence[Line], *, now: datetime) -> Applied:
    payout_ids = {one.payout_id for one in (*ended, *contradicted)}
    payouts = {one.id: one for one in store.lock_payouts(conn, payout_ids)} if payout_ids else {}
    written = store.end_lines(conn, ended) if ended else set[UUID]()
    now_ended = [one for one in ended if one.id in written]
    returned = [one.id for one in now_ended if one.state is LineState.RETURNED]
    if returned:
        store.unshare_transactions(conn, returned)
    by_payout: dict[PayoutId, list[Line]] = {}
    for line in store.lines_of_payouts(conn, payouts) if payouts else ():
        by_payout.setdefault(line.payout_id, []).append(line)
    finished: dict[PayoutId, tuple[PayoutState, str | None]] = {}
    for payout_id, payout in payouts.items():
        state = ended_state(by_payout[payout_id])
        if payout.state is PayoutState.SENT and state is not PayoutState.SENT:
            why = next((one.reason for one in by_payout[payout_id] if one.reason), None)
            finished[payout_id] = (state, why)
    if finished:
        store.end_payouts(conn, finished, now=now)
    return Applied(
        ended=tuple(now_ended),
        payouts={
            one.id: msgspec.structs.replace(one, state=finished[one.id][0]) if one.id in finished else one
            for one in payouts.values()
        },
        finished=tuple(finished),
        lines=by_payout,
        contradicted=tuple(contradicted),
    )
