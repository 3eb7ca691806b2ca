"""How mood is learnt and told: what a text is made of, what is held back, what is kept."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from loopline.reviews.mood.examples import NotExamples, examples_of
from loopline.reviews.mood.features import BUCKETS, CHARACTERS_MAX, counted
from loopline.reviews.mood.learning import (
    Example,
    Learnt,
    Rows,
    TooFewTexts,
    accuracy_of,
    is_held_back,
    key_of,
    learn,
    without_repeats,
)
from loopline.reviews.mood.model import packed, together, unpacked
from tests.make.moods import made_up
from tests.shared_data import shared_data


@pytest.fixture(scope="module")
def taught() -> tuple[Rows, Learnt]:
    rows = without_repeats(made_up(1_500))
    return rows, learn(rows, keeps_measured=True)


def sequences(*texts: str) -> list[set[int]]:
    found = together(counted(texts))
    return [set(found.bucket[found.text == place].tolist()) for place in range(len(texts))]


def test_a_unit_is_a_character_a_word_or_a_number_and_a_sequence_has_up_to_four():
    # The marks of beginning and end are units: five units have 5 + 4 + 3 + 2 sequences.
    (found,) = sequences("好coat12")
    assert len(found) == 14
    assert sequences("好coat12") == sequences("好 COAT 9876") == sequences("好ＣＯＡＴ１２")
    assert sequences("ab c") != sequences("a bc")


@given(some.lists(some.text(max_size=40), min_size=1, max_size=8))
def test_a_text_is_read_the_same_whatever_stands_beside_it(texts: list[str]):
    assert sequences(*texts) == [sequences(one)[0] for one in texts]


def test_many_texts_are_counted_as_each_alone_and_long_ones_as_far_as_anybody_writes():
    texts = [one.text for one in made_up(1_100)]
    assert sequences(*texts)[1_050:] == [sequences(one)[0] for one in texts[1_050:]]
    assert sequences("好" * CHARACTERS_MAX) == sequences("好" * (CHARACTERS_MAX + 50))
    assert together(counted(["好好好"])).times.max() == 3
    assert max(sequences("很好")[0]) < BUCKETS


def test_what_is_learnt_tells_texts_that_were_held_back_and_the_same_rows_give_the_same_bytes(
    taught: tuple[Rows, Learnt],
):
    rows, learnt = taught
    assert learnt.measures.held_back == sum(is_held_back(one.text) for one in rows.examples)
    assert learnt.measures.learnt_from == len(rows.examples) - learnt.measures.held_back
    assert learnt.measures.accuracy > 0.97
    assert learnt.measures.majority < 0.6
    kept = packed(learnt.model)
    assert packed(learn(rows, keeps_measured=True).model) == kept
    again = unpacked(kept)
    texts = [one.text for one in rows.examples[:50]]
    assert np.array_equal(again.scores(texts), learnt.model.scores(texts))
    permille = again.good_permille(texts)
    assert [one > 500 for one in permille] == [score > 0 for score in again.scores(texts)]
    assert 0 <= min(permille) < 100
    assert 900 < max(permille) <= 1_000
    assert accuracy_of(again, rows.examples) > 0.97


def test_what_is_no_model_is_not_taken_for_one(taught: tuple[Rows, Learnt]):
    kept = packed(taught[1].model)
    for damaged in (b"", b"LLM0" + kept[4:], kept[:4] + b"\x00" + kept[5:]):
        with pytest.raises(ValueError, match="model"):
            unpacked(damaged)


def test_a_text_that_stands_twice_counts_once_and_one_that_is_said_to_be_both_not_at_all():
    rows = without_repeats(
        [
            Example(text="很好！", is_good=True),
            Example(text="很 好。", is_good=True),
            Example(text="ok", is_good=True),
            Example(text="OK!", is_good=False),
            Example(text="差", is_good=False),
        ]
    )
    assert [one.text for one in rows.examples] == ["很好！", "差"]
    assert (rows.read, rows.again, rows.contradicted) == (5, 1, 2)


@given(some.text(max_size=30))
def test_texts_that_say_the_same_are_on_the_same_side(text: str):
    other = f" {text.upper().lower()}！"
    if key_of(other) == key_of(text):
        assert is_held_back(other) == is_held_back(text)


def test_about_a_tenth_is_held_back():
    held_back = sum(is_held_back(f"text {number}") for number in range(10_000))
    assert 900 < held_back < 1_100


def test_too_few_texts_teach_nothing():
    with pytest.raises(TooFewTexts, match="200"):
        learn(without_repeats(made_up(300)))


def test_files_name_their_columns_and_packed_ones_are_read_as_they_are(tmp_path: Path):
    moods = tmp_path / "moods.csv"
    moods.write_text('\ufeffcat,label,review\n书籍,1,"好,书"\n水果,0,坏的\n水果,0, \n', encoding="utf-8")
    assert examples_of(moods) == [
        Example(text="好,书", is_good=True, source="moods", kind="书籍"),
        Example(text="坏的", is_good=False, source="moods", kind="水果"),
    ]
    stars = tmp_path / "stars.csv.gz"
    stars.write_bytes(gzip.compress(b"text,stars\ngood,5\nso-so,3\nbad,1\n"))
    assert [(one.text, one.is_good, one.source) for one in examples_of(stars)] == [
        ("good", True, "stars"),
        ("bad", False, "stars"),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a,b\n1,2\n", "needs a column of texts"),
        ("text,mood\ngood,maybe\n", "row 2: 'maybe' is no mood"),
        ("text,stars\ngood,6\n", "row 2: '6' are no stars"),
    ],
)
def test_a_file_that_is_none_says_what_it_lacks(tmp_path: Path, content: str, says: str):
    path = tmp_path / "rows.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(NotExamples, match=says):
        examples_of(path)


@pytest.mark.slow
def test_real_goods_reviews_that_were_held_back_are_told():
    folder = shared_data("reviews")
    goods = folder / "online_shopping_10_cats_dev.csv.gz"
    others = sorted(path for path in folder.glob("*.csv.gz") if path != goods)
    rows = without_repeats([one for path in (goods, *others) for one in examples_of(path)])
    learnt = learn(rows, keeps_measured=True)
    told = next(one for one in learnt.measures.parts if one.source.startswith("online") and not one.kind)
    assert told.texts > 4_900
    assert told.accuracy >= 0.93
    assert told.accuracy > told.baseline + 0.02
    assert len(packed(learnt.model)) < 20_000_000
