from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from psycopg import sql

from loopline.db import Check, Conn, Database, Finding, run_check
from loopline.kernel.ids import PersonId, SiteId
from loopline.orders import CHECKS, DraftLine, LineChange, LineKind, NewOrder, change_lines
from loopline.orders.tills import TILL, NewTillSale, keep_till_sales
from tests.make.orders import NOON, draft, placed

BY_NAME = {check.name: check for check in CHECKS}
CHECK_CONSTRAINTS = (
    "line_units_add_up",
    "line_units_not_negative",
    "line_returned_within_handed_over",
    "line_lost_within_handed_over",
)


def two_orders(conn: Conn) -> tuple[NewOrder, NewOrder]:
    """One with goods that moved everywhere and a charge, one just placed."""
    charge = DraftLine(code="POST", units=1, kind=LineKind.CHARGE)
    first, second = placed(conn, [draft("A", 9, lines=(*draft("A", 9).lines, charge)), draft("B", 2, 3)])
    line_id = first.lines[0].line_id
    change_lines(
        conn,
        [
            LineChange(
                order_id=first.order_id,
                line_id=line_id,
                held=-8,
                parked=1,
                allocated=1,
                handed_over=4,
                cancelled=2,
                returned=3,
                lost=1,
            )
        ],
        now=NOON + timedelta(hours=1),
    )
    return first, second


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_sound_orders_break_no_promise(conn: Conn, check: Check):
    two_orders(conn)
    assert run_check(conn, check) == []


def found_after(
    database: Database, check: str, damage: Callable[[NewOrder, NewOrder], str]
) -> tuple[NewOrder, list[Finding], list[Finding]]:
    """Plant damage as the owner; return the order, what the check finds, and what it finds after its own repairs."""
    with database.transaction() as conn:
        first, second = two_orders(conn)
    with database.owner_transaction() as owner:
        for constraint in CHECK_CONSTRAINTS:
            owner.execute(
                sql.SQL("alter table orders.line drop constraint {}").format(sql.Identifier(constraint))
            )
        owner.execute(damage(first, second).encode())
        found = run_check(owner, BY_NAME[check])
        for finding in found:
            owner.execute(finding.repair.encode())
        return first, found, run_check(owner, BY_NAME[check])


def where(order: NewOrder) -> str:
    return f"order_id = '{order.order_id}' and line_id = '{order.lines[0].line_id}'"


def test_units_that_stand_nowhere_are_found_and_parked(database: Database):
    first, found, left = found_after(
        database,
        "line_units_add_up",
        lambda first, _: f"update orders.line set held = held - 1 where {where(first)}",
    )
    assert [(finding.subject, finding.found, finding.expected) for finding in found] == [
        (f"line {first.lines[0].line_id}", "8", "9")
    ]
    assert left == []


def test_units_that_stand_twice_are_found(database: Database):
    first, found, left = found_after(
        database,
        "line_units_add_up",
        lambda first, _: f"update orders.line set held = held + 1 where {where(first)}",
    )
    assert [(finding.subject, finding.found) for finding in found] == [
        (f"line {first.lines[0].line_id}", "10")
    ]
    assert left == found, "which of them is too much is for a person to say"


def test_a_charge_that_waits_is_found(database: Database):
    _, found, _ = found_after(
        database,
        "line_units_add_up",
        lambda first, _: f"update orders.line set parked = 1 where line_id = '{first.lines[1].line_id}'",
    )
    assert [finding.found for finding in found] == ["2"]


@pytest.mark.parametrize("damage", ["returned = 5", "lost = 5", "returned = -1"])
def test_more_back_than_out_is_found_and_repaired(database: Database, damage: str):
    first, found, left = found_after(
        database,
        "line_returned_within_handed_over",
        lambda first, _: f"update orders.line set {damage} where {where(first)}",
    )
    assert [(finding.subject, finding.expected) for finding in found] == [
        (f"line {first.lines[0].line_id}", "at most 4 each")
    ]
    assert left == []


