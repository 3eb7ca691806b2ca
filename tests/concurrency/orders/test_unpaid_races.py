"""Caps hold however many processes ask for the same hand at the same moment."""

from collections.abc import Callable
from uuid import UUID

import msgspec
import pytest

from loopline.db import Conn, Database, run_check
from loopline.kernel.ids import MemberId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Asker, ChannelTerms, put_channels
from loopline.orders.checks import CHECKS
from loopline.processes.place import Placed, place
from tests.make.rivals import together
from tests.make.shop import NOON, ask, lines, open_shop

RIVALS, EACH, MOST = 6, 3, 4


@pytest.mark.parametrize("by", ["member", "address", "device"])
def test_six_who_ask_three_times_at_once_have_four_that_wait(database: Database, by: str):
    with database.transaction() as conn:
        shop = open_shop(conn)
        caps = {f"unpaid_per_{by}": MOST}
        terms = ChannelTerms(code="web", name="Web", network_node_id=shop.network, hold_minutes_default=15)
        terms = msgspec.structs.replace(terms, **caps)
        put_channels(conn, [terms])
    hand = UUID(int=77)
    asker = Asker(address=hand if by == "address" else None, device=hand if by == "device" else None)

    def asks(rival: int) -> Callable[[Conn], int]:
        # Each asks for goods of its own, so that nothing but the count makes one wait for another.
        code = ("HAT", "COAT", "SCARF")[rival % 3]
        member_id = MemberId(hand) if by == "member" else MemberId(UUID(int=rival + 1))
        drafts = [
            ask(
                shop,
                f"W-{rival}-{number}",
                member_id=member_id,
                asker=asker,
                lines=lines(shop, (code, 1)),
            )
            for number in range(EACH)
        ]

        def run(conn: Conn) -> int:
            placed = place(conn, drafts, scope=WHOLE_BRAND, now=NOON)
            return sum(isinstance(one, Placed) for one in placed)

        return run

    assert sum(together(database, [asks(rival) for rival in range(RIVALS)])) == MOST
    with database.reading() as conn:
        assert conn.execute("select count(*) from orders.unpaid").fetchone() == (MOST,)
        assert [finding for check in CHECKS for finding in run_check(conn, check)] == []
