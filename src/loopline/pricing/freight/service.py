"""Commands of freight: templates are set."""

from collections.abc import Sequence
from datetime import datetime

from loopline.db import Conn
from loopline.kernel.ids import OrgUnitId
from loopline.kernel.refusals import Refusal
from loopline.pricing.freight import store
from loopline.pricing.freight.model import NewFreight
from loopline.pricing.freight.rules import problem_of


def set_freight(
    conn: Conn,
    wanted: Sequence[NewFreight],
    *,
    units: Sequence[OrgUnitId | Refusal],
    by: str,
    now: datetime,
) -> list[NewFreight | Refusal]:
    """Set templates, one outcome each; of two for one unit the last holds.

    `units`: of each, the unit that it is for, or why it cannot be set there. Locks nothing but the new rows.
    """
    outcomes: list[NewFreight | Refusal] = []
    rows: list[tuple[OrgUnitId, NewFreight]] = []
    for one, unit in zip(wanted, units, strict=True):
        refusal = unit if isinstance(unit, Refusal) else problem_of(one)
        outcomes.append(refusal or one)
        if refusal is None and not isinstance(unit, Refusal):
            rows.append((unit, one))
    if rows:
        store.add_freight(conn, rows, by=by, now=now)
    return outcomes
