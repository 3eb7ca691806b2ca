"""Invoice: what a seller earned of an order is made out to whoever wishes it, and credited as it comes back.

A wish may come at any time; documents are made out once control of the goods has passed and nothing of the order is
under way. What a line has earned is what the ledger says of its parts, reversals taken off: so a return in part, in
whole, or of what was never invoiced leads to the right credit note, or to none, by itself. Stages of an errand, with
the platform asked between them: `make_out`, `claim_to_issue`, `apply_invoice_reports`.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import catalogue, orders
from loopline.closing import queries as closing
from loopline.db import Conn, log
from loopline.db.followers import Follower
from loopline.invoices import (
    Buyer,
    CodeKind,
    DocumentKind,
    DocumentState,
    EarnedLine,
    GoodsCode,
    InvoiceReport,
    NewWish,
    Seller,
    Stop,
    ToIssue,
    Wish,
    WishId,
)
from loopline.invoices import queries as invoices_queries
from loopline.invoices import rules as invoices_rules
from loopline.invoices import service as invoices
from loopline.invoices.events import InvoiceIssued, InvoiceStopped, InvoiceWished
from loopline.kernel.events import Event, event, read
from loopline.kernel.ids import EntityId, LineId, MemberId, OrderId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.ledger import queries as ledger_queries
from loopline.ledger.model import Purpose
from loopline.orders import Line, LineKind, Order
from loopline.orders.events import LinesCancelled
from loopline.org import lists as org_lists
from loopline.org.queries import entities_by_id
from loopline.processes.settle import OrderSettled
from loopline.returns.events import ReturnOpened
from loopline.sharing import queries as sharing_queries

_WISHES_AT_ONCE = 100
_MADE_OUT_MOST = 3
"""So many invoices of an order and seller are made out while a member changes whom they are for; then staff does."""
_EARNED = (Purpose.REVENUE, Purpose.CHARGES)
_RETURNED = ReturnOpened.type_name()


class WishAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants an order invoiced to a buyer: by every seller of it that they act for.

    `by_member`: its own member asks, whose scope does not matter.
    """

    order_id: OrderId
    buyer: Buyer
    by_member: MemberId | None = None


class NothingToInvoice(Refusal, frozen=True, kw_only=True):
    """There is no such order, or nothing of it is sold by a legal entity that you act for."""

    order_id: OrderId


class NotInvoicedAbroad(Refusal, frozen=True, kw_only=True):
    """{company} is no company of China: its invoices are not made out here."""

    company: str


class InvoicedOftenEnough(Refusal, frozen=True, kw_only=True):
    """This order was invoiced {times} times already: ask us to change whom the invoice is for."""

    times: int


class GoodsCodesAreTheBrands(Refusal, frozen=True, kw_only=True):
    """Codes of goods hold for the whole brand: only who sees all of it may set them."""


class SellerBooks(msgspec.Struct, frozen=True, kw_only=True):
    """What a seller's books hold of revenue and charges, and of tax, beside what it has invoiced of it."""

    entity_id: EntityId
    currency: str
    booked_net_minor: int
    booked_tax_minor: int
    invoiced_net_minor: int
    invoiced_tax_minor: int
    blue: int
    red: int
    open: int

    @property
    def difference_net_minor(self) -> int:
        """What was earned and is not invoiced, without tax."""
        return self.booked_net_minor - self.invoiced_net_minor

    @property
    def difference_tax_minor(self) -> int:
        """Its tax."""
        return self.booked_tax_minor - self.invoiced_tax_minor


def sellers_in(conn: Conn, scope: Scope) -> frozenset[EntityId] | None:
    """Return the legal entities whose invoices somebody sees; None for all."""
    found = org_lists.company_ids_in_scope(conn, scope)
    return None if found is None else frozenset(found)


