"""Reading: what a review comes to, from its stars, the mood of its words, and the themes they touch. Pure.

A theme is known by words: Chinese ones anywhere in the text, Latin ones as whole words. A theme's mood is that of the
clauses that speak of it: whoever likes a coat and hates its box says so in one breath.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

import msgspec

from loopline.kernel.ids import PersonId, ReviewId, SiteId
from loopline.kernel.refusals import Refusal
from loopline.reviews.model import About, Review, ReviewLanguage

GOOD_FROM_PERMILLE = 600
BAD_TO_PERMILLE = 400
SURELY_BAD_TO_PERMILLE = 100
BAD_STARS_MOST = 2
GOOD_STARS_LEAST = 4
THEMES_MOST = 40
WORDS_MOST = 400
WORD_CHARACTERS_MAX = 40
_CLAUSE = re.compile(r"[，。！？；、,;!?\n…~～]+|\.(?=\s|$)|\bbut\b|但是|可是|就是|不过|然而")
_LATIN = re.compile(r"[a-z0-9à-ɏ]+(?:['’-][a-z0-9à-ɏ]+)*")
_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Mood(StrEnum):
    """How somebody speaks of something."""

    GOOD = "good"
    MIXED = "mixed"
    BAD = "bad"


class Theme(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something reviews speak of, and the words it is known by.

    `is_of_sending`: it speaks of how goods were packed and sent, not of the goods: it counts for the site that sent.
    """

    code: str
    name_zh: str
    name_en: str
    words: tuple[str, ...]
    is_of_sending: bool = False


