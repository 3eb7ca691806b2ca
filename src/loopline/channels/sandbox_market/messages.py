"""What a sandbox marketplace and its merchant say to each other: the shapes on the wire, the same on both sides."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from loopline.marketplaces import Told

STEPS_MOST = 200
Code = Annotated[str, Meta(min_length=1, max_length=64)]
Number = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


class WireStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many units of a SKU more, or, negative, to be given up. The id names it for good."""

    id: UUID
    sku_code: Code
    units: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]


class WireSteps(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Steps in the order in which they were made."""

    steps: Annotated[tuple[WireStep, ...], Meta(min_length=1, max_length=STEPS_MOST)]


class WireAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a step: `moved` units were really taken on the shelf, or given up from it."""

    id: UUID
    told: Told
    moved: int = 0
    why: str | None = None


class WireAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to each step."""

    answers: tuple[WireAnswer, ...]


class WireSale(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A buyer wants so many units of a SKU, under a number of the marketplace's."""

    number: Number
    sku_code: Code
    units: Annotated[int, Meta(ge=1, le=1_000)]


class WireSold(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the buyer got them: the marketplace sells what is on its shelf, and asks nobody."""

    number: str
    is_sold: bool
