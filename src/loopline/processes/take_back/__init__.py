"""Take back: a return, from anywhere, undoes its sale in one go: counters, revenue, tax and every party's share.

What a return line belongs to is found by `returns`; each matched unit takes back the parts it was sold in, the latest
first, by inverting their postings in proportion. What has no sale is paid for out of revenue, by itself (a blind
return). The goods go where their grade sends them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import orders, org
from loopline.db import Conn, log
from loopline.kernel.events import Event
from loopline.kernel.ids import LineId, OrderId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.orders import LineChange, LineKind, Order
from loopline.processes.carry_over import carry_over
from loopline.processes.coupons.standing import come_back
from loopline.processes.follow import settle_orders
from loopline.processes.outcomes import all_granted
from loopline.processes.pay import hold_to_pay
from loopline.processes.refund import refund
from loopline.processes.take_back.case import Case, TakenBack
from loopline.processes.take_back.rest import (
    post_rest,
    quote_blind,
    refunds_of,
    settle_differences,
)
from loopline.processes.take_back.reversal import claw_back, pieces_of, reverse
from loopline.processes.take_back.telling import ReturnedSale, SalesReturned, events_of
from loopline.returns import service as returns
from loopline.returns.exchanges import exchanges_by_id
from loopline.returns.model import NewReturn, Opened, Purchase, ReturnRepeat
from loopline.sharing import queries as sharing_queries

__all__ = ["ReturnedSale", "SalesReturned", "TakenBack", "take_back", "windows_of_lines"]


def take_back(
    conn: Conn, asked: Sequence[NewReturn], *, scope: Scope, now: datetime
) -> list[TakenBack | ReturnRepeat | Refusal]:
    """Take returns in, in the order given, and undo what they belong to. The same return again undoes nothing.

    Blind units of an ask wait for a person and move no money yet. A fact's refund is what its channel says was paid
    out; where that differs from what the sale took, the difference is posted as an adjustment. What comes back in an
    exchange pays for the goods that take its place first.

    Locks the orders that returns may belong to before anything is matched: of two who bring the same unit back at once,
    the second has bought nothing any more.
    """
    outcomes: list[TakenBack | ReturnRepeat | Refusal] = [
        NotInYourBranch(subject=one.external_number) for one in asked
    ]
    covered = [position for position, one in enumerate(asked) if scope.covers_site(one.site_id)]
    coming = [asked[position] for position in covered]
    _hold_new_orders(conn, coming)
    sites = org.sites_by_id(conn, {one.site_id for one in coming})
    opened = returns.open_returns(conn, coming, purchases=_locked_purchases(conn, coming), now=now)
    cases: list[Case] = []
    for position, one, outcome in zip(covered, coming, opened, strict=True):
        if isinstance(outcome, Opened):
            cases.append(Case(position=position, asked=one, opened=outcome, site=sites[one.site_id]))
        else:
            outcomes[position] = outcome
    told = _undo(conn, cases, now=now)
    for case in cases:
        outcomes[case.position] = TakenBack(
            return_id=case.opened.return_id,
            lines=case.opened.lines,
            refund_minor=case.refund_minor,
            reversed_minor=case.reversed_minor,
            blind_minor=case.blind_minor,
            difference_minor=case.difference_minor,
        )
    log.append(conn, told)
    return outcomes


def _hold_new_orders(conn: Conn, asked: Sequence[NewReturn]) -> None:
    """Lock the orders that exchanges are to pay for, with their stock, before anything of the old ones."""
    known = exchanges_by_id(conn, [one.id for one in asked if one.id is not None])
    new = [one.new_order_id for one in known.values() if one.new_order_id is not None]
    if new:
        hold_to_pay(conn, new)


def _locked_purchases(conn: Conn, asked: Sequence[NewReturn]) -> list[Purchase]:
    """Look, lock what was seen, and look again: a rival may have brought it back in between."""
    seen = list({one.order_id for one in _purchases(conn, asked)})
    if not seen:
        return []
    orders.lock_orders(conn, seen)
    return [one for one in _purchases(conn, asked) if one.order_id in seen]


def _purchases(conn: Conn, asked: Sequence[NewReturn]) -> list[Purchase]:
    """What members, or the orders named, had under the codes that come back."""
    codes = list({line.code for one in asked for line in one.lines})
    member_ids = list({one.member_id for one in asked if one.member_id is not None})
    bought = orders.lines_of_member(conn, member_ids, codes=codes) if member_ids else []
    found = {
        line.line_id: Purchase(
            order_id=line.order_id,
            line_id=line.line_id,
            code=line.code,
            unit_minor=line.unit_minor,
            units_left=line.units_left,
            placed_at=line.placed_at,
            member_id=line.member_id,
        )
        for line in bought
    }
    named = list({one.order_id for one in asked if one.order_id is not None})
    heads = {head.id: head for head in orders.orders_by_ids(conn, named)} if named else {}
    for line in orders.lines_by_orders(conn, list(heads)) if heads else []:
        if line.line_id not in found and line.handed_over > line.returned:
            found[line.line_id] = Purchase(
                order_id=line.order_id,
                line_id=line.line_id,
                code=line.code,
                unit_minor=line.unit_minor,
                units_left=line.handed_over - line.returned,
                placed_at=heads[line.order_id].placed_at,
                member_id=heads[line.order_id].member_id,
            )
    return _with_windows(conn, _with_currencies(conn, list(found.values()), heads), asked)


def _with_currencies(
    conn: Conn, purchases: Sequence[Purchase], heads: Mapping[OrderId, Order]
) -> list[Purchase]:
    """Say in which currency each purchase was paid: a return in another one is none of it."""
    others = list({one.order_id for one in purchases} - heads.keys())
    known = dict(heads) | {head.id: head for head in (orders.orders_by_ids(conn, others) if others else ())}
    return [msgspec.structs.replace(one, currency=known[one.order_id].currency) for one in purchases]


def _with_windows(conn: Conn, purchases: Sequence[Purchase], asked: Sequence[NewReturn]) -> list[Purchase]:
    """A line may come back until the shares of its last part are due; only asks need to know."""
    if not any(one.kind.value == "ask" for one in asked):
        return list(purchases)
    until = windows_of_lines(conn, [one.line_id for one in purchases])
    return [msgspec.structs.replace(one, returnable_until=until.get(one.line_id)) for one in purchases]


def windows_of_lines(conn: Conn, line_ids: Sequence[LineId]) -> dict[LineId, datetime]:
    """Return when the return windows of lines end, excluded; a line of which nothing is settled yet has none."""
    until: dict[LineId, datetime] = {}
    for part in sharing_queries.parts_of_lines(conn, line_ids) if line_ids else []:
        until[part.line_id] = max(part.due_at, until.get(part.line_id, part.due_at))
    return until


def _settle_first(conn: Conn, order_ids: Sequence[OrderId]) -> None:
    """What has not reached the books yet cannot be taken out of them: settle it now where the follower lags behind."""
    lines = orders.lines_by_orders(conn, order_ids) if order_ids else []
    settled: dict[LineId, int] = {}
    for part in sharing_queries.parts_of_lines(conn, [line.line_id for line in lines]) if lines else []:
        settled[part.line_id] = settled.get(part.line_id, 0) + part.units
    late = {
        line.order_id
        for line in lines
        if line.kind is LineKind.GOODS and settled.get(line.line_id, 0) != line.handed_over
    }
    if late:
        settle_orders(conn, sorted(late))


def _undo(conn: Conn, cases: Sequence[Case], *, now: datetime) -> list[Event]:
    """Move counters, then money, then say so."""
    matches = [(case, line, match) for case in cases for line in case.opened.lines for match in line.matches]
    _settle_first(conn, list({match.order_id for _, _, match in matches}))
    changes = [
        LineChange(order_id=match.order_id, line_id=match.line_id, returned=match.units)
        for _, _, match in matches
    ]
    all_granted(orders.change_lines(conn, changes, now=now))
    pieces = pieces_of(conn, matches)
    claw_back(conn, pieces, now=now)
    reverse(conn, pieces, now=now)
    assert not any(quote_blind(conn, cases)), (
        "only facts are accepted as they come, and they always have a quote"
    )
    settle_differences(cases)
    post_rest(conn, cases, now=now)
    owed = [one for case in cases for one in refunds_of(case)]
    refund(conn, carry_over(conn, owed, now=now), now=now)
    coupons = come_back(conn, {match.order_id for _, _, match in matches}, now=now)
    return [*(told for case in cases for told in events_of(case)), *coupons]
