"""What `loopline doctor` proves of sourcing."""

from loopline.db import Check, statements

_SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(name="decision_has_its_wave", invariant=9, statement=_SQL["decision_has_its_wave"]),
    Check(name="decision_explains_every_site", invariant=9, statement=_SQL["decision_explains_every_site"]),
    Check(name="decision_costs_its_parcels", invariant=3, statement=_SQL["decision_costs_its_parcels"]),
)
