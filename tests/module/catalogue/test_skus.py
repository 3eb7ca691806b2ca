"""Products and SKUs through the front door."""

import msgspec
import pytest

from loopline import catalogue
from loopline.catalogue import Care, NewProduct, NewSku, ProductAdded, SkuAdded, TaxClass
from loopline.catalogue.rules import (
    GtinCheckDigitWrong,
    GtinTaken,
    NameNotUsable,
    NotPositive,
    StockCodeNotUsable,
    StockCodeTaken,
    TextUnreadable,
    UnknownProduct,
    UnknownTaxClass,
)
from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from tests.make.catalogue import LATER, NOW, add_sku
from tests.make.org import succeeded

CARE = Care(
    weight_grams=1250,
    length_mm=300,
    width_mm=90,
    height_mm=80,
    is_fragile=True,
    temperature_low_celsius=-18,
    temperature_high_celsius=0,
    tracks_batch=True,
    tracks_serial=True,
    shelf_life_days=540,
    sent_with="CELLAR",
    fitting=catalogue.Fitting.OFFERED,
)
WINE = NewSku(
    code=" wine-75 ",
    product_code="Wine",
    name="雷司令 0.75",
    tax_class="standard",
    gtin="4006381333931",
    attributes={"年份": "2021", "colour": "white"},
    care=CARE,
)


def add_wine(conn: Conn) -> None:
    product = NewProduct(code="wine", name="雷司令", category="wine", season="2021")
    succeeded(catalogue.add_products(conn, [product], now=NOW))


def test_a_sku_comes_back_as_it_was_added(conn: Conn):
    add_wine(conn)
    (added,) = succeeded(catalogue.add_skus(conn, [WINE], now=NOW))
    assert (added.code, added.is_new) == ("WINE-75", True)
    found = catalogue.skus_by_code(conn, ["wine-75", "WINE-75", "nothing"])
    assert list(found) == ["wine-75", "WINE-75"]
    wine = found["wine-75"]
    assert (wine.id, wine.product_code, wine.category) == (added.sku_id, "WINE", "wine")
    assert (wine.gtin, wine.tax_class, wine.is_active) == ("04006381333931", "standard", True)
    assert wine.attributes == {"年份": "2021", "colour": "white"}
    assert wine.care == CARE
    assert catalogue.skus_by_id(conn, [wine.id]) == {wine.id: wine}
    facts = catalogue.PriceFacts(
        tax_class="standard", product_id=wine.product_id, category="wine", grams=CARE.weight_grams
    )
    assert catalogue.price_facts_of(conn, [wine.id]) == {wine.id: facts}


def test_care_that_says_nothing_and_no_attributes_come_back_so(conn: Conn):
    plain = add_sku(conn, "PLAIN")
    assert (plain.care, plain.attributes) == (Care(), {})
    assert add_sku(conn, "PAIR", care=Care(sent_with=" pair-1 ")).care.sent_with == "PAIR-1"
    assert add_sku(conn, "COLD", care=Care(temperature_low_celsius=0)).care.temperature_low_celsius == 0


def test_adding_twice_adds_once_whatever_the_spelling(conn: Conn):
    add_wine(conn)
    (first,) = succeeded(catalogue.add_skus(conn, [WINE], now=NOW))
    again = msgspec.structs.replace(WINE, code="WINE-75", product_code="WINE", gtin="04006381333931")
    assert catalogue.add_skus(conn, [again], now=LATER) == [
        SkuAdded(sku_id=first.sku_id, code="WINE-75", is_new=False)
    ]
    product = NewProduct(code="WINE ", name="雷司令", category="wine", season="2021")
    (known,) = catalogue.add_products(conn, [product], now=LATER)
    assert isinstance(known, ProductAdded)
    assert not known.is_new
    assert len(catalogue.skus_after(conn)) == 1


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"code": "  "}, StockCodeNotUsable(value="")),
        ({"code": "X" * 65}, StockCodeNotUsable(value="X" * 65)),
        ({"code": "A\u0000"}, StockCodeNotUsable(value="A\u0000")),
        ({"name": ""}, NameNotUsable(value="")),
        ({"name": "a\nb"}, NameNotUsable(value="a\nb")),
        ({"product_code": "BEER"}, UnknownProduct(value="BEER")),
        (
            {"tax_class": "luxury"},
            UnknownTaxClass(value="luxury", known="exempt, low, reduced, standard, zero"),
        ),
        ({"gtin": "4006381333932"}, GtinCheckDigitWrong(value="4006381333932", expected="1")),
        ({"attributes": {"a": "\u0000"}}, TextUnreadable(field="a", value="\u0000")),
        (
            {"attributes": {"\u0000": "a", "b": "c"}},
            TextUnreadable(field="the name of an attribute", value="\u0000"),
        ),
        ({"care": Care(height_mm=-1)}, NotPositive(field="height_mm", value=-1)),
        ({"code": "HELD", "gtin": None}, StockCodeTaken(value="HELD")),
        ({"gtin": "96385074"}, GtinTaken(value="00000096385074", sku_code="HELD")),
    ],
)
def test_a_sku_that_cannot_be_is_refused_and_the_next_one_added(
    conn: Conn, changes: dict[str, object], refusal: Refusal
):
    add_wine(conn)
    add_sku(conn, "HELD", gtin="96385074")
    wrong = msgspec.structs.replace(WINE, **changes)
    right = NewSku(code="NEXT", product_code="WINE", name="Next", tax_class="standard")
    refused, added = catalogue.add_skus(conn, [wrong, right], now=NOW)
    assert refused == refusal
    assert isinstance(added, SkuAdded)
    assert [sku.code for sku in catalogue.skus_after(conn)] == ["HELD", "NEXT"]


def test_within_one_call_the_first_has_the_code_and_the_gtin(conn: Conn):
    add_wine(conn)
    renamed = msgspec.structs.replace(WINE, name="Another")
    same_gtin = msgspec.structs.replace(WINE, code="OTHER")
    assert catalogue.add_skus(conn, [WINE, renamed, same_gtin], now=NOW)[1:] == [
        StockCodeTaken(value="WINE-75"),
        GtinTaken(value="04006381333931", sku_code="WINE-75"),
    ]


def test_pages_follow_one_another(conn: Conn):
    for code in ("C", "A", "B"):
        add_sku(conn, code)
    assert [sku.code for sku in catalogue.skus_after(conn, at_most=2)] == ["A", "B"]
    assert [sku.code for sku in catalogue.skus_after(conn, "B", at_most=2)] == ["C"]


def test_a_tax_class_of_ones_own(conn: Conn):
    wine = TaxClass(code="wine", name="Wine")
    assert catalogue.add_tax_classes(conn, [wine]) == 1
    assert catalogue.add_tax_classes(conn, [wine]) == 0
    assert wine in catalogue.tax_classes(conn)
    assert add_sku(conn, "A", tax_class="wine").tax_class == "wine"


def test_products_are_found_by_whatever_spelling(conn: Conn):
    add_wine(conn)
    found = catalogue.products_by_code(conn, ["Wine", "beer"])
    assert list(found) == ["Wine"]
    assert (found["Wine"].code, found["Wine"].season) == ("WINE", "2021")
