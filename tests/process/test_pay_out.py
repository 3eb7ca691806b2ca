"""What parties are due is paid by a file: planned, approved, sent, paid or due again, and never twice."""

import csv
import io
from datetime import timedelta

import pytest

from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.ledger.model import Purpose
from loopline.payouts import LineState, PayoutId, PayoutState, RequestId, Way
from loopline.payouts import queries as payouts_queries
from loopline.payouts import service as payouts_service
from loopline.payouts.refusals import (
    BelowLeast,
    LineAmountDiffers,
    LineContradicted,
    LineUnknown,
    NoAccountToPayFrom,
    NothingDue,
    NothingToPutInAFile,
    OneAtATime,
    OutcomeNotReadable,
    OwesItself,
    PaidByAnother,
    PayerUnknown,
    PayoutNotPlanned,
    PayoutNotWithdrawable,
    PayoutUnknown,
    SecondPersonNeeded,
)
from loopline.processes.doctor import ALL_CHECKS, examine
from loopline.processes.pay_out import (
    Downloader,
    FileRead,
    MadeFile,
    PlanAsk,
    approve_payouts,
    download_file,
    make_file,
    plan_payouts,
    prospects,
    read_outcome,
    withdraw_payouts,
)
from loopline.processes.pay_out.plan import NoSuchDue
from loopline.processes.take_back import take_back
from tests.make.loop import balances
from tests.make.org import succeeded
from tests.make.payouts import (
    LATER,
    MAKER,
    RING,
    SECOND,
    approved,
    damage,
    due_of,
    earned,
    lock_out,
    paid_to,
    payout,
    pays_by,
    planned,
    terms,
)
from tests.make.shop import Shop, open_shop
from tests.process.test_take_back import back

WHO = Downloader(actor=MAKER, scope=WHOLE_BRAND)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """A shop whose dealer, guide and platform have something due, with accounts, paid by the brand's bank."""
    found = open_shop(conn)
    earned(conn, found)
    terms(conn)
    pays_by(conn, found.brand_entity)
    paid_to(conn, [found.parties[code] for code in ("GUIDE", "PLATFORM")])
    return found


def made(conn: Conn, shop: Shop) -> RequestId:
    (payer,) = payouts_queries.payers_in_use(conn)
    found = make_file(conn, payer.id, ring=RING, scope=WHOLE_BRAND, now=LATER)
    assert not isinstance(found, Refusal), found
    del shop
    return found


def rows(conn: Conn, request_id: RequestId) -> list[dict[str, str]]:
    found = download_file(conn, request_id, WHO, ring=RING, now=LATER)
    assert isinstance(found, MadeFile)
    text = found.content.decode("utf-8-sig")
    return [
        {name.split(" ")[0]: cell for name, cell in row.items()} for row in csv.DictReader(io.StringIO(text))
    ]


def outcome(conn: Conn, request_id: RequestId, *lines: str) -> FileRead:
    content = "\r\n".join(("number,result,amount,reason", *lines)).encode()
    found = read_outcome(conn, request_id, content, scope=WHOLE_BRAND, now=LATER)
    assert isinstance(found, FileRead), found
    return found


def ask(shop: Shop, code: str, **changes: object) -> PlanAsk:
    fields = {"party_id": shop.parties[code], "entity_id": shop.brand_entity, "currency": "CNY"}
    return PlanAsk(**(fields | changes))  # pyright: ignore[reportArgumentType]


def refusal(conn: Conn, asked: PlanAsk) -> Refusal | PayoutId:
    (found,) = plan_payouts(conn, [asked], by=MAKER, scope=WHOLE_BRAND, now=LATER)
    return found


def test_what_is_due_leaves_it_when_it_is_sent_and_is_paid_when_the_bank_says_so(conn: Conn, shop: Shop):
    guide = shop.parties["GUIDE"]
    # 15,820 with 13 % tax within is 14,000 net; 3 % of it is the guide's, a fifth of that is withheld.
    assert due_of(conn, guide) == 420
    (payout_id,) = approved(conn, shop, "GUIDE")
    assert due_of(conn, guide) == 420
    request_id = made(conn, shop)
    assert payout(conn, payout_id).state is PayoutState.SENT
    assert due_of(conn, guide) == 0
    assert due_of(conn, guide, Purpose.PAYOUT_IN_TRANSIT) == 336
    assert due_of(conn, guide, Purpose.WITHHELD_TAX) == 84
    (row,) = rows(conn, request_id)
    assert (row["amount"], row["currency"], row["name"]) == ("3.36", "CNY", "王小明")
    before = balances(conn)["cash"]
    read = outcome(conn, request_id, f"{row['number']},成功,3.36,")
    assert (read.paid, read.returned) == (1, 0)
    assert due_of(conn, guide, Purpose.PAYOUT_IN_TRANSIT) == 0
    assert due_of(conn, guide, Purpose.WITHHELD_TAX) == 84
    assert balances(conn)["cash"] == before - 336
    assert payout(conn, payout_id).state is PayoutState.PAID
    assert_sound(conn)


