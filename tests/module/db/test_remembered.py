"""What a process remembers: read once, forgotten as soon as anybody changed it, right for whoever changes it."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from loopline.db import Conn, Database
from loopline.db.remembered import Remembered, read_marks, sweep_marks

REMEMBERED_TABLES = {
    "catalogue": ["catalogue.product", "catalogue.sku"],
    "channels": ["orders.channel"],
    "freight": ["pricing.freight"],
    "marketplaces": ["marketplaces.marketplace"],
    "nodes": ["stock.node"],
    "org": ["org.entity", "org.party", "org.site", "org.unit"],
    "preorders": ["orders.preorder"],
    "profiles": ["sourcing.profile"],
    "promises": ["promises.learning", "promises.terms"],
    "pricing": ["pricing.price", "pricing.price_list", "pricing.promotion", "pricing.tax_rate"],
    "slots": ["slots.setting"],
    "site_costs": ["sourcing.site_cost"],
    "site_equipment": ["sourcing.site_equipment"],
    "site_limits": ["fulfilment.learnt_limit", "fulfilment.site_limit"],
    "touchpoints": ["touchpoints.attribution_rule", "touchpoints.live_room", "touchpoints.touchpoint"],
}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Names:
    """The names of tax classes by code, and which of them were read."""

    def __init__(self) -> None:
        self.read: list[list[str]] = []
        self.remembered = Remembered("channels", self._load, most=3)

    def _load(self, conn: Conn, codes: Collection[str]) -> dict[str, str]:
        self.read.append(sorted(codes))
        rows = conn.execute(
            "select code, name from catalogue.tax_class where code = any(%s)", (list(codes),)
        ).fetchall()
        return {str(code): str(name) for code, name in rows}

    def find(self, conn: Conn, *codes: str) -> dict[str, str]:
        found = self.remembered.find(conn, codes, marks=read_marks(conn))
        return {code: found[code] for code in codes if code in found}


@pytest.fixture
def names(database: Database) -> Names:
    with database.transaction() as conn:
        conn.execute("insert into catalogue.tax_class (code, name) values ('a', 'A'), ('b', 'B'), ('c', 'C')")
    return Names()


def mark(conn: Conn) -> None:
    """Change channels: none of them, which is a change all the same."""
    conn.execute("update orders.channel set name = name")


def test_every_table_that_is_remembered_leaves_marks_under_its_topic(conn: Conn):
    rows = conn.execute(
        """
        select convert_from(substr(tgargs, 1, length(tgargs) - 1), 'utf8'), tgrelid::regclass::text
        from pg_trigger
        where tgname = 'changes_are_marked' and tgenabled = 'O'
        order by 1, 2
        """
    ).fetchall()
    found: dict[str, list[str]] = {}
    for topic, table in rows:
        found.setdefault(str(topic), []).append(str(table))
    assert found == REMEMBERED_TABLES


def test_what_is_known_is_read_once_and_what_is_not_each_time(database: Database, names: Names):
    with database.reading() as conn:
        assert names.find(conn, "a", "b") == {"a": "A", "b": "B"}
        assert names.find(conn, "b", "a") == {"a": "A", "b": "B"}
        assert names.find(conn, "a", "nothing") == {"a": "A"}
        assert names.find(conn, "nothing") == {}
    assert names.read == [["a", "b"], ["nothing"], ["nothing"]]


def test_another_transactions_change_is_seen_by_the_next_batch(database: Database, names: Names):
    with database.reading() as conn:
        names.find(conn, "a")
    with database.transaction() as conn:
        conn.execute("update catalogue.tax_class set name = 'new' where code = 'a'")
        mark(conn)
    with database.reading() as conn:
        assert names.find(conn, "a") == {"a": "new"}
    assert names.read == [["a"], ["a"]]


def test_own_changes_are_seen_at_once_and_forgotten_when_rolled_back(database: Database, names: Names):
    def change_and_break() -> None:
        with database.transaction() as conn:
            conn.execute("update catalogue.tax_class set name = 'never' where code = 'a'")
            mark(conn)
            assert names.find(conn, "a") == {"a": "never"}
            conn.execute("select 1 / 0")

    with pytest.raises(psycopg.errors.DivisionByZero):
        change_and_break()
    with database.reading() as conn:
        assert names.find(conn, "a") == {"a": "A"}
    with database.transaction() as conn:
        mark(conn)  # as many marks as the transaction that was rolled back had left
        assert names.find(conn, "a") == {"a": "A"}


def test_no_more_is_kept_than_was_allowed(database: Database, names: Names):
    with database.transaction() as conn:
        conn.execute("insert into catalogue.tax_class (code, name) values ('d', 'D')")
    with database.reading() as conn:
        assert names.find(conn, "a", "b") == {"a": "A", "b": "B"}
        assert names.find(conn, "a", "c", "d") == {"a": "A", "c": "C", "d": "D"}
        assert names.find(conn, "a", "b") == {"a": "A", "b": "B"}
    assert names.read == [["a", "b"], ["c", "d"]]


def test_sweeping_leaves_the_last_mark_of_each_topic(database: Database):
    with database.transaction() as conn:
        for _ in range(3):
            mark(conn)
        conn.execute("update catalogue.sku set name = name")
        before = read_marks(conn)
    with database.transaction() as conn:
        assert sweep_marks(conn, before=LONG_AGO) == 0
        assert read_marks(conn) == before
        swept = sweep_marks(conn, before=datetime.now(UTC) + timedelta(minutes=1))
        assert swept == sum(count for count, _ in before.values()) - len(before)
        assert {topic: count for topic, (count, _) in read_marks(conn).items()} == dict.fromkeys(before, 1)
