"""Promotions through the loop: what an order costs, who owes the seller for it, and what a return gives back."""

from datetime import timedelta
from typing import Any

import pytest

from loopline import orders
from loopline.db import Conn
from loopline.insight.rights.store import lines_of_orders
from loopline.kernel.ids import OrderId, RuleSetId, uuid7
from loopline.kernel.money import tax_within
from loopline.kernel.scope import WHOLE_BRAND
from loopline.ledger.queries import balances_by_purpose
from loopline.orders import Line, put_channels
from loopline.org.queries import entities_by_code
from loopline.org.rules import UnknownCode
from loopline.pricing import StatedPriceDiffers
from loopline.pricing.changes import TakesEffectInThePast
from loopline.pricing.promotions import (
    AmountOff,
    Bearer,
    Effect,
    FixedPrice,
    PercentageOff,
    Promotion,
    Step,
    Threshold,
    borne_of_parts,
    last_versions,
    note_tried,
    published_promotions,
)
from loopline.pricing.promotions.changes import (
    NeverAgreedToFund,
    NobodyToFund,
    PromotionNotTried,
)
from loopline.processes.doctor import FOLLOWS_THE_LOG, examine
from loopline.processes.follow import FOLLOWERS
from loopline.processes.place import Placed, place
from loopline.processes.promote import (
    WantedAgreement,
    WantedFunder,
    WantedGift,
    WantedPromotion,
    agree,
    end,
    publish,
    save,
)
from loopline.processes.take_back import TakenBack, take_back
from loopline.processes.try_promotion import try_on_past_orders
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind
from loopline.sharing.model import Base, NewRuleSet, Publication, Role, RuleRow
from loopline.sharing.service import publish_rule_sets, save_drafts
from tests.make.loop import follow, hand_over_everything, pay_for
from tests.make.org import succeeded
from tests.make.shop import NOON, OPENED, Shop, ask, lines, open_shop, till_sale

SETTLE = next(one for one in FOLLOWERS if one.name == "settle")
LATER = NOON + timedelta(days=3)
TENTH = PercentageOff(basis_points=1_000)
BY = "person:test"


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn, units=40)


def funders(**parts: int) -> tuple[WantedFunder, ...]:
    """Who bears how much; anybody who is no role is a party by their code."""
    roles = {one.value for one in Bearer}
    return tuple(
        WantedFunder(bearer=Bearer(name), basis_points=part)
        if name in roles
        else WantedFunder(bearer=Bearer.PARTY, basis_points=part, party_code=name)
        for name, part in parts.items()
    )


def wanted(code: str, effect: Effect | WantedGift = TENTH, **fields: Any) -> WantedPromotion:
    stated: dict[str, Any] = {"name": code, "currency": "CNY", "comment": "a test"}
    return WantedPromotion(code=code, effect=effect, **(stated | fields))


def agreed(conn: Conn, party: str, *, most: int = 10_000, **fields: Any) -> None:
    asked = WantedAgreement(
        party_code=party, currency="CNY", most_basis_points=most, comment="on paper", **fields
    )
    succeeded(agree(conn, [asked], by=BY, now=OPENED))


def in_force(conn: Conn, code: str, effect: Effect | WantedGift = TENTH, **fields: Any) -> Promotion:
    """Save, try and publish a promotion that begins as the shop opens."""
    succeeded(save(conn, [wanted(code, effect, **fields)], scope=WHOLE_BRAND, by=BY, now=OPENED))
    assert note_tried(conn, last_versions(conn, [code])[code], now=OPENED)
    (published,) = succeeded(publish(conn, [code], scope=WHOLE_BRAND, by=BY, now=OPENED))
    return published


def placed(conn: Conn, *drafts: orders.Draft) -> list[Placed]:
    outcomes = place(conn, list(drafts), scope=WHOLE_BRAND, now=NOON)
    found = [one for one in outcomes if isinstance(one, Placed)]
    assert len(found) == len(drafts), outcomes
    return found


