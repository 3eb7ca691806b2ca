"""Three marketplaces sell one scarce SKU at speed, and hear late of what we tell them: how many units are sold twice.

A world of its own, of events in order of their milliseconds; it needs neither server nor database. What we tell is
either everything to everybody, absolutely, as most shops do, or a loan to each (`loopline.marketplaces.rules`).
"""

import heapq
import random
from collections.abc import Callable
from enum import StrEnum
from itertools import count

import msgspec

from loopline.marketplaces.rules import Loan, Terms, plan_steps


class Telling(StrEnum):
    """What marketplaces are told."""

    EVERYTHING = "everything"
    SHARES = "shares"


class Rush(msgspec.Struct, frozen=True, kw_only=True):
    """A rush for one SKU. Delays in milliseconds: `told_ms` until a marketplace goes by what it is told, `heard_ms`
    until its sale reaches us. `buyers_per_minute` come to each marketplace; every twentieth push is `late_ms` later.
    """

    units: int = 60
    marketplaces: tuple[str, ...] = ("tmall", "jd", "douyin")
    buyers_per_minute: tuple[int, ...] = (300, 120, 60)
    seconds: int = 60
    told_ms: int = 2_000
    heard_ms: int = 1_500
    late_ms: int = 8_000
    buffer: int = 0
    seed: int = 1


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a rush ended. `oversold` were sold and are not there; `unsold` are there although buyers were sent away."""

    telling: Telling
    units: int
    asked: int
    sold: int
    oversold: int
    unsold: int
    sent_away: int
    pushes: int


class _Market:
    """One marketplace: its own count of stock, and, with us, what we lent it."""

    def __init__(self, name: str, weight: int) -> None:
        self.terms = Terms(marketplace=name, weight=weight)
        self.stock = 0
        self.lent = 0
        self.is_asked_back = False
        self.is_told = False


class _World:
    """The events to come, and the counts so far."""

    def __init__(self, rush: Rush, telling: Telling) -> None:
        self.rush = rush
        self.telling = telling
        self.random = random.Random(rush.seed)
        self.markets = [
            _Market(name, weight)
            for name, weight in zip(rush.marketplaces, rush.buyers_per_minute, strict=True)
        ]
        self.room = rush.units
        self.asked = self.sold = self.sent_away = self.pushes = 0
        self._coming: list[tuple[int, int, Callable[[int], None]]] = []
        self._numbers = count()

    def at(self, moment: int, happening: Callable[[int], None]) -> None:
        heapq.heappush(self._coming, (moment, next(self._numbers), happening))

    def run(self) -> Outcome:
        """Let it happen, until nothing more comes."""
        self._gather_buyers()
        self.tell(0)
        while self._coming:
            moment, _, happening = heapq.heappop(self._coming)
            happening(moment)
        oversold = max(0, self.sold - self.rush.units)
        return Outcome(
            telling=self.telling,
            units=self.rush.units,
            asked=self.asked,
            sold=self.sold,
            oversold=oversold,
            unsold=max(0, self.rush.units - self.sold) if self.sent_away else 0,
            sent_away=self.sent_away,
            pushes=self.pushes,
        )

    def _gather_buyers(self) -> None:
        for market, per_minute in zip(self.markets, self.rush.buyers_per_minute, strict=True):
            # They come when everybody has been told once.
            moment = float(self.rush.told_ms + self.rush.late_ms)
            end = moment + self.rush.seconds * 1_000
            while (moment := moment + self.random.expovariate(per_minute / 60_000)) < end:
                self.at(int(moment), lambda at, market=market: self._buy(market, at))

    def _buy(self, market: _Market, moment: int) -> None:
        self.asked += 1
        if market.stock < 1:
            self.sent_away += 1
            return
        market.stock -= 1
        self.sold += 1
        self.at(moment + self.rush.heard_ms, lambda at: self._hear(market, at))

    def _hear(self, market: _Market, moment: int) -> None:
        """A sale is a fact: it goes through, and what is left is told."""
        self.room -= 1
        market.lent -= 1
        self.tell(moment)

    def tell(self, moment: int) -> None:
        """Tell marketplaces what they may sell from now on."""
        if self.telling is Telling.EVERYTHING:
            left = max(0, self.room)
            for market in self.markets:
                self._push(moment, lambda _, market=market: _set(market, left))
            return
        loans = [
            Loan(terms=market.terms, units=market.lent, is_asked_back=market.is_asked_back)
            for market in self.markets
        ]
        by_name = {market.terms.marketplace: market for market in self.markets}
        for step in plan_steps(loans, room=self.room, buffer=self.rush.buffer, turn=self.pushes):
            market = by_name[step.marketplace]
            if step.units > 0:
                market.lent += step.units
                self._push(moment, lambda _, market=market, units=step.units: _add(market, units))
            else:
                market.is_asked_back = True
                self._push(
                    moment, lambda at, market=market, units=-step.units: self._give_up(market, units, at)
                )

    def _push(self, moment: int, change: Callable[[int], None]) -> None:
        self.pushes += 1
        late = self.rush.late_ms if self.pushes % 20 == 0 else 0
        self.at(moment + self.rush.told_ms + late, change)

    def _give_up(self, market: _Market, units: int, moment: int) -> None:
        """A marketplace gives up what it still has of what is asked back, and says so."""
        given_up = min(units, market.stock)
        market.stock -= given_up
        self.at(moment + self.rush.heard_ms, lambda at: self._take_back(market, given_up, at))

    def _take_back(self, market: _Market, units: int, moment: int) -> None:
        market.lent -= units
        market.is_asked_back = False
        self.tell(moment)


def _set(market: _Market, units: int) -> None:
    market.stock = units


def _add(market: _Market, units: int) -> None:
    market.stock += units


def let_rush(asked: Rush, telling: Telling) -> Outcome:
    """Let one rush happen; the same ask ends the same way."""
    return _World(asked, telling).run()
