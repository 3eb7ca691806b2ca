"""Customers: one person, by whatever they are known, with what they agreed to and what happened to them.

Purpose: `register_members` finds or adds members by their identities (phone, card, WeChat …); `record_consents` and
`consented` say for what, by which way and by whom they may be reached; `bind_members` whose customers they are;
`record_moments` keeps their timeline; `open_personal` opens personal data for a written purpose; `erase_members`
forgets them without touching the books.

Invariants:
- an identity is one member's; the same identity from two transactions at once is one member;
- personal data are sealed with a key of each member's own, which is sealed with a key from a file outside the database;
  blind indexes find members by full phone, last four digits and normalised name; nothing here is readable without
  the file, and no event, refusal or log carries it;
- after an erasure only the id is left, no consent stands, and what was sealed cannot be read by anybody;
- a consent is the latest statement of its history, of two of one moment the no; what was never said is a no.

Lock order: members by id (shared for what adds to them, exclusive for erasure and names), then identities by
(kind, blind), then consents by key. Re-encryption holds members' keys by id and waits for nobody.
"""

from loopline.customers.bindings import BindingRole, Bound, NewBinding, bind_members, bindings_of_members
from loopline.customers.checks import CHECKS
from loopline.customers.consents import consent_history, consented, record_consents
from loopline.customers.events import ConsentStated, MemberErased, MemberRegistered
from loopline.customers.keys import (
    KeyFileProblem,
    KeyRing,
    drop_old_keys,
    load_key_ring,
    open_key_ring,
    rotate_key_file,
)
from loopline.customers.model import (
    ConsentChange,
    ConsentChannel,
    ConsentKey,
    ConsentRecorded,
    Erased,
    Identity,
    IdentityKind,
    Moment,
    NewMember,
    Opening,
    PastConsent,
    Personal,
    Purpose,
    Reencrypted,
    Registered,
)
from loopline.customers.moments import record_moments
from loopline.customers.queries import (
    PastAccess,
    last_accesses,
    member_count,
    members_by_last_four,
    members_by_name,
    timeline,
)
from loopline.customers.reencryption import lost_keys, reencrypt_members
from loopline.customers.refusals import (
    ConsentAheadOfTime,
    IdentitiesOfSeveralMembers,
    IdentityContended,
    IdentityNotValid,
    KeyLost,
    MemberUnknown,
    MemberWasErased,
    NameNotValid,
    NoIdentity,
    PersonalDataDamaged,
)
from loopline.customers.rules import masked_name, masked_phone
from loopline.customers.service import erase_members, members_by_identities, open_personal, register_members

__all__ = [
    "CHECKS",
    "BindingRole",
    "Bound",
    "ConsentAheadOfTime",
    "ConsentChange",
    "ConsentChannel",
    "ConsentKey",
    "ConsentRecorded",
    "ConsentStated",
    "Erased",
    "IdentitiesOfSeveralMembers",
    "Identity",
    "IdentityContended",
    "IdentityKind",
    "IdentityNotValid",
    "KeyFileProblem",
    "KeyLost",
    "KeyRing",
    "MemberErased",
    "MemberRegistered",
    "MemberUnknown",
    "MemberWasErased",
    "Moment",
    "NameNotValid",
    "NewBinding",
    "NewMember",
    "NoIdentity",
    "Opening",
    "PastAccess",
    "PastConsent",
    "Personal",
    "PersonalDataDamaged",
    "Purpose",
    "Reencrypted",
    "Registered",
    "bind_members",
    "bindings_of_members",
    "consent_history",
    "consented",
    "drop_old_keys",
    "erase_members",
    "last_accesses",
    "load_key_ring",
    "lost_keys",
    "masked_name",
    "masked_phone",
    "member_count",
    "members_by_identities",
    "members_by_last_four",
    "members_by_name",
    "open_key_ring",
    "open_personal",
    "record_consents",
    "record_moments",
    "reencrypt_members",
    "register_members",
    "rotate_key_file",
    "timeline",
]