def sell(conn: Conn, shop: Shop, number: str, *goods: tuple[str, int], **fields: Any) -> Placed:
    (order,) = placed(conn, ask(shop, number, lines=lines(shop, *goods), **fields))
    pay_for(conn, shop, order)
    hand_over_everything(conn, now=NOON)
    follow(conn, SETTLE)
    return order


def lines_of(conn: Conn, order_id: OrderId) -> dict[str, Line]:
    return {line.code: line for line in orders.lines_by_orders(conn, [order_id])}


def bring_back(conn: Conn, shop: Shop, order: Placed, number: str, code: str, units: int, paid: int) -> int:
    asked = NewReturn(
        channel="till",
        external_number=number,
        kind=ReturnKind.FACT,
        at=LATER,
        site_id=shop.sites["S"],
        currency="CNY",
        order_id=order.order_id,
        lines=(NewReturnLine(code=code, sku_id=shop.skus[code], units=units, stated_unit_minor=paid),),
    )
    (outcome,) = take_back(conn, [asked], scope=WHOLE_BRAND, now=LATER)
    assert isinstance(outcome, TakenBack), outcome
    return outcome.reversed_minor


def books(conn: Conn, shop: Shop) -> dict[tuple[str, str], int]:
    """What each company's accounts hold of promotions, by company and purpose."""
    codes = {one.id: code for code, one in entities_by_code(conn, ["BRAND-CO", "DEALER-CO"]).items()}
    found: dict[tuple[str, str], int] = {}
    for one in balances_by_purpose(conn):
        if one.purpose.value in {"promotion_funded", "promotion_cost", "intercompany", "receivable"}:
            key = (codes[one.entity_id], one.purpose.value)
            found[key] = found.get(key, 0) + one.balance_minor
    return {key: amount for key, amount in found.items() if amount}


def healthy(conn: Conn) -> None:
    broken = {
        one.name: one.findings
        for one in examine(conn).checks
        if not one.ok and one.invariant != FOLLOWS_THE_LOG
    }
    assert broken == {}


def test_an_order_costs_less_and_says_why(conn: Conn, shop: Shop):
    tenth = in_force(conn, "TENTH")
    (order,) = placed(conn, ask(shop, "W-1"))
    coat, scarf = lines_of(conn, order.order_id)["COAT"], lines_of(conn, order.order_id)["SCARF"]
    assert (coat.amount_minor, coat.unit_minor, coat.list_unit_minor) == (10_170, 10_170, 11_300)
    assert (scarf.amount_minor, scarf.unit_minor, scarf.list_unit_minor) == (4_068, 2_034, 2_260)
    assert coat.tax_minor == tax_within(10_170, 1_300)
    assert order.amount_minor == 14_238
    stored = orders.quotes_by_orders(conn, [order.order_id], having="$.lines[*].discounts")
    assert stored[order.order_id]["lines"][0]["discounts"] == [
        {
            "promotion_id": str(tenth.id),
            "amount_minor": 1_130,
            "borne": [{"bearer": "seller", "amount_minor": 1_130}],
        }
    ]
    healthy(conn)


def test_what_a_dealer_bears_it_owes_the_seller_in_the_books_of_both(conn: Conn, shop: Shop):
    agreed(conn, "DEALER", most=6_000)
    in_force(conn, "TENTH", funders=funders(DEALER=6_000, seller=4_000))
    sell(conn, shop, "W-1", ("COAT", 1), ("SCARF", 2))
    # 1,130 off the coat: 678 and 452; 452 off the scarves: 271 and 181.
    assert books(conn, shop) == {
        ("BRAND-CO", "intercompany"): 949,
        ("BRAND-CO", "promotion_funded"): -949,
        ("DEALER-CO", "promotion_cost"): 949,
        ("DEALER-CO", "intercompany"): -949,
    }
    rows = conn.execute(
        "select bearer, owed_by is null, sum(amount_minor)::int from pricing.borne group by 1, 2"
    )
    assert sorted(rows.fetchall()) == [("party", False, 949), ("seller", True, 633)]
    healthy(conn)


