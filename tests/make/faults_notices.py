"""Faults of notices, as `tests.make.faults` plants them: a message that was told too late, to another member, or to one
who had declined.
"""

from typing import LiteralString

_SOMEBODY = "00000000-0000-7000-8000-000000000021"
_TOLD: LiteralString = (
    "insert into notices.notice (id, order_id, about, version, member_id, zone, facts, happened_at, stale_at, state,"
    " tries, told_at, ended_at, language) select gen_random_uuid(), id, 'refunded', gen_random_uuid(),"
    f" '{_SOMEBODY}', 'UTC', '{{{{}}}}', now(), now() + interval '1 day', 'sent', 1,"
    " now() + interval '{late}', now(), 'zh' from orders.order limit 1;"
)
_DECLINED: LiteralString = (
    f"insert into customers.member (id, registered_at, indexed_with) values ('{_SOMEBODY}', now(), 1);"
    "insert into customers.consent_change (member_id, purpose, channel, receiver_id, at, granted, source, recorded_at)"
    f" select '{_SOMEBODY}', 'service', 'sms', id, now() - interval '1 hour', false, 'form', now() - interval '1 hour'"
    " from org.party where kind = 'brand';"
)
FAULTS: dict[str, LiteralString] = {
    "stale_notices_were_not_told": _TOLD.format(late="1 day"),
    "notices_went_to_who_ordered": _TOLD.format(late="0"),
    "notices_followed_their_word": _DECLINED + _TOLD.format(late="0"),
}
