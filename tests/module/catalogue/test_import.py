"""A file into the catalogue: previewed line by line, refused line by line, taken over whole or not at all."""

import msgspec
import pytest

from loopline import catalogue
from loopline.catalogue import Addition, Change, ImportApplied, ImportPreview
from loopline.catalogue.imports.columns import (
    CellsMissing,
    ColumnsMissing,
    ColumnsTwice,
    ColumnsUnknown,
    FieldMissing,
    NotWholeNumber,
    NotYesOrNo,
    TextNotUsable,
)
from loopline.catalogue.imports.plan import ProductContradicts, SkuTwiceInFile
from loopline.catalogue.rules import (
    GtinCheckDigitWrong,
    GtinTaken,
    NotPositive,
    TemperaturesCrossed,
    UnknownTaxClass,
)
from loopline.catalogue.service import CatalogueChangedMeanwhile, ImportHasRefusedRows
from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.kernel.sheets.table import FileEmpty, FileKindUnknown, FileTooBig, FileUnreadable
from tests.make.catalogue import LATER, NOW, add_sku, csv_file, preview_of

HEADER = "product_code,product_name,category,sku_code,sku_name,gtin,tax_class,weight_grams,is_fragile,attribute.colour"


def applied(conn: Conn, content: bytes, *, file_name: str = "goods.csv") -> ImportApplied:
    outcome = catalogue.apply_import(conn, preview_of(conn, content, file_name=file_name), now=LATER)
    assert isinstance(outcome, ImportApplied), outcome
    return outcome


def snapshot(conn: Conn) -> list[catalogue.Sku]:
    return catalogue.skus_after(conn)


def test_what_is_new_is_shown_and_written(conn: Conn):
    content = csv_file(
        HEADER,
        "lamp-1,吊灯,lighting, lamp-1-r ,吊灯 红,4006381333931,standard,1200,yes,红",
        "lamp-1,吊灯,lighting,lamp-1-b,吊灯 蓝,,standard,1200,是,蓝",
        "wine-1,Riesling,wine,wine-1,Riesling 0.75,,reduced,,no,",
    )
    preview = preview_of(conn, content)
    assert preview.added == (
        Addition(line=2, noun="product", item="LAMP-1", name="吊灯"),
        Addition(line=4, noun="product", item="WINE-1", name="Riesling"),
        Addition(line=2, noun="sku", item="LAMP-1-R", name="吊灯 红"),
        Addition(line=3, noun="sku", item="LAMP-1-B", name="吊灯 蓝"),
        Addition(line=4, noun="sku", item="WINE-1", name="Riesling 0.75"),
    )
    assert (preview.changed, preview.unchanged, preview.refused) == ((), 0, ())
    assert snapshot(conn) == [], "a preview writes nothing"

    outcome = catalogue.apply_import(conn, preview, now=NOW)
    assert outcome == ImportApplied(
        products_added=2, products_changed=0, skus_added=3, skus_changed=0, unchanged=0
    )
    red = catalogue.skus_by_code(conn, ["Lamp-1-r"])["Lamp-1-r"]
    assert (red.code, red.product_code, red.category) == ("LAMP-1-R", "LAMP-1", "lighting")
    assert (red.gtin, red.tax_class, red.is_active) == ("04006381333931", "standard", True)
    assert red.attributes == {"colour": "红"}
    assert (red.care.weight_grams, red.care.is_fragile, red.care.shelf_life_days) == (1200, True, None)
    assert catalogue.skus_by_code(conn, ["WINE-1"])["WINE-1"].attributes == {}


def test_the_same_file_again_changes_nothing(conn: Conn):
    content = csv_file(HEADER, "A,Apple,,A,Apple,,standard,100,no,green", "B,Bread,,B,Bread,,reduced,,,")
    applied(conn, content)
    before = snapshot(conn)
    preview = preview_of(conn, content)
    assert (preview.added, preview.changed, preview.unchanged) == ((), (), 2)
    assert applied(conn, content) == ImportApplied(
        products_added=0, products_changed=0, skus_added=0, skus_changed=0, unchanged=2
    )
    assert snapshot(conn) == before


