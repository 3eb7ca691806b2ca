"""A small shop to walk into: the brand of `shop` with garments in colours and sizes, and three stores to collect in."""

from datetime import UTC, datetime

from loopline import catalogue
from loopline.catalogue import NewProduct, NewSku
from loopline.db import Conn
from loopline.kernel.ids import SkuId, uuid7s
from loopline.orders import ChannelTerms, put_channels
from loopline.pricing import NewPrice, NewPriceList, add_price_lists, set_prices
from loopline.processes.index import write_down_products
from loopline.stock import Fact, MovementReason, record_facts
from tests.make.org import succeeded
from tests.make.shop import OPENED, SITES, Shop, open_shop

GARMENTS = (
    ("LZ001", "云锦真丝衬衫 Silk shirt", "shirts", 45_900, ("白 White", "粉 Pink"), ("S", "M", "L")),
    ("LZ017", "针织长裙 Knit long dress", "dresses", 46_900, ("棕 Brown", "黑 Black"), ("S", "M", "L", "XL")),
    ("LZ038", "双面呢大衣 Double-face coat", "coats", 129_900, ("棕 Brown", "黑 Black"), ("M", "L")),
    ("LZ023", "高腰牛仔裤 High-rise jeans", "trousers", 34_900, ("蓝 Blue", "黑 Black"), ("S", "M", "L")),
    ("LZ029", "马面裙 Horse-face skirt", "skirts", 52_900, ("红 Red", "黑 Black"), ("S", "M")),
    ("LZ034", "麻花毛衣 Cable jumper", "knitwear", 37_900, ("米 Cream", "棕 Brown"), ("M", "L")),
    ("LZ008", "重磅圆领卫衣 Heavy sweatshirt", "tops", 22_900, ("灰 Grey", "绿 Green"), ("M", "L", "XL")),
    ("LZ045", "真丝方巾 Silk scarf", "accessories", 19_900, ("红 Red", "蓝 Blue", "紫 Violet"), ("均码",)),
    ("LZ053", "通勤托特包 Commuter tote", "bags", 39_900, ("黑 Black", "米 Cream"), ("均码",)),
)
HOLD_MINUTES = 15
SHOPPING = datetime(2026, 3, 4, 4, tzinfo=UTC)


def open_shopfront(conn: Conn, *, units: int = 6) -> Shop:
    """Found the brand with its garments; the first one is cheaper in the shop than on its list."""
    shop = open_shop(conn)
    terms = [
        ChannelTerms(
            code=code,
            name=code,
            network_node_id=shop.network,
            hold_minutes_default=HOLD_MINUTES,
            time_zone="Asia/Shanghai",
        )
        for code in ("web", "livestream")
    ]
    put_channels(conn, terms)
    skus = _hang_up(conn)
    _price(conn, skus)
    pairs = [(shop.leaves[site], sku_id) for site in SITES for sku_id in skus.values()]
    facts = [
        Fact(id=made, leaf_id=leaf, sku_id=sku_id, reason=MovementReason.RECEIPT, on_hand=units)
        for (leaf, sku_id), made in zip(pairs, uuid7s(OPENED, len(pairs)), strict=True)
    ]
    if units:
        succeeded(record_facts(conn, facts, now=OPENED))
    return shop


def _hang_up(conn: Conn) -> dict[str, SkuId]:
    products = [
        NewProduct(code=code, name=name, category=category) for code, name, category, _, _, _ in GARMENTS
    ]
    added = succeeded(catalogue.add_products(conn, products, now=OPENED))
    skus = [
        NewSku(
            code=f"{code}-{'ABC'[place]}{size if size != '均码' else ''}".rstrip("-"),
            product_code=code,
            name=f"{name} {colour} {size}",
            tax_class="standard",
            attributes={"colour": colour, "size": size},
        )
        for code, name, _, _, colours, sizes in GARMENTS
        for place, colour in enumerate(colours)
        for size in sizes
    ]
    found = {one.code: one.sku_id for one in succeeded(catalogue.add_skus(conn, skus, now=OPENED))}
    write_down_products(conn, [one.product_id for one in added])
    return found


def _price(conn: Conn, skus: dict[str, SkuId]) -> None:
    usual = {code: minor for code, _, _, minor, _, _ in GARMENTS}
    lists = [
        NewPriceList(code="GARMENTS", name="Garments", currency="CNY", valid_from=OPENED, priority=1),
        NewPriceList(code="WEB", name="Web", currency="CNY", valid_from=OPENED, channel="web"),
    ]
    base, web = succeeded(add_price_lists(conn, lists, now=OPENED))
    prices = [
        NewPrice(
            price_list_id=base.price_list_id,
            sku_id=sku_id,
            unit_minor=usual[code.split("-")[0]],
            valid_from=OPENED,
        )
        for code, sku_id in skus.items()
    ]
    cheaper = [
        NewPrice(price_list_id=web.price_list_id, sku_id=sku_id, unit_minor=39_900, valid_from=OPENED)
        for code, sku_id in skus.items()
        if code.startswith("LZ001")
    ]
    succeeded(set_prices(conn, [*prices, *cheaper], now=OPENED))
