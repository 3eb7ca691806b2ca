"""The crowd: when a live room is on the air, thousands come within a minute and want the few things that are shown.

Everybody follows the room from another platform, which hands their orders over; most of them pay, each at their own
pace. Whoever is told to come later (429, 503 with Retry-After) does.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from loopline.kernel.cities import CITIES
from loopline.simulator.brand.api import Answer, Command
from loopline.simulator.brand.chance import Weighted, stream
from loopline.simulator.brand.customers import around
from loopline.simulator.brand.demand import minutes
from loopline.simulator.brand.places import LIVESTREAM
from loopline.simulator.brand.scene import Scene
from loopline.simulator.brand.tally import Bought, BoughtLine

KIND_LOOK = "look_for_live"
KIND_BUYER = "live_buyer"
# Gamma with shape 2: nobody at once, most after some seconds, a long tail. Of 3,000 some 180 a second at the peak.
_SHAPE, _SCALE_SECONDS = 2.0, 6.0
_PAYS_SHARE = 0.85
_TWO_SHARE = 0.12
# What the streamer shows first is wanted most.
_FADES = 0.8


class Show(msgspec.Struct, frozen=True, kw_only=True):
    """A live room that went on the air: its touchpoint's code and what it shows."""

    room: str
    touchpoint_code: str
    sku_codes: tuple[str, ...]
    number: int


class _Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who watches and buys."""

    show: Show
    number: int
    sku_code: str
    units: int
    visitor: UUID
    destination: dict[str, float]
    pays_after: timedelta | None


class Crowd:
    """Everybody who follows live rooms."""

    def __init__(self, scene: Scene, *, looks_every: timedelta, buyers: int) -> None:
        self._scene = scene
        self._looks_every = looks_every
        self._buyers = buyers
        self._seen: set[tuple[str, str]] = set()
        self.at_once = 32
        scene.agenda.handle(KIND_LOOK, self._look)
        scene.agenda.handle(KIND_BUYER, self._buy)

    def begin(self, start: datetime) -> None:
        """Look for live rooms from a moment on."""
        self._scene.agenda.note(start, KIND_LOOK)

    def _look(self, _: Sequence[None], now: datetime) -> None:
        self._scene.agenda.note(now + self._looks_every, KIND_LOOK)
        for room in self._scene.api.get("/api/v1/live-rooms", is_live="true")["items"]:
            airing = (room["code"], room["started_at"])
            if airing not in self._seen:
                self._seen.add(airing)
                self._gather(room, now)

    def _gather(self, room: dict[str, Any], now: datetime) -> None:
        """Let the crowd of a show come."""
        show = Show(
            room=room["code"],
            touchpoint_code=room["touchpoint_code"],
            sku_codes=tuple(room["sku_codes"]),
            number=len(self._seen),
        )
        chance = stream(self._scene.ask.seed, "crowd", show.number)
        wants = Weighted(show.sku_codes, [_FADES**place for place in range(len(show.sku_codes))])
        for number in range(1, self._buyers + 1):
            after = timedelta(seconds=chance.gammavariate(_SHAPE, _SCALE_SECONDS))
            self._scene.agenda.note(now + after, KIND_BUYER, _buyer(show, number, wants, chance))
        self._scene.tally.count("livestreams")

    def _buy(self, buyers: Sequence[_Buyer], now: datetime) -> None:
        scene = self._scene
        answers = scene.api.do_all([self._order(one) for one in buyers], at_once=self.at_once)
        for buyer, answer in zip(buyers, answers, strict=True):
            self._ordered(buyer, answer, now)

    def _order(self, buyer: _Buyer) -> Command:
        name = f"{buyer.show.room}-{buyer.show.number}-{buyer.number}"
        return Command(
            path="/api/v1/orders",
            body={
                "channel": LIVESTREAM,
                "external_number": self._scene.key(name),
                "kind": "ask",
                "delivery": "deliver",
                "destination": buyer.destination,
                "touch": {
                    "touchpoint_code": buyer.show.touchpoint_code,
                    "visitor": str(buyer.visitor),
                },
                "lines": [{"sku_code": buyer.sku_code, "units": buyer.units}],
            },
            key=self._scene.key("live", name),
        )

    def _ordered(self, buyer: _Buyer, answer: Answer, now: datetime) -> None:
        if not answer.is_good:
            self._scene.tally.refused(LIVESTREAM, answer.code)
            return
        taken = answer.body
        bought = Bought(
            order_id=taken["id"],
            number=taken["number"],
            channel=LIVESTREAM,
            amount_minor=taken["amount_minor"],
            lines=(BoughtLine(sku_code=buyer.sku_code, units=buyer.units),),
            delivery="deliver",
        )
        self._scene.tally.placed(bought)
        if buyer.pays_after is not None:
            self._scene.agenda.note(now + buyer.pays_after, "pay", bought)


def _buyer(show: Show, number: int, wants: Weighted[str], chance: Random) -> _Buyer:
    city = chance.choice(CITIES)
    pays = chance.random() < _PAYS_SHARE
    return _Buyer(
        show=show,
        number=number,
        sku_code=wants.pick(chance),
        units=2 if chance.random() < _TWO_SHARE else 1,
        visitor=UUID(int=chance.getrandbits(128), version=4),
        destination=msgspec.to_builtins(around(city.coordinates, chance)),
        pays_after=minutes(chance, 0.1, 2.5) if pays else None,
    )
