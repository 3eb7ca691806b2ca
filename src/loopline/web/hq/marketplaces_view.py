"""How marketplaces are written down in a language: figures, each marketplace, and the list that is chosen."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from loopline.catalogue import Sku
from loopline.kernel.ids import OrderId, SkuId
from loopline.marketplaces import (
    Dealings,
    Goods,
    GoodsTermsSet,
    LoanRow,
    Marketplace,
    Share,
    Shipment,
    SubjectKind,
    TestOrder,
    ToldStep,
    WhyTest,
    share_of,
)
from loopline.orders import ChannelTerms
from loopline.web.languages import Language, marked

_SECOND = timedelta(seconds=1)
_SLOW = timedelta(minutes=5)
"""A marketplace that did not answer for so long is looked at."""


class Listing(StrEnum):
    """The lists of the page, one at a time."""

    LENT = "lent"
    TOLD = "told"
    TO_SHIP = "to_ship"
    MISSED = "missed"
    TESTS = "tests"


LISTING_WORDS: Mapping[Listing, str] = {
    Listing.LENT: marked("Lent"),
    Listing.TOLD: marked("Told"),
    Listing.TO_SHIP: marked("To be shipped"),
    Listing.MISSED: marked("Missed their time"),
    Listing.TESTS: marked("Test orders"),
}
_HEADS: Mapping[Listing, tuple[str, str, str]] = {
    Listing.LENT: (marked("Goods"), marked("Units"), marked("On these terms")),
    Listing.TOLD: (marked("Goods"), marked("Units"), marked("Answer")),
    Listing.TO_SHIP: (marked("Order"), marked("Ship by"), marked("State")),
    Listing.MISSED: (marked("Order"), marked("Ship by"), marked("State")),
    Listing.TESTS: (marked("Number"), marked("Units"), marked("Known by")),
}
_NOTHING: Mapping[Listing, str] = {
    Listing.LENT: marked(
        "Nothing is lent: there is no free stock to share, or every marketplace is switched off."
    ),
    Listing.TOLD: marked("Nothing was told yet. As soon as there is stock to share, it shows here."),
    Listing.TO_SHIP: marked("No order has to leave within three days."),
    Listing.MISSED: marked("No order missed its time in the last 30 days."),
    Listing.TESTS: marked("No test orders came. Say in the terms how their numbers begin."),
}


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment; only the chosen list is filled."""

    now: datetime
    listing: Listing
    channel: str | None
    marketplaces: Mapping[str, Marketplace]
    dealings: Mapping[str, Dealings]
    channels: Mapping[str, ChannelTerms]
    loans: Sequence[LoanRow] = ()
    told: Sequence[ToldStep] = ()
    shipments: Sequence[Shipment] = ()
    tests: Sequence[TestOrder] = ()
    goods_terms: Mapping[tuple[str, SubjectKind, str], GoodsTermsSet] = {}
    skus: Mapping[SkuId, Sku] = {}
    numbers: Mapping[OrderId, str] = {}


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A number at the top, with what it means below it."""

    key: str
    word: str
    amount: str
    about: str
    tone: str = ""


class MarketplaceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A marketplace, written down."""

    code: str
    name: str
    state: str
    tone: str
    terms: str
    lent: str
    lent_about: str
    lent_wrong: str
    answered: str
    answered_tone: str
    answered_about: str
    to_ship: str
    late: str
    near: str
    missed: str
    tests: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the list. `href` leads to what it names, where that is shown somewhere."""

    name: str
    about: str
    href: str
    marketplace: str
    amount: str
    amount_about: str
    note: str
    tone: str
    note_about: str


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The page, written down."""

    figures: list[Figure]
    marketplaces: list[MarketplaceRow]
    others: list[tuple[str, str]]
    lists: list[tuple[str, str, bool]]
    listing: str
    chosen: str
    chosen_name: str
    heads: tuple[str, str, str]
    rows: list[Row]
    nothing: str