def wish_invoices(
    conn: Conn, asks: Sequence[WishAsk], *, scope: Scope, by: str, now: datetime
) -> list[tuple[WishId, ...] | Refusal]:
    """Keep wishes for invoices, one for each seller of an order that the asker acts for.

    One that stands gets its new buyer: what was made out to another is credited, and made out anew; not without end
    for a member. Locks what it writes.
    """
    heads = {one.id: one for one in orders.orders_by_ids(conn, list({ask.order_id for ask in asks}))}
    sellers: dict[OrderId, dict[EntityId, None]] = {}
    for line in orders.lines_by_orders(conn, list(heads)):
        if line.kind is not LineKind.VOUCHER:
            sellers.setdefault(line.order_id, {})[line.seller_entity_id] = None
    seen = sellers_in(conn, scope)
    companies = entities_by_id(conn, {one for of_order in sellers.values() for one in of_order})
    tired = _changed_often(conn, [one for one in asks if one.by_member is not None])
    new: list[NewWish] = []
    planned: list[tuple[int, ...] | Refusal] = []
    for ask in asks:
        head = heads.get(ask.order_id)
        if ask.by_member is not None:
            mine = sellers.get(ask.order_id, {}) if head and head.member_id == ask.by_member else {}
        else:
            mine = {one: None for one in sellers.get(ask.order_id, {}) if seen is None or one in seen}
        if head is None or not mine:
            planned.append(NothingToInvoice(order_id=ask.order_id))
            continue
        abroad = next((companies[one] for one in mine if companies[one].country != "CN"), None)
        if abroad is not None:
            planned.append(NotInvoicedAbroad(company=abroad.name))
            continue
        if ask.by_member is not None and (times := tired.get((ask.order_id, ask.buyer))):
            planned.append(InvoicedOftenEnough(times=times))
            continue
        planned.append(tuple(range(len(new), len(new) + len(mine))))
        new += [
            NewWish(order_id=head.id, entity_id=one, currency=head.currency, buyer=ask.buyer) for one in mine
        ]
    written = invoices.wish(conn, new, by=by, now=now)
    told: list[Event] = []
    outcomes: list[tuple[WishId, ...] | Refusal] = []
    for plan in planned:
        if isinstance(plan, Refusal):
            outcomes.append(plan)
            continue
        of_ask = [(new[place], written[place]) for place in plan]
        refused = next((outcome for _, outcome in of_ask if isinstance(outcome, Refusal)), None)
        kept = [(one, outcome) for one, outcome in of_ask if not isinstance(outcome, Refusal)]
        told += [
            event(
                InvoiceWished(order_id=one.order_id, entity_id=one.entity_id, wish_id=wish_id),
                subject=one.order_id,
                at=now,
                actor=by,
            )
            for one, wish_id in kept
        ]
        outcomes.append(refused or tuple(wish_id for _, wish_id in kept))
    log.append(conn, told)
    return outcomes


def _changed_often(conn: Conn, asks: Sequence[WishAsk]) -> dict[tuple[OrderId, Buyer], int]:
    """Which orders were invoiced so often that no member gets another buyer on them, and how often."""
    standing = invoices_queries.wishes_of_orders(conn, {one.order_id for one in asks}) if asks else []
    documents = invoices_queries.documents_of_wishes(conn, [one.id for one in standing])
    found: dict[tuple[OrderId, Buyer], int] = {}
    for wish in standing:
        made = documents.get(wish.id, ())
        times = sum(one.kind is DocumentKind.BLUE and one.state is DocumentState.ISSUED for one in made)
        if times >= _MADE_OUT_MOST:
            others = {one.buyer for one in asks if one.order_id == wish.order_id and one.buyer != wish.buyer}
            found |= {(wish.order_id, buyer): times for buyer in others}
    return found


def try_wishes_again(
    conn: Conn, wish_ids: Sequence[WishId], *, scope: Scope, now: datetime
) -> list[WishId | Refusal]:
    """Try again to make out what something stood in the way of, as somebody mended it."""
    return invoices.try_again(conn, wish_ids, entities=sellers_in(conn, scope), now=now)


def set_goods_codes(
    conn: Conn, codes: Sequence[GoodsCode], *, scope: Scope, by: str, now: datetime
) -> list[GoodsCode | Refusal]:
    """Set the tax authority's codes of goods, for the whole brand; what waited for one is tried again."""
    if not scope.everything:
        return [GoodsCodesAreTheBrands() for _ in codes]
    outcomes = invoices.set_goods_codes(conn, codes, by=by, now=now)
    waiting = [
        one.id
        for one in invoices_queries.wishes_stopped(conn, entities=None, limit=_WISHES_AT_ONCE)
        if one.stopped is Stop.GOODS_CODE_MISSING
    ]
    if waiting:
        invoices.try_again(conn, waiting, entities=None, now=now)
    return outcomes


