"""What Loopline is asked to do with an invoice: a draft of an order, a return, facts of stock or of money."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from loopline.channels.online_retail.model import CodeKind, Invoice, Line, LineClass
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import EntityId, MemberId, NodeId, OrderId, SiteId, SkuId, uuid7s
from loopline.orders import Credits, Delivery, Draft, DraftKind, DraftLine, LineKind, OnShortage
from loopline.processes.adjust import BadDebt
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind
from loopline.stock import Fact, MovementReason

CURRENCY = "GBP"
TILL = "till"
WEB = "web"

_LINE_KINDS = {
    CodeKind.GOODS: LineKind.GOODS,
    CodeKind.CHARGE: LineKind.CHARGE,
    CodeKind.VOUCHER: LineKind.VOUCHER,
}
ORDERED = frozenset(
    {
        LineClass.ASK_GOODS,
        LineClass.ASK_CHARGE,
        LineClass.ASK_VOUCHER,
        LineClass.FACT_GOODS,
        LineClass.FACT_CHARGE,
        LineClass.FACT_VOUCHER,
    }
)


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """Who a member orders from, and how the goods reach them: delivered to a place, or collected at a site."""

    order_id: OrderId
    member_id: MemberId
    seller_entity_id: EntityId
    destination: Coordinates | None = None
    collect_at: SiteId | None = None
    credits: Credits = Credits()


class Till(msgspec.Struct, frozen=True, kw_only=True):
    """Where a till sale was rung up, the company that sold, and whom the sale is owed to."""

    order_id: OrderId
    site_id: SiteId
    seller_entity_id: EntityId
    credits: Credits = Credits()


def ordered_lines(invoice: Invoice) -> list[Line]:
    """Return the lines of an invoice that order something."""
    return [line for line in invoice.lines if line.line_class in ORDERED]


def ask_draft(invoice: Invoice, *, buyer: Buyer, sku_ids: Mapping[str, SkuId]) -> Draft:
    """Return a member's order as an ask at the agreed prices; what is missing is to be parked.

    The retailer did deliver: an order refused for want of our made-up stock would tell nothing.
    """
    return Draft(
        channel=WEB,
        external_number=invoice.number,
        kind=DraftKind.ASK,
        placed_at=invoice.at,
        order_id=buyer.order_id,
        member_id=buyer.member_id,
        site_id=buyer.collect_at,
        seller_entity_id=buyer.seller_entity_id,
        currency=CURRENCY,
        country=invoice.country,
        delivery=Delivery.COLLECT if buyer.collect_at else Delivery.DELIVER,
        destination=None if buyer.collect_at else buyer.destination,
        on_shortage=OnShortage.PARK,
        credits=buyer.credits,
        lines=_draft_lines(invoice, sku_ids),
    )


def fact_draft(invoice: Invoice, *, till: Till, sku_ids: Mapping[str, SkuId]) -> Draft:
    """Return a till sale as a fact: carried out of the store at the prices stated."""
    return Draft(
        channel=TILL,
        external_number=invoice.number,
        kind=DraftKind.FACT,
        placed_at=invoice.at,
        order_id=till.order_id,
        site_id=till.site_id,
        seller_entity_id=till.seller_entity_id,
        currency=CURRENCY,
        country=invoice.country,
        delivery=Delivery.CARRIED_OUT,
        credits=till.credits,
        lines=_draft_lines(invoice, sku_ids),
    )


def _draft_lines(invoice: Invoice, sku_ids: Mapping[str, SkuId]) -> tuple[DraftLine, ...]:
    return tuple(
        DraftLine(
            code=line.code,
            units=line.units,
            kind=_LINE_KINDS[line.code_kind],
            sku_id=sku_ids[line.code] if line.code_kind is CodeKind.GOODS else None,
            stated_unit_minor=line.unit_minor,
        )
        for line in ordered_lines(invoice)
    )


def return_draft(
    invoice: Invoice, *, site_id: SiteId, member_id: MemberId | None, sku_ids: Mapping[str, SkuId]
) -> NewReturn:
    """Return what a C invoice says came back, as a fact at the prices it states."""
    return NewReturn(
        channel=TILL if member_id is None else WEB,
        external_number=invoice.number,
        kind=ReturnKind.FACT,
        at=invoice.at,
        site_id=site_id,
        currency=CURRENCY,
        member_id=member_id,
        lines=tuple(
            NewReturnLine(
                code=line.code,
                units=-line.units,
                sku_id=sku_ids[line.code] if line.code_kind is CodeKind.GOODS else None,
                stated_unit_minor=line.unit_minor,
            )
            for line in invoice.lines
        ),
    )


def bad_debts(invoice: Invoice, *, entity_id: EntityId) -> list[BadDebt]:
    """Return the ledger adjustments of an invoice, one for each line: what was written off is negative."""
    lines = [line for line in invoice.lines if line.line_class is LineClass.LEDGER_ADJUSTMENT]
    return [
        BadDebt(
            channel=WEB,
            external_number=invoice.number if position == 1 else f"{invoice.number}/{position}",
            entity_id=entity_id,
            currency=CURRENCY,
            amount_minor=line.amount_minor,
            at=invoice.at,
        )
        for position, line in enumerate(lines, start=1)
    ]


def stock_facts(
    invoice: Invoice, *, leaf_id: NodeId, sku_ids: Mapping[str, SkuId], reference: UUID | None = None
) -> list[Fact]:
    """Return the stock adjustments of an invoice as facts of one leaf, in the order of the lines."""
    lines = [line for line in invoice.lines if line.line_class is LineClass.STOCK_ADJUSTMENT]
    return [
        Fact(
            id=fact_id,
            leaf_id=leaf_id,
            sku_id=sku_ids[line.code],
            reason=MovementReason.ADJUSTMENT,
            on_hand=line.units,
            reference=reference,
        )
        for fact_id, line in zip(uuid7s(invoice.at, len(lines)), lines, strict=True)
    ]
