"""Which terms hold, and what units come to by them. Pure."""

from collections.abc import Iterable
from datetime import datetime

from loopline.kernel.ids import EntityId, SkuId
from loopline.kernel.money import BASIS_POINTS, portion
from loopline.supply.model import NewTerm, Term, TermBase, TermKind, TermMisshapen

_Key = tuple[EntityId, EntityId, str, SkuId | None]


class Agreed:
    """The terms of some companies, looked up by whose goods, who sells them, which and when."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._terms: dict[_Key, list[Term]] = {}
        for term in sorted(terms, key=lambda one: one.from_at, reverse=True):
            key = (term.owner_id, term.buyer_id, term.currency, term.sku_id)
            self._terms.setdefault(key, []).append(term)

    def at(
        self, owner_id: EntityId, buyer_id: EntityId, *, sku_id: SkuId, currency: str, when: datetime
    ) -> Term | None:
        """Return the terms that hold at a moment: those of the SKU before those of all goods, the latest begun."""
        for of_sku in (sku_id, None):
            for term in self._terms.get((owner_id, buyer_id, currency, of_sku), ()):
                if term.from_at <= when:
                    return term
        return None


def amount_of(term: NewTerm, *, units: int, list_minor: int, net_minor: int) -> int:
    """Return what units come to between the two companies, in minor units, rounded half away from zero.

    `list_minor` and `net_minor` are those of all the units together. Never negative.
    """
    if term.unit_minor is not None:
        return term.unit_minor * units
    assert term.basis_points is not None
    of = list_minor if term.base is TermBase.LIST else net_minor
    return portion(max(of, 0), term.basis_points, BASIS_POINTS)


def misshapen(term: NewTerm) -> TermMisshapen | None:
    """Return what is wrong with the shape of terms, by the first field that does not go with the others."""
    is_cost = term.kind is TermKind.COST
    percentage, amount = term.basis_points, term.unit_minor
    wrong = {
        "buyer": is_cost != (term.owner_id == term.buyer_id),
        "sku": is_cost and term.sku_id is None,
        "basis_points": (percentage is None) == (amount is None)
        or (percentage is not None and (is_cost or not 0 <= percentage <= BASIS_POINTS)),
        "unit_minor": amount is not None and not 0 <= amount < 2**52,
        "base": (term.base is None) != (percentage is None),
    }
    return next((TermMisshapen(field=field) for field, is_wrong in wrong.items() if is_wrong), None)
