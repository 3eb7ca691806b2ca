"""A message as people see it: what may be a person's is masked, and comes back where they leave the mask alone.

What the house knows by name is shown; of everything else only that it is there: names, phones and addresses come under
names that nobody can list.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeAlias, cast

import msgspec

from loopline.processes.receive.reading import SEALED_BUYER

MASK = "•••"
_HIDDEN = None
_Known: TypeAlias = "bool | Mapping[str, _Known] | None"
"""Whether a field is shown, which of its parts are, or that not even its first letter is."""


def _shown(*names: str, **parts: "_Known") -> dict[str, "_Known"]:
    """Fields that are shown as they are, and parts that have such fields."""
    return {**dict.fromkeys(names, True), **parts}


_LINE = _shown("sku_code", "units", "kind", "stated_unit_minor")
_ORDER = _shown(
    "kind",
    "placed_at",
    "order_id",
    "site_code",
    "seller_code",
    "currency",
    "delivery",
    "region_code",
    "hold_minutes",
    "on_shortage",
    "guide_code",
    "dealer_code",
    "streamer_code",
    "ship_by",
    "is_test",
    lines=_LINE,
    touch=_shown("touchpoint_code"),
)
_PAYMENT = _shown("reference", "amount_minor", "currency", "taken_at")
_KNOWN = _shown("id", "channel", "kind", "external_number", order=_ORDER, payment=_PAYMENT, lines=_LINE)
"""What is shown, by its place in a message."""
_FROM_THE_SEALED_ON = re.compile(f"{SEALED_BUYER}.*", re.DOTALL)
_LOOKS_PERSONAL = re.compile(r"[^\s@\"]+@[^\s@\"]+|\+?\d(?:[\s-]?\d){4,}|[^\x00-\u2e7f]+")


def masked(body: bytes) -> str:
    """Write a message for people: JSON set out in lines, masked; what is no JSON as it is, without what looks like a
    number, an address or a name.
    """
    try:
        value = msgspec.json.decode(body)
        shown = msgspec.json.encode(_masked(value, _KNOWN))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        text = "".join(
            letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}"
            for letter in body.decode(errors="replace")
        )
        return _LOOKS_PERSONAL.sub(MASK, _FROM_THE_SEALED_ON.sub(SEALED_BUYER, text))
    return msgspec.json.format(shown, indent=2).decode()


def unmasked(text: str, original: bytes) -> bytes:
    """Return what somebody wrote, with what is masked in it taken from the original, place by place."""
    written = text.encode(errors="surrogatepass")
    try:
        value = msgspec.json.decode(written)
        first = msgspec.json.decode(original)
        return msgspec.json.encode(_restored(value, first, _KNOWN))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return written


def _masked(value: Any, known: "_Known") -> object:
    if known is _HIDDEN:
        return MASK
    if isinstance(value, dict):
        return {
            _field(name): _masked(one, _under(known, name))
            for name, one in cast("dict[str, Any]", value).items()
        }
    if isinstance(value, list):
        return [_masked(one, known) for one in cast("list[Any]", value)]
    if known is True or value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return f"{value[:1]}{MASK}" if len(value) > 1 else MASK
    return MASK


def _under(known: "_Known", name: str) -> "_Known":
    if name == SEALED_BUYER:
        return _HIDDEN
    return known.get(name, False) if isinstance(known, Mapping) else False


def _field(name: str) -> str:
    """A name of a field that is no word of a program says something of somebody."""
    return name if name.isascii() and not name.isdigit() else MASK


def _restored(value: Any, original: Any, known: "_Known") -> object:
    if known is _HIDDEN and value != MASK:
        return cast("object", value)
    if isinstance(value, dict) and isinstance(original, dict):
        there = cast("dict[str, Any]", original)
        return {
            name: _restored(one, there[name], _under(known, name)) if name in there else one
            for name, one in cast("dict[str, Any]", value).items()
        }
    if isinstance(value, list) and isinstance(original, list):
        first = cast("list[Any]", original)
        return [
            _restored(one, first[at], known) if at < len(first) else one
            for at, one in enumerate(cast("list[Any]", value))
        ]
    is_mask = isinstance(value, str) and MASK in value and value == _masked(original, known)
    return original if is_mask else cast("object", value)
