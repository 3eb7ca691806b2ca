"""Goods of a dealer sent for an order of the brand: settled between the two, taken back, or noted until they agree."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from loopline import org
from loopline.db import Conn, Database
from loopline.kernel.ids import EntityId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.ledger.queries import balances_by_purpose, balances_of_parties
from loopline.org import NewParty, PartyKind
from loopline.org.queries import entities_by_code
from loopline.org.rules import UnknownCode
from loopline.processes.doctor import FOLLOWS_THE_LOG, examine
from loopline.processes.follow import FOLLOWERS
from loopline.processes.place import Placed, place
from loopline.processes.supply import WantedTerm, agree, owed_between, settle_noted
from loopline.processes.take_back import TakenBack, take_back
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind
from loopline.supply.model import (
    Term,
    TermBase,
    TermKind,
    TermMisshapen,
    TermReachesBack,
    TermStandsAlready,
)
from loopline.supply.queries import noted_by_pair
from tests.make.loop import follow, hand_over_everything, pay_for
from tests.make.org import succeeded
from tests.make.shop import NOON, PRICES, Shop, ask, lines, open_shop, stock_up, till_sale

SETTLE = next(one for one in FOLLOWERS if one.name == "settle")
DAY_BEFORE = NOON - timedelta(days=1)
LATER = NOON + timedelta(days=3)
NOBODY = EntityId(UUID(int=404))


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """A brand whose own shelves are empty: what it sells on the web is sent by the dealer."""
    found = open_shop(conn, units=0)
    stock_up(conn, found, {("D", sku): 20 for sku in PRICES})
    return found


def term(**fields: Any) -> WantedTerm:
    """The brand passes three fifths of what it gets, net, on to the dealer."""
    stated: dict[str, Any] = {
        "owner_code": "DEALER-CO",
        "buyer_code": "BRAND-CO",
        "currency": "CNY",
        "kind": TermKind.PURCHASE,
        "base": TermBase.NET,
        "basis_points": 6_000,
        "comment": "As agreed.",
    }
    return WantedTerm(**(stated | fields))


def agreed(conn: Conn, *terms: WantedTerm, at: Any = DAY_BEFORE) -> list[Term | Refusal]:
    return agree(conn, terms, by="gu.finance", now=at)


def sell(conn: Conn, shop: Shop, number: str, *wanted: tuple[str, int], **fields: Any) -> Placed:
    (outcome,) = place(
        conn, [ask(shop, number, lines=lines(shop, *wanted), **fields)], scope=WHOLE_BRAND, now=NOON
    )
    assert isinstance(outcome, Placed), outcome
    pay_for(conn, shop, outcome)
    hand_over_everything(conn, now=NOON)
    follow(conn, SETTLE)
    return outcome


def bring_back(conn: Conn, shop: Shop, order: Placed, number: str, *wanted: tuple[str, int]) -> None:
    """Bring units back over the seller's own counter: nobody gives back for another company."""
    asked = NewReturn(
        channel="till",
        external_number=number,
        kind=ReturnKind.FACT,
        at=LATER,
        site_id=shop.sites["S"],
        currency="CNY",
        order_id=order.order_id,
        lines=tuple(
            NewReturnLine(code=code, sku_id=shop.skus[code], units=units, stated_unit_minor=PRICES[code])
            for code, units in wanted
        ),
    )
    (outcome,) = take_back(conn, [asked], scope=WHOLE_BRAND, now=LATER)
    assert isinstance(outcome, TakenBack), outcome


def books(conn: Conn, shop: Shop) -> dict[tuple[str, str], int]:
    """What each company's accounts hold of supplies, by company and purpose; nothing is left out."""
    names = {shop.brand_entity: "brand"}
    found: dict[tuple[str, str], int] = {}
    for one in balances_by_purpose(conn):
        if one.purpose.value in {"supply_cost", "consigned", "supply_revenue", "intercompany"}:
            key = (names.get(one.entity_id, "dealer"), one.purpose.value)
            found[key] = found.get(key, 0) + one.balance_minor
    return {key: amount for key, amount in found.items() if amount}


