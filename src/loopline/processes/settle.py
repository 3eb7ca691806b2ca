"""Settle: what was handed over is earned. Revenue and tax are posted, and each party's share of the net amount.

Shares are pending until the return window of what was handed over ends; then `release_due` makes them due. One part is
what can come back by itself: the units of one line that one site handed over, or a line that needs no shelf.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from loopline import catalogue, orders
from loopline.db import Conn, log
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.waiting import waiting_pay_of
from loopline.kernel.events import EventBody, event
from loopline.kernel.ids import (
    EntityId,
    EntryId,
    LineId,
    NodeId,
    OrderId,
    PartyId,
    RuleSetId,
    SiteId,
    SkuId,
    TaskId,
    uuid7s,
)
from loopline.kernel.refusals import Refusal, Refused
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posted, Posting, Purpose
from loopline.orders import Line, LineKind, Order
from loopline.processes.accounts import Accounts, Slot
from loopline.processes.amounts import OrderStretch, part_amounts, stretches_in_parcel
from loopline.processes.attribute import Directory, UnitsOfLine, read_directory
from loopline.processes.fund import Funding, Part, read_funding, settle_funding
from loopline.processes.outcomes import all_granted
from loopline.processes.supply import settle_supplies
from loopline.processes.waiting_pay import waited_of
from loopline.returns import queries as returns_queries
from loopline.returns.model import ReturnWindow
from loopline.returns.rules import window_ends, window_of
from loopline.sharing import queries as sharing_queries
from loopline.sharing import rules as sharing_rules
from loopline.sharing import service as sharing
from loopline.sharing.model import LineToSplit, RuleSet, Share, Split, Stretch, Waited
from loopline.supply.model import SuppliedPart

RETURN_WINDOW_DEFAULT = timedelta(days=30)
"""How long goods may come back where the brand has set no window at all."""
_Leg = tuple[Slot, int]
_EARNED_AS = {
    LineKind.GOODS: Purpose.REVENUE,
    LineKind.CHARGE: Purpose.CHARGES,
    LineKind.VOUCHER: Purpose.VOUCHER_LIABILITY,
}


class SoldPart(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of a line that were handed over at a moment, after `units_before` of the same line.

    `source_id` names the parcel, the order where no parcel was needed, or a charge earned by itself; parts of one
    source make one entry.
    """

    source_id: UUID
    part_id: UUID
    order_id: OrderId
    line_id: LineId
    units: int
    units_before: int
    shipping_site_id: SiteId | None
    at: datetime


class OrderSettled(EventBody, frozen=True, kw_only=True):
    """What an order's parcel, or the order itself, earned is posted."""

    order_id: OrderId
    entry_id: EntryId
    parts: int
    gross_minor: int
    shared_minor: int


class NoRulesInForce(Refusal, frozen=True, kw_only=True):
    """No rule set in {currency} is published for {at}; nothing can be shared."""

    currency: str
    at: str


class _Amounts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    gross_minor: int
    tax_minor: int

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.tax_minor


class _Sale(msgspec.Struct, kw_only=True):
    """A part on its way into the books. `due_at`: when its return window ends and its shares are due."""

    part: SoldPart
    order: Order
    line: Line
    amounts: _Amounts
    due_at: datetime
    in_order: Stretch | None = None
    in_parcel: Stretch | None = None
    rule_set: RuleSet | None = None
    supplied: SuppliedPart | None = None
    looked_at: LineToSplit | None = None
    shares: tuple[Share, ...] = ()


def settle_parts(conn: Conn, parts: Sequence[SoldPart], *, now: datetime) -> int:
    """Post what parts earned and split it among the parties they know; returns how many entries are new.

    Idempotent by source: the same parts again post nothing, whatever is known of them by now. Raises `Refused` where no
    published rule set covers a part: that is a fault of the settings, which must be mended before anybody earns.
    """
    parts = _not_settled(conn, parts)
    if not parts:
        return 0
    sales, lines = _read_sales(conn, parts)
    goods = [sale for sale in sales if sale.line.kind is LineKind.GOODS]
    directory, funding = _split(conn, goods, lines)
    all_granted(sharing.record_splits(conn, [_split_of(sale) for sale in sales if sale.rule_set is not None]))
    by_source: dict[UUID, list[_Sale]] = {}
    for sale in sales:
        if sale.amounts.gross_minor:
            by_source.setdefault(sale.part.source_id, []).append(sale)
    entries = _entries(conn, list(by_source.values()), now=now)
    posted = all_granted(ledger.post_entries(conn, entries))
    settle_supplies(
        conn,
        [sale.supplied for sale in sales if sale.supplied is not None],
        agreed=directory.agreed,
        parties=directory.parties_of_companies,
        now=now,
    )
    settle_funding(
        conn, [_funded_part(sale) for sale in goods], funding=funding, directory=directory, now=now
    )
    told = [
        event(_settled(entry, of_source), subject=entry.subject, at=now)
        for entry, outcome, of_source in zip(entries, posted, by_source.values(), strict=True)
        if isinstance(outcome, Posted)
    ]
    log.append(conn, told)
    return len(told)


