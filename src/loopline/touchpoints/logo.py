"""The brand's logo, printed in the middle of codes. Who uploads it has it checked first; nothing is checked here."""

from datetime import datetime

import msgspec

from loopline.db import Conn, execute, fetch_rows, statements

SQL = statements(__file__)


class Logo(msgspec.Struct, frozen=True, kw_only=True):
    """A picture: PNG, or SVG of shapes alone."""

    media_type: str
    content: bytes


def set_logo(conn: Conn, logo: Logo | None, *, by: str, now: datetime) -> None:
    """Keep the logo in the place of the one before; None: from now on there is none."""
    if logo is None:
        execute(conn, SQL["drop_logo"])
        return
    execute(conn, SQL["put_logo"], media_type=logo.media_type, content=logo.content, now=now, by=by)


def logo_of_brand(conn: Conn) -> Logo | None:
    """Return the logo; None where nobody set one."""
    rows = fetch_rows(conn, SQL["read_logo"])
    return Logo(media_type=rows[0][0], content=bytes(rows[0][1])) if rows else None
