"""Prices changed at tills: alone, approved, read earlier, not allowed; refused at once, taken as a fact when late."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from loopline import payments
from loopline.channels.till import Method, SaleLine, SalePayment, rung_up
from loopline.db import Conn, log, run_check
from loopline.kernel.ids import uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.orders import CHECKS, lines_by_orders
from loopline.orders.price_changes import (
    APPROVAL_HOLDS,
    ASK_WAITS,
    DecideOnPrice,
    DeclinedWithoutWhy,
    NotByOneself,
    PriceAsk,
    PriceAskDecided,
    PriceAskTaken,
    PriceAskUnknown,
    PriceNobodyWaitsFor,
    PriceReason,
    PriceStanding,
    open_price_asks,
    price_asks_by_id,
    price_changes_of_order,
    withdraw_price_ask,
)
from loopline.org.limits import CounterLimit, NewLimit, set_limits
from loopline.pricing import NewPrice, price_lists_by_code, set_prices
from loopline.pricing.promotions import Step, Threshold
from loopline.processes.place import UnknownSku
from loopline.processes.price_change import (
    AT_ONCE,
    NoLowerPrice,
    PriceNotAllowed,
    ask_price,
    decide_price,
    judge_prices,
)
from loopline.processes.ring_up import RungUp
from loopline.processes.take_in import OrderTaken
from tests.make.org import succeeded
from tests.make.prices import approved, asked, cheaper, decided, wanted
from tests.make.promotions import in_force, new_promotion
from tests.make.shop import NOON
from tests.make.store import Stage, open_store
from tests.make.till import line, sale, sent, whole

LATE = NOON + AT_ONCE + timedelta(microseconds=1)
FLAW = PriceReason.DAMAGED


@pytest.fixture
def stage(conn: Conn) -> Stage:
    return open_store(conn)


def sell(conn: Conn, stage: Stage, *lines: Any, number: int = 1, now: Any = NOON, **fields: Any) -> Any:
    """Send a sale of the guide; of one number and moment it is the same sale."""
    who = stage.people["zhou.guide"]
    said = sale(who, number, lines=lines, id=id_of(number, fields.get("rung_up_at", NOON)), **fields)
    (outcome,) = sent(conn, [said], by=who, now=now)
    return outcome


@cache
def id_of(number: int, at: datetime) -> UUID:
    return uuid7(at)


def kept(conn: Conn, outcome: Any) -> list[tuple[Any, ...]]:
    """What is kept of an order's prices: before, now, how it stands, why, approved by whom."""
    assert isinstance(outcome, OrderTaken), outcome
    return [
        (one.before_minor, one.unit_minor, one.standing.value, one.reason, one.approved_by)
        for one in price_changes_of_order(conn, outcome.order_id)
    ]


def sound(conn: Conn) -> bool:
    return not [found for check in CHECKS for found in run_check(conn, check)]


def written(conn: Conn) -> tuple[Any, ...]:
    row = conn.execute(
        "select (select count(*) from orders.order), (select count(*) from payments.payment),"
        " (select count(*) from orders.price_change), (select count(order_id) from orders.price_ask)"
    ).fetchone()
    assert row is not None
    return row


def prices_told(conn: Conn, subject: UUID) -> list[str]:
    return [one.type for one in log.read_subject(conn, subject) if one.type.startswith("price_")]


def reprice(conn: Conn, stage: Stage, unit_minor: int, *, at: Any) -> None:
    """Let the coat cost something else from a moment on."""
    base = price_lists_by_code(conn, ["BASE"])["BASE"]
    new = NewPrice(
        price_list_id=base.id, sku_id=stage.shop.skus["COAT"], unit_minor=unit_minor, valid_from=at
    )
    succeeded(set_prices(conn, [new], now=at))


# ---------------------------------------------------------------------------------------------------------- at the till