def test_what_did_not_reach_its_party_is_due_again_with_its_tax(conn: Conn, shop: Shop):
    guide = shop.parties["GUIDE"]
    (payout_id,) = approved(conn, shop, "GUIDE")
    request_id = made(conn, shop)
    (row,) = rows(conn, request_id)
    read = outcome(conn, request_id, f"{row['number']},failed,3.36,no such account")
    assert (read.paid, read.returned) == (0, 1)
    assert [
        due_of(conn, guide, one)
        for one in (Purpose.SHARE_DUE, Purpose.PAYOUT_IN_TRANSIT, Purpose.WITHHELD_TAX)
    ] == [
        420,
        0,
        0,
    ]
    found = payout(conn, payout_id)
    assert (found.state, found.reason) == (PayoutState.FAILED, "no such account")
    (again,) = planned(conn, shop, "GUIDE")
    assert payout(conn, again).gross_minor == 420
    assert_sound(conn)


def test_the_outcome_of_a_file_counts_once_and_the_first_word_stands(conn: Conn, shop: Shop):
    approved(conn, shop, "GUIDE", "PLATFORM")
    request_id = made(conn, shop)
    guide, platform = sorted(rows(conn, request_id), key=lambda row: row["amount"] != "3.36")
    cash = balances(conn)["cash"]
    said = f"{guide['number']},paid,3.36,"
    assert outcome(conn, request_id, said, said).paid == 1
    assert outcome(conn, request_id, said).paid == 0
    (contradicted,) = outcome(conn, request_id, f"{guide['number']},failed,3.36,").outcomes
    assert isinstance(contradicted, LineContradicted)
    assert balances(conn)["cash"] == cash - 336
    differs, unknown, unread = outcome(
        conn,
        request_id,
        f"{platform['number']},paid,999,",
        "nobody,paid,,",
        f"{platform['number']},perhaps,,",
    ).outcomes
    assert differs == LineAmountDiffers(row=1, expected_minor=140, found_minor=99_900)
    assert unknown == LineUnknown(row=2, number="nobody")
    assert unread == OutcomeNotReadable(row=3, field="result")
    assert balances(conn)["cash"] == cash - 336
    assert_sound(conn)


def test_a_line_that_was_paid_and_failed_in_one_file_stays_on_its_way(conn: Conn, shop: Shop):
    guide, platform = approved(conn, shop, "GUIDE", "PLATFORM")
    request_id = made(conn, shop)
    numbers = {row["amount"]: row["number"] for row in rows(conn, request_id)}
    both, paid = numbers["3.36"], numbers["1.40"]
    read = outcome(conn, request_id, f"{both},paid,,", f"{paid},paid,,", f"{both},failed,,")
    assert [one for one in read.outcomes if isinstance(one, Refusal)] == [
        OutcomeNotReadable(row=row, field="result") for row in (1, 3)
    ]
    assert (read.paid, read.returned) == (1, 0)
    assert (payout(conn, guide).state, payout(conn, platform).state) == (PayoutState.SENT, PayoutState.PAID)
    assert outcome(conn, request_id, f"{both},failed,,").returned == 1


def test_a_file_that_is_read_again_ended_when_it_did(conn: Conn, shop: Shop):
    approved(conn, shop, "GUIDE")
    request_id = made(conn, shop)
    (row,) = rows(conn, request_id)
    for days in (0, 1):
        said = f"number,result\r\n{row['number']},paid".encode()
        read_outcome(conn, request_id, said, scope=WHOLE_BRAND, now=LATER + timedelta(days=days))
    assert conn.execute("select ended_at from payouts.request").fetchall() == [(LATER,)]


def test_a_file_is_the_same_each_time_and_who_got_it_is_kept(conn: Conn, shop: Shop):
    approved(conn, shop, "GUIDE")
    request_id = made(conn, shop)
    first = download_file(conn, request_id, WHO, ring=RING, now=LATER)
    again = download_file(conn, request_id, Downloader(actor=SECOND, scope=WHOLE_BRAND), ring=RING, now=LATER)
    assert first == again
    kept = payouts_queries.downloads_of_requests(conn, [request_id])[request_id]
    assert [one.by_whom for one in kept] == [MAKER, SECOND]
    (payer,) = payouts_queries.payers_in_use(conn)
    assert make_file(conn, payer.id, ring=RING, scope=WHOLE_BRAND, now=LATER) == NothingToPutInAFile(
        payer_id=payer.id
    )


