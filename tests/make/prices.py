"""Prices changed at the till of store S: asked for by its guide, decided on by its manager."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from loopline import org
from loopline.channels.till import SaleLine
from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.orders.price_changes import DecideOnPrice, PriceAsk, PriceReason
from loopline.processes.price_change import PriceWanted, ask_price, decide_price
from tests.make.shop import NOON, PRICES
from tests.make.store import Stage
from tests.make.till import TILL


def wanted(conn: Conn, stage: Stage, **fields: Any) -> PriceWanted:
    """The guide wants to sell a coat of 113 yuan for 80."""
    stated: dict[str, Any] = {
        "id": uuid4(),
        "till_id": TILL,
        "site": org.sites_by_code(conn, ["S"])["S"],
        "sku_code": "COAT",
        "units": 1,
        "unit_minor": 8_000,
        "reason": PriceReason.DAMAGED,
        "asked_by": stage.people["zhou.guide"],
    }
    return PriceWanted(**(stated | fields))


def asked(conn: Conn, stage: Stage, *, now: datetime = NOON, **fields: Any) -> PriceAsk:
    """Ask for a price."""
    outcome = ask_price(conn, wanted(conn, stage, **fields), scope=WHOLE_BRAND, now=now)
    assert isinstance(outcome, PriceAsk), outcome
    return outcome


def decided(
    conn: Conn,
    stage: Stage,
    ask_id: UUID,
    *,
    by: str = "lin.manager",
    says: bool = True,
    scope: Scope = WHOLE_BRAND,
    now: datetime = NOON,
) -> PriceAsk | Refusal:
    """Say yes or no to a price."""
    note = "" if says else "not for that"
    word = DecideOnPrice(ask_id=ask_id, is_approved=says, by=stage.people[by], note=note)
    return decide_price(conn, word, scope=scope, now=now)


def approved(conn: Conn, stage: Stage, *, now: datetime = NOON, **fields: Any) -> PriceAsk:
    """Ask for a price and have it approved."""
    outcome = decided(conn, stage, asked(conn, stage, now=now, **fields).id, now=now)
    assert isinstance(outcome, PriceAsk), outcome
    return outcome


def cheaper(unit_minor: int, code: str = "COAT", units: int = 1, **fields: Any) -> SaleLine:
    """Units of something at another price than the list's."""
    assert unit_minor != PRICES[code]
    return SaleLine(sku_code=code, units=units, unit_minor=unit_minor, **fields)
