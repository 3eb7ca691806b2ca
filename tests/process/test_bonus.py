"""A month's bonus: seen as it grows, given once nothing may come back, changed by what comes back later."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg import errors

from loopline.db import Conn
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.ids import LadderId, PartyId, PersonId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.kernel.times import business_day
from loopline.ledger.model import Purpose
from loopline.ledger.queries import balances_of_parties
from loopline.processes.bonus import evaluate_month, month_began, months_to_evaluate, standings, try_ladder
from loopline.processes.doctor import FOLLOWS_THE_LOG, examine
from loopline.processes.place import Placed, place
from loopline.processes.settle import RETURN_WINDOW_DEFAULT, release_due
from loopline.processes.take_back import TakenBack, take_back
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind
from loopline.sharing.ladder_drafts import (
    LadderDraft,
    LadderMisshapen,
    LadderNotDrafted,
    LadderNotTried,
    LadderPublication,
    LadderSavedMeanwhile,
    LadderStandsAlready,
    LadderTooLate,
    LadderTrial,
    NoMonthToTry,
    PartyClimbed,
    SayWhyLadderUntried,
    drafts_waiting,
    publish_ladders,
    save_drafts,
)
from loopline.sharing.ladders import (
    Ladder,
    LadderWay,
    NewLadder,
    Step,
    all_ladders,
    evaluations_of,
)
from loopline.sharing.model import Role
from tests.make.loop import follow, pay_for
from tests.make.shop import NOON, PRICES, Shop, lines, open_shop, till_sale

ZONE = "Asia/Shanghai"
MONTH = business_day(NOON, ZONE).replace(day=1)
AHEAD = (MONTH - timedelta(days=1)).replace(day=1)
OVER = NOON + timedelta(days=31) + RETURN_WINDOW_DEFAULT
SETTLE = next(one for one in FOLLOWERS if one.name == "settle")


@pytest.fixture
def shop(conn: Conn) -> Shop:
    found = open_shop(conn, units=50)
    (made,) = publish(conn, ladder())
    assert isinstance(made, Ladder), made
    return found


def ladder(**fields: Any) -> NewLadder:
    """Stores get two per cent of all they sell in a month, once it is a hundred."""
    stated: dict[str, Any] = {
        "id": LadderId(uuid7(NOON)),
        "code": "stores",
        "role": Role.STORE,
        "currency": "CNY",
        "way": LadderWay.WHOLE,
        "steps": (Step(from_minor=10_000, basis_points=200),),
        "from_month": MONTH,
        "author_id": PersonId(UUID(int=7)),
        "comment": "More for more",
    }
    return NewLadder(**(stated | fields))


def publish(conn: Conn, *ladders: NewLadder, today: date = AHEAD) -> list[Any]:
    """Save and publish ladders of codes that do not wait."""
    saved = save_drafts(conn, ladders, seen={}, now=NOON)
    return [
        publish_ladders(conn, [publication(one)], today=today, now=NOON)[0]
        if isinstance(one, LadderDraft)
        else one
        for one in saved
    ]


def publication(draft: LadderDraft, untried_because: str | None = "the shop opens") -> LadderPublication:
    return LadderPublication(
        code=draft.ladder.code,
        saved_at=draft.saved_at,
        published_by=draft.ladder.author_id,
        untried_because=untried_because,
    )


def sell(conn: Conn, shop: Shop, number: str, *wanted: tuple[str, int]) -> Placed:
    draft = till_sale(shop, number, lines=lines(shop, *wanted, stated=True))
    (sold,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(sold, Placed), sold
    pay_for(conn, shop, sold)
    follow(conn, SETTLE)
    return sold


def bring_back(conn: Conn, shop: Shop, order: Placed, number: str, units: int, *, at: datetime) -> None:
    coat = NewReturnLine(code="COAT", sku_id=shop.skus["COAT"], units=units, stated_unit_minor=PRICES["COAT"])
    asked = NewReturn(
        channel="till",
        external_number=number,
        kind=ReturnKind.FACT,
        at=at,
        site_id=shop.sites["S"],
        currency="CNY",
        order_id=order.order_id,
        lines=(coat,),
    )
    (outcome,) = take_back(conn, [asked], scope=WHOLE_BRAND, now=at)
    assert isinstance(outcome, TakenBack), outcome


def due(conn: Conn, party_id: PartyId) -> int:
    return -sum(
        one.balance_minor for one in balances_of_parties(conn, [party_id]) if one.purpose is Purpose.SHARE_DUE
    )


def evaluate(conn: Conn, *, at: datetime = OVER) -> int:
    return evaluate_month(conn, MONTH, zone_name=ZONE, now=at)


def healthy(conn: Conn) -> bool:
    assert [one.name for one in examine(conn).checks if not one.ok and one.invariant != FOLLOWS_THE_LOG] == []
    return True


def volume(conn: Conn, shop: Shop) -> int:
    (found,) = standings(conn, [shop.parties["STORE-S"]], month=MONTH, zone_name=ZONE, now=NOON)
    assert found.is_open
    return found.volume_minor


def test_it_is_given_once_nothing_may_come_back_and_the_brand_gives_it(conn: Conn, shop: Shop):
    sell(conn, shop, "T-1", ("COAT", 4))
    store, brand = shop.parties["STORE-S"], shop.parties["BRAND"]
    bonus = (volume(conn, shop) * 2 + 50) // 100
    assert bonus > 0
    assert evaluate(conn) == 0, "its return window is open"
    release_due(conn, now=OVER, limit=100)
    before = due(conn, store), due(conn, brand)
    assert evaluate(conn) == 1
    assert (due(conn, store) - before[0], due(conn, brand) - before[1]) == (bonus, -bonus)
    assert evaluate(conn) == 0, "what was given is given once"
    assert healthy(conn)


def test_what_comes_back_later_takes_of_it_and_below_the_step_all_of_it(conn: Conn, shop: Shop):
    order = sell(conn, shop, "T-1", ("COAT", 4))
    store = shop.parties["STORE-S"]
    release_due(conn, now=OVER, limit=100)
    evaluate(conn)
    (first,) = evaluations_of(conn, [store], since=MONTH, limit=9)
    later = OVER + timedelta(days=9)
    bring_back(conn, shop, order, "R-1", 1, at=later)
    assert evaluate(conn, at=later) == 1
    second, _ = evaluations_of(conn, [store], since=MONTH, limit=9)
    assert (second.number, second.bonus_minor) == (2, (first.volume_minor * 3 // 4 * 2 + 50) // 100)
    assert second.change_minor == second.bonus_minor - first.bonus_minor
    bring_back(conn, shop, order, "R-2", 3, at=later)
    assert evaluate(conn, at=later) == 1
    assert sum(one.change_minor for one in evaluations_of(conn, [store], since=MONTH, limit=9)) == 0
    assert due(conn, store) == 0
    assert healthy(conn)


def test_many_small_orders_come_to_what_a_large_one_does(conn: Conn, shop: Shop):
    for number in range(4):
        sell(conn, shop, f"T-{number}", ("COAT", 1))
    parted = volume(conn, shop)
    sell(conn, shop, "T-9", ("COAT", 4))
    assert volume(conn, shop) == 2 * parted


def test_below_the_first_step_nothing_is_given_and_the_next_step_is_told(conn: Conn, shop: Shop):
    sell(conn, shop, "T-1", ("SCARF", 1))
    (found,) = standings(conn, [shop.parties["STORE-S"]], month=MONTH, zone_name=ZONE, now=NOON)
    assert (found.bonus_minor, found.next_step) == (0, Step(from_minor=10_000, basis_points=200))
    release_due(conn, now=OVER, limit=100)
    assert evaluate(conn) == 0


def test_a_ladder_of_a_channel_counts_that_channel_alone(conn: Conn, shop: Shop):
    following = (MONTH + timedelta(days=31)).replace(day=1)
    made = publish(
        conn,
        ladder(code="web-stores", channels=("web",)),
        ladder(code="later", from_month=following),
    )
    assert all(isinstance(one, Ladder) for one in made)
    sell(conn, shop, "T-1", ("COAT", 4))
    found = standings(conn, [shop.parties["STORE-S"]], month=MONTH, zone_name=ZONE, now=NOON)
    assert [one.ladder.code for one in found] == ["stores"]


def test_ladders_are_known_before_their_month_and_never_change(conn: Conn, shop: Shop):
    assert shop.parties
    late, wrong, other = publish(
        conn,
        ladder(code="late"),
        ladder(code="wrong", from_month=MONTH + timedelta(days=3)),
        ladder(steps=()),
        today=MONTH,
    )
    assert late == LadderTooLate(ladder="late", from_month=MONTH)
    assert wrong == LadderMisshapen(ladder="wrong", field="from_month")
    assert other == LadderStandsAlready(ladder="stores", from_month=MONTH)
    (stands,) = all_ladders(conn)
    assert (stands.code, stands.steps, stands.untried_because) == (
        "stores",
        ladder().steps,
        "the shop opens",
    )


def test_a_ladder_is_published_as_it_was_tried_on_what_was_sold(conn: Conn, shop: Shop):
    sell(conn, shop, "T-1", ("COAT", 4))
    store = shop.parties["STORE-S"]
    net = volume(conn, shop)
    at = NOON + timedelta(days=31)
    later = (MONTH + timedelta(days=70)).replace(day=1)
    steps = (Step(from_minor=10_000, basis_points=300),)
    (draft,) = save_drafts(conn, [ladder(from_month=later, steps=steps)], seen={}, now=at)
    assert isinstance(draft, LadderDraft)
    assert draft.has_history

    def published(one: LadderDraft) -> list[Any]:
        return publish_ladders(conn, [publication(one)], today=MONTH + timedelta(days=31), now=at)

    assert published(draft) == [LadderNotTried(ladder="stores")]
    assert tried(conn, "nobody", at=at) == LadderNotDrafted(ladder="nobody")
    assert tried(conn, "stores", months=0, at=at) == NoMonthToTry(ladder="stores")
    assert tried(conn, "stores", months=13, at=at) == NoMonthToTry(ladder="stores")
    assert tried(conn, "stores", at=at - timedelta(days=31)) == NoMonthToTry(ladder="stores")
    done = tried(conn, "stores", at=at)
    assert isinstance(done, LadderDraft)
    assert done.trial == LadderTrial(
        from_month=(MONTH - timedelta(days=1)).replace(day=1),
        until_month=MONTH,
        parties=(
            PartyClimbed(
                party_id=store,
                volume_minor=net,
                before_minor=(net * 2 + 50) // 100,
                after_minor=(net * 3 + 50) // 100,
            ),
        ),
    )
    # Saved anew it is not tried any more; who saw the old one neither saves nor publishes.
    (again,) = save_drafts(conn, [ladder(from_month=later)], seen={"stores": draft.saved_at}, now=at)
    assert isinstance(again, LadderDraft)
    assert (again.trial, again.saved_at > draft.saved_at) == (None, True)
    meanwhile = LadderSavedMeanwhile(ladder="stores")
    assert save_drafts(conn, [ladder(from_month=later)], seen={"stores": draft.saved_at}, now=at) == [
        meanwhile
    ]
    assert save_drafts(conn, [ladder(from_month=later)], seen={}, now=at) == [meanwhile]
    assert published(done) == [meanwhile]
    assert published(again) == [LadderNotTried(ladder="stores")]
    assert isinstance(tried(conn, "stores", at=at), LadderDraft)
    (stands,) = published(again)
    assert isinstance(stands, Ladder)
    assert (stands.from_month, stands.untried_because) == (later, None)
    assert drafts_waiting(conn) == []
    kept = conn.execute(
        "select trial -> 'parties' -> 0 ->> 'after_minor' from sharing.ladder where trial is not null"
    ).fetchone()
    assert kept == (str((net * 2 + 50) // 100),)
    assert published(again) == [LadderNotDrafted(ladder="stores")]


def tried(conn: Conn, code: str, *, months: int = 2, at: datetime) -> object:
    return try_ladder(conn, code, months=months, zone_name=ZONE, now=at)


def test_where_no_month_with_sales_is_over_yet_a_ladder_says_why_it_is_untried(conn: Conn, shop: Shop):
    sell(conn, shop, "T-1", ("COAT", 4))
    (draft,) = save_drafts(conn, [ladder(code="new")], seen={}, now=NOON)
    assert isinstance(draft, LadderDraft)
    assert tried(conn, "new", at=NOON) == NoMonthToTry(ladder="new")

    def published(untried_because: str, *, at: datetime) -> list[Any]:
        asked = publication(draft, untried_because)
        before = month_began(at, ZONE)
        return publish_ladders(conn, [asked], today=AHEAD, now=at, sold_before=before)

    later = NOON + timedelta(days=31)
    assert published("the first month", at=later) == [LadderNotTried(ladder="new")]
    assert published(" ", at=NOON) == [SayWhyLadderUntried(ladder="new")]
    (stands,) = published("the first month", at=NOON)
    assert isinstance(stands, Ladder)
    assert stands.untried_because == "the first month"


def test_a_ladder_without_trial_says_why(conn: Conn, shop: Shop):
    (draft,) = save_drafts(conn, [ladder(code="new")], seen={}, now=NOON)
    assert isinstance(draft, LadderDraft)
    assert shop.parties
    silent = publication(draft, untried_because=" ")
    assert publish_ladders(conn, [silent], today=AHEAD, now=NOON) == [SayWhyLadderUntried(ladder="new")]
    copied = (
        "insert into sharing.ladder select draft.id, draft.code, draft.role, draft.currency, draft.way, draft.steps,"
        " draft.from_month, draft.author_id, draft.comment, draft.channels, draft.categories, draft.saved_at"
        " from sharing.ladder_draft as draft"
    )
    with pytest.raises(errors.CheckViolation) as caught:
        conn.execute(copied)
    assert caught.value.diag.constraint_name == "ladder_tried_or_says_why"


def test_months_that_are_over_are_looked_at_for_two_years():
    at = datetime.fromisoformat("2026-03-31T17:00:00+00:00")
    months = months_to_evaluate(at, ZONE)
    assert (months[0], months[-1], len(months)) == (date(2026, 3, 1), date(2024, 4, 1), 24)
