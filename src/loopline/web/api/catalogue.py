"""The catalogue: tax classes, products and their SKUs. It is the whole brand's: who may write it, writes it all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline import catalogue
from loopline.catalogue import Care, Fitting, NewProduct, NewSku, ProductAdded, SkuAdded, TaxClass
from loopline.db import Conn
from loopline.kernel.ids import ProductId, SkuId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch
from loopline.org import Permission
from loopline.processes import catalogue_changes
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.shapes import Batch, Codes, Outcomes, Page, Paging, decided, page_of, posted, told
from loopline.web.api.types import Code, Name

_TAG = "catalogue"
_MEASURE_MAX = 2_000_000_000
_ATTRIBUTES_MAX = 50

TaxClassCode = Annotated[
    str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$(?!\n)", examples=["standard"], description="Lower case.")
]
Gtin = Annotated[
    str, Meta(min_length=8, max_length=14, description="8, 12, 13 or 14 digits, the last one checks.")
]
Measure = Annotated[int, Meta(ge=1, le=_MEASURE_MAX)]
Celsius = Annotated[int, Meta(ge=-273, le=1_000)]
Attributes = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=64)], Annotated[str, Meta(max_length=200)]],
    Meta(max_length=_ATTRIBUTES_MAX),
]


class TaxClassAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A class by which goods are taxed; its rates are set by country and day."""

    code: TaxClassCode
    name: Name


class TaxClassTold(msgspec.Struct, frozen=True, kw_only=True):
    """A tax class as it stands."""

    code: str
    name: str


class ProductAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A product. Its code is kept in upper case."""

    code: Code
    name: Name
    category: Name | None = None
    season: Name | None = None


class ProductKept(msgspec.Struct, frozen=True, kw_only=True):
    """A product that stands; `is_new` is false where the same one stood there already."""

    id: ProductId
    code: str
    is_new: bool


class CareAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the goods need on their way; null: nobody has said.

    What an order has of goods with the same `sent_with`, a word of your own, leaves in one parcel.
    `fitting`: whether a fitter comes with the goods to the customer: never, where the customer wants it, or always.
    """

    weight_grams: Measure | None = None
    length_mm: Measure | None = None
    width_mm: Measure | None = None
    height_mm: Measure | None = None
    is_fragile: bool = False
    temperature_low_celsius: Celsius | None = None
    temperature_high_celsius: Celsius | None = None
    tracks_batch: bool = False
    tracks_serial: bool = False
    shelf_life_days: Measure | None = None
    sent_with: Code | None = None
    fitting: Fitting = Fitting.NONE


class SkuAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A SKU of a product that is there. Codes are kept in upper case, a GTIN with fourteen digits."""

    code: Code
    product_code: Code
    name: Name
    tax_class: TaxClassCode
    gtin: Gtin | None = None
    is_active: bool = True
    attributes: Attributes = {}
    care: CareAsk = CareAsk()


class SkuKept(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU that stands; `is_new` is false where the same one stood there already."""

    id: SkuId
    code: str
    is_new: bool


class SkuTold(msgspec.Struct, frozen=True, kw_only=True):
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


def whole_brand(caller: Caller, permission: Permission, *, subject: str) -> None:
    """Let pass who has a permission for the whole brand. Raises Refused for a branch: what is asked is everybody's."""
    if not caller.scope(permission).everything:
        raise Refused(NotInYourBranch(subject=subject))


@posted("/tax-classes", tag=_TAG, name="add_tax_classes", gives=Outcomes[TaxClassTold])
def add_tax_classes(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[TaxClassAsk]]
) -> Response[bytes]:
    """Add tax classes. One that stands stays as it is, and is answered as it stands."""
    whole_brand(caller, Permission.CATALOGUE_WRITE, subject=_TAG)

    def decide(conn: Conn, _: datetime) -> list[TaxClassTold]:
        catalogue.add_tax_classes(conn, [TaxClass(code=one.code, name=one.name) for one in data.items])
        standing = {one.code: one for one in catalogue.tax_classes(conn)}
        return [TaxClassTold(code=one.code, name=standing[one.code].name) for one in data.items]

    return decided(request, caller, data, decide)


@told("/tax-classes", tag=_TAG, name="list_tax_classes")
def list_tax_classes(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging]
) -> Page[TaxClassTold]:
    """List the tax classes, by code."""
    caller.scope(Permission.CATALOGUE_READ)
    after = asked.after(str)
    found = read(request, lambda conn, _: catalogue.tax_classes(conn))
    following = [one for one in found if after is None or one.code > after[0]]
    return page_of(
        following,
        asked,
        told=lambda one: TaxClassTold(code=one.code, name=one.name),
        cursor=lambda one: encode_cursor(one.code),
    )


@posted("/products", tag=_TAG, name="add_products", gives=Outcomes[ProductKept])
def add_products(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ProductAsk]]
) -> Response[bytes]:
    """Add products. The same product again is that product."""
    whole_brand(caller, Permission.CATALOGUE_WRITE, subject=_TAG)
    asked = [msgspec.convert(one, NewProduct, from_attributes=True) for one in data.items]

    def decide(conn: Conn, now: datetime) -> list[ProductKept | Refusal]:
        added = catalogue_changes.add_products(conn, asked, now=now, actor=caller.actor)
        return [_product_kept(one) for one in added]

    return decided(request, caller, data, decide)


def _product_kept(one: ProductAdded | Refusal) -> ProductKept | Refusal:
    return (
        one if isinstance(one, Refusal) else ProductKept(id=one.product_id, code=one.code, is_new=one.is_new)
    )


@posted("/skus", tag=_TAG, name="add_skus", gives=Outcomes[SkuKept])
def add_skus(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[SkuAsk]]
) -> Response[bytes]:
    """Add SKUs of products that are there. The same SKU again is that SKU."""
    whole_brand(caller, Permission.CATALOGUE_WRITE, subject=_TAG)
    asked = [msgspec.convert(one, NewSku, from_attributes=True) for one in data.items]

    def decide(conn: Conn, now: datetime) -> list[SkuKept | Refusal]:
        added = catalogue_changes.add_skus(conn, asked, now=now, actor=caller.actor)
        return [_sku_kept(one) for one in added]

    return decided(request, caller, data, decide)


def _sku_kept(one: SkuAdded | Refusal) -> SkuKept | Refusal:
    return one if isinstance(one, Refusal) else SkuKept(id=one.sku_id, code=one.code, is_new=one.is_new)


@told("/skus", tag=_TAG, name="list_skus")
def list_skus(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    codes: Codes = None,
) -> Page[SkuTold]:
    """List SKUs, by code."""
    caller.scope(Permission.CATALOGUE_READ)
    after = asked.after(str)

    def find(conn: Conn, _: datetime) -> Sequence[catalogue.Sku]:
        if codes is None:
            return catalogue.skus_after(conn, after[0] if after else "", at_most=asked.at_most)
        named = {sku.code: sku for sku in catalogue.skus_by_code(conn, codes).values()}
        return [sku for code, sku in sorted(named.items()) if after is None or code > after[0]]

    return page_of(
        read(request, find),
        asked,
        told=lambda sku: msgspec.convert(sku, SkuTold, from_attributes=True),
        cursor=lambda sku: encode_cursor(sku.code),
    )


CATALOGUE_HANDLERS = [
    add_tax_classes,
    list_tax_classes,
    add_products,
    add_skus,
    list_skus,
]
