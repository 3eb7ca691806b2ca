"""What the made-up brand sells: sixty products in some colours and sizes, four hundred SKUs, with prices in fen.

GTINs begin with 29: numbers of that range belong to no company anywhere, and their check digits are right.
"""

from functools import cache

import msgspec

TAX_CLASS = "standard"
TAX_RATE_BASIS_POINTS = 1_300
GTIN_PREFIX = "29026"
_LETTERS = ("S", "M", "L", "XL")
_ONE_SIZE = ("均码",)
_COLOURS = {
    "黑": "Black",
    "白": "White",
    "米": "Cream",
    "灰": "Grey",
    "蓝": "Blue",
    "绿": "Green",
    "红": "Red",
    "棕": "Brown",
    "粉": "Pink",
    "紫": "Violet",
}

# Name, name in English, category, season, price in yuan, grams, colours; sizes are the category's.
_PRODUCTS = """
云锦真丝衬衫 Silk-shirt shirts spring 459 180 白粉
竹节棉衬衫 Slub-cotton-shirt shirts spring 269 210 白蓝
立领亚麻衬衫 Linen-band-collar-shirt shirts summer 299 190 米绿
牛津通勤衬衫 Oxford-shirt shirts spring 249 240 白蓝
飘带雪纺衫 Bow-chiffon-blouse shirts summer 279 160 米粉
宽松条纹衬衫 Striped-easy-shirt shirts autumn 259 230 蓝灰
精梳棉短袖 Combed-cotton-tee tops summer 119 170 黑白
重磅圆领卫衣 Heavy-sweatshirt tops autumn 229 480 灰绿
罗纹打底衫 Ribbed-base-top tops winter 149 200 黑米
方领泡泡袖上衣 Square-neck-puff-top tops summer 189 190 白粉
国风盘扣上衣 Knot-button-top tops spring 319 230 红蓝
运动速干上衣 Quick-dry-top tops summer 159 150 黑紫
印花短袖 Printed-tee tops summer 139 170 白绿
拉链连帽卫衣 Zip-hoodie tops autumn 279 560 黑灰
山茶连衣裙 Camellia-dress dresses spring 499 320 红绿
茶歇碎花裙 Floral-tea-dress dresses summer 429 300 蓝粉
针织长裙 Knit-long-dress dresses autumn 469 460 黑棕
衬衫连衣裙 Shirt-dress dresses spring 399 340 白蓝
新中式旗袍裙 Modern-qipao-dress dresses summer 599 330 绿红
吊带丝绒裙 Velvet-slip-dress dresses winter 459 310 黑红
直筒西裤 Straight-trousers trousers autumn 329 380 黑灰
阔腿亚麻裤 Wide-linen-trousers trousers summer 299 320 米绿
高腰牛仔裤 High-rise-jeans trousers spring 349 620 蓝黑
束脚工装裤 Cargo-joggers trousers autumn 309 520 绿黑
烟管九分裤 Cigarette-trousers trousers spring 289 340 黑棕
运动休闲裤 Track-trousers trousers winter 239 450 黑灰
灯芯绒长裤 Corduroy-trousers trousers winter 319 560 棕米
百褶半身裙 Pleated-skirt skirts spring 279 310 黑米
马面裙 Horse-face-skirt skirts spring 529 480 红黑
牛仔半裙 Denim-skirt skirts summer 249 430 蓝黑
鱼尾针织裙 Fishtail-knit-skirt skirts autumn 289 360 灰棕
缎面长裙 Satin-long-skirt skirts summer 319 290 绿紫
羊毛开衫 Wool-cardigan knitwear autumn 429 420 米灰
麻花毛衣 Cable-jumper knitwear winter 379 560 白棕
高领羊绒衫 Cashmere-roll-neck knitwear winter 899 330 黑米
针织马甲 Knit-vest knitwear autumn 219 240 灰绿
镂空针织衫 Openwork-knit-top knitwear summer 239 210 白紫
双面呢大衣 Double-face-coat coats winter 1299 1250 棕黑
轻薄羽绒服 Light-down-jacket coats winter 699 480 黑紫
长款羽绒服 Long-down-coat coats winter 1199 1100 黑白
风衣外套 Trench-coat coats autumn 799 980 米棕
牛仔外套 Denim-jacket coats spring 399 780 蓝黑
西装外套 Tailored-blazer coats autumn 659 720 黑灰
棉服短外套 Padded-short-jacket coats winter 499 690 绿粉
真丝方巾 Silk-scarf accessories spring 199 60 红蓝紫
羊绒围巾 Cashmere-scarf accessories winter 359 180 灰米红
编织草帽 Woven-hat accessories summer 129 110 米棕黑
渔夫帽 Bucket-hat accessories spring 109 90 黑米绿
羊皮腰带 Leather-belt accessories autumn 169 150 黑棕白
珍珠发夹 Pearl-hair-clip accessories summer 59 30 白粉紫
棉质短袜 Cotton-socks accessories autumn 39 50 白黑灰
羊毛手套 Wool-gloves accessories winter 129 90 黑灰红
手工编织包 Hand-woven-bag bags summer 329 420 米棕绿
通勤托特包 Commuter-tote bags spring 399 680 黑棕米
迷你链条包 Mini-chain-bag bags autumn 359 380 黑红白
帆布斜挎包 Canvas-crossbody bags summer 179 340 绿蓝米
牛皮水桶包 Bucket-bag bags autumn 529 620 棕黑红
折叠旅行包 Folding-travel-bag bags summer 219 390 黑紫蓝
真皮卡包 Leather-card-case bags winter 129 70 黑棕红
丝绒晚宴包 Velvet-evening-bag bags winter 289 260 黑红紫
"""
CATEGORY_NAMES = {
    "shirts": "衬衫 Shirts",
    "tops": "上衣 Tops",
    "dresses": "连衣裙 Dresses",
    "trousers": "裤装 Trousers",
    "skirts": "半裙 Skirts",
    "knitwear": "针织 Knitwear",
    "coats": "外套 Coats",
    "accessories": "配饰 Accessories",
    "bags": "箱包 Bags",
}
FITTED = frozenset({"LZ019", "LZ043"})
"""What is pinned on its wearer by somebody of the store: the qipao dress and the tailored blazer."""
_ONE_SIZE_ONLY = frozenset({"accessories", "bags"})


