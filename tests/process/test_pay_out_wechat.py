"""Payouts through WeChat Pay's real protocol: shares of payments and transfers, lost answers, kills, forged notices."""

from collections.abc import Generator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from wechatpayv3.utils import build_authorization  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

from loopline.channels.wechat_pay import WechatPayouts
from loopline.db import Conn, Database
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.ledger.model import Purpose
from loopline.payouts import (
    AccountKind,
    Contract,
    Heard,
    Notice,
    Payer,
    PayoutId,
    PayoutState,
    ReclaimReport,
    Report,
    ToReclaim,
    ToSend,
    ToUnfreeze,
    UnfreezingReport,
    Way,
    unfreezing,
)
from loopline.payouts import queries as payouts_queries
from loopline.payouts.refusals import NoticeNotBelieved, RequestNotOpen
from loopline.processes.pay_out import give_up_request, hear_payout_notices, prepare_requests
from tests.make.payouts import (
    LATER,
    MAKER,
    RECEIVERS,
    RING,
    approved,
    due_of,
    earned,
    lock_out,
    noted,
    paid_to,
    payout,
    pays_by,
    terms,
)
from tests.make.sandbox import Merchant, SetClock
from tests.make.shop import Shop, open_shop
from tests.make.wechat import Manners, Wechat, keys, running_wechat
from tests.process.test_pay_out import assert_sound

PERSON = RECEIVERS[AccountKind.WECHAT_PERSON].number[:-3]
GUIDE, PLATFORM = f"{PERSON}000", f"{PERSON}001"


@pytest.fixture
def clock() -> SetClock:
    return SetClock(LATER)


@pytest.fixture
def wechat(tmp_path: Path, clock: SetClock) -> Generator[Wechat, None, None]:
    with running_wechat(tmp_path, clock) as running:
        yield running


@pytest.fixture
def shop(database: Database) -> Shop:
    """A shop whose guide and platform are due 420 and 140 and paid by WeChat Pay."""
    with database.transaction() as conn:
        found = open_shop(conn)
        earned(conn, found, by_wechat=True)
        terms(conn, withheld_basis_points=0)
        paid_to(conn, [found.parties[code] for code in ("GUIDE", "PLATFORM")], AccountKind.WECHAT_PERSON)
    return found


def shares(database: Database, shop: Shop, wechat: Wechat, *codes: str) -> list[PayoutId]:
    """Approved payouts that share the customer's payment, which the platform holds."""
    wechat.sandbox.book.take("4200000000000001", 15_820)
    with database.transaction() as conn:
        pays_by(conn, shop.brand_entity, Way.WECHAT_SHARING, keys().mchid)
        return approved(conn, shop, *codes)


def transfers(database: Database, shop: Shop, *codes: str) -> list[PayoutId]:
    with database.transaction() as conn:
        pays_by(conn, shop.brand_entity, Way.WECHAT_TRANSFER, keys().mchid)
        return approved(conn, shop, *codes)


def states(database: Database, ids: list[PayoutId]) -> list[PayoutState]:
    with database.reading() as conn:
        return [payout(conn, one).state for one in ids]


def books(conn: Conn, shop: Shop, code: str = "GUIDE") -> tuple[int, int]:
    """What is due to a party, and what is on its way."""
    party = shop.parties[code]
    return due_of(conn, party), due_of(conn, party, Purpose.PAYOUT_IN_TRANSIT)


def work_on(wechat: Wechat, database: Database, *, rounds: int = 8, minutes: int = 3) -> None:
    """Work as the errand does, as time goes by."""
    for _ in range(rounds):
        wechat.work(database)
        wechat.clock.on(minutes=minutes)


def sound(database: Database) -> None:
    with database.reading() as conn:
        assert_sound(conn)


