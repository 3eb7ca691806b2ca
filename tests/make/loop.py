"""Take orders through the stages of the loop, as sites and people would."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from loopline.db import Conn
from loopline.db.followers import Follower
from loopline.db.log import SQL, events_from
from loopline.db.rows import fetch_rows
from loopline.fulfilment.model import AcceptTask, CheckTask, HandOverTask, PackTask, PickTask
from loopline.kernel.ids import PaymentId, TaskId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.ledger.queries import balances_by_purpose
from loopline.payments.cash import CASH
from loopline.payments.model import NewPayment
from loopline.processes import dispatch, fulfil
from loopline.processes.pay import take_payments
from loopline.processes.place import Placed
from loopline.processes.source import source_wave
from loopline.processes.take_in import OrderTaken
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop


def hand_over_everything(conn: Conn, *, now: datetime) -> tuple[TaskId, ...]:
    """Source what waits, and let the sites accept, pick, check, pack and hand over all of it."""
    tasks = source_wave(conn, now=now).tasks
    work_off(conn, tasks, now=now)
    return tasks


def pack_up(conn: Conn, tasks: Sequence[TaskId], *, now: datetime) -> None:
    """Let sites accept, pick, check and pack tasks."""
    succeeded(dispatch.accept(conn, [AcceptTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=now))
    succeeded(fulfil.pick(conn, [PickTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=now))
    succeeded(fulfil.check(conn, [CheckTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=now))
    succeeded(fulfil.pack(conn, [PackTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=now))


def work_off(conn: Conn, tasks: Sequence[TaskId], *, now: datetime) -> None:
    """Let sites accept, pick, check, pack and hand over tasks."""
    pack_up(conn, tasks, now=now)
    succeeded(
        fulfil.hand_over(conn, [HandOverTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=now)
    )


def pay_for(conn: Conn, shop: Shop, placed: Placed | OrderTaken, *, at: datetime = NOON) -> None:
    """Let the brand take what an order costs, in cash."""
    payment = NewPayment(
        id=PaymentId(uuid7(at)),
        order_id=placed.order_id,
        method=CASH,
        entity_id=shop.brand_entity,
        currency=placed.currency,
        amount_minor=placed.amount_minor,
        taken_at=at,
    )
    succeeded(take_payments(conn, [payment], now=at))


def follow(conn: Conn, follower: Follower) -> None:
    """Apply the whole log to a follower in this very transaction."""
    types = sorted(follower.types)
    rows = fetch_rows(conn, SQL["events_to_apply"], after=0, upto=10**9, types=types, limit=10**6)
    if rows:
        follower.apply(conn, events_from(rows))


def balances(conn: Conn) -> dict[str, int]:
    """What all accounts of a purpose hold together; those that hold nothing are left out."""
    found: dict[str, int] = {}
    for one in balances_by_purpose(conn):
        found[one.purpose.value] = found.get(one.purpose.value, 0) + one.balance_minor
    return {purpose: balance for purpose, balance in found.items() if balance}


def shares(conn: Conn) -> dict[str, int]:
    """What each party earned so far, by its code, from every part that was split."""
    rows = conn.execute(
        "select party.code, sum(share.amount_minor) from sharing.share as share"
        " join org.party as party on party.id = share.party_id group by party.code"
    ).fetchall()
    return {code: int(amount) for code, amount in rows}


def subject_types(conn: Conn, subject: UUID) -> list[str]:
    """What the log tells of a subject, in order."""
    return [
        row[0]
        for row in conn.execute("select type from log.event where subject = %s order by position", (subject,))
    ]
