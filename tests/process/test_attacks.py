"""Money that somebody might try to keep: a commission whose goods come back while its payout is under way.

The other attacks stand where their subject does: notifications that are forged, late or played again in
`test_pay_out_wechat`, statements with anything changed, added or left out in `test_statement_proof`, a debt that is
set off and never paid in `test_pay_out`.
"""

import pytest

from loopline.db import Conn
from loopline.kernel.scope import WHOLE_BRAND
from loopline.ledger.model import Purpose
from loopline.payouts import PayoutState
from loopline.payouts.refusals import NothingDue
from loopline.processes.take_back import take_back
from tests.make.org import succeeded
from tests.make.payouts import LATER, approved, due_of, earned, payout, planned
from tests.make.shop import Shop
from tests.process.test_pay_out import ask, assert_sound, made, outcome, refusal, rows
from tests.process.test_pay_out import shop as shop  # noqa: PLC0414 - a fixture
from tests.process.test_take_back import back

SHARE, OF_THE_COAT = 420, 300
"""What the guide earned of a coat and two scarves, and of the coat alone."""


def comes_back(conn: Conn, number: str, shop: Shop, *goods: tuple[str, int]) -> None:
    succeeded(take_back(conn, [back(shop, number, *goods, at=LATER)], scope=WHOLE_BRAND, now=LATER))


def owed(conn: Conn, shop: Shop) -> int:
    """What the guide is due, with what is on its way and what was kept back of it as tax."""
    guide = shop.parties["GUIDE"]
    return sum(
        due_of(conn, guide, one)
        for one in (Purpose.SHARE_DUE, Purpose.PAYOUT_IN_TRANSIT, Purpose.WITHHELD_TAX)
    )


@pytest.mark.parametrize(("said", "state", "got"), [("paid", "paid", 336), ("failed", "failed", 0)])
def test_no_commission_is_kept_of_goods_that_come_back_while_it_is_being_paid(
    conn: Conn, shop: Shop, said: str, state: str, got: int
):
    (payout_id,) = approved(conn, shop, "GUIDE")
    request_id = made(conn, shop)
    (row,) = rows(conn, request_id)
    comes_back(conn, "R-1", shop, ("COAT", 1))
    assert owed(conn, shop) == SHARE - OF_THE_COAT
    outcome(conn, request_id, f"{row['number']},{said},3.36,because")
    assert payout(conn, payout_id).state is PayoutState(state)
    assert owed(conn, shop) + got == SHARE - OF_THE_COAT
    if not got:  # what is still theirs is paid, and no more than that
        (again,) = planned(conn, shop, "GUIDE")
        assert payout(conn, again).gross_minor == SHARE - OF_THE_COAT
    comes_back(conn, "R-2", shop, ("SCARF", 2))
    assert owed(conn, shop) + got == 0
    assert_sound(conn)


def test_a_commission_that_was_paid_is_owed_by_who_has_it_until_new_sales_make_it_good(
    conn: Conn, shop: Shop
):
    approved(conn, shop, "GUIDE")
    request_id = made(conn, shop)
    (row,) = rows(conn, request_id)
    outcome(conn, request_id, f"{row['number']},paid,3.36,")
    comes_back(conn, "R-1", shop, ("COAT", 1), ("SCARF", 2))
    guide = shop.parties["GUIDE"]
    assert due_of(conn, guide) == -SHARE
    earned(conn, shop, start=2)  # one more sale earns as much as is owed
    assert due_of(conn, guide) == 0
    assert refusal(conn, ask(shop, "GUIDE")) == NothingDue(party_id=guide, due_minor=0)
    assert_sound(conn)