def written(found: Found, language: Language) -> View:
    """Write the page down."""
    first, second, third = _HEADS[found.listing]
    chosen = found.channel if found.channel in found.marketplaces else None
    return View(
        figures=_figures(found, language) if found.marketplaces else [],
        marketplaces=[_marketplace(one, found, language) for one in found.marketplaces.values()],
        others=[
            (code, language.called(one.name))
            for code, one in sorted(found.channels.items())
            if code not in found.marketplaces
        ],
        lists=[(one.value, language.say(word), one is found.listing) for one, word in LISTING_WORDS.items()],
        listing=found.listing.value,
        chosen=chosen or "",
        chosen_name=_name(chosen, found, language) if chosen else "",
        heads=(language.say(first), language.say(second), language.say(third)),
        rows=_rows(found, language),
        nothing=language.say(_NOTHING[found.listing]),
    )


def _name(channel: str, found: Found, language: Language) -> str:
    known = found.channels.get(channel)
    return language.called(known.name) if known is not None else channel


def _at(channel: str, at: datetime, found: Found, language: Language) -> str:
    """A moment as the clock of the channel says it."""
    known = found.channels.get(channel)
    return language.clock_of_day(at, known.time_zone if known is not None else "UTC")


def _figures(found: Found, language: Language) -> list[Figure]:
    dealings = list(found.dealings.values())
    waiting = [one.waiting_since for one in dealings if one.waiting_since is not None]
    overdue, near = sum(one.overdue for one in dealings), sum(one.near for one in dealings)
    beyond = sum(one.beyond for one in dealings)
    return [
        Figure(
            key="lent",
            word=language.say("Lent now"),
            amount=language.count(sum(one.units for one in dealings)),
            about=language.say("{count} sold beyond what was lent", count=language.count(beyond))
            if beyond
            else language.say("pieces that marketplaces may sell without asking"),
            tone="bad" if beyond else "",
        ),
        Figure(
            key="unanswered",
            word=language.say("Told, not answered yet"),
            amount=language.count(sum(one.unanswered for one in dealings)),
            about=language.say("the oldest for {age}", age=language.age(found.now - min(waiting)))
            if waiting
            else language.say("every step was answered"),
            tone="bad" if waiting and found.now - min(waiting) > _SLOW else "",
        ),
        Figure(
            key="overdue",
            word=language.say("Past their time to ship"),
            amount=language.count(overdue),
            about=language.say(
                "{near} soon, of {count} to be shipped",
                near=language.count(near),
                count=language.count(sum(one.open for one in dealings)),
            ),
            tone="bad" if overdue else ("warn" if near else ""),
        ),
        Figure(
            key="missed",
            word=language.say("Missed their time in 30 days"),
            amount=language.count(sum(one.missed for one in dealings)),
            about=language.say(
                "{count} test orders set aside", count=language.count(sum(one.tests for one in dealings))
            ),
        ),
    ]


def _marketplace(one: Marketplace, found: Found, language: Language) -> MarketplaceRow:
    dealings = found.dealings[one.channel]
    answered, tone, about = _answered(one, dealings, found, language)
    return MarketplaceRow(
        code=one.channel,
        name=_name(one.channel, found, language),
        state=language.say("On") if one.is_on else language.say("Switched off"),
        tone="good" if one.is_on else "warn",
        terms=_share_said(
            Share(
                weight=one.weight if one.is_on else 0,
                most_units=one.most_units,
                buffer_units=one.buffer_units,
            ),
            language,
        ),
        lent=language.count(dealings.units),
        lent_about=language.say("{count} SKUs", count=language.count(dealings.skus)),
        lent_wrong=_lent_wrong(dealings.beyond, dealings.asked_back, language),
        answered=answered,
        answered_tone=tone,
        answered_about=about,
        to_ship=language.count(dealings.open),
        late=language.say("{count} late", count=language.count(dealings.overdue)) if dealings.overdue else "",
        near=language.say("{count} soon", count=language.count(dealings.near)) if dealings.near else "",
        missed=language.say("{count} missed in 30 days", count=language.count(dealings.missed))
        if dealings.missed
        else "",
        tests=language.count(dealings.tests),
    )