def test_within_the_limit_one_lowers_a_price_alone_and_it_is_kept_with_why(conn: Conn, stage: Stage):
    outcome = sell(conn, stage, line("SCARF"), cheaper(10_170, reason=FLAW))
    assert kept(conn, outcome) == [(11_300, 10_170, "alone", FLAW, None)]
    lines = {one.code: one for one in lines_by_orders(conn, [outcome.order_id])}
    (change,) = price_changes_of_order(conn, outcome.order_id)
    assert (change.line_id, change.changed_by) == (lines["COAT"].line_id, stage.people["zhou.guide"])
    assert (lines["COAT"].unit_minor, lines["COAT"].list_unit_minor) == (10_170, 11_300)
    assert prices_told(conn, outcome.order_id) == ["price_changed"]
    assert sound(conn)


@pytest.mark.parametrize(
    "said", [{"unit_minor": 10_169, "reason": FLAW}, {"unit_minor": 11_299}], ids=["too low", "no reason"]
)
def test_what_is_not_allowed_is_refused_while_the_customer_stands_there(
    conn: Conn, stage: Stage, said: dict[str, Any]
):
    refused = sell(conn, stage, line("SCARF"), cheaper(**said), now=NOON + AT_ONCE)
    assert refused == PriceNotAllowed(sku_code="COAT", percent=10)
    assert written(conn) == (0, 0, 0, 0)


def test_what_is_not_allowed_and_comes_late_has_happened_and_is_kept_as_such(conn: Conn, stage: Stage):
    outcome = sell(conn, stage, line("SCARF"), cheaper(5_000, reason=FLAW), now=LATE)
    assert kept(conn, outcome) == [(11_300, 5_000, "not_allowed", FLAW, None)]
    (paid,) = payments.payments_of_orders(conn, [outcome.order_id])
    assert paid.amount_minor == 7_260
    again = sell(conn, stage, line("SCARF"), cheaper(5_000, reason=FLAW), now=LATE)
    assert (again.order_id, again.is_repeat) == (outcome.order_id, True)
    assert written(conn) == (1, 1, 1, 0)
    assert sound(conn)


def test_one_refused_spoils_no_other_and_the_limit_of_the_place_holds(conn: Conn, stage: Stage):
    who = stage.people["zhou.guide"]
    limit = NewLimit(unit_code="HX", setting=CounterLimit.PRICE_ALONE, value=50, comment="sale", is_open=True)
    nearer = msgspec.structs.replace(limit, unit_code="EAST", value=20, is_open=False)
    for one in (limit, nearer):
        succeeded(set_limits(conn, [one], scope=WHOLE_BRAND, by="test", now=NOON))
    outcomes = sent(
        conn,
        [
            sale(who, 1, lines=(cheaper(9_040, reason=FLAW),)),
            sale(who, 2, lines=(cheaper(9_039, reason=FLAW),)),
            sale(who, 3),
        ],
        by=who,
    )
    assert [type(one).__name__ for one in outcomes] == ["OrderTaken", "PriceNotAllowed", "OrderTaken"]
    assert outcomes[1] == PriceNotAllowed(sku_code="COAT", percent=20)


def test_a_sale_that_is_an_order_is_never_judged_again(conn: Conn, stage: Stage):
    """The limit went down meanwhile; the till did not hear the answer and sends it once more."""
    first = sell(conn, stage, cheaper(10_170, reason=FLAW))
    limit = NewLimit(unit_code="HX", setting=CounterLimit.PRICE_ALONE, value=0, comment="no more")
    succeeded(set_limits(conn, [limit], scope=WHOLE_BRAND, by="test", now=NOON))
    again = sell(conn, stage, cheaper(10_170, reason=FLAW))
    assert (again.order_id, again.is_repeat) == (first.order_id, True)
    assert sell(conn, stage, cheaper(10_170, reason=FLAW), number=2) == PriceNotAllowed(
        sku_code="COAT", percent=0
    )


def test_what_has_no_price_of_ours_costs_what_the_till_says(conn: Conn, stage: Stage):
    base = price_lists_by_code(conn, ["BASE"])["BASE"]
    end = NewPrice(price_list_id=base.id, sku_id=stage.shop.skus["COAT"], unit_minor=None, valid_from=NOON)
    succeeded(set_prices(conn, [end], now=NOON))
    assert kept(conn, sell(conn, stage, cheaper(1))) == []


