"""Genuineness: what is told to whoever scans the code of a single unit, and nothing of others.

Rooms: catalogue (whose GTIN it is), stock (which units there are, of which batch, recalled or not), touchpoints.
"""

from datetime import datetime

import msgspec

from loopline import catalogue, touchpoints
from loopline.catalogue.queries import sku_codes_by_gtin
from loopline.db import Conn
from loopline.kernel.ids import SkuId
from loopline.kernel.refusals import Refusal
from loopline.processes.touch.scanning import Scanned, scan_digital_link
from loopline.stock import lots
from loopline.stock.lots import Lot
from loopline.touchpoints import DigitalLink, ScanMade, UnitScans


class UnitFound(msgspec.Struct, frozen=True, kw_only=True):
    """A unit of ours, and how often its code was scanned."""

    sku_id: SkuId
    unit: Lot
    scans: UnitScans

    @property
    def batch(self) -> str | None:
        """The batch it is of, where it is known."""
        return self.unit.batch if self.unit.batch != self.unit.code else None


class UnitUnknown(Refusal, frozen=True, kw_only=True):
    """There is no unit {serial} of these goods."""

    serial: str


def scan_unit(  # noqa: PLR0913 - what was scanned, by whom, from where and when
    conn: Conn, link: DigitalLink, made: ScanMade, *, asker: bytes, now: datetime, actor: str = "visitor"
) -> UnitFound | Scanned | Refusal:
    """Record a scan of goods, and tell of the very unit where these goods are kept by unit; of others, as before.

    A code that is none, or that names another batch than its unit is of, counts as a guess of `asker`, a keyed hash of
    where they ask from. Too many guesses, and nothing is told for an hour, right or wrong. Locks the turn of the asker,
    then what a scan locks, then the row of the phone.
    """
    sku_id = _kept_by_unit(conn, link) if link.serial is not None else None
    if sku_id is None or link.serial is None:
        return scan_digital_link(conn, link, made, now=now, actor=actor)
    refusal = touchpoints.take_guess(conn, asker, now=now)
    if refusal is not None:
        return refusal
    unit = lots.lots_by_code(conn, [(sku_id, link.serial)]).get((sku_id, link.serial))
    if unit is None or not unit.is_serial or link.batch not in {None, unit.batch}:
        touchpoints.count_wrong_guess(conn, asker, now=now)
        return UnitUnknown(serial=link.serial)
    scanned = scan_digital_link(conn, link, made, now=now, actor=actor)
    if isinstance(scanned, Refusal):
        return scanned
    scans = touchpoints.record_unit_scan(conn, unit.id, made.visitor, now=now)
    return UnitFound(sku_id=sku_id, unit=unit, scans=scans)


def _kept_by_unit(conn: Conn, link: DigitalLink) -> SkuId | None:
    """The SKU of a GTIN, where any of its units has a serial number of its own; else nothing can be said of one."""
    code = sku_codes_by_gtin(conn, [link.gtin]).get(link.gtin)
    sku = catalogue.skus_by_code(conn, [code]).get(code) if code is not None else None
    return sku.id if sku is not None and sku.id in lots.skus_kept_by_unit(conn, [sku.id]) else None
