"""The form of the programme of points: what its fields say as terms, and terms as its fields say them."""

from collections.abc import Mapping

from loopline.kernel.money import BASIS_POINTS
from loopline.pricing.points import Terms
from loopline.pricing.points.rules import MONTHS_MOST, POINTS_MOST
from loopline.web.hq.coupon_form import read_count
from loopline.web.hq.promotion_form import (
    A_PERCENTAGE,
    Wrong,
    read_amount,
    read_currency,
    read_field,
    spelt,
    told_wrong,
)
from loopline.web.hq.refusals import TypedWrong
from loopline.web.hq.typed import read_basis_points
from loopline.web.languages import Language, marked

FIRST: Mapping[str, str] = {
    "currency": "CNY",
    "earn_points": "1",
    "earn_amount": "1",
    "with_tax": "1",
    "months": "12",
    "redeem_points": "100",
    "redeem_amount": "1",
    "most": "50",
    "expected": "90",
}
"""What the form says before there is a version."""
_WHOLE = marked("write a whole number, such as 1000")
_RATES = marked("write channels with per cent, such as till:200 livestream:50")


def read_terms(said: Mapping[str, str], language: Language) -> Terms | TypedWrong:
    """Read the form, or say which field cannot be read and why."""
    try:
        return _terms(said)
    except Wrong as wrong:
        return told_wrong(wrong, language)


def _terms(said: Mapping[str, str]) -> Terms:
    currency = read_currency(said)
    for field, word in (("name", marked("Name")), ("comment", marked("Comment"))):
        if not said.get(field):
            raise Wrong(field, word, marked("is missing"))
    least = read_amount(said, "least", marked("Least taken off"), currency) if said.get("least") else 1
    return Terms(
        name=said["name"],
        currency=currency,
        earn_points=_count(said, "earn_points", marked("Points given"), POINTS_MOST),
        earn_minor=read_amount(said, "earn_amount", marked("For every amount paid"), currency),
        with_tax=bool(said.get("with_tax")),
        channels=read_field("channels", said, _rates, marked("Channels"), _RATES),
        months=_count(said, "months", marked("Months they can be used"), MONTHS_MOST),
        redeem_points=_count(said, "redeem_points", marked("Points used"), POINTS_MOST),
        redeem_minor=read_amount(said, "redeem_amount", marked("Take off"), currency),
        least_minor=least,
        most_basis_points=_part(said, "most", marked("Most of an order")),
        expected_basis_points=_part(said, "expected", marked("Expected to be used")),
    )


def _count(said: Mapping[str, str], field: str, word: str, most: int) -> int:
    return read_field(field, said, lambda typed: read_count(typed, most), word, _WHOLE)


def _part(said: Mapping[str, str], field: str, word: str) -> int:
    return read_field(field, said, read_basis_points, word, A_PERCENTAGE)


def _rates(typed: str) -> dict[str, int] | None:
    """Read how much of the points each channel gives, in per cent; None for what cannot be read."""
    found: dict[str, int] = {}
    for one in typed.replace("：", ":").replace(",", " ").replace("，", " ").split():
        channel, _, rate = one.partition(":")
        count = 0 if rate == "0" else read_count(rate, 10 * 100)
        if not channel or count is None:
            return None
        found[channel] = count * BASIS_POINTS // 100
    return found


def fields_of(terms: Terms, comment: str) -> dict[str, str]:
    """Say terms as the form does."""
    return {
        "name": terms.name,
        "currency": terms.currency,
        "earn_points": str(terms.earn_points),
        "earn_amount": spelt(terms.earn_minor),
        "with_tax": "1" if terms.with_tax else "",
        "channels": " ".join(f"{name}:{rate * 100 // BASIS_POINTS}" for name, rate in terms.channels.items()),
        "months": str(terms.months),
        "redeem_points": str(terms.redeem_points),
        "redeem_amount": spelt(terms.redeem_minor),
        "least": spelt(terms.least_minor) if terms.least_minor > 1 else "",
        "most": f"{terms.most_basis_points / 100:g}",
        "expected": f"{terms.expected_basis_points / 100:g}",
        "comment": comment,
    }
