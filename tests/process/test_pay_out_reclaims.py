"""Shares asked back over WeChat Pay's real protocol: once, within the contract, else debts again as before."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest

from loopline.channels.sandbox_wechat import PUNCTUAL
from loopline.db import Conn, Database
from loopline.kernel.ids import EntityId, PartyId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.ledger.model import Purpose
from loopline.payouts import (
    AccountKind,
    Heard,
    Notice,
    Paid,
    PayoutLineId,
    Reclaim,
    ReclaimId,
    ReclaimReport,
    ReclaimState,
    Way,
    reclaiming,
)
from loopline.payouts.refusals import (
    NoDebtToReclaim,
    NothingToReclaim,
    ReclaimNeedsSecond,
    ReclaimStandsElsewhere,
    ReclaimUnknown,
)
from loopline.processes.pay_out import (
    PlanAsk,
    apply_reclaim_reports,
    approve_reclaims,
    hear_payout_notices,
    plan_reclaims,
    withdraw_reclaims,
)
from loopline.processes.take_back import TakenBack, take_back
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind
from tests.make.loop import balances
from tests.make.org import succeeded
from tests.make.payouts import (
    LATER,
    MAKER,
    MEMBER,
    RECEIVERS,
    SECOND,
    approved,
    due_of,
    earned,
    lock_out,
    paid_to,
    pays_by,
    terms,
)
from tests.make.sandbox import SetClock
from tests.make.shop import PRICES, Shop, open_shop
from tests.make.wechat import Manners, Wechat, keys, running_wechat
from tests.process.test_pay_out import assert_sound
from tests.process.test_pay_out_wechat import Broken, work_on

PLATFORM = f"{RECEIVERS[AccountKind.WECHAT_MERCHANT].number[:-3]}000"
ITS = frozenset({PLATFORM})
TRANSACTION = "4200000000000001"
RETURNED = LATER + timedelta(days=3)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(LATER)


@pytest.fixture
def wechat(tmp_path: Path, clock: SetClock) -> Generator[Wechat, None, None]:
    with running_wechat(tmp_path, clock) as running:
        yield running


@pytest.fixture
def shop(database: Database) -> Shop:
    """A shop whose platform is due 140 of a sale, and is paid by profit sharing to its merchant's account."""
    with database.transaction() as conn:
        found = open_shop(conn)
        earned(conn, found, by_wechat=True)
        terms(conn, withheld_basis_points=0)
        paid_to(conn, [found.parties["PLATFORM"]], AccountKind.WECHAT_MERCHANT)
        pays_by(conn, found.brand_entity, Way.WECHAT_SHARING, keys().mchid)
    return found


def paid(database: Database, shop: Shop, wechat: Wechat) -> None:
    """Pay the platform its 140."""
    wechat.sandbox.book.take(TRANSACTION, 15_820)
    with database.transaction() as conn:
        approved(conn, shop, "PLATFORM")
    work_on(wechat, database, rounds=3)
    assert wechat.sandbox.book.paid_to(PLATFORM) == 140


def bring_back(conn: Conn, shop: Shop, *wanted: tuple[str, int], number: str = "R-1") -> None:
    asked = NewReturn(
        channel="till",
        external_number=number,
        kind=ReturnKind.FACT,
        at=RETURNED,
        site_id=shop.sites["S"],
        currency="CNY",
        member_id=MEMBER,
        lines=tuple(
            NewReturnLine(code=code, sku_id=shop.skus[code], units=units, stated_unit_minor=PRICES[code])
            for code, units in wanted
        ),
    )
    (outcome,) = take_back(conn, [asked], scope=WHOLE_BRAND, now=RETURNED)
    assert isinstance(outcome, TakenBack), outcome


def ask(shop: Shop, code: str = "PLATFORM") -> PlanAsk:
    return PlanAsk(party_id=shop.parties[code], entity_id=shop.brand_entity, currency="CNY")


def plan(
    database: Database, shop: Shop, wechat: Wechat, *, scope: Scope = WHOLE_BRAND
) -> tuple[ReclaimId, ...] | Refusal:
    with database.transaction() as conn:
        (outcome,) = plan_reclaims(conn, [ask(shop)], by=MAKER, scope=scope, now=wechat.clock())
    return outcome


def owed(database: Database, shop: Shop, wechat: Wechat) -> ReclaimId:
    """The platform has its 140 and owes the coat's 100 of it; that is planned to be asked back."""
    paid(database, shop, wechat)
    with database.transaction() as conn:
        bring_back(conn, shop, ("COAT", 1))
    wechat.clock.on(minutes=60 * 24 * 3)
    outcome = plan(database, shop, wechat)
    assert not isinstance(outcome, Refusal), outcome
    (reclaim_id,) = outcome
    return reclaim_id