def _lent_wrong(beyond: int, asked_back: int, language: Language) -> str:
    said: list[str] = []
    if beyond:
        said.append(language.say("{count} sold beyond", count=language.count(beyond)))
    if asked_back:
        said.append(language.say("{count} asked back", count=language.count(asked_back)))
    return " · ".join(said)


def _answered(one: Marketplace, dealings: Dealings, found: Found, language: Language) -> tuple[str, str, str]:
    """When a marketplace answered last, how that is to be taken, and how long its answers take."""
    at = dealings.answered_at
    said = _at(one.channel, at, found, language) if at is not None else language.say("Never answered")
    since = dealings.waiting_since
    if since is not None:
        about = language.say(
            "{count} not answered, the oldest for {age}, tried {tries} times",
            count=language.count(dealings.unanswered),
            age=language.age(found.now - since),
            tries=language.count(dealings.tries),
        )
        return said, "bad" if found.now - since > _SLOW else "", about
    if dealings.half is None or dealings.most is None:
        return said, "", language.say("nothing was told in 24 hours") if at is not None else ""
    return (
        said,
        "",
        language.say(
            "half within {half}, 99 of 100 within {most}",
            half=_lasting(dealings.half, language),
            most=_lasting(dealings.most, language),
        ),
    )


def _lasting(lasting: timedelta, language: Language) -> str:
    """A time that something takes: below a second in milliseconds."""
    if lasting < _SECOND:
        return f"{round(lasting / timedelta(milliseconds=1))} ms"
    return language.age(lasting)


def _share_said(share: Share, language: Language) -> str:
    if not share.weight:
        return language.say("lent nothing")
    said = [language.say("weight {weight}", weight=language.count(share.weight))]
    if share.buffer_units:
        said.append(language.say("keeps {units} back", units=language.count(share.buffer_units)))
    if share.most_units is not None:
        said.append(language.say("at most {units}", units=language.count(share.most_units)))
    return " · ".join(said)


# -------------------------------------------------------------------------------------------------------------- lists


def _rows(found: Found, language: Language) -> list[Row]:
    match found.listing:
        case Listing.LENT:
            return [_loan_row(one, found, language) for one in found.loans]
        case Listing.TOLD:
            return [_told_row(one, found, language) for one in found.told]
        case Listing.TESTS:
            return [_test_row(one, found, language) for one in found.tests]
        case Listing.TO_SHIP | Listing.MISSED:
            return [_shipment_row(one, found, language) for one in found.shipments]


def _goods(sku_id: SkuId, found: Found, language: Language) -> tuple[str, str, str]:
    """The name of a SKU, its code, and where it is shown."""
    sku = found.skus.get(sku_id)
    if sku is None:
        return str(sku_id), "", ""
    return language.called(sku.name), sku.code, f"/hq/stock/{sku.code}"


def _loan_row(one: LoanRow, found: Found, language: Language) -> Row:
    name, code, href = _goods(one.sku_id, found, language)
    marketplace, sku = found.marketplaces.get(one.channel), found.skus.get(one.sku_id)
    share, about = "", ""
    if marketplace is not None and sku is not None:
        goods = Goods(sku_id=sku.id, code=sku.code, category=sku.category, turn=0, is_sold=sku.is_active)
        share = _share_said(share_of(marketplace, goods, found.goods_terms), language)
        about = _whose_terms(one.channel, sku, found, language)
    wrong = _lent_wrong(one.beyond, one.asked_back, language)
    if one.refused_until is not None and one.refused_until > found.now:
        until = _at(one.channel, one.refused_until, found, language)
        wrong = language.say(
            "not taken until {time}: {why}", time=until, why=one.refused_why or language.say("no reason said")
        )
    elif one.is_empty and not wrong:
        wrong = language.say("it says it has none left")
    return Row(
        name=name,
        about=code,
        href=href,
        marketplace=_name(one.channel, found, language),
        amount=language.count(one.units),
        amount_about=wrong,
        note=share,
        tone="bad" if one.beyond else "",
        note_about=about,
    )


