"""Regrade: goods that came back are received and looked at; their grade says on which shelf they go, if on any."""

from collections.abc import Sequence
from datetime import datetime

from loopline import stock
from loopline.db import Conn, log
from loopline.kernel.events import event
from loopline.kernel.ids import LotId, NodeId, ReturnLineId, SiteId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.processes.outcomes import all_granted
from loopline.processes.replenish import record_goods
from loopline.processes.turn import take_turn
from loopline.returns import queries as returns_queries
from loopline.returns import service as returns
from loopline.returns.events import ReturnGraded, ReturnReceived
from loopline.returns.model import Graded, Grading, Receipt, Received
from loopline.stock import Fact, MovementReason, lots


class KeepsNoStock(Refusal, frozen=True, kw_only=True):
    """The site keeps no stock, so nothing can be put on its shelves."""

    site_id: SiteId


def receive(
    conn: Conn, receipts: Sequence[Receipt], *, scope: Scope, now: datetime
) -> list[Received | Refusal]:
    """Count what arrived at sites in scope; the same receipt again counts nothing."""
    covered = [one for one in receipts if scope.covers_site(one.site_id)]
    decided = iter(returns.receive_units(conn, covered))
    outcomes = [
        next(decided) if scope.covers_site(one.site_id) else NotInYourBranch(subject=str(one.return_line_id))
        for one in receipts
    ]
    log.append(
        conn,
        [
            event(
                ReturnReceived(
                    return_line_id=receipt.return_line_id,
                    receipt_id=receipt.id,
                    site_id=receipt.site_id,
                    units=receipt.units,
                ),
                subject=receipt.return_line_id,
                at=now,
            )
            for receipt, outcome in zip(receipts, outcomes, strict=True)
            if isinstance(outcome, Received) and not outcome.is_repeat
        ],
    )
    return outcomes


def grade(
    conn: Conn, gradings: Sequence[Grading], *, site_id: SiteId, scope: Scope, now: datetime
) -> list[Graded | Refusal]:
    """Say in what state goods came back to a site in scope, and put them where that sends them.

    Goods fit to sell go back on the shelf, and to whoever waits for them; others lie there unsellable; scrap is not
    taken into stock. The same grading again moves nothing.
    """
    if not scope.covers_site(site_id):
        return [NotInYourBranch(subject=str(one.return_line_id)) for one in gradings]
    take_turn(conn)
    outcomes = returns.grade_units(conn, gradings)
    new = [one for one in outcomes if isinstance(one, Graded) and not one.is_repeat]
    leaf_id = _leaf_of(conn, site_id)
    sold_from = _lots_of(conn, [one.return_line_id for one in new])
    facts = [
        Fact(
            id=one.grading_id,
            leaf_id=leaf_id,
            sku_id=one.sku_id,
            reason=MovementReason.RETURNED,
            on_hand=one.units,
            unsellable=0 if one.disposition.is_sellable else one.units,
            reference=one.return_line_id,
            lot_id=sold_from.get(one.return_line_id),
        )
        for one in new
        if one.sku_id is not None and one.disposition.stays_in_stock
    ]
    all_granted(record_goods(conn, facts, now=now))
    log.append(
        conn,
        [
            event(
                ReturnGraded(
                    return_line_id=one.return_line_id,
                    grading_id=one.grading_id,
                    sku_id=one.sku_id,
                    units=one.units,
                    grade=one.grade,
                    disposition=one.disposition,
                ),
                subject=one.return_line_id,
                at=now,
            )
            for one in new
        ],
    )
    return outcomes


def _lots_of(conn: Conn, return_line_ids: Sequence[ReturnLineId]) -> dict[ReturnLineId, LotId]:
    """The lots that what comes back was sold from, where it is known: of one that is recalled, it comes back locked."""
    lines = returns_queries.return_lines_by_id(conn, return_line_ids) if return_line_ids else []
    sold = {line.return_line_id: [match.line_id for match in line.matches] for line in lines}
    found = lots.lots_of_lines(conn, {line_id for line_ids in sold.values() for line_id in line_ids})
    return {
        return_line_id: found[line_id]
        for return_line_id, line_ids in sold.items()
        for line_id in reversed(line_ids)
        if line_id in found
    }


def _leaf_of(conn: Conn, site_id: SiteId) -> NodeId:
    leaves = stock.leaves_of_sites(conn, [site_id])
    if not leaves:
        raise Refused(KeepsNoStock(site_id=site_id))
    return min(leaf.id for leaf in leaves)
