"""Regions as people of a brand name them: provinces and cities by their names or codes (GB/T 2260)."""

import re
from collections.abc import Mapping, Sequence

from loopline.kernel.cities import CITIES, city_by_code
from loopline.web.languages import Language

_BETWEEN = re.compile(r"[\s,，、;；]+")
_CODE = re.compile(r"[0-9]{2}|[0-9]{6}")
_PROVINCE_DIGITS = 2
# Code, name, name in English.
_TABLE = """
11 北京 Beijing
12 天津 Tianjin
13 河北 Hebei
14 山西 Shanxi
15 内蒙古 Inner-Mongolia
21 辽宁 Liaoning
22 吉林 Jilin
23 黑龙江 Heilongjiang
31 上海 Shanghai
32 江苏 Jiangsu
33 浙江 Zhejiang
34 安徽 Anhui
35 福建 Fujian
36 江西 Jiangxi
37 山东 Shandong
41 河南 Henan
42 湖北 Hubei
43 湖南 Hunan
44 广东 Guangdong
45 广西 Guangxi
46 海南 Hainan
50 重庆 Chongqing
51 四川 Sichuan
52 贵州 Guizhou
53 云南 Yunnan
54 西藏 Tibet
61 陕西 Shaanxi
62 甘肃 Gansu
63 青海 Qinghai
64 宁夏 Ningxia
65 新疆 Xinjiang
71 台湾 Taiwan
81 香港 Hong-Kong
82 澳门 Macao
"""
PROVINCES: Mapping[str, tuple[str, str]] = {
    code: (chinese, english) for code, chinese, english in map(str.split, _TABLE.strip().splitlines())
}
"""Names of provinces, in Chinese and in English, by the first two digits of their codes."""


def read_regions(text: str) -> tuple[list[str], str]:
    """Read codes or names of regions; returns their codes, and the first word that is neither, else nothing."""
    found: list[str] = []
    for word in filter(None, _BETWEEN.split(text)):
        code = word.removesuffix("0000") if word.isascii() and _CODE.fullmatch(word) else _code_of(word)
        if code is None or (len(code) == _PROVINCE_DIGITS and code not in PROVINCES):
            return found, word
        found.append(code)
    return found, ""


def _code_of(name: str) -> str | None:
    """The code of a province, else of a city we know, by its name in either language, with 省 or 市 or without."""
    for code, (chinese, english) in PROVINCES.items():
        if name.startswith(chinese) or name.lower() == english.lower():
            return code
    for city in CITIES:
        if name in (city.chinese, city.chinese.removesuffix("市")) or name.lower() == city.english.lower():
            return city.region_code
    return None


def regions_said(codes: Sequence[str], language: Language) -> str:
    """Name regions in the reader's language; what has no name is said by its code."""
    return ("、" if language.code == "zh" else ", ").join(_said(code, language) for code in codes)


def _said(code: str, language: Language) -> str:
    is_chinese = language.code == "zh"
    if code in PROVINCES:
        return PROVINCES[code][0 if is_chinese else 1]
    city = city_by_code(code)
    if city is None:
        return code
    return city.chinese if is_chinese else city.english
