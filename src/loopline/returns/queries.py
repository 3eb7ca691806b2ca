"""Reads of returns for screens and processes."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, fetch, fetch_values, statements, uuids
from loopline.kernel.ids import LineId, MemberId, OrderId, ReturnId, ReturnLineId, SiteId, SkuId
from loopline.returns.model import BlindState, Match, Reason, ReturnKind, ReturnWindow

SQL = statements(__file__)


class Return(msgspec.Struct, frozen=True, kw_only=True):
    """A return, without its lines."""

    id: ReturnId
    channel: str
    external_number: str
    kind: ReturnKind
    order_id: OrderId | None
    member_id: MemberId | None
    site_id: SiteId
    currency: str
    at: datetime


class ReturnLine(msgspec.Struct, frozen=True, kw_only=True):
    """A return line as it stands."""

    return_id: ReturnId
    return_line_id: ReturnLineId
    position: int
    code: str
    sku_id: SkuId | None
    units: int
    stated_unit_minor: int | None
    reason: Reason
    received_units: int
    graded_units: int
    blind_state: BlindState
    blind_refund_unit_minor: int | None
    matches: tuple[Match, ...]


class WaitingBlindLine(msgspec.Struct, frozen=True, kw_only=True):
    """Units that wait for a person: to be decided on, as they have no original sale, or to be put away."""

    return_id: ReturnId
    return_line_id: ReturnLineId
    code: str
    sku_id: SkuId | None
    units: int
    stated_unit_minor: int | None
    reason: Reason


class ReturnOfLine(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a line of an order that came back in a return."""

    line_id: LineId
    order_id: OrderId
    return_line_id: ReturnLineId
    return_id: ReturnId
    units: int


class MatchCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many return lines have an original sale for all, some or none of their units."""

    matched: int
    partly: int
    blind: int


def returns_by_id(conn: Conn, return_ids: Sequence[ReturnId]) -> list[Return]:
    """Return these returns, without their lines."""
    return fetch(conn, SQL["heads_of_returns"], Return, return_ids=uuids(return_ids))


def lines_of_returns(conn: Conn, return_ids: Sequence[ReturnId]) -> list[ReturnLine]:
    """Return the lines of returns with what each was matched to, in their order."""
    return fetch(conn, SQL["lines_of_returns"], ReturnLine, return_ids=uuids(return_ids))


def return_lines_by_id(conn: Conn, return_line_ids: Sequence[ReturnLineId]) -> list[ReturnLine]:
    """Return lines of returns by their ids; unknown ones are left out."""
    return fetch(conn, SQL["return_lines_by_id"], ReturnLine, return_line_ids=uuids(return_line_ids))


def waiting_blind_lines(
    conn: Conn, *, site_ids: Collection[SiteId] | None = None, limit: int
) -> list[WaitingBlindLine]:
    """Return what waits for a person's decision at some sites (None: at any), the oldest first."""
    return fetch(
        conn,
        SQL["waiting_blind_lines"],
        WaitingBlindLine,
        site_ids=None if site_ids is None else uuids(site_ids),
        limit=limit,
    )


def lines_to_grade(
    conn: Conn, *, site_ids: Collection[SiteId] | None = None, limit: int
) -> list[WaitingBlindLine]:
    """Return what is here at some sites (None: at any), kept, and put nowhere yet, the oldest first."""
    return fetch(
        conn,
        SQL["lines_to_grade"],
        WaitingBlindLine,
        site_ids=None if site_ids is None else uuids(site_ids),
        limit=limit,
    )


def returns_of_lines(conn: Conn, line_ids: Sequence[LineId]) -> list[ReturnOfLine]:
    """Return what came back of lines of orders, the oldest first within a line."""
    return fetch(conn, SQL["returns_of_lines"], ReturnOfLine, line_ids=uuids(line_ids))


def match_counts(conn: Conn) -> MatchCounts:
    """Count return lines by how much of them has an original sale."""
    return fetch(conn, SQL["match_counts"], MatchCounts)[0]


def return_windows(conn: Conn) -> list[ReturnWindow]:
    """Return every return window; `rules.window_of` chooses among them."""
    return fetch(conn, SQL["return_windows"], ReturnWindow)


def orders_of_return(conn: Conn, return_id: UUID) -> list[OrderId]:
    """Return whose goods came back with a return, in the order of their ids; none where nothing has that id."""
    return [OrderId(one) for one in fetch_values(conn, SQL["orders_of_return"], return_id=return_id)]
