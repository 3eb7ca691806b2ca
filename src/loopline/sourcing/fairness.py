"""Fair shares of a day's work: no dealer gets more of it than the profile lets one have, none less than it could serve.

The wave is decided freely first. Where a dealer would get too much, its sites are left as many places as it may have
and the wave is decided again; where one would get too little, the orders that it can serve whole, in time and at the
least cost more are given to it. No order waits for it: what nobody else can send its dealer sends, beyond its share.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from loopline.kernel.ids import OrderId, PartyId, SiteId, SkuId
from loopline.kernel.temperatures import TemperatureClass
from loopline.sourcing.model import (
    Decision,
    Need,
    OpenOrder,
    Shares,
    Verdict,
    Wave,
    WavePlan,
    WaveSite,
)
from loopline.sourcing.settings import Fairness
from loopline.sourcing.solver import Solver

_ROUNDS_MOST = 4
"""So often a wave is decided again because places that one dealer may not have went to another, who may not either."""
_KEPT_OUT = {Verdict.NO_CAPACITY, Verdict.TIME_NEEDED, Verdict.NOT_WEIGHED}
"""What is said of a site without a place where only its dealer's share leaves it none."""


def solve_fairly(wave: Wave, solver: Solver, *, seed: int) -> tuple[Wave, WavePlan]:
    """Decide a wave within its profile's shares of the day; returns it as it was decided in the end, and the plan.

    Its sites have the places that their dealers may have, and its orders name the sites that may not have them. The
    same wave and seed give the same plan.
    """
    free = solver.solve(wave, seed=seed)
    rule = wave.settings.fairness
    if not rule.is_hard or not wave.shares.dealer_of:
        return wave, free
    room, plan = _within_most(wave, free, solver, seed=seed)
    owed = _owed(room, plan, rule)
    if owed:
        bound = _bound(room, owed)
        fairer = solver.solve(bound, seed=seed)
        if _left_over(fairer) <= _left_over(plan):
            room, plan = bound, fairer
    return room, _told(wave, room, plan, owed if room is not wave else {})


