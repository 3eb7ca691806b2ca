"""What comes back costs: the parcel that went in vain, the work, what goods lost; and what others had earned of it."""

from datetime import timedelta

import pytest

from loopline.db import Conn
from loopline.insight.returned import (
    Dimension,
    LossNotUsable,
    NewLoss,
    ReturnedGroup,
    losses_in_force,
    read_returned,
    set_losses,
)
from loopline.kernel.ids import OrderId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.place import Placed, place
from loopline.processes.supply import WantedTerm, agree
from loopline.processes.take_back import TakenBack, take_back
from loopline.returns.model import Grade, Reason
from loopline.supply.model import Term, TermKind
from tests.make.loop import follow, hand_over_everything, pay_for
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop, till_sale
from tests.process.test_returned import DAY, RIGHTS, asked, back, graded
from tests.process.test_supply import SETTLE

HANDLING = 200  # of a parcel, at every site of the shop
HAT_COST = 300


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """A shop where it is known what hats cost, and of nothing else."""
    shop = open_shop(conn)
    cost = WantedTerm(
        owner_code="BRAND-CO",
        buyer_code="BRAND-CO",
        sku_code="HAT",
        kind=TermKind.COST,
        unit_minor=HAT_COST,
        currency="CNY",
        from_at=NOON - DAY,
        comment="As bought.",
    )
    (agreed,) = agree(conn, [cost], by="gu.finance", now=NOON - DAY)
    assert isinstance(agreed, Term), agreed
    return shop


@pytest.fixture
def sold(conn: Conn, shop: Shop) -> tuple[OrderId, OrderId]:
    """Seven hats that were sent in one parcel, and two coats that a till sold."""
    drafts = [
        ask(shop, "W-1", lines=lines(shop, ("HAT", 7))),
        till_sale(shop, "T-1", site="D", lines=lines(shop, ("COAT", 2), stated=True)),
    ]
    placed: list[OrderId] = []
    for one in succeeded(place(conn, drafts, scope=WHOLE_BRAND, now=NOON)):
        assert isinstance(one, Placed)
        pay_for(conn, shop, one)
        placed.append(one.order_id)
    hand_over_everything(conn, now=NOON)
    follow(conn, RIGHTS)
    follow(conn, SETTLE)
    return placed[0], placed[1]


def hats_back(
    conn: Conn,
    shop: Shop,
    order_id: OrderId,
    number: str,
    units: int,
    *grades: tuple[Grade, int],
    days: int = 1,
) -> None:
    """Hats come back; what is graded open is packed again, what is damaged is thrown away."""
    at = NOON + timedelta(days=days)
    wanted = back(shop, number, "HAT", units, Reason.SIZE, order_id=order_id, at=at)
    (taken,) = succeeded(take_back(conn, [wanted], scope=WHOLE_BRAND, now=at))
    assert isinstance(taken, TakenBack)
    if grades:
        graded(conn, shop, taken.lines[0].return_line_id, *grades)
    follow(conn, SETTLE)


def by_key(conn: Conn, dimension: Dimension = Dimension.SKU) -> dict[str, ReturnedGroup]:
    return {one.key: one for one in read_returned(conn, asked(dimension)).groups}


def priced_freight(conn: Conn, order_id: OrderId) -> int:
    """What sending the one parcel of an order was priced at: distance and weight."""
    row = conn.execute("select parcels from sourcing.decision where order_id = %s", (order_id,)).fetchone()
    assert row is not None
    ((_, units, handling, distance, weight, *_),) = row[0]
    assert (units, handling, distance > 0) == (7, HANDLING, True)
    return distance + weight


def others_gave_back(conn: Conn, order_id: OrderId) -> int:
    (total,) = conn.execute(
        "select sum(cancelled_minor + clawed_back_minor)::bigint from sharing.published_shares"
        " where order_id = %s and role <> 'brand'",
        (order_id,),
    ).fetchone() or (0,)
    assert total > 0
    return total


