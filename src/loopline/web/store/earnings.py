"""What parties earned today, as stores show it: posted in the books since the site's day began."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import PartyId
from loopline.ledger.model import EntryKind, Purpose
from loopline.ledger.queries import PartyMoved, moved_of_parties

SHARES = (Purpose.SHARE_PENDING, Purpose.SHARE_DUE)
_TAKES = frozenset({EntryKind.REVERSAL, EntryKind.SHARE_CLAW_BACK, EntryKind.BLIND_RETURN})
_MOVES_NOTHING = frozenset(
    {
        EntryKind.SHARE_RELEASE,
        EntryKind.PAYOUT,
        EntryKind.PAYOUT_RETURNED,
        EntryKind.RECLAIM,
        EntryKind.RECLAIM_FAILED,
    }
)


class Earned(msgspec.Struct, frozen=True, kw_only=True):
    """What came in and what was taken back, in one currency."""

    currency: str
    came_minor: int = 0
    taken_minor: int = 0

    @property
    def net_minor(self) -> int:
        """What is left."""
        return self.came_minor - self.taken_minor


def earned_since(conn: Conn, party_ids: Sequence[PartyId], *, since: datetime) -> dict[PartyId, list[Earned]]:
    """Return what parties earned since a moment, by currency; a party that nothing moved has nothing."""
    moved = moved_of_parties(conn, party_ids, purposes=SHARES, starts=[since])
    return {party_id: added_up([one for one in moved if one.party_id == party_id]) for party_id in party_ids}


def added_up(moved: Sequence[PartyMoved]) -> list[Earned]:
    """Add up what entries moved, by currency, in the order of the currencies; a release or a payout earns nothing."""
    came: dict[str, int] = {}
    taken: dict[str, int] = {}
    for one in moved:
        if one.kind in _MOVES_NOTHING:
            continue
        came.setdefault(one.currency, 0)
        if one.kind in _TAKES or one.amount_minor < 0:
            taken[one.currency] = taken.get(one.currency, 0) - one.amount_minor
        else:
            came[one.currency] += one.amount_minor
    return [
        Earned(currency=currency, came_minor=came[currency], taken_minor=taken.get(currency, 0))
        for currency in sorted(came)
    ]
