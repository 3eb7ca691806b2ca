"""Rivals for stored value: sales that it is not enough for, refunds, top-ups and cash-outs of one member at once."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from loopline.db import Conn, Database
from loopline.jobs.stored_value import give_back_due
from loopline.kernel.ids import MemberId, PersonId, uuid7
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.doctor import FOLLOWS_THE_LOG, examine
from loopline.processes.follow import FOLLOWERS
from loopline.processes.stored_value.paying_in import CashOutAsk, pay_out, take_ahead
from loopline.processes.stored_value.paying_with import PaidWithValue
from loopline.stored_value import Moved, NewTopUp
from loopline.stored_value.refusals import StoredValueNotEnough
from tests.make.customers import member, phone, registered
from tests.make.loop import follow
from tests.make.rivals import together
from tests.make.shop import NOON
from tests.make.store import Stage, open_store
from tests.make.stored_value import (
    brought_back,
    new_top_up,
    offered,
    paid_by,
    sale_by_value,
    topped_up,
    value_of,
)

RIVALS = 8
COAT = 11_300
TOTAL = 15_820


def begun(database: Database) -> tuple[Stage, MemberId]:
    with database.transaction() as conn:
        stage = open_store(conn)
        (anna,) = registered(conn, [member(phone(1))])
        offered(conn, stage.shop.brand_entity, bonuses=())
    return stage, anna


def sound(database: Database) -> None:
    with database.transaction() as conn:
        for one in FOLLOWERS:
            follow(conn, one)
        checks = examine(conn).checks
    assert [one for one in checks if not one.ok and one.invariant != FOLLOWS_THE_LOG] == []


def paying(who: MemberId, guide: PersonId, till: int, number: int) -> Callable[[Conn], object]:
    """A till of its own rings up a sale; refused, it undoes all of it, as the edge does."""
    one = sale_by_value(guide, number, value=TOTAL, till_id=uuid7(NOON + timedelta(seconds=till)))

    def pay(conn: Conn) -> object:
        with conn.transaction():
            outcome = paid_by(conn, one, who, by=guide)
            if isinstance(outcome, Refusal):
                raise Refused(outcome)
        return outcome

    def tried(conn: Conn) -> object:
        try:
            return pay(conn)
        except Refused as refused:
            return refused.refusal

    return tried


def test_tills_at_one_moment_never_use_more_than_is_there(database: Database):
    stage, anna = begun(database)
    for trial in range(3):
        with database.transaction() as conn:
            topped_up(conn, anna, stage.shop.brand_entity, 3 * TOTAL + 1 - (1 if trial else 0))
        work = [paying(anna, stage.people["zhou.guide"], till, trial + 1) for till in range(RIVALS)]
        found = Counter(type(one) for one in together(database, work))
        assert found == {PaidWithValue: 3, StoredValueNotEnough: RIVALS - 3}
        with database.transaction() as conn:
            assert value_of(conn, anna) == (1, 0)
    sound(database)


def test_one_attempt_sent_by_many_at_once_pays_once(database: Database):
    stage, anna = begun(database)
    with database.transaction() as conn:
        topped_up(conn, anna, stage.shop.brand_entity, 5 * TOTAL)
    guide = stage.people["zhou.guide"]
    one = sale_by_value(guide, value=TOTAL)

    def pay(conn: Conn) -> object:
        return paid_by(conn, one, anna, by=guide)

    found = together(database, [pay] * RIVALS)
    assert all(isinstance(each, PaidWithValue) for each in found)
    assert sum(1 for each in found if isinstance(each, PaidWithValue) and not each.order.is_repeat) == 1
    with database.transaction() as conn:
        assert value_of(conn, anna) == (4 * TOTAL, 0)
    sound(database)


def test_one_top_up_sent_by_many_at_once_is_one(database: Database):
    stage, anna = begun(database)
    one = new_top_up(anna, stage.shop.brand_entity, 1_000)

    def taking(asked: NewTopUp) -> Callable[[Conn], object]:
        return lambda conn: take_ahead(conn, [asked], now=NOON)[0]

    found = together(database, [taking(one)] * RIVALS)
    assert sorted(each.is_repeat for each in found if isinstance(each, Moved)) == [False] + [True] * (
        RIVALS - 1
    )
    with database.transaction() as conn:
        assert value_of(conn, anna) == (1_000, 0)
    sound(database)


def test_refunds_uses_and_a_cash_out_at_one_moment_lose_nothing(database: Database):
    stage, anna = begun(database)
    guide, later = stage.people["zhou.guide"], NOON + timedelta(days=1)
    with database.transaction() as conn:
        account = topped_up(conn, anna, stage.shop.brand_entity, 2 * TOTAL)
        paid = paid_by(conn, sale_by_value(guide, value=TOTAL), anna, by=guide)
        assert isinstance(paid, PaidWithValue)
        brought_back(conn, stage.shop, paid.order, "R-1", ("COAT", 1), now=later)
        offered(conn, stage.shop.brand_entity, bonuses=(), alone_minor=10**9)
    asked = CashOutAsk(id=uuid7(NOON), account_id=account.id, method="cash")

    def giving_back(conn: Conn) -> object:
        del conn  # it opens transactions of its own, as the job does
        return give_back_due(database, later)

    def paying_out(conn: Conn) -> object:
        return pay_out(conn, [asked], scope=WHOLE_BRAND, by="a", now=later)[0]

    together(database, [giving_back, giving_back, paying_out, paying(anna, guide, 7, 1)])
    give_back_due(database, later + timedelta(minutes=2))
    sound(database)
    with database.transaction() as conn:
        given = conn.execute(
            "select sum(principal_minor) from stored_value.movement where kind = 'given_back'"
        )
        assert given.fetchone() == (COAT,)
