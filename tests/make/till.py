"""A till as it speaks: sales as messages, and what the server makes of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loopline.channels.till import Method, Sale, SaleLine, SalePayment, buyers_of, rung_up
from loopline.customers import KeyRing
from loopline.db import Conn
from loopline.kernel.ids import PersonId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.processes.ring_up import RungUp, ring_up
from loopline.processes.take_in import OrderTaken
from tests.make.customers import ring
from tests.make.shop import NOON, PRICES

TILL = UUID("0190aaaa-0000-7000-8000-00000000a711")


def sale(by: PersonId, number: int = 1, **fields: Any) -> Sale:
    """A coat and two scarves, paid in cash at the till of store S."""
    lines = fields.pop("lines", (line("COAT"), line("SCARF", 2)))
    total = sum(one.paid_minor for one in lines)
    at = fields.get("rung_up_at", NOON)
    stated: dict[str, Any] = {
        "id": uuid7(at),
        "till_id": TILL,
        "number": number,
        "site_code": "S",
        "rung_up_by": by,
        "rung_up_at": at,
        "currency": "CNY",
        "lines": lines,
        "payments": (SalePayment(method=Method.CASH, amount_minor=total),) if total else (),
    }
    return Sale(**(stated | fields))


def line(code: str, units: int = 1, *, unit_minor: int | None = None) -> SaleLine:
    return SaleLine(sku_code=code, units=units, unit_minor=PRICES[code] if unit_minor is None else unit_minor)


def whole(code: str, units: int, amount_minor: int) -> SaleLine:
    """A line whose price the server told with the whole cart."""
    return SaleLine(sku_code=code, units=units, unit_minor=amount_minor // units, amount_minor=amount_minor)


def sent(
    conn: Conn,
    sales: Sequence[Sale],
    *,
    by: PersonId,
    scope: Scope = WHOLE_BRAND,
    now: datetime = NOON,
    keys: KeyRing | None = None,
) -> list[OrderTaken | Refusal]:
    """Send sales as one message of an outbox."""
    told: list[RungUp] = []
    members = buyers_of(conn, sales, ring=keys or ring())
    for one, member_id in zip(sales, members, strict=True):
        translated = rung_up(one, now=now, member_id=member_id)
        assert isinstance(translated, RungUp), translated
        told.append(translated)
    return ring_up(conn, told, scope=scope, sent_by=by, now=now)
