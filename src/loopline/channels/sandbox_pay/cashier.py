"""The cashier's page: for a phone first, in Chinese and English, without a script."""

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from babel.numbers import format_currency, get_currency_precision
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from loopline.channels.sandbox_pay.messages import Charge

_HERE = Path(__file__).parent
CASHIER_CSS = (_HERE / "cashier.css").read_bytes()
_LOCALES = {"zh": "zh_Hans_CN", "en": "en_GB"}
_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "tag": "en",
        "title": "Cashier",
        "sandbox": "Sandbox: no real money moves here",
        "to_pay": "To pay",
        "minutes_left": "Minutes left to pay: {minutes}",
        "pay": "Pay {amount}",
        "cancel": "Do not pay",
        "paid": "Paid",
        "closed": "This payment was called off",
        "expired": "The time to pay is over",
        "nothing_taken": "Nothing was taken.",
        "thanks": "Thank you. The shop is told.",
        "back": "Back to the shop",
        "unknown": "There is no such payment",
        "unknown_advice": "Go back to the shop and begin the payment again.",
        "number": "Payment",
    },
    "zh": {
        "tag": "zh-Hans",
        "title": "收银台",
        "sandbox": "沙箱：这里没有真实的资金往来",
        "to_pay": "应付金额",
        "minutes_left": "剩余支付时间 {minutes} 分钟",
        "pay": "支付 {amount}",
        "cancel": "放弃支付",
        "paid": "支付成功",
        "closed": "本次支付已取消",
        "expired": "支付时间已过",
        "nothing_taken": "没有扣款。",
        "thanks": "谢谢，已通知商家。",
        "back": "返回商店",
        "unknown": "没有这笔支付",
        "unknown_advice": "请返回商店重新发起支付。",
        "number": "支付单",
    },
}


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    return environment.get_template("cashier.html")


def cashier_page(
    charge: Charge | None, *, language: str, return_to: str | None, base_path: str, now: datetime
) -> str:
    """Write the page of a charge, or of none."""
    words = _WORDS[language]
    minutes = 0 if charge is None else max(1, int((charge.expires_at - now).total_seconds() // 60))
    return _template().render(
        charge=charge,
        words=words,
        amount="" if charge is None else _money(charge, language),
        minutes_left=words["minutes_left"].format(minutes=minutes),
        return_to=return_to,
        base_path=base_path,
    )


def _money(charge: Charge, language: str) -> str:
    precision = get_currency_precision(charge.currency)
    amount = charge.amount_minor / 10**precision  # shown, never reckoned with
    return format_currency(amount, charge.currency, locale=_LOCALES[language])


def local_path(stated: str | None) -> str | None:
    """Return a path on this very server, or None for anything that would lead elsewhere."""
    if not stated or not stated.startswith("/") or stated.startswith("//") or "\\" in stated:
        return None
    parts = urlsplit(stated)
    return stated if not parts.scheme and not parts.netloc and stated.isprintable() else None
