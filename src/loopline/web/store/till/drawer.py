"""The drawer of a till: which till this browser is, how counts are typed, and the shift that counters give money by."""

from typing import Any
from uuid import UUID

from babel.numbers import get_currency_precision
from litestar.datastructures import Cookie

from loopline.db import Conn
from loopline.kernel.scope import Scope
from loopline.payments import shifts
from loopline.payments.shifts import NotCountable, Pieces, Shift, denominations_of
from loopline.web.edge import WebRequest, edge_of
from loopline.web.languages import Language
from loopline.web.store.desk import Desk

TILL_COOKIE = "loopline_till"
_YEAR_SECONDS = 365 * 24 * 3600
_DIGITS_MOST = 6


def till_of(request: WebRequest, typed: str = "") -> UUID | None:
    """Return the till that this browser is: the one its page says, else the one whose shift was opened here."""
    for text in (typed, request.cookies.get(TILL_COOKIE, "")):
        try:
            return UUID(text)
        except ValueError:
            continue
    return None


def till_cookie(request: WebRequest, till_id: UUID) -> Cookie:
    """Let this browser be a till from now on."""
    return Cookie(
        key=TILL_COOKIE,
        value=str(till_id),
        max_age=_YEAR_SECONDS,
        httponly=True,
        samesite="lax",
        secure=edge_of(request).settings.is_secure,
    )


def hold_shift_here(conn: Conn, request: WebRequest, desk: Desk) -> Shift | None:
    """Return the shift whose drawer money is given from here, and hold its till.

    The open one of this browser's till, or its last one: what is given between two shifts is expected of the next. Of a
    browser that is no till the only one that is open at the site.
    """
    till_id, here = till_of(request), Scope(sites=frozenset({desk.site.id}))
    if till_id is not None:
        shifts.hold_tills(conn, [till_id])
        return shifts.last_shift(conn, till_id, scope=here)
    standing = shifts.open_shifts_of_sites(conn, [desk.site.id])
    if len(standing) != 1:
        return None
    shifts.hold_tills(conn, [standing[0].till_id])
    now_standing = shifts.shift_by_id(conn, standing[0].id, scope=here)
    return now_standing if now_standing is not None and now_standing.closed_at is None else None


def read_pieces(data: dict[str, Any], currency: str, language: Language) -> Pieces | NotCountable:
    """Read how many notes and coins somebody counted; an empty field is none."""
    pieces: list[tuple[int, int]] = []
    for worth in denominations_of(currency):
        text = str(data.get(f"n{worth}", "")).strip()
        if text and not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MOST):
            return NotCountable(field=worth_word(worth, currency, language))
        pieces.append((worth, int(text or 0)))
    return tuple(pieces)


def piece_rows(
    currency: str, language: Language, typed: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Write the fields of a count."""
    return [
        {
            "name": f"n{worth}",
            "worth": worth,
            "word": worth_word(worth, currency, language),
            "typed": str((typed or {}).get(f"n{worth}", ""))[:_DIGITS_MOST],
        }
        for worth in denominations_of(currency)
    ]


def worth_word(worth: int, currency: str, language: Language) -> str:
    """Write what a note or coin is worth."""
    whole = 10 ** get_currency_precision(currency)
    return (
        language.money(worth, currency)
        if worth % whole
        else language.currency_symbol(currency) + language.count(worth // whole)
    )
