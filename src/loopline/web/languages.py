"""Two languages: which one a request wants, its words, and its way to write money, counts and times.

The words are the English sentences themselves; the files of `locale/<language>` translate them and are read at start,
so that nothing needs compiling. `python -m loopline.web.catalogue` finds new sentences.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from string import Formatter

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.messages.pofile import read_po
from babel.numbers import (
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
    get_currency_symbol,
)

from loopline.kernel.names import HAN, half_of
from loopline.kernel.refusals import Refusal, Why
from loopline.kernel.times import zone

LOCALE_FOLDER = Path(__file__).parent / "locale"
LANGUAGE_COOKIE = "language"
DEFAULT_LANGUAGE = "en"
_MOMENT = timedelta(microseconds=1)
_CHANGE_PATTERN = "+#,##0.0%;-#,##0.0%"
# `云锦真丝衬衫 Silk shirt 白/White M`: such a name, a colour in both languages, what else tells the SKU.
_BILINGUAL_SKU = re.compile(
    rf"^(?P<name>.*?[A-Za-z][^{HAN}]*?) (?P<zh>[{HAN}]+)/(?P<en>[A-Za-z][A-Za-z -]*?)(?: (?P<rest>[^ ]+))?$"
)
_ONE_SIZE = "均码"


class Language:
    """One language of the pages. Immutable, shared by all requests and threads."""

    def __init__(self, code: str, *, locale: str, name: str, words: Mapping[str, str]) -> None:
        self.code = code
        self.name = name
        self._locale_name = locale
        self._words = words

    @cached_property
    def locale(self) -> Locale:
        """What Babel knows of this language and its usual country."""
        return Locale.parse(self._locale_name, sep="-")

    @property
    def tag(self) -> str:
        """The BCP 47 tag for the page's `lang`."""
        return self._locale_name

    def say(self, sentence: str, **fields: object) -> str:
        """Translate a sentence and fill its fields; a sentence nobody translated is said in English."""
        said = self._words.get(sentence) or sentence
        return said.format(**fields) if fields else said

    def called(self, name: str) -> str:
        """Return the half of a bilingual name that somebody reads; the whole name where it is not one."""
        half = half_of(name, self.code)
        if half is not None:
            return half
        sku = _BILINGUAL_SKU.match(name.strip())
        if sku is None:
            return name
        rest = sku["rest"] if sku["rest"] != _ONE_SIZE or self.code == "zh" else ""
        return " ".join(part for part in (self.called(sku["name"]), sku[self._half], rest) if part)

    @property
    def _half(self) -> str:
        return "zh" if self.code == "zh" else "en"

    def refusal(self, refusal: Refusal) -> str:
        """Say a refusal, its moments written as people read them."""
        return self.say(
            refusal.template, **{name: self._field(value) for name, value in refusal.fields.items()}
        )

    def money(self, minor: int, currency: str) -> str:
        """Write an amount of minor units with its currency, to the last cent."""
        precision = get_currency_precision(currency)
        return format_currency(Decimal(minor).scaleb(-precision), currency, locale=self.locale)

    def currency_symbol(self, currency: str) -> str:
        """Return the sign a currency goes by."""
        return get_currency_symbol(currency, locale=self.locale)

    def count(self, number: int) -> str:
        """Write a whole number with its grouping."""
        return format_decimal(number, locale=self.locale)

    def change(self, now: int, before: int) -> str | None:
        """Write by how much `now` differs from `before` as a signed percentage; None where nothing was before."""
        if before <= 0:
            return None
        return format_percent(
            Decimal(now - before) / Decimal(before), locale=self.locale, format=_CHANGE_PATTERN
        )

    def percent(self, part: float) -> str:
        """Write a small part of a whole as a percentage with two decimals."""
        return format_percent(Decimal(f"{part:.6f}"), locale=self.locale, format="#,##0.00 %")

    def day(self, day: date) -> str:
        """Write a day with its weekday."""
        return format_date(day, format="full", locale=self.locale)

    def plain_day(self, day: date) -> str:
        """Write a day with its year."""
        return format_date(day, format="medium", locale=self.locale)

    def month(self, day: date) -> str:
        """Write the month of a day with its year."""
        return format_skeleton("yMMMM", day, locale=self.locale)

    def short_day(self, at: datetime, zone_name: str) -> str:
        """Write month and day, for axes."""
        return format_skeleton("MMMd", at, tzinfo=zone(zone_name), locale=self.locale)

    def weekday(self, number: int) -> str:
        """Write a day of the week by its ISO number, short."""
        return self.locale.days["format"]["abbreviated"][number - 1]

    def clock(self, at: datetime, zone_name: str) -> str:
        """Write hour and minute."""
        return format_time(at, format="HH:mm", tzinfo=zone(zone_name), locale=self.locale)

    def clock_to_second(self, at: datetime, zone_name: str) -> str:
        """Write hour, minute and second."""
        return format_time(at, format="HH:mm:ss", tzinfo=zone(zone_name), locale=self.locale)

    def age(self, age: timedelta) -> str:
        """Write how long something has been, in its largest unit."""
        return format_timedelta(age, threshold=1, format="short", locale=self.locale)

    def clock_of_day(self, at: datetime, zone_name: str) -> str:
        """Write month, day, hour and minute."""
        return f"{self.short_day(at, zone_name)} {self.clock(at, zone_name)}"

    def until(self, at: datetime, zone_name: str) -> str:
        """Write until when something lasts: its last day where it ends with that day, else day, hour and minute."""
        if at.astimezone(zone(zone_name)).time() == time.min:
            return self.short_day(at - _MOMENT, zone_name)
        return self.clock_of_day(at, zone_name)

    def _field(self, value: object) -> object:
        if isinstance(value, datetime):
            return f"{format_skeleton('yMMMd', value, locale=self.locale)} {self.clock(value, 'UTC')} UTC"
        return self.say(value.value) if isinstance(value, Why) else value


