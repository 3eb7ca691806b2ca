"""The form of a marketplace's terms: how it is written down, and how what was typed is read."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from loopline.kernel.ids import PersonId
from loopline.kernel.refusals import Refused
from loopline.marketplaces import GoodsTerms, GoodsTermsSet, Marketplace, MarketplaceTerms, SubjectKind
from loopline.orders import ChannelTerms
from loopline.processes.lend import LoanWriteOff
from loopline.web.api.marketplaces import GoodsTermsBody, MarketplaceBody, WriteOffBody
from loopline.web.api.reading import BadInput, bad_input
from loopline.web.hq.refusals import TypedWrong
from loopline.web.languages import Language, marked
from loopline.web.store.moving.place import time_id

_PERSON = "person:"
_BASIS_POINTS = 100
"""In a per cent."""
_WHOLE = 10_000
T = TypeVar("T")
_NOT_A_PERCENTAGE = marked("must be a percentage from 0 to 100 with at most two decimals")
FIELD_WORDS: Mapping[str, str] = {
    "weight": marked("Weight"),
    "buffer_units": marked("Pieces of each SKU kept back"),
    "most_units": marked("Pieces of a SKU at once, at most"),
    "connector": marked("Told through (connector)"),
    "ship_hours": marked("Ship within (hours after payment)"),
    "alarm_hours": marked("Alarm so many hours before"),
    "late_percent": marked("Late orders cost (% of their amount)"),
    "late_basis_points": marked("Late orders cost (% of their amount)"),
    "late_least_minor": marked("at least (cents)"),
    "late_most_minor": marked("at most (cents)"),
    "test_prefixes": marked("Numbers that begin so are tests, separated by spaces"),
    "subject": marked("For"),
    "subject_code": marked("Its code or name"),
    "note": marked("Why (kept with the version)"),
    "sku_code": marked("SKU"),
    "units": marked("Pieces"),
}


class FoundTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The terms of a channel, those of its goods, and who set them."""

    channel: ChannelTerms
    in_force: Marketplace | None
    versions: Sequence[Marketplace]
    goods: Sequence[GoodsTermsSet]
    people: Mapping[PersonId, str]


class TermsSaid(msgspec.Struct, frozen=True, kw_only=True):
    """Terms as the form says them, with the version that was looked at (0: none)."""

    terms: MarketplaceTerms
    note: str
    version: int | None


class FieldShown(msgspec.Struct, frozen=True, kw_only=True):
    """A number of the form; empty where none is set."""

    name: str
    word: str
    value: str
    about: str = ""
    least: int = 0
    step: str = "1"
    is_wanted: bool = False


class GoodsRow(msgspec.Struct, frozen=True, kw_only=True):
    """Terms of a category or a SKU, written down."""

    subject: str
    code: str
    said: str
    when: str


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the terms: when it was set, by whom, and why."""

    version: str
    when: str
    note: str
    is_in_force: bool


class TermsView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of a marketplace's terms, written down."""

    code: str
    name: str
    is_new: bool
    version: int
    is_on: bool
    puts_back: bool
    connector: str
    prefixes: str
    share: list[FieldShown]
    shipping: list[FieldShown]
    goods: list[GoodsRow]
    versions: list[VersionRow]


def person_of(actor: str) -> PersonId | None:
    """Return who an actor of the log is, where it is a person."""
    if not actor.startswith(_PERSON):
        return None
    try:
        return PersonId(UUID(actor.removeprefix(_PERSON)))
    except ValueError:
        return None


def terms_view(found: FoundTerms, language: Language) -> TermsView:
    """Write the page down."""
    terms = found.in_force.terms if found.in_force else MarketplaceTerms(channel=found.channel.code)
    return TermsView(
        code=found.channel.code,
        name=language.called(found.channel.name),
        is_new=found.in_force is None,
        version=found.in_force.version if found.in_force else 0,
        is_on=terms.is_on,
        puts_back=terms.puts_back,
        connector=terms.connector,
        prefixes=" ".join(terms.test_prefixes),
        share=_share_fields(terms, language),
        shipping=_shipping_fields(terms, language),
        goods=[_goods_row(one, found, language) for one in found.goods],
        versions=[_version_row(one, found, language) for one in found.versions],
    )


def _share_fields(terms: MarketplaceTerms, language: Language) -> list[FieldShown]:
    return [
        FieldShown(
            name="weight",
            word=_word("weight", language),
            value=str(terms.weight),
            about=language.say("its part among all marketplaces; 0 is lent nothing"),
            is_wanted=True,
        ),
        FieldShown(
            name="buffer_units",
            word=_word("buffer_units", language),
            value=str(terms.buffer_units),
            about=language.say("never told of; raise it where your shops sell fast"),
            is_wanted=True,
        ),
        FieldShown(
            name="most_units",
            word=_word("most_units", language),
            value=_shown(terms.most_units),
            about=language.say("empty: no limit"),
        ),
    ]


def _shipping_fields(terms: MarketplaceTerms, language: Language) -> list[FieldShown]:
    return [
        FieldShown(
            name="ship_hours",
            word=_word("ship_hours", language),
            value=_shown(terms.ship_hours),
            about=language.say("where an order does not say; empty: no time"),
            least=1,
        ),
        FieldShown(
            name="alarm_hours",
            word=_word("alarm_hours", language),
            value=str(terms.alarm_hours),
            is_wanted=True,
        ),
        FieldShown(
            name="late_percent",
            word=_word("late_percent", language),
            value=f"{Decimal(terms.late_basis_points) / _BASIS_POINTS:f}",
            step="0.01",
            is_wanted=True,
        ),
        FieldShown(
            name="late_least_minor",
            word=_word("late_least_minor", language),
            value=str(terms.late_least_minor),
            is_wanted=True,
        ),
        FieldShown(
            name="late_most_minor",
            word=_word("late_most_minor", language),
            value=_shown(terms.late_most_minor),
            about=language.say("empty: no limit"),
        ),
    ]


