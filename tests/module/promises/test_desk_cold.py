"""The desk on cold goods: promised from sites that are equipped for them, a parcel for each class."""

from collections.abc import Generator

import pytest

from loopline.db import Database
from loopline.processes.replenish import Count, count_goods
from loopline.promises import PromiseKind, WhyNot
from loopline.web.promising.desk import PromiseDesk
from tests.make.cold import COOL, FROZEN, able, chill
from tests.make.hours import offer_hours
from tests.make.org import succeeded
from tests.make.promising import asked, desk, only, said
from tests.make.shop import NOON, Shop, open_shop

COURIER, COLLECT = PromiseKind.COURIER, PromiseKind.COLLECT


@pytest.fixture
def shop(database: Database) -> Shop:
    """COAT is ambient, SCARF cool, HAT frozen."""
    with database.transaction() as conn:
        shop = open_shop(conn)
        chill(conn, SCARF=COOL, HAT=FROZEN)
    return shop


@pytest.fixture
def known(database: Database, shop: Shop) -> Generator[PromiseDesk, None, None]:
    del shop
    with desk(database) as made:
        yield made


def declare(database: Database, known: PromiseDesk, **kinds: tuple[object, ...]) -> None:
    with database.transaction() as conn:
        able(conn, **kinds)  # pyright: ignore[reportArgumentType] - classes
    known.caught_up()


def senders(known: PromiseDesk, *lines: tuple[str, int]) -> list[str]:
    return [one.code for one in only(known.view(), asked(*lines)).sends]


def test_what_no_site_is_equipped_for_is_not_promised_though_it_is_there(known: PromiseDesk):
    assert said(known.view(), asked(("HAT", 1))).misses == {PromiseKind.DELIVER: WhyNot.NOT_EQUIPPED}
    assert said(known.view(), asked(("COAT", 1), ("HAT", 1))).misses == {
        PromiseKind.DELIVER: WhyNot.NOT_EQUIPPED
    }
    assert said(known.view(), asked(("HAT", 999))).misses == {PromiseKind.DELIVER: WhyNot.NO_STOCK}
    assert senders(known, ("COAT", 1)) == ["S"]


def test_a_site_that_is_declared_promises_at_once_and_no_longer_when_it_is_not(
    database: Database, known: PromiseDesk
):
    declare(database, known, D=(FROZEN,))
    assert senders(known, ("HAT", 1)) == ["D"]
    declare(database, known, D=(), W=(FROZEN,))
    assert senders(known, ("HAT", 1)) == ["W"]
    # More than the warehouse has: the others have it and cannot send it.
    assert said(known.view(), asked(("HAT", 11))).misses == {PromiseKind.DELIVER: WhyNot.NOT_EQUIPPED}


def test_each_class_is_a_parcel_and_weighs_what_its_parcel_costs(database: Database, known: PromiseDesk):
    declare(database, known, S=(COOL, FROZEN))
    assert senders(known, ("COAT", 1), ("SCARF", 1), ("HAT", 1)) == ["S", "S", "S"]
    one = only(known.view(), asked(("COAT", 1))).weight_minor
    assert only(known.view(), asked(("COAT", 1), ("HAT", 1), ("SCARF", 1))).weight_minor == 3 * one
    declare(database, known, S=(COOL,), D=(FROZEN,))
    assert senders(known, ("HAT", 2), ("SCARF", 1), ("COAT", 1)) == ["S", "S", "D"]


def test_a_courier_takes_cold_goods_from_a_store_that_is_equipped_alone(
    database: Database, known: PromiseDesk
):
    with database.transaction() as conn:
        offer_hours(conn)
    known.caught_up()
    ask = asked(("COAT", 1), ("HAT", 1), kinds=(COURIER, COLLECT), site_codes=("S",))
    assert said(known.view(), ask).misses == {COURIER: WhyNot.NOT_EQUIPPED}
    assert [one.kind for one in said(known.view(), ask).options] == [COLLECT]
    declare(database, known, S=(FROZEN,))
    assert [one.kind for one in said(known.view(), ask).options] == [COURIER, COLLECT]


def test_what_leaves_together_is_promised_from_one_site(database: Database, known: PromiseDesk, shop: Shop):
    with database.transaction() as conn:
        conn.execute("update catalogue.sku set sent_with = 'SET' where code in ('COAT', 'HAT')")
        conn.execute(
            "update catalogue.sku set temperature_low_celsius = null, temperature_high_celsius = null"
        )
        succeeded(
            count_goods(
                conn,
                [
                    Count(leaf_id=shop.leaves[site], sku_id=shop.skus[sku], units=0)
                    for site, sku in (("S", "COAT"), ("W", "HAT"))
                ],
                now=NOON,
            )
        )
    known.caught_up()
    assert senders(known, ("COAT", 1)) == ["W"]
    assert senders(known, ("HAT", 1)) == ["S"]
    assert senders(known, ("COAT", 1), ("HAT", 1)) == ["D"]
    with database.transaction() as conn:
        succeeded(
            count_goods(conn, [Count(leaf_id=shop.leaves["D"], sku_id=shop.skus["HAT"], units=0)], now=NOON)
        )
    known.caught_up()
    assert said(known.view(), asked(("COAT", 1), ("HAT", 1))).misses == {
        PromiseKind.DELIVER: WhyNot.NOT_TOGETHER
    }
    assert senders(known, ("COAT", 1), ("SCARF", 1)) == ["W"]