def books_and_invoices(conn: Conn, *, scope: Scope) -> list[SellerBooks]:
    """Return, by seller and currency, what its books say it earned in all and what of it is invoiced."""
    seen = sellers_in(conn, scope)
    booked: dict[tuple[EntityId, str], list[int]] = {}
    for one in ledger_queries.balances_by_purpose(conn):
        if seen is None or one.entity_id in seen:
            sums = booked.setdefault((one.entity_id, one.currency), [0, 0])
            if one.purpose in _EARNED:
                sums[0] -= one.balance_minor
            elif one.purpose is Purpose.TAX:
                sums[1] -= one.balance_minor
    # Invoices do not wait for what closes put off.
    for books, minor in closing.put_off(conn).items():
        if (books.entity_id, books.currency) in booked:
            booked[books.entity_id, books.currency][0] += minor
    invoiced = {
        (one.entity_id, one.currency): one for one in invoices_queries.sums_by_seller(conn, entities=seen)
    }
    rows: list[SellerBooks] = []
    for key in sorted(booked.keys() | invoiced.keys(), key=str):
        net, tax = booked.get(key, (0, 0))
        done = invoiced.get(key)
        if net or tax or done is not None:
            rows.append(
                SellerBooks(
                    entity_id=key[0],
                    currency=key[1],
                    booked_net_minor=net,
                    booked_tax_minor=tax,
                    invoiced_net_minor=done.net_minor if done else 0,
                    invoiced_tax_minor=done.tax_minor if done else 0,
                    blue=done.blue if done else 0,
                    red=done.red if done else 0,
                    open=done.open if done else 0,
                )
            )
    return rows


def make_out(conn: Conn, *, now: datetime) -> int:
    """Make out the next document of each wish that is due to be looked at; returns how many wishes that were.

    Locks the wishes, passing by what a rival holds.
    """
    found = invoices.lock_to_look_at(conn, limit=_WISHES_AT_ONCE, now=now)
    if not found:
        return 0
    made = invoices.make_documents(conn, found, _earned(conn, found), now=now)
    log.append(conn, [_stopped(one.wish, one.stopped, now) for one in made if one.stopped is not None])
    return len(found)


def _stopped(wish: Wish, why: Stop, now: datetime) -> Event:
    told = InvoiceStopped(order_id=wish.order_id, wish_id=wish.id, why=why)
    return event(told, subject=wish.order_id, at=now)


def _earned(conn: Conn, wishes: Sequence[Wish]) -> dict[WishId, Sequence[EarnedLine] | Stop | None]:
    order_ids = list({one.order_id for one in wishes})
    heads = {one.id: one for one in orders.orders_by_ids(conn, order_ids)}
    lines = [one for one in orders.lines_by_orders(conn, order_ids) if one.kind is not LineKind.VOUCHER]
    companies = entities_by_id(conn, {one.entity_id for one in wishes})
    by_seller: dict[tuple[OrderId, EntityId], list[EarnedLine]] = {}
    for line, earned in zip(lines, _earned_of_lines(conn, lines), strict=True):
        by_seller.setdefault((line.order_id, line.seller_entity_id), []).append(earned)
    found: dict[WishId, Sequence[EarnedLine] | Stop | None] = {}
    for one in wishes:
        if _is_under_way(heads[one.order_id]):
            found[one.id] = None
        elif not companies[one.entity_id].tax_number:
            found[one.id] = Stop.SELLER_HAS_NO_TAX_NUMBER
        else:
            found[one.id] = by_seller.get((one.order_id, one.entity_id), [])
    return found


def _is_under_way(head: Order) -> bool:
    """Whether something of an order still may be handed over: it is invoiced once, when all has been."""
    return head.parked + head.held + head.allocated > 0


