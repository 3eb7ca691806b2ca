"""Customers who bring or send goods back, and the people who take them in, look at them and put them where they belong.

At a counter the money goes back at once. A parcel is announced by its sender, and paid back when it is here.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from loopline.simulator.brand.api import Answer, Command
from loopline.simulator.brand.chance import stream
from loopline.simulator.brand.demand import minutes
from loopline.simulator.brand.places import WAREHOUSES
from loopline.simulator.brand.scene import Scene
from loopline.simulator.brand.stocking import Units
from loopline.simulator.brand.tally import Bought

KIND = "return"
KIND_ARRIVES = "return_arrives"
KIND_GRADE = "grade"
_PATH = "/api/v1/returns"
_BY_MAIL_SHARE = 0.6
_REASONS = ("size", "size", "size", "unwanted", "unwanted", "defect", "other")
_GRADES = ("as_new", "open", "tail", "damaged", "wrong")
_GRADE_WEIGHTS = (76, 10, 4, 8, 2)
_MAIL_TAKES_MINUTES = (30.0, 240.0)
_LOOKED_AT_AFTER_MINUTES = (2.0, 30.0)


class _Back(msgspec.Struct, kw_only=True):
    """Goods on their way back: one line of a purchase, to a site."""

    bought: Bought
    site_code: str
    sku_code: str
    units: int
    reason: str
    return_id: str = ""


class Returning:
    """Everybody who has second thoughts."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._chance = stream(scene.ask.seed, KIND)
        self._brought = 0
        scene.agenda.handle(KIND, self._decide)
        scene.agenda.handle(KIND_ARRIVES, self._arrive)
        scene.agenda.handle(KIND_GRADE, self._grade)

    def _decide(self, orders: Sequence[Bought], now: datetime) -> None:
        """Bring goods to a counter, or announce a parcel."""
        to_counter: list[_Back] = []
        for bought in orders:
            by_mail, back = self._chance.random() < _BY_MAIL_SHARE, self._back(bought)
            if bought.token is not None and by_mail:
                self._announce(back, now)
            else:
                to_counter.append(back)
        self._bring(to_counter, now)

    def _back(self, bought: Bought) -> _Back:
        chance = self._chance
        line = chance.choice(bought.lines)
        stores = self._scene.stores
        somewhere = stores[int(chance.random() * len(stores))].code
        return _Back(
            bought=bought,
            site_code=bought.site_code or somewhere,
            sku_code=line.sku_code,
            units=line.units,
            reason=chance.choice(_REASONS),
        )

    def _body(self, back: _Back) -> dict[str, Any]:
        self._brought += 1
        return {
            "channel": back.bought.channel,
            "external_number": self._scene.key("R", self._brought),
            "order": back.bought.order_id,
            "lines": [{"sku_code": back.sku_code, "units": back.units, "reason": back.reason}],
        }

    # ------------------------------------------------------------------------------------------------ at a counter

    def _bring(self, backs: Sequence[_Back], now: datetime) -> None:
        if not backs:
            return
        scene = self._scene
        bodies = [self._body(back) | {"site_code": back.site_code} for back in backs]
        key = scene.key(KIND, bodies[0]["external_number"], len(bodies))
        for back, answer in zip(backs, scene.api.batch(_PATH, bodies, key=key), strict=True):
            self._taken_back(back, answer, now, where="counter")

    def _taken_back(self, back: _Back, answer: Answer, now: datetime, *, where: str) -> None:
        """The goods are here and the money goes back."""
        scene = self._scene
        if not answer.is_good:
            scene.tally.refused(KIND, answer.code)
            return
        back.return_id = answer.body["id"]
        scene.tally.count(f"returns.{where}")
        scene.tally.count("returned_units", back.units)
        scene.tally.count(f"refunds_minor.{back.bought.channel}", answer.body["refund_minor"])
        scene.agenda.note(now + minutes(self._chance, *_LOOKED_AT_AFTER_MINUTES), KIND_GRADE, back)

    # --------------------------------------------------------------------------------------------------- by parcel

    def _announce(self, back: _Back, now: datetime) -> None:
        scene = self._scene
        body = self._body(back)
        command = Command(
            path=_PATH,
            body={"items": [body]},
            key=scene.key(KIND, body["external_number"]),
            token=back.bought.token,
        )
        outcome = scene.api.do(command).body["outcomes"][0]
        if "problem" in outcome:
            scene.tally.refused("announcement", outcome["problem"]["code"])
            return
        back.return_id = outcome["value"]["id"]
        back.site_code = WAREHOUSES[0].code
        scene.tally.count("announced_returns")
        scene.agenda.note(now + minutes(self._chance, *_MAIL_TAKES_MINUTES), KIND_ARRIVES, back)

    def _arrive(self, backs: Sequence[_Back], now: datetime) -> None:
        scene = self._scene
        bodies = [{"return_id": back.return_id, "site_code": back.site_code} for back in backs]
        key = scene.key(KIND_ARRIVES, backs[0].return_id, len(backs))
        for back, answer in zip(backs, scene.api.batch(f"{_PATH}/receive", bodies, key=key), strict=True):
            self._taken_back(back, answer, now, where="parcel")

    # --------------------------------------------------------------------------------------------------- looked at

    def _grade(self, backs: Sequence[_Back], _: datetime) -> None:
        """Look at what came back; what is as new goes on the shelf again."""
        scene = self._scene
        for back in backs:
            grade = self._chance.choices(_GRADES, _GRADE_WEIGHTS)[0]
            (line,) = scene.api.get(f"{_PATH}/{back.return_id}")["lines"]
            graded = {"return_line_id": line["return_line_id"], "units": back.units, "grade": grade}
            answer = scene.api.do(
                Command(
                    path=f"{_PATH}/grade",
                    body={"site_code": back.site_code, "items": [graded]},
                    key=scene.key(KIND_GRADE, back.return_id),
                )
            )
            outcome = answer.body["outcomes"][0]
            if "problem" in outcome:
                scene.tally.refused(KIND_GRADE, outcome["problem"]["code"])
                continue
            disposition = outcome["value"]["disposition"]
            scene.tally.count(f"graded_units.{disposition}", back.units)
            if disposition != "scrap":
                scene.tally.count("shelved_units", back.units)
            if disposition == "restock":
                scene.shelves.put([Units(site_code=back.site_code, sku_code=back.sku_code, units=back.units)])
