"""The table of rules as a form: a row is what one party takes of which lines; what was typed is read strictly."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import msgspec
from babel.numbers import get_currency_precision

from loopline.kernel.refusals import Refused
from loopline.kernel.times import zone
from loopline.sharing.model import LEVELS_MAX, Base, Per, Role, RuleRow
from loopline.web.hq.rule_refusals import RuleTypedWrong, Typed
from loopline.web.hq.typed import read_basis_points, read_minor, read_moment
from loopline.web.languages import Language, marked
from loopline.web.rule_words import DELIVERY_WORDS, ROLE_WORDS

ROWS_MOST = 200
ROWS_TO_ADD = 3
_HUNDRED = Decimal(100)
_Value = TypeVar("_Value")
_SETS_APART = re.compile(r'[,，"]')
_VALUE = re.compile(r'"((?:[^"]|"")*)"|([^,，"]+)')
_REST = "rest"
_PERCENT = "percent."
_AMOUNT = "amount."
TAKES_WORDS: dict[str, str] = {
    _PERCENT + Base.NET.value: marked("% of the net amount"),
    _PERCENT + Base.PAID.value: marked("% of what is paid"),
    _PERCENT + Base.LIST.value: marked("% of the list price"),
    _PERCENT + Base.MARGIN.value: marked("% of the margin"),
    _PERCENT + Base.FUNDED.value: marked("% of what is paid and borne by others, less tax"),
    _AMOUNT + Per.UNIT.value: marked("for each unit"),
    _AMOUNT + Per.PARCEL.value: marked("for each parcel"),
    _AMOUNT + Per.ORDER.value: marked("for each order"),
    _REST: marked("what the others leave"),
}
BOUND_WORDS: dict[str, str] = {
    "": marked("any member"),
    "yes": marked("member is theirs"),
    "no": marked("member is not theirs"),
}
LEVEL_WORDS: dict[str, str] = {"1": marked("own deed"), "2": marked("for bringing who did it")}
_LEVELS = frozenset("123456789")
_BOUND: dict[str, bool | None] = {"": None, "yes": True, "no": False}


class FormRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row as the form shows it; all typed things are text."""

    number: int
    position: str
    role: str
    level: str
    takes: str
    value: str
    floor: str
    cap: str
    bound: str
    channels: str
    categories: str
    deliveries: str
    regions: str
    campaigns: str
    owners: str
    sold_from: str
    sold_until: str


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One of several to choose from."""

    value: str
    word: str


def choices(words: Mapping[str, str], language: Language) -> list[Choice]:
    """Write choices down in the reader's language, in their order."""
    return [Choice(value=value, word=language.say(word)) for value, word in words.items()]


def level_choices(rows: Sequence[RuleRow], language: Language) -> list[Choice]:
    """Write down the levels that may be paid, and those that rows pay against the law, so that they are seen."""
    others = sorted({row.level for row in rows if row.level > LEVELS_MAX})
    return [*choices(LEVEL_WORDS, language), *(Choice(value=str(one), word=str(one)) for one in others)]


def role_choices(language: Language) -> list[Choice]:
    """Write down whom a row may be for."""
    return [Choice(value=role.value, word=language.say(word)) for role, word in ROLE_WORDS.items()]


def delivery_hint(language: Language) -> str:
    """Say which words stand for ways of delivery."""
    return ", ".join(f"{code} = {language.say(word)}" for code, word in DELIVERY_WORDS.items())


def form_rows(rows: Sequence[RuleRow], *, currency: str, zone_name: str) -> list[FormRow]:
    """Lay rows out as a form, with some empty ones to add."""
    laid = [_laid(row, number, currency, zone_name) for number, row in enumerate(rows, start=1)]
    empty = range(len(rows) + 1, min(len(rows) + ROWS_TO_ADD, ROWS_MOST) + 1)
    return laid + [_laid(None, number, currency, zone_name) for number in empty]


def _laid(row: RuleRow | None, number: int, currency: str, zone_name: str) -> FormRow:
    def money(minor: int | None) -> str:
        return "" if minor is None else f"{Decimal(minor).scaleb(-get_currency_precision(currency)):f}"

    def moment(at: datetime | None) -> str:
        if at is None:
            return ""
        said = at.astimezone(zone(zone_name)).replace(tzinfo=None)
        return said.isoformat(" ", "auto" if said.second or said.microsecond else "minutes")

    def listed(values: Sequence[str] | None) -> str:
        return ", ".join(_spelt(value) for value in values or ())

    bound = next(word for word, is_bound in _BOUND.items() if is_bound is (row.bound if row else None))
    return FormRow(
        number=number,
        position=str(number * 10),
        role=row.role.value if row else "",
        level=str(row.level) if row else "1",
        takes=_takes(row) if row else _PERCENT + Base.NET.value,
        value=_value(row, money) if row else "",
        floor=money(row.floor_minor) if row else "",
        cap=money(row.cap_minor) if row else "",
        bound=bound,
        channels=listed(row.channels if row else None),
        categories=listed(row.categories if row else None),
        deliveries=listed(row.deliveries if row else None),
        regions=listed(row.regions if row else None),
        campaigns=listed(row.campaigns if row else None),
        owners=listed(row.owners if row else None),
        sold_from=moment(row.sold_from if row else None),
        sold_until=moment(row.sold_until if row else None),
    )