def release_due(conn: Conn, *, now: datetime, limit: int) -> int:
    """Make shares due whose return window has ended, at most `limit` parts; returns how many parts there were.

    One ledger entry per seller of record, party and day moves them from pending to due.
    """
    release = sharing.release_due(conn, now=now, limit=limit)
    if not release.parts:
        return 0
    amounts = [amount for amount in release.amounts if amount.amount_minor]
    accounts = Accounts(conn, now=now)
    pending = [
        accounts.ask(one.entity_id, Purpose.SHARE_PENDING, one.currency, one.party_id) for one in amounts
    ]
    due = [accounts.ask(one.entity_id, Purpose.SHARE_DUE, one.currency, one.party_id) for one in amounts]
    accounts.open()
    entries = [
        NewEntry(
            id=EntryId(entry_id),
            kind=EntryKind.SHARE_RELEASE,
            subject=one.party_id,
            at=now,
            key=f"release:{release.id}:{one.entity_id}:{one.party_id}:{one.currency}:{one.due_on}",
            postings=(
                Posting(part_id=entry_id, account_id=accounts.id_of(out_of), amount_minor=one.amount_minor),
                Posting(part_id=entry_id, account_id=accounts.id_of(into), amount_minor=-one.amount_minor),
            ),
        )
        for one, out_of, into, entry_id in zip(amounts, pending, due, uuid7s(now, len(amounts)), strict=True)
    ]
    all_granted(ledger.post_entries(conn, entries))
    return release.parts


def _not_settled(conn: Conn, parts: Sequence[SoldPart]) -> Sequence[SoldPart]:
    """Leave out what came from a source of which a part was split: all of a source is settled at once."""
    if not parts:
        return parts
    done = sharing_queries.split_part_ids(conn, [(part.line_id, part.part_id) for part in parts])
    sources = {part.source_id for part in parts if part.part_id in done}
    return [part for part in parts if part.source_id not in sources]


def _read_sales(conn: Conn, parts: Sequence[SoldPart]) -> tuple[list[_Sale], list[Line]]:
    """Return the parts on their way, and all lines of their orders."""
    order_ids = list(dict.fromkeys(part.order_id for part in parts))
    heads = {head.id: head for head in orders.orders_by_ids(conn, order_ids)}
    found = orders.lines_by_orders(conn, order_ids)
    lines = {line.line_id: line for line in found}
    of_orders: dict[OrderId, list[Line]] = {}
    for line in found:
        of_orders.setdefault(line.order_id, []).append(line)
    stretches = {order_id: OrderStretch(of_order) for order_id, of_order in of_orders.items()}
    sales: list[_Sale] = []
    for part in parts:
        line = lines[part.line_id]
        gross, tax = part_amounts(line, units_before=part.units_before, units=part.units)
        sale = _Sale(
            part=part,
            order=heads[part.order_id],
            line=line,
            amounts=_Amounts(gross_minor=gross, tax_minor=tax),
            due_at=part.at,
        )
        if line.kind is LineKind.GOODS:
            sale.in_order = stretches[part.order_id].of(
                line, units_before=part.units_before, units=part.units
            )
        sales.append(sale)
    _lay_in_parcels(sales)
    return sales, found


def _lay_in_parcels(sales: Sequence[_Sale]) -> None:
    parcels: dict[UUID, list[_Sale]] = {}
    for sale in sales:
        if sale.line.kind is LineKind.GOODS:
            parcels.setdefault(sale.part.source_id, []).append(sale)
    for of_parcel in parcels.values():
        laid = stretches_in_parcel([sale.amounts.net_minor for sale in of_parcel])
        for sale, stretch in zip(of_parcel, laid, strict=True):
            sale.in_parcel = stretch


def _leaves_left(conn: Conn, sales: Sequence[_Sale]) -> dict[UUID, NodeId]:
    """From which leaf of stock the units of parcels left, by their allocation, which names the part."""
    task_ids = {TaskId(sale.part.source_id) for sale in sales if sale.part.shipping_site_id is not None}
    lines = fulfilment.lines_of_tasks(conn, sorted(task_ids)) if task_ids else {}
    return {line.allocation_id: line.leaf_id for of_task in lines.values() for line in of_task}


