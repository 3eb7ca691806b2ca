"""What a customer buys in a made-up history, and what comes back of it: lines, parcels, who bears, points.

Beside the ledger's figures `check` keeps its own: of each line what was paid and given back, what others bear, how many
points the goods that were kept have earned and cost.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from loopline.kernel.ids import EntryId, LineId, MemberId, OrderId, PartyId, RuleSetId
from loopline.kernel.refusals import Refusal
from loopline.ledger import rules as ledger_rules
from loopline.ledger.model import EntryKind, PartReversal, Purpose, ReversedPart, StoredPart
from loopline.orders import Delivery, DraftKind, Line, LineKind, OnShortage, Order, OrderStage
from loopline.pricing.model import Cart, Quote
from loopline.pricing.promotions import Bearer, Discount
from loopline.pricing.rules import quote_cart
from loopline.processes import fund, settle
from loopline.processes.amounts import OrderStretch, part_amounts, stretches_in_parcel
from loopline.processes.exchange import funding as exchange_funding
from loopline.sharing import rules as sharing_rules
from loopline.sharing.model import ClawBack, LineToSplit, StoredSplit
from tests.make.sharing import ENTITY, PARTIES
from tests.property.processes.carts import (
    AGREED,
    DIRECTORY,
    MEMBER,
    SITE,
    SKUS,
    cart_of,
    check_quote,
    filled,
    kept_goods,
    let_off,
)
from tests.property.processes.charts import CHART, DAY, Sold, Wrong, hold, rounded
from tests.property.processes.purses import Bought, Purse

_OF_A_ROLE = {Bearer.DEALER: PARTIES.dealer, Bearer.PLATFORM: PARTIES.platform}


class Purchases(Purse):
    """The orders of one member."""

    # ------------------------------------------------------------------------------------------------------- buying

    def buy(self) -> None:
        """A cart is priced, paid, and handed over in parcels."""
        cart, quote = filled(self.shop, self.luck, self.now)
        quote, programme = let_off(
            self.shop, self.luck, cart, quote, available=max(0, self.account.available)
        )
        check_quote(cart, quote)
        order = self._write(cart, quote, programme_id=programme.id if programme else None)
        self._take(quote.amount_minor)
        self._hand_over(self.bought[order.id])
        self._follow([order.id])

    def _take(self, amount: int) -> None:
        if amount:
            self.paid_in += amount
            deposit, gateway = CHART.own(Purpose.CUSTOMER_DEPOSIT), CHART.own(Purpose.GATEWAY)
            self.post(EntryKind.PAYMENT, [(gateway, amount), (deposit, -amount)])

    def _write(self, cart: Cart, quote: Quote, *, programme_id: Any, is_kept: bool = False) -> Order:
        order = _order(OrderId(self.id()), cart, quote)
        lines = {
            line.line_id: line
            for line in (
                Line(
                    order_id=order.id,
                    line_id=LineId(self.id()),
                    kind=LineKind.GOODS,
                    code=asked.code,
                    seller_entity_id=ENTITY,
                    sku_id=asked.sku_id,
                    unit_minor=told.unit_minor,
                    amount_minor=told.amount_minor,
                    tax_minor=told.tax_minor,
                    list_unit_minor=told.list_unit_minor,
                    tax_rate_basis_points=told.tax_rate_basis_points,
                    units=asked.units,
                    parked=0,
                    held=0,
                    allocated=0,
                    handed_over=asked.units,
                    cancelled=0,
                    returned=0,
                    lost=0,
                )
                for asked, told in zip(cart.lines, quote.lines, strict=True)
            )
        }
        discounts = {
            line_id: told.derivation.discounts
            for line_id, told in zip(lines, quote.lines, strict=True)
            if told.derivation.discounts
        }
        self.bought[order.id] = Bought(order, lines, discounts, Counter())
        self._hold_points(order.id, discounts, programme_id=programme_id, is_kept=is_kept)
        return order

    # -------------------------------------------------------------------------------------------------- handing over

    def _hand_over(self, bought: Bought) -> None:
        """Each line leaves in one parcel or two."""
        first: list[tuple[Line, int, int]] = []
        second: list[tuple[Line, int, int]] = []
        for line in bought.lines.values():
            early = self.luck.choice((line.units, line.units, self.luck.randint(1, line.units)))
            first.append((line, 0, early))
            if early < line.units:
                second.append((line, early, line.units - early))
        for parcel in (first, second):
            if parcel:
                self._settle(bought, parcel)

    def _settle(self, bought: Bought, parcel: Sequence[tuple[Line, int, int]]) -> None:
        rules = sharing_rules.rule_set_at(self.rules, bought.order.placed_at, currency="CNY")
        assert rules is not None
        funding = fund.Funding(bought.discounts, AGREED, DIRECTORY)
        in_order = OrderStretch(list(bought.lines.values()))
        amounts = [_amounts(line, before, units) for line, before, units in parcel]
        in_parcel = stretches_in_parcel([one.net_minor for one in amounts])
        asked = [
            LineToSplit(
                channel=bought.order.channel,
                category="gift",
                delivery="deliver",
                parties=PARTIES,
                units=units,
                base_minor=of.net_minor,
                currency="CNY",
                list_minor=(line.list_unit_minor or 0) * units,
                paid_minor=of.gross_minor,
                cost_minor=(line.list_unit_minor or 0) * units // 2,
                in_parcel=stretch,
                in_order=in_order.of(line, units_before=before, units=units),
                funded_minor=funding.net_of_others(bought.order, line, units_before=before, units=units),
            )
            for (line, before, units), of, stretch in zip(parcel, amounts, in_parcel, strict=True)
        ]
        split = sharing_rules.split_lines(rules, asked)
        sold: list[tuple[Sold, list[tuple[Any, int]]]] = []
        for (line, before, units), of, shares in zip(parcel, amounts, split, strict=True):
            if isinstance(shares, Refusal):
                raise Wrong(shares)
            part_id = self.id()
            stored = StoredSplit(
                line_id=line.line_id,
                part_id=part_id,
                order_id=bought.order.id,
                rule_set_id=RuleSetId(rules.id),
                entity_id=ENTITY,
                currency="CNY",
                units=units,
                base_minor=of.net_minor,
                due_at=self.now + 30 * DAY,
                party_ids=tuple(share.party_id for share in shares),
                rule_rows=tuple(share.rule_row for share in shares),
                amounts_minor=tuple(share.amount_minor for share in shares),
            )
            legs = CHART.sale(of, shares) if of.gross_minor else []
            sold.append(
                (
                    Sold(
                        split=stored,
                        gross_minor=of.gross_minor,
                        tax_minor=of.tax_minor,
                        posted=None,
                        units_before=before,
                    ),
                    legs,
                )
            )
        posted = self.post_parts(EntryKind.SALE, [(one.split.part_id, legs) for one, legs in sold if legs])
        for one, _ in sold:
            one.posted = posted.get(one.split.part_id)
            self._fund(bought, one, funding)
            self.sold.append(one)

    def _fund(self, bought: Bought, one: Sold, funding: fund.Funding) -> None:
        """Post what others bear of a part, and reckon it here, discount by discount."""
        line = bought.lines[one.split.line_id]
        part = fund.Part(
            part_id=one.split.part_id,
            order=bought.order,
            line=line,
            units=one.split.units,
            units_before=one.units_before,
            at=self.now,
        )
        owed: dict[PartyId, int] = {}
        for bears in funding.of(bought.order, line, units_before=one.units_before, units=one.split.units):
            if bears.owed_by is not None:
                owed[bears.owed_by] = owed.get(bears.owed_by, 0) + bears.amount_minor
        mine: Counter[PartyId] = Counter()
        for discount in bought.discounts.get(line.line_id, ()):
            for bears in discount.borne:
                party = bears.party_id or _OF_A_ROLE.get(bears.bearer)
                if party is not None and party != PARTIES.brand:
                    upto = rounded(bears.amount_minor, one.units_before + one.split.units, line.units)
                    mine[party] += upto - rounded(bears.amount_minor, one.units_before, line.units)
        hold(+mine == owed, ("borne", mine, owed))
        one.borne = owed
        if owed:
            legs = fund._legs(CHART.slots, part, owed, directory=DIRECTORY)
            one.funded = self.post(EntryKind.PROMOTION, legs, one.split.part_id)

    # --------------------------------------------------------------------------------------------------- coming back

    def take_back(self) -> tuple[Line, int, int] | None:
        """Units of a line come back, the latest parcel first; returns the line, how many, and what is owed for them."""
        lines = [
            line
            for bought in self.bought.values()
            for line in bought.lines.values()
            if line.returned < line.units
        ]
        if not lines:
            return None
        line = self.luck.choice(lines)
        units = self.luck.randint(1, line.units - line.returned)
        refund, missing = 0, units
        for one in reversed([one for one in self.sold if one.split.line_id == line.line_id]):
            taken = min(missing, one.left)
            if taken:
                refund += self._take_part_back(one, taken)
                missing -= taken
        hold(missing == 0, ("units", line))
        bought = self.bought[line.order_id]
        bought.lines[line.line_id] = msgspec.structs.replace(line, returned=line.returned + units)
        bought.refunded[line.line_id] += refund
        if line.returned + units == line.units:
            hold(
                bought.refunded[line.line_id] == line.amount_minor, ("the whole line", line, bought.refunded)
            )
        return line, units, refund

    def _take_part_back(self, one: Sold, units: int) -> int:
        """The sale of a part is inverted; returns what is owed to the customer for it."""
        clawed = sharing_rules.plan_claw_back(
            ClawBack(
                reference=self.id(),
                line_id=one.split.line_id,
                part_id=one.split.part_id,
                units=units,
                at=self.now,
            ),
            stored=one.split,
            units_before=one.back,
        )
        if isinstance(clawed, Refusal):
            raise Wrong(clawed)
        before = list(self.balances)
        if one.posted is not None:
            self._reverse(one.posted, units=units, units_of=one.split.units, so_far=one.back)
        refund = (
            before[CHART.own(Purpose.CUSTOMER_DEPOSIT)] - self.balances[CHART.own(Purpose.CUSTOMER_DEPOSIT)]
        )
        taken: Counter[PartyId] = Counter()
        for party, amount in zip(one.split.party_ids, clawed, strict=True):
            taken[party] += amount
        for party in taken if one.posted is not None else ():
            slot = CHART.of(party, Purpose.SHARE_PENDING)
            hold(self.balances[slot] - before[slot] == taken[party], ("claw-back", party))
        for corrected, units_of, so_far in one.corrected:
            self._reverse(corrected, units=units, units_of=units_of, so_far=so_far)
        one.corrected = [(what, units_of, so_far + units) for what, units_of, so_far in one.corrected]
        if one.funded is not None:
            self._reverse(one.funded, units=units, units_of=one.split.units, so_far=one.back)
        if one.is_due:
            moves = [
                leg
                for party, amount in taken.items()
                if amount
                for leg in (
                    (CHART.of(party, Purpose.SHARE_DUE), amount),
                    (CHART.of(party, Purpose.SHARE_PENDING), -amount),
                )
            ]
            if moves:
                self.post(EntryKind.SHARE_CLAW_BACK, moves, one.split.part_id)
        shown = [rounded(one.gross_minor, back, one.split.units) for back in (one.back, one.back + units)]
        hold(refund == shown[1] - shown[0], ("refund", refund, shown))
        one.back += units
        return refund

    def _reverse(self, original: StoredPart, *, units: int, units_of: int, so_far: int) -> None:
        ask = PartReversal(
            id=EntryId(self.id()),
            key=f"return:{next(self.ids)}",
            subject=original.entry_id,
            at=self.now,
            entry_id=original.entry_id,
            part_id=original.part_id,
            units=units,
            units_of=units_of,
        )
        state = ReversedPart(
            entry_id=original.entry_id, part_id=original.part_id, units_of=units_of, units_reversed=so_far
        )
        planned = ledger_rules.plan_reversal(ask, original=[original], so_far=state)
        if isinstance(planned, Refusal):
            raise Wrong(planned)
        self._book(EntryKind.REVERSAL, planned.parts)

    def bring_back(self) -> None:
        found = self.take_back()
        if found is not None:
            self._give_back(found[2])
            self._follow([found[0].order_id])

    def _give_back(self, refund: int) -> None:
        if refund:
            self.refunded += refund
            deposit, gateway = CHART.own(Purpose.CUSTOMER_DEPOSIT), CHART.own(Purpose.GATEWAY)
            self.post(EntryKind.REFUND, [(deposit, refund), (gateway, -refund)])

    def exchange(self) -> None:
        """Goods take the place of others at what was paid for these, with all who bear of it; a rest is given back."""
        found = self.take_back()
        if found is None:
            return
        line, units, carried = found
        old = self.bought[line.order_id]
        bearers = tuple(
            (one, exchange_funding._bearers(one, self._funders_of(one), old.order, DIRECTORY))
            for one in old.discounts.get(line.line_id, ())
        )
        kept = exchange_funding.Kept(line=line, discounts=bearers, agreed_at=old.order.placed_at).of(units)
        number = SKUS.index(cast(Any, line.sku_id))
        cart = cart_of(
            self.now, [kept_goods(number, units, line.unit_minor, kept)], channel=old.order.channel
        )
        quote = quote_cart(cart, book=self.shop.book)
        if isinstance(quote, Refusal):
            raise Wrong(quote)
        check_quote(cart, quote)
        hold(0 <= carried - quote.amount_minor <= units, ("the price that was kept", carried, quote))
        used = self.uses.get(line.order_id)
        order = self._write(cart, quote, programme_id=used.programme_id if used else None, is_kept=True)
        self._give_back(carried - quote.amount_minor)
        self._hand_over(self.bought[order.id])
        self._follow([line.order_id, order.id])

    def _funders_of(self, discount: Discount) -> Any:
        """Who bears what of a promotion, a coupon's batch or points, as they were published."""
        known = [
            *(one.promotion for one in self.shop.book._promotions),
            *(one.batch for one in self.shop.offers),
            *self.shop.programmes,
        ]
        return next(one.funders for one in known if one.id == discount.promotion_id)

    # ------------------------------------------------------------------------------------------------- what must hold

    def check_purchases(self) -> None:
        """What others bear stands for what is left with the customer, and points for what was kept and used."""
        borne = sum(
            amount - rounded(amount, one.back, one.split.units)
            for one in self.sold
            for amount in one.borne.values()
        )
        hold(-self.balance(Purpose.PROMOTION_FUNDED) == borne, ("borne", borne))
        claims = self.balance(Purpose.RECEIVABLE, Purpose.INTERCOMPANY, Purpose.PROMOTION_COST)
        hold(claims == borne, ("claims", claims, borne))
        self.check_points()

    def check_all_back(self) -> None:
        """When all goods came back nobody bears, nothing is pending, and no points were used."""
        left = {
            purpose: self.balance(purpose)
            for purpose in (
                Purpose.PROMOTION_FUNDED, Purpose.PROMOTION_COST, Purpose.INTERCOMPANY, Purpose.RECEIVABLE,
            )
        }  # fmt: skip
        hold(not any(left.values()), ("left over", left))
        self.check_points_all_back()
        for bought in self.bought.values():
            hold(sum(bought.refunded.values()) == bought.order.amount_minor, ("the whole order", bought))


