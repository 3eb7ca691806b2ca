"""The solver of assignments agrees with looking at every one of them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from loopline.sourcing.assignment.problem import Problem, Settings, Status
from loopline.sourcing.assignment.search import solve
from tests.make.assignment import cost_of, least_cost, problem


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    facilities = draw(st.integers(1, 3))
    is_split = draw(st.booleans())
    customers = draw(st.integers(1, 3 if is_split else 5))
    pairs = [(one, other) for one in range(customers) for other in range(one + 1, customers)]
    return problem(
        capacity=draw(st.lists(st.integers(0, 8), min_size=facilities, max_size=facilities)),
        opening=draw(st.lists(st.integers(0, 20), min_size=facilities, max_size=facilities)),
        demand=draw(st.lists(st.integers(1, 3 if is_split else 5), min_size=customers, max_size=customers)),
        serving=[
            draw(st.lists(st.integers(0, 15), min_size=customers, max_size=customers))
            for _ in range(facilities)
        ],
        is_split=is_split,
        apart=tuple(draw(st.lists(st.sampled_from(pairs), unique=True, max_size=2))) if pairs else (),
    )


@settings(max_examples=60, deadline=None)
@given(one=problems(), seed=st.integers(0, 3))
def test_it_finds_what_looking_at_every_assignment_finds(one: Problem, seed: int):
    best = least_cost(one)
    found = solve(one, Settings(seconds=None, work=6, seed=seed, threads=1))
    if best is None:
        assert (found.status, found.units, found.cost_minor) == (Status.INFEASIBLE, None, None)
        return
    assert found.units is not None
    assert found.cost_minor == cost_of(one, found.units.tolist()) == best
    assert found.bound_minor is not None
    assert found.bound_minor <= best
    assert found.status is Status.OPTIMAL