class Broken:
    """A gateway whose worker dies at a moment that the test says: before it sends, or before it hears the answer."""

    def __init__(self, inner: WechatPayouts, *, before: bool) -> None:
        self._inner = inner
        self._before = before
        self.ways = inner.ways

    def contract(self, payer: Payer, *, now: datetime) -> Contract | None:
        return self._inner.contract(payer, now=now)

    def left_of(self, payer: Payer, transaction_number: str, *, now: datetime) -> int | None:
        return self._inner.left_of(payer, transaction_number, now=now)

    def send(self, asked: ToSend, *, now: datetime) -> Report:
        if not self._before:
            self._inner.send(asked, now=now)
        raise SystemExit("killed between asked and answered")

    def ask(self, asked: ToSend, *, now: datetime) -> Report:
        return self._inner.ask(asked, now=now)

    def unfreeze(self, asked: ToUnfreeze, *, now: datetime) -> UnfreezingReport:
        if not self._before:
            self._inner.unfreeze(asked, now=now)
        raise SystemExit("killed between asked and answered")

    def ask_unfreezing(self, asked: ToUnfreeze, *, now: datetime) -> UnfreezingReport:
        return self._inner.ask_unfreezing(asked, now=now)

    def reclaim(self, asked: ToReclaim, *, now: datetime) -> ReclaimReport:
        if not self._before:
            self._inner.reclaim(asked, now=now)
        raise SystemExit("killed between asked and answered")

    def ask_reclaim(self, asked: ToReclaim, *, now: datetime) -> ReclaimReport:
        return self._inner.ask_reclaim(asked, now=now)

    def hear(self, headers: object, body: bytes, *, now: datetime) -> Notice | Refusal | None:
        raise NotImplementedError


def test_shares_of_a_payment_reach_their_parties(database: Database, shop: Shop, wechat: Wechat):
    ids = shares(database, shop, wechat, "GUIDE", "PLATFORM")
    assert wechat.work(database) == 1
    wechat.clock.on(minutes=1)
    wechat.work(database)
    assert states(database, ids) == [PayoutState.PAID, PayoutState.PAID]
    book = wechat.sandbox.book
    assert (book.paid_to(GUIDE), book.paid_to(PLATFORM)) == (420, 140)
    left = book.left_of("4200000000000001")
    assert isinstance(left, dict)
    assert left["unsplit_amount"] == 15_820 - 560
    with database.reading() as conn:
        assert books(conn, shop) == (0, 0)
    sound(database)


def test_transfers_reach_people_and_what_is_refused_is_due_again(
    database: Database, shop: Shop, tmp_path: Path, clock: SetClock
):
    manners = Manners(finish_seconds=30, lost_chance=0, refuses=frozenset({PLATFORM}))
    with running_wechat(tmp_path, clock, manners=manners) as wechat:
        ids = transfers(database, shop, "GUIDE", "PLATFORM")
        assert wechat.work(database) == 1
        with database.reading() as conn:
            assert (books(conn, shop), books(conn, shop, "PLATFORM")) == ((0, 420), (0, 140))
        work_on(wechat, database, rounds=3)
        assert states(database, ids) == [PayoutState.PAID, PayoutState.FAILED]
        assert (wechat.sandbox.book.paid_to(GUIDE), wechat.sandbox.book.paid_to(PLATFORM)) == (420, 0)
    with database.reading() as conn:
        assert (books(conn, shop), books(conn, shop, "PLATFORM")) == ((0, 0), (140, 0))
        assert payout(conn, ids[1]).reason == "ACCOUNT_FROZEN"
    sound(database)


