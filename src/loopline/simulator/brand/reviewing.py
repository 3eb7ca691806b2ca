"""What customers say afterwards: online about the goods, from a till's receipt about the store and the goods too."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from loopline.simulator.brand.chance import stream
from loopline.simulator.brand.scene import Scene
from loopline.simulator.brand.tally import Bought
from loopline.simulator.brand.wording import about_goods, about_service, draw_stars

KIND = "review"
_ABOUT_SERVICE_SHARE = 0.5


class Reviewing:
    """Everybody who says how it was."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._chance = stream(scene.ask.seed, KIND)
        scene.agenda.handle(KIND, self._write)

    def _write(self, orders: Sequence[Bought], _: datetime) -> None:
        scene = self._scene
        reviews = [review for bought in orders for review in self._reviews(bought)]
        key = scene.key(KIND, orders[0].order_id, len(reviews))
        answers = scene.api.batch("/api/v1/reviews", reviews, key=key)
        for review, answer in zip(reviews, answers, strict=True):
            if not answer.is_good:
                scene.tally.refused("review", answer.code)
            elif not answer.body["is_repeat"]:
                scene.tally.count(f"reviews.{review['about']}")

    def _reviews(self, bought: Bought) -> list[dict[str, Any]]:
        """Return what somebody says of one purchase: of its first goods, and perhaps of the service."""
        chance = self._chance
        stars = draw_stars(chance)
        sku_code = bought.lines[0].sku_code
        who = self._who(bought)
        goods = {
            "about": "product",
            "stars": stars,
            "text": about_goods(self._scene.garment_of(sku_code).category, stars, chance),
            "sku_code": sku_code,
        }
        reviews = [goods | who]
        if chance.random() < _ABOUT_SERVICE_SHARE and bought.site_code is not None:
            stars = draw_stars(chance)
            reviews.append({"about": "store", "stars": stars, "text": about_service(stars, chance)} | who)
        return reviews

    def _who(self, bought: Bought) -> dict[str, Any]:
        """A till's customer shows the receipt; anybody else is the member who ordered."""
        if bought.receipt_code is not None:
            return {"receipt_code": bought.receipt_code}
        return {"order_id": bought.order_id, "member_id": bought.member_id}
