"""A day of 200,000 lines of a gateway's bill through the service on PostgreSQL: read, taken in, held against books.

Payments and refunds are recorded through their room, the bill is a file in WeChat Pay's own layout. Some lines are
astray on purpose: what only they have, what only we have, other amounts, lines that stand there twice. Measured is what
somebody waits for who uploads the file and has it compared: from its bytes to the differences, all of it committed.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from typing import Any, TypeVar
from uuid import UUID

from bench.workplace import batches, new_database
from loopline.bills import DifferenceClass, ReadBill, Run, Source, read_bill
from loopline.db import Conn, Database
from loopline.kernel.ids import OrderId, PaymentId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.payments import NewPayment, NewRefund, RefundId, record_payments, record_refunds
from loopline.processes.reconcile.running import reconcile
from loopline.processes.reconcile.working import keep_sources, source_in, take_in_bill
from tests.make.bills import COMPANY, Paid, new_source, wechat_bill

T = TypeVar("T")
LINES = 200_000
BATCH = 5_000
DAY = date(2026, 11, 11)
NOON = datetime(2026, 11, 11, 4, tzinfo=UTC)
LOOKED_AT = NOON + timedelta(days=9)
CODE = "WX"
# Of a thousand lines.
REFUNDS, MISSING_HERE, MISSING_THERE, TWICE, OTHER_AMOUNT = 20, 5, 5, 2, 10


def report() -> dict[str, Any]:
    """Measure on a new database."""
    with new_database() as database:
        return measure(database, LINES)


def measure(database: Database, count: int) -> dict[str, Any]:
    """Return the seconds from the file's bytes to its differences, and whether they are those that were planted."""
    taken, back, bill, planted = made_up(count, seed=1)
    content = wechat_bill(bill)
    source = _kept(database, taken, back)
    started = perf_counter()
    read = read_bill(content, file_name="day.csv", source=source)
    assert isinstance(read, ReadBill), read
    seconds = {"read": perf_counter() - started}
    with database.transaction() as conn:
        take_in_bill(conn, source, read, by="bench", now=LOOKED_AT)
    seconds["taken_in"] = perf_counter() - started - seconds["read"]
    run = _run(database)
    whole = perf_counter() - started
    found = {one.kind: one.differences for one in run.classes}
    return {
        "day_lines": len(bill),
        "day_seconds": round(whole, 1),
        **{f"day_{name}_seconds": round(value, 1) for name, value in seconds.items()},
        "day_run_seconds": round(whole - sum(seconds.values()), 1),
        "day_megabytes": len(content) // 1024**2,
        "day_matched": run.totals.matched,
        **{f"day_{kind.value}": count for kind, count in sorted(found.items())},
        "day_as_planted": found == planted,
    }


def made_up(
    count: int, *, seed: int
) -> tuple[list[NewPayment], list[NewRefund], list[Paid], dict[DifferenceClass, int]]:
    """Our payments and refunds, the lines of the bill, and the differences that are planted, by class."""
    chance = random.Random(seed)
    ids = iter(uuid7s(NOON, 3 * count))
    taken: list[NewPayment] = []
    back: list[NewRefund] = []
    bill: list[Paid] = []
    planted: Counter[DifferenceClass] = Counter({DifferenceClass.FEE: 1})
    while len(bill) < count:
        number, fate = f"4200{len(taken) + len(bill):024d}", chance.randrange(1000)
        amount = int(chance.lognormvariate(9, 1.2)) + 100
        order = OrderId(next(ids))
        ours = _payment(order, next(ids), number, amount)
        if fate < MISSING_HERE:
            bill.append(Paid(number, amount, day=DAY))
            planted[DifferenceClass.MISSING_OURS] += 1
            continue
        taken.append(ours)
        if fate < MISSING_HERE + MISSING_THERE:
            planted[DifferenceClass.TIMING] += 1  # no bill speaks of a later day yet
            continue
        other = fate < MISSING_HERE + MISSING_THERE + OTHER_AMOUNT
        planted[DifferenceClass.AMOUNT] += other
        line = Paid(number, amount + 50 * other, day=DAY)
        bill.append(line)
        if fate >= 1000 - TWICE:
            bill.append(line)
            planted[DifferenceClass.DUPLICATE] += 1
        elif fate >= 1000 - TWICE - REFUNDS:
            part, refund = chance.randint(1, amount), f"5030{len(bill):024d}"
            back.append(_refund(order, next(ids), refund, part))
            bill.append(Paid(number, part, refund=refund, day=DAY))
    return taken, back, bill, dict(planted)


def _payment(order: OrderId, named: UUID, number: str, amount: int) -> NewPayment:
    return NewPayment(
        id=PaymentId(named),
        key=f"wechat:{order}:{number}",
        order_id=order,
        method="wechat",
        entity_id=COMPANY,
        currency="CNY",
        amount_minor=amount,
        taken_at=NOON,
    )


def _refund(order: OrderId, named: UUID, number: str, amount: int) -> NewRefund:
    return NewRefund(
        id=RefundId(named),
        key=f"wechat:{order}:{number}",
        entity_id=COMPANY,
        currency="CNY",
        amount_minor=amount,
        refunded_at=NOON,
        order_id=order,
    )


def _kept(database: Database, taken: Sequence[NewPayment], back: Sequence[NewRefund]) -> Source:
    """Keep the source, and record what our books say."""
    with database.transaction() as conn:
        (source,) = keep_sources(conn, [new_source(CODE)], scope=WHOLE_BRAND, by="bench", now=NOON)
    assert isinstance(source, Source), source
    for batch in batches(len(taken), BATCH):
        with database.transaction() as conn:
            outcomes = record_payments(conn, taken[batch.start : batch.stop], now=NOON)
        assert not any(isinstance(one, Refusal) for one in outcomes)
    with database.transaction() as conn:
        assert not any(isinstance(one, Refusal) for one in record_refunds(conn, back, now=NOON))
    return source


def _run(database: Database) -> Run:
    def find(conn: Conn) -> Source:
        found = source_in(conn, CODE, scope=WHOLE_BRAND)
        assert isinstance(found, Source), found
        return found

    def reading(work: Callable[[Conn, datetime], T]) -> T:
        with database.reading() as conn:
            return work(conn, LOOKED_AT)

    def writing(work: Callable[[Conn, datetime], T]) -> T:
        with database.transaction() as conn:
            return work(conn, LOOKED_AT)

    return reconcile(find, (DAY, DAY), reading=reading, writing=writing, by="bench")
