"""What payouts do in the books: due → on its way and withheld when sent, on its way → paid, or all of it due again."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from loopline import payouts
from loopline.db import Conn, log
from loopline.kernel.events import Event, event
from loopline.kernel.ids import EntryId, uuid7s
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posting, Purpose
from loopline.ledger.rules import ending_key
from loopline.payouts import Applied, Line, LineState, Payout, PayoutId, Report, Way
from loopline.payouts import queries as payouts_queries
from loopline.payouts.events import PayoutContradicted, PayoutEnded, PayoutSent
from loopline.processes.accounts import Accounts, Slot
from loopline.processes.outcomes import all_granted

_PAID_OUT_OF = {
    Way.WECHAT_SHARING: Purpose.GATEWAY,
    Way.WECHAT_TRANSFER: Purpose.GATEWAY,
    Way.BANK_FILE: Purpose.CASH,
}


class _Leg(msgspec.Struct, frozen=True, kw_only=True):
    slot: Slot
    amount_minor: int


class _Move(msgspec.Struct, frozen=True, kw_only=True):
    """A line that moves: the legs it posts."""

    line: Line
    legs: tuple[_Leg, ...]


def post_sent(conn: Conn, found: Sequence[Payout], lines: Sequence[Line], *, now: datetime) -> list[Event]:
    """Post what was sent: it leaves what is due, and is on its way or withheld. One entry for each payout, once.

    Returns what is to be told.
    """
    by_payout: dict[PayoutId, list[Line]] = {}
    for line in lines:
        by_payout.setdefault(line.payout_id, []).append(line)
    sent = [one for one in found if one.id in by_payout]
    accounts = Accounts(conn, now=now)
    moves = {one.id: [_sent(accounts, one, line) for line in by_payout[one.id]] for one in sent}
    accounts.open()
    entries = [_entry(accounts, one, moves[one.id], kind=EntryKind.PAYOUT, now=now) for one in sent]
    all_granted(ledger.post_entries(conn, entries))
    return [event(_told_sent(one, by_payout[one.id]), subject=one.id, at=now) for one in sent]


def apply_payout_reports(conn: Conn, reports: Sequence[Report], *, now: datetime) -> Applied:
    """Take in what gateways or files say of payouts, and post it: each line once, in any order, however often.

    Locks requests, payouts and transactions, as the room says, then keys of entries.
    """
    applied = payouts.apply_reports(conn, reports, now=now)
    payers = payouts_queries.payers_by_ids(conn, {one.payer_id for one in applied.payouts.values()})
    accounts = Accounts(conn, now=now)
    moves: list[tuple[Payout, _Move]] = []
    for line in applied.ended:
        payout = applied.payouts[line.payout_id]
        if line.state is LineState.PAID:
            out_of = _PAID_OUT_OF[payers[payout.payer_id].way]
            moves.append((payout, _paid(accounts, payout, line, out_of)))
        else:
            moves.append((payout, _returned(accounts, payout, line)))
    accounts.open()
    entries = [
        _entry(
            accounts,
            payout,
            [move],
            kind=EntryKind.PAYOUT_PAID if move.line.state is LineState.PAID else EntryKind.PAYOUT_RETURNED,
            now=now,
        )
        for payout, move in moves
    ]
    if entries:
        all_granted(ledger.post_entries(conn, entries))
    log.append(conn, _told(applied, now))
    return applied


def _sent(accounts: Accounts, payout: Payout, line: Line) -> _Move:
    ask = _asking(accounts, payout)
    legs = [
        _Leg(slot=ask(Purpose.SHARE_DUE), amount_minor=line.gross_minor),
        _Leg(slot=ask(Purpose.PAYOUT_IN_TRANSIT), amount_minor=-line.net_minor),
    ]
    if line.withheld_minor:
        legs.append(_Leg(slot=ask(Purpose.WITHHELD_TAX), amount_minor=-line.withheld_minor))
    return _Move(line=line, legs=tuple(legs))


def _paid(accounts: Accounts, payout: Payout, line: Line, out_of: Purpose) -> _Move:
    on_its_way = _asking(accounts, payout)(Purpose.PAYOUT_IN_TRANSIT)
    money = accounts.ask(payout.entity_id, out_of, payout.currency)
    return _Move(
        line=line,
        legs=(
            _Leg(slot=on_its_way, amount_minor=line.net_minor),
            _Leg(slot=money, amount_minor=-line.net_minor),
        ),
    )


def _returned(accounts: Accounts, payout: Payout, line: Line) -> _Move:
    sent = _sent(accounts, payout, line)
    return _Move(
        line=line,
        legs=tuple(_Leg(slot=one.slot, amount_minor=-one.amount_minor) for one in sent.legs),
    )


def _asking(accounts: Accounts, payout: Payout) -> Callable[[Purpose], Slot]:
    return lambda purpose: accounts.ask(payout.entity_id, purpose, payout.currency, payout.party_id)


def _entry(
    accounts: Accounts,
    payout: Payout,
    moves: Sequence[_Move],
    *,
    kind: EntryKind,
    now: datetime,
) -> NewEntry:
    """An entry of a payout when it is sent, and of a line when it ends: paid or returned under one key."""
    is_sent = kind is EntryKind.PAYOUT
    key = f"{kind.value}:{payout.id}" if is_sent else ending_key(EntryKind.PAYOUT, moves[0].line.id)
    return NewEntry(
        id=EntryId(uuid7s(now, 1)[0]),
        kind=kind,
        subject=payout.id,
        at=now,
        key=key,
        postings=tuple(
            Posting(part_id=move.line.id, account_id=accounts.id_of(leg.slot), amount_minor=leg.amount_minor)
            for move in moves
            for leg in move.legs
        ),
    )


def _told_sent(payout: Payout, lines: Sequence[Line]) -> PayoutSent:
    return PayoutSent(
        payout_id=payout.id,
        gross_minor=sum(line.gross_minor for line in lines),
        withheld_minor=sum(line.withheld_minor for line in lines),
        lines=len(lines),
    )


def _told(applied: Applied, now: datetime) -> list[Event]:
    ended = [
        event(
            PayoutEnded(
                payout_id=payout_id,
                party_id=applied.payouts[payout_id].party_id,
                state=applied.payouts[payout_id].state,
                paid_minor=_sum(applied.lines[payout_id], LineState.PAID),
                returned_minor=_sum(applied.lines[payout_id], LineState.RETURNED),
            ),
            subject=payout_id,
            at=now,
        )
        for payout_id in applied.finished
    ]
    contradicted = [
        event(PayoutContradicted(payout_id=one.payout_id, line_id=one.id), subject=one.payout_id, at=now)
        for one in applied.contradicted
    ]
    return [*ended, *contradicted]


def _sum(lines: Sequence[Line], state: LineState) -> int:
    return sum(line.net_minor for line in lines if line.state is state)
