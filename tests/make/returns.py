"""Returns for tests: purchases, returns, receipts, gradings."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from loopline.kernel.ids import LineId, MemberId, OrderId, ReturnLineId, SiteId, uuid7
from loopline.returns.model import (
    Grade,
    Grading,
    NewReturn,
    NewReturnLine,
    Purchase,
    Reason,
    Receipt,
    ReturnKind,
)

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MEMBER = MemberId(UUID(int=501))
SITE = SiteId(UUID(int=502))


def purchase(
    number: int,
    *,
    days_ago: int = 1,
    unit_minor: int = 100,
    units_left: int = 10,
    code: str = "A",
    member_id: MemberId | None = MEMBER,
) -> Purchase:
    """A purchase told by its number: the ids of its order and line are made of it."""
    return Purchase(
        order_id=OrderId(UUID(int=1000 + number)),
        line_id=LineId(UUID(int=2000 + number)),
        member_id=member_id,
        code=code,
        unit_minor=unit_minor,
        units_left=units_left,
        placed_at=NOW - timedelta(days=days_ago),
    )


def line(
    units: int, *, stated: int | None = 100, code: str = "A", reason: Reason = Reason.OTHER
) -> NewReturnLine:
    """A line of a return."""
    return NewReturnLine(code=code, units=units, stated_unit_minor=stated, reason=reason)


def asked(
    *lines: NewReturnLine,
    kind: ReturnKind = ReturnKind.ASK,
    number: str | None = None,
    member_id: MemberId | None = MEMBER,
    order_id: OrderId | None = None,
) -> NewReturn:
    """A return at a till."""
    return NewReturn(
        channel="till",
        external_number=number or str(uuid7(NOW)),
        kind=kind,
        at=NOW,
        site_id=SITE,
        currency="CNY",
        lines=lines,
        member_id=member_id,
        order_id=order_id,
    )


def receipt(return_line_id: ReturnLineId, *, units: int) -> Receipt:
    """Units that arrive."""
    return Receipt(id=uuid7(NOW), return_line_id=return_line_id, units=units, site_id=SITE, at=NOW)


def grading(return_line_id: ReturnLineId, *, units: int, grade: Grade = Grade.AS_NEW) -> Grading:
    """Units that are looked at."""
    return Grading(
        id=uuid7(NOW),
        return_line_id=return_line_id,
        units=units,
        grade=grade,
        is_perishable=False,
        graded_by="person:1",
        at=NOW,
    )
