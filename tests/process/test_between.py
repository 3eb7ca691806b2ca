"""What is given back over another company's counter is owed to that company, by as much, in the books of both."""

from typing import Any

import pytest

from loopline.db import Conn
from loopline.org.queries import entities_by_code
from loopline.processes.doctor import FOLLOWS_THE_LOG, examine
from loopline.processes.supply import Owed, owed_between
from loopline.returns.model import ReturnKind
from tests.make.loop import balances
from tests.make.shop import Shop, open_shop, till_sale
from tests.process.test_take_back import back, sell, taken


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def owed(conn: Conn) -> list[Owed]:
    return owed_between(conn, company_ids=None)


def sound(conn: Conn) -> None:
    assert [one for one in examine(conn).checks if not one.ok and one.invariant != FOLLOWS_THE_LOG] == []


def cash_of(conn: Conn, company: str) -> int:
    (entity,) = entities_by_code(conn, [company]).values()
    row = conn.execute(
        "select coalesce(sum(balance.balance_minor), 0)::bigint from ledger.balance as balance"
        " join ledger.account as account on account.number = balance.account_number"
        " where account.purpose = 'cash' and account.entity_id = %s",
        [entity.id],
    ).fetchone()
    assert row is not None
    return row[0]


def test_cash_that_a_dealer_s_counter_gave_back_for_the_brand_is_owed_to_the_dealer(conn: Conn, shop: Shop):
    order = sell(conn, shop, till_sale(shop, "T-1", site="S"))
    before = cash_of(conn, "BRAND-CO"), cash_of(conn, "DEALER-CO")
    supplied = owed(conn)
    asked = back(
        shop,
        "R-1",
        ("COAT", 1),
        kind=ReturnKind.ASK,
        site_id=shop.sites["D"],
        order_id=order.id,
        member_id=None,
    )
    taken(conn, asked)
    # The brand's drawer was not opened, the dealer's was.
    assert (cash_of(conn, "BRAND-CO"), cash_of(conn, "DEALER-CO")) == (before[0], before[1] - 11_300)
    companies = entities_by_code(conn, ["BRAND-CO", "DEALER-CO"])
    assert supplied == []
    assert owed(conn) == [
        Owed(
            owner_id=companies["DEALER-CO"].id,
            buyer_id=companies["BRAND-CO"].id,
            currency="CNY",
            owed_minor=11_300,
        )
    ]
    sound(conn)
    taken(conn, back(shop, "R-2", ("SCARF", 2), kind=ReturnKind.ASK, order_id=order.id, member_id=None))
    assert [one.owed_minor for one in owed(conn)] == [11_300]  # at its own counter nobody owes anything
    assert balances(conn) == {}
    sound(conn)


def test_what_a_channel_paid_out_itself_opened_no_drawer(conn: Conn, shop: Shop):
    order = sell(conn, shop, till_sale(shop, "T-1", site="S"))
    before = cash_of(conn, "BRAND-CO"), cash_of(conn, "DEALER-CO")
    told: dict[str, Any] = {"site_id": shop.sites["D"], "order_id": order.id, "member_id": None}
    taken(conn, back(shop, "R-1", ("COAT", 1), channel="mall", **told))
    assert owed(conn) == []
    assert (cash_of(conn, "BRAND-CO"), cash_of(conn, "DEALER-CO")) == (before[0] - 11_300, before[1])
    taken(conn, back(shop, "R-2", ("SCARF", 1), **told))  # a till's fact was paid out over its counter
    assert [one.owed_minor for one in owed(conn)] == [2_260]
    sound(conn)


def test_whose_drawer_it_was_is_kept_and_the_map_of_today_does_not_matter(conn: Conn, shop: Shop):
    order = sell(conn, shop, till_sale(shop, "T-1", site="S"))
    told: dict[str, Any] = {
        "site_id": shop.sites["D"],
        "order_id": order.id,
        "member_id": None,
        "kind": ReturnKind.ASK,
    }
    taken(conn, back(shop, "R-1", ("COAT", 1), **told))
    conn.execute(
        "update org.site set entity_id = (select entity_id from org.site where id = %s) where id = %s",
        [shop.sites["S"], shop.sites["D"]],
    )
    broken = {one.name for one in examine(conn).checks if not one.ok}
    assert "counters_are_owed_what_they_gave" not in broken


def test_what_is_paid_there_for_goods_without_a_sale_is_that_company_s_own(conn: Conn, shop: Shop):
    taken(conn, back(shop, "R-1", ("COAT", 1), member_id=None, site_id=shop.sites["D"]))
    assert cash_of(conn, "DEALER-CO") == -11_300
    assert owed(conn) == []
    sound(conn)
