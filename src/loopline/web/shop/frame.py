"""What the shop's pages share: the brand's name on top, money as customers read it, the way back."""

import time
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

import phonenumbers
from babel.numbers import format_currency, get_currency_precision
from litestar import Request, Response
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import org
from loopline.db import Conn
from loopline.org.queries import brand_companies
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.languages import Language
from loopline.web.pages import page
from loopline.web.paths import HOME, safe_path
from loopline.web.shop.pictures import picture_path
from loopline.web.shop.shopper import NotSignedInAsMember, Place, Shopper, place_cookie

T = TypeVar("T")

SHOP = "/shop"
SIGN_IN = "/me/sign-in"
_BRAND_STATE = "shop_brand"
_BRAND_SECONDS = 60.0
_NO_BRAND = "Loopline"


def shop_page(
    request: WebRequest, template: str, *, shopper: Shopper | None, status: int = 200, **context: Any
) -> Template:
    """Answer with a page of the shop."""
    language = language_of(request)
    return page(
        request,
        f"shop/{template}",
        status=status,
        shopper=shopper,
        brand=language.called(_brand_name(request)),
        picture=picture_path,
        price=partial(price, language),
        phone=phone_words,
        **({"back": None, "tab": ""} | context),
    )


def phone_words(phone: str) -> str:
    """Write a phone in the groups people read, those of China without their country; what is none stays as it is."""
    try:
        number = phonenumbers.parse(phone, "CN")
    except phonenumbers.NumberParseException:
        return phone
    is_home = number.country_code == 86
    style = (
        phonenumbers.PhoneNumberFormat.NATIONAL if is_home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(number, style)


def _brand_name(request: WebRequest) -> str:
    """The name of the brand, read once a minute: every page shows it, and it hardly ever changes."""
    known = request.app.state.get(_BRAND_STATE)
    if known is not None and known[0] > time.monotonic():
        return known[1]
    with edge_of(request).database.reading() as conn:
        name = _read_brand_name(conn)
    request.app.state[_BRAND_STATE] = (time.monotonic() + _BRAND_SECONDS, name)
    return name


def _read_brand_name(conn: Conn) -> str:
    companies = brand_companies(conn)
    if not companies:
        return _NO_BRAND
    units = org.branch_units(conn, [companies[0].unit_id])
    return next((unit.name for unit in units if unit.id == companies[0].unit_id), companies[0].name)


def price(language: Language, minor: int, currency: str) -> str:
    """Write a price as shops do: whole amounts without cents."""
    precision = get_currency_precision(currency)
    if minor % 10**precision:
        return language.money(minor, currency)
    return format_currency(
        Decimal(minor).scaleb(-precision),
        currency,
        locale=language.locale,
        format="¤#,##0",
        currency_digits=False,
    )


def moment(language: Language, at: datetime, zone_name: str) -> str:
    """Write day and time as a customer reads them."""
    return language.clock_of_day(at, zone_name)


def back_path(stated: str | None, *, otherwise: str = SHOP) -> str:
    """Return a path of ours to go back to; what leads elsewhere, or to the staff's pages, is not followed."""
    found = safe_path(stated)
    return otherwise if found == HOME else found


def sign_in_at(path: str) -> str:
    """Return the address of the shop's sign-in page that leads back to a path."""
    return f"{SIGN_IN}?next={quote(path, safe='')}"


def on_not_signed_in(request: Request[Any, Any, Any], _: NotSignedInAsMember) -> Response[Any]:
    """Send whoever must be a member to the sign-in page, and from there on to where they wanted."""
    query = f"?{request.url.query}" if request.url.query else ""
    wanted = request.url.path + query if request.method == "GET" else "/me"
    return Redirect(sign_in_at(wanted), status_code=HTTP_303_SEE_OTHER)


def go(path: str) -> Redirect:
    """Go on to a page after a form."""
    return Redirect(path, status_code=HTTP_303_SEE_OTHER)


def nothing_here(
    request: WebRequest, *, shopper: Shopper | None, title: str, advice: str, status: int = 404
) -> Template:
    """Answer that there is nothing here, in the customer's words, with a way on."""
    language = language_of(request)
    return shop_page(
        request,
        "nothing.html",
        shopper=shopper,
        status=status,
        title=language.say(title),
        advice=language.say(advice),
    )


def with_place(request: WebRequest, answer: Template, place: Place) -> Template:
    """Keep where the visit began for as long as it lasts."""
    if place.site_code or place.guide_code:
        is_secure = edge_of(request).settings.is_secure
        answer.cookies = [*answer.cookies, place_cookie(place, is_secure=is_secure)]
    return answer
