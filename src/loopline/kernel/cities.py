"""Cities of China: their codes, their names and where their centres lie; and the names of all provinces.

Some sixty cities at prefecture level, among them the four municipalities, from every part of the country: enough to
know roughly where a parcel goes when all that is known is the region in its address. Centres are those of the old town
or of the city's government, to two decimals, about a kilometre; whoever needs a street asks a map.
"""

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from loopline.kernel.geography import Coordinates


class City(msgspec.Struct, frozen=True, kw_only=True):
    """A city at prefecture level; `region_code` is its six digits of GB/T 2260, a municipality's as 310100."""

    region_code: str
    chinese: str
    english: str
    province_chinese: str
    coordinates: Coordinates


# Code, name, name in English, province, longitude and latitude of the centre.
_TABLE = """
110100 北京市 Beijing 北京市 116.41 39.90
120100 天津市 Tianjin 天津市 117.20 39.13
130100 石家庄市 Shijiazhuang 河北省 114.51 38.04
130200 唐山市 Tangshan 河北省 118.18 39.63
130600 保定市 Baoding 河北省 115.46 38.87
140100 太原市 Taiyuan 山西省 112.55 37.87
150100 呼和浩特市 Hohhot 内蒙古自治区 111.75 40.84
210100 沈阳市 Shenyang 辽宁省 123.43 41.80
210200 大连市 Dalian 辽宁省 121.61 38.91
220100 长春市 Changchun 吉林省 125.32 43.82
230100 哈尔滨市 Harbin 黑龙江省 126.53 45.80
310100 上海市 Shanghai 上海市 121.47 31.23
320100 南京市 Nanjing 江苏省 118.80 32.06
320200 无锡市 Wuxi 江苏省 120.31 31.49
320300 徐州市 Xuzhou 江苏省 117.28 34.21
320400 常州市 Changzhou 江苏省 119.97 31.81
320500 苏州市 Suzhou 江苏省 120.58 31.30
320600 南通市 Nantong 江苏省 120.89 31.98
321000 扬州市 Yangzhou 江苏省 119.41 32.39
330100 杭州市 Hangzhou 浙江省 120.21 30.25
330200 宁波市 Ningbo 浙江省 121.55 29.87
330300 温州市 Wenzhou 浙江省 120.70 27.99
330400 嘉兴市 Jiaxing 浙江省 120.76 30.75
330600 绍兴市 Shaoxing 浙江省 120.58 30.03
330700 金华市 Jinhua 浙江省 119.65 29.08
331000 台州市 Taizhou 浙江省 121.42 28.66
340100 合肥市 Hefei 安徽省 117.23 31.82
340200 芜湖市 Wuhu 安徽省 118.43 31.35
350100 福州市 Fuzhou 福建省 119.30 26.07
350200 厦门市 Xiamen 福建省 118.09 24.48
350500 泉州市 Quanzhou 福建省 118.68 24.87
360100 南昌市 Nanchang 江西省 115.86 28.68
370100 济南市 Jinan 山东省 117.12 36.65
370200 青岛市 Qingdao 山东省 120.38 36.07
370600 烟台市 Yantai 山东省 121.45 37.46
370700 潍坊市 Weifang 山东省 119.16 36.71
371300 临沂市 Linyi 山东省 118.36 35.10
410100 郑州市 Zhengzhou 河南省 113.63 34.75
410300 洛阳市 Luoyang 河南省 112.45 34.62
420100 武汉市 Wuhan 湖北省 114.31 30.59
420500 宜昌市 Yichang 湖北省 111.29 30.69
430100 长沙市 Changsha 湖南省 112.94 28.23
440100 广州市 Guangzhou 广东省 113.26 23.13
440300 深圳市 Shenzhen 广东省 114.06 22.54
440400 珠海市 Zhuhai 广东省 113.58 22.27
440600 佛山市 Foshan 广东省 113.12 23.02
441300 惠州市 Huizhou 广东省 114.42 23.11
441900 东莞市 Dongguan 广东省 113.75 23.02
442000 中山市 Zhongshan 广东省 113.39 22.52
450100 南宁市 Nanning 广西壮族自治区 108.37 22.82
450300 桂林市 Guilin 广西壮族自治区 110.29 25.27
460100 海口市 Haikou 海南省 110.20 20.04
460200 三亚市 Sanya 海南省 109.51 18.25
500100 重庆市 Chongqing 重庆市 106.55 29.56
510100 成都市 Chengdu 四川省 104.07 30.57
510700 绵阳市 Mianyang 四川省 104.68 31.47
520100 贵阳市 Guiyang 贵州省 106.63 26.65
530100 昆明市 Kunming 云南省 102.83 24.88
610100 西安市 Xi'an 陕西省 108.94 34.34
620100 兰州市 Lanzhou 甘肃省 103.83 36.06
630100 西宁市 Xining 青海省 101.78 36.62
640100 银川市 Yinchuan 宁夏回族自治区 106.23 38.49
650100 乌鲁木齐市 Ürümqi 新疆维吾尔自治区 87.62 43.83
"""

