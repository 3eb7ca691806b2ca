"""A sandbox that behaves like a marketplace which seals what it hands over of buyers.

`SandboxMarket` is the platform that `buyers` knows; it speaks to the sandbox over HTTP. The sandbox itself (`Market`)
seals a buyer as an order's message carries one, and opens again what it sealed: not for everybody, not for ever, and no
more of it within an hour than it likes. It keeps no data of buyers: all of them is in what it sealed.
"""

from loopline.channels.sandbox_sealing.app import Market
from loopline.channels.sandbox_sealing.platform import SandboxMarket
from loopline.channels.sandbox_sealing.settings import (
    MOUNT_PATH,
    NAME,
    MarketManners,
    MarketSettings,
    market_settings,
)

__all__ = [
    "MOUNT_PATH",
    "NAME",
    "Market",
    "MarketManners",
    "MarketSettings",
    "SandboxMarket",
    "market_settings",
]
