"""Names, repeats and conflicts of messages, and when they are looked at again."""

from datetime import timedelta
from uuid import UUID

from loopline.inbox import Head, MessageId, MessageKind, NewMessage, Sealed, next_look, storable_note
from loopline.inbox.model import Kept, Named
from loopline.inbox.rules import conflicts, firsts, recognise
from loopline.kernel.ids import OrgUnitId
from tests.make.shop import NOON

SEALED = Sealed(text=b"", wrapped_key=b"", sealed_with=1)


def new(number: int, name: str, content: bytes, *, branch: int = 1) -> NewMessage:
    head = Head(
        channel="web", external_id=name, kind=MessageKind.PAID, external_number=None, content_hash=content
    )
    return NewMessage(
        id=MessageId(UUID(int=number)),
        branch_id=OrgUnitId(UUID(int=branch)),
        sender="key",
        may_move_money=False,
        head=head,
        sealed=SEALED,
    )


def kept(one: NewMessage, *, first: NewMessage | None = None) -> Named:
    return Named(
        id=one.id,
        branch_id=one.branch_id,
        channel="web",
        external_id=one.head.external_id,
        content_hash=one.head.content_hash,
        conflicts_with=first.id if first else None,
    )


def test_the_first_of_each_name_is_written_in_the_order_of_names():
    batch = [new(1, "b", b"x"), new(2, "a", b"x"), new(3, "b", b"y"), new(4, "a", b"x", branch=0)]
    assert [one.id.int for one in firsts(batch)] == [4, 2, 1]


def test_other_content_is_a_conflict_once_and_the_same_is_none():
    first, same, other, again = new(1, "a", b"x"), new(2, "a", b"x"), new(3, "a", b"y"), new(4, "a", b"y")
    assert conflicts([first, same, other, again], [kept(first)]) == [(other, first.id)]
    assert conflicts([again], [kept(first), kept(other, first=first)]) == []


def test_a_repeat_is_told_from_what_is_new_and_counted():
    first, same, other = new(1, "a", b"x"), new(2, "a", b"x"), new(3, "a", b"y")
    found = recognise([first, same, other], [kept(first), kept(other, first=first)])
    assert found.outcomes == [
        Kept(message_id=first.id, is_repeat=False),
        Kept(message_id=first.id, is_repeat=True),
        Kept(message_id=other.id, is_repeat=False),
    ]
    assert found.seen_again == {first.id: 1}


def test_what_waits_is_looked_at_after_as_long_as_it_has_waited_within_bounds():
    waited = (timedelta(0), timedelta(minutes=1), timedelta(days=1))
    looks = [next_look(NOON - one, now=NOON) - NOON for one in waited]
    assert looks == [timedelta(seconds=2), timedelta(minutes=1), timedelta(minutes=10)]


def test_a_note_keeps_what_can_be_kept():
    assert storable_note(" seen\x00 by\tme\n") == "seen byme"
    assert storable_note("\x00 \n") is None
