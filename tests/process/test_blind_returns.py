"""What comes back without a sale waits for a person, who pays for it or does not: once, and in their own branch."""

from datetime import datetime, timedelta

import msgspec
import pytest

from loopline import catalogue
from loopline.catalogue import NewProduct, NewSku, TaxClass
from loopline.db import Conn
from loopline.kernel.ids import ReturnLineId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.org.limits import CounterLimit, NewLimit
from loopline.pricing.rules import NoTaxRate
from loopline.processes.counter_limits import set_counter_limits
from loopline.processes.doctor import FOLLOWS_THE_LOG, examine
from loopline.processes.take_back.blind import decide_blind, waiting_at
from loopline.returns.model import (
    BlindDecided,
    BlindDecision,
    BlindState,
    NewReturnLine,
    NothingBlindToDecide,
    ReturnKind,
    ReturnLineUnknown,
    SecondPersonNeeded,
)
from tests.make.loop import balances, subject_types
from tests.make.org import succeeded
from tests.make.shop import OPENED, PRICES, Shop, ask, open_shop
from tests.process.test_take_back import LATER, back, sell, taken

DECIDED = LATER + timedelta(hours=1)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def brought(
    conn: Conn, shop: Shop, number: str, *wanted: tuple[str, int], to: str | None = None
) -> list[ReturnLineId]:
    """Somebody brings goods without a receipt; nothing is stated of what was paid. `to`: who takes them in."""
    asked = back(shop, number, *wanted, kind=ReturnKind.ASK, member_id=None, taken_in_by=to)
    return [line.return_line_id for line in taken(conn, asked).lines]


def word(
    line_id: ReturnLineId, *, accept: bool = True, pay: int = 0, by: str = "person:lin"
) -> BlindDecision:
    return BlindDecision(
        return_line_id=line_id,
        is_accepted=accept,
        refund_unit_minor=pay,
        decided_by=by,
        reason="Ours by the label.",
    )


def decided(
    conn: Conn, *words: BlindDecision, scope: Scope = WHOLE_BRAND, now: datetime = DECIDED
) -> list[BlindDecided | Refusal]:
    return decide_blind(conn, words, scope=scope, now=now)


def limit(conn: Conn, value: int | None, *, unit: str = "HX", is_open: bool = False) -> None:
    wanted = NewLimit(
        unit_code=unit,
        setting=CounterLimit.BLIND_ALONE,
        value=value,
        comment="tried",
        is_open=is_open,
    )
    succeeded(set_counter_limits(conn, [wanted], scope=WHOLE_BRAND, by="person:hq", now=LATER))


def sound(conn: Conn) -> None:
    assert [one for one in examine(conn).checks if not one.ok and one.invariant != FOLLOWS_THE_LOG] == []


def test_accepted_units_are_paid_for_out_of_revenue_with_their_tax(conn: Conn, shop: Shop):
    coat, scarf = brought(conn, shop, "B-1", ("COAT", 1), ("SCARF", 2))
    assert balances(conn) == {}
    assert [(one.line.return_line_id, one.units) for one in waiting_at(conn, [shop.sites["S"]], limit=9)] == [
        (coat, 1),
        (scarf, 2),
    ]
    first, second = decided(conn, word(coat, pay=11_300), word(scarf, accept=False, pay=99))
    assert first == BlindDecided(return_line_id=coat, state=BlindState.ACCEPTED, units=1, refund_minor=11_300)
    assert second == BlindDecided(return_line_id=scarf, state=BlindState.REFUSED, units=2, refund_minor=0)
    told = {name: amount for name, amount in balances(conn).items() if amount}
    assert told == {"revenue": 10_000, "tax": 1_300, "cash": -11_300}
    assert waiting_at(conn, [shop.sites["S"]], limit=9) == []
    sound(conn)


