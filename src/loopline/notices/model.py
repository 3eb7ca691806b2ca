"""The records of notices: what is told, of which order, to whom, and what became of it."""

from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

import msgspec

from loopline.kernel.ids import MemberId, OrderId, SiteId

NoticeId = NewType("NoticeId", UUID)


class About(StrEnum):
    """What a customer is told; each has its sentence in `wording`.

    `new_date`, `new_ready`: promised anew, to be brought or to be collected. `goods_day`: goods that an order waits for
    come on a later day than it was told. `collect_soon`: a day before a parcel goes
    back to the shelf. `sent`: with a tracking number; `on_its_way`: without one.
    """

    NEW_DATE = "new_date"
    NEW_READY = "new_ready"
    GOODS_DAY = "goods_day"
    READY = "ready"
    COLLECT_SOON = "collect_soon"
    SENT = "sent"
    ON_ITS_WAY = "on_its_way"
    CALLED_OFF = "called_off"
    PARTLY_CALLED_OFF = "partly_called_off"
    NOT_COLLECTED = "not_collected"
    RETURN_HERE = "return_here"
    REFUNDED = "refunded"


class State(StrEnum):
    """Waiting for its moment or next try; taken over by a gateway; left out by a rule; not told though it should be."""

    WAITING = "waiting"
    SENT = "sent"
    LEFT_OUT = "left_out"
    FAILED = "failed"


class End(StrEnum):
    """Why a notice was not told. The first five are rules of ours, the others failures.

    `stale`: a day old. `overtaken`: not true any more, or said by a later one. `declined`: the member wants no
    messages. `no_phone`: there is none, or it cannot be opened. `erased`: the member was forgotten. `refused`: the
    gateway will never take it. `not_taken`: it took none of the tries. `unknown`: nobody can say whether it was told.
    """

    STALE = "stale"
    OVERTAKEN = "overtaken"
    DECLINED = "declined"
    NO_PHONE = "no_phone"
    ERASED = "erased"
    REFUSED = "refused"
    NOT_TAKEN = "not_taken"
    UNKNOWN = "unknown"


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a sentence says. `by`: the moment it speaks of. `store`: a site's name, in both languages if it has them."""

    number: str
    by: datetime | None = None
    store: str = ""
    tracking: str = ""
    amount_minor: int | None = None
    currency: str = ""

    @property
    def are_forgotten(self) -> bool:
        """Whether their member was forgotten: no sentence can be made of them any more."""
        return not self.number


class NewNotice(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be told. `version` names what it is about: the promise, the parcel, the refund.

    It is stale a day after `happened_at`, or after `not_before`, where it is to be told later. `zone` is the site's.
    """

    order_id: OrderId
    about: About
    version: UUID
    member_id: MemberId
    site_id: SiteId | None
    zone: str
    facts: Facts
    happened_at: datetime
    not_before: datetime | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice as it is kept. `language` is known once it was handed over; `told_at` is when that was tried first.

    `is_unsure`: nobody said yet what became of the last try.
    """

    id: NoticeId
    order_id: OrderId
    about: About
    version: UUID
    member_id: MemberId
    site_id: SiteId | None
    zone: str
    facts: Facts
    happened_at: datetime
    stale_at: datetime
    state: State
    end: End | None
    tries: int
    is_unsure: bool
    next_try_at: datetime | None
    told_at: datetime | None
    ended_at: datetime | None
    language: str | None
    reference: str | None
    note: str | None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is done with a notice that is due: handed over now, put off, or left out.

    `language` where it is handed over; `until` is the lease of that, or until when it is put off; `end` where it is
    left out.
    """

    notice_id: NoticeId
    until: datetime | None = None
    language: str | None = None
    end: End | None = None


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Which try a report is about: the notice, and the lease under which it was tried."""

    notice_id: NoticeId
    lease: datetime


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How telling stands: the gateway and when it was at work last, and how many notices are in each state lately."""

    gateway: str | None
    seen_at: datetime | None
    waiting: int
    sent: int
    left_out: int
    failed: int
