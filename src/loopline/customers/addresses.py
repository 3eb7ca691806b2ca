"""Where members have goods sent, and where the goods of each order go. All of it is sealed with the member's own key.

A delivery is a copy: changing or deleting an address changes no order. Whoever opens deliveries says who they are and
what for, and that is written down first; a member who looks at their own is not written down.
"""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.customers import store
from loopline.customers.doubts import Doubt, doubts_of
from loopline.customers.keys import DamagedSeal, KeyRing, seal, unseal
from loopline.customers.model import Identity, IdentityKind, Opening, Recipient
from loopline.customers.refusals import (
    AddressNotValid,
    AddressUnknown,
    CityStays,
    DeliveryUnknown,
    MemberUnknown,
    MemberWasErased,
    PersonalDataDamaged,
    TooManyAddresses,
)
from loopline.customers.rules import is_storable, normalised_value
from loopline.customers.service import open_member_keys
from loopline.db import Conn, execute, fetch, fetch_rows, fetch_values, statements
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import MemberId, OrderId, uuid7s
from loopline.kernel.refusals import Refusal

SQL = statements(__file__)

ADDRESSES_MAX = 20
_ADDRESS_PLACE = "customers.address.sealed"
_DELIVERY_PLACE = "customers.delivery.sealed"
_REGION_DIGITS = 6


class NewAddress(msgspec.Struct, frozen=True, kw_only=True):
    """An address to keep. A member's first one is the default, whatever it says."""

    member_id: MemberId
    recipient: Recipient
    is_default: bool = False
    country: str = "CN"


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """An address in the open, as its member sees it."""

    id: UUID
    recipient: Recipient
    is_default: bool


class AddressAdded(msgspec.Struct, frozen=True, kw_only=True):
    """The address is kept."""

    address_id: UUID
    is_default: bool


class NewDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """Where the goods of an order go."""

    order_id: OrderId
    member_id: MemberId
    recipient: Recipient
    country: str = "CN"


class DeliveryKept(msgspec.Struct, frozen=True, kw_only=True):
    """Where the order's goods go is known; `is_new` is false where it was known before, and stays as it was."""

    order_id: OrderId
    is_new: bool


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Where the goods of an order go, in the open."""

    order_id: OrderId
    member_id: MemberId
    recipient: Recipient


class Doubted(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to doubt in where an order goes; once somebody said that it is right, when and who."""

    order_id: OrderId
    doubts: tuple[Doubt, ...]
    right_at: datetime | None
    right_by: str | None


class _Sealed(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    member_id: MemberId
    sealed: bytes
    is_default: bool = False


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Recipient).decode


def valid_recipient(recipient: Recipient, *, country: str = "CN") -> Recipient | AddressNotValid:
    """Return a recipient in the one way it is written, or which of its fields cannot be."""
    phone = normalised_value(Identity(kind=IdentityKind.PHONE, value=recipient.phone), country=country)
    name, street, region = recipient.name.strip(), recipient.street.strip(), recipient.region_code.strip()
    if not is_storable(name):
        return AddressNotValid(field="recipient")
    if phone is None:
        return AddressNotValid(field="phone")
    if not is_storable(street):
        return AddressNotValid(field="street")
    if (region or country == "CN") and not (
        len(region) == _REGION_DIGITS and region.isascii() and region.isdigit()
    ):
        return AddressNotValid(field="region_code")
    return Recipient(name=name, phone=phone, region_code=region, street=street)


def address_index(recipient: Recipient, *, ring: KeyRing) -> UUID:
    """Return the blind index of where goods go, whoever takes them in: spaces, signs and width of letters aside."""
    written = unicodedata.normalize("NFKC", recipient.street).casefold()
    street = "".join(letter for letter in written if letter.isalnum())
    return UUID(bytes=ring.blind("address", f"{recipient.region_code}\0{street}"))


def place_index(place: Coordinates, *, ring: KeyRing) -> UUID:
    """Return the blind index of a place, to about ten metres, for who says nothing nearer of where goods go."""
    return UUID(bytes=ring.blind("place", f"{place.longitude:.4f} {place.latitude:.4f}"))


