import numpy as np

from loopline.kernel.geography import Coordinates, great_circle_kilometres
from loopline.sourcing import cover
from loopline.sourcing.costs import metres_between
from loopline.sourcing.cover import Prices
from loopline.sourcing.model import Decision, LeafUnits, Method, UnfilledReason, Wave
from loopline.sourcing.rules import choose_sites
from loopline.sourcing.solver import FewestParcels
from tests.make.sourcing import leaf_id, line_id, order, site, site_id, sku_id, wave


def sent(decision: Decision) -> list[tuple[int, dict[int, int]]]:
    """Return (site number, units by line position) of the parcels."""
    low = (1 << 64) - 1
    return [
        (parcel.site_id.int & low, {(line.line_id.int & low) % 1000: line.units for line in parcel.lines})
        for parcel in decision.parcels
    ]


def decide(one: Wave) -> Decision:
    (decision,) = choose_sites(one).decisions
    return decision


def test_one_parcel_beats_two_cheaper_ones():
    sites = [site(0, cost=(1, 0, 0)), site(1, cost=(1, 0, 0)), site(2, cost=(900, 0, 0))]
    found = decide(wave([order(0, [(7, 1), (8, 1)])], sites, {(0, 7): 5, (1, 8): 5, (2, 7): 1, (2, 8): 1}))
    assert sent(found) == [(2, {0: 1, 1: 1})]
    assert found.verdicts == "pp*"
    assert found.prices_minor == (1, 1, 900)
    assert (found.cost_minor, found.method) == (900, Method.EXACT)


def test_among_single_parcels_the_cheapest_by_handling_distance_and_weight():
    # One degree of longitude on the equator is 111.195 km; 2 units of 750 g.
    sites = [
        site(0, at=1.0, cost=(300, 1_000, 200)),  # 300 + 1,111.95 + 300 = 1,711.95
        site(1, at=2.0, cost=(100, 500, 300)),  # 100 + 1,111.95 + 450 = 1,661.95
        site(2, at=0.0, cost=(1_500, 0, 200)),  # 1,500 + 0 + 300 = 1,800
    ]
    found = decide(wave([order(0, [(7, 2)])], sites, {(0, 7): 2, (1, 7): 2, (2, 7): 2}, grams={7: 750}))
    assert sent(found) == [(1, {0: 2})]
    assert found.verdicts == "d*d"
    assert found.prices_minor == (1_712, 1_662, 1_800)
    (parcel,) = found.parcels
    assert (parcel.cost.handling_minor, parcel.cost.distance_minor, parcel.cost.weight_minor) == (
        100,
        1_112,
        450,
    )
    assert parcel.cost.total_minor == found.cost_minor == 1_662


def test_terms_add_up_to_the_rounded_total():
    # 0.4 + 0.4 minor units round to 1 together, though each alone rounds to nothing.
    one = wave([order(0, [(7, 1)])], [site(0, at=1.0, cost=(0, 0, 400))], {(0, 7): 1}, grams={7: 1})
    assert decide(one).cost_minor == 0
    sites = [site(0, cost=(0, 0, 400)), site(1, cost=(0, 0, 400))]
    split = decide(wave([order(0, [(7, 1), (8, 1)])], sites, {(0, 7): 1, (1, 8): 1}, grams={7: 1, 8: 1}))
    assert [parcel.cost.weight_minor for parcel in split.parcels] == [1, 0]
    assert split.cost_minor == 1


def test_equal_costs_go_to_the_earlier_site_of_the_wave():
    found = decide(wave([order(0, [(7, 1)])], [site(5), site(2)], {(5, 7): 1, (2, 7): 1}))
    assert sent(found) == [(5, {0: 1})]
    assert found.verdicts == "*t"


def test_the_cheapest_pair_is_found_though_the_cheapest_single_site_is_not_in_it():
    sites = [
        site(0, cost=(10, 0, 0)),
        site(1, cost=(50, 0, 0)),
        site(2, cost=(55, 0, 0)),
        site(3, cost=(400, 0, 0)),
    ]
    stock = {(0, 7): 9, (1, 7): 9, (1, 8): 9, (2, 9): 9, (3, 8): 9, (3, 9): 9}
    found = decide(wave([order(0, [(7, 1), (8, 1), (9, 1)])], sites, stock))
    assert sent(found) == [(1, {0: 1, 1: 1}), (2, {2: 1})]
    assert found.verdicts == "d**d"
    assert found.prices_minor == (410, 105, 105, 410)


def test_grams_travel_from_where_they_cost_least_and_a_line_is_not_split_without_need():
    sites = [site(0, cost=(0, 0, 900)), site(1, cost=(0, 0, 100))]
    stock = {(0, 7): 9, (0, 8): 9, (1, 8): 9, (1, 9): 1}
    asks = order(0, [(7, 1), (8, 4), (9, 1)])
    assert sent(decide(wave([asks], sites, stock, grams={7: 1000, 8: 1000, 9: 1000}))) == [
        (0, {0: 1}),
        (1, {1: 4, 2: 1}),
    ]
    alike = [site(0), site(1)]
    stock = {(0, 7): 9, (0, 8): 3, (1, 8): 4, (1, 9): 1}
    assert sent(decide(wave([asks], alike, stock))) == [(0, {0: 1}), (1, {1: 4, 2: 1})]