def approve(database: Database, wechat: Wechat, reclaim_id: ReclaimId) -> None:
    with database.transaction() as conn:
        succeeded(approve_reclaims(conn, [reclaim_id], by=SECOND, scope=WHOLE_BRAND, now=wechat.clock()))


def books(database: Database, shop: Shop) -> tuple[int, int, int]:
    """What is due to the platform, what is asked back of it, and what the gateway holds beside the payment."""
    with database.reading() as conn:
        party = shop.parties["PLATFORM"]
        gateway = balances(conn).get("gateway", 0)
        return due_of(conn, party), -due_of(conn, party, Purpose.RECLAIM_IN_TRANSIT), gateway - 15_820


def found(database: Database) -> Reclaim:
    with database.reading() as conn:
        (one,) = reclaiming.find_reclaims(conn, entities=None, limit=10)
        return one


def sound(database: Database) -> None:
    with database.reading() as conn:
        assert_sound(conn)


def test_a_debt_is_asked_back_and_comes(database: Database, shop: Shop, tmp_path: Path, clock: SetClock):
    with running_wechat(tmp_path, clock, manners=Manners(finish_seconds=30, lost_chance=0)) as wechat:
        reclaim_id = owed(database, shop, wechat)
        assert books(database, shop) == (-100, 0, -140)
        approve(database, wechat, reclaim_id)
        assert books(database, shop) == (-100, 0, -140)  # nothing moves before it is asked for
        wechat.work(database)
        assert books(database, shop) == (0, 100, -140)
        one = found(database)
        assert (one.state, one.tries, one.reason) == (ReclaimState.ASKED, 1, None)
        wechat.clock.on(minutes=1)
        wechat.work(database)
        assert books(database, shop) == (0, 0, -40)
        assert wechat.sandbox.book.paid_to(PLATFORM) == 40
        assert found(database).state is ReclaimState.CAME
        wechat.clock.on(minutes=600)
        wechat.work(database)
        assert wechat.sandbox.book.paid_to(PLATFORM) == 40
    sound(database)


def test_above_the_limit_somebody_else_approves(database: Database, shop: Shop, wechat: Wechat):
    reclaim_id = owed(database, shop, wechat)
    with database.transaction() as conn:
        own = approve_reclaims(conn, [reclaim_id], by=MAKER, scope=WHOLE_BRAND, now=wechat.clock())
    assert own == [ReclaimNeedsSecond(reclaim_id=reclaim_id)]
    approve(database, wechat, reclaim_id)
    with database.transaction() as conn:
        again = approve_reclaims(conn, [reclaim_id], by=SECOND, scope=WHOLE_BRAND, now=wechat.clock())
    assert again == [ReclaimStandsElsewhere(reclaim_id=reclaim_id, state=ReclaimState.APPROVED)]
    with database.transaction() as conn:
        reasons = {reclaim_id: "agreed otherwise"}
        succeeded(withdraw_reclaims(conn, reasons, by=MAKER, scope=WHOLE_BRAND, now=wechat.clock()))
    wechat.work(database)
    assert books(database, shop) == (-100, 0, -140)
    assert not isinstance(plan(database, shop, wechat), Refusal)


def test_what_is_planned_of_a_debt_is_not_planned_again_of_other_shares():
    party, entity = PartyId(uuid7(LATER)), EntityId(uuid7(LATER))

    def share(left: int, *, waiting: int = 0) -> Paid:
        return Paid(
            line_id=PayoutLineId(uuid7(LATER)),
            party_id=party,
            entity_id=entity,
            currency="CNY",
            left_minor=left,
            written_at=LATER,
            asked=0,
            is_open=waiting > 0,
            reclaim_within_days=180,
            reclaims_per_receiver=20,
            waiting_minor=waiting,
        )

    def planned(debt: int, *paid: Paid) -> list[tuple[int, bool]] | Refusal:
        found = reclaiming.plan_reclaims(party, debt, paid, second_person_above_minor=100, now=LATER)
        return (
            found if isinstance(found, Refusal) else [(one.amount_minor, one.needs_second) for one in found]
        )

    assert planned(100, share(80), share(80)) == [(80, False), (20, False)]
    assert planned(100, share(80, waiting=80), share(80)) == [(20, False)]
    assert planned(100, share(100, waiting=100), share(80)) == NothingToReclaim(party_id=party)
    assert planned(150, share(100, waiting=100), share(80)) == [(50, True)]  # 150 of one debt


def test_nobody_plans_or_decides_for_another_branch(database: Database, shop: Shop, wechat: Wechat):
    reclaim_id = owed(database, shop, wechat)
    with database.transaction() as conn:
        other = Scope()
        refused = plan_reclaims(conn, [ask(shop)], by=MAKER, scope=other, now=wechat.clock())
        assert refused == [NoDebtToReclaim(party_id=shop.parties["PLATFORM"])]
        unknown = [ReclaimUnknown(reclaim_id=reclaim_id)]
        assert approve_reclaims(conn, [reclaim_id], by=SECOND, scope=other, now=wechat.clock()) == unknown
        gone = withdraw_reclaims(conn, {reclaim_id: "x"}, by=SECOND, scope=other, now=wechat.clock())
        assert gone == unknown
    assert found(database).state is ReclaimState.PLANNED