def add_addresses(
    conn: Conn, addresses: Sequence[NewAddress], *, ring: KeyRing, now: datetime
) -> list[AddressAdded | Refusal]:
    """Keep addresses, one after the other; a new default takes the place of the one before.

    Locks the members by id (shared), then their addresses by (member, id).
    """
    members = store.lock_members(conn, sorted({one.member_id for one in addresses}))
    keys, faults = open_member_keys(conn, list(members), ring)
    counts = _counts(conn, list(members))
    ids = uuid7s(now, len(addresses))
    outcomes: list[AddressAdded | Refusal] = []
    rows: list[tuple[_Sealed, bool]] = []
    for one, address_id in zip(addresses, ids, strict=True):
        recipient = _refusal_of(one.member_id, members, faults) or valid_recipient(
            one.recipient, country=one.country
        )
        if isinstance(recipient, Refusal):
            outcomes.append(recipient)
            continue
        if counts[one.member_id] >= ADDRESSES_MAX:
            outcomes.append(TooManyAddresses(most=ADDRESSES_MAX))
            continue
        is_default = one.is_default or not counts[one.member_id]
        counts[one.member_id] += 1
        sealed = seal(_encode(recipient).decode(), member_key=keys[one.member_id], place=_ADDRESS_PLACE)
        rows.append((_Sealed(id=address_id, member_id=one.member_id, sealed=sealed), is_default))
        outcomes.append(AddressAdded(address_id=address_id, is_default=is_default))
    _insert_addresses(conn, rows, now=now)
    return outcomes


def _insert_addresses(conn: Conn, rows: Sequence[tuple[_Sealed, bool]], *, now: datetime) -> None:
    """Of several new defaults of one member the last one counts."""
    defaults = {row.member_id: row.id for row, is_default in rows if is_default}
    if not rows:
        return
    execute(conn, SQL["clear_defaults"], member_ids=list(defaults))
    execute(
        conn,
        SQL["insert_addresses"],
        ids=[row.id for row, _ in rows],
        member_ids=[row.member_id for row, _ in rows],
        sealed=[row.sealed for row, _ in rows],
        defaults=[defaults.get(row.member_id) == row.id for row, _ in rows],
        now=now,
    )


def _counts(conn: Conn, member_ids: Sequence[MemberId]) -> dict[MemberId, int]:
    found: dict[MemberId, int] = dict.fromkeys(member_ids, 0)
    for member_id in fetch_values(conn, SQL["lock_addresses"], member_ids=list(member_ids)):
        found[member_id] += 1
    return found


def _refusal_of(
    member_id: MemberId, members: Mapping[MemberId, datetime | None], faults: Mapping[MemberId, Refusal]
) -> Refusal | None:
    if member_id not in members:
        return MemberUnknown(member_id=member_id)
    if members[member_id] is not None:
        return MemberWasErased(member_id=member_id)
    return faults.get(member_id)


def make_default(conn: Conn, member_id: MemberId, address_id: UUID) -> Refusal | None:
    """Let one of a member's addresses be the default. Locks the member's addresses by id."""
    if address_id not in _locked_ids(conn, member_id):
        return AddressUnknown(address_id=address_id)
    execute(conn, SQL["clear_defaults"], member_ids=[member_id])
    execute(conn, SQL["set_default"], address_id=address_id)
    return None


def delete_address(conn: Conn, member_id: MemberId, address_id: UUID) -> Refusal | None:
    """Forget one of a member's addresses; the newest of the others becomes the default where it was.

    Locks the member's addresses by id.
    """
    ids = _locked_ids(conn, member_id)
    if address_id not in ids:
        return AddressUnknown(address_id=address_id)
    was_default = fetch_values(conn, SQL["delete_address"], address_id=address_id)[0]
    others = [one for one in ids if one != address_id]
    if was_default and others:
        execute(conn, SQL["set_default"], address_id=max(others))
    return None


def _locked_ids(conn: Conn, member_id: MemberId) -> list[UUID]:
    return [one for _, one in fetch_rows(conn, SQL["lock_addresses"], member_ids=[member_id])]


