"""A few days of a brand's sales and returns, committed, to be stated, sealed and proven."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from loopline.db import Database
from loopline.db.followers import catch_up
from loopline.jobs.followers import FOLLOWERS
from loopline.jobs.sealing import seal_next_day
from loopline.kernel.ids import MemberId, PartyId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Credits
from loopline.processes.place import place
from loopline.processes.settle import RETURN_WINDOW_DEFAULT, release_due
from loopline.processes.statement.proof import provable, proven_pieces
from loopline.processes.take_back import take_back
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind
from loopline.statements.model import Seal
from tests.make.loop import hand_over_everything
from tests.make.org import succeeded
from tests.make.shop import NOON, PRICES, Shop, ask, lines, open_shop

MEMBER = MemberId(UUID(int=42 << 64))
DAY = timedelta(days=1)
SOLD = ("HAT", "SCARF", "COAT")


def sell(database: Database, shop: Shop, number: str, *wanted: tuple[str, int], at: datetime) -> None:
    """Sell goods by web and hand them over, all at one moment."""
    owed = Credits(guide_id=shop.parties["GUIDE"])
    draft = ask(shop, number, member_id=MEMBER, credits=owed, placed_at=at, lines=lines(shop, *wanted))
    with database.transaction() as conn:
        succeeded(place(conn, [draft], scope=WHOLE_BRAND, now=at))
        hand_over_everything(conn, now=at)
    catch_up(database, FOLLOWERS, now=at)


def bring_back(database: Database, shop: Shop, number: str, *wanted: tuple[str, int], at: datetime) -> None:
    """Take goods back at the store."""
    with database.transaction() as conn:
        back = NewReturn(
            channel="till",
            external_number=number,
            kind=ReturnKind.FACT,
            at=at,
            site_id=shop.sites["S"],
            currency="CNY",
            member_id=MEMBER,
            lines=tuple(
                NewReturnLine(code=code, sku_id=shop.skus[code], units=units, stated_unit_minor=PRICES[code])
                for code, units in wanted
            ),
        )
        succeeded(take_back(conn, [back], scope=WHOLE_BRAND, now=at))
    catch_up(database, FOLLOWERS, now=at)


def some_days(database: Database, shop: Shop | None = None) -> Shop:
    """Open a shop where none is, sell on days one, two and four, take back on day three and after shares are due."""
    if shop is None:
        with database.transaction() as conn:
            shop = open_shop(conn, units=100)
    sell(database, shop, "W-1", ("COAT", 1), ("SCARF", 3), at=NOON)
    sell(database, shop, "W-2", ("HAT", 7), at=NOON + DAY)
    bring_back(database, shop, "R-1", ("SCARF", 1), at=NOON + 2 * DAY)
    sell(database, shop, "W-3", ("HAT", 2), ("COAT", 2), at=NOON + 3 * DAY)
    due = NOON + RETURN_WINDOW_DEFAULT + 4 * DAY
    with database.transaction() as conn:
        release_due(conn, now=due, limit=100)
    bring_back(database, shop, "R-2", ("HAT", 1), ("COAT", 1), at=due + DAY)
    return shop


def seal_all(database: Database, *, now: datetime) -> list[Seal]:
    """Seal every day that is over."""
    seals: list[Seal] = []
    while (seal := seal_next_day(database, now)) is not None:
        seals.append(seal)
    return seals


def proven(database: Database, party_id: PartyId, *, days: Sequence[date]) -> bytes:
    """A party's sealed days from the first to the last, as the document it is given."""
    with database.reading() as conn:
        period = provable(conn, party_id, code="X", first_day=days[0], last_day=days[-1])
        return b"".join(proven_pieces(conn, period))