def _waited(conn: Conn, sales: Sequence[_Sale]) -> dict[UUID, Waited]:
    """What tasks pay on top because their work waited."""
    task_ids = {sale.part.source_id for sale in sales if sale.part.shipping_site_id is not None}
    return {one.work_id: waited_of(one) for one in waiting_pay_of(conn, sorted(task_ids))}


def _split(conn: Conn, sales: Sequence[_Sale], lines: Sequence[Line]) -> tuple[Directory, Funding]:
    """Split the net amount of goods by the rules that were in force when their order was placed.

    Returns what was known of parties and companies, and who bears what of the lines.
    """
    rule_sets = sharing_queries.rule_sets(conn)
    windows = returns_queries.return_windows(conn)
    sku_ids = {sale.line.sku_id for sale in sales if sale.line.sku_id is not None}
    orders_sold = list({sale.order.id: sale.order for sale in sales}.values())
    directory = read_directory(conn, orders_sold, sku_ids=sku_ids)
    funding = read_funding(conn, lines, directory)
    leaves, waited = _leaves_left(conn, sales), _waited(conn, sales)
    skus = catalogue.skus_by_id(conn, sku_ids)
    categories = {sku_id: sku.category or "" for sku_id, sku in skus.items()}
    by_rules: dict[RuleSetId, list[_Sale]] = {}
    chosen: dict[RuleSetId, RuleSet] = {}
    for sale in sales:
        at, currency = sale.order.placed_at, sale.order.currency
        rule_set = sharing_rules.rule_set_at(rule_sets, at, currency=currency)
        if rule_set is None:
            raise Refused(NoRulesInForce(currency=currency, at=at.isoformat()))
        sale.rule_set = chosen[rule_set.id] = rule_set
        sale.due_at = _due_at(sale, windows=windows, categories=categories)
        by_rules.setdefault(rule_set.id, []).append(sale)
    for rule_set_id, of_rules in by_rules.items():
        units = [_units_of(sale, categories=categories, leaves=leaves, funding=funding) for sale in of_rules]
        to_split = [
            msgspec.structs.replace(directory.line_to_split(what), waited=waited[sale.part.source_id])
            if sale.part.source_id in waited
            else directory.line_to_split(what)
            for sale, what in zip(of_rules, units, strict=True)
        ]
        split = all_granted(sharing_rules.split_lines(chosen[rule_set_id], to_split))
        for sale, what, line, shares in zip(of_rules, units, to_split, split, strict=True):
            sale.looked_at, sale.shares = line, shares
            sale.supplied = _supplied(sale, what, owner_id=directory.owner_of(what))
    return directory, funding


def _funded_part(sale: _Sale) -> Part:
    return Part(
        part_id=sale.part.part_id,
        order=sale.order,
        line=sale.line,
        units=sale.part.units,
        units_before=sale.part.units_before,
        at=sale.part.at,
    )


def _due_at(sale: _Sale, *, windows: Sequence[ReturnWindow], categories: Mapping[SkuId, str]) -> datetime:
    """When the return window of a part ends. Where windows are set and none fits, goods cannot come back: at once."""
    if not windows:
        return sale.part.at + RETURN_WINDOW_DEFAULT
    category = categories.get(sale.line.sku_id, "") if sale.line.sku_id else ""
    window = window_of(windows, channel=sale.order.channel, category=category, at=sale.part.at)
    return window_ends(window, sale.part.at) if window else sale.part.at


def _units_of(
    sale: _Sale, *, categories: Mapping[SkuId, str], leaves: Mapping[UUID, NodeId], funding: Funding
) -> UnitsOfLine:
    return UnitsOfLine(
        order=sale.order,
        line=sale.line,
        category=categories.get(sale.line.sku_id, "") if sale.line.sku_id else "",
        shipping=sale.part.shipping_site_id,
        leaf_id=leaves.get(sale.part.part_id),
        units=sale.part.units,
        gross_minor=sale.amounts.gross_minor,
        tax_minor=sale.amounts.tax_minor,
        in_parcel=sale.in_parcel,
        in_order=sale.in_order,
        funded_minor=funding.net_of_others(
            sale.order, sale.line, units_before=sale.part.units_before, units=sale.part.units
        ),
    )


