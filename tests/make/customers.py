"""Members, keys and consents for tests."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from loopline.customers import (
    ConsentChange,
    ConsentChannel,
    ConsentKey,
    Identity,
    IdentityKind,
    KeyRing,
    NewMember,
    Opening,
    Purpose,
    Registered,
    ShownCode,
    code_of_member,
    register_members,
)
from loopline.db import Conn
from loopline.kernel.ids import MemberId, PartyId

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BRAND = PartyId(UUID(int=31 << 64))
DEALER = PartyId(UUID(int=32 << 64))
DESK = Opening(actor="person:7", purpose="answer a call")


def ring(*numbers: int) -> KeyRing:
    """A ring of keys named by small numbers, the last one current."""
    keys = numbers or (1,)
    return KeyRing(
        sealing=[bytes([key]) * 32 for key in keys], indexing=[bytes([100 + key]) * 32 for key in keys]
    )


def phone(number: int) -> Identity:
    return Identity(kind=IdentityKind.PHONE, value=f"+861380000{number:04}")


def card(number: int) -> Identity:
    return Identity(kind=IdentityKind.CARD, value=f"CARD{number}")


def member(*identities: Identity, name: str | None = None) -> NewMember:
    return NewMember(identities=identities, name=name)


def registered(
    conn: Conn, members: Sequence[NewMember], *, keys: KeyRing | None = None, now: datetime = NOON
) -> list[MemberId]:
    outcomes = register_members(conn, members, ring=keys or ring(), now=now)
    found: list[MemberId] = []
    for outcome in outcomes:
        assert isinstance(outcome, Registered), outcome
        found.append(outcome.member_id)
    return found


def consent_key(
    member_id: MemberId,
    *,
    purpose: Purpose = Purpose.MARKETING,
    channel: ConsentChannel = ConsentChannel.SMS,
    receiver_id: PartyId = BRAND,
) -> ConsentKey:
    return ConsentKey(member_id=member_id, purpose=purpose, channel=channel, receiver_id=receiver_id)


def says(key: ConsentKey, *, granted: bool, at: datetime = NOON) -> ConsentChange:
    return ConsentChange(key=key, granted=granted, at=at, source="form 3")


def shown_code(
    conn: Conn, member_id: MemberId, *, keys: KeyRing | None = None, now: datetime = NOON
) -> ShownCode:
    """The code that a member shows at a till."""
    found = code_of_member(conn, member_id, ring=keys or ring(), now=now)
    assert isinstance(found, ShownCode), found
    return found
