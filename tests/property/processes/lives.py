"""One history of money as it goes on, and what must hold of it after each step."""

from collections import Counter

import msgspec

from loopline.kernel.ids import PartyId
from loopline.kernel.refusals import Refusal
from loopline.ledger import rules as ledger_rules
from loopline.ledger.model import (
    EntryKind,
    Purpose,
)
from loopline.payouts import (
    Account as PayoutAccount,
)
from loopline.payouts import (
    AccountKind,
    Due,
    Heard,
    Line,
    LineReport,
    LineState,
    Paid,
    PayoutAccountId,
    PayoutId,
    PayoutLineId,
    Reclaim,
    ReclaimId,
    ReclaimReport,
    ReclaimState,
    RequestId,
    reclaiming,
)
from loopline.payouts import rules as payouts_rules
from loopline.processes import bonus
from loopline.processes.pay_out import books as payout_books
from loopline.processes.pay_out import reclaim as reclaim_books
from loopline.sharing import ladders
from loopline.statements.model import Sums
from loopline.statements.rules.sealing import added, kinds_added
from tests.make.sharing import ENTITY, NOW, PARTIES
from tests.property.processes.charts import (
    ALL_PARTIES,
    CHART,
    DAY,
    LADDER,
    MONTH,
    OWED,
    PAYER,
    PEOPLE,
    SHARES,
    TERMS,
    Asked,
    Wrong,
    as_approved,
    as_asked,
    climbed,
    cut_up,
    hold,
    rounded,
)
from tests.property.processes.purchases import Purchases