def test_hats_that_come_back_cost_their_part_of_the_parcel_the_work_and_what_they_lost(
    conn: Conn, shop: Shop, sold: tuple[OrderId, OrderId]
):
    hats, _ = sold
    hats_back(conn, shop, hats, "R-1", 3, (Grade.DAMAGED, 1), (Grade.OPEN, 1), (Grade.AS_NEW, 1))
    found = by_key(conn)[str(shop.skus["HAT"])]
    assert found.freight_minor == round(priced_freight(conn, hats) * 3 / 7)
    assert found.handling_minor == round(HANDLING * 3 / 7 + HANDLING)
    assert (found.loss_minor, found.uncosted_units) == (HAT_COST + HAT_COST * 20 // 100, 0)
    assert found.cost_minor == found.freight_minor + found.handling_minor + found.loss_minor
    assert found.unearned_minor == others_gave_back(conn, hats)
    total = read_returned(conn, asked(Dimension.SKU)).total
    assert (total.cost_minor, total.unearned_minor) == (found.cost_minor, found.unearned_minor)
    grades = by_key(conn, Dimension.GRADE)
    assert {key: one.loss_minor for key, one in grades.items()} == {
        "damaged": HAT_COST,
        "open": HAT_COST * 20 // 100,
        "as_new": 0,
    }
    assert {one.freight_minor for one in grades.values()} == {round(priced_freight(conn, hats) / 7)}


def test_a_till_sale_had_no_parcel_and_what_nobody_stated_is_counted_as_unknown(
    conn: Conn, shop: Shop, sold: tuple[OrderId, OrderId]
):
    _, coats = sold
    (coat, scarf) = succeeded(
        take_back(
            conn,
            [
                back(shop, "R-2", "COAT", 1, Reason.SIZE, order_id=coats),
                back(shop, "R-3", "SCARF", 1, Reason.SIZE),  # blind
            ],
            scope=WHOLE_BRAND,
            now=NOON + DAY,
        )
    )
    assert isinstance(coat, TakenBack)
    assert isinstance(scarf, TakenBack)
    graded(conn, shop, coat.lines[0].return_line_id, (Grade.OPEN, 1))
    follow(conn, SETTLE)
    found = by_key(conn)
    first, blind = found[str(shop.skus["COAT"])], found[str(shop.skus["SCARF"])]
    assert (first.freight_minor, first.handling_minor, first.loss_minor) == (0, HANDLING, 0)
    assert (first.uncosted_units, first.unearned_minor) == (1, others_gave_back(conn, coats))
    assert (blind.cost_minor, blind.handling_minor, blind.unearned_minor) == (HANDLING, HANDLING, 0)
    abroad = read_returned(conn, asked(Dimension.SKU, currency="EUR")).total
    assert (abroad.cost_minor, abroad.unearned_minor, abroad.uncosted_units) == (0, 0, 0)


def test_shares_given_back_belong_to_the_days_of_their_goods(
    conn: Conn, shop: Shop, sold: tuple[OrderId, OrderId]
):
    hats, _ = sold
    hats_back(conn, shop, hats, "R-1", 3)
    hats_back(conn, shop, hats, "R-4", 2, days=20)
    found = by_key(conn)[str(shop.skus["HAT"])]
    assert found.units == 3
    assert found.unearned_minor == round(others_gave_back(conn, hats) * 3 / 5)


def test_what_grades_lose_is_said_by_the_brand_and_the_last_word_holds(
    conn: Conn, shop: Shop, sold: tuple[OrderId, OrderId]
):
    hats, _ = sold
    hats_back(conn, shop, hats, "R-1", 2, (Grade.DAMAGED, 1), (Grade.OPEN, 1))
    wanted = [
        NewLoss(disposition="scrap", percent=70),
        NewLoss(disposition="restock", percent=5),
        NewLoss(disposition="outlet", percent=101),
        NewLoss(disposition="scrap", percent=50),
    ]
    first, restock, outlet, last = set_losses(conn, wanted, by="person:hq", now=NOON)
    assert (first, last) == (wanted[0], wanted[3])
    assert restock == LossNotUsable(disposition="restock", percent=5, most=100)
    assert outlet == LossNotUsable(disposition="outlet", percent=101, most=100)
    assert [(one.disposition, one.percent, one.set_by) for one in losses_in_force(conn)] == [
        ("refurbish", 20, None),
        ("outlet", 50, None),
        ("supplier", 0, None),
        ("scrap", 50, "person:hq"),
    ]
    assert by_key(conn)[str(shop.skus["HAT"])].loss_minor == HAT_COST * 50 // 100 + HAT_COST * 20 // 100
