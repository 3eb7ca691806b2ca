"""The page on packing written down in a language: what asks for photos, boxes, what was packed and labelled lately."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from babel.numbers import get_currency_precision

from loopline.fulfilment.labels import LabelForm, LabelsLately
from loopline.fulfilment.packing import HOUSE_BOXES, BoxesLately, BoxKind
from loopline.fulfilment.photos import Demand, PhotoCause, PhotoRule, PhotosLately
from loopline.kernel.ids import SiteId
from loopline.kernel.scope import Scope
from loopline.org import Site
from loopline.web.languages import Language, marked
from loopline.web.photo_words import CAUSE_WORDS, DEMAND_WORDS, WHY_NONE_WORDS
from loopline.web.store.packing_view import sizes

_FORM_WORDS: dict[LabelForm, str] = {
    LabelForm.PDF: marked("On pages (PDF)"),
    LabelForm.ZPL: marked("On label printers (ZPL)"),
}
_GENERAL = (PhotoCause.HIGH_VALUE, PhotoCause.FRAGILE, PhotoCause.COLD, PhotoCause.LAST_UNITS)


class PackingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment. `names`: of people by how they are named on what they set."""

    rules: list[PhotoRule]
    kinds: list[BoxKind]
    boxes: list[BoxesLately]
    labels: list[LabelsLately]
    photos: list[PhotosLately]
    sites: dict[SiteId, Site]
    names: dict[str, str]
    zone: str
    currency: str


class RuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a cause asks for; `category` empty: everywhere. `price`: from which price on goods are dear, as typed."""

    cause: str
    word: str
    category: str
    demand: str
    demand_word: str
    is_dear: bool
    price: str
    price_word: str
    about: str


class BoxRow(msgspec.Struct, frozen=True, kw_only=True):
    """A box of a site, or (`site_code` empty) of the whole brand."""

    code: str
    name: str
    site: str
    site_code: str
    sizes: str
    length: int
    width: int
    height: int
    grams: str
    grams_word: str
    is_insulated: bool
    may_set: bool


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """A number and what it counts; `about`: what more there is to it."""

    key: str
    word: str
    count: str
    about: str


class PackingView(msgspec.Struct, frozen=True, kw_only=True):
    """The page, written down. `house`: sites pack in the house's own boxes, because nobody named any."""

    rules: list[RuleRow]
    causes: list[tuple[str, str]]
    demands: list[tuple[str, str]]
    boxes: list[BoxRow]
    house: bool
    sites: list[tuple[str, str]]
    may_set_brand: bool
    may_set_boxes: bool
    packed: list[Counted]
    labels: list[Counted]
    photos: list[Counted]
    currency: str


def written(facts: PackingFacts, language: Language, *, sets_boxes: Scope) -> PackingView:
    """Write the page down for somebody who names the boxes of the sites in `sets_boxes`."""
    named = [_box_row(kind, facts, language, sets_boxes) for kind in facts.kinds]
    house = [_box_row(kind, facts, language, Scope()) for kind in HOUSE_BOXES] if not named else []
    settable = [site for site in facts.sites.values() if sets_boxes.covers_site(site.id)]
    return PackingView(
        rules=_rule_rows(facts, language),
        causes=[(one.value, language.say(word)) for one, word in CAUSE_WORDS.items()],
        demands=[(one.value, language.say(word)) for one, word in DEMAND_WORDS.items()],
        boxes=named or house,
        house=not named,
        sites=[
            (site.code, language.called(site.name)) for site in sorted(settable, key=lambda one: one.code)
        ],
        may_set_brand=sets_boxes.everything,
        may_set_boxes=bool(settable),
        packed=_packed(facts.boxes, language),
        labels=_labels(facts.labels, language),
        photos=_photos(facts.photos, language),
        currency=facts.currency,
    )


def _rule_rows(facts: PackingFacts, language: Language) -> list[RuleRow]:
    """Every cause as it holds everywhere, then what was said of categories."""
    general = {one.cause: one for one in facts.rules if one.category is None}
    return [_rule_row(cause, general.get(cause), facts, language) for cause in _GENERAL] + [
        _rule_row(one.cause, one, facts, language) for one in facts.rules if one.category is not None
    ]


