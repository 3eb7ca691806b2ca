"""Commands of statements: days are prepared in parts and sealed at once."""

from collections.abc import Sequence
from datetime import date

from loopline.db import Conn
from loopline.statements import store
from loopline.statements.model import Leaf, Seal, SealedParty
from loopline.statements.store import NewPage

__all__ = ["NewPage", "forget_draft", "keep_draft", "seal_day", "take_turn"]


def take_turn(conn: Conn) -> bool:
    """Take the turn of sealing for as long as the transaction lasts; False where somebody else seals."""
    return store.take_turn(conn)


def forget_draft(conn: Conn, day: date) -> None:
    """Take away what was prepared of a day that is not sealed. Refused by the database for one that is."""
    store.forget_draft(conn, day)


def keep_draft(conn: Conn, *, leaves: Sequence[Leaf], pages: Sequence[NewPage]) -> None:
    """Write part of a day that is being prepared; nobody reads it before the day is sealed."""
    store.copy_pages(conn, pages)
    store.copy_leaves(conn, leaves)


def seal_day(
    conn: Conn, seal: Seal, *, leaf_hashes: Sequence[bytes], new_parties: Sequence[SealedParty]
) -> None:
    """Seal a day of which everything is prepared, with the parties whose first day it is."""
    store.add_seal(conn, seal, leaf_hashes=leaf_hashes)
    store.copy_sealed_parties(conn, new_parties)