def _amounts(line: Line, before: int, units: int) -> settle._Amounts:
    gross, tax = part_amounts(line, units_before=before, units=units)
    return settle._Amounts(gross_minor=gross, tax_minor=tax)


def _order(order_id: OrderId, cart: Cart, quote: Quote) -> Order:
    units = sum(line.units for line in cart.lines)
    return Order(
        id=order_id,
        running_number=order_id.int,
        channel=cart.channel or "",
        external_number=str(order_id.int),
        kind=DraftKind.ASK,
        placed_at=cart.at,
        written_at=cart.at,
        changed_at=cart.at,
        in_work_since=None,
        member_id=MemberId(MEMBER),
        site_id=SITE,
        seller_entity_id=ENTITY,
        currency="CNY",
        country="CN",
        delivery=Delivery.DELIVER,
        longitude=None,
        latitude=None,
        on_shortage=OnShortage.REFUSE,
        hold_minutes=None,
        pay_until=None,
        source_after=None,
        source_waits_for=None,
        guide_id=None,
        dealer_id=None,
        streamer_id=None,
        amount_minor=quote.amount_minor,
        tax_minor=quote.tax_minor,
        units=units,
        parked=0,
        held=0,
        allocated=0,
        handed_over=units,
        cancelled=0,
        returned=0,
        lost=0,
        stage=OrderStage.HANDED_OVER,
    )