# ------------------------------------------------------------------------------------------------- prices read ahead


def test_a_price_that_the_till_had_read_stands_and_is_told_apart(conn: Conn, stage: Stage):
    read = NOON - timedelta(hours=3)
    reprice(conn, stage, 15_000, at=NOON)
    old = line("COAT")
    assert kept(conn, sell(conn, stage, msgspec.structs.replace(old, priced_at=read))) == [
        (15_000, 11_300, "read_earlier", None, None)
    ]
    assert sell(conn, stage, old, number=2) == PriceNotAllowed(sku_code="COAT", percent=10)
    lowered = cheaper(10_170, priced_at=read, reason=FLAW)
    assert kept(conn, sell(conn, stage, lowered, number=3)) == [(11_300, 10_170, "alone", FLAW, None)]
    too_low = cheaper(10_169, priced_at=read, reason=FLAW)
    assert sell(conn, stage, too_low, number=4) == PriceNotAllowed(sku_code="COAT", percent=10)


def test_a_price_read_after_the_sale_or_more_than_sixty_days_before_is_not_believed(conn: Conn, stage: Stage):
    reprice(conn, stage, 15_000, at=NOON)
    later = NOON + timedelta(days=61)
    reprice(conn, stage, 9_000, at=later)
    ages = msgspec.structs.replace(line("COAT"), priced_at=NOON - timedelta(seconds=1))
    coming = cheaper(9_000, priced_at=later)
    at = {"rung_up_at": later - timedelta(seconds=1), "now": later - timedelta(seconds=1)}
    for number, one in enumerate((ages, coming), start=1):
        refused = sell(conn, stage, one, number=number, **at)
        assert refused == PriceNotAllowed(sku_code="COAT", percent=10)


def test_a_price_by_a_promotion_is_no_lowered_one_and_stands_when_it_is_over(conn: Conn, stage: Stage):
    end = NOON + timedelta(hours=1)
    in_force(conn, new_promotion("TENTH", valid_from=NOON, valid_until=end), now=NOON)
    told = cheaper(10_170, priced_at=NOON)
    assert kept(conn, sell(conn, stage, told)) == []
    at = {"rung_up_at": end, "now": end}
    assert kept(conn, sell(conn, stage, told, number=2, **at)) == [
        (11_300, 10_170, "read_earlier", None, None)
    ]
    lower = cheaper(9_153, priced_at=NOON, reason=FLAW)  # a tenth less than that
    assert kept(conn, sell(conn, stage, lower, number=3, **at)) == [(10_170, 9_153, "alone", FLAW, None)]


def test_what_the_whole_cart_was_told_stands_when_that_is_over_and_is_told_apart(conn: Conn, stage: Stage):
    end, spend = NOON + timedelta(hours=1), Threshold(steps=(Step(from_minor=10_000, off_minor=3_000),))
    in_force(conn, new_promotion("SPEND", spend, valid_from=NOON, valid_until=end), now=NOON)
    told = msgspec.structs.replace(whole("COAT", 1, 8_300), priced_at=end - timedelta(seconds=1))
    assert kept(conn, sell(conn, stage, told)) == []
    at = {"rung_up_at": end, "now": end}
    assert kept(conn, sell(conn, stage, told, number=2, **at)) == [
        (11_300, 8_300, "read_earlier", None, None)
    ]
    refused = sell(conn, stage, whole("COAT", 1, 8_300), number=3, **at)
    assert refused == PriceNotAllowed(sku_code="COAT", percent=10)


def test_what_a_line_came_to_decides_and_not_what_is_said_of_one(conn: Conn, stage: Stage):
    forged = SaleLine(sku_code="COAT", units=1, unit_minor=11_300, amount_minor=5_000)
    assert sell(conn, stage, forged) == PriceNotAllowed(sku_code="COAT", percent=10)
    outcome = sell(conn, stage, forged, now=LATE)
    assert kept(conn, outcome) == [(11_300, 5_000, "not_allowed", None, None)]