def addresses_of_member(conn: Conn, member_id: MemberId, *, ring: KeyRing) -> list[Address]:
    """Return a member's own addresses in the open, the default first, then the newest; what does not open is left out.

    For the member themself: nothing is written into the log of access.
    """
    rows = fetch(conn, SQL["addresses_of_member"], _Sealed, member_id=member_id)
    keys, _ = open_member_keys(conn, [member_id], ring) if rows else ({}, {})
    found: list[Address] = []
    for row in rows:
        recipient = _opened(row, keys.get(member_id), _ADDRESS_PLACE)
        if isinstance(recipient, Recipient):
            found.append(Address(id=row.id, recipient=recipient, is_default=row.is_default))
    return found


def keep_deliveries(
    conn: Conn, deliveries: Sequence[NewDelivery], *, ring: KeyRing, now: datetime
) -> list[DeliveryKept | Refusal]:
    """Keep where orders' goods go; what is known of an order stays as it is. Locks the members by id (shared)."""
    members = store.lock_members(conn, sorted({one.member_id for one in deliveries}))
    keys, faults = open_member_keys(conn, list(members), ring)
    rows: list[_Sealed] = []
    doubts: dict[OrderId, tuple[Doubt, ...]] = {}
    outcomes: list[DeliveryKept | Refusal] = []
    for one in deliveries:
        recipient = _refusal_of(one.member_id, members, faults) or valid_recipient(
            one.recipient, country=one.country
        )
        if isinstance(recipient, Refusal):
            outcomes.append(recipient)
        else:
            sealed = seal(_encode(recipient).decode(), member_key=keys[one.member_id], place=_DELIVERY_PLACE)
            rows.append(_Sealed(id=one.order_id, member_id=one.member_id, sealed=sealed))
            doubts.setdefault(one.order_id, doubts_of(recipient, country=one.country))
            outcomes.append(DeliveryKept(order_id=one.order_id, is_new=True))
    new = _insert_deliveries(conn, rows, now=now)
    _keep_doubts(conn, {order_id: doubts[order_id] for order_id in doubts if order_id in new})
    return [
        msgspec.structs.replace(one, is_new=one.order_id in new) if isinstance(one, DeliveryKept) else one
        for one in outcomes
    ]


def _insert_deliveries(conn: Conn, rows: Sequence[_Sealed], *, now: datetime) -> set[UUID]:
    added = fetch_values(
        conn,
        SQL["insert_deliveries"],
        order_ids=[row.id for row in rows],
        member_ids=[row.member_id for row in rows],
        sealed=[row.sealed for row in rows],
        now=now,
    )
    return set(added)


def _keep_doubts(conn: Conn, doubts: Mapping[OrderId, tuple[Doubt, ...]]) -> None:
    """Keep the kinds of what there is to doubt, in the order in which they are told."""
    named = [(order_id, kind) for order_id, found in doubts.items() for kind in found]
    if named:
        execute(
            conn,
            SQL["insert_doubts"],
            order_ids=[order_id for order_id, _ in named],
            kinds=[kind.value for _, kind in named],
        )


def doubts_of_orders(conn: Conn, order_ids: Collection[OrderId]) -> dict[OrderId, Doubted]:
    """Return what there is to doubt in where orders go; of most, nothing. Opens nothing, locks nothing."""
    found = fetch(conn, SQL["doubts_of_orders"], Doubted, order_ids=list(order_ids)) if order_ids else []
    return {one.order_id: one for one in found}


def say_right(conn: Conn, order_ids: Collection[OrderId], *, by: str, now: datetime) -> set[OrderId]:
    """Keep who said that doubted addresses are right all the same; returns those of which nobody had. Locks the rows
    of doubts by order.
    """
    asked = sorted(set(order_ids))
    return set(fetch_values(conn, SQL["say_right"], order_ids=asked, by=by, now=now)) if asked else set()


