"""Paying: the shop asks the gateway for a charge, the customer pays it there, the gateway tells the shop.

The gateway is the sandbox that the demo serves; the customer speaks to it as a phone's wallet would.
"""

from collections.abc import Sequence
from datetime import datetime

from loopline.simulator.brand.api import Answer, Command
from loopline.simulator.brand.scene import Scene
from loopline.simulator.brand.tally import Bought

KIND = "pay"


class Cashier:
    """Everybody who pays online."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        scene.agenda.handle(KIND, self._pay)

    def _pay(self, orders: Sequence[Bought], now: datetime) -> None:
        del now
        self.pay(orders)

    def pay(self, orders: Sequence[Bought]) -> None:
        """Ask for charges and pay them; what was refused (too late, mostly) is counted."""
        scene = self._scene
        asked = scene.api.do_all([self._ask(one) for one in orders], at_once=scene.ask.at_once)
        charged: list[tuple[Bought, Command]] = []
        for bought, answer in zip(orders, asked, strict=True):
            if answer.is_good:
                charged.append((bought, self._charge(bought, answer)))
            else:
                scene.tally.refused("payment", answer.code)
        paid = scene.api.do_all([command for _, command in charged], at_once=scene.ask.at_once)
        for (bought, _), answer in zip(charged, paid, strict=True):
            if answer.is_good:
                bought.paid_minor = bought.amount_minor
                scene.tally.count("payments.sandbox")
                scene.tally.count("paid_minor.sandbox", bought.amount_minor)
            else:
                scene.tally.refused("charge", answer.code)

    def _ask(self, bought: Bought) -> Command:
        return Command(
            path=f"/api/v1/orders/{bought.order_id}/payments",
            body={"gateway": "sandbox"},
            key=self._scene.key("payment", bought.order_id),
            token=bought.token,
        )

    def _charge(self, bought: Bought, answer: Answer) -> Command:
        charge = answer.body["pay_path"].rsplit("/", 1)[1]
        return Command(
            path=f"/sandbox/pay/v1/charges/{charge}/pay",
            body={},
            key=self._scene.key("charge", bought.order_id),
        )
