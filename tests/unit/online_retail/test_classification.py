"""Every combination the layout knows has one class; every other one has a reason."""

import pytest

from loopline.channels.online_retail.classification import Misfit, classify, kind_of_code
from loopline.channels.online_retail.model import CodeKind, InvoiceKind, LineClass

GOODS, CHARGE, VOUCHER = CodeKind.GOODS, CodeKind.CHARGE, CodeKind.VOUCHER
SALE, RETURN, LEDGER = InvoiceKind.SALE, InvoiceKind.RETURN, InvoiceKind.LEDGER


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("85123A", GOODS),
        ("71053", GOODS),
        ("15056BL", GOODS),
        ("DCGSSBOY", GOODS),
        ("DCGS0003", GOODS),
        ("PADS", GOODS),
        ("GIFT_0001_20", VOUCHER),
        ("POST", CHARGE),
        ("DOT", CHARGE),
        ("M", CHARGE),
        ("C2", CHARGE),
        ("D", CHARGE),
        ("S", CHARGE),
        ("B", CHARGE),
        ("CRUK", CHARGE),
        ("AMAZONFEE", CHARGE),
        ("BANK CHARGES", CHARGE),
        ("7105", CHARGE),
        ("PADSX", CHARGE),
    ],
)
def test_what_a_code_stands_for(code: str, kind: CodeKind):
    assert kind_of_code(code) is kind


@pytest.mark.parametrize(
    ("kind", "code_kind", "has_member", "units", "price", "expected"),
    [
        (SALE, GOODS, True, 6, 2550, LineClass.ASK_GOODS),
        (SALE, GOODS, True, 6, 0, LineClass.ASK_GOODS),
        (SALE, CHARGE, True, 1, 18000, LineClass.ASK_CHARGE),
        (SALE, VOUCHER, True, 1, 17020, LineClass.ASK_VOUCHER),
        (SALE, GOODS, False, 2, 2550, LineClass.FACT_GOODS),
        (SALE, GOODS, False, 2, 0, LineClass.FACT_GOODS),
        (SALE, CHARGE, False, 1, 10, LineClass.FACT_CHARGE),
        (SALE, VOUCHER, False, 1, 0, LineClass.FACT_VOUCHER),
        (SALE, GOODS, False, -10, 0, LineClass.STOCK_ADJUSTMENT),
        (RETURN, GOODS, True, -1, 4650, LineClass.RETURN_GOODS),
        (RETURN, GOODS, False, -1, 4650, LineClass.RETURN_GOODS),
        (RETURN, CHARGE, True, -1, 27500, LineClass.RETURN_CHARGE),
        (RETURN, VOUCHER, False, -1, 17020, LineClass.RETURN_VOUCHER),
        (LEDGER, CHARGE, False, 1, -11062060, LineClass.LEDGER_ADJUSTMENT),
        (LEDGER, CHARGE, False, 1, 11062060, LineClass.LEDGER_ADJUSTMENT),
    ],
)
def test_the_class_of_a_line(
    kind: InvoiceKind, code_kind: CodeKind, has_member: bool, units: int, price: int, expected: LineClass
):
    found = classify(kind, code_kind, has_member=has_member, units=units, price_thousandths=price)
    assert found is expected


@pytest.mark.parametrize(
    ("kind", "code_kind", "units", "price", "field"),
    [
        (SALE, GOODS, 0, 2550, "Quantity"),
        (LEDGER, CHARGE, 0, 2550, "Quantity"),
        (SALE, GOODS, 1, -1, "UnitPrice"),
        (RETURN, GOODS, -1, -1, "UnitPrice"),
        (RETURN, GOODS, 1, 2550, "Quantity"),
        (SALE, GOODS, -1, 2550, "Quantity"),
        (SALE, CHARGE, -1, 0, "Quantity"),
        (SALE, VOUCHER, -1, 0, "Quantity"),
    ],
)
def test_what_the_layout_does_not_know(
    kind: InvoiceKind, code_kind: CodeKind, units: int, price: int, field: str
):
    with pytest.raises(Misfit) as misfit:
        classify(kind, code_kind, has_member=False, units=units, price_thousandths=price)
    assert misfit.value.field == field


def test_a_ledger_adjustment_is_one_whatever_it_says():
    for code_kind in CodeKind:
        for units in (-1, 1):
            for price in (-1, 0, 1):
                found = classify(LEDGER, code_kind, has_member=True, units=units, price_thousandths=price)
                assert found is LineClass.LEDGER_ADJUSTMENT
