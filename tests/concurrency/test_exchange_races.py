"""Exchanges from one barrier: the same one twice is one; an exchange and a return of one coat pay for it once."""

from collections.abc import Callable
from threading import Thread

from loopline import catalogue
from loopline.catalogue import NewSku
from loopline.db import Conn, Database
from loopline.kernel.ids import uuid7
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.processes.announce import Withdrawal, withdraw
from loopline.processes.exchange import CounterExchange, Exchanged, ExchangesMoreThanSold, exchange_at_counter
from loopline.processes.take_back import TakenBack, take_back
from loopline.processes.turn import take_turn
from loopline.returns.announcements import lock_announced
from loopline.returns.model import NewReturn, ReturnKind
from tests.make.org import succeeded
from tests.make.rivals import together
from tests.make.shop import OPENED, PRICES, Shop, ask, open_shop, stock_up, till_sale
from tests.process.test_exchange import counter, wanted
from tests.process.test_take_back import LATER, MEMBER, back, sell

TRIALS = 5


def exchanging(asked: CounterExchange) -> Callable[[Conn], object]:
    def work(conn: Conn) -> object:
        try:
            with conn.transaction():
                return exchange_at_counter(conn, asked, scope=WHOLE_BRAND, now=LATER)
        except Refused as refused:
            return refused.refusal

    return work


def returning(asked: NewReturn) -> Callable[[Conn], object]:
    def work(conn: Conn) -> object:
        return take_back(conn, [asked], scope=WHOLE_BRAND, now=LATER)[0]

    return work


def sold(
    database: Database, shop: Shop, number: str, *, out: str = "HAT"
) -> tuple[CounterExchange, NewReturn]:
    with database.transaction() as conn:
        order = sell(conn, shop, till_sale(shop, number, site="S"))
        asked = counter(conn, shop, order, (out, 1), id=uuid7(LATER))
        plain = back(shop, f"R-{number}", ("COAT", 1), kind=ReturnKind.ASK, order_id=order.id, member_id=None)
        return asked, plain


def paid_out(database: Database) -> int:
    """What left the drawer, and what was carried over."""
    with database.reading() as conn:
        row = conn.execute("select coalesce(sum(amount_minor), 0)::bigint from payments.refund").fetchone()
    assert row is not None
    return row[0]


def test_the_same_exchange_from_two_counters_is_one(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn)
    for trial in range(TRIALS):
        asked, _ = sold(database, shop, f"T-{trial}")
        before = paid_out(database)
        outcomes = together(database, [exchanging(asked), exchanging(asked)])
        assert sorted(one.is_repeat for one in outcomes if isinstance(one, Exchanged)) == [False, True]
        assert paid_out(database) - before == PRICES["COAT"]


def test_a_coat_is_exchanged_or_returned_and_paid_for_once(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn)
    for trial in range(TRIALS):
        asked, plain = sold(database, shop, f"T-{trial}")
        before = paid_out(database)
        first, second = together(database, [exchanging(asked), returning(plain)])
        assert isinstance(first, Exchanged | ExchangesMoreThanSold)
        assert isinstance(second, TakenBack)
        # Whichever was faster: the other belongs to no sale any more, and moves no money.
        assert second.reversed_minor == (0 if isinstance(first, Exchanged) else PRICES["COAT"])
        assert paid_out(database) - before == PRICES["COAT"]


def test_goods_that_are_kept_after_all_wait_for_the_turn_with_nothing_locked(database: Database):
    """Whoever has the turn may still lock the announcement: the two do not wait for each other."""
    with database.transaction() as conn:
        shop = open_shop(conn)
        new = NewSku(code="COAT-L", product_code="COAT", name="Coat L", tax_class="standard")
        (added,) = succeeded(catalogue.add_skus(conn, [new], now=OPENED))
        shop.skus["COAT-L"] = added.sku_id
        stock_up(conn, shop, {("W", "COAT-L"): 3})
        done = wanted(conn, sell(conn, shop, ask(shop, "W-1", member_id=MEMBER)))
    kept: list[object] = []

    def keep() -> None:
        asked = Withdrawal(return_id=done.exchange_id, by_member=MEMBER)
        with database.transaction() as conn:
            kept.extend(withdraw(conn, [asked], scope=Scope(), now=LATER))

    with database.transaction() as conn:
        take_turn(conn)
        customer = Thread(target=keep)
        customer.start()
        while not others_wait(conn):
            customer.join(0.01)
        conn.execute("set local lock_timeout = '2s'")
        lock_announced(conn, [done.exchange_id])
        assert kept == []
    customer.join()
    succeeded(kept)


def others_wait(conn: Conn) -> bool:
    row = conn.execute(
        "select exists (select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid)))"
    ).fetchone()
    return row is not None and row[0]