def test_nobody_approves_above_the_limit_what_they_made_themselves(conn: Conn, shop: Shop):
    terms(conn, second_person_above_minor=419)
    (payout_id,) = planned(conn, shop, "GUIDE")
    refused = approve_payouts(conn, [payout_id], by=MAKER, scope=WHOLE_BRAND, now=LATER)
    assert refused == [SecondPersonNeeded(payout_id=payout_id)]
    assert payout(conn, payout_id).state is PayoutState.PLANNED
    assert approve_payouts(conn, [payout_id], by=SECOND, scope=WHOLE_BRAND, now=LATER) == [payout_id]
    again = approve_payouts(conn, [payout_id], by=SECOND, scope=WHOLE_BRAND, now=LATER)
    assert again == [PayoutNotPlanned(payout_id=payout_id, state=PayoutState.APPROVED)]


def test_at_the_limit_one_person_is_enough(conn: Conn, shop: Shop):
    terms(conn, second_person_above_minor=420)
    (payout_id,) = planned(conn, shop, "GUIDE")
    assert approve_payouts(conn, [payout_id], by=MAKER, scope=WHOLE_BRAND, now=LATER) == [payout_id]


def test_nobody_pays_with_the_money_of_another_entity_than_the_one_that_owes(conn: Conn, shop: Shop):
    (dealer,) = conn.execute("select id from org.entity where code = 'DEALER-CO'").fetchone() or (None,)
    theirs = pays_by(conn, dealer, number="310066661800002")  # pyright: ignore[reportArgumentType]
    found = refusal(conn, ask(shop, "GUIDE", payer_id=theirs.id))
    assert found == PaidByAnother(party_id=shop.parties["GUIDE"], entity_id=shop.brand_entity)
    mine = next(one for one in payouts_queries.payers_in_use(conn) if one.entity_id == shop.brand_entity)
    payouts_service.close_payer(conn, mine.id, entities=None, now=LATER)
    # Where the entity that owes has no account left, another's is not taken instead.
    assert refusal(conn, ask(shop, "GUIDE")) == NoAccountToPayFrom(
        party_id=shop.parties["GUIDE"], entity_id=shop.brand_entity, currency="CNY"
    )


def test_what_is_refused_is_not_planned(conn: Conn, shop: Shop):
    parties = shop.parties
    assert refusal(conn, ask(shop, "BRAND")) == OwesItself(party_id=parties["BRAND"])
    assert refusal(conn, ask(shop, "STORE-D", currency="USD")) == NoSuchDue(party_id=parties["STORE-D"])
    terms(conn, least_minor=421)
    assert refusal(conn, ask(shop, "GUIDE")) == BelowLeast(
        party_id=parties["GUIDE"], due_minor=420, least_minor=421
    )
    terms(conn, least_minor=420)
    planned(conn, shop, "GUIDE")
    assert refusal(conn, ask(shop, "GUIDE")) == OneAtATime(party_id=parties["GUIDE"])


def test_a_debt_is_carried_and_set_off_and_never_paid(conn: Conn, shop: Shop):
    guide = shop.parties["GUIDE"]
    approved(conn, shop, "GUIDE")
    request_id = made(conn, shop)
    (row,) = rows(conn, request_id)
    outcome(conn, request_id, f"{row['number']},paid,3.36,")
    succeeded(take_back(conn, [back(shop, "R-1", ("COAT", 1), at=LATER)], scope=WHOLE_BRAND, now=LATER))
    debt = due_of(conn, guide)
    assert debt == -300
    assert refusal(conn, ask(shop, "GUIDE")) == NothingDue(party_id=guide, due_minor=-300)
    earned(conn, shop, start=2)
    (payout_id,) = planned(conn, shop, "GUIDE")
    assert payout(conn, payout_id).gross_minor == 420 - 300
    assert_sound(conn)


def test_a_payout_of_which_less_is_due_when_it_would_leave_is_withdrawn(conn: Conn, shop: Shop):
    (payout_id,) = approved(conn, shop, "GUIDE")
    succeeded(take_back(conn, [back(shop, "R-1", ("SCARF", 1), at=LATER)], scope=WHOLE_BRAND, now=LATER))
    (payer,) = payouts_queries.payers_in_use(conn)
    assert isinstance(make_file(conn, payer.id, ring=RING, scope=WHOLE_BRAND, now=LATER), NothingToPutInAFile)
    found = payout(conn, payout_id)
    assert (found.state, found.reason, found.ended_by) == (PayoutState.WITHDRAWN, "due_fell", "system")
    (again,) = planned(conn, shop, "GUIDE")
    assert payout(conn, again).gross_minor == 360


