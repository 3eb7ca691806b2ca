"""The integer programme of a problem, or of a part of it, and its linear relaxation: by HiGHS.

Variables are whether a facility opens, and which share of its demand it serves each customer. Rows: shares add up to
one; what a facility serves fits its capacity; nobody is served where nothing opens (the strong form: Cornuéjols,
Sridharan and Thizy, EJOR 50, 1991); what opens suffices for all. Where a customer may have several sources and is to be
kept apart from another, one more variable says whether a facility serves it at all.
HiGHS: Huangfu and Hall, Mathematical Programming Computation 10 (2018).
"""

from typing import Any

import highspy
import msgspec
import numpy as np

from loopline.sourcing.assignment.problem import Flags, Floats, Integers, Problem

_ROUNDS_OF_PAIRS = 8
_LITTLE = 1e-6


class _Quiet(highspy.Highs):
    """HiGHS that says nothing on standard output, not even its name while it is being made."""

    def enableCallbacks(self) -> Any:  # noqa: N802 - its name there
        """Silence it first: this is what would print."""
        self.silent()
        return super().enableCallbacks()


class Rows:
    """Rows of a programme, gathered one by one."""

    def __init__(self) -> None:
        self.starts: list[int] = [0]
        self.columns: list[int] = []
        self.values: list[float] = []
        self.lower: list[float] = []
        self.upper: list[float] = []

    def add(self, columns: list[int], values: list[float], lower: float, upper: float) -> None:
        """Add lower <= sum of values x columns <= upper."""
        self.columns.extend(columns)
        self.values.extend(values)
        self.starts.append(len(self.columns))
        self.lower.append(lower)
        self.upper.append(upper)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Which pairs of facility and customer a programme is about, in order, and where each is among the columns.

    Columns: facilities, then pairs, then (several sources only) whether the pair serves, for customers kept apart.
    """

    problem: Problem
    facility: Integers
    customer: Integers
    most: Floats
    share_at: Integers
    serves_at: Integers
    columns: int


class Relaxed(msgspec.Struct, frozen=True, kw_only=True):
    """The linear relaxation solved: its value, and the reduced costs of facilities and of (facility, customer)."""

    value: float
    opening: Floats
    serving: Floats


class Solved(msgspec.Struct, frozen=True, kw_only=True):
    """What the integer programme came to: `serves` says which facility may serve whom, None where nothing was found."""

    serves: Flags | None
    bound: float
    is_infeasible: bool
    is_complete: bool


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """When the integer programme ends: seconds, or nodes, which are the same on any machine."""

    seconds: float | None
    nodes: int | None
    seed: int


def part_of(problem: Problem, keep: Flags) -> Part:
    """Lay out the columns for the pairs that are kept."""
    facility, customer = (np.asarray(one, np.int64) for one in np.nonzero(keep))
    share_at = np.full(keep.shape, -1, np.int64)
    share_at[facility, customer] = problem.facilities + np.arange(len(facility))
    serves_at = share_at.copy()
    columns = problem.facilities + len(facility)
    if problem.is_split and problem.apart:
        kept_apart = np.zeros(problem.customers, np.bool_)
        kept_apart[np.array(problem.apart).ravel()] = True
        own = np.flatnonzero(kept_apart[customer])
        serves_at[facility[own], customer[own]] = columns + np.arange(len(own))
        columns += len(own)
    demand, capacity = problem.demand[customer], problem.capacity[facility]
    return Part(
        problem=problem,
        facility=facility,
        customer=customer,
        most=np.minimum(demand, capacity) / demand,
        share_at=share_at,
        serves_at=serves_at,
        columns=columns,
    )


def _rows(part: Part) -> Rows:
    problem, rows = part.problem, Rows()
    for customer in range(problem.customers):
        served = part.share_at[:, customer]
        rows.add(served[served >= 0].tolist(), [1.0] * int((served >= 0).sum()), 1.0, 1.0)
    for facility in range(problem.facilities):
        at = np.flatnonzero(part.share_at[facility] >= 0)
        columns = part.share_at[facility, at].tolist()
        values = problem.demand[at].astype(float).tolist()
        rows.add([*columns, facility], [*values, -float(problem.capacity[facility])], -np.inf, 0.0)
    rows.add(
        list(range(problem.facilities)),
        problem.capacity.astype(float).tolist(),
        float(problem.demand.sum()),
        np.inf,
    )
    for facility, customer, most in zip(
        part.facility.tolist(), part.customer.tolist(), part.most.tolist(), strict=True
    ):
        share, serves = int(part.share_at[facility, customer]), int(part.serves_at[facility, customer])
        if serves != share:
            rows.add([share, serves], [1.0, -most], -np.inf, 0.0)
            rows.add([serves, facility], [1.0, -1.0], -np.inf, 0.0)
        elif problem.is_split:
            rows.add([share, facility], [1.0, -most], -np.inf, 0.0)
        else:
            rows.add([share, facility], [1.0, -1.0], -np.inf, 0.0)
    return rows


def _add_pairs(rows: Rows, part: Part) -> None:
    """Add, for every facility, that of two customers kept apart it serves at most one."""
    for one, other in part.problem.apart:
        for facility in np.flatnonzero(
            (part.share_at[:, one] >= 0) & (part.share_at[:, other] >= 0)
        ).tolist():
            columns = [int(part.serves_at[facility, one]), int(part.serves_at[facility, other]), facility]
            rows.add(columns, [1.0, 1.0, -1.0], -np.inf, 0.0)


def relax(problem: Problem, *, seconds: float | None) -> Relaxed | None:
    """Solve the linear relaxation over all pairs; customers kept apart as far as a few rounds of them go.

    None where it has no solution, or time ran out.
    """
    part = part_of(problem, np.ones(problem.serving.shape, np.bool_))
    # Without the variables that say whether a pair serves: a share over the most it can be says as much, relaxed.
    part = msgspec.structs.replace(
        part, serves_at=part.share_at, columns=problem.facilities + len(part.facility)
    )
    rows = _rows(part)
    model = _model(part, rows, is_integer=False)
    if seconds is not None:
        model.setOptionValue("time_limit", max(0.01, seconds))
    for _ in range(_ROUNDS_OF_PAIRS):
        model.run()
        if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        if not _cut_pairs(model, part):
            break
    found = model.getSolution()
    reduced = np.array(found.col_dual, np.float64)
    return Relaxed(
        value=float(model.getInfo().objective_function_value),
        opening=reduced[: problem.facilities],
        serving=reduced[problem.facilities :].reshape(problem.serving.shape),
    )


def _cut_pairs(model: Any, part: Part) -> bool:
    """Add the pairs kept apart that the relaxation breaks; returns whether there were any."""
    problem = part.problem
    if not problem.apart:
        return False
    values = np.array(model.getSolution().col_value, np.float64)
    most = part.most.reshape(problem.serving.shape)
    opens = values[: problem.facilities]
    part_served = values[problem.facilities :].reshape(problem.serving.shape) / np.maximum(most, _LITTLE)
    pairs = np.array(problem.apart, np.int64)
    over = part_served[:, pairs[:, 0]] + part_served[:, pairs[:, 1]] - opens[:, None]
    facilities, broken = np.nonzero(over > 1e-4)
    for facility, pair in zip(facilities.tolist(), broken.tolist(), strict=True):
        one, other = (int(customer) for customer in pairs[pair])
        if most[facility, one] and most[facility, other]:
            model.addRow(
                -highspy.kHighsInf,
                0.0,
                3,
                np.array([part.share_at[facility, one], part.share_at[facility, other], facility], np.int32),
                np.array([1 / most[facility, one], 1 / most[facility, other], -1.0]),
            )
    return bool(len(facilities))


def solve_part(problem: Problem, keep: Flags, begin: Integers | None, limits: Limits) -> Solved:
    """Solve the integer programme over the pairs kept, beginning with the units of an assignment within them, if any.

    The bound is that of the pairs kept.
    """
    part = part_of(problem, keep)
    rows = _rows(part)
    _add_pairs(rows, part)
    model = _model(part, rows, is_integer=True)
    model.setOptionValue("random_seed", limits.seed % 2_147_483_647)
    model.setOptionValue("mip_rel_gap", 0.0)
    model.setOptionValue("mip_abs_gap", 1 - 1e-4)  # costs are whole: what is nearer than one is proved
    if limits.seconds is not None:
        model.setOptionValue("time_limit", max(0.01, limits.seconds))
    if limits.nodes is not None:
        model.setOptionValue("mip_max_nodes", limits.nodes)
    if begin is not None:
        model.setSolution(_start(part, begin))
    model.run()
    return _solved(model, part)


def _start(part: Part, units: Integers) -> Any:
    values = np.zeros(part.columns)
    facility, customer = np.nonzero(units)
    values[facility] = 1.0
    values[part.serves_at[facility, customer]] = 1.0
    values[part.share_at[facility, customer]] = units[facility, customer] / part.problem.demand[customer]
    start: Any = highspy.HighsSolution()
    start.col_value = values.tolist()
    return start


def _solved(model: Any, part: Part) -> Solved:
    problem, status = part.problem, model.getModelStatus()
    is_infeasible = status == highspy.HighsModelStatus.kInfeasible
    info = model.getInfo()
    has_any = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    serves: Flags | None = None
    if has_any:
        values = np.array(model.getSolution().col_value, np.float64)
        serves = np.zeros(problem.serving.shape, np.bool_)
        opens = values[: problem.facilities] > 0.5
        at = part.serves_at[part.facility, part.customer]
        # Who may have several sources and is kept apart from nobody may be served wherever something opens.
        is_free = (
            at < problem.facilities + len(part.facility) if problem.is_split else np.zeros(len(at), np.bool_)
        )
        serves[part.facility, part.customer] = np.where(is_free, opens[part.facility], values[at] > 0.5)
    return Solved(
        serves=serves,
        bound=float(info.mip_dual_bound),
        is_infeasible=is_infeasible,
        is_complete=status == highspy.HighsModelStatus.kOptimal,
    )


def _model(part: Part, rows: Rows, *, is_integer: bool) -> Any:
    """Hand the columns and rows to HiGHS."""
    problem = part.problem
    cost = np.zeros(part.columns)
    cost[: problem.facilities] = problem.opening
    at = part.share_at[part.facility, part.customer]
    cost[at] = problem.whole[part.facility, part.customer]
    upper = np.ones(part.columns)
    fits = problem.demand[part.customer] <= problem.capacity[part.facility]
    upper[at] = part.most if problem.is_split else fits
    programme: Any = highspy.HighsLp()
    programme.num_col_ = part.columns
    programme.num_row_ = len(rows.lower)
    programme.col_cost_ = cost
    programme.col_lower_ = np.zeros(part.columns)
    programme.col_upper_ = upper
    programme.row_lower_ = np.array(rows.lower)
    programme.row_upper_ = np.array(rows.upper)
    programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    programme.a_matrix_.start_ = np.array(rows.starts, np.int32)
    programme.a_matrix_.index_ = np.array(rows.columns, np.int32)
    programme.a_matrix_.value_ = np.array(rows.values)
    if is_integer:
        whole, shares = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
        kinds = [whole] * part.columns
        if problem.is_split:
            kinds[problem.facilities : problem.facilities + len(part.facility)] = [shares] * len(
                part.facility
            )
        programme.integrality_ = kinds
    model: Any = _Quiet()
    model.setOptionValue("threads", 1)  # one number for the whole process, or HiGHS refuses
    model.passModel(programme)
    return model
