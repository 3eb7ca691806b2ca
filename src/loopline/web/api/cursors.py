"""Pages of a list: a cursor is where the last page ended, by the values the list is ordered by.

A cursor is opaque to callers and good for the list it came from alone; it grants nothing, because each page is read
within the caller's scope anew.
"""

import base64
import binascii
from typing import Annotated, Any

import msgspec
from litestar.params import QueryParameter

from loopline.kernel.refusals import Refusal, Refused

LIMIT_MAX = 200
Cursor = Annotated[
    str | None,
    QueryParameter(
        name="cursor", description="Where the last page ended: its next_cursor.", max_length=1_000
    ),
]
Limit = Annotated[
    int,
    QueryParameter(
        name="limit", ge=1, le=LIMIT_MAX, description="How many items at most; 50 where not said."
    ),
]


_BIGINT = 2**63


class CursorNotOurs(Refusal, frozen=True, kw_only=True):
    """The cursor is not one of this list: leave it out to begin at the start."""

    field: str = "cursor"


def encode_cursor(*values: Any) -> str:
    """Return the cursor of a place in a list."""
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def decode_cursor(cursor: str | None, types: tuple[type, ...]) -> tuple[Any, ...] | None:
    """Return the values a cursor holds, of these types; None without a cursor. Raises Refused for a forged one."""
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        values = msgspec.json.decode(raw, type=tuple[types])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise Refused(CursorNotOurs()) from error
    if not all(_is_storable(value) for value in values):
        raise Refused(CursorNotOurs())
    return values


def _is_storable(value: Any) -> bool:
    """Whether a value can be in the database at all, and so have come from a list of ours."""
    if isinstance(value, int):
        return -_BIGINT <= value < _BIGINT
    return not (isinstance(value, str) and "\x00" in value)
