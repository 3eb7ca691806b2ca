"""What a review comes to: its mood, the themes it touches, which words find it, and whom a bad one is for."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from loopline.kernel.ids import OrderId, PersonId, ProductId, ReviewId, SiteId
from loopline.reviews.model import About, Review, ReviewLanguage
from loopline.reviews.reading import (
    Mood,
    Reader,
    Reading,
    Sending,
    Theme,
    ThemeList,
    ThemesNotUsable,
    alerted_site,
    checked_themes,
    drawn_rate,
    is_bad,
    mood_of,
    read_reviews,
    words_asked,
    words_of,
)
from loopline.reviews.rules import language_of
from loopline.reviews.themes import THEMES
from tests.make.shop import NOON

STORE, SENDER = SiteId(UUID(int=8)), SiteId(UUID(int=9))
PACKER = PersonId(UUID(int=10))
LIST = ThemeList(version=3, themes=THEMES)


def review(text: str = "很暖和", **fields: object) -> Review:
    stated = {
        "id": ReviewId(UUID(int=1)),
        "about": About.PRODUCT,
        "order_id": OrderId(UUID(int=4)),
        "line_id": UUID(int=5),
        "product_id": ProductId(UUID(int=6)),
        "sku_id": None,
        "site_id": STORE,
        "site_unit_id": None,
        "member_id": None,
        "receipt_id": None,
        "stars": 5,
        "text": text,
        "language": language_of(text),
        "written_at": NOON,
        "changed_at": NOON,
        "version": 2,
        "reply": None,
        "replied_at": None,
        "hidden_at": None,
        "hidden_reason": None,
        "returned_at": None,
    }
    return Review(**(stated | fields))  # pyright: ignore[reportArgumentType]


def by_words(texts: Sequence[str]) -> list[int]:
    """Whatever has 好 is good."""
    return [950 if "好" in one else 50 for one in texts]


def read(one: Review, *, with_model: bool = True, sending: Sending | None = None) -> Reading:
    reader = Reader(themes=LIST)
    if with_model:
        reader = Reader(
            themes=LIST,
            model_version=7,
            languages=frozenset({ReviewLanguage.CHINESE}),
            good_permille=by_words,
        )
    (found,) = read_reviews([one], reader=reader, sendings={one.id: sending} if sending else {})
    return found


@pytest.mark.parametrize(
    ("permille", "stars", "mood", "bad"),
    [
        (None, 5, Mood.GOOD, False),
        (None, 3, Mood.MIXED, False),
        (None, 2, Mood.BAD, True),
        (600, 1, Mood.GOOD, True),  # the words are good, the stars are few: somebody looks
        (599, 5, Mood.MIXED, False),
        (401, 3, Mood.MIXED, False),
        (400, 3, Mood.BAD, True),
        (400, 4, Mood.BAD, False),
        (101, 5, Mood.BAD, False),
        (100, 5, Mood.BAD, True),  # five stars, and words that are surely bad
    ],
)
def test_words_tell_the_mood_and_stars_where_nobody_reads(
    permille: int | None, stars: int, mood: Mood, bad: bool
):
    assert mood_of(permille, stars=stars) is mood
    assert is_bad(permille, stars=stars) is bad


def test_each_theme_has_the_mood_of_the_clauses_that_speak_of_it():
    found = read(review("面料很好，颜色好看，但是快递太慢了"))
    assert {one.theme: one.mood for one in found.said} == {
        "quality": Mood.GOOD,
        "looks": Mood.GOOD,
        "delivery": Mood.BAD,
    }
    assert (found.mood, found.good_permille, found.model_version) == (Mood.GOOD, 950, 7)
    assert (found.review_version, found.themes_version) == (2, 3)


def test_latin_words_are_whole_and_chinese_ones_anywhere():
    themes = {one.theme for one in read(review("Fitting well, no PRICE to beat", stars=4)).said}
    assert themes == {"price"}  # `fit` is not in `fitting`
    assert "packing" in {one.theme for one in read(review("外包装破损")).said}


def test_a_language_that_was_not_learnt_and_a_house_without_a_model_speak_by_stars():
    english = read(review("Warm and soft fabric", stars=2))
    assert (english.mood, english.good_permille, english.is_bad) == (Mood.BAD, None, True)
    assert {one.mood for one in english.said} == {Mood.BAD}
    without = read(review("很好", stars=2), with_model=False)
    assert (without.mood, without.good_permille, without.model_version) == (Mood.BAD, None, 0)


def test_a_bad_parcel_is_for_who_sent_it_and_a_bad_store_for_the_store():
    sending = Sending(site_id=SENDER, packer_id=PACKER)
    parcel = review("包装破损", stars=1)
    came = read(parcel, sending=sending)
    assert (came.sender_id, came.packer_id) == (SENDER, PACKER)
    assert alerted_site(parcel, came, LIST) == SENDER
    goods = review("掉色", stars=1)
    assert alerted_site(goods, read(goods, sending=sending), LIST) == STORE
    store = review("店员不理人", stars=1, about=About.STORE)
    of_store = read(store, sending=sending)
    assert (of_store.sender_id, alerted_site(store, of_store, LIST)) == (None, STORE)
    nowhere = review("掉色", stars=1, site_id=None)
    assert alerted_site(nowhere, read(nowhere, sending=sending), LIST) == SENDER
    assert alerted_site(nowhere, read(nowhere), LIST) is None


@pytest.mark.parametrize(
    "settled", [{"reply": "Sorry", "replied_at": NOON}, {"hidden_at": NOON, "hidden_reason": "insult"}]
)
def test_what_is_answered_or_hidden_is_for_nobody(settled: dict[str, object]):
    one = review("掉色", stars=1, **settled)
    assert alerted_site(one, read(one), LIST) is None


def test_a_text_is_found_by_its_words_and_by_pairs_of_its_characters():
    assert words_of("很暖和 Nice-Coat 2件") == tuple(
        sorted({"很", "暖", "和", "很暖", "暖和", "nice-coat", "2", "件"})
    )
    for asked in ("暖和", "和", "NICE-COAT", "很暖和 2"):
        assert set(words_asked(asked)) <= set(words_of("很暖和 Nice-Coat 2件")), asked
    assert not set(words_asked("和暖")) <= set(words_of("很暖和"))
    assert words_asked("，！") == ()


def test_a_list_of_themes_is_tidied_or_refused_whole():
    one = Theme(code="care", name_zh=" 洗护 ", name_en="Care", words=(" 洗 ", "Wash", "wash", ""))
    kept = checked_themes([one])
    assert not isinstance(kept, ThemesNotUsable)
    assert (kept[0].name_zh, kept[0].words) == ("洗护", ("洗", "wash"))
    for wrong in (
        [],
        [one, one],
        [Theme(code="Care!", name_zh="洗", name_en="Care", words=("洗",))],
        [Theme(code="care", name_zh="", name_en="Care", words=("洗",))],
        [Theme(code="care", name_zh="洗", name_en="Care", words=(" ",))],
        [Theme(code="care", name_zh="洗", name_en="Care", words=("x" * 41,))],
    ):
        assert isinstance(checked_themes(wrong), ThemesNotUsable), wrong


def test_the_list_of_the_house_is_one_that_may_be_kept():
    assert checked_themes(THEMES) == THEMES


def test_a_rate_is_drawn_towards_that_of_all_by_twenty_reviews():
    assert drawn_rate(0, 0, all_bad=0, all_of=0) == 0.0
    assert drawn_rate(0, 0, all_bad=10, all_of=100) == pytest.approx(0.1)
    assert drawn_rate(1, 1, all_bad=10, all_of=100) == pytest.approx(3 / 21)
    assert drawn_rate(80, 100, all_bad=90, all_of=1_000) == pytest.approx(81.8 / 120)