@pytest.mark.parametrize("before", [True, False], ids=["before it was sent", "after it was sent"])
def test_a_worker_that_dies_between_asked_and_answered_pays_once(
    database: Database, shop: Shop, wechat: Wechat, before: bool
):
    ids = shares(database, shop, wechat, "GUIDE")
    with pytest.raises(SystemExit):
        wechat.work(database, gateway=Broken(wechat.gateway, before=before))
    assert wechat.sandbox.book.paid_to(GUIDE) == 0  # nothing is finished yet, whatever was asked
    with database.reading() as conn:
        assert books(conn, shop) == (0, 420)
    assert wechat.work(database) == 0  # its claim still holds
    work_on(wechat, database)
    assert states(database, ids) == [PayoutState.PAID]
    assert wechat.sandbox.book.paid_to(GUIDE) == 420
    sound(database)


def test_lost_answers_are_asked_for_and_pay_once(
    database: Database, shop: Shop, tmp_path: Path, clock: SetClock
):
    manners = Manners(seed=7, finish_seconds=1, lost_chance=0.6, late_seconds=0)
    with running_wechat(tmp_path, clock, manners=manners) as wechat:
        ids = shares(database, shop, wechat, "GUIDE", "PLATFORM")
        work_on(wechat, database, rounds=60, minutes=60)  # each time as long as it ever waits to ask again
        assert states(database, ids) == [PayoutState.PAID, PayoutState.PAID]
        assert (wechat.sandbox.book.paid_to(GUIDE), wechat.sandbox.book.paid_to(PLATFORM)) == (420, 140)
    sound(database)


def test_no_more_requests_are_claimed_than_are_put_at_once(database: Database, shop: Shop, wechat: Wechat):
    """One that waited for another's calls to end could be claimed again meanwhile."""
    with database.transaction() as conn:
        payer = noted(conn, shop, [70] * 6)
        approved(conn, shop, "GUIDE")
        whole = Contract(receivers_per_request=50, requests_per_transaction=1, ratio_basis_points=10_000)
        left = {f"{place:04d}": 70 for place in range(6)}
        assert len(prepare_requests(conn, payer, whole, left, ring=RING, now=LATER)) == 6
    assert (wechat.work(database), wechat.work(database)) == (4, 2)


def test_the_contract_is_asked_for_and_kept(database: Database, shop: Shop, tmp_path: Path, clock: SetClock):
    """A tenth of a per cent of the payment may be shared, to one receiver at a time: 15 of it, and no more."""
    with running_wechat(tmp_path, clock, max_ratio=10, receivers_most=1) as wechat:
        ids = shares(database, shop, wechat, "GUIDE", "PLATFORM")
        work_on(wechat, database, rounds=4)
        assert wechat.sandbox.book.paid_to(GUIDE) == 15
    with database.reading() as conn:
        assert payout(conn, ids[0]).state is PayoutState.PAID
        assert books(conn, shop) == (405, 0)  # the rest is due as before, and is planned anew
        waiting = payout(conn, ids[1])
        assert (waiting.state, waiting.reason) == (PayoutState.APPROVED, "nothing_to_share")
        assert books(conn, shop, "PLATFORM") == (140, 0)
    sound(database)


def unfrozen(database: Database) -> list[tuple[str, bool, str | None]]:
    """Payments that were to be let go, whether they were, and why not."""
    with database.reading() as conn:
        return conn.execute(
            "select transaction_number, ended_at is not null, reason from payouts.unfreezing order by id"
        ).fetchall()


def test_the_rest_of_a_payment_is_let_go_after_the_last_share_of_it(
    database: Database, shop: Shop, tmp_path: Path, clock: SetClock
):
    """A tenth of a per cent may be shared, 15 of 15,820: once they are with the guide the rest is the merchant's."""
    with running_wechat(tmp_path, clock, max_ratio=10) as wechat:
        shares(database, shop, wechat, "GUIDE")
        wechat.work(database)
        assert (unfrozen(database), wechat.sandbox.book.unfrozen()) == ([], 0)  # 15 are on their way
        work_on(wechat, database, rounds=3)
        assert unfrozen(database) == [("4200000000000001", True, None)]
        assert wechat.sandbox.book.unfrozen() == 15_820 - 15
        left = wechat.sandbox.book.left_of("4200000000000001")
        assert isinstance(left, dict)
        assert left["unsplit_amount"] == 0
    with database.reading() as conn:
        assert conn.execute("select left_minor from payouts.transaction").fetchall() == [(0,)]
    sound(database)


