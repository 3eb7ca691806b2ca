"""What a return tells the log."""

import msgspec

from loopline.kernel.events import Event, EventBody, event
from loopline.kernel.ids import ReturnId, SiteId, SkuId
from loopline.orders import LineKind
from loopline.processes.take_back.case import Case, accepted_blind
from loopline.returns.events import ReturnedLine, ReturnedUnits, ReturnOpened


class ReturnedSale(msgspec.Struct, frozen=True, kw_only=True):
    """Units that came back, and what was paid back for them, tax included."""

    kind: LineKind
    sku_id: SkuId | None
    units: int
    amount_minor: int


class SalesReturned(EventBody, frozen=True, kw_only=True):
    """A return took sales back. `site_id` and `channel` are those of the return; the moment is its own."""

    return_id: ReturnId
    channel: str
    site_id: SiteId
    currency: str
    lines: tuple[ReturnedSale, ...]


def events_of(case: Case) -> list[Event]:
    asked, opened = case.asked, case.opened
    told = ReturnOpened(
        return_id=opened.return_id,
        channel=asked.channel,
        kind=asked.kind,
        site_id=asked.site_id,
        member_id=asked.member_id,
        lines=tuple(
            ReturnedLine(
                return_line_id=line.return_line_id,
                sku_id=line.sku_id,
                units=line.units,
                blind_units=line.blind_units,
                reason=line.reason,
                matches=tuple(
                    ReturnedUnits(order_id=match.order_id, line_id=match.line_id, units=match.units)
                    for match in line.matches
                ),
            )
            for line in opened.lines
        ),
    )
    return [event(told, subject=opened.return_id, at=asked.at), sales_of(case)]


def sales_of(case: Case) -> Event:
    """Say what of sales a case takes back."""
    asked, opened = case.asked, case.opened
    sales = SalesReturned(
        return_id=opened.return_id,
        channel=asked.channel,
        site_id=asked.site_id,
        currency=asked.currency,
        lines=tuple(
            ReturnedSale(
                kind=LineKind.GOODS if line.sku_id is not None else LineKind.CHARGE,
                sku_id=line.sku_id,
                units=line.matched_units + accepted_blind(line),
                amount_minor=case.amounts.get(line.return_line_id, 0),
            )
            for line in opened.lines
        ),
    )
    return event(sales, subject=opened.return_id, at=asked.at)
