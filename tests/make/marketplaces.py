"""Three marketplaces in a sandbox, a brand that sells through them, and a rush for what is scarce."""

import heapq
import random
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from loopline.channels.sandbox_market import PUNCTUAL, Manners, MarketSettings, SandboxMarket, WireSale
from loopline.db import Conn, Database
from loopline.db.followers import advance, ensure_followers
from loopline.db.log import SQL
from loopline.db.rows import fetch_values
from loopline.jobs.marketplaces import tell_marketplaces
from loopline.kernel.scope import WHOLE_BRAND
from loopline.marketplaces import MarketplaceTerms, TermsBy
from loopline.orders import ChannelTerms, put_channels
from loopline.processes import lend
from loopline.processes.promise import fill_parked
from tests.make.messages import receiver, sender, spelt
from tests.make.org import succeeded
from tests.make.sandbox import SECRET, SetClock, free_port, listening
from tests.make.shop import OPENED, Shop, open_shop, stock_up

CHANNELS = ("tmall", "jd", "douyin")
BY_HQ = TermsBy(actor="person:hq", note="first")


def open_marketplaces(conn: Conn, *, units: int, **terms: Any) -> Shop:
    """A brand with `units` of one coat in its warehouse, which three marketplaces may sell."""
    shop = open_shop(conn, units=0)
    sell_through(conn, shop, **terms)
    stock_up(conn, shop, {("W", "COAT"): units})
    return shop


def sell_through(conn: Conn, shop: Shop, **terms: Any) -> None:
    """Let three marketplaces sell a brand's goods: 5, 2 and 1 parts."""
    channels = [
        ChannelTerms(code=code, name=code, network_node_id=shop.network, time_zone="Asia/Shanghai")
        for code in CHANNELS
    ]
    put_channels(conn, channels)
    made = [
        msgspec.structs.replace(MarketplaceTerms(channel=code, weight=weight), **terms)
        for code, weight in zip(CHANNELS, (5, 2, 1), strict=True)
    ]
    succeeded(lend.set_terms(conn, made, scope=WHOLE_BRAND, by=BY_HQ, now=OPENED))


@contextmanager
def sandbox_market(
    directory: Path, clock: SetClock, *, manners: Manners = PUNCTUAL
) -> Generator[SandboxMarket, None, None]:
    """Sandbox marketplaces served over HTTP."""
    port = free_port()
    settings = MarketSettings(
        file=directory / "market.sqlite", secret=SECRET, base_url=f"http://127.0.0.1:{port}", manners=manners
    )
    market = SandboxMarket(settings, clock=clock)
    try:
        with listening(market.app, port):
            yield market
    finally:
        market.stop()


def follow(database: Database, clock: SetClock) -> None:
    """Let lending follow the log. Nobody else writes: it is final as it stands."""
    with database.transaction() as conn:
        ensure_followers(conn, lend.FOLLOWERS)
        (last,) = fetch_values(conn, SQL["last_position"])
        for follower in lend.FOLLOWERS:
            while (step := advance(conn, follower, upto=last, now=clock.now)) and not step.reached_end:
                pass


def tell(database: Database, market: SandboxMarket, clock: SetClock) -> int:
    """Put to the marketplaces what is due."""
    return tell_marketplaces(database, {market.connector.name: market.connector}, clock.now)


def ordered(channel: str, number: str, *, units: int = 1, sku: str = "COAT", **order: Any) -> bytes:
    """What a marketplace says of a sale: it has happened, so that what is missing is parked and never refused."""
    stated = {
        "kind": "ask",
        "region_code": "310100",
        "hold_minutes": 0,
        "on_shortage": "park",
        "lines": [{"sku_code": sku, "units": units}],
    }
    return spelt(f"{number}-created", channel, "created", number, order=stated | order)


def called_off(channel: str, number: str) -> bytes:
    """What a marketplace says of an order that its buyer called off."""
    return spelt(f"{number}-cancelled", channel, "cancelled", number)


class RealRush(msgspec.Struct, frozen=True, kw_only=True):
    """How a rush through the real path ended. `most_beyond`: units on shelves beyond those unsold, at worst."""

    units: int
    asked: int
    sold: int
    called_off: int
    parked: int
    most_beyond: int
    left_on_shelves: int
    told: int


