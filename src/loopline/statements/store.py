"""The statements of this room, one function each."""

from collections.abc import Sequence
from datetime import date

import msgspec

from loopline.db import Conn, copy_rows, execute, fetch_values, statements
from loopline.kernel.ids import EntryId, PartyId
from loopline.statements.model import Leaf, Seal, SealedParty

SQL = statements(__file__)


class NewPage(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of a party's day to keep; `lines` is a JSON array of them."""

    party_id: PartyId
    day: date
    number: int
    entry_ids: tuple[EntryId, ...]
    lines: str


def take_turn(conn: Conn) -> bool:
    """Take the turn of sealing until the transaction ends; False where somebody else seals."""
    return bool(fetch_values(conn, SQL["take_turn"])[0])


def forget_draft(conn: Conn, day: date) -> None:
    """Take away what was prepared of a day that is not sealed."""
    execute(conn, SQL["forget_draft_leaves"], day=day)
    execute(conn, SQL["forget_draft_pages"], day=day)


def copy_leaves(conn: Conn, leaves: Sequence[Leaf]) -> None:
    copy_rows(
        conn,
        SQL["copy_leaves"],
        (
            (
                leaf.party_id,
                leaf.day,
                leaf.line_count,
                leaf.lines_root,
                msgspec.json.encode(leaf.opening),
                msgspec.json.encode(leaf.moved),
                msgspec.json.encode(leaf.kinds),
            )
            for leaf in leaves
        ),
    )


def copy_pages(conn: Conn, pages: Sequence[NewPage]) -> None:
    copy_rows(
        conn,
        SQL["copy_pages"],
        (
            (page.party_id, page.day, page.number, len(page.entry_ids), list(page.entry_ids), page.lines)
            for page in pages
        ),
    )


def add_seal(conn: Conn, seal: Seal, *, leaf_hashes: Sequence[bytes]) -> None:
    execute(conn, SQL["add_seal"], leaf_hashes=b"".join(leaf_hashes), **msgspec.structs.asdict(seal))


def copy_sealed_parties(conn: Conn, parties: Sequence[SealedParty]) -> None:
    copy_rows(
        conn,
        SQL["copy_sealed_parties"],
        ((one.party_id, one.position, one.since_day, one.code) for one in parties),
    )