def healthy(conn: Conn) -> bool:
    broken = [one.name for one in examine(conn).checks if not one.ok and one.invariant != FOLLOWS_THE_LOG]
    assert broken == []
    return True


def test_the_dealer_gets_what_was_agreed_for_what_it_sent(conn: Conn, shop: Shop):
    agreed(conn, term(), term(sku_code="SCARF", base=None, basis_points=None, unit_minor=700))
    sell(conn, shop, "W-1", ("HAT", 3), ("SCARF", 2))
    net = conn.execute("select sum(base_minor)::int from sharing.split as split").fetchone()
    scarves = conn.execute(
        "select split.base_minor from sharing.split as split join orders.line as line on line.line_id = split.line_id"
        " where line.sku_id = %s",
        (shop.skus["SCARF"],),
    ).fetchone()
    assert net is not None
    assert scarves is not None
    hats = (net[0] - scarves[0]) * 6
    expected = (hats + 5) // 10 + 2 * 700
    assert books(conn, shop) == {
        ("brand", "supply_cost"): expected,
        ("brand", "intercompany"): -expected,
        ("dealer", "intercompany"): expected,
        ("dealer", "supply_revenue"): -expected,
    }
    assert noted_by_pair(conn) == []
    assert healthy(conn)


def test_of_consigned_goods_the_seller_passes_on_what_is_not_its_own(conn: Conn, shop: Shop):
    agreed(conn, term(kind=TermKind.CONSIGNMENT, base=None, basis_points=None, unit_minor=800))
    sell(conn, shop, "W-1", ("HAT", 1))
    assert books(conn, shop)["brand", "consigned"] == 800


def test_a_return_takes_it_back_unit_by_unit_and_ends_at_nothing(conn: Conn, shop: Shop):
    agreed(conn, term(basis_points=3_333))
    order = sell(conn, shop, "W-1", ("HAT", 7))
    whole = books(conn, shop)["dealer", "intercompany"]
    bring_back(conn, shop, order, "R-1", ("HAT", 3))
    left = books(conn, shop)
    assert left["dealer", "intercompany"] == -left["brand", "intercompany"]
    assert abs(left["dealer", "intercompany"] - whole * 4 / 7) <= 1
    bring_back(conn, shop, order, "R-2", ("HAT", 4))
    assert books(conn, shop) == {}
    assert healthy(conn)


