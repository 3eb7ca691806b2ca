"""Which facility serves how many units of whom, once it is said who may serve whom: a flow of least cost.

Whole demands and capacities have whole flows of least cost, so that nothing needs rounding. By OR-Tools: Goldberg,
Journal of Algorithms 22 (1997).
"""

from typing import Any, cast

import numpy as np
from ortools.graph.python import min_cost_flow  # pyright: ignore[reportMissingTypeStubs]

from loopline.sourcing.assignment.problem import Flags, Integers, Problem


def route(problem: Problem, may_serve: Flags) -> Integers | None:
    """Return the units (facilities × customers) that cost least to serve; None where demand cannot be met.

    What opening costs is not weighed: facilities that serve nobody are those that are not needed.
    """
    facility, customer = np.nonzero(may_serve)
    flow: Any = cast(Any, min_cost_flow).SimpleMinCostFlow()
    source = problem.facilities + problem.customers
    facilities, customers = np.arange(problem.facilities), np.arange(problem.customers)
    flow.add_arcs_with_capacity_and_unit_cost(
        facility,
        problem.facilities + customer,
        problem.demand[customer],
        problem.serving[facility, customer],
    )
    flow.add_arcs_with_capacity_and_unit_cost(
        np.full(problem.facilities, source), facilities, problem.capacity, np.zeros_like(problem.capacity)
    )
    flow.set_nodes_supplies(problem.facilities + customers, -problem.demand)
    flow.set_node_supply(source, int(problem.demand.sum()))
    if flow.solve() != flow.OPTIMAL:
        return None
    units = np.zeros_like(problem.serving)
    units[facility, customer] = flow.flows(np.arange(len(facility)))
    return units
