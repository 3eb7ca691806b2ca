"""Texts of known mood, made up of words that say it and words that say nothing."""

from random import Random

from loopline.reviews.mood.learning import Example

GOOD = ("很好", "满意", "喜欢", "值得", "推荐", "warm", "lovely")
BAD = ("很差", "失望", "退货", "破了", "别买", "awful", "broken")
NEITHER = ("衣服", "颜色", "快递", "昨天", "三件", "的", "了", "coat", "the", "，", "。", "2021")


def made_up(count: int, seed: int = 1) -> list[Example]:
    """Texts of words that say nothing and two that say it; every fifth has one of the other mood, negated."""
    chance = Random(seed)
    made: list[Example] = []
    for number in range(count):
        is_good = chance.random() < 0.5
        said = [chance.choice(NEITHER) for _ in range(12)] + chance.choices(GOOD if is_good else BAD, k=2)
        if number % 5 == 0:
            said.append("不" + chance.choice(BAD if is_good else GOOD))
        chance.shuffle(said)
        made.append(Example(text=" ".join(said), is_good=is_good, source="made up"))
    return made
