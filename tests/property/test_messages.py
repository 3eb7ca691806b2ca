"""Whatever the order of messages, however often they come: orders, goods and money end the same."""

from collections.abc import Generator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.processes.receive import Sender
from tests.make.databases import database_from
from tests.make.loop import balances
from tests.make.messages import Clock, cancelled, created, paid, receiver, sender
from tests.make.shop import open_shop

# An order in each way of the world: to be sent, called off whole, in part, twice in part, paid in two goes.
HISTORIES: tuple[tuple[tuple[str, Any], ...], ...] = (
    (("created", ()), ("paid", 15_820)),
    (("created", ()), ("paid", 15_820), ("cancelled", ())),
    (("created", ()), ("paid", 15_820), ("cancelled", (("SCARF", 1),))),
    (("created", ()), ("paid", 7_000), ("paid", 8_820), ("cancelled", ())),
    (("created", ()), ("cancelled", (("SCARF", 1),)), ("paid", 15_820), ("cancelled", (("SCARF", 1),))),
)


@pytest.fixture(scope="module")
def shop(server: EmbeddedServer, template: str) -> Generator[tuple[Database, Sender], None, None]:
    """A brand with goods for all, and somebody who sends for it."""
    for database in database_from(server, template):
        with database.transaction() as conn:
            open_shop(conn, units=10_000)
            by = sender(conn)
        yield database, by


def messages(prefix: str) -> list[bytes]:
    found: list[bytes] = []
    for number, history in enumerate(HISTORIES):
        name = f"{prefix}-{number}"
        for at, (kind, said) in enumerate(history):
            if kind == "created":
                found.append(created(name))
            elif kind == "paid":
                found.append(paid(name, amount_minor=said, reference=str(at)))
            else:
                found.append(cancelled(name, *said, id=f"{name}-cancelled-{at}"))
    return found


def standing(database: Database, prefix: str) -> list[tuple[Any, ...]]:
    """Of each order: where its goods and its money stand, what of it is open."""
    with database.reading() as conn:
        return conn.execute(
            "select right(head.external_number, 1), head.stage, head.held, head.cancelled,"
            " (select sum(amount_minor - refunded_minor) from payments.payment where order_id = head.id),"
            " (select sum(amount_minor) from payments.payment where order_id = head.id),"
            " (select count(*) from payments.exception where order_id = head.id and closed_at is null),"
            " (select coalesce(sum(hold.units), 0) from stock.hold as hold join orders.line as line"
            "   on line.line_id = hold.line_id where line.order_id = head.id)"
            " from orders.order as head where head.external_number like %s order by 1",
            (f"{prefix}-%",),
        ).fetchall()


IN_TURN = [
    ("0", "placed", 3, 0, 15_820, 15_820, 0, 3),
    ("1", "cancelled", 0, 3, 0, 15_820, 0, 0),
    ("2", "placed", 2, 1, 13_560, 15_820, 0, 2),
    ("3", "cancelled", 0, 3, 0, 15_820, 0, 0),
    ("4", "placed", 1, 2, 11_300, 15_820, 0, 1),
]
COUNT = sum(len(history) for history in HISTORIES)
_used: list[str] = []


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    turns=st.permutations(range(COUNT)),
    again=st.lists(st.integers(0, COUNT - 1), max_size=COUNT),
    cuts=st.sets(st.integers(1, 2 * COUNT), max_size=4),
)
def test_the_end_is_the_same(
    shop: tuple[Database, Sender], turns: list[int], again: list[int], cuts: set[int]
):
    database, by = shop
    prefix = f"P{len(_used)}"
    _used.append(prefix)
    written = messages(prefix)
    order = [*turns, *again]
    over = receiver(database, Clock())
    bounds = [0, *sorted(cut for cut in cuts if cut < len(order)), len(order)]
    for start, end in pairwise(bounds):
        over.receive([written[one] for one in order[start:end]], by)
    assert standing(database, prefix) == IN_TURN
    with database.reading() as conn:
        books = balances(conn)
        unsettled = conn.execute("select count(*) from inbox.message where settled_at is null").fetchone()
    kept = 40_680 * len(_used)
    assert (books, unsettled) == ({"cash": kept, "customer_deposit": -kept}, (0,))
