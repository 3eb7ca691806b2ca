"""Test orders (补单) are set aside before anything else sees them: known by their number, held and sent by nobody.

A message is a test where it says so, or where its number begins as the terms of its marketplace say. Its money is no
money of ours, and what calls it off calls nothing off.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import catalogue, marketplaces, orders
from loopline.db import Conn, log
from loopline.inbox import Message, MessageId
from loopline.kernel.events import event
from loopline.kernel.ids import OrderId, SkuId, uuid7, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.marketplaces import (
    LoanChange,
    Marketplace,
    MarketplaceUnknown,
    NewTestOrder,
    TestGoods,
    TestOrder,
    TestOrderId,
    WhyTest,
)
from loopline.marketplaces.events import LoansMoved
from loopline.processes.receive.reading import Cancelled, Created, Paid, Said


class KnownAsTestOrder(Refusal, frozen=True, kw_only=True):
    """{external_number} of {channel} came as a test order before: this says that it is none."""

    channel: str
    external_number: str


class Aside(msgspec.Struct, frozen=True, kw_only=True):
    """What was set aside: the test order of each message or why it is none, and the goods whose loans moved."""

    outcomes: Mapping[MessageId, OrderId | Refusal]
    moved: frozenset[SkuId] = frozenset()


def set_tests_aside(conn: Conn, messages: Sequence[tuple[Message, Said, Scope]], *, now: datetime) -> Aside:
    """Keep what messages say of test orders; the others are left to whoever comes next.

    Locks the test orders by channel and number, then the loans they move by (channel, SKU).
    """
    known = marketplaces.marketplaces(conn) if messages else {}
    says_so = any(isinstance(said, Created) and said.order.is_test for _, said, _ in messages)
    if not known and not says_so:
        return Aside(outcomes={})
    outcomes: dict[MessageId, OrderId | Refusal] = {}
    created = [(message, said, scope) for message, said, scope in messages if isinstance(said, Created)]
    changes = _keep(conn, created, known, outcomes, now=now)
    later = [(message, said) for message, said, scope in messages if scope.everything]
    tests = marketplaces.test_orders_by_numbers(
        conn,
        [(said.channel, said.external_number) for _, said in later if not isinstance(said, Created)],
    )
    standing = _Known(tests=tests, marketplaces=known)
    changes += _take(conn, later, standing, outcomes)
    changes += _call_off(conn, later, standing, outcomes, now=now)
    marketplaces.move_loans(conn, changes, now=now)
    return Aside(outcomes=outcomes, moved=frozenset(one.sku_id for one in changes))


def tell_of_tests(conn: Conn, aside: Aside, *, now: datetime) -> None:
    """Let the goods be looked at that test orders took off a shelf. The last write of the transaction."""
    if aside.moved:
        body = LoansMoved(sku_ids=tuple(sorted(aside.moved)))
        log.append(conn, [event(body, subject=uuid7(now), at=now)])


_Outcomes = dict[MessageId, OrderId | Refusal]


class _Known(msgspec.Struct, frozen=True, kw_only=True):
    """The test orders that messages speak of, by channel and number, and the marketplaces by channel."""

    tests: Mapping[tuple[str, str], TestOrder]
    marketplaces: Mapping[str, Marketplace]


def _keep(
    conn: Conn,
    created: Sequence[tuple[Message, Created, Scope]],
    known: Mapping[str, Marketplace],
    outcomes: _Outcomes,
    *,
    now: datetime,
) -> list[LoanChange]:
    """Keep new test orders. A number that is an order of ours stays one; one that is a test stays that."""
    if not created:
        return []
    numbers = sorted({(said.channel, said.external_number) for _, said, _ in created})
    ours = orders.order_ids_by_external_numbers(conn, numbers)
    tests = marketplaces.test_orders_by_numbers(conn, numbers)
    going: list[tuple[Message, Created, WhyTest]] = []
    for message, said, scope in created:
        number, why = (said.channel, said.external_number), _why(said, known.get(said.channel))
        if number in ours:
            continue
        if why is None:
            if number in tests:
                outcomes[message.id] = KnownAsTestOrder(channel=number[0], external_number=number[1])
        elif not scope.everything:
            outcomes[message.id] = NotInYourBranch(subject=said.external_number)
        elif said.channel not in known:
            outcomes[message.id] = MarketplaceUnknown(channel=said.channel)
        else:
            going.append((message, said, why))
    if not going:
        return []
    kept, changes = marketplaces.keep_test_orders(conn, _new(conn, going, now=now), of=known, now=now)
    for message, said, _ in going:
        outcomes[message.id] = OrderId(kept[said.channel, said.external_number])
    return changes


def _why(said: Created, marketplace: Marketplace | None) -> WhyTest | None:
    if said.order.is_test:
        return WhyTest.SAID
    if marketplace is not None and marketplaces.is_test_number(marketplace.terms, said.external_number):
        return WhyTest.NUMBER
    return None


def _new(
    conn: Conn, going: Sequence[tuple[Message, Created, WhyTest]], *, now: datetime
) -> list[NewTestOrder]:
    skus = catalogue.skus_by_code(conn, {line.sku_code for _, said, _ in going for line in said.order.lines})
    return [
        NewTestOrder(
            id=TestOrderId(made),
            channel=said.channel,
            external_number=said.external_number,
            because=why,
            placed_at=said.order.placed_at or message.received_at,
            lines=tuple(
                TestGoods(
                    sku_code=line.sku_code,
                    units=line.units,
                    sku_id=skus[line.sku_code].id if line.sku_code in skus else None,
                )
                for line in said.order.lines
            ),
        )
        for (message, said, why), made in zip(going, uuid7s(now, len(going)), strict=True)
    ]


def _take(
    conn: Conn,
    messages: Sequence[tuple[Message, Said]],
    known: _Known,
    outcomes: _Outcomes,
) -> list[LoanChange]:
    paid: dict[TestOrderId, tuple[datetime, int, str | None]] = {}
    for message, said in messages:
        test = known.tests.get((said.channel, said.external_number))
        if test is None or not isinstance(said, Paid):
            continue
        at, before, currency = paid.get(test.id, (said.payment.taken_at or message.received_at, 0, None))
        paid[test.id] = (at, before + said.payment.amount_minor, currency or said.payment.currency)
        outcomes[message.id] = OrderId(test.id)
    return marketplaces.pay_test_orders(conn, paid, known=list(known.tests.values()), of=known.marketplaces)


def _call_off(
    conn: Conn,
    messages: Sequence[tuple[Message, Said]],
    known: _Known,
    outcomes: _Outcomes,
    *,
    now: datetime,
) -> list[LoanChange]:
    """Whole or in part: a test order that is touched is over."""
    called_off: dict[TestOrderId, TestOrder] = {}
    for message, said in messages:
        test = known.tests.get((said.channel, said.external_number))
        if test is not None and isinstance(said, Cancelled):
            called_off[test.id] = test
            outcomes[message.id] = OrderId(test.id)
    return marketplaces.cancel_test_orders(conn, list(called_off.values()), of=known.marketplaces, now=now)
