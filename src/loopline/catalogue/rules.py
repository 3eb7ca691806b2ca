"""What a product and a SKU must satisfy, one spelling of codes, and check digits. Pure."""

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from loopline.catalogue.model import Care, NewProduct, NewSku, Product, Sku
from loopline.kernel.ids import ProductId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.kernel.temperatures import TemperatureClass

CODE_LENGTH_MAX = 64
NAME_LENGTH_MAX = 200
GTIN_LENGTHS = frozenset({8, 12, 13, 14})
_WHOLE_NUMBER_MAX = 2_147_483_647


class StockCodeNotUsable(Refusal, frozen=True, kw_only=True):
    """{value!r} cannot be a code: 1 to 64 printable characters, no space at either end."""

    value: str


class StockCodeTaken(Refusal, frozen=True, kw_only=True):
    """The code {value} stands in the catalogue with other content, or is asked for twice."""

    value: str


class NameNotUsable(Refusal, frozen=True, kw_only=True):
    """A name needs 1 to 200 printable characters, not {value!r}."""

    value: str


class TextUnreadable(Refusal, frozen=True, kw_only=True):
    """{field} needs 1 to 200 printable characters, not {value!r}."""

    field: str
    value: str


class GtinNotUsable(Refusal, frozen=True, kw_only=True):
    """{value!r} is no GTIN: a GTIN has 8, 12, 13 or 14 digits."""

    value: str


class GtinCheckDigitWrong(Refusal, frozen=True, kw_only=True):
    """The last digit of {value} should be {expected}: a digit was mistyped or two were swapped."""

    value: str
    expected: str


class GtinTaken(Refusal, frozen=True, kw_only=True):
    """The GTIN {value} belongs to {sku_code} already."""

    value: str
    sku_code: str


class UnknownProduct(Refusal, frozen=True, kw_only=True):
    """There is no product with the code {value}."""

    value: str


class UnknownTaxClass(Refusal, frozen=True, kw_only=True):
    """{value!r} is not a tax class; there are {known}."""

    value: str
    known: str


class NotPositive(Refusal, frozen=True, kw_only=True):
    """{field} must be a whole number from 1 to 2147483647, not {value}."""

    field: str
    value: int


class TemperaturesCrossed(Refusal, frozen=True, kw_only=True):
    """The lowest temperature, {low} °C, lies above the highest, {high} °C."""

    low: int
    high: int


def normal_code(code: str) -> str:
    """Spell a stock code the one way it is kept: wide forms narrowed, trimmed, upper case.

    Codes that differ in case only by mistake are the same code.
    """
    return unicodedata.normalize("NFKC", code).strip().upper()


