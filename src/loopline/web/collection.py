"""The code that collects a parcel, made from the parcel itself with a secret of ours.

Only its hash is stored (`fulfilment.codes`). Whoever knows the secret can tell the code of a task again: so the store
gives it to the parcel when it packs, and the customer's page shows it, without anybody having written it down. What
a courier takes has a shorter code, made in the same way: the rider says it, so that each takes their own parcel. Who is
fitted goods at home has one too, for the whole order: the fitter who hears it was there.
"""

import hmac

from loopline.fulfilment.codes import CODE_ENTROPY_BYTES, collect_code
from loopline.kernel.ids import OrderId, TaskId


def collection_code(task_id: TaskId, *, secret: str) -> str:
    """Return the code of a task's parcel; `secret` is the web edge's, the same in every process of one database."""
    mark = hmac.digest(secret.encode(), b"collect\0" + task_id.bytes, "sha256")
    return collect_code(mark[:CODE_ENTROPY_BYTES])


def rider_code(task_id: TaskId, *, secret: str) -> str:
    """Return the four digits that a rider says to get a task's parcel; `secret` is the web edge's."""
    mark = hmac.digest(secret.encode(), b"rider\0" + task_id.bytes, "sha256")
    return f"{int.from_bytes(mark[:8], 'big') % 10_000:04d}"


def visit_code(order_id: OrderId, *, secret: str) -> str:
    """Return the six digits that a customer says once goods were fitted; `secret` is the web edge's."""
    mark = hmac.digest(secret.encode(), b"visit\0" + order_id.bytes, "sha256")
    return f"{int.from_bytes(mark[:8], 'big') % 1_000_000:06d}"
