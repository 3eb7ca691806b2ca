"""Where batches end."""

from datetime import UTC, datetime, timedelta

import pytest

from loopline.channels.online_retail.model import Invoice, InvoiceKind
from loopline.simulator.replay.batches import Batch, Cut, batches

MONDAY = datetime(2010, 12, 6, 9, tzinfo=UTC)
# Three on Friday, two on Monday, two on Tuesday, one on the Monday after.
DAYS = (-3, -3, -3, 0, 0, 1, 1, 7)


def invoice(position: int, day: int) -> Invoice:
    at = MONDAY + timedelta(days=day, minutes=position)
    return Invoice(
        number=str(536_365 + position), kind=InvoiceKind.SALE, at=at, member_code=None, country="GB", lines=()
    )


INVOICES = tuple(invoice(position, day) for position, day in enumerate(DAYS))


def shape(found: list[Batch]) -> list[tuple[int, int, bool, bool]]:
    return [(batch.first, len(batch.invoices), batch.opens_week, batch.is_done) for batch in found]


def test_a_batch_ends_with_its_week():
    assert shape(list(batches(INVOICES, Cut()))) == [
        (0, 3, False, False),
        (3, 4, True, False),
        (7, 1, True, False),
    ]


def test_a_batch_ends_at_the_limit_and_opens_its_week_once():
    assert shape(list(batches(INVOICES, Cut(), limit=3))) == [
        (0, 3, False, False),
        (3, 3, True, False),
        (6, 1, False, False),
        (7, 1, True, False),
    ]


def test_what_is_done_comes_first_and_says_so():
    assert shape(list(batches(INVOICES, Cut(done=4)))) == [
        (0, 3, False, True),
        (3, 1, True, True),
        (4, 3, False, False),
        (7, 1, True, False),
    ]


def test_a_batch_under_way_comes_again_as_it_was():
    # The file was read up to its sixth invoice then; the week had three.
    begun = list(batches(INVOICES[:6], Cut()))[-1]
    again = list(batches(INVOICES, Cut(done=begun.first, under_way=len(begun.invoices))))
    assert shape(again) == [
        (0, 3, False, True),
        (3, 3, True, False),
        (6, 1, False, False),
        (7, 1, True, False),
    ]
    assert again[1].invoices == begun.invoices


@pytest.mark.parametrize("done", range(len(INVOICES) + 1))
@pytest.mark.parametrize("limit", [1, 2, 3, 500])
def test_wherever_it_is_cut_every_invoice_comes_once_in_order(done: int, limit: int):
    found = list(batches(INVOICES, Cut(done=done), limit=limit))
    assert tuple(invoice for batch in found for invoice in batch.invoices) == INVOICES
    assert sum(len(batch.invoices) for batch in found if batch.is_done) == done
    assert sum(batch.opens_week for batch in found) == 2


def test_weeks_are_the_retailers():
    sunday = datetime(2011, 6, 5, 22, 30, tzinfo=UTC)
    moments = (sunday, sunday + timedelta(minutes=30))
    days = [
        Invoice(
            number=str(536_365 + position),
            kind=InvoiceKind.SALE,
            at=at,
            member_code=None,
            country="GB",
            lines=(),
        )
        for position, at in enumerate(moments)
    ]
    # 23:00 UTC is Monday already in British summer time.
    assert shape(list(batches(days, Cut()))) == [(0, 1, False, False), (1, 1, True, False)]
