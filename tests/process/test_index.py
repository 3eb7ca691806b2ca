"""The lists follow the log: every stage of an order, every change of the catalogue, and doctor proves that they do."""

from collections.abc import Generator
from datetime import timedelta
from uuid import UUID

import pytest

from loopline import search
from loopline.catalogue import NewProduct, NewSku
from loopline.db import Check, Conn, Database, run_check
from loopline.db.embedded import EmbeddedServer
from loopline.db.followers import catch_up
from loopline.fulfilment.model import RefusalReason, RefuseTask
from loopline.jobs.followers import FOLLOWERS as ALL_FOLLOWERS
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.orders import Draft, OnShortage
from loopline.processes import catalogue_changes, dispatch
from loopline.processes.index import CHECKS, FOLLOWERS, begin_again
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from loopline.processes.take_back import take_back
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind
from loopline.search import OrderAsk, OrderFound
from tests.make.catalogue import csv_file, preview_of
from tests.make.damage import as_owner
from tests.make.databases import database_from
from tests.make.loop import follow, hand_over_everything, pay_for
from tests.make.org import succeeded
from tests.make.shop import NOON, PRICES, Shop, ask, lines, open_shop, till_sale

ORDERS, PRODUCTS = FOLLOWERS


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def put(conn: Conn, draft: Draft) -> Placed:
    (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(placed, Placed), placed
    return placed


def found(conn: Conn, text: str, *, scope: Scope = WHOLE_BRAND) -> OrderFound:
    follow(conn, ORDERS)
    (one,) = search.find_orders(conn, OrderAsk(text=text), scope=scope)
    return one


def test_an_order_is_found_at_each_of_its_stages(conn: Conn, shop: Shop):
    placed = put(conn, ask(shop, "W-1"))
    one = found(conn, "W-1")
    assert (one.order_id, one.number, one.stage, one.amount_minor) == (
        placed.order_id,
        placed.number,
        "placed",
        15_820,
    )
    assert (one.lines, one.names, one.units, one.sending_sites) == (2, ("Coat", "Scarf"), 3, ())
    (task_id,) = source_wave(conn, now=NOON).tasks
    one = found(conn, "coat")
    assert (one.stage, one.sending_sites) == ("sourced", (shop.sites["S"],))
    refusal = RefuseTask(command_id=UUID(int=5), task_id=task_id, reason=RefusalReason.NO_CAPACITY)
    succeeded(dispatch.refuse(conn, [refusal], scope=WHOLE_BRAND, now=NOON))
    one = found(conn, placed.number)
    assert (one.stage, one.sending_sites) == ("placed", ())
    hand_over_everything(conn, now=NOON)
    one = found(conn, "SCARF")
    assert (one.stage, one.sending_sites) == ("handed_over", (shop.sites["W"],))


def test_money_taken_and_given_back_is_told(conn: Conn, shop: Shop):
    placed = put(conn, till_sale(shop, "T-1"))
    pay_for(conn, shop, placed)
    assert found(conn, "T-1").taken_minor == 15_820
    follow(conn, ALL_FOLLOWERS[0])
    back = NewReturn(
        channel="till",
        external_number="R-1",
        kind=ReturnKind.FACT,
        at=NOON + timedelta(days=1),
        site_id=shop.sites["D"],
        currency="CNY",
        order_id=placed.order_id,
        lines=tuple(
            NewReturnLine(code=code, sku_id=shop.skus[code], units=units, stated_unit_minor=PRICES[code])
            for code, units in (("COAT", 1), ("SCARF", 2))
        ),
    )
    succeeded(take_back(conn, [back], scope=WHOLE_BRAND, now=NOON + timedelta(days=1)))
    one = found(conn, "T-1")
    assert (one.stage, one.taken_minor, one.refunded_minor) == ("returned", 15_820, 15_820)


def test_a_store_sees_what_it_sells_or_sends_while_it_does(conn: Conn, shop: Shop):
    put(conn, ask(shop, "W-1"))
    put(conn, till_sale(shop, "T-1", site="D"))
    source_wave(conn, now=NOON)
    follow(conn, ORDERS)
    seen = {
        site: {
            one.external_number
            for one in search.find_orders(conn, OrderAsk(), scope=Scope(sites=frozenset({shop.sites[site]})))
        }
        for site in ("S", "D", "W")
    }
    assert seen == {"S": {"W-1"}, "D": {"T-1"}, "W": set()}


def test_the_same_event_again_changes_nothing(conn: Conn, shop: Shop):
    put(conn, ask(shop, "W-1"))
    source_wave(conn, now=NOON)
    before = found(conn, "W-1")
    assert found(conn, "W-1") == before


def test_goods_keep_the_name_under_which_they_were_sold(conn: Conn, shop: Shop):
    put(conn, ask(shop, "W-1", lines=lines(shop, ("HAT", 1))))
    follow(conn, ORDERS)
    header = "product_code,product_name,sku_code,sku_name,tax_class"
    renamed = preview_of(conn, csv_file(header, "HAT,贝雷帽,HAT,贝雷帽,standard"))
    catalogue_changes.apply_import(conn, renamed, now=NOON)
    source_wave(conn, now=NOON)
    assert found(conn, "hat").names == ("Hat",)
    put(conn, ask(shop, "W-2", lines=lines(shop, ("HAT", 1))))
    assert found(conn, "贝雷帽").names == ("贝雷帽",)


def test_products_follow_the_catalogue(conn: Conn, shop: Shop):
    del shop
    catalogue_changes.add_products(
        conn, [NewProduct(code="D-1", name="真丝连衣裙", category="裙装")], now=NOON
    )
    new = [
        NewSku(code=f"D-1-{size}", product_code="D-1", name=f"真丝连衣裙 {size}", tax_class="standard",
               gtin="4006381333931" if size == "S" else None, attributes={"english": "Silk dress"})
        for size in "SM"
    ]  # fmt: skip
    catalogue_changes.add_skus(conn, new, now=NOON)
    follow(conn, PRODUCTS)
    for text in ("连衣裙", "silk", "d-1-m", "4006381333931", "裙装"):
        (one,) = search.find_products(conn, text)
        assert (one.code, one.skus, one.is_active) == ("D-1", 2, True)


def test_everything_can_be_written_again(conn: Conn, shop: Shop):
    put(conn, ask(shop, "W-1"))
    put(conn, till_sale(shop, "T-1"))
    follow(conn, ORDERS)
    before = search.find_orders(conn, OrderAsk(), scope=WHOLE_BRAND)
    products = search.find_products(conn)
    begin_again(conn)
    assert search.find_orders(conn, OrderAsk(), scope=WHOLE_BRAND) == []
    assert search.find_products(conn) == products
    assert [one.code for one in products] == ["COAT", "HAT", "SCARF"]
    follow(conn, ORDERS)
    assert search.find_orders(conn, OrderAsk(), scope=WHOLE_BRAND) == before


@pytest.fixture(scope="module")
def business(server: EmbeddedServer, template: str) -> Generator[Database, None, None]:
    """A brand in the middle of its day, its lists up to the log. Nobody commits to it."""
    for database in database_from(server, template):
        with database.transaction() as conn:
            shop = open_shop(conn)
            put(conn, till_sale(shop, "T-1"))
            pay_for(conn, shop, put(conn, ask(shop, "W-1")))
            source_wave(conn, now=NOON)
            waiting = ask(shop, "W-2", lines=lines(shop, ("SCARF", 40)), on_shortage=OnShortage.PARK)
            put(conn, waiting)
        catch_up(database, ALL_FOLLOWERS, now=NOON)
        yield database


DAMAGE = {
    "order_documents_equal_their_orders": (
        "update search.order_document set stage = 'placed' where stage = 'sourced'",
        "update search.order_document set taken_minor = taken_minor - 1 where taken_minor > 0",
        "delete from search.order_document where channel = 'till'",
        (
            "delete from search.order_words where order_id in"
            " (select order_id from search.order_document where channel = 'till')"
        ),
        "update search.order_document set order_id = gen_random_uuid() where channel = 'till'",
    ),
    "order_sites_equal_their_work": (
        "delete from search.order_site where sends",
        "update search.order_site set sells = true where sends",
        (
            "insert into search.order_site select gen_random_uuid(), placed_at, order_id, true, false"
            " from search.order_document where channel = 'till'"
        ),
    ),
    "product_documents_equal_the_catalogue": (
        "update search.product_document set name = 'x' where code = 'HAT'",
        "delete from search.product_document where code = 'HAT'",
        "update search.product_document set skus = 2 where code = 'HAT'",
    ),
}
PLANTED = [(check, statement) for check in CHECKS for statement in DAMAGE[check.name]]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_lists_up_to_the_log_are_clean(business: Database, check: Check):
    with business.reading() as conn:
        assert run_check(conn, check) == []


@pytest.mark.parametrize(("check", "statement"), PLANTED, ids=lambda one: getattr(one, "name", None))
def test_planted_damage_is_found_and_its_repair_mends_it(business: Database, check: Check, statement: str):
    with as_owner(business) as conn:
        conn.execute(statement.encode())
        findings = run_check(conn, check)
        assert findings
        if "gen_random_uuid" not in statement and check.name.startswith("order"):
            for finding in findings:
                conn.execute(finding.repair.encode())
            assert run_check(conn, check) == []  # what the follower has to read again is not judged
            follow(conn, ORDERS)
            conn.execute("update log.follower set position = (select max(position) from log.event)")
            assert run_check(conn, check) == []
