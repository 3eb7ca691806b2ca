"""The first morning: what the brand sells, what it costs, where it lies, which codes hang where. Through the API.

Everything carries a key of its own, so that an opening that was broken off goes on where it was.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from loopline.simulator.brand.chance import stream
from loopline.simulator.brand.goods import (
    CATEGORY_NAMES,
    FITTED,
    TAX_CLASS,
    TAX_RATE_BASIS_POINTS,
    garments,
    items,
)
from loopline.simulator.brand.lorry import bring
from loopline.simulator.brand.offers import offer
from loopline.simulator.brand.people import guide_party, guides
from loopline.simulator.brand.places import CURRENCY, HOME_COUNTRY
from loopline.simulator.brand.scene import Scene, Telling
from loopline.simulator.brand.stocking import Units, opening_stock

PRICE_LIST = "BASE"
_STAGE = "opening"
# The standard rate in China since then.
_TAXED_SINCE = "2019-04-01"


_GOWN_GRAMS = 420

# Of a rack this many SKUs, and of an aisle this many racks.
_ON_A_RACK = 8
_RACKS_OF_AN_AISLE = 6


def _folded(weight_grams: int) -> dict[str, Any]:
    """The care of a garment as it is sent: folded to one size, the heavier the higher."""
    return {
        "weight_grams": weight_grams,
        "length_mm": 300,
        "width_mm": 200,
        "height_mm": max(15, weight_grams // 12),
    }


def _shelf(number: int) -> str:
    """Where the brand's stores put a SKU, all alike: aisle, rack, and its place there."""
    rack, place = divmod(number, _ON_A_RACK)
    aisle, rack = divmod(rack, _RACKS_OF_AN_AISLE)
    return f"{chr(ord('A') + aisle)}-{rack + 1}-{place + 1}"


class Opening:
    """The opening of one brand."""

    def __init__(self, scene: Scene, *, told: Telling) -> None:
        self._scene = scene
        self._told = told

    def open(self, now: datetime) -> None:
        """Bring everything in that is not there yet; raises Fault where something is refused."""
        steps: list[Callable[[datetime], None]] = [
            self._add_goods,
            self._set_prices,
            self._stock_shelves,
            self._hang_codes,
            self._make_offers,
        ]
        for number, step in enumerate(steps):
            self._told(_STAGE, number, len(steps))
            step(now)
        self._told(_STAGE, len(steps), len(steps))

    def _put(self, path: str, entries: list[dict[str, Any]], *, key: str = "open") -> list[Any]:
        """Add things by the batch; what is there already is that. Raises Fault where one is refused."""
        answers = self._scene.api.batch(path, entries, key=f"{key}:{path}")
        for entry, answer in zip(entries, answers, strict=True):
            if not answer.is_good:
                raise AssertionError(f"{path} refuses {entry}: {answer.body}")
        return [answer.body for answer in answers]

    def _add_goods(self, _: datetime) -> None:
        self._put("/api/v1/tax-classes", [{"code": TAX_CLASS, "name": "标准税率 Standard rate"}])
        products = [
            {
                "code": one.code,
                "name": one.name,
                "category": CATEGORY_NAMES[one.category],
                "season": one.season,
            }
            for one in garments()
        ]
        self._put("/api/v1/products", products)
        skus = [
            {
                "code": item.code,
                "product_code": garment.code,
                "name": item.name,
                "tax_class": TAX_CLASS,
                "gtin": item.gtin,
                "attributes": {"colour": item.colour, "size": item.size},
                "care": _folded(item.weight_grams)
                | ({"fitting": "offered"} if garment.code in FITTED else {}),
            }
            for garment in garments()
            for item in garment.skus
        ]
        self._put("/api/v1/skus", skus)

    def _set_prices(self, _: datetime) -> None:
        self._put(
            "/api/v1/price-lists",
            [{"code": PRICE_LIST, "name": "标价 List prices", "currency": CURRENCY}],
        )
        prices = [
            {"price_list_code": PRICE_LIST, "sku_code": item.code, "unit_minor": item.unit_minor}
            for item in items()
        ]
        self._put("/api/v1/prices", prices)
        rate = {
            "tax_class": TAX_CLASS,
            "country": HOME_COUNTRY,
            "valid_from": _TAXED_SINCE,
            "rate_basis_points": TAX_RATE_BASIS_POINTS,
        }
        self._put("/api/v1/tax-rates", [rate])

    def _stock_shelves(self, _: datetime) -> None:
        """Put the opening stock on the shelves, place by place; where goods lie already they are counted instead."""
        scene = self._scene
        load: dict[str, list[Units]] = {}
        for one in opening_stock(scene.stores, stream(scene.ask.seed, "opening")):
            load.setdefault(one.site_code, []).append(one)
        for number, (site_code, of_site) in enumerate(load.items()):
            self._told(_STAGE, 2 * len(load) + number, 4 * len(load))
            lying = scene.api.pages("/api/v1/stock", site_code=site_code)
            if lying:
                scene.shelves.put(
                    Units(
                        site_code=site_code,
                        sku_code=row["sku_code"],
                        units=max(0, row["on_hand"] - row["allocated"] - row["unsellable"]),
                    )
                    for row in lying
                )
            else:
                bring(scene, of_site, name=f"opening-{site_code}", reason="opening")
        shelf_of = {item.code: _shelf(number) for number, item in enumerate(items())}
        places = [
            {"site_code": one.site_code, "sku_code": one.sku_code, "place": shelf_of[one.sku_code]}
            for of_site in load.values()
            for one in of_site
        ]
        self._put("/api/v1/stock/places", places)

    def _hang_codes(self, _: datetime) -> None:
        """Hang a code in every store and give one to every guide; codes that hang there already stay."""
        scene = self._scene
        for kind, name in (("store", "site_code"), ("guide", "party_code")):
            hanging = scene.api.pages("/api/v1/touchpoints", kind=kind)
            scene.codes |= {one[name]: one["code"] for one in hanging if one["retired_at"] is None}
        wanted = [
            {"kind": "store", "site_code": store.code, "label": store.name}
            for store in scene.stores
            if store.code not in scene.codes
        ]
        wanted += [
            {"kind": "guide", "party_code": party}
            for store, number in guides()
            if (party := guide_party(store.code, number)) not in scene.codes
        ]
        made = self._put("/api/v1/touchpoints", wanted)
        names = [one.get("party_code") or one["site_code"] for one in wanted]
        scene.codes |= {name: one["code"] for name, one in zip(names, made, strict=True)}

    def _make_offers(self, now: datetime) -> None:
        """Offer what makes people come back. A draft is saved anew by each opening until all of it is in force."""

        def put(path: str, entries: list[dict[str, Any]]) -> list[Any]:
            return self._put(path, entries, key=self._scene.key("offers"))

        offer(self._scene.api, put, now, price_list=PRICE_LIST, care=_folded(_GOWN_GRAMS))