def _earned_of_lines(conn: Conn, lines: Sequence[Line]) -> list[EarnedLine]:
    """Return what each line has earned, in the order given."""
    goods = [one.line_id for one in lines if one.kind is LineKind.GOODS]
    units: dict[LineId, int] = {}
    line_of: dict[UUID, Line] = {one.line_id: one for one in lines}
    by_id = {one.line_id: one for one in lines}
    for part in sharing_queries.parts_of_lines(conn, goods) if goods else ():
        units[part.line_id] = units.get(part.line_id, 0) + part.units - part.units_returned
        line_of[part.part_id] = by_id[part.line_id]
    net: dict[LineId, int] = {}
    tax: dict[LineId, int] = {}
    for posted in ledger_queries.sums_of_parts(conn, list(line_of), (*_EARNED, Purpose.TAX)):
        line = line_of[posted.part_id]
        if posted.entity_id == line.seller_entity_id:
            sums = tax if posted.purpose is Purpose.TAX else net
            sums[line.line_id] = sums.get(line.line_id, 0) - posted.amount_minor
    codes = invoices_queries.goods_codes(conn)
    skus = catalogue.skus_by_id(conn, {one.sku_id for one in lines if one.sku_id is not None})
    found: list[EarnedLine] = []
    for line in lines:
        sku = skus.get(line.sku_id) if line.sku_id is not None else None
        kind = CodeKind.GOODS if line.kind is LineKind.GOODS else CodeKind.CHARGE
        category = (sku.category or "") if sku is not None else line.code
        found.append(
            EarnedLine(
                line_id=line.line_id,
                code=line.code,
                name=sku.name if sku is not None else line.code,
                goods_code=invoices_rules.goods_code_of(codes, kind, category),
                tax_rate_basis_points=line.tax_rate_basis_points,
                units=units.get(line.line_id, 0 if kind is CodeKind.GOODS else line.units),
                net_minor=net.get(line.line_id, 0),
                tax_minor=tax.get(line.line_id, 0),
            )
        )
    return found


class ClaimedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was claimed, as its platform is asked for it."""

    tries: int
    to_issue: ToIssue


def claim_to_issue(conn: Conn, *, limit: int, now: datetime) -> list[ClaimedDocument]:
    """Claim documents that are due. Commit before any is put to the platform."""
    claimed = invoices.claim_documents(conn, limit=limit, now=now)
    wishes = invoices_queries.wishes_by_ids(conn, {one.wish_id for one in claimed})
    companies = entities_by_id(conn, {one.entity_id for one in wishes.values()})
    blues = invoices_queries.documents_by_ids(conn, {one.of_id for one in claimed if one.of_id is not None})
    found: list[ClaimedDocument] = []
    for one in claimed:
        company = companies[wishes[one.wish_id].entity_id]
        found.append(
            ClaimedDocument(
                tries=one.tries,
                to_issue=ToIssue(
                    document=one,
                    seller=Seller(name=company.name, tax_number=company.tax_number or ""),
                    blue=blues[one.of_id] if one.of_id is not None else None,
                ),
            )
        )
    return found


def apply_invoice_reports(conn: Conn, reports: Sequence[InvoiceReport], *, now: datetime) -> int:
    """Take in what platforms say of documents; returns how many were issued by it. Locks their wishes by id."""
    applied = invoices.apply_reports(conn, reports, now=now)
    told = [
        event(
            InvoiceIssued(
                order_id=applied.wishes[one.wish_id].order_id,
                wish_id=one.wish_id,
                document_id=one.id,
                kind=one.kind,
                fiscal_number=one.fiscal_number or "",
                net_minor=one.net_minor,
                tax_minor=one.tax_minor,
            ),
            subject=applied.wishes[one.wish_id].order_id,
            at=now,
        )
        for one in applied.issued
    ]
    told += [_stopped(one, Stop.PLATFORM_REFUSED, now) for one in applied.stopped]
    log.append(conn, told)
    return len(applied.issued)


def hear_invoice_notices(conn: Conn, numbers: Sequence[str], *, now: datetime) -> int:
    """Ask next after the documents that notifications name; returns how many are open. They prove nothing."""
    return invoices.hear_notices(conn, numbers, now=now)


def _look_again(conn: Conn, events: Sequence[Event]) -> None:
    """Something was earned, came back or was called off: the wishes of those orders are looked at again."""
    concerned: dict[OrderId, None] = {}
    for told in events:
        if told.type == _RETURNED:
            matches = (match for line in read(told, ReturnOpened).lines for match in line.matches)
            concerned |= {match.order_id: None for match in matches}
        else:
            concerned[OrderId(told.subject)] = None
    invoices.look_again(conn, list(concerned), now=max(told.at for told in events))


FOLLOWERS: tuple[Follower, ...] = (
    Follower(
        name="invoices",
        types=frozenset({OrderSettled.type_name(), LinesCancelled.type_name(), _RETURNED}),
        apply=_look_again,
    ),
)