def test_lines_of_one_return_may_be_accepted_one_after_the_other(conn: Conn, shop: Shop):
    coat, scarf = brought(conn, shop, "B-1", ("COAT", 1), ("SCARF", 2))
    decided(conn, word(coat, pay=11_300))
    (outcome,) = decided(conn, word(scarf, pay=1_130))
    assert isinstance(outcome, BlindDecided)
    assert balances(conn)["cash"] == -11_300 - 2 * 1_130
    sound(conn)


def test_a_word_counts_once_and_the_first_stands(conn: Conn, shop: Shop):
    (coat,) = brought(conn, shop, "B-1", ("COAT", 1))
    first, second = decided(conn, word(coat, pay=100), word(coat, accept=False))
    assert isinstance(first, BlindDecided)
    assert second == NothingBlindToDecide(return_line_id=coat, state=BlindState.ACCEPTED)
    (again,) = decided(conn, word(coat, pay=100))
    assert again == second
    assert balances(conn)["cash"] == -100


def test_what_is_known_of_is_paid_at_once_and_the_rest_waits(conn: Conn, shop: Shop):
    order = sell(conn, shop, ask(shop, "W-1"))
    asked = back(shop, "B-1", ("COAT", 2), kind=ReturnKind.ASK, order_id=order.id, member_id=None)
    (line,) = taken(conn, asked).lines
    (waits,) = waiting_at(conn, [shop.sites["S"]], limit=9)
    assert (waits.line.return_line_id, waits.units, line.units) == (line.return_line_id, 1, 2)
    before = balances(conn)["cash"]
    decided(conn, word(line.return_line_id, pay=PRICES["COAT"]))
    assert balances(conn)["cash"] == before - PRICES["COAT"]
    sound(conn)


def test_another_branch_decides_nothing_and_sees_nothing(conn: Conn, shop: Shop):
    (coat,) = brought(conn, shop, "B-1", ("COAT", 1))
    elsewhere = Scope(sites=frozenset({shop.sites["D"]}))
    nobody = ReturnLineId(uuid7(LATER))
    assert decided(conn, word(coat, pay=1), word(nobody), scope=elsewhere) == [
        ReturnLineUnknown(return_line_id=coat),
        ReturnLineUnknown(return_line_id=nobody),
    ]
    assert waiting_at(conn, [shop.sites["D"]], limit=9) == []
    (waits,) = waiting_at(conn, [shop.sites["S"]], limit=9)
    told = subject_types(conn, waits.head.id)
    decided(conn, word(coat, pay=1), scope=Scope(sites=frozenset({shop.sites["S"]})))
    assert sorted(subject_types(conn, waits.head.id)) == sorted(
        [*told, "blind_return_decided", "sales_returned"]
    )


def test_above_the_limit_somebody_else_than_who_took_it_in_accepts(conn: Conn, shop: Shop):
    limit(conn, 10_000)
    coat, scarf = brought(conn, shop, "B-1", ("COAT", 1), ("SCARF", 2), to="person:lin")
    first, second = decided(conn, word(scarf, pay=4_000), word(coat, pay=2_001))
    assert isinstance(first, BlindDecided)
    # Eight thousand of it are paid already: it counts together.
    assert second == SecondPersonNeeded(
        return_line_id=coat, amount_minor=10_001, alone_most_minor=10_000, currency="CNY"
    )
    assert balances(conn)["cash"] == -8_000
    assert [one.line.return_line_id for one in waiting_at(conn, [shop.sites["S"]], limit=9)] == [coat]
    (other,) = decided(conn, word(coat, pay=2_001, by="person:sun"))
    assert isinstance(other, BlindDecided)
    assert balances(conn)["cash"] == -10_001
    sound(conn)


