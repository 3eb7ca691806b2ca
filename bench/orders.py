"""Measure orders: recognise and write 500 orders of 20 lines, move all of them on; a year of such batches; then reads.

Run: python bench/orders.py [batches]
"""

import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from loopline.db import Database, run_check
from loopline.db.embedded import EmbeddedServer
from loopline.db.migrate import migrate
from loopline.db.opening import embedded_addresses, ensure_database
from loopline.db.partitions import ensure_months
from loopline.db.settings import OWNER_ROLE
from loopline.kernel.ids import MemberId
from loopline.orders import (
    CHECKS,
    Changed,
    LineChange,
    New,
    NewOrder,
    change_lines,
    lines_of_member,
    lines_to_source,
    parked_lines,
    recognise,
    write_orders,
)
from tests.make.orders import NOON, draft, new_order

DAYS = 390
SHOWN = 12
MEMBERS = 4000
ORDERS = 500
LINES = 20


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="loopline-bench-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedServer(Path(folder) / "data")
        server.start()
        try:
            ensure_database(server, "bench")
            migrate(server.conninfo(OWNER_ROLE, "bench"))
            database = Database(embedded_addresses(server, "bench"))
            with database.owner_transaction() as owner:
                ensure_months(owner, first=NOON.date(), last=(NOON + timedelta(days=DAYS)).date())
            batches = int(sys.argv[1]) if len(sys.argv) > 1 else 54
            measure(database, batches)
            read(database)
            database.close()
        finally:
            server.stop()


def measure(database: Database, batches: int) -> None:
    print("batch  recognise  write   allocate  hand over  return   (seconds, commit included)")
    for batch in range(batches):
        placed_at = NOON + timedelta(days=DAYS) * batch / batches
        drafts = [
            draft(
                f"{batch}-{number}",
                *range(1, LINES + 1),
                placed_at=placed_at,
                member_id=member_id((batch * ORDERS + number) % MEMBERS),
            )
            for number in range(ORDERS)
        ]
        started = time.perf_counter()
        with database.transaction() as conn:
            outcomes = recognise(conn, drafts, now=placed_at)
            recognised = time.perf_counter()
            orders = [
                new_order(outcome.order_id, one)
                for outcome, one in zip(outcomes, drafts, strict=True)
                if isinstance(outcome, New)
            ]
            prepared = time.perf_counter()
            write_orders(conn, orders, now=placed_at)
        written = time.perf_counter()
        moves = [
            moved(database, orders, "held", "allocated"),
            moved(database, orders, "allocated", "handed_over"),
            moved(database, orders, None, "returned"),
        ]
        if batch % max(1, batches // SHOWN):
            continue
        print(
            f"{batch:5}  {recognised - started:9.3f}  {written - prepared:5.3f}"
            f"   {moves[0]:8.3f}  {moves[1]:9.3f}  {moves[2]:6.3f}"
        )


def read(database: Database) -> None:
    with database.transaction() as conn:
        for name, ask in (
            ("lines to source, 500 orders", lambda: lines_to_source(conn, due_until=NOON, limit=500)),
            ("parked lines", lambda: parked_lines(conn, None, limit=1000)),
            (
                "lines of 100 members, 40 codes",
                lambda: lines_of_member(
                    conn,
                    [member_id(number) for number in range(100)],
                    codes=[f"C{code}" for code in range(40)],
                ),
            ),
            *((check.name, lambda check=check: run_check(conn, check)) for check in CHECKS),
        ):
            started = time.perf_counter()
            found = ask()
            print(f"{name:35} {time.perf_counter() - started:7.3f} s, {len(found)} rows")


def member_id(number: int) -> MemberId:
    return MemberId(UUID(int=(21 << 64) + number))


def moved(database: Database, orders: list[NewOrder], source: str | None, target: str) -> float:
    changes = [
        LineChange(
            order_id=order.order_id,
            line_id=line.line_id,
            **({target: line.units} | ({source: -line.units} if source else {})),
        )
        for order in orders
        for line in order.lines
    ]
    started = time.perf_counter()
    with database.transaction() as conn:
        outcomes = change_lines(conn, changes, now=NOON)
    assert all(isinstance(outcome, Changed) for outcome in outcomes)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