def test_what_nobody_owes_and_what_was_not_agreed_is_not_asked_back(
    database: Database, shop: Shop, tmp_path: Path, clock: SetClock
):
    nothing = NothingToReclaim(party_id=shop.parties["PLATFORM"])
    with running_wechat(tmp_path, clock, reclaim_within_days=0) as wechat:
        paid(database, shop, wechat)
        assert plan(database, shop, wechat) == NoDebtToReclaim(party_id=shop.parties["PLATFORM"])
        with database.transaction() as conn:
            bring_back(conn, shop, ("COAT", 1))
        assert plan(database, shop, wechat) == nothing
    with running_wechat(tmp_path, clock, reclaim_within_days=10) as wechat:
        clock.on(minutes=60 * 25)
        wechat.work(database)  # the contract is asked for once a day
        assert not isinstance(plan(database, shop, wechat), Refusal)
        assert plan(database, shop, wechat) == nothing  # it is planned already
        with database.transaction() as conn:
            reasons = {found(database).id: "x"}
            succeeded(withdraw_reclaims(conn, reasons, by=MAKER, scope=WHOLE_BRAND, now=clock()))
        clock.on(minutes=60 * 24 * 9)
        assert plan(database, shop, wechat) == nothing  # ten days are over


@pytest.mark.parametrize(
    ("manners", "why"),
    [
        (
            Manners(finish_seconds=0, lost_chance=0, keeps=ITS),
            "403 NO_AUTH 分账接收方未开启同意分账回退",
        ),
        (
            Manners(finish_seconds=0, lost_chance=0, spent=ITS),
            "403 NOT_ENOUGH 分账接收方余额不足",
        ),
        (Manners(finish_seconds=0, lost_chance=0, fails_back=ITS), "ACCOUNT_ABNORMAL"),
    ],
    ids=["not agreed", "nothing left", "account closed"],
)
def test_what_does_not_come_is_a_debt_again_and_set_off(
    database: Database,
    shop: Shop,
    tmp_path: Path,
    clock: SetClock,
    manners: Manners,
    why: str,
):
    with running_wechat(tmp_path, clock, manners=manners) as wechat:
        reclaim_id = owed(database, shop, wechat)
        approve(database, wechat, reclaim_id)
        wechat.work(database)
        clock.on(minutes=9)
        wechat.work(database)
        clock.on(minutes=9)
        wechat.work(database)
        one = found(database)
        assert (one.state, one.reason) == (ReclaimState.FAILED, why)
        assert books(database, shop) == (-100, 0, -140)
        assert wechat.sandbox.book.paid_to(PLATFORM) == 140
    with database.transaction() as conn:
        earned(conn, shop, start=2, by_wechat=True)
        assert due_of(conn, shop.parties["PLATFORM"]) == 40
    sound(database)


def test_a_refusal_is_believed_ten_minutes_later_and_not_before(
    database: Database, shop: Shop, tmp_path: Path, clock: SetClock
):
    manners = Manners(finish_seconds=0, lost_chance=0, spent=ITS)
    with running_wechat(tmp_path, clock, manners=manners) as wechat:
        approve(database, wechat, owed(database, shop, wechat))
        wechat.work(database)
        one = found(database)
        assert (one.state, one.given_up_at) == (ReclaimState.ASKED, clock())
        with database.transaction() as conn:  # a worker that was late, and heard the same
            for heard in (Heard.REFUSED, Heard.ABSENT, Heard.NOTHING):
                assert (
                    apply_reclaim_reports(conn, [ReclaimReport(reclaim_id=one.id, heard=heard)], now=clock())
                    == []
                )
        clock.on(minutes=9)
        wechat.work(database)
        assert (found(database).state, books(database, shop)[1]) == (ReclaimState.ASKED, 100)
        clock.on(minutes=2)
        wechat.work(database)
        assert (found(database).state, books(database, shop)[1]) == (ReclaimState.FAILED, 0)


@pytest.mark.parametrize("before", [True, False], ids=["before it was asked", "after it was asked"])
def test_a_worker_that_dies_takes_back_once(database: Database, shop: Shop, wechat: Wechat, before: bool):
    approve(database, wechat, owed(database, shop, wechat))
    with pytest.raises(SystemExit):
        wechat.work(database, gateway=Broken(wechat.gateway, before=before))
    assert books(database, shop) == (0, 100, -140)
    work_on(wechat, database, rounds=4)
    assert (found(database).state, wechat.sandbox.book.paid_to(PLATFORM)) == (ReclaimState.CAME, 40)
    assert books(database, shop) == (0, 0, -40)
    sound(database)


