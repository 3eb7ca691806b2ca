"""What customers read: a sentence for each thing they are told, in both languages.

They are no part of the pages' catalogue: gateways send only sentences that were registered with them word for word, so
that who changes one here registers it there anew. Messages say no name, no goods and no code.
"""

import string
from collections.abc import Mapping

from loopline.kernel.names import half_of
from loopline.kernel.times import zone
from loopline.notices.model import About, Facts

LANGUAGES = ("zh", "en")
TEMPLATES: Mapping[About, Mapping[str, str]] = {
    About.NEW_DATE: {
        "zh": "您的订单{number}预计最晚{day}送达，比原先告知的晚，非常抱歉。可在订单页查看进度。",
        "en": "Your order {number} will reach you by {day}, later than we told you. We are sorry. "
        "Its page shows how it stands.",
    },
    About.NEW_READY: {
        "zh": "您的订单{number}预计{moment}前在{store}备好，比原先告知的晚，非常抱歉。备好后会再通知您。",
        "en": "Your order {number} will be ready at {store} by {moment}, later than we told you. We are sorry. "
        "You will hear from us when it is.",
    },
    About.GOODS_DAY: {
        "zh": "您的订单{number}所等的商品改为预计{day}到货，非常抱歉。可在订单页查看或取消。",
        "en": "The goods that your order {number} waits for are now expected on {day}. We are sorry. "
        "See or cancel it on its page.",
    },
    About.READY: {
        "zh": "您的订单{number}已在{store}备好，请于{moment}前凭订单页的取货码到店领取。",
        "en": "Your order {number} is ready at {store}. Please collect it by {moment} with the code on its page.",
    },
    About.COLLECT_SOON: {
        "zh": "您的订单{number}仍在{store}等您领取，{moment}后将自动取消并退款。",
        "en": "Your order {number} still waits for you at {store}. After {moment} it is called off and paid back.",
    },
    About.SENT: {
        "zh": "您的订单{number}有包裹已发出，运单号{tracking}。",
        "en": "A parcel of your order {number} is on its way, tracking number {tracking}.",
    },
    About.ON_ITS_WAY: {
        "zh": "您的订单{number}有包裹已从{store}发出，请留意收货。",
        "en": "A parcel of your order {number} has left {store} and is on its way to you.",
    },
    About.CALLED_OFF: {
        "zh": "您的订单{number}已取消，已付款项将原路退回。",
        "en": "Your order {number} was called off. What you paid goes back to you.",
    },
    About.PARTLY_CALLED_OFF: {
        "zh": "您的订单{number}中有商品已取消，对应款项将原路退回，其余商品不受影响。",
        "en": "Some goods of your order {number} were called off and are paid back. The others are still coming.",
    },
    About.NOT_COLLECTED: {
        "zh": "您的订单{number}逾期未取，已取消，已付款项将原路退回。",
        "en": "Your order {number} was not collected in time and was called off. What you paid goes back to you.",
    },
    About.RETURN_HERE: {
        "zh": "我们已收到您订单{number}的退货，处理完毕后会通知您。",
        "en": "The goods you sent back of order {number} have reached us. "
        "You will hear from us once they are looked at.",
    },
    About.REFUNDED: {
        "zh": "您的订单{number}已退款{amount}，到账时间以支付渠道为准。",
        "en": "{amount} of your order {number} was paid back. It may take your bank some days to show it.",
    },
}
_STORE_MOST = 30
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WITHOUT_CENTS = frozenset({"JPY", "KRW", "VND"})


def fields_of(about: About, facts: Facts, *, language: str, zone_name: str) -> dict[str, str]:
    """Return the fields of a sentence, written as people read them, and no others."""
    words = {"number": facts.number, "tracking": facts.tracking}
    words["store"] = (half_of(facts.store, language) or facts.store)[:_STORE_MOST]
    if facts.by is not None:
        there = facts.by.astimezone(zone(zone_name))
        is_zh = language == "zh"
        words["day"] = f"{there.month}月{there.day}日" if is_zh else f"{there.day} {_MONTHS[there.month - 1]}"
        words["moment"] = f"{words['day']}{there:%H:%M}" if is_zh else f"{words['day']} {there:%H:%M}"
    if facts.amount_minor is not None:
        words["amount"] = _amount(facts.amount_minor, facts.currency, language)
    return {name: words[name] for name in names_in(TEMPLATES[about][language])}


def names_in(template: str) -> list[str]:
    """Return the fields that a sentence names, in the order in which it does."""
    return [name for _, name, _, _ in string.Formatter().parse(template) if name]


def text_of(about: About, facts: Facts, *, language: str, zone_name: str) -> str:
    """Return the whole sentence."""
    filled = fields_of(about, facts, language=language, zone_name=zone_name)
    return TEMPLATES[about][language].format(**filled)


def _amount(minor: int, currency: str, language: str) -> str:
    whole = f"{minor:,}" if currency in _WITHOUT_CENTS else f"{minor // 100:,}.{minor % 100:02d}"
    return f"{whole}元" if currency == "CNY" and language == "zh" else f"{currency} {whole}"
