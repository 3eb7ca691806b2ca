"""Decide on what came back without a sale: a person accepts it at a price, which is paid back now, or refuses it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import org
from loopline.db import Conn, log
from loopline.kernel.events import Event, event
from loopline.kernel.ids import ReturnId, ReturnLineId, SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Site
from loopline.org.limits import CounterLimit, limits_of_sites
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

    The tax in it is that of a sale today at the price that is paid back; what cannot be taxed is refused by itself. Of
    what somebody took in they accept no more within a day than their site lets them alone. A line of another branch is
    told as unknown. Locks return lines by id, then the turns of those who decide, then keys of entries.
    """
    lines = {line.return_line_id: line for line in _lines(conn, [one.return_line_id for one in decisions])}
    heads = {
        head.id: head
        for head in queries.returns_by_id(conn, list({line.return_id for line in lines.values()}))
    }
    sites = org.sites_by_id(
        conn, {head.site_id for head in heads.values() if scope.covers_site(head.site_id)}
    )
    outcomes: list[BlindDecided | Refusal] = [
        ReturnLineUnknown(return_line_id=one.return_line_id) for one in decisions
    ]
    mine = [
        place
        for place, one in enumerate(decisions)
        if (line := lines.get(one.return_line_id)) is not None and heads[line.return_id].site_id in sites
    ]
    cases = [
        _case(decisions[place], lines[decisions[place].return_line_id], heads, sites, now=now)
        for place in mine
    ]
    sound: list[tuple[int, Case]] = []
    for place, case, refusal in zip(mine, cases, quote_blind(conn, cases), strict=True):
        if refusal is None:
            sound.append((place, case))
        else:
            outcomes[place] = refusal
    alone_most = _alone_most(conn, [(decisions[place], case) for place, case in sound], sites.values())
    decided = service.decide_blind_returns(
        conn, [decisions[place] for place, _ in sound], alone_most=alone_most, now=now
    )
    accepted: list[Case] = []
    told: list[Event] = []
    for (place, case), outcome in zip(sound, decided, strict=True):
        outcomes[place] = outcome
        if isinstance(outcome, BlindDecided):
            told.append(_told(outcome, case.opened.return_id, by=decisions[place].decided_by, now=now))
            if outcome.state is BlindState.ACCEPTED:
                accepted.append(case)
    post_rest(conn, accepted, now=now)
    refund(conn, [owed for case in accepted for owed in refunds_of(case)], now=now)
    log.append(conn, [*told, *(sales_of(case) for case in accepted)])
    return outcomes


def _alone_most(
    conn: Conn, sound: Sequence[tuple[BlindDecision, Case]], sites: Iterable[Site]
) -> dict[ReturnLineId, int]:
    """What one person may accept alone of what they took in, by line: as its site has it."""
    limits = limits_of_sites(conn, sites, CounterLimit.BLIND_ALONE)
    return {one.return_line_id: limits[case.site.id].value for one, case in sound}


def _lines(conn: Conn, line_ids: Sequence[ReturnLineId]) -> list[ReturnLine]:
    return queries.return_lines_by_id(conn, line_ids) if line_ids else []


def _case(
    word: BlindDecision,
    line: ReturnLine,
    heads: Mapping[ReturnId, Return],
    sites: Mapping[SiteId, Site],
    *,
    now: datetime,
) -> Case:
    """The units as a return of their own, which its line names, as they are if the word on them stands."""
    head = heads[line.return_id]
    is_paid = word.is_accepted and word.refund_unit_minor > 0
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
                    units=line.units - sum(match.units for match in line.matches),
                    stated_unit_minor=word.refund_unit_minor if is_paid else 0,
                    reason=line.reason,
                    matches=(),
                    blind_state=BlindState.ACCEPTED if word.is_accepted else BlindState.REFUSED,
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
