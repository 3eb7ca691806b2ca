"""The followers that keep boards up to the log; `jobs` runs them."""

from loopline.db import Conn, execute, fetch_rows
from loopline.db.followers import Follower, ensure_followers
from loopline.db.log import SQL
from loopline.insight.rights.service import RIGHTS_TYPES, apply_rights
from loopline.insight.rules import HAPPENING_TYPES, SALE_MEASURES, STAGE_TYPES
from loopline.insight.service import apply_happenings, apply_sales, apply_stages, empty_boards

FOLLOWERS: tuple[Follower, ...] = (
    Follower(name="insight_sales", types=frozenset(SALE_MEASURES), apply=apply_sales),
    Follower(name="insight_stages", types=STAGE_TYPES, apply=apply_stages),
    Follower(name="insight_happenings", types=HAPPENING_TYPES, apply=apply_happenings),
    Follower(name="insight_rights", types=RIGHTS_TYPES, apply=apply_rights),
)


def begin_again(conn: Conn) -> None:
    """Empty every board and send its followers back to the beginning of the log: a rebuild, but for the reading.

    They then catch up in batches of their own, as ever; meanwhile boards show what was read so far. Waits for the
    followers' rows and locks them in the order of their names, so that nobody applies a batch to boards half emptied.
    """
    ensure_followers(conn, FOLLOWERS)
    for follower in sorted(FOLLOWERS, key=lambda one: one.name):  # four, by their names
        fetch_rows(conn, SQL["await_follower"], name=follower.name)
        parked = [row[0] for row in fetch_rows(conn, SQL["lock_parked_events"], follower=follower.name)]
        execute(conn, SQL["forget_parked_events"], follower=follower.name, positions=parked)
        execute(conn, SQL["move_follower"], name=follower.name, position=0)
    empty_boards(conn)
