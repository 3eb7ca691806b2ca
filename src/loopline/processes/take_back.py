"""Take back: a return, from anywhere, undoes its sale in one go: counters, revenue, tax and every party's share.

What a return line belongs to is found by `returns`; each matched unit takes back the parts it was sold in, the latest
first, by inverting their postings in proportion. What has no sale is paid for out of revenue, by itself (a blind
return). The goods go where their grade sends them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from loopline import orders, org, pricing
from loopline.db import Conn, log
from loopline.kernel.events import Event, EventBody, event
from loopline.kernel.ids import (
    EntityId,
    EntryId,
    LineId,
    OrderId,
    ReturnId,
    ReturnLineId,
    SiteId,
    SkuId,
    uuid7s,
)
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.ledger import queries as ledger_queries
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, PartReversal, Posting, Purpose, Reversed
from loopline.orders import LineChange, LineKind
from loopline.org import Site
from loopline.processes.accounts import Accounts, Slot
from loopline.processes.outcomes import all_granted
from loopline.processes.place import CHARGES_TAX_CLASS
from loopline.processes.refund import Refund, refund
from loopline.returns import service as returns
from loopline.returns.events import ReturnedLine, ReturnedUnits, ReturnOpened
from loopline.returns.model import BlindState, Match, NewReturn, Opened, OpenedLine, Purchase, ReturnRepeat
from loopline.sharing import queries as sharing_queries
from loopline.sharing import service as sharing
from loopline.sharing.model import ClawBack, ClawedBack

Key = TypeVar("Key")
_Legs = list[tuple[UUID, Slot, int]]


class ReturnedSale(msgspec.Struct, frozen=True, kw_only=True):
    """Units that came back, and what was paid back for them, tax included."""

    kind: LineKind
    sku_id: SkuId | None
    units: int
    amount_minor: int


class SalesReturned(EventBody, frozen=True, kw_only=True):
    """A return took sales back. `site_id` and `channel` are those of the return; the moment is its own."""

    return_id: ReturnId
    channel: str
    site_id: SiteId
    currency: str
    lines: tuple[ReturnedSale, ...]


class TakenBack(msgspec.Struct, frozen=True, kw_only=True):
    """A return that was taken in: its lines with their matches, and what was paid back in all."""

    return_id: ReturnId
    lines: tuple[OpenedLine, ...]
    refund_minor: int
    reversed_minor: int
    blind_minor: int
    difference_minor: int


class _Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Units of one part of a sold line that a return line takes back."""

    case: "_Case"
    line: OpenedLine
    match: Match
    part_id: UUID
    units: int
    units_of: int
    is_shared: bool


class _Case(msgspec.Struct, kw_only=True):
    """One return on its way: what was asked, what it was opened as, and the money it moves."""

    position: int
    asked: NewReturn
    opened: Opened
    site: Site
    blind_minor: int = 0
    blind_tax_minor: int = 0
    reversed_of: dict[tuple[ReturnLineId, EntityId, OrderId], int] = {}
    """What the sale of each order took for a line and gives back, by the company that took it."""
    differences: dict[tuple[EntityId, OrderId | None], int] = {}
    """What was paid back less than an order took (negative), and more than any took (under no order)."""
    amounts: dict[ReturnLineId, int] = {}

    @property
    def reversed_minor(self) -> int:
        return sum(self.reversed_of.values())

    @property
    def difference_minor(self) -> int:
        return sum(self.differences.values())

    @property
    def refund_minor(self) -> int:
        return self.reversed_minor + self.difference_minor + self.blind_minor

    @property
    def paid_by(self) -> EntityId:
        """The company that answers for what no sale answers for: that of the sale if there is one, else the site's."""
        return next((entity_id for _, entity_id, _ in self.reversed_of), self.site.entity_id)