def test_changes_are_shown_with_before_and_after(conn: Conn):
    applied(conn, csv_file(HEADER, "A,Apple,fruit,A,Apple,,standard,100,no,green"))
    content = csv_file(
        "sku_code,sku_name,weight_grams,category,tax_class,attribute.colour,attribute.size,is_fragile",
        "a,Apple,120,,reduced,,L,yes",
    )
    preview = preview_of(conn, content)
    assert preview.changed == (
        Change(line=2, noun="product", item="A", field="category", before="fruit", after=None),
        Change(line=2, noun="sku", item="A", field="tax_class", before="standard", after="reduced"),
        Change(line=2, noun="sku", item="A", field="weight_grams", before=100, after=120),
        Change(line=2, noun="sku", item="A", field="is_fragile", before=False, after=True),
        Change(line=2, noun="sku", item="A", field="attribute.colour", before="green", after=None),
        Change(line=2, noun="sku", item="A", field="attribute.size", before=None, after="L"),
    )
    assert applied(conn, content) == ImportApplied(
        products_added=0, products_changed=1, skus_added=0, skus_changed=1, unchanged=0
    )
    (after,) = snapshot(conn)
    assert (after.tax_class, after.category, after.attributes) == ("reduced", None, {"size": "L"})
    assert after.name == "Apple"


def test_a_column_that_is_not_there_stays_as_it_is(conn: Conn):
    before = add_sku(conn, "A", gtin="4006381333931", attributes={"colour": "green"})
    applied(conn, csv_file("sku_code,weight_grams", "A,77"))
    (after,) = snapshot(conn)
    assert after == msgspec.structs.replace(
        before, care=msgspec.structs.replace(before.care, weight_grams=77)
    )


ROW = "A,Apple,,A,Apple,,standard,100,no,green"


@pytest.mark.parametrize(
    ("row", "field", "value", "reason"),
    [
        ("A,Apple,,,Apple,,standard,,,", "sku_code", "", FieldMissing(field="sku_code")),
        ("A,,,A,Apple,,standard,,,", "product_name", "", FieldMissing(field="product_name")),
        ("A,Apple,,A,Apple,,,,,", "tax_class", "", FieldMissing(field="tax_class")),
        (
            "A,Apple,,A,Apple,,luxury,,,",
            "tax_class",
            "luxury",
            UnknownTaxClass(value="luxury", known="exempt, low, reduced, standard, zero"),
        ),
        (
            "A,Apple,,A,Apple,4006381333932,standard,,,",
            "gtin",
            "4006381333932",
            GtinCheckDigitWrong(value="4006381333932", expected="1"),
        ),
        (
            "A,Apple,,A,Apple,,standard,1.5,,",
            "weight_grams",
            "1.5",
            NotWholeNumber(field="weight_grams", value="1.5"),
        ),
        (
            "A,Apple,,A,Apple,,standard,99999999999,,",
            "weight_grams",
            "99999999999",
            NotWholeNumber(field="weight_grams", value="99999999999"),
        ),
        (
            "A,Apple,,A,Apple,,standard,3000000000,,",
            "weight_grams",
            "3000000000",
            NotWholeNumber(field="weight_grams", value="3000000000"),
        ),
        ("A,Apple,,A,Apple,,standard,0,,", "weight_grams", "0", NotPositive(field="weight_grams", value=0)),
        (
            "A,Apple,,A,Apple,,standard,,maybe,",
            "is_fragile",
            "maybe",
            NotYesOrNo(field="is_fragile", value="maybe"),
        ),
        (
            "A,Apple,,A,Apple,,standard,,,a\u0007b",
            "attribute.colour",
            "a\u0007b",
            TextNotUsable(field="attribute.colour", length_max=200),
        ),
        ("A,Apple,,A,Apple,,standard", None, "", CellsMissing(found=7, expected=10)),
        (ROW + ",,", None, "", CellsMissing(found=12, expected=10)),
    ],
)
def test_a_row_that_cannot_be_is_named_with_line_field_and_reason(
    conn: Conn, row: str, field: str | None, value: str, reason: Refusal
):
    content = csv_file(HEADER, "OK,Okay,,OK,Okay,,standard,,,", row)
    preview = preview_of(conn, content)
    (refused,) = preview.refused
    assert (refused.line, refused.field, refused.value, refused.reason) == (3, field, value, reason)
    assert [one.item for one in preview.added] == ["OK", "OK"]
    assert catalogue.apply_import(conn, preview, now=NOW) == ImportHasRefusedRows(rows=1)
    assert snapshot(conn) == [], "nothing is half-imported"


