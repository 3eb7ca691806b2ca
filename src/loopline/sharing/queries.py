"""Reads of sharing for screens and processes."""

import enum
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, fetch, fetch_values, statements, uuids
from loopline.kernel.ids import EntityId, LineId, OrderId, PartyId, RuleSetId, first_id_of
from loopline.kernel.times import TimeRange
from loopline.sharing.model import Role, RuleSet

SQL = statements(__file__)


class ShareState(enum.StrEnum):
    """Pending until the return window ends, then due."""

    PENDING = "pending"
    DUE = "due"


class SplitPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a line that was split: what a return may take back, part by part."""

    line_id: LineId
    part_id: UUID
    order_id: OrderId
    rule_set_id: RuleSetId
    entity_id: EntityId
    currency: str
    units: int
    units_returned: int
    base_minor: int
    due_at: datetime
    is_pending: bool


class ShareOfLine(msgspec.Struct, frozen=True, kw_only=True):
    """One party's share of one part, with what was taken back of it before and after it was due.

    A share of row `FOR_WAITING` says since when its work waited, how often it came back, and by which version of the
    profile that pays.
    """

    order_id: OrderId
    line_id: LineId
    part_id: UUID
    rule_set_id: RuleSetId
    rule_row: int
    role: Role
    party_id: PartyId
    entity_id: EntityId
    currency: str
    amount_minor: int
    cancelled_minor: int
    clawed_back_minor: int
    due_at: datetime
    state: ShareState
    waited_since: datetime | None = None
    waited_rounds: int | None = None
    waited_version: int | None = None


class EarnedShare(ShareOfLine, frozen=True, kw_only=True):
    """A share with what it was split from: so many units of the line, worth so much net."""

    units: int
    base_minor: int

    @property
    def left_minor(self) -> int:
        """What is left of the share after what was taken back of it."""
        return self.amount_minor - self.cancelled_minor - self.clawed_back_minor


class EarnedAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which shares to read: of these parties, of lines ordered since a moment, after a part already seen."""

    party_ids: tuple[PartyId, ...]
    ordered_since: datetime
    limit: int
    after: tuple[LineId, UUID] | None = None


def rule_sets(conn: Conn) -> list[RuleSet]:
    """Return every rule set, latest version first."""
    return fetch(conn, SQL["rule_sets"], RuleSet, rule_set_ids=None)


def rule_sets_by_id(conn: Conn, rule_set_ids: Sequence[RuleSetId]) -> list[RuleSet]:
    """Return these rule sets, latest version first; one that does not exist is absent."""
    return fetch(conn, SQL["rule_sets"], RuleSet, rule_set_ids=uuids(rule_set_ids))


def parts_of_lines(conn: Conn, line_ids: Sequence[LineId]) -> list[SplitPart]:
    """Return the split parts of lines, by line and part."""
    return fetch(conn, SQL["parts_of_lines"], SplitPart, line_ids=uuids(line_ids))


def split_part_ids(conn: Conn, wanted: Sequence[tuple[LineId, UUID]]) -> set[UUID]:
    """Return which parts of lines were split."""
    return set(
        fetch_values(
            conn,
            SQL["split_part_ids"],
            line_ids=uuids(line_id for line_id, _ in wanted),
            part_ids=uuids(part_id for _, part_id in wanted),
        )
    )


def shares_of_lines(conn: Conn, line_ids: Sequence[LineId]) -> list[ShareOfLine]:
    """Return what each party earns of lines, by line, part and row of the rules."""
    return fetch(conn, SQL["shares_of_lines"], ShareOfLine, line_ids=uuids(line_ids))


def shares_of_party(conn: Conn, party_id: PartyId, *, ordered: TimeRange, limit: int) -> list[ShareOfLine]:
    """Return a party's shares of lines ordered in a range of time (start included, end not), in order of the lines."""
    return fetch(
        conn,
        SQL["shares_of_party"],
        ShareOfLine,
        party_id=party_id,
        first_line_id=first_id_of(ordered.start),
        end_line_id=first_id_of(ordered.end) if ordered.end else None,
        limit=limit,
    )


def shares_of_parties(conn: Conn, ask: EarnedAsk) -> list[EarnedShare]:
    """Return what parties earned, the line ordered last first: whole parts, at most `limit` of them.

    The line and part of the last share are where the next page begins (`after`).
    """
    line_id, part_id = ask.after or (None, None)
    return fetch(
        conn,
        SQL["parts_of_parties"],
        EarnedShare,
        party_ids=uuids(ask.party_ids),
        first_line_id=first_id_of(ask.ordered_since),
        before_line_id=line_id,
        before_part_id=part_id,
        limit=ask.limit,
    )


class SharePlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a share stands among those of its party."""

    line_id: LineId
    part_id: UUID
    rule_row: int


def shares_page(
    conn: Conn, party_id: PartyId, *, ordered: TimeRange, after: SharePlace | None, at_most: int
) -> list[ShareOfLine]:
    """Return a page of a party's shares of lines ordered in a range of time, the newest lines first."""
    return fetch(
        conn,
        SQL["shares_page"],
        ShareOfLine,
        party_id=party_id,
        first_line_id=first_id_of(ordered.start),
        end_line_id=first_id_of(ordered.end) if ordered.end else None,
        after_line_id=after.line_id if after else None,
        after_part_id=after.part_id if after else None,
        after_rule_row=after.rule_row if after else None,
        at_most=at_most,
    )


def pending_part_count(conn: Conn) -> int:
    """Return how many parts wait for the end of their return window."""
    return int(fetch_values(conn, SQL["pending_part_count"])[0])


class OwnPurchase(msgspec.Struct, frozen=True, kw_only=True):
    """A line that somebody who would earn of it bought themselves, and the rules by which they therefore do not."""

    line_id: LineId
    rule_set_id: RuleSetId
    role: Role
    party_id: PartyId


def own_purchases(conn: Conn, line_ids: Sequence[LineId]) -> list[OwnPurchase]:
    """Return who earns nothing of lines because they bought them themselves, by line and role. Locks nothing."""
    return fetch(conn, SQL["own_purchases"], OwnPurchase, line_ids=uuids(line_ids))


class ReleasedDay(msgspec.Struct, frozen=True, kw_only=True):
    """What became due to a party of a seller's parts whose window ended on one day (UTC)."""

    entity_id: EntityId
    currency: str
    due_on: date
    amount_minor: int


def released_by_day(conn: Conn, party_id: PartyId) -> list[ReleasedDay]:
    """Return what became due to a party, by the day, seller and currency, the earliest day first."""
    return fetch(conn, SQL["released_by_day"], ReleasedDay, party_id=party_id)