def files_of(code: str) -> list[Path]:
    """Return the files that translate into a language."""
    return sorted((LOCALE_FOLDER / code).glob("*.po"))


def _words_of(code: str) -> dict[str, str]:
    words: dict[str, str] = {}
    for path in files_of(code):
        with path.open("rb") as file:
            for message in read_po(file):
                if isinstance(message.id, str) and isinstance(message.string, str) and message.string:
                    words[message.id] = message.string
    words.pop("", None)
    return words


@lru_cache(maxsize=1)
def languages() -> dict[str, Language]:
    """Return the languages by code, in the order in which they are offered."""
    return {
        "zh": Language("zh", locale="zh-CN", name="中文", words=_words_of("zh")),
        "en": Language("en", locale="en-GB", name="English", words={}),
    }


def wanted_language(*, cookie: str | None, accept_language: str) -> Language:
    """Choose: what the person chose before, else the best of what the browser accepts, else English.

    `accept_language` is the header of RFC 9110: ranges with a weight; a range matches by its primary tag.
    """
    offered = languages()
    if cookie in offered:
        return offered[cookie]
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept_language.split(",")):
        tag, _, weight = part.partition(";")
        primary = tag.strip().lower().split("-")[0]
        quality = _quality(weight)
        if primary in offered and quality > 0:
            ranked.append((-quality, place, primary))
    return offered[min(ranked)[2]] if ranked else offered[DEFAULT_LANGUAGE]


def _quality(weight: str) -> float:
    name, _, value = weight.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0


def fields_of(sentence: str) -> set[str]:
    """Return the names of the fields a sentence has in braces."""
    return {field for _, field, _, _ in Formatter().parse(sentence) if field is not None}


def marked(sentence: str) -> str:
    """Mark a sentence for translation where it is written, to be said somewhere else."""
    return sentence
