"""What the made-up customers write in their reviews: short Chinese sentences put together by chance."""

from random import Random

_GOODS = {
    "shirts": ("版型很正，上班穿刚好", "料子透气，洗了两次没变形", "领子挺括，不用怎么熨"),
    "tops": ("面料柔软，贴身穿不扎", "颜色和图片一样", "厚度适中，空调房正好"),
    "dresses": ("上身显瘦，同事都问链接", "裙摆垂感好，走路很好看", "花色耐看，不挑肤色"),
    "trousers": ("腰围刚好，不用改", "裤型利落，显腿直", "坐一天也不起包"),
    "skirts": ("长度到小腿，很优雅", "褶子压得整齐", "马面的纹样特别精致"),
    "knitwear": ("很暖和，也不起球", "针脚细密，手感软糯", "配大衣一层就够了"),
    "coats": ("挡风，版型大气", "很轻但是真的暖", "做工对得起价格"),
    "accessories": ("小物件很百搭", "包装精致，送人合适", "颜色比想象的更好看"),
    "bags": ("容量刚好放下电脑", "皮质有质感，五金不掉色", "轻便，出差很实用"),
}
_GOOD_ENDINGS = ("会回购。", "推荐。", "满意。", "五星好评！", "")
_FAIR = (
    "整体不错，袖口有一点线头。",
    "尺码偏大一点，建议拍小一码。",
    "颜色比图片深一些，可以接受。",
    "物流慢了一天，东西还行。",
)
_POOR = (
    "收到有褶皱，熨了才能穿。",
    "腰这里偏紧，换了一码。",
    "和直播里看的有色差，有点失望。",
    "等得有点久，希望快一些。",
)
_SERVICE = (
    "导购很耐心，帮我搭了三套。",
    "店员建议很中肯，不强推。",
    "自提很快，报了码就拿到了。",
    "扫码下单很方便，不用排队。",
    "试衣间干净，灯光也好。",
)
_SERVICE_POOR = ("周末人多，等了一会儿才有人招呼。", "想要的尺码没有了，从别的店调的。")
_STARS = (5, 5, 5, 5, 4, 4, 3, 2)
STARS_GOOD = 4


def draw_stars(chance: Random) -> int:
    """Return how many stars somebody gives: mostly four or five."""
    return chance.choice(_STARS)


def about_goods(category: str, stars: int, chance: Random) -> str:
    """Return what somebody says of goods of a category."""
    if stars > STARS_GOOD:
        return f"{chance.choice(_GOODS[category])}，{chance.choice(_GOOD_ENDINGS)}".rstrip("，")
    if stars == STARS_GOOD:
        return f"{chance.choice(_GOODS[category])}。{chance.choice(_FAIR)}"
    return chance.choice(_FAIR if stars > 2 else _POOR)


def about_service(stars: int, chance: Random) -> str:
    """Return what somebody says of a store's service."""
    return chance.choice(_SERVICE if stars >= STARS_GOOD else _SERVICE_POOR)