class Life(Purchases):
    """One history, as it goes on."""

    # ------------------------------------------------------------------------------------------------- what happens

    def change_rules(self) -> None:
        """A day later other rules share, and other points are given."""
        self.now += DAY
        self.tick()

    def release(self) -> None:
        """Windows end: what is left of the shares is due."""
        self.now += 30 * DAY
        for one in self.sold:
            if one.is_due:
                continue
            one.is_due = True
            gone = ledger_rules.reversed_amounts(
                [sum(one.split.amounts_minor), *(-amount for amount in one.split.amounts_minor)],
                before=0,
                after=one.back,
                units_of=one.split.units,
            )
            left: Counter[PartyId] = Counter()
            for party, amount, back in zip(
                one.split.party_ids, one.split.amounts_minor, gone[1:], strict=True
            ):
                left[party] += amount - back
            for party, amount in left.items():
                if amount:
                    legs = [
                        (CHART.of(party, Purpose.SHARE_PENDING), amount),
                        (CHART.of(party, Purpose.SHARE_DUE), -amount),
                    ]
                    self.post(EntryKind.SHARE_RELEASE, legs)
        self.tick()

    def dispute(self) -> None:
        """A party gets more of a line than the rules gave, from whoever has the rest; it goes back with the line."""
        open_parts = [one for one in self.sold if one.left and one.split.amounts_minor]
        if not open_parts:
            return
        one, more = self.luck.choice(open_parts), self.luck.randint(-300, 300)
        party = self.luck.choice(one.split.party_ids)
        brand = PARTIES.brand
        assert brand is not None
        if party != brand and more:
            legs = [(CHART.of(party, Purpose.SHARE_DUE), -more), (CHART.of(brand, Purpose.SHARE_DUE), more)]
            stored = self.post(EntryKind.ADJUSTMENT, legs, one.split.part_id)
            one.corrected = [*one.corrected, (stored, one.left, 0)]

    def climb(self) -> None:
        """The month is evaluated: the store's turnover brings what its steps say, and less when goods come back."""
        store, brand = PARTIES.store, PARTIES.brand
        assert store is not None
        assert brand is not None
        volume = sum(
            one.split.base_minor - rounded(one.split.base_minor, one.back, one.split.units)
            for one in self.sold
            if store in one.split.party_ids and brand in one.split.party_ids
        )
        pending = sum(not one.is_due for one in self.sold)
        turned = ladders.Turnover(
            ladder_id=LADDER.id,
            party_id=store,
            entity_id=ENTITY,
            funder_id=brand,
            volume_minor=volume,
            pending_parts=pending,
        )
        for one in bonus._changes(LADDER, MONTH, [turned] if volume else [], self.given, now=self.now):
            legs = [
                (CHART.of(one.funder_id, Purpose.SHARE_DUE), one.change_minor),
                (CHART.of(one.party_id, Purpose.SHARE_DUE), -one.change_minor),
            ]
            self.post(EntryKind.BONUS, legs)
            key = (one.party_id, one.entity_id, one.funder_id)
            self.given[key] = ladders.Given(
                party_id=one.party_id,
                entity_id=one.entity_id,
                funder_id=one.funder_id,
                given_minor=one.bonus_minor,
                evaluations=one.number,
            )
            hold(one.bonus_minor == climbed(volume), ("bonus", volume, one.bonus_minor))

    def pay_out(self) -> None:
        """All that some parties are due leaves it, each in up to three lines."""
        for party in self.luck.sample(ALL_PARTIES, 4):
            self._pay(party)

    def _pay(self, party: PartyId) -> None:
        if any(one.payout.party_id == party for one in self.under_way):
            return
        due = Due(
            party_id=party,
            entity_id=ENTITY,
            currency="CNY",
            due_minor=self.due(party),
            is_person=party in PEOPLE,
            is_of_the_entity=False,
        )
        account = PayoutAccount(
            id=PayoutAccountId(party),
            party_id=party,
            kind=AccountKind.WECHAT_PERSON if due.is_person else AccountKind.WECHAT_MERCHANT,
            masked="",
            sealed=b"",
            wrapped_key=b"",
            sealed_with=1,
            added_at=NOW,
        )
        plan = payouts_rules.plan_payout(due, terms=TERMS, account=account, payers={PAYER.way: PAYER})
        if isinstance(plan, Refusal):
            hold(due.due_minor < TERMS.least_minor, plan)
            return
        rate = 2_000 if due.is_person else 0
        hold(2 * abs(plan.withheld_minor * 10_000 - plan.gross_minor * rate) <= 10_000, ("withheld", plan))
        payout = as_approved(PayoutId(self.id()), plan)
        nets = cut_up(payout.net_minor, self.luck)
        for part in payouts_rules.cuts(payout, nets):
            line = Line(
                id=PayoutLineId(self.id()),
                payout_id=payout.id,
                request_id=RequestId(self.id()),
                account_id=account.id,
                gross_minor=part.gross_minor,
                withheld_minor=part.withheld_minor,
                net_minor=part.net_minor,
            )
            move = payout_books._sent(CHART.slots, payout, line)
            self.post(EntryKind.PAYOUT, [(leg.slot, leg.amount_minor) for leg in move.legs], line.id)
            self.under_way.append(Asked(payout=payout, line=line))

    def hear(self) -> None:
        """A gateway says of most lines that they arrived or not, and then once more, perhaps otherwise."""
        for _ in range(self.luck.randint(0, len(self.under_way))):
            self._hear_one()

    def _hear_one(self) -> None:
        one = self.under_way.pop(self.luck.randrange(len(self.under_way)))
        said = [
            LineReport(line_id=one.line.id, state=state, at=self.now)
            for state in self.luck.choices((LineState.PAID, LineState.RETURNED), weights=(3, 1), k=2)
        ]
        (ended,) = payouts_rules.endings([one.line], said).ended
        one.line = ended
        if ended.state is LineState.PAID:
            move = payout_books._paid(CHART.slots, one.payout, ended, Purpose.GATEWAY)
            self.post(EntryKind.PAYOUT_PAID, [(leg.slot, leg.amount_minor) for leg in move.legs], ended.id)
            self.to_parties += ended.net_minor
            self.paid.append(one)
        else:
            move = payout_books._returned(CHART.slots, one.payout, ended)
            self.post(
                EntryKind.PAYOUT_RETURNED, [(leg.slot, leg.amount_minor) for leg in move.legs], ended.id
            )

    def ask_back(self) -> None:
        """A party that owes something is asked for it, of a share that it was paid."""
        owing = [
            one
            for one in self.paid
            if one.reclaim is None
            and one.back_minor < one.line.net_minor
            and self.due(one.payout.party_id) < 0
        ]
        if not owing:
            return
        first = owing[0]
        party, debt = first.payout.party_id, -self.due(first.payout.party_id)
        pieces = {one.line.id: one for one in owing if one.payout.party_id == party}
        paid = [
            Paid(
                line_id=line_id,
                party_id=party,
                entity_id=ENTITY,
                currency="CNY",
                left_minor=one.line.net_minor - one.back_minor,
                written_at=self.now,
                asked=0,
                is_open=False,
                reclaim_within_days=180,
                reclaims_per_receiver=20,
            )
            for line_id, one in pieces.items()
        ]
        plan = reclaiming.plan_reclaims(party, debt, paid, second_person_above_minor=0, now=self.now)
        if isinstance(plan, Refusal):
            raise Wrong(plan)
        approved = [
            as_asked(ReclaimId(self.id()), pieces[new.line_id], new.amount_minor, self.now) for new in plan
        ]
        for one in reclaiming.within_debts(approved, {(party, ENTITY, "CNY"): debt}):
            pieces[one.line_id].reclaim = one
            pieces[one.line_id].back_minor += one.amount_minor
            self._move(one, EntryKind.RECLAIM)
        hold(self.due(party) == 0 or sum(one.amount_minor for one in approved) < debt, ("asked back", party))

    def hear_back(self) -> None:
        """What was asked back came, failed, or was refused, which is believed ten minutes later."""
        asked = [one for one in self.paid if one.reclaim is not None]
        if not asked:
            return
        one = self.luck.choice(asked)
        reclaim = one.reclaim
        assert reclaim is not None
        state = self.luck.choice((ReclaimState.CAME, ReclaimState.FAILED, None))
        heard = Heard.KNOWN if state is not None else self.luck.choice(list(Heard))
        report = ReclaimReport(reclaim_id=reclaim.id, heard=heard, state=state)
        outcome = reclaiming.outcome_of(reclaim, report, now=self.now)
        if outcome.state is None:
            given_up = self.now - DAY if outcome.gives_up else reclaim.given_up_at
            one.reclaim = msgspec.structs.replace(reclaim, given_up_at=given_up)
            return
        one.reclaim = None
        if outcome.state is ReclaimState.CAME:
            self._move(reclaim, EntryKind.RECLAIM_CAME)
            self.from_parties += reclaim.amount_minor
        else:
            one.back_minor -= reclaim.amount_minor
            self._move(reclaim, EntryKind.RECLAIM_FAILED)

    def _move(self, one: Reclaim, kind: EntryKind) -> None:
        debited, credited = reclaim_books._from_to(CHART.slots, one, kind)
        self.post(kind, [(debited, one.amount_minor), (credited, -one.amount_minor)], one.id)

    def keep_fee(self) -> None:
        """The gateway keeps something of what it took, as its bill says."""
        fee = self.luck.randint(1, 60)
        self.fees += fee
        self.post(EntryKind.FEE, [(CHART.own(Purpose.PAYMENT_FEE), fee), (CHART.own(Purpose.GATEWAY), -fee)])

    def give_for_nothing(self) -> None:
        """Money is given back that no sale answers for."""
        amount = self.luck.randint(1, 500)
        self.unmatched += amount
        legs = [(CHART.own(Purpose.ADJUSTMENT), amount), (CHART.own(Purpose.GATEWAY), -amount)]
        self.post(EntryKind.REFUND, legs)

    # ------------------------------------------------------------------------------------------------- what must hold

    def check(self) -> None:
        """The purse agrees with the ledger, and nothing that the customer paid is without an owner."""
        held = self.balance(Purpose.GATEWAY)
        flowed = (
            self.paid_in - self.refunded - self.unmatched - self.fees - self.to_parties + self.from_parties
        )
        hold(held == flowed, ("held", held, flowed))
        owed = -self.balance(*OWED)
        tax, deposit = -self.balance(Purpose.TAX), -self.balance(Purpose.CUSTOMER_DEPOSIT)
        rounding = -self.balance(Purpose.REVENUE, Purpose.SHARING_COST)
        got = self.to_parties - self.from_parties
        # What the customer paid = given back + parties got + parties are owed + tax + liabilities + named rounding.
        # Fees and unmatched refunds are the company's, and stand beside it.
        hold(
            self.paid_in == self.refunded + got + owed + tax + deposit + rounding,
            ("conservation", self.paid_in, self.refunded, got, owed, tax, deposit, rounding),
        )
        # Of a part that came back in part what was paid and what was shared are rounded each by itself: the seller has
        # a minor unit more or less until the rest is back.
        partly = sum(0 < one.back < one.split.units for one in self.sold)
        hold(abs(rounding) <= partly and deposit == 0, ("rounding", rounding, partly, deposit))
        own = (self.balance(Purpose.PAYMENT_FEE), self.balance(Purpose.ADJUSTMENT))
        hold(own == (self.fees, self.unmatched), ("the company's own", own))
        kept = sum(one.tax_minor - rounded(one.tax_minor, one.back, one.split.units) for one in self.sold)
        hold(abs(tax - kept) <= len(self.sold), ("tax", tax, kept))
        hold(sum(self.balances) == 0, "the books do not balance")
        self.check_purchases()

    def end(self) -> None:
        """Every statement is the sum of its entries; what came back whole left nothing."""
        for party in ALL_PARTIES:
            kinds = kinds_added(self.kinds[party])
            closing = added(
                Sums(currency=one.currency, pending_minor=one.pending_minor, due_minor=one.due_minor)
                for one in kinds
            )
            stated = (closing[0].pending_minor, closing[0].due_minor) if closing else (0, 0)
            stands = tuple(-self.balances[CHART.of(party, purpose)] for purpose in SHARES)
            hold(stated == stands, ("statement", party, stated, stands))
        if all(not one.left for one in self.sold):
            self.check_all_back()
        if all(not one.left for one in self.sold) and not self.given:
            left = {
                purpose: self.balance(purpose)
                for purpose in (Purpose.REVENUE, Purpose.TAX, Purpose.SHARING_COST)
            }
            hold(not any(left.values()), ("left over", left))
            parties = -self.balance(*OWED) + self.to_parties - self.from_parties
            hold(parties == 0, ("left with parties", parties))
