"""Walk-ins: customers in the stores, who find things on the shelf and pay at the till. Some are members, some bring
back what they bought, some say on their phone how it was.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from loopline.simulator.brand.api import Answer
from loopline.simulator.brand.chance import Weighted, stream
from loopline.simulator.brand.demand import STORE_HOURS, arrivals, minutes
from loopline.simulator.brand.goods import items
from loopline.simulator.brand.people import guide_party
from loopline.simulator.brand.places import STORES, TILL, Place
from loopline.simulator.brand.scene import Scene, stamp
from loopline.simulator.brand.tally import Bought, BoughtLine

KIND = "walk_in"
_GUIDED_SHARE = 0.75
_MEMBER_SHARE = 0.3
_REVIEW_SHARE = 0.16
_RETURN_SHARE = 0.05
_CASH_SHARE = 0.12
# Sold although the system says there is none: it hung in the window, or somebody had counted wrongly.
_UNSEEN_SHARE = 0.004


class _Sale(msgspec.Struct, frozen=True, kw_only=True):
    """What happened at a till."""

    at: datetime
    store: Place
    number: str
    basket: dict[str, int]
    guide: str | None
    member_id: str | None


class WalkIns:
    """Everybody who comes in through a door."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._chance = stream(scene.ask.seed, KIND)
        self._wants = scene.wanted(KIND)
        self._stores = Weighted(scene.stores, [store.weight for store in scene.stores])
        self._prices = {item.code: item.unit_minor for item in items()}
        self._rung_up = 0
        self._coming: Any = None
        self.next_at: datetime | None = None
        scene.agenda.handle(KIND, self._ring_up)

    def begin(self, start: datetime) -> None:
        """Let customers come from a moment on; those who would have come before stay away."""
        ask = self._scene.ask
        share = sum(store.weight for store in self._scene.stores) / sum(store.weight for store in STORES)
        self._coming = arrivals(
            stream(ask.seed, KIND, "arrivals", start),
            start,
            per_hour=ask.pace.till_per_hour * share,
            hours=STORE_HOURS,
            floor=ask.pace.floor,
        )
        self.next_at = next(self._coming)

    def expect(self, until: datetime) -> None:
        """Note who comes by a moment."""
        while self.next_at is not None and self.next_at <= until:
            self._scene.agenda.note(self.next_at, KIND, self.next_at)
            self.next_at = next(self._coming)

    def _ring_up(self, moments: Sequence[datetime], _: datetime) -> None:
        """Tell the tills' sales, which have happened, and what is to come of them."""
        sales = [sale for at in moments if (sale := self._sale(at)) is not None]
        if not sales:
            return
        messages = [self._message(sale) for sale in sales]
        key = self._scene.key("till", sales[0].number, len(sales))
        answers = self._scene.api.batch("/api/v1/orders/batch", messages, key=key)
        rung_up = [
            bought
            for sale, answer in zip(sales, answers, strict=True)
            if (bought := self._rung(sale, answer)) is not None
        ]
        self._take_money(rung_up, key=f"{key}-money")

    def _take_money(self, rung_up: Sequence[Bought], *, key: str) -> None:
        """Tell what came into the drawers and through the card terminals."""
        payments = [
            {
                "order_id": bought.order_id,
                "method": "cash" if self._chance.random() < _CASH_SHARE else "card_terminal",
                "amount_minor": bought.amount_minor,
                "reference": f"till-{bought.number}",
            }
            for bought in rung_up
        ]
        answers = self._scene.api.batch("/api/v1/payments", payments, key=key)
        for bought, answer in zip(rung_up, answers, strict=True):
            if answer.is_good:
                bought.paid_minor = bought.amount_minor
                self._scene.tally.count("payments.by_hand")
                self._scene.tally.count("paid_minor.by_hand", bought.amount_minor)
            else:
                self._scene.tally.refused("payment", answer.code)

    def _sale(self, at: datetime) -> _Sale | None:
        """Let somebody look around; None where nothing was found."""
        chance = self._chance
        store = self._stores.pick(chance)
        basket: dict[str, int] = {}
        for sku_code, units in self._wants.basket().items():
            if self._scene.shelves.has(store.code, sku_code) or chance.random() < _UNSEEN_SHARE:
                basket[sku_code] = units
                self._scene.shelves.take(store.code, sku_code, units)
        guide = 1 + int(chance.random() * store.guides)
        guided, member = chance.random() < _GUIDED_SHARE, chance.random() < _MEMBER_SHARE
        if not basket:
            self._scene.tally.count("walk_ins.left_without")
            return None
        self._rung_up += 1
        return _Sale(
            at=at,
            store=store,
            number=f"{store.code}-{self._rung_up}",
            basket=basket,
            guide=guide_party(store.code, guide) if guided else None,
            member_id=self._scene.customers.some_member(chance) if member else None,
        )

    def _message(self, sale: _Sale) -> dict[str, Any]:
        message: dict[str, Any] = {
            "channel": TILL,
            "external_number": self._scene.key(sale.number),
            "kind": "fact",
            "placed_at": stamp(sale.at),
            "site_code": sale.store.code,
            "delivery": "carried_out",
            "lines": [
                {"sku_code": sku_code, "units": units, "stated_unit_minor": self._prices[sku_code]}
                for sku_code, units in sale.basket.items()
            ],
        }
        if sale.guide is not None:
            message["guide_code"] = sale.guide
        if sale.member_id is not None:
            message["member_id"] = sale.member_id
        return message

    def _rung(self, sale: _Sale, answer: Answer) -> Bought | None:
        scene, chance = self._scene, self._chance
        likes_to_write, regrets = chance.random() < _REVIEW_SHARE, chance.random() < _RETURN_SHARE
        writes_after, regrets_after = minutes(chance, 10, 90), minutes(chance, 15, 300)
        if not answer.is_good:
            scene.tally.refused(TILL, answer.code)
            return None
        taken = answer.body
        bought = Bought(
            order_id=taken["id"],
            number=taken["number"],
            channel=TILL,
            amount_minor=taken["amount_minor"],
            lines=tuple(BoughtLine(sku_code=code, units=units) for code, units in sale.basket.items()),
            delivery="carried_out",
            site_code=sale.store.code,
            member_id=sale.member_id,
            receipt_code=taken["receipt_code"],
        )
        scene.tally.placed(bought)
        scene.tally.count("handed_over_units", bought.units)
        if likes_to_write:
            scene.agenda.note(sale.at + writes_after, "review", bought)
        if regrets:
            scene.agenda.note(sale.at + timedelta(minutes=5) + regrets_after, "return", bought)
        return bought
