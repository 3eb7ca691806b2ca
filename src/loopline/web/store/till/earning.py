"""What a sale earns who rang it up, told at once on their screen: by the rules it will be settled by, pending still."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from loopline.channels.till import Sale
from loopline.db import Conn
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal
from loopline.processes.take_in import OrderTaken
from loopline.processes.worth import worth_of_sales
from loopline.web.api.answers import read
from loopline.web.api.reading import BadInput
from loopline.web.edge import Visitor, WebRequest
from loopline.web.store.desk import own_parties

_logger = structlog.get_logger(__name__)


def earned_at_once(
    request: WebRequest, visitor: Visitor, sold: Sequence[tuple[Sale, OrderTaken | Refusal | BadInput]]
) -> dict[OrderId, int]:
    """Return what sales earn whoever is signed in, in minor units, where they rang them up themselves.

    What others rang up is not told, nor anything to whoever is no party. A sale is placed whether this is known or not.
    """
    mine = [
        outcome.order_id
        for sale, outcome in sold
        if isinstance(outcome, OrderTaken) and sale.rung_up_by == visitor.person.person_id
    ]

    def find(conn: Conn, _: datetime) -> dict[OrderId, int]:
        parties = own_parties(conn, visitor)
        if not parties:
            return {}
        return {
            order_id: sum(worth.of(party.id) for party in parties)
            for order_id, worth in worth_of_sales(conn, mine).items()
        }

    try:
        return read(request, find) if mine else {}
    except Exception as failure:  # noqa: BLE001 - the sales are placed: their till must hear so
        _logger.warning("till_earned_not_told", sales=len(mine), error=str(failure))
        return {}
