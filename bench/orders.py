"""Measure orders: recognise and write 500 orders of 20 lines, then move all of them on; several batches in a row.

Run: python bench/orders.py
"""

import tempfile
import time
from datetime import timedelta
from pathlib import Path

from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.db.migrate import migrate
from loopline.db.opening import embedded_addresses, ensure_database
from loopline.db.settings import OWNER_ROLE
from loopline.orders import Changed, LineChange, New, NewOrder, change_lines, recognise, write_orders
from tests.make.orders import NOON, draft, new_order

BATCHES = 12
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
            measure(database)
            database.close()
        finally:
            server.stop()


def measure(database: Database) -> None:
    print("batch  recognise  write   allocate  hand over  return   (seconds, commit included)")
    for batch in range(BATCHES):
        placed_at = NOON + timedelta(hours=batch)
        drafts = [
            draft(f"{batch}-{number}", *range(1, LINES + 1), placed_at=placed_at) for number in range(ORDERS)
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
        print(
            f"{batch:5}  {recognised - started:9.3f}  {written - prepared:5.3f}"
            f"   {moves[0]:8.3f}  {moves[1]:9.3f}  {moves[2]:6.3f}"
        )


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
