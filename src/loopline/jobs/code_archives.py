"""Archives of codes: drawn slice by slice, one batch each, so that they hold up nothing that others wait for."""

from collections.abc import Callable
from datetime import datetime

from loopline.db import Database
from loopline.touchpoints import archives


def draw_next_slice(database: Database, draw: Callable[[str], bytes], now: datetime) -> int:
    """Draw the next pictures of the archive that was asked for first; returns how many, 0 where none waits.

    What cannot be drawn ends its archive, and the error goes on to whoever looks after jobs.
    """
    with database.reading() as conn:
        archive = archives.archive_to_draw(conn)
    if archive is None:
        return 0
    try:
        pictures = [draw(one.address) for one in archive.next_codes]
        with database.transaction() as conn:
            return archives.add_pictures(conn, archive, pictures, now=now)
    except Exception:
        with database.transaction() as conn:
            archives.end_broken(conn, archive.id, now=now)
        raise
