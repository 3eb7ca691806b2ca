"""Themes: what reviews speak of, known by words; a list as it comes with the house, until HQ writes its own."""

from loopline.reviews.reading import Theme


def _words(*lines: str) -> tuple[str, ...]:
    return tuple(word for line in lines for word in line.split("|"))


THEMES: tuple[Theme, ...] = (
    Theme(
        code="quality",
        name_zh="质量",
        name_en="Quality",
        words=_words(
            "质量|品质|做工|材质|面料|料子|布料|手感|走线|线头|起球|掉色|褪色|变形|破洞|开线|瑕疵",
            "结实|耐用|坏了|脱线|缩水|味道|异味|新鲜|坏的|quality|fabric|material|stitching|seam",
            "faded|broke|broken|durable|flimsy|sturdy|defect|defective|well made|fell apart|fresh",
            "smell|smells",
        ),
    ),
    Theme(
        code="fit",
        name_zh="尺码合身",
        name_en="Fit and size",
        words=_words(
            "尺码|尺寸|大小|合身|偏大|偏小|太大|太小|大了|小了|显瘦|显胖|版型|腰围|偏紧|太紧|宽松",
            "长度|太长|太短|均码|合适|size|sizing|fit|fits|fitted|too big|too small|too tight",
            "too long|too short|loose|waist|sleeve|sleeves",
        ),
    ),
    Theme(
        code="looks",
        name_zh="外观颜色",
        name_en="Looks and colour",
        words=_words(
            "颜色|色差|好看|漂亮|难看|款式|样式|图片|实物|外观|时尚|显老|洋气|colour|color|style",
            "stylish|looks|pretty|ugly|beautiful|picture|photo",
        ),
    ),
    Theme(
        code="packing",
        name_zh="包装",
        name_en="Packing",
        is_of_sending=True,
        words=_words(
            "包装|盒子|纸箱|箱子|压坏|压扁|漏了|洒了|破损|褶皱|皱巴巴|挤压|气泡|发错|少发|漏发",
            "错发|配件|封口|碎了|磕碰|划痕|二手|packing|packaging|packed|box|crushed|leaked",
            "damaged|dented|wrinkled|creased|wrong item|missing|scratched|torn",
        ),
    ),
    Theme(
        code="delivery",
        name_zh="配送",
        name_en="Delivery",
        is_of_sending=True,
        words=_words(
            "物流|快递|发货|送货|配送|到货|收到货|速度|几天|派送|自提|迟到|晚到|送到|送来|等了",
            "等得|慢了|送达|骑手|小哥|delivery|delivered|shipping|shipped|courier|arrived|late",
            "dispatch|days|on time|tracking",
        ),
    ),
    Theme(
        code="staff",
        name_zh="店员服务",
        name_en="Staff and service",
        words=_words(
            "服务|店员|导购|客服|态度|耐心|热情|店家|卖家|老板|服务员|前台|不理人|招呼|售后",
            "试衣间|排队|staff|service|assistant|rude|friendly|helpful|attitude|manager|cashier",
            "polite|queue|fitting room",
        ),
    ),
    Theme(
        code="price",
        name_zh="价格",
        name_en="Price",
        words=_words(
            "价格|价钱|便宜|太贵|贵了|性价比|划算|实惠|降价|优惠|打折|涨价|差价|值得|不值|超值",
            "促销|赠品|满减|price|priced|cheap|expensive|overpriced|worth|value|discount|bargain",
            "deal|money",
        ),
    ),
    Theme(
        code="genuine",
        name_zh="真伪",
        name_en="Genuineness",
        words=_words(
            "正品|假货|真品|假的|盗版|仿冒|山寨|真伪|防伪|水货|高仿|专柜|翻新|genuine|fake",
            "authentic|counterfeit|original|knock-off|refurbished|replica",
        ),
    ),
)
"""The list as it comes with the house."""
