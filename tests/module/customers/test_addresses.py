"""Where members have goods sent, and where orders go: sealed, opened for a purpose, gone with the member."""

from uuid import UUID

import msgspec
import pytest

from loopline.customers import (
    Address,
    AddressAdded,
    AddressNotValid,
    AddressUnknown,
    CityStays,
    Delivery,
    DeliveryKept,
    DeliveryUnknown,
    Doubt,
    Doubted,
    KeyLost,
    MemberUnknown,
    MemberWasErased,
    NewAddress,
    NewDelivery,
    PastAccess,
    Recipient,
    TooManyAddresses,
    add_addresses,
    addresses_of_member,
    delete_address,
    doubts_of_orders,
    erase_members,
    keep_deliveries,
    last_accesses,
    make_default,
    mend_delivery,
    open_deliveries,
    orders_with_delivery,
    own_delivery,
    reencrypt_members,
    say_right,
)
from loopline.db import Conn
from loopline.kernel.ids import MemberId, OrderId
from tests.make.customers import DESK, NOON, member, phone, registered, ring

HOME = Recipient(name="李雷", phone="+8613800001234", region_code="310100", street="愚园路 12 号")
OFFICE = msgspec.structs.replace(HOME, street="南京西路 100 号")
ORDER = OrderId(UUID(int=9 << 64))


@pytest.fixture
def member_id(conn: Conn) -> MemberId:
    return registered(conn, [member(phone(1))])[0]


def add(conn: Conn, member_id: MemberId, recipient: Recipient = HOME, *, is_default: bool = False) -> UUID:
    new = NewAddress(member_id=member_id, recipient=recipient, is_default=is_default)
    (added,) = add_addresses(conn, [new], ring=ring(), now=NOON)
    assert isinstance(added, AddressAdded), added
    return added.address_id


def listed(conn: Conn, member_id: MemberId) -> list[tuple[str, bool]]:
    found = addresses_of_member(conn, member_id, ring=ring())
    return [(one.recipient.street, one.is_default) for one in found]


def test_the_first_address_is_the_default_until_another_is(conn: Conn, member_id: MemberId):
    home = add(conn, member_id)
    assert addresses_of_member(conn, member_id, ring=ring()) == [
        Address(id=home, recipient=HOME, is_default=True)
    ]
    office = add(conn, member_id, OFFICE)
    assert listed(conn, member_id) == [(HOME.street, True), (OFFICE.street, False)]
    assert make_default(conn, member_id, office) is None
    assert listed(conn, member_id) == [(OFFICE.street, True), (HOME.street, False)]
    add(conn, member_id, msgspec.structs.replace(HOME, street="Third"), is_default=True)
    assert [is_default for _, is_default in listed(conn, member_id)] == [True, False, False]


def test_when_the_default_goes_the_newest_other_takes_its_place(conn: Conn, member_id: MemberId):
    home, _ = add(conn, member_id), add(conn, member_id, OFFICE)
    assert delete_address(conn, member_id, home) is None
    assert listed(conn, member_id) == [(OFFICE.street, True)]
    assert delete_address(conn, member_id, home) == AddressUnknown(address_id=home)


def test_of_several_new_defaults_in_a_batch_the_last_counts(conn: Conn, member_id: MemberId):
    new = [NewAddress(member_id=member_id, recipient=one, is_default=True) for one in (HOME, OFFICE)]
    add_addresses(conn, new, ring=ring(), now=NOON)
    assert listed(conn, member_id) == [(OFFICE.street, True), (HOME.street, False)]


def test_nobody_touches_anothers_address(conn: Conn, member_id: MemberId):
    (other,) = registered(conn, [member(phone(2))])
    home = add(conn, member_id)
    assert make_default(conn, other, home) == AddressUnknown(address_id=home)
    assert delete_address(conn, other, home) == AddressUnknown(address_id=home)
    assert listed(conn, member_id) == [(HOME.street, True)]
    assert listed(conn, other) == []


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("recipient", {"name": " "}),
        ("recipient", {"name": "a\x00b"}),
        ("phone", {"phone": "12"}),
        ("street", {"street": "s" * 201}),
        ("region_code", {"region_code": "31010"}),
        ("region_code", {"region_code": ""}),
    ],
)
def test_an_address_that_cannot_be_right_is_refused_with_its_field(
    conn: Conn, member_id: MemberId, field: str, changes: dict[str, str]
):
    new = NewAddress(member_id=member_id, recipient=msgspec.structs.replace(HOME, **changes))
    assert add_addresses(conn, [new], ring=ring(), now=NOON) == [AddressNotValid(field=field)]
    assert listed(conn, member_id) == []


def test_there_is_room_for_twenty(conn: Conn, member_id: MemberId):
    new = [NewAddress(member_id=member_id, recipient=HOME)] * 21
    outcomes = add_addresses(conn, new, ring=ring(), now=NOON)
    assert outcomes[20] == TooManyAddresses(most=20)
    assert len(listed(conn, member_id)) == 20
    assert add_addresses(conn, new[:1], ring=ring(), now=NOON) == [TooManyAddresses(most=20)]


def keep(conn: Conn, member_id: MemberId, recipient: Recipient = HOME) -> DeliveryKept:
    new = NewDelivery(order_id=ORDER, member_id=member_id, recipient=recipient)
    (kept,) = keep_deliveries(conn, [new], ring=ring(), now=NOON)
    assert isinstance(kept, DeliveryKept), kept
    return kept


