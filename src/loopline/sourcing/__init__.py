"""Sourcing: which site serves which order, and why.

What others may use: the records of `model`, `solver.Solver` with `solver.FewestParcels` behind it (or the rule itself,
`rules.choose_sites`), `service.set_site_costs` and `service.record_decisions`, what sites can send (`equipment`), and
the reads of `queries`.

Invariants: a decision names one verdict and one price per site of its wave; its cost is the sum of its parcels' terms;
decisions and waves are never changed (the serving role cannot). Locks: those of the rows it writes; site costs are
written in order of (site, currency). What sites are equipped for is locked in order of (site, class), for sharing by
who puts cold goods to a site.
"""
