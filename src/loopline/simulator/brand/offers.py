"""What the made-up brand offers besides goods at their price: a promotion, coupons, a coming product sold ahead.

Through the API, like anybody's. Nothing of it touches the tills, which state what their labels say.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from loopline.simulator.brand.api import Api
from loopline.simulator.brand.goods import CATEGORY_NAMES, GTIN_PREFIX, TAX_CLASS, garments, with_check_digit
from loopline.simulator.brand.places import CURRENCY, MINI_PROGRAM, WEB

Put = Callable[[str, list[dict[str, Any]]], list[Any]]
"""Adds things by the batch and returns what was answered; raises where one is refused."""

COMING = "LZ061"
_COMING_SKU = f"{COMING}-A"
_ONLINE = [WEB, MINI_PROGRAM]
_PROMOTION = "BAGS10"
# Whoever has the word may claim one; guides give theirs to whom they serve.
_COUPONS = (
    ("WELCOME30", "新客满300减30 30 off from 300", 3_000, 30_000, {"shared_code": "WELCOME30"}),
    ("GUIDE50", "导购专享满500减50 50 off from 500", 5_000, 50_000, {"by_staff": True}),
)
_COUPONS_MOST = 5_000
_SHIPS_IN = timedelta(days=21)


def offer(api: Api, put: Put, now: datetime, *, price_list: str, care: dict[str, Any]) -> None:
    """Offer what is not offered yet. Raises where something is refused."""
    if not _stands(api, "/api/v1/promotions", _PROMOTION):
        _promote(put)
    missing = [row for row in _COUPONS if not _stands(api, "/api/v1/coupon-batches", row[0])]
    if missing:
        _give_coupons(put, missing)
    if not any(one["sku_code"] == _COMING_SKU for one in api.pages("/api/v1/preorders")):
        _sell_ahead(put, now, price_list=price_list, care=care)


def _stands(api: Api, path: str, code: str) -> bool:
    """Whether something under a code is in force, or was."""
    return any(one["published_at"] is not None for one in api.pages(path, codes=code))


def _promote(put: Put) -> None:
    """Take a tenth off every bag that is bought online, tried on the past as every promotion is."""
    draft = {
        "code": _PROMOTION,
        "name": "线上箱包九折 A tenth off bags online",
        "currency": CURRENCY,
        "effect": {"kind": "percentage", "basis_points": 1_000},
        "comment": "开业活动 Opening",
        "channels": _ONLINE,
        "product_codes": [one.code for one in garments() if one.category == "bags"],
    }
    (saved,) = put("/api/v1/promotions", [draft])
    put("/api/v1/promotions/try", [{"code": _PROMOTION}])
    put("/api/v1/promotions/publish", [{"code": _PROMOTION, "saved_at": saved["saved_at"]}])


def _give_coupons(put: Put, rows: Sequence[tuple[str, str, int, int, dict[str, Any]]]) -> None:
    """Publish batches of coupons."""
    drafts = [
        {
            "code": code,
            "name": name,
            "currency": CURRENCY,
            "effect": {"kind": "amount", "amount_minor": off_minor},
            "total": _COUPONS_MOST,
            "comment": "开业活动 Opening",
            "least_minor": least_minor,
            "channels": _ONLINE,
            "days": 30,
        }
        | how
        for code, name, off_minor, least_minor, how in rows
    ]
    saved = put("/api/v1/coupon-batches", drafts)
    named = [{"code": one["code"], "saved_at": one["saved_at"]} for one in saved]
    put("/api/v1/coupon-batches/publish", named)


def _sell_ahead(put: Put, now: datetime, *, price_list: str, care: dict[str, Any]) -> None:
    """Sell the silk gown of the coming spring before there is any."""
    name = "早春限定真丝长裙 Limited silk gown"
    product = {"code": COMING, "name": name, "category": CATEGORY_NAMES["dresses"], "season": "spring"}
    put("/api/v1/products", [product])
    sku = {
        "code": _COMING_SKU,
        "product_code": COMING,
        "name": f"{name} 绿/Green 均码",
        "tax_class": TAX_CLASS,
        "gtin": with_check_digit(f"{GTIN_PREFIX}0610000"),
        "attributes": {"colour": "绿", "size": "均码"},
        "care": care,
    }
    put("/api/v1/skus", [sku])
    put(
        "/api/v1/prices",
        [{"price_list_code": price_list, "sku_code": _COMING_SKU, "unit_minor": 129_900}],
    )
    ships_on = (now + _SHIPS_IN).date().isoformat()
    put(
        "/api/v1/preorders",
        [{"sku_code": _COMING_SKU, "allowance": 200, "ships_on": ships_on, "per_order": 2}],
    )
