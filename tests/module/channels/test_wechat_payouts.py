"""What the gateway makes of WeChat Pay's answers, spoken to over its real protocol."""

from collections.abc import Generator
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from loopline.kernel.ids import EntityId
from loopline.payouts import (
    AccountKind,
    LineState,
    Payer,
    PayerId,
    PayoutLineId,
    Receiver,
    Request,
    RequestId,
    RequestState,
    ToPay,
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
