"""Customers: one person, by whatever they are known, with what they agreed to and what happened to them.

Purpose: `register_members` finds or adds members by their identities (phone, card, WeChat …); `record_consents` and
`consented` say for what, by which way and by whom they may be reached; `bind_members` whose customers they are;
`record_moments` keeps their timeline; `open_personal` opens personal data for a written purpose; `erase_members`
forgets them without touching the books. `ask_for_codes` and `use_codes` prove a phone, `begin_sessions` signs its
member in, `recognise` and `code_of_member` know them at a till; `add_addresses` and
`keep_deliveries` keep where goods go, `open_deliveries` opens it for whoever sends them.

Invariants:
- an identity is one member's; the same identity from two transactions at once is one member;
- personal data are sealed with a key of each member's own, which is sealed with a key from a file outside the database;
  blind indexes find members by full phone, last four digits and normalised name; nothing here is readable without
  the file, and no event, refusal or log carries it;
- after an erasure only the id is left, no consent stands, and what was sealed cannot be read by anybody;
- a consent is the latest statement of its history, of two of one moment the no; what was never said is a no, but for
  messages about their own orders: those a member may decline.

Lock order: members by id (shared for what adds to them, exclusive for erasure and names), then identities by
(kind, blind), then consents and addresses by key. Limits and codes of signing in come before all of these.
Re-encryption holds members' keys by id and waits for nobody.
"""

from loopline.customers.addresses import (
    Address,
    AddressAdded,
    Delivery,
    DeliveryKept,
    NewAddress,
    NewDelivery,
    Recipient,
    add_addresses,
    addresses_of_member,
    delete_address,
    keep_deliveries,
    make_default,
    open_deliveries,
    orders_with_delivery,
    own_deliveries,
    own_delivery,
    valid_recipient,
)
from loopline.customers.bindings import (
    BindingRole,
    Bound,
    FirstBound,
    NewBinding,
    bind_members,
    bindings_of_members,
    first_bound,
)
from loopline.customers.checks import CHECKS
from loopline.customers.codes import (
    CodeAsk,
    CodeMade,
    CodeTry,
    PhoneProved,
    ask_for_codes,
    count_guess,
    count_look_up,
    count_miss,
    guesses_wait,
    sweep_codes,
    use_codes,
)
from loopline.customers.consents import consent_history, consented, declined, record_consents
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
    PhoneEndings,
    last_accesses,
    member_count,
    members_by_last_four,
    members_by_name,
    phone_endings,
    timeline,
)
from loopline.customers.reencryption import lost_keys, reencrypt_members
from loopline.customers.refusals import (
    AddressNotValid,
    AddressUnknown,
    CodeTriedTooOften,
    CodeWrong,
    ConsentAheadOfTime,
    DeliveryUnknown,
    IdentitiesOfSeveralMembers,
    IdentityContended,
    IdentityNotValid,
    KeyLost,
    MemberUnknown,
    MemberWasErased,
    NameNotValid,
    NoIdentity,
    PersonalDataDamaged,
    TooManyAddresses,
    TooManyCodes,
    TooManyLookUps,
    TooManyTries,
)
from loopline.customers.rules import masked_name, masked_phone
from loopline.customers.service import (
    erase_members,
    members_by_identities,
    open_personal,
    phones_of_member,
    register_members,
)
from loopline.customers.sessions import (
    MemberSession,
    SessionMember,
    begin_sessions,
    end_session,
    lengthen_session,
    session_member,
    sweep_sessions,
)
from loopline.customers.shown_codes import Said, ShownCode, code_of_member, looks_like_a_code, recognise

__all__ = [
    "CHECKS",
    "Address",
    "AddressAdded",
    "AddressNotValid",
    "AddressUnknown",
    "BindingRole",
    "Bound",
    "CodeAsk",
    "CodeMade",
    "CodeTriedTooOften",
    "CodeTry",
    "CodeWrong",
    "ConsentAheadOfTime",
    "ConsentChange",
    "ConsentChannel",
    "ConsentKey",
    "ConsentRecorded",
    "ConsentStated",
    "Delivery",
    "DeliveryKept",
    "DeliveryUnknown",
    "Erased",
    "FirstBound",
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
    "MemberSession",
    "MemberUnknown",
    "MemberWasErased",
    "Moment",
    "NameNotValid",
    "NewAddress",
    "NewBinding",
    "NewDelivery",
    "NewMember",
    "NoIdentity",
    "Opening",
    "PastAccess",
    "PastConsent",
    "Personal",
    "PersonalDataDamaged",
    "PhoneEndings",
    "PhoneProved",
    "Purpose",
    "Recipient",
    "Reencrypted",
    "Registered",
    "Said",
    "SessionMember",
    "ShownCode",
    "TooManyAddresses",
    "TooManyCodes",
    "TooManyLookUps",
    "TooManyTries",
    "add_addresses",
    "addresses_of_member",
    "ask_for_codes",
    "begin_sessions",
    "bind_members",
    "bindings_of_members",
    "code_of_member",
    "consent_history",
    "consented",
    "count_guess",
    "count_look_up",
    "count_miss",
    "declined",
    "delete_address",
    "drop_old_keys",
    "end_session",
    "erase_members",
    "first_bound",
    "guesses_wait",
    "keep_deliveries",
    "last_accesses",
    "lengthen_session",
    "load_key_ring",
    "looks_like_a_code",
    "lost_keys",
    "make_default",
    "masked_name",
    "masked_phone",
    "member_count",
    "members_by_identities",
    "members_by_last_four",
    "members_by_name",
    "open_deliveries",
    "open_key_ring",
    "open_personal",
    "orders_with_delivery",
    "own_deliveries",
    "own_delivery",
    "phone_endings",
    "phones_of_member",
    "recognise",
    "record_consents",
    "record_moments",
    "reencrypt_members",
    "register_members",
    "rotate_key_file",
    "session_member",
    "sweep_codes",
    "sweep_sessions",
    "timeline",
    "use_codes",
    "valid_recipient",
]
