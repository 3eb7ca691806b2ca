"""What comes back while another settles what was noted: each unit is settled once, or not at all."""

from datetime import timedelta

import pytest

from loopline.db import Conn, Database
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.scope import WHOLE_BRAND
from loopline.ledger.queries import balances_by_purpose
from loopline.processes.doctor import FOLLOWS_THE_LOG, examine
from loopline.processes.place import Placed, place
from loopline.processes.supply import WantedTerm, agree, settle_noted
from loopline.processes.take_back import TakenBack, take_back
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind
from loopline.supply.model import Term, TermKind, TermReachesBack
from loopline.supply.queries import noted_by_pair
from tests.make.loop import follow, hand_over_everything, pay_for
from tests.make.rivals import together
from tests.make.shop import NOON, PRICES, Shop, ask, lines, open_shop, stock_up

SETTLE = next(one for one in FOLLOWERS if one.name == "settle")
LATER = NOON + timedelta(days=1)
TRIALS = 6
UNIT_MINOR = 500


@pytest.fixture
def shop(database: Database) -> Shop:
    with database.transaction() as conn:
        found = open_shop(conn, units=0)
        stock_up(conn, found, {("D", "HAT"): 10 * TRIALS})
    return found


def sold(conn: Conn, shop: Shop, number: str) -> Placed:
    (placed,) = place(conn, [ask(shop, number, lines=lines(shop, ("HAT", 4)))], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(placed, Placed), placed
    pay_for(conn, shop, placed)
    hand_over_everything(conn, now=NOON)
    follow(conn, SETTLE)
    return placed


def term(unit_minor: int = UNIT_MINOR) -> WantedTerm:
    return WantedTerm(
        owner_code="DEALER-CO",
        buyer_code="BRAND-CO",
        currency="CNY",
        kind=TermKind.PURCHASE,
        unit_minor=unit_minor,
        from_at=NOON,
        comment="Afterwards.",
    )


def back(shop: Shop, order: Placed, number: str) -> NewReturn:
    hat = NewReturnLine(code="HAT", sku_id=shop.skus["HAT"], units=1, stated_unit_minor=PRICES["HAT"])
    return NewReturn(
        channel="till",
        external_number=number,
        kind=ReturnKind.FACT,
        at=LATER,
        site_id=shop.sites["D"],
        currency="CNY",
        order_id=order.order_id,
        lines=(hat,),
    )


def owed(conn: Conn) -> int:
    return sum(one.balance_minor for one in balances_by_purpose(conn) if one.purpose == "supply_cost")


def test_return_and_settling_of_what_was_noted(database: Database, shop: Shop):
    with database.transaction() as conn:
        orders = [sold(conn, shop, f"W-{number}") for number in range(TRIALS)]
        assert isinstance(agree(conn, [term()], by="gu.finance", now=LATER)[0], Term)
    # The oldest is settled first and the latest comes back first: they meet in the middle.
    for number, order in enumerate(reversed(orders)):
        asked = back(shop, order, f"R-{number}")
        settled, returned = together(
            database,
            [
                lambda conn: settle_noted(conn, now=LATER, limit=1),
                lambda conn, asked=asked: take_back(conn, [asked], scope=WHOLE_BRAND, now=LATER)[0],
            ],
        )
        assert isinstance(returned, TakenBack), returned
        assert settled in {0, 1}, "what is being returned at this moment is passed over"
    with database.transaction() as conn:
        settle_noted(conn, now=LATER, limit=TRIALS)
        assert owed(conn) == 3 * TRIALS * UNIT_MINOR
        assert noted_by_pair(conn) == []
        assert [
            one.name for one in examine(conn).checks if not one.ok and one.invariant != FOLLOWS_THE_LOG
        ] == []


def test_two_that_agree_at_once_agree_once(database: Database, shop: Shop):
    """Terms that reach back are the first of two companies; of two such only one can be the first."""
    assert shop.brand_entity
    first, second = together(
        database,
        [lambda conn, price=price: agree(conn, [term(price)], by="x", now=LATER)[0] for price in (1, 2)],
    )
    assert {type(first), type(second)} == {Term, TermReachesBack}
