"""Workers, approvers and planners meet on the same payouts at one moment; nothing is done twice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from loopline.db import Conn, Database
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.ledger.model import Purpose
from loopline.payouts import AccountKind, PayoutId, PayoutState, RequestId, Way
from loopline.payouts import queries as payouts_queries
from loopline.payouts.refusals import NothingToPutInAFile, OneAtATime, PayoutNotPlanned
from loopline.processes.pay_out import (
    PlanAsk,
    approve_payouts,
    make_file,
    plan_payouts,
    read_outcome,
    withdraw_payouts,
)
from tests.make.payouts import (
    LATER,
    MAKER,
    RING,
    SECOND,
    approved,
    due_of,
    earned,
    paid_to,
    payout,
    pays_by,
    planned,
    terms,
)
from tests.make.rivals import together
from tests.make.sandbox import SetClock
from tests.make.shop import Shop, open_shop
from tests.make.wechat import Manners, keys, running_wechat
from tests.process.test_pay_out import assert_sound
from tests.process.test_pay_out_wechat import GUIDE, PLATFORM

RIVALS = 6


def open_paying(database: Database, kind: AccountKind = AccountKind.BANK) -> Shop:
    with database.transaction() as conn:
        shop = open_shop(conn)
        earned(conn, shop, by_wechat=kind is not AccountKind.BANK)
        terms(conn, withheld_basis_points=0)
        paid_to(conn, [shop.parties[code] for code in ("GUIDE", "PLATFORM")], kind)
        if kind is AccountKind.BANK:
            pays_by(conn, shop.brand_entity)
    return shop


def test_of_two_approvers_at_once_one_approves(database: Database):
    shop = open_paying(database)
    with database.transaction() as conn:
        ids = planned(conn, shop, "GUIDE", "PLATFORM")

    def approve(by: str, order: int) -> Callable[[Conn], list[PayoutId | Refusal]]:
        def work(conn: Conn) -> list[PayoutId | Refusal]:
            return approve_payouts(conn, ids[::order], by=by, scope=WHOLE_BRAND, now=LATER)

        return work

    work = [approve(f"{SECOND} {number}", 1 if number % 2 else -1) for number in range(RIVALS)]
    flat = [one for of in together(database, work) for one in of]
    assert sorted(one for one in flat if not isinstance(one, Refusal)) == sorted(ids)
    assert sum(isinstance(one, PayoutNotPlanned) for one in flat) == 2 * RIVALS - 2


def test_of_two_who_plan_the_same_at_once_one_does(database: Database):
    shop = open_paying(database)
    asks = [
        PlanAsk(party_id=shop.parties[code], entity_id=shop.brand_entity, currency="CNY")
        for code in ("GUIDE", "PLATFORM")
    ]

    def plan(conn: Conn) -> list[object]:
        return list(plan_payouts(conn, asks, by=MAKER, scope=WHOLE_BRAND, now=LATER))

    flat = [one for of in together(database, [plan] * RIVALS) for one in of]
    assert sum(isinstance(one, OneAtATime) for one in flat) == 2 * RIVALS - 2
    with database.reading() as conn:
        found = payouts_queries.find_payouts(conn, frozenset(PayoutState), entities=None, limit=10)
    assert sorted(one.gross_minor for one in found) == [140, 420]


def test_of_two_who_make_a_file_at_once_none_holds_what_the_other_does(database: Database):
    shop = open_paying(database)
    with database.transaction() as conn:
        ids = approved(conn, shop, "GUIDE", "PLATFORM")
        (payer,) = payouts_queries.payers_in_use(conn)

    def make(conn: Conn) -> RequestId | Refusal:
        return make_file(conn, payer.id, ring=RING, scope=WHOLE_BRAND, now=LATER)

    outcomes = together(database, [make] * RIVALS)
    assert sum(isinstance(one, NothingToPutInAFile) for one in outcomes) == RIVALS - 1
    with database.reading() as conn:
        lines = [line for of in payouts_queries.lines_of_payouts(conn, ids).values() for line in of]
        assert sorted(line.net_minor for line in lines) == [140, 420]
        assert due_of(conn, shop.parties["GUIDE"]) == 0
        assert_sound(conn)


def test_what_is_withdrawn_while_a_file_is_made_is_one_or_the_other(database: Database):
    shop = open_paying(database)
    with database.transaction() as conn:
        (payout_id,) = approved(conn, shop, "GUIDE")
        (payer,) = payouts_queries.payers_in_use(conn)
    outcomes = together(
        database,
        [
            lambda conn: make_file(conn, payer.id, ring=RING, scope=WHOLE_BRAND, now=LATER),
            lambda conn: withdraw_payouts(conn, {payout_id: "x"}, by=MAKER, scope=WHOLE_BRAND, now=LATER)[0],
        ],
    )
    assert sum(isinstance(one, Refusal) for one in outcomes) == 1
    with database.reading() as conn:
        is_sent = payout(conn, payout_id).state is PayoutState.SENT
        assert due_of(conn, shop.parties["GUIDE"]) == (0 if is_sent else 420)
        assert_sound(conn)


def test_an_outcome_that_two_read_at_once_pays_once(database: Database):
    shop = open_paying(database)
    with database.transaction() as conn:
        approved(conn, shop, "GUIDE", "PLATFORM")
        (payer,) = payouts_queries.payers_in_use(conn)
        request_id = make_file(conn, payer.id, ring=RING, scope=WHOLE_BRAND, now=LATER)
        assert not isinstance(request_id, Refusal)
        lines = payouts_queries.lines_of_requests(conn, [request_id])[request_id]
    said = "\n".join(["number,result", *(f"{line.id.hex},paid" for line in lines)]).encode()

    def read(conn: Conn) -> int:
        found = read_outcome(conn, request_id, said, scope=WHOLE_BRAND, now=LATER)
        assert not isinstance(found, Refusal)
        return found.paid

    assert sorted(together(database, [read] * RIVALS)) == [0] * (RIVALS - 1) + [2]
    with database.reading() as conn:
        assert due_of(conn, shop.parties["GUIDE"], Purpose.PAYOUT_IN_TRANSIT) == 0
        assert_sound(conn)


def test_workers_at_once_pay_once_while_answers_are_lost(database: Database, tmp_path: Path):
    shop, clock = open_paying(database, AccountKind.WECHAT_PERSON), SetClock(LATER)
    manners = Manners(seed=3, finish_seconds=1, lost_chance=0.4)
    with running_wechat(tmp_path, clock, manners=manners) as wechat:
        wechat.sandbox.book.take("4200000000000001", 15_820)
        with database.transaction() as conn:
            pays_by(conn, shop.brand_entity, Way.WECHAT_SHARING, keys().mchid)
            ids = approved(conn, shop, "GUIDE", "PLATFORM")
        for _ in range(200):
            with database.reading() as conn:
                if all(payout(conn, one).state is PayoutState.PAID for one in ids):
                    break
            barrier = threading.Barrier(3)

            def work(_: int, barrier: threading.Barrier = barrier) -> int:
                barrier.wait()
                return wechat.work(database)

            with ThreadPoolExecutor(3) as pool:
                list(pool.map(work, range(3)))
            clock.on(minutes=3)
        assert (wechat.sandbox.book.paid_to(GUIDE), wechat.sandbox.book.paid_to(PLATFORM)) == (420, 140)
    with database.reading() as conn:
        assert [payout(conn, one).state for one in ids] == [PayoutState.PAID] * 2
        assert_sound(conn)
