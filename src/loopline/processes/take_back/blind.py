"""Decide on what came back without a sale: a person accepts it at a price, which is paid back now, or refuses it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import org
from loopline.db import Conn, log
from loopline.kernel.events import Event, event
from loopline.kernel.ids import ReturnId, ReturnLineId, SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Site
from loopline.processes.refund import refund
from loopline.processes.take_back.case import Case
from loopline.processes.take_back.rest import post_rest, quote_blind, refunds_of
from loopline.processes.take_back.telling import sales_of
from loopline.returns import queries, service
from loopline.returns.events import BlindReturnDecided
from loopline.returns.model import (
    BlindDecided,
    BlindDecision,
    BlindState,
    NewReturn,
    Opened,
    OpenedLine,
    ReturnKind,
    ReturnLineUnknown,
)
from loopline.returns.queries import Return, ReturnLine

__all__ = ["Waiting", "decide_blind", "waiting_at"]


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A return line of which units have no sale and wait for a person; `units` are those."""

    head: Return
    line: ReturnLine
    units: int


def waiting_at(conn: Conn, site_ids: Sequence[SiteId], *, limit: int) -> list[Waiting]:
    """Return what waits for a decision at sites, the oldest first."""
    found = queries.waiting_blind_lines(conn, site_ids=site_ids, limit=limit)
    lines = {line.return_line_id: line for line in _lines(conn, [one.return_line_id for one in found])}
    heads = {head.id: head for head in queries.returns_by_id(conn, [one.return_id for one in found])}
    return [
        Waiting(head=heads[one.return_id], line=lines[one.return_line_id], units=one.units) for one in found
    ]


def decide_blind(
    conn: Conn, decisions: Sequence[BlindDecision], *, scope: Scope, now: datetime
) -> list[BlindDecided | Refusal]:
    """Accept or refuse units without a sale, each line once; what is accepted is paid back in cash, out of revenue.

    The tax in it is that of a sale today at the price that is paid back. A line of another branch is told as unknown.
    Locks return lines by id, then keys of entries.
    """
    lines = {line.return_line_id: line for line in _lines(conn, [one.return_line_id for one in decisions])}
    heads = {
        head.id: head
        for head in queries.returns_by_id(conn, list({line.return_id for line in lines.values()}))
    }
    mine = [
        one
        for one in decisions
        if (line := lines.get(one.return_line_id)) is not None
        and scope.covers_site(heads[line.return_id].site_id)
    ]
    decided = iter(service.decide_blind_returns(conn, mine, now=now))
    outcomes = [
        next(decided) if one in mine else ReturnLineUnknown(return_line_id=one.return_line_id)
        for one in decisions
    ]
    new = [(one, lines[one.return_line_id]) for one in outcomes if isinstance(one, BlindDecided)]
    sites = org.sites_by_id(conn, {heads[line.return_id].site_id for _, line in new})
    cases = [
        _case(one, line, heads[line.return_id], sites, now=now)
        for one, line in new
        if one.state is BlindState.ACCEPTED
    ]
    quote_blind(conn, cases)
    post_rest(conn, cases, now=now)
    refund(conn, [owed for case in cases for owed in refunds_of(case)], now=now)
    who = {one.return_line_id: one.decided_by for one in reversed(mine)}  # of two on one line the first did
    told = [_told(one, line.return_id, by=who[one.return_line_id], now=now) for one, line in new]
    log.append(conn, [*told, *(sales_of(case) for case in cases)])
    return outcomes


def _lines(conn: Conn, line_ids: Sequence[ReturnLineId]) -> list[ReturnLine]:
    return queries.return_lines_by_id(conn, line_ids) if line_ids else []


def _case(
    one: BlindDecided, line: ReturnLine, head: Return, sites: Mapping[SiteId, Site], *, now: datetime
) -> Case:
    """The units as a return of their own, which its line names."""
    return Case(
        position=0,
        asked=NewReturn(
            channel=head.channel,
            external_number=head.external_number,
            kind=ReturnKind.ASK,
            at=now,
            site_id=head.site_id,
            currency=head.currency,
            lines=(),
        ),
        opened=Opened(
            return_id=head.id,
            lines=(
                OpenedLine(
                    return_line_id=line.return_line_id,
                    position=line.position,
                    code=line.code,
                    sku_id=line.sku_id,
                    units=one.units,
                    stated_unit_minor=one.refund_minor // one.units,
                    reason=line.reason,
                    matches=(),
                    blind_state=one.state,
                ),
            ),
        ),
        site=sites[head.site_id],
        cause_id=line.return_line_id,
    )


def _told(one: BlindDecided, return_id: ReturnId, *, by: str, now: datetime) -> Event:
    body = BlindReturnDecided(
        return_line_id=one.return_line_id, state=one.state, units=one.units, refund_minor=one.refund_minor
    )
    return event(body, subject=return_id, at=now, actor=by)