@pytest.mark.parametrize(
    "damage",
    [
        "update orders.order set held = held + 1, parked = parked - 1 where id = '{order}'",
        "update orders.order set amount_minor = amount_minor + 1 where id = '{order}'",
        "update orders.line set returned = returned - 1 where order_id = '{order}' and kind = 'goods'",
        "update orders.line set tax_minor = tax_minor - 1 where order_id = '{order}'",
    ],
)
def test_a_head_that_is_not_the_sum_of_its_lines_is_found_and_repaired(database: Database, damage: str):
    first, found, left = found_after(
        database, "order_equals_its_lines", lambda first, _: damage.format(order=first.order_id)
    )
    assert [finding.subject for finding in found] == [f"order {first.order_id}"]
    assert left == []


def test_an_order_without_lines_is_found(database: Database):
    first, found, _ = found_after(
        database,
        "order_equals_its_lines",
        lambda first, _: f"delete from orders.line where order_id = '{first.order_id}'",
    )
    assert [(finding.subject, finding.expected) for finding in found] == [
        (f"order {first.order_id}", "at least one line")
    ]


def test_lines_and_quotes_without_an_order_are_found_and_removed(database: Database):
    first, found, left = found_after(
        database,
        "line_has_its_order",
        lambda first, _: f"delete from orders.order where id = '{first.order_id}'",
    )
    assert [finding.subject for finding in found] == [
        f"line {first.lines[0].line_id}",
        f"line {first.lines[1].line_id}",
        "quote",
    ]
    assert left == []


def test_an_order_whose_number_is_unknown_is_found_and_its_number_kept_from_a_second(database: Database):
    first, found, left = found_after(
        database,
        "order_is_known_by_its_number",
        lambda first, _: f"delete from orders.known where order_id = '{first.order_id}'",
    )
    assert [(finding.subject, finding.found) for finding in found] == [
        (f"order {first.order_id}", "the number is unknown")
    ]
    assert left == []


def test_an_order_whose_number_names_another_is_found(database: Database):
    first, found, left = found_after(
        database,
        "order_is_known_by_its_number",
        lambda first, second: (
            f"update orders.known set order_id = '{second.order_id}' where order_id = '{first.order_id}'"
        ),
    )
    assert [finding.subject for finding in found] == [f"order {first.order_id}"]
    assert left == found


def test_a_number_that_names_nothing_is_found_and_freed(database: Database):
    first, found, left = found_after(
        database,
        "known_number_is_an_order",
        lambda first, _: f"delete from orders.order where id = '{first.order_id}'",
    )
    assert [(finding.subject, finding.found) for finding in found] == [
        ("number A of web", f"no order {first.order_id}")
    ]
    assert left == []


def test_two_orders_of_one_short_number_are_found_and_parted(database: Database):
    _, found, left = found_after(
        database, "short_number_is_one_order", lambda _, __: "update orders.order set number = 1"
    )
    assert [(finding.found, finding.expected) for finding in found] == [
        ("number 1 is an earlier order's too", "a number of its own")
    ]
    assert left == []


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (
            "update orders.order set external_number = 'other' where id = '{order}'",
            "till other at site {site}",
        ),
        ("update orders.order set channel = 'web' where id = '{order}'", "web {till}/7 at site {site}"),
        ("delete from orders.order where id = '{order}'", "no order"),
    ],
)
def test_a_till_sale_that_is_another_order_is_found(database: Database, damage: str, found: str):
    till, site, who = (UUID(int=number) for number in (1, 2, 3))
    sale = draft(f"{till}/7", 2, channel=TILL, site_id=site)
    with database.transaction() as conn:
        (order,) = placed(conn, [sale])
        kept = NewTillSale(
            till_id=till,
            number=7,
            order_id=order.order_id,
            site_id=SiteId(site),
            rung_up_by=PersonId(who),
            rung_up_at=NOON,
        )
        keep_till_sales(conn, [kept], sent_by=PersonId(who), now=NOON)
        assert run_check(conn, BY_NAME["till_sale_is_its_order"]) == []
    with database.owner_transaction() as owner:
        owner.execute(damage.format(order=order.order_id).encode())
        (finding,) = run_check(owner, BY_NAME["till_sale_is_its_order"])
    assert (finding.subject, finding.found, finding.expected) == (
        f"sale 7 of till {till}",
        found.format(till=till, site=site),
        f"till {till}/7 at site {site}",
    )


