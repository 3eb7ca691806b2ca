from datetime import UTC, date, datetime

from loopline.db import Database
from loopline.db.partitions import ensure_months
from loopline.kernel.ids import uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.place import place
from tests.make.org import succeeded
from tests.make.shop import NOON, ask, open_shop


def test_months_are_made_once_with_the_storage_of_their_table(database: Database):
    with database.owner_transaction() as conn:
        made = ensure_months(conn, first=date(2030, 12, 5), last=date(2031, 1, 1))
        again = ensure_months(conn, first=date(2030, 12, 31), last=date(2031, 1, 31))
    assert made == [
        "line_2030_12", "line_2031_01", "order_2030_12", "order_2031_01", "quote_2030_12", "quote_2031_01",
    ]  # fmt: skip
    assert again == []
    with database.reading() as conn:
        options = conn.execute("select reloptions from pg_class where relname = 'line_2030_12'").fetchone()
        default = conn.execute("select reloptions from pg_class where relname = 'line_default'").fetchone()
    assert options == default == (["fillfactor=50"],)


def test_an_id_says_its_month(database: Database):
    last, first = datetime(2030, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
    with database.owner_transaction() as conn:
        ensure_months(conn, first=last.date(), last=first.date())
    with database.transaction() as conn:
        for at in (last, first):
            conn.execute("insert into orders.quote (order_id, derivation) values (%s, '{}')", (uuid7(at),))
        found = conn.execute("select tableoid::regclass::text from orders.quote order by order_id").fetchall()
    assert found == [("orders.quote_2030_12",), ("orders.quote_2031_01",)]


def test_rows_that_came_before_their_month_are_moved_into_it(database: Database):
    at = datetime(2031, 5, 4, tzinfo=UTC)
    with database.transaction() as conn:
        shop = open_shop(conn)
        placed = succeeded(place(conn, [ask(shop, "W-1")], scope=WHOLE_BRAND, now=NOON))
        conn.execute("insert into orders.quote (order_id, derivation) values (%s, '{}')", (uuid7(at),))
    with database.owner_transaction() as conn:
        ensure_months(conn, first=NOON.date(), last=NOON.date())
    with database.transaction() as conn:
        tables = [
            conn.execute(
                f"select tableoid::regclass::text, count(*) from orders.{table} group by 1 order by 1"
            ).fetchall()
            for table in ("order", "line", "quote")
        ]
        granted = conn.execute(
            "select has_table_privilege('loopline_app', 'orders.quote', 'update')"
        ).fetchone()
    assert tables == [
        [("orders.order_2026_03", 1)],
        [("orders.line_2026_03", 2)],
        [("orders.quote_2026_03", 1), ("orders.quote_default", 1)],
    ]
    assert granted == (False,)
    assert len(placed) == 1
