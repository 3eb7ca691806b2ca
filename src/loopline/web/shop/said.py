"""What a form of a review said: shown again where it was refused, so that nobody writes it twice."""

import msgspec


class SaidReview(msgspec.Struct, frozen=True, kw_only=True):
    """How it was: of a line, or (empty) of the store."""

    stars: str = ""
    text: str = ""
    line: str = ""
