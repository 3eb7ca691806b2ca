"""Fund: what customers were let off is borne by who agreed to, and owed to the seller of record, part by part.

The derivation of an order's price says what each promotion took off a line and in which roles that is borne. As units
are handed over, their part of it is noted with whom the roles turned out to be, and what others than the seller bear is
posted with the sale: between two companies in the books of both, otherwise as the seller's claim on the party. Amounts
are those of the discount, tax included: whatever invoice the two write each other is over that. A return takes it back
with the sale, unit by unit.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import orders
from loopline.db import Check, Conn, statements
from loopline.kernel.ids import EntityId, EntryId, LineId, OrderId, PartyId, uuid7s
from loopline.kernel.money import BASIS_POINTS, portion, tax_within
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posting, Purpose
from loopline.ledger.queries import PartEntry
from loopline.orders import Line, LineKind, Order
from loopline.pricing import Derivation
from loopline.pricing.coupons import Batch, batches_by_id
from loopline.pricing.points import Programme, programmes_by_id
from loopline.pricing.promotions import (
    Bearer,
    BearsOfLine,
    Borne,
    Discount,
    FundingAgreement,
    Promotion,
    agreements,
    note_borne,
    promotions_by_id,
)
from loopline.processes.accounts import Accounts, Slot
from loopline.processes.attribute import Directory
from loopline.processes.outcomes import all_granted

SQL = statements(__file__)
CHECKS: tuple[Check, ...] = tuple(
    Check(name=name, invariant=4, statement=SQL[name])
    for name in (
        "discounts_explain_what_is_paid",
        "what_was_taken_off_is_borne",
        "what_others_bear_is_owed",
        "what_others_bear_goes_back",
    )
)
"""What the customer paid and what is borne come to the list price, and what others bear is owed, until it goes back."""
_PREFIX = "promotion"
_LET_OFF = "$.lines[*].discounts"
"""Where a derivation says that something was taken off."""
_Legs = list[tuple[Slot, int]]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a line that are handed over, after `units_before` of the same line."""

    part_id: UUID
    order: Order
    line: Line
    units: int
    units_before: int
    at: datetime


class Bears(msgspec.Struct, frozen=True, kw_only=True):
    """What a role bears of some units by a promotion, and which party owes it to the seller (None: itself)."""

    promotion_id: UUID
    bearer: Bearer
    owed_by: PartyId | None
    amount_minor: int


class Funding:
    """What promotions took off lines of some orders, and who bears it: read once, asked part by part."""

    def __init__(
        self,
        discounts: Mapping[LineId, tuple[Discount, ...]],
        agreed: Sequence[FundingAgreement],
        directory: Directory,
    ) -> None:
        self._discounts = discounts
        self._directory = directory
        self._agreed: dict[PartyId, list[FundingAgreement]] = {}
        for one in agreed:
            self._agreed.setdefault(one.party_id, []).append(one)

    def of(self, order: Order, line: Line, *, units_before: int, units: int) -> list[Bears]:
        """Return who bears what of some units of a line, by the growth of the rounded proportion: all add up."""
        found: list[Bears] = []
        for discount in self._discounts.get(line.line_id, ()):
            for one in discount.borne:
                amount = portion(one.amount_minor, units_before + units, line.units) - portion(
                    one.amount_minor, units_before, line.units
                )
                if amount:
                    owed_by = self._owed_by(one, discount, order=order, line=line)
                    found.append(
                        Bears(
                            promotion_id=discount.promotion_id,
                            bearer=one.bearer,
                            owed_by=owed_by,
                            amount_minor=amount,
                        )
                    )
        return found

    def net_of_others(self, order: Order, line: Line, *, units_before: int, units: int) -> int:
        """Return what others than the seller bear of some units, less the tax in it."""
        if line.line_id not in self._discounts:
            return 0
        borne = self.of(order, line, units_before=units_before, units=units)
        gross = sum(one.amount_minor for one in borne if one.owed_by is not None)
        return gross - tax_within(gross, line.tax_rate_basis_points)

    def _owed_by(self, part: BearsOfLine, discount: Discount, *, order: Order, line: Line) -> PartyId | None:
        """Return who owes it: not the seller itself, nor who had not agreed to so much when the order was placed.

        For goods that took the place of others that is when those were bought. A part may be rounded up by less than a
        minor unit.
        """
        party_id = self._directory.owes_seller(part.bearer, part.party_id, order=order, line=line)
        if party_id is None:
            return None
        agreed_at = discount.agreed_at or order.placed_at
        has_agreed = any(
            one.currency == order.currency
            and (part.amount_minor - 1) * BASIS_POINTS < discount.amount_minor * one.most_basis_points
            and one.valid_from <= agreed_at
            and (one.valid_until is None or agreed_at < one.valid_until)
            for one in self._agreed.get(party_id, ())
        )
        return party_id if has_agreed else None


