"""What a text is found by, and what is looked for when somebody types: pure, but for jieba's dictionary."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopline.search import code_words, gtin_spellings, text_words
from loopline.search.rules import TERMS_MAX, words_asked
from loopline.search.words import cut_words


def one_word(text: str) -> list[str]:
    return [text]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("红色连衣裙", ("红", "色", "连", "衣", "裙", "红色", "色连", "连衣", "衣裙")),
        ("T恤 Oversized", ("t", "恤", "oversized")),
        ("ＷＩＤＥ 宽", ("wide", "宽")),
        ("lamp-1-R", ("lamp", "1", "r", "lamp-1-r", "lamp1r")),
        ("夏・デニム", ("夏", "デ", "ニ", "ム", "デニ", "ニム")),
        ("--- !!! ···", ()),
        ("裙裙裙", ("裙", "裙裙")),
    ],
)
def test_a_text_is_found_by_its_words_or_its_characters_and_their_pairs(text: str, words: tuple[str, ...]):
    assert text_words([text]) == words


def test_a_code_is_found_by_its_parts_whole_and_without_dashes():
    assert code_words(["7K3Q-9XA", "A B"]) == ("7k3q-9xa", "7k3q", "9xa", "7k3q9xa", "a b", "a", "b")


@pytest.mark.parametrize(
    ("gtin", "spellings"),
    [
        ("04006381333931", ("04006381333931", "4006381333931")),
        ("00012345678905", ("00012345678905", "012345678905", "0012345678905")),
        ("00000096385074", ("00000096385074", "96385074", "000096385074", "0000096385074")),
        ("14006381333938", ("14006381333938",)),
    ],
)
def test_a_gtin_is_found_as_it_is_printed(gtin: str, spellings: tuple[str, ...]):
    assert gtin_spellings(gtin) == spellings


@pytest.mark.parametrize(
    ("asked", "query"),
    [
        ("coat", "'coat':*"),
        ("Coat red", "'coat':* & 'red':*"),
        ("裙", "'裙'"),
        ("连衣裙", "'连衣' & '衣裙'"),
        ("LAMP-1", "('lamp-1':* | 'lamp1':*)"),
        ("T恤", "'t':* & '恤'"),
        ("it's", "'it':* & 's':*"),
        ("a \\ b", "'a':* & 'b':*"),
        ("  ", None),
        ("!?*&|():<->", None),
        ("coat coat", "'coat':*"),
    ],
)
def test_what_is_asked_becomes_a_query(asked: str, query: str | None):
    assert words_asked(asked, cut=one_word) == query


def test_no_more_than_a_dozen_words_are_looked_for():
    query = words_asked(" ".join(f"w{number}" for number in range(40)), cut=one_word)
    assert query is not None
    assert query.split(" & ") == [f"'w{number}':*" for number in range(TERMS_MAX)]


def test_jieba_tells_the_words_of_what_is_asked():
    assert words_asked("红色连衣裙", cut=cut_words) == "'红色' & '连衣' & '衣裙'"
    # What the dictionary does not have comes as characters, which are found too.
    assert cut_words("长款羽绒服") == ["长", "款", "羽绒服"]


@given(
    text=st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=2, max_size=12),
    data=st.data(),
)
def test_whatever_stands_in_a_text_is_found_by_it(text: str, data: st.DataObject):
    start = data.draw(st.integers(0, len(text) - 2))
    end = data.draw(st.integers(start + 1, len(text)))
    query = words_asked(text[start:end], cut=one_word)
    assert query is not None
    assert {term.strip("'") for term in query.split(" & ")} <= set(text_words([text]))


def test_the_dictionary_is_loaded_quietly_and_leaves_nothing_behind(tmp_path: Path):
    """In a fresh process, with every warning an error and nothing compiled before."""
    program = (
        "from loopline.search.words import cut_words; import sys;"
        " assert 'jieba' not in sys.modules; assert cut_words('纯棉衬衫') == ['纯棉', '衬衫']"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={"PYTHONPYCACHEPREFIX": f"{tmp_path}/compiled", "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert not list(tmp_path.glob("jieba*"))


def test_jieba_says_nothing_in_the_log(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG):
        cut_words("牛仔裤")
    assert caplog.records == []
