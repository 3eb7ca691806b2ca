"""A debt is set off by a payout and asked back at one moment: it is reduced once, whoever is first."""

from datetime import timedelta

import pytest

from loopline.db import Conn, Database
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.ledger.model import Purpose
from loopline.orders import Credits
from loopline.payouts import (
    AccountKind,
    Heard,
    LineState,
    PayoutState,
    Reclaim,
    ReclaimId,
    ReclaimReport,
    ReclaimState,
    Way,
    reclaiming,
)
from loopline.payouts import queries as payouts_queries
from loopline.processes.pay_out import (
    PlanAsk,
    apply_reclaim_reports,
    approve_payouts,
    approve_reclaims,
    ask_approved,
    plan_payouts,
    plan_reclaims,
    prepare_requests,
)
from loopline.processes.place import Placed, place
from loopline.processes.settle import RETURN_WINDOW_DEFAULT, release_due
from tests.make.loop import follow, hand_over_everything, pay_for
from tests.make.org import succeeded
from tests.make.payouts import (
    LATER,
    MAKER,
    MEMBER,
    RING,
    SECOND,
    SETTLE,
    approved,
    due_of,
    earned,
    noted,
    paid_to,
    say,
    terms,
)
from tests.make.rivals import together
from tests.make.shop import Shop, ask, open_shop
from tests.process.test_pay_out import assert_sound
from tests.process.test_pay_out_reclaims import RETURNED, bring_back
from tests.property.processes.test_money_machine import CONTRACT

RIVALS = 4
TRIALS = 4
WAYS = (Way.WECHAT_SHARING.value,)
LEFT: dict[str, int | None] = {"0000": 10**6}
ALL = frozenset(PayoutState)
AGAIN_DUE = RETURNED + RETURN_WINDOW_DEFAULT + timedelta(days=1)


@pytest.fixture
def shop(database: Database) -> Shop:
    """A shop whose platform was paid 140 and owes 100 of it since the coat came back; 140 more are pending."""
    with database.transaction() as conn:
        found = open_shop(conn, units=100)
        earned(conn, found)
        terms(conn, withheld_basis_points=0)
        paid_to(conn, [found.parties["PLATFORM"]], AccountKind.WECHAT_MERCHANT)
        noted(conn, found, [10**6])
        approved(conn, found, "PLATFORM")
        send(conn)
        (request,) = payouts_queries.open_requests(conn, entities=None, limit=10)
        say(conn, request.id, LineState.PAID)
        bring_back(conn, found, ("COAT", 1))
        draft = ask(
            found,
            "W-2",
            member_id=MEMBER,
            credits=Credits(guide_id=found.parties["GUIDE"]),
            placed_at=RETURNED,
        )
        (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=RETURNED)
        assert isinstance(placed, Placed), placed
        hand_over_everything(conn, now=RETURNED)
        pay_for(conn, found, placed, at=RETURNED)
        follow(conn, SETTLE)
    return found


def send(conn: Conn) -> None:
    (payer,) = payouts_queries.payers_in_use(conn)
    prepare_requests(conn, payer, CONTRACT, LEFT, ring=RING, now=LATER)


def asked(shop: Shop) -> PlanAsk:
    return PlanAsk(party_id=shop.parties["PLATFORM"], entity_id=shop.brand_entity, currency="CNY")


def plan(conn: Conn, shop: Shop) -> tuple[ReclaimId, ...]:
    (outcome,) = plan_reclaims(conn, [asked(shop)], by=MAKER, scope=WHOLE_BRAND, now=RETURNED)
    return () if isinstance(outcome, Refusal) else outcome


def reclaims(database: Database) -> list[Reclaim]:
    with database.reading() as conn:
        return reclaiming.find_reclaims(conn, entities=None, limit=100)


def said(reclaim_id: ReclaimId, state: ReclaimState) -> ReclaimReport:
    return ReclaimReport(reclaim_id=reclaim_id, heard=Heard.KNOWN, state=state)


def set_off(conn: Conn, shop: Shop) -> None:
    """What waited is due, and what is left of it after the debt is paid."""
    release_due(conn, now=AGAIN_DUE, limit=100)
    (planned,) = plan_payouts(conn, [asked(shop)], by=MAKER, scope=WHOLE_BRAND, now=AGAIN_DUE)
    if not isinstance(planned, Refusal):
        succeeded(approve_payouts(conn, [planned], by=SECOND, scope=WHOLE_BRAND, now=LATER))
        send(conn)


