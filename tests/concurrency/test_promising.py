"""Asks while orders drain the stock: what was sold before the desk caught up is promised to nobody after it."""

import threading
from contextlib import suppress

import psycopg

from loopline.db import Database
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Delivery, Draft
from loopline.processes.place import Placed, Placement, place
from loopline.promises import PromiseKind
from loopline.web.promising.desk import View
from tests.make.promising import asked, desk, only, said
from tests.make.shop import NOON, Shop, ask, lines, open_shop

BUYERS, ORDERS_EACH = 4, 12
BOTH = (PromiseKind.DELIVER, PromiseKind.COLLECT)


def test_nothing_is_promised_that_was_sold_before_the_desk_caught_up(database: Database):
    """Thirty coats, forty-eight orders from one barrier: whoever watches sees no more than what is left, ever less."""
    with database.transaction() as conn:
        shop = open_shop(conn)
    with desk(database) as made:
        barrier = threading.Barrier(BUYERS + 1)
        sold: list[int] = []
        buyers = [
            threading.Thread(target=_buy, args=(database, shop, buyer, barrier, sold))
            for buyer in range(BUYERS)
        ]
        for one in buyers:
            one.start()
        barrier.wait()
        while any(one.is_alive() for one in buyers):
            # What was committed by now is known after this; more may be sold meanwhile, none is given back.
            before = len(sold)
            made.caught_up()
            room = _room(made.view())
            assert room <= 30 - before, "promised what was gone"
        for one in buyers:
            one.join()
        assert len(sold) == 30
        made.caught_up()
        found = said(made.view(), asked(("COAT", 1), kinds=BOTH))
        assert (found.options, found.lacking) == ([], {"COAT": 0})
        # Other goods are promised as before: the desk is not merely silent.
        assert only(made.view(), asked(("HAT", 10))).kind is PromiseKind.DELIVER


def _buy(database: Database, shop: Shop, buyer: int, barrier: threading.Barrier, sold: list[int]) -> None:
    barrier.wait()
    for number in range(ORDERS_EACH):
        is_collected = number % 3 == 0
        draft = ask(
            shop,
            f"B{buyer}-{number}",
            lines=lines(shop, ("COAT", 1)),
            delivery=Delivery.COLLECT if is_collected else Delivery.DELIVER,
            site_id=shop.sites["SD"[buyer % 2]] if is_collected else None,
        )
        if isinstance(_place(database, draft), Placed):
            sold.append(number)


def _place(database: Database, draft: Draft) -> Placement:
    """Place a draft, again where a rival took the units that were planned for it."""
    while True:
        with suppress(psycopg.errors.SerializationFailure), database.transaction() as conn:
            (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
            return placed


def _room(view: View) -> int:
    """How many coats would be promised at once: the most that a cart may hold."""
    low, high = 0, 31
    while high - low > 1:
        units = (low + high) // 2
        if said(view, asked(("COAT", units))).options:
            low = units
        else:
            high = units
    return low