def test_a_line_is_split_where_no_site_has_it_all():
    found = decide(
        wave([order(0, [(7, 10)])], [site(0), site(1), site(2)], {(0, 7): 3, (1, 7): 6, (2, 7): 4})
    )
    assert sent(found) == [(1, {0: 6}), (2, {0: 4})]


def test_orders_are_decided_in_order_of_arrival_against_what_is_left():
    orders = [order(0, [(7, 3)]), order(1, [(7, 3)]), order(2, [(7, 3)])]
    plan = choose_sites(
        wave(orders, [site(0, cost=(1, 0, 0)), site(1, cost=(2, 0, 0))], {(0, 7): 5, (1, 7): 3})
    )
    assert [sent(one) for one in plan.decisions] == [[(0, {0: 3})], [(1, {0: 3})], [(0, {0: 2})]]
    (short,) = plan.decisions[2].unfilled
    assert (short.line_id, short.sku_id, short.units, short.reason) == (
        line_id(2, 0),
        sku_id(7),
        1,
        UnfilledReason.NO_GOODS,
    )


def test_a_parcel_takes_one_unit_of_capacity_and_a_full_site_serves_no_more():
    orders = [order(0, [(7, 1)]), order(1, [(7, 1)]), order(2, [(7, 1)])]
    plan = choose_sites(
        wave(orders, [site(0, capacity=1), site(1, capacity=1, cost=(9, 0, 0))], {(0, 7): 9, (1, 7): 9})
    )
    assert [sent(one) for one in plan.decisions] == [[(0, {0: 1})], [(1, {0: 1})], []]
    last = plan.decisions[2]
    assert [(one.units, one.reason) for one in last.unfilled] == [(1, UnfilledReason.NO_CAPACITY)]
    assert (last.verdicts, last.prices_minor, last.cost_minor) == ("cc", (0, 9), 0)


def test_negative_capacity_and_negative_stock_are_none():
    found = decide(wave([order(0, [(7, 1)])], [site(0, capacity=-2), site(1)], {(0, 7): 1, (1, 7): -5}))
    assert (found.parcels, found.verdicts) == ((), "cn")


def test_excluded_and_allowed_sites():
    stock = {(0, 7): 5, (1, 7): 5, (2, 7): 5}
    sites = [site(0), site(1), site(2)]
    assert decide(wave([order(0, [(7, 1)], excluded=[0])], sites, stock)).verdicts == "x*t"
    assert decide(wave([order(0, [(7, 1)], allowed=[2])], sites, stock)).verdicts == "xx*"
    nobody = decide(wave([order(0, [(7, 1)], allowed=[2], excluded=[2])], sites, stock))
    assert (nobody.parcels, nobody.verdicts) == ((), "xxx")
    assert [one.reason for one in nobody.unfilled] == [UnfilledReason.EXCLUDED]
    assert decide(wave([order(0, [(7, 1)], allowed=[])], sites, stock)).parcels == ()


def test_what_can_be_sent_is_sent_and_the_rest_comes_back_by_line_with_its_reason():
    asks = order(0, [(7, 2), (8, 2), (7, 3), (9, 0), (6, 1)], excluded=[2])
    stock = {(0, 7): 3, (1, 8): 5, (2, 6): 4}
    found = decide(wave([asks], [site(0), site(1, capacity=0), site(2)], stock))
    assert sent(found) == [(0, {0: 2, 2: 1})]
    assert [(one.line_id, one.units, one.reason) for one in found.unfilled] == [
        (line_id(0, 1), 2, UnfilledReason.NO_CAPACITY),
        (line_id(0, 2), 2, UnfilledReason.NO_GOODS),
        (line_id(0, 4), 1, UnfilledReason.EXCLUDED),
        (line_id(0, 3), 0, UnfilledReason.NOTHING_ASKED),
    ]


def test_two_lines_of_one_sku_do_not_share_units():
    found = decide(wave([order(0, [(7, 2), (7, 2)])], [site(0), site(1)], {(0, 7): 3, (1, 7): 1}))
    assert sent(found) == [(0, {0: 2, 1: 1}), (1, {1: 1})]


def test_a_site_draws_on_its_leaves_in_their_order():
    one = wave(
        [order(0, [(7, 3), (8, 1), (7, 2)])],
        [site(0, leaves=2)],
        {(0, 7): 4, (0, 8): 0},
        second_leaf={(0, 7): 9, (0, 8): 1},
    )
    (parcel,) = decide(one).parcels
    assert [(line.line_id, line.leaf_id, line.units) for line in parcel.lines] == [
        (line_id(0, 0), leaf_id(0, 0), 3),
        (line_id(0, 1), leaf_id(0, 1), 1),
        (line_id(0, 2), leaf_id(0, 0), 1),
        (line_id(0, 2), leaf_id(0, 1), 1),
    ]


