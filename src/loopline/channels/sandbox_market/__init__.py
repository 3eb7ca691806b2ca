"""Sandbox marketplaces: each sells what is on its shelf and asks nobody, hears late, and answers later still.

`SandboxConnector` is the way to them that lending knows; it speaks to them over HTTP, signed as Standard Webhooks are.
They keep their book in a file (`SandboxMarket`), hear a step once under its id, go by it after a while, late ones after
others that were told later, answer how many units they really took or gave up, and lose an answer now and then.
"""

from loopline.channels.sandbox_market.app import SandboxMarket
from loopline.channels.sandbox_market.book import MarketBook
from loopline.channels.sandbox_market.connector import SandboxConnector
from loopline.channels.sandbox_market.messages import WireSale
from loopline.channels.sandbox_market.settings import (
    MOUNT_PATH,
    PUNCTUAL,
    Manners,
    MarketSettings,
    market_settings,
)

__all__ = [
    "MOUNT_PATH",
    "PUNCTUAL",
    "Manners",
    "MarketBook",
    "MarketSettings",
    "SandboxConnector",
    "SandboxMarket",
    "WireSale",
    "market_settings",
]
