"""Acceptance: how likely a site accepts work that is offered to it, and in how many minutes it answers.

Learnt from what sites did with earlier offers, never from a person: who accepted is not read. `queries.site_acceptance`
answers for an ordinary offer to each site at a moment, `queries.predict` for given ones; `service.learn` writes a new
version, `service.learn_daily` when the last one is a day old. Each version says how it did on days it had not seen, and
goes beyond the plain rates of the sites only where that was better: decision 0034.

Locks: none but those of the rows it writes, a version before its sites. Versions are never changed.
"""
