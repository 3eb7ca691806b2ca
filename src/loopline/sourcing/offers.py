"""To whom a parcel's work is put: to the chosen site alone, or to several of which the first to claim has it. Pure.

What is compared is what the parcel is expected to cost in the end. Put to one site: its cost, and where it does not
answer, the cost of asking another and of the time that was lost. Put to several: the cost of whoever answers first. A
site of which nobody knows how it answers makes no case for a call: without knowledge everything is put to one site.

A site has as long to answer as its own region or dealer says, else the profile. What is put to several has one end,
that of the site with the least time: the customer's order idles until then, and who has more time loses nothing by it.
A call that nobody claimed is held against nobody, and the next offer is to one site, with all of that site's time.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from fractions import Fraction

import msgspec
from msgspec.structs import replace

from loopline.kernel.ids import NodeId, SiteId, SkuId
from loopline.sourcing.costs import FINE, Tariff, metres_between
from loopline.sourcing.model import CERTAIN, Answering, Decision, OpenOrder, Parcel, Wave
from loopline.sourcing.settings import ANSWER_MINUTES


class OfferTerms(msgspec.Struct, frozen=True, kw_only=True):
    """How work is put to sites. As it stands: to one site.

    With `open_offers`, up to `sites_per_call_max` sites that can send a parcel for at most `extra_minor_max` more than
    the chosen one may be asked at once. `redispatch_minor` is what asking another site costs, `waiting_hour_minor` what
    an hour lost is worth; both in the currency of the parcel.
    """

    open_offers: bool = False
    sites_per_call_max: int = 8
    extra_minor_max: int = 500
    redispatch_minor: int = 300
    waiting_hour_minor: int = 200


_NOBODY: Mapping[SiteId, Answering] = {}


class Offering(msgspec.Struct, frozen=True, kw_only=True):
    """The terms in force, and how sites are expected to answer; a site that is left out is not known."""

    terms: OfferTerms = OfferTerms()
    answering: Mapping[SiteId, Answering] = _NOBODY


AS_EVER = Offering()


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A site that can send all of a parcel, how far from the customer (None: nobody knows), and at what cost.

    The cost is as it is weighed, but for being late and for being refused, which is what is expected here: with what
    the profile prefers and spares (fairness between dealers too), what handling costs more in its part of the country,
    what its dealer earns by the goods, the surcharge for another dealer's territory, the pay on top, less the credit of
    the goods, and with what goods and time are worth to later orders. `answer_minutes`: how long it has to answer.
    """

    site_id: SiteId
    metres: int | None
    cost_minor: int
    answer_minutes: int = ANSWER_MINUTES


