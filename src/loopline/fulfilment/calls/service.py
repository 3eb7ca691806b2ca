"""Commands on calls. They only keep what the process decided, that ties goods and makes tasks beside them."""

from collections.abc import Sequence
from datetime import datetime

from loopline.db import Conn
from loopline.fulfilment.calls import store
from loopline.fulfilment.calls.model import Call, CallEnd, OpenCall
from loopline.kernel.ids import CallId, OrderId


def open_calls(conn: Conn, calls: Sequence[OpenCall], *, now: datetime) -> None:
    """Put work to several sites each. A call has sites, lines with units and a deadline after `now`; ids are new."""
    if calls:
        store.copy_calls(conn, calls, now=now)
        store.copy_call_sites(conn, calls)
        store.copy_call_lines(conn, calls)


def lock_calls(conn: Conn, call_ids: Sequence[CallId]) -> list[Call]:
    """Lock calls by id and return them as they stand, ended ones too."""
    return store.lock_calls(conn, call_ids) if call_ids else []


def lock_calls_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[Call]:
    """Lock the open calls of orders by id, and return them: nobody claims them until the transaction ends.

    One that a rival claims at this moment is waited for, and is not among them.
    """
    return store.lock_calls_of_orders(conn, order_ids) if order_ids else []


def end_calls(
    conn: Conn, calls: Sequence[Call], *, now: datetime, withdrawn: bool = False
) -> list[tuple[Call, CallEnd]]:
    """End open calls that the caller has locked, and say how each ended: past its deadline, or taken back.

    `withdrawn`: they are taken back even where their deadline is past.
    """
    ended = [
        (call, CallEnd.LAPSED if call.deadline <= now and not withdrawn else CallEnd.WITHDRAWN)
        for call in calls
    ]
    if ended:
        store.end_calls(conn, ended, now=now)
    return ended


def write_claims(conn: Conn, claimed: Sequence[Call]) -> None:
    """Keep who claimed calls that the caller has locked, with the tasks that came of them."""
    if claimed:
        store.write_claims(conn, claimed)