def test_where_an_order_goes_is_opened_for_a_purpose_that_is_written_down(conn: Conn, member_id: MemberId):
    assert keep(conn, member_id).is_new is True
    assert orders_with_delivery(conn, [ORDER]) == {ORDER}
    unknown = OrderId(UUID(int=10 << 64))
    assert open_deliveries(conn, [ORDER, unknown], ring=ring(), opening=DESK, now=NOON) == [
        Delivery(order_id=ORDER, member_id=member_id, recipient=HOME),
        DeliveryUnknown(order_id=unknown),
    ]
    assert last_accesses(conn, member_id, limit=5) == [
        PastAccess(at=NOON, actor=DESK.actor, purpose=DESK.purpose)
    ]


def test_where_an_order_goes_stays_as_it_was_said_first(conn: Conn, member_id: MemberId):
    keep(conn, member_id)
    assert keep(conn, member_id, OFFICE).is_new is False
    assert own_delivery(conn, member_id, ORDER, ring=ring()) == HOME
    assert last_accesses(conn, member_id, limit=5) == []


VAGUE = msgspec.structs.replace(HOME, name="李雷❤", street="愚园路")


def doubted(conn: Conn) -> Doubted | None:
    return doubts_of_orders(conn, [ORDER]).get(ORDER)


def test_what_there_is_to_doubt_is_kept_beside_it_until_somebody_says_that_it_is_right(
    conn: Conn, member_id: MemberId
):
    keep(conn, member_id, VAGUE)
    keep(conn, member_id)  # what was said first stays, and so does what there is to doubt in it
    doubts = (Doubt.NO_NUMBER, Doubt.UNPRINTABLE)
    assert doubted(conn) == Doubted(order_id=ORDER, doubts=doubts, right_at=None, right_by=None)
    assert say_right(conn, [ORDER, OrderId(UUID(int=10 << 64))], by="person:x", now=NOON) == {ORDER}
    assert say_right(conn, [ORDER], by="person:y", now=NOON) == set()
    assert doubted(conn) == Doubted(order_id=ORDER, doubts=doubts, right_at=NOON, right_by="person:x")
    erase_members(conn, [member_id], now=NOON)
    assert doubted(conn) is None


def test_of_what_is_in_no_doubt_nothing_is_kept(conn: Conn, member_id: MemberId):
    keep(conn, member_id)
    assert (doubted(conn), say_right(conn, [ORDER], by="person:x", now=NOON)) == (None, set())


def test_its_member_mends_it_within_the_city(conn: Conn, member_id: MemberId):
    keep(conn, member_id, VAGUE)
    say_right(conn, [ORDER], by="person:x", now=NOON)

    def mend(recipient: Recipient, by: MemberId = member_id) -> object:
        return mend_delivery(
            conn, NewDelivery(order_id=ORDER, member_id=by, recipient=recipient), ring=ring()
        )

    (other,) = registered(conn, [member(phone(2))])
    assert mend(HOME, by=other) == DeliveryUnknown(order_id=ORDER)
    assert mend(msgspec.structs.replace(HOME, region_code="320500")) == CityStays()
    assert mend(msgspec.structs.replace(HOME, phone="1")) == AddressNotValid(field="phone")
    assert own_delivery(conn, member_id, ORDER, ring=ring()) == VAGUE
    # Said anew, it is doubted anew.
    still = msgspec.structs.replace(HOME, street="愚园路")
    left = Doubted(order_id=ORDER, doubts=(Doubt.NO_NUMBER,), right_at=None, right_by=None)
    assert (mend(still), doubted(conn)) == (left, left)
    assert mend(HOME) == msgspec.structs.replace(left, doubts=())
    assert (own_delivery(conn, member_id, ORDER, ring=ring()), doubted(conn)) == (HOME, None)


def test_nobody_sees_where_anothers_order_goes(conn: Conn, member_id: MemberId):
    keep(conn, member_id)
    (other,) = registered(conn, [member(phone(2))])
    assert own_delivery(conn, other, ORDER, ring=ring()) is None


def test_nothing_of_it_can_be_read_in_the_database(conn: Conn, member_id: MemberId):
    add(conn, member_id)
    keep(conn, member_id)
    rows = conn.execute(
        "select sealed from customers.address union all select sealed from customers.delivery"
    ).fetchall()
    assert len(rows) == 2
    for (sealed,) in rows:
        assert HOME.street.encode() not in bytes(sealed)
        assert b"1234" not in bytes(sealed)


def test_it_goes_with_its_member(conn: Conn, member_id: MemberId):
    add(conn, member_id)
    keep(conn, member_id)
    erase_members(conn, [member_id], now=NOON)
    left = conn.execute(
        "select (select count(*) from customers.address) + (select count(*) from customers.delivery)"
    ).fetchone()
    assert left == (0,)
    new = NewAddress(member_id=member_id, recipient=HOME)
    assert add_addresses(conn, [new], ring=ring(), now=NOON) == [MemberWasErased(member_id=member_id)]
    delivery = NewDelivery(order_id=ORDER, member_id=member_id, recipient=HOME)
    assert keep_deliveries(conn, [delivery], ring=ring(), now=NOON) == [MemberWasErased(member_id=member_id)]
    nobody = MemberId(UUID(int=5 << 64))
    unknown = msgspec.structs.replace(delivery, member_id=nobody)
    assert keep_deliveries(conn, [unknown], ring=ring(), now=NOON) == [MemberUnknown(member_id=nobody)]


def test_it_opens_after_keys_were_rotated_and_tells_of_a_lost_one(conn: Conn, member_id: MemberId):
    keep(conn, member_id)
    reencrypt_members(conn, ring=ring(1, 2))
    assert own_delivery(conn, member_id, ORDER, ring=ring(2)) == HOME
    (lost,) = open_deliveries(conn, [ORDER], ring=ring(3), opening=DESK, now=NOON)
    assert isinstance(lost, KeyLost)
