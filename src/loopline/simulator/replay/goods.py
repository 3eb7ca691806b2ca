"""What the retailer sells: its catalogue, and the goods that lie there when the year begins."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from loopline.catalogue import Care, NewProduct, NewSku, TaxClass, add_tax_classes
from loopline.db import Conn
from loopline.kernel.ids import NodeId, SkuId, uuid7s
from loopline.processes.catalogue_changes import add_products, add_skus
from loopline.processes.outcomes import all_granted
from loopline.simulator.replay.chance import Chance
from loopline.simulator.replay.places import STORES, WAREHOUSE
from loopline.simulator.replay.restocking import Pace, Receipt, StoreWeight, plan_opening
from loopline.simulator.replay.survey import Survey
from loopline.simulator.replay.terms import TAX_CLASS
from loopline.stock import Fact, MovementReason

_PRODUCT_DIGITS = 5
_LIGHTEST_GRAMS = 40
_HEAVIEST_GRAMS = 900
_PER_UNIT = 1_000


def fill_catalogue(conn: Conn, survey: Survey, *, chance: Chance, now: datetime) -> dict[str, SkuId]:
    """Add every product and SKU of the file; returns SKU ids by stock code. Colours of one number are one product."""
    add_tax_classes(conn, [TaxClass(code=TAX_CLASS, name="Standard rate")])
    products: dict[str, NewProduct] = {}
    for sku in survey.skus.values():
        code = _product_code(sku.code)
        products.setdefault(code, NewProduct(code=code, name=sku.name))
    all_granted(add_products(conn, list(products.values()), now=now))
    added = all_granted(
        add_skus(
            conn,
            [
                NewSku(
                    code=sku.code,
                    product_code=_product_code(sku.code),
                    name=sku.name,
                    tax_class=TAX_CLASS,
                    care=Care(
                        weight_grams=round(
                            chance.between(_LIGHTEST_GRAMS, _HEAVIEST_GRAMS, "weight", sku.code)
                        )
                    ),
                )
                for sku in survey.skus.values()
            ],
            now=now,
        )
    )
    return {sku.code: sku.sku_id for sku in added}


def _product_code(code: str) -> str:
    """The digits of a number with a colour letter; odd codes are products of their own."""
    return code[:_PRODUCT_DIGITS] if code[:_PRODUCT_DIGITS].isdigit() else code


def plan_opening_stock(survey: Survey, *, chance: Chance) -> list[Receipt]:
    """Return what lies where at the beginning: four weeks of an ordinary week's demand."""
    paces = [
        Pace(
            code=sku.code,
            weekly_thousandths=round(_PER_UNIT * (sku.units_asked + sku.units_rung_up) / survey.weeks),
        )
        for sku in survey.skus.values()
    ]
    stores = [StoreWeight(site_code=store.code, weight=store.weight) for store in STORES]
    return plan_opening(paces, warehouse=WAREHOUSE.code, stores=stores, chance=chance)


def receipt_facts(
    receipts: Sequence[Receipt],
    *,
    reason: MovementReason,
    leaf_ids: Mapping[str, NodeId],
    sku_ids: Mapping[str, SkuId],
    now: datetime,
) -> list[Fact]:
    """Return receipts as facts of stock, in their order."""
    return [
        Fact(
            id=fact_id,
            leaf_id=leaf_ids[receipt.place[0]],
            sku_id=sku_ids[receipt.place[1]],
            reason=reason,
            on_hand=receipt.units,
        )
        for fact_id, receipt in zip(uuid7s(now, len(receipts)), receipts, strict=True)
    ]
