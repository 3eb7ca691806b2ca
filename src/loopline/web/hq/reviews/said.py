"""What is said: mood by day, by theme, by product, by site and by who packed, of a period; and how sites send."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.response import Template

from loopline import catalogue, org, reviews
from loopline.catalogue import Product
from loopline.db import Conn
from loopline.kernel.ids import PersonId, ProductId, SiteId
from loopline.kernel.scope import Scope
from loopline.kernel.times import day_range
from loopline.org import Permission, Person, Site
from loopline.reviews import By, DayMoods, FiguresAsk, Moods, SubjectMoods, ThemeList, ThemeMoods
from loopline.web.api.answers import read
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.reviews.asked import (
    PERIODS,
    REVIEWS,
    SAID,
    Asked,
    Scene,
    asked_of,
    figures_of,
    scene_of,
)
from loopline.web.hq.reviews.page import Choice, tabs_of
from loopline.web.hq.reviews.rows import theme_word
from loopline.web.languages import Language
from loopline.web.pages import page

_BAD_PERCENT, _WARN_PERCENT = 30, 15
_FEW = 5


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    scene: Scene
    themes: ThemeList
    by_theme: Sequence[ThemeMoods]
    by_product: Sequence[SubjectMoods]
    by_site: Sequence[SubjectMoods]
    by_packer: Sequence[SubjectMoods]
    products: Mapping[ProductId, Product]
    sites: Mapping[SiteId, Site]
    people: Mapping[PersonId, Person]
    by_stars: bool


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is spoken of: how often, how well; `link` leads to those reviews."""

    name: str
    link: str
    reviews: str
    good: int
    mixed: int
    bad: int
    bad_share: str
    tone: str
    stars: str
    is_chosen: bool = False


