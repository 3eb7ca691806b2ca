"""The records of the catalogue: products, their SKUs, and the care that goods need on their way."""

from enum import StrEnum

import msgspec

from loopline.kernel.ids import ProductId, SkuId

Value = str | int | bool | None
"""What a field of the catalogue can hold, as a preview shows it."""


class Fitting(StrEnum):
    """Whether a fitter of ours comes with the goods and fits them: not at all, if the customer wants it, always."""

    NONE = "none"
    OFFERED = "offered"
    NEEDED = "needed"


class Care(msgspec.Struct, frozen=True, kw_only=True):
    """What goods need on their way. None: nobody has said.

    Temperatures are the range, both ends included, in which the goods keep. `shelf_life_days` is counted from making;
    goods without one do not expire. What an order has of goods with the same `sent_with`, a word of the brand's own,
    leaves in one parcel. `fitting`: whether somebody comes along and fits them.
    """

    weight_grams: int | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    is_fragile: bool = False
    temperature_low_celsius: int | None = None
    temperature_high_celsius: int | None = None
    tracks_batch: bool = False
    tracks_serial: bool = False
    shelf_life_days: int | None = None
    sent_with: str | None = None
    fitting: Fitting = Fitting.NONE


class NewProduct(msgspec.Struct, frozen=True, kw_only=True):
    """A product as somebody wants it to be."""

    code: str
    name: str
    category: str | None = None
    season: str | None = None


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product as it stands."""

    id: ProductId
    code: str
    name: str
    category: str | None
    season: str | None


class NewSku(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU as somebody wants it to be. The GTIN may have 8, 12, 13 or 14 digits; it is kept with fourteen."""

    code: str
    product_code: str
    name: str
    tax_class: str
    gtin: str | None = None
    is_active: bool = True
    attributes: dict[str, str] = {}
    care: Care = Care()


class Sku(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU as it stands, with what its product says of it."""

    id: SkuId
    code: str
    product_id: ProductId
    product_code: str
    category: str | None
    name: str
    tax_class: str
    gtin: str | None
    is_active: bool
    attributes: dict[str, str]
    care: Care


class PriceFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the price of a SKU depends on: how it is taxed, what it is one of, and what one weighs, if known."""

    tax_class: str
    product_id: ProductId
    category: str | None
    grams: int | None = None


class ProductAdded(msgspec.Struct, frozen=True, kw_only=True):
    """`is_new` is false where the same product stood there already."""

    product_id: ProductId
    code: str
    is_new: bool


class SkuAdded(msgspec.Struct, frozen=True, kw_only=True):
    """`is_new` is false where the same SKU stood there already."""

    sku_id: SkuId
    code: str
    is_new: bool


class TaxClass(msgspec.Struct, frozen=True, kw_only=True):
    """A class by which goods are taxed; its rates by country and day are kept by pricing."""

    code: str
    name: str