def test_another_sale_of_the_same_number_makes_no_price_right(conn: Conn, stage: Stage):
    who = stage.people["zhou.guide"]
    forged, right = (sale(who, lines=(whole("COAT", 1, minor),)) for minor in (5_000, 11_300))
    (refused, _) = sent(conn, [forged, right], by=who)
    assert refused == PriceNotAllowed(sku_code="COAT", percent=10)


def test_a_code_nobody_knows_is_refused_as_such_beside_a_whole_cart(conn: Conn, stage: Stage):
    spend = Threshold(steps=(Step(from_minor=10_000, off_minor=3_000),))
    in_force(conn, new_promotion("SPEND", spend, valid_from=NOON), now=NOON)
    refused = sell(conn, stage, whole("COAT", 1, 8_300), line("COATX", unit_minor=100))
    assert isinstance(refused, UnknownSku)


def test_no_price_refuses_what_a_wallet_has_paid(conn: Conn, stage: Stage):
    told = rung_up(sale(stage.people["zhou.guide"], lines=(cheaper(5_000),)), now=NOON)
    assert isinstance(told, RungUp)
    assert judge_prices(conn, [told], scope=WHOLE_BRAND, now=NOON) == [
        PriceNotAllowed(sku_code="COAT", percent=10)
    ]
    (changed,) = judge_prices(conn, [told], scope=WHOLE_BRAND, now=NOON, paid=[0])
    assert not isinstance(changed, Refusal)
    assert [one.how.standing for one in changed] == [PriceStanding.NOT_ALLOWED]


# -------------------------------------------------------------------------------------------------------- approval


def test_beyond_the_limit_somebody_else_approves_and_it_is_spent_once(conn: Conn, stage: Stage):
    manager = stage.people["lin.manager"]
    ask = approved(conn, stage, units=2)
    cheap = cheaper(8_000, units=2, ask_id=ask.id, reason=PriceReason.GOODWILL)
    outcome = sell(conn, stage, cheap)
    assert kept(conn, outcome) == [(11_300, 8_000, "approved", FLAW, manager)]
    (used,) = price_asks_by_id(conn, [ask.id], scope=WHOLE_BRAND)
    assert used.order_id == outcome.order_id
    assert prices_told(conn, ask.id) == ["price_asked", "price_decided"]
    again = sell(conn, stage, cheap)
    assert (again.order_id, again.is_repeat) == (outcome.order_id, True)
    assert sell(conn, stage, cheap, number=2) == PriceNotAllowed(sku_code="COAT", percent=10)
    assert kept(conn, sell(conn, stage, cheap, number=2, now=LATE))[0][2] == "not_allowed"
    assert sound(conn)


def test_in_one_message_an_approval_is_spent_once_and_not_by_a_sale_that_is_refused(conn: Conn, stage: Stage):
    who = stage.people["zhou.guide"]
    ask = approved(conn, stage)
    cheap = cheaper(8_000, ask_id=ask.id)
    twice = sale(who, 1, lines=(cheap, cheap))
    first, second = (sale(who, number, lines=(cheap,)) for number in (2, 3))
    outcomes = sent(conn, [twice, first, first, second], by=who)
    assert [type(one).__name__ for one in outcomes] == [
        "PriceNotAllowed",
        "OrderTaken",
        "OrderTaken",
        "PriceNotAllowed",
    ]
    assert written(conn) == (1, 1, 1, 1)
    assert sound(conn)


@pytest.mark.parametrize(
    "other",
    [
        {"units": 2},
        {"unit_minor": 7_999},
        {"ask_id": UUID(int=7)},
    ],
    ids=["more units", "lower still", "made up"],
)
def test_an_approval_is_for_that_very_thing(conn: Conn, stage: Stage, other: dict[str, Any]):
    ask = approved(conn, stage)
    said: dict[str, Any] = {"unit_minor": 8_000, "ask_id": ask.id, "reason": FLAW} | other
    assert sell(conn, stage, cheaper(**said)) == PriceNotAllowed(sku_code="COAT", percent=10)


