"""Out of which customers' payments parties are paid: none that is used up or not answered for keeps newer ones away."""

from datetime import timedelta

import pytest

from loopline.db import Conn
from loopline.kernel.scope import WHOLE_BRAND
from loopline.payouts import (
    AccountKind,
    Contract,
    Heard,
    LineReport,
    LineState,
    Payer,
    PayerId,
    PayoutId,
    Report,
    RequestId,
    Way,
)
from loopline.payouts import queries as payouts_queries
from loopline.payouts import service as payouts_service
from loopline.processes.pay_out import (
    Claimed,
    apply_payout_reports,
    claim_to_send,
    prepare_requests,
    to_prepare,
    withdraw_payouts,
)
from tests.make.payouts import (
    LATER,
    MAKER,
    RING,
    approved,
    earned,
    noted,
    paid_to,
    payout,
    pays_by,
    say,
    terms,
)
from tests.make.shop import NOON, Shop, open_shop

CONTRACT = Contract(receivers_per_request=50, requests_per_transaction=2, ratio_basis_points=3_000)
AT_ONCE = 40
WAYS = frozenset({Way.WECHAT_SHARING.value})


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """A shop whose guide and platform are due 420 and 140, paid out of payments that WeChat Pay holds."""
    found = open_shop(conn)
    earned(conn, found)
    terms(conn, withheld_basis_points=0)
    paid_to(conn, [found.parties[code] for code in ("GUIDE", "PLATFORM")], AccountKind.WECHAT_PERSON)
    return found


def asked_of(conn: Conn, *, after: timedelta = timedelta()) -> list[str]:
    """The numbers of the payments that the gateway is to be asked of."""
    found = to_prepare(conn, WAYS, now=LATER + after)
    return [number.number for one in found for number in one.transactions]


def sent_out_of(
    conn: Conn, payer: Payer, left: dict[str, int | None], *, after: timedelta = timedelta()
) -> tuple[RequestId, ...]:
    return prepare_requests(conn, payer, CONTRACT, left, ring=RING, now=LATER + after)


def sent_minor(conn: Conn, payout_id: PayoutId) -> int:
    return sum(line.net_minor for line in payouts_queries.lines_of_payouts(conn, [payout_id])[payout_id])


def test_payments_that_are_used_up_keep_no_newer_ones_away(conn: Conn, shop: Shop):
    """Three tenths of each may be shared: the gateway still holds the seven of each that never are."""
    payer = noted(conn, shop, [10] * AT_ONCE + [1_000])
    (first,) = approved(conn, shop, "GUIDE")
    oldest = asked_of(conn)
    assert oldest == [f"{place:04d}" for place in range(AT_ONCE)]
    assert len(sent_out_of(conn, payer, dict.fromkeys(oldest, 10))) == AT_ONCE
    assert sent_minor(conn, first) == AT_ONCE * 3
    (second,) = approved(conn, shop, "PLATFORM")
    assert asked_of(conn) == ["0040"]
    assert len(sent_out_of(conn, payer, {"0040": 1_000})) == 1
    assert sent_minor(conn, second) == 140


def test_payments_whose_requests_are_spent_keep_no_newer_ones_away(conn: Conn, shop: Shop):
    payer = noted(conn, shop, [2_000] * AT_ONCE + [3_000])
    conn.execute("update payouts.transaction set requests = 2 where number < '0040'")
    payouts_service.keep_contract(conn, payer.id, CONTRACT, now=LATER)
    approved(conn, shop, "GUIDE")
    assert asked_of(conn) == ["0040"]


def test_payments_of_which_nothing_is_said_are_asked_after_the_others(conn: Conn, shop: Shop):
    payer = noted(conn, shop, [10] * AT_ONCE + [1_000, 1_000])
    (payout_id,) = approved(conn, shop, "GUIDE")
    silent = asked_of(conn)
    assert sent_out_of(conn, payer, dict.fromkeys(silent)) == ()
    assert payout(conn, payout_id).reason == "nothing_to_share"
    soon = timedelta(minutes=5)
    second = asked_of(conn, after=soon)
    assert second == ["0040", "0041", *silent[:-2]]
    assert sent_out_of(conn, payer, dict.fromkeys(second), after=soon) == ()
    # All were asked now: those that were asked the longest ago come first.
    assert asked_of(conn, after=2 * soon)[:3] == [silent[-2], silent[-1], "0000"]


