"""Why goods come back: units, money and what did not go back on sale, by site, packer, SKU, batch, reason or grade.

Reads only, straight from what returns publish; who sent the goods is known from the lines that were judged
(`insight.rights`). A line of a return counts as a whole, to the sale that its first units belong to; one without any
sale is blind. Units that were refused to be taken back did not come back.
"""

from loopline.insight.returned.model import (
    NOT_GRADED,
    UNKNOWN,
    Dimension,
    Returned,
    ReturnedAsk,
    ReturnedGroup,
    ReturnedKey,
    ReturnedLine,
    ReturnedLineAsk,
)
from loopline.insight.returned.queries import read_returned, returned_lines

__all__ = [
    "NOT_GRADED",
    "UNKNOWN",
    "Dimension",
    "Returned",
    "ReturnedAsk",
    "ReturnedGroup",
    "ReturnedKey",
    "ReturnedLine",
    "ReturnedLineAsk",
    "read_returned",
    "returned_lines",
]
