"""What no sale answers for: blind returns, differences of price, and who pays back how much."""

from collections.abc import Sequence
from datetime import datetime

from loopline import catalogue, pricing
from loopline.db import Conn
from loopline.kernel.ids import (
    EntityId,
    EntryId,
    OrderId,
    uuid7s,
)
from loopline.kernel.refusals import Refusal
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posting, Purpose
from loopline.orders import CHARGES_TAX_CLASS
from loopline.orders.tills import TILL
from loopline.processes.accounts import Accounts
from loopline.processes.outcomes import all_granted
from loopline.processes.refund import Refund
from loopline.processes.take_back.case import Case, Legs, add_to
from loopline.returns.model import (
    BlindState,
    OpenedLine,
    ReturnKind,
)


def quote_blind(conn: Conn, cases: Sequence[Case]) -> list[Refusal | None]:
    """Find the tax in what is paid for units without a sale, as if they were bought today at the stated price.

    One outcome each: why a case has no quote, or nothing. A fact always has one; what somebody decides on now is
    refused where a sale would be. Each case is quoted once.
    """
    wanted = [(place, case, lines) for place, case in enumerate(cases) if (lines := _blind_lines(case))]
    sku_ids = {line.sku_id for _, _, lines in wanted for line in lines if line.sku_id is not None}
    facts = catalogue.price_facts_of(conn, sku_ids)
    carts = [
        pricing.Cart(
            currency=case.asked.currency,
            country=case.site.country,
            time_zone=case.site.time_zone,
            at=case.asked.at,
            channel=case.asked.channel,
            site_id=case.asked.site_id,
            org_units=case.site.unit_path,
            seller_id=case.paid_by,
            region=case.site.region_code or "",
            may_state_price=True,
            is_fact=case.asked.kind is ReturnKind.FACT,
            lines=tuple(
                pricing.CartLine(
                    sku_id=None,
                    code=line.code,
                    units=line.blind_units,
                    stated_unit_minor=line.stated_unit_minor or 0,
                    tax_class=facts[line.sku_id].tax_class
                    if line.sku_id is not None and line.sku_id in facts
                    else CHARGES_TAX_CLASS,
                )
                for line in lines
            ),
        )
        for _, case, lines in wanted
    ]
    outcomes: list[Refusal | None] = [None] * len(cases)
    for (place, case, lines), quoted in zip(wanted, pricing.quote(conn, carts), strict=True):
        if isinstance(quoted, Refusal):
            outcomes[place] = quoted
            continue
        case.blind_minor = quoted.amount_minor
        case.blind_tax_minor = quoted.tax_minor
        for line, amounts in zip(lines, quoted.lines, strict=True):
            add_to(case.amounts, line.return_line_id, amounts.amount_minor)
    return outcomes


def _blind_lines(case: Case) -> list[OpenedLine]:
    return [
        line for line in case.opened.lines if line.blind_state is BlindState.ACCEPTED and line.blind_units
    ]


def settle_differences(cases: Sequence[Case]) -> None:
    """Where a channel paid out another price than the sale took, the difference is ours."""
    for case in cases:
        for line in case.opened.lines:
            if line.stated_unit_minor is not None:
                _settle_line(case, line, stated_unit_minor=line.stated_unit_minor)


def _settle_line(case: Case, line: OpenedLine, *, stated_unit_minor: int) -> None:
    """Compare order by order: less than a sale took stays with its order, more than it took was never its money."""
    took = {
        order_id: (entity_id, amount_minor)
        for (line_id, entity_id, order_id), amount_minor in case.reversed_of.items()
        if line_id == line.return_line_id
    }
    units: dict[OrderId, int] = {}
    for match in line.matches:
        add_to(units, match.order_id, match.units)
    for order_id, count in units.items():
        entity_id, reversed_minor = took.get(order_id, (case.paid_by, 0))
        difference = stated_unit_minor * count - reversed_minor
        if difference:
            add_to(case.differences, (entity_id, order_id if difference < 0 else None), difference)
            add_to(case.amounts, line.return_line_id, difference)


def post_rest(conn: Conn, cases: Sequence[Case], *, now: datetime) -> None:
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
            key=f"{kind.value}:{case.cause}",
            postings=tuple(
                Posting(part_id=part_id, account_id=accounts.id_of(account), amount_minor=amount)
                for part_id, account, amount in legs
                if amount
            ),
        )
        for (case, kind, legs), entry_id in zip(planned, uuid7s(now, len(planned)), strict=True)
    ]
    all_granted(ledger.post_entries(conn, entries))


def _rest_of(case: Case, accounts: Accounts) -> list[tuple[EntryKind, Legs]]:
    entity, currency = case.paid_by, case.asked.currency
    deposit = accounts.ask(entity, Purpose.CUSTOMER_DEPOSIT, currency)
    rest: list[tuple[EntryKind, Legs]] = []
    cause = case.cause
    if case.blind_minor:
        revenue = accounts.ask(entity, Purpose.REVENUE, currency)
        tax = accounts.ask(entity, Purpose.TAX, currency)
        legs: Legs = [
            (cause, revenue, case.blind_minor - case.blind_tax_minor),
            (cause, tax, case.blind_tax_minor),
            (cause, deposit, -case.blind_minor),
        ]
        rest.append((EntryKind.BLIND_RETURN, legs))
    if case.differences:
        legs = [
            (order_id or cause, account, amount)
            for (of_entity, order_id), difference in case.differences.items()
            for account, amount in (
                (accounts.ask(of_entity, Purpose.ADJUSTMENT, currency), difference),
                (accounts.ask(of_entity, Purpose.CUSTOMER_DEPOSIT, currency), -difference),
            )
        ]
        rest.append((EntryKind.ADJUSTMENT, legs))
    return rest


def refunds_of(case: Case) -> list[Refund]:
    """What each company pays back for each order: whoever sold pays, wherever the goods came back.

    A fact was paid out by its channel already: over a counter only where that is a till's.
    """
    is_fact = case.asked.kind is ReturnKind.FACT
    is_at_counter = not is_fact or case.asked.channel == TILL
    owed: dict[tuple[EntityId, OrderId | None], int] = {}
    for (_, entity_id, order_id), amount_minor in case.reversed_of.items():
        add_to(owed, (entity_id, order_id), amount_minor)
    for key, difference in case.differences.items():
        add_to(owed, key, difference)
    add_to(owed, (case.paid_by, None), case.blind_minor)
    return [
        Refund(
            cause_id=case.cause,
            return_id=case.opened.return_id,
            order_id=order_id,
            entity_id=entity_id,
            currency=case.asked.currency,
            amount_minor=amount_minor,
            at=case.asked.at,
            is_fact=is_fact,
            drawer_of=case.site.entity_id if is_at_counter else None,
        )
        for (entity_id, order_id), amount_minor in owed.items()
        if amount_minor
    ]
