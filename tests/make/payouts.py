"""A shop whose parties have something due, and accounts to pay it from and to."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from loopline import payouts
from loopline.customers.keys import KeyRing
from loopline.db import Conn
from loopline.kernel.ids import EntityId, MemberId, PartyId, PaymentId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.ledger.model import Purpose
from loopline.ledger.queries import balances_of_parties
from loopline.orders import Credits
from loopline.payments import IntentState, Report
from loopline.payouts import (
    AccountKind,
    Heard,
    LineReport,
    LineState,
    NewAccount,
    NewPayer,
    Payer,
    Payout,
    PayoutId,
    Receiver,
    RequestId,
    Terms,
    Transaction,
    Way,
)
from loopline.payouts import queries as payouts_queries
from loopline.payouts import service as payouts_service
from loopline.processes.checkout import ask_payment
from loopline.processes.follow import FOLLOWERS
from loopline.processes.pay import apply_gateway_reports
from loopline.processes.pay_out import (
    PlanAsk,
    apply_payout_reports,
    approve_payouts,
    plan_payouts,
    set_payout_accounts,
)
from loopline.processes.place import Placed, place
from loopline.processes.settle import RETURN_WINDOW_DEFAULT, release_due
from tests.make.loop import follow, hand_over_everything, pay_for
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask

RING = KeyRing(sealing=[b"s" * 32], indexing=[b"i" * 32])
LATER = NOON + RETURN_WINDOW_DEFAULT
MEMBER = MemberId(UUID(int=42 << 64))
MAKER, SECOND = "person of finance", "another of finance"
SETTLE = next(one for one in FOLLOWERS if one.name == "settle")
RECEIVERS = {
    AccountKind.BANK: Receiver(holder="王小明", number="6222020200112233", bank="工商银行"),
    AccountKind.WECHAT_PERSON: Receiver(holder="王小明", number="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"),
    AccountKind.WECHAT_MERCHANT: Receiver(holder="杭州某某贸易有限公司", number="1900000109"),
}


def earned(
    conn: Conn,
    shop: Shop,
    *,
    orders: int = 1,
    start: int = 1,
    by_wechat: bool = False,
    taken_at: datetime = NOON,
) -> None:
    """Sell coats and scarves by the guide's touch, and let the return window end: what each party earned is due.

    Paid in cash, or by WeChat Pay, whose numbers are 4200000000000001 and so on; we hear of it at noon, whenever it was
    taken.
    """
    for number in range(start, start + orders):
        touch = Credits(guide_id=shop.parties["GUIDE"])
        draft = ask(shop, f"W-{number}", member_id=MEMBER, credits=touch)
        (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(outcome, Placed), outcome
        if by_wechat:
            (asked,) = succeeded(ask_payment(conn, [outcome.order_id], gateway="wechat", now=NOON))
            told = Report(
                intent_id=asked.intent_id,
                state=IntentState.DONE,
                at=taken_at,
                amount_minor=outcome.amount_minor,
                reference=f"42{number:014d}",
            )
            succeeded(apply_gateway_reports(conn, [told], now=NOON))
        hand_over_everything(conn, now=NOON)
        if not by_wechat:
            pay_for(conn, shop, outcome)
    follow(conn, SETTLE)
    release_due(conn, now=LATER, limit=1_000)


def due_of(conn: Conn, party_id: PartyId, purpose: Purpose = Purpose.SHARE_DUE) -> int:
    """What a party has in the books for a purpose."""
    found = balances_of_parties(conn, [party_id])
    return -sum(one.balance_minor for one in found if one.purpose is purpose)


def pays_by(
    conn: Conn, entity_id: EntityId, way: Way = Way.BANK_FILE, number: str = "310066661800001"
) -> Payer:
    """An account that an entity pays from."""
    new = NewPayer(entity_id=entity_id, currency="CNY", way=way, number=number, name="结算账户 Settlement")
    payer = payouts_service.add_payer(conn, new, by=MAKER, now=LATER)
    assert isinstance(payer, Payer), payer
    return payer


def noted(conn: Conn, shop: Shop, amounts_minor: Sequence[int]) -> Payer:
    """A payer for which WeChat Pay holds payments of these amounts, one taken each minute: "0000" and so on."""
    payer = pays_by(conn, shop.brand_entity, Way.WECHAT_SHARING, "1900009191")
    taken = [
        Transaction(
            payer_id=payer.id,
            number=f"{place:04d}",
            payment_id=PaymentId(uuid7(NOON + timedelta(minutes=place))),
            amount_minor=amount,
            left_minor=None,
            taken_at=LATER - timedelta(days=1) + timedelta(minutes=place),
            requests=0,
            shared_minor=0,
        )
        for place, amount in enumerate(amounts_minor)
    ]
    assert payouts_service.note_transactions(conn, taken) == len(taken)
    return payer


def paid_to(
    conn: Conn,
    party_ids: Sequence[PartyId],
    kind: AccountKind = AccountKind.BANK,
    *,
    ring: KeyRing = RING,
) -> None:
    """Accounts of parties of one kind, each with a number of its own."""
    usual = RECEIVERS[kind]
    accounts = [
        NewAccount(
            party_id=party_id,
            kind=kind,
            receiver=Receiver(holder=usual.holder, bank=usual.bank, number=f"{usual.number[:-3]}{place:03d}"),
        )
        for place, party_id in enumerate(party_ids)
    ]
    succeeded(set_payout_accounts(conn, accounts, ring=ring, by=MAKER, now=LATER))


def lock_out(conn: Conn, shop: Shop, code: str) -> None:
    """Let the account that a party is paid to open no more, as when its key was lost."""
    conn.execute("update payouts.account set sealed_with = 404 where party_id = %s", (shop.parties[code],))


def damage(conn: Conn, shop: Shop, code: str) -> None:
    """Let the account that a party is paid to open no more, whoever has its key."""
    conn.execute(
        "update payouts.account set sealed = substring(sealed for octet_length(sealed) - 1) where party_id = %s",
        (shop.parties[code],),
    )


def terms(conn: Conn, **changes: int) -> None:
    """Terms in CNY: a fifth is withheld of what people are paid, unless they say otherwise."""
    stated = {"least_minor": 1, "second_person_above_minor": 0, "withheld_basis_points": 2_000} | changes
    found = payouts_service.set_terms(
        conn, Terms(currency="CNY", **stated), by=MAKER, comment="for the tests", now=LATER
    )
    assert isinstance(found, payouts.TermsVersion), found


def planned(conn: Conn, shop: Shop, *codes: str, now: datetime = LATER) -> list[PayoutId]:
    """Payouts of what the brand's company owes parties, planned by one person."""
    asks = [
        PlanAsk(party_id=shop.parties[code], entity_id=shop.brand_entity, currency="CNY") for code in codes
    ]
    return succeeded(plan_payouts(conn, asks, by=MAKER, scope=WHOLE_BRAND, now=now))


def approved(conn: Conn, shop: Shop, *codes: str, now: datetime = LATER) -> list[PayoutId]:
    """Payouts that another person approved."""
    ids = planned(conn, shop, *codes, now=now)
    return succeeded(approve_payouts(conn, ids, by=SECOND, scope=WHOLE_BRAND, now=now))


def say(conn: Conn, request_id: RequestId, state: LineState) -> None:
    """Let whoever was asked say where all lines of a request stand."""
    lines = payouts_queries.lines_of_requests(conn, [request_id])[request_id]
    said = [LineReport(line_id=one.id, state=state, at=LATER) for one in lines]
    report = payouts.Report(request_id=request_id, heard=Heard.KNOWN, lines=said)
    apply_payout_reports(conn, [report], now=LATER)


def payout(conn: Conn, payout_id: PayoutId) -> Payout:
    """A payout as it stands."""
    return payouts_queries.payouts_by_ids(conn, [payout_id])[payout_id]