def test_a_party_without_books_of_its_own_owes_the_seller_alone(conn: Conn, shop: Shop):
    agreed(conn, "PLATFORM")
    in_force(conn, "TENTH", funders=funders(platform=10_000))
    sell(conn, shop, "W-1", ("COAT", 1))
    assert books(conn, shop) == {
        ("BRAND-CO", "receivable"): 1_130,
        ("BRAND-CO", "promotion_funded"): -1_130,
    }
    healthy(conn)


def test_who_sells_owes_itself_nothing(conn: Conn, shop: Shop):
    agreed(conn, "BRAND")
    in_force(conn, "TENTH", funders=funders(brand=10_000))
    sell(conn, shop, "W-1", ("COAT", 1))
    assert books(conn, shop) == {}
    healthy(conn)


def test_the_brand_bears_what_a_dealers_till_let_off(conn: Conn, shop: Shop):
    """The till was told the price piece by piece: it states it, and it is known again."""
    agreed(conn, "BRAND")
    in_force(conn, "TENTH", funders=funders(brand=10_000))
    dealer = entities_by_code(conn, ["DEALER-CO"])["DEALER-CO"].id
    told = orders.DraftLine(code="COAT", sku_id=shop.skus["COAT"], units=2, stated_unit_minor=10_170)
    other = orders.DraftLine(code="HAT", sku_id=shop.skus["HAT"], units=1, stated_unit_minor=950)
    (order,) = placed(conn, till_sale(shop, "T-1", site="D", seller_entity_id=dealer, lines=(told, other)))
    follow(conn, SETTLE)
    found = lines_of(conn, order.order_id)
    assert (found["COAT"].amount_minor, found["HAT"].amount_minor) == (20_340, 950)
    assert books(conn, shop) == {
        ("DEALER-CO", "intercompany"): 2_260,
        ("DEALER-CO", "promotion_funded"): -2_260,
        ("BRAND-CO", "promotion_cost"): 2_260,
        ("BRAND-CO", "intercompany"): -2_260,
    }


def test_a_return_gives_back_each_bearers_part_unit_by_unit_and_ends_at_nothing(conn: Conn, shop: Shop):
    agreed(conn, "DEALER")
    in_force(
        conn,
        "SPEND",
        Threshold(steps=(Step(from_minor=6_000, off_minor=1_000),)),
        funders=funders(DEALER=7_000, seller=3_000),
    )
    order = sell(conn, shop, "W-1", ("HAT", 7))
    assert order.amount_minor == 5_993
    assert books(conn, shop)["DEALER-CO", "promotion_cost"] == 700
    paid = bring_back(conn, shop, order, "R-1", "HAT", 3, 856)
    assert paid == 2_568  # 5,993 * 3 / 7 = 2,568.4
    left = books(conn, shop)
    assert left["DEALER-CO", "promotion_cost"] == 400
    assert left["BRAND-CO", "intercompany"] == -left["DEALER-CO", "intercompany"] == 400
    healthy(conn)
    assert paid + bring_back(conn, shop, order, "R-2", "HAT", 4, 856) == 5_993
    assert books(conn, shop) == {}
    healthy(conn)


def test_what_parcels_bear_adds_up_to_the_order(conn: Conn, shop: Shop):
    """Whatever goes out by itself, the parts come to what was taken off."""
    agreed(conn, "DEALER")
    in_force(
        conn,
        "SPEND",
        Threshold(steps=(Step(from_minor=1_000, off_minor=101),)),
        funders=funders(DEALER=10_000),
    )
    sell(conn, shop, "W-1", ("HAT", 60))
    parts = [row[0] for row in conn.execute("select part_id from sharing.split").fetchall()]
    assert len(parts) > 1
    assert sum(one.amount_minor for one in borne_of_parts(conn, parts)) == 101
    healthy(conn)


