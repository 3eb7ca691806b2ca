"""What changed of a setting: each field that differs, with what it was before and what it is now."""

from enum import Enum

import msgspec

Scalar = str | int | bool | None


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a setting that changed; None: it was not set before, or is not any more."""

    field: str
    before: Scalar
    after: Scalar


def parts_of(before: msgspec.Struct | None, after: msgspec.Struct | None) -> tuple[Part, ...]:
    """Return the fields in which two states of a setting differ, in the order of the record; None: nothing is set.

    What is no single value is written as JSON.
    """
    known = after if after is not None else before
    names = () if known is None else known.__struct_fields__
    pairs = ((name, _value(before, name), _value(after, name)) for name in names)
    return tuple(Part(field=name, before=was, after=now) for name, was, now in pairs if was != now)


def _value(state: msgspec.Struct | None, name: str) -> Scalar:
    value = None if state is None else getattr(state, name, None)
    if isinstance(value, Enum):
        return str(value.value)
    if value is None or isinstance(value, str | int):
        return value
    return msgspec.json.encode(value).decode()