def test_what_did_not_reach_its_party_is_asked_of_and_shared_again(conn: Conn, shop: Shop):
    payer = noted(conn, shop, [2_000])
    approved(conn, shop, "GUIDE")
    (request_id,) = sent_out_of(conn, payer, {"0000": 2_000})
    (line,) = payouts_queries.lines_of_requests(conn, [request_id])[request_id]
    back = LineReport(line_id=line.id, state=LineState.RETURNED, at=LATER)
    report = Report(request_id=request_id, heard=Heard.KNOWN, lines=[back])
    apply_payout_reports(conn, [report], now=LATER)
    (again,) = approved(conn, shop, "GUIDE")
    assert asked_of(conn) == ["0000"]
    sent_out_of(conn, payer, {"0000": 2_000})
    assert sent_minor(conn, again) == 420


def test_a_payment_that_is_heard_of_after_later_ones_is_noted(conn: Conn, shop: Shop):
    pays_by(conn, shop.brand_entity, Way.WECHAT_SHARING, "1900009191")
    earned(conn, shop, start=2, by_wechat=True)
    approved(conn, shop, "GUIDE")
    assert asked_of(conn) == ["4200000000000002"]
    earned(conn, shop, start=3, by_wechat=True, taken_at=NOON - timedelta(hours=1))
    assert asked_of(conn) == ["4200000000000003", "4200000000000002"]


def test_who_replaces_a_payer_of_the_same_merchant_shares_its_payments(conn: Conn, shop: Shop):
    """Not while something waits to be sent from the one that is closed, and not what it has begun to share."""
    before = noted(conn, shop, [2_000, 500])
    (first,) = approved(conn, shop, "GUIDE")
    (request_id,) = sent_out_of(conn, before, {"0000": 2_000})
    assert sent_minor(conn, first) == 420  # of the 600 that the contract allows
    say(conn, request_id, LineState.PAID)
    earned(conn, shop, start=2)
    (waiting,) = approved(conn, shop, "PLATFORM")
    payouts_service.close_payer(conn, before.id, entities=None, now=LATER)
    after = pays_by(conn, shop.brand_entity, Way.WECHAT_SHARING, before.number)
    approved(conn, shop, "GUIDE")
    assert asked_by(conn) == {before.id: ["0000", "0001"], after.id: []}
    withdraw_payouts(conn, {waiting: "paid anew"}, by=MAKER, scope=WHOLE_BRAND, now=LATER)
    assert asked_by(conn) == {after.id: ["0001"]}


def asked_by(conn: Conn) -> dict[PayerId, list[str]]:
    """Of which payments the gateway is to be asked, for each payer from which something waits."""
    found = to_prepare(conn, WAYS, now=LATER)
    return {one.payer.id: [number.number for number in one.transactions] for one in found}


def test_claims_hold_for_longer_than_the_calls_for_one_request(conn: Conn, shop: Shop):
    payer = noted(conn, shop, [1_000] * 6)
    approved(conn, shop, "GUIDE")
    requests = prepare_requests(
        conn,
        payer,
        Contract(receivers_per_request=50, requests_per_transaction=1, ratio_basis_points=700),
        {f"{place:04d}": 1_000 for place in range(6)},
        ring=RING,
        now=LATER,
    )
    assert [len(claimed(conn, after=timedelta(minutes=minutes))) for minutes in (0, 4, 5)] == [6, 0, 6]
    assert {one.request_id for one in claimed(conn, after=timedelta(minutes=10))} == set(requests)


def claimed(conn: Conn, *, after: timedelta) -> list[Claimed]:
    return claim_to_send(conn, WAYS, ring=RING, limit=10, now=LATER + after)
