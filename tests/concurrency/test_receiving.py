"""Two processes that hear the same: each message is one, whoever is first, and its order stands once."""

import threading
from concurrent.futures import ThreadPoolExecutor

from loopline.db import Database
from loopline.db.followers import catch_up
from loopline.jobs.followers import FOLLOWERS
from loopline.processes.doctor import examine
from tests.make.messages import WORTH, Clock, cancelled, created, paid, receiver, sender
from tests.make.shop import NOON, open_shop

RIVALS = 4


def test_the_same_messages_from_several_at_once_are_applied_once(database: Database):
    with database.transaction() as conn:
        open_shop(conn, units=1_000)
        by = sender(conn)
    numbers = [f"T-{at}" for at in range(6)]
    ways = (
        [body for one in numbers for body in (created(one), paid(one), cancelled(one, ("SCARF", 1)))],
        [
            body
            for one in reversed(numbers)
            for body in (paid(one), cancelled(one, ("SCARF", 1)), created(one))
        ],
    )
    barrier = threading.Barrier(RIVALS)

    def hear(rival: int) -> int:
        over = receiver(database, Clock())
        barrier.wait()
        return sum(not one.is_repeat for one in over.receive(ways[rival % 2], by))

    with ThreadPoolExecutor(RIVALS) as pool:
        new = list(pool.map(hear, range(RIVALS)))
    assert sum(new) == 3 * len(numbers)
    catch_up(database, FOLLOWERS, now=NOON)
    late = receiver(database, Clock(NOON.replace(hour=NOON.hour + 1)))
    while late.apply_due():
        pass
    with database.reading() as conn:
        assert conn.execute("select state, count(*) from inbox.message group by 1").fetchall() == [
            ("applied", 18)
        ]
        assert conn.execute("select sum(times) from inbox.message").fetchone() == (RIVALS * 18,)
        stands = conn.execute(
            "select distinct stage, held, cancelled, amount_minor from orders.order"
        ).fetchall()
        assert stands == [("placed", 2, 1, WORTH)]
        money = conn.execute(
            "select count(*), sum(amount_minor - refunded_minor) from payments.payment"
        ).fetchone()
        assert money == (6, 6 * (WORTH - 2_260))
    catch_up(database, FOLLOWERS, now=NOON)
    with database.reading() as conn:
        assert [one for one in examine(conn).checks if not one.ok] == []
