"""What the form of a promotion reads, as it is typed with a keyboard of either script."""

from typing import Any

from loopline.pricing.promotions import Step, Threshold
from loopline.processes.promote import WantedPromotion
from loopline.web.hq.promotion_form import read_names, read_promotion, read_words
from loopline.web.languages import languages

ENGLISH = languages()["en"]


def test_codes_are_told_apart_by_spaces_and_commas_of_either_script():
    assert read_words("A-1,B-2，C-3、D-4;E-5；F-6 G-7\nA-1") == (
        "A-1",
        "B-2",
        "C-3",
        "D-4",
        "E-5",
        "F-6",
        "G-7",
    )
    assert read_words(" ， ") == ()


def test_names_hold_spaces_and_are_told_apart_by_commas_of_either_script():
    assert read_names("箱包 Bags，大衣、鞋, Hats \n箱包 Bags") == ("箱包 Bags", "大衣", "鞋", "Hats")
    assert read_names("") == ()


def test_a_promotion_is_read_with_the_commas_of_a_chinese_keyboard():
    said: dict[str, Any] = {
        "code": "BAGS",
        "name": "Bags",
        "comment": "a test",
        "currency": "CNY",
        "kind": "threshold",
        "steps": "300 - 50；500 - 100，800 - 200",
        "categories": "箱包 Bags，大衣",
        "channels": "web，till",
    }
    found = read_promotion(said, ENGLISH, zone_name="Asia/Shanghai")
    assert isinstance(found, WantedPromotion), found
    assert (found.categories, found.channels) == (("箱包 Bags", "大衣"), ("web", "till"))
    assert found.effect == Threshold(
        steps=tuple(
            Step(from_minor=start * 100, off_minor=off * 100)
            for start, off in ((300, 50), (500, 100), (800, 200))
        )
    )