def test_nobody_pays_who_never_agreed(conn: Conn, shop: Shop):
    (draft,) = succeeded(
        save(
            conn,
            [wanted("TENTH", funders=funders(DEALER=6_000, seller=4_000))],
            scope=WHOLE_BRAND,
            by=BY,
            now=OPENED,
        )
    )
    assert publish(conn, ["TENTH"], scope=WHOLE_BRAND, by=BY, now=OPENED) == [
        PromotionNotTried(value="TENTH")
    ]
    assert note_tried(conn, draft, now=OPENED)
    never = [NeverAgreedToFund(value="TENTH", party="DEALER", basis_points=6_000)]
    assert publish(conn, ["TENTH"], scope=WHOLE_BRAND, by=BY, now=OPENED) == never
    agreed(conn, "DEALER", most=5_999)
    assert publish(conn, ["TENTH"], scope=WHOLE_BRAND, by=BY, now=OPENED) == never
    agreed(conn, "DEALER", most=6_000, valid_until=LATER)  # the promotion has no end
    assert publish(conn, ["TENTH"], scope=WHOLE_BRAND, by=BY, now=OPENED) == never
    assert published_promotions(conn) == []
    agreed(conn, "DEALER", most=6_000)
    succeeded(publish(conn, ["TENTH"], scope=WHOLE_BRAND, by=BY, now=OPENED))


def test_every_dealer_a_role_may_turn_out_to_be_must_have_agreed(conn: Conn, shop: Shop):
    succeeded(
        save(
            conn,
            [
                wanted("ALL", funders=funders(dealer=10_000)),
                wanted("AT-S", funders=funders(dealer=10_000), site_code="S"),
            ],
            scope=WHOLE_BRAND,
            by=BY,
            now=OPENED,
        )
    )
    for one in last_versions(conn, ["ALL", "AT-S"]).values():
        assert note_tried(conn, one, now=OPENED)
    assert publish(conn, ["ALL", "AT-S"], scope=WHOLE_BRAND, by=BY, now=OPENED) == [
        NeverAgreedToFund(value="ALL", party="DEALER", basis_points=10_000),
        NobodyToFund(value="AT-S", bearer=Bearer.DEALER),
    ]


def test_a_stated_price_is_let_alone(conn: Conn, shop: Shop):
    in_force(conn, "TENTH")
    put_channels(
        conn,
        [
            orders.ChannelTerms(
                code="market",
                name="Market",
                network_node_id=shop.network,
                time_zone="Asia/Shanghai",
                may_state_price=True,
            )
        ],
    )
    stated = lines(shop, ("COAT", 1), stated=True)
    (theirs, ours) = placed(
        conn,
        ask(shop, "M-1", channel="market", lines=stated),
        ask(shop, "W-1", lines=stated),
    )
    assert (theirs.amount_minor, ours.amount_minor) == (11_300, 11_300)


def told(shop: Shop, **prices: int) -> tuple[orders.DraftLine, ...]:
    return tuple(
        orders.DraftLine(code=code, sku_id=shop.skus[code], units=2, stated_unit_minor=price)
        for code, price in prices.items()
    )


def test_an_ask_may_say_the_price_that_it_was_quoted(conn: Conn, shop: Shop):
    agreed(conn, "PLATFORM")
    in_force(conn, "TENTH", funders=funders(platform=10_000), sku_codes=("COAT",))
    (order,) = placed(conn, ask(shop, "W-1", lines=told(shop, COAT=10_170, HAT=999)))
    assert order.amount_minor == 20_340 + 1_998
    pay_for(conn, shop, order)
    hand_over_everything(conn, now=NOON)
    follow(conn, SETTLE)
    assert (
        books(conn, shop)["BRAND-CO", "receivable"] == 2_260
    )  # it is the promotion's price, and borne as such
    refused = place(
        conn,
        [
            ask(shop, "W-2", lines=told(shop, COAT=10_169)),
            ask(shop, "W-3", lines=told(shop, COAT=10_170, HAT=899)),
            ask(shop, "W-4", lines=told(shop, COAT=11_300, HAT=899)),
        ],
        scope=WHOLE_BRAND,
        now=NOON,
    )
    assert refused == [
        StatedPriceDiffers(position=0, line_code="COAT", stated_unit_minor=10_169, unit_minor=10_170),
        StatedPriceDiffers(position=1, line_code="HAT", stated_unit_minor=899, unit_minor=999),
        StatedPriceDiffers(position=0, line_code="COAT", stated_unit_minor=11_300, unit_minor=10_170),
    ]
    healthy(conn)


