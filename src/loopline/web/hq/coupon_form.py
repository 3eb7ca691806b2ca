"""The form of a batch of coupons: what its fields say as a draft, and a draft as its fields say it."""

from collections.abc import Mapping

from loopline.pricing.coupons import Batch, CouponEffect, OffAmount, OffPercentage
from loopline.pricing.coupons.changes import DAYS_MOST, TOTAL_MOST
from loopline.processes.coupons.batches import WantedBatch
from loopline.web.hq.promotion_form import (
    A_PERCENTAGE,
    Wrong,
    read_amount,
    read_currency,
    read_field,
    read_funders,
    read_names,
    read_time,
    read_words,
    spelt,
    spelt_time,
    told_wrong,
)
from loopline.web.hq.refusals import TypedWrong
from loopline.web.hq.typed import read_basis_points
from loopline.web.languages import Language, marked

AMOUNT, PERCENTAGE = "amount", "percentage"
KIND_WORDS: Mapping[str, str] = {
    AMOUNT: marked("An amount off the goods together"),
    PERCENTAGE: marked("A percentage off the goods together"),
}
_WHOLE = marked("write a whole number, such as 1000")
_DIGITS_MOST = 9


def read_batch(said: Mapping[str, str], language: Language, *, zone_name: str) -> WantedBatch | TypedWrong:
    """Read the form, or say which field cannot be read and why."""
    try:
        return _batch(said, zone_name=zone_name)
    except Wrong as wrong:
        return told_wrong(wrong, language)


def _batch(said: Mapping[str, str], *, zone_name: str) -> WantedBatch:
    currency = read_currency(said)
    for field, word in (
        ("code", marked("Code of the batch")),
        ("name", marked("Name")),
        ("comment", marked("Comment")),
    ):
        if not said.get(field):
            raise Wrong(field, word, marked("is missing"))
    total = _number(said, "total", marked("How many"), TOTAL_MOST)
    if total is None:
        raise Wrong("total", marked("How many"), _WHOLE)
    days = _number(said, "days", marked("Days after it is given"), DAYS_MOST)
    until = read_time(said, "until_at", marked("Until"), zone_name)
    if days is None and until is None:
        raise Wrong("until_at", marked("Until"), marked("say a last moment, or for how many days"))
    least = read_amount(said, "least", marked("Least spend"), currency) if said.get("least") else 0
    return WantedBatch(
        code=said["code"],
        name=said["name"],
        currency=currency,
        effect=_effect(said, currency),
        comment=said["comment"],
        total=total,
        least_minor=least,
        with_promotions=not said.get("no_promotions"),
        with_coupons=bool(said.get("with_coupons")),
        channels=read_words(said.get("channels", "")),
        unit_code=said.get("unit") or None,
        site_code=said.get("site") or None,
        sku_codes=read_words(said.get("skus", "").upper()),
        product_codes=read_words(said.get("products", "").upper()),
        categories=read_names(said.get("categories", "")),
        funders=read_funders(said),
        valid_from=read_time(said, "from_at", marked("From"), zone_name),
        valid_until=until,
        days=days,
        per_person=_number(said, "per_person", marked("Most per member"), TOTAL_MOST),
        shared_code=said.get("shared") or None,
        by_staff=bool(said.get("by_staff")),
    )


def _effect(said: Mapping[str, str], currency: str) -> CouponEffect:
    if said.get("kind") == AMOUNT:
        return OffAmount(amount_minor=read_amount(said, "value", marked("Value"), currency))
    points = read_field("value", said, read_basis_points, marked("Value"), A_PERCENTAGE)
    most = (
        read_amount(said, "most_off", marked("At most off one order"), currency)
        if said.get("most_off")
        else None
    )
    return OffPercentage(basis_points=points, most_minor=most)


def _number(said: Mapping[str, str], field: str, word: str, most: int) -> int | None:
    if not said.get(field):
        return None
    return read_field(field, said, lambda typed: read_count(typed, most), word, _WHOLE)


def read_count(typed: str, most: int) -> int | None:
    """Read a whole number from 1 to a most; None for anything else."""
    if not (typed.isascii() and typed.isdigit() and len(typed) <= _DIGITS_MOST):
        return None
    return int(typed) if 0 < int(typed) <= most else None


def fields_of(one: Batch, names: Mapping[object, str], *, zone_name: str) -> dict[str, str]:
    """Say a batch as the form does; `names` are the codes of places, goods and parties by their ids."""
    asked = one.conditions
    said = {
        "code": one.code,
        "name": one.name,
        "currency": one.currency,
        "least": spelt(one.least_minor) if one.least_minor else "",
        "no_promotions": "" if one.with_promotions else "1",
        "with_coupons": "1" if one.with_coupons else "",
        "channels": " ".join(asked.channels),
        "unit": names.get(asked.org_unit_id, ""),
        "site": names.get(asked.site_id, ""),
        "skus": " ".join(sorted(names.get(key, "") for key in asked.sku_ids)),
        "products": " ".join(sorted(names.get(key, "") for key in asked.product_ids)),
        "categories": ", ".join(sorted(asked.categories)),
        "from_at": spelt_time(one.valid_from, zone_name),
        "until_at": spelt_time(one.valid_until, zone_name),
        "days": "" if one.days is None else str(one.days),
        "total": str(one.total),
        "per_person": "" if one.per_person is None else str(one.per_person),
        "shared": one.shared_code or "",
        "by_staff": "1" if one.by_staff else "",
        "comment": one.comment,
    }
    match one.effect:
        case OffAmount(amount_minor=amount):
            said |= {"kind": AMOUNT, "value": spelt(amount)}
        case OffPercentage(basis_points=points, most_minor=most):
            said |= {"kind": PERCENTAGE, "value": f"{points / 100:g}"}
            said |= {"most_off": "" if most is None else spelt(most)}
    for funder in one.funders:
        said[f"part_{funder.bearer.value}"] = f"{funder.basis_points / 100:g}"
        if funder.party_id is not None:
            said["party"] = names.get(funder.party_id, "")
    return said
