"""Why not that site: for every verdict something is said of what would have to change, in both languages."""

import pytest

from loopline.kernel.ids import SiteId
from loopline.sourcing.counterfactual import Change, Counterfactual, what_would_change
from loopline.sourcing.model import (
    EliminatedSite,
    Explanation,
    Method,
    ParcelCost,
    SitePrice,
    StoredParcel,
    Unfilled,
    UnfilledReason,
    Verdict,
)
from loopline.web.hq.order_words import said_of_change
from loopline.web.languages import Language, languages
from tests.make.sourcing import NOON, line_id, order_id, site_id, sku_id, wave

WAVE = wave([], [], {}).wave_id
HERE: SiteId = site_id(0)


def explained(*, cost: int = 500, late: int = 0, missing: int = 0) -> Explanation:
    """An order that another site sends for `cost`, of which `late` for coming late; so many units are missing."""
    parcel = StoredParcel(
        site_id=site_id(1),
        units=1,
        cost=ParcelCost(handling_minor=cost - late, distance_minor=0, weight_minor=0, lateness_minor=late),
    )
    left = Unfilled(line_id=line_id(1, 0), sku_id=sku_id(7), units=missing, reason=UnfilledReason.NO_CAPACITY)
    return Explanation(
        order_id=order_id(1),
        wave_id=WAVE,
        decided_at=NOON,
        profile_version=None,
        gap=None,
        day_prices_version=None,
        solver="optimiser/1",
        method=Method.OPTIMISED,
        currency="CNY",
        cost_minor=cost,
        chosen=(parcel,),
        eliminated=(),
        unfilled=(left,) if missing else (),
    )


def worth(unit: int | None = None, parcel: int | None = None) -> SitePrice:
    return SitePrice(wave_id=WAVE, site_id=HERE, unit_minor=unit, parcel_minor=parcel)


@pytest.mark.parametrize(
    ("one", "verdict", "price", "site_price", "found"),
    [
        (explained(), Verdict.EXCLUDED, 400, None, (Change.ASK_AGAIN, 0)),
        (explained(), Verdict.FORBIDDEN, 400, None, (Change.OTHER_PROFILE, 0)),
        (explained(), Verdict.DARK, 400, None, (Change.SHOW_LIFE, 0)),
        (explained(), Verdict.SHARE_FULL, 400, None, (Change.LESS_OF_THE_DAY, 0)),
        (explained(), Verdict.OWED, 400, None, (Change.OTHER_PROFILE, 0)),
        (explained(), Verdict.FALLBACK, 400, None, (Change.OTHER_PROFILE, 0)),
        (explained(), Verdict.TIED, 500, None, (Change.ANYTHING_LESS, 0)),
        (explained(), Verdict.NOT_WEIGHED, 400, None, (Change.FEWER_POSSIBILITIES, 0)),
        (explained(), Verdict.DEARER, 650, None, (Change.COST_LESS, 150)),
        (explained(), Verdict.KEPT, 650, None, (Change.LATER_NEED_LESS, 150)),
        (explained(), Verdict.NO_GOODS, 450, None, (Change.HAVE_GOODS, 50)),
        (explained(), Verdict.MORE_PARCELS, 800, None, (Change.GOODS_DO_NOT_HELP, 300)),
        (explained(), Verdict.NO_CAPACITY, 450, None, (Change.HAVE_TIME, 50)),
        (explained(), Verdict.NOT_EQUIPPED, 900, None, (Change.EQUIPMENT_DOES_NOT_HELP, 400)),
        (explained(), Verdict.NOT_NAMED, 450, None, (Change.BE_NAMED, 50)),
        (explained(), Verdict.NOT_NAMED, 650, None, (Change.NAMING_DOES_NOT_HELP, 150)),
        (explained(cost=0, missing=2), Verdict.NOT_NAMED, 450, None, (Change.NAMING_WOULD_SEND, 0)),
        (explained(), Verdict.GOODS_NEEDED, 400, worth(unit=70), (Change.ONE_MORE_UNIT, 70)),
        (explained(), Verdict.TIME_NEEDED, 400, worth(parcel=90), (Change.ONE_MORE_PARCEL, 90)),
        # What is not kept any more, or was worth less than a cent, is not made up.
        (explained(), Verdict.GOODS_NEEDED, 400, worth(parcel=90), (Change.OTHERS_NEED_GOODS, 100)),
        (explained(), Verdict.TIME_NEEDED, 400, None, (Change.OTHERS_NEED_TIME, 100)),
        # What is missing costs nothing: no price beside it says anything.
        (explained(cost=0, missing=2), Verdict.NO_GOODS, 450, None, (Change.GOODS_WOULD_SEND, 0)),
        (explained(cost=0, missing=2), Verdict.NO_CAPACITY, 450, None, (Change.TIME_WOULD_SEND, 0)),
        (explained(cost=0, missing=2), Verdict.NOT_EQUIPPED, 450, None, (Change.EQUIPMENT_WOULD_SEND, 0)),
        (explained(cost=0, missing=2), Verdict.TIME_NEEDED, 450, None, (Change.OTHERS_NEED_TIME, 0)),
    ],
)
def test_what_would_have_to_change(
    one: Explanation, verdict: Verdict, price: int, site_price: SitePrice | None, found: tuple[Change, int]
):
    site = EliminatedSite(site_id=HERE, verdict=verdict, price_minor=price)
    told = what_would_change(one, site, site_price)
    assert (told.change, told.minor) == found


@pytest.mark.parametrize(
    ("late_here", "late_there", "found"),
    [
        (200, 0, (Change.PROMISE_LATER, 200)),  # 450 against 500
        (149, 0, (Change.COST_LESS, 150)),  # 501 against 500
        (200, 60, (Change.COST_LESS, 150)),  # promised later, the other would cost 440
    ],
)
def test_what_the_promise_costs_is_said_where_a_later_one_would_do(
    late_here: int, late_there: int, found: tuple[Change, int]
):
    site = EliminatedSite(site_id=HERE, verdict=Verdict.DEARER, price_minor=650, late_minor=late_here)
    told = what_would_change(explained(late=late_there), site, None)
    assert (told.change, told.minor) == found


@pytest.mark.parametrize("language", languages().values(), ids=lambda one: one.code)
@pytest.mark.parametrize("minor", [0, 1_250])
@pytest.mark.parametrize("change", Change)
def test_every_change_is_a_sentence(change: Change, minor: int, language: Language):
    said = said_of_change(Counterfactual(change=change, minor=minor), "CNY", language)
    assert said.endswith(("。", "."))
    assert "{" not in said