@get(SAID, sync_to_thread=True)
def show_said(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show what is said of somebody's sites in a period, as far as the address narrows it."""
    scope = visitor.scope_of(Permission.REVIEWS_READ)
    asked = asked_of(request)
    language = language_of(request)
    found = read(request, lambda conn, now: _find(conn, asked, scope, now))
    return page(
        request,
        "hq/reviews_said.html",
        visitor=visitor,
        asked=asked,
        tabs=tabs_of(asked, SAID, language),
        themes=[_theme_line(one, found, asked, language) for one in found.by_theme],
        theme=theme_word(asked.theme, found.themes, language) if asked.theme else "",
        tables=_tables(found, asked, language),
        periods=[
            Choice(
                word=language.say(word),
                link=asked.link(SAID, period="" if key == "month" else key),
                value=key,
                is_chosen=key == (asked.period or "month"),
            )
            for key, (word, days) in PERIODS.items()
            if days is not None
        ],
        sites=[
            Choice(word=language.say("All sites"), link="", value="", is_chosen=not asked.site),
            *(
                Choice(
                    word=language.called(one.name), link="", value=one.code, is_chosen=one.code == asked.site
                )
                for one in found.scene.sites
            ),
        ],
        product=language.called(found.scene.product_name),
        days_path=asked.link(f"{SAID}/days"),
        by_stars=found.by_stars,
    )


@get(f"{SAID}/days", sync_to_thread=True)
def tell_said_days(request: WebRequest, visitor: NamedDependency[Visitor]) -> Response[bytes]:
    """Tell how many reviews of each day were good, so-so and bad, for the chart."""
    scope = visitor.scope_of(Permission.REVIEWS_READ)
    asked = asked_of(request)

    def find(conn: Conn, now: datetime) -> tuple[list[DayMoods], str]:
        scene = scene_of(conn, asked, scope=scope)
        if scene.is_nowhere:
            return [], scene.zone
        ask = figures_of(asked, scene, now=now)
        return reviews.moods_by_day(conn, ask, scope=scope, zone=scene.zone), scene.zone

    days, zone = read(request, find)
    return Response(
        msgspec.json.encode(_days_message(days, zone, language_of(request))),
        media_type=MediaType.JSON,
        headers={"Cache-Control": "no-store"},
    )


def _days_message(days: Sequence[DayMoods], zone: str, language: Language) -> dict[str, Any]:
    return {
        "labels": [language.short_day(day_range(one.day, zone).start, zone) for one in days],
        "good": [one.good for one in days],
        "mixed": [one.mixed for one in days],
        "bad": [one.bad for one in days],
        "shares": [language.say("{percent} % bad", percent=_percent(one)) for one in days],
    }


def _find(conn: Conn, asked: Asked, scope: Scope, now: datetime) -> _Found:
    scene = scene_of(conn, asked, scope=scope)
    ask = figures_of(asked, scene, now=now)
    by_product, by_site, by_packer = (
        [] if scene.is_nowhere else reviews.moods_by_subject(conn, ask, by, scope=scope)
        for by in (By.PRODUCT, By.SITE, By.PACKER)
    )
    of_all = FiguresAsk(since=ask.since, until=ask.until, site_id=ask.site_id, product_id=ask.product_id)
    return _Found(
        scene=scene,
        themes=reviews.themes_in_force(conn),
        by_theme=[] if scene.is_nowhere else reviews.moods_by_theme(conn, of_all, scope=scope),
        by_product=by_product,
        by_site=by_site,
        by_packer=by_packer,
        products=catalogue.products_by_id(conn, {ProductId(one.subject_id) for one in by_product}),
        sites=org.sites_by_id(conn, {SiteId(one.subject_id) for one in by_site}),
        people=org.people_by_id(conn, {PersonId(one.subject_id) for one in by_packer}),
        by_stars=reviews.mood_in_force(conn) is None,
    )


def _theme_line(one: ThemeMoods, found: _Found, asked: Asked, language: Language) -> Line:
    is_chosen = one.theme == asked.theme
    line = _line(
        one,
        theme_word(one.theme, found.themes, language),
        asked.link(SAID, theme="" if is_chosen else one.theme),
        language,
    )
    return msgspec.structs.replace(line, is_chosen=is_chosen)


def _tables(found: _Found, asked: Asked, language: Language) -> list[tuple[str, str, list[Line]]]:
    """Return each table with its heading and what its first column holds; those without rows too."""
    kept = msgspec.structs.replace(asked, list="all", period=asked.period or "month")
    products = [
        _line(one, language.called(thing.name), kept.link(REVIEWS, product=thing.code), language)
        for one in found.by_product
        if (thing := found.products.get(ProductId(one.subject_id))) is not None
    ]
    sites = [
        _line(one, language.called(site.name), kept.link(REVIEWS, site=site.code), language)
        for one in found.by_site
        if (site := found.sites.get(SiteId(one.subject_id))) is not None
    ]
    packers = [
        _line(one, language.called(person.name), kept.link(REVIEWS, packer=str(person.id)), language)
        for one in found.by_packer
        if (person := found.people.get(PersonId(one.subject_id))) is not None
    ]
    return [
        (language.say("By product"), language.say("Product"), products),
        (language.say("By site"), language.say("Site"), sites),
        (language.say("By who packed"), language.say("Packed by"), packers),
    ]


def _line(one: Moods, name: str, link: str, language: Language) -> Line:
    percent = _percent(one)
    tone = "bad" if percent >= _BAD_PERCENT else "warn" if percent >= _WARN_PERCENT else ""
    tenths = (20 * one.stars + one.reviews) // (2 * one.reviews) if isinstance(one, SubjectMoods) else 0
    return Line(
        name=name,
        link=link,
        reviews=language.count(one.all),
        good=one.good,
        mixed=one.mixed,
        bad=one.bad,
        bad_share=f"{percent} %" if one.all else "–",
        tone=tone if one.all >= _FEW else "",
        stars=f"{tenths // 10}.{tenths % 10}" if tenths else "",
    )


def _percent(one: Moods) -> int:
    return (200 * one.bad + one.all) // (2 * one.all) if one.all else 0


SAID_PAGES = [show_said, tell_said_days]
