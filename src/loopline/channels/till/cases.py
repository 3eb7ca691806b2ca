"""Sales that were refused and handed over: placed after all once what hindered it is gone, or settled."""

from datetime import datetime

import msgspec

from loopline import org
from loopline.channels.till.message import Sale
from loopline.channels.till.translation import rung_up
from loopline.db import Conn
from loopline.kernel.ids import PersonId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.orders.tills import (
    CaseReason,
    NewTillCase,
    NoSuchCase,
    TillCaseSettled,
    TillNumber,
    lock_till_case,
    open_till_case,
    settle_till_case,
)
from loopline.processes.ring_up import RungUp, ring_up
from loopline.processes.take_in import OrderTaken


def place_sale(
    conn: Conn, sale: Sale, *, scope: Scope, sent_by: PersonId, now: datetime
) -> OrderTaken | Refusal:
    """Place one sale, or say why it cannot be."""
    told = rung_up(sale, now=now)
    return (
        ring_up(conn, [told], scope=scope, sent_by=sent_by, now=now)[0] if isinstance(told, RungUp) else told
    )


def hand_over(
    conn: Conn, sale: Sale, *, scope: Scope, handed_by: PersonId, now: datetime
) -> OrderTaken | Refusal:
    """Keep a sale that cannot be placed, for somebody to put right; returns why. One that can be placed is placed.

    A sale of a site outside `scope` is refused and not kept. Handed over twice, it is one case.
    """
    site = org.sites_by_code(conn, [sale.site_code]).get(sale.site_code)
    if site is None or not scope.covers_site(site.id):
        return NotInYourBranch(subject=sale.site_code)
    outcome = place_sale(conn, sale, scope=scope, sent_by=handed_by, now=now)
    if isinstance(outcome, Refusal):
        case = NewTillCase(
            till_id=sale.till_id,
            number=sale.number,
            site_id=site.id,
            sale=msgspec.to_builtins(sale),
            reason=CaseReason(code=outcome.code, template=outcome.template, fields=outcome.fields),
        )
        open_till_case(conn, case, handed_by=handed_by, now=now)
    return outcome


def try_again(
    conn: Conn, which: TillNumber, *, scope: Scope, by: PersonId, now: datetime
) -> OrderTaken | Refusal:
    """Place the sale of a case again; if it is an order now, the case is settled. Locks the case."""
    case = lock_till_case(conn, which, scope=scope)
    if isinstance(case, NoSuchCase):
        return case
    outcome = place_sale(conn, sale_of(case.sale), scope=scope, sent_by=by, now=now)
    if isinstance(outcome, OrderTaken):
        done = TillCaseSettled(till_id=which.till_id, number=which.number, note=outcome.number, settled_by=by)
        settle_till_case(conn, done, scope=scope, now=now)
    return outcome


def sale_of(kept: object) -> Sale:
    """Read a sale as a case keeps it."""
    return msgspec.convert(kept, Sale)
