"""Money taken by hand beyond what an order comes to: it stands, with an exception, whatever becomes of the order."""

import pytest

from loopline.db import Conn
from loopline.kernel.ids import PaymentId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.payments.cash import CASH
from loopline.payments.model import NewPayment
from loopline.payments.queries import open_exceptions_of_orders
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.doctor import BETWEEN_ROOMS, examine
from loopline.processes.pay import take_payments
from loopline.processes.place import Placed, place
from tests.make.org import succeeded
from tests.make.shop import NOON, ask, open_shop


@pytest.mark.parametrize(("amounts", "found"), [([15_820], []), ([15_820, 3_993], [3_993])])
def test_what_is_paid_beyond_the_order_has_an_exception(conn: Conn, amounts: list[int], found: list[int]):
    shop = open_shop(conn)
    (placed,) = succeeded(place(conn, [ask(shop, "W-1")], scope=WHOLE_BRAND, now=NOON))
    assert isinstance(placed, Placed)
    assert placed.amount_minor == 15_820
    for amount_minor in amounts:
        payment = NewPayment(
            id=PaymentId(uuid7(NOON)),
            order_id=placed.order_id,
            method=CASH,
            entity_id=shop.brand_entity,
            currency="CNY",
            amount_minor=amount_minor,
            taken_at=NOON,
        )
        succeeded(take_payments(conn, [payment], now=NOON))
    opened = open_exceptions_of_orders(conn, [placed.order_id])
    assert [one.found_minor for one in opened] == found
    succeeded(cancel(conn, [Cancellation(order_id=placed.order_id)], scope=WHOLE_BRAND, now=NOON))
    report = examine(conn, checks=[check for check in BETWEEN_ROOMS if check.name == "order_money_agrees"])
    assert [check.findings for check in report.checks] == [()]
