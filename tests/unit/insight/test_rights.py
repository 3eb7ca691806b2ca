"""The six rights: what each mark means, one fact at a time, and by what sums move."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from loopline.insight.model import NOWHERE
from loopline.insight.rights import (
    CAUSES,
    KEPT,
    RIGHT_OF,
    Cause,
    JudgedLine,
    Marks,
    Right,
    Side,
    score_basis_points,
    settled_until,
    total_of,
)
from loopline.insight.rights.model import Facts, LineFacts, PromiseFact, ReturnFact, WorkFact
from loopline.insight.rights.rules import CauseKey, SumKey, judge, moves
from loopline.kernel.ids import LineId, OrderId, PersonId, SiteId, SkuId

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ORDER, LINE, SKU = OrderId(UUID(int=1)), LineId(UUID(int=2)), SkuId(UUID(int=3))
SELLER, FIRST, SECOND = SiteId(UUID(int=11)), SiteId(UUID(int=12)), SiteId(UUID(int=13))
GUIDE, OTHER = UUID(int=21), UUID(int=22)
PACKER = PersonId(UUID(int=23))


def line(**changes: Any) -> LineFacts:
    sold = LineFacts(
        order_id=ORDER,
        line_id=LINE,
        sku_id=SKU,
        units=2,
        waiting=0,
        handed_over=2,
        cancelled=0,
        unit_minor=500,
        list_unit_minor=500,
        placed_at=NOON,
        sold_site_id=SELLER,
        delivery="deliver",
        is_member=True,
        guide_id=None,
        dealer_id=None,
        bound_guide_id=None,
        bound_dealer_id=None,
        money_differs=False,
        stars=None,
    )
    return msgspec.structs.replace(sold, **changes)


def work(site: SiteId = FIRST, *, task: int = 31, after: int = 1, **changes: Any) -> WorkFact:
    sent = WorkFact(
        order_id=ORDER,
        line_id=LINE,
        task_id=UUID(int=task),
        site_id=site,
        state="handed_over",
        offered_at=NOON + after * HOUR,
        ended_at=NOON + (after + 1) * HOUR,
        units=2,
        left_units=2,
    )
    return msgspec.structs.replace(sent, **changes)


def refused(reason: str, site: SiteId = FIRST, *, task: int = 30) -> WorkFact:
    return work(
        site, task=task, after=0, state="refused", left_units=0, refused_at=NOON + HOUR, reason=reason
    )


def promise(**changes: Any) -> PromiseFact:
    kept = PromiseFact(
        order_id=ORDER,
        state="kept",
        was_broken=False,
        source_by=NOON + HOUR,
        accept_by=NOON + 2 * HOUR,
        hand_over_by=NOON + 3 * HOUR,
        first_due_at=NOON + 4 * HOUR,
        sourced_at=NOON + HOUR,
        accepted_at=NOON + 2 * HOUR,
        handed_over_at=NOON + 3 * HOUR,
        fact_at=NOON + 4 * HOUR,
    )
    return msgspec.structs.replace(kept, **changes)


def back(reason: str, *, differs: bool = False) -> ReturnFact:
    return ReturnFact(order_id=ORDER, line_id=LINE, reason=reason, differs=differs)


def judged(
    facts: LineFacts | None = None,
    *works: WorkFact,
    promise: PromiseFact | None = None,
    returns: tuple[ReturnFact, ...] = (),
) -> JudgedLine | None:
    given = Facts(line=facts or line(), work=works, promise=promise, returns=returns)
    return judge(given, {}, home_zone="UTC")


def marks(one: JudgedLine | None) -> dict[str, str | None]:
    assert one is not None
    return {right.value: one.mark(right) for right in Right if one.mark(right) is not None}


WELL = {"goods": KEPT, "place": KEPT, "price": KEPT, "customer": KEPT}


def test_a_line_that_a_site_sent_to_a_member_kept_what_is_known_of_it():
    one = judged(line(), work())
    assert marks(one) == WELL
    assert one is not None
    assert (one.sent_site_id, one.place_site_id, one.sold_site_id) == (FIRST, FIRST, SELLER)
    assert (one.known, one.kept, one.score) == (4, 4, 10_000)


def test_units_count_as_handed_over_and_to_who_took_the_work_that_sent_them():
    one = judged(
        line(units=3, handed_over=2, cancelled=1), refused("not_found"), work(SECOND, accepted_by=PACKER)
    )
    assert one is not None
    assert (one.units, one.packer_id) == (2, PACKER)


def test_what_a_stranger_carried_out_of_a_shop_tells_of_goods_and_price_alone():
    one = judged(line(is_member=False, delivery="carried_out"))
    assert marks(one) == {"goods": KEPT, "price": KEPT}
    assert one is not None
    assert (one.sent_site_id, one.day) == (SELLER, NOON.date())


def test_what_came_of_no_site_counts_to_none():
    one = judged(line(sold_site_id=None))
    assert one is not None
    assert (one.sent_site_id, one.sold_site_id) == (NOWHERE, NOWHERE)


@pytest.mark.parametrize(
    ("facts", "works"),
    [
        (line(waiting=1, handed_over=1), (work(),)),
        (line(handed_over=0, cancelled=2), ()),
        (line(handed_over=0, cancelled=2), (work(state="cancelled", left_units=0),)),
    ],
    ids=["some of it waits", "cancelled before anybody had it", "taken back from the site"],
)
def test_what_did_not_end_or_was_merely_cancelled_is_not_judged(
    facts: LineFacts, works: tuple[WorkFact, ...]
):
    assert judged(facts, *works) is None


@pytest.mark.parametrize(
    ("reason", "right", "cause"),
    [
        ("wrong_item", "goods", Cause.WRONG_ITEM),
        ("defect", "goods", Cause.DEFECT),
        ("damaged_in_transit", "goods", Cause.DAMAGED),
        ("late", "time", Cause.LATE_SAID),
        ("unwanted", "customer", Cause.UNWANTED),
        ("size", "customer", Cause.SIZE),
        ("other", "customer", Cause.OTHER_REASON),
    ],
)
def test_each_reason_of_a_return_breaks_one_right(reason: str, right: str, cause: Cause):
    assert marks(judged(line(), work(), returns=(back(reason),))) == WELL | {right: cause}


def test_of_several_causes_of_a_right_the_earliest_in_the_list_counts():
    found = judged(line(stars=1), work(), returns=(back("size"), back("unwanted"), back("defect")))
    assert marks(found) == WELL | {"goods": Cause.DEFECT, "customer": Cause.UNWANTED}


@pytest.mark.parametrize("reason", ["not_found", "damaged", "display_worn", "count_differs"])
def test_a_site_without_the_goods_breaks_the_place_and_counts_to_it(reason: str):
    one = judged(line(), refused(reason), work(SECOND))
    assert marks(one) == WELL | {"place": Cause.REFUSED_GOODS}
    assert one is not None
    assert (one.sent_site_id, one.place_site_id) == (SECOND, FIRST)


def test_goods_that_a_site_had_not_and_nobody_sent_are_not_there():
    one = judged(line(handed_over=0, cancelled=2), refused("not_found"))
    assert marks(one) == {"goods": Cause.NOT_THERE, "place": Cause.REFUSED_GOODS, "price": KEPT}


def test_what_is_cancelled_because_nobody_came_is_no_missing_goods():
    waited = work(SECOND, state="not_collected")
    one = judged(line(handed_over=0, cancelled=2), refused("not_found"), waited)
    assert marks(one) == {"place": Cause.REFUSED_GOODS, "price": KEPT, "customer": Cause.NOT_COLLECTED}


@pytest.mark.parametrize(
    ("works", "cause", "site"),
    [
        ((refused("no_capacity"), work(SECOND)), Cause.REFUSED_CAPACITY, FIRST),
        ((work(state="lapsed", after=0, task=30), work(SECOND)), Cause.LAPSED, FIRST),
        ((work(state="cancelled", left_units=0, after=0, task=30), work(SECOND)), Cause.MOVED, FIRST),
        # The first to fail counts, whoever was asked first.
        (
            (
                work(state="lapsed", after=0, task=29, ended_at=NOON + 3 * HOUR),
                refused("no_capacity", SECOND, task=30),
                work(SECOND),
            ),
            Cause.REFUSED_CAPACITY,
            SECOND,
        ),
    ],
    ids=["no time for it", "lapsed", "taken back", "the first failure"],
)
def test_a_place_that_was_not_kept(works: tuple[WorkFact, ...], cause: Cause, site: SiteId):
    one = judged(line(), *works)
    assert one is not None
    assert (one.place, one.place_site_id) == (cause, site)


def test_what_is_collected_elsewhere_than_it_was_sold_breaks_the_place():
    assert marks(judged(line(delivery="collect"), work(FIRST)))["place"] == Cause.OTHER_SITE
    assert marks(judged(line(delivery="collect"), work(SELLER)))["place"] == KEPT


def test_a_promise_kept_to_the_minute_is_kept_and_a_moment_later_is_not():
    assert marks(judged(line(), work(), promise=promise())) == WELL | {"time": KEPT}
    late = promise(fact_at=NOON + 4 * HOUR + timedelta(microseconds=1))
    assert marks(judged(line(), work(), promise=late))["time"] == Cause.LATE_WAY


@pytest.mark.parametrize(
    ("milestone", "cause"),
    [
        ("sourced_at", Cause.LATE_SOURCE),
        ("accepted_at", Cause.LATE_ACCEPT),
        ("handed_over_at", Cause.LATE_READY),
    ],
)
@pytest.mark.parametrize("moment", [None, NOON + 5 * HOUR], ids=["never", "late"])
def test_a_late_promise_is_put_down_to_its_first_milestone_missed(
    milestone: str, cause: Cause, moment: datetime | None
):
    late = promise(state="broken", fact_at=NOON + 6 * HOUR, **{milestone: moment})
    assert marks(judged(line(), work(), promise=late))["time"] == cause


@pytest.mark.parametrize("state", ["open", "void", "untold", "replaced"])
def test_a_promise_whose_fact_nobody_knows_tells_nothing(state: str):
    assert "time" not in marks(judged(line(), work(), promise=promise(state=state, fact_at=None)))


def test_a_promise_kept_after_another_was_broken_is_not_kept():
    again = promise(state="open", was_broken=True, fact_at=None)
    assert marks(judged(line(), work(), promise=again))["time"] == Cause.LATE_WAY


@pytest.mark.parametrize(
    ("changes", "mark"),
    [
        ({}, None),
        ({"guide_id": GUIDE}, None),
        ({"guide_id": GUIDE, "bound_guide_id": GUIDE}, KEPT),
        ({"guide_id": OTHER, "bound_guide_id": GUIDE}, Cause.OTHER_GUIDE),
        ({"bound_guide_id": GUIDE}, Cause.OTHER_GUIDE),
        ({"dealer_id": OTHER, "bound_dealer_id": GUIDE}, Cause.OTHER_DEALER),
        ({"guide_id": GUIDE, "bound_guide_id": GUIDE, "bound_dealer_id": OTHER}, Cause.OTHER_DEALER),
    ],
)  # fmt: skip
def test_the_right_person_is_whom_the_buyer_is_bound_to(changes: dict[str, Any], mark: str | None):
    one = judged(line(**changes), work())
    assert one is not None
    assert one.person == mark


@pytest.mark.parametrize(
    ("changes", "mark"),
    [
        ({"list_unit_minor": None}, None),
        ({"list_unit_minor": 499}, Cause.ABOVE_OURS),
        ({"list_unit_minor": 501}, Cause.BELOW_OURS),
        ({"money_differs": True}, Cause.MONEY_DIFFERS),
        ({"list_unit_minor": None, "money_differs": True}, Cause.MONEY_DIFFERS),
    ],
)
def test_the_right_price_is_ours_and_agrees_with_the_money(changes: dict[str, Any], mark: str | None):
    one = judged(line(**changes), work())
    assert one is not None
    assert one.price == mark


def test_a_return_at_another_price_breaks_the_price():
    assert marks(judged(line(), work(), returns=(back("defect", differs=True),))) == WELL | {
        "goods": Cause.DEFECT,
        "price": Cause.REFUND_DIFFERS,
    }


@pytest.mark.parametrize(("stars", "mark"), [(1, Cause.BAD_REVIEW), (2, Cause.BAD_REVIEW), (3, KEPT)])
def test_two_stars_are_bad_and_three_are_not(stars: int, mark: str):
    assert marks(judged(line(stars=stars), work()))["customer"] == mark


def test_a_day_is_cut_in_the_zone_of_the_site_that_sent():
    late = work(ended_at=datetime(2026, 5, 4, 16, 30, tzinfo=UTC))
    given = Facts(line=line(), work=(late,))
    in_china = judge(given, {FIRST: "Asia/Shanghai"}, home_zone="UTC")
    at_home = judge(given, {SECOND: "Asia/Shanghai"}, home_zone="UTC")
    assert in_china is not None
    assert at_home is not None
    assert (in_china.day, at_home.day) == (date(2026, 5, 5), date(2026, 5, 4))


def test_every_cause_belongs_to_one_right():
    assert [cause for right in Right for cause in CAUSES[right]] == list(Cause)
    assert set(RIGHT_OF) == set(Cause)


def test_scores_are_whole_basis_points_rounded_half_up():
    assert [score_basis_points(kept, 3) for kept in (0, 1, 2, 3)] == [0, 3_333, 6_667, 10_000]
    assert score_basis_points(1, 20_000) == 1
    assert score_basis_points(0, 0) is None


def test_days_settle_after_a_fortnight():
    assert settled_until(date(2026, 5, 15)) == date(2026, 5, 1)


DAY = NOON.date()


def test_sums_move_by_what_changed_and_the_place_counts_to_who_broke_it():
    before, after = judged(line(), work()), judged(line(), refused("not_found"), work(SECOND))
    assert before is not None
    assert after is not None
    first = moves([], [before])
    assert first.sums[SumKey(DAY, Side.SENT, FIRST)] == {
        "lines": 1, "units": 2, "goods_known": 1, "goods_kept": 1, "place_known": 1, "place_kept": 1,
        "price_known": 1, "price_kept": 1, "customer_known": 1, "customer_kept": 1,
    }  # fmt: skip
    assert first.sums[SumKey(DAY, Side.SOLD, SELLER)] == first.sums[SumKey(DAY, Side.SENT, FIRST)]
    assert first.causes == {}
    then = moves([before], [after])
    others = {"lines": 1, "units": 2, "goods_known": 1, "goods_kept": 1, "price_known": 1, "price_kept": 1}
    others |= {"customer_known": 1, "customer_kept": 1}
    assert then.sums == {
        SumKey(DAY, Side.SENT, FIRST): {name: -moved for name, moved in others.items()} | {"place_kept": -1},
        SumKey(DAY, Side.SENT, SECOND): others,
        SumKey(DAY, Side.SOLD, SELLER): {"place_kept": -1},
    }
    assert then.causes == {
        CauseKey(DAY, Side.SENT, FIRST, Cause.REFUSED_GOODS): 1,
        CauseKey(DAY, Side.SOLD, SELLER, Cause.REFUSED_GOODS): 1,
    }
    assert moves([after], [after]).sums == {}
    undone = moves([after], [before])
    assert undone.sums == {
        key: {name: -moved for name, moved in columns.items()} for key, columns in then.sums.items()
    }


def test_a_score_of_all_six_weighs_every_known_mark_alike():
    total = total_of(
        [
            Marks(lines=3, goods_known=3, goods_kept=2, time_known=1, time_kept=1),
            Marks(lines=1, goods_known=1, goods_kept=1),
        ]
    )
    assert (total.lines, total.score(Right.GOODS), total.score(Right.PERSON)) == (4, 7_500, None)
    assert total.score() == 8_000
