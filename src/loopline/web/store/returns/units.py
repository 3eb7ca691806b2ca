"""Which order a piece in somebody's hand was sold in: by the serial number or batch on it, typed or scanned."""

import msgspec

from loopline import catalogue, orders, search
from loopline.catalogue.queries import sku_codes_by_gtin
from loopline.db import Conn
from loopline.kernel.ids import LineId, SkuId
from loopline.kernel.scope import Scope
from loopline.search import OrderFound
from loopline.stock.lots import orders_that_got
from loopline.touchpoints.digital_link import DigitalLinkNotValid, read_digital_link

_LOOKED_AT = 1_000
_LINK = "/01/"
"""Where what a GS1 Digital Link says of goods begins."""


class UnitFound(msgspec.Struct, frozen=True, kw_only=True):
    """What a piece leads to: the one order that it was sold in, and there its line; or those that had its batch."""

    number: str | None = None
    line_id: LineId | None = None
    rows: list[OrderFound] = []


class _Named(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on a piece: its number, else its batch; of which goods, where a GTIN says so."""

    code: str
    sku_id: SkuId | None = None


def find_unit(conn: Conn, text: str, *, scope: Scope, limit: int) -> UnitFound:
    """Return what the code on a piece leads to.

    A serial number names one piece: whoever holds it may take it back, as with a receipt. A batch is in many orders: of
    those only what the scope sells or sends is told.
    """
    named = _named_in(conn, text)
    if named is None:
        return UnitFound()
    gone = orders_that_got(conn, named.code, sku_id=named.sku_id, at_most=_LOOKED_AT)
    pieces = [one for one in gone if one.is_unit]
    if len(pieces) == 1:
        heads = orders.orders_by_ids(conn, [pieces[0].order_id])
        return UnitFound(number=heads[0].number, line_id=pieces[0].line_id) if heads else UnitFound()
    order_ids = sorted({one.order_id for one in gone})
    return UnitFound(rows=search.orders_among(conn, order_ids, scope=scope, limit=limit))


def _named_in(conn: Conn, text: str) -> _Named | None:
    """Read what was typed, or the address in the code on a piece; None where it names no piece."""
    if _LINK not in text:
        return _Named(code=text)
    path, _, query = text.partition("#")[0].partition("?")
    link = read_digital_link(_LINK + path.partition(_LINK)[2], query)
    if isinstance(link, DigitalLinkNotValid):
        return None
    code = link.serial or link.batch
    sku_code = sku_codes_by_gtin(conn, [link.gtin]).get(link.gtin)
    if code is None or sku_code is None:
        return None
    return _Named(code=code, sku_id=catalogue.skus_by_code(conn, [sku_code])[sku_code].id)
