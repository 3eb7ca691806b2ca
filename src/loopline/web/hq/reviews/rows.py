"""Reviews written down in a language: stars, mood, what they touch, whom they name, what may be done."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import catalogue, orders, org, reviews
from loopline.catalogue import Product
from loopline.db import Conn
from loopline.kernel.ids import OrderId, PersonId, ProductId, ReviewId, SiteId
from loopline.orders import Order
from loopline.org import Person, Site
from loopline.reviews import About, Alert, FoundReview, Happened, Mood, ThemeList
from loopline.web.hq.reviews.asked import REVIEWS, Asked
from loopline.web.languages import Language, marked

MOOD_WORDS: Mapping[Mood, str] = {
    Mood.GOOD: marked("Good"),
    Mood.MIXED: marked("So-so"),
    Mood.BAD: marked("Bad"),
}
MOOD_TONES: Mapping[Mood, str] = {Mood.GOOD: "good", Mood.MIXED: "none", Mood.BAD: "bad"}
ABOUT_WORDS: Mapping[About, str] = {
    About.PRODUCT: marked("Goods"),
    About.STORE: marked("Store"),
    About.EXPERIENCE: marked("Experience"),
}
_STARS = 5
_SURELY_PERMILLE = 1_000


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """Whom and what reviews name."""

    products: Mapping[ProductId, Product]
    sites: Mapping[SiteId, Site]
    heads: Mapping[OrderId, Order]
    people: Mapping[PersonId, Person]
    themes: ThemeList
    alerts: Mapping[ReviewId, Alert]
    zone: str


class Chip(msgspec.Struct, frozen=True, kw_only=True):
    """A word with its tone, and where it leads."""

    word: str
    tone: str
    link: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A review of the list. `said_by`: whether its words were read, or its stars alone speak."""

    id: str
    path: str
    stars: str
    stars_word: str
    mood: str
    mood_tone: str
    said_by: str
    about: str
    goods: str
    goods_link: str
    site: str
    site_link: str
    sender: str
    packer: str
    packer_link: str
    order: str
    written: str
    text: str
    themes: list[Chip]
    reply: str
    replied: str
    hidden_reason: str
    is_hidden: bool
    is_bad: bool
    is_returned: bool
    is_changed: bool
    told: str
    pictures: list[str]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Something of a review's history."""

    at: str
    who: str
    word: str
    text: str


def names_of(conn: Conn, found: Sequence[FoundReview], *, zone: str) -> Named:
    """Read whom and what reviews name: six statements, however many there are."""
    site_ids = {one.site_id for one in found} | {one.sender_id for one in found}
    return Named(
        products=catalogue.products_by_id(conn, {one.product_id for one in found if one.product_id}),
        sites=org.sites_by_id(conn, {one for one in site_ids if one is not None}),
        heads={one.id: one for one in orders.orders_by_ids(conn, list({one.order_id for one in found}))},
        people=org.people_by_id(conn, {one.packer_id for one in found if one.packer_id is not None}),
        themes=reviews.themes_in_force(conn),
        alerts=reviews.alerts_of_reviews(conn, [one.id for one in found]),
        zone=zone,
    )