def test_lost_answers_are_asked_after_and_take_once(
    database: Database, shop: Shop, tmp_path: Path, clock: SetClock
):
    with running_wechat(tmp_path, clock, manners=PUNCTUAL) as wechat:
        reclaim_id = owed(database, shop, wechat)
    approve(database, wechat, reclaim_id)
    with running_wechat(
        tmp_path, clock, manners=Manners(seed=3, finish_seconds=1, lost_chance=0.6)
    ) as wechat:
        work_on(wechat, database, rounds=1)
        for _ in range(20):
            clock.on(minutes=61)
            wechat.work(database)
        assert wechat.sandbox.book.paid_to(PLATFORM) == 40
    assert (found(database).state, books(database, shop)) == (ReclaimState.CAME, (0, 0, -40))
    sound(database)


def test_what_is_said_twice_late_or_otherwise_changes_nothing(database: Database, shop: Shop, wechat: Wechat):
    approve(database, wechat, owed(database, shop, wechat))
    work_on(wechat, database, rounds=2)
    one = found(database)
    assert one.state is ReclaimState.CAME
    said = [
        ReclaimReport(reclaim_id=one.id, heard=Heard.KNOWN, state=state)
        for state in (ReclaimState.CAME, ReclaimState.FAILED)
    ]
    with database.transaction() as conn:
        assert apply_reclaim_reports(conn, said, now=wechat.clock()) == []
        stranger = ReclaimReport(
            reclaim_id=ReclaimId(one.line_id), heard=Heard.KNOWN, state=ReclaimState.CAME
        )
        assert apply_reclaim_reports(conn, [stranger], now=wechat.clock()) == []
    assert books(database, shop) == (0, 0, -40)
    sound(database)


def test_a_notification_hastens_the_question_once(database: Database, shop: Shop, wechat: Wechat):
    approve(database, wechat, owed(database, shop, wechat))
    with pytest.raises(SystemExit):
        wechat.work(database, gateway=Broken(wechat.gateway, before=False))
    number = found(database).number
    wechat.work(database)
    assert found(database).state is ReclaimState.ASKED  # its claim still holds
    with database.transaction() as conn:
        notices = [Notice(id="N-1", request_number=number), Notice(id="N-2", request_number="nobody's")]
        assert hear_payout_notices(conn, notices, now=wechat.clock()) == 1
        assert hear_payout_notices(conn, notices[:1], now=wechat.clock()) == 0
    assert books(database, shop) == (0, 100, -140)  # what it says of money moves nothing
    wechat.work(database)
    assert (found(database).state, books(database, shop)) == (ReclaimState.CAME, (0, 0, -40))


def test_what_was_set_off_before_it_was_asked_back_is_withdrawn(
    database: Database, shop: Shop, wechat: Wechat
):
    approve(database, wechat, owed(database, shop, wechat))
    with database.transaction() as conn:
        earned(conn, shop, start=2, by_wechat=True)
    wechat.work(database)
    one = found(database)
    assert (one.state, one.reason) == (ReclaimState.WITHDRAWN, reclaiming.DEBT_FELL)
    assert books(database, shop)[:2] == (40, 0)
    assert wechat.sandbox.book.paid_to(PLATFORM) == 140


def test_what_cannot_be_asked_for_its_receiver_does_not_open_is_a_debt_again(
    database: Database, shop: Shop, wechat: Wechat
):
    approve(database, wechat, owed(database, shop, wechat))
    with database.transaction() as conn:
        lock_out(conn, shop, "PLATFORM")
    work_on(wechat, database, rounds=6)
    one = found(database)
    assert (one.state, one.reason) == (ReclaimState.FAILED, "receiver_not_opened")
    assert (books(database, shop), wechat.sandbox.book.paid_to(PLATFORM)) == ((-100, 0, -140), 140)


def test_a_line_gives_back_in_parts_and_never_more_than_it_paid(
    database: Database, shop: Shop, wechat: Wechat
):
    approve(database, wechat, owed(database, shop, wechat))
    work_on(wechat, database, rounds=2)
    with database.transaction() as conn:
        bring_back(conn, shop, ("SCARF", 2), number="R-2")
    outcome = plan(database, shop, wechat)
    assert not isinstance(outcome, Refusal), outcome
    approve(database, wechat, outcome[0])
    work_on(wechat, database, rounds=2)
    assert (books(database, shop), wechat.sandbox.book.paid_to(PLATFORM)) == ((0, 0, 0), 0)
    with database.reading() as conn:
        assert conn.execute("select net_minor, reclaimed_minor from payouts.line").fetchall() == [(140, 140)]
    sound(database)
