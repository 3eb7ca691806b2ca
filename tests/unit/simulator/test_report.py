"""A report holds two sets of figures against each other."""

import httpx

from loopline.simulator.brand.api import Api
from loopline.simulator.brand.books import Books
from loopline.simulator.brand.report import Report, Took, compared
from loopline.simulator.brand.scene import Scene, WorldAsk
from loopline.simulator.brand.tally import Bought, BoughtLine

TOOK = Took(seconds=2.0, hours=1.0, requests=3, asked_again=0)
BEFORE = Books(
    figures={"orders.till": 5, "units.till": 9, "amount_minor.till": 700, "ledger_money": 700},
    doctor_ok=True,
    doctor_broken=(),
)
ADDED = {
    "orders.till": 1,
    "units.till": 2,
    "amount_minor.till": 300,
    "board_orders": 1,
    "board_sold_units": 2,
    "board_sold_minor": 300,
    "orders_taken_minor": 300,
    "ledger_money": 300,
    "ledger_shares": 250,
    "on_hand": -2,
}


def _scene() -> Scene:
    api = Api("http://world", "key", transport=httpx.MockTransport(lambda _: httpx.Response(404)))
    scene = Scene(api, WorldAsk(seed=1, run="test", stores=2))
    scene.tally.placed(
        Bought(
            order_id="1",
            number="N1",
            channel="till",
            amount_minor=300,
            lines=(BoughtLine(sku_code="A", units=2),),
            delivery="carried_out",
        )
    )
    scene.tally.count("paid_minor.by_hand", 300)
    scene.tally.count("handed_over_units", 2)
    scene.tally.count("shares_seen_minor", 250)
    return scene


def _report(changes: dict[str, int] | None = None, *, doctor_ok: bool = True) -> Report:
    figures = dict(BEFORE.figures)
    for name, amount in (ADDED | (changes or {})).items():
        figures[name] = figures.get(name, 0) + amount
    after = Books(figures=figures, doctor_ok=doctor_ok, doctor_broken=() if doctor_ok else ("broken",))
    return compared(_scene(), before=BEFORE, after=after, took=TOOK)


def test_what_was_there_before_counts_for_nobody() -> None:
    report = _report()
    assert [one for one in report.comparisons if not one.agrees] == []
    assert (report.agrees, report.orders, report.orders_per_second) == (True, 1, 0.5)
    assert report.world["orders"] == {"till": 1}


def test_one_unit_or_one_fen_too_much_is_told() -> None:
    for name, of in (
        ("units.till", "units till"),
        ("amount_minor.till", "amount till"),
        ("orders_taken_minor", "paid"),
        ("ledger_money", "money in the ledger"),
        ("ledger_sum", "sum of the ledger"),
        ("ledger_shares", "shares that parties see"),
        ("on_hand", "units on the shelves"),
        ("board_sold_minor", "amount on the boards"),
        ("returned_lines", "returns"),
        ("tasks.handed_over", "parcels handed over"),
    ):
        report = _report({name: ADDED.get(name, 0) + 1})
        assert [one.name for one in report.comparisons if not one.agrees] == [of]
        assert report.agrees is False


def test_a_sick_book_never_agrees() -> None:
    report = _report(doctor_ok=False)
    assert (report.agrees, report.doctor_broken) == (False, ("broken",))
