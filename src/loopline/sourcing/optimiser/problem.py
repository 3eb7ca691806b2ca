"""A wave of open orders as columns: what the optimiser solves, and what it refuses to begin.

Units. Money is whole numbers of `FINE` parts of a minor unit, so that metres at a rate per 100 kilometres and grams at
a rate per kilogram are whole; it is rounded to minor units once, where it is shown. Distances are whole metres. Sites,
orders, lines and stock rows are named by their position.

What a parcel from a site to an order costs, in the terms that a result tells:

    parcel      `Sites.parcel`
    handling    `Sites.handling`
    region      `Sites.region`, what handling costs more in the site's part of the country
    priority    `Sites.priority`, a made-up cost that makes a site less wanted
    distance    `Sites.metre` x metres
    margin      `Sites.margin` x `Lines.price`, unit by unit: what the site's owner earns, below 0 in the site's favour
    weight      grams x (`Sites.gram` + `Sites.tonne_metre` x metres / 10^6), unit by unit
    lateness    `Costs.late_hour` x hours beyond the promise: getting ready, then the way
    refusal     (1 - `Sites.accept_probability`) x `Costs.redispatch`, or what `Problem.refusals` says of (order, site)
    surcharge   `Surcharges.amount`, where the (order, site) has one: region, territory

Goods of different `Problem.sku_class` never share a parcel: what one site sends of two classes is two parcels, each of
which costs and takes a place like any other. A parcel of an order beyond the first of its class is a split, and costs
`Costs.split`. Each unit shipped earns the `credit` of its stock row, each unit left pays the `unfilled` of its line.
Goods that a site must not send have no stock row there.
"""

import msgspec
import numpy as np
import numpy.typing as npt

from loopline.kernel.refusals import Refusal, Refused

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

CLASSES_MOST = 8
FINE = 100_000  # parts of a minor unit, as `sourcing.costs`: metres in 100 kilometres
_MOST_FINE = 10**15  # of any single cost: sums of a wave stay below what 64 bits hold


class UnsoundProblem(Refusal, frozen=True, kw_only=True):
    """This sourcing problem cannot be begun: {field}: {reason}."""

    field: str
    reason: str


class Sites(msgspec.Struct, frozen=True, kw_only=True):
    """One row a site. `capacity` in parcels; a site of capacity 0 serves nobody."""

    latitude: Floats  # degrees
    longitude: Floats
    capacity: Integers
    handling: Integers  # fine, per parcel
    region: Integers  # fine, per parcel
    parcel: Integers  # fine, per parcel
    metre: Integers  # fine, per metre: minor units per 100 kilometres
    gram: Integers  # fine, per gram, however far
    tonne_metre: Integers  # fine, per tonne and metre
    margin: Integers  # fine, per minor unit of `Lines.price`: at most all of it, either way
    priority: Integers  # fine, per parcel; 0 is the first choice
    ready_minutes: Integers
    accept_probability: Floats  # in [0, 1]


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """One row an order, in order of arrival. NaN coordinates: nothing travels, distance is 0. NaN hours: no promise."""

    latitude: Floats
    longitude: Floats
    promised_hours: Floats