def _whose_terms(channel: str, sku: Sku, found: Found, language: Language) -> str:
    if (channel, SubjectKind.SKU, sku.code) in found.goods_terms:
        return language.say("terms of this SKU")
    if sku.category is not None and (channel, SubjectKind.CATEGORY, sku.category) in found.goods_terms:
        return language.say("terms of {category}", category=language.called(sku.category))
    return ""


def _told_row(one: ToldStep, found: Found, language: Language) -> Row:
    name, code, href = _goods(one.sku_id, found, language)
    note, tone = _answer(one, language)
    return Row(
        name=name,
        about=code,
        href=href,
        marketplace=_name(one.channel, found, language),
        amount=f"+{language.count(one.units)}" if one.units > 0 else f"−{language.count(-one.units)}",
        amount_about=_at(one.channel, one.made_at, found, language),
        note=note,
        tone=tone,
        note_about=_took(one, found, language),
    )


def _answer(one: ToldStep, language: Language) -> tuple[str, str]:
    if one.moved is None:
        return language.say("No answer yet"), "warn"
    moved, asked = language.count(one.moved), language.count(abs(one.units))
    if one.units > 0:
        said = language.say("took {moved} of {asked}", moved=moved, asked=asked)
    else:
        said = language.say("gave up {moved} of {asked}", moved=moved, asked=asked)
    if one.why:
        said = f"{said}: {one.why}"
    return said, "good" if one.moved == abs(one.units) else "warn"


def _took(one: ToldStep, found: Found, language: Language) -> str:
    if one.answered_at is not None:
        return language.say("after {time}", time=_lasting(one.answered_at - one.made_at, language))
    return language.say(
        "for {age}, tried {tries} times",
        age=language.age(found.now - one.made_at),
        tries=language.count(one.tries),
    )


def _shipment_row(one: Shipment, found: Found, language: Language) -> Row:
    number = found.numbers.get(one.order_id, "")
    state, tone, about = _shipment_state(one, found, language)
    return Row(
        name=number,
        about=language.say("placed {time}", time=_at(one.channel, one.placed_at, found, language)),
        href=f"/hq/orders/{number}" if number else "",
        marketplace=_name(one.channel, found, language),
        amount=_at(one.channel, one.ship_by, found, language) if one.ship_by is not None else "",
        amount_about=language.say("as it was stated")
        if one.stated_by is not None
        else language.say("by the terms"),
        note=state,
        tone=tone,
        note_about=about,
    )


def _shipment_state(one: Shipment, found: Found, language: Language) -> tuple[str, str, str]:
    assert one.ship_by is not None, "the lists are of orders with a time"
    left_at = one.handed_over_at
    if left_at is not None and left_at > one.ship_by:
        return language.say("left {age} too late", age=language.age(left_at - one.ship_by)), "bad", ""
    if one.ended_at is not None:
        return language.say("nothing left to ship"), "", ""
    if found.now > one.ship_by:
        age = language.age(found.now - one.ship_by)
        return language.say("late for {age}, not shipped yet", age=age), "bad", ""
    marketplace = found.marketplaces.get(one.channel)
    is_near = marketplace is not None and found.now >= marketplace.alarm_at(one.ship_by)
    left = language.say("{age} left", age=language.age(one.ship_by - found.now))
    return left, "warn" if is_near else "", language.say("alarm was given") if is_near else ""


def _test_row(one: TestOrder, found: Found, language: Language) -> Row:
    by = language.say("the message says so") if one.because is WhyTest.SAID else language.say("its number")
    if one.cancelled_at is not None:
        state = language.say("called off")
    elif one.paid_at is not None and one.currency is not None:
        state = language.say("{amount} paid there", amount=language.money(one.paid_minor, one.currency))
    else:
        state = ""
    return Row(
        name=one.external_number,
        about=_at(one.channel, one.placed_at, found, language),
        href="",
        marketplace=_name(one.channel, found, language),
        amount=language.count(one.units),
        amount_about="",
        note=by,
        tone="",
        note_about=state,
    )
