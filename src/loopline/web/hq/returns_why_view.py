"""How what came back is written down in a language: figures, rows by what tells them apart, the lines behind them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from loopline.catalogue import Sku
from loopline.insight import NOWHERE
from loopline.insight.returned import (
    UNKNOWN,
    Dimension,
    LossInForce,
    Returned,
    ReturnedGroup,
    ReturnedLine,
)
from loopline.kernel.ids import OrderId, SiteId, SkuId
from loopline.returns.model import Disposition, Grade, Reason
from loopline.returns.photos import Photo
from loopline.web.hq.board_view import channel_word
from loopline.web.hq.order_words import RETURN_WORDS
from loopline.web.hq.returns_why_asked import LINES, NONE, RETURNED_PHOTOS, RETURNS_WHY, Asked
from loopline.web.languages import Language, marked
from loopline.web.measuring import Reach, Span
from loopline.web.photos_back import PhotoBack, photos_shown

ROWS_SHOWN = 200
_WHOLE = 10_000
DIMENSION_WORDS: Mapping[Dimension, str] = {
    Dimension.REASON: marked("Reason"),
    Dimension.SITE: marked("Site that sent"),
    Dimension.PACKER: marked("Packed by"),
    Dimension.SKU: marked("Goods"),
    Dimension.BATCH: marked("Batch"),
    Dimension.GRADE: marked("Grade"),
}
UNKNOWN_WORDS: Mapping[Dimension, str] = {
    Dimension.REASON: marked("not known"),
    Dimension.SITE: marked("Without a sale, or not yet ended"),
    Dimension.PACKER: marked("Nobody: sold over the counter, or without a sale"),
    Dimension.SKU: marked("Not in the catalogue"),
    Dimension.BATCH: marked("No batch named, or several"),
    Dimension.GRADE: marked("Not graded yet"),
}
LOSS_WORDS: Mapping[Disposition, str] = {
    Disposition.REFURBISH: marked("To be packed again"),
    Disposition.OUTLET: marked("To the outlet"),
    Disposition.SUPPLIER: marked("Back to the supplier"),
    Disposition.SCRAP: marked("Scrapped"),
}
GRADE_WORDS: Mapping[Grade, str] = {
    Grade.AS_NEW: marked("As new"),
    Grade.OPEN: marked("Opened"),
    Grade.TAIL: marked("Tail stock"),
    Grade.DAMAGED: marked("Damaged"),
    Grade.WRONG: marked("Not what was ordered"),
    Grade.FAKE: marked("Fake"),
}


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What keys of rows are called."""

    reach: Reach
    skus: Mapping[SkuId, Sku]
    people: Mapping[UUID, str]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment."""

    asked: Asked
    span: Span
    currency: str
    currencies: Sequence[str]
    names: Names
    returned: Returned


class FoundLines(msgspec.Struct, frozen=True, kw_only=True):
    """A page of lines, with what they speak of; `more` where there are others after it."""

    asked: Asked
    span: Span
    names: Names
    lines: Sequence[ReturnedLine]
    more: bool
    numbers: Mapping[OrderId, str]
    photos: Sequence[Photo] = ()


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A number at the top, with what it means below it."""

    key: str
    word: str
    amount: str
    about: str


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A column that rows may be sorted by."""

    key: str
    word: str
    link: str
    is_chosen: bool


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What came back of one thing; `width` of its bar in per cent of the most."""

    key: str
    name: str
    link: str
    units: str
    blind: str
    share: str
    refund: str
    unsold: str
    unsold_amount: str
    cost: str
    parts_of_cost: str
    unearned: str
    width: float


class LossRow(msgspec.Struct, frozen=True, kw_only=True):
    """What goods lose that go one way: `percent` as it is typed, and since when by whom."""

    disposition: str
    word: str
    percent: str
    about: str


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A way to narrow the page."""

    value: str
    word: str
    link: str
    is_chosen: bool


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The page, written down."""

    first: str
    last: str
    today: str
    figures: list[Figure]
    dimensions: list[Choice]
    branches: list[Choice]
    currencies: list[Choice]
    by: str
    heads: list[Head]
    rows: list[Row]
    more_rows: str
    losses: list[LossRow]
    currency: str


class LineRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a return."""

    at: str
    number: str
    channel: str
    goods: str
    code: str
    units: str
    reason: str
    grades: str
    sent: str
    taken: str
    order: str
    order_path: str
    is_blind: bool
    refund: str
    photos: list[PhotoBack]


class LinesView(msgspec.Struct, frozen=True, kw_only=True):
    """The list behind a number, written down."""

    title: str
    days: str
    rows: list[LineRow]


def written(found: Found, language: Language) -> View:
    """Write the page down."""
    asked, span = found.asked, found.span
    ranked = ranked_groups(found, language)
    most = max((group.units for _, group in ranked), default=1) or 1
    return View(
        first=span.first.isoformat(),
        last=span.last.isoformat(),
        today=span.today.isoformat(),
        figures=_figures(found, language),
        dimensions=[
            Choice(
                value=one.value,
                word=language.say(word),
                link=asked.link(RETURNS_WHY, by=one.value, key=""),
                is_chosen=one is asked.dimension,
            )
            for one, word in DIMENSION_WORDS.items()
        ],
        branches=_branches(found, language),
        currencies=[
            Choice(
                value=one,
                word=one,
                link=asked.link(RETURNS_WHY, currency=one),
                is_chosen=one == found.currency,
            )
            for one in found.currencies
        ],
        by=language.say(DIMENSION_WORDS[asked.dimension]),
        heads=_heads(asked, language),
        rows=[_row(name, group, found, language, most=most) for name, group in ranked[:ROWS_SHOWN]],
        more_rows=language.count(len(ranked) - ROWS_SHOWN) if len(ranked) > ROWS_SHOWN else "",
        currency=found.currency,
        losses=[_loss(one, found, language) for one in found.returned.losses],
    )


def _loss(one: LossInForce, found: Found, language: Language) -> LossRow:
    return LossRow(
        disposition=one.disposition,
        word=language.say(LOSS_WORDS[Disposition(one.disposition)]),
        percent=str(one.percent),
        about=language.say("since {time}", time=language.clock_of_day(one.set_at, found.span.zone))
        if one.set_at is not None
        else language.say("as delivered"),
    )


def ranked_groups(found: Found, language: Language) -> list[tuple[str, ReturnedGroup]]:
    """Return what came back by the column that was chosen, the most first, then by name and key; what is it called."""
    by = found.asked.order

    def size(group: ReturnedGroup) -> int:
        if by == "share":
            return group.share_basis_points or 0
        sizes = {
            "units": group.units,
            "refund": group.refund_minor,
            "unsold": group.unsold_units,
            "cost": group.cost_minor,
            "unearned": group.unearned_minor,
        }
        return sizes[by]

    named = [
        (name_of(group.key, found.asked.dimension, found.names, language), group)
        for group in found.returned.groups
    ]
    return sorted(named, key=lambda one: (-size(one[1]), one[0], one[1].key))


def name_of(key: str, dimension: Dimension, names: Names, language: Language) -> str:
    """Return what a key of a dimension is called."""
    if key == UNKNOWN:
        return language.say(UNKNOWN_WORDS[dimension])
    match dimension:
        case Dimension.REASON:
            said = language.say(RETURN_WORDS[Reason(key)])
        case Dimension.GRADE:
            said = language.say(GRADE_WORDS[Grade(key)])
        case Dimension.SITE:
            said = _site(SiteId(UUID(key)), names, language)
        case Dimension.SKU:
            sku = names.skus.get(SkuId(UUID(key)))
            said = f"{language.called(sku.name)} · {sku.code}" if sku is not None else key
        case Dimension.PACKER:
            said = language.called(names.people.get(UUID(key), key))
        case Dimension.BATCH:
            said = key
    return said


def _site(site_id: SiteId | None, names: Names, language: Language) -> str:
    """Return the name of a site in scope; what lies outside is not named."""
    if site_id is None:
        return ""
    if site_id == NOWHERE:
        return language.say("No site")
    site = names.reach.sites.get(site_id)
    return language.called(site.name) if site is not None else language.say("another branch")


def _percent(basis_points: int | None, language: Language) -> str:
    return language.percent(basis_points / _WHOLE) if basis_points is not None else "–"


def _figures(found: Found, language: Language) -> list[Figure]:
    total = found.returned.total
    return [
        Figure(
            key="units",
            word=language.say("Came back"),
            amount=language.count(total.units),
            about=language.say(
                "pieces, {count} of them without a sale", count=language.count(total.blind_units)
            ),
        ),
        Figure(
            key="share",
            word=language.say("Of what was handed over"),
            amount=_percent(total.share_basis_points, language),
            about=language.say("of {count} pieces in the same days", count=language.count(total.sent_units)),
        ),
        Figure(
            key="refund",
            word=language.say("Paid back for goods"),
            amount=language.money(total.refund_minor, found.currency),
            about=language.say("charges are not in it"),
        ),
        Figure(
            key="unsold",
            word=language.say("Not on sale again"),
            amount=language.count(total.unsold_units),
            about=language.say(
                "of {count} graded, paid back at {amount}",
                count=language.count(total.graded_units),
                amount=language.money(total.unsold_minor, found.currency),
            ),
        ),
        Figure(
            key="cost",
            word=language.say("What it cost"),
            amount=language.money(total.cost_minor, found.currency),
            about=_parts_of_cost(total, found, language),
        ),
        Figure(
            key="unearned",
            word=language.say("Earned and given back"),
            amount=language.money(total.unearned_minor, found.currency),
            about=language.say("shares of dealers, stores, guides and others, taken back with the goods"),
        ),
    ]


def _parts_of_cost(group: ReturnedGroup, found: Found, language: Language) -> str:
    """Say what a cost is made of, and of how many pieces a part is not known."""
    said = language.say(
        "freight {freight}, handling {handling}, lost worth {loss}",
        freight=language.money(group.freight_minor, found.currency),
        handling=language.money(group.handling_minor, found.currency),
        loss=language.money(group.loss_minor, found.currency),
    )
    if not group.uncosted_units:
        return said
    unknown = language.say(
        "what {count} pieces had cost is not known", count=language.count(group.uncosted_units)
    )
    return f"{said}; {unknown}"


def _branches(found: Found, language: Language) -> list[Choice]:
    choosable = [
        Choice(
            value=unit.code,
            word=language.called(unit.name),
            link=found.asked.link(RETURNS_WHY, branch=unit.code),
            is_chosen=unit.code == found.asked.branch,
        )
        for unit in found.names.reach.choosable
        if len(unit.path) > 1
    ]
    if len(choosable) < 2 and not found.asked.branch:
        return []
    whole = Choice(
        value="",
        word=language.say("All of it"),
        link=found.asked.link(RETURNS_WHY, branch=""),
        is_chosen=not found.asked.branch,
    )
    return [whole, *choosable]


def _heads(asked: Asked, language: Language) -> list[Head]:
    words = {
        "units": language.say("Came back"),
        "share": language.say("Of what was handed over"),
        "refund": language.say("Paid back for goods"),
        "unsold": language.say("Not on sale again"),
        "cost": language.say("What it cost"),
        "unearned": language.say("Earned and given back"),
    }
    return [
        Head(key=key, word=word, link=asked.link(RETURNS_WHY, sort=key), is_chosen=key == asked.order)
        for key, word in words.items()
    ]


def _row(name: str, group: ReturnedGroup, found: Found, language: Language, *, most: int) -> Row:
    return Row(
        key=group.key,
        name=name,
        link=found.asked.link(LINES, key=group.key or NONE),
        units=language.count(group.units),
        blind=language.say("{count} without a sale", count=language.count(group.blind_units))
        if group.blind_units
        else "",
        share=_percent(group.share_basis_points, language),
        refund=language.money(group.refund_minor, found.currency),
        unsold=language.count(group.unsold_units),
        unsold_amount=language.money(group.unsold_minor, found.currency) if group.unsold_units else "",
        cost=language.money(group.cost_minor, found.currency),
        parts_of_cost=_parts_of_cost(group, found, language)
        if group.cost_minor or group.uncosted_units
        else "",
        unearned=language.money(group.unearned_minor, found.currency),
        width=round(100 * group.units / most, 2),
    )


def written_lines(found: FoundLines, language: Language, *, leads: bool) -> LinesView:
    """Write a page of lines down; `leads`: whoever looks may open orders."""
    asked = found.asked
    key = UNKNOWN if asked.key == NONE else asked.key
    word = language.say(DIMENSION_WORDS[asked.dimension])
    title = (
        f"{word}: {name_of(key, asked.dimension, found.names, language)}"
        if asked.key
        else language.say("Came back")
    )
    return LinesView(
        title=title,
        days=language.say(
            "{first} to {last}",
            first=language.plain_day(found.span.first),
            last=language.plain_day(found.span.last),
        ),
        rows=[line_row(one, found, language, leads=leads) for one in found.lines],
    )


def line_row(one: ReturnedLine, found: FoundLines, language: Language, *, leads: bool) -> LineRow:
    """Write a line of a return down."""
    sku = found.names.skus.get(one.sku_id) if one.sku_id is not None else None
    number = found.numbers.get(one.order_id, "") if one.order_id is not None else ""
    grades = [language.say(GRADE_WORDS[Grade(grade)]) for grade in one.graded.split(",") if grade]
    return LineRow(
        at=language.clock_of_day(one.at, found.span.zone),
        number=one.external_number,
        channel=channel_word(one.channel, language),
        goods=language.called(sku.name) if sku is not None else "",
        code=sku.code if sku is not None else one.code,
        units=language.count(one.units),
        reason=language.say(RETURN_WORDS[Reason(one.reason)]),
        grades=", ".join(grades),
        sent=_site(one.sent_site_id, found.names, language),
        taken=_site(one.taken_site_id, found.names, language),
        order=number,
        order_path=f"/hq/orders/{number}" if leads and number else "",
        is_blind=one.order_id is None,
        refund=language.money(one.refund_minor, one.currency),
        photos=photos_shown(_photos_of(one, found), found.span.zone, language, path=RETURNED_PHOTOS)
        if leads
        else [],
    )


def _photos_of(one: ReturnedLine, found: FoundLines) -> list[Photo]:
    """Return the photos of a line's return: those of the line itself, and those of no line, such as its customer's."""
    mine = [photo for photo in found.photos if photo.return_id == one.return_id]
    return [photo for photo in mine if photo.line_id in {None, one.line_id}]