def test_every_refused_row_is_reported_in_the_order_of_lines(conn: Conn):
    content = csv_file(
        "sku_code,sku_name,product_code,product_name,tax_class,temperature_low_celsius,temperature_high_celsius",
        "A,Apple,A,Apple,standard,8,4",
        "B,Bread,B,Bread,standard,x,4",
        "C,Corn,C,Corn,standard,,",
        "c,Corn again,C,Corn,standard,,",
        "D,Dates,C,Other,standard,,",
        "E,Eggs,,,standard,,",
    )
    preview = preview_of(conn, content)
    assert [(one.line, one.field, one.reason) for one in preview.refused] == [
        (2, "temperature_low_celsius", TemperaturesCrossed(low=8, high=4)),
        (3, "temperature_low_celsius", NotWholeNumber(field="temperature_low_celsius", value="x")),
        (5, "sku_code", SkuTwiceInFile(sku_code="C", first_line=4)),
        (6, "product_name", ProductContradicts(product_code="C", first_line=4, expected="Corn")),
        (7, "product_code", FieldMissing(field="product_code")),
    ]


def test_a_new_sku_needs_the_columns_that_make_it(conn: Conn):
    preview = preview_of(conn, csv_file("sku_code,sku_name", "A,Apple"))
    assert [(one.field, one.reason) for one in preview.refused] == [
        ("product_code", FieldMissing(field="product_code"))
    ]


def test_a_gtin_belongs_to_one_sku(conn: Conn):
    add_sku(conn, "HELD", gtin="4006381333931")
    content = csv_file(
        HEADER,
        "A,Apple,,A,Apple,4006381333931,standard,,,",
        "B,Bread,,B,Bread,96385074,standard,,,",
        "C,Corn,,C,Corn,00000096385074,standard,,,",
    )
    preview = preview_of(conn, content)
    assert [(one.line, one.field, one.reason) for one in preview.refused] == [
        (2, "gtin", GtinTaken(value="04006381333931", sku_code="HELD")),
        (4, "gtin", GtinTaken(value="00000096385074", sku_code="B")),
    ]


def test_two_skus_can_swap_their_gtins_in_one_file(conn: Conn):
    add_sku(conn, "A", gtin="4006381333931")
    add_sku(conn, "B", gtin="96385074")
    applied(conn, csv_file("sku_code,gtin", "A,96385074", "B,4006381333931"))
    found = catalogue.skus_by_code(conn, ["A", "B"])
    assert found["A"].gtin == "00000096385074"
    assert found["B"].gtin == "04006381333931"


def test_a_gtin_can_move_from_a_standing_sku_to_a_new_one(conn: Conn):
    add_sku(conn, "OLD", gtin="4006381333931")
    content = csv_file(
        "sku_code,sku_name,product_code,product_name,tax_class,gtin",
        "NEW,New,NEW,New,standard,4006381333931",
        "OLD,Sku OLD,OLD,Product OLD,standard,",
    )
    assert applied(conn, content).skus_added == 1
    found = catalogue.skus_by_code(conn, ["OLD", "NEW"])
    assert (found["OLD"].gtin, found["NEW"].gtin) == (None, "04006381333931")


def test_what_changed_after_the_preview_is_not_overwritten(conn: Conn):
    add_sku(conn, "A")
    mine = preview_of(conn, csv_file("sku_code,weight_grams", "A,100"))
    applied(conn, csv_file("sku_code,weight_grams", "A,200"))
    before = snapshot(conn)
    assert catalogue.apply_import(conn, mine, now=LATER) == CatalogueChangedMeanwhile()
    assert snapshot(conn) == before


