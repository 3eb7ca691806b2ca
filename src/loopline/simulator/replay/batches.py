"""Cuts a stream of invoices into the batches that go through the loop together: pure.

A batch is a stretch of one week in the retailer's zone, of so many invoices at most. The first batch of a week says so:
goods come in before anything is sold.
"""

from collections.abc import Iterable, Iterator

import msgspec

from loopline.channels.online_retail.model import Invoice
from loopline.kernel.times import business_day
from loopline.simulator.replay.places import TIME_ZONE

INVOICES_PER_CALL_MAX = 500


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Invoices of one ISO week, in the file's order, the first of them the `first`th of the file, counted from zero.

    `opens_week`: they are the first of their ISO week, and not of the file. `is_done`: they lie before the cut.
    """

    first: int
    invoices: tuple[Invoice, ...]
    opens_week: bool
    is_done: bool


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """So many invoices are done; the `under_way` next ones, where not zero, are one batch that was begun."""

    done: int = 0
    under_way: int = 0


def batches(invoices: Iterable[Invoice], cut: Cut, *, limit: int = INVOICES_PER_CALL_MAX) -> Iterator[Batch]:
    """Yield all batches, those before the cut too, so that what depends on the past can be built up again.

    A batch ends with its week, at the limit, and at the cut: one that was under way comes again as it was, even where
    the stream ended inside its week then and goes on now.
    """
    waiting: list[Invoice] = []
    first, opens_week = 0, False
    week: tuple[int, int] | None = None
    ends = {cut.done, cut.done + cut.under_way}
    for position, invoice in enumerate(invoices):
        its_week = business_day(invoice.at, TIME_ZONE).isocalendar()[:2]
        is_new_week = week is not None and its_week != week
        if waiting and (is_new_week or len(waiting) == limit or position in ends):
            yield Batch(first=first, invoices=tuple(waiting), opens_week=opens_week, is_done=first < cut.done)
            waiting, first, opens_week = [], position, False
        opens_week = opens_week or is_new_week
        week = its_week
        waiting.append(invoice)
    if waiting:
        yield Batch(first=first, invoices=tuple(waiting), opens_week=opens_week, is_done=first < cut.done)
