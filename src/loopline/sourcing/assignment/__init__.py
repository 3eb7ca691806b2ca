"""Assignment: which facilities to open, and which of them serves each customer. Pure: no database.

A special case beside the waves of `optimiser`: customers with a demand, facilities with a capacity and a price to open.
A customer is served by one facility, or by several, and some pairs of customers never by the same one.
`problem.Problem` says what there is, `search.solve` answers with a `problem.Result`; `reading` and `writing` are files.

One source: annealing with a price on overload, then the integer programme that is left when reduced costs have ruled
out the rest. Several sources: an integer programme over a kernel, then large neighbourhoods repaired exactly. Bounds
are those of the linear relaxation and of the programme: decision 0033.
"""
