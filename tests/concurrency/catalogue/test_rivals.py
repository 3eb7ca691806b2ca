"""Rivals in the catalogue: one code, one GTIN, two previews of one file."""

from collections import Counter
from collections.abc import Callable

import pytest

from loopline import catalogue
from loopline.catalogue import ImportApplied, ImportPreview, NewProduct, NewSku, SkuAdded
from loopline.catalogue.checks import CHECKS
from loopline.catalogue.rules import GtinTaken, StockCodeTaken
from loopline.catalogue.service import CatalogueChangedMeanwhile
from loopline.db import Conn, Database
from loopline.kernel.refusals import Refusal
from tests.make.catalogue import NOW, csv_file, preview_of
from tests.make.damage import findings
from tests.make.org import succeeded
from tests.make.rivals import together


def adding(sku: NewSku) -> Callable[[Conn], SkuAdded | Refusal]:
    return lambda conn: catalogue.add_skus(conn, [sku], now=NOW)[0]


def new_sku(code: str, **changes: str) -> NewSku:
    return NewSku(code=code, product_code="P", tax_class="standard", **({"name": "Sku"} | changes))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("rivals", "lost"),
    [
        ([new_sku("A", name=f"Sku {number}") for number in range(8)], StockCodeTaken),
        ([new_sku(f"A{number}", gtin="4006381333931") for number in range(8)], GtinTaken),
    ],
)
def test_one_code_and_one_gtin_go_to_one(database: Database, rivals: list[NewSku], lost: type[Refusal]):
    with database.transaction() as conn:
        succeeded(catalogue.add_products(conn, [NewProduct(code="P", name="Product")], now=NOW))
    outcomes = together(database, [adding(sku) for sku in rivals])
    assert Counter(type(outcome) for outcome in outcomes) == {SkuAdded: 1, lost: 7}
    with database.reading() as conn:
        assert len(catalogue.skus_after(conn)) == 1
        assert findings(conn, CHECKS) == {}


def applying(preview: ImportPreview) -> Callable[[Conn], ImportApplied | Refusal]:
    return lambda conn: catalogue.apply_import(conn, preview, now=NOW)


def test_a_file_applied_by_eight_is_applied_once(database: Database):
    content = csv_file(
        "sku_code,sku_name,product_code,product_name,tax_class",
        *(f"A{number},Sku,P,Product,standard" for number in range(50)),
    )
    with database.reading() as conn:
        preview = preview_of(conn, content)
    outcomes = together(database, [applying(preview)] * 8)
    assert Counter(type(outcome) for outcome in outcomes) == {
        ImportApplied: 1,
        CatalogueChangedMeanwhile: 7,
    }
    with database.reading() as conn:
        assert len(catalogue.skus_after(conn)) == 50