def test_a_wait_that_is_counted_and_not_there_is_found_and_forgotten(database: Database):
    first, found, left = found_after(
        database,
        "unpaid_is_what_waits",
        lambda first, _: (
            f"insert into orders.unpaid (order_id, pay_until) values ('{first.order_id}', '2026-03-01 12:00Z')"
        ),
    )
    assert [(finding.subject, finding.expected) for finding in found] == [
        (f"order {first.order_id}", "does not wait")
    ]
    assert left == []


def test_a_payer_without_an_order_is_found_and_forgotten(database: Database):
    nobody = "00000000-0000-7000-8000-000000000001"
    _, found, left = found_after(
        database, "payer_has_an_order", lambda _, __: f"insert into orders.payer values ('{nobody}')"
    )
    assert [finding.subject for finding in found] == [f"member {nobody}"]
    assert left == []


@pytest.mark.parametrize(
    ("check", "damage"),
    [
        (
            "parking_has_its_line",
            (
                "insert into orders.parking (order_id, line_id, sku_id, reason, since)"
                " values ('{order}', gen_random_uuid(), gen_random_uuid(), 'no_goods', now())"
            ),
        ),
        (
            "named_site_has_its_order",
            "insert into orders.named_site (order_id, site_id) values (gen_random_uuid(), gen_random_uuid())",
        ),
        (
            "changed_price_is_its_line",
            (
                "insert into orders.price_change select gen_random_uuid(), '{order}', gen_random_uuid(),"
                " gen_random_uuid(), 1, 'CNY', 2, 1, 'not_allowed', null, gen_random_uuid(), now(), null, null, now()"
            ),
        ),
        (
            "price_approval_is_spent_once",
            (
                "insert into orders.price_ask select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),"
                " gen_random_uuid(), 1, 'CNY', 2, 1, 'goodwill', gen_random_uuid(), now(), null, gen_random_uuid(),"
                " now(), true, '', '{order}'"
            ),
        ),
    ],
)
def test_what_belongs_to_no_line_or_order_is_found(database: Database, check: str, damage: str):
    with database.transaction() as conn:
        first, _ = two_orders(conn)
    with database.owner_transaction() as owner:
        assert run_check(owner, BY_NAME[check]) == []
        owner.execute(damage.format(order=first.order_id).encode())
        assert len(run_check(owner, BY_NAME[check])) == 1


def test_every_check_is_planted_here():
    source = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in BY_NAME if f'"{name}"' not in source] == []


_PREORDER_ID = "00000000-0000-7000-8000-0000000000aa"
_PREORDER = (
    "insert into orders.preorder (id, sku_id, allowance, allowance_most, opens_at, ships_on, stated_at, changed_at,"
    f" changed_by) values ('{_PREORDER_ID}', gen_random_uuid(), 2, 3, now(), '2100-01-01', now(), now(), 'hq');"
)


def test_what_says_it_waits_for_more_than_its_line_is_found_and_counted_as_covered(database: Database):
    first, found, left = found_after(
        database,
        "sold_ahead_waits_with_its_line",
        lambda first, _: (
            _PREORDER
            + "insert into orders.preordered (order_id, line_id, preorder_id, sku_id, units, waiting)"
            f" select order_id, line_id, '{_PREORDER_ID}', sku_id, 3, 3 from orders.line where {where(first)}"
        ),
    )
    assert [(one.subject, one.found, one.expected) for one in found] == [
        (
            f"line {first.lines[0].line_id} of order {first.order_id}",
            "3 sold ahead wait",
            "at most 1 parked",
        )
    ]
    assert left == []


@pytest.mark.parametrize(("sold", "is_found"), [(3, False), (4, True)])
def test_more_sold_ahead_than_was_ever_allowed_is_found_and_a_lowered_allowance_is_not(
    database: Database, sold: int, is_found: bool
):
    _, found, left = found_after(
        database,
        "sold_ahead_within_allowance",
        lambda first, _: (
            _PREORDER
            + "insert into orders.preordered (order_id, line_id, preorder_id, sku_id, units, waiting, covered)"
            f" select order_id, line_id, '{_PREORDER_ID}', sku_id, {sold}, 1, {sold - 1}"
            f" from orders.line where {where(first)}"
        ),
    )
    assert [(one.found, one.expected) for one in found] == (
        [(f"{sold} sold ahead", "at most 3")] if is_found else []
    )
    assert left == found  # who chooses what is called off is a person