def test_of_many_who_plan_the_same_debt_one_does(database: Database, shop: Shop):
    def work(conn: Conn) -> tuple[ReclaimId, ...]:
        return plan(conn, shop)

    made = together(database, [work] * RIVALS)
    assert sorted(len(one) for one in made) == [0] * (RIVALS - 1) + [1]
    (one,) = reclaims(database)
    assert (one.amount_minor, one.left_minor) == (100, 140)


def test_of_many_who_ask_one_asks(database: Database, shop: Shop):
    with database.transaction() as conn:
        succeeded(approve_reclaims(conn, plan(conn, shop), by=SECOND, scope=WHOLE_BRAND, now=RETURNED))

    def work(conn: Conn) -> int:
        return ask_approved(conn, WAYS, now=RETURNED)

    counts = together(database, [work] * RIVALS)
    assert sorted(counts) == [0] * (RIVALS - 1) + [1]
    with database.reading() as conn:
        party = shop.parties["PLATFORM"]
        assert (due_of(conn, party), due_of(conn, party, Purpose.RECLAIM_IN_TRANSIT)) == (0, -100)


def test_of_many_who_say_what_became_of_it_one_is_heard(database: Database, shop: Shop):
    with database.transaction() as conn:
        (reclaim_id,) = plan(conn, shop)
        succeeded(approve_reclaims(conn, [reclaim_id], by=SECOND, scope=WHOLE_BRAND, now=RETURNED))
        assert ask_approved(conn, WAYS, now=RETURNED) == 1

    def came(conn: Conn) -> list[Reclaim]:
        return apply_reclaim_reports(conn, [said(reclaim_id, ReclaimState.CAME)], now=RETURNED)

    def failed(conn: Conn) -> list[Reclaim]:
        return apply_reclaim_reports(conn, [said(reclaim_id, ReclaimState.FAILED)], now=RETURNED)

    ended = together(database, [came, failed] * 2)
    assert sum(len(one) for one in ended) == 1
    with database.reading() as conn:
        assert due_of(conn, shop.parties["PLATFORM"], Purpose.RECLAIM_IN_TRANSIT) == 0
        assert_sound(conn)


@pytest.mark.parametrize("trial", range(TRIALS))
@pytest.mark.parametrize("comes", [True, False])
def test_a_debt_that_is_set_off_and_asked_back_at_once_is_reduced_once(
    database: Database, shop: Shop, comes: bool, trial: int
):
    """The platform earned 140, less the coat's 100, and 140 again: 180 in all, however the debt is got back."""
    with database.transaction() as conn:
        succeeded(approve_reclaims(conn, plan(conn, shop), by=SECOND, scope=WHOLE_BRAND, now=RETURNED))

    def ask_back(conn: Conn) -> None:
        ask_approved(conn, WAYS, now=AGAIN_DUE)

    def pay(conn: Conn) -> None:
        set_off(conn, shop)

    together(database, [ask_back, pay] if trial % 2 else [pay, ask_back])
    (one,) = reclaims(database)
    state = ReclaimState.CAME if comes else ReclaimState.FAILED
    with database.transaction() as conn:
        apply_reclaim_reports(conn, [said(one.id, state)], now=AGAIN_DUE)
        for request in payouts_queries.open_requests(conn, entities=None, limit=10):
            say(conn, request.id, LineState.PAID)
    (after,) = reclaims(database)
    with database.reading() as conn:
        party = shop.parties["PLATFORM"]
        reached = sum(
            line.net_minor
            for payout in payouts_queries.find_payouts(conn, ALL, entities=None, limit=10)
            for line in payouts_queries.lines_of_payouts(conn, [payout.id])[payout.id]
        )
        came = after.amount_minor if after.state is ReclaimState.CAME else 0
        assert reached - came + due_of(conn, party) == 180
        assert due_of(conn, party, Purpose.RECLAIM_IN_TRANSIT) == 0
        assert due_of(conn, party, Purpose.PAYOUT_IN_TRANSIT) == 0
        assert_sound(conn)
