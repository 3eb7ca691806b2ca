"""What is matched, and what came of it."""

from datetime import date
from enum import StrEnum

import msgspec


class Way(StrEnum):
    """How a match was found, the surest first."""

    KEY = "key"
    RULE = "rule"
    LIKELIHOOD = "likelihood"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a bill or of our books.

    `number` names it among the lines of its side. `amount_minor` is signed, in minor units. `key` is a number that the
    other side may name too. `wording` is free text, such as a bank's memo, which may be cut off.
    """

    number: str
    on: date
    amount_minor: int
    key: str | None = None
    wording: str = ""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """How far two halves of one payment may lie apart: theirs after ours in days, ends included; amounts in per cent.

    The likelihood weighs amounts within; the rule asks for the same amount.
    """

    days_first: int = 0
    days_last: int = 31
    amount_percent: int = 15


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """`ours` and `theirs` are numbers of lines. `probability` is 1 where a key or a rule decided.

    `margin_bits` is how many bits of evidence the pair is ahead of the best other use of one of its halves, or of
    leaving both open; below zero where one half had a better use, and all together fit best like this.
    """

    ours: str
    theirs: str
    way: Way
    probability: float = 1.0
    margin_bits: float | None = None


class Matching(msgspec.Struct, frozen=True, kw_only=True):
    """Every line stands in exactly one match or is open. Matches by way, then in the order of our lines."""

    matches: tuple[Match, ...]
    open_ours: tuple[str, ...]
    open_theirs: tuple[str, ...]
