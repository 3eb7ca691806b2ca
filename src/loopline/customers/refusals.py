"""What customers says no to. No refusal carries personal data: refusals are logged and shown."""

from datetime import datetime

from loopline.customers.model import IdentityKind
from loopline.kernel.ids import MemberId
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
