"""Sales that were refused and handed over: placed after all once what hindered it is gone, or settled."""

from datetime import datetime

import msgspec

from loopline import org
from loopline.channels.till.buyers import buyers_of, without_personal_data
from loopline.channels.till.message import Sale
from loopline.channels.till.translation import rung_up
from loopline.customers import KeyRing
from loopline.db import Conn
from loopline.kernel.ids import MemberId, PersonId
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


def place_sale(  # noqa: PLR0913 - whose it is, and who sends it
    conn: Conn,
    sale: Sale,
    *,
    member_id: MemberId | None,
    scope: Scope,
    sent_by: PersonId,
    now: datetime,
) -> OrderTaken | Refusal:
    """Place one sale, or say why it cannot be."""
    told = rung_up(sale, now=now, member_id=member_id)
    return (
        ring_up(conn, [told], scope=scope, sent_by=sent_by, now=now)[0] if isinstance(told, RungUp) else told
    )


def hand_over(  # noqa: PLR0913 - a sale, and who hands it over by which keys
    conn: Conn, sale: Sale, *, ring: KeyRing, scope: Scope, handed_by: PersonId, now: datetime
) -> OrderTaken | Refusal:
    """Keep a sale that cannot be placed, for somebody to put right; returns why. One that can be placed is placed.

    A sale of a site outside `scope` is refused and not kept. Handed over twice, it is one case. What was typed of its
    member is not kept: who that is, is.
    """
    site = org.sites_by_code(conn, [sale.site_code]).get(sale.site_code)
    if site is None or not scope.covers_site(site.id):
        return NotInYourBranch(subject=sale.site_code)
    (member_id,) = buyers_of(conn, [sale], ring=ring)
    outcome = place_sale(conn, sale, member_id=member_id, scope=scope, sent_by=handed_by, now=now)
    if isinstance(outcome, Refusal):
        case = NewTillCase(
            till_id=sale.till_id,
            number=sale.number,
            site_id=site.id,
            sale=msgspec.to_builtins(without_personal_data(sale, member_id)),
            reason=CaseReason(code=outcome.code, template=outcome.template, fields=outcome.fields),
        )
        open_till_case(conn, case, handed_by=handed_by, now=now)
    return outcome


def try_again(  # noqa: PLR0913 - which, and who tries by which keys
    conn: Conn, which: TillNumber, *, ring: KeyRing, scope: Scope, by: PersonId, now: datetime
) -> OrderTaken | Refusal:
    """Place the sale of a case again; if it is an order now, the case is settled. Locks the case."""
    case = lock_till_case(conn, which, scope=scope)
    if isinstance(case, NoSuchCase):
        return case
    sale = sale_of(case.sale)
    (member_id,) = buyers_of(conn, [sale], ring=ring)
    outcome = place_sale(conn, sale, member_id=member_id, scope=scope, sent_by=by, now=now)
    if isinstance(outcome, OrderTaken):
        done = TillCaseSettled(till_id=which.till_id, number=which.number, note=outcome.number, settled_by=by)
        settle_till_case(conn, done, scope=scope, now=now)
    return outcome


def sale_of(kept: object) -> Sale:
    """Read a sale as a case keeps it."""
    return msgspec.convert(kept, Sale)
