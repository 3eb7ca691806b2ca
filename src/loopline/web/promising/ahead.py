"""What lacks, and can be ordered before there is any: from which day on it ships."""

from collections.abc import Mapping
from datetime import date

from loopline.promises import PromiseKind, WhyNot
from loopline.web.promising.asking import Asking
from loopline.web.promising.desk import View
from loopline.web.promising.shelves import Stocked


def ships_ahead(
    view: View, asking: Asking, misses: dict[PromiseKind, WhyNot], lacking: Mapping[str, int]
) -> dict[str, date]:
    """Return, by code, the days of what lacks and can be ordered ahead; `lacking` says how many there are of each.

    Where all of it can be, `misses` says so of the delivery. What is set aside for an event is sold out when that is
    gone.
    """
    if misses.get(PromiseKind.DELIVER) is not WhyNot.NO_STOCK or not view.ahead:
        return {}
    found: dict[str, date] = {}
    for sku_id, stocked, code, count in zip(
        asking.skus, asking.stocked, asking.codes, asking.units, strict=True
    ):
        one = view.ahead.get(sku_id)
        if code not in lacking or one is None or not one.preorder.is_open(asking.now):
            continue
        if not has_quota(stocked, asking) and one.may_sell(count - lacking[code]):
            found[code] = one.preorder.ships_on
    if found.keys() == lacking.keys():
        misses[PromiseKind.DELIVER] = WhyNot.PRE_ORDER
    return found


def has_quota(stocked: Stocked, asking: Asking) -> bool:
    """Whether units are set aside for an event that is asked for, now."""
    names = [(event.kind, event.code) for event in asking.events]
    return any(
        (quota.kind, quota.code) in names and quota.starts_at <= asking.now < quota.ends_at
        for quota in stocked.quotas
    )
