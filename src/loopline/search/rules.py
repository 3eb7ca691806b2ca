"""Pure: what a text is found by, and what is looked for when somebody types something.

Text without spaces is kept as its characters and pairs of neighbours. A word asked for is found where all its pairs
are: whatever a dictionary thinks of the text, what stands in it is found. Other words are found by their beginnings.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from loopline.search.model import TEXT_LENGTH_MAX

WORD_LENGTH_MAX = 64
WORDS_MAX = 4_000
TERMS_MAX = 12

# Han, with its extensions and compatibility forms, kana and hangul: scripts that write no space between words.
_UNSPACED = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u3041-\u3096\u30a1-\u30fa\u30fc\uac00-\ud7af"
_RUNS = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+(?:[-._/#+:][^\W_{_UNSPACED}]+)*")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_PARTS = re.compile(r"[^\W_]+")
_GTIN_DIGITS = 14
_GTIN_LENGTHS = (8, 12, 13)

Cut = Callable[[str], Sequence[str]]


def normal_text(text: str) -> str:
    """Return a text in the one spelling that is compared: wide forms narrowed, no case."""
    return unicodedata.normalize("NFKC", text).casefold()


def text_words(texts: Iterable[str]) -> tuple[str, ...]:
    """Return what texts are found by, each word once, in the order in which they come."""
    found: dict[str, None] = {}
    for text in texts:
        for run in _RUNS.findall(normal_text(text)):
            found.update(
                dict.fromkeys(_unspaced_words(run) if _IS_UNSPACED.match(run) else _spaced_words(run))
            )
    return tuple(found)[:WORDS_MAX]


def code_words(codes: Iterable[str]) -> tuple[str, ...]:
    """Return what codes are found by: as texts are, and whole, as somebody copies them."""
    found: dict[str, None] = {}
    for code in codes:
        normal = normal_text(code).strip()
        if normal:
            found[normal[:WORD_LENGTH_MAX]] = None
            found.update(dict.fromkeys(text_words([normal])))
    return tuple(found)[:WORDS_MAX]


def gtin_spellings(gtin: str) -> tuple[str, ...]:
    """Return a GTIN of fourteen digits as it is kept, and as it may be printed on the goods: without leading zeros."""
    shorter = [
        gtin[-length:]
        for length in _GTIN_LENGTHS
        if len(gtin) == _GTIN_DIGITS and not gtin[:-length].strip("0")
    ]
    return (gtin, *shorter)


def _unspaced_words(run: str) -> list[str]:
    return [*run, *(first + second for first, second in pairwise(run))]


def _spaced_words(run: str) -> list[str]:
    """A word; of one with dashes or dots its parts, itself, and itself without them."""
    parts = _PARTS.findall(run)
    words = parts if len(parts) == 1 else [*parts, run, "".join(parts)]
    return [word[:WORD_LENGTH_MAX] for word in words]


def words_asked(text: str, *, cut: Cut) -> str | None:
    """Return the query, as `tsquery` reads it, that finds what somebody typed; None where it has no word at all.

    All words must be there, in any order; at most twelve are looked for. `cut` tells the words of a run of characters
    without spaces; it is asked for runs of two and more.
    """
    terms: dict[str, None] = {}
    for run in _RUNS.findall(normal_text(text[:TEXT_LENGTH_MAX])):
        if _IS_UNSPACED.match(run):
            words = cut(run) if len(run) > 1 else [run]
            terms.update(dict.fromkeys(_unspaced_term(word) for word in words))
        else:
            terms[_spaced_term(run)] = None
    return " & ".join(list(terms)[:TERMS_MAX]) or None


def _unspaced_term(word: str) -> str:
    if len(word) == 1:
        return _quoted(word)
    pairs = dict.fromkeys(_quoted(first + second) for first, second in pairwise(word))
    return " & ".join(pairs)


def _spaced_term(run: str) -> str:
    parts = _PARTS.findall(run)
    if len(parts) == 1:
        return f"{_quoted(run[:WORD_LENGTH_MAX])}:*"
    joined = "".join(parts)
    return f"({_quoted(run[:WORD_LENGTH_MAX])}:* | {_quoted(joined[:WORD_LENGTH_MAX])}:*)"


def _quoted(word: str) -> str:
    """Spell a lexeme for `tsquery`."""
    doubled = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
