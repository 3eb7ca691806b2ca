"""Names as customers read them: the half of a bilingual name that is theirs, colours and sizes of SKUs."""

import re
from collections.abc import Mapping

import msgspec

from loopline.catalogue import Product, Sku
from loopline.web.languages import Language, marked

_COLOUR_KEYS = ("colour", "color", "颜色")
_SIZE_KEYS = ("size", "尺码", "尺寸")
_SIZES = ("XXS", "XS", "S", "M", "L", "XL", "XXL", "XXXL")
_ONE_SIZE = frozenset({"均码", "one size", "onesize"})

# The colours a swatch can show: by its class, how each is said in either language.
_COLOURS: Mapping[str, tuple[str, ...]] = {
    "black": ("黑", "黑色", "black"),
    "white": ("白", "白色", "white"),
    "cream": ("米", "米色", "杏", "杏色", "cream", "beige", "ivory"),
    "grey": ("灰", "灰色", "grey", "gray"),
    "blue": ("蓝", "蓝色", "藏青", "blue", "navy"),
    "green": ("绿", "绿色", "green"),
    "red": ("红", "红色", "red"),
    "brown": ("棕", "棕色", "驼", "驼色", "咖", "brown", "camel"),
    "pink": ("粉", "粉色", "pink"),
    "violet": ("紫", "紫色", "violet", "purple"),
    "yellow": ("黄", "黄色", "yellow"),
    "orange": ("橙", "橙色", "orange"),
}
_WORDS: Mapping[str, str] = {
    "black": marked("Black"),
    "white": marked("White"),
    "cream": marked("Cream"),
    "grey": marked("Grey"),
    "blue": marked("Blue"),
    "green": marked("Green"),
    "red": marked("Red"),
    "brown": marked("Brown"),
    "pink": marked("Pink"),
    "violet": marked("Violet"),
    "yellow": marked("Yellow"),
    "orange": marked("Orange"),
}
KIND_WORDS: Mapping[str, str] = {
    "shirts": marked("Shirts"),
    "tops": marked("Tops"),
    "dresses": marked("Dresses"),
    "trousers": marked("Trousers"),
    "skirts": marked("Skirts"),
    "knitwear": marked("Knitwear"),
    "coats": marked("Coats"),
    "accessories": marked("Accessories"),
    "bags": marked("Bags"),
}
"""What customers call the kinds of goods that catalogues name by these codes; others are called by their codes."""

_BY_NAME = {name: colour for colour, names in _COLOURS.items() for name in names}


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """What tells a SKU from its sisters: a colour by its swatch and word, a size; empty where there is none."""

    colour: str
    colour_word: str
    size: str

    def words(self, language: Language) -> str:
        """Say it in one line."""
        parts = [language.say(self.colour_word) if self.colour else self.colour_word, self.size]
        return " · ".join(part for part in parts if part)


def product_name(product: Product, language: Language) -> str:
    """Return what a customer calls a product."""
    return language.called(product.name)


def variant_of(sku: Sku, product: Product) -> Variant:
    """Return a SKU's colour and size: from its attributes, else from what its name says beyond its product's."""
    attributes = {name.casefold(): value for name, value in sku.attributes.items()}
    colour = next((attributes[key] for key in _COLOUR_KEYS if key in attributes), "")
    size = next((attributes[key] for key in _SIZE_KEYS if key in attributes), "")
    if not colour and not size:
        rest = sku.name.removeprefix(product.name).split()
        colour, size = (rest[0], " ".join(rest[1:])) if rest else ("", "")
    swatch = swatch_of(colour)
    return Variant(
        colour=swatch,
        colour_word=_WORDS.get(swatch, colour),
        size="" if size.casefold() in _ONE_SIZE else size,
    )


def swatch_of(colour: str) -> str:
    """Return the swatch of a colour's name in either language, or nothing."""
    halves = [half.strip().casefold() for half in re.split(r"[/ ]", colour) if half.strip()]
    return next((_BY_NAME[half] for half in (colour.casefold(), *halves) if half in _BY_NAME), "")


def place_of_size(size: str) -> int:
    """Return where people expect a size among others, the unknown ones last."""
    return _SIZES.index(size) if size in _SIZES else len(_SIZES)
