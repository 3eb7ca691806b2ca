"""What a solved day says goods are worth: of what many asked for by itself, of the rest by their category."""

from loopline.sourcing.day_prices import DayPrice, KnownPrices, later_worth
from loopline.sourcing.day_worth import RowPrice, worth_of_thin
from loopline.sourcing.settings import DayPrices
from tests.make.sourcing import site_id, sku_id

ROWS = [
    RowPrice(site="A", sku="hats-1", price=900),
    RowPrice(site="A", sku="hats-2", price=100),
    RowPrice(site="B", sku="hats-1", price=0),
    RowPrice(site="A", sku="coats-1", price=5_000),
]
CATEGORY_OF = {"hats-1": "hats", "hats-2": "hats", "hats-3": "hats", "coats-1": "coats"}


def test_thin_goods_are_worth_their_categorys_mean_times_how_many_of_them_are_asked_at_all():
    """Of four thin hats two were asked, worth 500 each on average at A: 250. Coats are asked often enough."""
    found = worth_of_thin(
        ROWS,
        asked={"hats-1": 4, "hats-2": 1, "coats-1": 5},
        category_of=CATEGORY_OF,
        thin_skus={"hats": 4, "coats": 0},
    )
    assert found == {("A", "hats"): 250}


def test_goods_without_a_category_say_nothing_of_others():
    assert worth_of_thin(ROWS, asked={"hats-1": 1}, category_of={}, thin_skus={}) == {}


def test_a_wave_counts_what_the_profile_lets_it():
    known = KnownPrices(
        version=7,
        well_known=frozenset({sku_id(1)}),
        of_goods=[
            DayPrice(site_id=site_id(0), sku_id=sku_id(1), category=None, price_minor=999),
            DayPrice(site_id=site_id(0), sku_id=None, category="hats", price_minor=301),
            DayPrice(site_id=site_id(1), sku_id=None, category="hats", price_minor=1),
        ],
        of_time=[DayPrice(site_id=site_id(1), sku_id=None, category=None, price_minor=80)],
    )
    stocked = [(site_id(place), sku_id(number)) for place in (0, 1) for number in (1, 2, 3)]
    found = later_worth(
        known,
        DayPrices(are_used=True, percent=50, minor_most=400),
        stocked=stocked,
        # The first is known by itself, whatever its category is worth; nobody knows what the third is.
        category_of={sku_id(1): "hats", sku_id(2): "hats"},
    )
    assert found.version == 7
    assert found.unit_minor == {(site_id(0), sku_id(1)): 400, (site_id(0), sku_id(2)): 150}
    assert found.parcel_minor == {site_id(1): 40}