def test_a_sale_that_is_refused_anyway_uses_up_no_approval_of_its_batch(conn: Conn, stage: Stage):
    who = stage.people["zhou.guide"]
    cheap = cheaper(8_000, ask_id=approved(conn, stage).id)
    nobodys = msgspec.structs.replace(sale(who, 1, lines=(cheap,)), rung_up_by=uuid4())
    unpaid = sale(who, 2, lines=(cheap,), payments=(SalePayment(method=Method.WALLET, amount_minor=8_000),))
    outcomes = sent(conn, [nobodys, unpaid, sale(who, 3, lines=(cheap,))], by=who)
    assert [type(one).__name__ for one in outcomes] == ["CashierUnknown", "NotPaidByWallet", "OrderTaken"]
    assert kept(conn, outcomes[2])[0][2] == "approved"


def test_an_approval_of_another_till_or_sku_is_none_here(conn: Conn, stage: Stage):
    elsewhere = approved(conn, stage, till_id=uuid4())
    scarf = approved(conn, stage, sku_code="SCARF", unit_minor=1_000)
    for number, ask in enumerate((elsewhere, scarf), start=1):
        refused = sell(conn, stage, cheaper(ask.unit_minor, ask_id=ask.id), number=number)
        assert refused == PriceNotAllowed(sku_code="COAT", percent=10)


def test_an_approval_lapses_by_when_the_sale_was_rung_up(conn: Conn, stage: Stage):
    ask, other = approved(conn, stage), approved(conn, stage)
    end = NOON + APPROVAL_HOLDS
    late = end + timedelta(hours=5)  # the network was away meanwhile
    outcome = sell(conn, stage, cheaper(8_000, ask_id=ask.id), rung_up_at=end, now=late)
    assert kept(conn, outcome)[0][2] == "approved"
    after = end + timedelta(microseconds=1)
    cheap = cheaper(8_000, ask_id=other.id)
    assert sell(conn, stage, cheap, number=2, rung_up_at=after, now=after) == PriceNotAllowed(
        sku_code="COAT", percent=10
    )


def test_who_asked_never_decides(conn: Conn, stage: Stage):
    ask = asked(conn, stage, asked_by=stage.people["lin.manager"])
    assert decided(conn, stage, ask.id) == NotByOneself()
    assert isinstance(decided(conn, stage, ask.id, by="shen.ops"), PriceAsk)


def test_the_first_word_stands_and_said_twice_it_is_said_once(conn: Conn, stage: Stage):
    ask = asked(conn, stage)
    for _ in range(2):
        outcome = decided(conn, stage, ask.id, says=False)
        assert isinstance(outcome, PriceAsk)
        assert (outcome.is_approved, outcome.note) == (False, "not for that")
    assert decided(conn, stage, ask.id) == PriceAskDecided()
    assert decided(conn, stage, ask.id, by="shen.ops", says=False) == PriceAskDecided()
    assert prices_told(conn, ask.id) == ["price_asked", "price_decided"]
    assert sell(conn, stage, cheaper(8_000, ask_id=ask.id, reason=FLAW)) == PriceNotAllowed(
        sku_code="COAT", percent=10
    )


@pytest.mark.parametrize("note", ["", "  ", "x" * 201])
def test_declining_says_why(conn: Conn, stage: Stage, note: str):
    ask = asked(conn, stage)
    word = DecideOnPrice(ask_id=ask.id, is_approved=False, by=stage.people["lin.manager"], note=note)
    assert decide_price(conn, word, scope=WHOLE_BRAND, now=NOON) == DeclinedWithoutWhy()
    assert [one.id for one in open_price_asks(conn, scope=WHOLE_BRAND, now=NOON, at_most=9)] == [ask.id]


