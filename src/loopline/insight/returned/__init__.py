"""Why goods come back: units, money and what did not go back on sale, by site, packer, SKU, batch, reason or grade.

Reads only, straight from what returns publish; who sent the goods is known from the lines that were judged
(`insight.rights`). A line of a return counts as a whole, to the sale that its first units belong to; one without any
sale is blind. Units that were refused to be taken back did not come back.
"""

from loopline.insight.returned.losses import (
    AS_DELIVERED,
    LossInForce,
    LossNotUsable,
    NewLoss,
    losses_in_force,
    set_losses,
)
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
    "AS_DELIVERED",
    "NOT_GRADED",
    "UNKNOWN",
    "Dimension",
    "LossInForce",
    "LossNotUsable",
    "NewLoss",
    "Returned",
    "ReturnedAsk",
    "ReturnedGroup",
    "ReturnedKey",
    "ReturnedLine",
    "ReturnedLineAsk",
    "losses_in_force",
    "read_returned",
    "returned_lines",
    "set_losses",
]
