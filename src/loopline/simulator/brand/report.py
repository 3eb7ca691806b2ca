"""Holds what the made-up world did and saw against what the books say. Both must agree to the last unit and fen."""

from typing import Any

import msgspec

from loopline.simulator.brand.books import Books
from loopline.simulator.brand.places import CHANNELS
from loopline.simulator.brand.scene import Scene


class Took(msgspec.Struct, frozen=True, kw_only=True):
    """What a simulation took: our seconds, hours of the world, requests answered and those asked again."""

    seconds: float
    hours: float
    requests: int
    asked_again: int


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One figure as the world has it and as the books have it."""

    name: str
    world: int
    books: int
    agrees: bool


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the world did and saw, what the books say, and whether the two agree. Amounts are minor units."""

    agrees: bool
    seed: int
    stores: int
    hours: float
    orders: int
    orders_per_second: float
    seconds: float
    requests: int
    asked_again: int
    doctor_ok: bool
    doctor_broken: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    world: dict[str, Any]
    books: dict[str, int]


def compared(scene: Scene, *, before: Books, after: Books, took: Took) -> Report:
    """Compare the world's own figures with what was added to the books since `before`."""
    added = after.since(before)
    comparisons = tuple(
        Comparison(name=name, world=world, books=books, agrees=world == books)
        for name, world, books in _pairs(scene, added, shares=after.figures.get("ledger_shares", 0))
    )
    orders = scene.tally.total("orders.")
    return Report(
        agrees=after.doctor_ok and all(one.agrees for one in comparisons),
        seed=scene.ask.seed,
        stores=len(scene.stores),
        hours=took.hours,
        orders=orders,
        orders_per_second=round(orders / took.seconds, 1) if took.seconds else 0.0,
        seconds=round(took.seconds, 1),
        requests=took.requests,
        asked_again=took.asked_again,
        doctor_ok=after.doctor_ok,
        doctor_broken=after.doctor_broken,
        comparisons=comparisons,
        world=scene.tally.as_json(),
        books=added,
    )


def _pairs(scene: Scene, added: dict[str, int], *, shares: int) -> list[tuple[str, int, int]]:
    """Return every figure that both have: its name, the world's, the books'."""
    tally = scene.tally
    pairs = [
        (f"{what} {channel}", tally.counts[f"{figure}.{channel}"], added.get(f"{figure}.{channel}", 0))
        for figure, what in (("orders", "orders"), ("units", "units"), ("amount_minor", "amount"))
        for channel in CHANNELS
    ]
    paid, refunded = tally.total("paid_minor."), tally.total("refunds_minor.")
    moved = (
        tally.counts["receipt_units"]
        + tally.counts["shelved_units"]
        - tally.counts["handed_over_units"]
        - tally.counts["not_found_units"]
    )
    handed_over = tally.counts["tasks.hand_over"] + tally.counts["tasks.collect"]
    figures = [
        ("orders on the boards", tally.total("orders."), "board_orders"),
        ("units on the boards", tally.total("units."), "board_sold_units"),
        ("amount on the boards", tally.total("amount_minor."), "board_sold_minor"),
        ("units returned on the boards", tally.counts["returned_units"], "board_returned_units"),
        ("paid", paid, "orders_taken_minor"),
        ("refunded", refunded, "orders_refunded_minor"),
        ("money in the ledger", paid - refunded, "ledger_money"),
        ("sum of the ledger", 0, "ledger_sum"),
        ("units on the shelves", moved, "on_hand"),
        ("parcels handed over", handed_over, "tasks.handed_over"),
        ("tasks refused", tally.counts["tasks.refuse"], "tasks.refused"),
        ("tasks lapsed", tally.counts["tasks.lapsed"], "tasks.lapsed"),
        ("returns", tally.total("returns."), "returned_lines"),
        ("reviews", tally.total("reviews."), "reviews"),
    ]
    pairs += [(name, world, added.get(figure, 0)) for name, world, figure in figures]
    # What parties see is all they ever earned.
    return [*pairs, ("shares that parties see", tally.counts["shares_seen_minor"], shares)]
