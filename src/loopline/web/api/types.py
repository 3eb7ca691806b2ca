"""The fields that requests share: each says its own bounds, so that a wrong value is refused by name."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

Code = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9._:\-]+$(?!\n)",  # `$` alone lets a line feed pass
        description="A code of yours: letters, digits, dot, dash, colon, underscore.",
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Note = Annotated[str, Meta(max_length=2_000)]
Units = Annotated[int, Meta(ge=1, le=1_000_000, description="Pieces.")]
SignedUnits = Annotated[int, Meta(ge=-1_000_000, le=1_000_000, description="Pieces, more or fewer.")]
Minor = Annotated[int, Meta(ge=0, le=10**13, description="An amount in minor units (fen, cents).")]
SignedMinor = Annotated[int, Meta(ge=-(10**13), le=10**13, description="An amount in minor units, signed.")]
BasisPoints = Annotated[int, Meta(ge=0, le=10_000, description="Hundredths of a per cent.")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="An ISO 4217 code.")]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", description="An ISO 3166 code of two letters.")]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
# The type alone would let in years with which no arithmetic is possible; `reading` refuses those.
Moment = Annotated[
    datetime, Meta(tz=True, description="A moment with its offset, of the years 2000 to 2100.")
]
