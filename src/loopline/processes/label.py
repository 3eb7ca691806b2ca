"""Label: parcels get the numbers they go by, and that their labels were printed stands in the log."""

from collections.abc import Sequence
from datetime import datetime

from loopline.db import Conn, log
from loopline.fulfilment import labels
from loopline.fulfilment.labels import LabelPrinted, PrintedLabel, PrintLabel
from loopline.kernel.events import event
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope


def print_labels(
    conn: Conn, commands: Sequence[PrintLabel], *, by: str, scope: Scope, now: datetime
) -> list[PrintedLabel | Refusal]:
    """Let labels be printed: of parcels that are checked and have not left. Printed again, the number is the same."""
    outcomes = labels.print_labels(conn, commands, by=by, scope=scope, now=now)
    log.append(
        conn,
        [
            event(
                LabelPrinted(
                    task_id=one.task.task_id,
                    order_id=one.task.order_id,
                    site_id=one.task.site_id,
                    number=one.label.number,
                    form=command.form,
                    prints=one.label.prints,
                ),
                subject=one.task.order_id,
                at=now,
                actor=by,
            )
            for command, one in zip(commands, outcomes, strict=True)
            if isinstance(one, PrintedLabel)
        ],
    )
    return outcomes