def test_a_preview_applied_twice_is_refused_the_second_time(conn: Conn):
    preview = preview_of(conn, csv_file(HEADER, ROW))
    assert isinstance(catalogue.apply_import(conn, preview, now=NOW), ImportApplied)
    before = snapshot(conn)
    assert catalogue.apply_import(conn, preview, now=LATER) == CatalogueChangedMeanwhile()
    assert snapshot(conn) == before


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", FileEmpty()),
        (csv_file("", "", ""), FileEmpty()),
        (csv_file("product_code,gtin", "A,"), ColumnsMissing(columns="sku_code")),
        (csv_file("sku_code,gtin,gtin", "A,,"), ColumnsTwice(columns="gtin")),
        (b"\x00\x01", FileUnreadable(kind="CSV", detail="it holds binary data")),
        (b"sku_code\n\xff\xff", FileUnreadable(kind="CSV", detail="it is neither UTF-8 nor GB 18030")),
        (
            csv_file("sku_code,gtin", "A,1", 'B,"unfinished'),
            FileUnreadable(kind="CSV", detail="line 3: unexpected end of data"),
        ),
        (b"x" * (32 * 1024 * 1024 + 1), FileTooBig(mebibytes_max=32)),
    ],
)
def test_a_file_that_is_none_is_refused_whole(conn: Conn, content: bytes, refusal: Refusal):
    assert catalogue.read_import(conn, content, file_name="goods.csv") == refusal


def test_an_unknown_column_is_named(conn: Conn):
    refusal = catalogue.read_import(conn, csv_file("sku_code,wieght", "A,1"), file_name="goods.CSV")
    assert isinstance(refusal, ColumnsUnknown)
    assert refusal.columns == "'wieght'"


def test_only_csv_and_xlsx_are_read(conn: Conn):
    refusal = catalogue.read_import(conn, b"", file_name="goods.ods")
    assert refusal == FileKindUnknown(file_name="goods.ods")


def test_spreadsheets_write_gb18030_semicolons_and_cells_of_several_lines(conn: Conn):
    rows = 'sku_code;sku_name;product_code;product_name;tax_class\r\nA;"红\r\n灯";A;灯;standard\r\nB;蓝灯;B;灯;standard'
    preview = catalogue.read_import(conn, rows.encode("gb18030"), file_name="goods.csv")
    assert isinstance(preview, ImportPreview)
    (refused,) = preview.refused
    assert (refused.line, refused.field) == (2, "sku_name")
    assert [(one.line, one.name) for one in preview.added if one.noun == "sku"] == [(4, "蓝灯")]


def test_text_that_a_spreadsheet_would_run_is_refused(conn: Conn):
    preview = preview_of(conn, csv_file(HEADER, "A,\"=cmd|' /C calc'!A0\",,A,Apple,,standard,,,"))
    (refused,) = preview.refused
    assert (refused.line, refused.field) == (2, "product_name")
    assert refused.reason.message() == "product_name must be text, not a formula."


def test_what_goods_are_sent_with_is_read_as_a_code_and_taken_back_by_a_blank(conn: Conn):
    applied(conn, csv_file(f"{HEADER},sent_with", "A,Apple,,A,Apple,,standard,100,no,green, set-1 "))
    assert catalogue.skus_by_code(conn, ["A"])["A"].care.sent_with == "SET-1"
    applied(conn, csv_file("sku_code,sent_with", "A,"))
    assert catalogue.skus_by_code(conn, ["A"])["A"].care.sent_with is None
    preview = preview_of(conn, csv_file("sku_code,sent_with", f"A,{'x' * 65}"))
    assert [(one.line, one.field) for one in preview.refused] == [(2, "sent_with")]


def test_what_a_fitter_brings_is_one_of_three_words_and_a_blank_is_nobody(conn: Conn):
    applied(conn, csv_file(f"{HEADER},fitting", "A,Apple,,A,Apple,,standard,100,no,green, Needed "))
    assert catalogue.skus_by_code(conn, ["A"])["A"].care.fitting is catalogue.Fitting.NEEDED
    preview = preview_of(conn, csv_file("sku_code,fitting", "A,perhaps"))
    (refused,) = preview.refused
    assert (refused.field, refused.reason.message()) == (
        "fitting",
        "fitting must be none, offered or needed, not 'perhaps'.",
    )
    applied(conn, csv_file("sku_code,fitting", "A,"))
    assert catalogue.skus_by_code(conn, ["A"])["A"].care.fitting is catalogue.Fitting.NONE
