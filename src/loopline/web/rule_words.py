"""The words of rules of sharing: who a party is to a line, what a row gives, and on which lines it decides."""

from decimal import Decimal

from babel.numbers import format_percent

from loopline.kernel.cities import city_by_code
from loopline.sharing.model import Base, Per, Role, RuleRow
from loopline.web.hq.board_view import channel_word
from loopline.web.languages import Language, marked

ROLE_WORDS: dict[Role, str] = {
    Role.BRAND: marked("Brand"),
    Role.DEALER: marked("Dealer"),
    Role.STORE: marked("Selling store"),
    Role.GUIDE: marked("Guide"),
    Role.SHIPPING_SITE: marked("Sending site"),
    Role.STREAMER: marked("Streamer"),
    Role.PLATFORM: marked("Platform"),
    Role.INTRODUCER: marked("Who brought the member"),
    Role.TERRITORY: marked("Dealer of the territory"),
    Role.GOODS_OWNER: marked("Owner of the goods"),
    Role.PAYMENT_FEE: marked("Payment fee"),
    Role.MARKETING_FUND: marked("Marketing fund"),
}
BASE_WORDS: dict[Base, str] = {
    Base.LIST: marked("{percent} of the list price"),
    Base.PAID: marked("{percent} of what is paid"),
    Base.NET: marked("{percent} of the net amount"),
    Base.MARGIN: marked("{percent} of the margin"),
    Base.FUNDED: marked("{percent} of what is paid and borne by others, less tax"),
}
PER_WORDS: dict[Per, str] = {
    Per.UNIT: marked("{amount} for each unit"),
    Per.PARCEL: marked("{amount} for each parcel"),
    Per.ORDER: marked("{amount} for each order"),
}
DELIVERY_WORDS: dict[str, str] = {
    "deliver": marked("Delivered"),
    "courier": marked("Brought by courier"),
    "fitting": marked("Brought and fitted"),
    "collect": marked("Collected in store"),
    "carried_out": marked("Carried out of the store"),
}


def rule_sentence(row: RuleRow, currency: str, language: Language) -> str:
    """Say what a row of the rules gives, and on which lines."""
    gives = gives_words(row, currency, language)
    conditions = condition_words(row, language)
    return f"{gives} · {' · '.join(conditions)}" if conditions else gives


def gives_words(row: RuleRow, currency: str, language: Language) -> str:
    """Say what a row gives."""
    if row.remainder:
        return language.say("what the others leave")
    if row.amount_minor is not None:
        return language.say(PER_WORDS[row.per], amount=language.money(row.amount_minor, currency))
    gives = language.say(BASE_WORDS[row.base], percent=percent_words(row.basis_points or 0, language))
    bounds = [
        language.say(word, amount=language.money(minor, currency))
        for word, minor in (
            (marked("at least {amount} each"), row.floor_minor),
            (marked("at most {amount} each"), row.cap_minor),
        )
        if minor is not None
    ]
    return ", ".join([gives, *bounds]) if language.code != "zh" else "，".join([gives, *bounds])


def condition_words(row: RuleRow, language: Language) -> list[str]:
    """Say on which lines a row decides; nothing where it decides on all."""
    alternatives = (
        [channel_word(one, language) for one in row.channels],
        list(row.categories),
        [language.say(DELIVERY_WORDS[one]) if one in DELIVERY_WORDS else one for one in row.deliveries],
        [region_word(one, language) for one in row.regions],
        [language.say("campaign {code}", code=one) for one in row.campaigns],
        [language.say("goods of {code}", code=one) for one in row.owners],
    )
    return [
        *([language.say("member is theirs")] if row.bound else []),
        *([language.say("member is not theirs")] if row.bound is False else []),
        *(either(words, language) for words in alternatives if words),
        *([language.say("ordered from {moment}", moment=_moment(row.sold_from))] if row.sold_from else []),
        *(
            [language.say("ordered before {moment}", moment=_moment(row.sold_until))]
            if row.sold_until
            else []
        ),
        *([language.say("for bringing who did it")] if row.level > 1 else []),
    ]


def _moment(at: object) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def region_word(code: str, language: Language) -> str:
    """Say a region by its city where we know it, else by its code."""
    city = city_by_code(code)
    if city is None:
        return language.say("region {code}", code=code)
    return city.chinese if language.code == "zh" else city.english


def percent_words(basis_points: int, language: Language) -> str:
    """Say basis points as a percentage."""
    return format_percent(Decimal(basis_points) / 10_000, locale=language.locale, format="#,##0.##%")


def either(words: list[str], language: Language) -> str:
    """Say that any of several will do."""
    return language.say(" or ").join(words)
