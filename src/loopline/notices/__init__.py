"""Notices: what customers are told of their orders by message, once each, and what became of telling them.

Purpose: `write_notices` puts down what is to be told, in the transaction of a follower of the log; an errand claims
what is due (`lock_due`, `write_steps`), hands it to a gateway outside any transaction, and brings back what the
gateway said (`apply_reports`). Who chose not to be told, has no phone, was told enough for the hour, or sleeps, is left
in peace: `rules` says so. The words are `wording`'s, fixed in both languages, as gateways have them registered.

Invariants:
- of an order one thing in one version is put down once (a constraint), whatever is applied twice;
- a notice is handed over under its own number; what became of a try that nobody answered is asked for before it is
  tried again, and it is not tried again when that cannot be known;
- nothing is handed over a day after it happened, nor while it is not true any more;
- no phone, no name and no code is kept here: a notice has ids, and what its sentence says.

Lock order: notices by (next try, id), passing by those that another process holds; by id where they are named.
"""

from loopline.notices.checks import CHECKS
from loopline.notices.model import (
    About,
    Claim,
    End,
    Facts,
    NewNotice,
    Notice,
    NoticeId,
    Standing,
    State,
    Step,
)
from loopline.notices.port import Heard, NoticeGateway, NoticeReport, ToTell
from loopline.notices.queries import find_notices, notices_of_member, notices_of_orders, standing, told_lately
from loopline.notices.service import (
    NoticeNotFailed,
    apply_reports,
    drop_stale,
    forget_notices,
    lock_due,
    stand_by,
    sweep_notices,
    takes_notices,
    tell_again,
    write_notices,
    write_steps,
)
from loopline.notices.wording import fields_of, text_of

__all__ = [
    "CHECKS",
    "About",
    "Claim",
    "End",
    "Facts",
    "Heard",
    "NewNotice",
    "Notice",
    "NoticeGateway",
    "NoticeId",
    "NoticeNotFailed",
    "NoticeReport",
    "Standing",
    "State",
    "Step",
    "ToTell",
    "apply_reports",
    "drop_stale",
    "fields_of",
    "find_notices",
    "forget_notices",
    "lock_due",
    "notices_of_member",
    "notices_of_orders",
    "stand_by",
    "standing",
    "sweep_notices",
    "takes_notices",
    "tell_again",
    "text_of",
    "told_lately",
    "write_notices",
    "write_steps",
]
