"""Whatever moves are asked for, in whatever order: the tree stays a tree."""

from hypothesis import given
from hypothesis import strategies as st

from loopline.kernel.ids import OrgUnitId, uuid7s
from loopline.org import UnitKind, UnitMove, UnitMoved
from loopline.org.rules import Branch, WouldMakeCycle, plan_moves
from tests.make.org import NOW

UNITS = [OrgUnitId(made) for made in uuid7s(NOW, 12)]


@st.composite
def trees(draw: st.DrawFn) -> list[Branch]:
    """A brand with regions hung at random below it or below each other."""
    parents = [draw(st.integers(0, position - 1)) for position in range(1, len(UNITS))]
    return [
        Branch(id=UNITS[0], parent_id=None, kind=UnitKind.BRAND),
        *(
            Branch(id=UNITS[position], parent_id=UNITS[parent], kind=UnitKind.REGION)
            for position, parent in enumerate(parents, start=1)
        ),
    ]


MOVES = st.lists(
    st.tuples(st.sampled_from(UNITS[1:]), st.sampled_from(UNITS)).map(
        lambda pair: UnitMove(unit_id=pair[0], parent_id=pair[1])
    ),
    max_size=20,
)


def reached(parents: dict[OrgUnitId, OrgUnitId | None]) -> set[OrgUnitId]:
    found = {UNITS[0]}
    for _ in UNITS:
        found |= {unit for unit, parent in parents.items() if parent in found}
    return found


@given(trees(), MOVES)
def test_every_unit_stays_below_the_brand(tree: list[Branch], moves: list[UnitMove]):
    decided = plan_moves(moves, units=tree)
    parents = {unit.id: unit.parent_id for unit in tree}
    for outcome in decided:
        if isinstance(outcome, UnitMoved):
            assert parents[outcome.unit_id] == outcome.former_parent_id
            parents[outcome.unit_id] = outcome.parent_id
    assert reached(parents) == set(UNITS)


@given(trees(), MOVES)
def test_a_move_is_refused_only_where_it_would_close_a_circle(tree: list[Branch], moves: list[UnitMove]):
    parents = {unit.id: unit.parent_id for unit in tree}
    for move, outcome in zip(moves, plan_moves(moves, units=tree), strict=True):
        after = parents | {move.unit_id: move.parent_id}
        assert isinstance(outcome, WouldMakeCycle) is (reached(after) != set(UNITS))
        if isinstance(outcome, UnitMoved):
            parents = after