def test_what_was_accepted_alone_counts_over_returns_for_a_day(conn: Conn, shop: Shop):
    limit(conn, 10_000)
    (coat,) = brought(conn, shop, "B-1", ("COAT", 1), to="person:lin")
    (hat,) = brought(conn, shop, "B-2", ("HAT", 1), to="person:lin")
    decided(conn, word(coat, pay=10_000))
    (refused,) = decided(conn, word(hat, pay=1), now=DECIDED + timedelta(hours=24) - timedelta(seconds=1))
    assert isinstance(refused, SecondPersonNeeded)
    assert refused.amount_minor == 10_001
    # To hand it back nobody else is needed; nor a day later.
    (later,) = decided(conn, word(hat, pay=1), now=DECIDED + timedelta(hours=24))
    assert isinstance(later, BlindDecided)


def test_a_region_sets_its_own_limit_only_where_the_brand_leaves_it_open(conn: Conn, shop: Shop):
    limit(conn, 10_000, is_open=True)
    limit(conn, 0, unit="DEALER")
    asked = back(shop, "B-1", ("COAT", 1), kind=ReturnKind.ASK, member_id=None, taken_in_by="person:lin")
    asked = msgspec.structs.replace(asked, site_id=shop.sites["D"])
    (line,) = taken(conn, asked).lines
    (refused,) = decided(conn, word(line.return_line_id, pay=1))
    assert isinstance(refused, SecondPersonNeeded)
    assert refused.alone_most_minor == 0
    limit(conn, 10_000, is_open=False)
    (accepted,) = decided(conn, word(line.return_line_id, pay=1))
    assert isinstance(accepted, BlindDecided)


def untaxed(conn: Conn) -> NewReturnLine:
    """Goods of a class that no rate was set for."""
    catalogue.add_tax_classes(conn, [TaxClass(code="unknown", name="Unknown")])
    succeeded(catalogue.add_products(conn, [NewProduct(code="ODD", name="Odd")], now=OPENED))
    skus = [NewSku(code="ODD", product_code="ODD", name="Odd", tax_class="unknown")]
    (sku,) = succeeded(catalogue.add_skus(conn, skus, now=OPENED))
    return NewReturnLine(code="ODD", units=1, sku_id=sku.sku_id, stated_unit_minor=500)


def test_what_cannot_be_taxed_is_refused_by_itself_and_still_waits(conn: Conn, shop: Shop):
    odd_line = msgspec.structs.replace(untaxed(conn), stated_unit_minor=None)
    odd_back = back(shop, "B-1", kind=ReturnKind.ASK, member_id=None, lines=(odd_line,))
    (odd,) = (line.return_line_id for line in taken(conn, odd_back).lines)
    (coat,) = brought(conn, shop, "B-2", ("COAT", 1))
    first, second, third = decided(conn, word(odd, pay=500), word(coat, pay=100), word(odd, pay=500))
    assert isinstance(first, NoTaxRate)
    assert third == first
    assert isinstance(second, BlindDecided)
    assert balances(conn)["cash"] == -100
    assert [one.line.return_line_id for one in waiting_at(conn, [shop.sites["S"]], limit=9)] == [odd]
    (handed_back,) = decided(conn, word(odd, accept=False))
    assert isinstance(handed_back, BlindDecided)


def test_a_second_word_on_a_line_that_is_refused_leaves_the_first(conn: Conn, shop: Shop):
    odd_line = msgspec.structs.replace(untaxed(conn), stated_unit_minor=None)
    asked = back(shop, "B-1", kind=ReturnKind.ASK, member_id=None, lines=(odd_line,))
    (odd,) = (line.return_line_id for line in taken(conn, asked).lines)
    first, second = decided(conn, word(odd, accept=False), word(odd, pay=500))
    assert first == BlindDecided(return_line_id=odd, state=BlindState.REFUSED, units=1, refund_minor=0)
    assert isinstance(second, NoTaxRate)


def test_a_fact_that_cannot_be_taxed_has_happened_all_the_same(conn: Conn, shop: Shop):
    odd = back(shop, "F-1", member_id=None, lines=(untaxed(conn),))
    assert taken(conn, odd).blind_minor == 500
    assert balances(conn) == {"cash": -500, "revenue": 500}