def mend_delivery(conn: Conn, mended: NewDelivery, *, ring: KeyRing) -> Doubted | Refusal:
    """Put a member's own better words in the place of where their order goes; the city stays, for the goods were chosen
    for it. Locks the member (shared), then the delivery.
    """
    members = store.lock_members(conn, [mended.member_id])
    keys, faults = open_member_keys(conn, list(members), ring)
    recipient = _refusal_of(mended.member_id, members, faults) or valid_recipient(
        mended.recipient, country=mended.country
    )
    if isinstance(recipient, Refusal):
        return recipient
    rows = fetch(conn, SQL["lock_delivery"], _Sealed, order_id=mended.order_id)
    if not rows or rows[0].member_id != mended.member_id:
        return DeliveryUnknown(order_id=mended.order_id)
    before = _opened(rows[0], keys[mended.member_id], _DELIVERY_PLACE)
    if isinstance(before, Refusal):
        return before
    if before.region_code != recipient.region_code:
        return CityStays()
    sealed = seal(_encode(recipient).decode(), member_key=keys[mended.member_id], place=_DELIVERY_PLACE)
    execute(conn, SQL["set_delivery"], order_id=mended.order_id, sealed=sealed)
    execute(conn, SQL["delete_doubts"], order_id=mended.order_id)
    doubts = doubts_of(recipient, country=mended.country)
    _keep_doubts(conn, {mended.order_id: doubts})
    return Doubted(order_id=mended.order_id, doubts=doubts, right_at=None, right_by=None)


def orders_with_delivery(conn: Conn, order_ids: Collection[OrderId]) -> set[OrderId]:
    """Return those of the orders of which it is known where their goods go. Opens nothing."""
    return set(fetch_values(conn, SQL["orders_with_delivery"], order_ids=list(order_ids)))


def own_delivery(conn: Conn, member_id: MemberId, order_id: OrderId, *, ring: KeyRing) -> Recipient | None:
    """Return where a member's own order goes, for that member; nothing is written into the log of access."""
    return own_deliveries(conn, member_id, [order_id], ring=ring).get(order_id)


def own_deliveries(
    conn: Conn, member_id: MemberId, order_ids: Collection[OrderId], *, ring: KeyRing
) -> dict[OrderId, Recipient]:
    """Return where a member's own orders go, for that member; of others', and what does not open, nothing."""
    rows = [
        row
        for row in fetch(conn, SQL["sealed_deliveries"], _Sealed, order_ids=list(order_ids))
        if row.member_id == member_id
    ]
    keys, _ = open_member_keys(conn, [member_id], ring) if rows else ({}, {})
    found = {OrderId(row.id): _opened(row, keys.get(member_id), _DELIVERY_PLACE) for row in rows}
    return {order_id: one for order_id, one in found.items() if isinstance(one, Recipient)}


def open_deliveries(
    conn: Conn, order_ids: Sequence[OrderId], *, ring: KeyRing, opening: Opening, now: datetime
) -> list[Delivery | Refusal]:
    """Return where orders' goods go, after writing down who asked and what for: for whoever packs or carries them.

    The caller has checked that they may know of these orders.
    """
    rows = {row.id: row for row in fetch(conn, SQL["sealed_deliveries"], _Sealed, order_ids=list(order_ids))}
    member_ids = sorted({row.member_id for row in rows.values()})
    if member_ids:
        store.insert_access(conn, member_ids, opening=opening, now=now)
    keys, faults = open_member_keys(conn, member_ids, ring)
    outcomes: list[Delivery | Refusal] = []
    for order_id in order_ids:
        row = rows.get(order_id)
        if row is None:
            outcomes.append(DeliveryUnknown(order_id=order_id))
            continue
        recipient = faults.get(row.member_id) or _opened(row, keys.get(row.member_id), _DELIVERY_PLACE)
        outcomes.append(
            Delivery(order_id=order_id, member_id=row.member_id, recipient=recipient)
            if isinstance(recipient, Recipient)
            else recipient
        )
    return outcomes


def _opened(row: _Sealed, key: bytes | None, place: str) -> Recipient | Refusal:
    damaged = PersonalDataDamaged(member_id=row.member_id)
    if key is None:
        return damaged
    try:
        return _decode(unseal(row.sealed, member_key=key, place=place))
    except (DamagedSeal, msgspec.DecodeError):
        return damaged
