"""Exports: every table leaves with its columns, amounts as decimals, members as ids, kept to the sites asked for."""

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook

from loopline import orders
from loopline.cli.export import _write_csv, _write_xlsx
from loopline.db import Conn
from loopline.insight.exports import TABLES, Table, export_table
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.place import Placed, place
from tests.make.shop import NOON, open_shop, till_sale


@pytest.mark.parametrize("name", TABLES)
def test_every_table_can_be_read_from_an_empty_brand(conn: Conn, name: str):
    table = export_table(conn, name)
    assert list(table.rows) == []
    assert len(table.columns) > 3
    assert not [column for column in table.columns if column.endswith("_minor")]
    assert not {"phone", "recipient"} & set(table.columns)


def test_an_order_leaves_under_the_number_people_know_with_its_amount_in_yuan(conn: Conn):
    shop = open_shop(conn)
    (placed,) = place(conn, [till_sale(shop, "T-1")], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(placed, Placed)
    (row,) = _rows(export_table(conn, "orders"))
    assert (row["number"], row["external_number"], row["site_code"]) == (placed.number, "T-1", "S")
    assert (str(row["amount"]), str(row["tax"]), row["handed_over"]) == ("158.20", "18.20", 3)
    lines = _rows(export_table(conn, "lines"))
    assert [(line["order_number"], line["code"], str(line["amount"])) for line in lines] == [
        (placed.number, "COAT", "113.00"),
        (placed.number, "SCARF", "45.20"),
    ]
    assert orders.read_number(placed.number) is not None


def test_an_export_for_some_sites_tells_nothing_of_the_others(conn: Conn):
    shop = open_shop(conn)
    sold = [till_sale(shop, "T-1"), till_sale(shop, "T-2", site="D")]
    assert all(isinstance(one, Placed) for one in place(conn, sold, scope=WHOLE_BRAND, now=NOON))
    theirs = [shop.sites["D"]]
    assert [row["external_number"] for row in _rows(export_table(conn, "orders", sites=theirs))] == ["T-2"]
    assert {row["site_code"] for row in _rows(export_table(conn, "stock", sites=theirs))} == {"D"}
    for name in ("balances", "members"):
        assert _rows(export_table(conn, name, sites=theirs)) == []
    for name in ("orders", "lines", "stock", "payments", "shares", "tasks", "returns", "reviews"):
        assert _rows(export_table(conn, name, sites=[])) == []


def test_a_cell_that_a_spreadsheet_would_run_is_text(tmp_path: Path):
    def table() -> Table:
        return Table(name="orders", columns=("a", "b"), rows=iter([("=1+1", -5), ("@x", None)]))

    told: list[int] = []
    assert _write_csv(table(), tmp_path / "t.csv", told.append) == 2
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [["a", "b"], ["'=1+1", "-5"], ["'@x", ""]]
    assert told == [2]
    assert _write_xlsx(table(), tmp_path / "t.xlsx", told.append) == 2
    sheet = load_workbook(tmp_path / "t.xlsx").active
    assert sheet is not None
    assert [list(row) for row in sheet.iter_rows(values_only=True)] == [
        ["a", "b"],
        ["=1+1", -5],
        ["@x", None],
    ]
    assert sheet["A2"].data_type == "s"


def _rows(table: Table) -> list[dict[str, object]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]