def test_stock_of_unknown_leaves_and_unasked_skus_is_left_alone():
    one = wave([order(0, [(7, 1)])], [site(0)], {(0, 7): 1, (0, 8): 5, (3, 7): 9})
    assert sent(decide(one)) == [(0, {0: 1})]


def test_nothing_to_decide():
    assert choose_sites(wave([], [site(0)], {})).decisions == ()
    empty = decide(wave([order(0, [])], [site(0)], {}))
    assert (empty.parcels, empty.unfilled, empty.verdicts, empty.prices_minor) == ((), (), "n", (0,))
    no_sites = decide(wave([order(0, [(7, 1)])], [], {}))
    assert (no_sites.verdicts, [one.reason for one in no_sites.unfilled]) == ("", [UnfilledReason.NO_GOODS])


def test_without_a_destination_distance_costs_nothing():
    found = decide(
        wave([order(0, [(7, 1)], destination=None)], [site(0, at=90, cost=(5, 100, 0))], {(0, 7): 1})
    )
    assert found.cost_minor == 5


def test_too_many_sets_to_weigh_end_in_a_greedy_cover_without_a_spare_parcel():
    # 120 sites with one SKU each, 8 of them wanted: comb(120, 8) sets, but no other site can have them: forced, exact.
    sites = [site(number) for number in range(120)]
    stock = {(number, number): 1 for number in range(120)}
    forced = decide(wave([order(0, [(sku, 1) for sku in range(8)])], sites, stock))
    assert (forced.method, len(forced.parcels)) == (Method.EXACT, 8)
    # Every SKU at fifteen sites: five parcels are needed and cannot all be weighed.
    stock = {(number, number % 8): 1 for number in range(120)}
    greedy = decide(wave([order(0, [(sku, 1) for sku in range(8)])], sites, stock))
    assert (greedy.method, len(greedy.parcels)) == (Method.GREEDY, 8)
    assert greedy.verdicts.count("w") == 112


def test_orders_of_more_skus_than_fit_in_one_word():
    # Of 130 SKUs two sites have two thirds each, a third lacks the last one only in the third word.
    stock = (
        {(0, sku): 1 for sku in range(87)}
        | {(1, sku): 1 for sku in range(43, 129)}
        | {(2, sku): 1 for sku in range(43, 130)}
    )
    found = decide(
        wave(
            [order(0, [(sku, 1) for sku in range(130)])],
            [site(0), site(1), site(2, cost=(9, 0, 0)), site(3)],
            stock,
        )
    )
    assert [(number, len(lines)) for number, lines in sent(found)] == [(0, 87), (2, 43)]
    assert found.verdicts == "*p*n"


def test_a_greedy_cover_drops_what_later_parcels_made_spare():
    # The first site gives most, then the other two make it superfluous.
    have = np.array([[3, 3, 0, 0], [3, 0, 2, 0], [0, 3, 0, 2]], np.int64)
    prices = Prices(fixed=np.array([1, 5, 5]), per_gram=np.array([0, 0, 0]), grams=np.array([0, 0, 0, 0]))
    found = cover._greedy(have, np.array([3, 3, 2, 2], np.int64), prices)
    assert (found.sites, found.cost, found.is_exact, found.best_with.tolist()) == (
        (1, 2),
        10,
        False,
        [-1, 10, 10],
    )


def test_the_solver_is_the_rule_whatever_the_seed():
    one = wave([order(0, [(7, 1)])], [site(0)], {(0, 7): 1})
    assert FewestParcels().solve(one, seed=1) == FewestParcels().solve(one, seed=2) == choose_sites(one)


def test_metres_agree_with_the_kernel():
    places = [
        Coordinates(longitude=121.47, latitude=31.23),
        Coordinates(longitude=-0.13, latitude=51.51),
        Coordinates(longitude=179.9, latitude=-89.0),
        Coordinates(longitude=-179.9, latitude=0.0),
    ]
    metres = metres_between([None, *places], places)
    assert metres[0].tolist() == [0, 0, 0, 0]
    assert metres[1:].tolist() == [
        [round(great_circle_kilometres(start, end) * 1_000) for end in places] for start in places
    ]


def test_a_wave_is_not_changed_by_its_decision():
    stock = [LeafUnits(leaf_id=leaf_id(0), sku_id=sku_id(7), sellable=3)]
    one = wave([order(0, [(7, 3)])], [site(0, capacity=1)], {(0, 7): 3})
    choose_sites(one)
    assert (one.stock, one.sites[0].capacity_left, one.sites[0].site_id) == (stock, 1, site_id(0))
