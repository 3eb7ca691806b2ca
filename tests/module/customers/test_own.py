"""Own customers: who is looked at where there are more of them than are looked at."""

from datetime import timedelta
from uuid import UUID

from loopline.customers import (
    BindingRole,
    ConsentChange,
    ConsentChannel,
    Moment,
    NewBinding,
    bind_members,
    record_consents,
    record_moments,
)
from loopline.customers.own import Rest, RestHow, let_rest, own_customers
from loopline.db import Conn
from loopline.kernel.ids import PartyId
from tests.make.customers import NOON, card, consent_key, member, registered

GUIDE, BRAND = PartyId(UUID(int=71)), PartyId(UUID(int=72))
DAY = timedelta(days=1)


def test_who_was_long_away_and_may_be_called_is_seen_behind_those_who_came_lately(conn: Conn):
    ago = {"lately": 1, "before": 2, "away": 70, "longer away": 80, "silent": 70, "resting": 70}
    who = dict(
        zip(
            ago, registered(conn, [member(card(number), name="A") for number in range(len(ago))]), strict=True
        )
    )
    for name, member_id in who.items():
        at = NOON - ago[name] * DAY
        binding = NewBinding(member_id=member_id, role=BindingRole.GUIDE, party_id=GUIDE, reason="test")
        bind_members(conn, [binding], now=NOON - 99 * DAY)
        record_moments(conn, [Moment(member_id=member_id, at=at, kind="order_placed", subject=UUID(int=5))])
        key = consent_key(member_id, channel=ConsentChannel.GUIDE, receiver_id=BRAND)
        said = ConsentChange(key=key, granted=name != "silent", at=NOON - 99 * DAY, source="test")
        record_consents(conn, [said], now=NOON)
    let_rest(conn, [Rest(member_id=who["resting"], how=RestHow.LATER, until=NOON + DAY)], by="x", now=NOON)

    def seen(limit: int) -> list[str]:
        found = own_customers(
            conn, [GUIDE], receiver_ids=[BRAND], away_before=NOON - 60 * DAY, now=NOON, limit=limit
        )
        names = {member_id: name for name, member_id in who.items()}
        return [names[one.member_id] for one in found]

    assert seen(1) == ["lately", "away"]
    assert seen(2) == ["lately", "before", "away", "longer away"]
    assert sorted(seen(9)) == sorted(who)
