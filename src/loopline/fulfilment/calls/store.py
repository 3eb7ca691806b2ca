"""One function per SQL statement of `store.sql`."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from loopline.db import Conn, copy_rows, execute, fetch, fetch_rows, statements, uuids
from loopline.fulfilment.calls.model import Call, CallEnd, CallLine, CallSite, OpenCall, OpenCallsAsk
from loopline.kernel.ids import CallId, OrderId

SQL = statements(__file__)


def copy_calls(conn: Conn, calls: Sequence[OpenCall], *, now: datetime) -> None:
    """Write new calls."""
    copy_rows(
        conn,
        SQL["copy_calls"],
        (
            (
                one.call_id,
                one.order_id,
                "open",
                one.currency,
                now,
                one.deadline,
                one.temperature_class.value,
            )
            for one in calls
        ),
    )


def copy_call_sites(conn: Conn, calls: Sequence[OpenCall]) -> None:
    """Write whom new calls are put to."""
    copy_rows(
        conn,
        SQL["copy_call_sites"],
        ((one.call_id, site.site_id, site.metres, site.cost_minor) for one in calls for site in one.sites),
    )


def copy_call_lines(conn: Conn, calls: Sequence[OpenCall]) -> None:
    """Write what new calls are for."""
    copy_rows(
        conn,
        SQL["copy_call_lines"],
        ((one.call_id, line.line_id, line.sku_id, line.units) for one in calls for line in one.lines),
    )


def lock_calls(conn: Conn, call_ids: Sequence[CallId]) -> list[Call]:
    """Lock calls, in order of id."""
    return _whole(conn, fetch(conn, SQL["lock_calls"], Call, call_ids=uuids(call_ids)))


def lock_calls_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[Call]:
    """Lock the open calls of orders, in order of id."""
    return _whole(conn, fetch(conn, SQL["lock_calls_of_orders"], Call, order_ids=uuids(order_ids)))


def end_calls(conn: Conn, ended: Sequence[tuple[Call, CallEnd]], *, now: datetime) -> None:
    """End locked calls that nobody claimed."""
    touched = execute(
        conn,
        SQL["end_calls"],
        call_ids=uuids([call.call_id for call, _ in ended]),
        states=[end.value for _, end in ended],
        now=now,
    )
    assert touched == len(ended)


def write_claims(conn: Conn, claimed: Sequence[Call]) -> None:
    """Write who claimed locked calls."""
    touched = execute(
        conn,
        SQL["write_claims"],
        call_ids=uuids([call.call_id for call in claimed]),
        site_ids=[call.site_id for call in claimed],
        claimed_by=[call.claimed_by for call in claimed],
        task_ids=[call.task_id for call in claimed],
        ended_at=[call.ended_at for call in claimed],
    )
    assert touched == len(claimed)


def read_calls(conn: Conn, call_ids: Sequence[CallId]) -> list[Call]:
    """Return calls by id."""
    return _whole(conn, fetch(conn, SQL["read_calls"], Call, call_ids=uuids(call_ids)))


def read_calls_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[Call]:
    """Return all calls of orders."""
    return _whole(conn, fetch(conn, SQL["read_calls_of_orders"], Call, order_ids=uuids(order_ids)))


def read_open_calls(conn: Conn, ask: OpenCallsAsk) -> list[Call]:
    """Return a page of open calls."""
    deadline, call_id = ask.after or (None, None)
    found = fetch(
        conn,
        SQL["read_open_calls"],
        Call,
        now=ask.now,
        site_ids=None if ask.site_ids is None else uuids(ask.site_ids),
        after_deadline=deadline,
        after_id=call_id,
        limit=ask.at_most,
    )
    return _whole(conn, found)


def _whole(conn: Conn, calls: Sequence[Call]) -> list[Call]:
    """Add to calls whom they are put to and what they are for."""
    if not calls:
        return []
    call_ids = uuids([call.call_id for call in calls])
    sites: dict[CallId, list[CallSite]] = {}
    for call_id, site_id, metres, cost_minor in fetch_rows(conn, SQL["read_call_sites"], call_ids=call_ids):
        sites.setdefault(call_id, []).append(CallSite(site_id=site_id, metres=metres, cost_minor=cost_minor))
    lines: dict[CallId, list[CallLine]] = {}
    for call_id, line_id, sku_id, units in fetch_rows(conn, SQL["read_call_lines"], call_ids=call_ids):
        lines.setdefault(call_id, []).append(CallLine(line_id=line_id, sku_id=sku_id, units=units))
    return [
        replace(call, sites=tuple(sites.get(call.call_id, ())), lines=tuple(lines.get(call.call_id, ())))
        for call in calls
    ]
