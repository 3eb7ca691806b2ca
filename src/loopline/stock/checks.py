"""What `loopline doctor` proves about stock, with the smallest repair of each kind of damage.

The order is the order of repair: movements are the truth about leaves, leaves and promises about the counts above
them, counts about shortfalls.
"""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(name="guards_stand", invariant=2, statement=SQL["guards_stand"]),
    Check(name="node_path_passes_parents", invariant=2, statement=SQL["node_path_passes_parents"]),
    Check(name="promises_lie_in_tree", invariant=9, statement=SQL["promises_lie_in_tree"]),
    Check(name="transfer_equals_arrivals", invariant=1, statement=SQL["transfer_equals_arrivals"]),
    Check(name="transfer_equals_movements", invariant=1, statement=SQL["transfer_equals_movements"]),
    Check(name="leaf_equals_movements", invariant=1, statement=SQL["leaf_equals_movements"]),
    Check(
        name="leaf_allocated_equals_allocations",
        invariant=1,
        statement=SQL["leaf_allocated_equals_allocations"],
    ),
    Check(name="lots_sum_to_leaf", invariant=1, statement=SQL["lots_sum_to_leaf"]),
    Check(name="lot_equals_movements", invariant=1, statement=SQL["lot_equals_movements"]),
    Check(name="allocations_are_planned", invariant=1, statement=SQL["allocations_are_planned"]),
    Check(name="planned_equals_plans", invariant=1, statement=SQL["planned_equals_plans"]),
    Check(name="recalled_lots_are_locked", invariant=1, statement=SQL["recalled_lots_are_locked"]),
    Check(name="draws_lie_in_holds", invariant=2, statement=SQL["draws_lie_in_holds"]),
    Check(name="quota_adds_up", invariant=2, statement=SQL["quota_adds_up"]),
    Check(name="levels_count_quotas", invariant=2, statement=SQL["levels_count_quotas"]),
    Check(name="missing_equals_shortfalls", invariant=1, statement=SQL["missing_equals_shortfalls"]),
    Check(name="notes_speak_of_movements", invariant=9, statement=SQL["notes_speak_of_movements"]),
    Check(name="doubt_equals_movements", invariant=1, statement=SQL["doubt_equals_movements"]),
    Check(name="node_free_equals_leaves", invariant=2, statement=SQL["node_free_equals_leaves"]),
    Check(name="held_equals_holds", invariant=2, statement=SQL["held_equals_holds"]),
    Check(name="overheld_equals_shortfalls", invariant=2, statement=SQL["overheld_equals_shortfalls"]),
)