# The first two digits of a code of GB/T 2260, and what they stand for.
_PROVINCE_TABLE = """
11 北京市 12 天津市 13 河北省 14 山西省 15 内蒙古自治区 21 辽宁省
22 吉林省 23 黑龙江省 31 上海市 32 江苏省 33 浙江省 34 安徽省
35 福建省 36 江西省 37 山东省 41 河南省 42 湖北省 43 湖南省
44 广东省 45 广西壮族自治区 46 海南省 50 重庆市 51 四川省 52 贵州省
53 云南省 54 西藏自治区 61 陕西省 62 甘肃省 63 青海省 64 宁夏回族自治区
65 新疆维吾尔自治区 71 台湾省 81 香港特别行政区 82 澳门特别行政区
"""
_PROVINCE_WORDS = _PROVINCE_TABLE.split()
PROVINCES: Mapping[str, str] = MappingProxyType(
    dict(zip(_PROVINCE_WORDS[::2], _PROVINCE_WORDS[1::2], strict=True))
)
"""Provinces, regions, municipalities: names by the two digits that their codes begin with."""

# A municipality's districts and its counties have different first four digits; both mean the one city.
_SAME_CITY = MappingProxyType(
    {"1100": "1101", "1200": "1201", "3100": "3101", "5000": "5001", "5002": "5001"}
)


def _city(row: str) -> City:
    code, chinese, english, province, longitude, latitude = row.split()
    return City(
        region_code=code,
        chinese=chinese,
        english=english,
        province_chinese=province,
        coordinates=Coordinates(longitude=float(longitude), latitude=float(latitude)),
    )


CITIES: tuple[City, ...] = tuple(_city(row) for row in _TABLE.strip().splitlines())
# With and without what it is (市): both are typed.
_NAMES: tuple[tuple[str, City], ...] = tuple(
    (name, city)
    for city in CITIES
    for name in dict.fromkeys((city.chinese, city.chinese.removesuffix("市"), city.english.casefold()))
)
_BY_CODE: Mapping[str, City] = MappingProxyType({city.region_code: city for city in CITIES})


def city_in(text: str) -> City | None:
    """Return the city that a typed address names, in Chinese or English: the longest that stands first.

    None where it names none of the table: a district alone, or a street.
    """
    typed = unicodedata.normalize("NFKC", text).casefold()
    found = [(typed.find(name), -len(name), city) for name, city in _NAMES if name in typed]
    return min(found, key=lambda one: one[:2])[2] if found else None


def city_by_code(region_code: str) -> City | None:
    """Return the city that a code of GB/T 2260 names or lies in, or None where the table has none.

    A district's code leads to its city; a province's leads nowhere, but for the four municipalities, which are both.
    """
    if len(region_code) != len("310100") or not (region_code.isascii() and region_code.isdigit()):
        return None
    prefix = _SAME_CITY.get(region_code[:4], region_code[:4])
    return _BY_CODE.get(prefix + "00")
