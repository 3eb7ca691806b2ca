"""Refusals: the business saying no. Typed data with a code, not an error.

A command returns one outcome per item: what it made, or the refusal of that item.
"""

import re
from enum import StrEnum
from typing import Any

import msgspec

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Refused."""

    @property
    def code(self) -> str:
        """The stable code an integrator may rely on: the class's name in snake case."""
        return _WORD_START.sub("_", type(self).__name__).lower()

    @property
    def template(self) -> str:
        """The English sentence with its fields in braces; also the key of its translation."""
        return " ".join((type(self).__doc__ or "").split())

    @property
    def fields(self) -> dict[str, Any]:
        """The data of the refusal, by field name."""
        return {name: getattr(self, name) for name in self.__struct_fields__}

    def message(self) -> str:
        """Return the English sentence with its data."""
        return self.template.format(**self.fields)


class Why(StrEnum):
    """Reasons that refusals carry as data: their values are sentences of their own. Subclass per room."""


class Refused(Exception):  # noqa: N818 - a refusal is no error; the name says what happened
    """Carries one refusal out of a single-item edge, where there is no list of outcomes to put it in."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message())
        self.refusal = refusal
