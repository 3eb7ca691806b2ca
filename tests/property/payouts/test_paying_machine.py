"""Whatever is earned, taken back, planned, sent, reported, repeated and contradicted: no money is made or lost.

For each party: what became due = what is due + on its way + withheld + paid. What left the gateway is what was paid.
"""

import psycopg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from loopline.db import Database, run_check
from loopline.kernel.ids import EntryId, PartyId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posting, Purpose
from loopline.ledger.queries import balances_by_purpose
from loopline.payouts import (
    CHECKS,
    AccountKind,
    Contract,
    Heard,
    LineReport,
    LineState,
    PayoutState,
    Report,
    RequestId,
    Way,
)
from loopline.payouts import queries as payouts_queries
from loopline.processes.accounts import Accounts
from loopline.processes.pay_out import (
    PlanAsk,
    apply_payout_reports,
    approve_payouts,
    plan_payouts,
    prepare_requests,
    withdraw_payouts,
)
from tests.make.org import succeeded
from tests.make.payouts import LATER, MAKER, RING, SECOND, due_of, paid_to, pays_by, terms
from tests.make.shop import Shop, open_shop

CODES = ("GUIDE", "PLATFORM", "DEALER")
parties = st.sampled_from(CODES)


class Paying(RuleBasedStateMachine):
    """Three parties of one entity that pays by transfers, two receivers at a time."""

    database: Database

    @initialize(rate=st.integers(0, 4_500))
    def open(self, rate: int) -> None:
        self.manager = self.database.transaction(quiet=True)
        self.conn = self.manager.__enter__()
        self.shop: Shop = open_shop(self.conn, units=0)
        terms(self.conn, withheld_basis_points=rate, least_minor=2)
        paid_to(self.conn, [self.shop.parties[code] for code in CODES], AccountKind.WECHAT_PERSON)
        self.payer = pays_by(self.conn, self.shop.brand_entity, Way.WECHAT_TRANSFER, "1900009191")
        self.became_due: dict[PartyId, int] = {self.shop.parties[code]: 0 for code in CODES}
        self.requests: list[RequestId] = []

    def teardown(self) -> None:
        if hasattr(self, "manager"):
            rollback = psycopg.Rollback()
            self.manager.__exit__(type(rollback), rollback, None)

    @rule(code=parties, amount=st.integers(-2_000, 5_000).filter(bool))
    def becomes_due(self, code: str, amount: int) -> None:
        """Something is earned, or taken back where it is negative."""
        party = self.shop.parties[code]
        accounts = Accounts(self.conn, now=LATER)
        cost = accounts.ask(self.shop.brand_entity, Purpose.SHARING_COST, "CNY")
        due = accounts.ask(self.shop.brand_entity, Purpose.SHARE_DUE, "CNY", party)
        accounts.open()
        entry = EntryId(uuid7(LATER))
        postings = (
            Posting(part_id=entry, account_id=accounts.id_of(cost), amount_minor=amount),
            Posting(part_id=entry, account_id=accounts.id_of(due), amount_minor=-amount),
        )
        new = NewEntry(
            id=entry, kind=EntryKind.SHARE, subject=party, at=LATER, key=str(entry), postings=postings
        )
        succeeded(ledger.post_entries(self.conn, [new]))
        self.became_due[party] += amount

    @rule(code=parties)
    def plan(self, code: str) -> None:
        party = self.shop.parties[code]
        ask = PlanAsk(party_id=party, entity_id=self.shop.brand_entity, currency="CNY")
        due = due_of(self.conn, party)
        (outcome,) = plan_payouts(self.conn, [ask], by=MAKER, scope=WHOLE_BRAND, now=LATER)
        if due <= 0:
            assert isinstance(outcome, Refusal)

    @rule(data=st.data(), is_approved=st.booleans())
    def decide(self, data: st.DataObject, is_approved: bool) -> None:
        planned = payouts_queries.find_payouts(self.conn, {PayoutState.PLANNED}, entities=None, limit=10)
        if not planned:
            return
        one = data.draw(st.sampled_from(planned)).id
        if is_approved:
            succeeded(approve_payouts(self.conn, [one], by=SECOND, scope=WHOLE_BRAND, now=LATER))
        else:
            succeeded(withdraw_payouts(self.conn, {one: "no"}, by=MAKER, scope=WHOLE_BRAND, now=LATER))

    @rule()
    def send(self) -> None:
        contract = Contract(receivers_per_request=2, requests_per_transaction=1, ratio_basis_points=0)
        self.requests += prepare_requests(self.conn, self.payer, contract, {}, ring=RING, now=LATER)

    @precondition(lambda self: self.requests)
    @rule(data=st.data())
    def report(self, data: st.DataObject) -> None:
        """A gateway says something of a request: perhaps of some of it, again, or otherwise than before."""
        request_id = data.draw(st.sampled_from(self.requests))
        lines = payouts_queries.lines_of_requests(self.conn, [request_id])[request_id]
        said = [
            LineReport(line_id=one.id, state=data.draw(st.sampled_from(list(LineState))), at=LATER)
            for one in data.draw(st.lists(st.sampled_from(lines), max_size=4))
        ]
        report = Report(request_id=request_id, heard=data.draw(st.sampled_from(list(Heard))), lines=said)
        apply_payout_reports(self.conn, [report], now=LATER)

    @invariant()
    def nothing_is_made_or_lost(self) -> None:
        if not hasattr(self, "requests"):
            return
        lines = [
            line for of in payouts_queries.lines_of_requests(self.conn, self.requests).values() for line in of
        ]
        payouts = payouts_queries.payouts_by_ids(self.conn, {line.payout_id for line in lines})
        paid: dict[PartyId, int] = dict.fromkeys(self.became_due, 0)
        for line in lines:
            if line.state is LineState.PAID:
                paid[payouts[line.payout_id].party_id] += line.net_minor
        for party, amount in self.became_due.items():
            held = sum(
                due_of(self.conn, party, purpose)
                for purpose in (Purpose.SHARE_DUE, Purpose.PAYOUT_IN_TRANSIT, Purpose.WITHHELD_TAX)
            )
            assert held + paid[party] == amount
        left = sum(
            one.balance_minor for one in balances_by_purpose(self.conn) if one.purpose is Purpose.GATEWAY
        )
        assert left == -sum(paid.values())
        assert [finding for check in CHECKS for finding in run_check(self.conn, check)] == []


def test_no_money_is_made_or_lost(shared_database: Database):
    Paying.database = shared_database
    run_state_machine_as_test(
        Paying,
        settings=settings(
            max_examples=25,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
