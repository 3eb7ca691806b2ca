"""Which sites may send what, by the rules of the profile in force and by what is asked."""

from collections.abc import Collection, Sequence

import numpy as np

from loopline.kernel.ids import SiteId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.processes.must_ship_from import UnknownShipFrom
from loopline.sourcing.settings import Settings
from loopline.sourcing.ship_from import in_all, sites_of_channel, sites_of_goods
from loopline.web.promising.asking import Asked, Flags
from loopline.web.promising.sites import Sites


class NamedPlaces:
    """Where goods and what channels sell must ship from, as places of the desk's sites."""

    def __init__(self, sites: Sites, settings: Settings) -> None:
        self._sites = sites
        self._rules, self._groups = settings.ship_from, settings.groups
        self._group_sites = {group.name: group.site_ids for group in settings.groups}
        self._of_channel: dict[str, frozenset[SiteId] | None] = {}
        self._of_goods: dict[SkuId, frozenset[SiteId] | None] = {}

    def of(
        self, ask: Asked, goods: Sequence[tuple[SkuId, tuple[str, str | None]]]
    ) -> tuple[Flags | None, ...] | Refusal:
        """Return by line which sites may send it, None where any may; or refuse a site or group that is not there."""
        if not self._rules and not ask.ship_from:
            return (None,) * len(goods)
        asked = self._asked(ask.ship_from)
        if isinstance(asked, Refusal):
            return asked
        if ask.channel not in self._of_channel:
            self._of_channel[ask.channel] = sites_of_channel(self._rules, self._groups, ask.channel)
        of_order = in_all([asked, self._of_channel[ask.channel]])
        return tuple([self._flags(in_all([of_order, self._limit(*one)])) for one in goods])

    def _asked(self, named: Sequence[str]) -> frozenset[SiteId] | Refusal | None:
        if not named:
            return None
        found: set[SiteId] = set()
        for name in named:
            place = self._sites.by_code.get(name)
            if place is not None:
                found.add(self._sites.sites[place].id)
            elif self._group_sites.get(name):
                found.update(self._group_sites[name])
            else:
                return UnknownShipFrom(named=name)
        return frozenset(found)

    def _limit(self, sku_id: SkuId, product: tuple[str, str | None]) -> frozenset[SiteId] | None:
        if sku_id not in self._of_goods:
            self._of_goods[sku_id] = sites_of_goods(self._rules, self._groups, {sku_id: product}).get(sku_id)
        return self._of_goods[sku_id]

    def _flags(self, limit: Collection[SiteId] | None) -> Flags | None:
        if limit is None:
            return None
        flags = np.full(len(self._sites.sites), fill_value=False, dtype=np.bool_)
        flags[[self._sites.index[one] for one in limit if one in self._sites.index]] = True
        return flags
