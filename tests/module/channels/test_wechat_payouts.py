"""What the gateway makes of WeChat Pay's answers, spoken to over its real protocol."""

from collections.abc import Generator
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from loopline.kernel.ids import EntityId, PartyId
from loopline.payouts import (
    AccountKind,
    Heard,
    LineState,
    Payer,
    PayerId,
    PayoutAccountId,
    PayoutLineId,
    Receiver,
    Reclaim,
    ReclaimId,
    ReclaimReport,
    ReclaimState,
    Request,
    RequestId,
    RequestState,
    ToPay,
    ToReclaim,
    ToSend,
    Way,
)
from tests.make.payouts import LATER, RECEIVERS
from tests.make.sandbox import SetClock
from tests.make.wechat import Manners, Wechat, keys, running_wechat

PAYMENT = "4200000000000001"


@pytest.fixture
def clock() -> SetClock:
    return SetClock(LATER)


@pytest.fixture
def wechat(tmp_path: Path, clock: SetClock) -> Generator[Wechat, None, None]:
    with running_wechat(tmp_path, clock) as running:
        yield running


def to_send(way: Way, *amounts_minor: int) -> ToSend:
    """A request that pays a person these amounts, each for another payout."""
    payer = Payer(
        id=PayerId(UUID(int=1)),
        entity_id=EntityId(UUID(int=2)),
        currency="CNY",
        way=way,
        number=keys().mchid,
        name="Settlement",
    )
    request = Request(
        id=RequestId(UUID(int=3)),
        payer_id=payer.id,
        way=way,
        transaction_number=PAYMENT if way is Way.WECHAT_SHARING else None,
        state=RequestState.OPEN,
        tries=1,
        written_at=LATER,
        sent_at=LATER,
        given_up_at=None,
        reference=None,
        reason=None,
        content_hash=None,
    )
    kind = AccountKind.WECHAT_PERSON
    lines = [
        ToPay(
            line_id=PayoutLineId(UUID(int=place)), kind=kind, receiver=RECEIVERS[kind], net_minor=amount_minor
        )
        for place, amount_minor in enumerate(amounts_minor, start=10)
    ]
    return ToSend(request=request, payer=payer, lines=lines)


def test_shares_of_one_amount_to_one_receiver_are_each_known(wechat: Wechat):
    """As when two parties are paid to the same account."""
    wechat.sandbox.book.take(PAYMENT, 1_000)
    asked = to_send(Way.WECHAT_SHARING, 50, 50, 70)
    wechat.gateway.send(asked, now=wechat.clock())
    wechat.clock.on(minutes=5)
    report = wechat.gateway.ask(asked, now=wechat.clock())
    assert {line.line_id: line.state for line in report.lines} == {
        line.line_id: LineState.PAID for line in asked.lines
    }


def shut(asked: ToSend) -> ToSend:
    """The same, after the keys of its receivers were lost."""
    nobody = Receiver(holder="", number="")
    return msgspec.structs.replace(
        asked, lines=[msgspec.structs.replace(one, receiver=nobody) for one in asked.lines]
    )


def test_what_was_shared_before_its_receivers_were_lost_is_known_where_it_can_be(
    tmp_path: Path, clock: SetClock
):
    other = Receiver(holder="李小红", number="oOtherPerson0000000000000001")
    with running_wechat(
        tmp_path, clock, manners=Manners(finish_seconds=0, refuses=frozenset({other.number}))
    ) as wechat:
        wechat.sandbox.book.take(PAYMENT, 1_000)
        asked = to_send(Way.WECHAT_SHARING, 50, 50, 70, 70)
        # Of the fifties one fails, of the seventies none.
        refused = msgspec.structs.replace(asked.lines[1], receiver=other)
        asked = msgspec.structs.replace(asked, lines=[asked.lines[0], refused, *asked.lines[2:]])
        wechat.gateway.send(asked, now=clock())
        known = {line.line_id: line.state for line in wechat.gateway.ask(asked, now=clock()).lines}
        paid, returned = LineState.PAID, LineState.RETURNED
        assert [known[line.line_id] for line in asked.lines] == [paid, returned, paid, paid]
        half = msgspec.structs.replace(asked, lines=[*shut(asked).lines[:1], *asked.lines[1:]])
        told = {line.line_id: line.state for line in wechat.gateway.ask(half, now=clock()).lines}
        assert told == known
        told = {line.line_id: line.state for line in wechat.gateway.ask(shut(asked), now=clock()).lines}
        assert told == {line.line_id: paid for line in asked.lines[2:]}


def test_why_a_transfer_failed_is_asked_until_it_is_known(tmp_path: Path, clock: SetClock):
    receiver = RECEIVERS[AccountKind.WECHAT_PERSON].number
    with running_wechat(
        tmp_path, clock, manners=Manners(finish_seconds=0, refuses=frozenset({receiver}))
    ) as wechat:
        asked = to_send(Way.WECHAT_TRANSFER, 50)
        wechat.gateway.send(asked, now=clock())
        (line,) = wechat.gateway.ask(asked, now=clock()).lines
        assert (line.state, line.reason) == (LineState.RETURNED, "ACCOUNT_FROZEN")
        ended = [msgspec.structs.replace(one, state=LineState.RETURNED) for one in asked.lines]
        (line,) = wechat.gateway.ask(msgspec.structs.replace(asked, lines=ended), now=clock()).lines
        assert (line.state, line.reason) == (LineState.RETURNED, None)


