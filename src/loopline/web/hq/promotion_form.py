"""The form of a promotion: what its fields say as a draft, and a draft as its fields say it."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from loopline.kernel.money import BASIS_POINTS
from loopline.kernel.times import zone
from loopline.pricing.promotions import (
    AmountOff,
    Bearer,
    Bundle,
    Effect,
    FixedPrice,
    Gift,
    PercentageOff,
    Promotion,
    Step,
    Threshold,
)
from loopline.pricing.promotions.changes import GROUPS_MOST
from loopline.processes.promote import WantedAgreement, WantedFunder, WantedGift, WantedPromotion
from loopline.web.hq.refusals import TypedWrong
from loopline.web.hq.typed import read_basis_points, read_minor, read_moment
from loopline.web.languages import Language, marked

TEXT_MOST = 20_000
PERCENTAGE, AMOUNT, PRICE, THRESHOLD, BUNDLE = "percentage", "amount", "price", "threshold", "bundle"
GIFT = "gift"
KIND_WORDS: Mapping[str, str] = {
    PERCENTAGE: marked("A percentage off each piece"),
    AMOUNT: marked("An amount off each piece"),
    PRICE: marked("Another price for each piece"),
    THRESHOLD: marked("Spend so much, get so much off"),
    BUNDLE: marked("So many pieces for one price"),
    GIFT: marked("A gift with what is bought"),
}
BEARER_WORDS: Mapping[Bearer, str] = {
    Bearer.SELLER: marked("The seller"),
    Bearer.BRAND: marked("The brand"),
    Bearer.DEALER: marked("The dealer of the store"),
    Bearer.PLATFORM: marked("The platform"),
    Bearer.PARTY: marked("Another party"),
}
_AN_AMOUNT = marked("write an amount of money, such as 99.90")
_WHAT_WAS_AGREED = marked("say in a few words what was agreed")
_A_MOMENT = marked("write a moment like 2026-11-11 20:00")
_T = TypeVar("_T")


class Wrong(Exception):  # noqa: N818 - no fault: it carries what the form says back to its reader
    """A field that cannot be read: its name, what people call it, and why."""

    def __init__(self, field: str, word: str, reason: str) -> None:
        super().__init__(field)
        self.field, self.word, self.reason = field, word, reason


def read_promotion(
    said: Mapping[str, str], language: Language, *, zone_name: str
) -> WantedPromotion | TypedWrong:
    """Read the form, or say which field cannot be read and why."""
    try:
        return _promotion(said, zone_name=zone_name)
    except Wrong as wrong:
        return told_wrong(wrong, language)


def read_agreement(
    said: Mapping[str, str], language: Language, *, zone_name: str
) -> WantedAgreement | TypedWrong:
    """Read what a party agreed to, or say which field cannot be read and why."""
    try:
        currency = read_currency(said)
        points = read_field("most", said, read_basis_points, marked("At most"), A_PERCENTAGE)
        comment = read_field("agreed", said, lambda typed: typed or None, marked("Comment"), _WHAT_WAS_AGREED)
        return WantedAgreement(
            party_code=said.get("party", ""),
            currency=currency,
            most_basis_points=points,
            comment=comment,
            valid_from=read_time(said, "agreed_from", marked("From"), zone_name),
            valid_until=read_time(said, "agreed_until", marked("Until"), zone_name),
        )
    except Wrong as wrong:
        return told_wrong(wrong, language)


def fields_of(one: Promotion, names: Mapping[object, str], *, zone_name: str) -> dict[str, str]:
    """Say a promotion as the form does; `names` are the codes of places, goods and parties by their ids."""
    asked = one.conditions
    said = {
        "code": one.code,
        "name": one.name,
        "currency": one.currency,
        "channels": " ".join(asked.channels),
        "unit": names.get(asked.org_unit_id, ""),
        "site": names.get(asked.site_id, ""),
        "live": asked.live_room or "",
        "members": "1" if asked.members_only else "",
        "tier": asked.member_tier or "",
        "skus": " ".join(sorted(names.get(key, "") for key in asked.sku_ids)),
        "products": " ".join(sorted(names.get(key, "") for key in asked.product_ids)),
        "categories": ", ".join(sorted(asked.categories)),
        "group": str(one.group),
        "exclusive": "1" if one.is_exclusive else "",
        "most_off": "" if one.most_minor is None else spelt(one.most_minor),
        "from_at": spelt_time(one.valid_from, zone_name),
        "until_at": spelt_time(one.valid_until, zone_name),
        "comment": one.comment,
        **_effect_fields(one.effect, names),
    }
    for funder in one.funders:
        said[f"part_{funder.bearer.value}"] = f"{funder.basis_points / 100:g}"
        if funder.party_id is not None:
            said["party"] = names.get(funder.party_id, "")
    return said


def _effect_fields(effect: Effect, names: Mapping[object, str]) -> dict[str, str]:
    match effect:
        case PercentageOff():
            return {"kind": PERCENTAGE, "value": f"{effect.basis_points / 100:g}"}
        case AmountOff():
            return {"kind": AMOUNT, "value": spelt(effect.amount_minor)}
        case FixedPrice():
            return {"kind": PRICE, "value": spelt(effect.unit_minor)}
        case Threshold():
            steps = "\n".join(f"{spelt(one.from_minor)} - {spelt(one.off_minor)}" for one in effect.steps)
            return {"kind": THRESHOLD, "steps": steps, "repeated": "1" if effect.is_repeated else ""}
        case Bundle():
            return {"kind": BUNDLE, "pieces": str(effect.units), "value": spelt(effect.price_minor)}
        case Gift():
            return {
                "kind": GIFT,
                "gift": names.get(effect.sku_id, ""),
                "gift_units": str(effect.units),
                "from_pieces": "" if effect.from_units is None else str(effect.from_units),
                "from_spent": "" if effect.from_minor is None else spelt(effect.from_minor),
                "repeated": "1" if effect.is_repeated else "",
            }


def spelt(minor: int) -> str:
    """An amount as somebody would type it, of a currency with two decimals."""
    return f"{minor // 100}.{minor % 100:02d}" if minor % 100 else str(minor // 100)


def spelt_time(at: datetime | None, zone_name: str) -> str:
    """A moment as somebody would type it; none is empty."""
    return "" if at is None else at.astimezone(zone(zone_name)).strftime("%Y-%m-%d %H:%M")


A_PERCENTAGE = marked("write a percentage from 0 to 100")


def _promotion(said: Mapping[str, str], *, zone_name: str) -> WantedPromotion:
    currency = read_currency(said)
    for field, word in (
        ("code", marked("Promotion code")),
        ("name", marked("Name")),
        ("comment", marked("Comment")),
    ):
        if not said.get(field):
            raise Wrong(field, word, marked("is missing"))
    group = said.get("group", "1")
    if not (group.isascii() and group.isdigit() and 1 <= int(group[:3]) <= GROUPS_MOST):
        raise Wrong("group", marked("Group"), marked("write a number from 1 to 9"))
    most = said.get("most_off", "")
    return WantedPromotion(
        code=said["code"],
        name=said["name"],
        currency=currency,
        effect=_effect(said, currency),
        comment=said["comment"],
        channels=read_words(said.get("channels", "")),
        unit_code=said.get("unit") or None,
        site_code=said.get("site") or None,
        live_room=said.get("live") or None,
        members_only=bool(said.get("members")),
        member_tier=said.get("tier") or None,
        sku_codes=read_words(said.get("skus", "").upper()),
        product_codes=read_words(said.get("products", "").upper()),
        categories=read_names(said.get("categories", "")),
        group=int(group),
        is_exclusive=bool(said.get("exclusive")),
        most_minor=read_amount(said, "most_off", marked("At most off one order"), currency) if most else None,
        funders=read_funders(said),
        valid_from=read_time(said, "from_at", marked("From"), zone_name),
        valid_until=read_time(said, "until_at", marked("Until"), zone_name),
    )


def _effect(said: Mapping[str, str], currency: str) -> Effect | WantedGift:
    match said.get("kind"):
        case "percentage":
            points = read_field("value", said, read_basis_points, marked("Value"), A_PERCENTAGE)
            return PercentageOff(basis_points=points)
        case "amount":
            return AmountOff(amount_minor=read_amount(said, "value", marked("Value"), currency))
        case "price":
            return FixedPrice(unit_minor=read_amount(said, "value", marked("Value"), currency))
        case "threshold":
            return Threshold(steps=_steps(said, currency), is_repeated=bool(said.get("repeated")))
        case "bundle":
            pieces = _pieces(said, "pieces", marked("Pieces"))
            return Bundle(units=pieces, price_minor=read_amount(said, "value", marked("Value"), currency))
        case "gift":
            return _gift(said, currency)
        case _:
            raise Wrong("kind", marked("What it takes off"), marked("choose one"))


def _gift(said: Mapping[str, str], currency: str) -> WantedGift:
    if not said.get("gift"):
        raise Wrong("gift", marked("Gift (SKU)"), marked("is missing"))
    by_pieces, by_spent = bool(said.get("from_pieces")), bool(said.get("from_spent"))
    if by_pieces == by_spent:
        raise Wrong("from_pieces", marked("From pieces"), marked("say either pieces or an amount"))
    return WantedGift(
        sku_code=said["gift"].upper(),
        units=_pieces(said, "gift_units", marked("Pieces of the gift")) if said.get("gift_units") else 1,
        from_units=_pieces(said, "from_pieces", marked("From pieces")) if by_pieces else None,
        from_minor=read_amount(said, "from_spent", marked("From an amount"), currency) if by_spent else None,
        is_repeated=bool(said.get("repeated")),
    )


def _pieces(said: Mapping[str, str], field: str, word: str) -> int:
    typed = said.get(field, "")
    if not (typed.isascii() and typed.isdigit() and len(typed) < 4):
        raise Wrong(field, word, marked("write a number of pieces, such as 3"))
    return int(typed)


def _steps(said: Mapping[str, str], currency: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    for line in re.split(r"[\n,，;；]", said.get("steps", "")):
        if not line.strip():
            continue
        amounts = [read_minor(one, currency) for one in re.split(r"[-–—]", line)]
        if len(amounts) != 2 or amounts[0] is None or amounts[1] is None:
            raise Wrong("steps", marked("Steps"), marked("write one step a line, such as 300 - 50"))
        steps.append(Step(from_minor=amounts[0], off_minor=amounts[1]))
    return tuple(steps)


def read_funders(said: Mapping[str, str]) -> tuple[WantedFunder, ...]:
    """Read who bears it, in per cent by bearer; nobody named, the seller. Raises Wrong."""
    found: list[WantedFunder] = []
    for bearer, word in BEARER_WORDS.items():
        field = f"part_{bearer.value}"
        if not said.get(field):
            continue
        points = read_field(field, said, read_basis_points, word, A_PERCENTAGE)
        if points:
            party = said.get("party") if bearer is Bearer.PARTY else None
            found.append(WantedFunder(bearer=bearer, basis_points=points, party_code=party or None))
    return tuple(found) or (WantedFunder(bearer=Bearer.SELLER, basis_points=BASIS_POINTS),)


def read_currency(said: Mapping[str, str]) -> str:
    """Read the currency. Raises Wrong."""
    currency = said.get("currency", "").upper()
    if not (currency.isascii() and currency.isalpha() and len(currency) == 3):
        raise Wrong("currency", marked("Currency"), marked("write three letters, like CNY"))
    return currency


def read_amount(said: Mapping[str, str], field: str, word: str, currency: str) -> int:
    """Read an amount of a field in minor units. Raises Wrong."""
    return read_field(field, said, lambda typed: read_minor(typed, currency), word, _AN_AMOUNT)


def read_time(said: Mapping[str, str], field: str, word: str, zone_name: str) -> datetime | None:
    """Read a moment; None where none is said. Raises Wrong."""
    if not said.get(field):
        return None
    return read_field(field, said, lambda typed: read_moment(typed, zone_name), word, _A_MOMENT)


def read_field(
    field: str, said: Mapping[str, str], reading: Callable[[str], _T | None], word: str, reason: str
) -> _T:
    """Read a field in some way. Raises Wrong with its word and a reason where it cannot be read so."""
    found = reading(said.get(field, ""))
    if found is None:
        raise Wrong(field, word, reason)
    return found


def read_words(text: str) -> tuple[str, ...]:
    """Read codes with spaces or commas between, each once."""
    return tuple(dict.fromkeys(one for one in re.split(r"[\s,，、;；]+", text) if one))


def read_names(text: str) -> tuple[str, ...]:
    """Read names, which may hold spaces, with commas between or a line each, each once."""
    return tuple(dict.fromkeys(one.strip() for one in re.split(r"[,，、\n]", text) if one.strip()))


def told_wrong(wrong: Wrong, language: Language) -> TypedWrong:
    """Say which field of a form cannot be read, and why."""
    return TypedWrong(setting=language.say(wrong.word), reason=language.say(wrong.reason), field=wrong.field)