class CalledParcel(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel that is put to several sites, the cheapest first."""

    parcel: Parcel
    candidates: tuple[Candidate, ...]

    @property
    def answer_within(self) -> timedelta:
        """How long somebody has to claim it: as long as the site with the least time."""
        return timedelta(minutes=_minutes_open(self.candidates))


def parcels_to_call(
    wave: Wave,
    decisions: Sequence[Decision],
    *,
    offering: Offering,
) -> list[CalledParcel]:
    """Return the parcels of a wave that are expected to cost less when they are put to several sites.

    Among them are none of orders that keep waiting for a site (they are decided again soon), none whose work a site
    has already, and none that come from one site whatever happens. `decisions` are all of the wave: what they take is
    not there for others.
    """
    if not offering.terms.open_offers or not offering.answering:
        return []
    desk = _Left(wave, decisions)
    rows = {order.order_id: row for row, order in enumerate(wave.orders)}
    found: list[CalledParcel] = []
    for decision in decisions:
        order = wave.orders[rows[decision.order_id]]
        if decision.unfilled or order.allowed_sites is not None or order.is_put:
            continue
        for parcel in decision.parcels:
            candidates = desk.candidates(parcel, order, row=rows[order.order_id])
            of_order = _for_order(wave, offering, order, row=rows[order.order_id])
            called = sites_to_call(candidates, offering=of_order)
            if called:
                found.append(CalledParcel(parcel=parcel, candidates=called))
    return found


def _for_order(wave: Wave, offering: Offering, order: OpenOrder, *, row: int) -> Offering:
    """What is expected of sites that are offered this order: by what hangs on it, or as its work came back."""
    answering = offering.answering
    if wave.chances is not None:
        chances: list[float] = wave.chances[row].tolist()
        answering = {
            site.site_id: replace(answering[site.site_id], accepts_basis_points=round(chance * CERTAIN))
            for site, chance in zip(wave.sites, chances, strict=True)
            if site.site_id in answering
        }
    return Offering(terms=offering.terms, answering={**answering, **order.answering})


def sites_to_call(candidates: Sequence[Candidate], *, offering: Offering) -> tuple[Candidate, ...]:
    """Return the sites that a parcel is put to at once, the cheapest first; none where the first alone is better.

    `candidates[0]` is the chosen site. Of the others those count that are known and cost little more; the cheapest of
    them are taken as long as that lowers what is expected.
    """
    terms, answering = offering.terms, offering.answering
    if not terms.open_offers or not candidates or candidates[0].site_id not in answering:
        return ()
    first, *rest = candidates
    near = [
        one
        for one in rest
        if one.site_id in answering and one.cost_minor <= first.cost_minor + terms.extra_minor_max
    ]
    near.sort(key=lambda one: (one.cost_minor, one.site_id))
    best, least = 0, expected_minor([first], offering=offering)
    for count in range(1, min(len(near), terms.sites_per_call_max - 1) + 1):
        expected = expected_minor([first, *near[:count]], offering=offering)
        if expected < least:
            best, least = count, expected
    called = sorted([first, *near[:best]], key=lambda one: (one.cost_minor, one.site_id))
    return tuple(called) if best else ()


def expected_minor(candidates: Sequence[Candidate], *, offering: Offering) -> Fraction:
    """Return what a parcel is expected to cost that is put to these sites at once; to one of them: directed.

    They answer independently of each other, each after its minutes if at all; who answers first has it. Where nobody
    does until the time is over (that of the site with the least), another site is asked, at the cost of the first of
    these. Whoever is expected to answer only after another's time is over does not count.
    """
    terms, answering, minutes = offering.terms, offering.answering, _minutes_open(candidates)
    minute_minor = Fraction(terms.waiting_hour_minor, 60)
    nobody_yet, expected = Fraction(1), Fraction(0)
    for one in sorted(
        candidates, key=lambda one: (answering[one.site_id].minutes, one.cost_minor, one.site_id)
    ):
        answer = answering[one.site_id]
        is_cut_off = answer.minutes >= minutes < one.answer_minutes
        takes = 0 if is_cut_off else nobody_yet * Fraction(answer.accepts_basis_points, CERTAIN)
        expected += takes * (one.cost_minor + minute_minor * min(answer.minutes, minutes))
        nobody_yet -= takes
    lost = candidates[0].cost_minor + terms.redispatch_minor + minute_minor * minutes
    return expected + nobody_yet * lost


def _minutes_open(candidates: Sequence[Candidate]) -> int:
    return min(one.answer_minutes for one in candidates)


class _Left:
    """What sites have left once all that was decided is theirs, and what a parcel from each would cost."""

    def __init__(self, wave: Wave, decisions: Sequence[Decision]) -> None:
        self._sites = wave.sites
        self._grams = wave.unit_grams
        self._later = wave.later
        self._only_from = wave.only_from
        self._credits = wave.credits_minor
        self._tariff = Tariff(wave.sites)
        self._metres = metres_between(
            [order.destination for order in wave.orders], [site.coordinates for site in wave.sites]
        )
        self._is_known = [order.destination is not None for order in wave.orders]
        site_of: dict[NodeId, int] = {
            leaf_id: place for place, site in enumerate(wave.sites) for leaf_id in site.leaf_ids
        }
        self._capacity = [site.capacity_left for site in wave.sites]
        self._place = {site.site_id: place for place, site in enumerate(wave.sites)}
        self._units: dict[SkuId, dict[int, int]] = {}
        for one in wave.stock:
            if one.leaf_id in site_of:
                self._add(one.sku_id, site_of[one.leaf_id], max(0, one.sellable))
        for parcel in (parcel for decision in decisions for parcel in decision.parcels):
            self._capacity[self._place[parcel.site_id]] -= 1
            for line in parcel.lines:
                self._add(line.sku_id, self._place[parcel.site_id], -line.units)

    def _add(self, sku_id: SkuId, place: int, units: int) -> None:
        of_sku = self._units.setdefault(sku_id, {})
        of_sku[place] = of_sku.get(place, 0) + units

    def candidates(self, parcel: Parcel, order: OpenOrder, *, row: int) -> list[Candidate]:
        """Return the sites that can send all of a parcel: the chosen one, then the others in the wave's order."""
        wanted: dict[SkuId, int] = {}
        for line in parcel.lines:
            wanted[line.sku_id] = wanted.get(line.sku_id, 0) + line.units
        grams = sum(self._grams.get(sku_id, 0) * units for sku_id, units in wanted.items())
        chosen = self._place[parcel.site_id]
        limits = [order.only_from, *(self._only_from.get(sku_id) for sku_id in wanted)]
        others = [
            place
            for place in sorted(self._units.get(next(iter(wanted)), {}))
            if place != chosen
            and self._capacity[place] > 0
            and not self._sites[place].is_fallback
            and not self._sites[place].is_dark
            and parcel.temperature_class in self._sites[place].sends
            and self._sites[place].site_id not in order.excluded_sites | order.forbidden_sites
            and all(limit is None or self._sites[place].site_id in limit for limit in limits)
            and all(self._units.get(sku_id, {}).get(place, 0) >= units for sku_id, units in wanted.items())
        ]
        brings = _brings(parcel, order)
        return [
            self._candidate(
                place,
                order,
                row=row,
                grams=grams,
                goods_minor=self._goods_minor(place, wanted) + self._earned(place, brings),
            )
            for place in (chosen, *others)
        ]

    def _earned(self, place: int, brings: int) -> int:
        """What the site's dealer earns by goods that bring so much."""
        return (self._sites[place].margin_basis_points * brings + CERTAIN // 2) // CERTAIN

    def _goods_minor(self, place: int, wanted: Mapping[SkuId, int]) -> int:
        """What the goods and the time are worth to orders that come later, less what sending the goods earns."""
        site_id, units = self._sites[place].site_id, self._later.unit_minor
        return self._later.parcel_minor.get(site_id, 0) + sum(
            (units.get((site_id, sku_id), 0) - self._credits.get((site_id, sku_id), 0)) * count
            for sku_id, count in wanted.items()
        )

    def _candidate(
        self, place: int, order: OpenOrder, *, row: int, grams: int, goods_minor: int
    ) -> Candidate:
        metres = int(self._metres[row, place])
        fine = (
            int(self._tariff.handling[place])
            + metres * int(self._tariff.per_metre[place])
            + grams * int(self._tariff.per_gram[place])
        )
        site = self._sites[place]
        return Candidate(
            site_id=site.site_id,
            metres=metres if self._is_known[row] else None,
            cost_minor=(fine + FINE // 2) // FINE
            + site.priority_minor
            + site.region_minor
            + order.surcharges_minor.get(site.site_id, 0)
            + order.extra_minor.get(site.site_id, 0)
            + goods_minor,
            answer_minutes=site.answer_minutes,
        )


def _brings(parcel: Parcel, order: OpenOrder) -> int:
    """What the goods of a parcel bring, net of tax."""
    price_of = {need.line_id: need.price_minor for need in order.needs}
    return sum(price_of[line.line_id] * line.units for line in parcel.lines)
