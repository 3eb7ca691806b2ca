"""Where a customer wants it near to: a city in an address they type, or the place their browser tells, roughly.

What a browser tells is rounded to a hundredth of a degree, about a kilometre, before it leaves the phone, and once more
here; it is kept for as long as a visit lasts, in a cookie of the browser and nowhere else.
"""

import re

import msgspec
from litestar.datastructures import Cookie

from loopline.kernel.cities import city_by_code, city_in
from loopline.kernel.geography import Coordinates
from loopline.web.edge import WebRequest
from loopline.web.languages import Language, marked
from loopline.web.shop.regions import region_words
from loopline.web.shop.shopper import PLACE_LENGTH

NEAR_COOKIE = "loopline_near"
HERE_WORD = marked("your place")
_PLACE = re.compile(r"(-?\d{1,2}(?:\.\d{1,8})?),(-?\d{1,3}(?:\.\d{1,8})?)")
_TEXT_MAX = 100


class Near(msgspec.Struct, frozen=True, kw_only=True):
    """A place to be near to: a city by its code, or (code empty) the browser's place."""

    coordinates: Coordinates
    region_code: str = ""

    @property
    def kept(self) -> str:
        """How the browser keeps it."""
        at = self.coordinates
        return self.region_code or f"{at.latitude:.2f},{at.longitude:.2f}"

    def words(self, language: Language) -> str:
        """Say where that is."""
        return region_words(self.region_code, language.code) if self.region_code else language.say(HERE_WORD)


def near_in(text: str) -> Near | None:
    """Return the place that a text names: latitude and longitude, a region's code, or an address with a city in it."""
    typed = text.strip()[:_TEXT_MAX]
    place = _PLACE.fullmatch(typed)
    if place is not None:
        latitude, longitude = (round(float(one), 2) for one in place.groups())
        if abs(latitude) > 90 or abs(longitude) > 180:
            return None
        return Near(coordinates=Coordinates(longitude=longitude, latitude=latitude))
    city = city_by_code(typed) or city_in(typed)
    return Near(coordinates=city.coordinates, region_code=city.region_code) if city is not None else None


def near_of(request: WebRequest, *, otherwise: str = "") -> tuple[Near | None, bool]:
    """Return where somebody wants it near to, and whether a place that they typed is known nowhere.

    What the address of the page says, else what the browser kept, else `otherwise`, the region of their own address.
    """
    typed = request.query_params.get("near", "").strip()
    found = near_in(typed) if typed else None
    if found is not None:
        return found, False
    kept = near_in(request.cookies.get(NEAR_COOKIE, "").replace("_", ",")) or near_in(otherwise)
    return kept, bool(typed)


def near_cookie(near: Near, *, is_secure: bool) -> Cookie:
    """Keep a place for as long as a visit lasts."""
    return Cookie(
        key=NEAR_COOKIE,
        value=near.kept.replace(",", "_"),
        max_age=int(PLACE_LENGTH.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=is_secure,
    )
