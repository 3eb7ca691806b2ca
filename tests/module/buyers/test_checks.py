"""What doctor finds of sealings and openings that lead nowhere; nothing where all is well, and nobody edits the log."""

from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from loopline import buyers
from loopline.buyers import (
    CHECKS,
    NewOpening,
    NewSealing,
    OpeningEnd,
    OpeningId,
    OpeningOutcome,
    OpeningPurpose,
)
from loopline.db import Conn, Database, run_check
from loopline.kernel.ids import OrderId, PersonId
from loopline.processes.doctor import BETWEEN_ROOMS
from tests.make.damage import as_owner, plant
from tests.make.shop import NOON

LEADS = next(one for one in BETWEEN_ROOMS if one.name == "ids_point_to_something")
ORDER, PERSON, OPENING = (OrderId(UUID(int=7)), PersonId(UUID(int=8)), OpeningId(UUID(int=9)))


def open_one(conn: Conn) -> None:
    sealing = NewSealing(order_id=ORDER, platform="tmall", sealed_at=NOON, ciphertext="x")
    buyers.keep_sealings(conn, [sealing], now=NOON)
    new = NewOpening(
        id=OPENING,
        person_id=PERSON,
        order_id=ORDER,
        purpose=OpeningPurpose.LEGAL_REQUEST,
        platform="tmall",
    )
    buyers.write_openings(conn, [new], now=NOON)
    buyers.end_openings(conn, [OpeningEnd(opening_id=OPENING, outcome=OpeningOutcome.OPENED)], now=NOON)


def test_an_opening_without_a_sealing_and_one_that_was_refused_and_opened_are_found(database: Database):
    (check,) = CHECKS
    with as_owner(database) as conn:
        open_one(conn)
        assert run_check(conn, check) == []
        plant(conn, "update buyers.opening set refused = 'not_yours_to_open'")
        assert [one.found for one in run_check(conn, check)] == ["refused, and opened"]
        plant(conn, "update buyers.opening set refused = null", "delete from buyers.sealing")
        assert [one.found for one in run_check(conn, check)] == [
            f"put to tmall, nothing sealed of order {ORDER}"
        ]


def test_what_names_no_order_and_no_person_is_found(database: Database):
    with as_owner(database) as conn:
        open_one(conn)
        assert [(one.subject, one.found) for one in run_check(conn, LEADS)] == [
            (f"order {ORDER}", "named by buyers.opening"),
            (f"order {ORDER}", "named by buyers.sealing"),
            (f"person {PERSON}", "named by buyers.opening"),
        ]


@pytest.mark.parametrize("table", ["buyers.opening", "buyers.opening_end"])
def test_nobody_who_serves_changes_or_deletes_a_line_of_the_log(conn: Conn, table: str):
    open_one(conn)
    for statement in ("update {} set at = now()", "delete from {}"):
        composed = sql.SQL(statement).format(sql.Identifier(*table.split(".")))
        with pytest.raises(psycopg.errors.InsufficientPrivilege), conn.transaction():
            conn.execute(composed)
