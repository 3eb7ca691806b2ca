"""Reads of freight. Lock nothing."""

from collections.abc import Collection

from loopline.db import Conn
from loopline.kernel.ids import OrgUnitId
from loopline.pricing.freight import store
from loopline.pricing.freight.model import KeptFreight


def freight_of_units(conn: Conn, unit_ids: Collection[OrgUnitId]) -> dict[OrgUnitId, KeptFreight]:
    """Return the last word of each of these units that ever set a template."""
    return {one.unit_id: one for one in store.freight_of_units(conn, unit_ids)}


def freight_kept(conn: Conn) -> dict[OrgUnitId, KeptFreight]:
    """Return the last word of every unit; empty where nobody ever set a template."""
    return {one.unit_id: one for one in store.freight_of_units(conn, None)}
