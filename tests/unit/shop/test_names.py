"""Names as customers read them."""

from uuid import UUID

import pytest

from loopline.catalogue import Care, Product, Sku
from loopline.kernel.ids import ProductId, SkuId
from loopline.web.languages import languages
from loopline.web.shop.frame import back_path, phone_words, price
from loopline.web.shop.names import place_of_size, swatch_of, variant_of
from loopline.web.shop.pictures import drawing, picture_path

ZH, EN = languages()["zh"], languages()["en"]


@pytest.mark.parametrize(
    ("name", "chinese", "english"),
    [
        ("云锦真丝衬衫 Silk shirt", "云锦真丝衬衫", "Silk shirt"),
        ("静安大悦店 Jing'an Joy City", "静安大悦店", "Jing'an Joy City"),
        ("白/White", "白", "White"),
        ("Silk shirt", "Silk shirt", "Silk shirt"),
        ("云锦", "云锦", "云锦"),
        ("T恤 白色", "T恤 白色", "T恤 白色"),
        ("Silk 云锦", "Silk 云锦", "Silk 云锦"),
        ("双面呢大衣 Double face coat 棕/Brown L", "双面呢大衣 棕 L", "Double face coat Brown L"),
        ("真丝方巾 Silk scarf 红/Red 均码", "真丝方巾 红 均码", "Silk scarf Red"),
        ("真丝方巾 Silk scarf 红/Red", "真丝方巾 红", "Silk scarf Red"),
    ],
)
def test_a_bilingual_name_is_read_by_halves(name: str, chinese: str, english: str):
    assert (ZH.called(name), EN.called(name)) == (chinese, english)


def sku(name: str, **attributes: str) -> Sku:
    return Sku(
        id=SkuId(UUID(int=1)),
        code="X",
        product_id=ProductId(UUID(int=2)),
        product_code="P",
        category="shirts",
        name=name,
        tax_class="standard",
        gtin=None,
        is_active=True,
        attributes=attributes,
        care=Care(),
    )


PRODUCT = Product(id=ProductId(UUID(int=2)), code="P", name="衬衫 Shirt", category="shirts", season=None)


@pytest.mark.parametrize(
    ("one", "chinese", "english"),
    [
        (sku("衬衫 Shirt 粉 M", colour="粉", size="M"), "粉色 · M", "Pink · M"),
        (sku("衬衫 Shirt 粉/Pink M"), "粉色 · M", "Pink · M"),
        (sku("方巾", colour="Pink", size="均码"), "粉色", "Pink"),
        (sku("方巾", colour="姜黄", size="L"), "姜黄 · L", "姜黄 · L"),
        (sku("衬衫 Shirt"), "", ""),
    ],
)
def test_a_sku_is_told_from_its_sisters_by_colour_and_size(one: Sku, chinese: str, english: str):
    variant = variant_of(one, PRODUCT)
    assert (variant.words(ZH), variant.words(EN)) == (chinese, english)


def test_colours_have_swatches_in_either_language():
    assert [swatch_of(name) for name in ("黑", "黑色", "Black", "粉/Pink", "藏青", "姜黄", "")] == [
        "black",
        "black",
        "black",
        "pink",
        "blue",
        "",
        "",
    ]


def test_sizes_stand_as_people_expect():
    assert sorted(["XL", "S", "42", "M", "L"], key=place_of_size) == ["S", "M", "L", "XL", "42"]


def test_prices_are_written_as_shops_do():
    assert (price(ZH, 29_900, "CNY"), price(ZH, 29_950, "CNY")) == ("¥299", "¥299.50")
    assert price(EN, 129_900, "CNY") == "CN¥1,299"
    assert price(ZH, 1_200, "JPY") == "JP¥1,200"


def test_phones_are_written_in_groups():
    assert [phone_words(one) for one in ("+8613800001234", "13800001234", "+442079460000", "12")] == [
        "138 0000 1234",
        "138 0000 1234",
        "+44 20 7946 0000",
        "12",
    ]


@pytest.mark.parametrize(
    "stated", [None, "", "https://elsewhere.example", "//elsewhere.example", "/hq/board"]
)
def test_nobody_is_led_elsewhere(stated: str | None):
    assert back_path(stated, otherwise="/me") == "/me"


def test_people_are_led_back_to_the_shop():
    assert back_path("/checkout?sku=X&units=2") == "/checkout?sku=X&units=2"


def test_a_picture_of_what_nobody_knows_is_a_parcel():
    assert drawing("<script>", "\"'") == drawing("", "")
    assert "<script" not in drawing("<script>", "x")
    assert picture_path("zeppelins", "tartan") == "/shop/picture.svg?kind=&colour="
    assert drawing("shirts", "red") != drawing("dresses", "red") != drawing("dresses", "blue")