def test_a_payout_whose_receiver_s_key_is_not_here_waits_for_it(conn: Conn, shop: Shop):
    guide, platform = approved(conn, shop, "GUIDE", "PLATFORM")
    before = conn.execute("select id, sealed_with from payouts.account").fetchall()
    lock_out(conn, shop, "GUIDE")
    first = made(conn, shop)
    assert (payout(conn, guide).state, payout(conn, guide).reason) == (PayoutState.APPROVED, "key_not_here")
    assert payout(conn, platform).state is PayoutState.SENT
    for account_id, sealed_with in before:
        conn.execute("update payouts.account set sealed_with = %s where id = %s", (sealed_with, account_id))
    later = LATER + timedelta(minutes=5)
    (payer,) = payouts_queries.payers_in_use(conn)
    second = make_file(conn, payer.id, ring=RING, scope=WHOLE_BRAND, now=later)
    assert not isinstance(second, Refusal)
    assert second != first
    assert payout(conn, guide).state is PayoutState.SENT
    assert_sound(conn)


def test_a_payout_whose_receiver_is_damaged_is_withdrawn_and_stays_due(conn: Conn, shop: Shop):
    guide, platform = approved(conn, shop, "GUIDE", "PLATFORM")
    damage(conn, shop, "GUIDE")
    request_id = made(conn, shop)
    found = payout(conn, guide)
    assert (found.state, found.reason) == (PayoutState.WITHDRAWN, "receiver_not_opened")
    assert due_of(conn, shop.parties["GUIDE"]) == 420
    (line,) = payouts_queries.lines_of_requests(conn, [request_id])[request_id]
    assert line.payout_id == platform
    assert len(rows(conn, request_id)) == 1


def test_a_payout_can_be_withdrawn_until_it_is_sent(conn: Conn, shop: Shop):
    first, second = approved(conn, shop, "GUIDE", "PLATFORM")
    assert withdraw_payouts(conn, {first: "wrong month"}, by=MAKER, scope=WHOLE_BRAND, now=LATER) == [first]
    made(conn, shop)
    refused = withdraw_payouts(conn, {second: "too late"}, by=MAKER, scope=WHOLE_BRAND, now=LATER)
    assert refused == [PayoutNotWithdrawable(payout_id=second, state=PayoutState.SENT)]
    assert [one.gross_minor for one in (payout(conn, first), payout(conn, second))] == [420, 140]


def test_another_branch_sees_and_does_nothing(conn: Conn, shop: Shop):
    (payout_id,) = planned(conn, shop, "GUIDE")
    nobody = Scope()
    assert prospects(conn, scope=nobody) == []
    assert plan_payouts(conn, [ask(shop, "PLATFORM")], by=MAKER, scope=nobody, now=LATER) == [
        NoSuchDue(party_id=shop.parties["PLATFORM"])
    ]
    assert approve_payouts(conn, [payout_id], by=SECOND, scope=nobody, now=LATER) == [
        PayoutUnknown(payout_id=payout_id)
    ]
    (payer,) = payouts_queries.payers_in_use(conn)
    assert make_file(conn, payer.id, ring=RING, scope=nobody, now=LATER) == PayerUnknown(payer_id=payer.id)


def test_the_ways_of_payers_are_those_their_accounts_take(conn: Conn, shop: Shop):
    payouts_service.close_payer(conn, payouts_queries.payers_in_use(conn)[0].id, entities=None, now=LATER)
    pays_by(conn, shop.brand_entity, Way.WECHAT_TRANSFER, "1900009191")
    assert isinstance(refusal(conn, ask(shop, "GUIDE")), NoAccountToPayFrom)


def test_lines_of_a_file_that_nobody_named_stay_on_their_way(conn: Conn, shop: Shop):
    first, second = approved(conn, shop, "GUIDE", "PLATFORM")
    request_id = made(conn, shop)
    guide = next(row for row in rows(conn, request_id) if row["amount"] == "3.36")
    outcome(conn, request_id, f"{guide['number']},paid,,")
    assert [payout(conn, one).state for one in (first, second)] == [PayoutState.PAID, PayoutState.SENT]
    lines = payouts_queries.lines_of_payouts(conn, [second])[second]
    assert [one.state for one in lines] == [LineState.IN_TRANSIT]


def assert_sound(conn: Conn) -> None:
    broken = {
        one.name: [finding.subject for finding in one.findings]
        for one in examine(conn, checks=[check for check in ALL_CHECKS if _is_ours(check.name)]).checks
        if not one.ok
    }
    assert broken == {}


def _is_ours(name: str) -> bool:
    return "payout" in name or name in {
        "shares_equal_postings",
        "request_done_when_its_lines_are",
        "shared_equals_its_lines",
    }
