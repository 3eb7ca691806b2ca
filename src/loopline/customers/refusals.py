"""What customers says no to. No refusal carries personal data: refusals are logged and shown."""

from datetime import datetime
from uuid import UUID

from loopline.customers.model import IdentityKind
from loopline.kernel.ids import MemberId, OrderId
from loopline.kernel.refusals import Refusal


class NoIdentity(Refusal, frozen=True, kw_only=True):
    """A member needs at least one identity."""


class IdentityNotValid(Refusal, frozen=True, kw_only=True):
    """The {kind} given is not a valid one."""

    kind: IdentityKind


class NameNotValid(Refusal, frozen=True, kw_only=True):
    """The name is empty, too long, or has characters that cannot be kept."""


class IdentitiesOfSeveralMembers(Refusal, frozen=True, kw_only=True):
    """The identities belong to {count} different members; a person has to look."""

    count: int
    member_ids: tuple[MemberId, ...]


class IdentityContended(Refusal, frozen=True, kw_only=True):
    """Others registered the same identities at the same moment; try again."""


class MemberUnknown(Refusal, frozen=True, kw_only=True):
    """There is no member {member_id}."""

    member_id: MemberId


class MemberWasErased(Refusal, frozen=True, kw_only=True):
    """The personal data of member {member_id} were erased."""

    member_id: MemberId


class KeyLost(Refusal, frozen=True, kw_only=True):
    """The personal data of member {member_id} were sealed with the key {key_id}, which the key file does not have.

    Restore the key file that was kept with the backup.
    """

    member_id: MemberId
    key_id: int


class PersonalDataDamaged(Refusal, frozen=True, kw_only=True):
    """The personal data of member {member_id} do not open with their own key: they were changed or mixed up."""

    member_id: MemberId


class ConsentAheadOfTime(Refusal, frozen=True, kw_only=True):
    """A consent cannot be stated for {at}, which is yet to come."""

    at: datetime


class TooManyCodes(Refusal, frozen=True, kw_only=True):
    """A code was asked for too often. The next one can be sent at {until}."""

    until: datetime


class TooManyTries(Refusal, frozen=True, kw_only=True):
    """Too many wrong codes came from here. Try again at {until}."""

    until: datetime


class TooManyLookUps(Refusal, frozen=True, kw_only=True):
    """You looked for too many members. The sale goes on without; look again at {until}."""

    until: datetime


class CodeWrong(Refusal, frozen=True, kw_only=True):
    """This is not the code that was sent, or it has run out."""


class CodeTriedTooOften(Refusal, frozen=True, kw_only=True):
    """The code was mistyped too often and is void. Ask for a new one."""


class AddressNotValid(Refusal, frozen=True, kw_only=True):
    """The {field} of the address is missing or cannot be right."""

    field: str


class AddressUnknown(Refusal, frozen=True, kw_only=True):
    """You have no address {address_id}."""

    address_id: UUID


class TooManyAddresses(Refusal, frozen=True, kw_only=True):
    """At most {most} addresses can be kept. Delete one that is no longer used."""

    most: int


class CityStays(Refusal, frozen=True, kw_only=True):
    """The city of an order stays: the goods were chosen for it. Call the order off where they are to go elsewhere."""


class DeliveryUnknown(Refusal, frozen=True, kw_only=True):
    """It is not known where order {order_id} goes."""

    order_id: OrderId
