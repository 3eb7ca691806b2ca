"""Turns: whoever gives goods to orders that wait does so alone.

Waves, filling what is parked and mending what broke choose among the same orders by reading them first: two at a time
would choose the same ones. Placing, paying, working on tasks and giving back what ran out go on meanwhile. A turn is
taken before any other lock.

Giving back has a turn of its own, for which nobody waits: it stands behind no wave, and of several processes whose
clocks strike at once, one does the work of all.
"""

from loopline.db import Conn, fetch_values, statements

SQL = statements(__file__)


def take_turn(conn: Conn) -> None:
    """Wait for the turn and keep it until the transaction ends; taking it twice is taking it once."""
    fetch_values(conn, SQL["take_turn"])


def takes_turn_to_give_back(conn: Conn) -> bool:
    """Take the turn of giving back until the transaction ends, unless somebody has it: then that one does the work."""
    return bool(fetch_values(conn, SQL["try_turn_to_give_back"])[0])