def _supplied(sale: _Sale, what: UnitsOfLine, *, owner_id: EntityId | None) -> SuppliedPart | None:
    """What another company than the seller supplied; None where the goods were the seller's own."""
    seller_id, sku_id = sale.line.seller_entity_id, sale.line.sku_id
    if owner_id is None or owner_id == seller_id or sku_id is None:
        return None
    return SuppliedPart(
        part_id=sale.part.part_id,
        order_id=sale.order.id,
        line_id=sale.line.line_id,
        owner_id=owner_id,
        buyer_id=seller_id,
        sku_id=sku_id,
        currency=sale.order.currency,
        units=what.units,
        units_of=what.units,
        list_minor=what.list_minor,
        net_minor=sale.amounts.net_minor,
        placed_at=sale.order.placed_at,
        at=sale.part.at,
    )


def _split_of(sale: _Sale) -> Split:
    assert sale.rule_set is not None
    return Split(
        part_id=sale.part.part_id,
        order_id=sale.part.order_id,
        line_id=sale.part.line_id,
        rule_set_id=sale.rule_set.id,
        entity_id=sale.line.seller_entity_id,
        currency=sale.order.currency,
        units=sale.part.units,
        base_minor=sale.amounts.net_minor,
        due_at=sale.due_at,
        shares=sale.shares,
        line=sale.looked_at,
        at=sale.part.at,
    )


def _entries(conn: Conn, sources: Sequence[Sequence[_Sale]], *, now: datetime) -> list[NewEntry]:
    accounts = Accounts(conn, now=now)
    books: dict[tuple[EntityId, str], _Books] = {}
    planned: list[list[tuple[UUID, list[_Leg]]]] = []
    for of_source in sources:
        of_entry: list[tuple[UUID, list[_Leg]]] = []
        for sale in of_source:
            key = (sale.line.seller_entity_id, sale.order.currency)
            if key not in books:
                books[key] = _Books(accounts, *key)
            of_entry.append((sale.part.part_id, books[key].legs(sale)))
        planned.append(of_entry)
    accounts.open()
    id_of = accounts.id_of
    return [
        NewEntry(
            id=EntryId(entry_id),
            kind=EntryKind.SALE,
            subject=of_source[0].order.id,
            at=of_source[0].part.at,
            key=f"sale:{of_source[0].part.source_id}",
            postings=tuple(
                [
                    Posting(part_id=part_id, account_id=id_of(account), amount_minor=amount_minor)
                    for part_id, legs in of_entry
                    for account, amount_minor in legs
                ]
            ),
        )
        for of_source, of_entry, entry_id in zip(sources, planned, uuid7s(now, len(sources)), strict=True)
    ]


class _Books:
    """The accounts of one company in one currency that sales are posted to, asked for once per batch."""

    def __init__(self, accounts: Accounts, entity_id: EntityId, currency: str) -> None:
        self._accounts = accounts
        self._of = (entity_id, currency)
        self._deposit = self._ask(Purpose.CUSTOMER_DEPOSIT)
        self._earned = {kind: self._ask(purpose) for kind, purpose in _EARNED_AS.items()}
        self._tax = self._ask(Purpose.TAX)
        self._cost = self._ask(Purpose.SHARING_COST)
        self._pending: dict[PartyId, Slot] = {}

    def legs(self, sale: _Sale) -> list[_Leg]:
        """The money of the sale, then its shares: two legs, each of which sums to zero."""
        amounts = sale.amounts
        legs = [
            (self._deposit, amounts.gross_minor),
            (self._earned[sale.line.kind], -amounts.net_minor),
        ]
        if amounts.tax_minor:
            legs.append((self._tax, -amounts.tax_minor))
        if sale.shares:
            legs.append((self._cost, amounts.net_minor))
            legs += [(self._share_of(share.party_id), -share.amount_minor) for share in sale.shares]
        return legs

    def _share_of(self, party_id: PartyId) -> Slot:
        slot = self._pending.get(party_id)
        if slot is None:
            slot = self._pending[party_id] = self._ask(Purpose.SHARE_PENDING, party_id)
        return slot

    def _ask(self, purpose: Purpose, party_id: PartyId | None = None) -> Slot:
        entity_id, currency = self._of
        return self._accounts.ask(entity_id, purpose, currency, party_id)


def _settled(entry: NewEntry, of_source: Sequence[_Sale]) -> OrderSettled:
    return OrderSettled(
        order_id=OrderId(entry.subject),
        entry_id=entry.id,
        parts=len(of_source),
        gross_minor=sum(sale.amounts.gross_minor for sale in of_source),
        shared_minor=sum(share.amount_minor for sale in of_source for share in sale.shares),
    )
