"""What comes back without a sale waits for a person, who pays for it or does not: once, and in their own branch."""

from datetime import timedelta

import pytest

from loopline.db import Conn
from loopline.kernel.ids import ReturnLineId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.processes.doctor import FOLLOWS_THE_LOG, examine
from loopline.processes.take_back.blind import decide_blind, waiting_at
from loopline.returns.model import (
    BlindDecided,
    BlindDecision,
    BlindState,
    NothingBlindToDecide,
    ReturnKind,
    ReturnLineUnknown,
)
from tests.make.loop import balances, subject_types
from tests.make.shop import PRICES, Shop, ask, open_shop
from tests.process.test_take_back import LATER, back, sell, taken

DECIDED = LATER + timedelta(hours=1)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def brought(conn: Conn, shop: Shop, number: str, *wanted: tuple[str, int]) -> list[ReturnLineId]:
    """Somebody brings goods without a receipt; nothing is stated of what was paid."""
    asked = back(shop, number, *wanted, kind=ReturnKind.ASK, member_id=None)
    return [line.return_line_id for line in taken(conn, asked).lines]


def word(line_id: ReturnLineId, *, accept: bool = True, pay: int = 0) -> BlindDecision:
    return BlindDecision(
        return_line_id=line_id,
        is_accepted=accept,
        refund_unit_minor=pay,
        decided_by="person:lin",
        reason="Ours by the label.",
    )


def decided(conn: Conn, *words: BlindDecision, scope: Scope = WHOLE_BRAND) -> list[BlindDecided | Refusal]:
    return decide_blind(conn, words, scope=scope, now=DECIDED)


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
