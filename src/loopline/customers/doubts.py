"""What there is to doubt in where a parcel goes, before a carrier reads it. Pure.

An address is right in its form when it is kept; these are signs that a courier may stand before no door with it, or
call nobody. They are kept by their kinds, beside the sealed address: of the customer they tell nothing.
"""

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum

import phonenumbers

from loopline.customers.model import Recipient
from loopline.kernel.cities import CITIES, PROVINCES


class Doubt(StrEnum):
    """A sign that an address may not lead to anybody. The first three leave nothing that a carrier could read."""

    NO_NAME = "no_name"
    NO_PHONE = "no_phone"
    NO_STREET = "no_street"
    NAME_ODD = "name_odd"
    NAME_LONG = "name_long"
    PHONE_ODD = "phone_odd"
    PHONE_ABROAD = "phone_abroad"
    REGION_UNKNOWN = "region_unknown"
    OTHER_PLACE = "other_place"
    NO_NUMBER = "no_number"
    TWO_ADDRESSES = "two_addresses"
    STREET_LONG = "street_long"
    UNPRINTABLE = "unprintable"


UNUSABLE = frozenset({Doubt.NO_NAME, Doubt.NO_PHONE, Doubt.NO_STREET})
"""With these nobody can bring anything, whoever says that it is right."""
NAME_MOST, STREET_MOST = 40, 100
"""Characters that fit the fields of a carrier's waybill and are read on a label of 100 by 150 mm."""
_PHONE_DIGITS_LEAST = 7
_CALLED = frozenset(
    {
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    }
)
_PHONES_OF_PROVINCE = {"71": "TW", "81": "HK", "82": "MO"}
_HOME = "CN"
# Signs below emoji are printed, such as № and ℃; so are those in circles and squares of East Asia, such as ㎡.
_SIGNS_TO, _SQUARES = 0x2150, range(0x3200, 0x3400)
_LABEL_PRINTERS_TO = 0xFFFF  # the characters beyond are in no font of theirs
_NEVER_PRINTED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Me"})
_VARIANTS = range(0xFE00, 0xFE10)
_NUMBER = "[0-9一二三四五六七八九十百零〇]"
_NUMBERED = re.compile(rf"[0-9]|{_NUMBER}+(?:号|弄|幢|栋|座|楼|层|室|单元|组|队|巷|里|村)")
_PLACE = re.compile(
    "[村屯寨庄苑坊厦馆店厂院园]|小区|公寓|大楼|广场|中心|商场|市场|超市|大学|中学|小学|学校|机场|车站|码头"
)
_ROAD = re.compile("^.*(?:路|街|道|巷)")  # 愚园路 is no garden
_DOOR = re.compile(rf"(?:路|街|大道|道|巷){_NUMBER}+(?:号|弄)")
_EITHER = re.compile(r"或|\bor\b", re.IGNORECASE)


def doubts_of(recipient: Recipient, *, country: str = _HOME) -> tuple[Doubt, ...]:
    """Return what there is to doubt in an address of a country, in the order of `Doubt`; mostly nothing."""
    found = {
        *_of_name(recipient.name),
        *_of_phone(recipient.phone, recipient.region_code, country),
        *_of_street(recipient.street, country),
    }
    if country == _HOME:
        found.update(_of_place(recipient.region_code, recipient.street))
    if any(not _is_printed(letter) for letter in recipient.name + recipient.street):
        found.add(Doubt.UNPRINTABLE)
    return tuple(one for one in Doubt if one in found)


def _of_name(name: str) -> Sequence[Doubt]:
    kinds = {unicodedata.category(letter)[0] for letter in name}
    if not kinds & {"L", "N"}:
        return (Doubt.NO_NAME,)
    odd = () if "L" in kinds else (Doubt.NAME_ODD,)
    return odd if len(name) <= NAME_MOST else (*odd, Doubt.NAME_LONG)


def _of_phone(phone: str, region_code: str, country: str) -> Sequence[Doubt]:
    if sum(letter.isdigit() for letter in phone) < _PHONE_DIGITS_LEAST:
        return (Doubt.NO_PHONE,)
    there = _PHONES_OF_PROVINCE.get(region_code[:2], country) if country == _HOME else country
    try:
        number = phonenumbers.parse(phone, there)
    except phonenumbers.NumberParseException:
        return (Doubt.PHONE_ODD,)
    if number.country_code != phonenumbers.country_code_for_region(there):
        return (Doubt.PHONE_ABROAD,)
    return () if phonenumbers.number_type(number) in _CALLED else (Doubt.PHONE_ODD,)


def _of_street(street: str, country: str) -> Sequence[Doubt]:
    if not any(unicodedata.category(letter)[0] in "LN" for letter in street):
        return (Doubt.NO_STREET,)
    written = _squashed(street)
    found = [] if len(street) <= STREET_MOST else [Doubt.STREET_LONG]
    if country == _HOME and not _NUMBERED.search(written) and not _PLACE.search(_ROAD.sub("", written)):
        found.append(Doubt.NO_NUMBER)
    if len(_DOOR.findall(written)) > 1 or _EITHER.search(street):
        found.append(Doubt.TWO_ADDRESSES)
    return found


def _of_place(region_code: str, street: str) -> Sequence[Doubt]:
    if region_code[:2] not in PROVINCES:
        return (Doubt.REGION_UNKNOWN,)
    region, rest = _significant(region_code), _squashed(street)
    # A street may begin with its province and city once more; whether as the region says, is looked at.
    while (named := _named_first(rest)) is not None:
        name, code = named
        if not region.startswith(code) and not code.startswith(region):
            return (Doubt.OTHER_PLACE,)
        rest = rest.removeprefix(name)
    return ()


def _significant(region_code: str) -> str:
    """The digits of a code that say something: those of a city, without its districts, are four."""
    return re.sub("(?:00){1,2}$", "", region_code)


_NAMES: tuple[tuple[str, str], ...] = (
    *((name, code) for code, name in PROVINCES.items()),
    *(
        (one.chinese, _significant(one.region_code))
        for one in CITIES
        if one.chinese not in PROVINCES.values()
    ),
)


def _named_first(text: str) -> tuple[str, str] | None:
    """Return the province or city that a text begins with; 苏州市场 is a market, and no city."""
    for name, code in _NAMES:
        if text.startswith(name) and not (name.endswith("市") and text.startswith("场", len(name))):
            return name, code
    return None


def _squashed(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _is_printed(letter: str) -> bool:
    """Whether printers of labels write a character: no emoji, nothing that steers, nothing beyond their fonts."""
    kind, place = unicodedata.category(letter), ord(letter)
    if kind in _NEVER_PRINTED or place in _VARIANTS or place > _LABEL_PRINTERS_TO:
        return False
    return kind != "So" or place < _SIGNS_TO or place in _SQUARES
