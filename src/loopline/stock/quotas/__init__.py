"""Quotas: units set aside in an event's name, drawn from by its orders, given back by themselves at its end.

What remains of a quota counts in `held` at its node and above, exactly like a hold; drawing turns it into a hold of the
same node or below, so that nothing is counted twice. A quota is locked by the row of its level.
"""
