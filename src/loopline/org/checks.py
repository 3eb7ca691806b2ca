"""What doctor proves of the organisation."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS = (
    Check(
        name="every_unit_hangs_below_a_brand", invariant=9, statement=SQL["every_unit_hangs_below_a_brand"]
    ),
    Check(name="paths_follow_the_tree", invariant=9, statement=SQL["paths_follow_the_tree"]),
    Check(name="roles_lie_in_the_tree", invariant=9, statement=SQL["roles_lie_in_the_tree"]),
    Check(name="sites_have_a_place", invariant=9, statement=SQL["sites_have_a_place"]),
    Check(name="people_who_left_hold_nothing", invariant=9, statement=SQL["people_who_left_hold_nothing"]),
    Check(
        name="organisation_ids_lead_somewhere", invariant=9, statement=SQL["organisation_ids_lead_somewhere"]
    ),
)
