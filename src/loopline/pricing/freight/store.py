"""One function per statement of `store.sql`."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn, execute, fetch, statements, uuids
from loopline.kernel.ids import OrgUnitId
from loopline.pricing.freight.model import FreightTemplate, KeptFreight, NewFreight

SQL = statements(__file__)


def _spelt(template: FreightTemplate | None) -> str | None:
    return None if template is None else msgspec.json.encode(template).decode()


def add_freight(
    conn: Conn, wanted: Sequence[tuple[OrgUnitId, NewFreight]], *, by: str, now: datetime
) -> None:
    execute(
        conn,
        SQL["add_freight"],
        unit_ids=[unit_id for unit_id, _ in wanted],
        templates=[_spelt(one.template) for _, one in wanted],
        opens=[one.is_open for _, one in wanted],
        comments=[one.comment.strip() for _, one in wanted],
        by=by,
        now=now,
    )


def freight_of_units(conn: Conn, unit_ids: Collection[OrgUnitId] | None) -> list[KeptFreight]:
    return fetch(
        conn,
        SQL["freight_of_units"],
        KeptFreight,
        unit_ids=None if unit_ids is None else uuids(unit_ids),
    )