def test_own_goods_are_nobody_elses(conn: Conn, shop: Shop):
    """What the dealer sells at its own till are its own goods."""
    agreed(conn, term())
    dealer = entities_by_code(conn, ["DEALER-CO"])["DEALER-CO"]
    draft = till_sale(shop, "T-1", site="D", seller_entity_id=dealer.id)
    (sold,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(sold, Placed), sold
    follow(conn, SETTLE)
    assert conn.execute("select count(*) from sharing.split").fetchone() == (2,)
    assert books(conn, shop) == {}
    assert noted_by_pair(conn) == []


def test_what_nothing_was_agreed_of_is_noted_and_settled_once_it_is(conn: Conn, shop: Shop):
    order = sell(conn, shop, "W-1", ("HAT", 4))
    assert books(conn, shop) == {}
    assert [(one.parts, one.units) for one in noted_by_pair(conn)] == [(1, 4)]
    bring_back(conn, shop, order, "R-1", ("HAT", 1))
    assert [(one.parts, one.units) for one in noted_by_pair(conn)] == [(1, 3)]
    assert settle_noted(conn, now=LATER, limit=10) == 0
    price = term(base=None, basis_points=None, unit_minor=500, from_at=DAY_BEFORE)
    assert isinstance(agreed(conn, price, at=LATER)[0], Term)
    assert settle_noted(conn, now=LATER, limit=10) == 1
    assert settle_noted(conn, now=LATER, limit=10) == 0
    assert books(conn, shop)["dealer", "intercompany"] == 3 * 500
    assert noted_by_pair(conn) == []
    bring_back(conn, shop, order, "R-2", ("HAT", 2))
    assert books(conn, shop)["dealer", "intercompany"] == 500
    bring_back(conn, shop, order, "R-3", ("HAT", 1))
    assert books(conn, shop) == {}
    assert healthy(conn)


def test_a_company_of_several_parties_is_owed_what_all_of_them_are(database: Database):
    with database.owner_transaction() as owner:
        shop = open_shop(owner, units=0)
        stock_up(owner, shop, {("D", "HAT"): 20})
        agreed(owner, term())
        sell(owner, shop, "W-1", ("HAT", 1))
        (once,) = owed_between(owner, company_ids=None)
        second = NewParty(
            code="A-DEALER", kind=PartyKind.DEALER, name="A", unit_code="DEALER", entity_code="DEALER-CO"
        )
        (added,) = succeeded(org.add_parties(owner, [second], by=None, now=LATER))
        sell(owner, shop, "W-2", ("HAT", 1))
        (twice,) = owed_between(owner, company_ids=None)
        assert twice.owed_minor == 2 * once.owed_minor
        # The account goes on that was opened first.
        assert balances_of_parties(owner, [added.party_id]) == []
        # What stands on the account of another of its parties counts all the same.
        owner.execute(
            "update ledger.account set party_id = %s where purpose = 'intercompany' and party_id = %s",
            (added.party_id, shop.parties["DEALER"]),
        )
        sell(owner, shop, "W-3", ("HAT", 1))
        (all_of_it,) = owed_between(owner, company_ids=None)
        assert all_of_it.owed_minor == 3 * once.owed_minor


def test_noted_goods_of_a_company_that_nobody_could_owe_keep_no_others_waiting(conn: Conn, shop: Shop):
    sell(conn, shop, "W-1", ("HAT", 1))
    sell(conn, shop, "W-2", ("HAT", 1))
    agreed(conn, term(from_at=DAY_BEFORE), at=LATER)
    first = "update supply.noted set owner_id = %s where part_id = (select min(part_id::text)::uuid from supply.noted)"
    conn.execute(first, (NOBODY,))
    conn.execute(
        "insert into supply.term (id, owner_id, buyer_id, currency, kind, base, basis_points, from_at, agreed_at,"
        " agreed_by, comment) select gen_random_uuid(), %s, buyer_id, currency, kind, base, basis_points, from_at,"
        " agreed_at, agreed_by, comment from supply.term",
        (NOBODY,),
    )
    assert settle_noted(conn, now=LATER, limit=1) == 1
    assert settle_noted(conn, now=LATER, limit=1) == 0
    assert [one.owner_id for one in noted_by_pair(conn)] == [NOBODY]


def test_terms_that_begin_after_the_order_do_not_hold_for_it(conn: Conn, shop: Shop):
    agreed(conn, term(from_at=NOON + timedelta(seconds=1)))
    sell(conn, shop, "W-1", ("HAT", 1))
    assert [one.units for one in noted_by_pair(conn)] == [1]


def test_later_terms_take_over_from_their_beginning_on(conn: Conn, shop: Shop):
    price = {"base": None, "basis_points": None}
    agreed(conn, term(**price, unit_minor=500), term(**price, unit_minor=600, from_at=NOON))
    sell(conn, shop, "W-1", ("HAT", 1))
    assert books(conn, shop)["dealer", "intercompany"] == 600


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"owner_code": "NOBODY"}, UnknownCode(noun="legal entity", value="NOBODY")),
        ({"sku_code": "NOTHING"}, UnknownCode(noun="SKU", value="NOTHING")),
        ({"basis_points": 10_001}, TermMisshapen(field="basis_points")),
        ({"unit_minor": 5}, TermMisshapen(field="basis_points")),
        ({"base": None}, TermMisshapen(field="base")),
        ({"buyer_code": "DEALER-CO"}, TermMisshapen(field="buyer")),
        ({"kind": TermKind.COST}, TermMisshapen(field="buyer")),
        (
            {
                "kind": TermKind.COST,
                "buyer_code": "DEALER-CO",
                "base": None,
                "unit_minor": 4,
                "basis_points": None,
            },
            TermMisshapen(field="sku"),
        ),
        (
            {"base": None, "basis_points": None, "unit_minor": -1},
            TermMisshapen(field="unit_minor"),
        ),
    ],
)
def test_terms_that_cannot_be_are_refused_and_the_others_stand(
    conn: Conn, shop: Shop, fields: dict[str, Any], refusal: Refusal
):
    wrong, right = agreed(conn, term(**fields), term(from_at=NOON))
    assert wrong == refusal
    assert isinstance(right, Term)


