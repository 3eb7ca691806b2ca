"""Judge every order anew and hold it against what the follower kept: what no statement can see."""

from loopline.db import Conn, Finding, fetch, fetch_values, uuids
from loopline.insight.rights.model import JudgedLine, Right
from loopline.insight.rights.queries import SQL
from loopline.insight.rights.service import judged_now
from loopline.kernel.ids import OrderId

_ORDERS_AT_ONCE = 500
_REPAIR = "loopline boards rebuild"


def rights_that_differ(conn: Conn) -> list[Finding]:
    """Return the lines whose marks are not what the facts say; reads all orders, some hundred at a time."""
    found: list[Finding] = []
    after: OrderId | None = None
    while order_ids := fetch_values(conn, SQL["orders_after"], after=after, at_most=_ORDERS_AT_ONCE):
        kept = {
            (one.order_id, one.line_id): one
            for one in fetch(conn, SQL["judged_of_orders"], JudgedLine, order_ids=uuids(order_ids))
        }
        anew = {(one.order_id, one.line_id): one for one in judged_now(conn, order_ids)}
        found += [
            Finding(
                subject=f"line {key[1]} of order {key[0]}",
                found=_told(kept.get(key)),
                expected=_told(anew.get(key)),
                repair=_REPAIR,
            )
            for key in sorted({*kept, *anew})
            if kept.get(key) != anew.get(key)
        ]
        after = order_ids[-1]
    return found


def _told(line: JudgedLine | None) -> str:
    if line is None:
        return "not judged"
    marks = ", ".join(f"{right.value} {line.mark(right) or 'not known'}" for right in Right)
    return (
        f"{line.units} units, {line.day}, sent by {line.sent_site_id}, sold by {line.sold_site_id}: {marks}"
    )