class Rusher:
    """Buyers come to three marketplaces for a coat; sales and callings off are heard late, some twice."""

    def __init__(
        self, database: Database, market: SandboxMarket, clock: SetClock, *, units: int, seed: int
    ) -> None:
        self._database = database
        self._market = market
        self._clock = clock
        self._units = units
        self._random = random.Random(seed)
        self._numbers = count(1)
        self._letters: list[tuple[float, int, bytes]] = []
        self._leaving: list[tuple[float, str, str]] = []
        self._receiver = receiver(database, clock)  # pyright: ignore[reportArgumentType] - a clock is a clock
        self.asked = self.sold = self.called_off = self.told = self.most_beyond = 0
        with database.reading() as conn:
            self._sender = sender(conn)

    def run(self, *, seconds: int, step: float) -> RealRush:
        """Let buyers come for so many seconds; then let everything be heard and answered."""
        for tick in range(int(seconds / step)):
            self._clock.on(seconds=step)
            if tick * step > 5:  # they come when everybody has been told once
                self._buy(step)
            self._leave()
            self._work()
        self._drain(step)
        return self._outcome()

    def _buy(self, step: float) -> None:
        for channel, per_second in zip(CHANNELS, (5, 2, 1), strict=True):
            for _ in range(self._random.choices((0, 1, 2), (2, per_second, per_second * step))[0]):
                self.asked += 1
                number = f"{channel}-{next(self._numbers)}"
                sale = WireSale(number=number, sku_code="COAT", units=1)
                if not self._market.book.sell(channel, sale, now=self._clock.now):
                    continue
                self.sold += 1
                self._say(ordered(channel, number))
                if self._random.random() < 0.2:
                    heapq.heappush(self._leaving, (self._at() + self._random.uniform(0, 6), channel, number))

    def _leave(self) -> None:
        """Some buyers call it off: the marketplace puts it back at once, may sell it again, and tells us later."""
        while self._leaving and self._leaving[0][0] <= self._at():
            _, channel, number = heapq.heappop(self._leaving)
            self._market.book.put_back(number)
            self.called_off += 1
            self._say(called_off(channel, number))

    def _say(self, body: bytes) -> None:
        late = 8.0 if self._random.random() < 0.05 else 0.0
        for _ in range(2 if self._random.random() < 0.1 else 1):
            at = self._at() + self._random.uniform(0, 3) + late
            heapq.heappush(self._letters, (at, next(self._numbers), body))

    def _work(self) -> None:
        """Hear what has come, lend by it, tell it; and never is more on shelves than is unsold."""
        bodies: list[bytes] = []
        while self._letters and self._letters[0][0] <= self._at():
            bodies.append(heapq.heappop(self._letters)[2])
        if bodies:
            self._receiver.receive(bodies, self._sender)
        self._receiver.apply_due()
        follow(self._database, self._clock)
        self.told += tell(self._database, self._market, self._clock)
        unsold = self._units - self._market.book.sold().get("COAT", 0)
        self.most_beyond = max(self.most_beyond, self._on_shelves() - unsold)

    def _drain(self, step: float) -> None:
        for _ in range(int(120 / step)):
            self._clock.on(seconds=step)
            self._leave()
            self._work()
            if not self._letters and not self._leaving and not self._open_steps():
                return
        raise AssertionError("steps are open that nobody answers")

    def _open_steps(self) -> int:
        with self._database.reading() as conn:
            row = conn.execute(
                "select count(*) from marketplaces.step where next_try_at is not null"
            ).fetchone()
        assert row is not None
        return row[0]

    def _on_shelves(self) -> int:
        return sum(self._market.book.shelf(code, now=self._clock.now).get("COAT", 0) for code in CHANNELS)

    def _outcome(self) -> RealRush:
        """As it stands once what was given back went to who waited for it."""
        with self._database.transaction() as conn:
            fill_parked(conn, sku_ids=None, now=self._clock.now, limit=1_000)
        with self._database.reading() as conn:
            row = conn.execute("select coalesce(sum(parked), 0)::int from orders.order").fetchone()
        assert row is not None
        return RealRush(
            units=self._units,
            asked=self.asked,
            sold=self.sold,
            called_off=self.called_off,
            parked=row[0],
            most_beyond=self.most_beyond,
            left_on_shelves=self._on_shelves(),
            told=self.told,
        )

    def _at(self) -> float:
        return self._clock.now.timestamp()