def read_funding(conn: Conn, lines: Sequence[Line], directory: Directory) -> Funding:
    """Read what promotions took off lines, where any costs less than its list price: else nothing is read.

    `lines` are all lines of their orders, in their order.
    """
    let_off = {
        line.order_id
        for line in lines
        if line.kind is LineKind.GOODS and (line.list_unit_minor or 0) * line.units > line.amount_minor
    }
    discounts = discounts_of_lines(conn, [line for line in lines if line.order_id in let_off])
    return Funding(discounts, agreements(conn) if discounts else [], directory)


def discounts_of_lines(conn: Conn, lines: Sequence[Line]) -> dict[LineId, tuple[Discount, ...]]:
    """Return what promotions took off lines, by the derivations of their orders; all lines of each, in their order."""
    of_orders: dict[OrderId, list[Line]] = {}
    for line in lines:
        of_orders.setdefault(line.order_id, []).append(line)
    quotes = orders.quotes_by_orders(conn, list(of_orders), having=_LET_OFF) if of_orders else {}
    found: dict[LineId, tuple[Discount, ...]] = {}
    for order_id, stored in quotes.items():
        derived = msgspec.convert(stored, Derivation).lines
        for line, one in zip(of_orders[order_id], derived, strict=True):
            if one.discounts:
                found[line.line_id] = one.discounts
    return found


def what_takes_off(conn: Conn, ids: Collection[UUID]) -> dict[UUID, Promotion | Batch | Programme]:
    """Return what discounts name: versions of promotions and of the programme of points, and batches of coupons.

    Unknown ids are left out.
    """
    found: dict[UUID, Promotion | Batch | Programme] = {}
    found |= promotions_by_id(conn, ids)
    found |= batches_by_id(conn, set(ids) - found.keys())
    found |= programmes_by_id(conn, set(ids) - found.keys())
    return found


def settle_funding(
    conn: Conn, parts: Sequence[Part], *, funding: Funding, directory: Directory, now: datetime
) -> int:
    """Note who bears what of parts, and post what others owe the seller; returns how many parts were posted.

    The caller sees to it that a part comes once.
    """
    accounts = Accounts(conn, now=now)
    noted: list[Borne] = []
    planned: list[tuple[Part, _Legs]] = []
    for part in parts:
        borne = funding.of(part.order, part.line, units_before=part.units_before, units=part.units)
        noted += [_noted(part, place, one) for place, one in enumerate(borne, start=1)]
        owed: dict[PartyId, int] = {}
        for one in borne:
            if one.owed_by is not None:
                owed[one.owed_by] = owed.get(one.owed_by, 0) + one.amount_minor
        if owed:
            planned.append((part, _legs(accounts, part, owed, directory=directory)))
    note_borne(conn, noted)
    if not planned:
        return 0
    accounts.open()
    entries = [
        NewEntry(
            id=EntryId(entry_id),
            kind=EntryKind.PROMOTION,
            subject=part.order.id,
            at=part.at,
            key=f"{_PREFIX}:{part.part_id}:{part.units}",
            postings=tuple(
                Posting(part_id=part.part_id, account_id=accounts.id_of(slot), amount_minor=amount_minor)
                for slot, amount_minor in legs
            ),
        )
        for (part, legs), entry_id in zip(planned, uuid7s(now, len(planned)), strict=True)
    ]
    all_granted(ledger.post_entries(conn, entries))
    return len(entries)


def units_funded(entry: PartEntry) -> int | None:
    """Return for how many units of its part an entry posts what others bear; None for any other entry."""
    return int(entry.key.rpartition(":")[2]) if entry.kind is EntryKind.PROMOTION else None


def _noted(part: Part, place: int, one: Bears) -> Borne:
    return Borne(
        part_id=part.part_id,
        position=place,
        order_id=part.order.id,
        line_id=part.line.line_id,
        promotion_id=one.promotion_id,
        bearer=one.bearer,
        seller_id=part.line.seller_entity_id,
        owed_by=one.owed_by,
        currency=part.order.currency,
        units=part.units,
        amount_minor=one.amount_minor,
        at=part.at,
    )


def _legs(accounts: Accounts, part: Part, owed: Mapping[PartyId, int], *, directory: Directory) -> _Legs:
    """The seller's books, then, where a company owes it, that company's: legs of two, each of which sums to zero."""
    seller_id, currency = part.line.seller_entity_id, part.order.currency

    def ask(entity_id: EntityId, purpose: Purpose, party_id: PartyId | None = None) -> Slot:
        return accounts.ask(entity_id, purpose, currency, party_id)

    seller = directory.parties_of_companies.get(seller_id)
    legs: _Legs = []
    for party_id in sorted(owed):
        amount, company = owed[party_id], directory.company_of(party_id)
        if company is None or seller is None:
            legs += [
                (ask(seller_id, Purpose.RECEIVABLE, party_id), amount),
                (ask(seller_id, Purpose.PROMOTION_FUNDED), -amount),
            ]
            continue
        legs += [
            (ask(seller_id, Purpose.INTERCOMPANY, directory.parties_of_companies[company]), amount),
            (ask(seller_id, Purpose.PROMOTION_FUNDED), -amount),
            (ask(company, Purpose.PROMOTION_COST), amount),
            (ask(company, Purpose.INTERCOMPANY, seller), -amount),
        ]
    return legs