class Garment(msgspec.Struct, frozen=True, kw_only=True):
    """A product with its SKUs. `popularity` says how often it is bought against the others."""

    code: str
    name: str
    category: str
    season: str
    unit_minor: int
    weight_grams: int
    popularity: float
    skus: tuple["Item", ...]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU: one colour and size. `popularity` is its part of the product's."""

    code: str
    name: str
    gtin: str
    colour: str
    size: str
    unit_minor: int
    weight_grams: int
    popularity: float


@cache
def garments() -> tuple[Garment, ...]:
    """Return every product, in the order of their codes."""
    return tuple(_garment(number, row) for number, row in enumerate(_PRODUCTS.strip().splitlines(), start=1))


@cache
def items() -> tuple[Item, ...]:
    """Return every SKU, in the order of the products."""
    return tuple(item for garment in garments() for item in garment.skus)


def with_check_digit(digits: str) -> str:
    """Return twelve digits with the thirteenth, by the GS1 rule: weights 1 and 3 from the left, up to the next ten."""
    total = sum(int(digit) * (3 if position % 2 else 1) for position, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def _garment(number: int, row: str) -> Garment:
    chinese, english, category, season, yuan, grams, colours = row.split()
    code, name = f"LZ{number:03d}", f"{chinese} {english.replace('-', ' ')}"
    sizes = _ONE_SIZE if category in _ONE_SIZE_ONLY else _LETTERS
    curve = (1.0,) if sizes is _ONE_SIZE else (0.8, 1.3, 1.2, 0.7)
    popularity = round(1.6 / (1 + (number * 37 % 60) / 12) + 0.2, 3)
    unit_minor = int(yuan) * 100
    made = [
        Item(
            code=f"{code}-{_letter(place)}{sizes[at] if len(sizes) > 1 else ''}".rstrip("-"),
            name=f"{name} {colour}/{_COLOURS[colour]} {sizes[at]}",
            gtin=with_check_digit(f"{GTIN_PREFIX}{number:03d}{place}{at}00"),
            colour=colour,
            size=sizes[at],
            unit_minor=unit_minor,
            weight_grams=int(grams),
            popularity=round(popularity * curve[at] * (1.15 if place == 0 else 0.85), 3),
        )
        for place, colour in enumerate(colours)
        for at in range(len(sizes))
    ]
    return Garment(
        code=code,
        name=name,
        category=category,
        season=season,
        unit_minor=unit_minor,
        weight_grams=int(grams),
        popularity=popularity,
        skus=tuple(made),
    )


def _letter(place: int) -> str:
    """Colours are lettered within a product."""
    return "ABC"[place]