def take_back(
    conn: Conn, asked: Sequence[NewReturn], *, scope: Scope, now: datetime
) -> list[TakenBack | ReturnRepeat | Refusal]:
    """Take returns in, in the order given, and undo what they belong to. The same return again undoes nothing.

    Blind units of an ask wait for a person and move no money yet. A fact's refund is what its channel says was paid
    out; where that differs from what the sale took, the difference is posted as an adjustment.
    """
    outcomes: list[TakenBack | ReturnRepeat | Refusal] = [
        NotInYourBranch(subject=one.external_number) for one in asked
    ]
    covered = [position for position, one in enumerate(asked) if scope.covers_site(one.site_id)]
    coming = [asked[position] for position in covered]
    sites = org.sites_by_id(conn, {one.site_id for one in coming})
    opened = returns.open_returns(conn, coming, purchases=_purchases(conn, coming), now=now)
    cases: list[_Case] = []
    for position, one, outcome in zip(covered, coming, opened, strict=True):
        if isinstance(outcome, Opened):
            cases.append(_Case(position=position, asked=one, opened=outcome, site=sites[one.site_id]))
        else:
            outcomes[position] = outcome
    told = _undo(conn, cases, now=now)
    for case in cases:
        outcomes[case.position] = TakenBack(
            return_id=case.opened.return_id,
            lines=case.opened.lines,
            refund_minor=case.refund_minor,
            reversed_minor=case.reversed_minor,
            blind_minor=case.blind_minor,
            difference_minor=case.difference_minor,
        )
    log.append(conn, told)
    return outcomes


def _purchases(conn: Conn, asked: Sequence[NewReturn]) -> list[Purchase]:
    """What members, or the orders named, had under the codes that come back."""
    codes = list({line.code for one in asked for line in one.lines})
    member_ids = list({one.member_id for one in asked if one.member_id is not None})
    bought = orders.lines_of_member(conn, member_ids, codes=codes) if member_ids else []
    found = {
        line.line_id: Purchase(
            order_id=line.order_id,
            line_id=line.line_id,
            code=line.code,
            unit_minor=line.unit_minor,
            units_left=line.units_left,
            placed_at=line.placed_at,
            member_id=line.member_id,
        )
        for line in bought
    }
    named = list({one.order_id for one in asked if one.order_id is not None})
    heads = {head.id: head for head in orders.orders_by_ids(conn, named)} if named else {}
    for line in orders.lines_by_orders(conn, list(heads)) if heads else []:
        if line.line_id not in found and line.handed_over > line.returned:
            found[line.line_id] = Purchase(
                order_id=line.order_id,
                line_id=line.line_id,
                code=line.code,
                unit_minor=line.unit_minor,
                units_left=line.handed_over - line.returned,
                placed_at=heads[line.order_id].placed_at,
                member_id=heads[line.order_id].member_id,
            )
    return _with_windows(conn, list(found.values()), asked)


def _with_windows(conn: Conn, purchases: Sequence[Purchase], asked: Sequence[NewReturn]) -> list[Purchase]:
    """A line may come back until the shares of its last part are due; only asks need to know."""
    if not any(one.kind.value == "ask" for one in asked):
        return list(purchases)
    until: dict[LineId, datetime] = {}
    for part in sharing_queries.parts_of_lines(conn, [one.line_id for one in purchases]):
        until[part.line_id] = max(part.due_at, until.get(part.line_id, part.due_at))
    return [msgspec.structs.replace(one, returnable_until=until.get(one.line_id)) for one in purchases]


def _undo(conn: Conn, cases: Sequence[_Case], *, now: datetime) -> list[Event]:
    """Move counters, then money, then say so."""
    matches = [(case, line, match) for case in cases for line in case.opened.lines for match in line.matches]
    changes = [
        LineChange(order_id=match.order_id, line_id=match.line_id, returned=match.units)
        for _, _, match in matches
    ]
    all_granted(orders.change_lines(conn, changes, now=now))
    pieces = _pieces(conn, matches)
    _claw_back(conn, pieces, now=now)
    _reverse(conn, pieces, now=now)
    _quote_blind(conn, cases)
    _settle_differences(cases)
    _post_rest(conn, cases, now=now)
    refund(conn, [one for case in cases for one in _refunds(case)], now=now)
    return [told for case in cases for told in _events(case)]