def _rule_row(cause: PhotoCause, rule: PhotoRule | None, facts: PackingFacts, language: Language) -> RuleRow:
    demand = rule.demand if rule is not None else Demand.OFF
    minor = rule.from_minor if rule is not None else None
    about = ""
    if rule is not None and rule.set_by in facts.names:
        since = language.say("since {time}", time=language.clock_of_day(rule.set_at, facts.zone))
        about = f"{since} · {language.called(facts.names[rule.set_by])}"
    return RuleRow(
        cause=cause.value,
        word=language.say(CAUSE_WORDS[cause]),
        category=rule.category or "" if rule is not None else "",
        demand=demand.value,
        demand_word=language.say(DEMAND_WORDS[demand]),
        is_dear=cause is PhotoCause.HIGH_VALUE,
        price=_typed(minor, facts.currency) if minor is not None else "",
        price_word=language.say("from {amount} a unit", amount=language.money(minor, facts.currency))
        if minor is not None
        else "",
        about=about,
    )


def _typed(minor: int, currency: str) -> str:
    """Write an amount as somebody would type it."""
    return f"{Decimal(minor).scaleb(-get_currency_precision(currency)).normalize():f}"


def _box_row(kind: BoxKind, facts: PackingFacts, language: Language, sets: Scope) -> BoxRow:
    site = facts.sites.get(kind.site_id) if kind.site_id is not None else None
    return BoxRow(
        code=kind.code,
        name=language.called(kind.name),
        site=language.called(site.name) if site else language.say("The whole brand"),
        site_code=site.code if site else "",
        sizes=sizes(kind),
        length=kind.length_mm,
        width=kind.width_mm,
        height=kind.height_mm,
        grams=str(kind.grams_most) if kind.grams_most is not None else "",
        grams_word=language.say("at most {count} g", count=language.count(kind.grams_most))
        if kind.grams_most is not None
        else "",
        is_insulated=kind.is_insulated,
        may_set=sets.covers_site(kind.site_id) if kind.site_id is not None else sets.everything,
    )


def _packed(boxes: Sequence[BoxesLately], language: Language) -> list[Counted]:
    return [
        Counted(
            key=f"packed-{one.box_code or 'other'}",
            word=one.box_code or language.say("Another box, or a bag"),
            count=language.count(one.parcels),
            about=" · ".join(
                said
                for said in (
                    language.say("{count} as proposed", count=language.count(one.as_proposed))
                    if one.proposed and one.box_code
                    else "",
                    language.say("{count} with padding", count=language.count(one.padded))
                    if one.padded
                    else "",
                    language.say("{count} with ice", count=language.count(one.cooled)) if one.cooled else "",
                )
                if said
            ),
        )
        for one in boxes
    ]


def _labels(labels: Sequence[LabelsLately], language: Language) -> list[Counted]:
    return [
        Counted(
            key=f"labels-{one.form.value}",
            word=language.say(_FORM_WORDS[one.form]),
            count=language.count(one.prints),
            about=language.say(
                "parcels: {parcels} · printed again: {again}",
                parcels=language.count(one.parcels),
                again=language.count(one.again),
            ),
        )
        for one in labels
    ]


def _photos(photos: Sequence[PhotosLately], language: Language) -> list[Counted]:
    """Write of how many lines that left a photo was needed, how many have one, and why the others have none."""
    needed = [one for one in photos if one.demand is Demand.REQUIRED]
    if not needed:
        return []
    rows = [
        Counted(
            key="photos-needed",
            word=language.say("Lines that needed a photo"),
            count=language.count(sum(one.lines for one in needed)),
            about="",
        ),
        Counted(
            key="photos-there",
            word=language.say("have one"),
            count=language.count(sum(one.lines for one in needed if one.has_one)),
            about="",
        ),
    ]
    return rows + [
        Counted(
            key=f"photos-{one.why_none.value}",
            word=language.say(WHY_NONE_WORDS[one.why_none]),
            count=language.count(one.lines),
            about="",
        )
        for one in needed
        if one.why_none is not None
    ]
