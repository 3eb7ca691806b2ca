"""What of a payment is not shared is let go after its last share: asked for once, asked after until it is known."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from loopline.db import Conn, execute, fetch, statements, uuids
from loopline.kernel.ids import uuid7s
from loopline.payouts.model import PayerId, Unfreezing, UnfreezingId
from loopline.payouts.port import UnfreezingReport
from loopline.payouts.rules import next_try

SQL = statements(__file__)
LEASE = timedelta(minutes=2)
"""How long a claim holds: longer than a call, and the calls beside it, can last."""
_AT_ONCE = 100


class _UsedUp(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that nothing more may be shared of."""

    payer_id: PayerId
    number: str


def write_unfreezings(conn: Conn, ways: Collection[str], *, now: datetime) -> int:
    """Keep under numbers of their own what gateways shall let go; returns how many there are.

    That is what they hold of payments that nothing more may be shared of, by the contract they told of last, and of
    which nothing is on its way: the merchant would wait for it in vain. From now on nothing is shared of them.
    """
    used_up = fetch(conn, SQL["transactions_used_up"], _UsedUp, ways=sorted(ways), limit=_AT_ONCE)
    if used_up:
        execute(
            conn,
            SQL["insert_unfreezings"],
            ids=uuids(uuid7s(now, len(used_up))),
            payer_ids=uuids(one.payer_id for one in used_up),
            numbers=[one.number for one in used_up],
            now=now,
        )
    return len(used_up)


def claim_unfreezings(conn: Conn, ways: Collection[str], *, limit: int, now: datetime) -> list[Unfreezing]:
    """Take what is due to be asked; commit, then ask, then apply what is said. A claim holds for `LEASE`."""
    return fetch(
        conn,
        SQL["claim_unfreezings"],
        Unfreezing,
        ways=sorted(ways),
        limit=limit,
        now=now,
        lease_until=now + LEASE,
    )


def apply_unfreezings(
    conn: Conn, reports: Sequence[UnfreezingReport], tries: Mapping[UnfreezingId, int], *, now: datetime
) -> None:
    """Take in what gateways say. What is not known to be done is asked after again, later each time.

    Locks the unfreezings by id, then their payments.
    """
    if reports:
        execute(
            conn,
            SQL["end_unfreezings"],
            ids=uuids(one.unfreezing_id for one in reports),
            next_try_at=[
                None if one.is_done else next_try(tries=tries[one.unfreezing_id], now=now) for one in reports
            ],
            ended_at=[now if one.is_done else None for one in reports],
            reasons=[None if one.is_done else one.reason for one in reports],
        )