def most_of(rule: Fairness, shares: Shares, parcels: int) -> dict[PartyId, int]:
    """Return how many of so many new parcels each dealer may get: its share of the day rounded up, less what it had."""
    total = shares.total + parcels
    return {
        dealer: max(0, -(-rule.day_most_percent * total // 100) - shares.had.get(dealer, 0))
        for dealer in sorted(set(shares.dealer_of.values()))
    }


def least_of(rule: Fairness, shares: Shares, parcels: int) -> dict[PartyId, int]:
    """Return how many of them each dealer is to get: its share of the day, rounded down, less what it had."""
    total = shares.total + parcels
    return {
        dealer: max(0, rule.day_least_percent * total // 100 - shares.had.get(dealer, 0))
        for dealer in sorted(set(shares.dealer_of.values()))
    }


def _within_most(wave: Wave, free: WavePlan, solver: Solver, *, seed: int) -> tuple[Wave, WavePlan]:
    """Decide again until nobody has more than its share; what nobody but a dealer who has it can send, it sends."""
    room, plan = wave, free
    places: dict[SiteId, int] = {}
    beyond: Counter[PartyId] = Counter()
    for _ in range(_ROUNDS_MOST):
        most = most_of(wave.settings.fairness, wave.shares, len(plan.parcels))
        got = _by_dealer(plan, wave.shares)
        over = {dealer for dealer, count in got.items() if count > most[dealer] + beyond[dealer]}
        if not over:
            break
        used = Counter(parcel.site_id for parcel in plan.parcels)
        for dealer in sorted(over):
            sites = [one for one in wave.sites if wave.shares.dealer_of.get(one.site_id) == dealer]
            places |= _shared_out(most[dealer] + beyond[dealer], sites, used)
        room = _with_places(wave, places)
        plan = solver.solve(room, seed=seed)
        stranded = _stranded(free, plan)
        alone = [
            parcel.site_id
            for parcel in free.parcels
            if parcel.site_id in places and parcel.order_id in stranded
        ]
        if alone:
            for site_id in alone:
                places[site_id] += 1
                beyond[wave.shares.dealer_of[site_id]] += 1
            room = _with_places(wave, places)
            plan = solver.solve(room, seed=seed)
    return (room, plan) if _left_over(plan) <= _left_over(free) else (wave, free)


def _shared_out(places: int, sites: Sequence[WaveSite], used: Mapping[SiteId, int]) -> dict[SiteId, int]:
    """Share a dealer's places among its sites as the plan used them, by largest remainder; ties as they stand."""
    total = sum(used.get(one.site_id, 0) for one in sites)
    exact = [(places * used.get(one.site_id, 0), one) for one in sites]
    given = {one.site_id: share // total for share, one in exact}
    left = places - sum(given.values())
    for _, one in sorted(exact, key=lambda pair: -(pair[0] % total))[:left]:
        given[one.site_id] += 1
    return given


def _with_places(wave: Wave, places: Mapping[SiteId, int]) -> Wave:
    return replace(
        wave,
        sites=tuple(
            replace(one, capacity_left=min(one.capacity_left, places[one.site_id]))
            if one.site_id in places
            else one
            for one in wave.sites
        ),
    )


def _by_dealer(plan: WavePlan, shares: Shares) -> Counter[PartyId]:
    return Counter(
        shares.dealer_of[parcel.site_id] for parcel in plan.parcels if parcel.site_id in shares.dealer_of
    )


def _left_over(plan: WavePlan) -> int:
    return sum(one.units for decision in plan.decisions for one in decision.unfilled)


def _stranded(free: WavePlan, plan: WavePlan) -> set[OrderId]:
    """The orders of which more is left than where everybody might send them."""
    had = {one.order_id: sum(line.units for line in one.unfilled) for one in free.decisions}
    return {
        one.order_id for one in plan.decisions if sum(line.units for line in one.unfilled) > had[one.order_id]
    }


# --------------------------------------------------------------------------------------------------------- least share


class _Chance(msgspec.Struct, frozen=True, kw_only=True):
    """That a site sends an order whole that another would send, for so much more."""

    more_minor: int
    order: OpenOrder
    site: WaveSite


def _owed(wave: Wave, plan: WavePlan, rule: Fairness) -> dict[OrderId, PartyId]:
    """Return which orders go to dealers who would get too little, those first that cost least more; each once."""
    least, got = least_of(rule, wave.shares, len(plan.parcels)), _by_dealer(plan, wave.shares)
    missing = {dealer: count - got[dealer] for dealer, count in least.items() if count > got[dealer]}
    if not missing:
        return {}
    desk, spare = _Desk(wave, plan), {dealer: count - least[dealer] for dealer, count in got.items()}
    owed: dict[OrderId, PartyId] = {}
    for one in sorted(_chances(wave, plan, desk, set(missing)), key=_cheapest):
        dealer = wave.shares.dealer_of[one.site.site_id]
        losing = Counter(
            wave.shares.dealer_of[site_id]
            for site_id in desk.sites_of[one.order.order_id]
            if site_id in wave.shares.dealer_of
        )
        if (
            missing[dealer]
            and one.order.order_id not in owed
            and all(spare.get(other, 0) >= count for other, count in losing.items())
            and desk.can_send(one.site, one.order.needs)
        ):
            desk.take(one.site, one.order.needs)
            owed[one.order.order_id] = dealer
            missing[dealer] -= 1
            for other, count in losing.items():
                spare[other] -= count
    return owed


def _cheapest(one: _Chance) -> tuple[int, OrderId, SiteId]:
    return one.more_minor, one.order.order_id, one.site.site_id


def _chances(wave: Wave, plan: WavePlan, desk: "_Desk", dealers: set[PartyId]) -> Iterator[_Chance]:
    """What sites of some dealers could send whole that others send: in time, or not later than promised already."""
    orders = {one.order_id: one for one in wave.orders}
    for decision in plan.decisions:
        order = orders[decision.order_id]
        if decision.unfilled or order.is_put or len(desk.classes_of(order)) > 1:
            continue
        is_late = any(parcel.cost.lateness_minor for parcel in decision.parcels)
        for at, site in enumerate(wave.sites):
            if (
                wave.shares.dealer_of.get(site.site_id) in dealers
                and site.site_id not in desk.sites_of[decision.order_id]
                and desk.may_send(site, order)
                and (is_late or not decision.late_minor or not decision.late_minor[at])
            ):
                more = decision.prices_minor[at] - decision.cost_minor
                yield _Chance(more_minor=more, order=order, site=site)


class _Desk:
    """What sites have left beside a plan."""

    def __init__(self, wave: Wave, plan: WavePlan) -> None:
        self._wave = wave
        self._places = {one.site_id: one.capacity_left for one in wave.sites}
        site_of = {leaf_id: one.site_id for one in wave.sites for leaf_id in one.leaf_ids}
        self._units: Counter[tuple[SiteId, SkuId]] = Counter()
        for row in wave.stock:
            if row.leaf_id in site_of:
                self._units[site_of[row.leaf_id], row.sku_id] += max(0, row.sellable)
        self.sites_of: dict[OrderId, set[SiteId]] = {one.order_id: set() for one in plan.decisions}
        for parcel in plan.parcels:
            self.sites_of[parcel.order_id].add(parcel.site_id)
            self._places[parcel.site_id] -= 1
            for line in parcel.lines:
                self._units[parcel.site_id, line.sku_id] -= line.units

    def classes_of(self, order: OpenOrder) -> set[TemperatureClass | None]:
        """How cold an order's goods are kept, each once."""
        return {self._wave.classes.get(need.sku_id) for need in order.needs}

    def may_send(self, site: WaveSite, order: OpenOrder) -> bool:
        """Whether nothing keeps a site from an order but goods and time."""
        named = [order.allowed_sites, order.only_from]
        named += [self._wave.only_from.get(need.sku_id) for need in order.needs]
        return (
            not site.is_dark
            and not site.is_fallback
            and site.site_id not in order.excluded_sites | order.forbidden_sites
            and all(one is None or site.site_id in one for one in named)
            and all(kind is None or kind in site.sends for kind in self.classes_of(order))
        )

    def can_send(self, site: WaveSite, needs: Sequence[Need]) -> bool:
        """Whether a site has a place and all of the goods."""
        return self._places[site.site_id] > 0 and all(
            self._units[site.site_id, sku_id] >= units for sku_id, units in _wanted(needs).items()
        )

    def take(self, site: WaveSite, needs: Sequence[Need]) -> None:
        """Take a place and the goods."""
        self._places[site.site_id] -= 1
        for sku_id, units in _wanted(needs).items():
            self._units[site.site_id, sku_id] -= units


def _wanted(needs: Sequence[Need]) -> Counter[SkuId]:
    found: Counter[SkuId] = Counter()
    for need in needs:
        found[need.sku_id] += need.units
    return found


def _bound(wave: Wave, owed: Mapping[OrderId, PartyId]) -> Wave:
    """The wave with orders that only their dealer's sites may send."""
    others = {
        dealer: frozenset(
            one.site_id for one in wave.sites if wave.shares.dealer_of.get(one.site_id) != dealer
        )
        for dealer in set(owed.values())
    }
    return replace(
        wave,
        orders=tuple(
            replace(one, forbidden_sites=one.forbidden_sites | others[owed[one.order_id]])
            if one.order_id in owed
            else one
            for one in wave.orders
        ),
    )


# ----------------------------------------------------------------------------------------------------------- the reason


def _told(wave: Wave, room: Wave, plan: WavePlan, owed: Mapping[OrderId, PartyId]) -> WavePlan:
    """Return the plan with shares given as the reason where they are: at sites that would have had a place."""
    if room is wave:
        return plan
    used = Counter(parcel.site_id for parcel in plan.parcels)
    full = [
        was.capacity_left > one.capacity_left and used[was.site_id] < was.capacity_left
        for was, one in zip(wave.sites, room.sites, strict=True)
    ]
    orders = {one.order_id: one for one in wave.orders}
    kept = {one.order_id: one.forbidden_sites for one in room.orders}

    def told(decision: Decision) -> Decision:
        order = orders[decision.order_id]
        bound: frozenset[SiteId] = frozenset()
        if decision.order_id in owed:
            bound = kept[decision.order_id] - order.forbidden_sites
        letters = [
            Verdict.OWED.value
            if letter == Verdict.FORBIDDEN.value and site.site_id in bound
            else Verdict.SHARE_FULL.value
            if is_full and Verdict(letter) in _KEPT_OUT
            else letter
            for letter, site, is_full in zip(decision.verdicts, wave.sites, full, strict=True)
        ]
        return replace(decision, verdicts="".join(letters))

    return replace(plan, decisions=tuple(told(one) for one in plan.decisions))
