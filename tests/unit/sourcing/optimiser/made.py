"""Small random problems of every kind, and a plan and a bound by other means: by trying everything, slowly."""

import itertools
import math
from collections import Counter
from random import Random

import msgspec
import numpy as np

from loopline.kernel.geography import Coordinates, great_circle_kilometres
from loopline.sourcing.optimiser.problem import (
    FINE,
    Blocked,
    Costs,
    Limits,
    Lines,
    Orders,
    Problem,
    Sites,
    Stock,
    Surcharges,
)

Parcels = dict[tuple[int, int], dict[int, int]]  # (site, class) -> line -> units


def random_problem(seed: int, *, orders: int = 4, sites: int = 3, skus: int = 3, classes: int = 1) -> Problem:
    """A problem so small that everything can be tried, with each kind of rule in some of them.

    Of several classes, the first SKU of an order is its own thing and the others may go together.
    """
    rng, other = Random(seed), Random(seed + 10_000)
    lines: list[tuple[int, int, int, int]] = []
    start = [0]
    for _ in range(orders):
        together = rng.random() < 0.25
        for sku in sorted(rng.sample(range(skus), rng.randint(1, min(2, skus)))):
            line = (sku, rng.choice([1, 1, 2]), rng.choice([1, 3]), 0 if together else -1)
            lines += [line]
        start.append(len(lines))
    stock = [
        (site, sku, rng.randint(0, 3), rng.choice([0, 0, 150, -80]) * FINE)
        for site in range(sites)
        for sku in range(skus)
        if rng.random() < 0.8
    ]
    pairs = list(itertools.product(range(orders), range(sites)))
    blocked = rng.sample(pairs, min(len(pairs), rng.choice([0, 1, 2])))
    surcharged = rng.sample(pairs, min(len(pairs), rng.choice([0, 2])))
    nowhere = rng.random() < 0.2
    refusals = np.array(
        [[other.randrange(900) * FINE for _ in range(sites)] for _ in range(orders)], np.int64
    )
    problem = Problem(
        sites=Sites(
            latitude=np.array([rng.uniform(30, 32) for _ in range(sites)]),
            longitude=np.array([rng.uniform(120, 122) for _ in range(sites)]),
            capacity=np.array([rng.randint(0, 3) for _ in range(sites)]),
            handling=np.array([rng.randint(100, 700) * FINE for _ in range(sites)]),
            region=np.array([other.choice([0, 0, 120]) * FINE for _ in range(sites)]),
            parcel=np.array([rng.choice([300, 450]) * FINE for _ in range(sites)]),
            metre=np.array([rng.choice([0, 90]) for _ in range(sites)]),
            gram=np.array([rng.choice([0, 5_000]) for _ in range(sites)]),
            tonne_metre=np.array([rng.choice([0, 12_000]) for _ in range(sites)]),
            margin=np.array([other.choice([0, 0, 6_000, -3_000]) for _ in range(sites)]),
            priority=np.array([rng.choice([0, 20]) * FINE for _ in range(sites)]),
            ready_minutes=np.array([rng.choice([120, 480]) for _ in range(sites)]),
            accept_probability=np.array([rng.choice([1.0, 0.7]) for _ in range(sites)]),
        ),
        orders=Orders(
            latitude=np.array([math.nan if nowhere else rng.uniform(30, 32) for _ in range(orders)]),
            longitude=np.array([math.nan if nowhere else rng.uniform(120, 122) for _ in range(orders)]),
            promised_hours=np.array([rng.choice([math.nan, 4.0, 24.0]) for _ in range(orders)]),
        ),
        lines=Lines(
            start=np.array(start),
            sku=np.array([line[0] for line in lines], np.int64),
            units=np.array([line[1] for line in lines], np.int64),
            unfilled=np.full(len(lines), rng.choice([800, 6_000]) * FINE),
            value=np.array([line[2] for line in lines], np.int64),
            price=np.array([other.choice([999, 11_300]) for _ in lines], np.int64),
            together=np.array([line[3] for line in lines], np.int64),
        ),
        stock=Stock(
            site=np.array([row[0] for row in stock], np.int64),
            sku=np.array([row[1] for row in stock], np.int64),
            units=np.array([row[2] for row in stock], np.int64),
            credit=np.array([row[3] for row in stock], np.int64),
        ),
        refusals=refusals if seed % 2 and orders else np.zeros((0, 0), np.int64),
        sku_grams=np.array([rng.choice([0, 500, 3_000]) for _ in range(skus)]),
        costs=Costs(split=300 * FINE, late_hour=25 * FINE, redispatch=500 * FINE, kilometres_per_hour=45.0),
        limits=Limits(parcels=rng.choice([1, 2, 3]), least_value=rng.choice([0, 0, 3])),
        surcharges=Surcharges(
            order=np.array([pair[0] for pair in surcharged], np.int64),
            site=np.array([pair[1] for pair in surcharged], np.int64),
            amount=np.array([rng.randint(1, 400) * FINE for _ in surcharged], np.int64),
        ),
        blocked=Blocked(
            order=np.array([pair[0] for pair in blocked], np.int64),
            site=np.array([pair[1] for pair in blocked], np.int64),
        ),
    )
    return problem if classes == 1 else _of_classes(problem, rng, classes)


