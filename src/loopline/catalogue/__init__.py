"""The catalogue: products and their SKUs, GTINs, the care goods need, tax classes, and files that bring them in.

Invariants: a stock code has one spelling (narrow forms, trimmed, upper case) and names one SKU for good; a GTIN is kept
with fourteen digits, its check digit holds, and it belongs to one SKU; every SKU is of a product and has a tax class
that is set up; a file is taken over whole or not at all, and changes exactly what its preview showed.

Locks: every change takes the lock of the catalogue (one transaction at a time); reads and previews lock nothing.
"""

from loopline.catalogue.events import ProductWritten
from loopline.catalogue.imports.columns import COLUMNS, RefusedRow
from loopline.catalogue.imports.plan import Addition, Change, ImportPreview
from loopline.catalogue.model import (
    Care,
    Fitting,
    NewProduct,
    NewSku,
    PriceFacts,
    Product,
    ProductAdded,
    Sku,
    SkuAdded,
    TaxClass,
)
from loopline.catalogue.queries import (
    categories_of,
    companions_of,
    price_facts_of,
    products_after,
    products_by_code,
    products_by_id,
    skus_after,
    skus_by_code,
    skus_by_id,
    skus_of_categories,
    skus_of_products,
    tax_classes,
    temperature_classes_of,
    weights_of,
)
from loopline.catalogue.rules import check_digit, class_of_range, normal_code, normal_gtin
from loopline.catalogue.service import (
    ImportApplied,
    add_products,
    add_skus,
    add_tax_classes,
    apply_import,
    read_import,
)

__all__ = [
    "COLUMNS",
    "Addition",
    "Care",
    "Change",
    "Fitting",
    "ImportApplied",
    "ImportPreview",
    "NewProduct",
    "NewSku",
    "PriceFacts",
    "Product",
    "ProductAdded",
    "ProductWritten",
    "RefusedRow",
    "Sku",
    "SkuAdded",
    "TaxClass",
    "add_products",
    "add_skus",
    "add_tax_classes",
    "apply_import",
    "categories_of",
    "check_digit",
    "class_of_range",
    "companions_of",
    "normal_code",
    "normal_gtin",
    "price_facts_of",
    "products_after",
    "products_by_code",
    "products_by_id",
    "read_import",
    "skus_after",
    "skus_by_code",
    "skus_by_id",
    "skus_of_categories",
    "skus_of_products",
    "tax_classes",
    "temperature_classes_of",
    "weights_of",
]