def test_what_may_still_be_shared_is_not_let_go(database: Database, shop: Shop, wechat: Wechat):
    ids = shares(database, shop, wechat, "GUIDE")
    work_on(wechat, database, rounds=4)
    assert states(database, ids) == [PayoutState.PAID]
    assert (unfrozen(database), wechat.sandbox.book.unfrozen()) == ([], 0)


@pytest.mark.parametrize("before", [True, False], ids=["before it was asked", "after it was asked"])
def test_a_worker_that_dies_lets_go_once(
    database: Database, shop: Shop, tmp_path: Path, clock: SetClock, before: bool
):
    with running_wechat(tmp_path, clock, max_ratio=10) as wechat:
        shares(database, shop, wechat, "GUIDE")
        wechat.work(database)
        clock.on(minutes=1)
        wechat.work(database)  # the share is known to be there
        with pytest.raises(SystemExit):
            wechat.work(database, gateway=Broken(wechat.gateway, before=before))
        assert wechat.sandbox.book.unfrozen() == (0 if before else 15_820 - 15)
        assert unfrozen(database) == [("4200000000000001", False, None)]
        work_on(wechat, database, rounds=3)
        assert unfrozen(database) == [("4200000000000001", True, None)]
        assert wechat.sandbox.book.unfrozen() == 15_820 - 15


def test_lost_answers_of_letting_go_are_asked_after(
    database: Database, shop: Shop, tmp_path: Path, clock: SetClock
):
    manners = Manners(seed=5, finish_seconds=1, lost_chance=0.5, late_seconds=0)
    with running_wechat(tmp_path, clock, max_ratio=10, manners=manners) as wechat:
        shares(database, shop, wechat, "GUIDE")
        for _ in range(60):
            wechat.work(database)
            clock.on(minutes=60)
        assert unfrozen(database) == [("4200000000000001", True, None)]
        assert wechat.sandbox.book.unfrozen() == 15_820 - 15
    sound(database)


def test_receivers_at_once_are_no_more_than_the_contract_says(
    database: Database, shop: Shop, tmp_path: Path, clock: SetClock
):
    with running_wechat(tmp_path, clock, receivers_most=1) as wechat:
        ids = shares(database, shop, wechat, "GUIDE", "PLATFORM")
        assert wechat.work(database) == 2
        work_on(wechat, database, rounds=3)
        assert states(database, ids) == [PayoutState.PAID, PayoutState.PAID]
    with database.reading() as conn:
        lines = payouts_queries.lines_of_payouts(conn, ids)
    assert len({line.request_id for of in lines.values() for line in of}) == 2


def test_money_of_another_entity_s_customers_is_not_shared(database: Database, shop: Shop, wechat: Wechat):
    ids = shares(database, shop, wechat, "GUIDE")
    with database.transaction() as conn:
        dealer = conn.execute("select id from org.entity where code = 'DEALER-CO'").fetchone()
        assert dealer is not None
        conn.execute("update payments.payment set entity_id = %s", dealer)
    work_on(wechat, database, rounds=2)
    assert states(database, ids) == [PayoutState.APPROVED]
    assert wechat.sandbox.book.paid_to(GUIDE) == 0


