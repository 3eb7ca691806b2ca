"""Turns: whoever gives goods to orders that wait does so alone.

Waves, filling what is parked and mending what broke choose among the same orders by reading them first: two at a time
would choose the same ones. Placing, paying and working on tasks go on meanwhile. A turn is taken before any other lock.
"""

from loopline.db import Conn, fetch_values, statements

SQL = statements(__file__)


def take_turn(conn: Conn) -> None:
    """Wait for the turn and keep it until the transaction ends; taking it twice is taking it once."""
    fetch_values(conn, SQL["take_turn"])
