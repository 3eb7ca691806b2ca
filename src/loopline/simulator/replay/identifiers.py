"""Ids that a replay makes itself, so that a replay started again makes the same ones."""

from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from loopline.kernel.ids import OrderId, first_id_of

_VERSION_7 = 0x7 << 76
_VARIANT_RFC = 0b10 << 62
_LINE_BITS = 40
_HASH_BITS = 34
_LOW_BITS = 62


def order_id_of(number: str, *, at: datetime, first_line: int) -> OrderId:
    """Return the id of an invoice as an order: a UUIDv7 of its moment that sorts as the file does.

    The 74 bits a UUIDv7 leaves free are the invoice's first line and a hash of its number.
    """
    digest = blake2b(number.encode(), digest_size=5).digest()
    free = (first_line & ((1 << _LINE_BITS) - 1)) << _HASH_BITS | int.from_bytes(digest, "big") >> 6
    high, low = free >> _LOW_BITS, free & ((1 << _LOW_BITS) - 1)
    return OrderId(UUID(int=first_id_of(at).int | _VERSION_7 | high << 64 | _VARIANT_RFC | low))
