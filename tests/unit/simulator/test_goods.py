"""What the made-up brand sells."""

from loopline.catalogue.rules import normal_gtin
from loopline.simulator.brand.goods import CATEGORY_NAMES, garments, items, with_check_digit
from loopline.simulator.brand.stocking import FEATURED


def test_sixty_products_make_four_hundred_skus() -> None:
    assert len(garments()) == 60
    assert len(items()) == 400
    assert len({item.code for item in items()}) == 400
    assert len({item.gtin for item in items()}) == 400
    assert {garment.category for garment in garments()} == set(CATEGORY_NAMES)
    assert set(FEATURED) <= {item.code for item in items()}


def test_a_sku_says_what_it_is() -> None:
    first = items()[0]
    assert (first.code, first.name, first.gtin) == (
        "LZ001-AS",
        "云锦真丝衬衫 Silk shirt 白/White S",
        "2902600100006",
    )
    assert (first.unit_minor, first.weight_grams) == (45_900, 180)


def test_gtins_check() -> None:
    assert with_check_digit("400638133393") == "4006381333931"  # a number that GS1 shows as an example
    assert with_check_digit("590123412345") == "5901234123457"
    assert [normal_gtin(item.gtin) for item in items()] == [item.gtin.zfill(14) for item in items()]
