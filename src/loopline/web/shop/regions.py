"""Cities as an address form offers them: by province, in the reader's language."""

from functools import lru_cache

import msgspec

from loopline.kernel.cities import CITIES, city_by_code
from loopline.web.languages import Language


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A city to choose."""

    code: str
    name: str


class Province(msgspec.Struct, frozen=True, kw_only=True):
    """A province with its cities."""

    name: str
    cities: tuple[Choice, ...]


def provinces(language: Language) -> tuple[Province, ...]:
    """Return the cities that goods are sent to, by province, in the order of their codes."""
    return _provinces(language.code)


@lru_cache(maxsize=4)
def _provinces(code: str) -> tuple[Province, ...]:
    grouped: dict[str, list[Choice]] = {}
    for city in CITIES:
        name = city.chinese if code == "zh" else f"{city.english} {city.chinese}"
        grouped.setdefault(city.province_chinese, []).append(Choice(code=city.region_code, name=name))
    return tuple(Province(name=name, cities=tuple(cities)) for name, cities in grouped.items())


def region_words(region_code: str, code: str) -> str:
    """Return a region as an address line says it; nothing where nobody knows it."""
    city = city_by_code(region_code)
    if city is None:
        return ""
    if code != "zh":
        return city.english
    return city.chinese if city.chinese == city.province_chinese else city.province_chinese + city.chinese
