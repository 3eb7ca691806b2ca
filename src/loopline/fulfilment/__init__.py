"""Fulfilment: what sites can do in a day, and the tasks they do: offered, taken, picked, checked, packed, handed over.

What others may use: the records of `model`, the commands of `service`, the reads of `queries`, `codes.collect_code`,
`calls` (work that several sites may claim), `rounds` (tasks that one person picks together), `photos` and `labels`.

A site that refuses work for want of time is full for the day: its limit is what it has then, until somebody says that
it has time again (`service.reopen_days`), or sets the day's limit.

Invariants: a site's day holds one task for each that is offered and confirms one for each that was accepted, until it
is refused, lapses or is cancelled; units of a line are left, refused or cancelled; a task with nothing left has ended;
what left has the photo it needed, or a reason why there is none.
Lock order: calls by id, tasks by id, rounds by id, then the sites' days by (site, day); a label is locked by its task.
Offering locks days only and writes new tasks. The two commands of time pass over tasks that are locked. Across rooms:
calls, tasks, rounds, days, then stock; a process that locks stock before it offers tasks takes the days first
(`service.lock_days`).
"""
