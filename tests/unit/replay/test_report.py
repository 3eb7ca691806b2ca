"""The report: every figure, exact money, and checks that fail when something is missing."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from loopline.channels.online_retail.census import Census, take_census
from loopline.channels.online_retail.model import LineClass
from loopline.channels.online_retail.reader import read_invoices
from loopline.simulator.replay.report import Books, Money, Report, Run, check_replay
from tests.make.online_retail import AMOUNT_MINOR, LINES_BY_CLASS, write_invoices

KEYS = (
    "lines",
    "invoices",
    "members",
    "net_sales",
    "blind_returns",
    "parked_lines",
    "refused_tasks",
    "movements",
    "postings",
    "events",
    "seconds",
    "peak_mib",
    "doctor_ok",
)


@pytest.fixture
def census(tmp_path: Path) -> Census:
    return take_census(read_invoices(write_invoices(tmp_path)))


def books(**changed: Any) -> Books:
    right = Books(
        counts={line_class.value: count for line_class, count in LINES_BY_CLASS.items()} | {"invoices": 12},
        members=2,
        money=Money(board_minor=AMOUNT_MINOR, ledger_minor=AMOUNT_MINOR, ledger_sum_minor=0),
        parties_sharing=6,
        movements=30,
        postings=80,
        events=40,
        parcels=3,
        split_orders=1,
        refused_tasks=0,
        parked_lines=1,
        resourced_lines=0,
        parked_or_resourced_lines=1,
        matched_returns=2,
        partly_matched_returns=0,
        blind_returns=2,
        doctor_ok=True,
        doctor_broken=(),
    )
    return msgspec.structs.replace(right, **changed)


def broken(census: Census, found: Books) -> list[str]:
    return [check.name for check in check_replay(census, found) if not check.ok]


def test_what_adds_up_holds(census: Census):
    assert broken(census, books()) == []


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"members": 1}, "members"),
        ({"parties_sharing": 4}, "parties that share"),
        ({"blind_returns": 1}, "returned lines, matched, partly matched or blind"),
        ({"doctor_ok": False, "doctor_broken": ("leaf_equals_movements",)}, "broken checks of doctor"),
        (
            {"money": Money(board_minor=AMOUNT_MINOR + 1, ledger_minor=AMOUNT_MINOR, ledger_sum_minor=0)},
            "sales by the boards",
        ),
        (
            {"money": Money(board_minor=AMOUNT_MINOR, ledger_minor=AMOUNT_MINOR, ledger_sum_minor=1)},
            "the ledger's accounts sum to",
        ),
    ],
)
def test_what_does_not_add_up_is_told(census: Census, changed: dict[str, Any], name: str):
    assert broken(census, books(**changed)) == [name]


def test_a_penny_in_the_ledger_breaks_both_sums(census: Census):
    money = Money(board_minor=AMOUNT_MINOR, ledger_minor=AMOUNT_MINOR - 1, ledger_sum_minor=0)
    assert broken(census, books(money=money)) == [
        "sales by the ledger",
        "sales to the tenth of a penny, with their rounding",
    ]


def test_every_class_and_invoice_is_accounted_for(census: Census):
    for line_class in LineClass:
        counts = dict(books().counts)
        counts[line_class.value] = counts.get(line_class.value, 0) + 1
        assert broken(census, books(counts=counts)) == [f"lines: {line_class.value}"]
    assert broken(census, books(counts=books().counts | {"invoices": 11})) == ["invoices"]


def test_many_tasks_must_be_refused_and_many_lines_wait(census: Census):
    counts = books().counts | {"offered_tasks": 1_000}
    waiting = {"counts": counts, "parked_or_resourced_lines": 0}
    assert broken(census, books(**waiting, refused_tasks=30)) == []
    assert broken(census, books(**waiting, refused_tasks=19)) == ["refused tasks in ten thousand"]
    census.lines[LineClass.ASK_GOODS] += 1_000
    counts = counts | {"ask_goods": 1_004}
    assert broken(census, books(counts=counts, parked_or_resourced_lines=19, refused_tasks=30)) == [
        "parked or re-sourced lines"
    ]
    assert broken(census, books(counts=counts, parked_or_resourced_lines=20, refused_tasks=30)) == []


def test_another_file_is_not_held_against_the_year_and_the_year_is(census: Census):
    assert "lines of the year" not in [check.name for check in check_replay(census, books())]
    census.first_invoice, census.last_invoice = "536365", "581587"
    assert broken(census, books()) == [
        "lines of the year",
        "invoices of the year",
        "members of the year",
        "sales of the year",
    ]


def test_the_json_has_its_keys_and_money_as_exact_numbers(census: Census):
    report = Report(
        census=census,
        books=books(),
        run=Run(seconds=1.26, peak_mib=99.04),
        checks=check_replay(census, books()),
    )
    text = msgspec.json.encode(report.as_json()).decode()
    told = msgspec.json.decode(text)
    assert set(KEYS) <= told.keys()
    assert '"net_sales":62.57,' in text
    assert '"net_sales_exact":62.571,' in text
    assert '"rounding":-0.001,' in text
    assert (told["ok"], told["lines"], told["seconds"], told["peak_mib"]) == (True, 18, 1.3, 99.0)
    assert told["checks"][0] == {"name": "lines: ask_goods", "expected": "4", "found": "4", "ok": True}
    people = dict(report.figures_for_people())
    assert people["sales less returns and adjustments"] == "£62.57"
    assert people["  rounding of line 12 (PADS)"] == "£-0.001"
