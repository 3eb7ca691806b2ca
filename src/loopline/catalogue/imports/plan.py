"""What a file would change: every addition, every change with before and after, every refused row. Pure."""

from collections.abc import Mapping, Sequence

import msgspec

from loopline.catalogue.imports.columns import ATTRIBUTE_PREFIX, FieldMissing, ReadRow, RefusedRow
from loopline.catalogue.model import Care, NewProduct, NewSku, Product, Sku, Value
from loopline.catalogue.rules import (
    GtinTaken,
    Standing,
    refusal_of_care,
    refusal_of_tax_class,
)
from loopline.kernel.refusals import Refusal

_CARE_FIELDS = Care.__struct_fields__
_PRODUCT_COLUMNS = {"product_name": "name", "category": "category", "season": "season"}
_SKU_COLUMNS = {
    "product_code": "product_code",
    "sku_name": "name",
    "gtin": "gtin",
    "tax_class": "tax_class",
    "is_active": "is_active",
}


class SkuTwiceInFile(Refusal, frozen=True, kw_only=True):
    """{sku_code} stands in line {first_line} already."""

    sku_code: str
    first_line: int


class ProductContradicts(Refusal, frozen=True, kw_only=True):
    """Line {first_line} says otherwise of the product {product_code}: {expected!r}."""

    product_code: str
    first_line: int
    expected: str


class Addition(msgspec.Struct, frozen=True, kw_only=True):
    """A product or SKU that the catalogue does not have yet."""

    line: int
    noun: str
    item: str
    name: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A field that would change, with what stands there and what the file says."""

    line: int
    noun: str
    item: str
    field: str
    before: Value
    after: Value


class ImportPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a file would do. With a refused row it may not be applied: nothing is half-imported.

    `unchanged` counts the rows that say what stands in the catalogue. `rows` is what was read, for the applying.
    """

    added: tuple[Addition, ...]
    changed: tuple[Change, ...]
    unchanged: int
    refused: tuple[RefusedRow, ...]
    rows: tuple[ReadRow, ...]


class ImportPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A preview with the records it would write, by code."""

    preview: ImportPreview
    new_products: tuple[NewProduct, ...]
    changed_products: tuple[NewProduct, ...]
    new_skus: tuple[NewSku, ...]
    changed_skus: tuple[NewSku, ...]


def plan_import(
    rows: Sequence[ReadRow], *, unreadable: Sequence[RefusedRow], standing: Standing
) -> ImportPlan:
    """Decide what every row would change.

    Columns that the file does not have stay as they are; a blank cell empties its field. A product is described by
    any of its rows, which must agree. GTINs are judged by who holds them after the whole file.
    """
    return _Planner(standing).plan(rows, unreadable=unreadable)


class _Planner:
    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._products: dict[str, tuple[NewProduct, int]] = {}
        self._skus: dict[str, tuple[NewSku, int]] = {}
        self._refused: list[RefusedRow] = []

    def plan(self, rows: Sequence[ReadRow], *, unreadable: Sequence[RefusedRow]) -> ImportPlan:
        self._refused.extend(unreadable)
        for row in rows:
            refused = self._take(row)
            if refused is not None:
                self._refused.append(refused)
        self._refuse_shared_gtins()
        return self._plan(rows)

    def _take(self, row: ReadRow) -> RefusedRow | None:
        code = str(row.values["sku_code"])
        earlier = self._skus.get(code)
        if earlier is not None:
            return _refused(row, "sku_code", SkuTwiceInFile(sku_code=code, first_line=earlier[1]))
        sku = merged_sku(row, before=self._standing.skus.get(code))
        if isinstance(sku, RefusedRow):
            return sku
        class_unknown = refusal_of_tax_class(sku.tax_class, known=self._standing.tax_classes)
        if class_unknown is not None:
            return _refused(row, "tax_class", class_unknown)
        care_wrong = refusal_of_care(sku.care)
        if care_wrong is not None:
            return _refused(row, getattr(care_wrong, "field", "temperature_low_celsius"), care_wrong)
        product = self._product(row, code=sku.product_code)
        if isinstance(product, RefusedRow):
            return product
        self._products.setdefault(sku.product_code, (product, row.line))
        self._skus[code] = (sku, row.line)
        return None

    def _product(self, row: ReadRow, *, code: str) -> NewProduct | RefusedRow:
        product = merged_product(row, code=code, before=self._standing.products.get(code))
        earlier = self._products.get(code)
        if isinstance(product, RefusedRow) or earlier is None or earlier[0] == product:
            return product
        column, field = next(
            (column, field)
            for column, field in _PRODUCT_COLUMNS.items()
            if getattr(product, field) != getattr(earlier[0], field)
        )
        expected = str(getattr(earlier[0], field) or "")
        reason = ProductContradicts(product_code=code, first_line=earlier[1], expected=expected)
        return _refused(row, column, reason)

    def _refuse_shared_gtins(self) -> None:
        """Of SKUs that would share a GTIN, all but the one that has it (or comes first) are refused."""
        holders = {gtin: code for gtin, code in self._standing.gtin_holders.items() if code not in self._skus}
        kept = [
            (code, sku, line)
            for code, (sku, line) in self._skus.items()
            if sku.gtin is not None and self._standing.gtin_holders.get(sku.gtin) == code
        ]
        holders.update({sku.gtin: code for code, sku, _ in kept if sku.gtin is not None})
        for code, (sku, line) in list(self._skus.items()):
            if sku.gtin is None:
                continue
            holder = holders.setdefault(sku.gtin, code)
            if holder != code:
                del self._skus[code]
                reason = GtinTaken(value=sku.gtin, sku_code=holder)
                self._refused.append(RefusedRow(line=line, field="gtin", value=sku.gtin, reason=reason))

    def _plan(self, rows: Sequence[ReadRow]) -> ImportPlan:
        products, skus = self._standing.products, self._standing.skus
        named = {sku.product_code for sku, _ in self._skus.values()}
        taken = [(one, line) for code, (one, line) in self._products.items() if code in named]
        new_products = [(one, line) for one, line in taken if one.code not in products]
        new_skus = [(one, line) for one, line in self._skus.values() if one.code not in skus]
        product_changes = [
            change
            for one, line in taken
            if one.code in products
            for change in _changes_of_product(products[one.code], one, line=line)
        ]
        sku_changes = [
            change
            for one, line in self._skus.values()
            if one.code in skus
            for change in _changes_of_sku(skus[one.code], one, line=line)
        ]
        touched = {change.item for change in sku_changes} | {one.code for one, _ in new_skus}
        touched_products = {change.item for change in product_changes}
        preview = ImportPreview(
            added=tuple(
                [
                    Addition(line=line, noun="product", item=one.code, name=one.name)
                    for one, line in new_products
                ]
                + [Addition(line=line, noun="sku", item=one.code, name=one.name) for one, line in new_skus]
            ),
            changed=tuple(product_changes + sku_changes),
            unchanged=len(self._skus) - len(touched),
            refused=tuple(sorted(self._refused, key=lambda one: one.line)),
            rows=tuple(rows),
        )
        return ImportPlan(
            preview=preview,
            new_products=tuple(one for one, _ in new_products),
            changed_products=tuple(one for one, _ in taken if one.code in touched_products),
            new_skus=tuple(one for one, _ in new_skus),
            changed_skus=tuple(
                one for one, _ in self._skus.values() if one.code in touched and one.code in skus
            ),
        )


def _refused(row: ReadRow, field: str, reason: Refusal) -> RefusedRow:
    value = row.values.get(field)
    return RefusedRow(line=row.line, field=field, value="" if value is None else str(value), reason=reason)


def merged_product(row: ReadRow, *, code: str, before: Product | None) -> NewProduct | RefusedRow:
    """Return what a product would be after a row; a new one needs its name."""
    said = {field: row.values[column] for column, field in _PRODUCT_COLUMNS.items() if column in row.values}
    stood = {"name": before.name, "category": before.category, "season": before.season} if before else {}
    merged = stood | said
    if "name" not in merged:
        return _refused(row, "product_name", FieldMissing(field="product_name"))
    return msgspec.convert({"code": code} | merged, NewProduct)


def merged_sku(row: ReadRow, *, before: Sku | None) -> NewSku | RefusedRow:
    """Return what a SKU would be after a row; a new one needs its product, name and tax class."""
    said = {field: row.values[column] for column, field in _SKU_COLUMNS.items() if column in row.values}
    stood = {field: getattr(before, field) for field in _SKU_COLUMNS.values()} if before else {}
    merged = stood | said
    for column, field in (("product_code", "product_code"), ("sku_name", "name"), ("tax_class", "tax_class")):
        if field not in merged:
            return _refused(row, column, FieldMissing(field=column))
    return msgspec.convert(
        {
            "code": row.values["sku_code"],
            **merged,
            "attributes": _merged_attributes(row, before=before.attributes if before else {}),
            "care": _merged_care(row, before=before.care if before else Care()),
        },
        NewSku,
    )


def _merged_attributes(row: ReadRow, *, before: Mapping[str, str]) -> dict[str, str]:
    said = {
        name.removeprefix(ATTRIBUTE_PREFIX): value
        for name, value in row.values.items()
        if name.startswith(ATTRIBUTE_PREFIX)
    }
    merged = {**before, **said}
    return {name: str(value) for name, value in merged.items() if value is not None}


def _merged_care(row: ReadRow, *, before: Care) -> Care:
    said = {field: row.values[field] for field in _CARE_FIELDS if field in row.values}
    return msgspec.convert(msgspec.structs.asdict(before) | said, Care)


def _changes_of_product(before: Product, after: NewProduct, *, line: int) -> list[Change]:
    return [
        Change(
            line=line,
            noun="product",
            item=after.code,
            field=column,
            before=getattr(before, field),
            after=getattr(after, field),
        )
        for column, field in _PRODUCT_COLUMNS.items()
        if getattr(before, field) != getattr(after, field)
    ]


def _changes_of_sku(before: Sku, after: NewSku, *, line: int) -> list[Change]:
    stood, said = _flat(before), _flat(after)
    return [
        Change(
            line=line,
            noun="sku",
            item=after.code,
            field=column,
            before=stood.get(column),
            after=said.get(column),
        )
        for column in dict.fromkeys([*stood, *said])
        if stood.get(column) != said.get(column)
    ]


def _flat(sku: Sku | NewSku) -> dict[str, Value]:
    """A SKU as the cells of a row, by column."""
    return {
        **{column: getattr(sku, field) for column, field in _SKU_COLUMNS.items()},
        **{field: getattr(sku.care, field) for field in _CARE_FIELDS},
        **{ATTRIBUTE_PREFIX + name: value for name, value in sku.attributes.items()},
    }