def test_terms_do_not_reach_back_over_terms(conn: Conn, shop: Shop):
    """What was settled by terms stays settled by them; the first terms of two companies may reach back."""
    (first,) = agreed(conn, term(from_at=NOON - timedelta(days=9)), at=NOON)
    assert isinstance(first, Term)
    back, now, again = agreed(
        conn,
        term(from_at=NOON, sku_code="HAT"),
        term(from_at=LATER, sku_code="HAT"),
        term(from_at=LATER, sku_code="HAT"),
        at=LATER,
    )
    assert back == TermReachesBack(from_at=NOON, since=NOON - timedelta(days=9))
    assert isinstance(now, Term)
    assert again == TermStandsAlready(from_at=LATER)


def test_terms_reach_back_over_a_time_in_which_nothing_held(conn: Conn, shop: Shop):
    """What lies noted can be settled, although the two companies have agreed on later orders, or on other goods."""
    sell(conn, shop, "W-1", ("HAT", 1))
    price = {"base": None, "basis_points": None, "unit_minor": 500}
    assert isinstance(agreed(conn, term(**price, sku_code="COAT", from_at=DAY_BEFORE), at=LATER)[0], Term)
    assert isinstance(agreed(conn, term(**price, from_at=LATER), at=LATER)[0], Term)
    assert settle_noted(conn, now=LATER, limit=10) == 0
    after = LATER + timedelta(days=1)
    specific, general = agreed(
        conn, term(**price, sku_code="HAT", from_at=DAY_BEFORE), term(**price, from_at=DAY_BEFORE), at=after
    )
    assert specific == TermReachesBack(from_at=DAY_BEFORE, since=LATER)
    assert isinstance(general, Term)
    assert settle_noted(conn, now=after, limit=10) == 1
    assert books(conn, shop)["dealer", "intercompany"] == 500


def test_what_goods_cost_is_what_a_row_of_the_margin_is_of(conn: Conn, shop: Shop):
    """For the seller goods cost what their owner gets, or, of its own, what they cost it."""
    own = term(
        owner_code="BRAND-CO",
        kind=TermKind.COST,
        sku_code="HAT",
        base=None,
        basis_points=None,
        unit_minor=300,
    )
    theirs = term(base=None, basis_points=None, unit_minor=450)
    assert all(isinstance(one, Term) for one in agreed(conn, own, theirs))
    sell(conn, shop, "W-1", ("HAT", 2))
    stock_up(conn, shop, {("S", "HAT"): 5})
    (sold,) = place(
        conn,
        [till_sale(shop, "T-1", lines=lines(shop, ("HAT", 3), stated=True))],
        scope=WHOLE_BRAND,
        now=NOON,
    )
    assert isinstance(sold, Placed), sold
    follow(conn, SETTLE)
    # `facts` of what was sold: list, paid, cost.
    costs = conn.execute("select facts[3] from sharing.split order by units").fetchall()
    assert [row[0] for row in costs] == [2 * 450, 3 * 300]
