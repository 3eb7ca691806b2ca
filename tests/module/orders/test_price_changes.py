"""Changed prices as they are listed: by scope, standing and page; summed by site and person."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from psycopg.errors import CheckViolation, UniqueViolation

from loopline.db import Conn
from loopline.kernel.ids import LineId, PersonId, SiteId, SkuId
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.orders import lines_by_orders
from loopline.orders.price_changes import (
    ChangesAsk,
    NewPriceChange,
    PriceReason,
    PriceStanding,
    PriceSum,
    keep_price_changes,
    price_changes_page,
    price_sums,
)
from loopline.processes.place import Placed, place
from tests.make.shop import NOON, Shop, open_shop, till_sale

ZHOU, LIN = (PersonId(UUID(int=number)) for number in (1, 2))
ASK = ChangesAsk(start=NOON - timedelta(days=1), end=NOON + timedelta(days=1))


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def changed(
    conn: Conn,
    shop: Shop,
    number: int,
    *,
    site: str = "S",
    by: PersonId = ZHOU,
    standing: PriceStanding = PriceStanding.ALONE,
) -> NewPriceChange:
    """A line of a sale that was sold for so many cents less."""
    (placed,) = place(conn, [till_sale(shop, f"T-{site}-{number}", site=site)], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(placed, Placed)
    line = lines_by_orders(conn, [placed.order_id])[0]
    return NewPriceChange(
        line_id=line.line_id,
        order_id=placed.order_id,
        site_id=shop.sites[site],
        sku_id=SkuId(line.sku_id or UUID(int=0)),
        units=1,
        currency="CNY",
        before_minor=line.unit_minor + number,
        unit_minor=line.unit_minor,
        standing=standing,
        reason=PriceReason.DAMAGED,
        changed_by=by,
        changed_at=NOON + timedelta(minutes=number // 2),
    )


def test_lists_go_page_by_page_and_end_where_the_scope_does(conn: Conn, shop: Shop):
    made = [changed(conn, shop, number) for number in range(1, 6)]
    elsewhere = changed(conn, shop, 6, site="D")
    keep_price_changes(conn, [*made, elsewhere], now=NOON)
    here = Scope(sites=frozenset({shop.sites["S"]}))
    latest = sorted(made, key=lambda one: (one.changed_at, one.line_id), reverse=True)
    found: list[LineId] = []
    place_of: tuple[datetime, LineId] | None = None
    while rows := price_changes_page(
        conn, ChangesAsk(start=ASK.start, end=ASK.end, before=place_of, at_most=2), scope=here
    ):
        found += [one.line_id for one in rows]
        place_of = (rows[-1].changed_at, rows[-1].line_id)
    assert found == [one.line_id for one in latest]
    everywhere = price_changes_page(conn, ASK, scope=WHOLE_BRAND)
    assert [one.line_id for one in everywhere] == [elsewhere.line_id, *found]
    assert everywhere[0].code == "COAT"
    assert price_changes_page(conn, ASK, scope=Scope()) == []
    assert price_sums(conn, ASK, scope=Scope()) == []


def test_sums_are_by_site_and_person_without_what_was_read_earlier(conn: Conn, shop: Shop):
    rows = [
        changed(conn, shop, 100),
        changed(conn, shop, 20, standing=PriceStanding.NOT_ALLOWED),
        changed(conn, shop, 5000, standing=PriceStanding.READ_EARLIER),
        changed(conn, shop, 300, by=LIN),
        changed(conn, shop, 7, site="D"),
    ]
    keep_price_changes(conn, rows, now=NOON)
    ask = ChangesAsk(start=ASK.start, end=NOON + timedelta(days=9))

    def total(site: str, by: PersonId, lines: int, wrong: int, given: int) -> PriceSum:
        site_id = SiteId(shop.sites[site])
        return PriceSum(
            site_id=site_id,
            changed_by=by,
            currency="CNY",
            lines=lines,
            approved=0,
            not_allowed=wrong,
            given_minor=given,
        )

    assert price_sums(conn, ask, scope=WHOLE_BRAND) == [
        total("S", LIN, 1, 0, 300),
        total("S", ZHOU, 2, 1, 120),
        total("D", ZHOU, 1, 0, 7),
    ]
    wrong = ChangesAsk(start=ask.start, end=ask.end, standing=PriceStanding.NOT_ALLOWED)
    assert [one.line_id for one in price_changes_page(conn, wrong, scope=WHOLE_BRAND)] == [rows[1].line_id]
    assert price_sums(conn, ChangesAsk(start=ask.start, end=NOON), scope=WHOLE_BRAND) == []


ASKED = (
    "insert into orders.price_ask select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),"
    " 1, 'CNY', {before}, 1, 'goodwill', '{who}', now(), null, {decided}"
)


@pytest.mark.parametrize(
    ("before", "decided"),
    [
        (2, "'{who}', now(), true, '', null"),
        (2, "gen_random_uuid(), now(), false, '', null"),
        (2, "null, null, null, null, gen_random_uuid()"),
        (1, "null, null, null, null, null"),
    ],
    ids=["by oneself", "declined without why", "used and not approved", "no lower"],
)
def test_the_database_itself_keeps_what_was_asked_for(conn: Conn, before: int, decided: str):
    with pytest.raises(CheckViolation):
        conn.execute(ASKED.format(before=before, who=ZHOU, decided=decided.format(who=ZHOU)))  # pyright: ignore[reportArgumentType, reportCallIssue]


def test_a_line_is_changed_once(conn: Conn, shop: Shop):
    one = changed(conn, shop, 1)
    keep_price_changes(conn, [one], now=NOON)
    with pytest.raises(UniqueViolation):
        keep_price_changes(conn, [one], now=NOON)