def test_what_nobody_waits_for_is_not_decided_on(conn: Conn, stage: Stage):
    lapsed, left = asked(conn, stage), asked(conn, stage, now=NOON + timedelta(minutes=9))
    end = NOON + ASK_WAITS
    assert [one.id for one in open_price_asks(conn, scope=WHOLE_BRAND, now=end, at_most=9)] == [
        lapsed.id,
        left.id,
    ]
    withdrawn = withdraw_price_ask(conn, left.id, scope=WHOLE_BRAND, now=end)
    assert isinstance(withdrawn, PriceAsk)
    after = end + timedelta(microseconds=1)
    assert open_price_asks(conn, scope=WHOLE_BRAND, now=after, at_most=9) == []
    for one in (lapsed, left):
        assert decided(conn, stage, one.id, now=after) == PriceNobodyWaitsFor()


def test_a_word_that_was_faster_than_who_gave_up_stays(conn: Conn, stage: Stage):
    ask = approved(conn, stage)
    outcome = withdraw_price_ask(conn, ask.id, scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, PriceAsk)
    assert (outcome.is_approved, outcome.withdrawn_at) == (True, None)


def test_nobody_of_another_branch_sees_decides_or_withdraws(conn: Conn, stage: Stage):
    ask = asked(conn, stage)
    others = Scope(sites=frozenset({stage.shop.sites["D"]}))
    assert open_price_asks(conn, scope=others, now=NOON, at_most=9) == []
    assert price_asks_by_id(conn, [ask.id], scope=others) == []
    assert decided(conn, stage, ask.id, by="sun.manager", scope=others) == PriceAskUnknown()
    assert withdraw_price_ask(conn, ask.id, scope=others, now=NOON) == PriceAskUnknown()
    outcome = ask_price(conn, wanted(conn, stage), scope=others, now=NOON)
    assert outcome == NotInYourBranch(subject="S")
    (still,) = open_price_asks(conn, scope=WHOLE_BRAND, now=NOON, at_most=9)
    assert still == ask


def test_asked_twice_it_is_asked_once_and_another_thing_under_its_number_is_refused(conn: Conn, stage: Stage):
    one = wanted(conn, stage)
    first = ask_price(conn, one, scope=WHOLE_BRAND, now=NOON)
    again = ask_price(conn, one, scope=WHOLE_BRAND, now=NOON + timedelta(minutes=1))
    assert isinstance(first, PriceAsk)
    assert again == first
    other = msgspec.structs.replace(one, unit_minor=1)
    assert ask_price(conn, other, scope=WHOLE_BRAND, now=NOON) == PriceAskTaken()
    assert prices_told(conn, one.id) == ["price_asked"]


@pytest.mark.parametrize("other", [{"unit_minor": 11_300}, {"sku_code": "NO-SUCH"}], ids=["same", "unknown"])
def test_what_is_no_lower_price_is_not_asked_for(conn: Conn, stage: Stage, other: dict[str, Any]):
    outcome: PriceAsk | Refusal = ask_price(conn, wanted(conn, stage, **other), scope=WHOLE_BRAND, now=NOON)
    assert outcome == NoLowerPrice(sku_code=str(other.get("sku_code", "COAT")))
    assert open_price_asks(conn, scope=WHOLE_BRAND, now=NOON, at_most=9) == []


def test_a_sale_of_another_branch_is_refused_as_such_and_not_by_its_price(conn: Conn, stage: Stage):
    one = sale(stage.people["zhou.guide"], 1, lines=(cheaper(1),))
    (outcome,) = sent(
        conn,
        [one],
        by=stage.people["sun.manager"],
        scope=Scope(sites=frozenset({stage.shop.sites["D"]})),
    )
    assert isinstance(outcome, NotInYourBranch)


def test_an_order_keeps_apart_lines_of_the_same_goods(conn: Conn, stage: Stage):
    outcome = sell(conn, stage, line("COAT"), cheaper(10_500, reason=FLAW), line("COAT", 2))
    (change,) = price_changes_of_order(conn, outcome.order_id)
    (sold,) = [one for one in lines_by_orders(conn, [outcome.order_id]) if one.unit_minor == 10_500]
    assert (change.line_id, change.units) == (sold.line_id, 1)
    assert change.standing is PriceStanding.ALONE