def check_digit(digits: str) -> str:
    """Return the GS1 check digit that follows these digits: weights 3 and 1 in turn from the right, up to ten.

    GS1 General Specifications, section 7.9.
    """
    total = sum(int(digit) * (1 if position % 2 else 3) for position, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def normal_gtin(gtin: str) -> str | Refusal:
    """Return a GTIN with fourteen digits, or why it is none."""
    stripped = gtin.strip()
    if len(stripped) not in GTIN_LENGTHS or not (stripped.isascii() and stripped.isdigit()):
        return GtinNotUsable(value=gtin)
    expected = check_digit(stripped[:-1])
    if stripped[-1] != expected:
        return GtinCheckDigitWrong(value=stripped, expected=expected)
    return stripped.zfill(14)


def refusal_of_code(code: str) -> StockCodeNotUsable | None:
    """Refuse what cannot be a code in its normal spelling."""
    usable = code == normal_code(code) and 0 < len(code) <= CODE_LENGTH_MAX and code.isprintable()
    return None if usable else StockCodeNotUsable(value=code)


def refusal_of_name(name: str) -> NameNotUsable | None:
    """Refuse a name that nobody could read."""
    usable = name == name.strip() and 0 < len(name) <= NAME_LENGTH_MAX and name.isprintable()
    return None if usable else NameNotUsable(value=name)


def refusal_of_texts(texts: Iterable[tuple[str, str | None]]) -> TextUnreadable | None:
    """Refuse the first text, by the name of its field, that nobody could read; None says nothing and is fine."""
    for field, text in texts:
        if text is not None and not (0 < len(text) <= NAME_LENGTH_MAX and text.isprintable()):
            return TextUnreadable(field=field, value=text)
    return None


def refusal_of_care(care: Care) -> Refusal | None:
    """Refuse measures that are not positive and temperatures that exclude each other."""
    for field in ("weight_grams", "length_mm", "width_mm", "height_mm", "shelf_life_days"):
        value = getattr(care, field)
        if value is not None and not 0 < value <= _WHOLE_NUMBER_MAX:
            return NotPositive(field=field, value=value)
    if care.sent_with is not None and refusal_of_code(care.sent_with) is not None:
        return StockCodeNotUsable(value=care.sent_with)
    low, high = care.temperature_low_celsius, care.temperature_high_celsius
    if low is not None and high is not None and low > high:
        return TemperaturesCrossed(low=low, high=high)
    return None


_FREEZER_CELSIUS, _FRIDGE_CELSIUS, _WARM_CELSIUS = -18, 4, 20


def class_of_range(low: int | None, high: int | None) -> TemperatureClass:
    """Return how cold goods are kept on their way that keep in a range, both ends included; None: no end.

    Frozen: what does not keep above freezing, or keeps at -18 °C and not at 4 °C. Cool: what else does not keep at
    20 °C. Ambient: everything else, and what nobody has said anything of.
    """
    if high is None or high >= _WARM_CELSIUS:
        return TemperatureClass.AMBIENT
    if high < 0 or (high < _FRIDGE_CELSIUS and (low is None or low <= _FREEZER_CELSIUS)):
        return TemperatureClass.FROZEN
    return TemperatureClass.COOL


def refusal_of_tax_class(tax_class: str, *, known: Collection[str]) -> UnknownTaxClass | None:
    """Refuse a class that nobody has set up."""
    if tax_class in known:
        return None
    return UnknownTaxClass(value=tax_class, known=", ".join(sorted(known)))


def _normal_care(care: Care) -> Care:
    if care.sent_with is None:
        return care
    return msgspec.structs.replace(care, sent_with=normal_code(care.sent_with))


def normal_sku(sku: NewSku) -> NewSku | Refusal:
    """Return a SKU with its codes and GTIN in the one spelling in which they are kept, or why that fails."""
    gtin = normal_gtin(sku.gtin) if sku.gtin is not None else None
    if isinstance(gtin, Refusal):
        return gtin
    return msgspec.structs.replace(
        sku,
        code=normal_code(sku.code),
        product_code=normal_code(sku.product_code),
        gtin=gtin,
        care=_normal_care(sku.care),
    )


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The part of the catalogue that a change touches: by code, and who holds which GTIN."""

    products: Mapping[str, Product]
    skus: Mapping[str, Sku]
    tax_classes: Collection[str]
    gtin_holders: Mapping[str, str]


def plan_products(
    products: Sequence[NewProduct], *, ids: Sequence[ProductId], standing: Mapping[str, Product]
) -> list[tuple[Product, bool] | Refusal]:
    """Decide which products are new (True) or stand there already with the same content (False)."""
    known = dict(standing)
    decided: list[tuple[Product, bool] | Refusal] = []
    for new, product_id in zip(products, ids, strict=True):
        product = Product(
            id=product_id,
            code=normal_code(new.code),
            name=new.name,
            category=new.category,
            season=new.season,
        )
        refusal = (
            refusal_of_code(product.code)
            or refusal_of_name(product.name)
            or refusal_of_texts([("category", product.category), ("season", product.season)])
        )
        before = known.get(product.code)
        if refusal is not None:
            decided.append(refusal)
        elif before is None:
            known[product.code] = product
            decided.append((product, True))
        elif product.code in standing and msgspec.structs.replace(product, id=before.id) == before:
            decided.append((before, False))
        else:
            decided.append(StockCodeTaken(value=product.code))
    return decided


def plan_skus(
    skus: Sequence[NewSku], *, ids: Sequence[SkuId], standing: Standing
) -> list[tuple[Sku, bool] | Refusal]:
    """Decide which SKUs are new (True) or stand there already with the same content (False)."""
    holders = dict(standing.gtin_holders)
    asked: set[str] = set()
    decided: list[tuple[Sku, bool] | Refusal] = []
    for new, sku_id in zip(skus, ids, strict=True):
        sku = _sku(new, sku_id, standing=standing)
        if isinstance(sku, Refusal):
            decided.append(sku)
            continue
        before = standing.skus.get(sku.code)
        holder = holders.get(sku.gtin, sku.code) if sku.gtin is not None else sku.code
        if before is not None and msgspec.structs.replace(sku, id=before.id) == before:
            decided.append((before, False))
        elif before is not None or sku.code in asked:
            decided.append(StockCodeTaken(value=sku.code))
        elif holder != sku.code:
            decided.append(GtinTaken(value=sku.gtin or "", sku_code=holder))
        else:
            asked.add(sku.code)
            if sku.gtin is not None:
                holders[sku.gtin] = sku.code
            decided.append((sku, True))
    return decided


def _sku(new: NewSku, sku_id: SkuId, *, standing: Standing) -> Sku | Refusal:
    normal = normal_sku(new)
    if isinstance(normal, Refusal):
        return normal
    refusal = (
        refusal_of_code(normal.code)
        or refusal_of_name(normal.name)
        or refusal_of_tax_class(normal.tax_class, known=standing.tax_classes)
        or refusal_of_care(normal.care)
        or refusal_of_texts(normal.attributes.items())
        or refusal_of_texts([("the name of an attribute", name) for name in normal.attributes])
    )
    if refusal is not None:
        return refusal
    product = standing.products.get(normal.product_code)
    return UnknownProduct(value=normal.product_code) if product is None else made_sku(normal, sku_id, product)


def made_sku(new: NewSku, sku_id: SkuId, product: Product) -> Sku:
    """Return the record of a SKU under its product."""
    return Sku(
        id=sku_id,
        code=new.code,
        product_id=product.id,
        product_code=product.code,
        category=product.category,
        name=new.name,
        tax_class=new.tax_class,
        gtin=new.gtin,
        is_active=new.is_active,
        attributes=new.attributes,
        care=new.care,
    )
