"""Taking bills in and holding them against the books, for pages and the API alike: read, compare, write."""

from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar

from loopline.bills import BILL_BYTES_MAX, BillTaken, Run, Source, read_bill
from loopline.db import Conn
from loopline.kernel.scope import Scope
from loopline.processes.reconcile.running import DAYS_MAX, reconcile
from loopline.processes.reconcile.working import source_in, take_in_bill
from loopline.web.api.answers import AnyRequest, granted, read, run

T = TypeVar("T")
UPLOAD_BYTES_MAX = BILL_BYTES_MAX + 1_000_000
"""The file, and what a form sends around it."""


def taken_in(request: AnyRequest, content: bytes, *, of: tuple[str, str], scope: Scope, by: str) -> BillTaken:
    """Take a file in, whole; `of` is the code of its source and its name.

    Raises Refused where it cannot be read, or its source is not in scope.
    """
    code, file_name = of
    source = read(request, lambda conn, _: granted(source_in(conn, code, scope=scope)))
    # Read outside the transaction that writes: a large file takes seconds, and the lock of its source must not.
    content_read = granted(read_bill(content, file_name=file_name, source=source))
    return run(request, lambda conn, now: take_in_bill(conn, source, content_read, by=by, now=now))


def held_against_books(
    request: AnyRequest, code: str, period: tuple[date, date], *, scope: Scope, by: str
) -> Run:
    """Hold a source's bills of some days against the books. Raises Refused; then nothing was written."""

    def find(conn: Conn) -> Source:
        return granted(source_in(conn, code, scope=scope))

    def reading(work: Callable[[Conn, datetime], T]) -> T:
        return read(request, work)

    def writing(work: Callable[[Conn, datetime], T]) -> T:
        return run(request, work)

    return reconcile(find, period, reading=reading, writing=writing, by=by)


def days_of(taken: BillTaken) -> tuple[date, date]:
    """Return the days that a bill asks a run for: its own, the last of them where they are too many."""
    bill = taken.bill
    first = date.fromordinal(max(bill.first_day.toordinal(), bill.last_day.toordinal() - DAYS_MAX + 1))
    return first, bill.last_day