def test_what_is_refused_stays_on_its_way_until_somebody_gives_it_up(
    database: Database, shop: Shop, wechat: Wechat
):
    """The platform holds the payment, says so, and then denies it: as when a payment was refunded meanwhile."""
    ids = shares(database, shop, wechat, "GUIDE")

    class Refuses(Broken):
        def send(self, asked: ToSend, *, now: datetime) -> Report:
            report = self._inner.ask(asked, now=now)
            assert report.heard is Heard.ABSENT
            return Report(request_id=asked.request.id, heard=Heard.REFUSED, reason="400 NOT_ENOUGH")

    refusing = Refuses(wechat.gateway, before=True)
    wechat.work(database, gateway=refusing)
    wechat.clock.on(minutes=5)
    wechat.work(database, gateway=refusing)
    with database.reading() as conn:
        assert books(conn, shop) == (0, 420)
        (request,) = payouts_queries.open_requests(conn, entities=None, limit=10)
    assert (request.tries, request.reason) == (2, "400 NOT_ENOUGH")
    with database.transaction() as conn:
        given_up = give_up_request(conn, request.id, by=MAKER, scope=WHOLE_BRAND, now=wechat.clock())
        assert given_up == request.id
    with database.transaction() as conn:
        again = give_up_request(conn, request.id, by=MAKER, scope=WHOLE_BRAND, now=wechat.clock())
        assert again == RequestNotOpen(request_id=request.id)
    wechat.clock.on(minutes=9)
    assert wechat.work(database) == 0  # left alone: a call might still be under way
    wechat.clock.on(minutes=2)
    assert wechat.work(database) == 1
    assert states(database, ids) == [PayoutState.FAILED]
    assert wechat.sandbox.book.paid_to(GUIDE) == 0
    with database.reading() as conn:
        assert books(conn, shop) == (420, 0)
    sound(database)


def test_what_cannot_be_sent_for_its_receiver_does_not_open_is_due_again(
    database: Database, shop: Shop, wechat: Wechat
):
    """The key of an account is lost when its request is kept already; the other request is sent all the same."""
    with database.transaction() as conn:
        payer = pays_by(conn, shop.brand_entity, Way.WECHAT_TRANSFER, keys().mchid)
        ids = approved(conn, shop, "GUIDE", "PLATFORM")
        one_each = Contract(receivers_per_request=1, requests_per_transaction=1, ratio_basis_points=10_000)
        assert len(prepare_requests(conn, payer, one_each, {}, ring=RING, now=LATER)) == 2
        lock_out(conn, shop, "GUIDE")
    assert wechat.work(database) == 1
    with database.reading() as conn:
        assert books(conn, shop) == (0, 420)
    wechat.clock.on(minutes=11)
    assert wechat.work(database) == 2
    with database.reading() as conn:
        assert books(conn, shop) == (420, 0)
        found = payout(conn, ids[0])
    assert (found.state, found.reason) == (PayoutState.FAILED, "receiver_not_opened")
    assert states(database, ids) == [PayoutState.FAILED, PayoutState.PAID]
    assert wechat.sandbox.book.paid_to(GUIDE) == 0
    sound(database)


def test_what_was_given_up_and_had_arrived_is_paid(database: Database, shop: Shop, wechat: Wechat):
    ids = shares(database, shop, wechat, "GUIDE")
    with pytest.raises(SystemExit):
        wechat.work(database, gateway=Broken(wechat.gateway, before=False))
    with database.transaction() as conn:
        (request,) = payouts_queries.open_requests(conn, entities=None, limit=10)
        give_up_request(conn, request.id, by=MAKER, scope=WHOLE_BRAND, now=wechat.clock())
    wechat.clock.on(minutes=20)
    wechat.work(database)
    assert states(database, ids) == [PayoutState.PAID]
    assert wechat.sandbox.book.paid_to(GUIDE) == 420
    sound(database)


