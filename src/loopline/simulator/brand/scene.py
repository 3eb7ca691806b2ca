"""What all actors of the made-up world share: the API, the agenda, the shelves, the customers, what happened."""

from collections.abc import Callable
from datetime import datetime
from random import Random

import msgspec

from loopline.simulator.brand.agenda import Agenda
from loopline.simulator.brand.api import Api
from loopline.simulator.brand.chance import Weighted, stream
from loopline.simulator.brand.customers import Customers
from loopline.simulator.brand.demand import Pace
from loopline.simulator.brand.goods import Garment, Item, garments, items
from loopline.simulator.brand.people import HUMAN_STORE
from loopline.simulator.brand.places import STORES, Place
from loopline.simulator.brand.stocking import Shelves
from loopline.simulator.brand.tally import Tally

Telling = Callable[[str, int, int], None]
"""Hears the stage a world is at, and how much of it is done of how much."""


class WorldAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which world: its seed, how many of its stores take part, how busy it is.

    `run` is part of every number the world gives to orders and returns: a world that is started again on the same
    database has another one. `at_once` requests are under way at a time. `spares_human_store` leaves the store of the
    first listed manager to whoever signs in there.
    """

    seed: int
    run: str
    stores: int = len(STORES)
    pace: Pace = Pace()
    at_once: int = 4
    spares_human_store: bool = False


class Scene:
    """One run of the world; nothing in it outlives the run."""

    def __init__(self, api: Api, ask: WorldAsk) -> None:
        self.api = api
        self.ask = ask
        self.agenda = Agenda()
        self.tally = Tally()
        self.shelves = Shelves()
        self.stores = some_stores(ask.stores)
        # Whoever signs in at the store that is left to them shall not wait long for something to do.
        favourite = HUMAN_STORE if ask.spares_human_store else None
        self.customers = Customers(self.stores, stream(ask.seed, "customers"), favourite=favourite)
        self.codes: dict[str, str] = {}
        self._garment_of = {item.code: garment for garment in garments() for item in garment.skus}
        self._pick = Weighted(items(), [item.popularity for item in items()])

    def wanted(self, actor: str) -> "Wants":
        """Return what customers of one kind want, drawn from a stream of their own."""
        return Wants(self._pick, stream(self.ask.seed, actor, "wants"))

    def garment_of(self, sku_code: str) -> Garment:
        """Return the product of a SKU."""
        return self._garment_of[sku_code]

    def key(self, *parts: object) -> str:
        """Return the name of a deed of this run, as its Idempotency-Key."""
        return "-".join(map(str, (self.ask.run, *parts)))


class Wants:
    """What comes into a customer's mind: goods, likelier by how popular they are."""

    def __init__(self, pick: Weighted[Item], chance: Random) -> None:
        self._pick = pick
        self._chance = chance

    def basket(self) -> dict[str, int]:
        """Return SKU codes with units: mostly one thing, sometimes two or three, rarely two of one."""
        chance = self._chance
        lines = chance.choices((1, 2, 3), (62, 28, 10))[0]
        basket: dict[str, int] = {}
        for _ in range(lines):
            basket[self._pick.pick(chance).code] = 2 if chance.random() < _TWO_SHARE else 1
        return basket


_TWO_SHARE = 0.06


def some_stores(count: int) -> tuple[Place, ...]:
    """Return so many stores, the brand's own and dealers' alike: every so-manieth of the list, the first always."""
    count = max(1, min(count, len(STORES)))
    return tuple(STORES[position * len(STORES) // count] for position in range(count))


def stamp(at: datetime) -> str:
    """Return a moment as JSON says it."""
    return at.isoformat()