def test_an_ask_that_says_a_quote_over_all_its_lines_is_taken_at_it(conn: Conn, shop: Shop):
    in_force(conn, "SPEND", Threshold(steps=(Step(from_minor=20_000, off_minor=1_000),)))
    # 27,120: 833 off the coats, 167 off the scarves.
    (order,) = placed(conn, ask(shop, "W-1", lines=told(shop, COAT=10_883, SCARF=2_176)))
    assert order.amount_minor == 26_120


def test_a_channel_or_a_category_that_is_nowhere_is_refused(conn: Conn, shop: Shop):
    outcomes = save(
        conn,
        [wanted("A", channels=("web", "wbe")), wanted("B", categories=("costs",)), wanted("C")],
        scope=WHOLE_BRAND,
        by=BY,
        now=OPENED,
    )
    assert outcomes[:2] == [
        UnknownCode(noun="channel", value="wbe"),
        UnknownCode(noun="category", value="costs"),
    ]
    assert isinstance(outcomes[2], Promotion)


def marks(conn: Conn) -> int:
    row = conn.execute("select count(*)::int from remembered.mark where topic = 'pricing'").fetchone()
    assert row is not None
    return row[0]


def test_a_draft_makes_nobody_read_prices_anew_and_its_publication_and_its_end_do(conn: Conn, shop: Shop):
    before = marks(conn)
    (draft,) = succeeded(save(conn, [wanted("TENTH")], scope=WHOLE_BRAND, by=BY, now=OPENED))
    assert note_tried(conn, draft, now=OPENED)
    assert marks(conn) == before
    succeeded(publish(conn, ["TENTH"], scope=WHOLE_BRAND, by=BY, now=OPENED))
    assert marks(conn) == before + 1
    succeeded(save(conn, [wanted("TENTH")], scope=WHOLE_BRAND, by=BY, now=OPENED))  # the next version
    assert marks(conn) == before + 1
    succeeded(end(conn, [("TENTH", LATER)], scope=WHOLE_BRAND, now=NOON))
    assert marks(conn) == before + 2


def test_nobody_agrees_for_the_past(conn: Conn, shop: Shop):
    asked = WantedAgreement(
        party_code="DEALER",
        currency="CNY",
        most_basis_points=10_000,
        comment="on paper",
        valid_from=OPENED - timedelta(seconds=1),
    )
    (refusal,) = agree(conn, [asked], by=BY, now=OPENED)
    assert refusal == TakesEffectInThePast(valid_from=OPENED - timedelta(seconds=1))


def test_a_member_price_is_for_members_and_a_live_price_for_those_who_watch(conn: Conn, shop: Shop):
    in_force(conn, "MEMBER", FixedPrice(unit_minor=10_000), members_only=True, sku_codes=("COAT",))
    in_force(conn, "LIVE", FixedPrice(unit_minor=9_000), live_room="SHOW", sku_codes=("COAT",))
    coat = lines(shop, ("COAT", 1))
    anybody, member, watching = placed(
        conn,
        ask(shop, "W-1", lines=coat),
        ask(shop, "W-2", lines=coat, member_id=uuid7(NOON)),
        ask(shop, "W-3", lines=coat, member_id=uuid7(NOON), live_room_code="SHOW"),
    )
    assert (anybody.amount_minor, member.amount_minor, watching.amount_minor) == (11_300, 10_000, 9_000)


