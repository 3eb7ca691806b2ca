"""Protection: what a dealer's followers buy is the dealer's, wherever they buy and whatever was stated."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline.customers.bindings import BindingRole, Standing, standing_bindings
from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.processes.place.candidate import Candidate
from loopline.touchpoints import BindRole, Tie, last_binding_ties

_Ties = Mapping[MemberId, Tie]


def credit_protected(conn: Conn, granted: Sequence[Candidate]) -> None:
    """Credit each order to the dealer whose protected customer its member was when it was placed.

    A binding that a scan made is protected as long as its rule said then; one that was made otherwise as long as it
    stands. Asks no more than one question where nobody states another dealer than the member's. Locks nothing.
    """
    stated = [
        one for one in granted if one.draft.member_id is not None and one.draft.credits.dealer_id is not None
    ]
    members = {one.draft.member_id for one in stated if one.draft.member_id is not None}
    followed = {
        one.member_id: one
        for one in (standing_bindings(conn, members) if members else ())
        if one.role is BindingRole.DEALER
    }
    disputed = [
        (one, binding)
        for one in stated
        if one.draft.member_id is not None
        and (binding := followed.get(one.draft.member_id)) is not None
        and binding.party_id != one.draft.credits.dealer_id
    ]
    if not disputed:
        return
    ties = {
        tie.member_id: tie
        for tie in last_binding_ties(conn, {binding.member_id for _, binding in disputed})
        if tie.role is BindRole.DEALER
    }
    for one, binding in disputed:
        if _is_protected(binding, ties, at=one.draft.placed_at):
            owed = msgspec.structs.replace(one.draft.credits, dealer_id=binding.party_id)
            one.draft = msgspec.structs.replace(one.draft, credits=owed)


def _is_protected(binding: Standing, ties: _Ties, *, at: datetime) -> bool:
    """Whether a binding stood, protected, at a moment; the end of the protection is not protected."""
    if at < binding.bound_at:
        return False
    tie = ties.get(binding.member_id)
    if tie is None or tie.protected_until is None or not tie.made(binding.party_id, binding.reason):
        return True
    return at < tie.protected_until
