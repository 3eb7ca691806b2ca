"""Our own till, which rings up with or without a network.

The till keeps each sale in an outbox before anybody hears "done", and sends it when there is a network: in any order,
again where it heard no answer, days late. What it says is a `Sale`; `rung_up` makes of it what the processes place.

The contract: a sale has an id (UUIDv7) and a number in its till, both made by the till and never changed; the same sale
again is the order it made before, other content under its number is refused and kept. A sale is refused whole or
placed whole, payment and all.
"""

from loopline.channels.till.buyers import buyers_of
from loopline.channels.till.message import Method, Sale, SaleLine, SaleMember, SalePayment
from loopline.channels.till.translation import PaidDiffers, SaleTooLarge, rung_up

__all__ = [
    "Method",
    "PaidDiffers",
    "Sale",
    "SaleLine",
    "SaleMember",
    "SalePayment",
    "SaleTooLarge",
    "buyers_of",
    "rung_up",
]
