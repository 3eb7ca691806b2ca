from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from loopline.db import Check, Conn, Database, Finding, run_check
from loopline.payments import (
    CHECKS,
    Confirmation,
    IntentKind,
    IntentState,
    NewRefund,
    Report,
    apply_reports,
    confirmed,
    record_refunds,
    write_intents,
)
from tests.make.faults import FAULTS
from tests.make.payments import DEALER, NOON, intent, order_id, payment, refund, return_id, taken

BY_NAME = {check.name: check for check in CHECKS}
LATER = NOON + timedelta(hours=1)


def some_money(conn: Conn) -> NewRefund:
    """Two payments of an order, one refund from both, a blind one, and what gateways did."""
    taken(conn, [payment(500), payment(300, minutes=1)])
    given = refund(400)
    blind = refund(70, order=None, return_id=return_id(1), method="cash")
    record_refunds(conn, [given, blind], now=LATER)
    asked = [intent(900, order_id=order_id(2)), intent(100, kind=IntentKind.AUTHORISE)]
    write_intents(conn, asked, now=NOON)
    seen = Confirmation(person="person:7", amount_minor=900, at=LATER, reference="Z-1")
    apply_reports(conn, [confirmed(one, seen) for one in asked[:1]], now=LATER)
    return given


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_sound_money_breaks_no_promise(conn: Conn, check: Check):
    some_money(conn)
    assert run_check(conn, check) == []


def found_after(
    database: Database, check: str, damage: Callable[[NewRefund], str]
) -> tuple[NewRefund, list[Finding], list[Finding]]:
    """Plant damage as the owner; return the refund, what the check finds, and what it finds after its repairs."""
    with database.transaction() as conn:
        given = some_money(conn)
    with database.owner_transaction() as owner:
        owner.execute("alter table payments.payment drop constraint refunded_within_taken")
        owner.execute(damage(given).encode())
        found = run_check(owner, BY_NAME[check])
        for finding in found:
            owner.execute(finding.repair.encode())
        return given, found, run_check(owner, BY_NAME[check])


@pytest.mark.parametrize(
    ("damage", "found_is"),
    [
        ("update payments.payment set refunded_minor = 301 where amount_minor = 300", "301 counted of 300"),
        ("update payments.payment set refunded_minor = 0 where amount_minor = 300", "0 counted of 300"),
        ("update payments.payment set refunded_minor = -1 where amount_minor = 900", "-1 counted of 900"),
    ],
)
def test_a_wrong_count_of_what_went_back_is_found_and_repaired(
    database: Database, damage: str, found_is: str
):
    _, found, left = found_after(database, "payment_refunded_equals_its_parts", lambda _: damage)
    assert [finding.found for finding in found] == [found_is]
    assert left == []


@pytest.mark.parametrize(
    ("damage", "found_is", "expected"),
    [
        (
            "update payments.refund_part set amount_minor = amount_minor - 1 where amount_minor = 300",
            "399 in parts",
            "400 in parts",
        ),
        (
            (
                "update payments.refund set order_id = null, return_id = gen_random_uuid(), method = 'cash'"
                " where amount_minor = 400"
            ),
            "400 in parts",
            "0 in parts",
        ),
        ("delete from payments.refund_part", "0 in parts", "400 in parts"),
    ],
)
def test_a_refund_that_is_not_its_parts_is_found(
    database: Database, damage: str, found_is: str, expected: str
):
    given, found, _ = found_after(database, "refund_equals_its_parts", lambda _: damage)
    assert [(finding.subject, finding.found, finding.expected) for finding in found] == [
        (f"refund {given.id}", found_is, expected)
    ]


@pytest.mark.parametrize(
    "damage",
    [
        f"update payments.payment set entity_id = '{DEALER}' where amount_minor = 300",
        f"update payments.payment set order_id = '{order_id(9)}' where amount_minor = 300",
        "update payments.payment set currency = 'CNY' where amount_minor = 300",
    ],
)
def test_money_that_went_back_another_way_is_found(database: Database, damage: str):
    given, found, _ = found_after(database, "refunds_go_back_the_way_they_came", lambda _: damage)
    assert [finding.subject.split(" from ")[0] for finding in found] == [f"refund {given.id}"]


def test_a_gateways_money_that_was_never_recorded_is_found(database: Database):
    _, found, _ = found_after(
        database,
        "money_of_done_intents_is_recorded",
        lambda _: "delete from payments.payment where amount_minor = 900",
    )
    assert [finding.found for finding in found] == ["capture done, no money recorded"]


def test_a_gateways_refund_counted_to_another_payment_is_found(database: Database):
    with database.transaction() as conn:
        capture, other = intent(500, order_id=order_id(3)), intent(300, order_id=order_id(3))
        back = intent(200, kind=IntentKind.REFUND, order_id=order_id(3), of_intent_id=capture.id)
        for asked in ([capture, other], [back]):
            write_intents(conn, asked, now=NOON)
            done = [Report(intent_id=one.id, state=IntentState.DONE, at=LATER) for one in asked]
            apply_reports(conn, done, now=LATER)
        assert run_check(conn, BY_NAME["gateways_give_back_what_they_took"]) == []
    with database.owner_transaction() as owner:
        owner.execute(
            "update payments.refund_part set payment_id ="
            " (select id from payments.payment where intent_id = %s)",
            (other.id,),
        )
        (found,) = run_check(owner, BY_NAME["gateways_give_back_what_they_took"])
    assert str(back.id) in found.subject


@pytest.mark.parametrize("name", ["shifts_add_up", "shifts_are_numbered", "tills_moved_what_was_paid"])
def test_what_is_wrong_at_a_till_is_found(database: Database, name: str):
    _, found, _ = found_after(database, name, lambda _: FAULTS[name])
    assert found


def test_every_check_is_planted_here():
    source = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in BY_NAME if f'"{name}"' not in source] == []
