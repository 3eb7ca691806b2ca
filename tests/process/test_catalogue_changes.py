"""Changes of the catalogue are told to the log: one event per product touched, none where nothing changed."""

from loopline import catalogue
from loopline.catalogue import NewProduct, NewSku, ProductWritten
from loopline.db import Conn, log
from loopline.kernel.events import read
from loopline.kernel.ids import ProductId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.processes import catalogue_changes
from tests.make.catalogue import LATER, NOW, csv_file, preview_of

HEADER = "product_code,product_name,sku_code,sku_name,tax_class"


def told(conn: Conn) -> list[tuple[str, ProductWritten]]:
    return [(one.actor, read(one, ProductWritten)) for one in reversed(log.read_latest(conn, limit=100))]


def ids(conn: Conn) -> tuple[dict[str, ProductId], dict[str, SkuId]]:
    products = {one.code: one.id for one in catalogue.products_after(conn)}
    return products, {one.code: one.id for one in catalogue.skus_after(conn)}


def add_two(conn: Conn) -> None:
    outcomes = catalogue_changes.add_products(
        conn,
        [NewProduct(code="p-1", name="衬衫"), NewProduct(code="p-2", name="Coat")],
        now=NOW,
        actor="anna",
    )
    assert [isinstance(one, Refusal) for one in outcomes] == [False, False]


def test_new_products_and_skus_are_told_once_each(conn: Conn):
    add_two(conn)
    skus = [
        NewSku(code=code, product_code=product, name=code, tax_class="standard")
        for code, product in (("A", "p-2"), ("B", "p-1"), ("C", "p-2"))
    ]
    catalogue_changes.add_skus(conn, skus, now=NOW)
    products, made = ids(conn)
    assert told(conn) == [
        ("anna", ProductWritten(product_id=products["P-1"], is_new=True)),
        ("anna", ProductWritten(product_id=products["P-2"], is_new=True)),
        ("system", ProductWritten(product_id=products["P-1"], is_new=False, sku_ids=(made["B"],))),
        ("system", ProductWritten(product_id=products["P-2"], is_new=False, sku_ids=(made["A"], made["C"]))),
    ]


def test_what_stands_there_and_what_is_refused_is_told_to_nobody(conn: Conn):
    add_two(conn)
    before = told(conn)
    outcomes = catalogue_changes.add_products(
        conn, [NewProduct(code="P-1", name="衬衫"), NewProduct(code="P-2", name="Other")], now=LATER
    )
    refused = catalogue_changes.add_skus(
        conn, [NewSku(code="X", product_code="NONE", name="X", tax_class="standard")], now=LATER
    )
    assert [isinstance(one, Refusal) for one in (*outcomes, *refused)] == [False, True, True]
    assert told(conn) == before


def test_a_file_tells_every_product_it_touches_and_the_one_a_sku_leaves(conn: Conn):
    add_two(conn)
    catalogue_changes.add_skus(
        conn, [NewSku(code="A", product_code="P-2", name="A", tax_class="standard")], now=NOW
    )
    before = len(told(conn))
    content = csv_file(HEADER, "P-1,衬衫 new,A,A,standard", "P-3,Scarf,S,Scarf red,standard")
    catalogue_changes.apply_import(conn, preview_of(conn, content), now=LATER, actor="cli")
    products, made = ids(conn)
    assert told(conn)[before:] == [
        ("cli", ProductWritten(product_id=products["P-1"], is_new=False, sku_ids=(made["A"],))),
        ("cli", ProductWritten(product_id=products["P-2"], is_new=False)),
        ("cli", ProductWritten(product_id=products["P-3"], is_new=True, sku_ids=(made["S"],))),
    ]


def test_a_refused_file_tells_nothing(conn: Conn):
    content = csv_file(HEADER, "P-1,衬衫,A,A,no such class")
    refused = catalogue_changes.apply_import(conn, preview_of(conn, content), now=LATER)
    assert isinstance(refused, Refusal)
    assert told(conn) == []