def test_rules_may_share_what_others_bear_with_what_is_paid(conn: Conn, shop: Shop):
    rules = NewRuleSet(
        id=RuleSetId(uuid7(OPENED)),
        currency="CNY",
        author_id=shop.manager,
        comment="of all the seller gets",
        rows=(
            RuleRow(role=Role.PLATFORM, basis_points=1_000, base=Base.FUNDED),
            RuleRow(role=Role.BRAND, remainder=True),
        ),
    )
    succeeded(save_drafts(conn, [rules], now=OPENED))
    since = OPENED + timedelta(hours=1)
    succeeded(
        publish_rule_sets(
            conn,
            [
                Publication(
                    rule_set_id=rules.id,
                    effective_from=since,
                    published_by=shop.manager,
                    untried_because="the shop opens",
                    accepts_limits=True,
                )
            ],
            now=OPENED,
        )
    )
    agreed(conn, "DEALER")
    in_force(conn, "FIVER", AmountOff(amount_minor=1_130), funders=funders(DEALER=5_000, seller=5_000))
    sell(conn, shop, "W-1", ("COAT", 1))
    row = conn.execute("select base_minor, party_ids, amounts_minor, facts[10] from sharing.split").fetchone()
    assert row is not None
    base, parties, amounts, fact = row
    # 10,170 paid is 9,000 net; the dealer bears 565, which is 500 net.
    assert (base, fact) == (9_000, 500)
    assert dict(zip(parties, amounts, strict=True))[shop.parties["PLATFORM"]] == 950


def test_a_promotion_is_tried_on_past_orders_by_the_code_that_prices_them(conn: Conn, shop: Shop):
    placed(conn, ask(shop, "W-1"), ask(shop, "W-2", lines=lines(shop, ("HAT", 1))), till_sale(shop, "T-1"))
    effect = Threshold(steps=(Step(from_minor=10_000, off_minor=1_000),))
    (draft,) = succeeded(
        save(
            conn,
            [wanted("SPEND", effect, funders=funders(brand=2_500, PLATFORM=7_500))],
            scope=WHOLE_BRAND,
            by=BY,
            now=NOON,
        )
    )
    tried = try_on_past_orders(conn, draft, scope=WHOLE_BRAND, now=NOON + timedelta(days=1))
    # W-1 comes to 15,820; the hat is too little, and the till's price was stated.
    assert (tried.orders, tried.touched, tried.units, tried.discount_minor) == (3, 1, 3, 1_000)
    # Line by line: 714 and 286 off, of which the brand bears 179 (178.5) and 72 (71.5), ties to the earlier.
    assert tried.borne == {Bearer.BRAND: 251, Bearer.PARTY: 749}
    assert (tried.paid_before_minor, tried.paid_after_minor) == (15_820, 14_820)
    # It is in force nowhere yet.
    (again,) = placed(conn, ask(shop, "W-3"))
    assert again.amount_minor == 15_820


def statements_of(conn: Conn, monkeypatch: pytest.MonkeyPatch, *drafts: orders.Draft) -> int:
    """Place drafts and count the statements that takes."""
    asked: list[object] = []
    cursor = conn.cursor

    def counted(*given: Any, **named: Any) -> Any:
        asked.append(given)
        return cursor(*given, **named)

    monkeypatch.setattr(conn, "cursor", counted)
    placed(conn, *drafts)
    monkeypatch.undo()
    return len(asked)


def test_a_promoted_price_is_ours_where_lines_are_judged(conn: Conn, shop: Shop):
    in_force(conn, "TENTH", sku_codes=("COAT",))
    lower = orders.DraftLine(code="HAT", sku_id=shop.skus["HAT"], units=1, stated_unit_minor=900)
    promoted, stated = placed(conn, ask(shop, "W-1"), till_sale(shop, "T-1", lines=(lower,)))
    judged = lines_of_orders(conn, [promoted.order_id, stated.order_id])
    found = {shop_code: line for line in judged for shop_code, key in shop.skus.items() if key == line.sku_id}
    assert (found["COAT"].unit_minor, found["COAT"].list_unit_minor) == (10_170, 10_170)
    assert (found["SCARF"].unit_minor, found["SCARF"].list_unit_minor) == (2_260, 2_260)
    assert (found["HAT"].unit_minor, found["HAT"].list_unit_minor) == (900, 999)


def test_a_batch_takes_no_statement_more_because_of_promotions(
    conn: Conn, shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    placed(conn, ask(shop, "W-0"))
    without = statements_of(conn, monkeypatch, *(ask(shop, f"W-{number}") for number in range(1, 4)))
    in_force(conn, "TENTH")
    placed(conn, ask(shop, "W-4"))
    with_one = statements_of(conn, monkeypatch, *(ask(shop, f"W-{number}") for number in range(5, 8)))
    assert with_one == without