class Lines(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of all orders: those of order o are rows start[o] up to but not including start[o + 1].

    An order names a SKU once: merge lines of one SKU before, share out what they get after. Lines of an order with the
    same `together` of 0 or more come from one site, whole, or not at all; they are of one class.
    """

    start: Integers
    sku: Integers
    units: Integers  # 1 or more
    unfilled: Integers  # fine, per unit left
    value: Integers  # what a unit is worth to `Limits.least_value`, in any unit of the caller's
    price: Integers  # minor units: what a unit brings
    together: Integers  # -1: by itself


class Stock(msgspec.Struct, frozen=True, kw_only=True):
    """What is where: one row per site and SKU. `credit`, fine per unit, is signed: ageing less risk less margin."""

    site: Integers
    sku: Integers
    units: Integers
    credit: Integers


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """Rates that are the same everywhere, in fine parts."""

    split: int
    late_hour: int
    redispatch: int
    kilometres_per_hour: float


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What no plan breaks.

    `parcels`: at most so many to an order, of which the first of each class counts once. `least_value`: where goods of
    one class are split, every parcel of them holds at least so much `Lines.value`; what goes in one parcel may be worth
    anything.
    """

    parcels: int = 3
    least_value: int = 0


class Surcharges(msgspec.Struct, frozen=True, kw_only=True):
    """Costs of single (order, site) pairs, fine; a pair may stand once.

    Below 0 by no more than a refusal is expected to cost there: a parcel's fixed cost stays 0 or more.
    """

    order: Integers
    site: Integers
    amount: Integers


class Blocked(msgspec.Struct, frozen=True, kw_only=True):
    """(order, site) pairs that must not be: refused before, out of territory."""

    order: Integers
    site: Integers


def no_surcharges() -> Surcharges:
    """Return an empty list."""
    return Surcharges(order=np.zeros(0, np.int64), site=np.zeros(0, np.int64), amount=np.zeros(0, np.int64))


def no_blocked() -> Blocked:
    """Return an empty list."""
    return Blocked(order=np.zeros(0, np.int64), site=np.zeros(0, np.int64))


def as_sites_say() -> Integers:
    """Return a table of refusals that says nothing."""
    return np.zeros((0, 0), np.int64)


def one_class() -> Integers:
    """Return the classes of SKUs that are all of one."""
    return np.zeros(0, np.int64)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A wave. `refuse_unsound` says what makes one unfit; `search.solve` calls it first.

    `refusals`: what a refusal is expected to cost, fine, by (order, site); empty: as likely as the site says.
    """

    sites: Sites
    orders: Orders
    lines: Lines
    stock: Stock
    sku_grams: Integers  # by SKU; as many as there are SKUs
    costs: Costs
    limits: Limits = Limits()
    surcharges: Surcharges = msgspec.field(default_factory=no_surcharges)
    blocked: Blocked = msgspec.field(default_factory=no_blocked)
    sku_class: Integers = msgspec.field(default_factory=one_class)  # by SKU; empty: all are of one
    refusals: Integers = msgspec.field(default_factory=as_sites_say)

    @property
    def site_count(self) -> int:
        """How many sites there are."""
        return len(self.sites.capacity)

    @property
    def order_count(self) -> int:
        """How many orders there are."""
        return len(self.orders.promised_hours)

    @property
    def refusal(self) -> Integers:
        """What a refusal is expected to cost: a row for each order, or one that holds for all."""
        if len(self.refusals):
            return self.refusals
        sure = self.sites.accept_probability
        return np.rint((1 - sure) * self.costs.redispatch).astype(np.int64)[None, :]

    @property
    def line_class(self) -> Integers:
        """The class of each line's goods."""
        return self.sku_class[self.lines.sku] if len(self.sku_class) else np.zeros_like(self.lines.sku)


def refuse_unsound(problem: Problem) -> None:
    """Raise `Refused` with an `UnsoundProblem` naming the first field that cannot be right, and why."""
    _check_columns(problem)
    _check_sites(problem)
    _check_lines(problem)
    _check_stock(problem)
    _check_pairs(problem)
    _check_rates(problem)


def refuse(field: str, reason: str) -> Refused:
    """Return the refusal to raise."""
    return Refused(UnsoundProblem(field=field, reason=reason))


def _check_columns(problem: Problem) -> None:
    tables: tuple[tuple[str, msgspec.Struct, int], ...] = (
        ("sites", problem.sites, len(problem.sites.capacity)),
        ("orders", problem.orders, len(problem.orders.promised_hours)),
        ("stock", problem.stock, len(problem.stock.site)),
        ("surcharges", problem.surcharges, len(problem.surcharges.order)),
        ("blocked", problem.blocked, len(problem.blocked.order)),
    )
    for name, table, rows in tables:
        for column in table.__struct_fields__:
            _refuse_other_than(getattr(table, column), rows, f"{name}.{column}")
    if len(problem.sku_class):
        _refuse_other_than(problem.sku_class, len(problem.sku_grams), "sku_class")
    lines = problem.lines
    for column in ("sku", "units", "unfilled", "value", "price", "together"):
        _refuse_other_than(getattr(lines, column), len(lines.sku), f"lines.{column}")
    if (
        len(lines.start) != problem.order_count + 1
        or lines.start[0] != 0
        or lines.start[-1] != len(lines.sku)
    ):
        raise refuse("lines.start", "does not lead from 0 to the number of lines, order by order")
    if (np.diff(lines.start) < 0).any():
        raise refuse("lines.start", "goes back")


def _refuse_other_than(column: npt.NDArray[np.generic], rows: int, field: str) -> None:
    if column.shape != (rows,):
        raise refuse(field, f"is not a column of {rows} rows")
    if column.dtype not in {np.dtype(np.int64), np.dtype(np.float64)}:
        raise refuse(field, "holds no numbers of 64 bits")


def _refuse_where(wrong: npt.NDArray[np.bool_], field: str, reason: str) -> None:
    if wrong.any():
        raise refuse(f"{field}[{int(np.argmax(wrong))}]", reason)


def _outside(values: Integers, least: int, most: int) -> npt.NDArray[np.bool_]:
    return (values < least) | (values > most)


def _check_sites(problem: Problem) -> None:
    sites, orders = problem.sites, problem.orders
    if not np.isfinite(sites.latitude).all() or not np.isfinite(sites.longitude).all():
        raise refuse("sites", "a site has no coordinates")
    for name, place in (("sites", sites), ("orders", orders)):
        _refuse_where(np.abs(place.latitude) > 90, f"{name}.latitude", "lies outside [-90, 90]")
        _refuse_where(np.abs(place.longitude) > 180, f"{name}.longitude", "lies outside [-180, 180]")
    half = np.isnan(orders.latitude) != np.isnan(orders.longitude)
    _refuse_where(half, "orders.latitude", "has one coordinate of two")
    _refuse_where(_outside(sites.capacity, 0, 10**9), "sites.capacity", "is negative or beyond 10^9")
    for column in ("handling", "region", "parcel", "metre", "gram", "tonne_metre", "priority"):
        _refuse_where(
            _outside(getattr(sites, column), 0, _MOST_FINE), f"sites.{column}", "is negative or too big"
        )
    _refuse_where(_outside(sites.margin, -FINE, FINE), "sites.margin", "is more than all of a price")
    _refuse_where(_outside(sites.ready_minutes, 0, 10**7), "sites.ready_minutes", "is negative or too big")
    chance = sites.accept_probability
    _refuse_where(~((chance >= 0) & (chance <= 1)), "sites.accept_probability", "lies outside [0, 1]")
    hours = orders.promised_hours
    _refuse_where((hours < 0) | np.isinf(hours), "orders.promised_hours", "is negative or without end")


def _check_lines(problem: Problem) -> None:
    lines, skus = problem.lines, len(problem.sku_grams)
    _refuse_where(_outside(problem.sku_grams, 0, 10**9), "sku_grams", "is negative or beyond 10^9")
    _refuse_where(_outside(problem.sku_class, 0, CLASSES_MOST - 1), "sku_class", "is negative or too big")
    _refuse_where(_outside(lines.sku, 0, skus - 1), "lines.sku", "names no SKU")
    _refuse_where(_outside(lines.units, 1, 10**6), "lines.units", "is less than 1 or beyond 10^6")
    _refuse_where(_outside(lines.unfilled, 0, _MOST_FINE), "lines.unfilled", "is negative or too big")
    _refuse_where(_outside(lines.value, 0, _MOST_FINE), "lines.value", "is negative or too big")
    _refuse_where(_outside(lines.price, 0, _MOST_FINE // FINE), "lines.price", "is negative or too big")
    order_of_line = np.repeat(np.arange(problem.order_count), np.diff(lines.start))
    named = order_of_line * max(skus, 1) + lines.sku
    by_name = np.argsort(named, kind="stable")
    again = np.zeros(len(named), np.bool_)
    again[by_name[1:]] = named[by_name[1:]] == named[by_name[:-1]]
    _refuse_where(again, "lines.sku", "stands twice in one order")
    _check_together(problem, order_of_line)


def _check_together(problem: Problem, order_of_line: Integers) -> None:
    if not len(problem.sku_class):
        return
    bound = np.flatnonzero(problem.lines.together >= 0)
    group = np.stack([order_of_line[bound], problem.lines.together[bound]], axis=1)
    kinds = np.column_stack([group, problem.line_class[bound]])
    if len(np.unique(kinds, axis=0)) != len(np.unique(group, axis=0)):
        raise refuse("lines.together", "binds goods of different classes")


def _check_stock(problem: Problem) -> None:
    stock, skus = problem.stock, len(problem.sku_grams)
    _refuse_where(_outside(stock.site, 0, problem.site_count - 1), "stock.site", "names no site")
    _refuse_where(_outside(stock.sku, 0, skus - 1), "stock.sku", "names no SKU")
    _refuse_where(_outside(stock.units, 0, 10**12), "stock.units", "is negative or beyond 10^12")
    _refuse_where(_outside(stock.credit, -_MOST_FINE, _MOST_FINE), "stock.credit", "is too big")
    _refuse_repeated(stock.site * max(skus, 1) + stock.sku, "stock")


def _check_pairs(problem: Problem) -> None:
    for name, pairs in (("surcharges", problem.surcharges), ("blocked", problem.blocked)):
        _refuse_where(_outside(pairs.order, 0, problem.order_count - 1), f"{name}.order", "names no order")
        _refuse_where(_outside(pairs.site, 0, problem.site_count - 1), f"{name}.site", "names no site")
    surcharges = problem.surcharges
    _refuse_where(_outside(surcharges.amount, -_MOST_FINE, _MOST_FINE), "surcharges.amount", "is too big")
    if len(problem.refusals):
        if problem.refusals.shape != (problem.order_count, problem.site_count):
            raise refuse("refusals", "is not a table of orders and sites")
        wrong: npt.NDArray[np.bool_] = np.logical_or.reduce(_outside(problem.refusals, 0, _MOST_FINE), axis=1)
        _refuse_where(wrong, "refusals", "is negative or too big")
    refusal = problem.refusal
    row = surcharges.order if len(problem.refusals) else np.zeros_like(surcharges.order)
    _refuse_where(
        surcharges.amount < -refusal[row, surcharges.site],
        "surcharges.amount",
        "takes off more than a refusal is expected to cost",
    )
    _refuse_repeated(surcharges.order * max(problem.site_count, 1) + surcharges.site, "surcharges")


def _refuse_repeated(named: Integers, field: str) -> None:
    if len(np.unique(named)) != len(named):
        raise refuse(field, "names one pair twice")


def _check_rates(problem: Problem) -> None:
    costs, limits = problem.costs, problem.limits
    for name in ("split", "late_hour", "redispatch"):
        if not 0 <= getattr(costs, name) <= _MOST_FINE:
            raise refuse(f"costs.{name}", "is negative or too big")
    if not costs.kilometres_per_hour > 0:
        raise refuse("costs.kilometres_per_hour", "is not positive")
    if limits.parcels < 1:
        raise refuse("limits.parcels", "is less than 1")
    if limits.least_value < 0:
        raise refuse("limits.least_value", "is negative")
