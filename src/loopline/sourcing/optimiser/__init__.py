"""The optimiser: a wave of open orders solved as one problem. Pure: no database, no clock of its own.

`problem.Problem` says what there is and what it costs, `search.solve` answers with a `result.Result`, `instance` reads
and writes both as files, `reprice.reprice` prices a plan by code that shares nothing with the search.

The shape is problem -> search -> stop -> result: `candidates` prices every (order, site), `patterns` finds the
cheapest ways to serve an order under prices of stock and capacity, `prices` raises those prices,
`recreate`, `master` and `neighbourhoods` choose one pattern for each order within what there is, and better the choice.
"""
