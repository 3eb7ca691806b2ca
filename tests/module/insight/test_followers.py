"""Boards follow the log, and a rebuild ends where following did."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from loopline.db import Database, log
from loopline.db.followers import catch_up
from loopline.insight import FOLLOWERS, BoardAsk, begin_again, read_board, sales_total
from loopline.insight.model import Board
from tests.make.insight import MORNING, many_placed

NOW = datetime(2025, 3, 3, 1, 0, tzinfo=UTC)


def board(database: Database) -> Board:
    with database.reading() as conn:
        return read_board(conn, BoardAsk(now=NOW, currency="GBP"))


def append_orders(database: Database, seed: int) -> None:
    events = many_placed(40, lines_each=3, sites=[None, UUID(int=5)], random=Random(seed))
    with database.transaction() as conn:
        log.append(conn, events)


def test_boards_stand_where_the_log_stands(database: Database):
    append_orders(database, 1)
    catch_up(database, FOLLOWERS, now=NOW)
    first = board(database)
    assert first.at == MORNING.replace(second=0) + timedelta(minutes=39)
    assert first.today.orders == 40
    append_orders(database, 2)
    catch_up(database, FOLLOWERS, now=NOW)
    assert board(database).today.orders == 80


def test_a_rebuild_repairs_whatever_was_damaged(database: Database):
    append_orders(database, 3)
    catch_up(database, FOLLOWERS, now=NOW)
    sound = board(database)
    with database.transaction() as conn:
        conn.execute("update insight.sales_by_day set sold_minor = 0")
        conn.execute("delete from insight.takings_by_hour")
        conn.execute("insert into insight.stage_count values (%s, 'placed', 9)", (UUID(int=1),))
    assert board(database) != sound
    with database.transaction() as conn:
        begin_again(conn)
    with database.reading() as conn:
        assert sales_total(conn, "GBP").orders == 0
    catch_up(database, FOLLOWERS, now=NOW)
    assert board(database) == sound


def test_a_rebuild_tries_parked_events_again(database: Database):
    append_orders(database, 4)
    catch_up(database, FOLLOWERS, now=NOW)
    sound = board(database)
    with database.transaction() as conn:
        conn.execute(
            "insert into log.parked_event (follower, position, subject, reason, parked_at)"
            " select 'insight_sales', position, subject, 'planted', now() from log.event limit 3"
        )
        begin_again(conn)
    catch_up(database, FOLLOWERS, now=NOW)
    assert board(database) == sound
