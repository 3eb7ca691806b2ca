"""Shoppers: customers of the mini-program and the web shop. They sign in by phone, have perhaps scanned a code in a
store, want something delivered or to be collected, and pay within minutes or never.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from loopline.simulator.brand.api import Answer, Command
from loopline.simulator.brand.chance import stream
from loopline.simulator.brand.customers import Customer
from loopline.simulator.brand.demand import ONLINE_HOURS, arrivals, minutes
from loopline.simulator.brand.people import HUMAN_STORE, guide_party
from loopline.simulator.brand.places import MINI_PROGRAM, PLACES_BY_CODE, STORES, WEB
from loopline.simulator.brand.scene import Scene
from loopline.simulator.brand.tally import Bought, BoughtLine

KIND = "shopper"
_MINI_PROGRAM_SHARE = 0.62
_SCANS_SHARE = 0.55
_COLLECTS_SHARE = 0.25
_PAYS_SHARE = 0.91
_SCANS_GUIDE_SHARE = 0.6
_SCANS_AT_ONCE = 50
_EARLY_VISITS = 4
_EARLY_EVERY = timedelta(seconds=4)


class _Visit(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in the shop, and what they will do there."""

    customer: Customer
    channel: str
    number: int
    scans: str | None
    basket: dict[str, int]
    is_collected: bool
    pays: bool
    pays_after_minutes: float