class ThemeList(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the list; version 0 is the one that comes with the house."""

    version: int
    themes: tuple[Theme, ...]
    written_at: datetime | None = None
    written_by: str | None = None
    comment: str | None = None


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A theme that a review touches, and in which mood."""

    review_id: ReviewId
    theme: str
    mood: Mood


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a review comes to. `good_permille` None: nobody read its words, its stars alone speak."""

    review_id: ReviewId
    review_version: int
    mood: Mood
    good_permille: int | None
    is_bad: bool
    model_version: int
    themes_version: int
    sender_id: SiteId | None
    packer_id: PersonId | None
    words: tuple[str, ...]
    said: tuple[Said, ...] = ()


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """Who sent what a review is about: the site, and who took the work there."""

    site_id: SiteId
    packer_id: PersonId | None


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """What reads: how likely texts are good, in thousandths, in the languages it learnt; and the themes in force.

    Without a model (`model_version` 0) stars alone speak.
    """

    themes: ThemeList
    model_version: int = 0
    languages: frozenset[ReviewLanguage] = frozenset()
    good_permille: Callable[[Sequence[str]], Sequence[int]] | None = None


class ThemesNotUsable(Refusal, frozen=True, kw_only=True):
    """A list has 1 to {most} themes, each with a code of its own, a name in both languages and 1 to {words} words."""

    most: int
    words: int
    field: str = "themes"


def read_reviews(
    reviews: Sequence[Review], *, reader: Reader, sendings: Mapping[ReviewId, Sending]
) -> list[Reading]:
    """Read reviews, in their order: one pass of the model over all their texts and clauses."""
    touched = [_touched(one.text, reader.themes) for one in reviews]
    texts: list[str] = []
    for review, themes in zip(reviews, touched, strict=True):
        if reader.good_permille is not None and review.language in reader.languages:
            texts += [review.text, *themes.values()]
    known = dict(zip(texts, reader.good_permille(texts), strict=True)) if reader.good_permille else {}
    return [
        _reading(review, themes, known, reader=reader, sending=sendings.get(review.id))
        for review, themes in zip(reviews, touched, strict=True)
    ]


def _reading(
    review: Review,
    themes: Mapping[str, str],
    known: Mapping[str, int],
    *,
    reader: Reader,
    sending: Sending | None,
) -> Reading:
    is_read = review.language in reader.languages
    permille = known.get(review.text) if is_read else None
    mood = mood_of(permille, stars=review.stars)
    return Reading(
        review_id=review.id,
        review_version=review.version,
        mood=mood,
        good_permille=permille,
        is_bad=is_bad(permille, stars=review.stars),
        model_version=reader.model_version,
        themes_version=reader.themes.version,
        sender_id=sending.site_id if sending and review.about is not About.STORE else None,
        packer_id=sending.packer_id if sending and review.about is not About.STORE else None,
        words=words_of(review.text),
        said=tuple(
            Said(
                review_id=review.id,
                theme=code,
                mood=mood_of(known.get(clauses) if is_read else None, stars=review.stars),
            )
            for code, clauses in themes.items()
        ),
    )


def mood_of(good_permille: int | None, *, stars: int) -> Mood:
    """Tell the mood of words, and of stars alone where nobody read the words."""
    if good_permille is None:
        if stars >= GOOD_STARS_LEAST:
            return Mood.GOOD
        return Mood.BAD if stars <= BAD_STARS_MOST else Mood.MIXED
    if good_permille >= GOOD_FROM_PERMILLE:
        return Mood.GOOD
    return Mood.BAD if good_permille <= BAD_TO_PERMILLE else Mood.MIXED


def is_bad(good_permille: int | None, *, stars: int) -> bool:
    """Tell whether somebody has to look at a review: few stars; or bad words, where stars say otherwise surely bad."""
    if stars <= BAD_STARS_MOST or good_permille is None:
        return stars <= BAD_STARS_MOST
    return good_permille <= (BAD_TO_PERMILLE if stars < GOOD_STARS_LEAST else SURELY_BAD_TO_PERMILLE)


def _touched(text: str, themes: ThemeList) -> dict[str, str]:
    """Return of each theme that a text touches the clauses that do, in order of the list."""
    clauses = [one for one in _CLAUSE.split(plain(text)) if one.strip()]
    found: dict[str, str] = {}
    for code, pattern in _patterns(themes.themes):
        speaking = [one.strip() for one in clauses if pattern.search(one)]
        if speaking:
            found[code] = "，".join(speaking)
    return found


@lru_cache(maxsize=8)
def _patterns(themes: tuple[Theme, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((one.code, _pattern(one.words)) for one in themes)


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    """Chinese words anywhere, all others as whole words; the longer first."""
    ways = [
        re.escape(word) if _CJK.search(word) else rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])"
        for word in sorted((plain(one) for one in words), key=lambda one: (-len(one), one))
    ]
    return re.compile("|".join(ways))


def plain(text: str) -> str:
    """Return a text as words are looked for in it: wide letters narrow, capitals small."""
    return unicodedata.normalize("NFKC", text).lower()


def words_of(text: str) -> tuple[str, ...]:
    """Return what a text is found by: Latin words and numbers whole, Chinese by its characters and pairs of them."""
    said = plain(text)
    found = set(_LATIN.findall(said))
    for run in _CJK.findall(said):
        found.update(run)
        found.update(run[place : place + 2] for place in range(len(run) - 1))
    return tuple(sorted(found))


def words_asked(text: str) -> tuple[str, ...]:
    """Return what a text must have for a search to find it: of a Chinese run its pairs, of a lone character itself."""
    said = plain(text)
    found = set(_LATIN.findall(said))
    for run in _CJK.findall(said):
        found.update([run] if len(run) == 1 else [run[place : place + 2] for place in range(len(run) - 1)])
    return tuple(sorted(found))


def checked_themes(themes: Sequence[Theme]) -> tuple[Theme, ...] | ThemesNotUsable:
    """Return a list as it is kept, without space around words and words that stand twice, or why it cannot be kept."""
    kept = tuple(
        msgspec.structs.replace(
            one,
            name_zh=one.name_zh.strip(),
            name_en=one.name_en.strip(),
            words=tuple(dict.fromkeys(plain(word).strip() for word in one.words if word.strip())),
        )
        for one in themes
    )
    is_sound = (
        1 <= len(kept) <= THEMES_MOST
        and len({one.code for one in kept}) == len(kept)
        and all(_is_sound(one) for one in kept)
    )
    return kept if is_sound else ThemesNotUsable(most=THEMES_MOST, words=WORDS_MOST)


def _is_sound(one: Theme) -> bool:
    return (
        _CODE.fullmatch(one.code) is not None
        and 1 <= len(one.name_zh) <= WORD_CHARACTERS_MAX
        and 1 <= len(one.name_en) <= WORD_CHARACTERS_MAX
        and 1 <= len(one.words) <= WORDS_MOST
        and all(len(word) <= WORD_CHARACTERS_MAX and word.isprintable() for word in one.words)
    )


def alerted_site(review: Review, reading: Reading, themes: ThemeList) -> SiteId | None:
    """Return which site a bad review is for: who sent the parcel it complains of, else the site it names; None: nobody.

    A review that is hidden or answered already is for nobody.
    """
    if not reading.is_bad or review.hidden_at is not None or review.reply is not None:
        return None
    sending = {one.code for one in themes.themes if one.is_of_sending}
    is_of_sending = any(one.theme in sending and one.mood is not Mood.GOOD for one in reading.said)
    if is_of_sending and reading.sender_id is not None:
        return reading.sender_id
    return review.site_id or reading.sender_id


def drawn_rate(bad: int, of: int, *, all_bad: int, all_of: int, strength: int = 20) -> float:
    """Return a site's rate drawn towards that of all: as if it had `strength` more reviews as everybody has them.

    Beta-binomial, as acceptance is drawn; 0 where nobody was reviewed.
    """
    if all_of <= 0:
        return 0.0
    return (bad + strength * all_bad / all_of) / (of + strength)