def _shown(number: int | None) -> str:
    return "" if number is None else str(number)


def _goods_row(one: GoodsTermsSet, found: FoundTerms, language: Language) -> GoodsRow:
    said: list[str] = []
    if not one.is_on:
        said.append(language.say("lent nothing"))
    if one.weight is not None:
        said.append(language.say("weight {weight}", weight=language.count(one.weight)))
    if one.buffer_units is not None:
        said.append(language.say("keeps {units} back", units=language.count(one.buffer_units)))
    if one.most_units is not None:
        said.append(language.say("at most {units}", units=language.count(one.most_units)))
    is_sku = one.subject is SubjectKind.SKU
    return GoodsRow(
        subject=language.say("SKU") if is_sku else language.say("Category"),
        code=one.subject_code if is_sku else language.called(one.subject_code),
        said=" · ".join(said) or language.say("as for all its goods"),
        when=_when(one, found, language),
    )


def _version_row(one: Marketplace, found: FoundTerms, language: Language) -> VersionRow:
    return VersionRow(
        version=language.count(one.version),
        when=_when(one, found, language),
        note=one.note,
        is_in_force=found.in_force is not None and found.in_force.version == one.version,
    )


def _when(one: Marketplace | GoodsTermsSet, found: FoundTerms, language: Language) -> str:
    at = language.clock_of_day(one.set_at, found.channel.time_zone)
    person_id = person_of(one.set_by)
    name = found.people.get(person_id) if person_id is not None else None
    return f"{at} · {language.called(name)}" if name else at


# ------------------------------------------------------------------------------------------------------------- reading


def read_terms(said: Mapping[str, str], *, channel: str, language: Language) -> TermsSaid:
    """Read the form of terms. Raises Refused, which names the field, for what the API would not take either."""
    asked = _body(
        {
            "channel": channel,
            "connector": said.get("connector", "").strip() or "sandbox",
            "is_on": "is_on" in said,
            "puts_back": "puts_back" in said,
            **_numbers(said, "weight", "buffer_units", "alarm_hours", "late_least_minor", "version"),
            **_numbers(said, "most_units", "ship_hours", "late_most_minor"),
            "late_basis_points": _basis_points(said.get("late_percent", ""), language),
            "test_prefixes": said.get("test_prefixes", "").replace(",", " ").replace("，", " ").split(),
            "note": said.get("note", "").strip(),
        },
        MarketplaceBody,
        language,
    )
    terms = MarketplaceTerms(**{name: getattr(asked, name) for name in MarketplaceTerms.__struct_fields__})
    return TermsSaid(terms=terms, note=asked.note, version=asked.version)


def read_goods(said: Mapping[str, str], *, channel: str, language: Language) -> tuple[GoodsTerms, str]:
    """Read the form of terms of some goods, and its note. Raises Refused as `read_terms` does."""
    asked = _body(
        {
            "channel": channel,
            "subject": said.get("subject", ""),
            "subject_code": said.get("subject_code", "").strip(),
            "is_on": "is_on" in said,
            **_numbers(said, "weight", "buffer_units", "most_units"),
            "note": said.get("note", "").strip(),
        },
        GoodsTermsBody,
        language,
    )
    terms = GoodsTerms(**{name: getattr(asked, name) for name in GoodsTerms.__struct_fields__})
    return terms, asked.note


def read_write_off(said: Mapping[str, str], *, channel: str, language: Language) -> LoanWriteOff:
    """Read the form that takes units off a loan. Raises Refused as `read_terms` does; its note is wanted.

    The form's own id names the word: sent twice, it is said once.
    """
    asked = _body(
        {
            "channel": channel,
            "sku_code": said.get("sku_code", "").strip(),
            "units": said.get("units", "").strip(),
            "note": said.get("note", "").strip(),
        },
        WriteOffBody,
        language,
    )
    return LoanWriteOff(
        id=time_id(said, "form_id"),
        channel=asked.channel,
        sku_code=asked.sku_code,
        units=asked.units,
        note=asked.note,
    )


def _numbers(said: Mapping[str, str], *names: str) -> dict[str, Any]:
    """What was typed into numbers; an empty one is left out."""
    typed = {name: said.get(name, "").strip() for name in names}
    return {name: number for name, number in typed.items() if number}


def _basis_points(typed: str, language: Language) -> int:
    try:
        points = Decimal(typed.strip() or "0") * _BASIS_POINTS
    except InvalidOperation:
        points = Decimal("NaN")
    is_in_range = points.is_finite() and 0 <= points <= _WHOLE
    if not is_in_range or points != points.to_integral_value():
        raise _wrong(BadInput(field="late_percent", template=_NOT_A_PERCENTAGE), language)
    return int(points)


def _body(said: Mapping[str, Any], kind: type[T], language: Language) -> T:
    try:
        return msgspec.convert(said, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _wrong(bad_input(str(error)), language) from error


def _wrong(found: BadInput, language: Language) -> Refused:
    """What is wrong with a field, by the word that the form has for it."""
    field = found.field.partition("[")[0]
    return Refused(
        TypedWrong(setting=_word(field, language), reason=found.problem(language).reason, field=found.field)
    )


def _word(field: str, language: Language) -> str:
    """What the form calls a field; one that nobody types has its name alone."""
    word = FIELD_WORDS.get(field)
    return language.say(word) if word is not None else field
