"""Closes: months of companies' books, their sheets, and closing them for good."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from loopline.closing.rules.months import read_month
from loopline.db import Conn
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission
from loopline.processes.close.command import COMMENT_LENGTH_MAX, CloseAsk, close_months
from loopline.processes.close.telling import MonthTold, SheetAsk, SheetTold, month_told, months_in, sheet_of
from loopline.web.api.answers import AnyRequest, granted, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.payouts import who_calls
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import Batch, Outcomes, Page, Paging, decided, merged, page_of, posted, told
from loopline.web.api.types import Code, Currency

_TAG = "closes"


class MonthAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A month to be closed, such as 2026-10, and what was looked at before. There is no way back."""

    entity_code: Code
    currency: Currency
    month: Annotated[str, Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$(?!\n)")]
    comment: Annotated[str, Meta(min_length=1, max_length=COMMENT_LENGTH_MAX)]


class MonthClosedTold(msgspec.Struct, frozen=True, kw_only=True):
    """The month is closed; `is_repeat`: it was before, and nothing was done."""

    month: MonthTold
    is_repeat: bool


@told("/closes", tag=_TAG, name="list_closes")
def list_closes(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging]
) -> Page[MonthTold]:
    """List the months of one's companies' books, closed and open, the latest first."""
    scope = caller.scope(Permission.CLOSES_READ)
    after = asked.after(str, str, str)

    def find(conn: Conn, now: datetime) -> Page[MonthTold]:
        found = months_in(conn, scope=scope, now=now)
        return page_of(
            [one for one in found if after is None or _comes_after(one, after)][: asked.at_most],
            asked,
            told=lambda one: one,
            cursor=lambda one: encode_cursor(one.month, one.entity_code, one.currency),
        )

    return read(request, find)


def _comes_after(one: MonthTold, after: tuple[str, str, str]) -> bool:
    month, *books = after
    return one.month < month or (one.month == month and [one.entity_code, one.currency] > books)


@told("/closes/{entity_code:str}/{currency:str}/{month:str}", tag=_TAG, name="show_close")
def show_close(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    entity_code: FromPath[str],
    currency: FromPath[str],
    month: FromPath[str],
) -> SheetTold:
    """Show the sheet of a closed month, which stands; or of the first open one, as it would be kept now."""
    scope = caller.scope(Permission.CLOSES_READ)
    ask = SheetAsk(entity_code=entity_code, currency=currency, month=_month(month))
    return read(request, lambda conn, now: granted(sheet_of(conn, ask, scope=scope, now=now)))


def _month(text: str) -> date:
    month = read_month(text)
    if month is None:
        raise Refused(NoSuchThing(noun="month", value=text))
    return month


@posted("/closes", tag=_TAG, name="close_months", gives=Outcomes[MonthClosedTold])
def close(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[MonthAsk]]
) -> Response[bytes]:
    """Close months for good, in the order given, one outcome each; a month that is closed already is a repeat."""
    scope = caller.scope(Permission.CLOSES_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[MonthClosedTold | Refusal]:
        asks = [_ask(one) for one in data.items]
        by = who_calls(conn, caller)
        outcomes = merged(asks, lambda judged: close_months(conn, judged, by=by, scope=scope, now=now))
        return [
            one
            if isinstance(one, Refusal)
            else MonthClosedTold(
                month=month_told(one.close.in_short, asked.entity_code), is_repeat=one.is_repeat
            )
            for one, asked in zip(outcomes, data.items, strict=True)
        ]

    return decided(request, caller, data, decide)


def _ask(one: MonthAsk) -> CloseAsk | Refusal:
    month = read_month(one.month)
    if month is None:
        return NoSuchThing(noun="month", value=one.month)
    return CloseAsk(entity_code=one.entity_code, currency=one.currency, month=month, comment=one.comment)


CLOSE_HANDLERS = [list_closes, show_close, close]