def _pieces(conn: Conn, matches: Sequence[tuple[_Case, OpenedLine, Match]]) -> list[_Piece]:
    """Spread matched units over the parts that their lines were sold in, the latest part first."""
    line_ids = list({match.line_id for _, _, match in matches})
    parts: dict[LineId, list[list[int]]] = {}
    ids: dict[LineId, list[tuple[UUID, int, bool]]] = {}
    for part in sharing_queries.parts_of_lines(conn, line_ids) if line_ids else []:
        ids.setdefault(part.line_id, []).append((part.part_id, part.units, True))
        parts.setdefault(part.line_id, []).append([part.units - part.units_returned])
    pieces: list[_Piece] = []
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
                _Piece(
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


def _reverse(conn: Conn, pieces: Sequence[_Piece], *, now: datetime) -> None:
    """Invert the postings of the pieces, and note what each gives back."""
    entries = {
        found.part_id: found
        for found in ledger_queries.entries_of_parts(conn, list({piece.part_id for piece in pieces}))
        if found.kind is EntryKind.SALE
    }
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
    for piece, outcome in zip(paid, all_granted(ledger.reverse_parts(conn, asks)), strict=True):
        assert isinstance(outcome, Reversed)
        for posting in outcome.postings:
            entity_id = deposits.get(posting.account_id)
            if entity_id is not None:
                line_id = piece.line.return_line_id
                _add(
                    piece.case.reversed_of, (line_id, entity_id, piece.match.order_id), -posting.amount_minor
                )
                _add(piece.case.amounts, line_id, -posting.amount_minor)


def _claw_back(conn: Conn, pieces: Sequence[_Piece], *, now: datetime) -> None:
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


def _units_of_lines(conn: Conn, pieces: Sequence[_Piece]) -> dict[LineId, int]:
    if not pieces:
        return {}
    found = orders.lines_by_orders(conn, list({piece.match.order_id for piece in pieces}))
    return {line.line_id: line.units for line in found}


def _take_from_due(conn: Conn, clawed: Sequence[tuple[_Piece, ClawedBack]], *, now: datetime) -> None:
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


def _quote_blind(conn: Conn, cases: Sequence[_Case]) -> None:
    """Find the tax in what is paid for units without a sale, as if they were bought today at the stated price."""
    blind = [(case, _blind_lines(case)) for case in cases]
    wanted = [(case, lines) for case, lines in blind if lines]
    carts = [
        pricing.Cart(
            currency=case.asked.currency,
            country=case.site.country,
            time_zone=case.site.time_zone,
            at=case.asked.at,
            channel=case.asked.channel,
            site_id=case.asked.site_id,
            org_units=case.site.unit_path,
            may_state_price=True,
            is_fact=True,
            lines=tuple(
                pricing.CartLine(
                    sku_id=None,
                    code=line.code,
                    units=line.blind_units,
                    stated_unit_minor=line.stated_unit_minor or 0,
                    tax_class=CHARGES_TAX_CLASS,
                )
                for line in lines
            ),
        )
        for case, lines in wanted
    ]
    for (case, lines), quoted in zip(wanted, all_granted(pricing.quote(conn, carts)), strict=True):
        case.blind_minor = quoted.amount_minor
        case.blind_tax_minor = quoted.tax_minor
        for line, amounts in zip(lines, quoted.lines, strict=True):
            _add(case.amounts, line.return_line_id, amounts.amount_minor)


def _blind_lines(case: _Case) -> list[OpenedLine]:
    return [
        line for line in case.opened.lines if line.blind_state is BlindState.ACCEPTED and line.blind_units
    ]


def _settle_differences(cases: Sequence[_Case]) -> None:
    """Where a channel paid out another price than the sale took, the difference is ours."""
    for case in cases:
        for line in case.opened.lines:
            if line.stated_unit_minor is not None:
                _settle_line(case, line, stated_unit_minor=line.stated_unit_minor)


def _settle_line(case: _Case, line: OpenedLine, *, stated_unit_minor: int) -> None:
    """Compare order by order: less than a sale took stays with its order, more than it took was never its money."""
    took = {
        order_id: (entity_id, amount_minor)
        for (line_id, entity_id, order_id), amount_minor in case.reversed_of.items()
        if line_id == line.return_line_id
    }
    units: dict[OrderId, int] = {}
    for match in line.matches:
        _add(units, match.order_id, match.units)
    for order_id, count in units.items():
        entity_id, reversed_minor = took.get(order_id, (case.paid_by, 0))
        difference = stated_unit_minor * count - reversed_minor
        if difference:
            _add(case.differences, (entity_id, order_id if difference < 0 else None), difference)
            _add(case.amounts, line.return_line_id, difference)


def _accepted_blind(line: OpenedLine) -> int:
    return line.blind_units if line.blind_state is BlindState.ACCEPTED else 0


def _post_rest(conn: Conn, cases: Sequence[_Case], *, now: datetime) -> None:
    """Post blind returns and differences of price: what no sale answers for."""
    accounts = Accounts(conn, now=now)
    planned = [(case, *one) for case in cases for one in _rest_of(case, accounts)]
    accounts.open()
    entries = [
        NewEntry(
            id=EntryId(entry_id),
            kind=kind,
            subject=case.opened.return_id,
            at=case.asked.at,
            key=f"{kind.value}:{case.opened.return_id}",
            postings=tuple(
                Posting(part_id=part_id, account_id=accounts.id_of(account), amount_minor=amount)
                for part_id, account, amount in legs
                if amount
            ),
        )
        for (case, kind, legs), entry_id in zip(planned, uuid7s(now, len(planned)), strict=True)
    ]
    all_granted(ledger.post_entries(conn, entries))


def _rest_of(case: _Case, accounts: Accounts) -> list[tuple[EntryKind, _Legs]]:
    entity, currency = case.paid_by, case.asked.currency
    deposit = accounts.ask(entity, Purpose.CUSTOMER_DEPOSIT, currency)
    rest: list[tuple[EntryKind, _Legs]] = []
    return_id: UUID = case.opened.return_id
    if case.blind_minor:
        revenue = accounts.ask(entity, Purpose.REVENUE, currency)
        tax = accounts.ask(entity, Purpose.TAX, currency)
        legs: _Legs = [
            (return_id, revenue, case.blind_minor - case.blind_tax_minor),
            (return_id, tax, case.blind_tax_minor),
            (return_id, deposit, -case.blind_minor),
        ]
        rest.append((EntryKind.BLIND_RETURN, legs))
    if case.differences:
        legs = [
            (order_id or return_id, account, amount)
            for (of_entity, order_id), difference in case.differences.items()
            for account, amount in (
                (accounts.ask(of_entity, Purpose.ADJUSTMENT, currency), difference),
                (accounts.ask(of_entity, Purpose.CUSTOMER_DEPOSIT, currency), -difference),
            )
        ]
        rest.append((EntryKind.ADJUSTMENT, legs))
    return rest


def _refunds(case: _Case) -> list[Refund]:
    """What each company pays back for each order: whoever sold pays, wherever the goods came back."""
    owed: dict[tuple[EntityId, OrderId | None], int] = {}
    for (_, entity_id, order_id), amount_minor in case.reversed_of.items():
        _add(owed, (entity_id, order_id), amount_minor)
    for key, difference in case.differences.items():
        _add(owed, key, difference)
    _add(owed, (case.paid_by, None), case.blind_minor)
    return [
        Refund(
            return_id=case.opened.return_id,
            order_id=order_id,
            entity_id=entity_id,
            currency=case.asked.currency,
            amount_minor=amount_minor,
            at=case.asked.at,
        )
        for (entity_id, order_id), amount_minor in owed.items()
        if amount_minor
    ]


def _events(case: _Case) -> list[Event]:
    asked, opened = case.asked, case.opened
    told = ReturnOpened(
        return_id=opened.return_id,
        channel=asked.channel,
        kind=asked.kind,
        site_id=asked.site_id,
        member_id=asked.member_id,
        lines=tuple(
            ReturnedLine(
                return_line_id=line.return_line_id,
                sku_id=line.sku_id,
                units=line.units,
                blind_units=line.blind_units,
                reason=line.reason,
                matches=tuple(
                    ReturnedUnits(order_id=match.order_id, line_id=match.line_id, units=match.units)
                    for match in line.matches
                ),
            )
            for line in opened.lines
        ),
    )
    sales = SalesReturned(
        return_id=opened.return_id,
        channel=asked.channel,
        site_id=asked.site_id,
        currency=asked.currency,
        lines=tuple(
            ReturnedSale(
                kind=LineKind.GOODS if line.sku_id is not None else LineKind.CHARGE,
                sku_id=line.sku_id,
                units=line.matched_units + _accepted_blind(line),
                amount_minor=case.amounts.get(line.return_line_id, 0),
            )
            for line in opened.lines
        ),
    )
    return [event(body, subject=opened.return_id, at=asked.at) for body in (told, sales)]


def _add(amounts: dict[Key, int], key: Key, amount_minor: int) -> None:
    amounts[key] = amounts.get(key, 0) + amount_minor
