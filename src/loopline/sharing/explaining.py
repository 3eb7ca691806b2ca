"""Shares with the rules they are by: the version, the row, and what each is a share of."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec

from loopline.db import Conn, fetch, statements, uuids
from loopline.kernel.ids import EntityId, LineId, PartyId, first_id_of
from loopline.sharing.model import Role, RuleRow
from loopline.sharing.queries import ShareState

SQL = statements(__file__)
ORDERED_BEFORE = timedelta(days=120)
"""So long before its return window ends a line may have been ordered, to be found."""
_DAY = timedelta(days=1)


class ExplainedShare(msgspec.Struct, frozen=True, kw_only=True):
    """A party's share of one part: `amount_minor` of `base_minor` net, by a row of a version, or for work that waited.

    A share for waiting has no row (`rule` is None); it says since when, how often, and by which version of the profile.
    """

    line_id: LineId
    part_id: UUID
    rule_row: int
    rule_version: int
    rule: RuleRow | None
    role: Role
    party_id: PartyId
    entity_id: EntityId
    currency: str
    base_minor: int
    amount_minor: int
    cancelled_minor: int
    clawed_back_minor: int
    due_at: datetime
    state: ShareState
    waited_since: datetime | None
    waited_rounds: int | None
    waited_version: int | None

    @property
    def back_minor(self) -> int:
        """What was taken back of it, before and after it was due."""
        return self.cancelled_minor + self.clawed_back_minor


class ReleasedAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Whose shares of which seller became due on which day (UTC)."""

    party_id: PartyId
    entity_id: EntityId
    currency: str
    due_on: date
    at_most: int


def shares_with_rules(conn: Conn, line_ids: Sequence[LineId]) -> list[ExplainedShare]:
    """Return what each party earns of lines and why, by line, part and row of the rules."""
    return fetch(conn, SQL["shares_with_rules"], ExplainedShare, line_ids=uuids(line_ids))


def shares_released(conn: Conn, ask: ReleasedAsk) -> list[ExplainedShare]:
    """Return shares that are due since their return window ended on a day, of lines ordered up to 120 days before."""
    start = datetime(ask.due_on.year, ask.due_on.month, ask.due_on.day, tzinfo=UTC)
    return fetch(
        conn,
        SQL["shares_released"],
        ExplainedShare,
        party_id=ask.party_id,
        entity_id=ask.entity_id,
        currency=ask.currency,
        first_line_id=first_id_of(start - ORDERED_BEFORE),
        end_line_id=first_id_of(start + _DAY),
        start=start,
        end=start + _DAY,
        at_most=ask.at_most,
    )