def _of_classes(problem: Problem, rng: Random, classes: int) -> Problem:
    """Give each SKU a class; what goes together is together within its class."""
    kinds = [rng.randrange(classes) for _ in problem.sku_grams]
    together: list[int] = [
        -1 if bound < 0 else kinds[sku]
        for bound, sku in zip(problem.lines.together.tolist(), problem.lines.sku.tolist(), strict=True)
    ]
    return msgspec.structs.replace(
        problem,
        sku_class=np.array(kinds, np.int64),
        lines=msgspec.structs.replace(problem.lines, together=np.array(together, np.int64)),
    )


class Weighed:
    """Every way to serve every order, priced one by one in plain Python."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        stock = problem.stock
        self.rows = {
            (int(site), int(sku)): row
            for row, (site, sku) in enumerate(zip(stock.site, stock.sku, strict=True))
        }
        self.blocked = set(zip(problem.blocked.order.tolist(), problem.blocked.site.tolist(), strict=True))
        self.kind: list[int] = problem.line_class.tolist()
        pairs = problem.surcharges
        self.surcharge = {
            (int(order), int(site)): int(amount)
            for order, site, amount in zip(pairs.order, pairs.site, pairs.amount, strict=True)
        }

    def ways(self, order: int) -> list[tuple[int, Parcels]]:
        """Return every allowed way to serve an order on its own, with its cost."""
        problem = self.problem
        lines = range(int(problem.lines.start[order]), int(problem.lines.start[order + 1]))
        spread = [self._spreads(order, line) for line in lines]
        found: list[tuple[int, Parcels]] = []
        for combined in itertools.product(*spread):
            parcels: Parcels = {}
            for line, given in zip(lines, combined, strict=True):
                for site, units in given.items():
                    parcels.setdefault((site, self.kind[line]), {})[line] = units
            if self._is_allowed(lines, parcels):
                found.append((self._cost(order, lines, parcels), parcels))
        return found

    def _spreads(self, order: int, line: int) -> list[dict[int, int]]:
        problem = self.problem
        sites = range(problem.site_count)
        units = int(problem.lines.units[line])
        most = [
            min(units, int(problem.stock.units[self.rows[site, int(problem.lines.sku[line])]]))
            if (site, int(problem.lines.sku[line])) in self.rows
            and (order, site) not in self.blocked
            and problem.sites.capacity[site] > 0
            else 0
            for site in sites
        ]
        return [
            {site: given for site, given in enumerate(counts) if given}
            for counts in itertools.product(*(range(one + 1) for one in most))
            if sum(counts) <= units
        ]

    def _is_allowed(self, lines: range, parcels: Parcels) -> bool:
        problem = self.problem
        of_kind = Counter(kind for _, kind in parcels)
        if sum(count - 1 for count in of_kind.values()) > problem.limits.parcels - 1:
            return False
        for (_, kind), given in parcels.items():
            if of_kind[kind] > 1:
                worth = sum(int(problem.lines.value[line]) * units for line, units in given.items())
                if worth < problem.limits.least_value:
                    return False
        groups: dict[int, list[int]] = {}
        for line in lines:
            if problem.lines.together[line] >= 0:
                groups.setdefault(int(problem.lines.together[line]), []).append(line)
        return all(self._are_together(members, parcels) for members in groups.values())

    def _are_together(self, members: list[int], parcels: Parcels) -> bool:
        ways = [{place: given[line] for place, given in parcels.items() if line in given} for line in members]
        return all(not way for way in ways) or (
            all(len(way) == 1 and set(way) == set(ways[0]) for way in ways)
            and all(
                sum(way.values()) == self.problem.lines.units[line]
                for way, line in zip(ways, members, strict=True)
            )
        )

    def _cost(self, order: int, lines: range, parcels: Parcels) -> int:
        problem = self.problem
        cost = (len(parcels) - len({kind for _, kind in parcels})) * problem.costs.split
        for line in lines:
            got = sum(given.get(line, 0) for given in parcels.values())
            cost += int(problem.lines.unfilled[line]) * (int(problem.lines.units[line]) - got)
        for (site, _), given in parcels.items():
            cost += self._parcel(order, site, given)
        return cost

    def _parcel(self, order: int, site: int, given: dict[int, int]) -> int:
        problem, sites = self.problem, self.problem.sites
        metres = 0
        if not math.isnan(problem.orders.latitude[order]):
            here = Coordinates(latitude=float(sites.latitude[site]), longitude=float(sites.longitude[site]))
            there = Coordinates(
                latitude=float(problem.orders.latitude[order]),
                longitude=float(problem.orders.longitude[order]),
            )
            metres = round(great_circle_kilometres(here, there) * 1_000)
        hours = int(sites.ready_minutes[site]) / 60 + metres / 1_000 / problem.costs.kilometres_per_hour
        promised = float(problem.orders.promised_hours[order])
        late = 0.0 if math.isnan(promised) else max(0.0, hours - promised)
        cost = int(
            sites.handling[site] + sites.parcel[site] + sites.priority[site] + sites.metre[site] * metres
        ) + int(sites.region[site])
        if len(problem.refusals):
            cost += int(problem.refusals[order, site])
        else:
            cost += round((1 - float(sites.accept_probability[site])) * problem.costs.redispatch)
        cost += round(late * problem.costs.late_hour) + self.surcharge.get((order, site), 0)
        for line, units in given.items():
            sku = int(problem.lines.sku[line])
            grams = int(problem.sku_grams[sku])
            way = (grams * metres * int(sites.tonne_metre[site]) + 500_000) // 1_000_000
            credit = int(problem.stock.credit[self.rows[site, sku]])
            earned = int(problem.lines.price[line]) * int(sites.margin[site])
            cost += units * (grams * int(sites.gram[site]) + way + earned - credit)
        return cost

    def cheapest_plan(self) -> int:
        """Return the least cost of all plans, by depth-first search over every way of every order."""
        problem = self.problem
        ways = [sorted(self.ways(order), key=lambda way: way[0]) for order in range(problem.order_count)]
        least_after = [0] * (problem.order_count + 1)
        for order in reversed(range(problem.order_count)):
            least_after[order] = least_after[order + 1] + ways[order][0][0]
        left, room = problem.stock.units.tolist(), problem.sites.capacity.tolist()
        best = [1 << 62]

        def descend(order: int, cost: int) -> None:
            if cost + least_after[order] >= best[0]:
                return
            if order == problem.order_count:
                best[0] = cost
                return
            for way, parcels in ways[order]:
                needed = [
                    (self.rows[site, int(problem.lines.sku[line])], units)
                    for (site, _), given in parcels.items()
                    for line, units in given.items()
                ]
                taken = Counter(site for site, _ in parcels)
                if all(left[row] >= units for row, units in needed) and all(
                    room[site] >= count for site, count in taken.items()
                ):
                    self._move(left, room, needed, parcels, 1)
                    descend(order + 1, cost + way)
                    self._move(left, room, needed, parcels, -1)

        descend(0, 0)
        return best[0]

    @staticmethod
    def _move(
        left: list[int], room: list[int], needed: list[tuple[int, int]], parcels: Parcels, sign: int
    ) -> None:
        for row, units in needed:
            left[row] -= sign * units
        for site, _ in parcels:
            room[site] -= sign

    def bound(self, stock_prices: list[int], capacity_prices: list[int]) -> int:
        """Return the Lagrangian value at prices, each order served by the cheapest of all its ways."""
        problem = self.problem
        value = 0
        for order in range(problem.order_count):
            value += min(
                cost
                + sum(capacity_prices[site] for site, _ in parcels)
                + sum(
                    units * stock_prices[self.rows[site, int(problem.lines.sku[line])]]
                    for (site, _), given in parcels.items()
                    for line, units in given.items()
                )
                for cost, parcels in self.ways(order)
            )
        value -= sum(
            price * int(units) for price, units in zip(stock_prices, problem.stock.units, strict=True)
        )
        return value - sum(
            price * int(room) for price, room in zip(capacity_prices, problem.sites.capacity, strict=True)
        )
