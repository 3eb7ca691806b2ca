"""A line is corrected while some of it is brought back: whoever comes second sees what the first one did."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from loopline.db import Conn, Database
from loopline.processes.statement.dispute import Said, question, speak
from loopline.statements.model import Dispute, DisputeOpened, WordKind
from tests.concurrency.payments.test_refunds import wait_until_waiting
from tests.make.shop import NOON, Shop, open_shop
from tests.make.statements import sell
from tests.process.test_dispute import FINANCE, GUIDE_PERSON, LATER, asked, broken, due_of, lines_of
from tests.process.test_take_back import back, taken


@pytest.fixture
def shop(database: Database) -> Shop:
    """A shop that sold four coats, of which the guide has 1,200."""
    with database.transaction() as conn:
        made = open_shop(conn, units=20)
    sell(database, made, "W-1", ("COAT", 4), at=NOON)
    return made


@pytest.mark.parametrize("first", ["corrected", "brought back"])
def test_a_line_is_corrected_for_what_is_left_of_it(database: Database, shop: Shop, first: str):
    """From 1,200 to 1,500 for four coats; one comes back, and takes a quarter of both along."""
    with database.transaction() as conn:
        (opened,) = question(conn, [asked(shop, lines_of(conn, shop)[0])], by=GUIDE_PERSON, now=LATER)
    assert isinstance(opened, DisputeOpened), opened
    said = Said(
        dispute_id=opened.dispute_id, kind=WordKind.CORRECTION, said="a quarter more", corrected_minor=1_500
    )

    def correct(conn: Conn) -> None:
        assert isinstance(speak(conn, said, by=FINANCE, now=LATER), Dispute)

    def bring_back(conn: Conn) -> None:
        taken(conn, back(shop, "R-1", ("COAT", 1), at=LATER))

    rivals: list[Callable[[Conn], None]] = [correct, bring_back]
    if first == "brought back":
        rivals.reverse()

    def second() -> None:
        with database.transaction() as conn:
            rivals[1](conn)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as conn:
            rivals[0](conn)
            coming = pool.submit(second)
            wait_until_waiting(database, rivals=1)
        coming.result()
    assert due_of(database, shop) == (900, 225)
    assert broken(database) == []