def _takes(row: RuleRow) -> str:
    if row.remainder:
        return _REST
    return _PERCENT + row.base.value if row.basis_points is not None else _AMOUNT + row.per.value


def _value(row: RuleRow, money: Callable[[int | None], str]) -> str:
    if row.basis_points is not None:
        return f"{(Decimal(row.basis_points) / _HUNDRED).normalize():f}"
    return money(row.amount_minor)


def read_rows(said: Mapping[str, str], *, currency: str, zone_name: str) -> tuple[RuleRow, ...]:
    """Read the rows that the form says, in the order of their positions; a row for nobody is left out.

    Raises Refused for the first thing that cannot be read.
    """
    numbers = sorted(
        int(number)
        for name in said
        if name.startswith("row.")
        and name.endswith(".role")
        and (number := name.split(".")[1]).isdecimal()
        and number.isascii()
    )
    read = [
        (_position(said, number), number, _row(said, number, currency=currency, zone_name=zone_name))
        for number in numbers[:ROWS_MOST]
        if said.get(f"row.{number}.role", "").strip()
    ]
    return tuple(row for _, _, row in sorted(read, key=lambda one: one[:2]))


def _position(said: Mapping[str, str], number: int) -> int:
    typed = said.get(f"row.{number}.position", "").strip()
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else number * 10


def _row(said: Mapping[str, str], number: int, *, currency: str, zone_name: str) -> RuleRow:
    def typed(name: str) -> str:
        return said.get(f"row.{number}.{name}", "").strip()

    def wrong(name: str, what: Typed) -> Refused:
        return Refused(RuleTypedWrong(row=number, typed=typed(name)[:40], what=what))

    def money(name: str) -> int | None:
        return _read(read_minor(typed(name), currency), wrong(name, Typed.MONEY)) if typed(name) else None

    takes = typed("takes")
    if typed("role") not in {role.value for role in Role}:
        raise wrong("role", Typed.PARTY)
    if takes not in TAKES_WORDS:
        raise wrong("takes", Typed.TAKES)
    if typed("bound") not in _BOUND or typed("level") not in _LEVELS:
        raise wrong("bound", Typed.CONDITION)
    is_percent, is_amount = takes.startswith(_PERCENT), takes.startswith(_AMOUNT)
    return RuleRow(
        role=Role(typed("role")),
        level=int(typed("level")),
        channels=_listed(typed("channels")),
        categories=_listed(typed("categories")),
        deliveries=_listed(typed("deliveries")),
        regions=_listed(typed("regions")),
        campaigns=_listed(typed("campaigns")),
        owners=_listed(typed("owners")),
        sold_from=_moment(typed("sold_from"), zone_name, wrong("sold_from", Typed.MOMENT)),
        sold_until=_moment(typed("sold_until"), zone_name, wrong("sold_until", Typed.MOMENT)),
        bound=_BOUND[typed("bound")],
        basis_points=_read(read_basis_points(typed("value")), wrong("value", Typed.PERCENT))
        if is_percent
        else None,
        base=Base(takes.removeprefix(_PERCENT)) if is_percent else Base.NET,
        floor_minor=money("floor"),
        cap_minor=money("cap"),
        amount_minor=_read(read_minor(typed("value"), currency), wrong("value", Typed.MONEY))
        if is_amount
        else None,
        per=Per(takes.removeprefix(_AMOUNT)) if is_amount else Per.UNIT,
        remainder=takes == _REST,
    )


def _spelt(value: str) -> str:
    """Spell one of several values: in quotes where it holds what stands between them."""
    return (
        '"' + value.replace('"', '""') + '"' if _SETS_APART.search(value) or value != value.strip() else value
    )


def _listed(typed: str) -> tuple[str, ...]:
    parts = (
        quoted.replace('""', '"') if quoted else plain.strip() for quoted, plain in _VALUE.findall(typed)
    )
    return tuple(dict.fromkeys(part for part in parts if part))


def _read(found: _Value | None, refused: Refused) -> _Value:
    if found is None:
        raise refused
    return found


def _moment(typed: str, zone_name: str, refused: Refused) -> datetime | None:
    return _read(read_moment(typed, zone_name), refused) if typed else None
