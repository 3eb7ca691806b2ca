"""Prices of the day: the last whole day is read at one moment, solved without a transaction, and kept in one.

A process that dies in between leaves nothing; the next round begins again. Two at once come to one version.
"""

from datetime import date, datetime
from weakref import WeakKeyDictionary

from loopline.db import Database
from loopline.processes.price_day import last_day_to_price, learnt
from loopline.sourcing.day_prices import keep_prices
from loopline.sourcing.solver import Solver

_SEED = 1
_FRUITLESS: WeakKeyDictionary[Database, set[tuple[date, str]]] = WeakKeyDictionary()
"""Days, each in a currency, whose plans had no prices: this process does not solve them again."""


def price_last_day(database: Database, now: datetime, *, solver: Solver) -> int:
    """Price the last whole day in a currency in which it is not priced yet; returns 1, or 0: nothing was to do."""
    fruitless = _FRUITLESS.setdefault(database, set())
    while True:  # once per currency of the day
        with database.reading() as conn:
            found = last_day_to_price(conn, now=now, fruitless=fruitless)
        if found is None:
            return 0
        priced = learnt(found, solver.solve(found.wave, seed=_SEED))
        if priced is not None:
            break
        fruitless.add((found.day, found.wave.currency))
    with database.transaction() as conn:
        return 1 if keep_prices(conn, priced, now=now) is not None else 0
