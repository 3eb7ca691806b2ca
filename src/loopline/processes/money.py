"""Money: what orders are owed and what is kept for them, and its postings: shared by the stages that move money."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import orders
from loopline.db import Conn
from loopline.kernel.ids import AccountId, EntityId, EntryId, OrderId, uuid7s
from loopline.kernel.money import portion
from loopline.ledger import queries as ledger_queries
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posting, Purpose
from loopline.orders import Line, LineKind, Order, OrderStage
from loopline.payments import queries as payments_queries
from loopline.payments.cash import BANK_TRANSFER, CARD_TERMINAL, CASH
from loopline.payments.model import IntentId
from loopline.payments.port import IntentKind, IntentState
from loopline.processes.accounts import Accounts
from loopline.processes.outcomes import all_granted
from loopline.sharing import queries as sharing_queries

BY_HAND = frozenset({CASH, BANK_TRANSFER})
"""Methods whose machine is a person: what came so goes back as it always did, at once and in cash."""
OVER_THE_COUNTER = frozenset({CASH, CARD_TERMINAL})
"""Methods whose money lies in the drawer, or goes through the terminal, of whoever stands there."""
_GIVES_BACK = frozenset({EntryKind.REVERSAL, EntryKind.ADJUSTMENT})


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept for an order of its company, and what of that is on its way back."""

    kept_minor: int
    under_way_minor: int

    @property
    def ours_minor(self) -> int:
        """What stays once everything on its way has arrived."""
        return self.kept_minor - self.under_way_minor


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """Money that moved between a customer and a company, to be posted once under its key; positive came in."""

    key: str
    kind: EntryKind
    subject: UUID
    part_id: UUID
    entity_id: EntityId
    currency: str
    amount_minor: int
    at: datetime
    by_gateway: bool = False


def is_by_gateway(method: str | None, intent_id: IntentId | None) -> bool:
    """Tell whether a machine took money that it can give back by itself."""
    return intent_id is not None and method not in BY_HAND


def _due(head: Order, lines: Sequence[Line]) -> int:
    """What an order comes to without what was cancelled of it: nothing where it was cancelled whole."""
    if head.stage is OrderStage.CANCELLED:
        return 0
    cancelled = sum(
        line.amount_minor - portion(line.amount_minor, line.units - line.cancelled, line.units)
        for line in lines
        if line.cancelled
    )
    return head.amount_minor - cancelled


def dues_of(conn: Conn, heads: Sequence[Order]) -> dict[OrderId, int]:
    """Return what each order comes to without what was cancelled of it, and without what its returns took back."""
    lines: dict[OrderId, list[Line]] = {}
    for line in orders.lines_by_orders(conn, [head.id for head in heads]) if heads else ():
        lines.setdefault(line.order_id, []).append(line)
    returned = [line for head in heads if head.returned for line in lines.get(head.id, ())]
    taken_back = _taken_back(conn, returned) if returned else {}
    return {head.id: _due(head, lines.get(head.id, ())) - taken_back.get(head.id, 0) for head in heads}


def _taken_back(conn: Conn, lines: Sequence[Line]) -> dict[OrderId, int]:
    """Sum what the books say returns took back of orders: reversals of what was sold, and differences of price.

    The same sum as the doctor's: what reversals and adjustments moved of customers' claims, by the parts of the lines,
    by charges and vouchers themselves, and by orders.
    """
    order_of: dict[UUID, OrderId] = {line.order_id: line.order_id for line in lines}
    order_of |= {line.line_id: line.order_id for line in lines if line.kind is not LineKind.GOODS}
    for part in sharing_queries.parts_of_lines(conn, [line.line_id for line in lines]):
        order_of[part.part_id] = part.order_id
    accounts = ledger_queries.accounts_of_purpose(conn, Purpose.CUSTOMER_DEPOSIT)
    deposits = {account.number for account in accounts}
    taken_back: dict[OrderId, int] = {}
    for entry in ledger_queries.entries_of_parts(conn, list(order_of)):
        if entry.kind in _GIVES_BACK:
            moved = zip(entry.account_numbers, entry.amounts_minor, strict=True)
            owed = -sum(amount_minor for number, amount_minor in moved if number in deposits)
            order_id = order_of[entry.part_id]
            taken_back[order_id] = taken_back.get(order_id, 0) + owed
    return taken_back


def kept_of(conn: Conn, heads: Sequence[Order]) -> Mapping[OrderId, Kept]:
    """Return what is kept for orders, by their company and in their currency; every order is in it."""
    of_company = {(head.id, head.seller_entity_id, head.currency) for head in heads}
    kept = {head.id: 0 for head in heads}
    under_way = dict(kept)
    order_ids = list(kept)
    for money in payments_queries.money_of_orders(conn, order_ids):
        if (money.order_id, money.entity_id, money.currency) in of_company:
            kept[money.order_id] += money.taken_minor - money.refunded_minor
    for intent in payments_queries.intents_of_orders(conn, order_ids):
        is_open = intent.state in {IntentState.WRITTEN, IntentState.WAITING}
        if intent.kind is IntentKind.REFUND and is_open and intent.order_id is not None:
            under_way[intent.order_id] += intent.amount_minor
    return {
        order_id: Kept(kept_minor=kept[order_id], under_way_minor=under_way[order_id])
        for order_id in order_ids
    }


def post_moved(conn: Conn, moved: Sequence[Moved], *, now: datetime) -> None:
    """Post money: what comes in is owed to the customer, what goes out no longer is; the same key posts once."""
    if not moved:
        return
    accounts = Accounts(conn, now=now)
    planned = [
        (
            accounts.ask(one.entity_id, Purpose.GATEWAY if one.by_gateway else Purpose.CASH, one.currency),
            accounts.ask(one.entity_id, Purpose.CUSTOMER_DEPOSIT, one.currency),
        )
        for one in moved
    ]
    accounts.open()
    entries = [
        NewEntry(
            id=EntryId(entry_id),
            kind=one.kind,
            subject=one.subject,
            at=one.at,
            key=one.key,
            postings=_postings(one, accounts.id_of(ours), accounts.id_of(theirs)),
        )
        for one, (ours, theirs), entry_id in zip(moved, planned, uuid7s(now, len(moved)), strict=True)
    ]
    all_granted(ledger.post_entries(conn, entries))


def _postings(one: Moved, ours: AccountId, theirs: AccountId) -> tuple[Posting, ...]:
    """The debit first: our money where it came in, the customer's claim where it went out."""
    into = Posting(part_id=one.part_id, account_id=ours, amount_minor=one.amount_minor)
    owed = Posting(part_id=one.part_id, account_id=theirs, amount_minor=-one.amount_minor)
    return (into, owed) if one.amount_minor > 0 else (owed, into)