class Shoppers:
    """Everybody who buys from a phone or a browser."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._chance = stream(scene.ask.seed, KIND)
        self._wants = scene.wanted(KIND)
        self._visits = 0
        self._coming: Any = None
        self.next_at: datetime | None = None
        scene.agenda.handle(KIND, self._shop)

    def begin(self, start: datetime) -> None:
        """Let customers come from a moment on; those who would have come before stay away."""
        ask = self._scene.ask
        self._coming = arrivals(
            stream(ask.seed, KIND, "arrivals", start),
            start,
            per_hour=ask.pace.online_per_hour * len(self._scene.stores) / len(STORES),
            hours=ONLINE_HOURS,
            floor=ask.pace.floor,
        )
        self.next_at = next(self._coming)
        if ask.spares_human_store and not self._visits:
            for number in range(_EARLY_VISITS):
                self._scene.agenda.note(start + number * _EARLY_EVERY, KIND, start)

    def expect(self, until: datetime) -> None:
        """Note who comes by a moment."""
        while self.next_at is not None and self.next_at <= until:
            self._scene.agenda.note(self.next_at, KIND, self.next_at)
            self.next_at = next(self._coming)

    def _shop(self, moments: Sequence[datetime], now: datetime) -> None:
        visits = [self._visit() for _ in moments]
        welcome = [one for one in self._signed_in(visits) if one.customer.token is not None]
        self._scan(welcome)
        answers = self._scene.api.do_all(
            [self._order(one) for one in welcome], at_once=self._scene.ask.at_once
        )
        for visit, answer in zip(welcome, answers, strict=True):
            self._ordered(visit, answer, now=now)

    def _visit(self) -> _Visit:
        chance = self._chance
        self._visits += 1
        # The first customers of a world that somebody looks at collect their goods at the store left to that somebody.
        is_early = self._scene.ask.spares_human_store and self._visits <= _EARLY_VISITS
        customer = self._scene.customers.comes(home=PLACES_BY_CODE[HUMAN_STORE] if is_early else None)
        guide = guide_party(customer.home.code, 1 + int(chance.random() * customer.home.guides))
        channel = MINI_PROGRAM if chance.random() < _MINI_PROGRAM_SHARE else WEB
        scans = chance.random() < _SCANS_SHARE
        scans_guide = chance.random() < _SCANS_GUIDE_SHARE
        return _Visit(
            customer=customer,
            channel=channel,
            number=self._visits,
            scans=(guide if scans_guide else customer.home.code) if scans else None,
            basket=self._wants.basket(),
            is_collected=chance.random() < _COLLECTS_SHARE or is_early,
            pays=chance.random() < _PAYS_SHARE or is_early,
            pays_after_minutes=chance.uniform(0.1, self._scene.ask.pace.pays_within_minutes),
        )

    def _signed_in(self, visits: Sequence[_Visit]) -> Sequence[_Visit]:
        """Sign new customers in with the code sent to their phone, which the demo shows."""
        strangers = {one.customer.number: one.customer for one in visits if one.customer.token is None}
        for customer in strangers.values():
            sign_in(self._scene, customer)
        return visits

    def _scan(self, visits: Sequence[_Visit]) -> None:
        """Scan codes of guides and stores, each as the member it is."""
        scene = self._scene
        scans = [
            {
                "code": scene.codes[visit.scans],
                "visitor": str(visit.customer.visitor),
                "channel": "mini_program",
                "member_id": visit.customer.member_id,
            }
            for visit in visits
            if visit.scans is not None and visit.scans in scene.codes
        ]
        if not scans:
            return
        key = scene.key("scans", visits[0].number)
        for answer in scene.api.batch("/api/v1/scans", scans, key=key, size=_SCANS_AT_ONCE):
            if answer.is_good:
                scene.tally.count("scans")
            else:
                scene.tally.refused("scan", answer.code)

    def _order(self, visit: _Visit) -> Command:
        customer = visit.customer
        body: dict[str, Any] = {
            "channel": visit.channel,
            "external_number": self._scene.key(visit.channel, visit.number),
            "kind": "ask",
            "lines": [{"sku_code": sku_code, "units": units} for sku_code, units in visit.basket.items()],
        }
        if visit.is_collected:
            body |= {"delivery": "collect", "site_code": customer.home.code}
        else:
            body |= {"delivery": "deliver", "destination": msgspec.to_builtins(customer.destination)}
        if visit.scans is not None and visit.scans in self._scene.codes:
            body["touch"] = {
                "touchpoint_code": self._scene.codes[visit.scans],
                "visitor": str(customer.visitor),
            }
        return Command(
            path="/api/v1/orders",
            body=body,
            key=self._scene.key("order", visit.number),
            token=customer.token,
        )

    def _ordered(self, visit: _Visit, answer: Answer, *, now: datetime) -> None:
        scene = self._scene
        if not answer.is_good:
            scene.tally.refused(visit.channel, answer.code)
            return
        taken = answer.body
        bought = Bought(
            order_id=taken["id"],
            number=taken["number"],
            channel=visit.channel,
            amount_minor=taken["amount_minor"],
            lines=tuple(BoughtLine(sku_code=code, units=units) for code, units in visit.basket.items()),
            delivery="collect" if visit.is_collected else "deliver",
            site_code=visit.customer.home.code if visit.is_collected else None,
            token=visit.customer.token,
            member_id=visit.customer.member_id,
        )
        scene.tally.placed(bought)
        if visit.pays:
            after = minutes(self._chance, visit.pays_after_minutes, visit.pays_after_minutes)
            scene.agenda.note(now + after, "pay", bought)


def sign_in(scene: Scene, customer: Customer) -> None:
    """Sign a customer in. Asked with the world's own key, as a shop's program asks for its customers."""
    asked = scene.api.ask("POST", "/api/v1/sign-in-codes", body={"phone": customer.phone})
    if not asked.is_good:
        scene.tally.refused("sign_in", asked.code)
        return
    body = {
        "phone": customer.phone,
        "code": asked.body["demo_code"],
        "visitor": str(customer.visitor),
    }
    answer = scene.api.ask("POST", "/api/v1/member-sessions", body=body)
    if not answer.is_good:
        scene.tally.refused("sign_in", answer.code)
        return
    customer.token, customer.member_id = answer.body["token"], answer.body["member_id"]
    scene.tally.count("signed_in")
