"""The real year, counted by the reader and by an independent few lines."""

import csv
import gzip
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from loopline.channels.online_retail.census import take_census
from loopline.channels.online_retail.model import InvoiceKind
from loopline.channels.online_retail.reader import read_invoices
from tests.shared_data import shared_data


def counted_independently(path: Path) -> Counter[str]:
    counted: Counter[str] = Counter()
    with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            code, units = row["StockCode"].upper(), int(row["Quantity"])
            what = "charge"
            if code[:5].isdigit() or code[:4] in {"DCGS", "PADS"}:
                what = "goods"
            if code[:4] == "GIFT":
                what = "voucher"
            start = row["InvoiceNo"][0]
            if start == "A":
                counted["ledger_adjustment"] += 1
            elif start == "C":
                counted[f"return_{what}"] += 1
            elif units < 0:
                counted["stock_adjustment"] += 1
            else:
                counted[f"{'ask' if row['CustomerID'] else 'fact'}_{what}"] += 1
            counted["amount_thousandths"] += int(Decimal(row["UnitPrice"]) * units * 1000)
    return counted


@pytest.mark.slow
def test_the_year_is_accounted_for_line_by_line():
    path = shared_data("online_retail/online_retail.csv.gz")
    census = take_census(read_invoices(path))
    independent = counted_independently(path)
    assert census.amount_thousandths == independent.pop("amount_thousandths") == 9_747_747_934
    assert {str(line_class): count for line_class, count in census.lines.items()} == independent
    assert census.line_count == 541_909
    assert census.invoice_count == 25_900
    assert census.invoices[InvoiceKind.RETURN] == 3_836
    assert census.invoices[InvoiceKind.LEDGER] == 3
    assert len(census.members) == 4_372
    assert [(rounded.invoice, rounded.rounding_thousandths) for rounded in census.rounded] == [
        ("550193", -1),
        ("561226", -1),
        ("568200", -1),
        ("568375", -1),
    ]
    assert census.amount_minor == 974_774_793
