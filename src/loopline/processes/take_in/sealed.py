"""What marketplaces sealed of orders' buyers: judged with the message, kept beside the order once there is one."""

from collections.abc import Sequence
from datetime import datetime

from loopline import buyers
from loopline.buyers import Masked, NewSealing
from loopline.db import Conn
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal
from loopline.processes.take_in.message import SealedBuyer


def refusal_of_sealed(said: SealedBuyer) -> Refusal | None:
    """Refuse what holds nothing sealed, and what shows in the open what it calls masked."""
    return buyers.refusal_of_sealing(
        ciphertext_id=said.ciphertext_id, ciphertext=said.ciphertext, masked=_masked(said)
    )


def keep_sealed(conn: Conn, sealed: Sequence[tuple[OrderId, SealedBuyer]], *, now: datetime) -> None:
    """Keep what was sealed of the buyers of orders; of an order that has a sealing the newest stands.

    What does not say when it was sealed was sealed now. Locks the sealings by order.
    """
    buyers.keep_sealings(
        conn,
        [
            NewSealing(
                order_id=order_id,
                platform=said.platform,
                sealed_at=said.sealed_at or now,
                ciphertext_id=said.ciphertext_id,
                ciphertext=said.ciphertext,
                masked=_masked(said),
            )
            for order_id, said in sealed
        ],
        now=now,
    )


def _masked(said: SealedBuyer) -> Masked:
    return Masked(name=said.masked_name, phone=said.masked_phone, address=said.masked_address)