def row_of(one: FoundReview, named: Named, asked: Asked, language: Language) -> Row:
    """Write a review down."""
    product = named.products.get(one.product_id) if one.product_id else None
    site = named.sites.get(one.site_id) if one.site_id else None
    sender = named.sites.get(one.sender_id) if one.sender_id else None
    packer = named.people.get(one.packer_id) if one.packer_id else None
    head = named.heads.get(one.order_id)
    return Row(
        id=str(one.id),
        path=f"{REVIEWS}/{one.id}",
        stars="★" * one.stars + "☆" * (_STARS - one.stars),
        stars_word=language.say("{stars} of 5 stars", stars=one.stars),
        mood=language.say(MOOD_WORDS[one.mood]),
        mood_tone=MOOD_TONES[one.mood],
        said_by=said_by(one.good_permille, language),
        about=language.say(ABOUT_WORDS[one.about]),
        goods=language.called(product.name) if product else "",
        goods_link=asked.link(product=product.code) if product else "",
        site=language.called(site.name) if site else "",
        site_link=asked.link(site=site.code) if site else "",
        sender=language.called(sender.name) if sender and sender != site else "",
        packer=language.called(packer.name) if packer else "",
        packer_link=asked.link(packer=str(packer.id)) if packer else "",
        order=head.number if head else "",
        written=language.clock_of_day(one.written_at, site.time_zone if site else named.zone),
        text=one.text,
        themes=[_chip(code, mood, named, asked, language) for code, mood in one.themes],
        reply=one.reply or "",
        replied=language.clock_of_day(one.replied_at, named.zone) if one.replied_at else "",
        hidden_reason=one.hidden_reason or "",
        is_hidden=one.hidden_at is not None,
        is_bad=one.is_bad,
        is_returned=one.returned_at is not None,
        is_changed=one.version > 1,
        told=_told(named.alerts.get(one.id), named, language),
        pictures=[f"{REVIEWS}/{one.id}/pictures/{picture_id}" for picture_id in one.pictures],
    )


def said_by(good_permille: int | None, language: Language) -> str:
    """Say whether words were read, and how sure that is."""
    if good_permille is None:
        return language.say("by its stars alone")
    surely = max(good_permille, _SURELY_PERMILLE - good_permille) // 10
    return language.say("by its words, {percent} % sure", percent=surely)


def theme_word(code: str, themes: ThemeList, language: Language) -> str:
    """Return what a theme is called; one that is on the list no longer goes by its code."""
    found = next((one for one in themes.themes if one.code == code), None)
    if found is None:
        return code
    return found.name_zh if language.code == "zh" else found.name_en


def _chip(code: str, mood: Mood, named: Named, asked: Asked, language: Language) -> Chip:
    return Chip(
        word=theme_word(code, named.themes, language), tone=MOOD_TONES[mood], link=asked.link(theme=code)
    )


def _told(alert: Alert | None, named: Named, language: Language) -> str:
    if alert is None or alert.ended_at is not None:
        return ""
    return language.say("its site was told {time}", time=language.clock_of_day(alert.raised_at, named.zone))


def steps_of(
    happened: Sequence[Happened],
    people: Mapping[PersonId, Person],
    language: Language,
    zone: str,
) -> list[Step]:
    """Write a review's history down, the latest first: who said, answered and decided what, and when."""
    seen_version = False
    steps: list[Step] = []
    for one in happened:
        if one.kind == "version":
            word = language.say("Changed") if seen_version else language.say("Written")
            word = f"{word} · {'★' * (one.stars or 0)}"
            seen_version = True
        elif one.kind == "reply":
            word = language.say("Answered") if one.text is not None else language.say("Answer taken back")
        else:
            word = language.say("Hidden") if one.is_hidden else language.say("Shown again")
        steps.append(
            Step(
                at=language.clock_of_day(one.at, zone),
                who=who(one.actor, people, language),
                word=word,
                text=one.text or "",
            )
        )
    return steps[::-1]


def who(actor: str | None, people: Mapping[PersonId, Person], language: Language) -> str:
    """Return who did something; a buyer is not named."""
    if actor is None:
        return language.say("Buyer")
    person = people.get(person_of(actor))
    if person is not None:
        return language.called(person.name)
    kind = actor.partition(":")[0]
    return {"key": language.say("Connected system"), "console": language.say("Console")}.get(kind, "")


def person_of(actor: str | None) -> PersonId:
    """Return which person an actor names; nobody's id where it names none."""
    kind, _, named = (actor or "").partition(":")
    try:
        return PersonId(UUID(named)) if kind == "person" else PersonId(UUID(int=0))
    except ValueError:
        return PersonId(UUID(int=0))


def moment(at: datetime | None, zone: str, language: Language) -> str:
    """Write a moment down; nothing where there is none."""
    return language.clock_of_day(at, zone) if at is not None else ""
