"""Languages: which one, and how it writes money, counts, times and refusals."""

import gc
from datetime import UTC, datetime

import pytest

from loopline.org.credentials import SignInLocked
from loopline.web.catalogue import read_catalogue, sentences
from loopline.web.languages import fields_of, languages, wanted_language

EN, ZH = languages()["en"], languages()["zh"]
AT = datetime(2011, 3, 1, 17, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cookie", "accept", "code"),
    [
        (None, "", "en"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "en-GB,en;q=0.9,zh;q=0.8", "en"),
        (None, "en;q=0.3, zh-TW;q=0.7", "zh"),
        (None, "fr-FR, de;q=0.9", "en"),
        (None, "zh;q=0, en;q=0.1", "en"),
        (None, "zh;q=x", "en"),
        ("zh", "en-GB", "zh"),
        ("en", "zh-CN", "en"),
        ("xx", "zh-CN", "zh"),
    ],
)
def test_the_language_is_the_chosen_one_then_the_best_accepted(cookie: str | None, accept: str, code: str):
    assert wanted_language(cookie=cookie, accept_language=accept).code == code


def test_money_is_written_to_the_last_minor_unit_of_its_currency():
    assert EN.money(974774793, "GBP") == "£9,747,747.93"
    assert EN.money(-5, "GBP") == "-£0.05"
    assert ZH.money(123456, "CNY") == "¥1,234.56"
    assert EN.money(1234, "JPY") == "JP¥1,234"


def test_times_are_those_of_the_zone():
    assert EN.clock(AT, "Asia/Shanghai") == "01:05"
    assert ZH.clock_of_day(AT, "Asia/Shanghai") == "3月2日 01:05"
    assert EN.clock_of_day(AT, "Asia/Shanghai") == "2 Mar 01:05"


@pytest.mark.parametrize(
    ("now", "before", "written"),
    [(150, 100, "+50.0%"), (50, 100, "-50.0%"), (100, 100, "+0.0%"), (5, 0, None)],
)
def test_a_change_has_its_sign_and_none_where_nothing_was(now: int, before: int, written: str | None):
    assert EN.change(now, before) == written


def test_a_refusal_is_said_with_its_data():
    refusal = SignInLocked(until=AT)
    assert (
        EN.refusal(refusal)
        == "Too many failed attempts: sign-in for this name is locked until 1 Mar 2011 17:05 UTC."
    )
    assert ZH.refusal(refusal) == "失败次数过多，该登录名已锁定至 2011年3月1日 17:05 UTC。"


def test_a_sentence_nobody_translated_is_said_in_english():
    assert ZH.say("Nobody ever wrote {this}", this="that") == "Nobody ever wrote that"


@pytest.fixture(scope="module")
def said() -> set[str]:
    """Every sentence that is said. Garbage collected amid the reading of sources makes Python 3.11 lose count."""
    gc.disable()
    try:
        return set(sentences())
    finally:
        gc.enable()


def test_every_sentence_that_is_said_is_translated(said: set[str]):
    standing = read_catalogue("zh")
    translated = {
        str(message.id) for message in standing if message.id and message.string and not message.fuzzy
    }
    assert said - translated == set()


def test_no_translation_is_left_of_what_nobody_says(said: set[str]):
    standing = {str(message.id) for message in read_catalogue("zh") if message.id}
    assert standing - said == set()


def test_translations_have_the_same_fields():
    wrong = [
        message.id
        for message in read_catalogue("zh")
        if isinstance(message.id, str)
        and isinstance(message.string, str)
        and message.string
        and fields_of(message.id) != fields_of(message.string)
    ]
    assert wrong == []
