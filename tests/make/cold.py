"""Goods of the small shop that are kept cold, and sites that can send them."""

from datetime import datetime

from loopline.db import Conn
from loopline.kernel.scope import WHOLE_BRAND
from loopline.kernel.temperatures import TemperatureClass
from loopline.processes.equip import SiteWish, equip
from tests.make.org import succeeded
from tests.make.shop import OPENED

COOL, FROZEN = TemperatureClass.COOL, TemperatureClass.FROZEN
_RANGES = {COOL: (2, 8), FROZEN: (None, -18)}


def chill(conn: Conn, **kinds: TemperatureClass) -> None:
    """Let SKUs, by code, be kept as cold as a class says."""
    for code, kind in kinds.items():
        low, high = _RANGES[kind]
        conn.execute(
            "update catalogue.sku set temperature_low_celsius = %s, temperature_high_celsius = %s where code = %s",
            (low, high, code),
        )


def able(conn: Conn, now: datetime = OPENED, /, **kinds: tuple[TemperatureClass, ...]) -> None:
    """Let sites, by code, send these classes beside what is ambient, and no other."""
    wishes = [SiteWish(site_code=site, classes=frozenset(of_site)) for site, of_site in kinds.items()]
    succeeded(equip(conn, wishes, scope=WHOLE_BRAND, by="hq", now=now))
