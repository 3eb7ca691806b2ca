"""What goods that came back are worth less, by where their grade sends them: said by the brand, the last word holds."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from loopline.db import Conn, execute, fetch, statements
from loopline.kernel.refusals import Refusal

SQL = statements(__file__)
PERCENT_MOST = 100
AS_DELIVERED: Mapping[str, int] = {"refurbish": 20, "outlet": 50, "supplier": 0, "scrap": 100}
"""By disposition, how many per cent of what goods had cost are lost; what is back on the shelf loses nothing."""


class NewLoss(msgspec.Struct, frozen=True, kw_only=True):
    """So many per cent of what goods had cost are lost where they go this way."""

    disposition: str
    percent: int


class LossInForce(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for a disposition; nobody's word: as delivered."""

    disposition: str
    percent: int
    set_at: datetime | None = None
    set_by: str | None = None


class LossNotUsable(Refusal, frozen=True, kw_only=True):
    """Of goods that go to {disposition}, {percent} per cent cannot be lost: say a whole number from 0 to {most}, for
    goods that go elsewhere than back on the shelf.
    """

    disposition: str
    percent: int
    most: int


def set_losses(conn: Conn, wanted: list[NewLoss], *, by: str, now: datetime) -> list[NewLoss | Refusal]:
    """Say what is lost, one outcome each, in the order given; of two for one the last holds. Locks nothing."""
    outcomes: list[NewLoss | Refusal] = [
        one
        if one.disposition in AS_DELIVERED and 0 <= one.percent <= PERCENT_MOST
        else LossNotUsable(disposition=one.disposition, percent=one.percent, most=PERCENT_MOST)
        for one in wanted
    ]
    going = [one for one in outcomes if isinstance(one, NewLoss)]
    if going:
        execute(
            conn,
            SQL["add_losses"],
            dispositions=[one.disposition for one in going],
            percents=[one.percent for one in going],
            by=by,
            now=now,
        )
    return outcomes


def losses_in_force(conn: Conn) -> list[LossInForce]:
    """Return what is lost by each disposition that loses anything, in their order."""
    kept = {one.disposition: one for one in fetch(conn, SQL["losses_in_force"], LossInForce)}
    return [
        kept.get(disposition, LossInForce(disposition=disposition, percent=percent))
        for disposition, percent in AS_DELIVERED.items()
    ]
