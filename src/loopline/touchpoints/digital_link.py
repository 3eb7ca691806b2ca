"""GS1 Digital Link: a web address that names goods by their GTIN, with batch, serial and dates behind it.

GS1 Digital Link Standard: URI Syntax, uncompressed form, for what begins with a GTIN (01). In the path the GTIN may be
followed by variant (22), batch (10) and serial (21), in that order, or by a third party's serial (235) alone; other
attributes stand in the query. Keys that are no numbers belong to somebody else and are passed over.
"""

import re
from datetime import date
from urllib.parse import unquote

import msgspec

from loopline.kernel.refusals import Refusal

LINK_CHARACTERS_MAX = 2_000
_PATH_ORDER = (("22", "10", "21"), ("235",))
_CHARACTERS = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]+")  # GS1 General Specifications, figure 7.11-1
_IN_ADDRESS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_GTIN_LENGTHS = frozenset({8, 12, 13, 14})
_DATE = re.compile(r"\d{6}")
# Application identifiers that say something of a trade item, with what they hold: digits (N), any characters (X), a
# date (D); the most characters, or exactly so many where the length is fixed.
_ATTRIBUTES: dict[str, tuple[str, int, bool]] = {
    **dict.fromkeys(("11", "12", "13", "15", "16", "17"), ("D", 6, True)),
    **dict.fromkeys(("10", "21", "22", "243"), ("X", 20, False)),
    "20": ("N", 2, True),
    "30": ("N", 8, False),
    "37": ("N", 8, False),
    "235": ("X", 28, False),
    "240": ("X", 30, False),
    "241": ("X", 30, False),
    "250": ("X", 30, False),
    "251": ("X", 30, False),
    "400": ("X", 30, False),
    "7003": ("N", 10, True),
    "90": ("X", 30, False),
    **{str(ai): ("X", 90, False) for ai in range(91, 100)},
    **{f"31{kind}{places}": ("N", 6, True) for kind in range(7) for places in range(6)},
    **{f"392{places}": ("N", 15, False) for places in range(10)},
}


class DigitalLinkNotValid(Refusal, frozen=True, kw_only=True):
    """This is no GS1 Digital Link of goods: {part} cannot be read."""

    part: str


class DigitalLink(msgspec.Struct, frozen=True, kw_only=True):
    """What a link says of goods: the GTIN with fourteen digits, and what stands behind it, by its identifier."""

    gtin: str
    attributes: dict[str, str]

    @property
    def batch(self) -> str | None:
        """The batch or lot."""
        return self.attributes.get("10")

    @property
    def serial(self) -> str | None:
        """The serial number of the very piece."""
        return self.attributes.get("21")


def read_digital_link(path: str, query: str) -> DigitalLink | DigitalLinkNotValid:
    """Read the part of a link from `/01/` on, still escaped as it was sent, and its query without the question mark."""
    if len(path) + len(query) > LINK_CHARACTERS_MAX or not _is_address(path) or not _is_address(query):
        return DigitalLinkNotValid(part="the address")
    pieces = path.split("/")
    keys = pieces[3::2]
    in_order = any(_is_in_order(keys, order) for order in _PATH_ORDER)
    if pieces[:2] != ["", "01"] or len(pieces) < 3 or len(pieces) % 2 == 0 or not in_order:
        return DigitalLinkNotValid(part="the path")
    gtin = _gtin(unquote(pieces[2]))
    if gtin is None:
        return DigitalLinkNotValid(part="(01)")
    in_query = _pairs(query)
    excluded = _not_in_query(keys)
    attributes: dict[str, str] = {}
    for key, value in (*zip(keys, pieces[4::2], strict=True), *in_query):
        read = _unescaped(value)
        if key in attributes or not _fits(key, read) or (key in excluded and (key, value) in in_query):
            return DigitalLinkNotValid(part=f"({key})")
        attributes[key] = read
    return DigitalLink(gtin=gtin, attributes=attributes)


def _is_address(text: str) -> bool:
    return _IN_ADDRESS.fullmatch(text) is not None and _ESCAPE.search(text) is None


def _is_in_order(keys: list[str], order: tuple[str, ...]) -> bool:
    places = [order.index(key) if key in order else -1 for key in keys]
    return -1 not in places and places == sorted(set(places))


def _not_in_query(keys: list[str]) -> frozenset[str]:
    """What may not stand in the query: what has its place in the path, and what the third party's serial excludes."""
    return frozenset({"01", "21", "235"}) if "235" in keys else frozenset({"01", "22", "10", "21", "235"})


def _pairs(query: str) -> list[tuple[str, str]]:
    """The attributes of a query; what has no value, or a key that is no number, is not ours."""
    found: list[tuple[str, str]] = []
    for piece in query.replace(";", "&").split("&"):
        key, equals, value = piece.partition("=")
        if equals and key.isascii() and key.isdigit():
            found.append((key, value))
    return found


def _unescaped(value: str) -> str:
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        return ""


def _fits(key: str, value: str) -> bool:
    attribute = _ATTRIBUTES.get(key)
    if attribute is None:
        return False
    kind, length, is_fixed = attribute
    if not 0 < len(value) <= length or (is_fixed and len(value) != length):
        return False
    match kind:
        case "N":
            return value.isascii() and value.isdigit()
        case "D":
            return _is_date(value)
        case _:
            return _CHARACTERS.fullmatch(value) is not None


def _is_date(value: str) -> bool:
    """YYMMDD, where the day 00 is the month's last; the century does not matter, but leap years repeat with four."""
    if not value.isascii() or _DATE.fullmatch(value) is None:
        return False
    try:
        date(2000 + int(value[:2]), int(value[2:4]), int(value[4:]) or 1)
    except ValueError:
        return False
    return True


def _gtin(digits: str) -> str | None:
    """A GTIN with fourteen digits whose check digit holds (GS1 General Specifications, 7.9), or None."""
    if len(digits) not in _GTIN_LENGTHS or not (digits.isascii() and digits.isdigit()):
        return None
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return digits.zfill(14) if total % 10 == 0 else None
