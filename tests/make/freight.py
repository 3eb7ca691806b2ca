"""Templates of freight, as tests set them."""

from typing import Any

from loopline.db import Conn
from loopline.kernel.scope import WHOLE_BRAND
from loopline.pricing.freight import FreightTemplate, NewFreight, RegionRule
from loopline.processes.freight import set_freight
from tests.make.org import succeeded
from tests.make.shop import NOON

FAR = RegionRule(region_codes=("65", "54"), fee_minor=2_000, is_ever_free=False)
"""Xinjiang and Tibet: twenty yuan, whatever is bought."""
NOWHERE = RegionRule(region_codes=("310100",), is_delivered=False)
"""Shanghai, where the addresses of tests are."""


def template(**fields: Any) -> FreightTemplate:
    """Eight yuan, free from 150 yuan of goods on; Xinjiang and Tibet twenty."""
    stated: dict[str, Any] = {
        "currency": "CNY",
        "fee_minor": 800,
        "free_from_minor": 15_000,
        "regions": (FAR,),
    }
    return FreightTemplate(**(stated | fields))


def charge_delivery(
    conn: Conn, unit_code: str = "HX", *, is_open: bool = False, drop: bool = False, **fields: Any
) -> None:
    """Let a unit set what delivery costs, or take it back."""
    wanted = NewFreight(
        unit_code=unit_code,
        template=None if drop else template(**fields),
        comment="try",
        is_open=is_open,
    )
    succeeded(set_freight(conn, [wanted], scope=WHOLE_BRAND, by="person:1", now=NOON))