def to_reclaim(asked: ToSend, receiver: Receiver, *, amount_minor: int, number: int = 77) -> ToReclaim:
    """A reclaim of what a request shared to a merchant."""
    reclaim = Reclaim(
        id=ReclaimId(UUID(int=number)),
        line_id=asked.lines[0].line_id,
        request_id=asked.request.id,
        payer_id=asked.payer.id,
        account_id=PayoutAccountId(UUID(int=5)),
        party_id=PartyId(UUID(int=6)),
        entity_id=asked.payer.entity_id,
        currency="CNY",
        amount_minor=amount_minor,
        left_minor=amount_minor,
        needs_second=False,
        state=ReclaimState.ASKED,
        made_by="one",
        made_at=LATER,
        approved_by="another",
        approved_at=LATER,
        asked_at=LATER,
        tries=1,
        given_up_at=None,
        ended_at=None,
        ended_by=None,
        reason=None,
    )
    return ToReclaim(reclaim=reclaim, payer=asked.payer, receiver=receiver)


def shared(wechat: Wechat, amount_minor: int) -> tuple[ToSend, Receiver]:
    """A share that reached a merchant."""
    wechat.sandbox.book.take(PAYMENT, 1_000)
    receiver, kind = RECEIVERS[AccountKind.WECHAT_MERCHANT], AccountKind.WECHAT_MERCHANT
    asked = to_send(Way.WECHAT_SHARING, amount_minor)
    line = msgspec.structs.replace(asked.lines[0], kind=kind, receiver=receiver)
    asked = msgspec.structs.replace(asked, lines=[line])
    wechat.gateway.send(asked, now=wechat.clock())
    wechat.clock.on(minutes=5)
    assert [one.state for one in wechat.gateway.ask(asked, now=wechat.clock()).lines] == [LineState.PAID]
    return asked, receiver


def outcome(report: ReclaimReport) -> tuple[Heard, ReclaimState | None, str | None]:
    return report.heard, report.state, report.reason


def test_a_share_is_taken_back_under_its_number_once(tmp_path: Path, clock: SetClock):
    with running_wechat(tmp_path, clock, manners=Manners(finish_seconds=30, lost_chance=0)) as wechat:
        asked, receiver = shared(wechat, 200)
        back = to_reclaim(asked, receiver, amount_minor=150)
        gateway, book = wechat.gateway, wechat.sandbox.book
        assert outcome(gateway.ask_reclaim(back, now=clock()))[0] is Heard.ABSENT
        for _ in range(2):
            assert outcome(gateway.reclaim(back, now=clock())) == (Heard.KNOWN, None, None)
        other = to_reclaim(asked, receiver, amount_minor=149)
        assert outcome(gateway.reclaim(other, now=clock())) == (
            Heard.NOTHING,
            None,
            "an answer about another",
        )
        clock.on(minutes=1)
        assert outcome(gateway.ask_reclaim(back, now=clock())) == (Heard.KNOWN, ReclaimState.CAME, None)
        assert book.paid_to(receiver.number) == 50
        more = to_reclaim(asked, receiver, amount_minor=51, number=78)
        denied = (Heard.REFUSED, None, "400 INVALID_REQUEST 回退金额超过分账金额")
        assert outcome(gateway.reclaim(more, now=clock())) == denied
        clock.on(minutes=60 * 24 * 180)
        late = to_reclaim(asked, receiver, amount_minor=50, number=79)
        denied = (Heard.REFUSED, None, "400 INVALID_REQUEST 分账单超过可回退期限")
        assert outcome(gateway.reclaim(late, now=clock())) == denied
        assert book.paid_to(receiver.number) == 50


def test_a_share_comes_back_as_often_as_the_contract_says(tmp_path: Path, clock: SetClock):
    with running_wechat(tmp_path, clock, reclaims_most=1) as wechat:
        asked, receiver = shared(wechat, 200)
        wechat.gateway.reclaim(to_reclaim(asked, receiver, amount_minor=50), now=clock())
        again = to_reclaim(asked, receiver, amount_minor=50, number=78)
        denied = (Heard.REFUSED, None, "400 INVALID_REQUEST 回退次数超过上限")
        assert outcome(wechat.gateway.reclaim(again, now=clock())) == denied


def test_nothing_is_taken_back_of_people(wechat: Wechat):
    wechat.sandbox.book.take(PAYMENT, 1_000)
    asked = to_send(Way.WECHAT_SHARING, 200)
    wechat.gateway.send(asked, now=wechat.clock())
    wechat.clock.on(minutes=5)
    back = to_reclaim(asked, asked.lines[0].receiver, amount_minor=50)
    heard, state, _ = outcome(wechat.gateway.reclaim(back, now=wechat.clock()))
    assert (heard, state) == (Heard.REFUSED, None)
    assert wechat.sandbox.book.paid_to(asked.lines[0].receiver.number) == 200


def test_no_answer_says_nothing_of_a_reclaim(wechat: Wechat):
    asked, receiver = shared(wechat, 200)
    back = to_reclaim(asked, receiver, amount_minor=50)
    stranger = msgspec.structs.replace(back, payer=msgspec.structs.replace(back.payer, number="1900000000"))
    for call in (wechat.gateway.reclaim, wechat.gateway.ask_reclaim):
        assert outcome(call(stranger, now=wechat.clock())) == (
            Heard.NOTHING,
            None,
            "no keys of this merchant",
        )
