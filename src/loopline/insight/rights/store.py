"""One function per statement that reads the facts of lines, or writes what they were judged."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_values, integers, statements, uuids
from loopline.insight.rights.model import (
    JudgedLine,
    LineFacts,
    Marks,
    PromiseFact,
    ReturnFact,
    Right,
    WorkFact,
)
from loopline.insight.rights.rules import CauseKey, SumKey
from loopline.kernel.ids import LineId, OrderId, SiteId

SQL = statements(__file__)


class _SiteZone(msgspec.Struct, frozen=True):
    site_id: SiteId
    time_zone: str


class _Keys(msgspec.Struct, frozen=True):
    """The keys of rows of sums, as columns."""

    days: list[date]
    sides: list[str]
    site_ids: list[UUID]

    def parameters(self) -> dict[str, object]:
        """Return them as parameters of a statement."""
        return {"days": self.days, "sides": self.sides, "site_ids": uuids(self.site_ids)}


def lines_of_orders(conn: Conn, order_ids: Collection[OrderId]) -> list[LineFacts]:
    """Return the goods lines of orders as they stand."""
    return fetch(conn, SQL["lines_of_orders"], LineFacts, order_ids=uuids(order_ids))


def work_of_orders(conn: Conn, order_ids: Collection[OrderId]) -> list[WorkFact]:
    """Return what of orders was put to sites, by line, the first offered first."""
    return fetch(conn, SQL["work_of_orders"], WorkFact, order_ids=uuids(order_ids))


def promises_of_orders(conn: Conn, order_ids: Collection[OrderId]) -> list[PromiseFact]:
    """Return what orders were promised, one each for those that were."""
    return fetch(conn, SQL["promises_of_orders"], PromiseFact, order_ids=uuids(order_ids))


def returns_of_lines(conn: Conn, line_ids: Collection[LineId]) -> list[ReturnFact]:
    """Return what came back of lines."""
    return fetch(conn, SQL["returns_of_lines"], ReturnFact, line_ids=uuids(line_ids))


def orders_of_reviews(conn: Conn, review_ids: Collection[UUID]) -> list[OrderId]:
    """Return the orders that reviews speak of."""
    return fetch_values(conn, SQL["orders_of_reviews"], review_ids=uuids(review_ids))


def site_zones(conn: Conn) -> dict[SiteId, str]:
    """Return the zone of every site."""
    return {one.site_id: one.time_zone for one in fetch(conn, SQL["site_zones"], _SiteZone)}


def home_zone(conn: Conn) -> str:
    """Return the brand's zone; UTC while there is no brand."""
    return fetch_values(conn, SQL["home_zone"])[0] or "UTC"


def lock_judged(conn: Conn, order_ids: Collection[OrderId]) -> list[JudgedLine]:
    """Lock the lines of orders as they were judged, and return them."""
    return fetch(conn, SQL["lock_judged"], JudgedLine, order_ids=uuids(order_ids))


def write_judged(conn: Conn, lines: Sequence[JudgedLine]) -> None:
    """Write lines as they are judged now."""
    execute(
        conn,
        SQL["write_judged"],
        order_ids=uuids(one.order_id for one in lines),
        line_ids=uuids(one.line_id for one in lines),
        sku_ids=uuids(one.sku_id for one in lines),
        days=[one.day for one in lines],
        sent_site_ids=uuids(one.sent_site_id for one in lines),
        place_site_ids=uuids(one.place_site_id for one in lines),
        sold_site_ids=uuids(one.sold_site_id for one in lines),
        packer_ids=uuids(one.packer_id for one in lines),
        units=integers(one.units for one in lines),
        **{right.value: [one.mark(right) for one in lines] for right in Right},
    )


def forget_judged(conn: Conn, lines: Sequence[JudgedLine]) -> None:
    """Forget lines that are not to be judged any more."""
    execute(
        conn,
        SQL["forget_judged"],
        order_ids=uuids(one.order_id for one in lines),
        line_ids=uuids(one.line_id for one in lines),
    )


def move_sums(conn: Conn, sums: Mapping[SumKey, Mapping[str, int]]) -> None:
    """Move sums, given in the order of their keys, by what changed of their columns."""
    keys = _keys(list(sums)).parameters()
    columns = {
        name: integers(moved.get(name, 0) for moved in sums.values()) for name in Marks.__struct_fields__
    }
    execute(conn, SQL["open_sums"], **keys)
    execute(conn, SQL["move_sums"], **keys, **columns)


def move_causes(conn: Conn, causes: Mapping[CauseKey, int]) -> None:
    """Move causes, given in the order of their keys, by what changed."""
    keys = _keys([SumKey(one.day, one.side, one.site_id) for one in causes]).parameters()
    named = [one.cause for one in causes]
    execute(conn, SQL["open_causes"], **keys, causes=named)
    execute(conn, SQL["move_causes"], **keys, causes=named, lines=integers(causes.values()))


def _keys(keys: Sequence[SumKey]) -> _Keys:
    return _Keys([one.day for one in keys], [one.side for one in keys], [one.site_id for one in keys])
