"""Prove: what became of the units that a dealer's system stated, when somebody came for them. Follows the log."""

from collections.abc import Sequence

from loopline import feeds, stock
from loopline.db import Conn
from loopline.db.followers import Follower
from loopline.feeds import Proof
from loopline.fulfilment.events import ParcelHandedOver, TaskRefused
from loopline.fulfilment.model import RefusalReason
from loopline.kernel.events import Event, read
from loopline.stock import MovementReason
from loopline.stock.events import StockCorrected

_HANDED_OVER = ParcelHandedOver.type_name()
_REFUSED = TaskRefused.type_name()
_CORRECTED = StockCorrected.type_name()
_WERE_NOT_THERE = frozenset({RefusalReason.NOT_FOUND, RefusalReason.COUNT_DIFFERS})
_FOUND_WRONG = frozenset({MovementReason.COUNT, MovementReason.NOT_FOUND})


def prove_feeds(conn: Conn, events: Sequence[Event]) -> None:
    """Count for and against the feeds of sites: units handed over; units not found, or counted otherwise."""
    proofs = [proof for told in events for proof in _proofs(conn, told)]
    if proofs:
        feeds.add_proofs(conn, proofs)


def _proofs(conn: Conn, told: Event) -> list[Proof]:
    day = told.at.date()
    if told.type == _HANDED_OVER:
        parcel = read(told, ParcelHandedOver)
        units = sum(line.units for line in parcel.lines)
        return [Proof(site_id=parcel.site_id, day=day, good=units, bad=0)]
    if told.type == _REFUSED:
        refused = read(told, TaskRefused)
        if refused.reason not in _WERE_NOT_THERE:
            return []
        units = sum(line.units for line in refused.lines)
        return [Proof(site_id=refused.site_id, day=day, good=0, bad=units)]
    corrected = read(told, StockCorrected)
    if corrected.reason not in _FOUND_WRONG or not corrected.on_hand:
        return []
    # As many reads as there are corrections of these rare kinds in a batch of the log.
    sites = [node.site_id for node in stock.nodes_by_ids(conn, [corrected.leaf_id]) if node.site_id]
    return [Proof(site_id=site_id, day=day, good=0, bad=abs(corrected.on_hand)) for site_id in sites]


FOLLOWERS: tuple[Follower, ...] = (
    Follower(name="feed_records", types=frozenset({_HANDED_OVER, _REFUSED, _CORRECTED}), apply=prove_feeds),
)