def test_notifications_are_believed_when_they_are_the_platform_s_and_of_now(
    database: Database, shop: Shop, tmp_path: Path, clock: SetClock
):
    merchant = Merchant()
    manners = Manners(finish_seconds=0, lost_chance=0, late_seconds=20, twice_chance=1)
    try:
        with running_wechat(tmp_path, clock, manners=manners, notify_url=merchant.url) as wechat:
            ids = shares(database, shop, wechat, "GUIDE")
            with pytest.raises(SystemExit):
                wechat.work(database, gateway=Broken(wechat.gateway, before=False))
            clock.on(seconds=30)
            assert wechat.sandbox.step() == 0  # finished now; told within twenty seconds
            clock.on(seconds=20)
            assert wechat.sandbox.step() == 2
            first, second = merchant.received
            gateway = wechat.gateway
            forged = {**first.headers, "wechatpay-signature": second.headers["wechatpay-signature"]}
            assert isinstance(gateway.hear(forged, first.body, now=clock()), NoticeNotBelieved)
            changed = first.body.replace(b'"id":"EV-', b'"id":"EW-')
            assert isinstance(gateway.hear(first.headers, changed, now=clock()), NoticeNotBelieved)
            unsigned = {**first.headers, "wechatpay-serial": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"}
            assert isinstance(gateway.hear(unsigned, first.body, now=clock()), NoticeNotBelieved)
            late = clock() + timedelta(minutes=6)
            assert gateway.hear(first.headers, first.body, now=late) == NoticeNotBelieved(why="stale")
            notices = [gateway.hear(one.headers, one.body, now=clock()) for one in (first, second)]
            assert all(isinstance(one, Notice) for one in notices)
            heard = [one for one in notices if isinstance(one, Notice)]
            assert heard[0] == heard[1]
            with database.transaction() as conn:
                assert hear_payout_notices(conn, heard[:1], now=clock()) == 1
            with database.transaction() as conn:
                assert hear_payout_notices(conn, heard, now=clock()) == 0  # replayed: nothing new
            # What it said moved nothing; it made the request be asked for before its claim ran out.
            assert states(database, ids) == [PayoutState.SENT]
            assert wechat.work(database) == 1
            assert states(database, ids) == [PayoutState.PAID]
            assert wechat.sandbox.book.paid_to(GUIDE) == 420
    finally:
        merchant.stop()
    sound(database)


def test_calls_that_the_merchant_did_not_sign_are_refused(wechat: Wechat):
    path, known = "/v3/profitsharing/transactions/4200000000000001/amounts", keys()
    private = load_pem_private_key(known.merchant_private.encode(), password=None)
    signed = build_authorization(path, "GET", known.mchid, known.serial, private)
    base = wechat.sandbox.settings.base_url

    def status(path: str, authorization: str) -> int:
        return httpx.get(
            f"{base}{path}", headers={"Authorization": authorization}, trust_env=False
        ).status_code

    assert status(path, signed) == 404  # it is the merchant's; there is no such payment
    wechat.sandbox.book.take("4200000000000001", 100)
    assert status(path, signed) == 200
    assert status(f"{path}?a=1", signed) == 401
    assert status(path.replace("1/amounts", "2/amounts"), signed) == 401
    assert status(path, signed.replace(known.serial, "0" * 40)) == 401
    assert status(path, "") == 401


def test_what_may_be_used_up_is_found_without_reading_what_was_never_shared(database: Database, shop: Shop):
    """It is asked for every few seconds: of many payments only the few that something was shared of are read."""
    with database.owner_transaction() as conn:
        payer = noted(conn, shop, [70] * 5)
        conn.execute("update payouts.transaction set requests = 1 where number = '0003'")
        conn.execute(
            "insert into payouts.transaction (payer_id, number, payment_id, amount_minor, taken_at)"
            " select %s, 'x' || place, gen_random_uuid(), 70, now() from generate_series(1, 5000) as place",
            [payer.id],
        )
        conn.execute("analyze payouts.transaction")
        statement = unfreezing.SQL["transactions_used_up"]
        asked = {"ways": [payer.way.value], "limit": 100}
        plan = "\n".join(
            line for (line,) in conn.execute(b"explain " + statement.text.encode(), asked).fetchall()
        )
    assert "transaction_shared_of" in plan
    assert "Seq Scan on transaction " not in plan
