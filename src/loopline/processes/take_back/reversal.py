"""What a sale answers for: each returned unit takes back the parts it was sold in, the latest first."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from loopline import orders
from loopline.db import Conn
from loopline.kernel.ids import (
    EntryId,
    LineId,
    uuid7,
    uuid7s,
)
from loopline.ledger import queries as ledger_queries
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, PartReversal, Posting, Purpose, Reversed
from loopline.ledger.queries import PartEntry
from loopline.processes.accounts import Accounts
from loopline.processes.fund import units_funded
from loopline.processes.outcomes import all_granted
from loopline.processes.statement.corrections import units_corrected
from loopline.processes.supply import units_supplied
from loopline.processes.take_back.case import Case, Piece, add_to
from loopline.returns.model import Match, OpenedLine
from loopline.sharing import queries as sharing_queries
from loopline.sharing import service as sharing
from loopline.sharing.model import ClawBack, ClawedBack
from loopline.supply import service as supply


def pieces_of(conn: Conn, matches: Sequence[tuple[Case, OpenedLine, Match]]) -> list[Piece]:
    """Spread matched units over the parts that their lines were sold in, the latest part first."""
    line_ids = list({match.line_id for _, _, match in matches})
    parts: dict[LineId, list[list[int]]] = {}
    ids: dict[LineId, list[tuple[UUID, int, bool]]] = {}
    for part in sharing_queries.parts_of_lines(conn, line_ids) if line_ids else []:
        ids.setdefault(part.line_id, []).append((part.part_id, part.units, True))
        parts.setdefault(part.line_id, []).append([part.units - part.units_returned])
    pieces: list[Piece] = []
    for case, line, match in matches:
        left = match.units
        # What was never shared (a charge, a voucher) is one part, named like its line.
        known = ids.get(match.line_id) or [(match.line_id, 0, False)]
        remaining = parts.get(match.line_id)
        for position in reversed(range(len(known))):
            part_id, units_of, is_shared = known[position]
            taken = left if remaining is None else min(left, remaining[position][0])
            if not taken:
                continue
            if remaining is not None:
                remaining[position][0] -= taken
            pieces.append(
                Piece(
                    case=case,
                    line=line,
                    match=match,
                    part_id=part_id,
                    units=taken,
                    units_of=units_of,
                    is_shared=is_shared,
                )
            )
            left -= taken
    return pieces


def claw_back(conn: Conn, pieces: Sequence[Piece], *, now: datetime) -> None:
    """Take the shares of the pieces back; what had already become due is moved from there."""
    shared = [piece for piece in pieces if piece.is_shared]
    clawed = sharing.claw_back_shares(
        conn,
        [
            ClawBack(
                reference=piece.line.return_line_id,
                line_id=piece.match.line_id,
                part_id=piece.part_id,
                units=piece.units,
                at=piece.case.asked.at,
            )
            for piece in shared
        ],
    )
    _take_from_due(conn, list(zip(shared, all_granted(clawed), strict=True)), now=now)


def _take_from_due(conn: Conn, clawed: Sequence[tuple[Piece, ClawedBack]], *, now: datetime) -> None:
    """Shares were taken back from what is pending; what had become due is moved from there, into debt if need be."""
    late = [(piece, taken) for piece, taken in clawed if taken.from_due and any(taken.amounts_minor)]
    accounts = Accounts(conn, now=now)
    planned = [
        [
            (
                accounts.ask(taken.entity_id, Purpose.SHARE_DUE, taken.currency, party_id),
                accounts.ask(taken.entity_id, Purpose.SHARE_PENDING, taken.currency, party_id),
                amount_minor,
            )
            for party_id, amount_minor in zip(taken.party_ids, taken.amounts_minor, strict=True)
            if amount_minor
        ]
        for _, taken in late
    ]
    accounts.open()
    entries = [
        NewEntry(
            id=EntryId(entry_id),
            kind=EntryKind.SHARE_CLAW_BACK,
            subject=piece.case.opened.return_id,
            at=piece.case.asked.at,
            key=f"claw:{piece.line.return_line_id}:{piece.part_id}",
            postings=tuple(
                Posting(part_id=piece.part_id, account_id=accounts.id_of(account), amount_minor=amount)
                for due, pending, amount_minor in moves
                for account, amount in ((due, amount_minor), (pending, -amount_minor))
            ),
        )
        for (piece, _), moves, entry_id in zip(late, planned, uuid7s(now, len(late)), strict=True)
    ]
    all_granted(ledger.post_entries(conn, entries))


def reverse(conn: Conn, pieces: Sequence[Piece], *, now: datetime) -> None:
    """Invert the postings of the pieces, and note what each gives back."""
    supply.take_back_noted(conn, [(piece.part_id, piece.units) for piece in pieces if piece.is_shared])
    known = ledger_queries.entries_of_parts(conn, list({piece.part_id for piece in pieces}))
    entries = {found.part_id: found for found in known if found.kind is EntryKind.SALE}
    line_units = _units_of_lines(conn, [piece for piece in pieces if not piece.is_shared])
    # What was given for nothing has no postings to invert.
    paid = [piece for piece in pieces if piece.part_id in entries]
    asks = [
        PartReversal(
            id=EntryId(entry_id),
            key=f"return:{piece.line.return_line_id}:{piece.part_id}",
            subject=piece.case.opened.return_id,
            at=piece.case.asked.at,
            entry_id=entries[piece.part_id].entry_id,
            part_id=piece.part_id,
            units=piece.units,
            units_of=piece.units_of or line_units[piece.match.line_id],
        )
        for piece, entry_id in zip(paid, uuid7s(now, len(paid)), strict=True)
    ]
    deposits = {
        account.id: account.entity_id
        for account in ledger_queries.accounts_of_purpose(conn, Purpose.CUSTOMER_DEPOSIT)
    }
    asks += _beside_the_sale(pieces, known, now=now)
    reversed_parts = all_granted(ledger.reverse_parts(conn, asks))
    for piece, outcome in zip(paid, reversed_parts, strict=False):
        assert isinstance(outcome, Reversed)
        for posting in outcome.postings:
            entity_id = deposits.get(posting.account_id)
            if entity_id is not None:
                line_id = piece.line.return_line_id
                add_to(
                    piece.case.reversed_of, (line_id, entity_id, piece.match.order_id), -posting.amount_minor
                )
                add_to(piece.case.amounts, line_id, -posting.amount_minor)


def _beside_the_sale(
    pieces: Sequence[Piece], known: Sequence[PartEntry], *, now: datetime
) -> list[PartReversal]:
    """What was corrected of a share, what the goods' owner was to get, and what others bear, goes back with it.

    In the proportion of the units that had not come back when the entry was made.
    """
    beside: dict[UUID, list[tuple[PartEntry, int]]] = {}
    for entry in known:
        units = units_corrected(entry)
        if units is None:
            units = units_supplied(entry)
        if units is None:
            units = units_funded(entry)
        if units is not None:
            beside.setdefault(entry.part_id, []).append((entry, units))
    return [
        PartReversal(
            id=EntryId(uuid7(now)),
            key=f"return:{piece.line.return_line_id}:{piece.part_id}:{entry.entry_id}",
            subject=piece.case.opened.return_id,
            at=piece.case.asked.at,
            entry_id=entry.entry_id,
            part_id=piece.part_id,
            units=piece.units,
            units_of=units,
        )
        for piece in pieces
        for entry, units in beside.get(piece.part_id, ())
    ]


def _units_of_lines(conn: Conn, pieces: Sequence[Piece]) -> dict[LineId, int]:
    if not pieces:
        return {}
    found = orders.lines_by_orders(conn, list({piece.match.order_id for piece in pieces}))
    return {line.line_id: line.units for line in found}
